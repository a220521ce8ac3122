//! Random trees, in a form that shrinks: a list of entries, each with a pick of its parent among the directories
//! before it. What can't be put there is left out.

use cedarburn::iso::tree::{Attributes, Content, Device, Extent, Kind, NodeId, Timestamp, Tree};
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::disc::Disc;

#[derive(Clone)]
pub(crate) struct Entry {
    /// Which directory; the newest without.
    parent: Option<Index>,
    name: Vec<u8>,
    attributes: Attributes,
    what: Spec,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parent = if self.parent.is_some() { "of any" } else { "of the newest" };
        let a = &self.attributes;
        let times = [a.modified, a.accessed, a.changed].map(|t| (t.seconds, t.nanoseconds));
        write!(
            f,
            "{:?} \"{}\" {parent}, {:o} {}:{} {times:?}",
            self.what,
            self.name.escape_ascii(),
            a.mode,
            a.uid,
            a.gid
        )
    }
}

#[derive(Debug, Clone)]
enum Spec {
    Directory,
    /// A new file of so many bytes.
    File(usize),
    /// One more name for a file of an earlier session, cut into so many extents.
    Recorded(usize, u8),
    Again(Index),
    Symlink(Vec<u8>),
    Fifo,
    Socket,
    Character(u32, u32),
    Block(u32, u32),
}

/// Up to 40 entries.
pub(crate) fn entries() -> impl Strategy<Value = Vec<Entry>> {
    vec(entry(), 0..40)
}

fn entry() -> impl Strategy<Value = Entry> {
    let parent = prop_oneof![1 => Just(None), 3 => any::<Index>().prop_map(Some)];
    (parent, name(), attributes(), spec()).prop_map(|(parent, name, attributes, what)| Entry {
        parent,
        name,
        attributes,
        what,
    })
}

/// Any bytes but `/` and zero, with an eye on what identifiers and NM entries are cut at.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let any_bytes = vec(1..=255_u8, 1..60);
    let long = vec(1..=255_u8, 247..=255);
    let plain = "[a-zA-Z0-9._;\\\\ -]{1,12}".prop_map(String::into_bytes);
    let alike = "[pP]{29,31}[0-9]{0,2}(\\.[tT]xt)?".prop_map(String::into_bytes);
    let text = "\\PC{1,40}".prop_map(|text| text.into_bytes()).prop_filter("long", |name| name.len() <= 255);
    prop_oneof![3 => plain, 1 => any_bytes, 1 => long, 1 => alike, 1 => text].prop_map(|mut name| {
        name.iter_mut().filter(|byte| **byte == b'/').for_each(|byte| *byte = b'_');
        if matches!(&*name, b"." | b"..") { b"dots".to_vec() } else { name }
    })
}

/// 1900 to 2155 and a little beyond, with fractions.
pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![
        4 => -2_208_988_800..=5_869_583_999_i64,
        1 => select(vec![-2_208_988_801, -2_208_988_800, -1, 0, i64::from(i32::MAX), 1 << 31, 5_869_583_999, 5_869_584_000]),
    ];
    (seconds, 0..1_000_000_000_u32).prop_map(|(seconds, nanoseconds)| Timestamp { seconds, nanoseconds })
}

pub(crate) fn attributes() -> impl Strategy<Value = Attributes> {
    (0..=0o7777_u32, any::<[u32; 2]>(), time(), time(), time()).prop_map(
        |(mode, [uid, gid], modified, accessed, changed)| Attributes { mode, uid, gid, modified, accessed, changed },
    )
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![2 => select(vec![0, 1, 2047, 2048, 2049, 4095, 4096, 4097]), 1 => 0..10_000_usize]
}

/// A target as `symlink(2)` takes it: 1 to 4095 bytes without a zero.
fn target() -> impl Strategy<Value = Vec<u8>> {
    let component = prop_oneof![
        2 => vec(1..=255_u8, 1..20),
        1 => vec(1..=255_u8, 230..300),
        1 => select(vec![b".".to_vec(), b"..".to_vec(), b"a".to_vec(), Vec::new()]),
    ];
    let short = vec(component.clone(), 1..6);
    let long = vec(component, 1..60);
    (any::<bool>(), prop_oneof![3 => short, 1 => long]).prop_map(|(is_absolute, components)| {
        let mut target = if is_absolute { b"/".to_vec() } else { Vec::new() };
        target.extend(components.join(&b'/'));
        target.truncate(4095);
        if target.is_empty() { b"x".to_vec() } else { target }
    })
}

