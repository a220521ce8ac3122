//! DVD+R and DVD+R DL (MMC-6 annex on DVD+R recording).
//!
//! ```text
//! blank ──WRITE──▶ track open ──SYNCHRONIZE CACHE, CLOSE TRACK──▶ session open ──CLOSE SESSION──▶ appendable, or final
//! ```
//!
//! 1. Mode page 05h. The standard has no use for it here, but some firmware obeys its multi-session bits when it closes a session: it is sent,
//!    and whatever a drive refuses of it is of no account.
//! 2. Speed. The drive calibrates its laser by itself.
//! 3. The drive says where the next WRITE goes, asked of track FFh.
//! 4. WRITE(10), whole ECC units of 16 sectors.
//! 5. SYNCHRONIZE CACHE; CLOSE TRACK with the number READ TRACK INFORMATION gave it.
//! 6. CLOSE SESSION: function 010b leaves the disc appendable, 101b makes it final with a lead-out as short as may be, on one layer and on two.

use super::medium::Medium;
use super::steps::{self, Ending};
use super::write::{Sink, write_image};
use super::{BurnError, Burned, Job};
use crate::scsi::Drive;
use crate::scsi::mmc::CloseFunction;
use crate::sector::Sectors;

/// An ECC unit.
const UNIT: Sectors = Sectors(16);

/// Writes one session.
pub(super) fn burn(drive: &mut Drive, medium: &Medium, job: &mut Job<'_>) -> Result<Burned, BurnError> {
    let append = steps::append(job);
    let page = drive.set_write_parameters(|page| page.plus_r(append));
    steps::tolerate(page, "no write parameters for a DVD+R").map_err(|source| BurnError::SetUp { source })?;
    let ready = steps::set_up(drive, medium, job)?;
    let sink = Sink { minimum: Sectors(0), limit: ready.next.free, unit: UNIT, streaming: false, first: None };
    let written = write_image(drive, job, sink);
    let close = if job.finalize { CloseFunction::FinaliseShort } else { CloseFunction::Session };
    let ending = Ending { track: true, close: Some(close), appendable: !job.finalize };
    steps::end(drive, job, written, &ready, ending)
}
