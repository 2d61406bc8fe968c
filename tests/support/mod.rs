//! What the integration tests share: frames, capture files, the sixteen edge cases, and the way to
//! run `weir flows` and read its rows.
//!
//! [`frame`], [`tunnel`], [`pcap`] and [`edge`] need nothing but the standard library, so that
//! benches and fuzz targets can include them by path; only [`flows`] knows the binary.
#![expect(dead_code, reason = "each test file uses its own part of this")]
#![expect(unreachable_pub, reason = "every test file is a crate that includes this")]

pub mod abroad;
pub mod data;
pub mod double;
pub mod edge;
pub mod engine;
pub mod evidence;
pub mod flows;
pub mod frame;
pub mod ledger;
pub mod nginx;
pub mod operator;
pub mod oracle;
pub mod pcap;
pub mod pod;
pub mod prometheus;
pub mod shop;
pub mod talk;
pub mod terminal;
pub mod transport;
pub mod trivy;
pub mod tunnel;
pub mod user;
pub mod yaml;
