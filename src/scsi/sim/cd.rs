//! CD-R and CD-RW, written track at once, or session at once while they are blank (MMC-6 4.3, Orange Book parts II and III).
//!
//! ```text
//! blank ──WRITE──▶ track open ──SYNC, CLOSE 1──▶ session open ──CLOSE 2──▶ appendable   (page 05h: multi-session 11b)
//!                      │                             ▲      └───────────▶ finalised    (page 05h: anything else)
//!                   power cut                        │
//!                      └────▶ damaged ───CLOSE 1─────┘       CD-RW: any ──BLANK──▶ blank
//!
//! blank ──page 05h: session at once; SEND CUE SHEET; WRITE from -150 to the lead-out; SYNC──▶ appendable or finalised, as above
//! ```
//! A track is open *and being written* only in the drive that began it. The same track found open on a disc that was put in
//! is a damaged one: nobody knows how it could be continued.

use std::time::Duration;

use super::cd_replies::View;
use super::cue_sheet;
use super::decode::Fields;
use super::disc::{DiscError, VirtualDisc};
use super::family::{Accepted, Effect, Family, Job, TocRequest, TrackAddress, capacity_descriptor};
use super::mode::{AT_ONCE, TRACK_AT_ONCE, WritePage};
use super::options::Quirks;
use super::sense::Sense;
use super::state::{DiscState, MOST_TRACKS, PRE_GAP, RUN_OUT, Track};
use super::tracks;

/// Least length of a track: 4 seconds.
const LEAST_TRACK: u32 = 300;

/// From the lead-out of the first session to the next track: lead-out 6750, lead-in 4500, pre-gap 150.
const GAP_AFTER_FIRST: u32 = 11_400;

/// The same after later sessions, whose lead-out is 2250.
const GAP_AFTER_LATER: u32 = 6_900;

const SYNC_SECONDS: u64 = 2;
const CLOSE_TRACK_SECONDS: u64 = 3;
const CLOSE_SESSION_SECONDS: u64 = 30;
const BLANK_MINIMAL_SECONDS: u64 = 60;
const BLANK_WHOLE_SECONDS: u64 = 20 * 60;

/// A session that is written at once.
#[derive(Debug, Clone, Copy)]
struct SessionAtOnce {
    /// Blocks of the pre-gap that are still to come.
    pre_gap_left: u32,
    /// Where the cue sheet wants the lead-out.
    lead_out: u32,
    appendable: bool,
}

/// The model; `next` is the address the track being written goes on at, buffered blocks counted.
#[derive(Debug)]
pub(super) struct Cd {
    next: Option<u32>,
    /// Where the cue sheet wants the lead-out of a session that has not begun.
    cue: Option<u32>,
    at_once: Option<SessionAtOnce>,
    quirks: Quirks,
}

impl Cd {
    pub(super) fn new() -> Cd {
        Cd { next: None, cue: None, at_once: None, quirks: Quirks::default() }
    }

    fn stop_writing(&mut self) {
        self.next = None;
        self.cue = None;
        self.at_once = None;
    }

    /// A WRITE of a session at once: its first one comes with the page, and opens the track.
    fn accept_at_once(&mut self, disc: &mut DiscState, page: &WritePage, at: u32, count: u32) -> Result<(), Sense> {
        let mut session = match (self.at_once, self.cue) {
            (Some(session), _) => session,
            (None, _) if !disc.sessions.is_empty() => return Err(Sense::ILLEGAL_MODE_FOR_TRACK),
            (None, None) => return Err(Sense::SEQUENCE),
            (None, Some(lead_out)) => {
                SessionAtOnce { pre_gap_left: PRE_GAP, lead_out, appendable: page.next_session_allowed() }
            }
        };
        let next = self.next.unwrap_or(0);
        let expected = next.wrapping_sub(session.pre_gap_left);
        if at != expected {
            return Err(Sense::INVALID_ADDRESS_FOR_WRITE.at(at));
        }
        let in_pre_gap = count.min(session.pre_gap_left);
        let end = next.checked_add(count - in_pre_gap).filter(|end| *end <= session.lead_out);
        let end = end.ok_or(Sense::OUT_OF_RANGE.at(session.lead_out))?;
        session.pre_gap_left -= in_pre_gap;
        if self.at_once.is_none() {
            tracks::open(disc, 0);
        }
        self.at_once = Some(session);
        self.next = Some(end);
        Ok(())
    }

