//! One file of the ring: its name, how it begins, and the frames in it.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::block;
use super::extent::Extent;
use crate::capture::FileReader;
use crate::packet::LinkType;

/// Which run of an engine wrote a segment, and which of all it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) run: u32,
    pub(super) number: u64,
}

impl Name {
    fn parse(name: &OsStr) -> Option<Self> {
        let (run, number) = name.to_str()?.strip_suffix(".pcapng")?.split_once('-')?;
        let parsed = Self { run: run.parse().ok()?, number: number.parse().ok()? };
        (name == parsed.to_string().as_str()).then_some(parsed)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}-{:012}.pcapng", self.run, self.number)
    }
}

/// The names in `folder` that a segment may have, oldest first; none where there is no folder.
pub(super) fn names(folder: &Path) -> io::Result<Vec<Name>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(Name::parse(&entry?.file_name()));
    }
    names.sort_unstable();
    Ok(names)
}

/// How a segment begins: a section header that marks it, and an interface for each link type.
pub(super) fn header(keeps_payload: bool) -> Vec<u8> {
    let what = if keeps_payload { "with payload" } else { "without payload" };
    let mut header = Vec::new();
    block::section(&format!("A segment of Weir's evidence ring, {what}"), &mut header);
    for link in LinkType::ALL {
        block::interface(link, &mut header);
    }
    header
}

/// A segment open for reading, as long as it was then.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: Name,
    pub(super) len: u64,
    /// Whether its frames have payload.
    pub(super) keeps_payload: bool,
    pub(super) path: PathBuf,
    file: File,
}

impl Segment {
    /// Opens the segment of this name; none where it is gone, or a file that is not the ring's.
    pub(super) fn open(folder: &Path, name: Name) -> io::Result<Option<Self>> {
        let path = folder.join(name.to_string());
        let mut options = OpenOptions::new();
        // Neither a link nor a pipe may stand in its place.
        options.read(true).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
        let file = match options.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound || is_link(&error) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let mut begin = Vec::new();
        let headers = [false, true].map(|keeps_payload| (keeps_payload, header(keeps_payload)));
        let longest = headers.iter().map(|(_, header)| header.len()).max().unwrap_or(0);
        (&file).take(longest as u64).read_to_end(&mut begin)?;
        // A kill may have cut the header itself.
        let is_ours = |header: &[u8]| begin.starts_with(header) || header.starts_with(&begin);
        let found = headers.into_iter().find(|(_, header)| is_ours(header));
        Ok(found.map(|(keeps_payload, _)| Self {
            name,
            len: metadata.len(),
            keeps_payload,
            path,
            file,
        }))
    }

    /// Reads its frames from the first; after the last whole one the reader fails where a kill has
    /// left a part of another.
    pub(super) fn frames(&self) -> io::Result<Option<FileReader>> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(FileReader::from_reader(&self.path, file.take(self.len)).ok())
    }

    /// What is in it: as it says itself at its end, or counted where a kill has kept it from that.
    pub(super) fn extent(&self) -> io::Result<Extent> {
        let mut end = [0; block::STATISTICS_LEN];
        if let Some(at) = self.len.checked_sub(end.len() as u64) {
            self.file.read_exact_at(&mut end, at)?;
            if let Some(extent) = block::read_statistics(&end) {
                return Ok(extent);
            }
        }
        let mut extent = Extent::default();
        let Some(mut reader) = self.frames()? else { return Ok(extent) };
        while let Ok(Some(frame)) = reader.next_frame() {
            extent.take(frame.time_us);
        }
        Ok(extent)
    }
}

/// Whether a file was not opened because it is a symbolic link.
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ELOOP as i32)
}
