use sha2::{Digest as _, Sha256};

use super::*;
use crate::burn::readback::{Faults, Run};
use crate::iso::source::SourceError;
use crate::iso::tree::Attributes;
use crate::sector::{Lba, SECTOR_BYTES};

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

#[test]
fn a_joliet_tree_has_to_lead_to_the_planned_extents_under_the_planned_names() {
    let planned = |start| {
        let mut tree = Tree::new(Attributes::default());
        recorded(&mut tree, b"a", start, 2049);
        tree
    };
    let expected = planned(7);
    let reading = |tree| Ok(Some(Reading { tree, notes: Vec::new(), more_notes: 0, lost: false }));
    assert_eq!(check_joliet(Some(&expected), reading(planned(7))), [""; 0]);
    assert_eq!(check_joliet(None, Ok(None)), [""; 0]);
    let found = check_joliet(Some(&expected), reading(planned(8)));
    assert_eq!(found, ["/a: the disc's directory leads to other sectors than the file's"]);
    let found = check_joliet(Some(&expected), reading(Tree::new(Attributes::default())));
    assert_eq!(found, ["/a: missing on the disc"]);
    assert_eq!(check_joliet(Some(&expected), Ok(None)), ["nothing was found: no descriptor names it"]);
    assert_eq!(check_joliet(None, reading(planned(7))), ["nothing was expected"]);
    let broken = || Err(ReadError::BrokenRoot { at: Lba(0) });
    assert_eq!(check_joliet(Some(&expected), broken()), ["volume at sector 0 has no root directory"]);
}
