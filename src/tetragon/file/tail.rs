//! What is new in a file that is written to, renamed, and cut off meanwhile.

use std::collections::VecDeque;
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

/// Files that may wait to be read.
const WAITING: usize = 8;

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
    /// The file that is read, and those that have taken its name since, oldest first.
    open: VecDeque<Open>,
    /// Where the file was that could not be read on.
    broken: Option<(Identity, u64)>,
    /// Whether all of the next file is new.
    is_new: bool,
    /// What of it was not heard and is not told yet.
    gaps: u32,
    lines: Lines,
    piece: Vec<u8>,
}

/// Device and inode.
type Identity = (u64, u64);

#[derive(Debug)]
struct Open {
    file: File,
    identity: Identity,
    /// Where it is read on, in bytes.
    at: u64,
}

impl Tail {
    /// Follows what `path` names from now on.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.into(),
            open: VecDeque::new(),
            broken: None,
            is_new: false,
            gaps: 0,
            lines: Lines::new(Event::LARGEST_BYTES),
            piece: vec![0; PIECE],
        }
    }

    /// Hands over the lines that were added; those that cannot be read, too.
    pub(super) fn read(&mut self, take: &mut dyn FnMut(Line<'_>)) -> Result<News, Trouble> {
        let news = self.go_on(take)?;
        Ok(News { gaps: std::mem::take(&mut self.gaps), ..news })
    }

    fn go_on(&mut self, take: &mut dyn FnMut(Line<'_>)) -> Result<News, Trouble> {
        let mut news = News::default();
        if self.open.is_empty() {
            self.open(take)?;
        } else if self.broken.take().is_some() {
            self.lines.broke_off(take);
            self.gaps += 1;
        }
        // Looked for before the old one is read to its end: its writer has added all by then. However much
        // there is to be read, who takes the name meanwhile is not missed.
        let looked = self.look(take);
        if self.read_on(take)? {
            return Ok(News { more: true, ..news });
        }
        if self.is_cut()? {
            self.lines.broke_off(take);
            self.gaps += 1;
            return Ok(News { more: true, ..news });
        }
        if self.open.len() > 1 {
            self.open.pop_front();
            self.lines.broke_off(take);
            news.more = true;
        }
        news.is_missing = looked?;
        Ok(news)
    }

    /// Looks whether another file has taken the name; true where none has it now.
    fn look(&mut self, take: &mut dyn FnMut(Line<'_>)) -> Result<bool, Trouble> {
        let named = match self.path.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            named => identity(&named.map_err(trouble)?),
        };
        if self.open.back().is_none_or(|newest| newest.identity == named) {
            return Ok(false);
        }
        if self.open.len() > WAITING {
            // Too many wait to be read: the newest of them makes room.
            self.open.pop_back();
            self.gaps += 1;
        }
        self.open(take)?;
        Ok(false)
    }

    /// Opens what the name stands for.
    fn open(&mut self, take: &mut dyn FnMut(Line<'_>)) -> Result<(), Trouble> {
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
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(Trouble::NoFile);
        }
        let identity = identity(&found);
        let mut at = 0;
        match self.broken.take() {
            Some((broken, reached)) if broken == identity => at = reached,
            // What else was in the other nobody knows.
            Some(_) => {
                self.gaps += 1;
                self.lines.broke_off(take);
            }
            None if self.is_new => {}
            None => {
                at = file.seek(SeekFrom::End(0))?;
                if at > 0 && byte_at(&file, at - 1)? != Some(b'\n') {
                    self.lines.leave_out();
                }
            }
        }
        self.is_new = true;
        self.open.push_back(Open { file, identity, at });
        Ok(())
    }

    /// Reads up to the end of the file; true where that was not reached yet.
    fn read_on(&mut self, take: &mut dyn FnMut(Line<'_>)) -> io::Result<bool> {
        let Some(open) = self.open.front_mut() else { return Ok(false) };
        let mut read = 0;
        while read < TURN {
            let piece = match open.file.read_at(&mut self.piece, open.at) {
                Ok(0) => return Ok(false),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.let_go(error)),
            };
            open.at += piece as u64;
            read += piece;
            self.lines.feed(self.piece.get(..piece).unwrap_or_default(), take);
        }
        Ok(true)
    }

    /// Whether the file was cut off in place; then it is read from its start.
    fn is_cut(&mut self) -> io::Result<bool> {
        let Some(open) = self.open.front_mut() else { return Ok(false) };
        match open.file.metadata() {
            Ok(held) if held.len() < open.at => {
                open.at = 0;
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => Err(self.let_go(error)),
        }
    }

    /// A file that cannot be read is let go: opened anew it may be, and by then another may have its name.
    fn let_go(&mut self, error: io::Error) -> io::Error {
        self.broken = self.open.pop_front().map(|open| (open.identity, open.at));
        error
    }
}

fn identity(found: &Metadata) -> Identity {
    (found.dev(), found.ino())
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use tempfile::{TempDir, tempdir};

    use super::*;

    fn path(folder: &TempDir) -> PathBuf {
        folder.path().join("t.log")
    }

    /// All that there is to be read, and how many gaps.
    fn read(tail: &mut Tail) -> Result<(Vec<String>, u32), Trouble> {
        let (mut said, mut gaps, mut more) = (Vec::new(), 0, true);
        while more {
            let news = tail.read(&mut |line| {
                said.push(match line {
                    Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                    other => format!("{other:?}"),
                });
            })?;
            (gaps, more) = (gaps + news.gaps, news.more);
        }
        Ok((said, gaps))
    }

    #[test]
    fn files_that_take_the_name_while_an_older_one_is_read_are_not_missed() {
        let folder = tempdir().unwrap();
        fs::write(path(&folder), "").unwrap();
        let mut tail = Tail::new(&path(&folder));
        assert_eq!(read(&mut tail).unwrap(), (vec![], 0));
        // More than is read in one turn, and a rotation in each of the next two.
        fs::write(path(&folder), "a\n".repeat(TURN)).unwrap();
        let mut lines = 0;
        for text in ["b\n", "c\n"] {
            assert!(tail.read(&mut |_| lines += 1).unwrap().more);
            fs::rename(path(&folder), folder.path().join(text.trim())).unwrap();
            fs::write(path(&folder), text).unwrap();
            assert!(tail.read(&mut |_| lines += 1).is_ok());
        }
        let (rest, gaps) = read(&mut tail).unwrap();
        assert_eq!((lines + rest.len(), gaps), (TURN + 2, 0));
        assert_eq!(rest.last().map(String::as_str), Some("c"));
    }

    /// The file that is read cannot be read any more.
    fn break_off(tail: &mut Tail) {
        let path = tail.path.clone();
        tail.open[0].file = OpenOptions::new().append(true).open(path).unwrap();
        assert!(read(tail).is_err());
    }

    #[test]
    fn a_file_that_could_not_be_read_for_once_is_read_on_where_that_was() {
        let folder = tempdir().unwrap();
        fs::write(path(&folder), "").unwrap();
        let mut tail = Tail::new(&path(&folder));
        read(&mut tail).unwrap();
        let mut file = OpenOptions::new().append(true).open(path(&folder)).unwrap();
        write!(file, "a\nhal").unwrap();
        assert_eq!(read(&mut tail).unwrap(), (vec!["a".to_owned()], 0));
        break_off(&mut tail);
        writeln!(file, "f").unwrap();
        assert_eq!(read(&mut tail).unwrap(), (vec!["half".to_owned()], 0));
    }

    #[test]
    fn a_file_that_cannot_be_read_does_not_keep_from_the_one_that_takes_its_name() {
        let folder = tempdir().unwrap();
        fs::write(path(&folder), "").unwrap();
        let mut tail = Tail::new(&path(&folder));
        read(&mut tail).unwrap();
        break_off(&mut tail);
        fs::rename(path(&folder), folder.path().join("old")).unwrap();
        fs::write(path(&folder), "b\n").unwrap();
        assert_eq!(read(&mut tail).unwrap(), (vec!["b".to_owned()], 1));
    }

    #[test]
    fn a_gap_before_a_failure_is_told_once_there_is_something_to_tell() {
        let folder = tempdir().unwrap();
        let (logs, away) = (folder.path().join("logs"), folder.path().join("away"));
        fs::create_dir(&logs).unwrap();
        let named = logs.join("t.log");
        fs::write(&named, "").unwrap();
        let mut tail = Tail::new(&named);
        read(&mut tail).unwrap();
        // The old file cannot be read to its end, and another has its name.
        fs::rename(&named, logs.join("old")).unwrap();
        fs::write(&named, "b\n").unwrap();
        tail.open[0].file = OpenOptions::new().append(true).open(logs.join("old")).unwrap();
        assert!(read(&mut tail).is_err());
        // Then nobody can look what has the name.
        fs::rename(&logs, &away).unwrap();
        fs::write(&logs, "").unwrap();
        assert!(read(&mut tail).is_err());
        fs::remove_file(&logs).unwrap();
        fs::rename(&away, &logs).unwrap();
        assert_eq!(read(&mut tail).unwrap().1, 1);
    }
}
