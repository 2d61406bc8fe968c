//! BPF filters over frames from files; live ones are filtered in the kernel.

use pcap::{BpfProgram, Capture, Linktype};

use super::{Error, MAX_FRAME};
use crate::packet::LinkType;

/// A filter expression, compiled for each link type as it first comes.
pub(super) struct Filter {
    expression: String,
    programs: Vec<(LinkType, BpfProgram)>,
    padded: Vec<u8>,
}

impl Filter {
    pub(super) fn new(expression: &str) -> Self {
        Self { expression: expression.to_owned(), programs: Vec::new(), padded: Vec::new() }
    }

    /// Compiles the filter for `link` now, so that a bad one is refused before the first frame.
    pub(super) fn prepare(&mut self, link: LinkType) -> Result<(), Error> {
        self.program(link).map(drop)
    }

    /// Whether the filter takes this frame.
    ///
    /// A frame that was cut is padded with zeros to its length on the wire, at most to
    /// [`MAX_FRAME`], because libpcap would take the captured length for the packet's: `greater`
    /// and `len` are right, fields beyond the cut read as zero.
    pub(super) fn accepts(
        &mut self,
        link: LinkType,
        wire_len: u32,
        bytes: &[u8],
    ) -> Result<bool, Error> {
        let wire_len = wire_len.min(MAX_FRAME) as usize;
        let program = self.program(as_written(link, bytes))?;
        if bytes.len() >= wire_len {
            return Ok(self.programs[program].1.filter(bytes));
        }
        self.padded.clear();
        self.padded.extend_from_slice(bytes);
        self.padded.resize(wire_len, 0);
        Ok(self.programs[program].1.filter(&self.padded))
    }

    fn program(&mut self, link: LinkType) -> Result<usize, Error> {
        if let Some(known) = self.programs.iter().position(|(of, _)| *of == link) {
            return Ok(known);
        }
        let program = Capture::dead(Linktype(data_link(link)))
            .and_then(|capture| capture.compile(&self.expression, true))
            .map_err(|cause| refused(&self.expression, &cause))?;
        self.programs.push((link, program));
        Ok(self.programs.len() - 1)
    }
}

/// Refuses an expression that libpcap does not take for Ethernet, before anything is opened.
pub fn check_filter(expression: &str) -> Result<(), Error> {
    Filter::new(expression).prepare(LinkType::Ethernet)
}

/// The error of an expression that libpcap refused.
pub(super) fn refused(expression: &str, cause: &pcap::Error) -> Error {
    let said = match cause {
        pcap::Error::PcapError(words) => words.clone(),
        other => other.to_string(),
    };
    Error::Filter { expression: expression.to_owned(), said }
}

/// BSD loopback in the byte order of another host is what `OpenBSD` loopback always is.
fn as_written(link: LinkType, bytes: &[u8]) -> LinkType {
    match (link, bytes) {
        (LinkType::Null, [0, 0, _, family, ..]) if *family != 0 => LinkType::Loop,
        _ => link,
    }
}

/// libpcap's number for compiling, which for raw IP is not the one in files.
fn data_link(link: LinkType) -> i32 {
    match link {
        LinkType::Null => 0,
        LinkType::Ethernet => 1,
        LinkType::RawIp => 12,
        LinkType::Loop => 108,
        LinkType::LinuxSll => 113,
        LinkType::LinuxSll2 => 276,
    }
}
