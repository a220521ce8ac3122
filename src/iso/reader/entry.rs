//! One directory record with all that belongs to it, whichever dialect the disc speaks.

use super::note::{self, Oddity};
use super::number::Date;
use super::record::Record;
use super::rock_ridge::{self, Fields};
use super::susp::{Area, Continuations, Sharing};
use crate::iso::tree::{Attributes, Device, Extent, Kind};
use crate::sector::{Lba, Sectors};

/// `S_IFMT` and its values, as RRIP 4.1.1 takes them from POSIX.
const TYPE: u32 = 0o170_000;
const SOCKET: u32 = 0o140_000;
const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_000;
const BLOCK: u32 = 0o060_000;
const DIRECTORY: u32 = 0o040_000;
const CHARACTER: u32 = 0o020_000;
const FIFO: u32 = 0o010_000;

/// Modes where none are recorded: everybody reads, nobody writes.
const PLAIN_DIRECTORY_MODE: u32 = 0o555;
const PLAIN_FILE_MODE: u32 = 0o444;

/// Oddities kept for one file in many sections.
const MAX_ODDITIES: usize = 64;

/// How names and attributes are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Plain,
    Joliet,
    RockRidge(Sharing),
}

impl Dialect {
    /// The part of a record that SUSP uses.
    pub(super) fn system_use<'a>(self, record: &Record<'a>) -> &'a [u8] {
        match self {
            Dialect::Plain | Dialect::Joliet => &[],
            // The root's `.` itself has no skipped bytes but those of XA (SUSP 5.3).
            Dialect::RockRidge(sharing) if record.is_self() => {
                let whole = record.system_use();
                match whole.get(sharing.before..) {
                    Some(rest) if rest.starts_with(b"SP") => rest,
                    _ => sharing.area(whole),
                }
            }
            Dialect::RockRidge(sharing) => sharing.area(record.system_use()),
        }
    }
}

/// What a record stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing that is shown.
    Nothing,
    /// A directory; without its length where the record is only its place.
    Directory {
        at: Lba,
        bytes: Option<u32>,
    },
    File(Vec<Extent>),
    Other(Kind),
}

/// A decoded record.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    identifier: &'a [u8],
    pub(super) name: Vec<u8>,
    pub(super) attributes: Attributes,
    pub(super) links: u32,
    pub(super) what: What,
    pub(super) oddities: Vec<Oddity>,
    /// A PX entry was there.
    pub(super) has_posix: bool,
    /// RE: the directory's place is elsewhere.
    pub(super) relocated: bool,
    pub(super) continues_at: Option<Area>,
    more_sections: bool,
}

