//! A session's bytes, front to back.
//!
//! The disc turns while we read: nothing that happens to a source may stop the stream or shift it. A file
//! that isn't what was planned is cut or made up with zeros, its line in the manifest says
//! [`UNPROVEN`], and it is reported as a [`Damage`].

use std::fmt;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::ahead::{Ahead, Bounds};
use super::directory::Builder;
use super::path_table::Order;
use super::piece::Piece;
use super::plan::Plan;
pub use super::staged::Change;
use crate::iso::manifest::{self, Digest, UNPROVEN};
use crate::iso::tree::{Content, Kind, NodeId, TreePath};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// A name on the disc whose data is not what was staged.
#[derive(Debug)]
pub struct Damage {
    /// The file in the plan's tree.
    pub node: NodeId,
    /// Its path there.
    pub path: TreePath,
    /// What happened.
    pub change: Change,
}

/// SHA-256 of the files as they were written, zeros that make up for missing bytes included. Of a session without
/// a [manifest](Plan::manifest) there are none: nothing is hashed that nobody will read.
#[derive(Debug, Clone, Default)]
pub struct Digests {
    /// By node: position in `digests`.
    slots: Vec<u32>,
    digests: Vec<Digest>,
}

impl Digests {
    /// The digest of a file that the stream has written; `None` for what it hasn't or not to the end.
    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<&Digest> {
        self.slots.get(id.index()).and_then(|&slot| self.digests.get(slot as usize))
    }
}

/// What a stream has written.
#[derive(Debug)]
pub struct StreamReport {
    /// Digests of the files.
    pub digests: Digests,
    /// Names with damage, in the order of the data; all names of a file with hard links.
    pub damages: Vec<Damage>,
}

/// The bytes of a [`Plan`]; reads each file when its turn is near.
pub struct Stream<'a> {
    plan: &'a Plan,
    next: Next,
    builder: Builder,
    /// Sectors on their way out, and how far they are.
    ready: Vec<u8>,
    at: usize,
    ahead: Ahead,
    /// File data on its way out, and how far it is.
    piece: Option<(Piece, usize)>,
    /// A file of our own on its way out.
    file: Option<Reading<'a>>,
    /// Bytes of zeros to come before the next part.
    zeros: u64,
    written: u64,
    proof: Proof,
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("position", &self.position()).field("next", &self.next).finish_non_exhaustive()
    }
}

/// The part that comes after what is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Descriptors,
    /// Of a hierarchy.
    PathTable(usize, Order),
    /// Of a hierarchy.
    Directory(usize, usize),
    File(usize),
    Padding,
    End,
}

/// What is known of the files written so far, by position in the plan's list.
struct Proof {
    hashing: bool,
    /// How many files are written.
    files: usize,
    digests: Vec<Digest>,
    changes: Vec<(usize, Change)>,
}

impl Proof {
    fn push(&mut self, digest: Digest, change: Option<Change>) {
        if self.hashing {
            self.digests.push(digest);
        }
        self.changes.extend(change.map(|change| (self.files, change)));
        self.files += 1;
    }

    /// The digest for the manifest.
    fn proven(&self, index: usize) -> Digest {
        let damaged = self.changes.binary_search_by_key(&index, |(at, _)| *at).is_ok();
        self.digests.get(index).filter(|_| !damaged).copied().unwrap_or(UNPROVEN)
    }
}

struct Reading<'a> {
    left: u64,
    hasher: Option<Sha256>,
    source: Source<'a>,
}

enum Source<'a> {
    Bytes(Bytes),
    Manifest(Lines<'a>),
}

impl Plan {
    /// The session's bytes; may be asked for again and yields the same while the sources stay the same.
    #[must_use]
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(self)
    }
}

