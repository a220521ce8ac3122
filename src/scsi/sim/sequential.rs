//! DVD-R, DVD-RW as long as it is not formatted, DVD+R, BD-R: track after track, session after session (MMC-6 4.3.5 to 4.3.9, 4.5).
//!
//! ```text
//! blank ──WRITE──▶ track open ──CLOSE 1──▶ session open ──CLOSE 2──▶ appendable, or closed where mode page 05h wants it (DVD-R, DVD-RW)
//!   │                  │    ▲                  ▲       └──CLOSE 3 (DVD-R, -RW), 5, 6 (DVD+R), 6 (BD-R)──▶ closed
//!   │              power cut  eject, power     │
//!   │                  │      cut after SYNC   │            DVD-RW: any ──BLANK 0──▶ blank ──BLANK 1──▶ blank, disc at once only
//!   │                  └──▶ damaged ──CLOSE 1──┘            BD-R: blank ──FORMAT──▶ blank, with spare areas
//!   │
//!   └──page 05h: disc at once; RESERVE TRACK; WRITE, all of it; SYNC──▶ closed   (DVD-R, DVD-RW; the only way of a DVD-R DL)
//! ```
//! A track that is found open when the disc is put in can be continued if its last write was followed by a SYNC or an eject. If not, it
//! is damaged, and nothing goes before it and its session have been closed.
//!
//! The drive writes whole ECC units. A unit that the client leaves unfinished is filled with zeros at the next SYNC, and the address goes
//! on behind them.

use std::time::Duration;

use super::bd_r_format;
use super::decode::Fields;
use super::disc::{DiscError, VirtualDisc};
use super::family::{Accepted, Effect, Family, Job, TocRequest, TrackAddress, capacity_descriptor};
use super::kinds::Nature;
use super::mode::{AT_ONCE, INCREMENTAL, WritePage};
use super::options::Quirks;
use super::restricted_overwrite;
use super::sense::Sense;
use super::sequential_replies::View;
use super::sequential_rules::{Rules, limit_of, next_track_start, only_at_once, rules_of, usable};
use super::state::{DiscState, Format, FormatStatus, Track};
use super::tracks;

const BLANK_WHOLE_SECONDS: u64 = 30 * 60;
const BLANK_MINIMAL_SECONDS: u64 = 60;

/// The track being written.
#[derive(Debug, Clone, Copy)]
struct Writing {
    /// Where it goes on, buffered blocks counted.
    next: u32,
    /// First block that does not belong to it: what was reserved, or the end of the disc.
    end: u32,
    at_once: bool,
    synchronized: bool,
}

/// The model.
#[derive(Debug)]
pub(super) struct Sequential {
    rules: &'static Rules,
    quirks: Quirks,
    writing: Option<Writing>,
    /// What RESERVE TRACK announced for a disc written at once.
    reserved: Option<u32>,
}

impl Sequential {
    pub(super) fn new(disc: &DiscState) -> Sequential {
        Sequential { rules: rules_of(disc), quirks: Quirks::default(), writing: None, reserved: None }
    }

