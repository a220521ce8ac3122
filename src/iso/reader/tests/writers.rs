//! What writers of thirty years have put on discs, each as few bytes as show it.

use super::*;

/// A supplementary descriptor at 17 with its root at 25 and the terminator at 18.
fn with_supplementary(version: u8, escape: &[u8], records: &[Vec<u8>]) -> Disc {
    let mut disc = Disc::new(50);
    disc.directory(20, &[], &[record(b"PLAIN.TXT;1", 30, 1, 0, &[])]);
    let mut descriptor = disc.0[16 * SECTOR_BYTES..17 * SECTOR_BYTES].to_vec();
    (descriptor[0], descriptor[6]) = (2, version);
    descriptor[88..88 + escape.len()].copy_from_slice(escape);
    descriptor[156..190].copy_from_slice(&record(&[0], 25, 2048, DIRECTORY, &[]));
    disc.put(17, &descriptor);
    disc.put(18, b"\xffCD001\x01");
    disc.directory(25, &[], records);
    disc
}

fn relocated(name: &[u8], at: u32) -> Vec<u8> {
    record(b"D", at, 2048, DIRECTORY, &[px(0o040_755), nm(name), b"RE\x04\x01".to_vec()].concat())
}

fn placeholder(name: &[u8], at: u32) -> Vec<u8> {
    record(b"P", 99, 0, 0, &[px(0o100_644), nm(name), cl(at)].concat())
}

/// A disc with a sector that can't be read.
struct Scratched(Disc, Lba);

impl SectorSource for Scratched {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let end = at.0 as usize + out.len() / SECTOR_BYTES;
        if (at.0 as usize..end).contains(&(self.1.0 as usize)) {
            return Err(SourceError::new(at, out.len(), "scratched"));
        }
        SectorSource::read(&mut self.0, at, out)
    }
}

#[test]
fn joliet_of_every_level_is_read_and_an_enhanced_descriptor_is_none() {
    let long = record(b"\0L\0o\0n\0g", 30, 1, 0, &[]);
    for escape in [b"%/@", b"%/C", b"%/E"] {
        assert_eq!(paths(&with_supplementary(1, escape, std::slice::from_ref(&long)).read()), ["/Long"]);
    }
    let mut enhanced = with_supplementary(2, b"", &[long]);
    assert!(!Volume::open(&mut enhanced, Lba(0)).unwrap().has_joliet());
    assert_eq!(paths(&enhanced.read()), ["/plain.txt"]);
}

#[test]
fn a_descriptor_that_can_not_be_read_is_a_loss_and_those_behind_it_are_read() {
    let long = record(b"\0L\0o\0n\0g", 30, 1, 0, &[]);
    let mut hidden = Scratched(with_supplementary(1, b"%/E", std::slice::from_ref(&long)), Lba(17));
    let mut behind = Scratched(with_supplementary(1, b"%/E", &[long]), Lba(17));
    let supplementary = behind.0.0[17 * SECTOR_BYTES..18 * SECTOR_BYTES].to_vec();
    behind.0.put(18, &supplementary);
    behind.0.put(19, b"\xffCD001\x01");
    for (disc, path) in [(&mut hidden, "/plain.txt"), (&mut behind, "/Long")] {
        let volume = Volume::open(disc, Lba(0)).unwrap();
        for reading in [read_tree(disc, &volume), salvage_tree(disc, &volume)].map(Result::unwrap) {
            assert_eq!(paths(&reading), [path]);
            let said = "/: volume descriptor in sector 17 can't be read: scratched; names may be better in a tree that it leads to";
            assert_eq!(notes(&reading), [said]);
            assert!(reading.lost && reading.may_be_unwritten().is_empty());
        }
    }
    let volume = Volume::open(&mut behind, Lba(0)).unwrap();
    assert!(read_joliet(&mut behind, &volume).unwrap().unwrap().lost);
}

#[test]
fn what_may_never_have_been_written_is_told_by_its_sector_and_a_bad_writer_by_none() {
    let far = |name: &[u8], at| record(b"F.;1", 30, 1, 0, &[px(0o100_644), nm(name), ce(at, 100, 7)].concat());
    let mut disc =
        Disc::rock_ridge(50, &[directory(b"sub", 31), far(b"far", 32), far(b"twice", 33), file(b"twice", 40, 1)]);
    disc.0[33 * SECTOR_BYTES + 100..][..7].copy_from_slice(b"TF\x05\x01\0\0\0");
    let reading = disc.read();
    let said = [
        "/far: continuation area of 7 bytes at byte 100 of sector 32 is empty",
        "/twice: the name is there twice, the first is kept",
        "/sub: no directory at sector 31",
    ];
    assert_eq!(notes(&reading), said);
    assert_eq!(reading.may_be_unwritten(), [Lba(31), Lba(32)].into());
}

