//! Every sector of a session decided before the first is written.
//!
//! The plan knows all addresses and sizes and has read nothing but metadata; the [stream](super::stream)
//! follows it forward only. In stream order: system area, volume descriptors, path tables, directories in
//! pre-order each with its continuation areas behind it, file data in tree order, `.cedarburn` after all
//! other data and the manifest last of all, padding. A Joliet hierarchy has its path tables behind those of the
//! primary one, and its directories likewise.
//!
//! Directories below level 8 are not moved (ECMA-119 6.8.2.1): no reader in use minds, and the moved ones
//! would have to be found again at the next session.
//!
//! The plan's [tree](Plan::tree) is the truth about the disc: attributes as the policy has them, times as a
//! date field can say them, link counts counted anew. So it can be compared with what a reader finds.

use std::fmt;

use super::hierarchy::{Form, Hierarchy};
use super::path_table::Order;
use super::volume::{self, Descriptor};
use crate::iso::manifest::Entry;
use crate::iso::tree::{Content, Extent, Kind, NodeId, Timestamp, Tree, TreePath};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// What owner and permissions a disc shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AttributePolicy {
    /// Anyone may read: owner and group 0, all read bits, execute for all where anyone has it, no write bits,
    /// no special bits; directories 0555. What `mkisofs -r` does, and so Cedar Backup.
    #[default]
    Rationalized,
    /// As staged.
    Exact,
}

/// What the session's own descriptor says is the size of the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VolumeSpace {
    /// The end of the session counted from sector 0: kernels since 2026 drop every entry with a continuation
    /// area above it.
    #[default]
    AbsoluteEnd,
    /// The length of the session: how a session chain on overwritable media is followed. What is mounted
    /// there is the [superblock](Plan::superblock), which has the absolute end.
    SessionLength,
}

/// What the session is to be, beside its files.
#[derive(Debug, Clone)]
pub struct Options {
    /// Volume identifier, up to 32 bytes of printable ASCII.
    pub volume_id: String,
    /// Whether there is a Joliet tree beside the primary one: what Windows shows. It has names of up to 64
    /// characters and neither links nor devices; what that costs is said in [notes](Plan::notes).
    pub joliet: bool,
    /// Volume identifier in the Joliet tree, up to 16 bytes of printable ASCII; without it, the first 16 of
    /// [`volume_id`](Options::volume_id).
    pub joliet_volume_id: Option<String>,
    /// First sector of the session; its descriptors are 16 further on.
    pub start: Lba,
    /// When the image was made: the writer reads no clock.
    pub created: Timestamp,
    /// Owner and permissions.
    pub attributes: AttributePolicy,
    /// Volume size in the session's descriptor.
    pub volume_space: VolumeSpace,
    /// Empty sectors after the data, inside the volume: 150 for the run-out of a CD track and for readers
    /// that read ahead.
    pub padding: Sectors,
    /// The session's length is made a multiple of this: 1 on CD, 16 on DVD, 32 on BD and overwritable media.
    pub align: Sectors,
    /// With `SOURCE_DATE_EPOCH`: no file time in the image is later, and access and attribute times, which
    /// merely running this program changes, are written as the modification time.
    pub source_date_epoch: Option<Timestamp>,
    /// Lines of older manifests that this session's manifest repeats.
    pub carried: Vec<Entry>,
    /// Publisher, up to 128 bytes.
    pub publisher: String,
    /// Who prepared the data, up to 128 bytes.
    pub preparer: String,
    /// What wrote the image, up to 128 bytes.
    pub application: String,
}

