//! CDB bytes to fields, read by the drive's own hand: nothing here is shared with the side that builds CDBs.

use super::sense::Sense;
use crate::scsi::Opcode;

/// Bytes of a CDB or a parameter list. What lies past the end reads as zero, so that no field can panic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn u8(self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    pub(super) fn bit(self, at: usize, bit: u8) -> bool {
        self.u8(at) >> (bit & 7) & 1 == 1
    }

    pub(super) fn u16(self, at: usize) -> u16 {
        u16::from_be_bytes([self.u8(at), self.u8(at + 1)])
    }

    pub(super) fn u32(self, at: usize) -> u32 {
        u32::from_be_bytes([self.u8(at), self.u8(at + 1), self.u8(at + 2), self.u8(at + 3)])
    }

    pub(super) fn length(self, at: usize) -> usize {
        usize::from(self.u16(at))
    }
}

/// Length of a CDB by its group code (SPC-4 4.2.5.1); `None` for groups no MMC device uses.
pub(super) fn cdb_length(opcode: u8) -> Option<usize> {
    match opcode >> 5 {
        0 => Some(6),
        1 | 2 => Some(10),
        5 => Some(12),
        _ => None,
    }
}

/// Which bits of each CDB byte the standards define; all others are reserved and have to be zero. Bits that are
/// defined but useless here (control byte, block descriptors, subpages) count as reserved.
fn defined(opcode: Opcode) -> &'static [u8] {
    match opcode {
        Opcode::TestUnitReady => &[0xff, 0, 0, 0, 0, 0],
        Opcode::RequestSense => &[0xff, 0, 0, 0, 0xff, 0],
        Opcode::FormatUnit => &[0xff, 0x1f, 0, 0, 0, 0],
        Opcode::Inquiry => &[0xff, 0x01, 0xff, 0xff, 0xff, 0],
        Opcode::StartStopUnit => &[0xff, 0x01, 0, 0, 0xf7, 0],
        Opcode::PreventAllowMediumRemoval => &[0xff, 0, 0, 0, 0x03, 0],
        Opcode::ReadFormatCapacities => &[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0],
        Opcode::ReadCapacity10 => &[0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        // DPO and FUA (SBC-3 5.9).
        Opcode::Read10 | Opcode::Write10 => &[0xff, 0x18, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0],
        Opcode::SynchronizeCache10 => &[0xff, 0x02, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0],
        // Byte 9: where the format stood before MMC-2 (SFF-8020i 10.8.20), and where Linux still puts it.
        Opcode::ReadTocPmaAtip => &[0xff, 0x02, 0x0f, 0, 0, 0, 0xff, 0xff, 0xff, 0xc0],
        Opcode::GetConfiguration => &[0xff, 0x03, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0],
        Opcode::GetEventStatusNotification => &[0xff, 0x01, 0, 0, 0xff, 0, 0, 0xff, 0xff, 0],
        Opcode::ReadDiscInformation => &[0xff, 0x07, 0, 0, 0, 0, 0, 0xff, 0xff, 0],
        Opcode::ReadTrackInformation => &[0xff, 0x07, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0],
        Opcode::ReserveTrack => &[0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0],
        Opcode::SendOpcInformation => &[0xff, 0x01, 0x03, 0, 0, 0, 0, 0xff, 0xff, 0],
        Opcode::ModeSelect10 => &[0xff, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff, 0],
        Opcode::ModeSense10 => &[0xff, 0x08, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0],
        Opcode::CloseTrackSession => &[0xff, 0x01, 0x07, 0, 0xff, 0xff, 0, 0, 0, 0],
        Opcode::ReadBufferCapacity => &[0xff, 0x01, 0, 0, 0, 0, 0, 0xff, 0xff, 0],
        Opcode::SendCueSheet => &[0xff, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0],
        Opcode::ReportLuns => &[0xff, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0],
        // DPO and FUA; Streaming in byte 10.
        Opcode::Read12 => &[0xff, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0],
        // Sector type and DAP, main channel selection and C2, subchannel.
        Opcode::ReadCd => &[0xff, 0x1e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x07, 0],
        Opcode::Blank => &[0xff, 0x17, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0],
        // DPO and FUA; Streaming in byte 10.
        Opcode::Write12 => &[0xff, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0],
        Opcode::GetPerformance => &[0xff, 0x1f, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0],
        Opcode::ReadDiscStructure => &[0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc0, 0],
        Opcode::SetStreaming => &[0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0],
        Opcode::SetCdSpeed => &[0xff, 0x03, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0],
    }
}

/// Refuses a CDB with a reserved bit set.
pub(super) fn check_reserved(opcode: Opcode, cdb: &[u8]) -> Result<(), Sense> {
    for (at, (byte, mask)) in cdb.iter().zip(defined(opcode)).enumerate() {
        let wrong = byte & !mask;
        if wrong != 0 {
            let highest = u8::try_from(wrong.ilog2()).unwrap_or(7);
            return Err(Sense::cdb_field(at, Some(highest)));
        }
    }
    Ok(())
}

/// How many data bytes the host has to send with this CDB; `None` if the command takes none.
pub(super) fn data_out_bytes(opcode: Opcode, cdb: Fields<'_>) -> Option<usize> {
    match opcode {
        Opcode::Write10 => Some(cdb.length(7) * crate::sector::SECTOR_BYTES),
        Opcode::Write12 => {
            Some(usize::try_from(cdb.u32(6)).unwrap_or(usize::MAX).saturating_mul(crate::sector::SECTOR_BYTES))
        }
        Opcode::SendCueSheet => usize::try_from(cdb.u32(5) & 0x00ff_ffff).ok(),
        Opcode::ModeSelect10 | Opcode::SendOpcInformation => Some(cdb.length(7)),
        Opcode::SetStreaming => Some(cdb.length(9)),
        // FmtData = 0: no parameter list. MMC's list is always header and one descriptor (MMC-6 6.5.3).
        Opcode::FormatUnit => Some(if cdb.bit(1, 4) { 12 } else { 0 }),
        _ => None,
    }
}
