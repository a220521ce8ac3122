//! The cue sheet of a CD written session at once (MMC-6 6.35): what is where, told before the first block.
//!
//! This drive burns data sessions of one track, so the sheet has four lines: lead-in, the pre-gap of track 1, its data, lead-out.

use super::decode::Fields;
use super::sense::Sense;
use super::state::PRE_GAP;

/// Bytes of a line: CTL/ADR, track, index, data form, SCMS, minute, second, frame.
const LINE: usize = 8;

/// Data track, position.
const CTL_ADR: u8 = 0x41;

/// Data forms: 2048 bytes of mode 1 that the host sends, the same with zeros that the drive makes up, which lead-in and lead-out have.
const SENT: u8 = 0x10;
const MADE_UP: u8 = 0x14;

/// Shortest track, in blocks.
const LEAST_TRACK: u32 = 300;

/// What each line has to say: track, index, data forms it may have, address (none: the line says it).
const LINES: [(u8, u8, &[u8], Option<u32>); 4] = [
    (0x00, 0x00, &[MADE_UP], Some(0)),
    (0x01, 0x00, &[SENT, MADE_UP], Some(0)),
    (0x01, 0x01, &[SENT], Some(PRE_GAP)),
    (0xaa, 0x01, &[MADE_UP], None),
];

/// Where the lead-out begins by this sheet.
pub(super) fn lead_out(sheet: &[u8]) -> Result<u32, Sense> {
    if sheet.len() != LINES.len() * LINE {
        return Err(Sense::PARAMETER_LIST_LENGTH);
    }
    let mut lead_out = 0;
    for ((line, at), (track, index, forms, address)) in sheet.chunks_exact(LINE).zip((0..).step_by(LINE)).zip(LINES) {
        let line = Fields(line);
        let frames = frames(line).ok_or(Sense::list_field(at + 5, None))?;
        let checks = [
            (line.u8(0) == CTL_ADR, 0),
            (line.u8(1) == track, 1),
            (line.u8(2) == index, 2),
            (forms.contains(&line.u8(3)), 3),
            (line.u8(4) == 0, 4),
            (address.is_none_or(|address| address == frames), 5),
        ];
        if let Some((_, byte)) = checks.into_iter().find(|(right, _)| !right) {
            return Err(Sense::list_field(at + byte, None));
        }
        lead_out = frames;
    }
    // From an absolute time, which counts from the begin of the pre-gap, to a block address.
    let blocks = lead_out.checked_sub(PRE_GAP).filter(|blocks| *blocks >= LEAST_TRACK);
    blocks.ok_or(Sense::list_field(3 * LINE + 5, None))
}

/// The time of a line in frames.
fn frames(line: Fields<'_>) -> Option<u32> {
    let [minute, second, frame] = [5, 6, 7].map(|at| u32::from(line.u8(at)));
    (minute < 100 && second < 60 && frame < 75).then_some((minute * 60 + second) * 75 + frame)
}
