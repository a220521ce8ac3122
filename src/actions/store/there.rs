//! Whether a disc holds a day already, byte for byte as it is staged.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};

use crate::actions::ActionError;
use crate::actions::disc::Disc;
use crate::actions::proof::{self, Finding, Hashed, ProofError};
use crate::actions::staging::Day;
use crate::burn::DriveSource;
use crate::iso::compare::{Compare, Difference, Permissions, What, compare};
use crate::iso::manifest::{self, Digest};
use crate::iso::reader::Reading;
use crate::iso::tree::{Content, Inode, Kind, Node, Tree, TreePath};
use crate::sector::SECTOR_BYTES;

/// Whether the disc's tree holds the day as it is staged, which is proven by reading both. With `exact` mode and owner count, too.
pub(super) fn is_there(
    disc: &mut Disc,
    previous: &Reading,
    staged: &Tree,
    day: &Day,
    exact: bool,
    stop: &AtomicBool,
) -> Result<bool, ActionError> {
    let at = day.on_disc();
    let on_disc = &previous.tree;
    let (Some(found), Some(expected)) = (on_disc.find(&at), staged.find(&at)) else { return Ok(false) };
    // The times of directories change with the mark.
    let is_time_of_directory = |Difference { path, what }: &Difference| {
        let node = staged.find(path).map(|id| &staged.node(id).kind);
        matches!((what, node), (What::Modified { .. }, Some(Kind::Directory(_))))
    };
    let permissions: Option<&dyn Fn(&Node) -> Permissions> = if exact { Some(&Permissions::of) } else { None };
    let differences = compare(staged, expected, on_disc, found, Compare { permissions, modified: true });
    if !differences.iter().all(is_time_of_directory) {
        tracing::info!("the disc holds {} otherwise than it is staged: the directory is replaced", day.date);
        return Ok(false);
    }
    let notes = previous.notes.iter().filter(|note| note.path.is_within(&at)).cloned().collect();
    let mut only_this = Reading { tree: on_disc.clone(), notes, more_notes: 0, lost: false };
    keep_only(&mut only_this.tree, &[at, manifest::directory()]);
    let mut hashed = Hashed::default();
    let findings = proof::prove_tree(&mut DriveSource(&mut disc.drive), &only_this, stop, &mut |_| {}, &mut hashed)?;
    let of_the_day = day.on_disc();
    // Lines for the other days are not looked at here.
    let concerned = |finding: &&Finding| match finding {
        Finding::ListedOnly(path) => path.is_within(&of_the_day),
        _ => true,
    };
    if let Some(finding) = findings.iter().find(concerned) {
        tracing::warn!("{} is on the disc, but {finding}: the directory is written again", day.date);
        return Ok(false);
    }
    let mut digests: HashMap<Inode, Option<Digest>> = HashMap::new();
    for node in staged.walk_from(expected) {
        if stop.load(Ordering::Relaxed) {
            return Err(ProofError::Interrupted.into());
        }
        let Kind::File { content: Content::Staged(inode), .. } = staged.node(node).kind else { continue };
        let path = staged.path(node);
        let Some(Ok(found)) = on_disc.find(&path).and_then(|found| hashed.files.get(&found)) else {
            return Ok(false);
        };
        // The names of one inode are hashed once.
        let digest = digests.entry(inode).or_insert_with(|| digest_of(&staged.staged_path(node)?).ok());
        if *digest != Some(*found) {
            tracing::info!("{path} on the disc is not as it is staged: the directory is replaced");
            return Ok(false);
        }
    }
    Ok(true)
}

/// Leaves only what is at or below these paths in a tree.
pub(super) fn keep_only(tree: &mut Tree, paths: &[TreePath]) {
    let mut on_the_way = vec![tree.root()];
    while let Some(directory) = on_the_way.pop() {
        for child in tree.children(directory).to_vec() {
            let path = tree.path(child);
            if paths.iter().any(|keep| path.is_within(keep)) {
                continue;
            }
            if paths.iter().any(|keep| keep.is_within(&path)) {
                on_the_way.push(child);
            } else {
                tree.remove(child);
            }
        }
    }
}

/// Digest of a staged file; not of what may have come in its place: a pipe would never end.
fn digest_of(file: &Path) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let mut reader = OpenOptions::new().read(true).custom_flags(flags).open(file)?;
    let mut buffer = vec![0; 512 * SECTOR_BYTES];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            count => hash.update(&buffer[..count]),
        }
    }
}
