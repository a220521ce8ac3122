//! READ and WRITE.
//!
//! A READ is tried again once after a transport fault. A WRITE never is: what the drive took of it nobody knows. The same WRITE is sent
//! again only where the drive says that it took nothing (its buffer was full, it was not ready, a command was out of sequence), or, for
//! one that failed before anything was on the medium, where the drive still expects it.

use std::time::Duration;

use super::super::During;
use super::super::command::Command;
use super::super::deadline::timeout;
use super::super::mmc::TrackAddress;
use super::super::sbc::{Read10, Write10, Write12};
use super::obey::Rules;
use super::{Drive, ScsiError, deadline};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// First pause before a WRITE is offered again to a full buffer.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
/// Longest one.
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

impl Drive {
    /// Reads whole sectors. A transport fault is tried again once.
    ///
    /// # Errors
    /// When the drive can't read them.
    pub fn read(&mut self, at: Lba, out: &mut [u8], from_medium: bool) -> Result<(), ScsiError> {
        let per_transfer = self.sectors_per_transfer();
        let pieces = out.chunks_mut(usize::from(per_transfer) * SECTOR_BYTES);
        for (piece, number) in pieces.zip((0..).step_by(usize::from(per_transfer))) {
            let count = u16::try_from(piece.len() / SECTOR_BYTES).unwrap_or(u16::MAX);
            let at = at.checked_add(Sectors(number)).unwrap_or(Lba(u32::MAX));
            let from_medium = from_medium && !self.ignores_fua;
            match self.read_piece(&Read10 { at, count, from_medium }, piece) {
                Err(error) if from_medium && error.is_unsupported() => {
                    tracing::debug!(%error, "no forced access to the medium");
                    self.ignores_fua = true;
                    self.read_piece(&Read10 { at, count, from_medium: false }, piece)?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn read_piece(&mut self, command: &Read10, piece: &mut [u8]) -> Result<(), ScsiError> {
        let moved = self.obey(command, &command.cdb(), piece, Rules::of::<Read10>(deadline::READY))?;
        Ok(command.parse(&piece[..moved.min(piece.len())])?)
    }

    /// The next WRITE is the first of a job. `track` is the one whose next writable address it goes to on sequential media: a first WRITE
    /// that fails is tried once more if that address still is what it was. Without it, none is.
    pub fn begin_writing(&mut self, track: Option<TrackAddress>) {
        self.first_write = true;
        self.written_track = track;
    }

    /// Writes whole sectors with one WRITE, waiting while the drive's buffer is full. The data's length must not exceed
    /// [`sectors_per_transfer`](Drive::sectors_per_transfer).
    ///
    /// # Errors
    /// When the drive refuses or fails. What it had taken before is not known then.
    pub fn write(&mut self, at: Lba, data: &[u8]) -> Result<(), ScsiError> {
        self.offer(&Write10 { at, data }, at)
    }

    /// The same with WRITE(12) and its Streaming bit: at full speed, without the drive's check and replacement of what it wrote. A drive
    /// that does not know it gets WRITE(10).
    ///
    /// # Errors
    /// As [`write`](Drive::write).
    pub fn write_streaming(&mut self, at: Lba, data: &[u8]) -> Result<(), ScsiError> {
        if !self.ignores_streaming {
            match self.offer(&Write12 { at, data, streaming: true }, at) {
                Err(error) if error.is_unsupported() => {
                    tracing::warn!(%error, "the drive does not write without its defect management");
                    self.ignores_streaming = true;
                }
                other => return other,
            }
        }
        self.write(at, data)
    }

    fn offer<C: Command>(&mut self, command: &C, at: Lba) -> Result<(), ScsiError> {
        let (during, time) = match self.first_write {
            true => (During::FirstWrite, Some(timeout::FIRST_WRITE)),
            false => (During::Write, None),
        };
        let rules = Rules {
            during,
            deadline: deadline::WRITE,
            pause: SHORTEST_PAUSE,
            longest_pause: LONGEST_PAUSE,
            at: Some(at),
            timeout: time,
        };
        self.obey(command, &command.cdb(), &mut [], rules)?;
        self.first_write = false;
        Ok(())
    }
}