impl<'a> Stream<'a> {
    pub(super) fn new(plan: &'a Plan) -> Stream<'a> {
        Stream::with_bounds(plan, Bounds::of_this_machine())
    }

    /// A stream that reads ahead within these bounds.
    pub(super) fn with_bounds(plan: &'a Plan, bounds: Bounds) -> Stream<'a> {
        let hashing = plan.manifest().is_some();
        let digests = Vec::with_capacity(if hashing { plan.writes.len() } else { 0 });
        Stream {
            plan,
            next: Next::Descriptors,
            builder: Builder::default(),
            ready: Vec::new(),
            at: 0,
            ahead: Ahead::new(bounds, hashing),
            piece: None,
            file: None,
            zeros: 0,
            written: 0,
            proof: Proof { hashing, files: 0, digests, changes: Vec::new() },
        }
    }

    /// Fills the whole sectors of `out` with what comes next. Less than that, down to nothing, at the end.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        let whole = out.len() - out.len() % SECTOR_BYTES;
        let out = &mut out[..whole];
        let mut filled = 0;
        while filled < whole {
            let rest = &mut out[filled..];
            let count = if self.at < self.ready.len() {
                let count = rest.len().min(self.ready.len() - self.at);
                rest[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
                self.at += count;
                count
            } else if let Some((piece, at)) = &mut self.piece {
                let left = &piece.bytes()[*at..];
                let count = rest.len().min(left.len());
                rest[..count].copy_from_slice(&left[..count]);
                *at += count;
                if count == left.len() {
                    self.close_piece();
                }
                count
            } else if self.zeros > 0 {
                let count = rest.len().min(usize::try_from(self.zeros).unwrap_or(usize::MAX));
                rest[..count].fill(0);
                self.zeros -= count as u64;
                count
            } else if let Some(reading) = &mut self.file {
                let count = rest.len().min(usize::try_from(reading.left).unwrap_or(usize::MAX));
                reading.fill(&mut rest[..count], &self.proof);
                if reading.left == 0 {
                    self.close_file();
                }
                count
            } else if self.next == Next::End {
                break;
            } else {
                self.begin_next();
                0
            };
            filled += count;
            self.written += count as u64;
        }
        filled
    }

    /// The sector that the next byte belongs to.
    #[must_use]
    pub fn position(&self) -> Lba {
        self.plan.start() + self.written_sectors()
    }

    /// Digests and damages. Of a stream that was not read to its end, those up to there.
    #[must_use]
    pub fn finish(self) -> StreamReport {
        let plan = self.plan;
        let mut damages = Vec::new();
        if !self.proof.changes.is_empty() {
            for node in plan.manifest_files() {
                let Some(index) = plan.write_of(node) else { continue };
                if let Ok(at) = self.proof.changes.binary_search_by_key(&index, |(at, _)| *at) {
                    let change = self.proof.changes[at].1.again();
                    damages.push(Damage { node, path: plan.tree().path(node), change });
                }
            }
        }
        let mut slots = vec![u32::MAX; plan.tree().capacity()];
        for node in plan.manifest_files().chain(plan.writes.iter().map(|write| write.node)) {
            slots[node.index()] = plan.write_of(node).and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX);
        }
        StreamReport { digests: Digests { slots, digests: self.proof.digests }, damages }
    }

    fn written_sectors(&self) -> Sectors {
        Sectors::for_bytes(self.written).unwrap_or_default()
    }

    fn begin_next(&mut self) {
        let plan = self.plan;
        self.at = 0;
        self.ready.clear();
        self.next = match self.next {
            Next::Descriptors => {
                self.ready = plan.descriptors(plan.options.volume_space);
                Next::PathTable(0, Order::Little)
            }
            Next::PathTable(which, order) => match plan.hierarchies.get(which) {
                Some(hierarchy) => {
                    self.ready = hierarchy.path_table(plan, order);
                    match order {
                        Order::Little => Next::PathTable(which, Order::Big),
                        Order::Big => Next::PathTable(which + 1, Order::Little),
                    }
                }
                None => Next::Directory(0, 0),
            },
            Next::Directory(which, index) => match plan.hierarchies.get(which) {
                Some(hierarchy) if index < plan.directories.len() => {
                    self.builder.build(plan, hierarchy, index);
                    self.ready.extend_from_slice(self.builder.records());
                    self.ready.extend_from_slice(self.builder.continuations());
                    Next::Directory(which, index + 1)
                }
                Some(_) => Next::Directory(which + 1, 0),
                None => {
                    // Directories are done: a stream of many gigabytes need not hold their buffers.
                    self.builder = Builder::default();
                    self.ready = Vec::new();
                    Next::File(0)
                }
            },
            Next::File(index) if index < plan.writes.len() => self.begin_file(index),
            Next::File(_) => Next::Padding,
            Next::Padding => {
                self.zeros = plan.sectors().bytes().saturating_sub(self.written);
                Next::End
            }
            Next::End => Next::End,
        };
    }

    fn begin_file(&mut self, index: usize) -> Next {
        let plan = self.plan;
        let Kind::File { size, content } = &plan.tree().node(plan.writes[index].node).kind else {
            return Next::File(index + 1);
        };
        let source = match content {
            Content::Staged(_) => return self.begin_piece(index),
            Content::Manifest => Source::Manifest(Lines::new(plan)),
            Content::Bytes(bytes) => Source::Bytes(bytes.clone()),
            Content::Recorded(_) => return Next::File(index + 1),
        };
        self.file = Some(Reading { left: *size, hasher: self.proof.hashing.then(Sha256::new), source });
        if *size == 0 {
            self.close_file();
        }
        Next::File(index + 1)
    }

    fn close_file(&mut self) {
        let Some(reading) = self.file.take() else { return };
        let size = self.plan.size(self.plan.writes[self.proof.files].node);
        self.proof.push(reading.hasher.map_or(UNPROVEN, |hasher| hasher.finalize().into()), None);
        self.zeros = size.next_multiple_of(SECTOR_BYTES as u64) - size;
    }

    /// Gets the piece that begins with this file or continues it.
    fn begin_piece(&mut self, index: usize) -> Next {
        let Some(piece) = self.ahead.next(self.plan) else { return Next::Padding };
        let next = Next::File(index + piece.ends());
        let is_empty = piece.bytes().is_empty();
        self.piece = Some((piece, 0));
        if is_empty {
            self.close_piece();
        }
        next
    }

    fn close_piece(&mut self) {
        let Some((mut piece, _)) = self.piece.take() else { return };
        for ended in piece.ended() {
            self.proof.push(ended.digest, ended.change);
        }
        self.ahead.give_back(piece);
    }
}

impl Reading<'_> {
    /// Fills `out`, which is no longer than what is left.
    fn fill(&mut self, out: &mut [u8], proof: &Proof) {
        match &mut self.source {
            Source::Bytes(bytes) => out.copy_from_slice(&bytes.split_to(out.len())),
            Source::Manifest(lines) => lines.fill(out, proof),
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&*out);
        }
        self.left -= out.len() as u64;
    }
}