impl Options {
    /// A first session at sector 0 of a CD, Cedar Backup's attributes.
    #[must_use]
    pub fn new(volume_id: impl Into<String>, created: Timestamp) -> Options {
        Options {
            volume_id: volume_id.into(),
            joliet: false,
            joliet_volume_id: None,
            start: Lba(0),
            created,
            attributes: AttributePolicy::default(),
            volume_space: VolumeSpace::default(),
            padding: Sectors(150),
            align: Sectors(1),
            source_date_epoch: None,
            carried: Vec::new(),
            publisher: String::new(),
            preparer: "CEDARBURN".into(),
            application: concat!("CEDARBURN ", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}

/// The tree can't become a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A text field of the volume descriptor.
    #[error("the {field} {text:?} is not printable ASCII of up to {longest} bytes")]
    Text {
        /// Which.
        field: &'static str,
        /// What it was to be.
        text: String,
        /// How long it may be.
        longest: usize,
    },
    /// Sectors are counted with 32 bits.
    #[error("the session would end {sectors} sectors after sector {start}, beyond what 32 bits can count")]
    TooLarge {
        /// Where it begins.
        start: Lba,
        /// How long it would be.
        sectors: u64,
    },
    /// Readers bound the length of a directory, ours with the others: this is two million names.
    #[error("the directory {path} would take {bytes} bytes of records, {most} is the most")]
    DirectoryTooLarge {
        /// The directory.
        path: TreePath,
        /// Length of its records.
        bytes: u64,
        /// How long they may be.
        most: u64,
    },
    /// A name no file system has, or no kernel reads.
    #[error("{path}: the name is empty, longer than 255 bytes, `.`, `..`, or has a slash or a zero byte")]
    Name {
        /// Where.
        path: TreePath,
    },
    /// Kernels read a page of link target.
    #[error("{path}: the link's target has {bytes} bytes, more than 4095")]
    LinkTooLong {
        /// The link.
        path: TreePath,
        /// Length of its target.
        bytes: usize,
    },
    /// An extent of an earlier session that can't be one.
    #[error("{path}: sectors {at} to {end} are said to be on the disc, but the new session begins at {start}")]
    RecordedAboveStart {
        /// The file.
        path: TreePath,
        /// First sector of the extent.
        at: Lba,
        /// Its last sector.
        end: u64,
        /// Where the new session begins.
        start: Lba,
    },
    /// Extents of an earlier session that are more or less than the file.
    #[error("{path}: the extents on the disc hold {found} bytes, the file has {size}")]
    RecordedSize {
        /// The file.
        path: TreePath,
        /// Its size.
        size: u64,
        /// Sum of the extents.
        found: u64,
    },
    /// Readers bound the depth of what they read, ours with the others.
    #[error("{path} stands {levels} directories deep, {most} is the most")]
    TooDeep {
        /// The directory.
        path: TreePath,
        /// How deep it stands.
        levels: u32,
        /// How deep it may stand.
        most: u32,
    },
    /// A session has one manifest.
    #[error("{first} and {second} are both to be the session's manifest")]
    TwoManifests {
        /// One.
        first: TreePath,
        /// The other.
        second: TreePath,
    },
}

/// Something a disc can't say exactly, or some reader won't show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// Doubled or trailing slashes of a link's target are dropped.
    TargetNormalised,
    /// A time before 1900 or after 2155 became the nearest that can be said.
    TimeClamped,
    /// A device with major number 0 and a minor number above 255: Linux takes the two for an old 16-bit number,
    /// and so is it written.
    DeviceNumber,
    /// A file in more than 100 extents, of about 400 GiB: Linux gives up reading its records.
    ManyExtents,
    /// A name of 254 or 255 bytes: kernels up to 6.x show its first 253.
    LongName,
    /// A link's target of 1024 bytes or more: xorriso 1.5 refuses to load the whole image unless told to make
    /// do, pycdlib and isoinfo stumble over longer ones.
    LongTarget,
    /// The first directory of a branch that stands deeper than level 8, which ECMA-119 6.8.2.1 forbids and
    /// every reader in use takes.
    Deep,
    /// Of the root: there are so many directories that path tables, which number with 16 bits, can't say in
    /// which directory some of them stand. Windows looks directories up there.
    PathTable,
    /// Neither file nor directory: Joliet has no place for it.
    JolietLeftOut,
    /// The name has more than 64 UTF-16 units: Joliet shows the beginning.
    JolietCut,
    /// Joliet shows other characters, because it forbids some of the name's, or a number, because the name
    /// would look like another one.
    JolietAltered,
    /// Of the root: Joliet shows the first 16 characters of the volume identifier.
    JolietVolumeId,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Note::TargetNormalised => "doubled or trailing slashes of the link's target are dropped",
            Note::TimeClamped => "a time of it can't be recorded, the nearest that can be is",
            Note::DeviceNumber => "the device's number can't be recorded",
            Note::ManyExtents => "Linux reads no file of more than 100 extents",
            Note::LongName => "Linux up to 6.1 shows the first 253 bytes of this name",
            Note::LongTarget => "some readers don't take a link with so long a target",
            Note::Deep => "stands deeper than eight levels",
            Note::PathTable => "too many directories for path tables: Windows won't find some of them",
            Note::JolietLeftOut => "is left out of the Joliet tree, which has files and directories only",
            Note::JolietCut => "the name is cut to 64 characters in the Joliet tree",
            Note::JolietAltered => "the name is spelled otherwise in the Joliet tree",
            Note::JolietVolumeId => "the volume identifier is cut to 16 characters in the Joliet tree",
        })
    }
}

