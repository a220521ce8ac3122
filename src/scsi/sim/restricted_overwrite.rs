//! DVD-RW in restricted overwrite mode (MMC-6 4.4.3.4): whole ECC units, overwritten wherever there are some, appended where they end.
//!
//! ```text
//! sequential ──FORMAT 15h──▶ intermediate, 0 blocks ──WRITE at the end──▶ intermediate, more blocks
//!      ▲  │                       ▲                                             │
//!      │  └──FORMAT 00h, 10h──▶ complete ◀────────────────CLOSE 2───────────────┘
//!   BLANK 0                       └──FORMAT 13h──▶ intermediate, the same blocks
//! ```
//! A quick format and a quick growth prepare the disc and write nothing: what can be written anywhere is what was written before, and
//! beyond that writing has to go on without a gap. So a growth is asked for in blocks beyond the present end, and how many they are
//! makes no difference here as long as they fit. CLOSE 2 ends the border, and nothing can be appended before the next growth.
//! The way back to sequential recording is BLANK type 0 alone; a minimal blank is refused.

use std::time::Duration;

use super::decode::Fields;
use super::disc::{DiscError, VirtualDisc};
use super::family::{Accepted, Effect, Family, Job, TocRequest, TrackAddress, capacity_descriptor};
use super::formatting::{self, BLOCK_LENGTH, RESTRICTED_GROW, RESTRICTED_QUICK, RESTRICTED_WHOLE, WHOLE, Wish};
use super::mode::WritePage;
use super::one_track::{self, OneTrack, check_range};
use super::sense::Sense;
use super::state::{DiscState, Format, FormatStatus};

/// Blocks in an ECC unit; types 10h to 15h want it for their parameter.
const ECC_BLOCKS: u32 = 16;

const QUICK_SECONDS: u64 = 45;
const GROW_SECONDS: u64 = 30;
const WHOLE_SECONDS: u64 = 30 * 60;
const CLOSE_SECONDS: u64 = 60;
const SYNC_SECONDS: u64 = 1;
const BLANK_SECONDS: u64 = 30 * 60;

/// The model; what it holds is how far the border reaches with what is still in the buffer.
#[derive(Debug)]
pub(super) struct RestrictedOverwrite {
    end: u32,
}

fn intermediate(formatted: u32) -> Format {
    Format { status: FormatStatus::Intermediate, formatted, spares: 0 }
}

fn complete(formatted: u32) -> Format {
    Format { status: FormatStatus::Complete, formatted, spares: 0 }
}

fn format(disc: &DiscState) -> Format {
    disc.format.unwrap_or(complete(0))
}

/// What FORMAT UNIT does to a DVD-RW, whichever way it is recorded now.
pub(super) fn format_unit(disc: &DiscState, list: Fields<'_>) -> Result<Job, Sense> {
    let wish = Wish::parse(list).plain()?;
    match wish.kind {
        WHOLE => {
            wish.of(&[disc.capacity])?.with(BLOCK_LENGTH)?;
            Ok(formatting::job(complete(disc.capacity), false, WHOLE_SECONDS))
        }
        RESTRICTED_WHOLE => {
            wish.of(&[disc.capacity])?.with(ECC_BLOCKS)?;
            Ok(formatting::job(complete(disc.capacity), false, WHOLE_SECONDS))
        }
        RESTRICTED_QUICK => {
            wish.of(&[0, disc.capacity])?.with(ECC_BLOCKS)?;
            Ok(formatting::job(intermediate(0), false, QUICK_SECONDS))
        }
        RESTRICTED_GROW => {
            let now = disc.format.ok_or(wish.unknown())?;
            let room = disc.capacity.saturating_sub(now.formatted);
            // 0 only opens the border again: growisofs, which grew up with real drives, says no number.
            if wish.blocks > room || !wish.blocks.is_multiple_of(ECC_BLOCKS) {
                return Err(Sense::list_field(4, None));
            }
            wish.with(ECC_BLOCKS)?;
            Ok(formatting::job(intermediate(now.formatted), true, GROW_SECONDS))
        }
        _ => Err(wish.unknown()),
    }
}

/// Capacity descriptors of what FORMAT UNIT can do to a DVD-RW.
pub(super) fn formats(disc: &DiscState) -> Vec<u8> {
    let mut list = Vec::new();
    for (kind, parameter) in [(WHOLE, BLOCK_LENGTH), (RESTRICTED_WHOLE, ECC_BLOCKS), (RESTRICTED_QUICK, ECC_BLOCKS)] {
        list.extend_from_slice(&capacity_descriptor(disc.capacity, kind << 2, parameter));
    }
    let room = disc.format.map_or(0, |now| disc.capacity.saturating_sub(now.formatted));
    if room > 0 {
        list.extend_from_slice(&capacity_descriptor(room, RESTRICTED_GROW << 2, ECC_BLOCKS));
    }
    list
}

impl RestrictedOverwrite {
    pub(super) fn new() -> RestrictedOverwrite {
        RestrictedOverwrite { end: 0 }
    }

    /// First block that can't be read: what is in the buffer counts.
    fn end(&self, disc: &DiscState) -> u32 {
        format(disc).formatted.max(self.end)
    }

    fn is_open(disc: &DiscState) -> bool {
        format(disc).status == FormatStatus::Intermediate
    }

    fn figures(&self, disc: &DiscState) -> OneTrack {
        let end = self.end(disc);
        let next = (Self::is_open(disc) && end < disc.capacity).then_some(end);
        let free = next.map_or(0, |next| disc.capacity - next);
        OneTrack { ecc: ECC_BLOCKS, blocks: end, blank: end == 0, packets: true, next, free }
    }
}

impl Family for RestrictedOverwrite {
    fn inserted(&mut self, _: &mut VirtualDisc) {
        self.end = 0;
    }

