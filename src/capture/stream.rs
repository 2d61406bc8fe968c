//! The bytes of a capture file, out of gzip or zstd where it is compressed.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

/// How much compressed input is read at a time.
const INPUT: usize = 32 << 10;

/// How much is unpacked at a time: what a decompressor made before it failed within one such piece
/// is lost.
const OUTPUT: usize = 4 << 10;

/// What the capture is packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // The second is a skippable frame, with which parallel compressors begin.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// A capture file unpacked.
pub(super) struct Stream {
    pub(super) reader: Box<dyn Read + Send>,
    pub(super) packing: Packing,
    /// Bytes read of the file itself.
    pub(super) consumed: Arc<AtomicU64>,
}

impl Stream {
    /// Recognises by content what `raw` is packed in.
    ///
    /// Decompression keeps at most 128 MiB, the largest window zstd allows without being told.
    pub(super) fn open(raw: impl Read + Send + 'static) -> io::Result<Self> {
        let consumed = Arc::new(AtomicU64::new(0));
        let mut raw = Metered { inner: raw, consumed: Arc::clone(&consumed) };
        let mut start = Vec::with_capacity(4);
        raw.by_ref().take(4).read_to_end(&mut start)?;
        let packing = Packing::of(&start);
        let whole = io::Cursor::new(start).chain(raw);
        let reader: Box<dyn Read + Send> = match packing {
            Packing::Plain => Box::new(whole),
            Packing::Gzip => Box::new(Piecemeal(MultiGzDecoder::new(input(whole)))),
            Packing::Zstd => Box::new(Piecemeal(zstd::Decoder::with_buffer(input(whole))?)),
        };
        Ok(Self { reader, packing, consumed })
    }
}

/// Input for a decompressor, in pieces of one size however it arrives: how far a decompressor comes
/// in damaged data depends on them.
fn input<R: Read>(packed: R) -> BufReader<Filled<R>> {
    BufReader::with_capacity(INPUT, Filled(packed))
}

/// Fills what it is given unless the input ends.
struct Filled<R>(R);

impl<R: Read> Read for Filled<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match self.0.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if filled == 0 => return Err(error),
                // Said again by the next call.
                Err(_) => break,
            }
        }
        Ok(filled)
    }
}

/// Reads at most [`OUTPUT`] bytes at a time.
struct Piecemeal<R>(R);

impl<R: Read> Read for Piecemeal<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = into.len().min(OUTPUT);
        self.0.read(&mut into[..len])
    }
}

/// Counts what is read, for whoever shows progress.
struct Metered<R> {
    inner: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.consumed.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