/// Numbers as drivers have them; with major 0, which is nobody's, PN can't tell a large minor from a whole
/// `dev_t`: the plan makes another number of it and notes that.
fn device() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![(1..4096_u32, 0..1_048_576_u32), (Just(0_u32), 0..256_u32)]
}

fn spec() -> impl Strategy<Value = Spec> {
    prop_oneof![
        6 => Just(Spec::Directory),
        6 => size().prop_map(Spec::File),
        2 => (size(), 1..4_u8).prop_map(|(size, extents)| Spec::Recorded(size, extents)),
        2 => any::<Index>().prop_map(Spec::Again),
        3 => target().prop_map(Spec::Symlink),
        1 => Just(Spec::Fifo),
        1 => Just(Spec::Socket),
        1 => device().prop_map(|(major, minor)| Spec::Character(major, minor)),
        1 => device().prop_map(|(major, minor)| Spec::Block(major, minor)),
    ]
}

/// Bytes that differ from file to file and from sector to sector.
pub(crate) fn content(seed: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from((seed * 31 + at * 7 + at / SECTOR_BYTES) % 251).unwrap()).collect()
}

/// Puts the entries below a new root and `depth` directories in each other. Files of earlier sessions are written to `disc`, from its end on and below
/// `start`; without room they are new.
pub(crate) fn tree(root: Attributes, depth: usize, entries: &[Entry], disc: &mut Disc, start: Lba) -> Tree {
    let mut tree = Tree::new(root);
    let mut directories = vec![tree.root()];
    for level in 0..depth {
        let name = format!("level {level}");
        let next = tree.insert(directories[level], name.as_bytes(), root, Kind::Directory(Vec::new())).unwrap();
        directories.push(next);
    }
    let mut files: Vec<NodeId> = Vec::new();
    for (seed, entry) in entries.iter().enumerate() {
        let newest = directories[directories.len() - 1];
        let parent = entry.parent.map_or(newest, |pick| *pick.get(&directories));
        if tree.child(parent, &entry.name).is_some() {
            continue;
        }
        let (mut links, mut attributes) = (1, entry.attributes);
        let kind = match &entry.what {
            Spec::Directory => Kind::Directory(Vec::new()),
            Spec::File(size) => new_file(content(seed, *size)),
            Spec::Recorded(size, extents) => {
                recorded(disc, start, &content(seed, *size), *extents).unwrap_or_else(|| new_file(content(seed, *size)))
            }
            Spec::Again(pick) if !files.is_empty() => {
                let file = *pick.get(&files);
                let kind = tree.node(file).kind.clone();
                // Files in memory have no identity, and so no second name.
                if let Kind::File { content: Content::Recorded(_), .. } = kind {
                    tree.node_mut(file).links += 1;
                    links = 2;
                    attributes = tree.node(file).attributes;
                }
                kind
            }
            Spec::Again(_) => continue,
            Spec::Symlink(target) => Kind::Symlink(target.as_slice().into()),
            Spec::Fifo => Kind::Fifo,
            Spec::Socket => Kind::Socket,
            Spec::Character(major, minor) => Kind::CharacterDevice(Device { major: *major, minor: *minor }),
            Spec::Block(major, minor) => Kind::BlockDevice(Device { major: *major, minor: *minor }),
        };
        let is_directory = matches!(kind, Kind::Directory(_));
        let is_file = matches!(kind, Kind::File { .. });
        let node = tree.insert(parent, &entry.name, attributes, kind).unwrap();
        tree.node_mut(node).links = links;
        if is_directory {
            directories.push(node);
        }
        if is_file {
            files.push(node);
        }
    }
    tree
}

fn new_file(content: Vec<u8>) -> Kind {
    Kind::File { size: content.len() as u64, content: Content::Bytes(content.into()) }
}

/// Writes a file to the disc in pieces that don't stand in their order.
fn recorded(disc: &mut Disc, start: Lba, content: &[u8], extents: u8) -> Option<Kind> {
    let sectors = Sectors::for_bytes(content.len() as u64)?;
    if content.is_empty() || disc.end().0 + sectors.0 > start.0 {
        return None;
    }
    let piece = content.len().div_ceil(usize::from(extents)).next_multiple_of(SECTOR_BYTES);
    let pieces: Vec<&[u8]> = content.chunks(piece).collect();
    let mut places = Vec::new();
    for piece in pieces.iter().rev() {
        places.push(Extent { start: disc.end(), bytes: piece.len() as u64 });
        let at = disc.end();
        disc.write(at, piece);
    }
    places.reverse();
    Some(Kind::File { size: content.len() as u64, content: Content::Recorded(places.into()) })
}
