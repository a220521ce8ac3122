//! A file tree as a disc shows it, wherever it came from.
//!
//! One type serves every stage: [`scan`](super::scan) fills it from a staging directory, the
//! [reader](super::reader) fills it from a disc, a merge is the disc's tree with one directory replaced, the
//! planner gives it addresses, and verification compares two of them. What differs is only where a file's
//! bytes are ([`Content`]).
//!
//! Nodes stand in one vector and name each other by number: a million of them cost little, and a subtree is
//! dropped by unlinking its top. Children are kept sorted by name bytes, so that walks, images and
//! comparisons have one order.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::sector::{Lba, Sectors};

/// Number of a node in its [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Position in tables kept beside the tree: below [`Tree::capacity`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Seconds and nanoseconds since 1970-01-01 UTC; the nanoseconds always count forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp {
    /// Whole seconds, negative before 1970.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// A time on the second.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanoseconds: 0 }
    }
}

/// What `lstat` says of a file beside its type, and a Rock Ridge PX and TF entry can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes {
    /// Permission bits with setuid, setgid and sticky: the low twelve bits of `st_mode`, no type bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last change of the content.
    pub modified: Timestamp,
    /// Last read.
    pub accessed: Timestamp,
    /// Last change of the attributes (`st_ctime`).
    pub changed: Timestamp,
}

/// A device number as its two halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Driver.
    pub major: u32,
    /// Unit.
    pub minor: u32,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory and its children, sorted by name bytes.
    Directory(Vec<NodeId>),
    /// A regular file.
    File {
        /// Size in bytes, as planned: what the disc will show.
        size: u64,
        /// Where the bytes are.
        content: Content,
    },
    /// A symbolic link and its target's bytes.
    Symlink(Box<[u8]>),
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A character device.
    CharacterDevice(Device),
    /// A block device.
    BlockDevice(Device),
}

impl Kind {
    /// The type in a word, for messages.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Directory(_) => "directory",
            Kind::File { .. } => "file",
            Kind::Symlink(_) => "symbolic link",
            Kind::Fifo => "named pipe",
            Kind::Socket => "socket",
            Kind::CharacterDevice(_) => "character device",
            Kind::BlockDevice(_) => "block device",
        }
    }

    /// The type as the `S_IFMT` bits of `st_mode`.
    #[must_use]
    pub fn type_bits(&self) -> u32 {
        match self {
            Kind::Directory(_) => 0o040_000,
            Kind::File { .. } => 0o100_000,
            Kind::Symlink(_) => 0o120_000,
            Kind::Fifo => 0o010_000,
            Kind::Socket => 0o140_000,
            Kind::CharacterDevice(_) => 0o020_000,
            Kind::BlockDevice(_) => 0o060_000,
        }
    }
}

/// Where a regular file's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// From the file system, opened when its turn comes: see [`Tree::staged_path`].
    Staged(Inode),
    /// From memory.
    Bytes(Bytes),
    /// The session's manifest: composed from the digests of the files written before it.
    Manifest,
    /// Already on the disc, in these extents in file order.
    Recorded(Box<[Extent]>),
}

/// Identity of a staged file: names with the same inode are hard links and share one extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inode {
    /// `st_dev`.
    pub device: u64,
    /// `st_ino`.
    pub number: u64,
}

/// A run of sectors that holds a part of a file (ECMA-119 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    /// First sector.
    pub start: Lba,
    /// Bytes of the file in it.
    pub bytes: u64,
}

impl Extent {
    /// Sectors the extent occupies.
    #[must_use]
    pub fn sectors(&self) -> Sectors {
        Sectors::for_bytes(self.bytes).unwrap_or(Sectors(u32::MAX))
    }
}

/// One name in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The name's bytes, without `/`; empty for the root.
    pub name: Box<[u8]>,
    /// The directory it stands in; the root is its own parent.
    pub parent: NodeId,
    /// Mode, owner, times.
    pub attributes: Attributes,
    /// Link count as found in staging or on the disc (for directories: as found, 2 + subdirectories on most
    /// file systems). The planner writes its own.
    pub links: u32,
    /// Type, and what belongs to it.
    pub kind: Kind,
}

/// A directory tree; see the module's text.
#[derive(Clone, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Node>,
    /// Nodes that come from another place than the directory they stand in.
    grafts: HashMap<NodeId, Graft>,
}

/// Where a node comes from, when it is not the same name in what its directory comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Graft {
    /// From this directory of the file system.
    Directory(Arc<Path>),
    /// From the node's own name in a directory of the file system.
    NameIn {
        /// The directory.
        directory: Arc<Path>,
        /// Bytes of its path that lead to the directory that was grafted.
        top: u32,
    },
    /// From nowhere in the file system: made, as a parent is, or there before.
    Made,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for id in self.walk() {
            list.entry(&format_args!("{} {}", self.node(id).kind.word(), self.path(id)));
        }
        list.finish()
    }
}

