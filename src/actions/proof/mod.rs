//! Proof that what is on a disc is what should be on it.
//!
//! After a burn, the new session is read once from its first sector to its last. In that one pass
//!
//! 1. every chunk is compared with what was sent,
//! 2. the tree is parsed as any reader would, and compared with the tree that was meant, both ways,
//! 3. every file is hashed through the extents *the disc* gives, and compared with what was read from staging,
//! 4. the manifest on the disc is compared with all that,
//! 5. and a Joliet tree has to lead to the same extents under the names that were planned.
//!
//! Without staging, years later, the same reading checks a disc against its own manifests. Everything that is wrong is a [`Finding`];
//! none stops the search for more.

mod finding;
mod hash;
mod hasher;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::finding::Finding;
use self::finding::name_faults;
use self::hash::hash_files;
pub use self::hash::{Hashed, read_manifests};
use crate::burn::{Burned, Progress, Readback};
use crate::iso::compare::{Compare, compare};
use crate::iso::manifest::{self, Digest, UNPROVEN};
use crate::iso::reader::{self, ReadError, Reading, Volume};
use crate::iso::source::SectorSource;
use crate::iso::tree::{Content, Extent, Kind, NodeId, Tree, TreePath};
use crate::scsi::{Drive, ScsiError};
use crate::sector::Sectors;

/// The proof could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The drive is lost, or the disc was taken out.
    #[error("the drive or its disc was lost while it was read back")]
    DriveLost {
        /// What broke.
        #[source]
        source: ScsiError,
    },
    /// A manifest of an earlier session can't be read.
    #[error("{path} on the disc can't be read: {why}")]
    Manifest {
        /// Its path.
        path: TreePath,
        /// Why not.
        why: String,
    },
    /// The system has no thread to hash in.
    #[error("no thread can be started to read the disc back")]
    NoThread {
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The stop flag was set.
    #[error("interrupted while the disc was read back")]
    Interrupted,
}

/// What a session should hold.
pub struct Expected<'a> {
    /// The tree as it was planned.
    pub tree: &'a Tree,
    /// The digest of a file of that tree as it was sent, for those that this session wrote.
    pub digest: &'a dyn Fn(NodeId) -> Option<Digest>,
    /// How the trees are compared.
    pub policy: Compare<'a>,
    /// The Joliet tree beside it, if there is to be one, its files with their extents.
    pub joliet: Option<Tree>,
}

impl fmt::Debug for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expected").field("tree", &self.tree).finish_non_exhaustive()
    }
}

/// Reads a burned session back and compares it with what was meant and sent.
///
/// # Errors
/// When the drive is lost or the reading is interrupted; whatever is wrong with the disc is a finding.
pub fn prove_session(
    drive: &mut Drive,
    burned: &Burned,
    expected: &Expected<'_>,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Vec<Finding>, ProofError> {
    let end = burned.start + burned.sectors;
    let mut readback = Readback::new(drive, burned.start, end, Some(&burned.ledger), stop, progress);
    let mut findings = Vec::new();
    let volume = Volume::open(&mut readback, burned.start);
    let mut joliet = None;
    let parsed = volume
        .and_then(|volume| {
            let reading = reader::read_tree(&mut readback, &volume)?;
            joliet = Some(reader::read_joliet(&mut readback, &volume));
            Ok(reading)
        })
        .inspect_err(|error| findings.push(Finding::NoTree(with_causes(error))));
    readback.stop_keeping();
    let mut hashed = Hashed::default();
    if let Ok(reading) = &parsed {
        // An empty file has no sectors that could say which session it is of, and none that could be wrong.
        let session =
            |extents: &[Extent]| extents.first().is_some_and(|first| first.start >= burned.start && first.start < end);
        hash_files(&mut readback, &reading.tree, session, stop, &mut |_| {}, &mut hashed)?;
    }
    let faults = readback.finish().map_err(|source| ProofError::DriveLost { source })?;
    if stop.load(Ordering::Relaxed) {
        return Err(ProofError::Interrupted);
    }
    let Ok(reading) = parsed else {
        findings.extend(name_faults(&faults, expected.tree));
        return Ok(findings);
    };
    let tree = &reading.tree;
    findings.extend(oddities(&reading));
    findings.extend(name_faults(&faults, tree));
    findings.extend(
        compare(expected.tree, expected.tree.root(), tree, tree.root(), expected.policy).into_iter().map(Finding::Tree),
    );
    for (&node, outcome) in &hashed.files {
        let path = tree.path(node);
        match outcome {
            Err(why) => findings.push(Finding::File { path, why: why.clone() }),
            Ok(found) => {
                let sent = expected.tree.find(&path).and_then(expected.digest);
                if sent.is_some_and(|sent| sent != *found) {
                    findings.push(Finding::Content(path));
                }
            }
        }
    }
    findings.extend(check_extents(expected, tree, &hashed));
    if let Some(found) = joliet {
        findings.extend(check_joliet(expected.joliet.as_ref(), found).into_iter().map(Finding::Joliet));
    }
    findings.extend(check_manifests(tree, &hashed, true));
    sort(&mut findings);
    Ok(findings)
}

