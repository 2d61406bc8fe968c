//! Why a capture could not be opened or went no further.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a capture could not be opened or went no further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be opened.
    #[error("open capture `{}`", path.display())]
    Open {
        /// As given, or as found in a folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing to read in a folder.
    #[error("find captures in `{}`: there is no file in it", path.display())]
    EmptyFolder {
        /// As given.
        path: PathBuf,
    },
    /// An opened file or folder could not be read further.
    #[error("read capture `{}`", path.display())]
    Read {
        /// As given, or as found in a folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is a capture, but cut short or corrupt; what came before was delivered.
    #[error("read capture `{}`: damaged at {at}: {what}", path.display())]
    Damaged {
        /// As given, or as found in a folder.
        path: PathBuf,
        /// Where the record or block begins that cannot be read.
        at: Offset,
        /// What is wrong there.
        what: String,
        /// What the decompressor said, if it was that.
        source: Option<io::Error>,
    },
    /// The file is no capture in a format that is read.
    #[error("read capture `{}`: {found}; read are pcap and pcapng, plain or in gzip or zstd", path.display())]
    NotACapture {
        /// As given, or as found in a folder.
        path: PathBuf,
        /// How it begins instead.
        found: String,
    },
    /// The frames have a link layer that is not read.
    #[error("read `{origin}`: link type {number} is not supported")]
    LinkType {
        /// The file or interface.
        origin: String,
        /// As in `tcpdump.org/linktypes.html`.
        number: u32,
    },
    /// There is no such interface.
    #[error("open interface `{name}` for capture: it does not exist; there are: {}", known.join(", "))]
    MissingInterface {
        /// As given.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// No interface was named and none has the default route.
    #[error("find the interface with the default route: there is none; interfaces: {}", known.join(", "))]
    NoDefaultRoute {
        /// Those there are.
        known: Vec<String>,
    },
    /// This process may not capture.
    #[error(
        "open interface `{name}` for capture: no permission; allow it by \
         `sudo setcap cap_net_raw=ep {}`, or run with sudo",
        program.display()
    )]
    Permission {
        /// As given.
        name: String,
        /// This executable.
        program: PathBuf,
    },
    /// libpcap refused the filter expression.
    #[error("compile filter `{expression}`: {said}")]
    Filter {
        /// As given.
        expression: String,
        /// libpcap's own words.
        said: String,
    },
    /// The interface exists, but could not be opened.
    #[error("open interface `{name}` for capture")]
    Interface {
        /// As given.
        name: String,
        /// What libpcap said.
        source: pcap::Error,
    },
    /// An interface could not be read further.
    #[error("capture on interface `{name}`")]
    Receive {
        /// As given.
        name: String,
        /// What libpcap said.
        source: pcap::Error,
    },
    /// The interface went away under the capture.
    #[error("capture on interface `{name}`: it {how}")]
    Gone {
        /// As given.
        name: String,
        /// `disappeared` or `went down`.
        how: &'static str,
    },
    /// Root or a capability could not be given up.
    #[error("give up privileges: {step}")]
    Privilege {
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// A place in a capture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Bytes from the start.
    pub byte: u64,
    /// Whether these are bytes of what was compressed rather than of the file itself.
    pub decompressed: bool,
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.byte)?;
        if self.decompressed { f.write_str(" of the decompressed data") } else { Ok(()) }
    }
}
