//! The durable facts of a disc, as `state.json` holds them.

use serde::{Deserialize, Serialize};

use super::kinds::{Medium, Nature};

/// Version of the file's layout.
pub(super) const VERSION: u32 = 2;

/// Blocks the drive appends to a track written at once; they belong to it but hold no data.
pub(super) const RUN_OUT: u32 = 2;

/// Pre-gap before each track.
pub(super) const PRE_GAP: u32 = 150;

/// Largest number of tracks of a CD and, here, of sessions.
pub(super) const MOST_TRACKS: usize = 99;

/// Largest number of tracks of anything else.
pub(super) const MOST_TRACKS_ELSEWHERE: usize = 7927;

/// Everything that survives a power cut, but for the sectors' content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DiscState {
    pub(super) version: u32,
    pub(super) medium: Medium,
    pub(super) capacity: u32,
    /// Sequential media: no session can follow.
    #[serde(default)]
    pub(super) finalised: bool,
    /// A BLANK began and has not ended: nothing on the disc can be used until one does.
    #[serde(default)]
    pub(super) erasing: bool,
    /// DVD-RW: blanked minimally, so that only one session fits, written disc at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) disc_at_once_only: bool,
    /// BD-R: formatted so that blocks can be overwritten in a roundabout way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) pseudo_overwrite: bool,
    #[serde(default)]
    pub(super) sessions: Vec<Session>,
    /// Overwritable media; a DVD-RW has it while it is in restricted overwrite mode, a BD-R when it was formatted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Format>,
    /// Overwritable media: what was written since the last format.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub(super) recorded: Ranges,
    /// Overwritable media: ECC units a WRITE went wrong in. They can't be read until they are written again.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub(super) unreadable: Ranges,
}

/// A session of a sequential disc.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Session {
    pub(super) tracks: Vec<Track>,
    /// Where the lead-out begins; `None` while the session is open.
    pub(super) lead_out: Option<u32>,
    /// Blocks from there to the next track, if not as many as is usual on such a disc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gap: Option<u32>,
}

/// A track of a sequential disc.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Track {
    pub(super) number: u16,
    pub(super) start: u32,
    /// Blocks that can be read back, padding included.
    pub(super) blocks: u32,
    /// Blocks behind them that belong to the track and hold no data.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) run_out: u32,
    /// DVD and BD: how many blocks there were when the buffer was last empty in good order.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) synchronized: u32,
    /// DVD+R, BD-R: for how many blocks it was reserved; 0 if it was not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) reserved: u32,
    pub(super) closed: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Track {
    /// First block after the track.
    pub(super) fn end(&self) -> u32 {
        self.start + self.blocks + self.run_out
    }

    /// Whether it was left in the midst of writing: what its end looks like nobody knows.
    pub(super) fn is_damaged(&self) -> bool {
        let untouched = self.blocks == 0 && self.reserved > 0;
        !self.closed && !untouched && (self.blocks == 0 || self.blocks != self.synchronized)
    }
}

/// How far a disc is formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Format {
    pub(super) status: FormatStatus,
    /// Blocks from the beginning that are formatted.
    pub(super) formatted: u32,
    /// Blocks set aside for defect management: DVD-RAM, BD-RE, BD-R.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) spares: u32,
}

/// Background format status, bits 1-0 of byte 7 of READ DISC INFORMATION (MMC-6 6.22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormatStatus {
    None,
    Suspended,
    Running,
    Complete,
    /// DVD-RW restricted overwrite: the last border is open (MMC-6 4.4.3).
    Intermediate,
}

/// Blocks, first and last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// First sector.
    pub first: u32,
    /// Last sector.
    pub last: u32,
}

/// Ranges in ascending order with a gap between any two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ranges(pub(super) Vec<Range>);

impl Ranges {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `count` blocks from `at`.
    pub(super) fn insert(&mut self, at: u32, count: u32) {
        if count == 0 {
            return;
        }
        let mut new = Range { first: at, last: at.saturating_add(count - 1) };
        let begin = self.0.partition_point(|old| old.last.saturating_add(1) < new.first);
        let end = self.0.partition_point(|old| old.first <= new.last.saturating_add(1));
        if let Some(old) = self.0.get(begin).filter(|_| begin < end) {
            new.first = new.first.min(old.first);
        }
        if let Some(old) = end.checked_sub(1).and_then(|at| self.0.get(at)).filter(|_| begin < end) {
            new.last = new.last.max(old.last);
        }
        self.0.splice(begin..end.max(begin), [new]);
    }

    /// Takes `count` blocks from `at` out.
    pub(super) fn remove(&mut self, at: u32, count: u32) {
        let Some(last) = count.checked_sub(1).map(|more| at.saturating_add(more)) else { return };
        if self.first_in(at, count).is_none() {
            return;
        }
        let rest = self.0.iter().flat_map(|range| {
            let before = (range.first < at).then(|| Range { first: range.first, last: range.last.min(at - 1) });
            let behind = (range.last > last).then(|| Range { first: range.first.max(last + 1), last: range.last });
            [before, behind].into_iter().flatten()
        });
        self.0 = rest.collect();
    }