    fn view<'a>(&self, disc: &'a DiscState) -> View<'a> {
        let next = self.writing.map(|writing| writing.next);
        View { disc, rules: self.rules, quirks: self.quirks, next, reserved: self.reserved }
    }

    /// Whether page 05h lets a track begin, and if so whether it will be the whole disc.
    fn write_mode(&self, disc: &DiscState, page: &WritePage) -> Result<bool, Sense> {
        if !self.rules.obeys_page {
            return Ok(false);
        }
        match page.write_type() {
            _ if !page.is_selected() => Err(Sense::SEQUENCE),
            INCREMENTAL if only_at_once(disc) || self.quirks.lie21 => Err(Sense::ILLEGAL_MODE_FOR_TRACK),
            AT_ONCE if !disc.sessions.is_empty() => Err(Sense::ILLEGAL_MODE_FOR_TRACK),
            // Reserved and then not written so; or written so and not reserved.
            INCREMENTAL if self.reserved.is_some() => Err(Sense::SEQUENCE),
            AT_ONCE if self.reserved.is_none() => Err(Sense::SEQUENCE),
            INCREMENTAL => Ok(false),
            AT_ONCE => Ok(true),
            _ => Err(Sense::ILLEGAL_MODE_FOR_TRACK),
        }
    }

    /// Fixed packets: DVD-R and DVD-RW take nothing but whole ECC units when they are written incrementally.
    fn check_packet(&self, at_once: bool, count: u32) -> Result<(), Sense> {
        let whole = at_once || !self.rules.obeys_page || count.is_multiple_of(self.rules.unit);
        if whole { Ok(()) } else { Err(Sense::cdb_field(7, None)) }
    }

    fn beyond(&self, writing: &Writing, at: u32) -> Sense {
        if writing.at_once { Sense::OUT_OF_RANGE.at(at.max(writing.end)) } else { self.rules.full }
    }

    /// Everything accepted is on the disc: the unit begun last is filled up.
    fn fill_unit(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        let (unit, limit) = (self.rules.unit, usable(&disc.state));
        let Some(track) = disc.state.open_track() else { return Ok(()) };
        let end = track.start + track.blocks;
        let whole = self.rules.whole_units(end).max(track.start.saturating_add(unit)).min(limit).max(end);
        // Written out, not left to the hole in the file: an earlier, lost write may have left bytes there.
        disc.write_zeros(end, whole - end)?;
        if let Some(track) = disc.state.open_track_mut() {
            track.blocks += whole - end;
            track.synchronized = track.blocks;
        }
        if let Some(writing) = &mut self.writing {
            writing.next = whole;
            writing.synchronized = true;
        }
        Ok(())
    }

    fn close_track(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        let untouched = disc.state.open_track().is_some_and(|track| track.reserved > 0 && track.blocks == 0);
        if !untouched {
            self.fill_unit(disc)?;
        }
        if let Some(track) = disc.state.open_track() {
            // A reserved track is as long as it was reserved, whatever was written.
            let (end, missing) = (track.start + track.blocks, track.reserved.saturating_sub(track.blocks));
            disc.write_zeros(end, missing)?;
            if let Some(track) = disc.state.open_track_mut() {
                track.blocks += missing;
                track.reserved = 0;
                track.closed = true;
            }
        }
        self.writing = None;
        Ok(())
    }

    fn close_session(&mut self, disc: &mut VirtualDisc, appendable: bool) {
        let gap = self.quirks.gap;
        if let Some(session) = disc.state.sessions.last_mut() {
            session.lead_out = session.tracks.last().map(Track::end);
            session.gap = gap;
        }
        disc.state.finalised = !appendable;
        self.reserved = None;
    }

    /// DVD+R and BD-R: the next track gets so many blocks, and what follows it begins behind them (MMC-6 6.33). Only one is reserved
    /// at a time.
    fn reserve_track(&self, disc: &mut DiscState, blocks: u32) -> Result<(), Sense> {
        if disc.finalised {
            return Err(self.rules.closed);
        }
        if disc.open_track().is_some() {
            return Err(Sense::SEQUENCE);
        }
        if self.view(disc).takes_no_track() {
            return Err(Sense::NO_MORE_TRACKS);
        }
        if blocks == 0 {
            return Err(Sense::cdb_field(5, None));
        }
        let start = next_track_start(disc).ok_or(self.rules.full)?;
        let whole = self.rules.whole_units(blocks);
        if whole > usable(disc) - start {
            return Err(self.rules.full);
        }
        tracks::open(disc, start);
        if let Some(track) = disc.open_track_mut() {
            track.reserved = whole;
        }
        Ok(())
    }

    fn synchronized(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        match self.writing {
            // What was announced counts, not what fills a unit.
            Some(writing) if writing.at_once && writing.next < writing.end => {
                self.writing = Some(Writing { synchronized: true, ..writing });
            }
            Some(writing) if writing.at_once => {
                self.close_track(disc)?;
                self.close_session(disc, false);
            }
            Some(_) => self.fill_unit(disc)?,
            None => {}
        }
        Ok(())
    }
}

impl Family for Sequential {
    fn inserted(&mut self, _: &mut VirtualDisc) {
        self.writing = None;
        self.reserved = None;
    }

    fn set_quirks(&mut self, quirks: Quirks) {
        self.quirks = quirks;
    }

