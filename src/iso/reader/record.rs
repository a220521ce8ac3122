//! Directory records (ECMA-119 9.1) as they stand in a directory's sectors.

use super::number::{Both, Date, array, both_u32, byte, short_date};
use crate::sector::SECTOR_BYTES;

/// File flags (9.1.6).
const DIRECTORY: u8 = 0x02;
const ASSOCIATED: u8 = 0x04;
const MORE_SECTIONS: u8 = 0x80;

/// A directory record whose length was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    identifier: &'a [u8],
    system_use: &'a [u8],
}

impl<'a> Record<'a> {
    /// The fixed part and an identifier of one byte.
    const MIN: usize = 34;
    const IDENTIFIER: usize = 33;

    /// The record that `bytes` begins with, if its lengths fit each other and `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Record<'a>> {
        let bytes = bytes.get(..usize::from(byte(bytes, 0)))?;
        if bytes.len() < Self::MIN {
            return None;
        }
        let length = usize::from(byte(bytes, 32));
        let identifier = bytes.get(Self::IDENTIFIER..Self::IDENTIFIER + length)?;
        // A pad byte makes the system use begin on an even offset (9.1.12).
        let system_use = bytes.get((Self::IDENTIFIER + length).next_multiple_of(2)..).unwrap_or(&[]);
        (length > 0).then_some(Record { bytes, identifier, system_use })
    }

    /// Length of the record itself (9.1.1).
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Sectors of extended attributes before the data (9.1.2).
    pub(super) fn attribute_sectors(&self) -> u8 {
        byte(self.bytes, 1)
    }

    /// First sector (9.1.3).
    pub(super) fn location(&self) -> Both {
        both_u32(self.bytes, 2)
    }

    /// Bytes in the extent (9.1.4).
    pub(super) fn data_bytes(&self) -> Both {
        both_u32(self.bytes, 10)
    }

    /// Recording date (9.1.5), which everybody uses for the last change of the content.
    pub(super) fn date(&self) -> Date {
        short_date(&array::<7>(self.bytes, 18))
    }

    pub(super) fn is_directory(&self) -> bool {
        byte(self.bytes, 25) & DIRECTORY != 0
    }

    pub(super) fn is_associated(&self) -> bool {
        byte(self.bytes, 25) & ASSOCIATED != 0
    }

    pub(super) fn has_more_sections(&self) -> bool {
        byte(self.bytes, 25) & MORE_SECTIONS != 0
    }

    /// A file unit size or an interleave gap (9.1.7, 9.1.8).
    pub(super) fn is_interleaved(&self) -> bool {
        byte(self.bytes, 26) != 0 || byte(self.bytes, 27) != 0
    }

    /// The identifier's bytes (9.1.11).
    pub(super) fn identifier(&self) -> &'a [u8] {
        self.identifier
    }

    /// `.`: the directory itself (6.8.2.2).
    pub(super) fn is_self(&self) -> bool {
        self.identifier == [0]
    }

    /// `..`: its parent.
    pub(super) fn is_parent(&self) -> bool {
        self.identifier == [1]
    }

    /// What SUSP calls the system use area (9.1.13).
    pub(super) fn system_use(&self) -> &'a [u8] {
        self.system_use
    }
}

/// The records of a directory in their order; `Err` is the offset of a broken one, after which the walk goes
/// on with the next sector. A record doesn't cross a sector (6.8.1.1).
pub(super) fn records(directory: &[u8]) -> impl Iterator<Item = Result<Record<'_>, usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < directory.len() {
            let sector_end = (at + 1).next_multiple_of(SECTOR_BYTES);
            let rest = directory.get(at..sector_end.min(directory.len())).unwrap_or(&[]);
            if byte(rest, 0) == 0 {
                at = sector_end;
                continue;
            }
            let found = Record::new(rest).ok_or(at);
            at = found.map_or(sector_end, |record| at + record.length());
            return Some(found);
        }
        None
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::iso::tree::Timestamp;

    /// A record byte by byte: 38 bytes, `A.;1`, a file of 5 bytes at sector 300.
    pub(in crate::iso::reader) const A: [u8; 38] = [
        38, 0, // length, extended attributes
        0x2c, 1, 0, 0, 0, 0, 1, 0x2c, // location 300
        5, 0, 0, 0, 0, 0, 0, 5, // 5 bytes
        126, 11, 22, 10, 11, 12, 0, // 2026-11-22 10:11:12
        0, 0, 0, // flags, unit, gap
        1, 0, 0, 1, // volume 1
        4, b'A', b'.', b';', b'1', 0, // identifier, pad
    ];

    #[test]
    fn a_record_says_where_its_file_is() {
        let record = Record::new(&A).unwrap();
        assert_eq!(record.location(), Both { value: 300, agrees: true });
        assert_eq!(record.data_bytes(), Both { value: 5, agrees: true });
        assert_eq!(record.date(), Date::At(Timestamp::from_seconds(1_795_342_272)));
        assert_eq!(record.identifier(), b"A.;1");
        assert_eq!(record.system_use(), b"");
        assert!(!record.is_directory() && !record.has_more_sections() && !record.is_interleaved());
    }

    #[test]
    fn system_use_begins_on_an_even_byte() {
        let mut bytes = A.to_vec();
        bytes.extend(b"RE\x04\x01");
        bytes[0] = 42;
        assert_eq!(Record::new(&bytes).unwrap().system_use(), b"RE\x04\x01");
        // An identifier of odd length needs no pad: 33 + 3.
        bytes[32] = 3;
        assert_eq!(Record::new(&bytes).unwrap().system_use(), b"1\0RE\x04\x01");
    }

    #[test]
    fn no_prefix_of_a_record_is_a_record() {
        for cut in 0..A.len() {
            assert_eq!(Record::new(&A[..cut]), None, "{cut} bytes");
        }
    }

    #[test]
    fn an_identifier_longer_than_its_record_is_refused() {
        let mut bytes = A;
        bytes[32] = 6;
        assert_eq!(Record::new(&bytes), None);
        bytes[32] = 0;
        assert_eq!(Record::new(&bytes), None);
    }

    #[test]
    fn zeros_end_a_sector_and_a_broken_record_costs_only_its_sector() {
        let mut directory = vec![0; 3 * SECTOR_BYTES];
        directory[..38].copy_from_slice(&A);
        directory[SECTOR_BYTES..SECTOR_BYTES + 38].copy_from_slice(&A);
        directory[SECTOR_BYTES + 38] = 7;
        directory[2 * SECTOR_BYTES..2 * SECTOR_BYTES + 38].copy_from_slice(&A);
        let found: Vec<_> = records(&directory).map(|r| r.map(|r| r.length())).collect();
        assert_eq!(found, [Ok(38), Ok(38), Err(SECTOR_BYTES + 38), Ok(38)]);
    }

    #[test]
    fn a_record_that_crosses_its_sector_is_broken() {
        let mut directory = vec![0; 2 * SECTOR_BYTES];
        for n in 0..54 {
            directory[n * 38..n * 38 + 38].copy_from_slice(&A);
        }
        assert_eq!(records(&directory).nth(53), Some(Err(53 * 38)));
    }
}
