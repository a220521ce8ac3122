//! Reads a session from its start to its end once, as it is on the medium.
//!
//! Every chunk is compared with what was sent, as it goes by. At the same time it is a [`SectorSource`]: an ISO reader
//! pulls the directories through it, and whoever hashes the files in the order of their extents pulls the rest. What the
//! reader asks for lies ahead; it is kept while directories are read, because they may be asked for again, and streamed
//! afterwards.
//!
//! A drive may go on showing the disc as it was before the session: refused addresses make it stop and start once, and look anew.
//!
//! A sector that can't be read is noted and the reading goes on: the report names all of them, not the first. What can't be read at the drive's
//! own speed is read at half of it, sector by sector, and so are some chunks behind it. A unit attention says
//! nothing of a sector, which is read again: another disc would be seen by its content.

use std::sync::atomic::{AtomicBool, Ordering};

use super::ledger::{CHUNK, Ledger};
use super::progress::{Event, Phase, Progress};
use super::steps::{self, Speed};
use crate::iso::source::{SectorSource, SourceError};
use crate::scsi::{Drive, During, Reaction, ScsiError, SenseKey};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Directories of more than this are not kept: a million files need a quarter of it.
const KEEP_LIMIT: usize = 1 << 30;
/// A chunk is tried this often before its sectors are tried one by one.
const TRIES: usize = 3;
/// Attentions that a READ may meet in a row. A drive that has more of them has something else.
const ATTENTIONS: usize = 8;
/// Chunks behind a bad spot that are read slowly: a scratch across the tracks comes again with each turn, 330 KB later at the rim of a BD.
const SLOW_CHUNKS: u32 = 8;
/// Bad sectors that are looked for one by one; behind these, whole chunks count as bad. Each costs the drive seconds.
const SINGLE_LIMIT: usize = 4096;
/// The end of the session, 16 MiB that may still be in the drive's cache, is read from the medium itself.
const TAIL: Sectors = Sectors(8192);

/// A run of sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First sector.
    pub start: Lba,
    /// The sector behind the last.
    pub end: Lba,
}

/// What was wrong with the sectors themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Sectors the drive could not read.
    pub unreadable: Vec<Run>,
    /// Chunks that are not what was sent.
    pub differing: Vec<Run>,
}

impl Faults {
    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unreadable.is_empty() && self.differing.is_empty()
    }

    /// Whether a sector from `start` to before `end` could not be read.
    fn hits(&self, start: Lba, end: Lba) -> bool {
        self.unreadable.iter().any(|run| run.start < end && start < run.end)
    }
}

/// Appends, or lengthens the last run where the new one follows it.
fn note(runs: &mut Vec<Run>, start: Lba, end: Lba) {
    match runs.last_mut() {
        Some(last) if last.end == start => last.end = end,
        _ => runs.push(Run { start, end }),
    }
}

/// The reading of one session; see the module's text.
pub struct Readback<'a> {
    drive: &'a mut Drive,
    ledger: Option<&'a Ledger>,
    stop: &'a AtomicBool,
    progress: &'a mut dyn Progress,
    start: Lba,
    end: Lba,
    /// The next sector that was not read yet.
    next: Lba,
    /// Everything from `start` on that was read while keeping.
    kept: Vec<u8>,
    keeping: bool,
    /// The chunk before `next`.
    chunk: Vec<u8>,
    faults: Faults,
    /// The drive was made to look at the disc anew.
    restarted: bool,
    /// What was done about the speed because of a bad spot, and for how many chunks it stays.
    speed: Speed,
    slow_for: u32,
    /// The drive is gone, or the disc: nothing more can be read.
    lost: Option<ScsiError>,
}

impl std::fmt::Debug for Readback<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readback").field("next", &self.next).field("end", &self.end).finish_non_exhaustive()
    }
}

