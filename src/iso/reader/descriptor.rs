//! Volume descriptors (ECMA-119 8): from the start of a session to the root of its tree.
//!
//! A descriptor behind the primary one that can't be read may be the one that leads to the Joliet tree. The volume is opened without it, so
//! that what is left can be looked at and saved, and remembers it: every tree read from the volume says so as a
//! [loss](super::Oddity::is_loss), which nobody carries on.

use super::ReadError;
use super::number::{both_u16, both_u32, byte, long_date};
use super::record::Record;
use crate::iso::source::SectorSource;
use crate::iso::tree::{Extent, Timestamp};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// The system area before the descriptors (6.2.1).
const SYSTEM_AREA: Sectors = Sectors(16);
/// Linux looks as far.
const MAX_DESCRIPTORS: u32 = 84;
/// Descriptors that can't be read before the rest of the set is given up: on a drive each costs seconds. Writers put two to four there.
const MAX_UNREADABLE: u32 = 4;

/// A session's volume: what its descriptors say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// First sector of the session: the descriptors begin 16 sectors further on.
    pub session_start: Lba,
    /// Volume space size as recorded. For an appended session some writers record the absolute end, others
    /// the length of the session; see [`end`](Volume::end).
    pub volume_space: Sectors,
    /// The root directory as the primary descriptor names it.
    pub root: Extent,
    /// When the volume was made, if it says so.
    pub created: Option<Timestamp>,
    identifier: Box<[u8]>,
    joliet: Option<Extent>,
    unreadable: Option<Unreadable>,
}

/// Descriptors that couldn't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// The first of them.
    pub(super) at: Lba,
    /// What the source said.
    pub(super) cause: Box<str>,
}

impl Volume {
    /// Reads the descriptors of the session that begins at `session_start`.
    ///
    /// # Errors
    /// [`ReadError::NotAVolume`] when something else stands there; when the primary descriptor or one before it can't be
    /// read; when the volume has logical blocks of another size.
    pub fn open(source: &mut dyn SectorSource, session_start: Lba) -> Result<Volume, ReadError> {
        let not_a_volume = ReadError::NotAVolume { at: session_start };
        let Some(first) = session_start.checked_add(SYSTEM_AREA) else { return Err(not_a_volume) };
        let mut volume: Option<Volume> = None;
        let mut joliet = None;
        let mut unreadable: Option<Unreadable> = None;
        let mut unreadable_count = 0;
        for at in (first.0..=u32::MAX).take(MAX_DESCRIPTORS as usize).map(Lba) {
            let mut sector = [0; SECTOR_BYTES];
            match source.read(at, &mut sector) {
                Ok(()) => {}
                Err(error) => {
                    let Some(volume) = &volume else { return Err(ReadError::Descriptor { source: error }) };
                    // Without a terminator the set ends where the volume does. The root is inside, whatever its size says.
                    if u64::from(at.0) >= volume.end() && at >= volume.root.start {
                        break;
                    }
                    unreadable.get_or_insert_with(|| Unreadable { at, cause: error.cause.to_string().into() });
                    unreadable_count += 1;
                    if unreadable_count == MAX_UNREADABLE {
                        break;
                    }
                    continue;
                }
            }
            let Some(descriptor) = Descriptor::new(&sector) else { break };
            match descriptor.kind() {
                // The first one counts (8.1: any further ones are copies).
                Kind::Primary if volume.is_none() => volume = Some(descriptor.volume(session_start)?),
                Kind::Joliet if joliet.is_none() => joliet = descriptor.root(),
                Kind::Terminator => break,
                Kind::Primary | Kind::Joliet | Kind::Other => {}
            }
        }
        let mut volume = volume.ok_or(not_a_volume)?;
        volume.joliet = joliet;
        volume.unreadable = unreadable;
        Ok(volume)
    }

    /// The volume identifier's bytes without the spaces it is padded with.
    #[must_use]
    pub fn volume_id(&self) -> Vec<u8> {
        self.identifier.to_vec()
    }

    /// The volume identifier as text, for people.
    #[must_use]
    pub fn label(&self) -> String {
        String::from_utf8_lossy(&self.identifier).into_owned()
    }

    /// Whether there is a Joliet tree beside the primary one.
    #[must_use]
    pub fn has_joliet(&self) -> bool {
        self.joliet.is_some()
    }

    /// The sector behind the volume by the larger reading of its size: `session_start + volume_space`. It counts
    /// in 64 bits since a broken descriptor may say anything.
    #[must_use]
    pub fn end(&self) -> u64 {
        u64::from(self.session_start.0) + u64::from(self.volume_space.0)
    }

    /// The descriptors that may lead to more than is known, as they couldn't be read.
    pub(super) fn unreadable(&self) -> Option<&Unreadable> {
        self.unreadable.as_ref()
    }

    pub(super) fn joliet_root(&self) -> Option<Extent> {
        self.joliet
    }
}

enum Kind {
    Primary,
    Joliet,
    Terminator,
    Other,
}

/// One descriptor: a sector that carries the standard identifier (8.1.2).
struct Descriptor<'a>(&'a [u8; SECTOR_BYTES]);

impl<'a> Descriptor<'a> {
    fn new(sector: &'a [u8; SECTOR_BYTES]) -> Option<Descriptor<'a>> {
        (&sector[1..6] == b"CD001").then_some(Descriptor(sector))
    }

    fn kind(&self) -> Kind {
        match self.0[0] {
            1 => Kind::Primary,
            // The escape sequences of UCS-2 levels 1 to 3 make a supplementary descriptor Joliet.
            2 if matches!(self.0[88..91], [b'%', b'/', b'@' | b'C' | b'E']) => Kind::Joliet,
            255 => Kind::Terminator,
            _ => Kind::Other,
        }
    }

    /// The root directory's record (8.4.18). It should be 34 bytes long; old discs have longer ones there,
    /// cut off by the field behind.
    fn root(&self) -> Option<Extent> {
        let record = Record::new(&self.0[156..])?;
        let start = Lba(record.location().value).checked_add(Sectors(u32::from(record.attribute_sectors())))?;
        Some(Extent { start, bytes: u64::from(record.data_bytes().value) })
    }

    fn volume(&self, session_start: Lba) -> Result<Volume, ReadError> {
        let block_bytes = both_u16(self.0, 128).value;
        if block_bytes as usize != SECTOR_BYTES {
            return Err(ReadError::BlockSize { at: session_start, bytes: block_bytes });
        }
        let root = self.root().ok_or(ReadError::BrokenRoot { at: session_start })?;
        let padded = &self.0[40..72];
        // Zeros pad where a writer knew no better.
        let length = padded.iter().rposition(|&b| b != b' ' && b != 0).map_or(0, |last| last + 1);
        Ok(Volume {
            session_start,
            volume_space: Sectors(both_u32(self.0, 80).value),
            root,
            created: match byte(self.0, 813) {
                0 => None,
                _ => long_date(&self.0[813..830]).time(),
            },
            identifier: padded[..length].into(),
            joliet: None,
            unreadable: None,
        })
    }
}
