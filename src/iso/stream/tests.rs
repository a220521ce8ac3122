use std::fs::{self, File, FileTimes, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::plan::Options;
use super::super::scan;
use super::super::testing::{Image, add, bytes, empty_tree, image, options};
use super::super::tree::Tree;
use super::*;
use crate::iso::manifest::Entry;

const MANIFEST: &str = ".cedarburn/SHA256SUMS";

/// A staging directory and the tree of a session with it, a README and a manifest.
struct Staging {
    top: tempfile::TempDir,
}

impl Staging {
    fn new(files: &[(&str, &[u8])]) -> Staging {
        let top = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = top.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Staging { top }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.top.path().join(name)
    }

    fn tree(&self) -> Tree {
        let mut tree = empty_tree();
        scan::graft(&mut tree, self.top.path(), &TreePath::new("day")).unwrap();
        add(&mut tree, ".cedarburn/README.txt", bytes(b"read me\n"));
        add(&mut tree, MANIFEST, Kind::File { size: 0, content: Content::Manifest });
        tree
    }

    fn plan(&self) -> Plan {
        Plan::new(self.tree(), options()).unwrap()
    }
}

fn digest(content: &[u8]) -> Digest {
    Sha256::digest(content).into()
}

fn entries(text: &[u8]) -> Vec<(String, Digest)> {
    manifest::parse(text).map(|line| line.unwrap()).map(|e: Entry| (e.path.to_string(), e.digest)).collect()
}

#[test]
fn the_stream_yields_the_files_and_a_manifest_that_is_true() {
    let big: Vec<u8> = (0..100_000_u32).map(|n| u8::try_from(n % 253).unwrap()).collect();
    let staging = Staging::new(&[("host/big", &big), ("host/empty", b""), ("a\\b", b"odd")]);
    let plan = staging.plan();
    let (bytes, report) = image(&plan, 32 * 1024);
    assert_eq!(bytes.len() as u64, plan.sectors().bytes());
    assert!(report.damages.is_empty());
    let image = Image { start: Lba(0), bytes: &bytes };
    assert_eq!(image.content("day/host/big"), big);
    let listed = entries(&image.content(MANIFEST));
    let expected = [
        ("/day/a\\\\b".to_owned(), digest(b"odd")),
        ("/day/host/big".to_owned(), digest(&big)),
        ("/day/host/empty".to_owned(), digest(b"")),
        ("/.cedarburn/README.txt".to_owned(), digest(b"read me\n")),
    ];
    assert_eq!(listed, expected);
    let find = |path| plan.tree().find(&TreePath::new(path)).unwrap();
    assert_eq!(report.digests.get(find("day/host/big")), Some(&digest(&big)));
    assert_eq!(report.digests.get(find(MANIFEST)), Some(&digest(&image.content(MANIFEST))));
    assert_eq!(report.digests.get(find("day/host")), None);
}

#[test]
fn two_streams_give_the_same_bytes_in_requests_of_any_size() {
    let names: Vec<String> = (0..100).map(|n| format!("d{}/{}{n}", n % 7, "n".repeat(n * 2))).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], name.as_bytes())).collect();
    let staging = Staging::new(&files);
    let plan = staging.plan();
    let (once, _) = image(&plan, 2048);
    let (again, _) = image(&plan, 3 * 2048 + 5);
    let (anew, _) = image(&staging.plan(), 1 << 20);
    assert!(once == again);
    assert!(once == anew);
}

#[test]
fn hard_links_are_written_once_and_listed_each() {
    let staging = Staging::new(&[("a", &[b'x'; 5000])]);
    fs::hard_link(staging.path("a"), staging.path("b")).unwrap();
    let plan = staging.plan();
    assert_eq!(plan.files().count(), 3);
    let (bytes, report) = image(&plan, 4096);
    let image = Image { start: Lba(0), bytes: &bytes };
    assert_eq!(image.find("day/a").extent, image.find("day/b").extent);
    assert_eq!(image.content("day/b"), [b'x'; 5000]);
    let listed = entries(&image.content(MANIFEST));
    assert_eq!(listed[..2], ["/day/a", "/day/b"].map(|path| (path.to_owned(), digest(&[b'x'; 5000]))));
    let b = plan.tree().find(&TreePath::new("day/b")).unwrap();
    assert_eq!(report.digests.get(b), Some(&digest(&[b'x'; 5000])));
}

