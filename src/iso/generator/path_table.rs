//! Path tables (ECMA-119 9.4): every directory by level, parent and identifier, for readers that don't walk.

use bytes::BufMut;

use crate::sector::Lba;

/// The byte order of a table: both must exist (6.9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Type L.
    Little,
    /// Type M.
    Big,
}

/// Length of the record of a directory with an identifier of this length.
pub(super) fn record_length(identifier_length: usize) -> usize {
    (8 + identifier_length).next_multiple_of(2)
}

/// One record. `parent` is the parent's position in the table, from 1; beyond 65,535 it says 65,535: only
/// that many directories can have subdirectories here, and the plan notes where more have. Linux, libarchive,
/// xorriso, isoinfo and 7-Zip walk the directories instead; Windows looks a directory up here, among the records
/// with its parent's number.
pub(super) fn put_record(out: &mut impl BufMut, order: Order, identifier: &[u8], extent: Lba, parent: usize) {
    let parent = u16::try_from(parent).unwrap_or(u16::MAX);
    out.put_u8(u8::try_from(identifier.len()).unwrap_or(u8::MAX));
    out.put_u8(0);
    match order {
        Order::Little => {
            out.put_u32_le(extent.0);
            out.put_u16_le(parent);
        }
        Order::Big => {
            out.put_u32(extent.0);
            out.put_u16(parent);
        }
    }
    out.put_slice(identifier);
    out.put_bytes(0, identifier.len() % 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put<const N: usize>(order: Order, identifier: &[u8], parent: usize) -> [u8; N] {
        let mut buffer = vec![0xa5; N + 1];
        let mut rest = &mut buffer[..];
        put_record(&mut rest, order, identifier, Lba(0x0102_0304), parent);
        assert_eq!(rest, [0xa5]);
        assert_eq!(record_length(identifier.len()), N);
        buffer[..N].try_into().unwrap()
    }

    #[test]
    fn the_l_table_is_little_endian_and_the_m_table_big_endian() {
        assert_eq!(put::<10>(Order::Little, b"AB", 0x0506), [2, 0, 4, 3, 2, 1, 6, 5, b'A', b'B']);
        assert_eq!(put::<10>(Order::Big, b"AB", 0x0506), [2, 0, 1, 2, 3, 4, 5, 6, b'A', b'B']);
    }

    #[test]
    fn an_identifier_of_odd_length_is_padded() {
        assert_eq!(put::<10>(Order::Big, &[0], 1), [1, 0, 1, 2, 3, 4, 0, 1, 0, 0]);
    }

    #[test]
    fn a_parent_number_too_large_for_16_bits_is_65535() {
        assert_eq!(put::<10>(Order::Big, b"AB", 70_000)[6..8], [0xff, 0xff]);
    }
}
