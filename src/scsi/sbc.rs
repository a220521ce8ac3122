//! Commands of block devices (SBC-3), in the form optical drives have them (MMC-6).

use std::time::Duration;

use super::command::Command;
use super::deadline::timeout;
use super::wire::{Fields, Short, at_least};
use super::{Cdb, During, Opcode};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// READ(10) (MMC-6 6.20).
#[derive(Debug)]
pub struct Read10 {
    /// First sector.
    pub at: Lba,
    /// How many.
    pub count: u16,
    /// Force unit access: from the medium, not from the drive's cache.
    pub from_medium: bool,
}

impl Command for Read10 {
    const OPCODE: Opcode = Opcode::Read10;
    const DURING: During = During::Read;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).flag(1, 3, self.from_medium).u32(2, self.at.0).u16(7, self.count)
    }
    fn timeout(&self) -> Duration {
        timeout::TRANSFER
    }
    fn allocation(&self) -> usize {
        usize::from(self.count) * SECTOR_BYTES
    }
    fn parse(&self, reply: &[u8]) -> Result<(), Short> {
        at_least(Self::OPCODE, reply, self.allocation()).map(|_| ())
    }
    fn describe(&self) -> String {
        format!("{} of {} sectors at {}", Self::OPCODE, self.count, self.at)
    }
}

/// WRITE(10) (MMC-6 6.44). The count in the CDB comes from the data's length, so the two can't differ.
#[derive(Debug)]
pub struct Write10<'a> {
    /// First sector.
    pub at: Lba,
    /// Whole sectors.
    pub data: &'a [u8],
}

impl Command for Write10<'_> {
    const OPCODE: Opcode = Opcode::Write10;
    const DURING: During = During::Write;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        debug_assert!(self.data.len().is_multiple_of(SECTOR_BYTES));
        let count = u16::try_from(self.data.len() / SECTOR_BYTES).unwrap_or(u16::MAX);
        Cdb::new(Self::OPCODE).u32(2, self.at.0).u16(7, count)
    }
    fn timeout(&self) -> Duration {
        timeout::TRANSFER
    }
    fn parameters(&self) -> &[u8] {
        self.data
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
    fn describe(&self) -> String {
        format!("{} of {} sectors at {}", Self::OPCODE, self.data.len() / SECTOR_BYTES, self.at)
    }
}

/// WRITE(12) (MMC-6 6.45), for its Streaming bit: on media with spare areas the drive then neither checks what it wrote nor replaces
/// sectors, and keeps its full speed. The count in the CDB comes from the data's length.
#[derive(Debug)]
pub struct Write12<'a> {
    /// First sector.
    pub at: Lba,
    /// Whole sectors.
    pub data: &'a [u8],
    /// Streaming bit.
    pub streaming: bool,
}

impl Command for Write12<'_> {
    const OPCODE: Opcode = Opcode::Write12;
    const DURING: During = During::Write;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        debug_assert!(self.data.len().is_multiple_of(SECTOR_BYTES));
        let count = u32::try_from(self.data.len() / SECTOR_BYTES).unwrap_or(u32::MAX);
        Cdb::new(Self::OPCODE).u32(2, self.at.0).u32(6, count).flag(10, 7, self.streaming)
    }
    fn timeout(&self) -> Duration {
        timeout::TRANSFER
    }
    fn parameters(&self) -> &[u8] {
        self.data
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
    fn describe(&self) -> String {
        format!("{} of {} sectors at {}", Self::OPCODE, self.data.len() / SECTOR_BYTES, self.at)
    }
}

/// SYNCHRONIZE CACHE(10) (MMC-6 6.41): what is in the buffer goes to the medium. On a CD it also ends the track.
#[derive(Debug)]
pub struct SynchronizeCache10 {
    /// Return before it is done.
    pub immediate: bool,
}

