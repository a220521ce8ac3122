//! BD-R, sequential recording (SRM; MMC-6 annex on BD-R recording).
//!
//! ```text
//! blank ──WRITE──▶ track open ──SYNCHRONIZE CACHE, CLOSE TRACK──▶ session open ──CLOSE SESSION──▶ appendable, or final
//! ```
//!
//! 1. Mode page 05h as on [DVD+R](super::dvd_plus_r): the standard has no use for it here, some firmware and an emulated drive obey its
//!    multi-session bits all the same, and close the disc for ever without it. What a drive refuses of it is of no account. An unformatted disc
//!    becomes one without spare sectors by its first WRITE, which may take minutes.
//! 2. Speed.
//! 3. The drive says where the next WRITE goes, asked of the last track by its number.
//! 4. WRITE(10), whole clusters of 32 sectors. On a disc with spare sectors drives read back what they wrote, and replace what is bad, at half
//!    the speed; WRITE(12) with the Streaming bit lets them go on without, if that is wanted: what is on the disc is proven afterwards anyway.
//! 5. SYNCHRONIZE CACHE; CLOSE TRACK.
//! 6. CLOSE SESSION: function 010b leaves the disc appendable, 110b makes it final.

use super::medium::Medium;
use super::steps::{self, Ending};
use super::write::{Sink, write_image};
use super::{BurnError, Burned, Job};
use crate::scsi::Drive;
use crate::scsi::mmc::CloseFunction;
use crate::sector::Sectors;

/// A cluster.
const UNIT: Sectors = Sectors(32);

/// Writes one session.
pub(super) fn burn(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    let append = steps::append(job);
    let page = drive.set_write_parameters(|page| page.plus_r(append));
    steps::tolerate(page, "no write parameters for a BD-R").map_err(|source| BurnError::SetUp { source })?;
    let ready = steps::set_up(drive, medium, job)?;
    let streaming = medium.streams(job.defect_management);
    let sink = Sink { minimum: Sectors(0), limit: ready.next.free, unit: UNIT, streaming, first: None };
    let written = write_image(drive, job, sink);
    let close = if job.finalize { CloseFunction::Finalise } else { CloseFunction::Session };
    let ending = Ending { track: true, close: Some(close), appendable: !job.finalize };
    steps::end(drive, job, written, &ready, ending)
}
