//! READ and WRITE: blocks between the host and the disc.

use std::time::Duration;

use super::decode::Fields;
use super::drive::{Inserted, SimDrive, Stop};
use super::family::Accepted;
use super::kinds::Nature;
use super::options::Quirks;
use super::sense::Sense;
use super::state::DiscState;
use crate::scsi::{Data, Opcode, Transport as _};
use crate::sector::SECTOR_BYTES;

/// What the cable takes for a byte: 100 MB/s.
const NANOSECONDS_A_BYTE: u64 = 10;

/// Descriptors of an overwritable disc stand below this address; they are written last, after what they point to.
const SUPERBLOCK_END: u32 = 32;

/// Block -150, where the pre-gap of the first track begins.
const PRE_GAP_START: u32 = 0xffff_ff6a;

impl SimDrive {
    /// READ CD (MMC-6 6.17) of user data, in sectors of 2048 bytes as all discs here have them.
    pub(super) fn read_cd(&mut self, cdb: &[u8], data: Data<'_>) -> Result<usize, Stop> {
        let fields = Fields(cdb);
        if self.inserted()?.disc.medium().nature() != Nature::Cd {
            return Err(Sense::INCOMPATIBLE_MEDIUM.into());
        }
        // Any type, or mode 1; user data alone, which is all that a virtual disc holds.
        if !matches!(fields.u8(1) >> 2, 0 | 2) {
            return Err(Sense::ILLEGAL_MODE_FOR_TRACK.into());
        }
        for (byte, right) in [(9, 0x10), (10, 0x00)] {
            if fields.u8(byte) != right {
                return Err(Sense::cdb_field(byte, None).into());
            }
        }
        self.read(cdb, fields.u32(5) & 0x00ff_ffff, data)
    }

    pub(super) fn read(&mut self, cdb: &[u8], count: u32, data: Data<'_>) -> Result<usize, Stop> {
        let fields = Fields(cdb);
        let at = fields.u32(2);
        let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(SECTOR_BYTES);
        let buffer = match data {
            Data::In(buffer) if buffer.len() == bytes => buffer,
            Data::None if bytes == 0 => &mut [],
            _ => return Err(self.wrong_length(cdb)),
        };
        if count == 0 {
            return Ok(0);
        }
        let wrong_at = self.meet_fault(fields.u8(0), Some((at, count)))?;
        let stale = self.stale_from.filter(|from| at.saturating_add(count) > *from);
        let (quirks, write_speed) = (self.quirks, self.write_kb_per_s);
        let Inserted { disc, family, buffer: written } = self.inserted()?;
        family.check_read(&disc.state, at, count).map_err(|sense| unreadable(sense, &disc.state, quirks))?;
        if let Some(from) = stale {
            return Err(Sense::OUT_OF_RANGE.at(at.max(from)).into());
        }
        let mut waited = Duration::ZERO;
        if fields.bit(1, 3) {
            // FUA: what is read comes from the medium, so what waits for the laser has to get there first.
            waited = written.drain_time(write_speed);
            self.inserted()?.commit_all()?;
        }
        let Inserted { disc, buffer: written, .. } = self.inserted()?;
        disc.read_sectors(at, buffer)?;
        if !fields.bit(1, 3) {
            written.overlay(at, buffer);
        }
        let speed = u64::from(disc.medium().read_kb_per_s());
        let offset = wrong_at.and_then(|lba| lba.checked_sub(at)).and_then(|n| usize::try_from(n).ok());
        if let Some(byte) = offset.and_then(|n| buffer.get_mut(n.saturating_mul(SECTOR_BYTES))) {
            *byte ^= 0x01;
        }
        let takes = Duration::from_nanos(bytes as u64 * 1_000_000 / speed.max(1));
        let moved = if self.cut_short { bytes / 2 } else { bytes };
        buffer.get_mut(moved..).unwrap_or_default().fill(0);
        self.advance(takes.saturating_add(waited))?;
        Ok(moved)
    }

