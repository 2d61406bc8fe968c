//! What is new in a file that is written to, renamed, and cut off meanwhile.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::super::Event;
use super::lines::{Line, Lines};
use crate::cluster::said;

/// How much is read at once, and in all before somebody else gets a turn, in bytes.
const PIECE: usize = 64 << 10;
const TURN: usize = 4 << 20;

/// What was found in the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Whether there is more to be read at once.
    pub(super) more: bool,
    /// Whether there is no file of that name any more.
    pub(super) is_missing: bool,
    /// Times that it was cut off.
    pub(super) gaps: u32,
}

/// Why the file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// There is none.
    #[error(
        "there is no such file yet: is Tetragon told to export to it (`tetragon.exportFilename`), and \
         its folder mounted here?"
    )]
    Absent,
    /// It may not be read.
    #[error(
        "Weir may not read this file: run it as root, or let its user read the file (Tetragon makes \
         it with `tetragon.exportFilePerm`, 600 unless told otherwise)"
    )]
    Forbidden,
    /// It is something else.
    #[error("this is no file: name the file itself that Tetragon exports to")]
    NoFile,
    /// The system says so.
    #[error("it cannot be read: {}", said(&.0.to_string()))]
    Other(#[from] io::Error),
}

/// A file that is followed by its name.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    open: Option<Open>,
    /// Whether all of the next file is new.
    is_new: bool,
    lines: Lines,
    piece: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Where it is read on, in bytes.
    at: u64,
}

impl Tail {
    /// Follows what `path` names from now on.
    pub(super) fn new(path: &Path) -> Self {
        let lines = Lines::new(Event::LARGEST_BYTES);
        Self { path: path.into(), open: None, is_new: false, lines, piece: vec![0; PIECE] }
    }

    /// Hands over the lines that were added; those that cannot be read, too.
    pub(super) fn read(&mut self, take: &mut dyn FnMut(Line<'_>)) -> Result<News, Trouble> {
        let mut news = News::default();
        if self.open.is_none() {
            self.open()?;
        }
        if self.read_on(take)? {
            return Ok(News { more: true, ..news });
        }
        let Some(open) = &mut self.open else { return Ok(news) };
        let held = open.file.metadata()?;
        let named = match self.path.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(News { is_missing: true, ..news });
            }
            named => named.map_err(trouble)?,
        };
        if !is_same(&held, &named) {
            // Its writer may have added to it just before it took the other.
            if self.read_on(take)? {
                return Ok(News { more: true, ..news });
            }
            self.close(take);
            self.open()?;
            news.more = true;
        } else if held.len() < open.at {
            open.at = 0;
            self.lines.broke_off(take);
            news = News { more: true, gaps: 1, ..news };
        }
        Ok(news)
    }

    fn open(&mut self) -> Result<(), Trouble> {
        let found = OpenOptions::new()
            .read(true)
            // What is no file may let its reader wait.
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(&self.path);
        let mut file = match found.map_err(trouble) {
            Err(Trouble::Absent) => {
                self.is_new = true;
                return Err(Trouble::Absent);
            }
            found => found?,
        };
        if !file.metadata()?.is_file() {
            return Err(Trouble::NoFile);
        }
        let mut at = 0;
        if !self.is_new {
            at = file.seek(SeekFrom::End(0))?;
            if at > 0 && byte_at(&file, at - 1)? != Some(b'\n') {
                self.lines.leave_out();
            }
        }
        self.is_new = true;
        self.open = Some(Open { file, at });
        Ok(())
    }

    /// Reads up to the end of the file; true where that was not reached yet.
    fn read_on(&mut self, take: &mut dyn FnMut(Line<'_>)) -> io::Result<bool> {
        let Some(open) = &mut self.open else { return Ok(false) };
        let mut read = 0;
        while read < TURN {
            let piece = match open.file.read_at(&mut self.piece, open.at) {
                Ok(0) => return Ok(false),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            open.at += piece as u64;
            read += piece;
            self.lines.feed(self.piece.get(..piece).unwrap_or_default(), take);
        }
        Ok(true)
    }

    /// The file is read to its end, and nobody writes to it any more.
    fn close(&mut self, take: &mut dyn FnMut(Line<'_>)) {
        self.open = None;
        self.lines.broke_off(take);
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

fn byte_at(file: &File, at: u64) -> io::Result<Option<u8>> {
    let mut byte = [0];
    Ok((file.read_at(&mut byte, at)? == 1).then_some(byte[0]))
}

fn trouble(error: io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::NotFound => Trouble::Absent,
        ErrorKind::PermissionDenied => Trouble::Forbidden,
        _ => Trouble::Other(error),
    }
}
