//! Proof that what is on a disc is what should be on it.
//!
//! After a burn, the new session is read once from its first sector to its last. In that one pass
//!
//! 1. every chunk is compared with what was sent,
//! 2. the tree is parsed as any reader would, and compared with the tree that was meant, both ways,
//! 3. every file is hashed through the extents *the disc* gives, and compared with what was read from staging,
//! 4. and the manifest on the disc is compared with all that.
//!
//! Without staging, years later, the same reading checks a disc against its own manifests. Everything that is wrong is a [`Finding`];
//! none stops the search for more.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};

use super::contents::{is_manifest, own_directory};
use crate::burn::readback::{Faults, Run};
use crate::burn::{Burned, Progress, Readback};
use crate::iso::compare::{Compare, Difference, compare};
use crate::iso::reader::{self, Reading, Volume};
use crate::iso::source::SectorSource;
use crate::iso::tree::{Content, Extent, Kind, NodeId, Tree, TreePath};
use crate::manifest::{self, Digest, UNPROVEN};
use crate::scsi::{Drive, ScsiError};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Bytes of a file that are read and hashed at a time.
const PIECE: usize = 512 * SECTOR_BYTES;
/// Manifests of more bytes than this together are not held: a million files with names of 200 bytes need less.
const MANIFESTS_LIMIT: u64 = 512 << 20;

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

/// The proof could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The drive is lost.
    #[error("the drive was lost while the disc was read back")]
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
    let parsed = Volume::open(&mut readback, burned.start)
        .and_then(|volume| reader::read_tree(&mut readback, &volume))
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
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What reading the files of a tree brought.
#[derive(Debug, Default)]
pub struct Hashed {
    /// Each regular file's digest, or why it can't be read.
    pub files: HashMap<NodeId, Result<Digest, String>>,
    /// Content of the manifests.
    manifests: Vec<(TreePath, Vec<u8>)>,
}

impl Hashed {
    /// Number of manifests that were found.
    #[must_use]
    pub fn manifests(&self) -> usize {
        self.manifests.len()
    }

    /// Number of files that were read and that no manifest of the tree speaks of; the manifests themselves aside.
    #[must_use]
    pub fn unlisted(&self, tree: &Tree) -> usize {
        let mut unlisted: HashSet<NodeId> = self.files.keys().copied().collect();
        for (path, content) in &self.manifests {
            let listed = manifest::parse(content).flatten().map(|entry| entry.path).chain([path.clone()]);
            for node in listed.filter_map(|path| tree.find(&path)) {
                unlisted.remove(&node);
            }
        }
        unlisted.len()
    }
}

/// The manifests in a tree, with their content.
///
/// # Errors
/// When one can't be read.
pub fn read_manifests(source: &mut dyn SectorSource, tree: &Tree) -> Result<Vec<(TreePath, Vec<u8>)>, ProofError> {
    let mut hashed = Hashed::default();
    hash_files(source, tree, |_| true, &AtomicBool::new(false), &mut |_| {}, &mut hashed)?;
    let unreadable = hashed.files.iter().find_map(|(&node, outcome)| Some((node, outcome.as_ref().err()?)));
    match unreadable {
        Some((node, why)) => Err(ProofError::Manifest { path: tree.path(node), why: why.clone() }),
        None => Ok(hashed.manifests),
    }
}

