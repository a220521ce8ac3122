//! How a [`Plan`] comes about: files are numbered, attributes settled, directories measured, and then
//! everything gets its address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::field;
use super::hierarchy::{Form, Hierarchy};
use super::plan::{
    AttributePolicy, NAME_LENGTH, NO_SLOT, Note, Options, Plan, PlanError, SYSTEM_AREA, TARGET_LENGTH, Write,
    check_depth, data_order,
};
use super::rock_ridge;
use super::staged;
use super::volume;
use crate::iso::manifest;
use crate::iso::tree::{Attributes, Content, Extent, Inode, Kind, NodeId, Tree, TreePath};
use crate::sector::{Lba, SECTOR_BYTES};

/// Records of one file that Linux reads.
const MOST_EXTENTS: u64 = 100;

impl Plan {
    /// A plan whose files are cut into extents of `piece` bytes, whole sectors.
    pub(super) fn with_pieces(tree: Tree, options: Options, piece: u64) -> Result<Plan, PlanError> {
        check_texts(&options)?;
        let deep = check_depth(&tree)?;
        let mut plan = Plan {
            slots: vec![NO_SLOT; tree.capacity()],
            tree,
            options,
            directories: Vec::new(),
            hierarchies: Vec::new(),
            writes: Vec::new(),
            piece,
            data_start: Lba(0),
            end: Lba(0),
            notes: deep.into_iter().map(|id| (id, Note::Deep)).collect(),
        };
        plan.number_files()?;
        plan.settle_nodes()?;
        plan.size_manifest();
        let data = plan.data_sectors();
        // Before directories are built: a sparse file of exabytes would have a billion records.
        plan.check_total(data)?;
        plan.measure_hierarchies()?;
        plan.address(data)?;
        Ok(plan)
    }

    /// Decides which files are written, in which order, and which names are one file.
    fn number_files(&mut self) -> Result<(), PlanError> {
        let order: Vec<NodeId> = data_order(&self.tree).collect();
        // By inode and size: a file that changed between the scans of two of its names is two files.
        let mut staged: HashMap<(Inode, u64), (u32, u32)> = HashMap::new();
        let mut recorded: HashMap<(Lba, u64), (u32, u32)> = HashMap::new();
        let mut manifest = None;
        for &id in &order {
            let node = self.tree.node(id);
            let Kind::File { size, content } = &node.kind else { continue };
            let new_slot = narrow(self.writes.len());
            let slot = match content {
                Content::Manifest => {
                    if let Some(first) = manifest.replace(id) {
                        let (first, second) = (self.tree.path(first), self.tree.path(id));
                        return Err(PlanError::TwoManifests { first, second });
                    }
                    continue;
                }
                Content::Staged(inode) if node.links > 1 => group(staged.entry((*inode, *size)), new_slot),
                Content::Staged(_) | Content::Bytes(_) => new_slot,
                Content::Recorded(extents) => {
                    self.check_recorded(id, *size, extents)?;
                    match extents.first() {
                        Some(first) if node.links > 1 && *size > 0 => {
                            group(recorded.entry((first.start, *size)), narrow(id.index()))
                        }
                        _ => narrow(id.index()),
                    }
                }
            };
            self.slots[id.index()] = slot;
            if slot == new_slot && !matches!(content, Content::Recorded(_)) {
                self.writes.push(Write { node: id, start: Lba(0), stamp: staged::stamp(&node.attributes) });
            }
        }
        if let Some(id) = manifest {
            self.slots[id.index()] = narrow(self.writes.len());
            self.writes.push(Write { node: id, start: Lba(0), stamp: 0 });
        }
        for id in order {
            let node = self.tree.node_mut(id);
            let (size, counted) = match &node.kind {
                Kind::File { content: Content::Bytes(bytes), .. } => (Some(bytes.len() as u64), None),
                Kind::File { size, content: Content::Staged(inode) } => (None, staged.get(&(*inode, *size))),
                Kind::File { size, content: Content::Recorded(extents) } => {
                    (None, extents.first().and_then(|first| recorded.get(&(first.start, *size))))
                }
                Kind::Directory(_) => continue,
                _ => (None, None),
            };
            node.links = match counted {
                Some(&(_, count)) if node.links > 1 => count,
                _ => 1,
            };
            if let (Some(bytes), Kind::File { size, .. }) = (size, &mut node.kind) {
                *size = bytes;
            }
        }
        Ok(())
    }

