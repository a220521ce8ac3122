//! What a tree shows, path by path, in a form that two readers and the generator can be asked for.

use std::collections::BTreeMap;

use cedarburn::iso::tree::{Content, Device, Extent, Kind, Timestamp, Tree};

use crate::disc::Disc;

/// All that a disc can say of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) what: What,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) links: u64,
    /// Modified, accessed, changed.
    pub(crate) times: [Timestamp; 3],
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum What {
    Directory,
    File(Vec<u8>),
    Symlink(Vec<u8>),
    Fifo,
    Socket,
    CharacterDevice(Device),
    BlockDevice(Device),
}

impl std::fmt::Debug for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::File(content) => write!(f, "file of {} bytes", content.len()),
            What::Symlink(target) => {
                write!(f, "link to {} bytes {:?}", target.len(), target.escape_ascii().to_string())
            }
            What::CharacterDevice(device) | What::BlockDevice(device) => write!(f, "{device:?}"),
            What::Directory => write!(f, "directory"),
            What::Fifo => write!(f, "fifo"),
            What::Socket => write!(f, "socket"),
        }
    }
}

/// By path, the root as the empty one.
pub(crate) type Listing = BTreeMap<Vec<u8>, Shown>;

/// What `tree` shows, file contents by `content`.
pub(crate) fn listing(tree: &Tree, mut content: impl FnMut(&[u8], &Content) -> Vec<u8>) -> Listing {
    let shown = |id| {
        let node = tree.node(id);
        let path = tree.path(id).as_bytes().to_vec();
        let what = match &node.kind {
            Kind::Directory(_) => What::Directory,
            Kind::File { size, content: place } => {
                let bytes = content(&path, place);
                assert_eq!(bytes.len() as u64, *size, "{}", path.escape_ascii());
                What::File(bytes)
            }
            Kind::Symlink(target) => What::Symlink(target.to_vec()),
            Kind::Fifo => What::Fifo,
            Kind::Socket => What::Socket,
            Kind::CharacterDevice(device) => What::CharacterDevice(*device),
            Kind::BlockDevice(device) => What::BlockDevice(*device),
        };
        let attributes = node.attributes;
        let shown = Shown {
            what,
            mode: attributes.mode,
            owner: (attributes.uid, attributes.gid),
            links: node.links.into(),
            times: [attributes.modified, attributes.accessed, attributes.changed],
        };
        (path, shown)
    };
    tree.walk().map(shown).collect()
}

/// What a tree that was read from `disc` shows.
pub(crate) fn on_disc(tree: &Tree, disc: &Disc) -> Listing {
    listing(tree, |_, content| match content {
        Content::Recorded(extents) => recorded(disc, extents),
        other => panic!("{other:?} was read from a disc"),
    })
}

pub(crate) fn recorded(disc: &Disc, extents: &[Extent]) -> Vec<u8> {
    extents.iter().flat_map(|extent| disc.bytes(extent.start, extent.bytes)).copied().collect()
}

/// Every difference, by path; none when both show the same.
pub(crate) fn differences(expected: &Listing, found: &Listing) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, want) in expected {
        match found.get(path) {
            None => lines.push(format!("/{}: missing, {:?}", path.escape_ascii(), want.what)),
            Some(have) if have != want => lines.push(format!("/{}: {have:?} instead of {want:?}", path.escape_ascii())),
            Some(_) => {}
        }
    }
    let extra = found.keys().filter(|path| !expected.contains_key(*path));
    lines.extend(extra.map(|path| format!("/{}: extra", path.escape_ascii())));
    lines
}