    /// The first of `count` blocks from `at` that is in.
    pub(super) fn first_in(&self, at: u32, count: u32) -> Option<u32> {
        let last = at.saturating_add(count.checked_sub(1)?);
        let hit = self.0.iter().find(|range| range.last >= at && range.first <= last)?;
        Some(hit.first.max(at))
    }

    /// Whether all `count` blocks from `at` are in.
    pub(super) fn covers(&self, at: u32, count: u32) -> bool {
        let last = at.saturating_add(count.saturating_sub(1));
        self.0.iter().any(|range| range.first <= at && last <= range.last)
    }
}

impl DiscState {
    /// A disc from the shop.
    pub(super) fn blank(medium: Medium, capacity: u32) -> DiscState {
        let overwritable = matches!(medium.nature(), Nature::DvdPlusRw | Nature::DvdRam | Nature::BdRe);
        DiscState {
            version: VERSION,
            medium,
            capacity,
            finalised: false,
            erasing: false,
            disc_at_once_only: false,
            pseudo_overwrite: false,
            sessions: Vec::new(),
            format: overwritable.then_some(Format { status: FormatStatus::None, formatted: 0, spares: 0 }),
            recorded: Ranges::default(),
            unreadable: Ranges::default(),
        }
    }

    /// Blocks that can be addressed: spare areas are taken off.
    pub(super) fn usable(&self) -> u32 {
        match (self.medium.nature(), self.format) {
            (Nature::DvdRam | Nature::BdRe, Some(format)) if format.status == FormatStatus::None => self.capacity,
            (Nature::DvdRam | Nature::BdRe | Nature::BdR, Some(format)) => format.formatted,
            _ => self.capacity,
        }
    }

    /// Whether the drive has sectors in store for bad ones. Those of a DVD-RAM stand outside of its capacity, however it is formatted.
    pub(super) fn has_spares(&self) -> bool {
        let spares = self.format.map_or(0, |format| format.spares);
        spares > 0 || self.medium.nature() == Nature::DvdRam
    }

    /// Whether any sector can be written at any time (in restricted overwrite: nearly so), and there are no sessions.
    pub(super) fn is_overwritable(&self) -> bool {
        self.format.is_some() && self.medium.nature() != Nature::BdR
    }

    /// The track that is not closed.
    pub(super) fn open_track(&self) -> Option<&Track> {
        self.sessions.last().and_then(|session| session.tracks.last()).filter(|track| !track.closed)
    }

    /// The same, to change it.
    pub(super) fn open_track_mut(&mut self) -> Option<&mut Track> {
        self.sessions.last_mut().and_then(|session| session.tracks.last_mut()).filter(|track| !track.closed)
    }

    /// Number of the last track, 0 if there is none.
    pub(super) fn last_track_number(&self) -> u16 {
        self.sessions.iter().flat_map(|session| &session.tracks).next_back().map_or(0, |track| track.number)
    }

    /// What makes the state impossible, if anything does. A state that passes lets every address be added to
    /// any length without overflow, and keeps the order that the drive relies on.
    pub(super) fn flaw(&self) -> Option<String> {
        let (least, most, unit) = self.medium.capacity_limits();
        if self.capacity < least || self.capacity > most || !self.capacity.is_multiple_of(unit) {
            return Some(format!("no {} has {} sectors", self.medium, self.capacity));
        }
        let fits = match self.medium.nature() {
            Nature::Cd | Nature::DvdPlusR => self.format.is_none(),
            Nature::DvdPlusRw | Nature::DvdRam | Nature::BdRe => self.format.is_some(),
            Nature::DvdMinus => self.format.is_none() || self.medium.is_erasable(),
            Nature::BdR => true,
        };
        if !fits {
            return Some("the format state does not fit the medium".to_owned());
        }
        if self.is_overwritable() && !self.sessions.is_empty() {
            return Some(format!("a {} has no sessions", self.medium));
        }
        if self.disc_at_once_only && self.medium.nature() != Nature::DvdMinus {
            return Some(format!("no {} is blanked minimally", self.medium));
        }
        if self.pseudo_overwrite && (self.medium.nature() != Nature::BdR || self.format.is_none()) {
            return Some(format!("this {} knows no pseudo overwrite", self.medium));
        }
        if self.erasing && (!self.sessions.is_empty() || self.finalised || self.is_overwritable()) {
            return Some("something is left although the disc was being blanked".to_owned());
        }
        let of_format = self.format.and_then(|format| self.flaw_of_format(format));
        of_format.or_else(|| self.flaw_of_sessions()).or_else(|| self.flaw_of_ranges())
    }

