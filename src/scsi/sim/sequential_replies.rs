//! What a sequential DVD or BD looks like from outside: disc information, track information, a made-up table of contents.

use super::family::{TocRequest, TrackAddress, address, counted, low_byte, msf};
use super::kinds::Nature;
use super::options::Quirks;
use super::sense::Sense;
use super::sequential_rules::{Rules, limit_of, next_start, next_track_start, only_at_once, usable};
use super::state::{DiscState, MOST_TRACKS_ELSEWHERE, Track};
use super::tracks;

/// ADR 1 (position), CONTROL 4 (data track): as TOC entries have it.
const ADR_CONTROL: u8 = 0x14;

/// Numbers beyond it mean something else in a table of contents.
const LAST_IN_TOC: u16 = 99;

/// Track mode of data recorded at once, and in increments.
const DATA: u8 = 0x04;
const DATA_INCREMENTAL: u8 = 0x05;

const DAMAGED: u8 = 0x20;

/// Byte 6: reserved track, blank, increments; data mode 1. The sequential DVDs have no fixed packets (FP), only a least one.
const RESERVED: u8 = 0x80;
const BLANK: u8 = 0x40;
const INCREMENTS: u8 = 0x20;
const DATA_MODE_1: u8 = 0x01;

/// The disc, and what the drive alone knows of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) disc: &'a DiscState,
    pub(super) rules: &'static Rules,
    pub(super) quirks: Quirks,
    /// Where the track being written goes on.
    pub(super) next: Option<u32>,
    pub(super) reserved: Option<u32>,
}

/// The fields of READ TRACK INFORMATION (MMC-6 table 496).
#[derive(Debug, Clone, Copy, Default)]
struct TrackFields {
    number: u16,
    session: u16,
    byte5: u8,
    byte6: u8,
    start: u32,
    next: Option<u32>,
    free: u32,
    size: u32,
    last_recorded: Option<u32>,
}

