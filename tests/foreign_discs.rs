//! Discs written by genisoimage and xorriso are read as those programs meant them, and no damage to them makes
//! the reader panic or run away.
//!
//! How each image was made stands in `fixtures/images/README.md`.

#![allow(clippy::unwrap_used, reason = "the helpers are tests too")]

use std::collections::HashSet;
use std::path::Path;

use cedarburn::iso::chain::Chain;
use cedarburn::iso::compare::{Compare, Permissions, compare};
use cedarburn::iso::reader::{ReadError, Reading, Volume, read_tree, salvage_tree};
use cedarburn::iso::source::{SectorSource, SourceError};
use cedarburn::iso::tree::{Content, Device, Kind, Node, TreePath};
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};
use proptest::prelude::*;

/// An image in memory that remembers in which order it was read.
#[derive(Clone)]
struct Image {
    bytes: Vec<u8>,
    asked: Vec<(u32, u32)>,
    scratched: HashSet<u32>,
    /// Sectors that were given out.
    given: usize,
}

impl Image {
    fn named(name: &str) -> Image {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images").join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Image { bytes, asked: Vec::new(), scratched: HashSet::new(), given: 0 }
    }

    fn session(&mut self, start: u32) -> Reading {
        let volume = Volume::open(self, Lba(start)).unwrap();
        read_tree(self, &volume).unwrap()
    }

    fn sector(&mut self, at: u32) -> &mut [u8] {
        let start = at as usize * SECTOR_BYTES;
        &mut self.bytes[start..start + SECTOR_BYTES]
    }
}

impl SectorSource for Image {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let count = u32::try_from(out.len() / SECTOR_BYTES).unwrap();
        self.asked.push((at.0, count));
        let start = usize::try_from(at.byte_offset()).unwrap();
        let found = self.bytes.get(start..start + out.len());
        match found {
            Some(found) if !(at.0..at.0 + count).any(|s| self.scratched.contains(&s)) => out.copy_from_slice(found),
            Some(_) => return Err(SourceError::new(at, out.len(), "scratched")),
            None => return Err(SourceError::new(at, out.len(), "behind the end")),
        }
        self.given += count as usize;
        Ok(())
    }
}

fn node<'r>(reading: &'r Reading, path: &str) -> &'r Node {
    let id = reading.tree.find(&TreePath::new(path)).unwrap_or_else(|| panic!("{path} is missing"));
    reading.tree.node(id)
}

fn content(image: &Image, node: &Node) -> Vec<u8> {
    let Kind::File { size, content: Content::Recorded(extents) } = &node.kind else { panic!("{:?}", node.kind) };
    let mut bytes = Vec::new();
    for extent in extents {
        let start = usize::try_from(extent.start.byte_offset()).unwrap();
        bytes.extend_from_slice(&image.bytes[start..start + usize::try_from(extent.bytes).unwrap()]);
    }
    assert_eq!(bytes.len() as u64, *size);
    bytes
}

fn target(reading: &Reading, path: &str) -> String {
    match &node(reading, path).kind {
        Kind::Symlink(target) => String::from_utf8(target.to_vec()).unwrap(),
        other => panic!("{path} is a {}", other.word()),
    }
}

fn paths(reading: &Reading) -> Vec<String> {
    reading.tree.walk().map(|id| reading.tree.path(id).to_string()).collect()
}

fn notes(reading: &Reading) -> Vec<String> {
    reading.notes.iter().map(ToString::to_string).collect()
}

const ROCK_RIDGE: [&str; 2] = ["genisoimage-rock-ridge.iso", "xorriso-rock-ridge.iso"];
const HOST: &str = "2026/11/22/host";

fn in_host(name: &str) -> String {
    format!("{HOST}/{name}")
}

