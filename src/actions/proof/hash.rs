//! Reading the files of a tree and hashing them, in the order in which they stand on the disc.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};

use super::{ProofError, with_causes};
use crate::iso::manifest::{self, Digest};
use crate::iso::source::SectorSource;
use crate::iso::tree::{Content, Extent, Kind, NodeId, Tree, TreePath};
use crate::sector::{SECTOR_BYTES, Sectors};

/// Bytes of a file that are read and hashed at a time.
const PIECE: usize = 512 * SECTOR_BYTES;
/// Manifests of more bytes than this together are not held: a million files with names of 200 bytes need less.
const MANIFESTS_LIMIT: u64 = 512 << 20;

/// What reading the files of a tree brought.
#[derive(Debug, Default)]
pub struct Hashed {
    /// Each regular file's digest, or why it can't be read.
    pub files: HashMap<NodeId, Result<Digest, String>>,
    /// Content of the manifests.
    pub(super) manifests: Vec<(TreePath, Vec<u8>)>,
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
pub(super) fn hash_files(
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
    let own = manifest::directory();
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
        let is_manifest = path.is_within(&own) && manifest::is_manifest(&tree.node(node).name);
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