    /// The whole of a session written at once is there: its lead-out follows at once.
    fn close_at_once(&mut self, disc: &mut DiscState, session: SessionAtOnce) {
        if let Some(track) = disc.open_track_mut() {
            track.closed = true;
        }
        self.close_session(disc, session.appendable);
        self.stop_writing();
    }

    fn close_session(&mut self, disc: &mut DiscState, appendable: bool) {
        if let Some(session) = disc.sessions.last_mut() {
            session.lead_out = session.tracks.last().map(Track::end);
            session.gap = self.quirks.gap;
        }
        disc.finalised = !appendable;
    }

    fn view<'a>(&self, disc: &'a DiscState) -> View<'a> {
        View { disc, next: self.next }
    }

    fn close_open_track(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError> {
        if let Some(track) = disc.state.open_track() {
            let end = track.start + track.blocks;
            let pad = LEAST_TRACK.saturating_sub(track.blocks);
            // Written out, not left to the hole in the file: an earlier, lost write may have left bytes there.
            disc.write_zeros(end, pad)?;
            if let Some(track) = disc.state.open_track_mut() {
                track.blocks += pad;
                track.run_out = RUN_OUT;
                track.closed = true;
            }
        }
        self.stop_writing();
        Ok(())
    }
}

/// Where the next track would begin; `None` on a disc that takes none, for whatever reason.
pub(super) fn next_track_start(disc: &DiscState) -> Option<u32> {
    if disc.finalised || disc.erasing || disc.open_track().is_some() {
        return None;
    }
    let Some(session) = disc.sessions.last() else { return Some(0) };
    let usual = if disc.sessions.len() == 1 { GAP_AFTER_FIRST } else { GAP_AFTER_LATER };
    let start = match (session.lead_out, session.tracks.last()) {
        (Some(lead_out), _) => lead_out.saturating_add(session.gap.unwrap_or(usual)),
        (None, last) => last.map_or(0, |track| track.end() + PRE_GAP),
    };
    (start < disc.capacity && usize::from(disc.last_track_number()) < MOST_TRACKS).then_some(start)
}

impl Family for Cd {
    fn inserted(&mut self, _: &mut VirtualDisc) {
        self.stop_writing();
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
        if self.at_once.is_some() {
            self.accept_at_once(state, page, at, count)?;
            return Ok(Accepted::Continues);
        }
        let begins_at_once = self.next.is_none() && page.is_selected() && page.write_type() == AT_ONCE;
        if begins_at_once && !state.finalised && !state.erasing && state.open_track().is_none() {
            self.accept_at_once(state, page, at, count)?;
            return Ok(Accepted::Continues);
        }
        let end = at.checked_add(count).ok_or(Sense::OUT_OF_RANGE.at(at))?;
        if let Some(next) = self.next {
            if at != next {
                return Err(Sense::INVALID_ADDRESS_FOR_WRITE.at(at));
            }
            if end > state.capacity {
                return Err(Sense::END_OF_USER_AREA);
            }
            self.next = Some(end);
            return Ok(Accepted::Continues);
        }
        if state.finalised {
            return Err(Sense::ILLEGAL_MODE_FOR_TRACK);
        }
        if state.erasing || state.open_track().is_some() || !page.is_selected() {
            return Err(Sense::SEQUENCE);
        }
        if page.write_type() != TRACK_AT_ONCE {
            return Err(Sense::ILLEGAL_MODE_FOR_TRACK);
        }
        if usize::from(state.last_track_number()) >= MOST_TRACKS {
            return Err(Sense::NO_MORE_TRACKS);
        }
        let start = next_track_start(state).ok_or(Sense::END_OF_USER_AREA)?;
        if at != start {
            return Err(Sense::INVALID_ADDRESS_FOR_WRITE.at(at));
        }
        if end.max(start + LEAST_TRACK) > state.capacity {
            return Err(Sense::END_OF_USER_AREA);
        }
        tracks::open(state, start);
        self.next = Some(end);
        Ok(Accepted::OpensTrack)
    }

