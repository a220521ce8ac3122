use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::super::testing::{attributes, empty_tree};
use super::*;

fn scanned(at: &str, fill: impl FnOnce(&Path)) -> (tempfile::TempDir, Tree, ScanReport) {
    let top = tempfile::tempdir().unwrap();
    fill(top.path());
    let mut tree = empty_tree();
    let report = graft(&mut tree, top.path(), &TreePath::new(at)).unwrap();
    (top, tree, report)
}

fn words(tree: &Tree) -> Vec<String> {
    tree.walk().map(|id| format!("{} {}", tree.node(id).kind.word(), tree.path(id))).collect()
}

#[test]
fn everything_is_taken_as_it_is_in_name_order() {
    let (top, tree, report) = scanned("2026/11/22", |top| {
        fs::create_dir_all(top.join("host/empty")).unwrap();
        fs::write(top.join("host/b"), "content").unwrap();
        fs::write(top.join("host/a"), "").unwrap();
        fs::write(top.join(OsStr::from_bytes(b"\xff")), "x").unwrap();
        mkfifo(&top.join("pipe"), Mode::from_bits_truncate(0o600)).unwrap();
        symlink("/nowhere", top.join("link")).unwrap();
    });
    let expected = [
        "directory /",
        "directory /2026",
        "directory /2026/11",
        "directory /2026/11/22",
        "directory /2026/11/22/host",
        "file /2026/11/22/host/a",
        "file /2026/11/22/host/b",
        "directory /2026/11/22/host/empty",
        "symbolic link /2026/11/22/link",
        "named pipe /2026/11/22/pipe",
        "file /2026/11/22/\\xff",
    ];
    assert_eq!(words(&tree), expected);
    let counted = ScanReport { files: 3, directories: 2, others: 2, bytes: 8, ..ScanReport::default() };
    assert_eq!(report, counted);
    let link = tree.find(&TreePath::new("2026/11/22/link")).unwrap();
    assert_eq!(tree.node(link).kind, Kind::Symlink((*b"/nowhere").into()));
    let b = tree.find(&TreePath::new("2026/11/22/host/b")).unwrap();
    assert_eq!(tree.staged_path(b).unwrap(), top.path().join("host/b"));
}

#[test]
fn attributes_come_from_lstat_and_made_parents_have_the_time_of_the_top() {
    let (top, tree, _) = scanned("a/b", |top| {
        fs::set_permissions(top, fs::Permissions::from_mode(0o750)).unwrap();
        fs::write(top.join("f"), "").unwrap();
        fs::set_permissions(top.join("f"), fs::Permissions::from_mode(0o4751)).unwrap();
    });
    let node = |path| tree.node(tree.find(&TreePath::new(path)).unwrap());
    let metadata = fs::symlink_metadata(top.path().join("f")).unwrap();
    assert_eq!(node("a/b/f").attributes.mode, 0o4751);
    assert_eq!(node("a/b/f").attributes.modified.seconds, metadata.mtime());
    assert_eq!(node("a/b").attributes.mode, 0o750);
    let parent = node("a").attributes;
    assert_eq!((parent.mode, parent.uid, parent.gid), (0o755, 0, 0));
    assert_eq!([parent.accessed, parent.changed], [node("a/b").attributes.modified; 2]);
}

#[test]
fn hard_links_have_one_inode_and_their_count() {
    let (_top, tree, _) = scanned("", |top| {
        fs::write(top.join("a"), "x").unwrap();
        fs::hard_link(top.join("a"), top.join("b")).unwrap();
    });
    let node = |path| tree.node(tree.find(&TreePath::new(path)).unwrap());
    assert_eq!(node("a").kind, node("b").kind);
    assert_eq!((node("a").links, node("b").links), (2, 2));
}

#[test]
fn a_top_that_is_a_link_or_no_directory_or_missing_is_refused_by_name() {
    let top = tempfile::tempdir().unwrap();
    symlink(top.path(), top.path().join("link")).unwrap();
    fs::write(top.path().join("file"), "").unwrap();
    let refusal = |name: &str| {
        let path = top.path().join(name);
        let error = graft(&mut empty_tree(), &path, &TreePath::default()).unwrap_err();
        error.to_string().replace(&*path.to_string_lossy(), "TOP")
    };
    assert_eq!(refusal("link"), "TOP is a symbolic link, not a directory");
    assert_eq!(refusal("file"), "TOP is not a directory");
    assert_eq!(refusal("missing"), "TOP can't be looked at");
}

