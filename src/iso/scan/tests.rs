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
    let counted = ScanReport { files: 3, directories: 2, others: 2, bytes: 8, vanished: Vec::new() };
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
fn staging_twice_at_one_place_is_refused_and_a_name_already_there_too() {
    let (top, mut tree, _) = scanned("day", |top| fs::write(top.join("f"), "").unwrap());
    let again = graft(&mut tree, top.path(), &TreePath::new("day")).unwrap_err();
    assert_eq!(again.to_string(), "/day is staged already");

    let mut tree = empty_tree();
    tree.insert(tree.root(), b"f", attributes(0o644), Kind::Fifo).unwrap();
    let taken = graft(&mut tree, top.path(), &TreePath::default()).unwrap_err();
    assert!(matches!(taken, ScanError::Tree(TreeError::Duplicate(path)) if path == TreePath::new("f")));
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
