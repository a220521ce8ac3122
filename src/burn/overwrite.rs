//! Media on which any sector can be written at any time: DVD+RW, DVD-RAM, BD-RE, DVD-RW in restricted overwrite.
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
//! it showed before. A disc that is begun anew has it wiped first, because the sectors it points to are about to be overwritten: if the burn
//! breaks off the disc is then empty, and does not lie.
//!
//! The order of commands: speed, the superblock wiped if there is something to wipe, WRITE, SYNCHRONIZE CACHE; after the proof the superblock,
//! SYNCHRONIZE CACHE. What the media add to it:
//!
//! * DVD+RW: CLOSE TRACK SESSION 000b ends a format that still runs, 010b writes a lead-out, so that drives which only read can read the disc.
//! * DVD-RAM and BD-RE: with defect management off, WRITE(12) with the Streaming bit for the session; the superblock is written with the drive's
//!   own care.
//! * DVD-RW (MMC-6 annex on restricted overwrite): mode page 05h, which some drives ask for. What is to be written has to lie in the last border:
//!   where it ends before the session does, a quick grow (FORMAT UNIT type 13h) makes it longer, and nothing in it is lost. A border that was
//!   begun is in its intermediate state: it is written from its beginning to its end without a gap, and the gap that the layout leaves behind
//!   another program's session is filled with zeros. CLOSE TRACK SESSION 010b ends that state after the data, because some drives don't read before it.

use super::medium::Medium;
use super::steps;
use super::write::{Sink, with_filling, write_image, write_zeros};
use super::{BurnError, Burned, Job, prepare};
use crate::burn::progress::{Phase, Progress, working};
use crate::scsi::drive::{OnProgress, deadline};
use crate::scsi::mmc::{CapacityKind, CloseFunction, FormatUnit, Profile, ReadFormatCapacities};
use crate::scsi::{Drive, ScsiError};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Where the first session begins.
pub const FIRST_SESSION: Lba = Lba(32);
/// Sessions begin at multiples of this, and the superblock is this long.
pub const ALIGNMENT: Sectors = Sectors(32);
/// An ECC unit of a DVD.
const ECC_UNIT: Sectors = Sectors(16);

/// Writes one session, which nothing shows yet.
pub(super) fn burn(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    let needed = with_filling(job.sectors, Sectors(0), ALIGNMENT);
    let limit = Sectors(medium.capacity.0.saturating_sub(job.start.0));
    // Before the superblock is wiped, not after.
    if needed > limit {
        return Err(BurnError::NoRoom { needed, free: limit });
    }
    let is_restricted = medium.profile == Profile::DvdRwRestrictedOverwrite;
    if is_restricted {
        let page = drive.set_write_parameters(|page| page.restricted_overwrite());
        steps::tolerate(page, "no write parameters for restricted overwrite")
            .map_err(|source| BurnError::SetUp { source })?;
    }
    let speed = steps::set_speed(drive, medium, job).map_err(|source| BurnError::SetUp { source })?;
    let written = write(drive, medium, job, limit);
    let may_be_closed = matches!(written, Ok(_) | Err(BurnError::Interrupted { .. }));
    let finished = working(job.progress, Phase::Close, |on_progress| {
        steps::synchronize(drive, on_progress).map_err(|source| BurnError::Synchronize { source })?;
        if is_restricted && may_be_closed {
            leave_intermediate_state(drive, on_progress).map_err(|source| BurnError::Close { source })?;
        }
        Ok(())
    });
    steps::restore_speed(drive, speed);
    let burned = written?;
    finished?;
    Ok(burned)
}

fn write(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>, limit: Sectors) -> Result<Burned, BurnError> {
    let set_up = |source| BurnError::SetUp { source };
    drive.begin_writing(None);
    if job.wipes {
        let zeros = vec![0; ALIGNMENT.0 as usize * SECTOR_BYTES];
        write_superblock(drive, &zeros).and_then(|()| steps::synchronize(drive, &mut |_| {})).map_err(set_up)?;
    }
    if medium.profile == Profile::DvdRwRestrictedOverwrite {
        grow(drive, job).map_err(set_up)?;
    }
    let streaming = medium.streams(job.defect_management);
    write_image(drive, job, Sink { minimum: Sectors(0), limit, unit: ALIGNMENT, streaming, first: None })
}

