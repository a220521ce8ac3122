//! DVD+RW: formatted once, then overwritten wherever one likes (MMC-6 4.4.4, ECMA-337).
//!
//! ```text
//! not formatted ──FORMAT 26h──▶ running ──time──▶ complete
//!                                │    ▲
//!            CLOSE, eject, power cut  FORMAT 26h, Restart
//!                                ▼    │
//!                              suspended
//! ```
//! The disc can be written anywhere as soon as the drive is ready again, while formatting goes on in the background. On a
//! suspended one only what is formatted or written can be. The drive's read-modify-write of 16-block ECC units does not show.

use std::time::Duration;

use super::decode::Fields;
use super::disc::{DiscError, VirtualDisc};
use super::family::{Accepted, Effect, Family, Job, TocRequest, TrackAddress, capacity_descriptor};
use super::mode::WritePage;
use super::one_track::{self, OneTrack, check_range};
use super::sense::Sense;
use super::state::{DiscState, Format, FormatStatus, Ranges};

/// Format type of DVD+RW (MMC-6 table 237), as it stands in the upper six bits of a descriptor's byte 4.
const FULL_FORMAT: u8 = 0x26 << 2;

/// Blocks in an ECC unit.
const ECC_BLOCKS: u32 = 16;

const READY_SECONDS: u64 = 45;
const RESUME_SECONDS: u64 = 5;
const CLOSE_SECONDS: u64 = 20;
const SYNC_SECONDS: u64 = 1;

/// How fast the background formatting goes: a quarter of an hour for a disc.
const BACKGROUND_BLOCKS_PER_SECOND: u32 = 2400;

/// The model; what it holds is where background formatting began, and when.
#[derive(Debug)]
pub(super) struct DvdPlusRw {
    since: Option<(Duration, u32)>,
    /// A FORMAT UNIT has been accepted and the drive is not ready yet.
    preparing: bool,
}

impl DvdPlusRw {
    pub(super) fn new() -> DvdPlusRw {
        DvdPlusRw { since: None, preparing: false }
    }

    fn figures(&self, disc: &DiscState) -> OneTrack {
        OneTrack {
            ecc: ECC_BLOCKS,
            blocks: disc.capacity,
            blank: self.is_blank(disc),
            packets: false,
            next: None,
            free: 0,
        }
    }
}

fn format(disc: &DiscState) -> Format {
    disc.format.unwrap_or(Format { status: FormatStatus::None, formatted: 0, spares: 0 })
}

fn set(disc: &mut VirtualDisc, status: FormatStatus, formatted: u32) {
    disc.state.format = Some(Format { status, formatted, spares: 0 });
}

impl Family for DvdPlusRw {
    fn inserted(&mut self, disc: &mut VirtualDisc) {
        self.since = None;
        self.preparing = false;
        let Format { status, formatted, .. } = format(&disc.state);
        if status == FormatStatus::Running {
            // The drive that ran it lost its power.
            set(disc, FormatStatus::Suspended, formatted);
        }
    }

    fn accept_write(&mut self, disc: &mut VirtualDisc, _: &WritePage, at: u32, count: u32) -> Result<Accepted, Sense> {
        let end = check_range(at, count, disc.state.capacity)?;
        let Format { status, formatted, .. } = format(&disc.state);
        let within = match status {
            FormatStatus::None | FormatStatus::Intermediate => false,
            FormatStatus::Running | FormatStatus::Complete => true,
            FormatStatus::Suspended => end <= formatted || disc.state.recorded.covers(at, count),
        };
        if within { Ok(Accepted::Continues) } else { Err(Sense::CANNOT_WRITE_FORMAT) }
    }

    fn drained(&mut self, disc: &mut VirtualDisc, at: u32, count: u32) -> bool {
        one_track::written(disc, at, count);
        // The sectors speak for themselves. Only the drawing of the disc, and writing to a suspended one, need the ranges.
        false
    }

    fn write_failed(&mut self, disc: &mut VirtualDisc, at: u32) -> Result<(), DiscError> {
        one_track::ruined(disc, at, disc.state.capacity);
        disc.save()
    }

    fn check_read(&self, disc: &DiscState, at: u32, count: u32) -> Result<(), Sense> {
        let Format { status, formatted, .. } = format(disc);
        if status == FormatStatus::None {
            return Err(Sense::CANNOT_READ_FORMAT);
        }
        let end = check_range(at, count, disc.capacity)?;
        // Unwritten blocks of a formatted area read as zeros.
        let beyond = status == FormatStatus::Suspended && end > formatted && !disc.recorded.covers(at, count);
        if beyond {
            return Err(Sense::BLANK_CHECK.at(at.max(formatted)));
        }
        one_track::check_readable(disc, at, count)
    }

    fn synchronize(&self) -> Option<Job> {
        Some(Job::new(Effect::Synchronize, Sense::LONG_WRITE_IN_PROGRESS, SYNC_SECONDS))
    }

    fn close(&self, disc: &DiscState, function: u8, _: u16, _: &WritePage) -> Result<Option<Job>, Sense> {
        let running = match (function, format(disc).status) {
            (0 | 2, FormatStatus::None) => return Err(Sense::SEQUENCE),
            (0 | 2, status) => status == FormatStatus::Running,
            _ => return Err(Sense::cdb_field(2, Some(2))),
        };
        let effect = if running { Effect::StopFormat } else { Effect::Synchronize };
        let job = Job::new(effect, Sense::OPERATION_IN_PROGRESS, CLOSE_SECONDS);
        Ok((running || function == 2).then_some(job))
    }