/// A path inside a tree as bytes, `/` between the names, none at the ends; the root is empty.
/// It prints like a shell would quote it where it isn't plain text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(Vec<u8>);

impl TreePath {
    /// A path from its bytes; leading, trailing and doubled `/` are dropped.
    #[must_use]
    pub fn new(bytes: impl AsRef<[u8]>) -> TreePath {
        let mut path = TreePath::default();
        for name in bytes.as_ref().split(|&b| b == b'/').filter(|n| !n.is_empty()) {
            path.push(name);
        }
        path
    }

    /// Appends one name.
    pub fn push(&mut self, name: &[u8]) {
        if !self.0.is_empty() {
            self.0.push(b'/');
        }
        self.0.extend_from_slice(name);
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The names from the root down.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&b| b == b'/').filter(|n| !n.is_empty())
    }

    /// As a relative path of the file system.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Whether the path is `top` or lies below it.
    #[must_use]
    pub fn is_within(&self, top: &TreePath) -> bool {
        top.0.is_empty() || self.0 == top.0 || (self.0.starts_with(&top.0) && self.0.get(top.0.len()) == Some(&b'/'))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The tree refused a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A name is already taken.
    #[error("{0} is there twice")]
    Duplicate(TreePath),
    /// A path leads through something that is no directory.
    #[error("{0} is not a directory")]
    NotADirectory(TreePath),
    /// More than 2^32 - 1 names.
    #[error("the tree has too many names")]
    TooManyNodes,
}

impl Tree {
    /// An empty tree: a root with these attributes.
    #[must_use]
    pub fn new(root: Attributes) -> Tree {
        let root = Node {
            name: Box::default(),
            parent: NodeId(0),
            attributes: root,
            links: 2,
            kind: Kind::Directory(Vec::new()),
        };
        Tree { nodes: vec![root], grafts: HashMap::new() }
    }

