//! A tree of directories as the disc has it (ECMA-119 6.8): the primary one, which carries Rock Ridge, and on
//! request a second one for Windows, Joliet.
//!
//! Every directory is in both and has one number in both; each hierarchy has its own identifiers, its own
//! sectors for the records and its own path tables. The extents of the files are shared.
//!
//! Joliet has no place for what isn't a file or a directory, and no owner, mode or link count. What it leaves
//! out or spells otherwise is noted by the plan. Nothing bounds its depth: the paths beyond 240 characters
//! that its specification forbids are read by Linux and 7-Zip, and every peer writes them.

use super::directory::Builder;
use super::names::{Named, Names};
use super::path_table::{self, Order};
use super::plan::{DIRECTORY_BYTES, Note, Plan, PlanError};
use super::record;
use crate::iso::tree::{Attributes, Content, Extent, Kind, NodeId, Tree};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// How a hierarchy writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Identifiers of interchange level 3, all else in system use entries.
    Primary,
    /// Identifiers in UCS-2, big-endian, nothing else.
    Joliet,
}

impl Form {
    /// Whether a node stands in the hierarchy.
    pub(super) fn shows(self, kind: &Kind) -> bool {
        match self {
            Form::Primary => true,
            Form::Joliet => matches!(kind, Kind::Directory(_) | Kind::File { .. }),
        }
    }

    /// An identifier as the name that a reader shows.
    fn name(self, identifier: &[u8]) -> Vec<u8> {
        match self {
            Form::Primary => identifier.to_vec(),
            Form::Joliet => {
                let units = identifier.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
                let text: String =
                    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
                text.into_bytes()
            }
        }
    }
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Hierarchy {
    pub(super) form: Form,
    /// By number of the directory.
    places: Vec<Place>,
    /// Identifiers of the directories, one after the other.
    identifiers: Vec<u8>,
    pub(super) path_table_bytes: u32,
    path_tables: Lba,
}

/// Where a directory is and what it is called.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: Lba,
    records: Sectors,
    continuations: Sectors,
    identifier_at: u32,
    identifier_length: u8,
}

impl Hierarchy {
    /// With so many directories, all nowhere yet.
    pub(super) fn new(form: Form, directories: usize) -> Hierarchy {
        let place = Place {
            start: Lba(0),
            records: Sectors(0),
            continuations: Sectors(0),
            identifier_at: 0,
            identifier_length: 0,
        };
        let places = vec![place; directories];
        Hierarchy { form, places, identifiers: Vec::new(), path_table_bytes: 0, path_tables: Lba(0) }
    }

    /// Builds each directory to learn its size and the identifiers of those below it.
    pub(super) fn measure(&mut self, plan: &Plan, notes: &mut Vec<(NodeId, Note)>) -> Result<(), PlanError> {
        let mut builder = Builder::default();
        self.name(0, record::SELF);
        let mut table_bytes = 0;
        for index in 0..self.places.len() {
            builder.build(plan, self, index);
            let sectors = |part: &[u8]| Sectors::for_bytes(part.len() as u64).unwrap_or(Sectors(u32::MAX));
            let records = builder.records().len() as u64;
            if records > DIRECTORY_BYTES {
                let path = plan.tree.path(plan.directories[index]);
                return Err(PlanError::DirectoryTooLarge { path, bytes: records, most: DIRECTORY_BYTES });
            }
            let place = &mut self.places[index];
            place.records = sectors(builder.records());
            place.continuations = sectors(builder.continuations());
            table_bytes += path_table::record_length(place.identifier_length.into()) as u64;
            for named in builder.names.list() {
                if let Some(below) = plan.directory_slot(named.node) {
                    self.name(below, builder.names.identifier(named));
                }
                self.note(named, notes);
            }
        }
        // 2^32 / 40 directories don't fit a tree's memory before this saturates.
        self.path_table_bytes = u32::try_from(table_bytes).unwrap_or(u32::MAX);
        self.identifiers.shrink_to_fit();
        Ok(())
    }

    /// What a reader calls a node below the root.
    pub(super) fn name_of(&self, plan: &Plan, id: NodeId) -> Option<String> {
        let mut names = Names::default();
        names.assign(self.form, self.children(plan, plan.tree.node(id).parent));
        let named = names.list().iter().find(|named| named.node == id)?;
        Some(String::from_utf8_lossy(&self.form.name(names.identifier(named))).into_owned())
    }

    /// The identifiers of the primary tree are nobody's names.
    fn note(&self, named: &Named, notes: &mut Vec<(NodeId, Note)>) {
        if self.form == Form::Joliet {
            notes.extend(named.is_cut.then_some((named.node, Note::JolietCut)));
            notes.extend(named.is_altered.then_some((named.node, Note::JolietAltered)));
        }
    }

    fn name(&mut self, index: usize, identifier: &[u8]) {
        let place = &mut self.places[index];
        // As many bytes would take a hundred million directories.
        place.identifier_at = u32::try_from(self.identifiers.len()).unwrap_or(u32::MAX);
        place.identifier_length = u8::try_from(identifier.len()).unwrap_or(u8::MAX);
        self.identifiers.extend_from_slice(identifier);
    }