impl<'a> Readback<'a> {
    /// Begins to read the sectors from `start` to before `end`; with a ledger, each chunk is compared with it.
    pub fn new(
        drive: &'a mut Drive,
        start: Lba,
        end: Lba,
        ledger: Option<&'a Ledger>,
        stop: &'a AtomicBool,
        progress: &'a mut dyn Progress,
    ) -> Readback<'a> {
        progress.event(Event::Begin { phase: Phase::Verify, total: Some(end - start) });
        Readback {
            drive,
            ledger,
            stop,
            progress,
            start,
            end,
            next: start,
            kept: Vec::new(),
            keeping: true,
            chunk: Vec::new(),
            faults: Faults::default(),
            restarted: false,
            speed: Speed::Untouched,
            slow_for: 0,
            lost: None,
        }
    }

    /// The directories are read: from here on only what is asked for next is held.
    pub fn stop_keeping(&mut self) {
        self.keeping = false;
        self.kept = Vec::new();
    }

    /// Reads what is left and says what was wrong; with the stop flag set it ends early.
    ///
    /// # Errors
    /// When the drive is lost.
    pub fn finish(mut self) -> Result<Faults, ScsiError> {
        while self.next < self.end && self.lost.is_none() && !self.stop.load(Ordering::Relaxed) {
            self.advance();
        }
        self.progress.event(Event::End { phase: Phase::Verify });
        match self.lost.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut self.faults)),
        }
    }

    /// Sectors of the next chunk.
    fn next_count(&self) -> u32 {
        CHUNK.0.min(self.end.0 - self.next.0)
    }

    /// Reads the next chunk and holds it.
    fn advance(&mut self) {
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.resize(self.next_count() as usize * SECTOR_BYTES, 0);
        self.read_next(&mut chunk);
        if self.keeping {
            if self.kept.len() + chunk.len() > KEEP_LIMIT {
                self.keeping = false;
            } else {
                self.kept.extend_from_slice(&chunk);
            }
        }
        self.chunk = chunk;
    }

    /// Reads the next chunk to where it is wanted, unless directories are kept or not all of it is wanted. Returns how many sectors.
    fn advance_into(&mut self, out: &mut [u8]) -> Option<u32> {
        let count = self.next_count();
        let chunk = out.get_mut(..count as usize * SECTOR_BYTES).filter(|_| !self.keeping)?;
        self.chunk.clear();
        self.read_next(chunk);
        Some(count)
    }

    fn read_next(&mut self, chunk: &mut [u8]) {
        let at = self.next;
        let end = at + Sectors(self.next_count());
        let whole = self.read_chunk(at, chunk);
        if whole && self.ledger.is_some_and(|ledger| !ledger.matches(at, chunk)) {
            note(&mut self.faults.differing, at, end);
        }
        self.next = end;
        self.progress.event(Event::Done { sectors: end - self.start, fifo_percent: None, drive_percent: None });
    }

    /// Whether all of it could be read.
    fn read_chunk(&mut self, at: Lba, chunk: &mut [u8]) -> bool {
        let from_medium = self.end - at <= TAIL;
        let mut is_bad_spot = false;
        for tried in 0..TRIES {
            match self.read_sectors(at, chunk, from_medium) {
                Ok(()) => {
                    if tried == 0 {
                        self.leave_bad_spot();
                    }
                    return true;
                }
                Err(error) if error.is_drive_lost() || error.is_no_medium() => {
                    self.lost = Some(error);
                    return false;
                }
                // A drive that works on a bad spot for a minute would do so for each of its sectors.
                Err(error) if error.is_time_out() => {
                    tracing::debug!(%error, "reading back");
                    return self.give_up(at, chunk);
                }
                Err(error) => {
                    tracing::debug!(%error, "reading back");
                    is_bad_spot = error.reaction(During::Read) == Reaction::ReadAgain;
                    if !self.restarted && error.sense().is_some_and(|sense| sense.key == SenseKey::IllegalRequest) {
                        self.restarted = true;
                        // The next READ says what failed.
                        let _ = self.drive.restart();
                    }
                }
            }
        }
        let bad_so_far: u32 = self.faults.unreadable.iter().map(|run| (run.end - run.start).0).sum();
        if bad_so_far as usize > SINGLE_LIMIT {
            return self.give_up(at, chunk);
        }
        if is_bad_spot {
            self.slow_down();
        }
        let mut whole = true;
        for (sector, number) in chunk.chunks_mut(SECTOR_BYTES).zip(0..) {
            let here = at + Sectors(number);
            if let Err(error) = self.read_sectors(here, sector, from_medium) {
                tracing::debug!(%error, "reading back");
                if error.is_drive_lost() || error.is_no_medium() {
                    self.lost = Some(error);
                    return false;
                }
                sector.fill(0);
                note(&mut self.faults.unreadable, here, here + Sectors(1));
                whole = false;
            }
        }
        whole
    }

    fn read_sectors(&mut self, at: Lba, out: &mut [u8], from_medium: bool) -> Result<(), ScsiError> {
        for _ in 0..ATTENTIONS {
            match self.drive.read(at, out, from_medium) {
                Err(error) if error.is_attention() => tracing::debug!(%error, "reading back"),
                other => return other,
            }
        }
        self.drive.read(at, out, from_medium)
    }

    /// The whole chunk counts as unreadable.
    fn give_up(&mut self, at: Lba, chunk: &mut [u8]) -> bool {
        chunk.fill(0);
        let count = Sectors::for_bytes(chunk.len() as u64).unwrap_or(CHUNK);
        note(&mut self.faults.unreadable, at, at + count);
        false
    }

    /// Halves the speed, if it is not halved.
    fn slow_down(&mut self) {
        if std::mem::replace(&mut self.slow_for, SLOW_CHUNKS) > 0 {
            return;
        }
        match steps::halve_reading_speed(self.drive, Lba(self.end.0.saturating_sub(1))) {
            Ok(speed) => self.speed = speed,
            // The next READ hears it.
            Err(error) => {
                self.drive.tell_again(&error);
                tracing::debug!(%error, "the bad spot is read at full speed");
            }
        }
    }

    /// A chunk was read at once.
    fn leave_bad_spot(&mut self) {
        if self.slow_for > 0 {
            self.slow_for -= 1;
            if self.slow_for == 0 {
                self.restore_speed();
            }
        }
    }

    fn restore_speed(&mut self) {
        steps::restore_speed(self.drive, std::mem::take(&mut self.speed));
    }

    /// The bytes of one sector, if it was read before and is still held.
    fn held(&self, at: Lba) -> Option<&[u8]> {
        let in_kept = (at - self.start).0 as usize * SECTOR_BYTES;
        if let Some(sector) = self.kept.get(in_kept..in_kept + SECTOR_BYTES) {
            return Some(sector);
        }
        let chunk_start = self.next.0 - u32::try_from(self.chunk.len() / SECTOR_BYTES).unwrap_or(0);
        let in_chunk = at.0.checked_sub(chunk_start)? as usize * SECTOR_BYTES;
        self.chunk.get(in_chunk..in_chunk + SECTOR_BYTES)
    }
}

