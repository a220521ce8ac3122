//! The blocks of one directory: its records (ECMA-119 6.8) and behind them its continuation areas.
//!
//! The plan builds each directory to learn its size, the stream builds it again with the addresses known.
//! No size depends on an address, so both agree.

use super::continuation::{Continuations, Entries, put_er, put_sp};
use super::hierarchy::{Form, Hierarchy};
use super::names::Names;
use super::plan::Plan;
use super::record::{self, DIRECTORY, DirectoryRecord, MULTI_EXTENT};
use super::rock_ridge;
use crate::iso::tree::{Extent, NodeId, Timestamp};
use crate::sector::{Lba, SECTOR_BYTES};

/// Builds directories one after the other in the same buffers.
#[derive(Default)]
pub(super) struct Builder {
    /// The children under their identifiers.
    pub(super) names: Names,
    records: Vec<u8>,
    continuations: Continuations,
    entries: Entries,
    system_use: Vec<u8>,
    pieces: Vec<Extent>,
}

impl Builder {
    /// Builds the directory at `index` of the plan's list as `hierarchy` has it.
    pub(super) fn build(&mut self, plan: &Plan, hierarchy: &Hierarchy, index: usize) {
        let tree = plan.tree();
        self.records.clear();
        self.continuations.bytes.clear();
        self.continuations.start = hierarchy.continuations(index);

        let id = plan.directories[index];
        self.put_dot(plan, hierarchy, id, record::SELF);
        self.put_dot(plan, hierarchy, tree.node(id).parent, record::PARENT);

        self.names.assign(hierarchy.form, hierarchy.children(plan, id));
        let names = std::mem::take(&mut self.names);
        for named in names.list() {
            let child = named.node;
            let identifier = names.identifier(named);
            let node = tree.node(child);
            self.entries.clear();
            if hierarchy.form == Form::Primary {
                rock_ridge::push_node(&mut self.entries, node, plan.serial(child));
            }
            let date = node.attributes.modified;
            if let Some(below) = plan.directory_slot(child) {
                self.put(hierarchy.extent(below), DIRECTORY, date, identifier);
                continue;
            }
            // Every record of a file with several extents carries the entries: Linux takes attributes from
            // the first and the name from the last.
            let mut pieces = std::mem::take(&mut self.pieces);
            pieces.clear();
            pieces.extend(plan.extents(child));
            for (n, piece) in pieces.iter().enumerate() {
                let flags = if n + 1 < pieces.len() { MULTI_EXTENT } else { 0 };
                self.put(*piece, flags, date, identifier);
            }
            self.pieces = pieces;
        }
        self.names = names;
        for part in [&mut self.records, &mut self.continuations.bytes] {
            part.resize(part.len().next_multiple_of(SECTOR_BYTES), 0);
        }
    }

    /// The records, whole blocks.
    pub(super) fn records(&self) -> &[u8] {
        &self.records
    }

    /// The continuation areas, whole blocks.
    pub(super) fn continuations(&self) -> &[u8] {
        &self.continuations.bytes
    }

    /// `.` or `..`. Linux takes a directory's attributes from its `.`, others from its record in the parent.
    fn put_dot(&mut self, plan: &Plan, hierarchy: &Hierarchy, id: NodeId, identifier: &[u8]) {
        let node = plan.tree().node(id);
        self.entries.clear();
        if hierarchy.form == Form::Primary {
            let announces = id == plan.tree().root() && identifier == record::SELF;
            if announces {
                self.entries.push(put_sp);
            }
            rock_ridge::push_attributes(&mut self.entries, node, plan.serial(id));
            if announces {
                self.entries.push(put_er);
            }
        }
        // Every directory of the tree has a slot.
        let extent = plan.directory_slot(id).map_or(Extent { start: Lba(0), bytes: 0 }, |at| hierarchy.extent(at));
        self.put(extent, DIRECTORY, node.attributes.modified, identifier);
    }

    fn put(&mut self, extent: Extent, flags: u8, date: Timestamp, identifier: &[u8]) {
        self.system_use.clear();
        let room = record::LONGEST - record::system_use_position(identifier);
        self.entries.place(room, &mut self.system_use, &mut self.continuations);
        let record = DirectoryRecord {
            extent: extent.start,
            bytes: u32::try_from(extent.bytes).unwrap_or(u32::MAX),
            date,
            flags,
            identifier,
            system_use: &self.system_use,
        };
        let used = self.records.len() % SECTOR_BYTES;
        if used + record.length() > SECTOR_BYTES {
            // A record never crosses a block border (6.8.1.1).
            self.records.resize(self.records.len().next_multiple_of(SECTOR_BYTES), 0);
        }
        record.put(&mut self.records);
    }
}