    fn identifier(&self, index: usize) -> &[u8] {
        let place = &self.places[index];
        let at = place.identifier_at as usize;
        &self.identifiers[at..at + usize::from(place.identifier_length)]
    }

    /// Sectors of both path tables, which are all there is of them: no copies.
    pub(super) fn table_sectors(&self) -> u64 {
        2 * u64::from(self.one_table().0)
    }

    fn one_table(&self) -> Sectors {
        Sectors::for_bytes(self.path_table_bytes.into()).unwrap_or_default()
    }

    /// Sectors of the directories with their continuation areas.
    pub(super) fn directory_sectors(&self) -> u64 {
        self.places.iter().map(|place| u64::from(place.records.0) + u64::from(place.continuations.0)).sum()
    }

    /// Puts the path tables at `at`, and says what follows them. The caller has checked that addresses suffice.
    pub(super) fn put_tables(&mut self, at: Lba) -> Lba {
        self.path_tables = at;
        at + self.one_table() + self.one_table()
    }

    /// Puts the directories at `at`, and says what follows them. The caller has checked that addresses suffice.
    pub(super) fn put_directories(&mut self, mut at: Lba) -> Lba {
        for place in &mut self.places {
            place.start = at;
            at = at + place.records + place.continuations;
        }
        at
    }

    /// Where a path table stands.
    pub(super) fn table_at(&self, order: Order) -> Lba {
        match order {
            Order::Little => self.path_tables,
            Order::Big => self.path_tables + self.one_table(),
        }
    }

    /// The records of a directory.
    pub(super) fn extent(&self, index: usize) -> Extent {
        let place = &self.places[index];
        Extent { start: place.start, bytes: place.records.bytes() }
    }

    /// Where a directory's continuation areas begin.
    pub(super) fn continuations(&self, index: usize) -> Lba {
        self.places[index].start + self.places[index].records
    }

    /// A path table as whole sectors.
    pub(super) fn path_table(&self, plan: &Plan, order: Order) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.path_table_bytes as usize + SECTOR_BYTES);
        self.in_path_order(plan, |index, parent| {
            path_table::put_record(&mut out, order, self.identifier(index), self.places[index].start, parent);
        });
        out.resize(out.len().next_multiple_of(SECTOR_BYTES), 0);
        out
    }

    /// The tree as a reader of this hierarchy's identifiers sees it, every file with its extents on the disc.
    pub(super) fn shown(&self, plan: &Plan) -> Tree {
        let attributes = |id: NodeId| {
            let modified = plan.tree.node(id).attributes.modified;
            Attributes { modified, accessed: modified, changed: modified, ..Attributes::default() }
        };
        let mut tree = Tree::new(attributes(plan.tree.root()));
        // By number of the directory; parents come before children.
        let mut shown = vec![tree.root(); plan.directories.len()];
        let mut names = Names::default();
        for (index, &id) in plan.directories.iter().enumerate() {
            names.assign(self.form, self.children(plan, id));
            for named in names.list() {
                let node = plan.tree.node(named.node);
                let kind = match &node.kind {
                    Kind::Directory(_) => Kind::Directory(Vec::new()),
                    Kind::File { size, .. } => {
                        let extents = plan.extents(named.node).filter(|extent| extent.bytes > 0).collect();
                        Kind::File { size: *size, content: Content::Recorded(extents) }
                    }
                    other => other.clone(),
                };
                let name = self.form.name(names.identifier(named));
                // Identifiers are unique.
                let Ok(child) = tree.insert(shown[index], &name, attributes(named.node), kind) else { continue };
                if let Some(below) = plan.directory_slot(named.node) {
                    shown[below] = child;
                }
            }
        }
        tree
    }

    /// The children of a directory that the hierarchy shows: node, name, is it a directory.
    pub(super) fn children<'a>(
        &self,
        plan: &'a Plan,
        directory: NodeId,
    ) -> impl Iterator<Item = (NodeId, &'a [u8], bool)> + use<'a> {
        let form = self.form;
        let children = plan.tree.children(directory).iter().map(|&child| (child, plan.tree.node(child)));
        let shown = children.filter(move |(_, node)| form.shows(&node.kind));
        shown.map(|(child, node)| (child, &*node.name, matches!(node.kind, Kind::Directory(_))))
    }

    /// Whether a directory has subdirectories and a number that a path table can't say.
    pub(super) fn exceeds_path_table(&self, plan: &Plan) -> bool {
        let mut largest = 0;
        if self.places.len() > usize::from(u16::MAX) {
            self.in_path_order(plan, |_, parent| largest = largest.max(parent));
        }
        largest > usize::from(u16::MAX)
    }

    /// Every directory by level, then parent, then identifier (ECMA-119 6.9.1), with the number of its parent.
    fn in_path_order(&self, plan: &Plan, mut visit: impl FnMut(usize, usize)) {
        // (position in `places`, number of the parent in the table)
        let mut table = vec![(0, 1)];
        let mut below: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some(&(index, parent)) = table.get(at) {
            visit(index, parent);
            at += 1;
            let children = plan.tree.children(plan.directories[index]);
            below.extend(children.iter().filter_map(|&child| plan.directory_slot(child)));
            below.sort_unstable_by_key(|&child| self.identifier(child));
            table.extend(below.drain(..).map(|child| (child, at)));
        }
    }
}
