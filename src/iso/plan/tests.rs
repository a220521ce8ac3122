use super::super::testing::{Image, Record, add, attributes, bytes, empty_tree, image, options};
use super::super::tree::{Device, Inode};
use super::*;

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
            tree.node_mut(id).attributes = super::super::tree::Attributes { uid: 7, gid: 8, ..attributes(staged) };
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
    let little = image.at(Lba(18), plan.path_table_bytes as usize).to_vec();
    let big = image.at(Lba(19), plan.path_table_bytes as usize).to_vec();
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
    let plan = Plan::new(tree, options()).unwrap();
    assert_eq!(plan.notes(), [(link, Note::TargetNormalised), (old, Note::TimeClamped)]);
    assert_eq!(plan.tree().node(link).kind, Kind::Symlink((*b"a/b").into()));
    assert_eq!(plan.tree().node(old).attributes.modified, Timestamp::from_seconds(-2_208_988_800));
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
