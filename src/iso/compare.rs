//! Names every difference between the tree that was meant and the tree that was found.

use std::cmp::Ordering;
use std::fmt;

use super::tree::{Device, Kind, Node, NodeId, Timestamp, Tree, TreePath};

/// Mode and owner a node should have on the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// The low twelve bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Permissions {
    /// What the node itself says.
    #[must_use]
    pub fn of(node: &Node) -> Permissions {
        let attributes = node.attributes;
        Permissions { mode: attributes.mode, uid: attributes.uid, gid: attributes.gid }
    }
}

/// What is compared beside names, types, sizes, targets and device numbers.
#[derive(Clone, Copy, Default)]
pub struct Compare<'a> {
    /// Mode and owner to expect for a node of the expected tree; `None`: they are not compared.
    pub permissions: Option<&'a dyn Fn(&Node) -> Permissions>,
    /// Whether the times of last change are compared, in whole seconds. A time before 1900 or after 2155
    /// can't be recorded (ECMA-119 9.1.5), and is expected as the nearest that can.
    pub modified: bool,
}

impl fmt::Debug for Compare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compare")
            .field("permissions", &self.permissions.is_some())
            .field("modified", &self.modified)
            .finish()
    }
}

/// One difference and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path on the disc.
    pub path: TreePath,
    /// What differs there.
    pub what: What,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Expected and not found, with so many names below it.
    Missing {
        /// Names below a missing directory, which aren't named one by one.
        below: usize,
    },
    /// Found and not expected, with so many names below it.
    Extra {
        /// Names below the directory, which aren't named one by one.
        below: usize,
    },
    /// Another type; the words are those of [`Kind::word`].
    Type {
        /// As meant.
        expected: &'static str,
        /// As found.
        found: &'static str,
    },
    /// Another size in bytes.
    Size {
        /// As meant.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// A symbolic link to something else.
    Target {
        /// As meant.
        expected: Box<[u8]>,
        /// As found.
        found: Box<[u8]>,
    },
    /// Another device number.
    Device {
        /// As meant.
        expected: Device,
        /// As found.
        found: Device,
    },
    /// Another mode.
    Mode {
        /// As meant.
        expected: u32,
        /// As found.
        found: u32,
    },
    /// Another owner or group.
    Owner {
        /// As meant: user and group.
        expected: (u32, u32),
        /// As found.
        found: (u32, u32),
    },
    /// Another time of last change.
    Modified {
        /// As meant, in seconds since 1970.
        expected: i64,
        /// As found.
        found: i64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.what {
            What::Missing { below: 0 } => write!(f, "missing on the disc"),
            What::Missing { below } => write!(f, "missing on the disc, with {below} names below it"),
            What::Extra { below: 0 } => write!(f, "on the disc, but not expected"),
            What::Extra { below } => write!(f, "on the disc, but not expected, with {below} names below it"),
            What::Type { expected, found } => write!(f, "a {found} on the disc instead of a {expected}"),
            What::Size { expected, found } => write!(f, "{found} bytes on the disc instead of {expected}"),
            What::Target { expected, found } => {
                let (expected, found) = (expected.escape_ascii(), found.escape_ascii());
                write!(f, "links to \"{found}\" on the disc instead of \"{expected}\"")
            }
            What::Device { expected: e, found: o } => {
                write!(f, "device {}, {} on the disc instead of {}, {}", o.major, o.minor, e.major, e.minor)
            }
            What::Mode { expected, found } => write!(f, "mode {found:04o} on the disc instead of {expected:04o}"),
            What::Owner { expected: e, found: o } => {
                write!(f, "owner {}:{} on the disc instead of {}:{}", o.0, o.1, e.0, e.1)
            }
            What::Modified { expected, found } => {
                write!(f, "last changed at {found} s on the disc instead of {expected} s")
            }
        }
    }
}

