//! From directory to directory, in ascending order of their sectors.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::claims::Claims;
use super::descriptor::Unreadable as Unread;
use super::entry::{Dialect, Found, What};
use super::record::{Record, records};
use super::susp::{Continuations, LoadError, Sharing};
use super::{Note, Oddity, ReadError, Reading, Volume, name};
use crate::iso::source::SectorSource;
use crate::iso::tree::{Attributes, Content, Extent, Kind, NodeId, Tree};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// A million names make a directory of some 150 MiB.
const MAX_DIRECTORY_BYTES: u32 = 256 << 20;
/// What is read behind a placeholder before the directory's length is known.
const ONE_SECTOR: u32 = 1 << 11;
const MAX_DEPTH: u32 = 1024;
const MAX_NAMES: usize = 16 << 20;
/// What a directory of that length holds in honest records with Rock Ridge; the shortest there can be would be three times as many.
const MAX_RECORDS: usize = 5 << 19;
const MAX_NOTES: usize = 1000;
/// Bytes of the paths in them: a path may be a quarter of a MiB long.
const MAX_NOTE_BYTES: usize = 1 << 20;
/// Relocation directories that are taken out when they are empty; honest discs have one.
const MAX_RELOCATIONS: usize = 64;
/// Sectors in one request.
const PIECE: Sectors = Sectors(512);
/// Unreadable sectors in a row after which the rest of a directory is given up: on a drive each costs seconds.
const MAX_UNREADABLE: u32 = 32;

/// What becomes of a directory's unreadable sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    Fails,
    IsNoted,
}

/// Reads the tree of `volume`: the Joliet tree where its root is given, else the best there is.
pub(super) fn read(
    source: &mut dyn SectorSource,
    volume: &Volume,
    unreadable: Unreadable,
    joliet: Option<Extent>,
) -> Result<Reading, ReadError> {
    let mut walk = Walk {
        continuations: Continuations::new(volume.end(), unreadable == Unreadable::IsNoted),
        source,
        volume,
        unreadable,
        dialect: Dialect::Plain,
        tree: Tree::new(Attributes::default()),
        claims: Claims::default(),
        queue: BinaryHeap::new(),
        relocated: BTreeMap::new(),
        relocations: Vec::new(),
        notes: Vec::new(),
        note_bytes: 0,
        cosmetic_notes: 0,
        more_notes: 0,
        lost: false,
        outside_noted: false,
    };
    if let Some(Unread { at, cause }) = volume.unreadable().cloned() {
        walk.note(walk.tree.root(), None, Oddity::DescriptorUnreadable { at, cause });
    }
    match joliet {
        Some(root) => walk.joliet_root(root)?,
        None => walk.root()?,
    }
    walk.rest()?;
    walk.drop_empty_relocations();
    Ok(Reading { tree: walk.tree, notes: walk.notes, more_notes: walk.more_notes, lost: walk.lost })
}

/// A directory still to be read. They come out of the queue by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Job {
    at: Lba,
    node: NodeId,
    depth: u32,
    /// Its length; unknown where a placeholder names it, which says its sector only (RRIP 4.1.5.1).
    bytes: Option<u32>,
}

/// A directory to be added, or a relocated one whose place was not met yet.
struct Directory {
    parent: NodeId,
    depth: u32,
    name: Vec<u8>,
    attributes: Attributes,
    links: u32,
    bytes: Option<u32>,
}

impl Directory {
    fn new(parent: Job, found: Found<'_>, bytes: Option<u32>) -> Directory {
        let Found { name, attributes, links, .. } = found;
        Directory { parent: parent.node, depth: parent.depth + 1, name, attributes, links, bytes }
    }
}

struct Walk<'a> {
    source: &'a mut dyn SectorSource,
    volume: &'a Volume,
    unreadable: Unreadable,
    dialect: Dialect,
    tree: Tree,
    continuations: Continuations,
    claims: Claims,
    queue: BinaryHeap<Reverse<Job>>,
    relocated: BTreeMap<Lba, Directory>,
    /// Directories that hold relocated ones.
    relocations: Vec<NodeId>,
    notes: Vec<Note>,
    note_bytes: usize,
    /// Of the notes kept, those of no loss.
    cosmetic_notes: usize,
    more_notes: usize,
    lost: bool,
    outside_noted: bool,
}