#[test]
fn rock_ridge_names_contents_and_attributes_come_back_as_they_were() {
    for name in ROCK_RIDGE {
        let mut image = Image::named(name);
        let reading = image.session(0);
        let alpha = node(&reading, &in_host("alpha.txt"));
        assert_eq!(content(&image, alpha), b"alpha\n");
        assert_eq!((alpha.attributes.mode, alpha.links), (0o4755, 2));
        assert_eq!(alpha.attributes.modified.seconds, 1_795_342_272, "2026-11-22 10:11:12");
        assert_eq!(alpha.kind, node(&reading, &in_host("hardlink.txt")).kind, "hard links share their extent");

        let five = node(&reading, &in_host("five-thousand"));
        assert_eq!(content(&image, five), [b'x'; 5000]);
        assert_eq!((five.attributes.uid, five.attributes.gid), (1000, 4_294_967_294));
        assert_eq!(five.attributes.modified.seconds, 2_524_705_445, "after 2038");
        let empty = node(&reading, &in_host("empty"));
        assert_eq!(content(&image, empty), b"");
        assert_eq!(empty.attributes.modified.seconds, -2, "before 1970");

        assert_eq!(content(&image, node(&reading, &in_host(&"n".repeat(250)))), b"n");
        assert_eq!(content(&image, node(&reading, &in_host("Mixed Case & Spaces.tar.gz"))), b"m");
        assert_eq!(content(&image, node(&reading, &in_host("übergrößenträger"))), b"u");
        let latin = [HOST.as_bytes(), b"/latin1-\xe9"].concat();
        assert!(reading.tree.find(&TreePath::new(latin)).is_some(), "{name}: names are bytes");

        assert_eq!(node(&reading, &in_host("pipe")).kind, Kind::Fifo);
        let block = Kind::BlockDevice(Device { major: 8, minor: 1 });
        assert_eq!(node(&reading, &in_host("blockdev")).kind, block);
        let character = Kind::CharacterDevice(Device { major: 259, minor: 300 });
        assert_eq!(node(&reading, &in_host("chardev")).kind, character);
        let nothing = node(&reading, &in_host("nothing-in-it"));
        assert_eq!((&nothing.kind, nothing.attributes.mode), (&Kind::Directory(vec![]), 0o1777));
    }
}

#[test]
fn links_lead_where_they_led() {
    for name in ROCK_RIDGE {
        let reading = Image::named(name).session(0);
        assert_eq!(target(&reading, &in_host("link")), "alpha.txt");
        assert_eq!(target(&reading, &in_host("dots")), "../../../.././a/./b");
        assert_eq!(target(&reading, &in_host("absolute")), "/etc/passwd");
        assert_eq!(target(&reading, &in_host("root")), "/");
    }
    let reading = Image::named("xorriso-rock-ridge.iso").session(0);
    assert_eq!(target(&reading, &in_host("long-link")), "component/".repeat(60) + &"z".repeat(240));
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn a_link_genisoimage_recorded_broken_is_left_out_and_named() {
    let reading = Image::named("genisoimage-rock-ridge.iso").session(0);
    assert_eq!(reading.tree.find(&TreePath::new(in_host("long-link"))), None);
    assert!(reading.lost);
    assert_eq!(
        notes(&reading),
        [
            "/2026/11/22/host/long-link: broken system use entry SL",
            "/2026/11/22/host/long-link: symbolic link with a bad target",
        ]
    );
}

#[test]
fn two_writers_of_one_tree_are_read_alike() {
    let [one, other] = ROCK_RIDGE.map(|name| Image::named(name).session(0));
    let policy = Compare { permissions: Some(&Permissions::of), modified: true };
    let differences = compare(&other.tree, other.tree.root(), &one.tree, one.tree.root(), policy);
    let lines: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["/2026/11/22/host/long-link: missing on the disc"]);
}

#[test]
fn relocated_directories_stand_in_their_place() {
    for name in ["genisoimage-relocated.iso", "xorriso-relocated.iso"] {
        let mut image = Image::named(name);
        let reading = image.session(0);
        let expected: Vec<&str> = vec![
            "/",
            "/1",
            "/1/2",
            "/1/2/3",
            "/1/2/3/4",
            "/1/2/3/4/5",
            "/1/2/3/4/5/6",
            "/1/2/3/4/5/6/7",
            "/1/2/3/4/5/6/7/8",
            "/1/2/3/4/5/6/7/8/9",
            "/1/2/3/4/5/6/7/8/9/10",
            "/1/2/3/4/5/6/7/8/9/10/11",
            "/1/2/3/4/5/6/7/8/9/10/11/bottom.txt",
            "/1/2/3/4/5/6/7/8/mid.txt",
            "/top.txt",
        ];
        assert_eq!(paths(&reading), expected, "{name}");
        assert_eq!(content(&image, node(&reading, "1/2/3/4/5/6/7/8/9/10/11/bottom.txt")), b"deep");
        assert_eq!(node(&reading, "1/2/3/4/5/6/7/8").attributes.mode, 0o755, "{name}: not the placeholder's");
        assert_eq!(notes(&reading), [""; 0], "{name}");
    }
}

