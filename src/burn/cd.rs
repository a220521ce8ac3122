//! CD-R and CD-RW (MMC-6 annex on CD recording).
//!
//! Track at once (write type 01b), for every session that another may follow:
//!
//! ```text
//! blank ──WRITE──▶ track open ──SYNCHRONIZE CACHE──▶ session open ──CLOSE SESSION──▶ appendable
//! appendable ──WRITE──▶ track open (next session) ...
//! ```
//!
//! 1. Mode page 05h: track at once, multi-session 11b, so that the disc stays appendable; 00b for the last session of a disc.
//! 2. Speed; power calibration.
//! 3. The drive says where the next WRITE goes; the plan was made for that address, and it is compared once more.
//! 4. WRITE(10), strictly forward. A track is at least 300 sectors long (Red Book: four seconds); zeros fill it up.
//! 5. SYNCHRONIZE CACHE ends the track: the drive adds two run-out blocks, which count in its length and can't be read.
//! 6. CLOSE SESSION. CLOSE TRACK is left out: some drives reject it after the synchronisation that did it already.
//!
//! Session at once (write type 10b), for a blank disc that is to take no more: there is no run-out, so that readers find no sector on it that
//! can't be read. What the disc will hold is told beforehand (SEND CUE SHEET, MMC-6 6.33); the 150 sectors before sector 0 are written
//! by the host; the last sector before the lead-out that was announced ends everything, and SYNCHRONIZE CACHE closes the disc.

use super::medium::Medium;
use super::steps::{self, Ending, Ready};
use super::write::{Sink, with_filling, write_chunk, write_image, write_zeros};
use super::{BurnError, Burned, Job};
use crate::scsi::Drive;
use crate::scsi::mmc::{CloseFunction, PRE_GAP, PRE_GAP_START, SendCueSheet};
use crate::sector::{Lba, Sectors};

/// Sectors behind the data of a track at once that nobody wants: its last two can't be read, and neither can what is read ahead together
/// with them. Linux reads ahead 128 KiB and more.
pub const PADDING: Sectors = Sectors(150);

/// Sectors that are left free at the end of a disc. What a drive calls free there is not always to be had: run-out and lead-out take their
/// share, and the last seconds of a groove are the worst.
pub const SLACK: Sectors = Sectors(150);

/// Shortest track in sectors.
pub const MINIMUM_TRACK: Sectors = Sectors(300);

/// A CD is written by the sector.
const UNIT: Sectors = Sectors(1);

/// Sectors that may be written.
fn limit(ready: &Ready) -> Sectors {
    Sectors(ready.next.free.0.saturating_sub(SLACK.0))
}

/// Writes one session, track at once.
pub(super) fn track_at_once(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    let append = steps::append(job);
    drive.set_write_parameters(|page| page.cd_track_at_once(append)).map_err(|source| BurnError::SetUp { source })?;
    let ready = steps::set_up(drive, medium, job)?;
    let sink = Sink { minimum: MINIMUM_TRACK, limit: limit(&ready), unit: UNIT, streaming: false, first: None };
    let written = write_image(drive, job, sink);
    let ending = Ending { track: false, close: Some(CloseFunction::Session), appendable: !job.finalize };
    steps::end(drive, job, written, &ready, ending)
}

/// Writes the whole disc at once.
pub(super) fn session_at_once(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    let append = steps::append(job);
    drive.set_write_parameters(|page| page.cd_session_at_once(append)).map_err(|source| BurnError::SetUp { source })?;
    let ready = steps::set_up(drive, medium, job)?;
    let sectors = with_filling(job.sectors, MINIMUM_TRACK, UNIT);
    if let Err(source) = drive.run(&SendCueSheet::data_track(sectors)) {
        steps::restore_speed(drive, ready.speed);
        return Err(BurnError::SetUp { source });
    }
    let mut behind_the_pre_gap = |drive: &mut Drive, at: Lba, chunk: &[u8]| {
        write_zeros(drive, PRE_GAP_START, PRE_GAP, false).map_err(|(_, source)| (at, source))?;
        write_chunk(drive, at, chunk, false)
    };
    let sink = Sink {
        minimum: MINIMUM_TRACK,
        limit: limit(&ready),
        unit: UNIT,
        streaming: false,
        first: Some(&mut behind_the_pre_gap),
    };
    let written = write_image(drive, job, sink);
    steps::end(drive, job, written, &ready, Ending::AT_ONCE)
}
