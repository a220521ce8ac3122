//! A disc in memory, of which only a part is kept, for our reader and for hadris-iso.

use std::cell::RefCell;
use std::rc::Rc;

use cedarburn::iso::generator::plan::Plan;
use cedarburn::iso::source::{SectorSource, SourceError};
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};
use hadris_io::{Error, ErrorKind, ErrorType};
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};

/// The sectors from `first` on.
#[derive(Debug, Clone)]
pub(crate) struct Disc {
    first: Lba,
    bytes: Vec<u8>,
    /// Sectors that were read, and requests that failed.
    pub(crate) read: usize,
    pub(crate) failed: usize,
}

impl Disc {
    pub(crate) fn new(first: Lba) -> Disc {
        Disc { first, bytes: Vec::new(), read: 0, failed: 0 }
    }

    /// The sector behind the last that was written.
    pub(crate) fn end(&self) -> Lba {
        self.first + Sectors::for_bytes(self.bytes.len() as u64).unwrap()
    }

    pub(crate) fn write(&mut self, at: Lba, bytes: &[u8]) {
        let start = (at.0 - self.first.0) as usize * SECTOR_BYTES;
        let end = start + bytes.len().next_multiple_of(SECTOR_BYTES);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes the session of `plan`, in requests of `sectors`.
    pub(crate) fn burn(&mut self, plan: &Plan, sectors: usize) {
        let mut stream = plan.stream();
        let mut buffer = vec![0xa5; sectors * SECTOR_BYTES];
        loop {
            let at = stream.position();
            match stream.read(&mut buffer) {
                0 => break,
                count => self.write(at, &buffer[..count]),
            }
        }
        assert_eq!(stream.position(), plan.end(), "the stream is as long as the plan");
    }

    /// Spoils a byte.
    pub(crate) fn spoil(&mut self, at: usize, value: u8) {
        if let Some(byte) = self.bytes.get_mut(at) {
            *byte = value;
        }
    }

    fn get(&self, at: u64, length: usize) -> Option<&[u8]> {
        let start = usize::try_from(at.checked_sub(self.first.0.into())?).ok()? * SECTOR_BYTES;
        self.bytes.get(start..start.checked_add(length)?)
    }

    /// `count` bytes from the beginning of a sector on.
    pub(crate) fn bytes(&self, at: Lba, count: u64) -> &[u8] {
        self.get(at.0.into(), usize::try_from(count).unwrap()).expect("sectors that were written")
    }
}

impl SectorSource for Disc {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let Some(found) = self.get(at.0.into(), out.len()) else {
            self.failed += 1;
            return Err(SourceError::new(at, out.len(), "never written"));
        };
        out.copy_from_slice(found);
        self.read += out.len() / SECTOR_BYTES;
        Ok(())
    }
}

/// A disc as it looks to a program that knows of no session but the one at sector 0: the head of the session at
/// `session` is shown there.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) disc: Rc<RefCell<Disc>>,
    pub(crate) session: Lba,
}

/// Sectors of a session's head: the system area, two descriptors and the terminator. What stands there without
/// Joliet, the path table, is not read.
const HEAD: u64 = 19;

impl ErrorType for View {
    type Error = std::io::Error;
}

impl BlockDevice for View {
    fn block_size(&self) -> BlockSize {
        BlockSize::new(2048).unwrap()
    }

    fn block_count(&self) -> u64 {
        self.disc.borrow().end().0.into()
    }

    fn read_blocks(&mut self, first: BlockIndex, buf: &mut [u8]) -> Result<(), Error<std::io::Error>> {
        for (at, sector) in (first.get()..).zip(buf.chunks_exact_mut(SECTOR_BYTES)) {
            let at = if at < HEAD { at + u64::from(self.session.0) } else { at };
            match self.disc.borrow().get(at, SECTOR_BYTES) {
                Some(found) => sector.copy_from_slice(found),
                None => return Err(Error::new(ErrorKind::InvalidInput, "never written")),
            }
        }
        Ok(())
    }
}