impl Walk<'_> {
    /// Reads the root directory and decides by it how the rest is read.
    fn root(&mut self) -> Result<(), ReadError> {
        let (job, bytes) = self.root_bytes(self.volume.root)?;
        let own = own_record(&bytes).ok_or(ReadError::BrokenRoot { at: self.volume.session_start })?;
        if let Some(sharing) = Sharing::find(own.system_use()) {
            let rock_ridge = Dialect::RockRidge(sharing);
            self.load_continuations(job.node, rock_ridge, &mut records(&bytes).take(1))?;
            let mut oddities = Vec::new();
            let area = rock_ridge.system_use(&own);
            let fields =
                super::rock_ridge::decode(&self.continuations.entries(area, &mut oddities).entries, &mut oddities);
            if fields.extension || fields.posix.is_some() {
                if !fields.extension {
                    self.note(job.node, None, Oddity::NoExtensionReference);
                }
                self.dialect = rock_ridge;
                return self.take_in(job, &bytes);
            }
        }
        let Some(joliet) = self.volume.joliet_root() else { return self.take_in(job, &bytes) };
        match self.joliet_root(joliet) {
            // Said in a note by then.
            Err(ReadError::BrokenRoot { .. }) => {
                self.dialect = Dialect::Plain;
                self.claims = Claims::default();
                self.claims.claim(job.at, sectors_for(u32::try_from(bytes.len()).unwrap_or(u32::MAX)));
                self.take_in(job, &bytes)
            }
            done => done,
        }
    }

    fn joliet_root(&mut self, joliet: Extent) -> Result<(), ReadError> {
        self.dialect = Dialect::Joliet;
        self.claims = Claims::default();
        let (job, bytes) = self.root_bytes(joliet)?;
        self.take_in(job, &bytes)
    }

    fn root_bytes(&mut self, root: Extent) -> Result<(Job, Vec<u8>), ReadError> {
        let broken = ReadError::BrokenRoot { at: self.volume.session_start };
        let Ok(bytes) = u32::try_from(root.bytes) else { return Err(broken) };
        let job = Job { at: root.start, node: self.tree.root(), depth: 0, bytes: Some(bytes) };
        self.claims.claim(root.start, root.sectors());
        match self.directory_bytes(job)? {
            Some(bytes) if own_record(&bytes).is_some() => Ok((job, bytes)),
            _ => Err(broken),
        }
    }

    /// Reads all that is queued, then the relocated directories nobody asked for.
    fn rest(&mut self) -> Result<(), ReadError> {
        loop {
            while let Some(Reverse(job)) = self.queue.pop() {
                if let Some(bytes) = self.directory_bytes(job)? {
                    self.take_in(job, &bytes)?;
                }
            }
            let displaced = std::mem::take(&mut self.relocated);
            for (at, found) in displaced {
                // A placeholder may have come after the directory.
                if self.claims.begins(at) {
                    continue;
                }
                self.note(found.parent, Some(&found.name), Oddity::Displaced);
                self.add_directory(found, at)?;
            }
            if self.queue.is_empty() {
                return Ok(());
            }
        }
    }

    /// A directory's bytes; `None`, and a note, where there is no directory.
    fn directory_bytes(&mut self, job: Job) -> Result<Option<Vec<u8>>, ReadError> {
        let declared = job.bytes.unwrap_or(ONE_SECTOR);
        let mut bytes = Vec::new();
        self.read_to(job, declared, &mut bytes)?;
        let Some(own) = own_record(&bytes) else {
            // Its first sector is scratched; the others hold names all the same.
            let is_scratched = bytes.get(..SECTOR_BYTES).is_some_and(|first| first.iter().all(|&b| b == 0));
            if self.unreadable == Unreadable::IsNoted && is_scratched && bytes.len() > SECTOR_BYTES {
                return Ok(Some(bytes));
            }
            self.note(job.node, None, Oddity::NoDirectory { at: job.at });
            return Ok(None);
        };
        let (says, here) = (Lba(own.location().value), own.data_bytes().value);
        if says != job.at && own.attribute_sectors() == 0 {
            self.note(job.node, None, Oddity::SelfElsewhere { at: job.at, says });
        }
        if job.bytes.is_some_and(|parent| parent != here) {
            self.note(job.node, None, Oddity::SelfLength { here, parent: declared });
        }
        // The directory's own word is what Linux takes, and all there is behind a placeholder.
        if here > MAX_DIRECTORY_BYTES {
            self.note(job.node, None, Oddity::DirectoryTooLarge { bytes: here });
        } else if here > declared {
            if self.claims.grow(job.at, sectors_for(here)) {
                self.read_to(job, here, &mut bytes)?;
            } else {
                self.note(job.node, None, Oddity::DirectoryTwice { at: job.at });
            }
        }
        Ok(Some(bytes))
    }

    /// Reads on until `bytes` holds `wanted` bytes of the directory.
    fn read_to(&mut self, job: Job, wanted: u32, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
        if wanted > MAX_DIRECTORY_BYTES {
            self.note(job.node, None, Oddity::DirectoryTooLarge { bytes: wanted });
            return Ok(());
        }
        let end = sectors_for(wanted);
        let mut unreadable_in_row = 0;
        let mut have = Sectors(u32::try_from(bytes.len() / SECTOR_BYTES).unwrap_or(u32::MAX));
        bytes.truncate(bytes.len() / SECTOR_BYTES * SECTOR_BYTES);
        while have < end && unreadable_in_row < MAX_UNREADABLE {
            // What lies behind the volume is mostly not there: one look is enough.
            let is_behind = have.0 == 0 && u64::from(job.at.0) >= self.volume.end();
            let piece = Sectors((end.0 - have.0).min(if is_behind { 1 } else { PIECE.0 }));
            let Some(at) = job.at.checked_add(have).filter(|at| at.checked_add(piece).is_some()) else {
                self.note(job.node, None, Oddity::OutsideVolume { at: job.at, bytes: u64::from(wanted) });
                break;
            };
            let start = bytes.len();
            bytes.resize(start + piece.0 as usize * SECTOR_BYTES, 0);
            if let Err(error) = self.source.read(at, &mut bytes[start..]) {
                let inside = u64::from(at.0) + u64::from(piece.0) <= self.volume.end();
                if inside && self.unreadable == Unreadable::Fails {
                    return Err(ReadError::Directory { path: self.tree.path(job.node), source: error });
                }
                if is_behind {
                    self.note_unreadable(job.node, at, end.0, &error.cause.to_string());
                    break;
                }
                unreadable_in_row = self.read_singly(job, at, &mut bytes[start..]);
            }
            have += piece;
        }
        bytes.truncate(wanted as usize);
        Ok(())
    }

    /// Reads what can be read, sector by sector; the others are zeros, which hold no records. Gives the number
    /// of unreadable ones at the end.
    fn read_singly(&mut self, job: Job, at: Lba, out: &mut [u8]) -> u32 {
        let mut in_row = 0;
        let mut cause = String::new();
        let total = u32::try_from(out.len() / SECTOR_BYTES).unwrap_or(u32::MAX);
        let mut sectors = (0..total).zip(out.chunks_exact_mut(SECTOR_BYTES));
        let mut read = 0;
        while in_row < MAX_UNREADABLE
            && let Some((index, sector)) = sectors.next()
        {
            let here = at + Sectors(index);
            read = index + 1;
            match self.source.read(here, sector) {
                Ok(()) => {
                    self.note_unreadable(job.node, Lba(here.0 - in_row), in_row, &cause);
                    in_row = 0;
                }
                Err(error) => {
                    sector.fill(0);
                    cause = error.cause.to_string();
                    in_row += 1;
                }
            }
        }
        for (_, sector) in sectors {
            sector.fill(0);
        }
        let first = Lba((at.0 + read).saturating_sub(in_row));
        self.note_unreadable(job.node, first, if in_row == 0 { 0 } else { in_row + total - read }, &cause);
        in_row
    }

    fn note_unreadable(&mut self, node: NodeId, at: Lba, count: u32, cause: &str) {
        if count > 0 {
            self.note(node, None, Oddity::Unreadable { at, count: Sectors(count), cause: cause.to_owned() });
        }
    }

    /// Loads the continuation areas of the next records; see [`Continuations::load`].
    fn load_continuations(
        &mut self,
        node: NodeId,
        dialect: Dialect,
        records: &mut dyn Iterator<Item = Result<Record<'_>, usize>>,
    ) -> Result<usize, ReadError> {
        let areas = records.map(|record| record.map_or(&[][..], |record| dialect.system_use(&record)));
        self.continuations.load(self.source, areas).map_err(|error| {
            let path = self.tree.path(node);
            match error {
                LoadError::Source(source) => ReadError::Directory { path, source },
                LoadError::Exhausted => ReadError::TooManyContinuations { path },
            }
        })
    }

    /// Puts a directory's names into the tree and its subdirectories into the queue.
    fn take_in(&mut self, job: Job, bytes: &[u8]) -> Result<(), ReadError> {
        let mut all: Vec<Found<'_>> = Vec::new();
        // In steps: a directory may lead to more sectors than memory should hold at a time.
        let mut coming = records(bytes);
        let mut loaded = 0;
        let mut is_first = true;
        for (number, record) in records(bytes).enumerate() {
            if number == MAX_RECORDS {
                let bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                self.note(job.node, None, Oddity::DirectoryTooLarge { bytes });
                break;
            }
            if loaded == 0 && matches!(self.dialect, Dialect::RockRidge(_)) {
                loaded = self.load_continuations(job.node, self.dialect, &mut coming)?;
            }
            loaded = loaded.saturating_sub(1);
            let record = match record {
                Ok(record) if record.is_parent() => continue,
                Ok(record) => record,
                Err(offset) => {
                    self.note(job.node, None, Oddity::BrokenRecord { offset });
                    continue;
                }
            };
            let mut found = Found::decode(self.dialect, &self.continuations, record);
            if record.is_self() {
                if !std::mem::take(&mut is_first) {
                    continue;
                }
                self.note_outside(job.node, None, &found);
                self.take_own(job, &mut found);
                continue;
            }
            self.note_outside(job.node, Some(&found.name), &found);
            if self.notes_are_full() {
                for oddity in std::mem::take(&mut found.oddities) {
                    self.note(job.node, Some(&found.name), oddity);
                }
            }
            match all.last_mut() {
                Some(last) if last.continues_with(&found) => last.append(found),
                _ => all.push(found),
            }
            if self.tree.capacity() + all.len() > MAX_NAMES {
                return Err(ReadError::TooManyNames { limit: MAX_NAMES });
            }
        }
        // Discs sort by identifier, trees by name; the sort is stable, so the first of equal names stays first.
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let mut last = Vec::new();
        for mut found in all {
            found.finish(self.volume.end());
            for oddity in found.oddities.drain(..) {
                self.note(job.node, Some(&found.name), oddity);
            }
            if found.what == What::Nothing {
                continue;
            }
            if !name::is_safe(&found.name) {
                self.note(job.node, None, Oddity::BadName { name: name::excerpt(&found.name) });
                continue;
            }
            let Some(found) = self.set_aside(job, found) else { continue };
            if found.name == last {
                self.note(job.node, Some(&found.name), Oddity::Duplicate);
                continue;
            }
            last.clone_from(&found.name);
            self.add(job, found)?;
        }
        Ok(())
    }

    /// A directory's record of itself: what Linux shows of the directory.
    fn take_own(&mut self, job: Job, found: &mut Found<'_>) {
        for oddity in found.oddities.drain(..) {
            self.note(job.node, None, oddity);
        }
        let is_root = job.node == self.tree.root();
        if matches!(self.dialect, Dialect::RockRidge(_)) && !found.has_posix && !is_root {
            return;
        }
        let own = found.attributes;
        let known = self.tree.node(job.node).attributes;
        let differs = (own.mode, own.uid, own.gid) != (known.mode, known.uid, known.gid);
        // A placeholder has the mode of a file, and nobody shows it.
        if differs && !is_root && job.bytes.is_some() {
            self.note(job.node, None, Oddity::SelfDiffers);
        }
        let node = self.tree.node_mut(job.node);
        node.attributes = own;
        node.links = found.links;
    }

    /// Keeps a relocated directory until its placeholder was met; hands anything else back.
    fn set_aside<'f>(&mut self, job: Job, found: Found<'f>) -> Option<Found<'f>> {
        let What::Directory { at, bytes: bytes @ Some(_) } = found.what else { return Some(found) };
        // The relocation directory may itself be marked as relocated; its place is where it stands.
        let is_relocation = job.depth == 0 && matches!(&*found.name, b"rr_moved" | b".rr_moved");
        if !found.relocated || is_relocation {
            return Some(found);
        }
        if self.relocations.last() != Some(&job.node) && self.relocations.len() < MAX_RELOCATIONS {
            self.relocations.push(job.node);
        }
        let parked = Directory::new(job, found, bytes);
        if let Some(other) = self.relocated.insert(at, parked) {
            self.note(other.parent, Some(&other.name), Oddity::DirectoryTwice { at });
        }
        None
    }

    fn add(&mut self, job: Job, found: Found<'_>) -> Result<(), ReadError> {
        let kind = match found.what {
            What::Nothing => return Ok(()),
            What::Directory { at, bytes } => return self.add_directory(Directory::new(job, found, bytes), at),
            What::File(extents) => Kind::File {
                size: extents.iter().map(|e| e.bytes).sum(),
                content: Content::Recorded(extents.into_iter().filter(|e| e.bytes > 0).collect()),
            },
            What::Other(kind) => kind,
        };
        self.insert(job.node, &found.name, found.attributes, found.links, kind)?;
        Ok(())
    }

    fn add_directory(&mut self, found: Directory, at: Lba) -> Result<(), ReadError> {
        let Directory { parent, depth, name, attributes, links, bytes } = found;
        if depth > MAX_DEPTH {
            self.note(parent, Some(&name), Oddity::TooDeep { limit: MAX_DEPTH });
            return Ok(());
        }
        if let Some(bytes) = bytes.filter(|&b| b > MAX_DIRECTORY_BYTES) {
            self.note(parent, Some(&name), Oddity::DirectoryTooLarge { bytes });
            return Ok(());
        }
        // An empty extent is nobody's, and an empty directory.
        let is_empty = bytes == Some(0);
        if !is_empty && !self.claims.claim(at, sectors_for(bytes.unwrap_or(1))) {
            self.note(parent, Some(&name), Oddity::DirectoryTwice { at });
            return Ok(());
        }
        let node = self.insert(parent, &name, attributes, links, Kind::Directory(Vec::new()))?;
        if let Some(node) = node.filter(|_| !is_empty) {
            self.queue.push(Reverse(Job { at, node, depth, bytes }));
        }
        Ok(())
    }

    fn insert(
        &mut self,
        parent: NodeId,
        name: &[u8],
        attributes: Attributes,
        links: u32,
        kind: Kind,
    ) -> Result<Option<NodeId>, ReadError> {
        if self.tree.capacity() > MAX_NAMES {
            return Err(ReadError::TooManyNames { limit: MAX_NAMES });
        }
        match self.tree.insert(parent, name, attributes, kind) {
            Ok(id) => {
                self.tree.node_mut(id).links = links;
                Ok(Some(id))
            }
            // Only a displaced directory can meet a name that is taken: the others were sorted before.
            Err(_) => {
                self.note(parent, Some(name), Oddity::Duplicate);
                Ok(None)
            }
        }
    }

    /// Takes the relocation directory out where its directories went to their places.
    fn drop_empty_relocations(&mut self) {
        for node in std::mem::take(&mut self.relocations) {
            if self.tree.children(node).is_empty() && node != self.tree.root() {
                self.tree.remove(node);
            }
        }
    }

    /// Once for the volume: with the wrong size in the descriptor it is true of every area.
    fn note_outside(&mut self, directory: NodeId, name: Option<&[u8]>, found: &Found<'_>) {
        let Some(area) = found.continues_at else { return };
        let space = self.volume.volume_space;
        if !self.outside_noted && area.at.0 >= space.0 {
            self.outside_noted = true;
            self.note(directory, name, Oddity::ContinuationOutside { at: area.at, space });
        }
    }

    /// Whether oddities are only counted from here on, so that none need be kept until names are in order.
    fn notes_are_full(&self) -> bool {
        self.notes.len() == MAX_NOTES || self.note_bytes > MAX_NOTE_BYTES
    }

    fn note(&mut self, directory: NodeId, name: Option<&[u8]>, what: Oddity) {
        self.lost |= what.is_loss();
        if what.is_loss() {
            self.make_room_for_a_loss();
        }
        if self.notes_are_full() {
            self.more_notes += 1;
            return;
        }
        let mut path = self.tree.path(directory);
        if let Some(name) = name {
            path.push(&name::excerpt(name));
        }
        self.note_bytes += path.as_bytes().len();
        self.cosmetic_notes += usize::from(!what.is_loss());
        self.notes.push(Note { path, what });
    }

    /// Only counts the latest of the cosmetic notes where there is no room for more: what was lost is what somebody has to know.
    fn make_room_for_a_loss(&mut self) {
        while self.notes_are_full() && self.cosmetic_notes > 0 {
            let Some(latest) = self.notes.iter().rposition(|note| !note.what.is_loss()) else { return };
            self.note_bytes -= self.notes.remove(latest).path.as_bytes().len();
            self.cosmetic_notes -= 1;
            self.more_notes += 1;
        }
    }
}

/// The first record, which must be the directory itself (6.8.2.2).
fn own_record(directory: &[u8]) -> Option<Record<'_>> {
    records(directory).next()?.ok().filter(Record::is_self)
}

fn sectors_for(bytes: u32) -> Sectors {
    Sectors::for_bytes(u64::from(bytes)).unwrap_or(Sectors(u32::MAX))
}
