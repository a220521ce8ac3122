//! What was sent to the drive, as a checksum per chunk: tells *where* a disc differs.
//!
//! The sums are taken of the bytes as they go to WRITE, not of the files they came from, so that reading back proves the drive
//! and the medium. CRC-32C finds any burst up to 32 bits and all but one in four thousand million of the rest; the files' SHA-256
//! stand behind it.

use crate::sector::{Lba, Sectors};

/// Sectors that share a checksum: what one WRITE moves at most.
pub const CHUNK: Sectors = Sectors(32);

/// Checksums of a run of sectors, one for every [`CHUNK`] (the last may be shorter).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    start: Lba,
    sums: Vec<u32>,
}

impl Ledger {
    /// An empty ledger for sectors from `start` on.
    #[must_use]
    pub fn new(start: Lba) -> Ledger {
        Ledger { start, sums: Vec::new() }
    }

    /// Notes the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        self.sums.push(crc32c::crc32c(chunk));
    }

    /// Whether the chunk that begins at `at` was sent like this. A chunk that was never sent matches nothing.
    #[must_use]
    pub fn matches(&self, at: Lba, chunk: &[u8]) -> bool {
        let index = at.0.checked_sub(self.start.0).map(|offset| (offset / CHUNK.0) as usize);
        index.and_then(|index| self.sums.get(index)).is_some_and(|&sum| sum == crc32c::crc32c(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32c() {
        // RFC 3720 appendix B.4: 32 bytes of zeros.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn one_changed_bit_is_found_in_its_chunk() {
        let mut ledger = Ledger::new(Lba(12_552));
        let mut chunk = vec![0x5a; 65536];
        ledger.push(&chunk);
        ledger.push(&chunk);
        assert!(ledger.matches(Lba(12_584), &chunk));
        chunk[70] ^= 1;
        assert!(!ledger.matches(Lba(12_584), &chunk));
        assert!(!ledger.matches(Lba(12_616), &[]), "a chunk that was never sent");
        assert!(!ledger.matches(Lba(0), &[]), "a sector before the start");
    }
}
