//! Tracks one behind the other, of which the last one grows: what CDs and all other sequential media have in common.

use super::kinds::Nature;
use super::sense::Sense;
use super::state::{DiscState, PRE_GAP, Session, Track};

/// CD: blocks at the beginning of a pre-gap where the laser was switched on: a link block and four of run-in.
const LINKING: u32 = 5;

/// Opens a track at `start`, in the session that is open or in a new one.
pub(super) fn open(disc: &mut DiscState, start: u32) {
    let number = disc.last_track_number().saturating_add(1);
    let track = Track { number, start, blocks: 0, run_out: 0, synchronized: 0, reserved: 0, closed: false };
    match disc.sessions.last_mut().filter(|session| session.lead_out.is_none()) {
        Some(session) => session.tracks.push(track),
        None => disc.sessions.push(Session { tracks: vec![track], lead_out: None, gap: None }),
    }
}

/// `count` blocks have reached the disc.
pub(super) fn grow(disc: &mut DiscState, count: u32) {
    if let Some(track) = disc.open_track_mut() {
        track.blocks += count;
    }
}

/// First block of the track that can't be read. `next` is where the track being written goes on: what is in the buffer counts.
pub(super) fn readable_end(track: &Track, next: Option<u32>) -> u32 {
    next.filter(|_| !track.closed).unwrap_or(track.start + track.blocks)
}

/// Whether `count` blocks from `at` can be read, and if not the first that can't.
pub(super) fn check_read(disc: &DiscState, at: u32, count: u32, next: Option<u32>) -> Result<(), Sense> {
    if disc.erasing {
        return Err(Sense::UNRECOVERED_READ.at(at));
    }
    let end = at.checked_add(count).ok_or(Sense::OUT_OF_RANGE.at(at))?;
    let mut position = at;
    while position < end {
        let track = disc.sessions.iter().flat_map(|s| &s.tracks).rfind(|track| track.start <= position);
        let Some(track) = track else { return Err(Sense::OUT_OF_RANGE.at(position)) };
        let readable_end = readable_end(track, next);
        if position >= readable_end {
            if let Some(start) = track_of_pre_gap(disc, position) {
                position = start;
                continue;
            }
            let is_last = track.number == disc.last_track_number();
            let sense = match position < readable_end + track.run_out {
                true => Sense::UNRECOVERED_READ,
                false if is_last => Sense::OUT_OF_RANGE,
                false => Sense::BLANK_CHECK,
            };
            return Err(sense.at(position));
        }
        position = readable_end;
    }
    Ok(())
}

/// CD: where the track begins whose pre-gap a block is in. The pre-gap of a data track is encoded as the track is, with zeros (ECMA-130
/// 20), and is read as it is: kernels read pages of two sectors, the last one of a pre-gap with the first of its track.
fn track_of_pre_gap(disc: &DiscState, at: u32) -> Option<u32> {
    let following = disc.sessions.iter().flat_map(|s| &s.tracks).find(|track| track.start > at)?;
    let readable = PRE_GAP - LINKING;
    let within = disc.medium.nature() == Nature::Cd && following.blocks > 0 && following.start - at <= readable;
    within.then_some(following.start)
}
