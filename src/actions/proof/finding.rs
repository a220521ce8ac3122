//! What may be wrong with a disc, in words.

use std::fmt;

use crate::burn::readback::{Faults, Run};
use crate::iso::compare::Difference;
use crate::iso::generator::stream::{Change, Damage};
use crate::iso::tree::{Content, Kind, NodeId, Tree, TreePath};
use crate::sector::Lba;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Sectors the drive can't read.
    Unreadable {
        /// Which.
        run: Run,
        /// The files they belong to.
        files: Vec<TreePath>,
    },
    /// Sectors that came back other than they were sent.
    Differing {
        /// Which, to the chunk.
        run: Run,
        /// The files they belong to.
        files: Vec<TreePath>,
    },
    /// The session can't be read as a file system.
    NoTree(String),
    /// Something recorded that can't be made sense of.
    Odd(String),
    /// The sectors at the beginning of an overwritable disc do not show the new session.
    Superblock,
    /// The drive does not count the new session as the disc's last.
    NotTheNewest {
        /// Where the session was written.
        planned: Lba,
        /// Where the last session begins by the drive's word.
        found: Option<Lba>,
    },
    /// The trees differ.
    Tree(Difference),
    /// The Joliet tree is not as planned.
    Joliet(String),
    /// A file can't be read.
    File {
        /// Its path.
        path: TreePath,
        /// Why not.
        why: String,
    },
    /// A file's content is not what was read from staging.
    Content(TreePath),
    /// A file's directory record leads to other sectors than the file's.
    Elsewhere(TreePath),
    /// A file's content is not what the manifest says.
    Manifest(TreePath),
    /// The manifest itself says that the file was not whole when it was written.
    Unproven(TreePath),
    /// The manifest names a file that is not on the disc.
    ListedOnly(TreePath),
    /// A file of the session is not in its manifest.
    NotListed(TreePath),
    /// A line of a manifest is none.
    BadLine {
        /// The manifest.
        manifest: TreePath,
        /// The line, from 1.
        line: usize,
    },
    /// A file could not be taken from staging whole; the text says what happened to it.
    Source(String),
}

impl Finding {
    /// What happened to a source while its file was being `written` (or burned), in words.
    #[must_use]
    pub fn damage(damage: &Damage, written: &str) -> Finding {
        let path = &damage.path;
        Finding::Source(match &damage.change {
            Change::Shrank { planned, got } => {
                format!("{path}: shrank from {planned} to {got} bytes while it was {written}, the rest is zeros")
            }
            Change::Grew { planned, found } => {
                format!("{path}: grew from {planned} to {found} bytes while it was {written}, and is cut")
            }
            Change::Vanished => format!("{path}: went away before it was {written}, its place is zeros"),
            Change::Unreadable(error) => {
                format!("{path}: could not be read while it was {written} ({error}), the rest is zeros")
            }
            Change::Replaced => {
                format!("{path}: another file stood in its place when it was {written}, its place is zeros")
            }
            Change::ChangedWhileRead => format!("{path}: changed while it was {written}"),
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sectors = |f: &mut fmt::Formatter<'_>, run: &Run, what: &str, files: &[TreePath]| {
            write!(f, "sectors {} to {} {what}", run.start, run.end.0 - 1)?;
            match files {
                [] => f.write_str(" (no file's content)"),
                [first] => write!(f, " ({first})"),
                [first, rest @ ..] => write!(f, " ({first} and {} more files)", rest.len()),
            }
        };
        match self {
            Finding::Unreadable { run, files } => sectors(f, run, "can't be read by this drive", files),
            Finding::Differing { run, files } => sectors(f, run, "are not as they were sent", files),
            Finding::NoTree(why) => write!(f, "the session can't be read as a file system: {why}"),
            Finding::Odd(what) => f.write_str(what),
            Finding::Superblock => f.write_str("sectors 0 to 31 do not lead to the new session"),
            Finding::NotTheNewest { planned, found: Some(found) } => {
                write!(f, "the drive says that the last session begins at sector {found}, not {planned}")
            }
            Finding::NotTheNewest { planned, found: None } => {
                write!(f, "the drive knows of no session, there should be one at sector {planned}")
            }
            Finding::Tree(difference) => difference.fmt(f),
            Finding::Joliet(what) => write!(f, "in the Joliet tree, {what}"),
            Finding::File { path, why } => write!(f, "{path}: {why}"),
            Finding::Content(path) => write!(f, "{path}: the content on the disc is not what was read from staging"),
            Finding::Elsewhere(path) => {
                write!(f, "{path}: the disc's directory leads to other sectors than the file's")
            }
            Finding::Manifest(path) => write!(f, "{path}: the content is not what the manifest says"),
            Finding::Unproven(path) => write!(f, "{path}: was not whole when it was written, says the manifest"),
            Finding::ListedOnly(path) => write!(f, "{path}: in the manifest and not on the disc"),
            Finding::NotListed(path) => write!(f, "{path}: on the disc and in no manifest"),
            Finding::BadLine { manifest, line } => write!(f, "{manifest}: line {line} is no digest with a path"),
            Finding::Source(text) => f.write_str(text),
        }
    }
}

/// The files that bad sectors belong to, by the extents of `tree`.
pub(super) fn name_faults(faults: &Faults, tree: &Tree) -> Vec<Finding> {
    if faults.is_empty() {
        return Vec::new();
    }
    let mut extents: Vec<(Lba, Lba, NodeId)> = Vec::new();
    for id in tree.walk() {
        if let Kind::File { content: Content::Recorded(recorded), .. } = &tree.node(id).kind {
            extents.extend(
                recorded
                    .iter()
                    .filter(|extent| extent.bytes > 0)
                    .filter_map(|extent| Some((extent.start, extent.start.checked_add(extent.sectors())?, id))),
            );
        }
    }
    extents.sort_unstable();
    let hit = |run: &Run| {
        let mut files: Vec<TreePath> = extents
            .iter()
            .filter(|(start, end, _)| *start < run.end && run.start < *end)
            .map(|(_, _, id)| tree.path(*id))
            .collect();
        files.dedup();
        files
    };
    let unreadable = faults.unreadable.iter().map(|run| Finding::Unreadable { run: *run, files: hit(run) });
    let differing = faults.differing.iter().map(|run| Finding::Differing { run: *run, files: hit(run) });
    unreadable.chain(differing).collect()
}