/// Compares what is at and below `found_top` with what is at and below `expected_top`, both ways. The names of
/// the tops themselves may differ. Differences come in the order of the paths, parents first.
#[must_use]
pub fn compare(
    expected: &Tree,
    expected_top: NodeId,
    found: &Tree,
    found_top: NodeId,
    policy: Compare<'_>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut add = |path, what| differences.push(Difference { path, what });
    let mut stack = vec![Pair::Both(expected_top, found_top)];
    while let Some(pair) = stack.pop() {
        let (wanted, there) = match pair {
            Pair::Both(wanted, there) => (wanted, there),
            Pair::Missing(parent, id) => {
                let mut path = found.path(parent);
                path.push(&expected.node(id).name);
                add(path, What::Missing { below: expected.walk_from(id).count() - 1 });
                continue;
            }
            Pair::Extra(id) => {
                add(found.path(id), What::Extra { below: found.walk_from(id).count() - 1 });
                continue;
            }
        };
        compare_nodes(expected.node(wanted), found.node(there), policy, |what| add(found.path(there), what));
        let from = stack.len();
        merge(expected, wanted, found, there, &mut stack);
        stack[from..].reverse();
    }
    differences
}

enum Pair {
    Both(NodeId, NodeId),
    /// In the found directory, the expected node.
    Missing(NodeId, NodeId),
    Extra(NodeId),
}

/// Pairs the children of two directories by name; both stand in name order.
fn merge(expected: &Tree, wanted: NodeId, found: &Tree, there: NodeId, pairs: &mut Vec<Pair>) {
    let directories =
        matches!((&expected.node(wanted).kind, &found.node(there).kind), (Kind::Directory(_), Kind::Directory(_)));
    if !directories {
        // The other type is said; what was below, or is, goes with it.
        return;
    }
    let mut left = expected.children(wanted).iter().copied().peekable();
    let mut right = found.children(there).iter().copied().peekable();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(&l), Some(&r)) => expected.node(l).name.cmp(&found.node(r).name),
        };
        match order {
            Ordering::Less => pairs.extend(left.next().map(|l| Pair::Missing(there, l))),
            Ordering::Greater => pairs.extend(right.next().map(Pair::Extra)),
            Ordering::Equal => pairs.extend(left.next().zip(right.next()).map(|(l, r)| Pair::Both(l, r))),
        }
    }
}

fn compare_nodes(expected: &Node, found: &Node, policy: Compare<'_>, mut add: impl FnMut(What)) {
    match (&expected.kind, &found.kind) {
        (Kind::File { size: e, .. }, Kind::File { size: f, .. }) if e != f => {
            add(What::Size { expected: *e, found: *f })
        }
        (Kind::Symlink(e), Kind::Symlink(f)) if e != f => add(What::Target { expected: e.clone(), found: f.clone() }),
        (Kind::CharacterDevice(e), Kind::CharacterDevice(f)) | (Kind::BlockDevice(e), Kind::BlockDevice(f))
            if e != f =>
        {
            add(What::Device { expected: *e, found: *f });
        }
        (e, f) if e.type_bits() != f.type_bits() => {
            add(What::Type { expected: e.word(), found: f.word() });
            return;
        }
        _ => {}
    }
    if let Some(permissions) = policy.permissions {
        let (e, f) = (permissions(expected), Permissions::of(found));
        if e.mode != f.mode {
            add(What::Mode { expected: e.mode, found: f.mode });
        }
        if (e.uid, e.gid) != (f.uid, f.gid) {
            add(What::Owner { expected: (e.uid, e.gid), found: (f.uid, f.gid) });
        }
    }
    if policy.modified {
        let (e, f) = (recordable(expected.attributes.modified), found.attributes.modified.seconds);
        if e != f {
            add(What::Modified { expected: e, found: f });
        }
    }
}

