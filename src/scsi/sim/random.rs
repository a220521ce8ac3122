//! DVD-RAM and BD-RE: formatted once in the foreground, then any block can be written at any time (MMC-6 4.4.6, 4.5).
//!
//! ```text
//! not formatted ──FORMAT 00h, 30h, 31h──▶ formatted ──the same──▶ formatted anew, empty
//!                                             └──FORMAT 01h──▶ formatted, more spares, the data kept
//! ```
//! DVD-RAM is addressed to its full capacity by type 00h, its first spare area lies outside of it; type 01h takes a
//! supplementary one from the end. On BD-RE all spares come out of the capacity: type 00h takes the default, type 30h one of three
//! sizes, type 31h none. The drive reads and writes whole ECC units around shorter writes; that shows only where the power
//! goes in the midst of one. Blocks never written read as zeros.

use std::time::Duration;

use super::bd_r_format;
use super::decode::Fields;
use super::disc::{DiscError, VirtualDisc};
use super::family::{Accepted, Effect, Family, Job, TocRequest, TrackAddress, capacity_descriptor};
use super::formatting::{self, BD_RE_NO_SPARES, BD_RE_SPARES, BLOCK_LENGTH, MORE_SPARES, WHOLE, Wish};
use super::kinds::Nature;
use super::mode::WritePage;
use super::one_track::{self, OneTrack, check_range};
use super::sense::Sense;
use super::state::{DiscState, Format, FormatStatus};

const QUICK_SECONDS: u64 = 60;
const QUICK_CERTIFICATION_SECONDS: u64 = 15 * 60;
const DVD_RAM_CERTIFICATION_SECONDS: u64 = 40 * 60;
const FULL_CERTIFICATION_SECONDS: u64 = 90 * 60;
const SYNC_SECONDS: u64 = 1;

/// The model. All it knows stands on the disc.
#[derive(Debug)]
pub(super) struct Random;

/// The format, if there is one.
fn format(disc: &DiscState) -> Option<Format> {
    disc.format.filter(|format| format.status == FormatStatus::Complete)
}

/// Blocks that can be addressed; 0 when not formatted.
fn blocks(disc: &DiscState) -> u32 {
    format(disc).map_or(0, |format| format.formatted)
}

/// What type 01h makes of the disc, if it can.
fn more_spares(disc: &DiscState) -> Option<Format> {
    let now = format(disc)?;
    let spares = match disc.medium.nature() {
        Nature::DvdRam if now.spares == 0 => disc.capacity / 32 / 16 * 16,
        Nature::BdRe if now.spares > 0 => bd_r_format::spares(disc)[2],
        _ => return None,
    };
    (spares > now.spares).then(|| with_spares(disc, spares))
}

fn with_spares(disc: &DiscState, spares: u32) -> Format {
    Format { status: FormatStatus::Complete, formatted: disc.capacity.saturating_sub(spares), spares }
}

fn figures(disc: &DiscState) -> OneTrack {
    let blocks = blocks(disc);
    OneTrack { ecc: disc.medium.ecc(), blocks, blank: blocks == 0, packets: false, next: None, free: 0 }
}

/// Descriptors of the formats there are: what they make of the disc, type, parameter.
fn formats(disc: &DiscState) -> Vec<(Format, u8, u32)> {
    let mut list = Vec::new();
    if disc.medium.nature() == Nature::DvdRam {
        list.push((with_spares(disc, 0), WHOLE, BLOCK_LENGTH));
    } else {
        let spares = bd_r_format::spares(disc);
        list.push((with_spares(disc, spares[0]), WHOLE, BLOCK_LENGTH));
        list.extend(spares.map(|spares| (with_spares(disc, spares), BD_RE_SPARES, 0)));
        list.push((with_spares(disc, 0), BD_RE_NO_SPARES, BLOCK_LENGTH));
    }
    list.extend(more_spares(disc).map(|format| (format, MORE_SPARES, BLOCK_LENGTH)));
    list
}

impl Family for Random {
    fn inserted(&mut self, _: &mut VirtualDisc) {}

    fn accept_write(&mut self, disc: &mut VirtualDisc, _: &WritePage, at: u32, count: u32) -> Result<Accepted, Sense> {
        let format = format(&disc.state).ok_or(Sense::CANNOT_WRITE_FORMAT)?;
        check_range(at, count, format.formatted)?;
        Ok(Accepted::Continues)
    }

    fn drained(&mut self, disc: &mut VirtualDisc, at: u32, count: u32) -> bool {
        one_track::written(disc, at, count);
        // The sectors speak for themselves; only the drawing of the disc needs the ranges.
        false
    }

    fn write_failed(&mut self, disc: &mut VirtualDisc, at: u32) -> Result<(), DiscError> {
        one_track::ruined(disc, at, blocks(&disc.state));
        disc.save()
    }