#[test]
fn lines_of_older_manifests_are_carried_over() {
    let staging = Staging::new(&[]);
    let older = Entry { digest: [7; 32], path: TreePath::new("2026/11/21/f\nx") };
    let plan = Plan::new(staging.tree(), Options { carried: vec![older.clone()], ..options() }).unwrap();
    let (bytes, _) = image(&plan, 4096);
    let listed = entries(&Image { start: Lba(0), bytes: &bytes }.content(MANIFEST));
    assert_eq!(listed[0], (older.path.to_string(), older.digest));
    assert_eq!(listed.len(), 2);
}

/// Streams a session whose file `day/f` (10,000 bytes of `x`) meets `change` after the plan, or when the
/// first half of it has been read if `midway`. What is on the disc of it, and what is said of it.
fn damaged(midway: bool, change: impl FnOnce(&Path)) -> (Vec<u8>, Option<Change>) {
    let staging = Staging::new(&[("e", b"before"), ("f", &[b'x'; 10_000]), ("g", b"after")]);
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::open(staging.path("f")).unwrap().set_times(FileTimes::new().set_modified(old)).unwrap();
    let plan = staging.plan();
    let node = plan.tree().find(&TreePath::new("day/f")).unwrap();
    let until = if midway { plan.extent(node).unwrap().start + Sectors(2) } else { plan.data_start() };

    let mut out = vec![0xa5; usize::try_from(plan.sectors().bytes()).unwrap()];
    let mut stream = plan.stream();
    let first = usize::try_from((until - plan.start()).bytes()).unwrap();
    assert_eq!(stream.read(&mut out[..first]), first);
    change(&staging.path("f"));
    assert_eq!(stream.read(&mut out[first..]), out.len() - first);
    assert_eq!(stream.read(&mut [0; 2048]), 0);
    let mut report = stream.finish();

    let image = Image { start: Lba(0), bytes: &out };
    assert_eq!(image.content("day/e"), b"before");
    assert_eq!(image.content("day/g"), b"after");
    let content = image.content("day/f");
    assert_eq!(content.len(), 10_000);
    assert_eq!(report.digests.get(node), Some(&digest(&content)), "the digest is of what is on the disc");
    let said = report.damages.pop();
    assert!(report.damages.is_empty());
    let listed = entries(&image.content(MANIFEST));
    assert_eq!(listed[1].0, "/day/f");
    assert_eq!(listed[1].1, if said.is_some() { UNPROVEN } else { digest(&content) });
    assert!(listed.iter().enumerate().all(|(n, (_, digest))| n == 1 || *digest != UNPROVEN));
    assert!(said.as_ref().is_none_or(|damage| damage.path == TreePath::new("day/f") && damage.node == node));
    (content, said.map(|damage| damage.change))
}

fn padded(count: usize) -> Vec<u8> {
    [vec![b'x'; count], vec![0; 10_000 - count]].concat()
}

#[test]
fn a_file_left_alone_has_no_damage() {
    let (content, said) = damaged(true, |_| ());
    assert_eq!(content, padded(10_000));
    assert!(said.is_none());
}

#[test]
fn a_file_that_shrinks_is_padded_with_zeros() {
    for (midway, left) in [(false, 3000), (false, 0), (true, 5000), (true, 100)] {
        let change = |path: &Path| OpenOptions::new().write(true).open(path).unwrap().set_len(left).unwrap();
        let (content, said) = damaged(midway, change);
        let got = if midway { left.max(4096) } else { left };
        assert_eq!(content, padded(usize::try_from(got).unwrap()));
        assert!(matches!(said, Some(Change::Shrank { planned: 10_000, got: g }) if g == got), "{said:?}");
    }
}

