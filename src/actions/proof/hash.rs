//! Reading the files of a tree and hashing them, in the order in which they stand on the disc.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use super::hasher::Hasher;
use super::{ProofError, with_causes};
use crate::iso::manifest::{self, Digest};
use crate::iso::source::SectorSource;
use crate::iso::tree::{Content, Extent, Kind, NodeId, Tree, TreePath};
use crate::sector::{SECTOR_BYTES, Sectors};

/// Sectors one READ moves at most.
const READ_SECTORS: usize = 32;
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
    Hasher::beside(|mut hasher| {
        // The names of one inode stand next to each other; its content is read once.
        let groups = files.chunk_by(|(one, _), (other, _)| one == other);
        let mut unhashed = VecDeque::new();
        let Hashed { files, manifests } = hashed;
        let mut on_digest = |unhashed: &mut VecDeque<&[(&[Extent], NodeId)]>, digest: Digest| {
            files.extend(unhashed.pop_front().into_iter().flatten().map(|&(_, node)| (node, Ok(digest))));
        };
        let mut unreadable = Vec::new();
        for group in groups {
            let Some(&(extents, node)) = group.first() else { continue };
            let path = tree.path(node);
            let is_manifest = path.is_within(&own) && manifest::is_manifest(&tree.node(node).name);
            let size: u64 = extents.iter().map(|extent| extent.bytes).sum();
            let kept_so_far: u64 = manifests.iter().map(|(_, content)| content.len() as u64).sum();
            let mut kept = (is_manifest && size.saturating_add(kept_so_far) <= MANIFESTS_LIMIT).then(Vec::new);
            let on_digest = &mut |digest| on_digest(&mut unhashed, digest);
            let outcome = read_extents(source, extents, &mut hasher, on_digest, kept.as_mut(), stop, on_read)?;
            hasher.end_file(outcome.is_ok());
            match outcome {
                Ok(()) => {
                    unhashed.push_back(group);
                    manifests.extend(kept.map(|content| (path, content)));
                }
                Err(why) => unreadable.push((group, why)),
            }
        }
        hasher.finish(&mut |digest| on_digest(&mut unhashed, digest));
        for (group, why) in unreadable {
            files.extend(group.iter().map(|&(_, node)| (node, Err(why.clone()))));
        }
        Ok(())
    })
    .unwrap_or_else(|source| Err(ProofError::NoThread { source }))
}

/// Reads a file into the hasher; the inner error is why it can't be read.
fn read_extents(
    source: &mut dyn SectorSource,
    extents: &[Extent],
    hasher: &mut Hasher,
    on_digest: &mut dyn FnMut(Digest),
    mut kept: Option<&mut Vec<u8>>,
    stop: &AtomicBool,
    on_read: &mut dyn FnMut(Sectors),
) -> Result<Result<(), String>, ProofError> {
    for extent in extents {
        let (mut at, mut left) = (extent.start, extent.bytes);
        while left > 0 {
            if stop.load(Ordering::Relaxed) {
                return Err(ProofError::Interrupted);
            }
            // What does not fit as a whole is cut where a READ ends anyway.
            let wanted = usize::try_from(left.div_ceil(SECTOR_BYTES as u64)).unwrap_or(usize::MAX);
            let room = hasher.room();
            let count = if wanted <= room { wanted } else { room / READ_SECTORS * READ_SECTORS };
            if count == 0 {
                hasher.make_room(on_digest);
                continue;
            }
            let sectors = hasher.next(count);
            if let Err(error) = source.read(at, sectors) {
                return Ok(Err(with_causes(&error)));
            }
            let bytes = usize::try_from(left).unwrap_or(usize::MAX).min(sectors.len());
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(&sectors[..bytes]);
            }
            hasher.take(bytes);
            let count = Sectors::for_bytes(bytes as u64).unwrap_or_default();
            on_read(count);
            left -= bytes as u64;
            let Some(next) = at.checked_add(count) else { return Ok(Err("its extent leaves the disc".to_owned())) };
            at = next;
        }
    }
    Ok(Ok(()))
}