impl Command for SynchronizeCache10 {
    const OPCODE: Opcode = Opcode::SynchronizeCache10;
    const DURING: During = During::Synchronize;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).flag(1, 1, self.immediate)
    }
    fn timeout(&self) -> Duration {
        timeout::synchronize(self.immediate)
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

/// READ CAPACITY(10) (MMC-6 6.22).
#[derive(Debug)]
pub struct ReadCapacity10;

impl Command for ReadCapacity10 {
    const OPCODE: Opcode = Opcode::ReadCapacity10;
    /// Readable sectors. Overstated by the two run-out blocks after a CD track written at once; on an overwritable medium the
    /// formatted size.
    type Reply = Sectors;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE)
    }
    fn allocation(&self) -> usize {
        8
    }
    fn parse(&self, reply: &[u8]) -> Result<Sectors, Short> {
        let last = at_least(Self::OPCODE, reply, 8)?.u32_at(0);
        Ok(Sectors(if last == 0 { 0 } else { last.saturating_add(1) }))
    }
}

/// START STOP UNIT (MMC-6 6.40).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartStopUnit {
    /// Spin down.
    Stop,
    /// Spin up.
    Start,
    /// Open the tray.
    Eject,
    /// Close the tray.
    Load,
}

impl Command for StartStopUnit {
    const OPCODE: Opcode = Opcode::StartStopUnit;
    const DURING: During = During::Eject;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        let action = match self {
            StartStopUnit::Stop => 0b00,
            StartStopUnit::Start => 0b01,
            StartStopUnit::Eject => 0b10,
            StartStopUnit::Load => 0b11,
        };
        Cdb::new(Self::OPCODE).byte(4, action)
    }
    fn timeout(&self) -> Duration {
        timeout::TRAY
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
    fn describe(&self) -> String {
        format!("{} ({})", Self::OPCODE, format!("{self:?}").to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_the_standards_bytes() {
        let read = Read10 { at: Lba(0x0102_0304), count: 32, from_medium: true };
        assert_eq!(read.cdb().as_bytes(), [0x28, 0x08, 1, 2, 3, 4, 0, 0, 32, 0]);
        let write = Write10 { at: Lba(0x3108), data: &[0; 16 * SECTOR_BYTES] };
        assert_eq!(write.cdb().as_bytes(), [0x2a, 0, 0, 0, 0x31, 0x08, 0, 0, 16, 0]);
        let streamed = Write12 { at: Lba(0x3108), data: &[0; 32 * SECTOR_BYTES], streaming: true };
        assert_eq!(streamed.cdb().as_bytes(), [0xaa, 0, 0, 0, 0x31, 0x08, 0, 0, 0, 32, 0x80, 0]);
        let plain = Write12 { at: Lba(0x3108), data: &[0; 32 * SECTOR_BYTES], streaming: false };
        assert_eq!(plain.cdb().as_bytes(), [0xaa, 0, 0, 0, 0x31, 0x08, 0, 0, 0, 32, 0, 0]);
        let sync = SynchronizeCache10 { immediate: true };
        assert_eq!(sync.cdb().as_bytes(), [0x35, 0x02, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ReadCapacity10.cdb().as_bytes(), [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(StartStopUnit::Stop.cdb().as_bytes(), [0x1b, 0, 0, 0, 0, 0]);
        assert_eq!(StartStopUnit::Eject.cdb().as_bytes(), [0x1b, 0, 0, 0, 2, 0]);
        assert_eq!(StartStopUnit::Load.cdb().as_bytes(), [0x1b, 0, 0, 0, 3, 0]);
        assert_eq!(StartStopUnit::Start.cdb().as_bytes(), [0x1b, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn a_blank_disc_has_no_capacity_to_read() {
        assert_eq!(ReadCapacity10.parse(&[0, 0, 0, 0, 0, 0, 8, 0]).unwrap(), Sectors(0));
        assert_eq!(ReadCapacity10.parse(&[0, 0, 0x04, 0x7f, 0, 0, 8, 0]).unwrap(), Sectors(1152));
    }

    #[test]
    fn errors_name_the_sectors() {
        assert_eq!(Write10 { at: Lba(81920), data: &[0; 65536] }.describe(), "WRITE(10) of 32 sectors at 81920");
    }
}
