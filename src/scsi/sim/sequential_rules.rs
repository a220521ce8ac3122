//! What tells the sequential DVDs and BDs from each other: one table, one row for each kind of recording layer.

use super::kinds::Nature;
use super::sense::Sense;
use super::state::{DiscState, MOST_TRACKS_ELSEWHERE, Track};

/// Blocks between the lead-out of a session and the next track. Nobody but the drive may know them: they differ from disc to disc.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gaps {
    pub(super) after_first: u32,
    pub(super) after_later: u32,
}

/// The rules of one kind.
#[derive(Debug)]
pub(super) struct Rules {
    /// Mode page 05h decides how it is written and closed.
    pub(super) obeys_page: bool,
    /// Blocks of an ECC unit.
    pub(super) unit: u32,
    pub(super) gaps: Gaps,
    pub(super) most_sessions: usize,
    /// Functions of CLOSE TRACK/SESSION that end the last session for good.
    pub(super) finalising: &'static [u8],
    /// What a WRITE to a finalised disc is answered.
    pub(super) closed: Sense,
    /// What a WRITE beyond the last block is answered.
    pub(super) full: Sense,
    pub(super) sync_seconds: u64,
    pub(super) close_track_seconds: u64,
    pub(super) close_session_seconds: u64,
    /// A lead-out below this address is drawn out until here, so that readers find an end.
    pub(super) least_extent: u32,
    /// How fast that goes, in blocks a second.
    pub(super) padding_speed: u32,
}

/// Border-out and border-in of a DVD-R take the most room of all (MMC-6 4.3.8).
const MINUS: Rules = Rules {
    obeys_page: true,
    unit: 16,
    gaps: Gaps { after_first: 28_672, after_later: 6144 },
    most_sessions: MOST_TRACKS_ELSEWHERE,
    finalising: &[3],
    closed: Sense::ILLEGAL_MODE_FOR_TRACK,
    full: Sense::END_OF_USER_AREA,
    sync_seconds: 2,
    close_track_seconds: 5,
    close_session_seconds: 60,
    least_extent: 380_000,
    padding_speed: 692,
};

const PLUS: Rules = Rules {
    obeys_page: false,
    unit: 16,
    gaps: Gaps { after_first: 2048, after_later: 2048 },
    most_sessions: 153,
    finalising: &[5, 6],
    closed: Sense::ILLEGAL_MODE_FOR_TRACK,
    full: Sense::END_OF_USER_AREA,
    sync_seconds: 2,
    close_track_seconds: 5,
    close_session_seconds: 40,
    least_extent: 0,
    padding_speed: 692,
};

const PLUS_DOUBLE: Rules = Rules { most_sessions: 127, ..PLUS };

/// A BD-R knows sessions by name only: nothing lies between them.
const BD: Rules = Rules {
    obeys_page: false,
    unit: 32,
    gaps: Gaps { after_first: 0, after_later: 0 },
    most_sessions: MOST_TRACKS_ELSEWHERE,
    finalising: &[6],
    closed: Sense::WRITE_PROTECTED,
    full: Sense::OUT_OF_RANGE,
    sync_seconds: 1,
    close_track_seconds: 3,
    close_session_seconds: 10,
    least_extent: 0,
    padding_speed: 1,
};

/// The row of a disc.
pub(super) fn rules_of(disc: &DiscState) -> &'static Rules {
    match (disc.medium.nature(), disc.medium.layers()) {
        (Nature::DvdMinus, _) => &MINUS,
        (Nature::BdR, _) => &BD,
        (_, 1) => &PLUS,
        _ => &PLUS_DOUBLE,
    }
}

impl Rules {
    /// `at` or the begin of the next ECC unit.
    pub(super) fn whole_units(&self, at: u32) -> u32 {
        at.checked_next_multiple_of(self.unit).unwrap_or(u32::MAX)
    }

    /// How long the end of a session takes that ends at `end`.
    pub(super) fn closing_seconds(&self, end: u32, for_good: bool) -> u64 {
        let missing = if for_good { self.least_extent.saturating_sub(end) } else { 0 };
        self.close_session_seconds + u64::from(missing / self.padding_speed)
    }
}

/// Blocks that can hold data: spare areas are taken off.
pub(super) fn usable(disc: &DiscState) -> u32 {
    disc.format.map_or(disc.capacity, |format| format.formatted)
}

/// First block that an open track can't have: what was reserved for it ends there, or the disc.
pub(super) fn limit_of(track: &Track, disc: &DiscState) -> u32 {
    let reserved = Some(track.reserved).filter(|blocks| *blocks > 0);
    reserved.map_or(usable(disc), |blocks| track.start.saturating_add(blocks))
}

/// Whether a track can only be written disc at once.
pub(super) fn only_at_once(disc: &DiscState) -> bool {
    disc.medium.nature() == Nature::DvdMinus && (disc.disc_at_once_only || disc.medium.layers() > 1)
}

/// Where the next track would begin, if there were room for it; `None` where no track can follow for another reason.
pub(super) fn next_start(disc: &DiscState) -> Option<u32> {
    if disc.finalised || disc.erasing || disc.open_track().is_some() {
        return None;
    }
    if usize::from(disc.last_track_number()) >= MOST_TRACKS_ELSEWHERE {
        return None;
    }
    let rules = rules_of(disc);
    let Some(session) = disc.sessions.last() else { return Some(0) };
    let start = match session.lead_out {
        Some(lead_out) => {
            let usual = if disc.sessions.len() == 1 { rules.gaps.after_first } else { rules.gaps.after_later };
            lead_out.saturating_add(session.gap.unwrap_or(usual))
        }
        None => session.tracks.last().map_or(0, |track| track.end()),
    };
    Some(rules.whole_units(start))
}

/// Where the next track will begin.
pub(super) fn next_track_start(disc: &DiscState) -> Option<u32> {
    next_start(disc).filter(|start| *start < usable(disc))
}
