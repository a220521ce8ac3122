//! A drive as the place an ISO 9660 reader gets its sectors from.
//!
//! What is read here decides which earlier days the next session carries on, so a passing failure is not taken for a flaw of the disc:
//! a READ is tried several times. A unit attention is not: the disc may be another one. It stays with the drive until somebody who
//! can't mistake it has heard it.

use super::medium::is_overwritable;
use crate::iso::source::{SectorSource, SourceError};
use crate::scsi::mmc::Profile;
use crate::scsi::{Drive, ScsiError, SenseKey};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// How often a READ is tried.
const TRIES: usize = 3;

/// Reads through READ(10), not through the kernel's block cache, which may still show the disc as it was before a burn.
#[derive(Debug)]
pub struct DriveSource<'a>(pub &'a mut Drive);

impl DriveSource<'_> {
    fn try_read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), ScsiError> {
        let mut tried = 1;
        loop {
            match self.0.read(at, out, false) {
                Err(error) if tried < TRIES && may_pass(&error) => tried += 1,
                Err(error) => {
                    self.0.tell_again(&error);
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            }
        }
    }

    /// A sector of an overwritable medium that was formatted and never written is empty, not broken. On a DVD-RW in restricted overwrite
    /// whose last border is open there is nothing to address behind what was written.
    fn is_empty(&mut self, error: &ScsiError) -> bool {
        if !error.is_blank() && !is_behind_the_end(error) {
            return false;
        }
        self.0.features().is_ok_and(|features| match features.profile {
            Profile::DvdRwRestrictedOverwrite => true,
            profile => error.is_blank() && is_overwritable(profile),
        })
    }
}

/// Whether another try may help: not behind the end of what is recorded, not on blank sectors, not without the drive.
fn may_pass(error: &ScsiError) -> bool {
    !(error.is_attention() || error.is_blank() || error.is_drive_lost() || is_behind_the_end(error))
}

fn is_behind_the_end(error: &ScsiError) -> bool {
    error.sense().is_some_and(|sense| (sense.key, sense.asc, sense.ascq) == (SenseKey::IllegalRequest, 0x21, 0))
}

impl SectorSource for DriveSource<'_> {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let bytes = out.len();
        match self.try_read(at, out) {
            Err(error) if self.is_empty(&error) => {
                for (sector, number) in out.chunks_mut(SECTOR_BYTES).zip(0..) {
                    match self.try_read(at + Sectors(number), sector) {
                        Err(error) if self.is_empty(&error) => sector.fill(0),
                        other => other.map_err(|error| SourceError::new(at, bytes, error))?,
                    }
                }
                Ok(())
            }
            other => other.map_err(|error| SourceError::new(at, bytes, error)),
        }
    }
}
