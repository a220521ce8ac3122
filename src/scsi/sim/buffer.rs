//! The drive's write buffer. What is in it is lost with the power.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::disc::{DiscError, VirtualDisc};
use crate::sector::SECTOR_BYTES;

/// Blocks the buffer holds: 2 MiB.
pub(super) const BUFFER_BLOCKS: u32 = 1024;

/// Drained blocks wait until so many have gathered, so that the host sees few large writes.
const RUN_BLOCKS: u32 = 256;

#[derive(Debug, Clone, Copy)]
struct Extent {
    at: u32,
    blocks: u32,
}

/// First in, first out.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// A ring: what stays is not moved when something goes.
    bytes: VecDeque<u8>,
    extents: VecDeque<Extent>,
    /// Blocks held.
    blocks: u32,
    /// How many of them, from the oldest, the laser has already written.
    drained: u32,
    /// Up to when draining has been accounted for.
    since: Duration,
    /// Blocks that get a wrong bit on their way to the medium. What the drive has in its cache stays right.
    wrong: BTreeSet<u32>,
}

impl Buffer {
    /// Blocks that are not on the disc.
    pub(super) fn fill(&self) -> u32 {
        self.blocks - self.drained
    }

    /// Whether nothing waits for the laser or for the host.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    pub(super) fn free(&self) -> u32 {
        BUFFER_BLOCKS.saturating_sub(self.fill())
    }

    /// How long the laser needs for what is in the buffer.
    pub(super) fn drain_time(&self, kb_per_s: u32) -> Duration {
        block_time(kb_per_s).saturating_mul(self.fill())
    }

    /// Takes `blocks` blocks for `at`.
    pub(super) fn push(&mut self, at: u32, blocks: u32, data: &[u8], now: Duration) {
        if self.fill() == 0 {
            self.since = now;
        }
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact((BUFFER_BLOCKS + RUN_BLOCKS) as usize * SECTOR_BYTES);
        }
        self.bytes.extend(data);
        if !self.wrong.is_empty() {
            self.wrong.retain(|lba| lba.checked_sub(at).is_none_or(|offset| offset >= blocks));
        }
        self.blocks += blocks;
        match self.extents.back_mut() {
            Some(last) if last.at.checked_add(last.blocks) == Some(at) => last.blocks += blocks,
            _ => self.extents.push_back(Extent { at, blocks }),
        }
    }

    /// Block `at`, which was just taken, will have a wrong bit on the medium.
    pub(super) fn will_be_wrong(&mut self, at: u32) {
        self.wrong.insert(at);
    }

    /// Lets the laser work until `now`.
    pub(super) fn drain_until(&mut self, now: Duration, kb_per_s: u32) {
        let each = block_time(kb_per_s);
        let elapsed = now.saturating_sub(self.since);
        let done = elapsed.as_nanos() / each.as_nanos().max(1);
        let done = u32::try_from(done).unwrap_or(u32::MAX).min(self.fill());
        self.drained += done;
        self.since = if self.fill() == 0 { now } else { self.since + each.saturating_mul(done) };
    }

    pub(super) fn drain_all(&mut self) {
        self.drained = self.blocks;
    }

    /// Whether enough has been drained for a write to the host's file.
    pub(super) fn has_run(&self) -> bool {
        self.drained >= RUN_BLOCKS
    }

    /// Writes what is drained to the sectors and reports each piece as address and length.
    pub(super) fn commit(&mut self, disc: &VirtualDisc) -> Result<Vec<(u32, u32)>, DiscError> {
        let mut pieces = Vec::new();
        while self.drained > 0 {
            let Some(extent) = self.extents.front_mut() else { break };
            // What lies behind the ring's seam is the next piece.
            if self.bytes.as_slices().0.len() < SECTOR_BYTES {
                self.bytes.make_contiguous();
            }
            let (run, _) = self.bytes.as_slices();
            let in_run = u32::try_from(run.len() / SECTOR_BYTES).unwrap_or(u32::MAX);
            let blocks = extent.blocks.min(self.drained).min(in_run);
            if blocks == 0 {
                break;
            }
            let bytes = blocks as usize * SECTOR_BYTES;
            disc.write_sectors(extent.at, run.get(..bytes).unwrap_or_default())?;
            for lba in self.wrong.range(extent.at..extent.at.saturating_add(blocks)) {
                let from = (lba - extent.at) as usize * SECTOR_BYTES;
                let mut sector = run.get(from..from + SECTOR_BYTES).unwrap_or_default().to_vec();
                flip(&mut sector);
                disc.write_sectors(*lba, &sector)?;
            }
            self.bytes.drain(..bytes);
            pieces.push((extent.at, blocks));
            extent.at += blocks;
            extent.blocks -= blocks;
            if extent.blocks == 0 {
                self.extents.pop_front();
            }
            self.blocks -= blocks;
            self.drained -= blocks;
        }
        if self.blocks == 0 {
            self.clear();
        }
        Ok(pieces)
    }

    /// The block the laser would have written next, if any.
    pub(super) fn next(&self) -> Option<u32> {
        self.extents.front().map(|extent| extent.at)
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.extents.clear();
        self.blocks = 0;
        self.drained = 0;
    }

    /// The disc leaves the drive, or the power: the cache is gone too.
    pub(super) fn forget(&mut self) {
        self.clear();
        self.wrong.clear();
    }

    /// Lays what the drive has in its memory over `out`, which was read from the sectors at `at`.
    pub(super) fn overlay(&self, at: u32, out: &mut [u8]) {
        let wanted = u32::try_from(out.len() / SECTOR_BYTES).unwrap_or(u32::MAX);
        let wanted_end = at.saturating_add(wanted);
        for lba in self.wrong.range(at..wanted_end) {
            let from = (lba - at) as usize * SECTOR_BYTES;
            flip(out.get_mut(from..).unwrap_or_default());
        }
        let mut from = 0;
        for extent in &self.extents {
            let first = extent.at.max(at);
            let end = (extent.at + extent.blocks).min(wanted_end);
            if first < end {
                let bytes = (end - first) as usize * SECTOR_BYTES;
                let source = from + (first - extent.at) as usize * SECTOR_BYTES;
                let target = (first - at) as usize * SECTOR_BYTES;
                if let Some(target) = out.get_mut(target..target + bytes)
                    && source + bytes <= self.bytes.len()
                {
                    let (first, second) = self.bytes.as_slices();
                    let seam = first.len().clamp(source, source + bytes);
                    let (head, tail) = target.split_at_mut(seam - source);
                    head.copy_from_slice(first.get(source..seam).unwrap_or_default());
                    let behind = seam.saturating_sub(first.len());
                    tail.copy_from_slice(second.get(behind..behind + tail.len()).unwrap_or_default());
                }
            }
            from += extent.blocks as usize * SECTOR_BYTES;
        }
    }
}

/// Makes the first byte of a sector wrong, or right again.
fn flip(sector: &mut [u8]) {
    if let Some(byte) = sector.first_mut() {
        *byte ^= 0x01;
    }
}

/// How long the laser needs for one block.
fn block_time(kb_per_s: u32) -> Duration {
    Duration::from_nanos(SECTOR_BYTES as u64 * 1_000_000 / u64::from(kb_per_s.max(1)))
}