impl Drop for Readback<'_> {
    fn drop(&mut self) {
        self.restore_speed();
    }
}

impl SectorSource for Readback<'_> {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        let bytes = out.len();
        let end = Sectors::for_bytes(bytes as u64).and_then(|count| at.checked_add(count));
        let Some(end) = end.filter(|&end| at >= self.start && end <= self.end) else {
            // Another session's sectors: read directly, nothing was sent to compare them with.
            return self.drive.read(at, out, false).map_err(|error| SourceError::new(at, bytes, error));
        };
        let (mut here, mut rest) = (at, out);
        while !rest.is_empty() {
            if here == self.next
                && self.lost.is_none()
                && let Some(count) = self.advance_into(rest)
            {
                here += Sectors(count);
                rest = &mut rest[count as usize * SECTOR_BYTES..];
                continue;
            }
            while here >= self.next && self.lost.is_none() {
                self.advance();
            }
            let (sector, behind) = rest.split_at_mut(SECTOR_BYTES.min(rest.len()));
            match self.held(here) {
                Some(held) => sector.copy_from_slice(&held[..sector.len()]),
                None => {
                    self.drive.read(here, sector, false).map_err(|error| SourceError::new(here, sector.len(), error))?
                }
            }
            here += Sectors(1);
            rest = behind;
        }
        if self.lost.is_some() || self.faults.hits(at, end) {
            return Err(SourceError::new(at, bytes, "the drive can't read them"));
        }
        Ok(())
    }
}