    fn drained(&mut self, disc: &mut VirtualDisc, _: u32, count: u32) -> bool {
        tracks::grow(&mut disc.state, count);
        true
    }

    fn write_failed(&mut self, disc: &mut VirtualDisc, at: u32) -> Result<(), DiscError> {
        let fresh = next_track_start(&disc.state).filter(|start| *start == at);
        if let Some(start) = fresh.filter(|start| start + LEAST_TRACK <= disc.state.capacity) {
            tracks::open(&mut disc.state, start);
        }
        self.stop_writing();
        disc.save()
    }

    fn check_read(&self, disc: &DiscState, at: u32, count: u32) -> Result<(), Sense> {
        tracks::check_read(disc, at, count, self.view(disc).next)
    }

    fn synchronize(&self) -> Option<Job> {
        let ends_session = self.at_once.is_some() && !self.is_short_of_its_end();
        let seconds = if ends_session { CLOSE_SESSION_SECONDS } else { SYNC_SECONDS };
        self.next.map(|_| Job::new(Effect::Synchronize, Sense::LONG_WRITE_IN_PROGRESS, seconds))
    }

    fn is_unsynchronized(&self) -> bool {
        self.next.is_some()
    }

    fn is_short_of_its_end(&self) -> bool {
        self.at_once.is_some_and(|session| self.next.is_none_or(|next| next < session.lead_out))
    }

    fn cue_sheet(&mut self, disc: &mut VirtualDisc, page: &WritePage, sheet: &[u8]) -> Result<(), Sense> {
        if self.next.is_some() || disc.state.erasing || !page.is_selected() {
            return Err(Sense::SEQUENCE);
        }
        if page.write_type() != AT_ONCE || !disc.state.sessions.is_empty() {
            return Err(Sense::ILLEGAL_MODE_FOR_TRACK);
        }
        let lead_out = cue_sheet::lead_out(sheet)?;
        if lead_out > disc.state.capacity {
            return Err(Sense::END_OF_USER_AREA);
        }
        self.cue = Some(lead_out);
        Ok(())
    }

    fn close(&self, disc: &DiscState, function: u8, number: u16, page: &WritePage) -> Result<Option<Job>, Sense> {
        // A session at once is closed by its SYNC.
        if disc.erasing || self.at_once.is_some() {
            return Err(Sense::SEQUENCE);
        }
        match function {
            1 => {
                let track = disc.open_track().ok_or(Sense::SEQUENCE)?;
                if number != track.number {
                    return Err(Sense::cdb_field(4, None));
                }
                Ok(Some(Job::new(Effect::CloseTrack, Sense::OPERATION_IN_PROGRESS, CLOSE_TRACK_SECONDS)))
            }
            2 => {
                if disc.sessions.last().is_none_or(|session| session.lead_out.is_some()) {
                    return Err(Sense::SEQUENCE);
                }
                if disc.open_track().is_some() && self.next.is_none() {
                    return Err(Sense::INCOMPLETE_TRACK);
                }
                let effect = Effect::CloseSession { appendable: page.next_session_allowed() };
                Ok(Some(Job::new(effect, Sense::OPERATION_IN_PROGRESS, CLOSE_SESSION_SECONDS)))
            }
            _ => Err(Sense::cdb_field(2, Some(2))),
        }
    }

