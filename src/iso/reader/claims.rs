//! Which sectors belong to which directory: what keeps a disc with loops from being read for ever.

use std::collections::BTreeMap;

use crate::sector::{Lba, Sectors};

/// Runs of sectors that don't overlap: start to end.
#[derive(Debug, Default)]
pub(super) struct Claims(BTreeMap<u32, u64>);

impl Claims {
    /// Takes the sectors for a directory; `false` when one of them is another's.
    pub(super) fn claim(&mut self, at: Lba, count: Sectors) -> bool {
        let end = u64::from(at.0) + u64::from(count.0.max(1));
        let last = u32::try_from(end - 1).unwrap_or(u32::MAX);
        let free = self.0.range(..=last).next_back().is_none_or(|(_, &taken)| taken <= u64::from(at.0));
        if free {
            self.0.insert(at.0, end);
        }
        free
    }

    /// Lengthens a claim to `count` sectors; `false`, and as before, when they are another's.
    pub(super) fn grow(&mut self, at: Lba, count: Sectors) -> bool {
        let before = self.0.remove(&at.0);
        let grown = self.claim(at, count);
        if let (false, Some(end)) = (grown, before) {
            self.0.insert(at.0, end);
        }
        grown
    }

    /// Whether a directory begins at `at`.
    pub(super) fn begins(&self, at: Lba) -> bool {
        self.0.contains_key(&at.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_is_claimed_once() {
        let mut claims = Claims::default();
        assert!(claims.claim(Lba(20), Sectors(4)));
        for (at, count) in [(20, 1), (23, 1), (19, 2), (10, 100), (21, 2)] {
            assert!(!claims.claim(Lba(at), Sectors(count)), "{at} {count}");
        }
        assert!(claims.claim(Lba(24), Sectors(1)));
        assert!(claims.claim(Lba(19), Sectors(1)));
        assert!(claims.claim(Lba(u32::MAX), Sectors(u32::MAX)));
    }

    #[test]
    fn a_claim_grows_only_over_free_sectors() {
        let mut claims = Claims::default();
        assert!(claims.claim(Lba(20), Sectors(1)));
        assert!(claims.claim(Lba(30), Sectors(1)));
        assert!(claims.grow(Lba(20), Sectors(10)));
        assert!(!claims.grow(Lba(20), Sectors(11)));
        assert!(!claims.claim(Lba(29), Sectors(1)));
        assert!(claims.begins(Lba(20)) && !claims.begins(Lba(21)));
    }
}