#[test]
fn a_file_that_grows_is_cut() {
    for midway in [false, true] {
        let (content, said) = damaged(midway, |path| {
            std::io::Write::write_all(&mut OpenOptions::new().append(true).open(path).unwrap(), b"more").unwrap();
        });
        assert_eq!(content, padded(10_000));
        assert!(matches!(said, Some(Change::Grew { planned: 10_000, found: 10_004 })), "{said:?}");
    }
}

#[test]
fn a_file_that_vanishes_is_zeros() {
    let (content, said) = damaged(false, |path| fs::remove_file(path).unwrap());
    assert_eq!(content, padded(0));
    assert!(matches!(said, Some(Change::Vanished)), "{said:?}");
}

#[test]
fn a_file_removed_while_it_is_read_is_whole_but_not_proven() {
    let (content, said) = damaged(true, |path| fs::remove_file(path).unwrap());
    assert_eq!(content, padded(10_000));
    assert!(matches!(said, Some(Change::ChangedWhileRead)), "{said:?}");
}

#[test]
fn whatever_stands_in_the_place_of_a_file_is_not_read() {
    let replacements: [fn(&Path); 5] = [
        |path| symlink("e", path).unwrap(),
        |path| fs::create_dir(path).unwrap(),
        |path| fs::write(path, [b'y'; 10_000]).unwrap(),
        |path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap(),
        |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
    ];
    for replace in replacements {
        let (content, said) = damaged(false, |path| {
            // Moved, not removed: its inode number must not come back.
            fs::rename(path, path.with_extension("old")).unwrap();
            replace(path);
        });
        assert_eq!(content, padded(0));
        assert!(matches!(said, Some(Change::Replaced)), "{said:?}");
    }
}

#[test]
fn a_file_that_can_no_longer_be_opened_is_zeros() {
    if nix::unistd::geteuid().is_root() {
        return;
    }
    let (content, said) = damaged(false, |path| {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    });
    assert_eq!(content, padded(0));
    assert!(matches!(said, Some(Change::Unreadable(_))), "{said:?}");
}

#[test]
fn a_file_written_to_at_the_same_size_is_told_by_its_times() {
    for midway in [false, true] {
        let (_, said) = damaged(midway, |path| {
            std::io::Write::write_all(&mut OpenOptions::new().write(true).open(path).unwrap(), b"y").unwrap();
        });
        assert!(matches!(said, Some(Change::ChangedWhileRead)), "{said:?}");
    }
}

#[test]
fn damage_to_a_hard_link_is_told_for_each_of_its_names() {
    let staging = Staging::new(&[("a", b"xx")]);
    fs::hard_link(staging.path("a"), staging.path("b")).unwrap();
    let plan = staging.plan();
    fs::remove_file(staging.path("a")).unwrap();
    let (_, report) = image(&plan, 4096);
    let paths: Vec<String> = report.damages.iter().map(|damage| damage.path.to_string()).collect();
    assert_eq!(paths, ["/day/a", "/day/b"]);
}

#[test]
fn a_session_of_any_start_is_the_same_but_for_its_addresses() {
    let staging = Staging::new(&[("a", b"xx")]);
    let plan = Plan::new(staging.tree(), Options { start: Lba(12_000), ..options() }).unwrap();
    let (bytes, _) = image(&plan, 4096);
    let image = Image { start: Lba(12_000), bytes: &bytes };
    assert_eq!(image.content("day/a"), b"xx");
    assert_eq!(plan.sectors(), staging.plan().sectors());
}

#[test]
fn a_stream_can_run_on_a_thread_of_its_own() {
    fn sends<T: Send>(_: &T) {}
    let staging = Staging::new(&[("a", b"xx")]);
    let plan = staging.plan();
    sends(&plan.stream());
    sends(&plan.stream().finish());
}