/// The manifest, a line at a time: it may be as large as the tree.
struct Lines<'a> {
    plan: &'a Plan,
    carried: std::slice::Iter<'a, manifest::Entry>,
    files: Box<dyn Iterator<Item = NodeId> + Send + 'a>,
    line: Vec<u8>,
    at: usize,
}

impl<'a> Lines<'a> {
    fn new(plan: &'a Plan) -> Lines<'a> {
        Lines {
            plan,
            carried: plan.options.carried.iter(),
            files: Box::new(plan.manifest_files()),
            line: Vec::new(),
            at: 0,
        }
    }

    fn fill(&mut self, out: &mut [u8], proof: &Proof) {
        let mut filled = 0;
        while filled < out.len() {
            if self.at == self.line.len() {
                self.line.clear();
                self.at = 0;
                if let Some(entry) = self.carried.next() {
                    manifest::write_line(&mut self.line, &entry.digest, &entry.path);
                } else if let Some(id) = self.files.next() {
                    let digest = self.plan.write_of(id).map_or(UNPROVEN, |index| proof.proven(index));
                    manifest::write_line(&mut self.line, &digest, &self.plan.tree().path(id));
                } else {
                    // The plan has counted these lines; there is always one.
                    break;
                }
            }
            let count = (out.len() - filled).min(self.line.len() - self.at);
            out[filled..filled + count].copy_from_slice(&self.line[self.at..self.at + count]);
            filled += count;
            self.at += count;
        }
        out[filled..].fill(0);
    }
}

#[cfg(test)]
mod tests;