/// How deep a directory may stand below the root.
const MOST_LEVELS: u32 = 1000;

/// Deepest level of directories that ECMA-119 6.8.2.1 allows, counted from below the root.
const DEEPEST: u32 = 7;

/// Refuses what could be written and not be read back; gives the first directories that stand too deep for the
/// standard.
pub(super) fn check_depth(tree: &Tree) -> Result<Vec<NodeId>, PlanError> {
    let mut levels = vec![0; tree.capacity()];
    let mut deep = Vec::new();
    for id in tree.walk().skip(1).filter(|&id| matches!(tree.node(id).kind, Kind::Directory(_))) {
        let level = levels[tree.node(id).parent.index()] + 1;
        if level > MOST_LEVELS {
            return Err(PlanError::TooDeep { path: tree.path(id), levels: level, most: MOST_LEVELS });
        }
        levels[id.index()] = level;
        deep.extend((level == DEEPEST + 1).then_some(id));
    }
    Ok(deep)
}

/// Bytes in one extent of a larger file: the most that is whole sectors and fits 32 bits.
pub(super) const PIECE: u64 = u32::MAX as u64 - (SECTOR_BYTES as u64 - 1);

/// Sectors of the system area (ECMA-119 6.2.1).
pub(super) const SYSTEM_AREA: u32 = 16;
/// A node without an entry in the plan's tables.
pub(super) const NO_SLOT: u32 = u32::MAX;

/// A session; see the module's text.
#[derive(Debug)]
pub struct Plan {
    pub(super) tree: Tree,
    pub(super) options: Options,
    /// By node: position in `directories` or in `writes`; for recorded files the number of the node that is
    /// the first name of the file.
    pub(super) slots: Vec<u32>,
    /// In pre-order.
    pub(super) directories: Vec<NodeId>,
    /// The primary one, and the Joliet one where there is one.
    pub(super) hierarchies: Vec<Hierarchy>,
    pub(super) writes: Vec<Write>,
    pub(super) piece: u64,
    pub(super) data_start: Lba,
    pub(super) end: Lba,
    pub(super) notes: Vec<(NodeId, Note)>,
}

/// A file whose bytes the session carries, in stream order.
#[derive(Debug)]
pub(super) struct Write {
    /// The first of its names.
    pub(super) node: NodeId,
    pub(super) start: Lba,
    /// See [`stamp`](super::staged::stamp).
    pub(super) stamp: u64,
}

impl Plan {
    /// Plans a session with these files.
    ///
    /// # Errors
    /// When the tree or the options can't be expressed; see [`PlanError`].
    pub fn new(tree: Tree, options: Options) -> Result<Plan, PlanError> {
        Plan::with_pieces(tree, options, PIECE)
    }

    /// First sector of the session.
    #[must_use]
    pub fn start(&self) -> Lba {
        self.options.start
    }

    /// The sector after the session's last.
    #[must_use]
    pub fn end(&self) -> Lba {
        self.end
    }

    /// Length of the session: what the stream yields.
    #[must_use]
    pub fn sectors(&self) -> Sectors {
        self.end - self.options.start
    }

    /// First sector of file data.
    #[must_use]
    pub fn data_start(&self) -> Lba {
        self.data_start
    }

    /// The tree as the disc will show it.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The session's manifest, if it has one. Without it no file is hashed.
    #[must_use]
    pub fn manifest(&self) -> Option<NodeId> {
        let last = self.writes.last()?.node;
        matches!(self.tree.node(last).kind, Kind::File { content: Content::Manifest, .. }).then_some(last)
    }