    fn accept_write(&mut self, disc: &mut VirtualDisc, _: &WritePage, at: u32, count: u32) -> Result<Accepted, Sense> {
        if !at.is_multiple_of(ECC_BLOCKS) {
            return Err(Sense::OUT_OF_RANGE.at(at));
        }
        if !count.is_multiple_of(ECC_BLOCKS) {
            return Err(Sense::cdb_field(7, None));
        }
        let now = self.end(&disc.state);
        if !Self::is_open(&disc.state) {
            check_range(at, count, now)?;
            return Ok(Accepted::Continues);
        }
        let end = check_range(at, count, disc.state.capacity)?;
        if at > now {
            return Err(Sense::INVALID_ADDRESS_FOR_WRITE.at(at));
        }
        self.end = now.max(end);
        Ok(Accepted::Continues)
    }

    fn drained(&mut self, disc: &mut VirtualDisc, at: u32, count: u32) -> bool {
        one_track::written(disc, at, count);
        let now = format(&disc.state).formatted;
        // Half a unit is none.
        let end = at.saturating_add(count) / ECC_BLOCKS * ECC_BLOCKS;
        let grows = Self::is_open(&disc.state) && end > now;
        if grows {
            disc.state.format = Some(intermediate(end));
        }
        grows
    }

    fn write_failed(&mut self, disc: &mut VirtualDisc, at: u32) -> Result<(), DiscError> {
        one_track::ruined(disc, at, format(&disc.state).formatted);
        self.end = 0;
        disc.save()
    }

    fn check_read(&self, disc: &DiscState, at: u32, count: u32) -> Result<(), Sense> {
        check_range(at, count, self.end(disc))?;
        one_track::check_readable(disc, at, count)
    }

    fn synchronize(&self) -> Option<Job> {
        Some(Job::new(Effect::Synchronize, Sense::LONG_WRITE_IN_PROGRESS, SYNC_SECONDS))
    }

    fn close(&self, disc: &DiscState, function: u8, _: u16, _: &WritePage) -> Result<Option<Job>, Sense> {
        match function {
            2 if Self::is_open(disc) && self.end(disc) > 0 => {
                let effect = Effect::CloseSession { appendable: true };
                Ok(Some(Job::new(effect, Sense::OPERATION_IN_PROGRESS, CLOSE_SECONDS)))
            }
            2 => Err(Sense::SEQUENCE),
            _ => Err(Sense::cdb_field(2, Some(2))),
        }
    }

    fn blank(&self, _: &DiscState, kind: u8) -> Result<Job, Sense> {
        match kind {
            0 => Ok(Job::new(Effect::Blank, Sense::OPERATION_IN_PROGRESS, BLANK_SECONDS)),
            1 => Err(Sense::INCOMPATIBLE_MEDIUM),
            _ => Err(Sense::cdb_field(1, Some(2))),
        }
    }

    fn format(&self, disc: &DiscState, list: Fields<'_>) -> Result<Option<Job>, Sense> {
        format_unit(disc, list).map(Some)
    }

    fn begin(&mut self, disc: &mut VirtualDisc, effect: Effect) -> Result<(), DiscError> {
        // A growth leaves the data that is on its way alone; all else here destroys it.
        if effect == Effect::Blank { formatting::begin(disc, false) } else { Ok(()) }
    }

    fn complete(&mut self, disc: &mut VirtualDisc, effect: Effect, _: Duration) -> Result<(), DiscError> {
        match effect {
            Effect::CloseSession { .. } => {
                let formatted = format(&disc.state).formatted;
                disc.state.format = Some(complete(formatted));
            }
            Effect::Blank => disc.state.erasing = false,
            _ => {}
        }
        disc.save()
    }

    fn tick(&mut self, _: &mut VirtualDisc, _: Duration) -> Result<bool, DiscError> {
        Ok(false)
    }

    fn suspend(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        self.end = 0;
        disc.save()
    }

    fn background_progress(&self, _: &DiscState) -> Option<u16> {
        None
    }

    fn next_writable(&self, _: &DiscState) -> Option<u32> {
        None
    }

    fn profile(&self, _: &DiscState) -> u16 {
        0x0013
    }

    fn obeys_write_page(&self) -> bool {
        false
    }

    fn is_writing(&self) -> bool {
        false
    }

    fn is_blank(&self, disc: &DiscState) -> bool {
        self.end(disc) == 0
    }

    fn current_features(&self, _: &DiscState) -> &'static [u16] {
        &[0x0010, 0x001f, 0x0023, 0x0026, 0x002c, 0x002f, 0x0107]
    }

    fn disc_information(&self, disc: &DiscState) -> Vec<u8> {
        // With the border open: disc and session incomplete.
        one_track::disc_information(if Self::is_open(disc) { 0x15 } else { 0x1e }, 0)
    }

    fn track_information(&self, disc: &DiscState, address: TrackAddress) -> Result<Vec<u8>, Sense> {
        self.figures(disc).track_information(address, disc.capacity)
    }

    fn toc(&self, disc: &DiscState, request: TocRequest) -> Result<Vec<u8>, Sense> {
        self.figures(disc).toc(request)
    }

    fn last_block(&self, disc: &DiscState) -> u32 {
        self.end(disc).saturating_sub(1)
    }

    fn format_capacities(&self, disc: &DiscState) -> Vec<u8> {
        // Type 3 with the most there can be, as long as the border is open; then type 2 with what is formatted.
        let (kind, blocks) = if Self::is_open(disc) { (3, disc.capacity) } else { (2, self.end(disc)) };
        let mut list = capacity_descriptor(blocks, kind, BLOCK_LENGTH).to_vec();
        list.extend_from_slice(&formats(disc));
        list
    }
}
