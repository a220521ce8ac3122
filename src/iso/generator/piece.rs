//! A piece of the stream's file data while it is read: a run of whole small files, or a part of a large one,
//! laid out as on the disc.
//!
//! Whole files are read and hashed where they lie. Parts of a large file are read by any thread and hashed one
//! after the other by whichever comes to the next: while one hashes, the others read on.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nix::errno::Errno;
use sha2::{Digest as _, Sha256};

use super::plan::Plan;
use super::staged::{self, Change, Got, Planned};
use crate::iso::manifest::{Digest, UNPROVEN};
use crate::iso::tree::{Content, Kind};
use crate::sector::SECTOR_BYTES;

/// Most files in a piece, however small they are.
const MOST_FILES: usize = 128;
/// A piece takes no more files when their paths have this length together.
const MOST_PATHS: usize = 16 << 10;

/// A run of whole sectors of the stream.
#[derive(Debug)]
pub(super) struct Piece {
    buffer: Vec<u8>,
    used: usize,
    work: Work,
    /// Paths of the whole files, one after the other.
    paths: Vec<u8>,
    files: Vec<Whole>,
    ended: Vec<Ended>,
}

/// What is known of a file that was read to its end.
#[derive(Debug)]
pub(super) struct Ended {
    /// SHA-256 of the bytes that go to the disc; [`UNPROVEN`] if no digests are wanted.
    pub(super) digest: Digest,
    /// What is wrong with them.
    pub(super) change: Option<Change>,
}

#[derive(Debug)]
enum Work {
    Files,
    Part(Part),
}

#[derive(Debug)]
struct Whole {
    planned: Planned,
    path_end: usize,
    /// Bytes of the path that lead to what was grafted.
    top: usize,
    /// Where its bytes stand in the buffer.
    at: usize,
    length: usize,
}

#[derive(Debug)]
struct Part {
    file: Arc<Large>,
    offset: u64,
    length: usize,
    got: Got,
}

/// A file of more than one piece.
#[derive(Debug)]
struct Large {
    path: PathBuf,
    /// Bytes of the path that lead to what was grafted.
    top: usize,
    planned: Planned,
    /// Inside, `None` if it could not be opened.
    file: OnceLock<Option<File>>,
    progress: Mutex<Progress>,
}

/// How far a large file is checked and hashed.
#[derive(Debug)]
struct Progress {
    hash: Option<Sha256>,
    change: Option<Change>,
    /// Number of the piece that is next.
    next: u64,
    /// A thread is at it and will find what is added to `read`.
    is_taken: bool,
    /// Pieces whose turn has not come.
    read: BTreeMap<u64, Piece>,
}

/// Cuts the file data of a plan into pieces.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// Position in the plan's list of the first file that is not in a piece.
    next: usize,
    /// The large file that is in pieces up to this offset.
    large: Option<(Arc<Large>, u64)>,
    /// Number of the next piece.
    number: u64,
}

impl Cutter {
    /// Decides what is read into a piece, the number of which is returned; `None` if there is no more.
    pub(super) fn cut(&mut self, plan: &Plan, hashing: bool, piece: &mut Piece) -> Option<u64> {
        piece.clear();
        while self.large.is_none() {
            let Some(write) = plan.writes.get(self.next) else { break };
            let (size, inode) = match &plan.tree().node(write.node).kind {
                Kind::File { size, content: Content::Staged(inode) } => (*size, *inode),
                // A piece has no gaps.
                _ if !piece.files.is_empty() => break,
                _ => {
                    self.next += 1;
                    continue;
                }
            };
            let planned = Planned { inode, size, stamp: write.stamp };
            if piece.takes(size) {
                let top = plan.tree().push_staged_path(write.node, &mut piece.paths);
                piece.push(planned, top.unwrap_or(0));
            } else if piece.files.is_empty() {
                let mut path = Vec::new();
                let top = plan.tree().push_staged_path(write.node, &mut path).unwrap_or(0);
                self.large = Some((Arc::new(Large::new(path, top, planned, self.number, hashing)), 0));
            } else {
                break;
            }
            self.next += 1;
        }
        if let Some((file, offset)) = self.large.take() {
            let end = piece.set_part(&file, offset);
            self.large = (end < file.planned.size).then_some((file, end));
        } else if piece.files.is_empty() {
            return None;
        }
        self.number += 1;
        Some(self.number - 1)
    }
}

