//! Where an ISO 9660 reader gets its sectors from: a drive, a virtual disc, an image file.

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{Whence, lseek};

use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Anything that reads 2048-byte sectors at absolute addresses.
pub trait SectorSource {
    /// Fills `out` (a whole number of sectors) from the sectors beginning at `at`.
    ///
    /// # Errors
    /// When one of the sectors can't be read; nothing may be assumed of `out` then.
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError>;
}

impl<S: SectorSource + ?Sized> SectorSource for &mut S {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        (**self).read(at, out)
    }
}

/// A sector could not be read.
#[derive(Debug, thiserror::Error)]
#[error("sectors {at} to {} can't be read", at.0.saturating_add(count.0).saturating_sub(1))]
pub struct SourceError {
    /// First sector of the request.
    pub at: Lba,
    /// Length of the request.
    pub count: Sectors,
    /// What the source said.
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

impl SourceError {
    /// An error for the request `read(at, out)` with `out` of `out_bytes` bytes.
    pub fn new(at: Lba, out_bytes: usize, cause: impl Into<Box<dyn Error + Send + Sync>>) -> SourceError {
        let count = u32::try_from(out_bytes / SECTOR_BYTES).unwrap_or(u32::MAX);
        SourceError { at, count: Sectors(count), cause: cause.into() }
    }
}

/// An image file, or the `sectors` file of a virtual disc: sector n at byte n × 2048.
#[derive(Debug)]
pub struct ImageFile {
    file: File,
    bytes: u64,
}

impl ImageFile {
    /// Opens `path` for reading.
    ///
    /// # Errors
    /// When the file can't be opened or its size can't be asked.
    pub fn open(path: &Path) -> std::io::Result<ImageFile> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(ImageFile { file, bytes })
    }

    /// Whole sectors in the file.
    #[must_use]
    pub fn sectors(&self) -> Sectors {
        Sectors(u32::try_from(self.bytes / SECTOR_BYTES as u64).unwrap_or(u32::MAX))
    }

    /// The first sector from `at` on that the file system holds data for; the holes of a sparse file are passed over. `None` at the end.
    ///
    /// # Errors
    /// When the file can't be asked.
    pub fn next_data(&self, at: Lba) -> std::io::Result<Option<Lba>> {
        if at.0 >= self.sectors().0 {
            return Ok(None);
        }
        let offset = i64::try_from(at.byte_offset()).unwrap_or(i64::MAX);
        let data = match lseek(&self.file, offset, Whence::SeekData) {
            Ok(data) => u64::try_from(data).unwrap_or(u64::MAX),
            Err(Errno::ENXIO) => return Ok(None),
            // A file system without holes, or without the question.
            Err(Errno::EINVAL) => at.byte_offset(),
            Err(error) => return Err(error.into()),
        };
        let sector = u32::try_from(data / SECTOR_BYTES as u64).unwrap_or(u32::MAX);
        Ok((sector < self.sectors().0).then_some(Lba(sector.max(at.0))))
    }
}

impl SectorSource for ImageFile {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let bytes = out.len();
        self.file.read_exact_at(out, at.byte_offset()).map_err(|e| SourceError::new(at, bytes, e))
    }
}
