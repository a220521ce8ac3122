//! READ FORMAT CAPACITIES and FORMAT UNIT (MMC-6 6.23, 6.4).

use std::time::Duration;

use crate::scsi::command::{Command, Variable};
use crate::scsi::deadline::timeout;
use crate::scsi::wire::{Fields, Short, at_least};
use crate::scsi::{Cdb, During, Opcode};
use crate::sector::Sectors;

/// READ FORMAT CAPACITIES.
#[derive(Debug)]
pub struct ReadFormatCapacities;

/// What the current capacity stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapacityKind {
    /// The medium is unformatted; the number is the most it can be formatted to.
    Unformatted,
    /// The medium is formatted to this.
    Formatted,
    /// No medium, or nobody knows; also a DVD-RW in its intermediate state.
    Unknown,
}

/// One way the medium can be formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatDescriptor {
    /// Sectors the medium has afterwards.
    pub sectors: Sectors,
    /// Format type, 6 bits (MMC-6 table 470).
    pub kind: u8,
    /// Format subtype, 2 bits.
    pub subtype: u8,
    /// Type dependent parameter, 24 bits.
    pub parameter: u32,
}

/// What READ FORMAT CAPACITIES says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatCapacities {
    /// Sectors of the medium as it is.
    pub sectors: Sectors,
    /// What they stand for.
    pub kind: CapacityKind,
    /// The ways it can be formatted, in the drive's order.
    pub formats: Vec<FormatDescriptor>,
}

impl FormatCapacities {
    /// The formats of one type.
    pub fn of_kind(&self, kind: u8) -> impl Iterator<Item = &FormatDescriptor> {
        self.formats.iter().filter(move |format| format.kind == kind)
    }
}

/// Capacity list header.
const HEADER: usize = 4;
/// The header and 255 bytes of list.
const MOST: usize = HEADER + 256;

impl Command for ReadFormatCapacities {
    const OPCODE: Opcode = Opcode::ReadFormatCapacities;
    type Reply = FormatCapacities;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE)
    }
    fn allocation(&self) -> usize {
        MOST
    }
    fn variable(&self) -> Option<Variable> {
        Some(Variable { first: 4, available: |head| HEADER + usize::from(head.u8_at(3)) })
    }
    fn parse(&self, reply: &[u8]) -> Result<FormatCapacities, Short> {
        let reply = at_least(Self::OPCODE, reply, 12)?;
        let kind = match reply.u8_at(8) & 0b11 {
            1 => CapacityKind::Unformatted,
            2 => CapacityKind::Formatted,
            _ => CapacityKind::Unknown,
        };
        let end = reply.len().min(HEADER + usize::from(reply.u8_at(3))).max(12);
        let formats = reply[12..end].chunks_exact(8).map(|descriptor| FormatDescriptor {
            sectors: Sectors(descriptor.u32_at(0)),
            kind: descriptor.u8_at(4) >> 2,
            subtype: descriptor.u8_at(4) & 0b11,
            parameter: descriptor.u32_at(4) & 0x00ff_ffff,
        });
        Ok(FormatCapacities { sectors: Sectors(reply.u32_at(4)), kind, formats: formats.collect() })
    }
}

/// How a drive tries the sectors of a BD-RE while it formats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certification {
    /// Not at all.
    None,
    /// Every one: hours.
    Full,
}

/// FORMAT UNIT with one format descriptor (MMC-6 6.4.3).
///
/// The constructors are named for the medium and what becomes of it. `immediate`: the answer comes at once, as with the Immed bit of other
/// commands, which stands in the parameters here.
#[derive(Debug)]
pub struct FormatUnit {
    list: [u8; 12],
    immediate: bool,
}

