use super::*;
use crate::iso::testing::{Image, Record, add, attributes, bytes, empty_tree, image, options};
use crate::iso::tree::{Device, Inode};

fn planned(tree: Tree, options: Options) -> (Plan, Vec<u8>) {
    let plan = Plan::new(tree, options).unwrap();
    let (bytes, report) = image(&plan, 64 * 1024);
    assert!(report.damages.is_empty());
    assert_eq!(bytes.len() as u64, plan.sectors().bytes());
    (plan, bytes)
}

fn refused(tree: Tree, options: Options) -> String {
    Plan::new(tree, options).unwrap_err().to_string()
}

fn recorded(size: u64, extents: &[(u32, u64)]) -> Kind {
    let extents = extents.iter().map(|&(start, bytes)| Extent { start: Lba(start), bytes }).collect();
    Kind::File { size, content: Content::Recorded(extents) }
}

#[test]
fn an_empty_session_is_descriptors_two_path_tables_a_root_and_padding() {
    let (plan, bytes) = planned(empty_tree(), options());
    // 16 system area, 2 descriptors, 2 path tables, the root, 150 padding
    assert_eq!(plan.sectors(), Sectors(171));
    assert_eq!(plan.data_start(), Lba(21));
    assert!(bytes[..16 * 2048].iter().all(|&b| b == 0));
    assert_eq!(bytes[16 * 2048..][..7], *b"\x01CD001\x01");
    assert_eq!(bytes[17 * 2048..][..7], *b"\xffCD001\x01");
    assert_eq!(bytes[18 * 2048..][..10], [1, 0, 20, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(bytes[19 * 2048..][..10], [1, 0, 0, 0, 0, 20, 0, 1, 0, 0]);
    let root = Image { start: Lba(0), bytes: &bytes }.root();
    assert_eq!(root.iter().map(|r| &r.identifier[..]).collect::<Vec<_>>(), [[0], [1]]);
}

#[test]
fn the_root_announces_rock_ridge_without_a_continuation_area() {
    let (plan, bytes) = planned(empty_tree(), options());
    let root = plan.extent(plan.tree().root()).unwrap();
    let record = &bytes[usize::try_from(root.start.byte_offset()).unwrap()..];
    // 34 + SP 7 + PX 44 + TF 26 + ER 18, and one to make it even
    assert_eq!(record[0], 130);
    let dot = &Image { start: Lba(0), bytes: &bytes }.root()[0];
    let signatures: Vec<&str> = dot.entries.iter().map(|(s, _)| &s[..]).collect();
    assert_eq!(signatures, ["SP", "PX", "TF", "ER"]);
}

#[test]
fn data_stand_in_tree_order_with_cedarburn_behind_and_the_manifest_last() {
    let mut tree = empty_tree();
    for path in ["z", "a/y", ".cedarburn/README.txt", ".a", "a/x/deep"] {
        add(&mut tree, path, bytes(path.as_bytes()));
    }
    let manifest = Kind::File { size: 0, content: Content::Manifest };
    add(&mut tree, ".cedarburn/A-SHA256SUMS", manifest);
    let (plan, image_bytes) = planned(tree, options());
    let order: Vec<String> = plan.files().map(|(id, _)| plan.tree().path(id).to_string()).collect();
    assert_eq!(order, ["/.a", "/a/x/deep", "/a/y", "/z", "/.cedarburn/README.txt", "/.cedarburn/A-SHA256SUMS"]);
    assert!(plan.files().map(|(_, e)| e.start).is_sorted());
    let image = Image { start: Lba(0), bytes: &image_bytes };
    for path in ["z", "a/y", ".cedarburn/README.txt", ".a", "a/x/deep"] {
        assert_eq!(image.content(path), path.as_bytes());
    }
}

#[test]
fn a_second_session_has_absolute_addresses_and_keeps_recorded_extents() {
    let mut tree = empty_tree();
    add(&mut tree, "new", bytes(b"new"));
    add(&mut tree, "old", recorded(5000, &[(700, 4096), (900, 904)]));
    let (plan, bytes) = planned(tree, Options { start: Lba(12_000), ..options() });
    let image = Image { start: Lba(12_000), bytes: &bytes };
    assert_eq!(image.space(), plan.end().0);
    assert_eq!(image.content("new"), b"new");
    let old: Vec<_> = image.find_all("old").iter().map(|r| (r.extent.0, r.bytes, r.flags)).collect();
    assert_eq!(old, [(700, 4096, 0x80), (900, 904, 0)]);
    assert_eq!(plan.file_at(Lba(701)), plan.tree().find(&TreePath::new("old")));
    assert_eq!(plan.file_at(Lba(702)), None);
    assert_eq!(plan.file_at(plan.data_start()), plan.tree().find(&TreePath::new("new")));
    assert_eq!(plan.file_at(Lba(12_016)), None);
}

#[test]
fn the_superblock_has_the_absolute_end_though_the_session_says_its_length() {
    let mut tree = empty_tree();
    add(&mut tree, "f", bytes(b"f"));
    let options =
        Options { start: Lba(128), volume_space: VolumeSpace::SessionLength, align: Sectors(32), ..options() };
    let (plan, bytes) = planned(tree, options);
    assert_eq!(plan.sectors().0 % 32, 0);
    assert_eq!(Image { start: Lba(128), bytes: &bytes }.space(), plan.sectors().0);
    let superblock = plan.superblock();
    assert_eq!(superblock.len(), 32 * 2048);
    assert_eq!(Image { start: Lba(0), bytes: &superblock }.space(), plan.end().0);
    let differs = |at: usize| bytes[at] != superblock[at];
    assert!((0..18 * 2048).filter(|&at| differs(at)).all(|at| (16 * 2048 + 80..16 * 2048 + 88).contains(&at)));
    assert!(superblock[18 * 2048..].iter().all(|&b| b == 0));
}

#[test]
fn a_large_file_is_several_records_with_full_rock_ridge_in_each() {
    let mut tree = empty_tree();
    let content: Vec<u8> = (0..10_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let name = "n".repeat(200);
    add(&mut tree, &name, bytes(&content));
    let plan = Plan::with_pieces(tree, options(), 4096).unwrap();
    let (image_bytes, _) = image(&plan, 4096);
    let image = Image { start: Lba(0), bytes: &image_bytes };
    let records = image.find_all(&name);
    let shape: Vec<_> = records.iter().map(|r| (r.bytes, r.flags)).collect();
    assert_eq!(shape, [(4096, 0x80), (4096, 0x80), (1808, 0)]);
    assert!(records.iter().all(|r| r.entries == records[0].entries && r.identifier == records[0].identifier));
    assert_eq!(image.content(&name), content);
}

#[test]
fn a_file_of_four_gib_less_one_byte_needs_a_second_extent() {
    for (size, expected) in
        [(PIECE, vec![PIECE]), (u64::from(u32::MAX), vec![PIECE, 2047]), (2 * PIECE + 1, vec![PIECE, PIECE, 1])]
    {
        let mut tree = empty_tree();
        let inode = Inode { device: 0, number: 0 };
        let id = add(&mut tree, "f", Kind::File { size, content: Content::Staged(inode) });
        let plan = Plan::new(tree, options()).unwrap();
        let extents: Vec<Extent> = plan.extents(id).collect();
        assert_eq!(extents.iter().map(|e| e.bytes).collect::<Vec<_>>(), expected);
        assert!(extents.windows(2).all(|pair| pair[1].start == pair[0].start + pair[0].sectors()));
        assert_eq!(plan.extent(id).unwrap().bytes, size);
    }
}

#[test]
fn names_of_one_inode_share_extent_and_serial_and_are_counted() {
    let inode = |number| Content::Staged(Inode { device: 1, number });
    let mut tree = empty_tree();
    for (path, number, links) in [("a", 1, 2), ("d/b", 1, 2), ("c", 2, 7), ("e", 3, 1)] {
        let id = add(&mut tree, path, Kind::File { size: 10, content: inode(number) });
        tree.node_mut(id).links = links;
    }
    for path in ["old1", "old2"] {
        let id = add(&mut tree, path, recorded(5, &[(7, 5)]));
        tree.node_mut(id).links = 2;
    }
    let plan = Plan::new(tree, Options { start: Lba(1000), ..options() }).unwrap();
    let (image_bytes, _) = image(&plan, 2048);
    let image = Image { start: Lba(1000), bytes: &image_bytes };
    let [a, b, c, e, old1, old2] = ["a", "d/b", "c", "e", "old1", "old2"].map(|path| image.find(path));
    assert_eq!((a.extent, a.px()), (b.extent, b.px()));
    assert_eq!([&a, &c, &e, &old1].map(|r| r.px()[1]), [2, 1, 1, 2]);
    assert_eq!((old1.extent, old1.px()), (old2.extent, old2.px()));
    let serials: std::collections::HashSet<u32> = [&a, &c, &e, &old1].map(|r: &Record| r.px()[4]).into();
    assert_eq!(serials.len(), 4);
    assert_eq!(plan.files().count(), 3);
}

#[test]
fn dot_dotdot_and_the_record_in_the_parent_agree() {
    let mut tree = empty_tree();
    add(&mut tree, "a/b/c", bytes(b""));
    let (_, bytes) = planned(tree, options());
    let image = Image { start: Lba(0), bytes: &bytes };
    let [a, b] = ["a", "a/b"].map(|path| image.find(path));
    let inside = image.directory(b.extent, b.bytes);
    let same = |x: &Record, y: &Record| {
        assert_eq!((x.extent, x.bytes, x.flags), (y.extent, y.bytes, y.flags));
        assert_eq!((x.entry("PX"), x.entry("TF")), (y.entry("PX"), y.entry("TF")));
    };
    same(&inside[0], &b);
    same(&inside[1], &a);
    assert_eq!(a.px()[1], 3); // itself, its name, the ".." of b
    let root = image.root();
    same(&root[0], &Record { entries: root[1].entries.clone(), ..root[1].clone() });
}

#[test]
fn rationalized_attributes_let_everyone_read_and_nobody_write() {
    let cases = [(0o600, 0o444), (0o4711, 0o555), (0o000, 0o444), (0o1777, 0o555), (0o100, 0o555)];
    for (staged, shown) in cases {
        for policy in [AttributePolicy::Rationalized, AttributePolicy::Exact] {
            let mut tree = empty_tree();
            let id = add(&mut tree, "f", bytes(b""));
            tree.node_mut(id).attributes = crate::iso::tree::Attributes { uid: 7, gid: 8, ..attributes(staged) };
            let (plan, image_bytes) = planned(tree, Options { attributes: policy, ..options() });
            let px = Image { start: Lba(0), bytes: &image_bytes }.find("f").px();
            let expected = match policy {
                AttributePolicy::Rationalized => [0o100_000 | shown, 1, 0, 0],
                AttributePolicy::Exact => [0o100_000 | staged, 1, 7, 8],
            };
            assert_eq!(px[..4], expected);
            assert_eq!(plan.tree().node(id).attributes.mode, px[0] & 0o7777);
        }
    }
    let mut tree = empty_tree();
    let directory = tree.make_directory(&TreePath::new("d"), attributes(0o700)).unwrap();
    let plan = Plan::new(tree, options()).unwrap();
    assert_eq!(plan.tree().node(directory).attributes.mode, 0o555);
}

#[test]
fn special_files_have_their_types_and_no_data() {
    let mut tree = empty_tree();
    let device = Device { major: 259, minor: 300 };
    add(&mut tree, "blk", Kind::BlockDevice(device));
    add(&mut tree, "chr", Kind::CharacterDevice(device));
    add(&mut tree, "fifo", Kind::Fifo);
    add(&mut tree, "sock", Kind::Socket);
    add(&mut tree, "link", Kind::Symlink((*b"to").into()));
    let (_, bytes) = planned(tree, options());
    let image = Image { start: Lba(0), bytes: &bytes };
    let types = ["blk", "chr", "fifo", "sock", "link"].map(|name| {
        let record = image.find(name);
        assert_eq!(record.bytes, 0);
        record.px()[0] >> 12
    });
    assert_eq!(types, [0o6, 0o2, 0o1, 0o14, 0o12]);
    assert_eq!(image.find("blk").entry("PN").unwrap()[..4], [3, 1, 0, 0]);
    assert_eq!(image.find("link").entry("SL"), Some(&b"\0\0\x02to"[..]));
}

#[test]
fn long_names_and_links_reach_the_disc_whole() {
    let mut tree = empty_tree();
    for length in [1, 80, 112, 113, 114, 150, 200, 249, 250, 251, 254, 255] {
        add(&mut tree, "x".repeat(length), bytes(b""));
        let mut odd = b"\xff".repeat(length);
        odd[0] = b'l';
        let target = ["t".repeat(200).as_str(); 21].join("/")[..4095].to_owned();
        add(&mut tree, odd, Kind::Symlink(target.into_bytes().into()));
    }
    let (plan, bytes) = planned(tree, options());
    let root = Image { start: Lba(0), bytes: &bytes }.root();
    let mut found: Vec<Vec<u8>> = root.iter().skip(2).map(Record::name).collect();
    found.sort();
    let expected: Vec<Vec<u8>> =
        plan.tree().children(plan.tree().root()).iter().map(|&c| plan.tree().node(c).name.to_vec()).collect();
    assert_eq!(found, expected);
    let noted = |wanted| plan.notes().iter().filter(|(_, note)| *note == wanted).count();
    assert_eq!((noted(Note::LongName), noted(Note::LongTarget)), (4, 12));
}

#[test]
fn a_directory_of_many_blocks_and_a_tree_of_40_levels_are_found_whole() {
    let mut tree = empty_tree();
    for n in 0..2000 {
        add(&mut tree, format!("wide/a-name-of-a-common-length-{n:05}"), bytes(b""));
    }
    let deep = (0..40).map(|n| format!("level{n}")).collect::<Vec<_>>().join("/");
    add(&mut tree, format!("{deep}/bottom"), bytes(b"bottom"));
    tree.make_directory(&TreePath::new("empty"), attributes(0o755)).unwrap();
    let (plan, bytes) = planned(tree, options());
    let image = Image { start: Lba(0), bytes: &bytes };
    let wide = image.find("wide");
    let records = image.directory(wide.extent, wide.bytes);
    assert_eq!(records.len(), 2002);
    assert!(records.windows(2).all(|pair| pair[0].identifier < pair[1].identifier));
    assert_eq!(image.content(&format!("{deep}/bottom")), b"bottom");
    let empty = image.find("empty");
    assert_eq!(image.directory(empty.extent, empty.bytes).len(), 2);
    assert_eq!(plan.notes().iter().filter(|(_, note)| *note == Note::Deep).count(), 1);
}

#[test]
fn path_tables_list_directories_by_level_parent_and_identifier() {
    let mut tree = empty_tree();
    for path in ["b/x", "a/y", "a/x", "b/x/deep", "c.d"] {
        tree.make_directory(&TreePath::new(path), attributes(0o755)).unwrap();
    }
    let (plan, bytes) = planned(tree, options());
    let image = Image { start: Lba(0), bytes: &bytes };
    let little = image.at(Lba(18), plan.hierarchies[0].path_table_bytes as usize).to_vec();
    let big = image.at(Lba(19), plan.hierarchies[0].path_table_bytes as usize).to_vec();
    let mut list = Vec::new();
    let mut at = 0;
    while at < little.len() {
        let (l, m) = (&little[at..], &big[at..]);
        let length = usize::from(l[0]);
        let extent = u32::from_le_bytes(l[2..6].try_into().unwrap());
        assert_eq!(extent, u32::from_be_bytes(m[2..6].try_into().unwrap()));
        assert_eq!(l[6..8], [m[7], m[6]]);
        // Each extent begins with the directory's own ".".
        assert_eq!(image.at(Lba(extent), 2048)[2..6], l[2..6]);
        list.push((String::from_utf8(l[8..8 + length].to_vec()).unwrap(), l[6]));
        at += (8 + length).next_multiple_of(2);
    }
    let list: Vec<(&str, u8)> = list.iter().map(|(name, parent)| (&name[..], *parent)).collect();
    assert_eq!(list, [("\0", 1), ("A", 1), ("B", 1), ("C_D", 1), ("X", 2), ("Y", 2), ("X", 3), ("DEEP", 7)]);
}

#[test]
fn with_a_source_date_epoch_nothing_that_merely_running_changes_reaches_the_image() {
    let build = |accessed: i64, epoch: Option<i64>| {
        let mut tree = empty_tree();
        let id = add(&mut tree, "f", bytes(b"f"));
        let node = tree.node_mut(id);
        node.attributes.accessed = Timestamp::from_seconds(accessed);
        node.attributes.changed = Timestamp::from_seconds(accessed + 1);
        let source_date_epoch = epoch.map(Timestamp::from_seconds);
        planned(tree, Options { source_date_epoch, ..options() }).1
    };
    assert_ne!(build(1, None), build(2, None));
    assert_eq!(build(1, Some(2_000_000_000)), build(2, Some(2_000_000_000)));
    assert_ne!(build(1, Some(2_000_000_000)), build(1, Some(1_000_000_000)));
}

#[test]
fn what_a_disc_cannot_say_is_noted_and_the_tree_shows_what_it_says() {
    let mut tree = empty_tree();
    let link = add(&mut tree, "link", Kind::Symlink((*b"a//b/").into()));
    let old = add(&mut tree, "old", bytes(b""));
    tree.node_mut(old).attributes.modified = Timestamp { seconds: -3_000_000_000, nanoseconds: 5 };
    let node = add(&mut tree, "node", Kind::BlockDevice(Device { major: 0, minor: 0x1234 }));
    let long = add(&mut tree, "vast", recorded(101, &[(0, 1); 101]));
    let plan = Plan::new(tree, Options { start: Lba(1), ..options() }).unwrap();
    let expected = [
        (link, Note::TargetNormalised),
        (node, Note::DeviceNumber),
        (old, Note::TimeClamped),
        (long, Note::ManyExtents),
    ];
    assert_eq!(plan.notes(), expected);
    assert_eq!(plan.tree().node(node).kind, Kind::BlockDevice(Device { major: 0x12, minor: 0x34 }));
    assert_eq!(plan.tree().node(link).kind, Kind::Symlink((*b"a/b").into()));
    assert_eq!(plan.tree().node(old).attributes.modified, Timestamp::from_seconds(-2_208_988_800));
}

#[test]
fn a_time_that_the_epoch_has_brought_into_range_is_not_noted() {
    let mut tree = empty_tree();
    let late = add(&mut tree, "late", bytes(b""));
    tree.node_mut(late).attributes.modified = Timestamp::from_seconds(10_000_000_000);
    let noted = |source_date_epoch| Plan::new(tree.clone(), Options { source_date_epoch, ..options() }).unwrap().notes;
    assert_eq!(noted(None), [(late, Note::TimeClamped)]);
    assert_eq!(noted(Some(Timestamp::from_seconds(1_700_000_000))), []);
}

#[test]
fn alignment_and_padding_are_counted_in_the_session() {
    let mut tree = empty_tree();
    add(&mut tree, "f", bytes(b"f"));
    let plain = Plan::new(tree.clone(), Options { padding: Sectors(0), ..options() }).unwrap();
    assert_eq!(plain.sectors(), Sectors(22));
    let padded = Plan::new(tree, Options { padding: Sectors(1), align: Sectors(16), ..options() }).unwrap();
    assert_eq!(padded.sectors(), Sectors(32));
}

#[test]
fn refusals_name_the_file_and_the_numbers() {
    let mut tree = empty_tree();
    add(&mut tree, "d/f", recorded(2049, &[(99, 2049)]));
    let expected = "/d/f: sectors 99 to 100 are said to be on the disc, but the new session begins at 100";
    assert_eq!(refused(tree, Options { start: Lba(100), ..options() }), expected);

    let mut tree = empty_tree();
    add(&mut tree, "f", recorded(10, &[(0, 9)]));
    let expected = "/f: the extents on the disc hold 9 bytes, the file has 10";
    assert_eq!(refused(tree, Options { start: Lba(100), ..options() }), expected);

    let mut tree = empty_tree();
    add(&mut tree, "l", Kind::Symlink(vec![b'x'; 4096].into()));
    assert_eq!(refused(tree, options()), "/l: the link's target has 4096 bytes, more than 4095");

    let mut tree = empty_tree();
    add(&mut tree, "x".repeat(256), bytes(b""));
    assert!(
        refused(tree, options())
            .ends_with("the name is empty, longer than 255 bytes, `.`, `..`, or has a slash or a zero byte")
    );

    let mut tree = empty_tree();
    add(&mut tree, "m", Kind::File { size: 0, content: Content::Manifest });
    add(&mut tree, "n", Kind::File { size: 0, content: Content::Manifest });
    assert_eq!(refused(tree, options()), "/m and /n are both to be the session's manifest");

    let huge = |size| {
        let mut tree = empty_tree();
        let content = Content::Staged(Inode { device: 0, number: 0 });
        add(&mut tree, "f", Kind::File { size, content });
        tree
    };
    let expected = "the session would end 4294967296 sectors after sector 0, beyond what 32 bits can count";
    assert_eq!(refused(huge(1 << 43), options()), expected);
    assert!(refused(huge(u64::MAX), options()).starts_with("the session would end "));
    assert!(refused(huge((1 << 43) - 30 * 2048), options()).starts_with("the session would end "));
    assert!(refused(empty_tree(), Options { start: Lba(u32::MAX), ..options() }).starts_with("the session would end "));

    for volume_id in ["x".repeat(33), "tab\there".to_owned(), "gr\u{fc}n".to_owned()] {
        let text = refused(empty_tree(), Options { volume_id, ..options() });
        assert!(text.starts_with("the volume identifier "), "{text}");
    }
}

#[test]
fn a_tree_too_deep_to_be_read_back_is_refused_and_one_just_so_deep_is_not() {
    let nested = |levels| {
        let mut tree = empty_tree();
        tree.make_directory(&TreePath::new(vec!["d"; levels].join("/")), attributes(0o755)).unwrap();
        tree
    };
    assert!(Plan::new(nested(1000), options()).is_ok());
    let text = refused(nested(1001), options());
    assert!(text.ends_with(" stands 1001 directories deep, 1000 is the most"), "{text}");
}

#[test]
fn a_directory_too_long_to_be_read_back_is_refused() {
    let in_sections = |sections: u64| {
        let mut tree = empty_tree();
        let content = Content::Staged(Inode { device: 0, number: 0 });
        let size = sections * SECTOR_BYTES as u64;
        add(&mut tree, "d/".to_owned() + &"x".repeat(113), Kind::File { size, content });
        Plan::with_pieces(tree, options(), SECTOR_BYTES as u64).map(drop)
    };
    // Eight records of 254 bytes fill a sector, of which 256 MiB have 131,072.
    assert_eq!(in_sections(131_071 * 8), Ok(()));
    let refused = in_sections(131_072 * 8).unwrap_err().to_string();
    assert_eq!(refused, "the directory /d would take 268437504 bytes of records, 268435456 is the most");
}

fn with_joliet() -> Options {
    Options { joliet: true, ..options() }
}

/// The identifier of a Joliet record as text.
fn text(identifier: &[u8]) -> String {
    let units: Vec<u16> = identifier.chunks(2).map(|unit| u16::from_be_bytes(unit.try_into().unwrap())).collect();
    String::from_utf16(&units).unwrap()
}

#[test]
fn joliet_adds_a_descriptor_two_path_tables_and_directories_behind_the_primary_ones() {
    let (plan, bytes) = planned(empty_tree(), with_joliet());
    // 16 system area, 3 descriptors, 4 path tables, 2 roots, 150 padding
    assert_eq!(plan.sectors(), Sectors(175));
    assert_eq!(plan.data_start(), Lba(25));
    let sector = |number: usize| &bytes[number * 2048..][..2048];
    assert_eq!(sector(16)[..7], *b"\x01CD001\x01");
    assert_eq!(sector(17)[..8], *b"\x02CD001\x01\0");
    assert_eq!(sector(17)[88..92], *b"%/E\0");
    assert_eq!(sector(18)[..7], *b"\xffCD001\x01");
    // Path tables: little and big, primary and Joliet, as the descriptors say.
    assert_eq!(sector(16)[140..152], [19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20]);
    assert_eq!(sector(17)[140..152], [21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 22]);
    assert_eq!(sector(19)[..10], [1, 0, 23, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(sector(20)[..10], [1, 0, 0, 0, 0, 23, 0, 1, 0, 0]);
    assert_eq!(sector(21)[..10], [1, 0, 24, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(sector(22)[..10], [1, 0, 0, 0, 0, 24, 0, 1, 0, 0]);
    // The Joliet root: `.` and `..` of one byte each and no system use.
    assert_eq!(sector(24)[..10], [34, 0, 24, 0, 0, 0, 0, 0, 0, 24]);
    assert_eq!(sector(24)[32..36], [1, 0, 34, 0]);
    assert_eq!(sector(24)[66..69], [1, 1, 0]);
}

#[test]
fn the_joliet_tree_has_files_and_directories_with_the_extents_of_the_primary_one() {
    let mut tree = empty_tree();
    add(&mut tree, "Dir/\u{fc}ber.txt", bytes(b"umlaut"));
    add(&mut tree, "Dir/empty", bytes(b""));
    add(&mut tree, "Dir/sub/deep", bytes(b"deep"));
    add(&mut tree, "old", recorded(5000, &[(700, 4096), (900, 904)]));
    let left_out: Vec<NodeId> = [
        ("blk", Kind::BlockDevice(Device { major: 1, minor: 2 })),
        ("fifo", Kind::Fifo),
        ("link", Kind::Symlink((*b"old").into())),
        ("sock", Kind::Socket),
    ]
    .map(|(path, kind)| add(&mut tree, path, kind))
    .into();
    let (plan, bytes) = planned(tree, Options { start: Lba(12_000), ..with_joliet() });
    let image = Image { start: Lba(12_000), bytes: &bytes };
    let root = image.root_of(Lba(12_017));
    assert_eq!(root[2..].iter().map(|r| text(&r.identifier)).collect::<Vec<_>>(), ["Dir", "old", "old"]);
    assert!(root.iter().all(|record| record.entries.is_empty()));
    let old: Vec<_> = root[3..].iter().map(|r| (r.extent.0, r.bytes, r.flags)).collect();
    assert_eq!(old, [(700, 4096, 0x80), (900, 904, 0)]);
    let dir = image.directory(root[2].extent, root[2].bytes);
    assert_eq!(dir[2..].iter().map(|r| text(&r.identifier)).collect::<Vec<_>>(), ["empty", "sub", "\u{fc}ber.txt"]);
    assert_eq!((dir[0].extent, dir[1].extent), (root[2].extent, root[0].extent));
    for (record, path) in [(&dir[2], "Dir/empty"), (&dir[4], "Dir/\u{fc}ber.txt")] {
        let primary = image.find(path);
        assert_eq!((record.extent, record.bytes, record.flags), (primary.extent, primary.bytes, primary.flags));
    }
    assert_ne!(dir[3].extent, image.find("Dir/sub").extent);
    assert_eq!(plan.notes(), left_out.into_iter().map(|id| (id, Note::JolietLeftOut)).collect::<Vec<_>>());
    // Both descriptors say the same size.
    let space = |at: u32| image.at(Lba(at), 2048)[80..88].to_vec();
    assert_eq!(space(12_016), space(12_017));
}

#[test]
fn a_reader_of_joliet_finds_the_tree_that_the_plan_says_it_shows() {
    use crate::iso::compare::{Compare, compare};
    use crate::iso::reader::{Volume, read_joliet, read_tree};
    use crate::iso::source::{SectorSource, SourceError};
    struct Memory(Vec<u8>);
    impl SectorSource for Memory {
        fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
            let start = usize::try_from(at.byte_offset()).unwrap();
            let length = out.len();
            out.copy_from_slice(&self.0[start..start + length]);
            Ok(())
        }
    }
    let mut tree = empty_tree();
    for n in 0..500 {
        add(&mut tree, format!("d/{}-{n}.txt", "long".repeat(20)), bytes(format!("{n}").as_bytes()));
    }
    for name in ["A:b", "a_b", "A_B", "Gr\u{fc}n", "gr\u{dc}n", "x.", "x", "\u{1f41b}", ".rc", "e/f/g/h/i/j/k/l/m/n"] {
        add(&mut tree, format!("e/{name}"), bytes(name.as_bytes()));
    }
    add(&mut tree, b"e/\xff\xfe;1".as_slice(), bytes(&[7; 10_000]));
    add(&mut tree, "e/link", Kind::Symlink((*b"x").into()));
    let plan = Plan::with_pieces(tree, with_joliet(), 4096).unwrap();
    let mut source = Memory(image(&plan, 64 * 1024).0);
    let volume = Volume::open(&mut source, Lba(0)).unwrap();
    assert!(volume.has_joliet());
    let found = read_joliet(&mut source, &volume).unwrap().unwrap();
    assert!(found.notes.is_empty(), "{:?}", found.notes);
    let expected = plan.joliet_tree().unwrap();
    let policy = Compare { permissions: None, modified: true };
    let differences = compare(&expected, expected.root(), &found.tree, found.tree.root(), policy);
    assert!(differences.is_empty(), "{differences:?}");
    for id in expected.walk().filter(|&id| matches!(expected.node(id).kind, Kind::File { .. })) {
        let there = found.tree.find(&expected.path(id)).unwrap();
        assert_eq!(found.tree.node(there).kind, expected.node(id).kind);
    }
    // And the primary tree is what it was.
    let primary = read_tree(&mut source, &volume).unwrap();
    assert_eq!(compare(plan.tree(), plan.tree().root(), &primary.tree, primary.tree.root(), policy), []);
}

#[test]
fn what_joliet_shows_otherwise_is_noted() {
    let mut tree = empty_tree();
    let mut expected = Vec::new();
    for (name, notes) in [
        ("A".repeat(65), vec![Note::JolietCut]),
        ("B:".repeat(40), vec![Note::JolietCut, Note::JolietAltered]),
        ("c".to_owned(), vec![]),
        ("d*".to_owned(), vec![Note::JolietAltered]),
        ("e/E".to_owned(), vec![]),
        ("e/e".to_owned(), vec![Note::JolietAltered]),
    ] {
        let id = add(&mut tree, &name, bytes(b""));
        expected.extend(notes.into_iter().map(|note| (id, note)));
    }
    let plan = Plan::new(tree.clone(), with_joliet()).unwrap();
    assert_eq!(plan.notes(), expected);
    assert_eq!(Plan::new(tree, options()).unwrap().notes(), []);
}

#[test]
fn a_volume_identifier_that_joliet_has_no_room_for_is_noted_and_may_be_given_apart() {
    let volume_id = "CEDAR BACKUP 22-NOV-2026".to_owned();
    let long = Options { volume_id, ..with_joliet() };
    let (plan, bytes) = planned(empty_tree(), long.clone());
    assert_eq!(plan.notes(), [(plan.tree().root(), Note::JolietVolumeId)]);
    assert_eq!(text(&bytes[17 * 2048 + 40..][..32]), "CEDAR BACKUP 22-");
    let (plan, bytes) = planned(empty_tree(), Options { joliet_volume_id: Some("CEDAR 2026-11-22".into()), ..long });
    assert_eq!(plan.notes(), []);
    assert_eq!(text(&bytes[17 * 2048 + 40..][..32]), "CEDAR 2026-11-22");
    let options = Options { joliet_volume_id: Some("x".repeat(17)), ..with_joliet() };
    assert!(refused(empty_tree(), options).starts_with("the Joliet volume identifier "));
}

#[test]
fn with_joliet_both_descriptors_of_the_superblock_have_the_absolute_end() {
    let options =
        Options { start: Lba(128), volume_space: VolumeSpace::SessionLength, align: Sectors(32), ..with_joliet() };
    let (plan, bytes) = planned(empty_tree(), options);
    let superblock = plan.superblock();
    assert_eq!(plan.descriptor_bytes(), 16 * 2048..19 * 2048);
    let space = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at * 2048 + 80..][..4].try_into().unwrap());
    for at in [16, 17] {
        assert_eq!(space(&bytes, at), plan.sectors().0);
        assert_eq!(space(&superblock, at), plan.end().0);
    }
    assert!(superblock[19 * 2048..].iter().all(|&b| b == 0));
}

/// So many directories in the root, with one in each of these.
fn directories(count: usize, parents: std::ops::Range<usize>, children: usize) -> Tree {
    let mut tree = empty_tree();
    for n in 0..count {
        let directory = Kind::Directory(Vec::new());
        let parent = tree.insert(tree.root(), format!("{n:05}").as_bytes(), attributes(0o755), directory).unwrap();
        for below in (0..children).filter(|_| parents.contains(&n)) {
            let directory = Kind::Directory(Vec::new());
            tree.insert(parent, format!("{below:05}").as_bytes(), attributes(0o755), directory).unwrap();
        }
    }
    tree
}

#[test]
fn seventy_thousand_directories_fit_a_path_table_while_their_parents_are_among_the_first() {
    for (tree, fits) in [
        (directories(280, 0..280, 250), true),
        // The root is number 1, the last one number 65,535 or 65,536.
        (directories(65_534, 65_533..65_534, 1), true),
        (directories(65_535, 65_534..65_535, 1), false),
    ] {
        let root = tree.root();
        let plan = Plan::new(tree, options()).unwrap();
        let expected: &[_] = if fits { &[] } else { &[(root, Note::PathTable)] };
        assert_eq!(plan.notes(), expected);
    }
}
