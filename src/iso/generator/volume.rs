//! Volume descriptors (ECMA-119 8).

use bytes::BufMut;

use super::field::PutIso;
use super::hierarchy::Form;
use super::record::{DIRECTORY, DirectoryRecord, SELF};
use crate::iso::tree::{Extent, Timestamp};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Longest volume identifier (8.4.7).
pub const VOLUME_ID_LENGTH: usize = 32;
/// Longest publisher, preparer or application identifier (8.4.20 to 8.4.22).
pub(super) const TEXT_LENGTH: usize = 128;
/// UCS-2 level 3 (8.5.6), the widest of the three by which Joliet is known.
const UCS2_LEVEL_3: &[u8] = b"%/E";

/// The fields of a primary (8.4) or supplementary volume descriptor (8.5) that differ from image to image. The
/// supplementary one describes the Joliet hierarchy; its texts have half as many characters, and what is longer
/// is cut.
pub(super) struct Descriptor<'a> {
    pub(super) form: Form,
    pub(super) volume_id: &'a [u8],
    pub(super) space: Sectors,
    pub(super) path_table_bytes: u32,
    pub(super) l_table: Lba,
    pub(super) m_table: Lba,
    pub(super) root: Extent,
    pub(super) root_date: Timestamp,
    pub(super) publisher: &'a [u8],
    pub(super) preparer: &'a [u8],
    pub(super) application: &'a [u8],
    pub(super) created: Timestamp,
}

impl Descriptor<'_> {
    /// The descriptor, in the order of 8.4 and 8.5.
    pub(super) fn put(&self, out: &mut impl BufMut) {
        let (kind, escapes) = match self.form {
            Form::Primary => (1, &b""[..]),
            Form::Joliet => (2, UCS2_LEVEL_3),
        };
        put_head(out, kind);
        out.put_u8(0);
        self.put_text(out, b"LINUX", 32);
        self.put_text(out, self.volume_id, VOLUME_ID_LENGTH);
        out.put_bytes(0, 8);
        out.put_both_u32(self.space.0);
        out.put_slice(escapes);
        out.put_bytes(0, 32 - escapes.len());
        out.put_both_u16(1);
        out.put_both_u16(1);
        out.put_both_u16(2048);
        out.put_both_u32(self.path_table_bytes);
        out.put_u32_le(self.l_table.0);
        out.put_u32_le(0);
        out.put_u32(self.m_table.0);
        out.put_u32(0);
        let root = DirectoryRecord {
            extent: self.root.start,
            bytes: u32::try_from(self.root.bytes).unwrap_or(u32::MAX),
            date: self.root_date,
            flags: DIRECTORY,
            identifier: SELF,
            system_use: &[],
        };
        root.put(out);
        self.put_text(out, b"", 128);
        self.put_text(out, self.publisher, TEXT_LENGTH);
        self.put_text(out, self.preparer, TEXT_LENGTH);
        self.put_text(out, self.application, TEXT_LENGTH);
        for _ in 0..3 {
            self.put_text(out, b"", 37);
        }
        out.put_long_date(self.created);
        out.put_long_date(self.created);
        out.put_no_long_date();
        out.put_long_date(self.created);
        out.put_u8(1);
        out.put_u8(0);
        out.put_bytes(0, 512 + 653);
    }

    fn put_text(&self, out: &mut impl BufMut, text: &[u8], width: usize) {
        match self.form {
            Form::Primary => out.put_text(text, width),
            Form::Joliet => {
                let padded = text.iter().copied().chain(std::iter::repeat(b' '));
                padded.take(width / 2).for_each(|character| out.put_u16(character.into()));
                out.put_bytes(0, width % 2);
            }
        }
    }
}

/// The volume descriptor set terminator (8.3).
pub(super) fn put_terminator(out: &mut impl BufMut) {
    put_head(out, 255);
    out.put_bytes(0, SECTOR_BYTES - 7);
}