    fn check_read(&self, disc: &DiscState, at: u32, count: u32) -> Result<(), Sense> {
        let format = format(disc).ok_or(Sense::CANNOT_READ_FORMAT)?;
        check_range(at, count, format.formatted)?;
        one_track::check_readable(disc, at, count)
    }

    fn synchronize(&self) -> Option<Job> {
        Some(Job::new(Effect::Synchronize, Sense::LONG_WRITE_IN_PROGRESS, SYNC_SECONDS))
    }

    fn close(&self, _: &DiscState, _: u8, _: u16, _: &WritePage) -> Result<Option<Job>, Sense> {
        // There is nothing that could be open.
        Err(Sense::SEQUENCE)
    }

    fn blank(&self, _: &DiscState, _: u8) -> Result<Job, Sense> {
        Err(Sense::INCOMPATIBLE_MEDIUM)
    }

    fn format(&self, disc: &DiscState, list: Fields<'_>) -> Result<Option<Job>, Sense> {
        let wish = Wish::parse(list);
        let of_kind: Vec<_> = formats(disc).into_iter().filter(|(_, kind, _)| *kind == wish.kind).collect();
        let sizes: Vec<u32> = of_kind.iter().map(|(format, _, _)| format.formatted).collect();
        let parameter = of_kind.first().ok_or(wish.unknown())?.2;
        let wish = wish.of(&sizes)?.with(parameter)?;
        let seconds = match (wish.kind, wish.subtype) {
            (WHOLE, 0) if disc.medium.nature() == Nature::DvdRam && !wish.uncertified => DVD_RAM_CERTIFICATION_SECONDS,
            (BD_RE_SPARES, 2) => FULL_CERTIFICATION_SECONDS,
            (BD_RE_SPARES, 3) => QUICK_CERTIFICATION_SECONDS,
            (_, 0) => QUICK_SECONDS,
            _ => return Err(wish.unknown()),
        };
        let to = of_kind.into_iter().find(|(format, _, _)| format.formatted == wish.blocks);
        Ok(to.map(|(format, kind, _)| formatting::job(format, kind == MORE_SPARES, seconds)))
    }

    fn begin(&mut self, _: &mut VirtualDisc, _: Effect) -> Result<(), DiscError> {
        Ok(())
    }

    fn complete(&mut self, disc: &mut VirtualDisc, _: Effect, _: Duration) -> Result<(), DiscError> {
        disc.save()
    }

    fn tick(&mut self, _: &mut VirtualDisc, _: Duration) -> Result<bool, DiscError> {
        Ok(false)
    }

    fn suspend(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        disc.save()
    }

    fn background_progress(&self, _: &DiscState) -> Option<u16> {
        None
    }

    fn can_stream(&self) -> bool {
        true
    }

    fn next_writable(&self, _: &DiscState) -> Option<u32> {
        None
    }

    fn profile(&self, disc: &DiscState) -> u16 {
        if disc.medium.nature() == Nature::DvdRam { 0x0012 } else { 0x0043 }
    }

    fn obeys_write_page(&self) -> bool {
        false
    }

    fn is_writing(&self) -> bool {
        false
    }

    fn is_blank(&self, disc: &DiscState) -> bool {
        format(disc).is_none()
    }

    fn current_features(&self, disc: &DiscState) -> &'static [u16] {
        if disc.medium.nature() == Nature::DvdRam {
            &[0x0010, 0x001f, 0x0020, 0x0023, 0x0024, 0x0107]
        } else {
            &[0x0010, 0x0020, 0x0023, 0x0024, 0x0040, 0x0041, 0x0107]
        }
    }

    fn disc_information(&self, disc: &DiscState) -> Vec<u8> {
        // Disc status 3: other than sequential. BD-RE says complete all the same.
        let status = match (disc.medium.nature(), format(disc).is_some()) {
            (Nature::DvdRam, false) => 0x13,
            (Nature::DvdRam, true) => 0x1f,
            (_, false) => 0x10,
            (_, true) => 0x1e,
        };
        one_track::disc_information(status, 0)
    }

    fn track_information(&self, disc: &DiscState, address: TrackAddress) -> Result<Vec<u8>, Sense> {
        figures(disc).track_information(address, blocks(disc).max(1))
    }

    fn toc(&self, disc: &DiscState, request: TocRequest) -> Result<Vec<u8>, Sense> {
        figures(disc).toc(request)
    }

    fn last_block(&self, disc: &DiscState) -> u32 {
        blocks(disc).saturating_sub(1)
    }

    fn format_capacities(&self, disc: &DiscState) -> Vec<u8> {
        let (kind, now) = format(disc).map_or((1, disc.capacity), |format| (2, format.formatted));
        let mut list = capacity_descriptor(now, kind, BLOCK_LENGTH).to_vec();
        for (format, kind, parameter) in formats(disc) {
            list.extend_from_slice(&capacity_descriptor(format.formatted, kind << 2, parameter));
        }
        list
    }
}
