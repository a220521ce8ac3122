//! A drive as the place an ISO 9660 reader gets its sectors from.

use crate::iso::source::{SectorSource, SourceError};
use crate::scsi::Drive;
use crate::sector::Lba;

/// Reads through READ(10), not through the kernel's block cache, which may still show the disc as it was before a burn.
#[derive(Debug)]
pub struct DriveSource<'a>(pub &'a mut Drive);

impl SectorSource for DriveSource<'_> {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        self.0.read(at, out, false).map_err(|error| SourceError::new(at, out.len(), error))
    }
}