/// Type, standard identifier and version (8.1).
fn put_head(out: &mut impl BufMut, kind: u8) {
    out.put_u8(kind);
    out.put_slice(b"CD001");
    out.put_u8(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(form: Form) -> Vec<u8> {
        let descriptor = Descriptor {
            form,
            volume_id: b"CEDAR BACKUP 22-NOV-2026",
            space: Sectors(0x0001_0203),
            path_table_bytes: 0x0405,
            l_table: Lba(0x0a0b_0c0d),
            m_table: Lba(0x1a1b_1c1d),
            root: Extent { start: Lba(0x2a2b_2c2d), bytes: 2048 },
            root_date: Timestamp::from_seconds(0),
            publisher: b"PUB",
            preparer: b"PREP",
            application: b"APP",
            created: Timestamp::from_seconds(1_795_353_255),
        };
        let mut buffer = vec![0xa5; 2049];
        let mut rest = &mut buffer[..];
        descriptor.put(&mut rest);
        assert_eq!(rest, [0xa5]);
        buffer.truncate(2048);
        buffer
    }

    #[test]
    fn the_supplementary_descriptor_says_the_same_in_ucs_2() {
        let [primary, joliet] = [Form::Primary, Form::Joliet].map(descriptor);
        let at = |offset: usize, length: usize| &joliet[offset..offset + length];
        assert_eq!(at(0, 8), b"\x02CD001\x01\0");
        assert_eq!(at(8, 12), b"\0L\0I\0N\0U\0X\0 ");
        assert_eq!(at(40, 32), b"\0C\0E\0D\0A\0R\0 \0B\0A\0C\0K\0U\0P\0 \x002\x002\0-");
        assert_eq!(at(88, 4), b"%/E\0");
        assert_eq!(at(92, 28), [0; 28]);
        assert_eq!(at(318, 8), b"\0P\0U\0B\0 ");
        assert_eq!(at(574, 8), b"\0A\0P\0P\0 ");
        // 18 spaces and half a character
        assert_eq!(at(736, 5), b"\0 \0\0 ");
        // Numbers and dates.
        for range in [72..88, 120..190, 813..2048] {
            assert_eq!(joliet[range.clone()], primary[range]);
        }
    }

    #[test]
    fn the_primary_descriptor_has_its_fields_where_clause_8_4_wants_them() {
        let buffer = descriptor(Form::Primary);
        let at = |offset: usize, length: usize| &buffer[offset..offset + length];
        assert_eq!(at(0, 8), b"\x01CD001\x01\0");
        assert_eq!(at(8, 32), b"LINUX                           ");
        assert_eq!(at(40, 32), b"CEDAR BACKUP 22-NOV-2026        ");
        assert_eq!(at(72, 8), [0; 8]);
        assert_eq!(at(80, 8), [3, 2, 1, 0, 0, 1, 2, 3]); // volume space size
        assert_eq!(at(88, 32), [0; 32]);
        assert_eq!(at(120, 4), [1, 0, 0, 1]); // set size
        assert_eq!(at(124, 4), [1, 0, 0, 1]); // sequence number
        assert_eq!(at(128, 4), [0, 8, 8, 0]); // block size
        assert_eq!(at(132, 8), [5, 4, 0, 0, 0, 0, 4, 5]); // path table size
        assert_eq!(at(140, 8), [0x0d, 0x0c, 0x0b, 0x0a, 0, 0, 0, 0]); // L table, none more
        assert_eq!(at(148, 8), [0x1a, 0x1b, 0x1c, 0x1d, 0, 0, 0, 0]); // M table, none more
        assert_eq!(at(156, 10), [34, 0, 0x2d, 0x2c, 0x2b, 0x2a, 0x2a, 0x2b, 0x2c, 0x2d]); // root
        assert_eq!(at(166, 8), [0, 8, 0, 0, 0, 0, 8, 0]);
        assert_eq!(at(174, 7), [70, 1, 1, 0, 0, 0, 0]);
        assert_eq!(at(181, 9), [2, 0, 0, 1, 0, 0, 1, 1, 0]);
        assert_eq!(at(190, 128), [b' '; 128]);
        assert_eq!(at(318, 4), b"PUB ");
        assert_eq!(at(446, 5), b"PREP ");
        assert_eq!(at(574, 4), b"APP ");
        assert_eq!(at(702, 111), [b' '; 111]);
        assert_eq!(at(813, 17), b"2026112213141500\0"); // created
        assert_eq!(at(830, 17), b"2026112213141500\0"); // modified
        assert_eq!(at(847, 17), b"0000000000000000\0"); // expires
        assert_eq!(at(864, 17), b"2026112213141500\0"); // effective
        assert_eq!(at(881, 2), [1, 0]);
        assert_eq!(at(883, 1165), [0; 1165]);
    }

    #[test]
    fn the_terminator_is_a_type_and_zeros() {
        let mut buffer = vec![0xa5; 2049];
        let mut rest = &mut buffer[..];
        put_terminator(&mut rest);
        assert_eq!(rest, [0xa5]);
        assert_eq!(buffer[..7], *b"\xffCD001\x01");
        assert!(buffer[7..2048].iter().all(|&b| b == 0));
    }
}