#[test]
fn a_file_that_may_not_be_read_is_an_error_that_names_it() {
    if nix::unistd::geteuid().is_root() {
        return;
    }
    let top = tempfile::tempdir().unwrap();
    let file = top.path().join("secret");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    let error = graft(&mut empty_tree(), top.path(), &TreePath::default()).unwrap_err();
    assert_eq!(error.to_string(), format!("{} can't be opened for reading", file.display()));
}

#[test]
fn two_files_for_one_place_are_refused_and_both_are_named() {
    let (top, mut tree, _) = scanned("day", |top| fs::write(top.join("f"), "").unwrap());
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("f")).unwrap();
    let again = graft(&mut tree, other.path(), &TreePath::new("day")).unwrap_err();
    let (first, second) = (top.path().join("f"), other.path().join("f"));
    assert_eq!(again.to_string(), format!("/day/f can't be both {} and {}", first.display(), second.display()));

    let mut tree = empty_tree();
    tree.insert(tree.root(), b"f", attributes(0o644), Kind::Fifo).unwrap();
    let taken = graft(&mut tree, top.path(), &TreePath::default()).unwrap_err();
    assert!(matches!(taken, ScanError::Tree(TreeError::Duplicate(path)) if path == TreePath::new("f")));
}

#[test]
fn directories_merge_and_every_file_is_found_where_it_comes_from() {
    let (first, mut tree, _) = scanned("", |top| {
        fs::create_dir_all(top.join("sub/deep")).unwrap();
        fs::set_permissions(top.join("sub"), fs::Permissions::from_mode(0o711)).unwrap();
        fs::write(top.join("sub/a"), "").unwrap();
        fs::write(top.join("sub/deep/c"), "").unwrap();
    });
    let second = tempfile::tempdir().unwrap();
    fs::create_dir_all(second.path().join("sub/deep")).unwrap();
    fs::create_dir_all(second.path().join("sub/new/below")).unwrap();
    fs::write(second.path().join("sub/b"), "").unwrap();
    fs::write(second.path().join("sub/deep/d"), "").unwrap();
    fs::write(second.path().join("sub/new/below/e"), "").unwrap();
    graft(&mut tree, second.path(), &TreePath::default()).unwrap();
    for (path, top) in [
        ("sub/a", &first),
        ("sub/b", &second),
        ("sub/deep/c", &first),
        ("sub/deep/d", &second),
        ("sub/new/below/e", &second),
    ] {
        let node = tree.find(&TreePath::new(path)).unwrap();
        assert_eq!(tree.staged_path(node).unwrap(), top.path().join(path));
    }
    let sub = tree.find(&TreePath::new("sub")).unwrap();
    assert_eq!(tree.node(sub).attributes.mode, 0o711, "of the directory that came first");
}

#[test]
fn names_of_several_sources_stand_in_one_order_however_they_lie_between_each_other() {
    let mut tree = empty_tree();
    let tops = [["a", "d", "e", "i"], ["b", "c", "h", "j"], ["0", "f", "g", "z"]].map(|names| {
        let top = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(top.path().join(name), "").unwrap();
        }
        fs::create_dir(top.path().join("everywhere")).unwrap();
        graft(&mut tree, top.path(), &TreePath::default()).unwrap();
        top
    });
    let names: Vec<_> =
        tree.children(tree.root()).iter().map(|&id| tree.node(id).name.escape_ascii().to_string()).collect();
    assert_eq!(names, ["0", "a", "b", "c", "d", "e", "everywhere", "f", "g", "h", "i", "j", "z"]);
    let h = tree.find(&TreePath::new("h")).unwrap();
    assert_eq!(tree.staged_path(h).unwrap(), tops[1].path().join("h"));
}

#[test]
fn a_refused_merge_loses_no_name_of_the_tree() {
    let (_first, mut tree, _) = scanned("", |top| {
        for name in ["b", "m", "z"] {
            fs::write(top.join(name), "").unwrap();
        }
    });
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("m"), "").unwrap();
    let before = words(&tree);
    assert!(graft(&mut tree, other.path(), &TreePath::default()).is_err());
    assert_eq!(words(&tree), before);
}

