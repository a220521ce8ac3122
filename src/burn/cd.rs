//! CD-R and CD-RW, track at once (MMC-6 annex on CD recording; write type 01b).
//!
//! ```text
//! blank ──WRITE──▶ track open ──SYNCHRONIZE CACHE──▶ session open ──CLOSE SESSION──▶ appendable
//! appendable ──WRITE──▶ track open (next session) ...
//! ```
//!
//! 1. Mode page 05h: track at once, multi-session 11b, so that the disc stays appendable.
//! 2. The drive says where the next WRITE goes; the plan was made for that address, and it is compared once more.
//! 3. WRITE(10), strictly forward. A track is at least 300 sectors long (Red Book: four seconds); zeros fill it up.
//! 4. SYNCHRONIZE CACHE ends the track: the drive adds two run-out blocks, which count in its length and can't be read.
//! 5. CLOSE SESSION. CLOSE TRACK is left out: some drives reject it after the synchronisation that did it already.

use super::write::{Sink, write_image};
use super::{BurnError, Burned, Job, prepare};
use crate::burn::progress::{Phase, working};
use crate::scsi::drive::deadline;
use crate::scsi::mmc::{CloseFunction, ReadTrackInformation, SendOpcInformation, SetCdSpeed, TrackAddress};
use crate::scsi::sbc::SynchronizeCache10;
use crate::scsi::{Drive, ScsiError};
use crate::sector::Sectors;

/// Sectors behind the data of a track at once that nobody wants: its last two can't be read, and neither can what is read ahead together
/// with them. Linux reads ahead 128 KiB and more.
pub const PADDING: Sectors = Sectors(150);

/// Shortest track in sectors.
pub const MINIMUM_TRACK: Sectors = Sectors(300);

/// 1x in kB/s, as SET CD SPEED counts (MMC-6 6.37: 176.4, rounded up).
const KB_PER_S_AT_1X: u32 = 177;

/// Writes one session.
pub(super) fn burn(drive: &mut Drive, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    set_up(drive, job).map_err(|source| BurnError::SetUp { source })?;
    let next =
        drive.run(&ReadTrackInformation(TrackAddress::Invisible)).map_err(|source| BurnError::SetUp { source })?;
    if next.next_writable != Some(job.start) {
        return Err(BurnError::NextWritableMoved { planned: job.start, found: next.next_writable });
    }
    let written = write_image(drive, job, Sink { minimum: MINIMUM_TRACK, limit: next.free });
    // A session that is not whole is not closed: an open one hides nothing, a closed one would be what every reader mounts. The next run
    // closes it right before it supersedes it.
    match &written {
        Ok(_) => finish(drive, job)?,
        Err(BurnError::Interrupted { .. }) => {
            let ended = working(job.progress, Phase::Close, |on_progress| {
                drive.run_long(|immediate| SynchronizeCache10 { immediate }, deadline::SYNCHRONIZE, on_progress)
            });
            if let Err(error) = ended {
                tracing::debug!(%error, "ending the torn track");
            }
        }
        Err(_) => {}
    }
    written
}

fn set_up(drive: &mut Drive, job: &Job<'_>) -> Result<(), ScsiError> {
    prepare::set_cd_write_parameters(drive)?;
    let write_kb_per_s =
        job.speed.map_or(u16::MAX, |times| u16::try_from(times.saturating_mul(KB_PER_S_AT_1X)).unwrap_or(u16::MAX));
    if let Err(error) = drive.run(&SetCdSpeed { write_kb_per_s }) {
        // After a reset the mode page above is the drive's own again, and the disc may be another one.
        if error.is_attention() {
            return Err(error);
        }
        tracing::warn!(%error, "the writing speed can't be set");
    }
    // Power calibration at our bidding is best effort: a drive that refuses does it by itself before the first WRITE.
    if let Err(error) = drive.run(&SendOpcInformation) {
        if error.is_attention() {
            return Err(error);
        }
        tracing::debug!(%error, "no power calibration");
    }
    Ok(())
}

fn finish(drive: &mut Drive, job: &mut Job<'_>) -> Result<(), BurnError> {
    working(job.progress, Phase::Close, |on_progress| {
        drive
            .run_long(|immediate| SynchronizeCache10 { immediate }, deadline::SYNCHRONIZE, on_progress)
            .map_err(|source| BurnError::Synchronize { source })?;
        prepare::close(drive, CloseFunction::Session, on_progress).map_err(|source| BurnError::Close { source })
    })
}