    fn blank(&self, _: &DiscState, _: u8) -> Result<Job, Sense> {
        Err(Sense::INCOMPATIBLE_MEDIUM)
    }

    fn format(&self, disc: &DiscState, list: Fields<'_>) -> Result<Option<Job>, Sense> {
        if list.u8(8) != FULL_FORMAT {
            return Err(Sense::list_field(8, None));
        }
        if !matches!(list.u32(4), blocks if blocks == u32::MAX || blocks == disc.capacity) {
            return Err(Sense::list_field(4, None));
        }
        if list.u8(9) != 0 || list.u8(10) != 0 || list.u8(11) & 0xfe != 0 {
            return Err(Sense::list_field(9, None));
        }
        let restart = list.bit(11, 0);
        match format(disc).status {
            FormatStatus::None if restart => Err(Sense::list_field(11, Some(0))),
            FormatStatus::Running | FormatStatus::Complete if restart => Ok(None),
            FormatStatus::Running => Err(Sense::SEQUENCE),
            FormatStatus::Suspended if restart => {
                Ok(Some(Job::new(Effect::ResumeFormat, Sense::FORMAT_IN_PROGRESS, RESUME_SECONDS)))
            }
            _ => Ok(Some(Job::new(Effect::Format, Sense::FORMAT_IN_PROGRESS, READY_SECONDS))),
        }
    }

    fn begin(&mut self, disc: &mut VirtualDisc, effect: Effect) -> Result<(), DiscError> {
        self.preparing = matches!(effect, Effect::Format | Effect::ResumeFormat);
        if effect == Effect::Format {
            // First nothing is claimed, then nothing is there.
            set(disc, FormatStatus::None, 0);
            disc.state.recorded = Ranges::default();
            disc.state.unreadable = Ranges::default();
            disc.save()?;
            disc.erase_sectors()?;
        }
        Ok(())
    }

    fn complete(&mut self, disc: &mut VirtualDisc, effect: Effect, now: Duration) -> Result<(), DiscError> {
        self.preparing = false;
        let formatted = format(&disc.state).formatted;
        match effect {
            Effect::Format | Effect::ResumeFormat => {
                set(disc, FormatStatus::Running, formatted);
                self.since = Some((now, formatted));
            }
            Effect::StopFormat => return self.suspend(disc),
            Effect::Synchronize => {}
            _ => return Ok(()),
        }
        disc.save()
    }

    fn tick(&mut self, disc: &mut VirtualDisc, now: Duration) -> Result<bool, DiscError> {
        let Some((since, from)) = self.since else { return Ok(false) };
        let seconds = now.saturating_sub(since).as_millis() / 1000;
        let more = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(BACKGROUND_BLOCKS_PER_SECOND);
        let formatted = from.saturating_add(more).min(disc.state.capacity);
        let done = formatted == disc.state.capacity;
        set(disc, if done { FormatStatus::Complete } else { FormatStatus::Running }, formatted);
        if done {
            self.since = None;
            disc.save()?;
        }
        Ok(done)
    }

    fn suspend(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        self.since = None;
        self.preparing = false;
        let Format { status, formatted, .. } = format(&disc.state);
        if status == FormatStatus::Running {
            set(disc, FormatStatus::Suspended, formatted);
        }
        disc.save()
    }

    fn background_progress(&self, disc: &DiscState) -> Option<u16> {
        let (_, _) = self.since?;
        let progress = u64::from(format(disc).formatted) * 0xffff / u64::from(disc.capacity.max(1));
        u16::try_from(progress).ok()
    }

    fn next_writable(&self, _: &DiscState) -> Option<u32> {
        None
    }

    fn profile(&self, _: &DiscState) -> u16 {
        0x001a
    }

    fn obeys_write_page(&self) -> bool {
        false
    }

    fn is_writing(&self) -> bool {
        false
    }

    fn is_blank(&self, disc: &DiscState) -> bool {
        format(disc).status == FormatStatus::None
    }

    fn current_features(&self, _: &DiscState) -> &'static [u16] {
        &[0x0010, 0x001f, 0x0020, 0x0023, 0x002a, 0x0107]
    }

    fn disc_information(&self, disc: &DiscState) -> Vec<u8> {
        let status = format(disc).status;
        let background = match status {
            _ if self.preparing => 2,
            FormatStatus::None | FormatStatus::Intermediate => 0,
            FormatStatus::Suspended => 1,
            FormatStatus::Running => 2,
            FormatStatus::Complete => 3,
        };
        one_track::disc_information(if status == FormatStatus::None { 0x10 } else { 0x1e }, background)
    }

    fn track_information(&self, disc: &DiscState, address: TrackAddress) -> Result<Vec<u8>, Sense> {
        self.figures(disc).track_information(address, disc.capacity)
    }

    fn toc(&self, disc: &DiscState, request: TocRequest) -> Result<Vec<u8>, Sense> {
        self.figures(disc).toc(request)
    }

    fn last_block(&self, disc: &DiscState) -> u32 {
        if self.is_blank(disc) { 0 } else { disc.capacity.saturating_sub(1) }
    }

    fn format_capacities(&self, disc: &DiscState) -> Vec<u8> {
        let kind = if self.is_blank(disc) { 1 } else { 2 };
        let mut list = capacity_descriptor(disc.capacity, kind, 2048).to_vec();
        list.extend_from_slice(&capacity_descriptor(disc.capacity, FULL_FORMAT, 0));
        list
    }
}