    fn blank(&self, disc: &DiscState, kind: u8) -> Result<Job, Sense> {
        if !disc.medium.is_erasable() {
            return Err(Sense::INCOMPATIBLE_MEDIUM);
        }
        if self.next.is_some() {
            return Err(Sense::SEQUENCE);
        }
        let seconds = match kind {
            0 => BLANK_WHOLE_SECONDS,
            1 => BLANK_MINIMAL_SECONDS,
            _ => return Err(Sense::cdb_field(1, Some(2))),
        };
        Ok(Job::new(Effect::Blank, Sense::OPERATION_IN_PROGRESS, seconds))
    }

    fn format(&self, _: &DiscState, _: Fields<'_>) -> Result<Option<Job>, Sense> {
        Err(Sense::CANNOT_FORMAT)
    }

    fn begin(&mut self, disc: &mut VirtualDisc, effect: Effect) -> Result<(), DiscError> {
        if effect == Effect::Blank {
            // The PMA goes first, on a real disc as here: from now on there is no way back.
            disc.state = DiscState::blank(disc.state.medium, disc.state.capacity);
            disc.state.erasing = true;
            self.stop_writing();
            disc.save()?;
            disc.erase_sectors()?;
        }
        Ok(())
    }

    fn complete(&mut self, disc: &mut VirtualDisc, effect: Effect, _: Duration) -> Result<(), DiscError> {
        match effect {
            Effect::Synchronize => match self.at_once {
                Some(_) if self.is_short_of_its_end() => return Ok(()),
                Some(session) => self.close_at_once(&mut disc.state, session),
                None => self.close_open_track(disc)?,
            },
            Effect::CloseTrack => self.close_open_track(disc)?,
            Effect::CloseSession { appendable } => {
                self.close_open_track(disc)?;
                self.close_session(&mut disc.state, appendable);
            }
            Effect::Blank => disc.state.erasing = false,
            _ => return Ok(()),
        }
        disc.save()
    }

    fn tick(&mut self, _: &mut VirtualDisc, _: Duration) -> Result<bool, DiscError> {
        Ok(false)
    }

    fn suspend(&mut self, _: &mut VirtualDisc) -> Result<(), DiscError> {
        self.stop_writing();
        Ok(())
    }

    fn background_progress(&self, _: &DiscState) -> Option<u16> {
        None
    }

    fn next_writable(&self, disc: &DiscState) -> Option<u32> {
        next_track_start(disc)
    }

    fn profile(&self, disc: &DiscState) -> u16 {
        if disc.medium.is_erasable() { 0x000a } else { 0x0009 }
    }

    fn obeys_write_page(&self) -> bool {
        true
    }

    fn is_writing(&self) -> bool {
        self.next.is_some()
    }

    fn is_blank(&self, disc: &DiscState) -> bool {
        disc.sessions.is_empty() && !disc.erasing
    }

    fn current_features(&self, disc: &DiscState) -> &'static [u16] {
        match (disc.medium.is_erasable(), disc.finalised) {
            (true, _) => &[0x0010, 0x001d, 0x001e, 0x0021, 0x002d, 0x002e, 0x0037, 0x0107],
            (false, false) => &[0x0010, 0x001d, 0x001e, 0x0021, 0x002d, 0x002e, 0x0107],
            (false, true) => &[0x0010, 0x001d, 0x001e, 0x0107],
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
        disc.sessions
            .iter()
            .filter_map(|session| session.lead_out)
            .next_back()
            .map_or(0, |lead_out| lead_out.saturating_sub(1))
    }

    fn format_capacities(&self, disc: &DiscState) -> Vec<u8> {
        // Type 1 unformatted, 2 formatted, 3 neither: the last session is not complete (MMC-6 6.24.3.2).
        let last = disc.sessions.last();
        let kind = match last.map(|session| session.lead_out.is_some()) {
            None => 1,
            Some(true) => 2,
            Some(false) => 3,
        };
        capacity_descriptor(disc.capacity, kind, 2048).to_vec()
    }
}