impl FormatUnit {
    fn of(kind: u8, subtype: u8, sectors: Sectors, parameter: u32, immediate: bool) -> FormatUnit {
        let mut list = [0, u8::from(immediate) << 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        list[4..8].copy_from_slice(&sectors.0.to_be_bytes());
        list[8..].copy_from_slice(&parameter.to_be_bytes());
        list[8] = kind << 2 | subtype & 0b11;
        FormatUnit { list, immediate }
    }

    /// Background format of a whole DVD+RW (format type 26h): writing may begin about a minute later, while the drive goes on formatting in
    /// the background. `resume` takes up a format that was stopped.
    #[must_use]
    pub fn dvd_plus_rw(resume: bool, immediate: bool) -> FormatUnit {
        FormatUnit::of(0x26, 0, Sectors(u32::MAX), u32::from(resume), immediate)
    }

    /// A DVD-RW becomes restricted overwrite in a minute or less (format type 15h): nothing is formatted yet, the medium is in its
    /// intermediate state and grows as it is written from its beginning.
    #[must_use]
    pub fn dvd_rw_quick(immediate: bool) -> FormatUnit {
        FormatUnit::of(0x15, 0, Sectors(0), DVD_ECC_UNIT, immediate)
    }

    /// The last border of a DVD-RW in restricted overwrite grows to `sectors` (format type 13h): what is written stays.
    #[must_use]
    pub fn dvd_rw_grow(sectors: Sectors, immediate: bool) -> FormatUnit {
        FormatUnit::of(0x13, 0, sectors, DVD_ECC_UNIT, immediate)
    }

    /// Every sector of a DVD-RW is formatted for restricted overwrite (format type 10h): up to an hour.
    #[must_use]
    pub fn dvd_rw_full(sectors: Sectors, immediate: bool) -> FormatUnit {
        FormatUnit::of(0x10, 0, sectors, DVD_ECC_UNIT, immediate)
    }

    /// DVD-RAM and BD-RE with the spare areas the drive thinks right (format type 00h). `sectors` is what the drive's list says for the type.
    #[must_use]
    pub fn whole(sectors: Sectors, immediate: bool) -> FormatUnit {
        FormatUnit::of(0x00, 0, sectors, BLOCK_LENGTH, immediate)
    }

    /// A BD-RE with spare areas (format type 30h): `sectors` is one of the three sizes in the drive's list, the difference is spare.
    #[must_use]
    pub fn bd_re_with_spares(sectors: Sectors, certification: Certification, immediate: bool) -> FormatUnit {
        let subtype = match certification {
            Certification::None => 0,
            Certification::Full => 2,
        };
        FormatUnit::of(0x30, subtype, sectors, 0, immediate)
    }

    /// A BD-RE without spare areas (format type 31h).
    #[must_use]
    pub fn bd_re_without_spares(sectors: Sectors, immediate: bool) -> FormatUnit {
        FormatUnit::of(0x31, 0, sectors, BLOCK_LENGTH, immediate)
    }

    /// A blank BD-R gets spare areas (format type 32h), sequential recording without pseudo overwrite (subtype 1). `sectors` lies between
    /// the smallest and the largest the drive lists for the type. Can't be undone.
    #[must_use]
    pub fn bd_r(sectors: Sectors, immediate: bool) -> FormatUnit {
        FormatUnit::of(0x32, 1, sectors, 0, immediate)
    }

    /// A blank BD-R gets the spare areas the drive thinks right (format type 00h), sequential recording without pseudo overwrite
    /// (subtype 1). Can't be undone.
    #[must_use]
    pub fn bd_r_default(sectors: Sectors, immediate: bool) -> FormatUnit {
        FormatUnit::of(0x00, 1, sectors, BLOCK_LENGTH, immediate)
    }
}

/// Type dependent parameter of the DVD-RW types: sectors in an ECC unit.
const DVD_ECC_UNIT: u32 = 16;
/// Type dependent parameter of types 00h and 31h: bytes in a sector.
const BLOCK_LENGTH: u32 = 0x0800;

impl Command for FormatUnit {
    const OPCODE: Opcode = Opcode::FormatUnit;
    const DURING: During = During::Format;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        // FmtData with format code 001b.
        Cdb::new(Self::OPCODE).byte(1, 0x11)
    }
    fn timeout(&self) -> Duration {
        timeout::erase(self.immediate)
    }
    fn parameters(&self) -> &[u8] {
        &self.list
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
    fn describe(&self) -> String {
        format!("{} (type {:02x}h)", Self::OPCODE, self.list[8] >> 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BD_RE: Sectors = Sectors(0x00b4_7400);

    #[test]
    fn a_dvd_plus_rw_is_formatted_by_the_standards_bytes() {
        let format = FormatUnit::dvd_plus_rw(false, true);
        assert_eq!(format.cdb().as_bytes(), [0x04, 0x11, 0, 0, 0, 0]);
        assert_eq!(format.parameters(), [0, 0x02, 0, 8, 0xff, 0xff, 0xff, 0xff, 0x98, 0, 0, 0]);
        let resumed = FormatUnit::dvd_plus_rw(true, true);
        assert_eq!(resumed.parameters(), [0, 0x02, 0, 8, 0xff, 0xff, 0xff, 0xff, 0x98, 0, 0, 1]);
        assert_eq!(FormatUnit::dvd_plus_rw(false, false).parameters()[..4], [0, 0, 0, 8]);
    }

    #[test]
    fn every_format_is_the_standards_bytes() {
        let dvd_rw = Sectors(0x0023_1000);
        #[rustfmt::skip]
        let formats = [
            (FormatUnit::dvd_rw_quick(true), [0, 2, 0, 8, 0, 0, 0, 0, 0x54, 0, 0, 0x10]),
            (FormatUnit::dvd_rw_grow(dvd_rw, true), [0, 2, 0, 8, 0x00, 0x23, 0x10, 0x00, 0x4c, 0, 0, 0x10]),
            (FormatUnit::dvd_rw_full(dvd_rw, false), [0, 0, 0, 8, 0x00, 0x23, 0x10, 0x00, 0x40, 0, 0, 0x10]),
            (FormatUnit::whole(BD_RE, true), [0, 2, 0, 8, 0x00, 0xb4, 0x74, 0x00, 0x00, 0, 8, 0]),
            (FormatUnit::bd_re_with_spares(BD_RE, Certification::None, true), [0, 2, 0, 8, 0x00, 0xb4, 0x74, 0x00, 0xc0, 0, 0, 0]),
            (FormatUnit::bd_re_with_spares(BD_RE, Certification::Full, true), [0, 2, 0, 8, 0x00, 0xb4, 0x74, 0x00, 0xc2, 0, 0, 0]),
            (FormatUnit::bd_re_without_spares(BD_RE, true), [0, 2, 0, 8, 0x00, 0xb4, 0x74, 0x00, 0xc4, 0, 8, 0]),
            (FormatUnit::bd_r(BD_RE, true), [0, 2, 0, 8, 0x00, 0xb4, 0x74, 0x00, 0xc9, 0, 0, 0]),
            (FormatUnit::bd_r_default(BD_RE, true), [0, 2, 0, 8, 0x00, 0xb4, 0x74, 0x00, 0x01, 0, 8, 0]),
        ];
        for (format, list) in formats {
            assert_eq!(format.parameters(), list, "{}", format.describe());
        }
    }

    #[test]
    fn the_current_capacity_is_read_with_its_meaning() {
        let reply = [0, 0, 0, 8, 0x00, 0x23, 0x05, 0x40, 0x02, 0, 8, 0];
        let capacity = ReadFormatCapacities.parse(&reply).unwrap();
        assert_eq!((capacity.sectors, capacity.kind), (Sectors(2_295_104), CapacityKind::Formatted));
        assert_eq!(capacity.formats, []);
        for len in 0..reply.len() {
            assert!(ReadFormatCapacities.parse(&reply[..len]).is_err());
        }
        assert_eq!(ReadFormatCapacities.cdb_asking(12).as_bytes(), [0x23, 0, 0, 0, 0, 0, 0, 0, 12, 0]);
    }

    #[test]
    fn the_formats_the_drive_lists_are_told_by_their_types() {
        let mut reply = vec![0, 0, 0, 24, 0x00, 0xba, 0x74, 0x00, 0x01, 0, 8, 0];
        reply.extend([0x00, 0xb4, 0x74, 0x00, 0x00, 0, 8, 0]);
        reply.extend([0x00, 0xb8, 0x74, 0x00, 0xc3, 1, 2, 3]);
        let capacities = ReadFormatCapacities.parse(&reply).unwrap();
        let spares = FormatDescriptor { sectors: Sectors(12_088_320), kind: 0x30, subtype: 3, parameter: 0x01_0203 };
        assert_eq!(capacities.of_kind(0x30).collect::<Vec<_>>(), [&spares]);
    }
}