/// The time as seven bytes can say it: 1900-01-01 00:00:00 to 2155-12-31 23:59:59.
fn recordable(time: Timestamp) -> i64 {
    time.seconds.clamp(-2_208_988_800, 5_869_583_999)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::tree::{Attributes, Content};

    fn attributes(mode: u32, seconds: i64) -> Attributes {
        Attributes { mode, modified: Timestamp::from_seconds(seconds), ..Attributes::default() }
    }

    fn file(size: u64) -> Kind {
        Kind::File { size, content: Content::Recorded(Box::default()) }
    }

    fn tree(files: &[(&str, Kind)]) -> Tree {
        let mut tree = Tree::new(Attributes::default());
        for (path, kind) in files {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            let parent = tree.make_directory(&TreePath::new(parent), Attributes::default()).unwrap();
            tree.insert(parent, name.as_bytes(), Attributes::default(), kind.clone()).unwrap();
        }
        tree
    }

    fn lines(expected: &Tree, found: &Tree, policy: Compare<'_>) -> Vec<String> {
        compare(expected, expected.root(), found, found.root(), policy).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_trees_have_no_differences() {
        let tree = tree(&[("a/b", file(1)), ("a/c", Kind::Fifo), ("d", Kind::Symlink(b"x".as_slice().into()))]);
        let policy = Compare { permissions: Some(&Permissions::of), modified: true };
        assert_eq!(lines(&tree, &tree, policy), [""; 0]);
    }

    #[test]
    fn every_difference_is_named_in_the_order_of_the_paths() {
        let link = |to: &str| Kind::Symlink(to.as_bytes().into());
        let device = |minor| Kind::CharacterDevice(Device { major: 4, minor });
        let expected = tree(&[
            ("2026/11/22/host/x", file(1)),
            ("2026/11/22/gone/a", file(1)),
            ("2026/11/22/gone/b", file(1)),
            ("2026/11/22/size", file(10)),
            ("2026/11/22/type", file(0)),
            ("dev", device(64)),
            ("link", link("a b")),
        ]);
        let found = tree(&[
            ("2026/11/22/host/y", file(1)),
            ("2026/11/22/size", file(11)),
            ("2026/11/22/type/new", file(1)),
            ("dev", device(65)),
            ("link", link("a\n")),
            ("other/1", file(1)),
        ]);
        assert_eq!(
            lines(&expected, &found, Compare::default()),
            [
                "/2026/11/22/gone: missing on the disc, with 2 names below it",
                "/2026/11/22/host/x: missing on the disc",
                "/2026/11/22/host/y: on the disc, but not expected",
                "/2026/11/22/size: 11 bytes on the disc instead of 10",
                "/2026/11/22/type: a directory on the disc instead of a file",
                "/dev: device 4, 65 on the disc instead of 4, 64",
                "/link: links to \"a\\n\" on the disc instead of \"a b\"",
                "/other: on the disc, but not expected, with 1 names below it",
            ]
        );
    }

    #[test]
    fn attributes_are_compared_only_on_request_and_with_what_the_policy_expects() {
        let mut expected = tree(&[("f", file(1))]);
        let mut found = expected.clone();
        let id = expected.find(&TreePath::new("f")).unwrap();
        expected.node_mut(id).attributes = attributes(0o640, 5);
        expected.node_mut(id).attributes.uid = 1000;
        found.node_mut(id).attributes = attributes(0o444, 6);
        assert_eq!(lines(&expected, &found, Compare::default()), [""; 0]);
        let rationalized = |_: &Node| Permissions { mode: 0o444, uid: 0, gid: 0 };
        let mut policy = Compare { permissions: Some(&rationalized), modified: false };
        let differences = compare(&expected, id, &found, id, policy);
        assert_eq!(differences, []);
        policy.modified = true;
        assert_eq!(
            lines(&expected, &found, policy).last().unwrap(),
            "/f: last changed at 6 s on the disc instead of 5 s"
        );
        policy = Compare { permissions: Some(&Permissions::of), modified: false };
        assert_eq!(
            compare(&expected, id, &found, id, policy).iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["/f: mode 0444 on the disc instead of 0640", "/f: owner 0:0 on the disc instead of 1000:0"]
        );
    }

    #[test]
    fn a_time_no_disc_can_record_is_expected_as_the_nearest() {
        let mut expected = tree(&[]);
        let mut found = expected.clone();
        expected.node_mut(expected.root()).attributes = attributes(0, i64::MAX);
        found.node_mut(found.root()).attributes = attributes(0, 5_869_583_999);
        assert_eq!(lines(&expected, &found, Compare { modified: true, ..Compare::default() }), [""; 0]);
    }

    #[test]
    fn a_staged_day_is_compared_with_its_place_on_the_disc() {
        let staged = tree(&[("host/x", file(1)), ("host/z", file(1))]);
        let disc = tree(&[("2026/11/22/host/x", file(1)), ("2026/11/21/host/other", file(1))]);
        let day = disc.find(&TreePath::new("2026/11/22")).unwrap();
        let differences = compare(&staged, staged.root(), &disc, day, Compare::default());
        assert_eq!(
            differences.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["/2026/11/22/host/z: missing on the disc"]
        );
    }
}