/// Hashes the regular files of `tree` whose extents `wanted` lets pass, in the order in which they stand on the disc.
fn hash_files(
    source: &mut dyn SectorSource,
    tree: &Tree,
    wanted: impl Fn(&[Extent]) -> bool,
    stop: &AtomicBool,
    on_read: &mut dyn FnMut(Sectors),
    hashed: &mut Hashed,
) -> Result<(), ProofError> {
    let mut files: Vec<(&[Extent], NodeId)> = tree
        .walk()
        .filter_map(|id| match &tree.node(id).kind {
            Kind::File { content: Content::Recorded(extents), .. } if wanted(extents) => Some((&**extents, id)),
            _ => None,
        })
        .collect();
    files.sort_by_key(|(extents, _)| extents.first().map(|extent| (extent.start, extent.bytes)));
    let own = own_directory();
    let mut buffer = vec![0; PIECE];
    let mut previous: Option<(&[Extent], Result<Digest, String>)> = None;
    for (extents, node) in files {
        // The names of one inode stand next to each other; its content is read once.
        if let Some((same, outcome)) = &previous
            && *same == extents
        {
            hashed.files.insert(node, outcome.clone());
            continue;
        }
        let path = tree.path(node);
        let is_manifest = path.is_within(&own) && is_manifest(&tree.node(node).name);
        let size: u64 = extents.iter().map(|extent| extent.bytes).sum();
        let kept_so_far: u64 = hashed.manifests.iter().map(|(_, content)| content.len() as u64).sum();
        let mut kept = (is_manifest && size.saturating_add(kept_so_far) <= MANIFESTS_LIMIT).then(Vec::new);
        let outcome = hash_extents(source, extents, &mut buffer, kept.as_mut(), stop, on_read)?;
        if let (Some(content), Ok(_)) = (kept, &outcome) {
            hashed.manifests.push((path, content));
        }
        hashed.files.insert(node, outcome.clone());
        previous = Some((extents, outcome));
    }
    Ok(())
}

fn hash_extents(
    source: &mut dyn SectorSource,
    extents: &[Extent],
    buffer: &mut [u8],
    mut kept: Option<&mut Vec<u8>>,
    stop: &AtomicBool,
    on_read: &mut dyn FnMut(Sectors),
) -> Result<Result<Digest, String>, ProofError> {
    let mut hash = Sha256::new();
    for extent in extents {
        let (mut at, mut left) = (extent.start, extent.bytes);
        while left > 0 {
            if stop.load(Ordering::Relaxed) {
                return Err(ProofError::Interrupted);
            }
            let bytes = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let count = Sectors::for_bytes(bytes as u64).unwrap_or_default();
            let sectors = &mut buffer[..count.0 as usize * SECTOR_BYTES];
            if let Err(error) = source.read(at, sectors) {
                return Ok(Err(with_causes(&error)));
            }
            hash.update(&sectors[..bytes]);
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(&sectors[..bytes]);
            }
            on_read(count);
            left -= bytes as u64;
            let Some(next) = at.checked_add(count) else { return Ok(Err("its extent leaves the disc".to_owned())) };
            at = next;
        }
    }
    Ok(Ok(hash.finalize().into()))
}

