//! The edge towards the wire: frames from capture files and from live interfaces.
//!
//! Knows libpcap, capture files, their compression, routes and privileges. Refuses to look into a
//! frame: what its bytes mean belongs to [`crate::packet`]. Starts no thread, keeps no clock and
//! never waits for a replay: the caller does, by what [`pace`] answers.
//!
//! Files are read by this module itself and not through libpcap, which gives no byte offset of a
//! damaged record and refuses a pcapng file with several link types. Every file is untrusted: a
//! record is at most [`MAX_FRAME`] bytes, a pcapng block at most 16 MiB, and no length is believed
//! before it was checked.

mod classic;
mod error;
pub mod evidence;
mod expand;
mod file;
mod filter;
mod interface;
pub mod pace;
mod pcapng;
pub mod privilege;
mod record;
mod route;
#[cfg(test)]
mod sample;
mod stream;
mod window;

pub use error::{Error, Offset};
pub use expand::expand;
pub use file::FileReader;
pub use filter::check_filter;
pub use interface::{Counters, Event, Interface, Options};
pub use pcapng::UnknownLinks;
pub use route::{default_interface, interfaces};

/// The longest frame believed, in bytes: libpcap's `MAXIMUM_SNAPLEN`.
pub const MAX_FRAME: u32 = 262_144;
