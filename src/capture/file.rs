//! Capture files: opening, recognising, and frames one after the other.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::classic::Classic;
use super::filter::Filter;
use super::pcapng::{Sections, UnknownLinks};
use super::record::{Fault, Record};
use super::stream::{Packing, Stream};
use super::window::Window;
use super::{Error, Offset};
use crate::packet::Frame;

/// Reads the frames of one capture file: pcap or pcapng, plain or in gzip or zstd.
///
/// Which it is, the content tells and not the name. Memory is bounded by the longest record or
/// block believed and the window of the decompressor, whatever the file claims.
pub struct FileReader {
    path: PathBuf,
    len: Option<u64>,
    consumed: Arc<AtomicU64>,
    packing: Packing,
    window: Window,
    format: Format,
    filter: Option<Filter>,
    ended: bool,
}

enum Format {
    Classic(Classic),
    Sections(Sections),
}

impl FileReader {
    /// Opens the file at `path`; `-` is standard input.
    ///
    /// A classic pcap file of an unknown link type is refused here.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.as_os_str() == "-" {
            return Self::from_reader("standard input", io::stdin());
        }
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) =
            opened.map_err(|source| Error::Open { path: path.to_owned(), source })?;
        let mut reader = Self::from_reader(path, file)?;
        reader.len = metadata.is_file().then_some(metadata.len());
        Ok(reader)
    }

    /// Reads a capture from anywhere; `name` stands for its path in errors.
    pub fn from_reader(
        name: impl Into<PathBuf>,
        raw: impl Read + Send + 'static,
    ) -> Result<Self, Error> {
        let path = name.into();
        let stream = match Stream::open(raw) {
            Ok(stream) => stream,
            Err(source) => return Err(Error::Read { path, source }),
        };
        let packing = stream.packing;
        let mut window = Window::new(stream.reader);
        let format = match recognise(&mut window) {
            Ok(Some(format)) => format,
            Ok(None) => {
                let found = beginning(packing, window.bytes());
                return Err(Error::NotACapture { path, found });
            }
            Err(fault) => return Err(report(&path, packing, fault)),
        };
        let consumed = stream.consumed;
        Ok(Self { path, len: None, consumed, packing, window, format, filter: None, ended: false })
    }

    /// Delivers only the frames that the BPF `expression` takes.
    ///
    /// It is compiled for the link type of a classic pcap file here, for those of a pcapng file as
    /// they come. A frame that was cut is judged by its length on the wire; what is beyond the cut
    /// reads as zero.
    pub fn with_filter(mut self, expression: &str) -> Result<Self, Error> {
        let mut filter = Filter::new(expression);
        if let Format::Classic(classic) = &self.format {
            filter.prepare(classic.link())?;
        }
        self.filter = Some(filter);
        Ok(self)
    }

    /// The next frame; `None` at the end of the file, and ever after an error.
    ///
    /// A pcapng file in which no frame has a known link type ends in [`Error::LinkType`].
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let record = match self.next_record() {
            Ok(Some(record)) => record,
            Ok(None) => {
                self.ended = true;
                return Ok(None);
            }
            Err(error) => {
                self.ended = true;
                return Err(error);
            }
        };
        let Record { time_us, link, wire_len, place } = record;
        Ok(Some(Frame { time_us, link, wire_len, bytes: self.window.at(place) }))
    }

    /// Bytes read so far of the file itself, compressed or not.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }

    /// Length of the file in bytes, if it has one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a capture without a byte does not open")]
    pub fn len(&self) -> Option<u64> {
        self.len
    }

    /// Frames passed over so far because their link type is not read; only pcapng has such.
    #[must_use]
    pub fn unknown_link_frames(&self) -> UnknownLinks {
        match &self.format {
            Format::Classic(_) => UnknownLinks::default(),
            Format::Sections(sections) => sections.unknown(),
        }
    }

    #[inline]
    fn next_record(&mut self) -> Result<Option<Record>, Error> {
        loop {
            let next = match &mut self.format {
                Format::Classic(classic) => classic.next(&mut self.window),
                Format::Sections(sections) => sections.next(&mut self.window),
            };
            let record = match next {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(None),
                Err(fault) => return Err(report(&self.path, self.packing, fault)),
            };
            let Some(filter) = &mut self.filter else { return Ok(Some(record)) };
            if filter.accepts(record.link, record.wire_len, self.window.at(record.place))? {
                return Ok(Some(record));
            }
        }
    }
}

fn recognise(window: &mut Window) -> Result<Option<Format>, Fault> {
    if window.holds(4)? && window.bytes().starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
        return Ok(Some(Format::Sections(Sections::new())));
    }
    Ok(Classic::open(window)?.map(Format::Classic))
}

/// How a file begins that is no capture.
fn beginning(packing: Packing, bytes: &[u8]) -> String {
    let inside = match packing {
        Packing::Plain => String::new(),
        packed => format!("unpacked from {packed} "),
    };
    match bytes.first_chunk::<4>() {
        Some([a, b, c, d]) => format!("{inside}it begins with {a:02x} {b:02x} {c:02x} {d:02x}"),
        None => format!("{inside}it has {} bytes", bytes.len()),
    }
}

#[cold]
fn report(path: &Path, packing: Packing, fault: Fault) -> Error {
    let path = path.to_owned();
    let offset = |byte| Offset { byte, decompressed: packing != Packing::Plain };
    match fault {
        // A decompressor's complaint has no number of the system's.
        Fault::Read { at, source }
            if packing != Packing::Plain && source.raw_os_error().is_none() =>
        {
            let what = match source.kind() {
                io::ErrorKind::UnexpectedEof => format!("the {packing} data ends too early"),
                _ => format!("the {packing} data is corrupt"),
            };
            Error::Damaged { path, at: offset(at), what, source: Some(source) }
        }
        Fault::Read { source, .. } => Error::Read { path, source },
        Fault::Damaged { at, what } => Error::Damaged { path, at: offset(at), what, source: None },
        Fault::LinkType(number) => Error::LinkType { origin: path.display().to_string(), number },
    }
}

#[cfg(test)]
mod tests;