    /// The root directory.
    #[must_use]
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// The node with this number.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node with this number, to change its attributes or content. Names and kinds of directories are
    /// changed through [`insert`](Tree::insert) and [`remove`](Tree::remove) only.
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// An upper bound of every node's [`NodeId::index`], for tables beside the tree.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.nodes.len()
    }

    /// A directory's children in name order; nothing for other kinds.
    #[must_use]
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            Kind::Directory(children) => children,
            _ => &[],
        }
    }

    /// The child of `directory` called `name`.
    #[must_use]
    pub fn child(&self, directory: NodeId, name: &[u8]) -> Option<NodeId> {
        let children = self.children(directory);
        let at = children.binary_search_by(|&c| (*self.node(c).name).cmp(name)).ok()?;
        Some(children[at])
    }

    /// The node at `path`.
    #[must_use]
    pub fn find(&self, path: &TreePath) -> Option<NodeId> {
        path.names().try_fold(self.root(), |at, name| self.child(at, name))
    }

    /// The path of a node from the root.
    #[must_use]
    pub fn path(&self, id: NodeId) -> TreePath {
        let mut names: Vec<&[u8]> = Vec::new();
        let mut at = id;
        while at != self.root() {
            names.push(&self.node(at).name);
            at = self.node(at).parent;
        }
        let mut path = TreePath::default();
        for name in names.iter().rev() {
            path.push(name);
        }
        path
    }

    /// Adds a node below `directory`. Adding in name order is cheap at any width.
    ///
    /// # Errors
    /// When the name is taken, `directory` is none, or the tree is full.
    pub fn insert(
        &mut self,
        directory: NodeId,
        name: &[u8],
        attributes: Attributes,
        kind: Kind,
    ) -> Result<NodeId, TreeError> {
        let id = NodeId(u32::try_from(self.nodes.len()).map_err(|_| TreeError::TooManyNodes)?);
        let children = match &self.node(directory).kind {
            Kind::Directory(children) => children,
            _ => return Err(TreeError::NotADirectory(self.path(directory))),
        };
        let last_is_smaller = children.last().is_none_or(|&c| *self.node(c).name < *name);
        let at = if last_is_smaller {
            children.len()
        } else {
            match children.binary_search_by(|&c| (*self.node(c).name).cmp(name)) {
                Err(at) => at,
                Ok(_) => {
                    let mut path = self.path(directory);
                    path.push(name);
                    return Err(TreeError::Duplicate(path));
                }
            }
        };
        let links = if matches!(kind, Kind::Directory(_)) { 2 } else { 1 };
        self.nodes.push(Node { name: name.into(), parent: directory, attributes, links, kind });
        if let Kind::Directory(children) = &mut self.nodes[directory.index()].kind {
            children.insert(at, id);
        }
        Ok(id)
    }

    /// Takes a directory's children out, for [`append_child`](Tree::append_child) to put them back among new ones: adding to the middle of a wide
    /// directory, name by name, would take the square of its width.
    pub(super) fn take_children(&mut self, directory: NodeId) -> Vec<NodeId> {
        match &mut self.nodes[directory.index()].kind {
            Kind::Directory(children) => std::mem::take(children),
            _ => Vec::new(),
        }
    }

    /// Puts back a child that was taken out: its name is to be larger than all that are there.
    pub(super) fn append_child(&mut self, directory: NodeId, child: NodeId) {
        debug_assert!(self.children(directory).last().is_none_or(|&c| self.node(c).name < self.node(child).name));
        if let Kind::Directory(children) = &mut self.nodes[directory.index()].kind {
            children.push(child);
        }
    }

    /// The directory at `path`, made with `attributes` where it is missing.
    ///
    /// # Errors
    /// When a name on the way is taken by something that is no directory.
    pub fn make_directory(&mut self, path: &TreePath, attributes: Attributes) -> Result<NodeId, TreeError> {
        let mut at = self.root();
        for name in path.names() {
            at = match self.child(at, name) {
                Some(next) if matches!(self.node(next).kind, Kind::Directory(_)) => next,
                Some(next) => return Err(TreeError::NotADirectory(self.path(next))),
                None => self.insert(at, name, attributes, Kind::Directory(Vec::new()))?,
            };
        }
        Ok(at)
    }

    /// Takes a node and all below it out of the tree. The root can't be removed.
    pub fn remove(&mut self, id: NodeId) {
        let parent = self.node(id).parent;
        if let Kind::Directory(children) = &mut self.nodes[parent.index()].kind {
            children.retain(|&c| c != id);
        }
    }

    /// Remembers where a node comes from, for [`staged_path`](Tree::staged_path). The newest word counts.
    pub fn set_graft(&mut self, id: NodeId, graft: Graft) {
        self.grafts.insert(id, graft);
    }

    /// Whether it was said where the node comes from.
    #[must_use]
    pub fn is_graft(&self, id: NodeId) -> bool {
        self.grafts.contains_key(&id)
    }

    /// Where the file of a [`Content::Staged`] node (or a staged directory) stands in the file system. The path may be longer than the kernel
    /// takes in one piece: see [`open_staged`](super::scan::open_staged).
    #[must_use]
    pub fn staged_path(&self, id: NodeId) -> Option<PathBuf> {
        let mut names: Vec<&[u8]> = Vec::new();
        let mut at = id;
        let top = loop {
            match self.grafts.get(&at) {
                Some(Graft::Directory(directory)) => break directory,
                Some(Graft::NameIn { directory, .. }) => {
                    names.push(&self.node(at).name);
                    break directory;
                }
                Some(Graft::Made) => return None,
                None if at == self.root() => return None,
                None => {
                    names.push(&self.node(at).name);
                    at = self.node(at).parent;
                }
            }
        };
        let length: usize = names.iter().map(|name| name.len() + 1).sum();
        let mut path = PathBuf::with_capacity(top.as_os_str().len() + length);
        path.push(top);
        path.extend(names.iter().rev().map(|name| OsStr::from_bytes(name)));
        Some(path)
    }

    /// Appends the bytes of [`staged_path`](Tree::staged_path) without allocating; how many of them lead to the directory that was grafted. None, and
    /// nothing appended, if there is no such path.
    pub(super) fn push_staged_path(&self, id: NodeId, out: &mut Vec<u8>) -> Option<usize> {
        let mut length = 0;
        let mut top = id;
        let (source, grafted) = loop {
            let own = 1 + self.node(top).name.len();
            match self.grafts.get(&top) {
                Some(Graft::Directory(directory)) => break (directory, directory.as_os_str().len()),
                Some(Graft::NameIn { directory, top }) => {
                    length += own;
                    break (directory, *top as usize);
                }
                Some(Graft::Made) => return None,
                None if top == self.root() => return None,
                None => {
                    length += own;
                    top = self.node(top).parent;
                }
            }
        };
        out.extend_from_slice(source.as_os_str().as_bytes());
        let start = out.len();
        let mut end = start + length;
        out.resize(end, b'/');
        let mut at = id;
        while end > start {
            let name = &self.node(at).name;
            out[end - name.len()..end].copy_from_slice(name);
            end -= name.len() + 1;
            at = self.node(at).parent;
        }
        Some(grafted)
    }

    /// Every node, parents before children, siblings in name order, from the root.
    pub fn walk(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.walk_from(self.root())
    }

    /// As [`walk`](Tree::walk), for the node `top` and what is below it.
    pub fn walk_from(&self, top: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut stack = vec![top];
        std::iter::from_fn(move || {
            let id = stack.pop()?;
            stack.extend(self.children(id).iter().rev());
            Some(id)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Kind {
        Kind::File { size: 0, content: Content::Bytes(Bytes::new()) }
    }

    #[test]
    fn children_stand_in_byte_order_however_they_came() {
        let mut tree = Tree::new(Attributes::default());
        for name in [b"b".as_slice(), b"a", b"\xff", b"B", b"aa"] {
            tree.insert(tree.root(), name, Attributes::default(), file()).unwrap();
        }
        let names: Vec<_> = tree.children(tree.root()).iter().map(|&c| tree.node(c).name.to_vec()).collect();
        assert_eq!(names, [b"B".to_vec(), b"a".to_vec(), b"aa".to_vec(), b"b".to_vec(), b"\xff".to_vec()]);
    }

    #[test]
    fn a_name_is_there_once_and_the_refusal_names_it() {
        let mut tree = Tree::new(Attributes::default());
        let day = tree.make_directory(&TreePath::new("2026/11/22"), Attributes::default()).unwrap();
        tree.insert(day, b"x", Attributes::default(), file()).unwrap();
        let refused = tree.insert(day, b"x", Attributes::default(), file()).unwrap_err();
        assert_eq!(refused.to_string(), "/2026/11/22/x is there twice");
    }

    #[test]
    fn a_removed_directory_takes_its_content_along() {
        let mut tree = Tree::new(Attributes::default());
        tree.make_directory(&TreePath::new("a/b/c"), Attributes::default()).unwrap();
        let b = tree.find(&TreePath::new("a/b")).unwrap();
        tree.remove(b);
        assert_eq!(tree.find(&TreePath::new("a/b/c")), None);
        assert_eq!(tree.walk().count(), 2);
    }

    #[test]
    fn staged_files_are_found_below_their_graft() {
        let mut tree = Tree::new(Attributes::default());
        let day = tree.make_directory(&TreePath::new("2026/11/22"), Attributes::default()).unwrap();
        tree.set_graft(day, Graft::Directory(Path::new("/staging/2026/11/22").into()));
        let host = tree.insert(day, b"host", Attributes::default(), Kind::Directory(Vec::new())).unwrap();
        let file = tree.insert(host, b"f", Attributes::default(), file()).unwrap();
        assert_eq!(tree.staged_path(file).unwrap(), Path::new("/staging/2026/11/22/host/f"));
        assert_eq!(tree.staged_path(tree.root()), None);
        for id in [file, host, day] {
            let mut path = b"before ".to_vec();
            assert_eq!(tree.push_staged_path(id, &mut path), Some("/staging/2026/11/22".len()));
            assert_eq!(path[7..], *tree.staged_path(id).unwrap().as_os_str().as_bytes());
        }
        assert_eq!(tree.push_staged_path(tree.root(), &mut Vec::new()), None);
    }

    #[test]
    fn a_node_from_another_place_than_its_directory_is_found_there_and_a_made_one_nowhere() {
        let mut tree = Tree::new(Attributes::default());
        tree.set_graft(tree.root(), Graft::Directory(Path::new("/one").into()));
        let other = tree.insert(tree.root(), b"f", Attributes::default(), file()).unwrap();
        tree.set_graft(other, Graft::NameIn { directory: Path::new("/two/sub").into(), top: 4 });
        let made = tree.insert(tree.root(), b"made", Attributes::default(), Kind::Directory(Vec::new())).unwrap();
        tree.set_graft(made, Graft::Made);
        assert_eq!(tree.staged_path(other).unwrap(), Path::new("/two/sub/f"));
        assert_eq!(tree.staged_path(made), None);
        for (id, expected, top) in [
            (other, &b"before /two/sub/f"[..], Some(4)),
            (made, b"before ", None),
            (tree.root(), b"before /one", Some(4)),
        ] {
            let mut path = b"before ".to_vec();
            assert_eq!(tree.push_staged_path(id, &mut path), top);
            assert_eq!(path, expected);
        }
    }

    #[test]
    fn a_path_lies_within_its_parents_and_not_within_a_name_that_merely_begins_alike() {
        let day = TreePath::new("/2026/11/2/");
        assert!(TreePath::new("2026/11/2/x").is_within(&day));
        assert!(!TreePath::new("2026/11/22").is_within(&day));
        assert!(day.is_within(&TreePath::default()));
    }
}