impl Piece {
    /// An empty piece that can hold so many bytes, whole sectors.
    pub(super) fn new(bytes: usize) -> Piece {
        Piece {
            buffer: vec![0; bytes],
            used: 0,
            work: Work::Files,
            paths: Vec::new(),
            files: Vec::new(),
            ended: Vec::new(),
        }
    }

    /// The bytes of the stream: whole sectors.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.used]
    }

    /// Whether any thread can do it as a whole.
    pub(super) fn is_files(&self) -> bool {
        matches!(self.work, Work::Files)
    }

    /// How many files end in it.
    pub(super) fn ends(&self) -> usize {
        self.ended.len()
    }

    /// The files that end in it, in stream order.
    pub(super) fn ended(&mut self) -> impl Iterator<Item = Ended> + '_ {
        self.ended.drain(..)
    }

    fn clear(&mut self) {
        self.used = 0;
        self.work = Work::Files;
        self.paths.clear();
        self.files.clear();
        self.ended.clear();
    }

    /// Whether there is room for one more whole file.
    fn takes(&self, size: u64) -> bool {
        size <= (self.buffer.len() - self.used) as u64
            && self.files.len() < MOST_FILES
            && (self.files.is_empty() || self.paths.len() < MOST_PATHS)
    }

    /// Adds a file that fits; its path is there already.
    fn push(&mut self, planned: Planned, top: usize) {
        let length = usize::try_from(planned.size).unwrap_or(usize::MAX);
        self.files.push(Whole { planned, path_end: self.paths.len(), top, at: self.used, length });
        self.used += length.next_multiple_of(SECTOR_BYTES);
    }

    /// Makes it the part of a file that begins at `offset`; returns where that ends.
    fn set_part(&mut self, file: &Arc<Large>, offset: u64) -> u64 {
        let left = file.planned.size.saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
        self.used = length.next_multiple_of(SECTOR_BYTES);
        self.work = Work::Part(Part { file: Arc::clone(file), offset, length, got: Got::default() });
        offset + length as u64
    }

    /// Does the work. `finished` gets each piece that is then complete with its number: not this one, if it is a
    /// part whose turn to be hashed has not come; more than this one, if others have waited for it.
    pub(super) fn read(mut self, number: u64, hashing: bool, stop: &AtomicBool, mut finished: impl FnMut(u64, Piece)) {
        match &mut self.work {
            Work::Files => {
                self.read_files(hashing, stop);
                finished(number, self);
            }
            Work::Part(part) => {
                let file = Arc::clone(&part.file);
                let data = &mut self.buffer[..self.used];
                part.got = file.read(part.offset, part.length, data);
                file.pass(number, self, &mut finished);
            }
        }
    }

    fn read_files(&mut self, hashing: bool, stop: &AtomicBool) {
        let mut path_start = 0;
        let mut opened: Option<(&[u8], Result<OwnedFd, Errno>)> = None;
        for file in &self.files {
            if stop.load(Ordering::Relaxed) {
                // Nobody will look at it.
                return;
            }
            let end = file.at + file.length;
            self.buffer[end..end.next_multiple_of(SECTOR_BYTES)].fill(0);
            let data = &mut self.buffer[file.at..end];
            let path = &self.paths[path_start..file.path_end];
            path_start = file.path_end;
            let (above, name) = path.split_at(path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1));
            let change = guarded(data, |data| {
                let (_, directory) = match opened.take() {
                    Some(same) if same.0 == above => opened.insert(same),
                    _ => opened.insert((above, staged::open_directory(above, file.top))),
                };
                Ok(file.planned.read_whole(directory, OsStr::from_bytes(name), data))
            });
            let change = change.unwrap_or_else(|error| Some(Change::Unreadable(error)));
            let digest = if hashing { Sha256::digest(&*data).into() } else { UNPROVEN };
            self.ended.push(Ended { digest, change });
        }
    }
}

