//! How fast a medium can be written: GET PERFORMANCE (MMC-6 6.8), and mode page 2Ah (MMC-3 5.5.10) where a drive does not know it.

use crate::scsi::command::{Command, Variable};
use crate::scsi::spc::ModeSense10;
use crate::scsi::wire::{Fields, Short, at_least};
use crate::scsi::{Cdb, Opcode};
use crate::sector::Lba;

/// A speed at which the medium that is in can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteSpeed {
    /// Writing, in kB/s (1,000 bytes).
    pub write_kb_per_s: u32,
    /// Reading while this is set, in kB/s (1,000 bytes); 0 where the drive does not say.
    pub read_kb_per_s: u32,
    /// The last sector it holds for; 0 where the drive does not say.
    pub end: Lba,
    /// Rotation control: 0 is the medium's own, 1 constant angular velocity.
    pub rotation: u8,
    /// The drive keeps to it exactly.
    pub exact: bool,
}

/// GET PERFORMANCE, type 03h: the write speed descriptors.
#[derive(Debug)]
pub struct GetWriteSpeeds;

const HEADER: usize = 8;
const DESCRIPTOR: usize = 16;
/// More than any drive lists.
const MOST_DESCRIPTORS: usize = 64;

impl Command for GetWriteSpeeds {
    const OPCODE: Opcode = Opcode::GetPerformance;
    type Reply = Vec<WriteSpeed>;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).byte(10, 0x03)
    }
    /// It counts descriptors, not bytes. The first question is for one: asked for none, some drives announce only one.
    fn cdb_asking(&self, bytes: u16) -> Cdb {
        let descriptors = usize::from(bytes).saturating_sub(HEADER) / DESCRIPTOR;
        self.cdb().u16(8, u16::try_from(descriptors).unwrap_or(1))
    }
    fn allocation(&self) -> usize {
        HEADER + MOST_DESCRIPTORS * DESCRIPTOR
    }
    fn variable(&self) -> Option<Variable> {
        let available = |head: &[u8]| {
            let behind = usize::try_from(head.u32_at(0)).unwrap_or(0).saturating_sub(4);
            HEADER + behind.min(MOST_DESCRIPTORS * DESCRIPTOR) / DESCRIPTOR * DESCRIPTOR
        };
        Some(Variable { first: 24, available })
    }
    fn parse(&self, reply: &[u8]) -> Result<Vec<WriteSpeed>, Short> {
        let reply = at_least(Self::OPCODE, reply, HEADER)?;
        let announced = usize::try_from(reply.u32_at(0)).unwrap_or(usize::MAX).saturating_add(4);
        let end = reply.len().min(announced).max(HEADER);
        let descriptors = reply[HEADER..end].chunks_exact(DESCRIPTOR);
        Ok(descriptors
            .map(|descriptor| WriteSpeed {
                write_kb_per_s: descriptor.u32_at(12),
                read_kb_per_s: descriptor.u32_at(8),
                end: Lba(descriptor.u32_at(4)),
                rotation: descriptor.u8_at(0) >> 3 & 0b11,
                exact: descriptor.u8_at(0) & 0x02 != 0,
            })
            .filter(|speed| speed.write_kb_per_s > 0)
            .collect())
    }
    fn describe(&self) -> String {
        format!("{} (write speeds)", Self::OPCODE)
    }
}

/// Mode page 2Ah, capabilities and mechanical status: obsolete, and all that some drives have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Buffer in KiB.
    pub buffer_kib: u16,
    /// Speeds at which the medium that is in can be written.
    pub write_speeds: Vec<WriteSpeed>,
}

impl Capabilities {
    /// The command that asks for the page.
    #[must_use]
    pub fn sense() -> ModeSense10 {
        ModeSense10 { page: 0x2a }
    }

    /// Reads the page that [`sense`](Capabilities::sense) brought. Fields that it is too short for are zero or missing.
    #[must_use]
    pub fn parse(page: &[u8]) -> Capabilities {
        let speed = |kb_per_s: u16, rotation: u8| WriteSpeed {
            write_kb_per_s: kb_per_s.into(),
            read_kb_per_s: 0,
            end: Lba(0),
            rotation,
            exact: false,
        };
        let listed = page.get(32..).unwrap_or_default().chunks_exact(4).take(page.u16_at(30).into());
        let mut write_speeds: Vec<WriteSpeed> =
            listed.map(|descriptor| speed(descriptor.u16_at(2), descriptor.u8_at(1) & 0b11)).collect();
        if write_speeds.is_empty() {
            // Before MMC-3 the page had the fastest speed only.
            write_speeds.push(speed(page.u16_at(18), 0));
        }
        write_speeds.retain(|speed| speed.write_kb_per_s > 0);
        Capabilities { buffer_kib: page.u16_at(12), write_speeds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_speeds_are_asked_for_by_number_of_descriptors() {
        assert_eq!(GetWriteSpeeds.cdb_asking(24).as_bytes(), [0xac, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0]);
        assert_eq!(GetWriteSpeeds.cdb_asking(56).as_bytes(), [0xac, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 0]);
        let available = GetWriteSpeeds.variable().unwrap().available;
        assert_eq!(available(&[0, 0, 0, 52, 2, 0, 0, 0]), 56);
        assert_eq!(available(&[0xff; 8]), GetWriteSpeeds.allocation());
    }

    #[test]
    fn a_write_speed_descriptor_is_read_byte_for_byte() {
        #[rustfmt::skip]
        let reply = [
            0, 0, 0, 36, 2, 0, 0, 0,
            0x02, 0, 0, 0, 0x00, 0xb4, 0x73, 0xff, 0, 0, 0x23, 0x1f, 0, 0, 0x23, 0x1f,
            0x08, 0, 0, 0, 0x00, 0xb4, 0x73, 0xff, 0, 0, 0x46, 0x3e, 0, 0, 0x11, 0x90,
        ];
        let speeds = GetWriteSpeeds.parse(&reply).unwrap();
        let end = Lba(0x00b4_73ff);
        assert_eq!(
            speeds,
            [
                WriteSpeed { write_kb_per_s: 8991, read_kb_per_s: 8991, end, rotation: 0, exact: true },
                WriteSpeed { write_kb_per_s: 4496, read_kb_per_s: 17982, end, rotation: 1, exact: false },
            ]
        );
    }

    #[test]
    fn the_old_page_lists_its_speeds_or_the_fastest() {
        let mut page = vec![0; 40];
        page[..2].copy_from_slice(&[0x2a, 38]);
        page[12..14].copy_from_slice(&[0x08, 0x00]);
        page[18..20].copy_from_slice(&[0x1b, 0x90]);
        page[30..40].copy_from_slice(&[0, 2, 0, 1, 0x1b, 0x90, 0, 0, 0x0d, 0xc8]);
        let capabilities = Capabilities::parse(&page);
        assert_eq!(capabilities.buffer_kib, 2048);
        let speeds = |capabilities: &Capabilities| {
            capabilities.write_speeds.iter().map(|speed| (speed.write_kb_per_s, speed.rotation)).collect::<Vec<_>>()
        };
        assert_eq!(speeds(&capabilities), [(7056, 1), (3528, 0)]);
        assert_eq!(speeds(&Capabilities::parse(&page[..20])), [(7056, 0)]);
        assert_eq!(speeds(&Capabilities::parse(&page[..10])), []);
    }
}
