//! The unit everything on an optical disc is counted in.
//!
//! A logical sector is 2048 bytes on every medium this crate writes (ECMA-119 6.1.2 calls it the logical
//! sector, MMC the logical block). Addresses and counts are separate types: adding two addresses, or using
//! a count as an address, ruins a disc.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Bytes in a logical sector.
pub const SECTOR_BYTES: usize = 2048;

/// Logical block address: the number of a sector on the medium, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lba(pub u32);

/// A number of sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sectors(pub u32);

impl Lba {
    /// Byte offset of the sector in a file that holds the whole medium.
    #[must_use]
    pub fn byte_offset(self) -> u64 {
        u64::from(self.0) * SECTOR_BYTES as u64
    }

    /// The address `count` further on; `None` past the end of the address space.
    #[must_use]
    pub fn checked_add(self, count: Sectors) -> Option<Lba> {
        self.0.checked_add(count.0).map(Lba)
    }

    /// The next address that is a multiple of `unit` (an ECC unit, say); the address itself if it is one. Behind the last multiple that an
    /// address can say there is none: it stands for all that follow.
    #[must_use]
    pub fn align_up(self, unit: Sectors) -> Lba {
        let unit = unit.0.max(1);
        Lba(self.0.checked_next_multiple_of(unit).unwrap_or(u32::MAX / unit * unit))
    }
}

impl Sectors {
    /// Size in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        u64::from(self.0) * SECTOR_BYTES as u64
    }

    /// How many sectors `bytes` need; `None` if they are more than an address can count.
    #[must_use]
    pub fn for_bytes(bytes: u64) -> Option<Sectors> {
        u32::try_from(bytes.div_ceil(SECTOR_BYTES as u64)).ok().map(Sectors)
    }

    /// Rounded up to a multiple of `unit`.
    #[must_use]
    pub fn round_up(self, unit: Sectors) -> Sectors {
        Sectors(self.0.next_multiple_of(unit.0.max(1)))
    }
}

impl Add<Sectors> for Lba {
    type Output = Lba;
    fn add(self, count: Sectors) -> Lba {
        Lba(self.0 + count.0)
    }
}

impl AddAssign<Sectors> for Lba {
    fn add_assign(&mut self, count: Sectors) {
        *self = *self + count;
    }
}

impl Sub for Lba {
    type Output = Sectors;
    fn sub(self, earlier: Lba) -> Sectors {
        Sectors(self.0 - earlier.0)
    }
}

impl Add for Sectors {
    type Output = Sectors;
    fn add(self, more: Sectors) -> Sectors {
        Sectors(self.0 + more.0)
    }
}

impl AddAssign for Sectors {
    fn add_assign(&mut self, more: Sectors) {
        *self = *self + more;
    }
}

impl fmt::Display for Lba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Sectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_up_to_whole_sectors() {
        assert_eq!(Sectors::for_bytes(0), Some(Sectors(0)));
        assert_eq!(Sectors::for_bytes(1), Some(Sectors(1)));
        assert_eq!(Sectors::for_bytes(2048), Some(Sectors(1)));
        assert_eq!(Sectors::for_bytes(2049), Some(Sectors(2)));
        assert_eq!(Sectors::for_bytes(u64::MAX), None);
    }

    #[test]
    fn alignment_keeps_what_is_aligned() {
        assert_eq!(Lba(32).align_up(Sectors(32)), Lba(32));
        assert_eq!(Lba(33).align_up(Sectors(32)), Lba(64));
        assert_eq!(Sectors(17).round_up(Sectors(16)), Sectors(32));
    }
}
