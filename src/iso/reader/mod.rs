//! Reads a tree from a disc.
//!
//! [`Volume::open`] takes in the descriptors of one session, [`read_tree`] its directories: Rock Ridge where
//! the disc has it, else Joliet, else the bare names. File contents are not read; a file's node says in which
//! [extents](crate::iso::tree::Content::Recorded) they stand.
//!
//! The reader takes discs as they are in drawers, made by any program of the last thirty years, and images made
//! to harm it: what it can't make sense of is left out or bent, and said in a [`Note`]. It shares no code with
//! the generator, so that one misreading of the standards can't hide in both.
//!
//! What reading costs stays in proportion to the disc, whatever stands on it: each sector is read once as part of a
//! directory and once as one of continuation areas, what is followed in those is a small multiple of what was read,
//! and notes are counted when there are too many to keep.
//!
//! Verification could read with hadris-iso instead, and the tests do: it shows the same of every random tree, and no
//! damage made it panic. But 3.0.0-rc.2 asks a drive for one sector at a time: 313,067 requests for 101,000 names in
//! 1,000 directories, which stand in 7,065 sectors, where this reader makes 1,003; with names of 211 bytes 516,067
//! against 2,003. At a millisecond each that is five to nine minutes instead of one or two seconds. Its cache helps
//! short names only, each hard link makes it search the disc from the beginning (400,407 requests for 4,040 names), it
//! mounts the session at sector 0 only, leaves loops to its caller, and says nothing of what is odd.
//!
//! Directories are read whole and in ascending order of their sectors, each with its continuation areas. On a
//! disc laid out so (parents before children, continuation areas behind their directory) no step goes back.

mod claims;
mod descriptor;
mod entry;
mod name;
mod note;
mod number;
mod record;
mod rock_ridge;
mod susp;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeSet;

use crate::iso::source::{SectorSource, SourceError};
use crate::iso::tree::{Tree, TreePath};
use crate::sector::Lba;

pub use descriptor::Volume;
pub use note::{ContinuationFault, Note, Oddity};

/// A volume could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Something else than an ISO 9660 volume begins there.
    #[error("no ISO 9660 volume at sector {at}")]
    NotAVolume {
        /// Where a session was looked for.
        at: Lba,
    },
    /// The sectors where descriptors stand could not be read.
    #[error("volume descriptor can't be read")]
    Descriptor {
        /// The sectors, and why.
        source: SourceError,
    },
    /// Logical blocks of another size than a sector, as no optical disc has them.
    #[error("volume at sector {at} has logical blocks of {bytes} bytes")]
    BlockSize {
        /// Start of the session.
        at: Lba,
        /// The size recorded.
        bytes: u32,
    },
    /// The root directory is none: the session was not written whole, or was overwritten.
    #[error("volume at sector {at} has no root directory")]
    BrokenRoot {
        /// Start of the session.
        at: Lba,
    },
    /// Sectors of a directory could not be read.
    #[error("directory {path} can't be read")]
    Directory {
        /// The directory.
        path: TreePath,
        /// The sectors, and why.
        source: SourceError,
    },
    /// More names than any disc holds.
    #[error("more than {limit} names")]
    TooManyNames {
        /// The limit.
        limit: usize,
    },
    /// Records that share continuation areas over and over.
    #[error("continuation areas without end at {path}")]
    TooManyContinuations {
        /// The directory where the limit was met.
        path: TreePath,
    },
}

/// A tree as it was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The names and what belongs to them; every file's content is recorded.
    pub tree: Tree,
    /// What was odd, in the order it was met: the first thousand, losses before what is cosmetic.
    pub notes: Vec<Note>,
    /// How many more oddities there were.
    pub more_notes: usize,
    /// Whether an oddity, noted or not, may have cost a name or a content: see [`Oddity::is_loss`].
    pub lost: bool,
}

impl Reading {
    /// What may have cost a name or a content, the first of it in words; `None` where nothing did.
    #[must_use]
    pub fn loss(&self) -> Option<String> {
        let named = || self.notes.iter().find(|note| note.what.is_loss());
        self.lost.then(|| {
            named().map_or_else(|| format!("{} oddities that have no name here", self.more_notes), ToString::to_string)
        })
    }

    /// The sectors that are the cause of a loss if they were never written, as far as notes were kept; see
    /// [`Oddity::may_be_unwritten`].
    #[must_use]
    pub fn may_be_unwritten(&self) -> BTreeSet<Lba> {
        self.notes.iter().filter_map(|note| note.what.may_be_unwritten()).collect()
    }
}

/// Reads the tree of `volume`.
///
/// # Errors
/// When a directory inside the volume can't be read, when the root is none, or when a limit against hostile
/// images is met.
pub fn read_tree(source: &mut dyn SectorSource, volume: &Volume) -> Result<Reading, ReadError> {
    walk::read(source, volume, walk::Unreadable::Fails, None)
}

/// Reads the Joliet tree of `volume`, whatever else it has: what Windows shows. `None` where there is none.
///
/// # Errors
/// As [`read_tree`].
pub fn read_joliet(source: &mut dyn SectorSource, volume: &Volume) -> Result<Option<Reading>, ReadError> {
    let Some(root) = volume.joliet_root() else { return Ok(None) };
    walk::read(source, volume, walk::Unreadable::Fails, Some(root)).map(Some)
}

/// As [`read_tree`], for a damaged disc: sectors that can't be read cost the names in them and a note each.
///
/// # Errors
/// When nothing is left of the root, or when a limit against hostile images is met.
pub fn salvage_tree(source: &mut dyn SectorSource, volume: &Volume) -> Result<Reading, ReadError> {
    walk::read(source, volume, walk::Unreadable::IsNoted, None)
}
