//! Body of the fuzz target `capture_file`: any bytes, read as a capture file to their end.
//!
//! They are read twice, at once and in small pieces, as from a slow pipe: the frames and the error
//! must be the same.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Cursor, Read};

use weir::capture::{Error, FileReader, MAX_FRAME, UnknownLinks};
use weir::packet::Frame;

/// Frames after which reading stops: a few compressed bytes can stand for millions.
const MAX_FRAMES: u64 = 65_536;

/// The shortest record of any format, in bytes.
const MIN_RECORD: u64 = 16;

/// Reads `data` as a capture file.
pub(crate) fn run(data: &[u8]) {
    let at_once = read(data, Cursor::new(data.to_vec()));
    let in_pieces = read(data, Pieces { bytes: Cursor::new(data.to_vec()), next: 0 });
    assert_eq!(at_once, in_pieces, "what is read depends on how it arrives");
}

/// What came out of a file.
#[derive(Debug, PartialEq)]
struct Outcome {
    frames: u64,
    digest: u64,
    unknown: UnknownLinks,
    error: Option<String>,
}

fn read(data: &[u8], raw: impl Read + Send + 'static) -> Outcome {
    let mut outcome =
        Outcome { frames: 0, digest: 0, unknown: UnknownLinks::default(), error: None };
    let mut reader = match FileReader::from_reader("input", raw) {
        Ok(reader) => reader,
        Err(error) => {
            outcome.error = Some(checked(data, &error));
            return outcome;
        }
    };
    let mut hasher = DefaultHasher::new();
    while outcome.frames < MAX_FRAMES {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                outcome.frames += 1;
                add(&mut hasher, &frame);
            }
            Ok(None) => break,
            Err(error) => {
                outcome.error = Some(checked(data, &error));
                break;
            }
        }
    }
    if outcome.frames < MAX_FRAMES {
        assert!(matches!(reader.next_frame(), Ok(None)), "a reader that has ended goes on");
    }
    assert!(reader.position() <= data.len() as u64, "more was read than there is");
    if !is_packed(data) {
        assert!(outcome.frames <= data.len() as u64 / MIN_RECORD, "frames out of nothing");
    }
    outcome.unknown = reader.unknown_link_frames();
    outcome.digest = hasher.finish();
    outcome
}

fn add(hasher: &mut DefaultHasher, frame: &Frame<'_>) {
    let Frame { time_us, link, wire_len, bytes } = *frame;
    assert!(bytes.len() <= MAX_FRAME as usize, "a frame of {} bytes", bytes.len());
    assert!(bytes.len() <= wire_len as usize, "more captured than there was");
    (time_us, link, wire_len, bytes).hash(hasher);
}

/// The words of `error`, which must be one that a file can give and point into the file.
fn checked(data: &[u8], error: &Error) -> String {
    match error {
        Error::Damaged { at, .. } => {
            assert_eq!(at.decompressed, is_packed(data), "an offset in what is not compressed");
            let is_inside = at.decompressed || at.byte <= data.len() as u64;
            assert!(is_inside, "an offset of {} in {} bytes", at.byte, data.len());
        }
        Error::NotACapture { .. } | Error::LinkType { .. } => {}
        other => panic!("bytes in memory gave {other:?}"),
    }
    error.to_string()
}

fn is_packed(data: &[u8]) -> bool {
    matches!(
        data,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

/// Gives bytes one to seven at a time.
struct Pieces {
    bytes: Cursor<Vec<u8>>,
    next: usize,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.next = self.next % 7 + 1;
        let len = into.len().min(self.next);
        self.bytes.read(&mut into[..len])
    }
}