    fn accept_write(
        &mut self,
        disc: &mut VirtualDisc,
        page: &WritePage,
        at: u32,
        count: u32,
    ) -> Result<Accepted, Sense> {
        let state = &mut disc.state;
        let end = at.checked_add(count).ok_or(Sense::OUT_OF_RANGE.at(at))?;
        if let Some(writing) = self.writing {
            if at != writing.next {
                return Err(Sense::INVALID_ADDRESS_FOR_WRITE.at(at));
            }
            self.check_packet(writing.at_once, count)?;
            if end > writing.end {
                return Err(self.beyond(&writing, at));
            }
            self.writing = Some(Writing { next: end, synchronized: false, ..writing });
            let splits = !writing.at_once && !at.is_multiple_of(self.rules.unit);
            return Ok(if splits { Accepted::SplitsUnit } else { Accepted::Continues });
        }
        if state.finalised {
            return Err(self.rules.closed);
        }
        if state.erasing {
            return Err(Sense::SEQUENCE);
        }
        let resumed = match state.open_track() {
            Some(_) => Some(self.view(state).resumes_at().ok_or(Sense::SEQUENCE)?),
            None => None,
        };
        let at_once = self.write_mode(state, page)?;
        let start = match resumed {
            Some(at) => at,
            None if self.view(state).takes_no_track() => return Err(Sense::NO_MORE_TRACKS),
            None => next_track_start(state).ok_or(self.rules.full)?,
        };
        if at != start {
            return Err(Sense::INVALID_ADDRESS_FOR_WRITE.at(at));
        }
        self.check_packet(at_once, count)?;
        let limit = self
            .reserved
            .filter(|_| at_once)
            .unwrap_or(state.open_track().map_or(usable(state), |track| limit_of(track, state)));
        let writing = Writing { next: end, end: limit, at_once, synchronized: false };
        if end > limit {
            return Err(self.beyond(&writing, at));
        }
        if resumed.is_none() {
            tracks::open(state, start);
        } else if let Some(track) = state.open_track_mut() {
            track.blocks = start - track.start;
        }
        state.disc_at_once_only |= at_once;
        self.writing = Some(writing);
        // Who writes the disc at once knows where it begins.
        Ok(if at_once { Accepted::Continues } else { Accepted::OpensTrack })
    }

    fn drained(&mut self, disc: &mut VirtualDisc, _: u32, count: u32) -> bool {
        tracks::grow(&mut disc.state, count);
        true
    }

    fn write_failed(&mut self, disc: &mut VirtualDisc, at: u32) -> Result<(), DiscError> {
        if let Some(start) = next_track_start(&disc.state).filter(|start| *start == at) {
            tracks::open(&mut disc.state, start);
            disc.state.disc_at_once_only |= self.reserved.is_some();
        }
        if let Some(track) = disc.state.open_track_mut() {
            track.synchronized = 0;
        }
        self.writing = None;
        self.reserved = None;
        disc.save()
    }

    fn check_read(&self, disc: &DiscState, at: u32, count: u32) -> Result<(), Sense> {
        tracks::check_read(disc, at, count, self.view(disc).next)
    }

    fn synchronize(&self) -> Option<Job> {
        self.writing.map(|writing| {
            let ends = writing.at_once && writing.next == writing.end;
            let seconds = if ends { self.rules.closing_seconds(writing.end, true) } else { self.rules.sync_seconds };
            Job::new(Effect::Synchronize, Sense::LONG_WRITE_IN_PROGRESS, seconds)
        })
    }

    fn is_unsynchronized(&self) -> bool {
        self.writing.is_some_and(|writing| !writing.synchronized)
    }

    fn is_short_of_its_end(&self) -> bool {
        self.writing.is_some_and(|writing| writing.at_once && writing.next < writing.end)
    }

    fn can_stream(&self) -> bool {
        self.rules.unit == 32
    }

