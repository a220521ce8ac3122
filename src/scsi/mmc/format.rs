//! READ FORMAT CAPACITIES and FORMAT UNIT (MMC-6 6.23, 6.4).

use std::time::Duration;

use crate::scsi::command::Command;
use crate::scsi::wire::{Fields, Short, at_least};
use crate::scsi::{Cdb, Opcode};
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
    /// No medium, or nobody knows.
    Unknown,
}

/// What READ FORMAT CAPACITIES says of the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatCapacities {
    /// Sectors.
    pub sectors: Sectors,
    /// What they stand for.
    pub kind: CapacityKind,
}

impl Command for ReadFormatCapacities {
    const OPCODE: Opcode = Opcode::ReadFormatCapacities;
    type Reply = FormatCapacities;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).u16(7, 252)
    }
    fn allocation(&self) -> usize {
        252
    }
    fn parse(&self, reply: &[u8]) -> Result<FormatCapacities, Short> {
        let reply = at_least(Self::OPCODE, reply, 12)?;
        let kind = match reply.u8_at(8) & 0b11 {
            1 => CapacityKind::Unformatted,
            2 => CapacityKind::Formatted,
            _ => CapacityKind::Unknown,
        };
        Ok(FormatCapacities { sectors: Sectors(reply.u32_at(4)), kind })
    }
}

/// FORMAT UNIT with one format descriptor.
#[derive(Debug)]
pub struct FormatUnit {
    list: [u8; 12],
}

impl FormatUnit {
    /// Background format of a whole DVD+RW (format type 26h, MMC-6 6.4.3.13): writing may begin about a minute later, while the drive
    /// goes on formatting in the background. `restart` resumes a format that was stopped; `immediate`: the answer
    /// comes at once, as with the Immed bit of other commands, which stands in the parameters here.
    #[must_use]
    pub fn dvd_plus_rw(restart: bool, immediate: bool) -> FormatUnit {
        let [flags, length, type_code] = [u8::from(immediate) << 1, 8, 0x26 << 2];
        FormatUnit { list: [0, flags, 0, length, 0xff, 0xff, 0xff, 0xff, type_code, 0, 0, u8::from(restart)] }
    }
}

impl Command for FormatUnit {
    const OPCODE: Opcode = Opcode::FormatUnit;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        // FmtData with format code 001b.
        Cdb::new(Self::OPCODE).byte(1, 0x11)
    }
    fn timeout(&self) -> Duration {
        Duration::from_secs(200)
    }
    fn parameters(&self) -> &[u8] {
        &self.list
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dvd_plus_rw_is_formatted_by_the_standards_bytes() {
        let format = FormatUnit::dvd_plus_rw(false, true);
        assert_eq!(format.cdb().as_bytes(), [0x04, 0x11, 0, 0, 0, 0]);
        assert_eq!(format.parameters(), [0, 0x02, 0, 8, 0xff, 0xff, 0xff, 0xff, 0x98, 0, 0, 0]);
        assert_eq!(FormatUnit::dvd_plus_rw(true, true).parameters()[8..], [0x98, 0, 0, 1]);
        assert_eq!(FormatUnit::dvd_plus_rw(false, false).parameters()[..4], [0, 0, 0, 8]);
    }

    #[test]
    fn the_current_capacity_is_read_with_its_meaning() {
        let reply = [0, 0, 0, 8, 0x00, 0x23, 0x05, 0x40, 0x02, 0, 8, 0];
        let capacity = ReadFormatCapacities.parse(&reply).unwrap();
        assert_eq!(capacity, FormatCapacities { sectors: Sectors(2_295_104), kind: CapacityKind::Formatted });
        for len in 0..reply.len() {
            assert!(ReadFormatCapacities.parse(&reply[..len]).is_err());
        }
    }
}