#[test]
fn a_scan_ends_when_it_is_told_to_in_the_middle_of_a_directory_too() {
    let top = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::write(top.path().join(name), "").unwrap();
    }
    let mut tree = empty_tree();
    let is_over = std::cell::Cell::new(false);
    let looked = |found: &Found<'_>| {
        is_over.set(found.name == b"b");
        false
    };
    let error = graft_without(&mut tree, top.path(), &TreePath::default(), &looked, &|| is_over.get()).unwrap_err();
    assert!(matches!(error, ScanError::Stopped));
    assert_eq!(words(&tree), ["directory /", "file /a", "file /b"]);
}

#[test]
fn a_directory_that_was_only_made_becomes_what_is_found_at_its_place() {
    let (inner, mut tree, _) = scanned("a/b", |top| fs::write(top.join("f"), "").unwrap());
    let outer = tempfile::tempdir().unwrap();
    fs::create_dir(outer.path().join("a")).unwrap();
    fs::set_permissions(outer.path().join("a"), fs::Permissions::from_mode(0o711)).unwrap();
    fs::write(outer.path().join("a/g"), "").unwrap();
    graft(&mut tree, outer.path(), &TreePath::default()).unwrap();
    let find = |path| tree.find(&TreePath::new(path)).unwrap();
    assert_eq!(tree.node(find("a")).attributes.mode, 0o711);
    assert_eq!(tree.staged_path(find("a/b/f")).unwrap(), inner.path().join("f"));
    assert_eq!(tree.staged_path(find("a/g")).unwrap(), outer.path().join("a/g"));
}

#[test]
fn what_is_not_wanted_is_left_out_and_told() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("f"), "").unwrap();
    fs::write(top.path().join("g"), "").unwrap();
    let mut tree = empty_tree();
    let report =
        graft_without(&mut tree, top.path(), &TreePath::default(), &|found| found.name == b"f", &|| false).unwrap();
    assert_eq!(words(&tree), ["directory /", "file /g"]);
    assert_eq!(report.left_out, [top.path().join("f")]);
}

/// Grafts `source`, and does this when the scan has looked at the name.
fn graft_while(tree: &mut Tree, source: &Path, name: &[u8], happening: impl Fn()) -> ScanReport {
    let looked = |found: &Found<'_>| {
        if found.name == name {
            happening();
        }
        false
    };
    graft_without(tree, source, &TreePath::default(), &looked, &|| false).unwrap()
}

#[test]
fn a_name_that_is_gone_when_it_is_looked_at_is_told_and_the_others_are_taken() {
    let top = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::write(top.path().join(name), "x").unwrap();
    }
    symlink("a", top.path().join("link")).unwrap();
    let mut tree = empty_tree();
    let report = graft_while(&mut tree, top.path(), b"a", || fs::remove_file(top.path().join("b")).unwrap());
    assert_eq!(words(&tree), ["directory /", "file /a", "file /c", "symbolic link /link"]);
    let counted = ScanReport { files: 2, others: 1, bytes: 2, ..ScanReport::default() };
    assert_eq!(report, ScanReport { vanished: vec![top.path().join("b")], ..counted });

    let mut tree = empty_tree();
    let report = graft_while(&mut tree, top.path(), b"link", || fs::remove_file(top.path().join("link")).unwrap());
    assert_eq!((report.others, report.vanished), (0, vec![top.path().join("link")]), "gone before it was read");
}

#[test]
fn a_directory_that_is_gone_or_another_when_it_is_opened_is_told_and_not_taken() {
    for other in ["", "directory", "link", "file"] {
        let top = tempfile::tempdir().unwrap();
        let sub = top.path().join("sub");
        fs::create_dir(&sub).unwrap();
        fs::write(top.path().join("z"), "").unwrap();
        let mut tree = empty_tree();
        let report = graft_while(&mut tree, top.path(), b"sub", || {
            // Renamed, not removed: its inode number is not free for another.
            fs::rename(&sub, top.path().join("sub elsewhere")).unwrap();
            match other {
                "directory" => fs::create_dir(&sub).unwrap(),
                "link" => symlink("sub elsewhere", &sub).unwrap(),
                "file" => fs::write(&sub, "").unwrap(),
                _ => (),
            }
        });
        assert_eq!(words(&tree), ["directory /", "file /z"], "{other}");
        assert_eq!((report.files, report.directories, report.vanished), (1, 0, vec![sub]), "{other}");
    }
}

