//! The writing itself: image through the FIFO to the drive, every chunk noted in the ledger. The same for every medium.
//!
//! A WRITE moves whole ECC units: what the image leaves of its last one is filled with zeros, in the same command. Where the run ends is
//! known before it begins, and compared with what the medium can take: no WRITE is ever sent that a drive would have to refuse for its address.

use std::sync::atomic::Ordering;

use super::buffers::{Buffers, Gauge};
use super::fifo::through_fifo;
use super::ledger::{CHUNK, Ledger};
use super::progress::{Event, Phase};
use super::{BurnError, Burned, Job};
use crate::scsi::{Drive, ScsiError};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Why a WRITE was not taken, and the address it had.
pub(super) type Refused = (Lba, ScsiError);

/// Sends the first chunk to its address.
pub(super) type First<'a> = dyn FnMut(&mut Drive, Lba, &[u8]) -> Result<(), Refused> + 'a;

/// What the medium demands of a run of writes.
pub(super) struct Sink<'a> {
    /// Zeros follow the image up to this many sectors.
    pub(super) minimum: Sectors,
    /// No more than this may be written: checked here, so that the drive never sees an address it has to refuse.
    pub(super) limit: Sectors,
    /// A WRITE moves multiples of this.
    pub(super) unit: Sectors,
    /// WRITE(12) with the Streaming bit.
    pub(super) streaming: bool,
    /// Sends the first chunk, where the recipe has something to do before it, or an answer to its refusal.
    pub(super) first: Option<&'a mut First<'a>>,
}

/// Sectors that a session of so many takes with its filling.
pub(super) fn with_filling(sectors: Sectors, minimum: Sectors, unit: Sectors) -> Sectors {
    sectors.max(minimum).round_up(unit)
}

/// Writes the job's image. What the sink makes of it is not known here: whether another session can follow is said by the recipe.
pub(super) fn write_image(drive: &mut Drive, job: &mut Job<'_>, sink: Sink<'_>) -> Result<Burned, BurnError> {
    let Sink { minimum, limit, unit, streaming, mut first } = sink;
    let needed = with_filling(job.sectors, minimum, unit);
    if needed > limit {
        return Err(BurnError::NoRoom { needed, free: limit });
    }
    let Job { start, sectors, image, fifo_bytes, stop, progress, .. } = job;
    let (start, sectors) = (*start, *sectors);
    progress.event(Event::Begin { phase: Phase::Write, total: Some(sectors) });
    let mut ledger = Ledger::new(start);
    let mut written = Sectors(0);
    let mut taken = Sectors(0);
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
            let at = start + written;
            let mut filled = Vec::new();
            let whole = if more == more.round_up(unit) {
                chunk
            } else {
                filled.extend_from_slice(chunk);
                filled.resize(more.round_up(unit).0 as usize * SECTOR_BYTES, 0);
                &filled
            };
            let sent = match first.take() {
                Some(first) => first(drive, at, whole),
                None => write_chunk(drive, at, whole, streaming),
            };
            sent.map_err(|(at, source)| BurnError::Write { at, written: at - start, planned: sectors, source })?;
            ledger.push(chunk);
            written += more;
            taken += more.round_up(unit);
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
    let result = result.unwrap_or_else(|source| Err(BurnError::NoThread { source }));
    progress.event(Event::End { phase: Phase::Write });
    let buffers = result?;
    if written != sectors {
        return Err(BurnError::ImageLength { planned: sectors });
    }
    let filling = Sectors(needed.0.saturating_sub(taken.0));
    write_zeros(drive, start + taken, filling, streaming).map_err(|(at, source)| BurnError::Write {
        at,
        written,
        planned: needed,
        source,
    })?;
    Ok(Burned { start, sectors, ledger, appendable: true, buffers })
}

/// Writes sectors with as few commands as may be; on failure says which address was not taken.
pub(super) fn write_chunk(drive: &mut Drive, at: Lba, chunk: &[u8], streaming: bool) -> Result<(), Refused> {
    let per_write = drive.sectors_per_transfer();
    let mut at = at;
    for piece in chunk.chunks(usize::from(per_write) * SECTOR_BYTES) {
        let sent = if streaming { drive.write_streaming(at, piece) } else { drive.write(at, piece) };
        sent.map_err(|source| (at, source))?;
        // The sectors before a CD's sector 0 have the two's complement of their distance: behind the last of them comes 0.
        at = Lba(at.0.wrapping_add(u32::from(per_write)));
    }
    Ok(())
}

/// Writes so many sectors of zeros.
pub(super) fn write_zeros(drive: &mut Drive, at: Lba, count: Sectors, streaming: bool) -> Result<(), Refused> {
    let zeros = vec![0; CHUNK.0.min(count.0) as usize * SECTOR_BYTES];
    let mut done = 0;
    while done < count.0 {
        let more = CHUNK.0.min(count.0 - done);
        write_chunk(drive, Lba(at.0.wrapping_add(done)), &zeros[..more as usize * SECTOR_BYTES], streaming)?;
        done += more;
    }
    Ok(())
}
