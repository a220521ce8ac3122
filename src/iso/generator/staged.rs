//! A staged file while its bytes go to the disc.
//!
//! The plan has promised its size, so exactly that many bytes leave here whatever happened to the file since:
//! what is missing is made up with zeros and told ([`Change`]).
//!
//! A small file costs five calls of the kernel: open, a look whether it is the planned file, one read, a look
//! whether it has changed, close. An empty one costs one look. That nothing follows the planned size is told by
//! the last look, so no read asks for it. The files of one directory are opened in it: finding the directory
//! anew for each takes longer than the rest of opening.

use std::ffi::OsStr;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, PosixFadviseAdvice, openat, posix_fadvise};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use crate::iso::scan;
use crate::iso::tree::{Attributes, Inode};

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

/// What was read of a part of a file.
#[derive(Debug, Default)]
pub(super) struct Got {
    /// Bytes there were.
    pub(super) bytes: usize,
    /// Why there were no more, if the file did not simply end.
    pub(super) failure: Option<io::Error>,
}

/// Opens a directory for [`Planned::read_whole`]; the path may be empty. No link is followed behind the first `top` bytes of it.
pub(super) fn open_directory(path: &[u8], top: usize) -> Result<OwnedFd, Errno> {
    let path = OsStr::from_bytes(if path.is_empty() { b"." } else { path });
    scan::open_below(Path::new(path), top, OFlag::O_PATH | OFlag::O_DIRECTORY)
        .map(OwnedFd::from)
        .map_err(|error| errno(&error))
}

impl Planned {
    /// Reads the file of this name as a whole into `out`, which is as long as planned.
    pub(super) fn read_whole(
        &self,
        directory: &Result<OwnedFd, Errno>,
        name: &OsStr,
        out: &mut [u8],
    ) -> Option<Change> {
        let opened = match directory {
            Err(errno) => Err(not_found(*errno)),
            // Its data is here already: it need not be readable.
            Ok(directory) if self.size == 0 => {
                return match fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
                    Ok(now) if self.is(&now) => self.compare(&now),
                    Ok(_) => Some(Change::Replaced),
                    Err(errno) => Some(not_found(errno)),
                };
            }
            Ok(directory) => {
                self.open_with(|flags| Ok(openat(directory, name, flags | OFlag::O_CLOEXEC, Mode::empty())?.into()))
            }
        };
        match opened {
            Ok(file) => {
                let got = read_at(&file, out, 0);
                self.missing(got, 0, out.len()).or_else(|| self.look_again(&file))
            }
            Err(change) => {
                out.fill(0);
                Some(change)
            }
        }
    }

    /// Opens the file at `path`, to be read in parts. No link is followed behind the first `top` bytes of the path.
    pub(super) fn open(&self, path: &Path, top: usize) -> Result<File, Change> {
        let file = self.open_with(|flags| scan::open_below(path, top, flags))?;
        // Only a hint: a file system without it reads as well.
        let _ = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_SEQUENTIAL);
        Ok(file)
    }

    /// Opens the file, if it is still the one that was planned.
    fn open_with(&self, open: impl Fn(OFlag) -> io::Result<File>) -> Result<File, Change> {
        // Not to wait for a writer if a pipe has taken the file's place.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_LARGEFILE;
        let opened = open(flags | OFlag::O_NOATIME).or_else(|error| match errno(&error) {
            // Only the owner may leave the access time alone.
            Errno::EPERM => open(flags),
            _ => Err(error),
        });
        let file = opened.map_err(|error| not_found(errno(&error)))?;
        // Before it is read: reading from what is no file may take something from somebody.
        match fstat(&file) {
            Ok(found) if self.is(&found) => Ok(file),
            Ok(_) => Err(Change::Replaced),
            Err(errno) => Err(Change::Unreadable(errno.into())),
        }
    }

    fn is(&self, found: &FileStat) -> bool {
        let is_file = found.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits();
        is_file && scan::inode_of(found) == self.inode
    }

    /// What it means that of the `wanted` bytes from `offset` on only these were read; `None` if all were.
    pub(super) fn missing(&self, got: Got, offset: u64, wanted: usize) -> Option<Change> {
        match got.failure {
            Some(error) => Some(Change::Unreadable(error)),
            None if got.bytes < wanted => {
                Some(Change::Shrank { planned: self.size, got: offset.saturating_add(got.bytes as u64) })
            }
            None => None,
        }
    }

    /// Compares a file that was read to its end with the plan once more.
    pub(super) fn look_again(&self, file: &File) -> Option<Change> {
        fstat(file).map_or_else(|errno| Some(Change::Unreadable(errno.into())), |now| self.compare(&now))
    }

    fn compare(&self, now: &FileStat) -> Option<Change> {
        let found = u64::try_from(now.st_size).unwrap_or(0);
        if found > self.size {
            Some(Change::Grew { planned: self.size, found })
        } else if found < self.size || stamp(&scan::attributes_of(now)) != self.stamp {
            Some(Change::ChangedWhileRead)
        } else {
            None
        }
    }
}

/// Fills `out` with the bytes from `offset` on, what isn't there with zeros.
pub(super) fn read_at(file: &File, out: &mut [u8], offset: u64) -> Got {
    let mut got = Got { bytes: 0, failure: None };
    while got.bytes < out.len() {
        match file.read_at(&mut out[got.bytes..], offset.saturating_add(got.bytes as u64)) {
            Ok(0) => break,
            Ok(count) => got.bytes += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => {
                got.failure = Some(error);
                break;
            }
        }
    }
    out[got.bytes..].fill(0);
    got
}

fn not_found(errno: Errno) -> Change {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR => Change::Vanished,
        Errno::ELOOP | Errno::ENXIO => Change::Replaced,
        _ => Change::Unreadable(errno.into()),
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
