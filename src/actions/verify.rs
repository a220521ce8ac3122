//! *verify*: a disc against its own manifests. No staging directory is needed, and no drive but one that reads.

use std::sync::atomic::AtomicBool;

use super::ActionError;
use super::list::{self, Reading};
use super::proof::{self, Finding, Hashed};
use crate::burn::{Event, Phase, Progress};
use crate::iso::reader;
use crate::iso::tree::{Content, Kind, Tree};
use crate::sector::Sectors;

/// Which sessions are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// What a mount shows: the newest tree, the earlier sessions' files included.
    Newest,
    /// The tree as of this session, counted from 1.
    Session(u32),
    /// Every session's tree.
    All,
}

/// What was read and proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Trees that were checked.
    pub sessions: usize,
    /// Files read, with their names counted once a tree.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Manifests they were checked against.
    pub manifests: usize,
    /// Files that were read and that no manifest speaks of: nothing says what should be in them.
    pub unlisted: usize,
}

/// Reads everything back and checks it.
///
/// # Errors
/// When the disc can't be read, has no manifest, or differs from it.
pub fn verify(
    reading: &mut Reading,
    which: Which,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Report, ActionError> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut trees: Vec<reader::Reading> = Vec::new();
    match which {
        Which::Newest => trees.push(reading.session(None)?),
        Which::Session(number) => trees.push(reading.session(Some(number))?),
        Which::All => {
            let starts = reading.starts();
            if starts.is_empty() {
                return Err(list::nothing(&reading.contents));
            }
            for (start, number) in starts.into_iter().zip(1..) {
                match reading.session(Some(number)) {
                    Ok(tree) => trees.push(tree),
                    Err(error @ ActionError::Contents { .. }) => {
                        let why = proof::with_causes(&error);
                        findings.push(Finding::NoTree(format!("session {number}, at sector {start}: {why}")));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
    let mut report = Report { sessions: trees.len(), ..Report::default() };
    progress.event(Event::Begin {
        phase: Phase::Verify,
        total: Some(trees.iter().map(|read| data_sectors(&read.tree)).fold(Sectors(0), add)),
    });
    let mut done = Sectors(0);
    for read in &trees {
        let mut hashed = Hashed::default();
        let mut on_read = |more: Sectors| {
            done = add(done, more);
            progress.event(Event::Done { sectors: done, fifo_percent: None, drive_percent: None });
        };
        let found = reading.with_source(|source| proof::prove_tree(source, read, stop, &mut on_read, &mut hashed))?;
        findings.extend(found.into_iter().filter(|finding| !findings.contains(finding)).collect::<Vec<_>>());
        report.files += hashed.files.len();
        report.manifests += hashed.manifests();
        report.unlisted += hashed.unlisted(&read.tree);
        report.bytes += files_of(&read.tree).map(|(size, _)| size).sum::<u64>();
    }
    progress.event(Event::End { phase: Phase::Verify });
    if !findings.is_empty() {
        return Err(ActionError::Unsound { findings });
    }
    if report.manifests == 0 {
        return Err(ActionError::NoManifest { files: report.files });
    }
    Ok(report)
}

fn add(a: Sectors, b: Sectors) -> Sectors {
    Sectors(a.0.saturating_add(b.0))
}

fn files_of(tree: &Tree) -> impl Iterator<Item = (u64, Sectors)> + '_ {
    tree.walk().filter_map(|id| match &tree.node(id).kind {
        Kind::File { size, content: Content::Recorded(extents) } => {
            Some((*size, extents.iter().map(crate::iso::tree::Extent::sectors).fold(Sectors(0), add)))
        }
        _ => None,
    })
}

fn data_sectors(tree: &Tree) -> Sectors {
    files_of(tree).map(|(_, sectors)| sectors).fold(Sectors(0), add)
}