    /// What the disc can't say exactly, or some reader won't show.
    #[must_use]
    pub fn notes(&self) -> &[(NodeId, Note)] {
        &self.notes
    }

    /// Where a directory of the primary tree or the data of a file that this session writes stand, as one run however many
    /// records describe it. `None` for recorded and empty files and for what has no data.
    #[must_use]
    pub fn extent(&self, id: NodeId) -> Option<Extent> {
        match &self.tree.node(id).kind {
            Kind::Directory(_) => Some(self.hierarchies.first()?.extent(self.directory_slot(id)?)),
            Kind::File { size, .. } if *size > 0 => {
                Some(Extent { start: self.write_of(id).map(|at| self.writes[at].start)?, bytes: *size })
            }
            _ => None,
        }
    }

    /// The extents that a file's directory records name, at least one; of what has no data, an empty one.
    pub fn extents(&self, id: NodeId) -> impl Iterator<Item = Extent> + '_ {
        let mut recorded: &[Extent] = &[];
        let mut written = None;
        match &self.tree.node(id).kind {
            Kind::File { size, content: Content::Recorded(extents) } if *size > 0 => recorded = extents,
            // Where the extent of an empty file is doesn't matter if it is on the disc.
            _ => written = Some(self.extent(id).unwrap_or(Extent { start: self.options.start, bytes: 0 })),
        }
        let piece = self.piece;
        recorded.iter().copied().chain(written).flat_map(move |extent| pieces(extent, piece))
    }

    /// The files whose data the session writes, in the order it does, hard links once; empty ones too.
    pub fn files(&self) -> impl Iterator<Item = (NodeId, Extent)> + '_ {
        self.writes.iter().map(|w| (w.node, Extent { start: w.start, bytes: self.size(w.node) }))
    }

    /// The file that has data in this sector, of this session or an earlier one.
    #[must_use]
    pub fn file_at(&self, at: Lba) -> Option<NodeId> {
        let holds = |e: &Extent| e.start <= at && at.0 - e.start.0 < e.sectors().0;
        let before = self.writes.partition_point(|w| w.start <= at);
        let written = self.writes[..before].iter().rev().find(|w| self.size(w.node) > 0);
        if let Some(write) = written
            && holds(&Extent { start: write.start, bytes: self.size(write.node) })
        {
            return Some(write.node);
        }
        self.tree.walk().find(|&id| match &self.tree.node(id).kind {
            Kind::File { content: Content::Recorded(extents), .. } => extents.iter().any(holds),
            _ => false,
        })
    }

    /// The tree as the Joliet hierarchy shows it, every file with its extents on the disc; `None` without one.
    /// Of attributes there is the time of last change only.
    #[must_use]
    pub fn joliet_tree(&self) -> Option<Tree> {
        let hierarchy = self.hierarchies.iter().find(|hierarchy| hierarchy.form == Form::Joliet)?;
        Some(hierarchy.shown(self))
    }

    /// What the Joliet tree calls a file or a directory below the root.
    #[must_use]
    pub fn joliet_name(&self, id: NodeId) -> Option<String> {
        let hierarchy = self.hierarchies.iter().find(|hierarchy| hierarchy.form == Form::Joliet)?;
        hierarchy.name_of(self, id)
    }

    /// Sectors 0 to 31 for overwritable media: the session's descriptors where a mount looks for them, the
    /// volume's size counted from sector 0. To be written after all else is on the medium.
    #[must_use]
    pub fn superblock(&self) -> Vec<u8> {
        let mut out = self.descriptors(VolumeSpace::AbsoluteEnd);
        out.resize(32 * SECTOR_BYTES, 0);
        out
    }

    /// Which bytes of the [superblock](Plan::superblock) are volume descriptors.
    #[must_use]
    pub fn descriptor_bytes(&self) -> std::ops::Range<usize> {
        let sector = |number: u32| number as usize * SECTOR_BYTES;
        sector(SYSTEM_AREA)..sector(SYSTEM_AREA + self.descriptor_count())
    }

    /// One for each hierarchy, and the terminator.
    pub(super) fn descriptor_count(&self) -> u32 {
        1 + u32::try_from(self.hierarchies.len()).unwrap_or(u32::MAX)
    }

    /// System area and volume descriptors.
    pub(super) fn descriptors(&self, space: VolumeSpace) -> Vec<u8> {
        let root = self.tree.root();
        let options = &self.options;
        let mut out = vec![0; SYSTEM_AREA as usize * SECTOR_BYTES];
        for hierarchy in &self.hierarchies {
            let volume_id = match (hierarchy.form, &options.joliet_volume_id) {
                (Form::Joliet, Some(volume_id)) => volume_id,
                _ => &options.volume_id,
            };
            let descriptor = Descriptor {
                form: hierarchy.form,
                volume_id: volume_id.as_bytes(),
                space: match space {
                    VolumeSpace::AbsoluteEnd => Sectors(self.end.0),
                    VolumeSpace::SessionLength => self.sectors(),
                },
                path_table_bytes: hierarchy.path_table_bytes,
                l_table: hierarchy.table_at(Order::Little),
                m_table: hierarchy.table_at(Order::Big),
                root: hierarchy.extent(0),
                root_date: self.tree.node(root).attributes.modified,
                publisher: options.publisher.as_bytes(),
                preparer: options.preparer.as_bytes(),
                application: options.application.as_bytes(),
                created: options.created,
            };
            descriptor.put(&mut out);
        }
        volume::put_terminator(&mut out);
        out
    }

    /// Position in `directories` of a directory.
    pub(super) fn directory_slot(&self, id: NodeId) -> Option<usize> {
        self.slot(id).filter(|_| matches!(self.tree.node(id).kind, Kind::Directory(_)))
    }

    fn slot(&self, id: NodeId) -> Option<usize> {
        self.slots.get(id.index()).filter(|&&slot| slot != NO_SLOT).map(|&slot| slot as usize)
    }

    /// Position in `writes` of a file that the session writes.
    pub(super) fn write_of(&self, id: NodeId) -> Option<usize> {
        match &self.tree.node(id).kind {
            Kind::File { content: Content::Recorded(_), .. } => None,
            Kind::File { .. } => self.slot(id),
            _ => None,
        }
    }

    /// The PX serial number: the same for all names of a file and for nothing else.
    pub(super) fn serial(&self, id: NodeId) -> u32 {
        let first = match &self.tree.node(id).kind {
            Kind::File { content: Content::Recorded(_), .. } => self.slot(id),
            Kind::File { .. } => self.write_of(id).map(|at| self.writes[at].node.index()),
            _ => None,
        };
        u32::try_from(first.unwrap_or(id.index()) + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn size(&self, id: NodeId) -> u64 {
        match self.tree.node(id).kind {
            Kind::File { size, .. } => size,
            _ => 0,
        }
    }

    /// The files that get a line in the manifest, in its order.
    pub(super) fn manifest_files(&self) -> impl Iterator<Item = NodeId> + Send + '_ {
        data_order(&self.tree).filter(|&id| {
            let kind = &self.tree.node(id).kind;
            matches!(kind, Kind::File { content: Content::Staged(_) | Content::Bytes(_), .. })
        })
    }
}