impl<'a> Found<'a> {
    pub(super) fn decode(dialect: Dialect, continuations: &Continuations, record: Record<'a>) -> Found<'a> {
        let mut oddities = Vec::new();
        let mut continues_at = None;
        let fields = match dialect {
            Dialect::Plain | Dialect::Joliet => Fields::default(),
            Dialect::RockRidge(_) => {
                let chain = continuations.entries(dialect.system_use(&record), &mut oddities);
                continues_at = chain.first_area;
                let fields = rock_ridge::decode(&chain.entries, &mut oddities);
                if fields.posix.is_none() {
                    oddities.push(Oddity::NoPosix);
                }
                fields
            }
        };
        let identifier = record.identifier();
        let name = match &fields.name {
            Some(name) if !name.is_empty() => name.clone(),
            _ if dialect == Dialect::Joliet => super::name::from_joliet(identifier),
            _ => super::name::from_identifier(identifier),
        };
        for (number, which) in [(record.location(), "location"), (record.data_bytes(), "data length")] {
            if !number.agrees {
                oddities.push(Oddity::ByteOrders(which));
            }
        }
        let what = what(&record, &fields, &mut oddities);
        let is_directory = matches!(what, What::Directory { .. });
        Found {
            identifier,
            name,
            attributes: attributes(&record, &fields, is_directory, &mut oddities),
            links: fields.posix.map_or(if is_directory { 2 } else { 1 }, |p| p.links),
            what,
            oddities,
            has_posix: fields.posix.is_some(),
            relocated: fields.relocated,
            continues_at,
            more_sections: record.has_more_sections(),
        }
    }

    /// Whether `next` is the next section of this file (6.5.1): the records stand side by side.
    pub(super) fn continues_with(&self, next: &Found<'_>) -> bool {
        let files = matches!((&self.what, &next.what), (What::File(_), What::File(_)));
        self.more_sections && files && self.identifier == next.identifier
    }

    /// Takes the next section in. The first record's attributes count, as in Linux.
    pub(super) fn append(&mut self, next: Found<'_>) {
        for oddity in next.oddities {
            if self.oddities.len() < MAX_ODDITIES {
                note::once(&mut self.oddities, oddity);
            }
        }
        if let (What::File(extents), What::File(more)) = (&mut self.what, next.what) {
            extents.extend(more);
        }
        self.more_sections = next.more_sections;
    }

    /// Checks what can be checked when all sections are there.
    pub(super) fn finish(&mut self, volume_end: u64) {
        let What::File(extents) = &self.what else { return };
        if self.more_sections {
            self.oddities.push(Oddity::SectionMissing);
        }
        let ends = |e: &Extent| u64::from(e.start.0) + u64::from(e.sectors().0);
        if let Some(beyond) = extents.iter().find(|e| e.bytes > 0 && ends(e) > volume_end) {
            self.oddities.push(Oddity::OutsideVolume { at: beyond.start, bytes: beyond.bytes });
        }
    }
}

fn attributes(record: &Record<'_>, fields: &Fields, is_directory: bool, oddities: &mut Vec<Oddity>) -> Attributes {
    let date = record.date();
    if date == Date::Bad {
        note::once(oddities, Oddity::BadDate);
    }
    let modified = fields.modified.or(date.time()).unwrap_or_default();
    let (mode, uid, gid) = match fields.posix {
        Some(posix) => (posix.mode & 0o7777, posix.uid, posix.gid),
        None if is_directory => (PLAIN_DIRECTORY_MODE, 0, 0),
        None => (PLAIN_FILE_MODE, 0, 0),
    };
    Attributes {
        mode,
        uid,
        gid,
        modified,
        accessed: fields.accessed.unwrap_or(modified),
        // Writers before RRIP 1.12 recorded the change of attributes as creation.
        changed: fields.changed.or(fields.created).unwrap_or(modified),
    }
}

fn what(record: &Record<'_>, fields: &Fields, oddities: &mut Vec<Oddity>) -> What {
    let data_bytes = record.data_bytes().value;
    let at = Lba(record.location().value).checked_add(Sectors(u32::from(record.attribute_sectors())));
    if let Some(child) = fields.child {
        return What::Directory { at: child, bytes: None };
    }
    let at = match at {
        Some(at) => at,
        // Where nothing is recorded the address says nothing: libarchive writes one behind any medium.
        None if data_bytes == 0 => Lba(record.location().value),
        None => {
            oddities.push(Oddity::OutsideVolume { at: Lba(u32::MAX), bytes: u64::from(data_bytes) });
            return What::Nothing;
        }
    };
    let mode = fields.posix.map_or(0, |p| p.mode);
    // The record knows best whether there are records in its extent: sectors of a file read as a directory, or
    // the other way round, serve nobody.
    if record.is_directory() {
        if !matches!(mode & TYPE, 0 | DIRECTORY) {
            oddities.push(Oddity::TypeDiffers { mode });
        }
        return What::Directory { at, bytes: Some(data_bytes) };
    }
    if record.is_associated() {
        oddities.push(Oddity::Associated);
        return What::Nothing;
    }
    let device = |oddities: &mut Vec<Oddity>| {
        if fields.device.is_none() {
            oddities.push(Oddity::NoDevice);
        }
        fields.device.unwrap_or(Device { major: 0, minor: 0 })
    };
    match mode & TYPE {
        LINK => return link(fields, oddities),
        0 if fields.target.is_some() => return link(fields, oddities),
        SOCKET => return What::Other(Kind::Socket),
        FIFO => return What::Other(Kind::Fifo),
        CHARACTER => return What::Other(Kind::CharacterDevice(device(oddities))),
        BLOCK => return What::Other(Kind::BlockDevice(device(oddities))),
        0 | FILE => {}
        _ => oddities.push(Oddity::TypeDiffers { mode }),
    }
    if record.is_interleaved() {
        oddities.push(Oddity::Interleaved);
        return What::Nothing;
    }
    What::File(vec![Extent { start: at, bytes: u64::from(data_bytes) }])
}

fn link(fields: &Fields, oddities: &mut Vec<Oddity>) -> What {
    match &fields.target {
        Some(target) if !target.is_empty() => What::Other(Kind::Symlink(target.as_slice().into())),
        _ => {
            oddities.push(Oddity::BadTarget);
            What::Nothing
        }
    }
}
