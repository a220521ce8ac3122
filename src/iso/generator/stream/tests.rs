use std::fs::{self, File, FileTimes, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};

use super::super::ahead::Bounds;
use super::super::plan::Options;
use super::*;
use crate::iso::manifest::Entry;
use crate::iso::scan;
use crate::iso::testing::{Image, add, bytes, empty_tree, image, options};
use crate::iso::tree::Tree;

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
    // Both before a file is read, which may change its access time.
    let (plan, other) = (staging.plan(), staging.plan());
    let (once, _) = image(&plan, 2048);
    let (again, _) = image(&plan, 3 * 2048 + 5);
    let (anew, _) = image(&other, 1 << 20);
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

/// Nothing is read before it is asked for: so a test knows what has been.
const NOT_AHEAD: Bounds = Bounds { piece: 4096, pieces: 1, threads: 0 };

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
    let mut stream = Stream::with_bounds(&plan, NOT_AHEAD);
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

#[test]
fn however_much_is_read_ahead_by_however_many_the_session_is_the_same() {
    let sizes = [0, 1, 2047, 2048, 2049, 0, 4095, 4096, 4097, 20_000, 3, 0, 300_000, 5, 131_072, 131_073, 1_500_000, 0];
    let contents: Vec<Vec<u8>> = (0..)
        .zip(sizes)
        .map(|(n, size)| (0..size).map(|at: u32| u8::try_from((at + n) % 251).unwrap()).collect())
        .collect();
    let names: Vec<String> = (0..sizes.len()).map(|n| format!("{n:02}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().zip(&contents).map(|(n, c)| (&n[..], &c[..])).collect();
    let staging = Staging::new(&files);
    let mut tree = staging.tree();
    for between in ["day/01a", "day/01b", "day/12a"] {
        add(&mut tree, between, bytes(b"from memory"));
    }
    let plan = Plan::new(tree, options()).unwrap();
    let find = |path: &str| plan.tree().find(&TreePath::new(path)).unwrap();
    let mut first: Option<Vec<u8>> = None;
    for piece in [2048, 4096, 128 << 10] {
        for pieces in [1, 2, 32] {
            for threads in [0, 1, 4] {
                let mut stream = Stream::with_bounds(&plan, Bounds { piece, pieces, threads });
                let mut out = vec![0xa5; usize::try_from(plan.sectors().bytes()).unwrap()];
                for part in out.chunks_mut(50 * 2048) {
                    assert_eq!(stream.read(part), part.len());
                }
                let report = stream.finish();
                assert!(report.damages.is_empty());
                for (name, content) in &files {
                    let path = format!("day/{name}");
                    assert_eq!(report.digests.get(find(&path)), Some(&digest(content)), "{path}");
                }
                assert!(out == *first.get_or_insert_with(|| out.clone()), "{piece} {pieces} {threads}");
            }
        }
    }
    let image = Image { start: Lba(0), bytes: &first.unwrap() };
    for (name, content) in files {
        assert!(image.content(&format!("day/{name}")) == content, "{name}");
    }
    assert_eq!(image.content("day/12a"), b"from memory");
}

#[test]
fn damage_among_files_that_are_read_ahead_is_told_of_each_in_stream_order() {
    let large = vec![b'x'; 50_000];
    let names: Vec<String> = (0..400).map(|n| format!("{n:03}")).collect();
    let of = |n: usize| if n.is_multiple_of(10) { &large[..] } else { &large[..n] };
    let files: Vec<(&str, &[u8])> = names.iter().enumerate().map(|(n, name)| (&name[..], of(n))).collect();
    let staging = Staging::new(&files);
    for threads in [0, 1, 4] {
        let plan = Plan::new(staging.tree(), options()).unwrap();
        fs::rename(staging.path("007"), staging.path("7")).unwrap();
        fs::rename(staging.path("300"), staging.path("3")).unwrap();
        OpenOptions::new().write(true).open(staging.path("120")).unwrap().set_len(20_000).unwrap();
        let mut stream = Stream::with_bounds(&plan, Bounds { piece: 16 << 10, pieces: 4, threads });
        let mut out = vec![0xa5; usize::try_from(plan.sectors().bytes()).unwrap()];
        assert_eq!(stream.read(&mut out), out.len());
        let report = stream.finish();
        let said: Vec<(String, &Change)> = report.damages.iter().map(|d| (d.path.to_string(), &d.change)).collect();
        assert!(
            matches!(
                &said[..],
                [(a, Change::Vanished), (b, Change::Shrank { planned: 50_000, got: 20_000 }), (c, Change::Vanished)]
                    if a == "/day/007" && b == "/day/120" && c == "/day/300"
            ),
            "{said:?}"
        );
        let image = Image { start: Lba(0), bytes: &out };
        let content = image.content("day/120");
        assert!(content[..20_000] == large[..20_000] && content[20_000..] == [0; 30_000]);
        assert_eq!(report.digests.get(report.damages[1].node), Some(&digest(&content)));
        assert!(image.content("day/121") == large[..121]);
        fs::rename(staging.path("7"), staging.path("007")).unwrap();
        fs::rename(staging.path("3"), staging.path("300")).unwrap();
        fs::write(staging.path("120"), &large).unwrap();
    }
}

#[test]
fn an_empty_file_is_looked_at_too() {
    type Case = (fn(&Path), fn(&Change) -> bool);
    let changes: [Case; 4] = [
        (|path| fs::remove_file(path).unwrap(), |change| matches!(change, Change::Vanished)),
        (|path| fs::write(path, b"12").unwrap(), |change| matches!(change, Change::Grew { planned: 0, found: 2 })),
        (
            |path| {
                fs::rename(path, path.with_extension("old")).unwrap();
                symlink("elsewhere", path).unwrap();
            },
            |change| matches!(change, Change::Replaced),
        ),
        (
            |path| File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap(),
            |change| matches!(change, Change::ChangedWhileRead),
        ),
    ];
    for (change, expected) in changes {
        let staging = Staging::new(&[("e", b"")]);
        let plan = staging.plan();
        change(&staging.path("e"));
        let (_, report) = image(&plan, 4096);
        assert!(expected(&report.damages[0].change), "{:?}", report.damages);
        assert_eq!(report.damages.len(), 1);
    }
}

#[test]
fn files_deeper_than_the_longest_path_are_read() {
    let staging = Staging::new(&[]);
    let name = "n".repeat(255);
    let mut above = File::open(staging.top.path()).unwrap();
    for _ in 0..20 {
        mkdirat(&above, &name[..], Mode::S_IRWXU).unwrap();
        above = openat(&above, &name[..], OFlag::O_DIRECTORY, Mode::empty()).unwrap().into();
    }
    for (name, content) in [("empty", vec![]), ("large", vec![b'x'; 1_000_000]), ("small", b"deep".to_vec())] {
        let file = openat(&above, name, OFlag::O_CREAT | OFlag::O_WRONLY, Mode::S_IRUSR).unwrap();
        std::io::Write::write_all(&mut File::from(file), &content).unwrap();
    }
    let (bytes, report) = image(&staging.plan(), 4096);
    assert!(report.damages.is_empty(), "{:?}", report.damages);
    let image = Image { start: Lba(0), bytes: &bytes };
    let deep = format!("day/{}", vec![name; 20].join("/"));
    assert_eq!(image.content(&format!("{deep}/small")), b"deep");
    assert!(image.content(&format!("{deep}/large")) == [b'x'; 1_000_000]);
    assert_eq!(image.content(&format!("{deep}/empty")), b"");
}

#[test]
fn a_session_without_a_manifest_has_no_digests_and_tells_damage_all_the_same() {
    let staging = Staging::new(&[("a", b"xx"), ("b", b"yy")]);
    let mut tree = empty_tree();
    scan::graft(&mut tree, staging.top.path(), &TreePath::new("day")).unwrap();
    let plan = Plan::new(tree, options()).unwrap();
    assert_eq!(plan.manifest(), None);
    fs::remove_file(staging.path("b")).unwrap();
    let (bytes, report) = image(&plan, 4096);
    assert_eq!(Image { start: Lba(0), bytes: &bytes }.content("day/a"), b"xx");
    assert!(plan.tree().walk().all(|node| report.digests.get(node).is_none()));
    assert!(matches!(report.damages[..], [Damage { change: Change::Vanished, .. }]));
}

#[test]
fn a_stream_that_is_dropped_half_way_leaves_no_file_open() {
    let large = vec![b'x'; 3_000_000];
    let staging = Staging::new(&[("a", &large), ("b", &large), ("c", b"c"), ("d", &large)]);
    let top = fs::canonicalize(staging.top.path()).unwrap();
    let open = || {
        let links = fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
        links.filter(|target| target.starts_with(&top)).count()
    };
    let plan = staging.plan();
    for sectors in [100, 1000, 1600, 3500] {
        let mut stream = Stream::with_bounds(&plan, Bounds { piece: 64 << 10, pieces: 16, threads: 3 });
        let mut out = vec![0; sectors * 2048];
        assert_eq!(stream.read(&mut out), out.len());
        drop(stream);
        assert_eq!(open(), 0, "after {sectors} sectors");
    }
}
