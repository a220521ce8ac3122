//! What an overwritable disc looks like from outside: one session, one track, whatever was written.

use super::disc::VirtualDisc;
use super::family::{TocRequest, TrackAddress, address, counted};
use super::sense::Sense;
use super::state::DiscState;

/// An overwritable disc in figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneTrack {
    /// Blocks of an ECC unit.
    pub(super) ecc: u32,
    /// Blocks that can be addressed; 0 when it is not formatted.
    pub(super) blocks: u32,
    /// Nothing can be read: not formatted.
    pub(super) blank: bool,
    /// Recorded in fixed packets of an ECC unit each.
    pub(super) packets: bool,
    /// Where writing has to go on, if it may not go anywhere.
    pub(super) next: Option<u32>,
    /// Blocks from there to the end of the disc.
    pub(super) free: u32,
}

/// READ DISC INFORMATION: `status` is byte 2, `background` the background format status.
pub(super) fn disc_information(status: u8, background: u8) -> Vec<u8> {
    let mut body = [0; 32];
    body[0] = status;
    body[1..5].copy_from_slice(&[1, 1, 1, 1]);
    body[5] = background;
    counted(&body)
}

impl OneTrack {
    /// READ TRACK INFORMATION; addresses below `end` are in the track.
    pub(super) fn track_information(&self, address: TrackAddress, end: u32) -> Result<Vec<u8>, Sense> {
        match address {
            TrackAddress::Track(1) | TrackAddress::Session(1) => {}
            TrackAddress::Lba(lba) if lba < end => {}
            TrackAddress::Lba(lba) => return Err(Sense::OUT_OF_RANGE.at(lba)),
            _ => return Err(Sense::cdb_field(2, None)),
        }
        let blank = if self.blank { 0x40 } else { 0 };
        // Packet/Inc and FP.
        let packets = if self.packets { 0x30 } else { 0 };
        let mut body = vec![1, 1, 0, 0x04, blank | packets | 0x01, u8::from(self.next.is_some())];
        // Start, next writable address, free blocks, blocking, size, last recorded address (not valid).
        for field in [0, self.next.unwrap_or(0), self.free, self.ecc, self.blocks, 0] {
            body.extend_from_slice(&field.to_be_bytes());
        }
        body.resize(0x2e, 0);
        Ok(counted(&body))
    }

    /// READ TOC, formats 0 and 1; the others are for CDs.
    pub(super) fn toc(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        if request.format > 1 {
            return Err(Sense::cdb_field(2, Some(3)));
        }
        if self.blank {
            return Err(Sense::cdb_field(2, None));
        }
        if request.format == 0 && request.from > 1 && request.from != 0xaa {
            return Err(Sense::cdb_field(6, None));
        }
        let mut body = vec![1, 1];
        let lead_out = (request.format == 0).then_some((0xaa, self.blocks));
        for (number, start) in [(1, 0)].into_iter().chain(lead_out) {
            if request.format == 1 || number >= request.from {
                body.extend_from_slice(&[0, 0x14, number, 0]);
                body.extend_from_slice(&address(start, request.msf));
            }
        }
        Ok(counted(&body))
    }
}

/// Whether `count` blocks from `at` end by `end`; if so where, else the first block that is beyond.
pub(super) fn check_range(at: u32, count: u32, end: u32) -> Result<u32, Sense> {
    let wanted = at.checked_add(count).filter(|wanted| *wanted <= end);
    wanted.ok_or(Sense::OUT_OF_RANGE.at(at.max(end)))
}

/// A read that meets an ECC unit that was ruined fails there.
pub(super) fn check_readable(disc: &DiscState, at: u32, count: u32) -> Result<(), Sense> {
    disc.unreadable.first_in(at, count).map_or(Ok(()), |lba| Err(Sense::UNRECOVERED_READ.at(lba)))
}

/// Blocks have reached the disc: they can be read, whatever was there before.
pub(super) fn written(disc: &mut VirtualDisc, at: u32, count: u32) {
    disc.state.recorded.insert(at, count);
    disc.state.unreadable.remove(at, count);
}

/// A WRITE went wrong at `at`: the ECC unit around it is of no use until it is written again.
pub(super) fn ruined(disc: &mut VirtualDisc, at: u32, end: u32) {
    let ecc = disc.state.medium.ecc();
    if at < end {
        disc.state.unreadable.insert(at / ecc * ecc, ecc);
    }
}
