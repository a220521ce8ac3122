//! READ DISC STRUCTURE (MMC-6 6.22): who made the medium, and the spare areas of a BD. Shown to people; nothing depends on it.

use super::Profile;
use crate::scsi::command::{Command, Variable};
use crate::scsi::wire::{Fields, Short, ascii, at_least};
use crate::scsi::{Cdb, Opcode};

/// READ DISC STRUCTURE for the structure that names the medium's maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMediumId {
    /// DVD-R and DVD-RW: pre-recorded information in the lead-in (format 0Eh).
    DvdMinus,
    /// DVD+R and DVD+RW: ADIP information (format 11h).
    DvdPlus,
    /// BD-R and BD-RE: disc information (media type 1, format 00h).
    Bd,
}

impl ReadMediumId {
    /// The structure that a medium of this profile has; `None` where it has none.
    #[must_use]
    pub fn for_profile(profile: Profile) -> Option<ReadMediumId> {
        match profile {
            Profile::DvdRSequential
            | Profile::DvdRwRestrictedOverwrite
            | Profile::DvdRwSequential
            | Profile::DvdRDualLayerSequential
            | Profile::DvdRDualLayerJump => Some(ReadMediumId::DvdMinus),
            Profile::DvdPlusRw | Profile::DvdPlusR | Profile::DvdPlusRwDualLayer | Profile::DvdPlusRDualLayer => {
                Some(ReadMediumId::DvdPlus)
            }
            Profile::BdRSequential | Profile::BdRRandom | Profile::BdRe => Some(ReadMediumId::Bd),
            _ => None,
        }
    }
}

/// Length of the structure behind its own two bytes, and two reserved ones.
const HEADER: usize = 4;
/// A BD's disc information; the DVD structures are half of it.
const MOST: usize = HEADER + 4096;

impl Command for ReadMediumId {
    const OPCODE: Opcode = Opcode::ReadDiscStructure;
    /// Manufacturer and medium type as the maker wrote them; `None` where nothing readable is there.
    type Reply = Option<String>;
    fn cdb(&self) -> Cdb {
        let (media_type, format) = match self {
            ReadMediumId::DvdMinus => (0, 0x0e),
            ReadMediumId::DvdPlus => (0, 0x11),
            ReadMediumId::Bd => (1, 0x00),
        };
        Cdb::new(Self::OPCODE).byte(1, media_type).byte(7, format)
    }
    fn cdb_asking(&self, bytes: u16) -> Cdb {
        self.cdb().u16(8, bytes)
    }
    fn allocation(&self) -> usize {
        MOST
    }
    fn variable(&self) -> Option<Variable> {
        Some(Variable { first: 4, available: |head| 2 + usize::from(head.u16_at(0)) })
    }
    fn parse(&self, reply: &[u8]) -> Result<Option<String>, Short> {
        let data = &at_least(Self::OPCODE, reply, HEADER)?[HEADER..];
        let field = |from: usize, to: usize| data.get(from..to).map(text).unwrap_or_default();
        let parts = match self {
            // Eight bytes a field: its number, six of content. Fields 3 and 4 are the manufacturer's.
            ReadMediumId::DvdMinus => {
                let content = |number: u8| {
                    data.chunks_exact(8).find(|field| field[0] == number).map(|field| field[1..7].to_vec())
                };
                let id = [content(3), content(4)].into_iter().flatten().flatten().collect::<Vec<u8>>();
                vec![text(&id)]
            }
            ReadMediumId::DvdPlus => vec![field(19, 27), field(27, 30)],
            ReadMediumId::Bd if data.starts_with(b"DI") => vec![field(100, 106), field(106, 109)],
            ReadMediumId::Bd => Vec::new(),
        };
        let id = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Ok((!id.is_empty()).then_some(id))
    }
    fn describe(&self) -> String {
        format!("{} (who made the medium)", Self::OPCODE)
    }
}