/// Compares digests with the manifests that were read. `complete`: every file that was hashed has to be listed.
fn check_manifests(tree: &Tree, hashed: &Hashed, complete: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut listed: HashMap<NodeId, Digest> = HashMap::new();
    // In the order of their names: for a file that two manifests name, the later one counts.
    let mut manifests: Vec<_> = hashed.manifests.iter().collect();
    manifests.sort_by_cached_key(|(path, _)| manifest_order(path));
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

/// `SHA256SUMS-2026-11-22` before `SHA256SUMS-2026-11-22.2` before `SHA256SUMS-2026-11-22.10`.
fn manifest_order(path: &TreePath) -> (Vec<u8>, u32) {
    let bytes = path.as_bytes();
    let dot =
        bytes.iter().rposition(|&b| b == b'.').filter(|&at| at > 0 && bytes[at + 1..].iter().all(u8::is_ascii_digit));
    match dot {
        Some(at) => {
            let number = std::str::from_utf8(&bytes[at + 1..]).ok().and_then(|text| text.parse().ok());
            (bytes[..at].to_vec(), number.unwrap_or(0))
        }
        None => (bytes.to_vec(), 0),
    }
}

/// The files that bad sectors belong to, by the extents of `tree`.
fn name_faults(faults: &Faults, tree: &Tree) -> Vec<Finding> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::source::SourceError;
    use crate::iso::tree::Attributes;

    /// Sector n is full of the byte n.
    struct Numbers;

    impl SectorSource for Numbers {
        fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
            for (sector, number) in out.chunks_mut(SECTOR_BYTES).zip(at.0..) {
                sector.fill(u8::try_from(number % 256).unwrap());
            }
            Ok(())
        }
    }

    fn recorded(tree: &mut Tree, name: &[u8], start: u32, bytes: u64) -> NodeId {
        let content = Content::Recorded(Box::new([Extent { start: Lba(start), bytes }]));
        tree.insert(tree.root(), name, Attributes::default(), Kind::File { size: bytes, content }).unwrap()
    }

    #[test]
    fn files_are_hashed_to_their_last_byte_and_links_share_a_digest() {
        let mut tree = Tree::new(Attributes::default());
        let a = recorded(&mut tree, b"a", 7, 2049);
        let b = recorded(&mut tree, b"b", 7, 2049);
        let empty = recorded(&mut tree, b"empty", 0, 0);
        let mut hashed = Hashed::default();
        hash_files(&mut Numbers, &tree, |_| true, &AtomicBool::new(false), &mut |_| {}, &mut hashed).unwrap();
        let expected: Digest = Sha256::digest([&[7; 2048][..], &[8; 1]].concat()).into();
        assert_eq!(hashed.files[&a], Ok(expected));
        assert_eq!(hashed.files[&b], Ok(expected));
        assert_eq!(hashed.files[&empty], Ok(Sha256::digest([]).into()));
    }

    fn with_manifest(tree: &Tree, files: &[(NodeId, Digest)], lines: &[(&str, Digest)], complete: bool) -> Vec<String> {
        let mut content = Vec::new();
        for (path, digest) in lines {
            manifest::write_line(&mut content, digest, &TreePath::new(path));
        }
        let hashed = Hashed {
            files: files.iter().map(|&(node, digest)| (node, Ok(digest))).collect(),
            manifests: vec![(TreePath::new(".cedarburn/SHA256SUMS-2026-11-22"), content)],
        };
        check_manifests(tree, &hashed, complete).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_manifest_is_held_against_the_disc_both_ways() {
        let mut tree = Tree::new(Attributes::default());
        let a = recorded(&mut tree, b"a", 7, 1);
        assert_eq!(with_manifest(&tree, &[(a, [1; 32])], &[("a", [1; 32])], true), [""; 0]);
        assert_eq!(
            with_manifest(&tree, &[(a, [1; 32])], &[("a", [2; 32])], true),
            ["/a: the content is not what the manifest says"]
        );
        assert_eq!(with_manifest(&tree, &[(a, [1; 32])], &[], true), ["/a: on the disc and in no manifest"]);
        let unproven = with_manifest(&tree, &[(a, [1; 32])], &[("a", UNPROVEN)], false);
        assert_eq!(unproven, ["/a: was not whole when it was written, says the manifest"]);
        let more = with_manifest(&tree, &[(a, [1; 32])], &[("a", [1; 32]), ("b", [1; 32])], true);
        assert_eq!(more, ["/b: in the manifest and not on the disc"]);
    }

    #[test]
    fn manifests_of_one_day_count_in_the_order_of_their_numbers() {
        let names =
            ["SHA256SUMS-2026-11-22", "SHA256SUMS-2026-11-22.2", "SHA256SUMS-2026-11-22.10", "SHA256SUMS-2026-11-23"];
        let order: Vec<_> =
            names.iter().map(|name| manifest_order(&TreePath::new(format!(".cedarburn/{name}")))).collect();
        assert!(order.is_sorted());
    }

    #[test]
    fn bad_sectors_are_told_with_the_files_they_belong_to() {
        let mut tree = Tree::new(Attributes::default());
        recorded(&mut tree, b"first", 100, 2048 * 10);
        recorded(&mut tree, b"second", 110, 1);
        let faults = Faults {
            unreadable: vec![Run { start: Lba(109), end: Lba(111) }],
            differing: vec![Run { start: Lba(0), end: Lba(32) }],
        };
        let texts: Vec<_> = name_faults(&faults, &tree).iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "sectors 109 to 110 can't be read by this drive (/first and 1 more files)");
        assert_eq!(texts[1], "sectors 0 to 31 are not as they were sent (no file's content)");
    }
}