#[test]
fn without_a_terminator_the_descriptors_end_where_the_volume_does() {
    let mut disc = Disc::new(18);
    // The root stands before its descriptor, as only a hand would write it, so that nothing needs to be behind that.
    disc.0[16 * SECTOR_BYTES..][156..190].copy_from_slice(&record(&[0], 10, 2048, DIRECTORY, &[]));
    disc.0[16 * SECTOR_BYTES..][80..88].copy_from_slice(&both(17));
    disc.put(10, &record(&[0], 10, 2048, DIRECTORY, &[]));
    disc.0.truncate(17 * SECTOR_BYTES);
    let reading = disc.read();
    assert_eq!((notes(&reading), reading.lost), (Vec::new(), false));
}

#[test]
fn a_joliet_tree_without_a_root_leaves_the_bare_names() {
    let mut disc = with_supplementary(1, b"%/E", &[]);
    disc.0[25 * SECTOR_BYTES..26 * SECTOR_BYTES].fill(0);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/plain.txt"]);
    assert_eq!(notes(&reading), ["/: no directory at sector 25"]);
    assert!(reading.lost);
}

#[test]
fn boot_records_and_partitions_among_the_descriptors_are_passed_over() {
    let mut disc = Disc::rock_ridge(50, &[file(b"f", 30, 1)]);
    let primary = disc.0[16 * SECTOR_BYTES..17 * SECTOR_BYTES].to_vec();
    disc.put(16, &[b"\0CD001\x01EL TORITO SPECIFICATION".as_slice(), &[0; 2000]].concat());
    disc.put(17, b"\x03CD001\x01");
    disc.put(18, &primary);
    disc.put(19, b"\xffCD001\x01");
    assert_eq!(paths(&disc.read()), ["/f"]);
}

#[test]
fn descriptors_without_a_terminator_end_where_something_else_or_nothing_stands() {
    let mut disc = Disc::rock_ridge(50, &[file(b"f", 30, 1)]);
    disc.0[17 * SECTOR_BYTES..18 * SECTOR_BYTES].fill(0);
    assert_eq!(paths(&disc.read()), ["/f"]);
    // The descriptor is the last sector there is.
    let mut disc = Disc::new(50);
    disc.0[16 * SECTOR_BYTES + 158..][..8].copy_from_slice(&both(10));
    disc.directory(10, &[], &[record(b"F.;1", 30, 1, 0, &[])]);
    disc.0.truncate(17 * SECTOR_BYTES);
    assert_eq!(paths(&disc.read()), ["/f"]);
}

#[test]
fn the_root_may_have_a_longer_record_in_its_descriptor() {
    let mut disc = Disc::rock_ridge(50, &[file(b"f", 30, 1)]);
    disc.0[16 * SECTOR_BYTES + 156] = 68;
    assert_eq!(paths(&disc.read()), ["/f"]);
}