    pub(super) fn write(&mut self, cdb: &[u8], count: u32, out: &[u8]) -> Result<usize, Stop> {
        let fields = Fields(cdb);
        let at = fields.u32(2);
        if count == 0 {
            return Ok(0);
        }
        if self.inserted()?.buffer.free() < count {
            self.watch.turned_away(cdb, false);
            return Err(Sense::LONG_WRITE_IN_PROGRESS.into());
        }
        self.watch.write_arrived(cdb);
        self.expect_lock("WRITE while the tray was not locked", cdb);
        let wrong_at = self.meet_fault(fields.u8(0), Some((at, count)))?;
        let streaming = fields.u8(0) == Opcode::Write12.code() && fields.bit(10, 7);
        if self.quirks.no_spares && !streaming && self.inserted()?.disc.state.has_spares() {
            return Err(Sense::NO_SPARE_LEFT.at(at).into());
        }

        let (now, speed, page, quirks) = (self.now, self.write_kb_per_s, self.page.clone(), self.quirks);
        let Inserted { disc, family, buffer } = self.inserted()?;
        let accepted = match family.accept_write(disc, &page, at, count) {
            Ok(accepted) => accepted,
            Err(sense) => {
                if let Some(wrong) = careless_write(sense, quirks) {
                    self.watch.record(wrong, cdb);
                }
                return Err(sense.into());
            }
        };
        // Blocks of the pre-gap have negative addresses. The laser writes them, and nobody reads them back.
        let skipped = if at >= PRE_GAP_START { at.wrapping_neg().min(count) } else { 0 };
        let (pre_gap, kept) = out.split_at_checked(skipped as usize * SECTOR_BYTES).unwrap_or((out, &[]));
        if skipped < count {
            buffer.push(at.wrapping_add(skipped), count - skipped, kept, now);
        }
        if let Some(lba) = wrong_at {
            buffer.will_be_wrong(lba);
        }
        let sequential = !disc.state.is_overwritable();
        // FUA: the medium is waited for.
        let mut takes = Duration::from_nanos(out.len() as u64 * NANOSECONDS_A_BYTE);
        if fields.bit(1, 3) {
            takes = takes.saturating_add(buffer.drain_time(speed));
            self.inserted()?.commit_all()?;
        }
        if pre_gap.iter().any(|byte| *byte != 0) {
            self.watch.record("the pre-gap was not written with zeros", cdb);
        }
        if accepted == Accepted::SplitsUnit {
            self.watch.record("a WRITE began in the midst of an ECC unit", cdb);
        }
        if accepted == Accepted::OpensTrack {
            if !self.watch.address_asked {
                self.watch.record("a track was begun without asking for its address", cdb);
            }
            self.watch.address_asked = false;
        }
        if !sequential {
            let unit = self.inserted()?.disc.medium().ecc();
            let room = self.max_transfer() >= unit as usize * SECTOR_BYTES;
            if room && !(at.is_multiple_of(unit) && count.is_multiple_of(unit)) {
                self.watch.record("a WRITE left a part of an ECC unit to be read and written again", cdb);
            }
            if at < SUPERBLOCK_END && self.watch.unsynced_data {
                self.watch.record("descriptors were written before the data they point to was synchronized", cdb);
            }
            self.watch.unsynced_data |= at.saturating_add(count) > SUPERBLOCK_END;
        }
        self.advance(takes)?;
        Ok(out.len())
    }
}

/// What a READ that fails is answered, on a drive with these habits.
fn unreadable(sense: Sense, disc: &DiscState, quirks: Quirks) -> Sense {
    let run_out =
        sense.words() == Sense::UNRECOVERED_READ.words() && disc.medium.nature() == Nature::Cd && !disc.erasing;
    let instead = match sense.words() {
        words if words == Sense::BLANK_CHECK.words() => quirks.unwritten,
        _ if run_out => quirks.run_out,
        _ => None,
    };
    instead.map_or(sense, |instead| sense.instead(instead))
}

/// What a refused WRITE says of the client, if it is the client's doing.
fn careless_write(sense: Sense, quirks: Quirks) -> Option<&'static str> {
    match sense.words() {
        (5, 0x21, 0x02) => Some("a WRITE did not go to the next writable address"),
        (5, 0x21, 0x00) | (5, 0x63, 0x00) => Some("a WRITE went beyond what can be written"),
        (5, 0x24, 0x00) => Some("a WRITE was no multiple of the packet size"),
        (5, 0x2c, 0x00) => Some("a WRITE came when nothing could be written"),
        (5, 0x64, 0x00) if !quirks.lie21 => Some("a WRITE came in a mode that this disc does not take"),
        (7, 0x27, 0x00) => Some("a WRITE came to a disc that takes no more"),
        _ => None,
    }
}