/// Whether every file's record on the disc leads where it should: that of a file of this session into the session, where it was hashed,
/// that of an earlier one to the very sectors it had.
fn check_extents(expected: &Expected<'_>, found: &Tree, hashed: &Hashed) -> Vec<Finding> {
    let leads_astray = |id: NodeId| {
        let Kind::File { size: 1.., content } = &expected.tree.node(id).kind else { return None };
        let path = expected.tree.path(id);
        let node = found.find(&path)?;
        let is_right = match (content, &found.node(node).kind) {
            (Content::Recorded(had), Kind::File { content: Content::Recorded(has), .. }) => joined(had) == joined(has),
            _ => hashed.files.contains_key(&node),
        };
        (!is_right).then_some(Finding::Elsewhere(path))
    };
    expected.tree.walk().filter_map(leads_astray).collect()
}

/// What is wrong with the Joliet tree. The contents behind its extents are hashed for the primary one.
fn check_joliet(expected: Option<&Tree>, found: Result<Option<Reading>, ReadError>) -> Vec<String> {
    let (expected, reading) = match (expected, found) {
        (None, Ok(None)) => return Vec::new(),
        (_, Err(error)) => return vec![with_causes(&error)],
        (None, Ok(Some(_))) => return vec!["nothing was expected".to_owned()],
        (Some(_), Ok(None)) => return vec!["nothing was found: no descriptor names it".to_owned()],
        (Some(expected), Ok(Some(reading))) => (expected, reading),
    };
    let found = &reading.tree;
    let policy = Compare { permissions: None, modified: true };
    let mut wrong: Vec<String> = oddities(&reading).iter().map(ToString::to_string).collect();
    let differences = compare(expected, expected.root(), found, found.root(), policy);
    wrong.extend(differences.iter().map(ToString::to_string));
    for id in expected.walk() {
        let Kind::File { content: Content::Recorded(planned), .. } = &expected.node(id).kind else { continue };
        let path = expected.path(id);
        // A file that is missing or something else is told by then.
        let Some(node) = found.find(&path).map(|there| found.node(there)) else { continue };
        if let Kind::File { content: Content::Recorded(there), .. } = &node.kind
            && joined(planned) != joined(there)
        {
            wrong.push(Finding::Elsewhere(path).to_string());
        }
    }
    wrong
}

/// Extents with those that follow each other made one: how a file is cut into pieces is the writer's choice.
fn joined(extents: &[Extent]) -> Vec<Extent> {
    let mut joined: Vec<Extent> = Vec::new();
    for extent in extents {
        match joined.last_mut() {
            Some(last) if last.start.checked_add(last.sectors()) == Some(extent.start) => last.bytes += extent.bytes,
            _ => joined.push(*extent),
        }
    }
    joined
}

/// Reads every file of a tree and checks it against the manifests in it. Returns how many files were proven, and what is wrong.
///
/// # Errors
/// When the reading is interrupted.
pub fn prove_tree(
    source: &mut dyn SectorSource,
    reading: &Reading,
    stop: &AtomicBool,
    on_read: &mut dyn FnMut(Sectors),
    hashed: &mut Hashed,
) -> Result<Vec<Finding>, ProofError> {
    let tree = &reading.tree;
    hash_files(source, tree, |_| true, stop, on_read, hashed)?;
    let mut findings: Vec<Finding> = hashed
        .files
        .iter()
        .filter_map(|(&node, outcome)| {
            Some(Finding::File { path: tree.path(node), why: outcome.as_ref().err()?.clone() })
        })
        .collect();
    findings.extend(oddities(reading));
    findings.extend(check_manifests(tree, hashed, false));
    sort(&mut findings);
    Ok(findings)
}

/// What the reader could not make sense of and that may have cost a name or a content.
fn oddities(reading: &Reading) -> Vec<Finding> {
    let notes = reading.notes.iter().filter(|note| note.what.is_loss()).map(|note| Finding::Odd(note.to_string()));
    let unnamed = (reading.lost && reading.more_notes > 0)
        .then(|| Finding::Odd(format!("and up to {} more oddities", reading.more_notes)));
    notes.chain(unnamed).collect()
}

/// Findings in the order of their text: the hash table they come from has none.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_cached_key(ToString::to_string);
}

/// An error and its causes in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Compares digests with the manifests that were read. `complete`: every file that was hashed has to be listed.
fn check_manifests(tree: &Tree, hashed: &Hashed, complete: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut listed: HashMap<NodeId, Digest> = HashMap::new();
    // In the order of their names: for a file that two manifests name, the later one counts.
    let mut manifests: Vec<_> = hashed.manifests.iter().collect();
    manifests.sort_by_cached_key(|(path, _)| manifest::age(path.as_bytes()));
    for (path, content) in manifests {
        for entry in manifest::parse(content) {
            match entry {
                Ok(entry) => match tree.find(&entry.path) {
                    Some(node) => {
                        listed.insert(node, entry.digest);
                    }
                    None => findings.push(Finding::ListedOnly(entry.path)),
                },
                Err(bad) => findings.push(Finding::BadLine { manifest: path.clone(), line: bad.line }),
            }
        }
    }
    for (&node, outcome) in &hashed.files {
        let Ok(found) = outcome else { continue };
        match listed.get(&node) {
            // Right after a burn this is told already, with what happened to the file.
            Some(digest) if *digest == UNPROVEN && complete => {}
            Some(digest) if *digest == UNPROVEN => findings.push(Finding::Unproven(tree.path(node))),
            Some(digest) if digest != found => findings.push(Finding::Manifest(tree.path(node))),
            Some(_) => {}
            None if complete => {
                let path = tree.path(node);
                if !hashed.manifests.iter().any(|(manifest, _)| *manifest == path) {
                    findings.push(Finding::NotListed(path));
                }
            }
            None => {}
        }
    }
    findings
}