#[test]
fn extended_attributes_stand_before_files_and_directories() {
    let mut data = file(b"f", 35, 5);
    data[1] = 2;
    let mut sub = directory(b"sub", 30);
    sub[1] = 1;
    let mut disc = Disc::rock_ridge(50, &[data, sub]);
    disc.directory(31, &px(0o040_755), &[file(b"below", 40, 1)]);
    // The directory's own record says the same of itself.
    disc.0[31 * SECTOR_BYTES + 1] = 1;
    disc.0[31 * SECTOR_BYTES + 2..][..8].copy_from_slice(&both(30));
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/f", "/sub", "/sub/below"]);
    let extents: Box<[Extent]> = [Extent { start: Lba(37), bytes: 5 }].into();
    assert_eq!(*kind(&reading, "f"), Kind::File { size: 5, content: Content::Recorded(extents) });
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn what_has_no_data_may_stand_anywhere() {
    // libarchive's writer gives empty files and links such an address.
    let link =
        record(b"L.;1", u32::MAX, 0, 0, &[px(0o120_777), nm(b"l"), b"SL\x08\x01\x00\x00\x01x".to_vec()].concat());
    let mut attributed = file(b"g", u32::MAX, 0);
    attributed[1] = 255;
    let empty_directory = record(b"D", 0xffff_fff0, 0, DIRECTORY, &[px(0o040_755), nm(b"d")].concat());
    let mut disc = Disc::rock_ridge(50, &[file(b"f", 0xffff_fff0, 0), attributed, link, empty_directory]);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/d", "/f", "/g", "/l"]);
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn a_volume_that_says_it_is_empty_is_read_all_the_same() {
    let long = record(b"F.;1", 30, 1, 0, &[px(0o100_644), ce(21, 0, 6)].concat());
    let mut disc = Disc::rock_ridge(50, &[long, directory(b"sub", 31)]);
    disc.put(21, &nm(b"x"));
    disc.directory(31, &px(0o040_755), &[]);
    disc.0[16 * SECTOR_BYTES + 80..][..8].fill(0);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/sub", "/x"]);
    assert_eq!(
        notes(&reading),
        [
            "/x: continuation area in sector 21 lies outside of the volume of 0 sectors (noted once)",
            "/x: extent at sector 30 of 1 bytes ends outside of the volume",
        ]
    );
}

#[test]
fn compressed_and_sparse_files_are_named_with_their_real_size() {
    let stored = |name: &[u8], entry: &[u8]| record(b"F.;1", 30, 9, 0, &[&px(0o100_644), &nm(name), entry].concat());
    let zisofs = [b"ZF\x10\x01pz\x04\x0f".to_vec(), both(100_000)].concat();
    let zisofs2 = [b"Z2\x10\x02PZ\x06\x11".as_slice(), &5_000_000_000_u64.to_le_bytes()].concat();
    let sparse = [b"SF\x15\x01".to_vec(), both(1), both(5), vec![0]].concat();
    let old_sparse = [b"SF\x0d\x01".to_vec(), both(7), vec![0]].concat();
    let records = [stored(b"1", &zisofs), stored(b"2", &zisofs2), stored(b"3", &sparse), stored(b"4", &old_sparse)];
    let reading = Disc::rock_ridge(50, &records).read();
    assert!(reading.lost);
    assert!(matches!(kind(&reading, "1"), Kind::File { size: 9, .. }));
    assert_eq!(
        notes(&reading),
        [
            "/1: compressed with zisofs (pz), shown as recorded; unpacked it has 100000 bytes",
            "/2: compressed with zisofs (PZ), shown as recorded; unpacked it has 5000000000 bytes",
            "/3: sparse, shown as recorded; filled up it has 4294967301 bytes",
            "/4: sparse, shown as recorded; filled up it has 7 bytes",
        ]
    );
}

#[test]
fn where_a_directory_says_its_parent_is_does_not_matter() {
    let mut disc = Disc::rock_ridge(50, &[directory(b"sub", 30)]);
    let own = record(&[0], 30, 2048, DIRECTORY, &px(0o040_755));
    disc.put(30, &[own, record(&[1], 4711, 1, DIRECTORY, b"PL\x04\x01"), file(b"f", 40, 1)].concat());
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/sub", "/sub/f"]);
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn a_relocated_directory_has_one_place() {
    let mut disc = Disc::rock_ridge(50, &[directory(b"rr_moved", 30), placeholder(b"a", 31), placeholder(b"b", 31)]);
    disc.directory(30, &px(0o040_755), &[relocated(b"m", 31), relocated(b"n", 32), relocated(b"o", 32)]);
    disc.directory(31, &px(0o040_755), &[file(b"f", 40, 1)]);
    disc.directory(32, &px(0o040_755), &[]);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/a", "/a/f", "/rr_moved", "/rr_moved/o"]);
    assert_eq!(
        notes(&reading),
        [
            "/b: directory at sector 31 overlaps another directory",
            "/rr_moved/n: directory at sector 32 overlaps another directory",
            "/rr_moved/o: relocated directory without its place",
        ]
    );
    assert!(reading.lost);
}

#[test]
fn a_placeholder_that_leads_to_a_file_or_up_again_is_named() {
    let mut disc = Disc::rock_ridge(50, &[placeholder(b"file", 40), directory(b"sub", 30)]);
    disc.directory(30, &px(0o040_755), &[placeholder(b"up", 20), placeholder(b"self", 30)]);
    disc.put(40, b"The content of a file, and no directory");
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/file", "/sub"]);
    assert_eq!(
        notes(&reading),
        [
            "/sub/self: directory at sector 30 overlaps another directory",
            "/sub/up: directory at sector 20 overlaps another directory",
            "/file: no directory at sector 40",
        ]
    );
    assert!(reading.lost);
}

#[test]
fn relocated_directories_that_hold_each_other_s_places_are_found() {
    // Nothing outside leads to them.
    let mut disc = Disc::rock_ridge(50, &[directory(b"rr_moved", 30)]);
    disc.directory(30, &px(0o040_755), &[relocated(b"x", 31), relocated(b"y", 32)]);
    disc.directory(31, &px(0o040_755), &[placeholder(b"to-y", 32)]);
    disc.directory(32, &px(0o040_755), &[placeholder(b"to-x", 31), file(b"f", 40, 1)]);
    let reading = disc.read();
    assert!(paths(&reading).iter().any(|path| path.ends_with("/f")), "{:?}", paths(&reading));
    assert!(notes(&reading).iter().any(|note| note.contains("without its place")));
}

#[test]
fn of_sections_that_differ_the_first_says_name_and_mode() {
    let section = |at, flags, mode, name: &[u8]| record(b"B.;1", at, 2048, flags, &[px(mode), nm(name)].concat());
    let mut last = section(42, 0, 0o100_600, b"other");
    last[9] ^= 1;
    let reading = Disc::rock_ridge(50, &[section(30, MORE, 0o100_644, b"big"), last]).read();
    assert_eq!(paths(&reading), ["/big"]);
    assert_eq!(reading.tree.node(reading.tree.find(&TreePath::new("big")).unwrap()).attributes.mode, 0o644);
    assert_eq!(notes(&reading), ["/big: little- and big-endian location differ"]);
}

#[test]
fn bytes_of_others_before_the_entries_are_skipped() {
    let mut disc = Disc::new(50);
    let sp = b"SP\x07\x01\xbe\xef\x04";
    let entries = [b"xyzw".as_slice(), &px(0o100_640), &nm(b"name"), b"AL\x05\x01\x00"].concat();
    disc.directory(20, &[sp, &px(0o040_755)[..], ER].concat(), &[record(b"F.;1", 30, 1, 0, &entries)]);
    let reading = disc.read();
    assert_eq!(paths(&reading), ["/name"]);
    assert_eq!(notes(&reading), [""; 0]);
}

#[test]
fn a_directory_whose_first_sector_is_scratched_keeps_the_names_of_the_others() {
    let mut disc = Disc::rock_ridge(50, &[record(b"D", 30, 4096, DIRECTORY, &[px(0o040_755), nm(b"sub")].concat())]);
    disc.directory(30, &px(0o040_755), &[file(b"lost", 40, 1)]);
    disc.put(31, &file(b"kept", 41, 1));
    let mut disc = Scratched(disc, Lba(30));
    let volume = Volume::open(&mut disc, Lba(0)).unwrap();
    assert_eq!(read_tree(&mut disc, &volume).unwrap_err().to_string(), "directory /sub can't be read");
    let reading = salvage_tree(&mut disc, &volume).unwrap();
    assert_eq!(paths(&reading), ["/sub", "/sub/kept"]);
    assert_eq!(notes(&reading), ["/sub: sectors 30 to 30 can't be read: scratched"]);
}

#[test]
fn a_chain_of_more_areas_than_linux_follows_is_read_and_an_endless_one_is_named() {
    for (areas, fault) in [(32, false), (64, false), (65, true)] {
        let mut disc = Disc::rock_ridge(200, &[record(b"F.;1", 30, 1, 0, &[px(0o100_644), ce(100, 0, 64)].concat())]);
        for at in 100..100 + areas {
            let piece = b"NM\x06\x01\x01x".to_vec();
            let next = if at + 1 < 100 + areas { ce(at + 1, 0, 64) } else { b"NM\x06\x01\x00.".to_vec() };
            disc.put(at, &[piece, next].concat());
        }
        let reading = disc.read();
        let named = notes(&reading).iter().any(|note| note.contains("is one of too many"));
        assert_eq!((named, reading.lost), (fault, fault), "{areas}");
        if !fault {
            assert_eq!(paths(&reading), [format!("/{}.", "x".repeat(areas as usize))]);
        }
    }
}