    fn check_recorded(&self, id: NodeId, size: u64, extents: &[Extent]) -> Result<(), PlanError> {
        if size == 0 {
            return Ok(());
        }
        let start = self.options.start;
        for extent in extents {
            let end = u64::from(extent.start.0).saturating_add(extent.bytes.div_ceil(SECTOR_BYTES as u64));
            if end > u64::from(start.0) {
                let path = self.tree.path(id);
                return Err(PlanError::RecordedAboveStart { path, at: extent.start, end: end - 1, start });
            }
        }
        let found = extents.iter().fold(0_u64, |sum, extent| sum.saturating_add(extent.bytes));
        if found != size {
            return Err(PlanError::RecordedSize { path: self.tree.path(id), size, found });
        }
        Ok(())
    }

    /// Checks names and targets, and makes every node what the disc will show.
    fn settle_nodes(&mut self) -> Result<(), PlanError> {
        let order: Vec<NodeId> = self.tree.walk().collect();
        for id in order {
            if id != self.tree.root() {
                self.check_name(id)?;
            }
            if matches!(self.tree.node(id).kind, Kind::Directory(_)) {
                let is_directory = |&&c: &&NodeId| matches!(self.tree.node(c).kind, Kind::Directory(_));
                let below = self.tree.children(id).iter().filter(is_directory).count();
                self.tree.node_mut(id).links = narrow(below).saturating_add(2);
                self.slots[id.index()] = narrow(self.directories.len());
                self.directories.push(id);
            }
            if self.options.joliet && !Form::Joliet.shows(&self.tree.node(id).kind) {
                self.notes.push((id, Note::JolietLeftOut));
            }
            let sections = self.sections(id);
            let node = self.tree.node_mut(id);
            let is_directory = matches!(node.kind, Kind::Directory(_));
            if settle_attributes(&mut node.attributes, is_directory, &self.options) {
                self.notes.push((id, Note::TimeClamped));
            }
            if sections > MOST_EXTENTS {
                self.notes.push((id, Note::ManyExtents));
            }
            match &mut node.kind {
                Kind::Symlink(target) => {
                    if let Some(normalised) = rock_ridge::normalised_target(target) {
                        *target = normalised.into();
                        self.notes.push((id, Note::TargetNormalised));
                    }
                    let bytes = target.len();
                    if bytes >= 1024 {
                        self.notes.push((id, Note::LongTarget));
                    }
                    if bytes > TARGET_LENGTH {
                        return Err(PlanError::LinkTooLong { path: self.tree.path(id), bytes });
                    }
                }
                Kind::CharacterDevice(device) | Kind::BlockDevice(device) => {
                    if let Some(recordable) = rock_ridge::recordable_device(*device) {
                        *device = recordable;
                        self.notes.push((id, Note::DeviceNumber));
                    }
                }
                Kind::Directory(_) | Kind::File { .. } | Kind::Fifo | Kind::Socket => (),
            }
        }
        Ok(())
    }

    fn check_name(&mut self, id: NodeId) -> Result<(), PlanError> {
        let name = &*self.tree.node(id).name;
        let is_dots = matches!(name, b"" | b"." | b"..");
        if is_dots || name.len() > NAME_LENGTH || name.iter().any(|&b| b == b'/' || b == 0) {
            return Err(PlanError::Name { path: self.tree.path(id) });
        }
        if name.len() >= 254 {
            self.notes.push((id, Note::LongName));
        }
        Ok(())
    }

    /// How many records a file takes.
    fn sections(&self, id: NodeId) -> u64 {
        match &self.tree.node(id).kind {
            Kind::File { content: Content::Recorded(extents), .. } => {
                extents.iter().map(|extent| extent.bytes.div_ceil(self.piece)).sum()
            }
            Kind::File { size, .. } => size.div_ceil(self.piece),
            _ => 1,
        }
    }

    fn size_manifest(&mut self) {
        let Some(last) = self.writes.last() else { return };
        let id = last.node;
        let line = |path: &TreePath| manifest::line_bytes(path) as u64;
        let carried: u64 = self.options.carried.iter().map(|entry| line(&entry.path)).sum();
        let written: u64 = self.manifest_files().map(|file| line(&self.tree.path(file))).sum();
        if let Kind::File { size, content: Content::Manifest } = &mut self.tree.node_mut(id).kind {
            *size = carried + written;
        }
    }

    fn data_sectors(&self) -> u64 {
        let sectors = |write: &Write| self.size(write.node).div_ceil(SECTOR_BYTES as u64);
        // A sum of more than 2^64 bytes' worth is too large in any case.
        self.writes.iter().fold(0, |sum: u64, write| sum.saturating_add(sectors(write)))
    }