impl Large {
    fn new(path: Vec<u8>, top: usize, planned: Planned, first: u64, hashing: bool) -> Large {
        let progress = Progress {
            hash: hashing.then(Sha256::new),
            change: None,
            next: first,
            is_taken: false,
            read: BTreeMap::new(),
        };
        Large {
            path: OsString::from_vec(path).into(),
            top,
            planned,
            file: OnceLock::new(),
            progress: Mutex::new(progress),
        }
    }

    /// Reads a part into `out`, which ends with its sector.
    fn read(&self, offset: u64, length: usize, out: &mut [u8]) -> Got {
        let got = guarded(out, |out| {
            let file = self.file.get_or_init(|| match self.planned.open(&self.path, self.top) {
                Ok(file) => Some(file),
                Err(change) => {
                    self.progress().change = Some(change);
                    None
                }
            });
            out[length..].fill(0);
            Ok(file.as_ref().map_or_else(Got::default, |file| staged::read_at(file, &mut out[..length], offset)))
        });
        got.unwrap_or_else(|error| Got { bytes: 0, failure: Some(error) })
    }

    /// Checks and hashes the parts whose turn it is, this one or others.
    fn pass(&self, number: u64, piece: Piece, finished: &mut dyn FnMut(u64, Piece)) {
        let mut progress = self.progress();
        progress.read.insert(number, piece);
        if progress.is_taken {
            return;
        }
        progress.is_taken = true;
        let mut next = progress.next;
        while let Some(mut piece) = progress.read.remove(&next) {
            let (mut hash, mut change) = (progress.hash.take(), progress.change.take());
            drop(progress);
            self.check(&mut piece, &mut hash, &mut change);
            finished(next, piece);
            next += 1;
            progress = self.progress();
            (progress.hash, progress.change) = (hash, change);
        }
        progress.next = next;
        progress.is_taken = false;
    }

    fn check(&self, piece: &mut Piece, hash: &mut Option<Sha256>, change: &mut Option<Change>) {
        // The last piece lets the file go.
        let Work::Part(part) = std::mem::replace(&mut piece.work, Work::Files) else { return };
        let data = &mut piece.buffer[..part.length];
        if change.is_some() {
            // Bytes that are there again behind others that are lost would make no file.
            data.fill(0);
        } else {
            *change = self.planned.missing(part.got, part.offset, part.length);
        }
        if let Some(hash) = hash {
            hash.update(&*data);
        }
        if part.offset + part.length as u64 == self.planned.size {
            let file = self.file.get().and_then(Option::as_ref);
            let change = change.take().or_else(|| file.and_then(|file| self.planned.look_again(file)));
            let digest = hash.take().map_or(UNPROVEN, |hash| hash.finalize().into());
            piece.ended.push(Ended { digest, change });
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads into `out`; zeros, if that fails as a whole. A panic, which only a bug can cause, must not leave the
/// stream without the bytes.
fn guarded<T>(out: &mut [u8], read: impl FnOnce(&mut [u8]) -> io::Result<T>) -> io::Result<T> {
    let result = catch_unwind(AssertUnwindSafe(|| read(out))).unwrap_or_else(|panic| Err(panicked(&*panic)));
    if result.is_err() {
        out.fill(0);
    }
    result
}

fn panicked(panic: &(dyn Any + Send)) -> io::Error {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    io::Error::other(format!("a bug in cedarburn: {}", text.unwrap_or("no text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_while_a_file_is_read_makes_zeros_and_an_error() {
        let mut out = *b"half";
        let error = guarded(&mut out, |out| -> io::Result<()> {
            out[0] = b'H';
            panic!("out of {}", "luck")
        });
        assert_eq!(error.unwrap_err().to_string(), "a bug in cedarburn: out of luck");
        assert_eq!(out, [0; 4]);
    }
}