#[test]
fn a_directory_that_vanishes_leaves_what_other_sources_put_in_its_place() {
    for is_made in [true, false] {
        let (inner, mut tree, _) =
            scanned(if is_made { "y/x" } else { "y" }, |top| fs::write(top.join("f"), "").unwrap());
        let y = tree.find(&TreePath::new("y")).unwrap();
        let (before, shown) = (words(&tree), tree.node(y).clone());
        let outer = tempfile::tempdir().unwrap();
        let vanishing = outer.path().join("y");
        fs::create_dir(&vanishing).unwrap();
        fs::set_permissions(&vanishing, fs::Permissions::from_mode(0o711)).unwrap();
        let report = graft_while(&mut tree, outer.path(), b"y", || fs::remove_dir(&vanishing).unwrap());
        assert_eq!((report.directories, report.vanished), (0, vec![vanishing]));
        assert_eq!(words(&tree), before);
        assert_eq!(*tree.node(y), shown, "of the directory that is there");
        let f = *tree.walk().collect::<Vec<_>>().last().unwrap();
        assert_eq!(tree.staged_path(f).unwrap(), inner.path().join("f"));
    }
}

#[test]
fn a_tree_deeper_than_the_longest_path_is_taken_and_its_files_can_be_opened() {
    use std::io::Write as _;
    let top = tempfile::tempdir().unwrap();
    let name = "n".repeat(255);
    let mut at = std::fs::File::open(top.path()).unwrap();
    for _ in 0..40 {
        nix::sys::stat::mkdirat(&at, name.as_str(), Mode::S_IRWXU).unwrap();
        at = openat(&at, name.as_str(), OFlag::O_RDONLY, Mode::empty()).unwrap().into();
    }
    let file = openat(&at, "f", OFlag::O_CREAT | OFlag::O_WRONLY, Mode::S_IRUSR).unwrap();
    std::fs::File::from(file).write_all(b"at the bottom").unwrap();
    let mut tree = empty_tree();
    let report = graft(&mut tree, top.path(), &TreePath::default()).unwrap();
    assert_eq!((report.files, report.directories), (1, 40));
    let bottom = tree.walk().last().unwrap();
    let path = tree.staged_path(bottom).unwrap();
    assert!(path.as_os_str().len() > 10_000);
    let content = io::read_to_string(open_staged(&path, OFlag::O_RDONLY).unwrap()).unwrap();
    assert_eq!(content, "at the bottom");
}

#[test]
fn links_are_followed_on_the_way_to_a_graft_and_never_below_it() {
    if !can_refuse_links() {
        return;
    }
    let desk = tempfile::tempdir().unwrap();
    let at = |name: &str| desk.path().join(name);
    fs::create_dir_all(at("real/top/sub")).unwrap();
    fs::write(at("real/top/sub/f"), "x").unwrap();
    symlink("real", at("link")).unwrap();
    symlink("sub", at("real/top/swapped")).unwrap();
    let top = at("link/top").as_os_str().len();
    let opened = |name: &str| open_below(&at(name), top, OFlag::O_RDONLY).map(drop).map_err(|e| e.raw_os_error());
    assert_eq!(opened("link/top/sub/f"), Ok(()));
    assert_eq!(opened("link/top//sub/f"), Ok(()));
    assert_eq!(opened("link/top"), Ok(()));
    assert_eq!(opened("link/top/"), Ok(()));
    assert_eq!(opened("link/top/swapped/f"), Err(Some(Errno::ELOOP as i32)));
}

#[test]
fn a_directory_inside_another_graft_is_found_at_its_own_place() {
    let (_outer, mut tree, _) = scanned("", |top| fs::write(top.join("f"), "").unwrap());
    let inner = tempfile::tempdir().unwrap();
    fs::write(inner.path().join("g"), "").unwrap();
    graft(&mut tree, inner.path(), &TreePath::new("sub")).unwrap();
    let g = tree.find(&TreePath::new("sub/g")).unwrap();
    assert_eq!(tree.staged_path(g).unwrap(), inner.path().join("g"));
}
