//! Images put together here record by record: what no program writes, and what hostile ones would.

mod hostile;
mod writers;

use proptest::prelude::*;

use super::record::tests::A;
use super::*;
use crate::iso::source::SourceError;
use crate::iso::tree::{Content, Extent, Kind};
use crate::sector::{SECTOR_BYTES, Sectors};

const DIRECTORY: u8 = 2;
const MORE: u8 = 0x80;

/// Sectors in memory; the root directory is sector 20.
struct Disc(Vec<u8>);

impl SectorSource for Disc {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let start = usize::try_from(at.byte_offset()).unwrap();
        let found = self.0.get(start..start + out.len()).ok_or_else(|| SourceError::new(at, out.len(), "end"))?;
        out.copy_from_slice(found);
        Ok(())
    }
}

fn both(n: u32) -> Vec<u8> {
    [n.to_le_bytes(), n.to_be_bytes()].concat()
}

/// A directory record; see `record::tests::A` for its bytes one by one.
fn record(identifier: &[u8], at: u32, bytes: u32, flags: u8, system_use: &[u8]) -> Vec<u8> {
    let mut record = A[..33].to_vec();
    record[2..10].copy_from_slice(&both(at));
    record[10..18].copy_from_slice(&both(bytes));
    record[25] = flags;
    record[32] = u8::try_from(identifier.len()).unwrap();
    record.extend(identifier);
    record.resize(record.len().next_multiple_of(2), 0);
    record.extend(system_use);
    record.resize(record.len().next_multiple_of(2), 0);
    record[0] = u8::try_from(record.len()).unwrap();
    record
}

fn px(mode: u32) -> Vec<u8> {
    [b"PX\x24\x01".to_vec(), both(mode), both(1), both(7), both(8)].concat()
}

fn nm(name: &[u8]) -> Vec<u8> {
    [b"NM".as_slice(), &[u8::try_from(name.len() + 5).unwrap(), 1, 0], name].concat()
}

fn cl(at: u32) -> Vec<u8> {
    [b"CL\x0c\x01".to_vec(), both(at)].concat()
}

fn ce(at: u32, offset: u32, bytes: u32) -> Vec<u8> {
    [b"CE\x1c\x01".to_vec(), both(at), both(offset), both(bytes)].concat()
}

const SP: &[u8] = b"SP\x07\x01\xbe\xef\x00";
const ER: &[u8] = b"ER\x12\x01\x0a\0\0\x01RRIP_1991A";

impl Disc {
    fn new(sectors: u32) -> Disc {
        let mut disc = Disc(vec![0; sectors as usize * SECTOR_BYTES]);
        let mut primary = b"\x01CD001\x01".to_vec();
        primary.resize(SECTOR_BYTES, 0);
        primary[40..72].copy_from_slice(b"LABEL                           ");
        primary[80..88].copy_from_slice(&both(sectors));
        primary[128..132].copy_from_slice(&[0, 8, 8, 0]);
        primary[156..190].copy_from_slice(&record(&[0], 20, 2048, DIRECTORY, &[]));
        disc.put(16, &primary);
        disc.put(17, b"\xffCD001\x01");
        disc
    }

    /// With Rock Ridge's marks in the root and these records behind.
    fn rock_ridge(sectors: u32, records: &[Vec<u8>]) -> Disc {
        let mut disc = Disc::new(sectors);
        disc.directory(20, &[SP, &px(0o040_755), ER].concat(), records);
        disc
    }

    fn put(&mut self, at: u32, bytes: &[u8]) {
        let start = at as usize * SECTOR_BYTES;
        self.0[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// A directory of one sector at `at`.
    fn directory(&mut self, at: u32, own: &[u8], records: &[Vec<u8>]) {
        let first = record(&[0], at, 2048, DIRECTORY, own);
        self.put(at, &[first, record(&[1], 20, 2048, DIRECTORY, &[]), records.concat()].concat());
    }

    fn read(&mut self) -> Reading {
        let volume = Volume::open(self, Lba(0)).unwrap();
        read_tree(self, &volume).unwrap()
    }
}

fn directory(name: &[u8], at: u32) -> Vec<u8> {
    record(b"D", at, 2048, DIRECTORY, &[px(0o040_755), nm(name)].concat())
}

fn file(name: &[u8], at: u32, bytes: u32) -> Vec<u8> {
    record(b"F.;1", at, bytes, 0, &[px(0o100_644), nm(name)].concat())
}

fn paths(reading: &Reading) -> Vec<String> {
    reading.tree.walk().skip(1).map(|id| reading.tree.path(id).to_string()).collect()
}

fn notes(reading: &Reading) -> Vec<String> {
    reading.notes.iter().map(ToString::to_string).collect()
}

fn kind<'r>(reading: &'r Reading, path: &str) -> &'r Kind {
    &reading.tree.node(reading.tree.find(&TreePath::new(path)).unwrap()).kind
}