    fn close(&self, disc: &DiscState, function: u8, number: u16, page: &WritePage) -> Result<Option<Job>, Sense> {
        let finalises = self.rules.finalising.contains(&function);
        if function != 1 && function != 2 && !finalises {
            return Err(Sense::cdb_field(2, Some(2)));
        }
        // A disc written at once is closed by its SYNC.
        if disc.erasing || self.writing.is_some_and(|writing| writing.at_once) {
            return Err(Sense::SEQUENCE);
        }
        if function == 1 {
            let track = disc.open_track().ok_or(Sense::SEQUENCE)?;
            if number != track.number {
                return Err(Sense::cdb_field(4, None));
            }
            let seconds = self.rules.close_track_seconds;
            return Ok(Some(Job::new(Effect::CloseTrack, Sense::OPERATION_IN_PROGRESS, seconds)));
        }
        let open = disc.sessions.last().filter(|session| session.lead_out.is_none()).ok_or(Sense::SEQUENCE)?;
        if disc.open_track().is_some() {
            return Err(Sense::INCOMPLETE_TRACK);
        }
        let follows = !only_at_once(disc) && disc.sessions.len() < self.rules.most_sessions;
        let wanted = !finalises && (!self.rules.obeys_page || page.next_session_allowed());
        let appendable = follows && wanted;
        let seconds = self.rules.closing_seconds(open.tracks.last().map_or(0, Track::end), !appendable);
        Ok(Some(Job::new(Effect::CloseSession { appendable }, Sense::OPERATION_IN_PROGRESS, seconds)))
    }

    fn blank(&self, disc: &DiscState, kind: u8) -> Result<Job, Sense> {
        if !disc.medium.is_erasable() {
            return Err(Sense::INCOMPATIBLE_MEDIUM);
        }
        if self.writing.is_some() {
            return Err(Sense::SEQUENCE);
        }
        let (effect, seconds) = match kind {
            0 => (Effect::Blank, BLANK_WHOLE_SECONDS),
            1 => (Effect::BlankMinimally, BLANK_MINIMAL_SECONDS),
            _ => return Err(Sense::cdb_field(1, Some(2))),
        };
        Ok(Job::new(effect, Sense::OPERATION_IN_PROGRESS, seconds))
    }

    fn format(&self, disc: &DiscState, list: Fields<'_>) -> Result<Option<Job>, Sense> {
        match disc.medium.nature() {
            Nature::BdR => bd_r_format::accept(disc, list).map(Some),
            Nature::DvdMinus if disc.medium.is_erasable() => restricted_overwrite::format_unit(disc, list).map(Some),
            _ => Err(Sense::CANNOT_FORMAT),
        }
    }

    fn begin(&mut self, disc: &mut VirtualDisc, effect: Effect) -> Result<(), DiscError> {
        if matches!(effect, Effect::Blank | Effect::BlankMinimally) {
            // What says where things are goes first, on a real disc as here: from now on there is no way back.
            disc.state = DiscState::blank(disc.state.medium, disc.state.capacity);
            disc.state.erasing = true;
            self.reserved = None;
            disc.save()?;
            disc.erase_sectors()?;
        }
        Ok(())
    }

    fn complete(&mut self, disc: &mut VirtualDisc, effect: Effect, _: Duration) -> Result<(), DiscError> {
        match effect {
            Effect::Synchronize => self.synchronized(disc)?,
            Effect::CloseTrack => self.close_track(disc)?,
            Effect::CloseSession { appendable } => self.close_session(disc, appendable),
            Effect::Blank => disc.state.erasing = false,
            Effect::BlankMinimally => {
                disc.state.erasing = false;
                disc.state.disc_at_once_only = true;
            }
            Effect::FormatWriteOnce { spares, pseudo_overwrite } => {
                let formatted = disc.state.capacity.saturating_sub(spares);
                disc.state.format = Some(Format { status: FormatStatus::Complete, formatted, spares });
                disc.state.pseudo_overwrite = pseudo_overwrite;
            }
            _ => return Ok(()),
        }
        disc.save()
    }

    fn tick(&mut self, _: &mut VirtualDisc, _: Duration) -> Result<bool, DiscError> {
        Ok(false)
    }

    fn suspend(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        if self.writing.is_some_and(|writing| !writing.at_once) {
            self.fill_unit(disc)?;
        }
        self.writing = None;
        self.reserved = None;
        disc.save()
    }

    fn cut_off(&mut self, disc: &mut VirtualDisc) -> bool {
        let unit = self.rules.unit;
        let Some(writing) = self.writing.take() else { return false };
        self.reserved = None;
        let Some(track) = disc.state.open_track_mut().filter(|_| !writing.synchronized) else { return false };
        // Half an ECC unit is none: nothing of it can be read.
        let whole = track.blocks / unit * unit;
        let lost = whole < track.blocks;
        track.blocks = whole;
        if lost {
            track.synchronized = 0;
        }
        lost
    }

    fn background_progress(&self, _: &DiscState) -> Option<u16> {
        None
    }

