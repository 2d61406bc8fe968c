//! The ring as it is written: segments in a folder, bounded in bytes, in age and in number.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use super::batch::{Batch, CAPACITY};
use super::extent::Extent;
use super::segment::{self, Name, Segment};
use super::{Error, Options, Status, block};

/// A full ring has about this many segments: so much of it goes at once.
const SHARES: u32 = 16;

/// Most segments at a time, however a capture's clock jumps.
const MOST_SEGMENTS: usize = 64;

/// The ring as it is written. What fails is tried again with the next batch.
#[derive(Debug)]
pub struct Ring {
    options: Options,
    header: Vec<u8>,
    is_ready: bool,
    /// Name of the next segment.
    next: Name,
    /// Oldest first.
    kept: VecDeque<Kept>,
    /// The newest segment, as long as it takes frames.
    open: Option<File>,
}

/// A segment on disk.
#[derive(Debug)]
struct Kept {
    name: Name,
    bytes: u64,
    extent: Extent,
}

impl Ring {
    /// A ring as `options` say; nothing is done yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            header: segment::header(options.keeps_payload),
            options,
            is_ready: false,
            next: Name { run: 0, number: 0 },
            kept: VecDeque::new(),
            open: None,
        }
    }

    /// Makes the folder, or takes over what an earlier run has left in it.
    pub fn prepare(&mut self) -> Result<(), Error> {
        if self.is_ready {
            return Ok(());
        }
        let folder = &self.options.folder;
        let failed = |doing| failed(doing, folder);
        make_folder(folder).map_err(failed("make folder"))?;
        let names = segment::names(folder).map_err(failed("list folder"))?;
        let last = names.iter().map(|name| name.run).max();
        // A file of another's may have the name that would come next.
        let number = names.iter().map(|name| name.number).max().map_or(0, |number| number + 1);
        self.next = Name { run: last.map_or(1, |run| run.saturating_add(1)), number };
        self.kept.clear();
        for name in names {
            let path = folder.join(name.to_string());
            let kept = taken_over(folder, name).map_err(self::failed("read", &path))?;
            self.kept.extend(kept);
        }
        self.make_room(0)?;
        self.is_ready = true;
        Ok(())
    }

    /// Writes a batch behind all others. What is too much or too old then goes first, so that the
    /// bound holds at every moment.
    pub fn write(&mut self, batch: &Batch) -> Result<(), Error> {
        self.prepare()?;
        self.forget(batch.extent.oldest_us)?;
        if self.is_past(batch) {
            self.close();
        }
        // What closes the segment must find room too.
        let len = (batch.bytes.len() + block::STATISTICS_LEN) as u64;
        if self.open.is_none() {
            self.make_room(self.header.len() as u64 + len)?;
            self.begin()?;
        }
        self.make_room(len)?;
        self.append(&batch.bytes)?;
        if let Some(newest) = self.kept.back_mut() {
            newest.extent = newest.extent.with(batch.extent);
        }
        Ok(())
    }

    /// How much there is of what; of losses it does not know.
    #[must_use]
    pub fn status(&self) -> Status {
        let all = self.kept.iter().fold(Extent::default(), |all, kept| all.with(kept.extent));
        Status {
            bytes: self.bytes(),
            frames: all.frames,
            oldest_us: all.oldest(),
            ..Status::default()
        }
    }

    fn bytes(&self) -> u64 {
        self.kept.iter().map(|kept| kept.bytes).sum()
    }

    /// Whether the newest segment is too long, or would be, or spans too much time for `batch`.
    fn is_past(&self, batch: &Batch) -> bool {
        let Some(newest) = self.kept.back() else { return false };
        let share = (self.options.most_bytes / u64::from(SHARES)).max(CAPACITY as u64);
        let most_us = (self.options.retention / SHARES).as_micros();
        let len = (batch.bytes.len() + block::STATISTICS_LEN) as u64;
        newest.bytes + len > share.min(self.options.most_bytes)
            || newest.extent.oldest().is_some_and(|oldest_us| {
                u128::from(oldest_us.abs_diff(batch.extent.newest_us)) > most_us
            })
    }

    /// Removes the segments that are too old at `now_us` of packet time, those without a frame too.
    fn forget(&mut self, now_us: i64) -> Result<(), Error> {
        let retention_us = i64::try_from(self.options.retention.as_micros()).unwrap_or(i64::MAX);
        let since_us = now_us.saturating_sub(retention_us);
        while let Some(old) = self.kept.iter().position(|kept| kept.extent.newest_us < since_us) {
            self.remove(old)?;
        }
        Ok(())
    }

    /// Removes the oldest segments until `len` more bytes fit.
    fn make_room(&mut self, len: u64) -> Result<(), Error> {
        let most = self.options.most_bytes;
        while !self.kept.is_empty() && self.bytes() + len > most {
            self.remove(0)?;
        }
        if len > most {
            let source = ErrorKind::FileTooLarge.into();
            return Err(failed("keep a frame longer than all of", &self.options.folder)(source));
        }
        Ok(())
    }

    fn remove(&mut self, index: usize) -> Result<(), Error> {
        let Some(kept) = self.kept.get(index) else { return Ok(()) };
        let path = self.path(kept.name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed("remove", &path)(error));
            }
            _ => {}
        }
        if index + 1 == self.kept.len() {
            self.open = None;
        }
        self.kept.remove(index);
        Ok(())
    }

    /// Begins the next segment.
    fn begin(&mut self) -> Result<(), Error> {
        while self.kept.len() >= MOST_SEGMENTS {
            self.remove(0)?;
        }
        // Somebody may have removed it since.
        let folder = &self.options.folder;
        make_folder(folder).map_err(failed("make folder", folder))?;
        let name = self.next;
        // One that could not be begun may be in the way.
        self.next.number += 1;
        let path = self.path(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
        let made = options.open(&path).and_then(|file| {
            leave_to_owner(&file, &self.options.folder)?;
            Ok(file)
        });
        self.open = Some(made.map_err(failed("make", &path))?);
        self.kept.push_back(Kept { name, bytes: 0, extent: Extent::default() });
        let header = std::mem::take(&mut self.header);
        let begun = self.append(&header);
        self.header = header;
        begun
    }

    /// Ends the newest segment with what is in it, so that the next run need not count.
    fn close(&mut self) {
        if let (Some(_), Some(newest)) = (&self.open, self.kept.back()) {
            let mut end = Vec::new();
            block::statistics(&newest.extent, &mut end);
            // Without it the next run counts.
            self.append(&end).ok();
        }
        self.open = None;
    }

    /// Writes at the end of the newest segment, which takes no more if that fails.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (Some(file), Some(newest)) = (&mut self.open, self.kept.back_mut()) else {
            return Ok(());
        };
        let len = bytes.len() as u64;
        let Err(source) = file.write_all(bytes) else {
            newest.bytes += len;
            return Ok(());
        };
        // What cannot be cut off again is counted as if all of it were there.
        if file.set_len(newest.bytes).is_err() {
            newest.bytes += len;
        }
        let path = self.options.folder.join(newest.name.to_string());
        self.open = None;
        Err(failed("write", &path)(source))
    }

    fn path(&self, name: Name) -> PathBuf {
        self.options.folder.join(name.to_string())
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.close();
    }
}

/// The segment of this name, if it is one.
fn taken_over(folder: &Path, name: Name) -> io::Result<Option<Kept>> {
    let Some(segment) = Segment::open(folder, name)? else { return Ok(None) };
    Ok(Some(Kept { name, bytes: segment.len, extent: segment.extent()? }))
}

/// Makes the folder that nobody else may look into, where there is none.
fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {
            let around = folder.parent().filter(|around| !around.as_os_str().is_empty());
            leave_to_owner(&File::open(folder)?, around.unwrap_or_else(|| Path::new(".")))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Leaves what root has just made to whoever the folder around it belongs to: the next run may be
/// theirs.
fn leave_to_owner(made: &File, around: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let owner = around.metadata()?;
    fchown(made, Some(owner.uid()), Some(owner.gid()))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { doing, path, source }
}
