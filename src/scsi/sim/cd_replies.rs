//! What a CD looks like from outside: disc information, track information, table of contents.

use super::cd::next_track_start;
use super::family::{TocRequest, TrackAddress, address, counted, low_byte, msf};
use super::sense::Sense;
use super::state::{DiscState, PRE_GAP, Track};
use super::tracks;

/// ADR 1 (position), CONTROL 4 (data track): as TOC entries have it.
const ADR_CONTROL: u8 = 0x14;

/// Lead-in of a session that is not the first.
const LEAD_IN: u32 = 4500;

/// The disc, and how far the track being written has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) disc: &'a DiscState,
    pub(super) next: Option<u32>,
}

impl View<'_> {
    fn session_is_open(&self) -> bool {
        self.disc.sessions.last().is_some_and(|session| session.lead_out.is_none())
    }

    /// Number of the session that the next track is or will be in.
    fn current_session(&self) -> u8 {
        let complete = u8::try_from(self.disc.sessions.len()).unwrap_or(u8::MAX);
        if self.session_is_open() { complete } else { complete.saturating_add(1) }
    }

    /// MMC-6 table 361.
    pub(super) fn disc_information(&self) -> Vec<u8> {
        let disc = self.disc;
        let invisible = last_number(disc).saturating_add(1);
        let in_last: Option<(u8, u8)> =
            disc.sessions.last().and_then(|s| Some((number_of(s.tracks.first()?), number_of(s.tracks.last()?))));
        let (status, sessions, (first, last)) = if disc.erasing {
            (0x09, 1, (1, 1))
        } else if disc.finalised {
            (0x0e, self.current_session().saturating_sub(1), in_last.unwrap_or((1, 1)))
        } else if self.session_is_open() {
            let (first, last) = in_last.unwrap_or((1, 1));
            let last = if disc.open_track().is_some() { last } else { invisible };
            (0x05, self.current_session(), (first, last))
        } else {
            let appendable = u8::from(!disc.sessions.is_empty());
            (appendable, self.current_session(), (invisible, invisible))
        };

        let mut body = [0; 32];
        body[0] = status | if disc.medium.is_erasable() { 0x10 } else { 0 };
        body[1] = 1;
        body[2] = sessions;
        body[3] = first;
        body[4] = last;
        body[6] = if disc.sessions.is_empty() { 0xff } else { 0x00 };
        let (lead_in, lead_out) = match next_track_start(disc) {
            None if disc.finalised => ([0xff; 4], [0xff; 4]),
            Some(start) if start > LEAD_IN => {
                (address(start.saturating_sub(PRE_GAP + LEAD_IN), true), address(disc.capacity, true))
            }
            _ => {
                let [m, s, f] = disc.medium.lead_in();
                ([0, m, s, f], address(disc.capacity, true))
            }
        };
        body[14..18].copy_from_slice(&lead_in);
        body[18..22].copy_from_slice(&lead_out);
        counted(&body)
    }

    /// MMC-6 table 496, in the length CD drives give it.
    pub(super) fn track_information(&self, address: TrackAddress) -> Result<Vec<u8>, Sense> {
        let disc = self.disc;
        let invisible = next_track_start(disc).map(|start| (last_number(disc).saturating_add(1), start));
        let by_number = |number: u32| {
            let mut sessions = (1u8..).zip(&disc.sessions);
            sessions.find_map(|(s, session)| {
                session.tracks.iter().find(|t| u32::from(t.number) == number).map(|track| (s, track))
            })
        };
        let wrong = Sense::cdb_field(2, None);
        let found = match address {
            TrackAddress::Track(0xff) if disc.open_track().is_none() => None,
            TrackAddress::Track(0xff) => by_number(disc.last_track_number().into()),
            TrackAddress::Track(number) => match by_number(number) {
                None if invisible.is_none_or(|(next, _)| u32::from(next) != number) => return Err(wrong),
                found => found,
            },
            TrackAddress::Session(number) => {
                let at = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
                match disc.sessions.get(at).and_then(|session| session.tracks.first()) {
                    Some(track) => by_number(track.number.into()),
                    None if number == u32::from(self.current_session()) => None,
                    None => return Err(wrong),
                }
            }
            TrackAddress::Lba(lba) => match disc.sessions.iter().flat_map(|s| &s.tracks).find(|track| {
                let end = tracks::readable_end(track, self.next) + track.run_out;
                (track.start.saturating_sub(PRE_GAP)..end).contains(&lba)
            }) {
                Some(track) => by_number(track.number.into()),
                None if invisible.is_some_and(|(_, start)| (start..disc.capacity).contains(&lba)) => None,
                None => return Err(Sense::OUT_OF_RANGE.at(lba)),
            },
        };
        match (found, invisible) {
            (Some((session, track)), _) => Ok(self.of_track(session, track)),
            (None, Some((number, start))) => {
                let free = disc.capacity.saturating_sub(start);
                Ok(track_reply(number, self.current_session(), 0x04, 0x4f, true, [start, start, free, free]))
            }
            (None, None) if disc.erasing => Ok(track_reply(1, 1, 0x24, 0x0f, false, [0; 4])),
            (None, None) => Err(wrong),
        }
    }

    fn of_track(&self, session: u8, track: &Track) -> Vec<u8> {
        let start = track.start;
        if track.closed {
            let size = track.blocks + track.run_out;
            return track_reply(number_of(track), session, 0x04, 0x01, false, [start, 0, 0, size]);
        }
        match self.next {
            Some(next) => {
                let capacity = self.disc.capacity;
                let sizes = [start, next, capacity.saturating_sub(next), capacity.saturating_sub(start)];
                track_reply(number_of(track), session, 0x04, 0x01, true, sizes)
            }
            // Damage, and no next writable address.
            None => track_reply(number_of(track), session, 0x24, 0x01, false, [start, 0, 0, track.blocks]),
        }
    }

    /// MMC-6 6.26.
    pub(super) fn toc(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        match request.format {
            0 => self.toc_of_tracks(request),
            1 => self.toc_of_sessions(request),
            2 => self.raw_toc(request),
            4 => Ok(self.atip()),
            _ => Err(Sense::cdb_field(2, Some(3))),
        }
    }

    /// Complete sessions with their numbers: only they have a lead-in, and so a TOC.
    fn complete(&self) -> impl DoubleEndedIterator<Item = (u8, &[Track], u32)> {
        let sessions = (1u8..=99).zip(&self.disc.sessions).collect::<Vec<_>>().into_iter();
        sessions.filter_map(|(number, session)| Some((number, session.tracks.as_slice(), session.lead_out?)))
    }

    fn toc_of_tracks(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        let lead_out = self.complete().next_back().map(|(_, _, at)| at).ok_or(Sense::cdb_field(2, None))?;
        let tracks: Vec<&Track> = self.complete().flat_map(|(_, tracks, _)| tracks).collect();
        let last = tracks.last().map_or(0, |track| number_of(track));
        if request.from > last && request.from != 0xaa {
            return Err(Sense::cdb_field(6, None));
        }
        let mut body = vec![1, last];
        let entries = tracks.iter().map(|track| (number_of(track), track.start)).chain([(0xaa, lead_out)]);
        for (number, start) in entries.filter(|(number, _)| *number >= request.from) {
            body.extend_from_slice(&[0, ADR_CONTROL, number, 0]);
            body.extend_from_slice(&address(start, request.msf));
        }
        Ok(counted(&body))
    }

    fn toc_of_sessions(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        let (number, tracks, _) = self.complete().next_back().ok_or(Sense::cdb_field(2, None))?;
        let first = tracks.first().ok_or(Sense::cdb_field(2, None))?;
        let mut body = vec![1, number, 0, ADR_CONTROL, number_of(first), 0];
        body.extend_from_slice(&address(first.start, request.msf));
        Ok(counted(&body))
    }

    /// MMC-6 table 505; the MSF bit has no say here.
    fn raw_toc(&self, request: TocRequest) -> Result<Vec<u8>, Sense> {
        let last_complete = self.complete().next_back().map(|(number, ..)| number).ok_or(Sense::cdb_field(2, None))?;
        let mut body = vec![1, last_complete];
        let mut item = |session: u8, adr: u8, point: u8, [m, s, f]: [u8; 3], [pm, ps, pf]: [u8; 3]| {
            body.extend_from_slice(&[session, adr, 0, point, m, s, f, 0, pm, ps, pf]);
        };
        for (number, tracks, lead_out) in self.complete().filter(|(number, ..)| *number >= request.from) {
            let (Some(first), Some(last)) = (tracks.first(), tracks.last()) else { continue };
            item(number, ADR_CONTROL, 0xa0, [0; 3], [number_of(first), 0, 0]);
            item(number, ADR_CONTROL, 0xa1, [0; 3], [number_of(last), 0, 0]);
            item(number, ADR_CONTROL, 0xa2, [0; 3], msf(lead_out));
            for track in tracks {
                item(number, ADR_CONTROL, number_of(track), [0; 3], msf(track.start));
            }
            let following = match self.disc.sessions.get(usize::from(number)).and_then(|s| s.tracks.first()) {
                Some(track) => Some(track.start),
                None => next_track_start(self.disc),
            };
            let next_program = following.map_or([0xff; 3], |start| msf(start.saturating_sub(PRE_GAP)));
            // ADR 5: multi-session pointers. C0h repeats what ATIP says of the first lead-in.
            item(number, 0x54, 0xb0, next_program, msf(self.disc.capacity));
            if number == 1 {
                item(number, 0x54, 0xc0, [0; 3], self.disc.medium.lead_in());
            }
        }
        Ok(counted(&body))
    }

    /// MMC-6 table 509.
    fn atip(&self) -> Vec<u8> {
        let mut body = [0; 26];
        body[2] = 0xd0;
        body[4] = 0x80 | if self.disc.medium.is_erasable() { 0x40 } else { 0 };
        body[6..9].copy_from_slice(&self.disc.medium.lead_in());
        body[10..13].copy_from_slice(&msf(self.disc.capacity));
        counted(&body)
    }
}

/// A CD counts to 99.
fn number_of(track: &Track) -> u8 {
    low_byte(track.number.into())
}

fn last_number(disc: &DiscState) -> u8 {
    low_byte(disc.last_track_number().into())
}

/// `[start, next writable, free, size]`.
fn track_reply(number: u8, session: u8, byte5: u8, byte6: u8, writable: bool, sizes: [u32; 4]) -> Vec<u8> {
    let [start, next, free, size] = sizes;
    let mut body = vec![number, session, 0, byte5, byte6, u8::from(writable)];
    for field in [start, next, free, 0, size, 0] {
        body.extend_from_slice(&field.to_be_bytes());
    }
    body.extend_from_slice(&[0, 0, 0, 0]);
    debug_assert_eq!(body.len(), 0x22);
    counted(&body)
}