#[test]
fn without_rock_ridge_joliet_is_read_and_without_both_the_bare_names() {
    let reading = Image::named("genisoimage-joliet.iso").session(0);
    let names: Vec<_> =
        reading.tree.children(reading.tree.root()).iter().map(|&c| &*reading.tree.node(c).name).collect();
    assert_eq!(names, [b"Mixed Case & Spaces.tar.gz".as_slice(), "übergrößenträger".as_bytes()]);

    let mut image = Image::named("genisoimage-plain.iso");
    let reading = image.session(0);
    assert_eq!(paths(&reading), ["/", "/dir", "/dir/long_file_name.extension", "/readme.txt"]);
    assert_eq!(content(&image, node(&reading, "readme.txt")), b"p");
    let attributes = node(&reading, "readme.txt").attributes;
    assert_eq!((attributes.mode, attributes.modified.seconds), (0o444, 1_795_342_272));
}

#[test]
fn rock_ridge_is_preferred_to_joliet() {
    let mut image = Image::named("genisoimage-rock-ridge-joliet.iso");
    assert!(Volume::open(&mut image, Lba(0)).unwrap().has_joliet());
    assert_eq!(node(&image.session(0), "2026/11/23/host/beta.txt").attributes.mode, 0o644);
}

#[test]
fn a_later_session_shows_the_files_of_the_first() {
    for (name, start) in [("genisoimage-two-sessions.iso", 96), ("xorriso-two-sessions.iso", 64)] {
        let mut image = Image::named(name);
        let first = image.session(0);
        assert_eq!(first.tree.find(&TreePath::new("2026/11/23")), None);
        let second = image.session(start);
        assert_eq!(content(&image, node(&second, "2026/11/23/host/beta.txt")), b"beta\n");
        assert_eq!(node(&second, "2026/11/22/alpha.txt").kind, node(&first, "2026/11/22/alpha.txt").kind);
        assert_eq!(target(&second, "2026/11/22/link"), "alpha.txt");
        // Both writers record the length of the session where current kernels expect its end.
        assert!(!second.lost);
        assert_eq!(second.notes.len(), 1);
        assert!(notes(&second)[0].contains("lies outside of the volume of"), "{:?}", second.notes);
    }
}