    /// Which formats there are: by the medium, how far it is formatted and with how many spares.
    fn flaw_of_format(&self, format: Format) -> Option<String> {
        let Format { status, formatted, spares } = format;
        if u64::from(formatted) + u64::from(spares) > u64::from(self.capacity) {
            return Some("more is formatted than the disc holds".to_owned());
        }
        let all = formatted + spares == self.capacity;
        let fits = match (self.medium.nature(), status) {
            (Nature::DvdRam | Nature::BdRe, FormatStatus::None) => formatted == 0 && spares == 0,
            (Nature::DvdRam | Nature::BdRe | Nature::BdR, FormatStatus::Complete) => all && formatted > 0,
            (Nature::DvdPlusRw, FormatStatus::None) => formatted == 0 && spares == 0,
            (Nature::DvdPlusRw, FormatStatus::Suspended | FormatStatus::Running) => spares == 0,
            (Nature::DvdPlusRw, FormatStatus::Complete) => all && spares == 0,
            (Nature::DvdMinus, FormatStatus::Complete | FormatStatus::Intermediate) => {
                spares == 0 && formatted.is_multiple_of(self.medium.ecc())
            }
            _ => false,
        };
        (!fits).then(|| format!("no {} is formatted like that", self.medium))
    }

    fn flaw_of_sessions(&self) -> Option<String> {
        let mut free_from = 0;
        let mut number = 0;
        let last = self.sessions.len().saturating_sub(1);
        for (at, session) in self.sessions.iter().enumerate() {
            if session.tracks.is_empty() {
                return Some(format!("session {} has no track", at + 1));
            }
            if session.lead_out.is_none() && (at != last || self.finalised) {
                return Some(format!("session {} is open, yet not the last one", at + 1));
            }
            let most_tracks = if self.medium.nature() == Nature::Cd { MOST_TRACKS } else { MOST_TRACKS_ELSEWHERE };
            let open_track_at = session.tracks.iter().position(|track| !track.closed);
            if open_track_at.is_some_and(|open| open + 1 != session.tracks.len() || session.lead_out.is_some()) {
                return Some(format!("session {} has an open track in the midst", at + 1));
            }
            for track in &session.tracks {
                number += 1;
                if usize::from(track.number) != number || number > most_tracks {
                    return Some(format!("track {} stands where track {number} belongs", track.number));
                }
                let room = self.usable().checked_sub(track.start).is_some_and(|room| track.blocks <= room);
                let most_run_out = if self.medium.nature() == Nature::Cd { RUN_OUT } else { 0 };
                let room = room && track.run_out <= most_run_out && track.synchronized <= track.blocks;
                let room = room && (track.reserved == 0 || self.holds_reserved(track));
                if !room || track.start < free_from {
                    return Some(format!("track {number} does not lie where it can"));
                }
                free_from = track.end();
            }
            if session.lead_out.is_some_and(|lead_out| lead_out != free_from) {
                return Some(format!("the lead-out of session {} does not follow its last track", at + 1));
            }
        }
        None
    }

    /// Whether an open track with a reservation lies in it, and that on the disc.
    fn holds_reserved(&self, track: &Track) -> bool {
        let room = self.usable().checked_sub(track.start).is_some_and(|room| track.reserved <= room);
        room && !track.closed && track.blocks <= track.reserved && self.medium.nature() != Nature::Cd
    }

    fn flaw_of_ranges(&self) -> Option<String> {
        if !(self.is_overwritable() || self.recorded.is_empty() && self.unreadable.is_empty()) {
            return Some(format!("a {} has tracks, not ranges", self.medium));
        }
        for ranges in [&self.recorded, &self.unreadable] {
            let mut free_from = 0;
            for range in &ranges.0 {
                if range.first < free_from || range.last < range.first || range.last >= self.capacity {
                    return Some(format!("a range of {} to {} does not lie where it can", range.first, range.last));
                }
                free_from = range.last + 1;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_become_one() {
        let mut ranges = Ranges::default();
        ranges.insert(10, 10);
        ranges.insert(40, 10);
        ranges.insert(20, 20);
        assert_eq!(ranges.0, [Range { first: 10, last: 49 }]);
        ranges.insert(0, 5);
        ranges.insert(100, 1);
        ranges.insert(12, 3);
        assert_eq!(
            ranges.0,
            [Range { first: 0, last: 4 }, Range { first: 10, last: 49 }, Range { first: 100, last: 100 }]
        );
        ranges.insert(3, 200);
        assert_eq!(ranges.0, [Range { first: 0, last: 202 }]);
        assert!(ranges.covers(0, 203) && !ranges.covers(0, 204));
        ranges.remove(10, 5);
        ranges.remove(200, 900);
        assert_eq!(ranges.0, [Range { first: 0, last: 9 }, Range { first: 15, last: 199 }]);
        assert_eq!((ranges.first_in(5, 99), ranges.first_in(10, 6), ranges.first_in(10, 5)), (Some(5), Some(15), None));
    }
}
