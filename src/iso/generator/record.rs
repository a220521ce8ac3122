//! Directory records (ECMA-119 9.1).

use bytes::BufMut;

use super::field::PutIso;
use crate::iso::tree::Timestamp;
use crate::sector::Lba;

/// The longest record: the length is one byte and even.
pub(super) const LONGEST: usize = 254;
/// A directory (9.1.6).
pub(super) const DIRECTORY: u8 = 0x02;
/// The file goes on in the extent of the next record (9.1.6).
pub(super) const MULTI_EXTENT: u8 = 0x80;
/// The identifier of a directory's record of itself (9.1.11).
pub(super) const SELF: &[u8] = &[0];
/// The identifier of a directory's record of its parent (9.1.11).
pub(super) const PARENT: &[u8] = &[1];

/// One record.
pub(super) struct DirectoryRecord<'a> {
    pub(super) extent: Lba,
    pub(super) bytes: u32,
    pub(super) date: Timestamp,
    pub(super) flags: u8,
    pub(super) identifier: &'a [u8],
    pub(super) system_use: &'a [u8],
}

impl DirectoryRecord<'_> {
    /// Even after the identifier (9.1.12) and at the end (9.1.13).
    pub(super) fn length(&self) -> usize {
        system_use_position(self.identifier) + self.system_use.len().next_multiple_of(2)
    }

    /// Writes the fields in the order of 9.1.
    pub(super) fn put(&self, out: &mut impl BufMut) {
        let length = u8::try_from(self.length()).unwrap_or(u8::MAX);
        debug_assert_eq!(usize::from(length), self.length());
        out.put_u8(length);
        out.put_u8(0);
        out.put_both_u32(self.extent.0);
        out.put_both_u32(self.bytes);
        out.put_short_date(self.date);
        out.put_u8(self.flags);
        out.put_u8(0);
        out.put_u8(0);
        out.put_both_u16(1);
        out.put_u8(u8::try_from(self.identifier.len()).unwrap_or(u8::MAX));
        out.put_slice(self.identifier);
        out.put_bytes(0, system_use_position(self.identifier) - 33 - self.identifier.len());
        out.put_slice(self.system_use);
        out.put_bytes(0, self.system_use.len() % 2);
    }
}

/// Where the system use field begins: the record up to it has an even length (9.1.12).
pub(super) fn system_use_position(identifier: &[u8]) -> usize {
    (33 + identifier.len()).next_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(record: &DirectoryRecord<'_>) -> Vec<u8> {
        let mut buffer = vec![0xa5; 256];
        let mut rest = &mut buffer[..];
        record.put(&mut rest);
        assert!(rest.iter().all(|&b| b == 0xa5));
        let length = 256 - rest.len();
        assert_eq!(length, record.length());
        buffer.truncate(length);
        buffer
    }

    #[test]
    fn a_file_record_has_the_fields_of_clause_9_1_in_their_places() {
        let record = DirectoryRecord {
            extent: Lba(0x0102_0304),
            bytes: 0x0a0b_0c0d,
            date: Timestamp::from_seconds(1_795_353_255),
            flags: MULTI_EXTENT,
            identifier: b"AB.;1",
            system_use: b"xyz",
        };
        #[rustfmt::skip]
        let expected = [
            42, 0,                          // length of record, of extended attributes
            4, 3, 2, 1, 1, 2, 3, 4,         // extent
            13, 12, 11, 10, 10, 11, 12, 13, // bytes
            126, 11, 22, 13, 14, 15, 0,     // 2026-11-22T13:14:15Z
            0x80,                           // flags
            0, 0,                           // not interleaved
            1, 0, 0, 1,                     // volume sequence number
            5, b'A', b'B', b'.', b';', b'1',
            b'x', b'y', b'z', 0,            // system use, padded to an even length
        ];
        assert_eq!(put(&record), expected);
    }

    #[test]
    fn an_identifier_of_even_length_is_followed_by_a_pad_byte() {
        let record = DirectoryRecord {
            extent: Lba(0),
            bytes: 0,
            date: Timestamp::default(),
            flags: DIRECTORY,
            identifier: b"AB",
            system_use: b"xy",
        };
        assert_eq!(put(&record)[32..], [2, b'A', b'B', 0, b'x', b'y']);
    }
}