#[test]
fn libarchive_s_discs_come_back_with_relocated_directories_links_and_devices() {
    let mut image = Image::named("bsdtar.iso");
    assert!(Volume::open(&mut image, Lba(0)).unwrap().has_joliet());
    let reading = image.session(0);
    assert_eq!(content(&image, node(&reading, "1/2/3/4/5/6/7/8/9/bottom")), b"deep");
    assert_eq!(reading.tree.find(&TreePath::new("rr_moved")), None);
    let alpha = node(&reading, "alpha.txt");
    // Its default is rationalized attributes, with the owner kept.
    assert_eq!((alpha.attributes.mode, alpha.attributes.uid, alpha.links), (0o555, 1000, 2));
    assert_eq!(alpha.kind, node(&reading, "hardlink.txt").kind);
    assert_eq!(target(&reading, "long-link"), "component/".repeat(60) + &"z".repeat(240));
    assert_eq!(target(&reading, "dots"), "../a/./b");
    assert_eq!(content(&image, node(&reading, &"n".repeat(200))), b"n");
    assert_eq!(node(&reading, "pipe").kind, Kind::Fifo);
    assert_eq!(node(&reading, "chardev").kind, Kind::CharacterDevice(Device { major: 259, minor: 300 }));
    // Empty files stand at an address no medium has.
    assert_eq!(content(&image, node(&reading, "empty")), b"");
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn compressed_files_are_named_with_the_size_they_had() {
    for (name, algorithm) in [("genisoimage-zisofs.iso", "pz"), ("xorriso-zisofs2.iso", "PZ")] {
        let mut image = Image::named(name);
        let reading = image.session(0);
        assert!(matches!(node(&reading, "zeros").kind, Kind::File { size: ..100, .. }));
        // Too small a file stays as it is.
        assert!(matches!(node(&reading, "tiny").kind, Kind::File { size: 4, .. }), "{name}");
        let expected =
            format!("/zeros: compressed with zisofs ({algorithm}), shown as recorded; unpacked it has 100000 bytes");
        assert_eq!(notes(&reading), [expected]);
        assert!(reading.lost, "{name}: the content is another");
    }
}

#[test]
fn an_enhanced_descriptor_and_xa_bytes_are_no_obstacle() {
    let reading = Image::named("genisoimage-level4.iso").session(0);
    assert_eq!(content(&Image::named("genisoimage-level4.iso"), node(&reading, "übergrößenträger")), b"u");
    assert!(reading.tree.find(&TreePath::new("alpha.txt")).is_some());
    let reading = Image::named("genisoimage-xa.iso").session(0);
    assert_eq!(node(&reading, "übergrößenträger").attributes.mode, 0o644);
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn directories_are_read_once_and_strictly_forward() {
    for name in ["xorriso-rock-ridge.iso", "xorriso-two-sessions.iso", "genisoimage-plain.iso"] {
        let mut image = Image::named(name);
        image.session(0);
        let back = image.asked.windows(2).find(|pair| pair[1].0 < pair[0].0 + pair[0].1);
        assert_eq!(back, None, "{name}: {:?}", image.asked);
    }
}

#[test]
fn what_is_no_volume_is_told_apart_from_what_cannot_be_read() {
    let mut zeros = Image { bytes: vec![0; 64 * SECTOR_BYTES], asked: vec![], scratched: HashSet::new(), given: 0 };
    let error = Volume::open(&mut zeros, Lba(32)).unwrap_err();
    assert!(matches!(error, ReadError::NotAVolume { at: Lba(32) }));
    assert_eq!(error.to_string(), "no ISO 9660 volume at sector 32");
    let error = Volume::open(&mut zeros, Lba(48)).unwrap_err();
    assert_eq!(error.to_string(), "volume descriptor can't be read");
    assert!(matches!(Volume::open(&mut zeros, Lba(u32::MAX)), Err(ReadError::NotAVolume { .. })));
}

#[test]
fn a_session_whose_root_was_never_written_is_no_empty_tree() {
    let mut image = Image::named("xorriso-rock-ridge.iso");
    let volume = Volume::open(&mut image, Lba(0)).unwrap();
    image.sector(volume.root.start.0).fill(0);
    assert!(matches!(read_tree(&mut image, &volume), Err(ReadError::BrokenRoot { at: Lba(0) })));
}

#[test]
fn a_scratch_fails_the_reading_with_the_path_and_salvage_reads_around_it() {
    let mut image = Image::named("xorriso-chain.iso");
    let volume = Chain::read(&mut image).unwrap().newest().clone();
    let clean = read_tree(&mut image, &volume).unwrap();
    assert_eq!(clean.tree.walk().count(), 7);
    // Three directories stand behind the root and its continuation area.
    image.scratched.insert(volume.root.start.0 + 2);
    let error = read_tree(&mut image, &volume).unwrap_err();
    assert_eq!(error.to_string(), "directory /day1 can't be read");
    let rest = salvage_tree(&mut image, &volume).unwrap();
    assert!(rest.lost);
    assert_eq!(paths(&rest), ["/", "/day1", "/day2", "/day2/file", "/day3", "/day3/file"]);
    assert!(notes(&rest)[1].starts_with("/day1: sectors 116 to 116 can't be read"), "{:?}", rest.notes);
}

#[test]
fn the_chain_of_an_overwritable_medium_is_followed_to_the_newest() {
    let mut image = Image::named("xorriso-chain.iso");
    let chain = Chain::read(&mut image).unwrap();
    let found: Vec<_> = chain.sessions().iter().map(|v| (v.session_start.0, v.volume_space.0, v.label())).collect();
    let expected = [(32, 25, "CHAIN1"), (64, 26, "CHAIN2"), (96, 27, "CHAIN3")].map(|(a, b, c)| (a, b, c.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(chain.newest().session_start, Lba(96));
    assert_eq!(chain.superblock().unwrap().volume_space, Sectors(96 + 27), "absolute in the superblock");
    assert!(!chain.is_torn());
    assert_eq!(chain.next_start(), Some(Lba(128)));
}

#[test]
fn a_plain_image_is_one_session() {
    let chain = Chain::read(&mut Image::named("xorriso-rock-ridge.iso")).unwrap();
    assert_eq!(chain.sessions().len(), 1);
    assert_eq!(chain.newest().session_start, Lba(0));
    assert!(!chain.is_torn());
    // Grown by xorriso, the first tree is out of reach.
    let mut image = Image::named("grown.iso");
    let chain = Chain::read(&mut image).unwrap();
    assert_eq!(chain.sessions().iter().map(|v| v.label()).collect::<Vec<_>>(), ["GROWN"]);
    let reading = read_tree(&mut image, chain.newest()).unwrap();
    assert_eq!(content(&image, node(&reading, "2026/11/22/alpha.txt")), b"alpha\n");
}

/// The superblock of session `n` of the chain: its descriptors, as they stand in it but for sizes.
fn roll_superblock_back(image: &mut Image, session: u32) {
    for sector in 16..32 {
        let copy = image.sector(session + sector).to_vec();
        image.sector(sector).copy_from_slice(&copy);
    }
}

#[test]
fn a_session_the_superblock_does_not_show_yet_is_torn_and_does_not_count() {
    let mut image = Image::named("xorriso-chain.iso");
    roll_superblock_back(&mut image, 64);
    let chain = Chain::read(&mut image).unwrap();
    assert!(chain.is_torn());
    assert_eq!(chain.newest().label(), "CHAIN2");
    assert_eq!(chain.unannounced().iter().map(|v| v.label()).collect::<Vec<_>>(), ["CHAIN3"]);
    assert_eq!(chain.next_start(), Some(Lba(96)));
}

#[test]
fn a_stale_session_of_an_earlier_life_of_the_medium_is_not_taken_for_a_torn_one() {
    let mut image = Image::named("xorriso-chain.iso");
    roll_superblock_back(&mut image, 64);
    image.sector(96 + 16)[813..817].copy_from_slice(b"2019");
    let chain = Chain::read(&mut image).unwrap();
    assert!(!chain.is_torn());
    assert_eq!(chain.sessions().len(), 2);
}

#[test]
fn with_the_superblock_lost_the_chain_itself_shows_the_newest() {
    let mut image = Image::named("xorriso-chain.iso");
    image.bytes[..32 * SECTOR_BYTES].fill(0);
    let chain = Chain::read(&mut image).unwrap();
    assert!(chain.is_torn());
    assert_eq!(chain.newest().label(), "CHAIN3");
    image.scratched.extend(0..32);
    assert_eq!(Chain::read(&mut image).unwrap().newest().label(), "CHAIN3");
    image.bytes.fill(0);
    image.scratched.clear();
    assert!(matches!(Chain::read(&mut image), Err(ReadError::NotAVolume { at: Lba(0) })));
}

const ALL: [&str; 16] = [
    "bsdtar.iso",
    "genisoimage-level4.iso",
    "genisoimage-xa.iso",
    "genisoimage-zisofs.iso",
    "xorriso-zisofs2.iso",
    "genisoimage-rock-ridge.iso",
    "xorriso-rock-ridge.iso",
    "genisoimage-rock-ridge-joliet.iso",
    "genisoimage-joliet.iso",
    "genisoimage-plain.iso",
    "genisoimage-relocated.iso",
    "xorriso-relocated.iso",
    "genisoimage-two-sessions.iso",
    "xorriso-two-sessions.iso",
    "xorriso-chain.iso",
    "grown.iso",
];

fn no_name_leads_out(reading: &Reading) {
    for id in reading.tree.walk().skip(1) {
        let name = &*reading.tree.node(id).name;
        assert!(!name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/') && !name.contains(&0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_makes_the_reader_panic_or_hang(
        which in 0..ALL.len(),
        // Descriptors and directories stand in front; a byte there counts for more than one in a file.
        damage in prop::collection::vec((16 * SECTOR_BYTES..40 * SECTOR_BYTES, any::<u8>()), 1..40),
        cut in prop::option::of(20 * SECTOR_BYTES..60 * SECTOR_BYTES),
    ) {
        let mut image = Image::named(ALL[which]);
        for (at, value) in damage {
            if let Some(byte) = image.bytes.get_mut(at) {
                *byte = value;
            }
        }
        image.bytes.truncate(cut.unwrap_or(usize::MAX));
        let sessions = Chain::read(&mut image).map(|c| c.sessions().to_vec()).unwrap_or_default();
        image.given = 0;
        for volume in &sessions {
            if let Ok(reading) = read_tree(&mut image, volume) {
                no_name_leads_out(&reading);
            }
            if let Ok(reading) = salvage_tree(&mut image, volume) {
                no_name_leads_out(&reading);
            }
        }
        // At most every directory and area once, and a bounded number of retries.
        prop_assert!(image.asked.len() < 5000, "{} requests", image.asked.len());
        // Read twice over: as a directory and as a continuation area.
        let most = sessions.len() * 2 * 2 * (image.bytes.len() / SECTOR_BYTES);
        prop_assert!(image.given <= most, "{} of {most} sectors", image.given);
    }

    #[test]
    fn no_directory_of_garbage_makes_the_reader_panic(garbage in prop::collection::vec(any::<u8>(), 2048 * 6)) {
        let mut image = Image::named("xorriso-rock-ridge.iso");
        let volume = Volume::open(&mut image, Lba(0)).unwrap();
        let start = volume.root.start.0 as usize * SECTOR_BYTES + 128;
        image.bytes[start..start + garbage.len()].copy_from_slice(&garbage);
        if let Ok(reading) = salvage_tree(&mut image, &volume) {
            no_name_leads_out(&reading);
        }
    }
}