    fn reserve(&mut self, disc: &mut VirtualDisc, page: &WritePage, blocks: u32) -> Result<(), Sense> {
        if !self.rules.obeys_page {
            return self.reserve_track(&mut disc.state, blocks);
        }
        if self.writing.is_some() || !page.is_selected() || disc.state.erasing {
            return Err(Sense::SEQUENCE);
        }
        if page.write_type() != AT_ONCE || !disc.state.sessions.is_empty() {
            return Err(Sense::ILLEGAL_MODE_FOR_TRACK);
        }
        if blocks == 0 {
            return Err(Sense::cdb_field(5, None));
        }
        let whole = self.rules.whole_units(blocks);
        if whole > usable(&disc.state) {
            return Err(self.rules.full);
        }
        self.reserved = Some(whole);
        Ok(())
    }

    fn next_writable(&self, disc: &DiscState) -> Option<u32> {
        next_track_start(disc).or_else(|| self.view(disc).resumes_at())
    }

    fn profile(&self, disc: &DiscState) -> u16 {
        match (disc.medium.nature(), disc.medium.layers(), disc.medium.is_erasable()) {
            (Nature::DvdMinus, 1, false) => 0x0011,
            (Nature::DvdMinus, 1, true) => 0x0014,
            (Nature::DvdMinus, ..) => 0x0015,
            (Nature::BdR, ..) => 0x0041,
            (_, 1, _) => 0x001b,
            _ => 0x002b,
        }
    }

    fn obeys_write_page(&self) -> bool {
        self.rules.obeys_page
    }

    fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    fn is_blank(&self, disc: &DiscState) -> bool {
        disc.sessions.is_empty() && !disc.erasing
    }

    fn current_features(&self, disc: &DiscState) -> &'static [u16] {
        let lies = self.quirks.lie21 && !disc.finalised && disc.medium.layers() == 1;
        let incremental = lies || !(disc.finalised || only_at_once(disc));
        match (self.profile(disc), disc.finalised, incremental) {
            (0x0011, false, true) => &[0x0010, 0x001f, 0x0021, 0x002f, 0x0107],
            (0x0011 | 0x0015, false, _) => &[0x0010, 0x001f, 0x002f, 0x0107],
            (0x0014, _, true) => &[0x0010, 0x001f, 0x0021, 0x0023, 0x002f, 0x0107],
            (0x0014, _, false) => &[0x0010, 0x001f, 0x0023, 0x002f, 0x0107],
            (0x001b, false, _) => &[0x0010, 0x001f, 0x002b, 0x0107],
            (0x002b, false, _) => &[0x0010, 0x001f, 0x003b, 0x0107],
            (0x0041, finalised, _) => bd_r_format::features(disc, finalised),
            _ => &[0x0010, 0x001f, 0x0107],
        }
    }

    fn disc_information(&self, disc: &DiscState) -> Vec<u8> {
        self.view(disc).disc_information()
    }

    fn track_information(&self, disc: &DiscState, address: TrackAddress) -> Result<Vec<u8>, Sense> {
        self.view(disc).track_information(address)
    }

    fn toc(&self, disc: &DiscState, request: TocRequest) -> Result<Vec<u8>, Sense> {
        self.view(disc).toc(request)
    }

    fn last_block(&self, disc: &DiscState) -> u32 {
        let lead_out = disc.sessions.iter().filter_map(|session| session.lead_out).next_back();
        lead_out.map_or(0, |lead_out| lead_out.saturating_sub(1))
    }

    fn format_capacities(&self, disc: &DiscState) -> Vec<u8> {
        // Type 1 unformatted, 2 formatted, 3 neither: the last session is not complete (MMC-6 6.24.3.2).
        let last = disc.sessions.last();
        let kind = match last.map(|session| session.lead_out.is_some()) {
            None if disc.format.is_none() => 1,
            None | Some(true) => 2,
            Some(false) => 3,
        };
        let mut list = capacity_descriptor(usable(disc), kind, 2048).to_vec();
        if disc.medium.nature() == Nature::BdR && bd_r_format::is_possible(disc) {
            list.extend(bd_r_format::descriptors(disc));
        }
        if disc.medium.nature() == Nature::DvdMinus && disc.medium.is_erasable() {
            list.extend(restricted_overwrite::formats(disc));
        }
        list
    }
}