    fn measure_hierarchies(&mut self) -> Result<(), PlanError> {
        self.directories.shrink_to_fit();
        let mut notes = std::mem::take(&mut self.notes);
        let forms = [Form::Primary].into_iter().chain(self.options.joliet.then_some(Form::Joliet));
        for form in forms {
            let mut hierarchy = Hierarchy::new(form, self.directories.len());
            hierarchy.measure(self, &mut notes)?;
            self.hierarchies.push(hierarchy);
        }
        let root = self.tree.root();
        // The parents have the same numbers in all hierarchies but for the order of names.
        if self.hierarchies.iter().any(|hierarchy| hierarchy.exceeds_path_table(self)) {
            notes.push((root, Note::PathTable));
        }
        let is_cut = self.options.volume_id.len() > volume::VOLUME_ID_LENGTH / 2;
        if self.options.joliet && self.options.joliet_volume_id.is_none() && is_cut {
            notes.push((root, Note::JolietVolumeId));
        }
        self.notes = notes;
        Ok(())
    }

    fn check_total(&self, sectors: u64) -> Result<Lba, PlanError> {
        let start = self.options.start;
        let end = u64::from(start.0).saturating_add(sectors);
        u32::try_from(end).map(Lba).map_err(|_| PlanError::TooLarge { start, sectors })
    }

    fn address(&mut self, data: u64) -> Result<(), PlanError> {
        let head = u64::from(SYSTEM_AREA + self.descriptor_count());
        let meta: u64 = self.hierarchies.iter().map(|h| h.table_sectors() + h.directory_sectors()).sum();
        let used = (head + meta).saturating_add(data).saturating_add(self.options.padding.0.into());
        let align = u64::from(self.options.align.0.max(1));
        self.end = self.check_total(used.checked_next_multiple_of(align).unwrap_or(u64::MAX))?;

        // From here on no address can overflow: all are below the end.
        let mut at = self.check_total(head)?;
        for hierarchy in &mut self.hierarchies {
            at = hierarchy.put_tables(at);
        }
        for hierarchy in &mut self.hierarchies {
            at = hierarchy.put_directories(at);
        }
        self.data_start = at;
        for index in 0..self.writes.len() {
            let write = &self.writes[index];
            let extent = Extent { start: at, bytes: self.size(write.node) };
            self.writes[index].start = at;
            at += extent.sectors();
        }
        self.slots.shrink_to_fit();
        self.writes.shrink_to_fit();
        Ok(())
    }
}

/// Counts one more name of a file, and says what the first name said.
fn group<K>(entry: Entry<'_, K, (u32, u32)>, own: u32) -> u32 {
    let (first, count) = entry.or_insert((own, 0));
    *count += 1;
    *first
}

/// Numbers of nodes and of what there is at most one of for each node: a [`NodeId`] has 32 bits.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Makes attributes what the disc will show; says whether a time could not be kept.
fn settle_attributes(attributes: &mut Attributes, is_directory: bool, options: &Options) -> bool {
    if let Some(latest) = options.source_date_epoch {
        attributes.modified = attributes.modified.min(latest);
        attributes.accessed = attributes.modified;
        attributes.changed = attributes.modified;
    }
    let mut is_clamped = false;
    for time in [&mut attributes.modified, &mut attributes.accessed, &mut attributes.changed] {
        is_clamped |= field::is_out_of_range(*time);
        *time = field::representable(*time);
    }
    attributes.mode &= 0o7777;
    if options.attributes == AttributePolicy::Rationalized {
        let executable = is_directory || attributes.mode & 0o111 != 0;
        attributes.mode = if executable { 0o555 } else { 0o444 };
        attributes.uid = 0;
        attributes.gid = 0;
    }
    is_clamped
}

fn check_texts(options: &Options) -> Result<(), PlanError> {
    let none = String::new();
    let joliet_volume_id = options.joliet_volume_id.as_ref().unwrap_or(&none);
    let texts = [
        ("volume identifier", &options.volume_id, volume::VOLUME_ID_LENGTH),
        ("Joliet volume identifier", joliet_volume_id, volume::VOLUME_ID_LENGTH / 2),
        ("publisher", &options.publisher, volume::TEXT_LENGTH),
        ("preparer", &options.preparer, volume::TEXT_LENGTH),
        ("application", &options.application, volume::TEXT_LENGTH),
    ];
    for (field, text, longest) in texts {
        if text.len() > longest || !text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            return Err(PlanError::Text { field, text: text.clone(), longest });
        }
    }
    Ok(())
}
