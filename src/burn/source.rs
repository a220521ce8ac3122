//! A drive as the place an ISO 9660 reader gets its sectors from.
//!
//! What is read here decides which earlier days the next session carries on, so a passing failure is not taken for a flaw of the disc:
//! a READ is tried several times, and one of many sectors sector by sector then: what can be read is, and the error names the first sector
//! that can't, at half the drive's speed, as a [proof](super::readback) reads them. A unit attention is not tried again: the disc may be another one. It stays with the drive until somebody who
//! can't mistake it has heard it.

use super::medium::is_overwritable;
use super::steps::{self, Speed};
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

    fn read_one_by_one(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let count = Sectors::for_bytes(out.len() as u64).unwrap_or(Sectors(1));
        let last = Lba((at + count).0.saturating_sub(1));
        let speed = steps::halve_reading_speed(self.0, last).unwrap_or_else(|error| {
            // The next READ hears it.
            self.0.tell_again(&error);
            tracing::debug!(%error, "the bad spot is read at full speed");
            Speed::Untouched
        });
        let read = self.read_each(at, out);
        steps::restore_speed(self.0, speed);
        read
    }

    fn read_each(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        for (sector, number) in out.chunks_mut(SECTOR_BYTES).zip(0..) {
            let at = at + Sectors(number);
            self.try_read(at, sector).map_err(|error| SourceError::new(at, SECTOR_BYTES, error))?;
        }
        Ok(())
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

/// Whether the drive says that it can't read something of what it was asked for. One that does not answer would be waited for each sector.
fn is_flaw(error: &ScsiError) -> bool {
    let flaws = [SenseKey::MediumError, SenseKey::HardwareError, SenseKey::AbortedCommand];
    may_pass(error) && error.sense().is_some_and(|sense| flaws.contains(&sense.key))
}

fn is_behind_the_end(error: &ScsiError) -> bool {
    error.sense().is_some_and(|sense| (sense.key, sense.asc, sense.ascq) == (SenseKey::IllegalRequest, 0x21, 0))
}

impl SectorSource for DriveSource<'_> {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let bytes = out.len();
        if Sectors::for_bytes(bytes as u64).and_then(|count| at.checked_add(count)).is_none() {
            return Err(SourceError::new(at, bytes, "no disc has so many"));
        }
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
            Err(error) if bytes > SECTOR_BYTES && is_flaw(&error) => self.read_one_by_one(at, out),
            other => other.map_err(|error| SourceError::new(at, bytes, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scsi::{Completion, Data, Transport, TransportError};

    /// A disc with one sector that can't be read.
    struct Scratched(u32);

    impl Transport for Scratched {
        fn execute(&mut self, cdb: &[u8], data: Data<'_>, _: Duration) -> Result<Completion, TransportError> {
            if cdb[0] == 0x28 {
                let first = u32::from_be_bytes(cdb[2..6].try_into().unwrap());
                let count = u32::from(u16::from_be_bytes(cdb[7..9].try_into().unwrap()));
                if (first..first + count).contains(&self.0) {
                    return Ok(Completion::check([0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0, 0, 0, 0, 0]));
                }
            }
            Ok(Completion::good(data.len()))
        }
        fn max_transfer(&self) -> usize {
            64 * 1024
        }
        fn wait(&mut self, _: Duration) {}
        fn now(&self) -> Duration {
            Duration::ZERO
        }
    }

    #[test]
    fn sectors_behind_all_addresses_are_an_error() {
        let mut drive = Drive::new(Box::new(Scratched(u32::MAX)), "test");
        let error = DriveSource(&mut drive).read(Lba(u32::MAX), &mut vec![0; 2 * SECTOR_BYTES]).unwrap_err();
        assert_eq!(error.cause.to_string(), "no disc has so many");
    }

    #[test]
    fn of_many_sectors_the_one_that_can_not_be_read_is_named() {
        for bad in [8, 12, 135] {
            let mut drive = Drive::new(Box::new(Scratched(bad)), "test");
            let error = DriveSource(&mut drive).read(Lba(8), &mut vec![0; 128 * SECTOR_BYTES]).unwrap_err();
            assert_eq!(error.to_string(), format!("sectors {bad} to {bad} can't be read"));
        }
    }
}
