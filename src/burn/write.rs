//! The writing itself: image through the FIFO to the drive, every chunk noted in the ledger. The same for every medium.

use std::sync::atomic::Ordering;

use super::buffers::{Buffers, Gauge};
use super::fifo::through_fifo;
use super::ledger::{CHUNK, Ledger};
use super::progress::{Event, Phase};
use super::{BurnError, Burned, Job};
use crate::scsi::{Drive, ScsiError};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// What the medium demands of a run of writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sink {
    /// Zeros follow the image up to this many sectors.
    pub(super) minimum: Sectors,
    /// No more than this may be written: checked here, so that the drive never sees an address it has to refuse.
    pub(super) limit: Sectors,
}

/// Writes the job's image.
pub(super) fn write_image(drive: &mut Drive, job: &mut Job<'_>, sink: Sink) -> Result<Burned, BurnError> {
    let needed = job.sectors.max(sink.minimum);
    if needed > sink.limit {
        return Err(BurnError::NoRoom { needed, free: sink.limit });
    }
    let Job { start, sectors, image, fifo_bytes, stop, progress, .. } = job;
    let (start, sectors) = (*start, *sectors);
    progress.event(Event::Begin { phase: Phase::Write, total: Some(sectors) });
    let mut ledger = Ledger::new(start);
    let mut written = Sectors(0);
    let mut gauge = Gauge::default();
    let result = through_fifo(*image, *fifo_bytes, |mut chunks| {
        while let Some(chunk) = chunks.next_chunk() {
            if stop.load(Ordering::Relaxed) {
                return Err(BurnError::Interrupted { written });
            }
            let more = Sectors::for_bytes(chunk.len() as u64).unwrap_or(CHUNK);
            if written + more > sectors {
                return Err(BurnError::ImageLength { planned: sectors });
            }
            write_chunk(drive, start + written, chunk).map_err(|(at, source)| BurnError::Write {
                at,
                written: at - start,
                planned: sectors,
                source,
            })?;
            ledger.push(chunk);
            written += more;
            gauge.written(drive, more.0.div_ceil(u32::from(drive.sectors_per_transfer())));
            let (fifo_percent, drive_percent) = (Some(chunks.fill_percent()), gauge.percent());
            progress.event(Event::Done { sectors: written, fifo_percent, drive_percent });
        }
        Ok(Buffers {
            fifo_bytes: chunks.capacity() as u64,
            fifo_least_percent: chunks.least_percent(),
            fifo_ran_empty: chunks.ran_empty(),
            drive_least_percent: gauge.least_percent(),
            drive_bytes: gauge.bytes(),
        })
    });
    progress.event(Event::End { phase: Phase::Write });
    let buffers = result?;
    if written != sectors {
        return Err(BurnError::ImageLength { planned: sectors });
    }
    fill_up(drive, start + written, needed, written)?;
    Ok(Burned { start, sectors, ledger, appendable: true, buffers })
}

/// Writes sectors with as few commands as may be; on failure says which address was not taken.
fn write_chunk(drive: &mut Drive, at: Lba, chunk: &[u8]) -> Result<(), (Lba, ScsiError)> {
    let per_write = drive.sectors_per_transfer();
    let mut at = at;
    for piece in chunk.chunks(usize::from(per_write) * SECTOR_BYTES) {
        drive.write(at, piece).map_err(|source| (at, source))?;
        at += Sectors(u32::from(per_write));
    }
    Ok(())
}

/// Zeros behind the image where the medium wants a longer track.
fn fill_up(drive: &mut Drive, at: Lba, needed: Sectors, written: Sectors) -> Result<(), BurnError> {
    let zeros = vec![0; (needed.0 - written.0) as usize * SECTOR_BYTES];
    write_chunk(drive, at, &zeros).map_err(|(at, source)| BurnError::Write { at, written, planned: needed, source })
}