/// READ DISC STRUCTURE for the spare areas of a BD (media type 1, format 0Ah).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSpareAreas;

/// The spare areas of a BD, in clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpareAreas {
    /// Not yet taken for bad ones.
    pub free: u32,
    /// All of them.
    pub all: u32,
}

impl Command for ReadSpareAreas {
    const OPCODE: Opcode = Opcode::ReadDiscStructure;
    type Reply = SpareAreas;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).byte(1, 1).byte(7, 0x0a).u16(8, 12)
    }
    fn allocation(&self) -> usize {
        HEADER + 8
    }
    fn parse(&self, reply: &[u8]) -> Result<SpareAreas, Short> {
        let data = at_least(Self::OPCODE, reply, HEADER + 8)?;
        Ok(SpareAreas { free: data.u32_at(4), all: data.u32_at(8) })
    }
    fn describe(&self) -> String {
        format!("{} (spare areas)", Self::OPCODE)
    }
}

/// What the maker wrote, up to the zeros that fill the field.
fn text(field: &[u8]) -> String {
    ascii(field.split(|&byte| byte == 0).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_medium_has_its_own_structure() {
        let asked = |profile| ReadMediumId::for_profile(profile).unwrap().cdb_asking(0x1004);
        assert_eq!(asked(Profile::BdRe).as_bytes(), [0xad, 1, 0, 0, 0, 0, 0, 0, 0x10, 0x04, 0, 0]);
        assert_eq!(asked(Profile::DvdPlusR).as_bytes(), [0xad, 0, 0, 0, 0, 0, 0, 0x11, 0x10, 0x04, 0, 0]);
        assert_eq!(asked(Profile::DvdRwSequential).as_bytes(), [0xad, 0, 0, 0, 0, 0, 0, 0x0e, 0x10, 0x04, 0, 0]);
        assert_eq!(ReadMediumId::for_profile(Profile::CdR), None);
    }

    #[test]
    fn the_makers_name_is_found_in_each_structure() {
        let mut bd = vec![0; 116];
        bd[4..6].copy_from_slice(b"DI");
        bd[104..113].copy_from_slice(b"VERBATIMe");
        assert_eq!(ReadMediumId::Bd.parse(&bd).unwrap().as_deref(), Some("VERBAT IMe"));
        let mut plus = vec![0; 260];
        plus[23..31].copy_from_slice(b"RICOHJPN");
        plus[31..34].copy_from_slice(b"W11");
        assert_eq!(ReadMediumId::DvdPlus.parse(&plus).unwrap().as_deref(), Some("RICOHJPN W11"));
        let mut minus = vec![0; 4];
        minus.extend(*b"\x01\x40\xc1\xfd\x9e\xd8\x50\0\x02\0\0\0\0\0\0\0\x03MCC 03\0\x04RG20  \0");
        assert_eq!(ReadMediumId::DvdMinus.parse(&minus).unwrap().as_deref(), Some("MCC 03RG20"));
    }

    #[test]
    fn the_spare_areas_of_a_bd_are_free_ones_and_all() {
        assert_eq!(ReadSpareAreas.cdb().as_bytes(), [0xad, 1, 0, 0, 0, 0, 0, 0x0a, 0, 12, 0, 0]);
        let reply = [0, 10, 0, 0, 0, 0, 0x0f, 0xff, 0, 0, 0x10, 0];
        assert_eq!(ReadSpareAreas.parse(&reply).unwrap(), SpareAreas { free: 4095, all: 4096 });
        assert!(ReadSpareAreas.parse(&reply[..11]).is_err());
    }

    #[test]
    fn a_medium_without_a_name_has_none() {
        assert_eq!(ReadMediumId::DvdPlus.parse(&[0; 64]).unwrap(), None);
        assert_eq!(ReadMediumId::Bd.parse(&[0xff; 4100]).unwrap(), None);
        assert_eq!(ReadMediumId::DvdMinus.parse(&[0; 4]).unwrap(), None);
    }
}