/// Makes sure that the session lies in the last border of a DVD-RW, and that nothing is left out before it.
///
/// Where the border ends no drive is asked: the next writable address of such a medium is meaningless, and a drive that answers the track's
/// beginning would have every session overwritten. It ends with the ECC unit of the last sector that is recorded, or behind it: then the
/// filling overwrites what nobody reads. What is recorded is never touched.
fn grow(drive: &mut Drive, job: &mut Job<'_>) -> Result<(), ScsiError> {
    let end = job.start.0.saturating_add(with_filling(job.sectors, Sectors(0), ALIGNMENT).0);
    let mut capacities = drive.run(&ReadFormatCapacities)?;
    if capacities.kind == CapacityKind::Formatted
        && capacities.sectors.0 < end
        && let Some(sectors) = capacities.of_kind(0x13).map(|format| format.sectors).max()
    {
        working(job.progress, Phase::Format, |on_progress| {
            drive.run_long(|immediate| FormatUnit::dvd_rw_grow(sectors, immediate), deadline::FORMAT, on_progress)
        })?;
        capacities = drive.run(&ReadFormatCapacities)?;
    }
    if capacities.kind == CapacityKind::Formatted && capacities.sectors.0 >= end {
        return Ok(());
    }
    let gap = Sectors(job.start.0.saturating_sub(Lba(job.recorded_end.0.min(job.start.0)).align_up(ECC_UNIT).0));
    // The layout leaves no more than this free. More is not ours to fill: the drive refuses the session instead.
    if gap > ALIGNMENT {
        return Ok(());
    }
    write_zeros(drive, Lba(job.start.0 - gap.0), gap, false).map_err(|(_, source)| source)
}

/// A DVD-RW whose border was begun gets its end. Where there is none to be written the drive is not bothered.
fn leave_intermediate_state(drive: &mut Drive, on_progress: OnProgress<'_>) -> Result<(), ScsiError> {
    if drive.run(&ReadFormatCapacities)?.kind == CapacityKind::Formatted {
        return Ok(());
    }
    prepare::close(drive, CloseFunction::Session, on_progress)
}

/// Writes the superblock, if there is one to write, and leaves the medium as drives that only read can read it.
pub(super) fn show(
    drive: &mut Drive,
    medium: &Medium,
    superblock: Option<&[u8]>,
    progress: &mut dyn Progress,
) -> Result<(), BurnError> {
    working(progress, Phase::Close, |on_progress| {
        if let Some(superblock) = superblock {
            // The proof reads on after a reset, which has taken the page from a DVD-RW.
            steps::tolerate(drive.renew_write_parameters(), "no write parameters for the superblock")
                .map_err(|source| BurnError::Superblock { source })?;
            write_superblock(drive, superblock).map_err(|source| BurnError::Superblock { source })?;
            steps::synchronize(drive, on_progress).map_err(|source| BurnError::Superblock { source })?;
        }
        match medium.profile {
            // A format that is still running would be cut off by the next eject. The drive refuses where there is nothing to do.
            Profile::DvdPlusRw => {
                for function in [CloseFunction::StopBackgroundFormat, CloseFunction::Session] {
                    end(prepare::close(drive, function, on_progress))?;
                }
            }
            Profile::DvdRwRestrictedOverwrite => end(leave_intermediate_state(drive, on_progress))?,
            _ => {}
        }
        Ok(())
    })
}

/// What comes of ending a format or a border. A drive that refuses has nothing to end. One that fails leaves a disc that other drives may not
/// read: the user is warned, and what is on it stays what it is. After a reset, or with another disc, nobody knows.
fn end(result: Result<(), ScsiError>) -> Result<(), BurnError> {
    match result {
        Err(source) if source.is_attention() || source.is_drive_lost() => Err(BurnError::Close { source }),
        Err(error) if steps::is_refusal(&error) => {
            tracing::debug!(%error, "nothing to end");
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%error, "the disc could not be ended: this drive reads it, others may not");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Empties a medium that is formatted: zeros where whoever mounts it looks, then at the head of the first session, where the chain begins.
pub(super) fn wipe(drive: &mut Drive, medium: &Medium, progress: &mut dyn Progress) -> Result<(), BurnError> {
    if medium.profile == Profile::DvdRwRestrictedOverwrite {
        let page = drive.set_write_parameters(|page| page.restricted_overwrite());
        steps::tolerate(page, "no write parameters for restricted overwrite")
            .map_err(|source| BurnError::SetUp { source })?;
    }
    let zeros = vec![0; ALIGNMENT.0 as usize * SECTOR_BYTES];
    working(progress, Phase::Blank, |on_progress| {
        write_superblock(drive, &zeros)?;
        steps::synchronize(drive, on_progress)?;
        write_zeros(drive, FIRST_SESSION, ALIGNMENT, false).map_err(|(_, source)| source)?;
        steps::synchronize(drive, on_progress)
    })
    .map_err(|source| BurnError::Blank { source })?;
    show(drive, medium, None, progress)
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
