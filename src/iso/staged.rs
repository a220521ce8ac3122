//! A staged file while its bytes go to the disc.
//!
//! The plan has promised its size, so exactly that many bytes leave here whatever happened to the file since:
//! what is missing is made up with zeros and told ([`Change`]).

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, PosixFadviseAdvice, posix_fadvise};

use super::scan;
use super::tree::{Attributes, Inode};

/// What happened to a staged file between the plan and the end of its reading.
#[derive(Debug)]
pub enum Change {
    /// It was shorter than planned; the rest is zeros.
    Shrank {
        /// Bytes the plan counted.
        planned: u64,
        /// Bytes there were.
        got: u64,
    },
    /// It was longer than planned and is cut.
    Grew {
        /// Bytes the plan counted.
        planned: u64,
        /// Bytes there were in the end.
        found: u64,
    },
    /// It was gone; all zeros.
    Vanished,
    /// It could not be opened or read; zeros from there on.
    Unreadable(io::Error),
    /// Another file stood in its place; all zeros.
    Replaced,
    /// Its size was right, but its times show that it was written to.
    ChangedWhileRead,
}

impl Change {
    /// The same for another name of the file.
    pub(super) fn again(&self) -> Change {
        match self {
            Change::Shrank { planned, got } => Change::Shrank { planned: *planned, got: *got },
            Change::Grew { planned, found } => Change::Grew { planned: *planned, found: *found },
            Change::Vanished => Change::Vanished,
            Change::Unreadable(e) => Change::Unreadable(
                e.raw_os_error().map_or_else(|| io::Error::from(e.kind()), io::Error::from_raw_os_error),
            ),
            Change::Replaced => Change::Replaced,
            Change::ChangedWhileRead => Change::ChangedWhileRead,
        }
    }
}

/// What the plan remembers of a file's times, to see a change by: 64 bits, because there may be a million.
pub(super) fn stamp(attributes: &Attributes) -> u64 {
    let mut hasher = DefaultHasher::new();
    for time in [attributes.modified, attributes.changed] {
        (time.seconds, time.nanoseconds).hash(&mut hasher);
    }
    hasher.finish()
}

/// What the plan knows of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub(super) inode: Inode,
    pub(super) size: u64,
    pub(super) stamp: u64,
}

/// A file being read.
#[derive(Debug)]
pub(super) struct Staged {
    planned: Planned,
    got: u64,
    /// `None` once nothing more can be read.
    file: Option<File>,
    change: Option<Change>,
}

impl Staged {
    pub(super) fn open(path: &Path, planned: Planned) -> Staged {
        let (file, change) = match open(path, planned.inode) {
            Ok(file) => (Some(file), None),
            Err(change) => (None, Some(change)),
        };
        if let Some(file) = &file
            && planned.size >= 1 << 20
        {
            // Only a hint: a file system without it reads as well.
            let _ = posix_fadvise(file, 0, 0, PosixFadviseAdvice::POSIX_FADV_SEQUENTIAL);
        }
        Staged { planned, got: 0, file, change }
    }

    /// Fills `out`, which is no longer than what is left of the planned size.
    pub(super) fn fill(&mut self, out: &mut [u8]) {
        let mut filled = 0;
        while let Some(file) = &mut self.file
            && filled < out.len()
        {
            match file.read(&mut out[filled..]) {
                Ok(0) => self.stop(Change::Shrank { planned: self.planned.size, got: self.got }),
                Ok(count) => {
                    filled += count;
                    self.got += count as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
                Err(e) => self.stop(Change::Unreadable(e)),
            }
        }
        out[filled..].fill(0);
    }

    fn stop(&mut self, change: Change) {
        self.file = None;
        self.change = Some(change);
    }

    /// Compares with the plan once more.
    pub(super) fn close(self) -> Option<Change> {
        let Some(file) = self.file else { return self.change };
        match file.metadata() {
            Err(e) => Some(Change::Unreadable(e)),
            Ok(now) if now.len() > self.planned.size => {
                Some(Change::Grew { planned: self.planned.size, found: now.len() })
            }
            Ok(now) if now.len() < self.planned.size || stamp(&scan::attributes(&now)) != self.planned.stamp => {
                Some(Change::ChangedWhileRead)
            }
            Ok(_) => None,
        }
    }
}

fn open(path: &Path, inode: Inode) -> Result<File, Change> {
    // Not to wait for a writer if a pipe has taken the file's place.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let open = |flags: OFlag| scan::open_staged(path, flags);
    let opened = open(flags | OFlag::O_NOATIME).or_else(|e| match errno(&e) {
        // Only the owner may leave the access time alone.
        Errno::EPERM => open(flags),
        _ => Err(e),
    });
    let file = opened.map_err(|e| match errno(&e) {
        Errno::ENOENT | Errno::ENOTDIR => Change::Vanished,
        Errno::ELOOP | Errno::ENXIO => Change::Replaced,
        _ => Change::Unreadable(e),
    })?;
    let metadata = file.metadata().map_err(Change::Unreadable)?;
    if metadata.is_file() && scan::inode(&metadata) == inode { Ok(file) } else { Err(Change::Replaced) }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