#[test]
fn the_label_loses_its_padding() {
    let volume = Volume::open(&mut Disc::new(30), Lba(0)).unwrap();
    assert_eq!((volume.label().as_str(), volume.volume_id()), ("LABEL", b"LABEL".to_vec()));
    assert_eq!((volume.volume_space, volume.created), (Sectors(30), None));
}

#[test]
fn sections_of_one_file_are_joined() {
    let sections = [(30, 4096, MORE), (40, 2048, MORE), (42, 5, 0)]
        .map(|(at, bytes, flags)| record(b"BIG.;1", at, bytes, flags, &[px(0o100_644), nm(b"big")].concat()));
    let reading = Disc::rock_ridge(50, &sections).read();
    let extents = [(30, 4096), (40, 2048), (42, 5)].map(|(at, bytes)| Extent { start: Lba(at), bytes });
    assert_eq!(*kind(&reading, "big"), Kind::File { size: 6149, content: Content::Recorded(extents.into()) });
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn a_section_without_the_next_is_noted() {
    let reading =
        Disc::rock_ridge(50, &[record(b"BIG.;1", 30, 2048, MORE, &px(0o100_644)), file(b"next", 40, 1)]).read();
    assert_eq!(paths(&reading), ["/big", "/next"]);
    assert_eq!(notes(&reading), ["/big: the file's last section is missing"]);
}

#[test]
fn a_loop_of_directories_ends() {
    let mut disc = Disc::rock_ridge(50, &[directory(b"sub", 30)]);
    disc.directory(30, &px(0o040_755), &[directory(b"up", 20), directory(b"again", 30), directory(b"down", 31)]);
    disc.directory(31, &px(0o040_755), &[directory(b"back", 30)]);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/sub", "/sub/down"]);
    assert_eq!(
        notes(&reading),
        [
            "/sub/again: directory at sector 30 overlaps another directory",
            "/sub/up: directory at sector 20 overlaps another directory",
            "/sub/down/back: directory at sector 30 overlaps another directory",
        ]
    );
}

#[test]
fn a_directory_larger_than_any_is_not_read() {
    let reading = Disc::rock_ridge(50, &[record(b"D", 30, u32::MAX, DIRECTORY, &px(0o040_755))]).read();
    assert_eq!(notes(&reading), ["/d: directory of 4294967295 bytes"]);
}

#[test]
fn a_directory_outside_of_the_volume_is_empty_and_noted() {
    let reading = Disc::rock_ridge(50, &[directory(b"far", 1000)]).read();
    assert_eq!(paths(&reading), ["/far"]);
    assert_eq!(notes(&reading)[0], "/far: sectors 1000 to 1000 can't be read: end");
    assert!(reading.lost);
}

#[test]
fn names_that_lead_out_of_the_directory_are_refused() {
    let names: [&[u8]; 4] = [b"..", b".", b"a/b", b"a\0b"];
    let records: Vec<_> = names.iter().map(|name| file(name, 30, 1)).collect();
    let reading = Disc::rock_ridge(50, &records).read();
    assert_eq!(paths(&reading), [""; 0]);
    let expected = [
        r#"/: name "." is refused"#,
        r#"/: name ".." is refused"#,
        r#"/: name "a\x00b" is refused"#,
        r#"/: name "a/b" is refused"#,
    ];
    assert_eq!(notes(&reading), expected);
}

#[test]
fn of_two_equal_names_the_first_on_the_disc_is_kept() {
    let reading = Disc::rock_ridge(50, &[file(b"x", 30, 1), file(b"a", 31, 1), file(b"x", 32, 2)]).read();
    assert_eq!(paths(&reading), ["/a", "/x"]);
    assert!(matches!(kind(&reading, "x"), Kind::File { size: 1, .. }));
    assert_eq!(notes(&reading), ["/x: the name is there twice, the first is kept"]);
}

#[test]
fn a_missing_name_is_the_identifier_in_lower_case() {
    let reading = Disc::rock_ridge(50, &[record(b"README.TXT;1", 30, 1, 0, &px(0o100_644))]).read();
    assert_eq!(paths(&reading), ["/readme.txt"]);
}

#[test]
fn the_directory_itself_is_believed_before_its_parent() {
    let mut disc = Disc::rock_ridge(50, &[directory(b"sub", 30)]);
    disc.directory(30, &px(0o040_700), &[]);
    let reading = disc.read();
    let sub = reading.tree.node(reading.tree.find(&TreePath::new("sub")).unwrap());
    assert_eq!((sub.attributes.mode, sub.attributes.uid, sub.attributes.gid), (0o700, 7, 8));
    assert_eq!(notes(&reading), ["/sub: mode or owner in the directory and in its parent differ"]);
}

#[test]
fn a_root_longer_than_its_descriptor_says_is_read_whole() {
    let mut disc = Disc::rock_ridge(50, &[]);
    let own = record(&[0], 20, 4096, DIRECTORY, &[SP, &px(0o040_755), ER].concat());
    disc.put(20, &own);
    disc.put(21, &file(b"second", 30, 1));
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/second"]);
    assert_eq!(notes(&reading), ["/: directory of 4096 bytes is 2048 bytes long in its parent"]);
}

#[test]
fn a_name_may_continue_in_another_sector() {
    let mut disc = Disc::rock_ridge(50, &[record(b"F.;1", 30, 1, 0, &[px(0o100_644), ce(21, 100, 7)].concat())]);
    disc.0[21 * SECTOR_BYTES + 100..][..7].copy_from_slice(&nm(b"ab"));
    assert_eq!(paths(&disc.read()), ["/ab"]);
}

#[test]
fn xa_bytes_before_the_entries_are_passed_over() {
    let xa = b"\0\0\0\0\x0d\x55XA\0\0\0\0\0\0".as_slice();
    let mut disc = Disc::new(50);
    let system_use = [xa, &px(0o100_640), &nm(b"name")].concat();
    disc.directory(20, &[xa, SP, &px(0o040_755), ER].concat(), &[record(b"F.;1", 30, 1, 0, &system_use)]);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/name"]);
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn a_relocated_directory_nobody_names_is_shown_where_it_is() {
    let relocated = |name: &[u8], at| {
        record(b"D", at, 2048, DIRECTORY, &[px(0o040_755), nm(name), b"RE\x04\x01".to_vec()].concat())
    };
    let place = record(b"P", 99, 0, 0, &[px(0o100_644), nm(b"place"), cl(31)].concat());
    let mut disc = Disc::rock_ridge(50, &[directory(b"rr_moved", 30), place]);
    disc.directory(30, &px(0o040_755), &[relocated(b"known", 31), relocated(b"lost", 32)]);
    disc.directory(31, &px(0o040_711), &[]);
    disc.directory(32, &px(0o040_755), &[file(b"f", 40, 1)]);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/place", "/rr_moved", "/rr_moved/lost", "/rr_moved/lost/f"]);
    assert_eq!(notes(&reading), ["/rr_moved/lost: relocated directory without its place"]);
    let place = reading.tree.node(reading.tree.find(&TreePath::new("place")).unwrap());
    assert_eq!(place.attributes.mode, 0o711);
}

#[test]
fn numbers_that_differ_in_their_orders_are_noted_and_the_little_one_is_taken() {
    let mut odd = file(b"x", 30, 5);
    odd[9] ^= 1;
    let reading = Disc::rock_ridge(50, &[odd]).read();
    assert_eq!(notes(&reading), ["/x: little- and big-endian location differ"]);
    let extents: Box<[Extent]> = [Extent { start: Lba(30), bytes: 5 }].into();
    assert_eq!(*kind(&reading, "x"), Kind::File { size: 5, content: Content::Recorded(extents) });
}

#[test]
fn a_file_behind_the_end_of_the_volume_is_noted() {
    let reading = Disc::rock_ridge(50, &[file(b"in", 49, 2048), file(b"out", 49, 2049)]).read();
    assert_eq!(notes(&reading), ["/out: extent at sector 49 of 2049 bytes ends outside of the volume"]);
}

#[test]
fn what_nobody_can_show_is_left_out() {
    let mut interleaved = file(b"interleaved", 30, 1);
    interleaved[26] = 1;
    let associated = record(b"F.;1", 30, 1, 4, &[px(0o100_644), nm(b"fork")].concat());
    let link = record(b"L.;1", 0, 0, 0, &[px(0o120_777), nm(b"link")].concat());
    let reading = Disc::rock_ridge(50, &[associated, file(b"fork", 31, 1), interleaved, link]).read();
    assert_eq!(paths(&reading), ["/fork"]);
    assert_eq!(
        notes(&reading),
        ["/fork: associated file", "/interleaved: interleaved file", "/link: symbolic link with a bad target"]
    );
}

#[test]
fn rock_ridge_without_its_reference_is_read_and_noted() {
    let mut disc = Disc::new(50);
    disc.directory(20, &[SP, &px(0o040_755)].concat(), &[file(b"Name", 30, 1)]);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/Name"]);
    assert_eq!(notes(&reading), ["/: no Rock Ridge extension reference"]);
    assert!(!reading.lost);
}

#[test]
fn a_ladder_of_directories_is_climbed_down_a_thousand_steps() {
    let mut disc = Disc::rock_ridge(1200, &[directory(b"d", 100)]);
    for at in 100..1190 {
        disc.directory(at, &px(0o040_755), &[directory(b"d", at + 1)]);
    }
    let reading = disc.read();
    assert_eq!(reading.tree.walk().count(), 1025);
    assert!(notes(&reading)[0].ends_with("/d: more than 1024 directories deep"));
}

#[test]
fn notes_are_counted_when_there_are_too_many_to_keep() {
    let mut disc = Disc::rock_ridge(400, &[directory(b"d", 30)]);
    let many: Vec<_> = (0..22).map(|_| file(b"x", 30, 1)).collect();
    for at in 30..120 {
        let next = [vec![directory(b"d", at + 1)], many.clone()].concat();
        disc.directory(at, &px(0o040_755), &next);
    }
    let reading = disc.read();
    assert_eq!(reading.notes.len(), 1000);
    // 21 second names in each of 90 directories, and the one at 120, which is none.
    assert_eq!(reading.more_notes, 90 * 21 + 1 - 1000);
    assert!(reading.lost);
}

#[test]
fn a_loss_is_kept_before_what_is_cosmetic_and_one_without_a_note_is_told_as_well() {
    let odd = |name: &[u8]| {
        let mut odd = file(name, 30, 5);
        odd[9] ^= 1;
        odd
    };
    let mut disc = Disc::rock_ridge(400, &[directory(b"d", 100)]);
    let many: Vec<_> = (b'a'..=b'r').map(|name| odd(&[name])).collect();
    for at in 100..159 {
        disc.directory(at, &px(0o040_755), &[vec![directory(b"z", at + 1)], many.clone()].concat());
    }
    disc.directory(159, &px(0o040_755), &[file(b"twice", 30, 1), file(b"twice", 31, 1), odd(b"x")]);
    let mut reading = disc.read();
    assert_eq!((reading.notes.len(), reading.more_notes), (1000, 59 * 18 + 2 - 1000));
    let last = notes(&reading).pop().unwrap();
    assert!(last.ends_with("/twice: the name is there twice, the first is kept"), "{last}");
    assert_eq!(reading.loss(), Some(last));
    reading.notes.clear();
    assert_eq!(reading.loss().unwrap(), "64 oddities that have no name here");
    reading.lost = false;
    assert_eq!(reading.loss(), None);
}

/// System use entries with honest lengths and any content.
fn system_use() -> impl Strategy<Value = Vec<u8>> {
    let signatures = ["PX", "NM", "SL", "PN", "TF", "CL", "RE", "ER", "SP", "CE", "ST", "ZF", "SF", "XX"].as_slice();
    let wild =
        (prop::sample::select(signatures), prop::collection::vec(any::<u8>(), 0..45)).prop_map(|(signature, data)| {
            [signature.as_bytes(), &[u8::try_from(data.len() + 4).unwrap(), 1], &data].concat()
        });
    let near = (20..34u32, 0..2048u32, 0..200u32).prop_map(|(at, offset, bytes)| ce(at, offset, bytes));
    let place = (20..34u32).prop_map(cl);
    let posix = any::<u32>().prop_map(px);
    prop::collection::vec(prop_oneof![4 => wild, 1 => near, 1 => place, 1 => posix], 0..4).prop_map(|entries| {
        let mut bytes = entries.concat();
        bytes.truncate(180);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_system_use_makes_the_reader_panic_or_a_name_unsafe(
        records in prop::collection::vec((any::<u8>(), 20..34u32, 0..9000u32, any::<u8>(), system_use()), 0..40),
    ) {
        let mut disc = Disc::rock_ridge(34, &[]);
        let mut left = records.into_iter().map(|(name, at, bytes, flags, system_use)| {
            record(&[b'A' + name % 26], at, bytes, flags, &system_use)
        });
        for at in 20..34 {
            let records: Vec<_> = left.by_ref().take(3).collect();
            let own = if at == 20 { [SP, &px(0o040_755), ER].concat() } else { px(0o040_755) };
            disc.directory(at, &own, &records);
        }
        let volume = Volume::open(&mut disc, Lba(0)).unwrap();
        for reading in [read_tree(&mut disc, &volume), salvage_tree(&mut disc, &volume)].into_iter().flatten() {
            for id in reading.tree.walk().skip(1) {
                prop_assert!(super::name::is_safe(&reading.tree.node(id).name));
            }
        }
    }
}
