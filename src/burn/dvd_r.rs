//! DVD-R, DVD-RW sequential and DVD-R DL (MMC-6 annex on DVD-R recording).
//!
//! Incremental (write type 00b), where the drive says that it writes this disc so (feature Incremental Streaming Writable, 0021h):
//!
//! ```text
//! blank ──WRITE──▶ track open ──SYNCHRONIZE CACHE, CLOSE TRACK──▶ session open ──CLOSE SESSION──▶ appendable, or closed
//! ```
//!
//! 1. Mode page 05h: incremental, packets of 16 sectors; its multi-session bits decide what CLOSE SESSION makes of the disc.
//! 2. Speed; power calibration.
//! 3. The drive says where the next WRITE goes, asked of the last track by its number: some drives know no FFh here.
//! 4. WRITE(10), whole ECC units of 16 sectors.
//! 5. SYNCHRONIZE CACHE; CLOSE TRACK; CLOSE SESSION, which takes minutes.
//!
//! Disc at once (write type 10b), on discs that can't be written otherwise: DVD-R DL, a DVD-RW that was blanked the fast way, drives without
//! the feature. It leaves the disc closed:
//!
//! 1. Mode page 05h: disc at once. 2. and 3. as above.
//! 4. RESERVE TRACK (MMC-6 6.31): exactly as many sectors as will be written.
//! 5. WRITE(10), as many as were announced.
//! 6. SYNCHRONIZE CACHE closes the disc. It may take a quarter of an hour: a short disc gets a long lead-out. No CLOSE.
//!
//! Some drives claim the feature and don't have it: the first WRITE is refused (5/64/00, illegal mode for this track). If nothing was written,
//! which the next writable address tells, a blank disc is written at once then: a closed disc with the day on it is worth more than none.

use super::medium::{Medium, State};
use super::steps::{self, Ending};
use super::write::{Refused, Sink, with_filling, write_chunk, write_image};
use super::{BurnError, Burned, Job};
use crate::scsi::mmc::{CloseFunction, DiscInformation, ReserveTrack};
use crate::scsi::{Drive, During, Reaction};
use crate::sector::{Lba, Sectors};

/// An ECC unit.
const UNIT: Sectors = Sectors(16);

/// Writes one session.
pub(super) fn incremental(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    let append = steps::append(job);
    drive.set_write_parameters(|page| page.dvd_incremental(append)).map_err(|source| BurnError::SetUp { source })?;
    let ready = steps::set_up(drive, medium, job)?;
    let sectors = with_filling(job.sectors, Sectors(0), UNIT);
    let mut at_once = false;
    let mut first = |drive: &mut Drive, at: Lba, chunk: &[u8]| {
        let Err((refused_at, error)) = write_chunk(drive, at, chunk, false) else { return Ok(()) };
        let lied = refused_at == at
            && error.reaction(During::FirstWrite) == Reaction::DiscAtOnce
            && medium.state == State::Blank;
        if !lied || !turn_to_disc_at_once(drive, medium, &ready.disc, at, sectors)? {
            return Err((refused_at, error));
        }
        tracing::warn!(%error, "the drive can't write this disc so that more can follow: it is written at once, and closed");
        at_once = true;
        write_chunk(drive, at, chunk, false)
    };
    let sink =
        Sink { minimum: Sectors(0), limit: ready.next.free, unit: UNIT, streaming: false, first: Some(&mut first) };
    let written = write_image(drive, job, sink);
    let in_sessions = Ending { track: true, close: Some(CloseFunction::Session), appendable: !job.finalize };
    steps::end(drive, job, written, &ready, if at_once { Ending::AT_ONCE } else { in_sessions })
}

/// Sets the drive up anew, if nothing was written so far.
fn turn_to_disc_at_once(
    drive: &mut Drive,
    medium: &Medium,
    disc: &DiscInformation,
    at: Lba,
    sectors: Sectors,
) -> Result<bool, Refused> {
    match steps::next_track(drive, medium, disc, at) {
        Ok(_) => {}
        Err(BurnError::SetUp { source }) => return Err((at, source)),
        Err(_) => return Ok(false),
    }
    let ready = drive.set_write_parameters(|page| page.dvd_disc_at_once());
    ready.and_then(|()| drive.run(&ReserveTrack { sectors })).map_err(|source| (at, source))?;
    Ok(true)
}

/// Writes the whole disc at once.
pub(super) fn disc_at_once(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    drive.set_write_parameters(|page| page.dvd_disc_at_once()).map_err(|source| BurnError::SetUp { source })?;
    let ready = steps::set_up(drive, medium, job)?;
    let sectors = with_filling(job.sectors, Sectors(0), UNIT);
    if !job.finalize {
        tracing::warn!("{} is written at once, which closes the disc: no session can follow", medium.profile);
    }
    if let Err(source) = drive.run(&ReserveTrack { sectors }) {
        steps::restore_speed(drive, ready.speed);
        return Err(BurnError::SetUp { source });
    }
    let sink = Sink { minimum: Sectors(0), limit: sectors, unit: UNIT, streaming: false, first: None };
    let written = write_image(drive, job, sink);
    steps::end(drive, job, written, &ready, Ending::AT_ONCE)
}