impl View<'_> {
    /// Where the track that was found open goes on, if it can go on.
    pub(super) fn resumes_at(&self) -> Option<u32> {
        let track = self.disc.open_track()?;
        let can = !only_at_once(self.disc) && (self.quirks.continues_damaged || !track.is_damaged());
        let at = self.rules.whole_units(track.end());
        (can && at < limit_of(track, self.disc)).then_some(at)
    }

    /// Whether the disc has as many tracks as it can have.
    pub(super) fn takes_no_track(&self) -> bool {
        usize::from(self.disc.last_track_number()) >= MOST_TRACKS_ELSEWHERE
    }

    fn session_is_open(&self) -> bool {
        self.disc.sessions.last().is_some_and(|session| session.lead_out.is_none())
    }

    /// Number of the session that the next track is or will be in.
    fn current_session(&self) -> u16 {
        let complete = u16::try_from(self.disc.sessions.len()).unwrap_or(u16::MAX);
        if self.session_is_open() { complete } else { complete.saturating_add(1) }
    }

    fn invisible_number(&self) -> u16 {
        self.disc.last_track_number().saturating_add(1)
    }

    /// MMC-6 table 361.
    pub(super) fn disc_information(&self) -> Vec<u8> {
        let disc = self.disc;
        let invisible = self.invisible_number();
        let in_last = disc.sessions.last().and_then(|s| Some((s.tracks.first()?.number, s.tracks.last()?.number)));
        let (status, sessions, (first, last)) = if disc.erasing {
            (0x09, 1, (1, 1))
        } else if disc.finalised {
            (0x0e, self.current_session().saturating_sub(1), in_last.unwrap_or((1, 1)))
        } else if self.session_is_open() {
            let (first, last) = in_last.unwrap_or((1, 1));
            (0x05, self.current_session(), (first, if disc.open_track().is_some() { last } else { invisible }))
        } else {
            let formatted = disc.format.is_some() && self.quirks.formatted_bd_r_appendable;
            let appendable = u8::from(!disc.sessions.is_empty() || formatted);
            (appendable, self.current_session(), (invisible, invisible))
        };
        let mut body = [0; 32];
        body[0] = status | if disc.medium.is_erasable() { 0x10 } else { 0 };
        body[1] = 1;
        for (low, high, number) in [(2, 7, sessions), (3, 8, first), (4, 9, last)] {
            let [upper, lower] = number.to_be_bytes();
            body[low] = lower;
            body[high] = upper;
        }
        body[6] = if disc.sessions.is_empty() { 0xff } else { 0x00 };
        let (lead_in, lead_out) = match next_track_start(disc) {
            Some(start) => (start, usable(disc)),
            None if self.session_is_open() => (0, usable(disc)),
            None => (u32::MAX, u32::MAX),
        };
        body[14..18].copy_from_slice(&lead_in.to_be_bytes());
        body[18..22].copy_from_slice(&lead_out.to_be_bytes());
        counted(&body)
    }

    /// MMC-6 table 496, in 48 bytes.
    pub(super) fn track_information(&self, address: TrackAddress) -> Result<Vec<u8>, Sense> {
        let disc = self.disc;
        let wrong = Sense::cdb_field(2, None);
        let mut tracks = disc.sessions.iter().flat_map(|session| &session.tracks);
        let invisible = next_start(disc);
        let found = match address {
            TrackAddress::Track(0xff) if self.refuses_ff() => return Err(wrong),
            // Where there are so many tracks, the number is one of them.
            TrackAddress::Track(0xff) if disc.last_track_number() < 0xfe => disc.open_track(),
            TrackAddress::Track(number) if number == u32::from(self.invisible_number()) => None,
            TrackAddress::Track(number) => Some(tracks.find(|t| u32::from(t.number) == number).ok_or(wrong)?),
            TrackAddress::Session(number) => {
                let at = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
                match disc.sessions.get(at) {
                    Some(session) => session.tracks.first(),
                    None if number == u32::from(self.current_session()) => None,
                    None => return Err(wrong),
                }
            }
            TrackAddress::Lba(lba) => {
                let found = tracks.find(|track| (track.start..self.end_of(track)).contains(&lba));
                let beyond = invisible.is_some_and(|start| (start..usable(disc)).contains(&lba));
                if found.is_none() && !beyond {
                    return Err(Sense::OUT_OF_RANGE.at(lba));
                }
                found
            }
        };
        match (found, invisible) {
            (Some(track), _) => Ok(self.reply(self.of_track(track))),
            (None, Some(start)) => Ok(self.reply(self.of_invisible(start))),
            (None, None) if disc.erasing => {
                let damaged = TrackFields { number: 1, session: 1, byte5: DAMAGED | DATA, ..TrackFields::default() };
                Ok(self.reply(damaged))
            }
            (None, None) => Err(wrong),
        }
    }

    fn refuses_ff(&self) -> bool {
        self.quirks.no_ff && matches!(self.disc.medium.nature(), Nature::DvdMinus | Nature::BdR)
    }

    /// First block that no more belongs to the track: one that is written owns all that is free.
    fn end_of(&self, track: &Track) -> u32 {
        if track.closed { track.end() } else { limit_of(track, self.disc) }
    }

    /// Bytes 5 and 6 that a track has by the way it is recorded.
    fn modes(&self) -> (u8, u8) {
        if !self.rules.obeys_page || only_at_once(self.disc) || self.reserved.is_some() {
            (DATA, DATA_MODE_1)
        } else {
            (DATA_INCREMENTAL, INCREMENTS | DATA_MODE_1)
        }
    }

    fn of_invisible(&self, start: u32) -> TrackFields {
        let start = start.min(usable(self.disc));
        let room = usable(self.disc) - start;
        let (byte5, byte6) = self.modes();
        let reserved = if self.reserved.is_some() { RESERVED } else { 0 };
        let size = self.reserved.unwrap_or(room);
        TrackFields {
            number: self.invisible_number(),
            session: self.current_session(),
            byte5,
            byte6: byte6 | BLANK | reserved,
            start,
            next: (room > 0).then_some(start),
            free: size,
            size,
            last_recorded: None,
        }
    }

    fn of_track(&self, track: &Track) -> TrackFields {
        let holds = |session: &&super::state::Session| session.tracks.iter().any(|t| t.number == track.number);
        let before = self.disc.sessions.iter().take_while(|session| !holds(session)).count();
        let (byte5, byte6) = self.modes();
        let recorded = tracks::readable_end(track, self.next);
        let fields = TrackFields {
            number: track.number,
            session: u16::try_from(before).unwrap_or(u16::MAX).saturating_add(1),
            byte5,
            byte6,
            start: track.start,
            size: track.blocks,
            last_recorded: recorded.checked_sub(1).filter(|last| *last >= track.start),
            ..TrackFields::default()
        };
        if track.closed {
            return fields;
        }
        let limit = self.reserved.map_or(limit_of(track, self.disc), |blocks| track.start.saturating_add(blocks));
        let size = limit.saturating_sub(track.start);
        let reserved = if self.reserved.is_some() || track.reserved > 0 { RESERVED } else { 0 };
        if let Some(next) = self.next {
            let next = Some(next).filter(|next| *next < limit);
            let free = next.map_or(0, |next| limit - next);
            return TrackFields { byte6: byte6 | reserved, next, free, size, ..fields };
        }
        let damage = if track.is_damaged() { DAMAGED } else { 0 };
        match self.resumes_at() {
            Some(at) => {
                let blank = if track.reserved > 0 && track.blocks == 0 { BLANK } else { 0 };
                let (byte5, byte6) = (byte5 | damage, byte6 | reserved | blank);
                TrackFields { byte5, byte6, next: Some(at), free: limit.saturating_sub(at), size, ..fields }
            }
            None => TrackFields { byte5: byte5 | damage, ..fields },
        }
    }

    fn reply(&self, track: TrackFields) -> Vec<u8> {
        let mut body = [0; 46];
        for (low, high, number) in [(0, 30, track.number), (1, 31, track.session)] {
            let [upper, lower] = number.to_be_bytes();
            body[low] = lower;
            body[high] = upper;
        }
        body[3] = track.byte5;
        body[4] = track.byte6;
        body[5] = u8::from(track.last_recorded.is_some()) << 1 | u8::from(track.next.is_some());
        let fields = [
            track.start,
            track.next.unwrap_or(0),
            track.free,
            self.rules.unit,
            track.size,
            track.last_recorded.unwrap_or(0),
        ];
        for (field, value) in body[6..30].chunks_exact_mut(4).zip(fields) {
            field.copy_from_slice(&value.to_be_bytes());
        }
        counted(&body)
    }

    /// MMC-6 6.26. What a CD has in its lead-in is made up from what the drive knows.
    pub(super) fn toc(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        match request.format {
            0 => self.toc_of_tracks(request),
            1 => self.toc_of_sessions(request),
            2 if self.quirks.raw_toc => self.raw_toc(request),
            _ => Err(Sense::cdb_field(2, Some(3))),
        }
    }

    /// Tracks of complete sessions, with the number of their session and its lead-out, as far as a table of contents can count.
    fn complete(&self) -> impl DoubleEndedIterator<Item = (u8, &Track, u32)> {
        let sessions = (1u8..=99).zip(&self.disc.sessions).collect::<Vec<_>>().into_iter();
        let complete = sessions.filter_map(|(number, session)| Some((number, &session.tracks, session.lead_out?)));
        complete
            .flat_map(|(number, tracks, lead_out)| tracks.iter().map(move |track| (number, track, lead_out)))
            .filter(|(_, track, _)| track.number <= LAST_IN_TOC)
    }

    fn toc_of_tracks(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        let (_, last, lead_out) = self.complete().next_back().ok_or(Sense::cdb_field(2, None))?;
        let last = number_of(last);
        if request.from > last && request.from != 0xaa {
            return Err(Sense::cdb_field(6, None));
        }
        let mut body = vec![1, last];
        let entries = self.complete().map(|(_, track, _)| (number_of(track), track.start)).chain([(0xaa, lead_out)]);
        for (number, start) in entries.filter(|(number, _)| *number >= request.from) {
            body.extend_from_slice(&[0, ADR_CONTROL, number, 0]);
            body.extend_from_slice(&address(start, request.msf));
        }
        Ok(counted(&body))
    }

    fn toc_of_sessions(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        // Where it begins is told whatever its number; the number has a byte.
        let sessions = (1u32..).zip(&self.disc.sessions).filter(|(_, session)| session.lead_out.is_some());
        let (number, session) = sessions.last().ok_or(Sense::cdb_field(2, None))?;
        let first = session.tracks.first().ok_or(Sense::cdb_field(2, None))?;
        let mut body = vec![1, in_a_byte(number), 0, ADR_CONTROL, in_a_byte(first.number.into()), 0];
        body.extend_from_slice(&address(first.start, request.msf));
        Ok(counted(&body))
    }

    /// MMC-6 table 505, without the pointers of a CD's lead-in.
    fn raw_toc(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        let (last_session, ..) = self.complete().next_back().ok_or(Sense::cdb_field(2, None))?;
        let mut body = vec![1, last_session];
        let mut item = |session: u8, point: u8, [pm, ps, pf]: [u8; 3]| {
            body.extend_from_slice(&[session, ADR_CONTROL, 0, point, 0, 0, 0, 0, pm, ps, pf]);
        };
        for session in request.from.max(1)..=last_session {
            let tracks: Vec<_> = self.complete().filter(|(number, ..)| *number == session).collect();
            let (Some((_, first, _)), Some((_, last, lead_out))) = (tracks.first(), tracks.last()) else { continue };
            item(session, 0xa0, [number_of(first), 0, 0]);
            item(session, 0xa1, [number_of(last), 0, 0]);
            item(session, 0xa2, msf(*lead_out));
            for (_, track, _) in &tracks {
                item(session, number_of(track), msf(track.start));
            }
        }
        Ok(counted(&body))
    }
}

/// A number, or the largest there is room for.
fn in_a_byte(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Only what a table of contents can count comes here.
fn number_of(track: &Track) -> u8 {
    low_byte(track.number.into())
}
