//! Media on which any sector can be written at any time: DVD+RW.
//!
//! They know no sessions; libburnia's layout makes them look as if they did:
//!
//! ```text
//! sector 0        32              S (multiple of 32)
//!        ┌────────┬───────────────┬───────────────┐
//!        │ super- │ session 1     │ session 2     │ ...
//!        │ block  │ PVD at 48     │ PVD at S + 16 │
//!        └────────┴───────────────┴───────────────┘
//! ```
//!
//! The superblock is a copy of the newest session's descriptors with the volume's absolute size; it is what every reader mounts. It is
//! written last, after SYNCHRONIZE CACHE and after the session was read back and proven, in one command: until then the disc shows what
//! it showed before. A *new* disc begins by
//! wiping it instead, because the sectors it points to are about to be overwritten: a disc whose burn broke off is then empty,
//! and not a disc that lies.

use super::write::{Sink, write_image};
use super::{BurnError, Burned, Job, prepare};
use crate::burn::progress::{Phase, Progress, working};
use crate::scsi::drive::{OnProgress, deadline};
use crate::scsi::mmc::{CloseFunction, SetStreaming};
use crate::scsi::sbc::SynchronizeCache10;
use crate::scsi::{Drive, ScsiError};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Where the first session begins.
pub const FIRST_SESSION: Lba = Lba(32);
/// Sessions begin at multiples of this, and the superblock is this long.
pub const ALIGNMENT: Sectors = Sectors(32);

/// 1x of a DVD in kB/s.
const KB_PER_S_AT_1X: u32 = 1385;

/// Writes one session, which nothing shows yet.
pub(super) fn burn(drive: &mut Drive, job: &mut Job<'_>, capacity: Sectors) -> Result<Burned, BurnError> {
    let Some(limit) = capacity.0.checked_sub(job.start.0).map(Sectors) else {
        return Err(BurnError::NoRoom { needed: job.sectors, free: Sectors(0) });
    };
    // Before the superblock is wiped, not after.
    if job.sectors > limit {
        return Err(BurnError::NoRoom { needed: job.sectors, free: limit });
    }
    set_speed(drive, job, capacity).map_err(|source| BurnError::SetUp { source })?;
    if job.begins_disc {
        let zeros = vec![0; ALIGNMENT.0 as usize * SECTOR_BYTES];
        write_superblock(drive, &zeros)
            .and_then(|()| synchronize(drive, &mut |_| {}))
            .map_err(|source| BurnError::SetUp { source })?;
    }
    let result = write_image(drive, job, Sink { minimum: Sectors(0), limit });
    let finished = working(job.progress, Phase::Close, |on_progress| {
        synchronize(drive, on_progress).map_err(|source| BurnError::Synchronize { source })
    });
    if job.speed.is_some() {
        drive.run(&SetStreaming::restore()).unwrap_or_else(|error| tracing::debug!(%error, "speed not restored"));
    }
    let burned = result?;
    finished?;
    Ok(burned)
}

/// Writes the superblock, if there is one to write, and ends the format.
pub(super) fn show(drive: &mut Drive, superblock: Option<&[u8]>, progress: &mut dyn Progress) -> Result<(), BurnError> {
    working(progress, Phase::Close, |on_progress| {
        if let Some(superblock) = superblock {
            write_superblock(drive, superblock).map_err(|source| BurnError::Superblock { source })?;
            synchronize(drive, on_progress).map_err(|source| BurnError::Superblock { source })?;
        }
        // A format that is still running would be cut off by the next eject: the drive is told to leave a disc that drives which only read
        // can read, too: the format ended, the lead-out written. It refuses where there is nothing to do.
        for function in [CloseFunction::StopBackgroundFormat, CloseFunction::Session] {
            if let Err(error) = prepare::close(drive, function, on_progress) {
                tracing::debug!(%error, "no background format to end");
            }
        }
        Ok(())
    })
}

fn set_speed(drive: &mut Drive, job: &Job<'_>, capacity: Sectors) -> Result<(), ScsiError> {
    let Some(times) = job.speed else { return Ok(()) };
    let last = Lba(capacity.0.saturating_sub(1));
    if let Err(error) = drive.run(&SetStreaming::at(last, times.saturating_mul(KB_PER_S_AT_1X))) {
        // The disc may be another one: nothing but this tells.
        if error.is_attention() {
            return Err(error);
        }
        tracing::warn!(%error, "the writing speed can't be set");
    }
    Ok(())
}

/// Sectors 0 to 31 in one command, or as few as the connection allows; the ECC unit with the descriptors last.
fn write_superblock(drive: &mut Drive, superblock: &[u8]) -> Result<(), ScsiError> {
    let per_write = u32::from(drive.sectors_per_transfer());
    let pieces = superblock.chunks(per_write as usize * SECTOR_BYTES).zip((0..).step_by(per_write as usize));
    for (piece, at) in pieces {
        drive.write(Lba(at), piece)?;
    }
    Ok(())
}

fn synchronize(drive: &mut Drive, on_progress: OnProgress<'_>) -> Result<(), ScsiError> {
    drive.run_long(|immediate| SynchronizeCache10 { immediate }, deadline::SYNCHRONIZE, on_progress)
}