/// All nodes but the root in the order of the data: `.cedarburn` last. (The manifest itself goes to the very
/// end, wherever it stands.)
pub(super) fn data_order(tree: &Tree) -> impl Iterator<Item = NodeId> + Send + '_ {
    let last = tree.child(tree.root(), b".cedarburn");
    let others = tree.children(tree.root()).iter().copied().filter(move |&top| Some(top) != last);
    others.chain(last).flat_map(|top| tree.walk_from(top))
}

/// An extent cut so that each part's length fits a record; only the last part may end inside a sector.
fn pieces(extent: Extent, piece: u64) -> impl Iterator<Item = Extent> {
    let mut rest = Some(extent);
    std::iter::from_fn(move || {
        let whole = rest.take()?;
        let bytes = whole.bytes.min(piece);
        let part = Extent { start: whole.start, bytes };
        if bytes < whole.bytes {
            rest = Some(Extent { start: whole.start + part.sectors(), bytes: whole.bytes - bytes });
        }
        Some(part)
    })
}

/// Most bytes of records in a directory.
pub(super) const DIRECTORY_BYTES: u64 = 256 << 20;
/// The longest name.
pub(super) const NAME_LENGTH: usize = 255;
/// The longest link target.
pub(super) const TARGET_LENGTH: usize = 4095;

#[cfg(test)]
mod tests;
