//! System use entries (SUSP 5) and where they go when a record has no room: continuation areas (SUSP 5.1).
//!
//! Entries are never split and keep their order. What doesn't fit in the record goes to one area behind the
//! directory, or a chain of areas where one block is too little. An area never crosses a block border, which
//! Linux, FreeBSD and libarchive refuse.

use std::ops::Range;

use bytes::BufMut;

use super::field::PutIso;
use crate::sector::{Lba, SECTOR_BYTES};

/// Length of a CE entry.
const CE_LENGTH: usize = 28;

/// Signature, length and version, with which every entry begins (SUSP 4.1).
pub(super) fn put_header(out: &mut impl BufMut, signature: [u8; 2], length: usize) {
    out.put_slice(&signature);
    out.put_u8(u8::try_from(length).unwrap_or(u8::MAX));
    out.put_u8(1);
}

/// SP: SUSP is in use, from the first byte of each system use field (SUSP 5.3).
pub(super) fn put_sp(out: &mut impl BufMut) {
    put_header(out, *b"SP", 7);
    out.put_slice(&[0xbe, 0xef, 0]);
}

/// ER: the extension is Rock Ridge (SUSP 5.5).
///
/// Without the customary prose, which would push the root's entries into a continuation area: kernels that
/// refuse that area then lose Rock Ridge as a whole.
pub(super) fn put_er(out: &mut impl BufMut) {
    const ID: &[u8] = b"RRIP_1991A";
    put_header(out, *b"ER", 8 + ID.len());
    out.put_slice(&[10, 0, 0, 1]);
    out.put_slice(ID);
}

/// CE: the entries go on over there (SUSP 5.1).
fn put_ce(out: &mut impl BufMut, area: Area) {
    put_header(out, *b"CE", CE_LENGTH);
    out.put_both_u32(area.block.0);
    out.put_both_u32(area.offset);
    out.put_both_u32(area.length);
}

#[derive(Clone, Copy)]
struct Area {
    block: Lba,
    offset: u32,
    length: u32,
}

/// The entries of one record, whole and in order.
#[derive(Default)]
pub(super) struct Entries {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Entries {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds the entry that `put` writes.
    pub(super) fn push(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        put(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Writes the system use field of a record with `room` bytes for it to `out`, and what doesn't fit to
    /// `continuations`.
    pub(super) fn place(&self, room: usize, out: &mut Vec<u8>, continuations: &mut Continuations) {
        if self.bytes.len() <= room {
            out.extend_from_slice(&self.bytes);
            return;
        }
        let inline = self.whole_entries(0, room - CE_LENGTH);
        let area = continuations.store(self, inline.end);
        out.extend_from_slice(&self.bytes[inline]);
        put_ce(out, area);
    }

    /// As many whole entries from byte `from` on as `room` holds.
    fn whole_entries(&self, from: usize, room: usize) -> Range<usize> {
        let fit = self.ends.partition_point(|&end| end <= from + room);
        from..fit.checked_sub(1).map_or(from, |last| self.ends[last].max(from))
    }
}

/// The blocks behind a directory that hold its continuation areas.
#[derive(Default)]
pub(super) struct Continuations {
    /// Where the blocks will stand.
    pub(super) start: Lba,
    /// The blocks; the last one may be incomplete.
    pub(super) bytes: Vec<u8>,
}

impl Continuations {
    /// Stores the entries from byte `from` on.
    fn store(&mut self, entries: &Entries, from: usize) -> Area {
        let rest = entries.bytes.len() - from;
        let used = self.bytes.len() % SECTOR_BYTES;
        if used + rest > SECTOR_BYTES && used > 0 {
            self.bytes.resize(self.bytes.len().next_multiple_of(SECTOR_BYTES), 0);
        }
        let at = self.bytes.len();
        if rest <= SECTOR_BYTES {
            self.bytes.extend_from_slice(&entries.bytes[from..]);
            return self.area(at, rest);
        }
        let part = entries.whole_entries(from, SECTOR_BYTES - CE_LENGTH);
        let next = part.end;
        self.bytes.extend_from_slice(&entries.bytes[part]);
        let pointer = self.bytes.len();
        self.bytes.resize(at + SECTOR_BYTES, 0);
        let onward = self.store(entries, next);
        put_ce(&mut &mut self.bytes[pointer..pointer + CE_LENGTH], onward);
        self.area(at, pointer + CE_LENGTH - at)
    }

    fn area(&self, at: usize, length: usize) -> Area {
        // Blocks of one directory: far below 2^32, or the plan has been refused.
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Area {
            block: Lba(self.start.0.saturating_add(narrow(at / SECTOR_BYTES))),
            offset: narrow(at % SECTOR_BYTES),
            length: narrow(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::testing::put;

    fn entries(lengths: &[usize]) -> Entries {
        let mut entries = Entries::default();
        for (n, &length) in lengths.iter().enumerate() {
            entries.push(|out| out.put_bytes(u8::try_from(n).unwrap(), length));
        }
        entries
    }

    #[test]
    fn the_root_announces_susp_and_rock_ridge_in_25_bytes() {
        assert_eq!(put::<7>(|b| put_sp(b)), [b'S', b'P', 7, 1, 0xbe, 0xef, 0]);
        #[rustfmt::skip]
        let er = [
            b'E', b'R', 18, 1,
            10, 0, 0, // lengths: id, description, source
            1,        // extension version
            b'R', b'R', b'I', b'P', b'_', b'1', b'9', b'9', b'1', b'A',
        ];
        assert_eq!(put::<18>(|b| put_er(b)), er);
    }

    #[test]
    fn a_ce_entry_says_block_offset_and_length() {
        #[rustfmt::skip]
        let expected = [
            b'C', b'E', 28, 1,
            4, 3, 2, 1, 1, 2, 3, 4, // block
            8, 7, 0, 0, 0, 0, 7, 8, // offset
            6, 5, 0, 0, 0, 0, 5, 6, // length
        ];
        let area = Area { block: Lba(0x0102_0304), offset: 0x0708, length: 0x0506 };
        assert_eq!(put::<28>(|b| put_ce(b, area)), expected);
    }

    #[test]
    fn entries_that_fit_stay_in_the_record() {
        let mut out = Vec::new();
        let mut continuations = Continuations::default();
        entries(&[50, 50]).place(100, &mut out, &mut continuations);
        assert_eq!(out.len(), 100);
        assert!(continuations.bytes.is_empty());
    }

    #[test]
    fn the_first_entry_without_room_goes_to_an_area_with_all_after_it() {
        let mut out = Vec::new();
        let mut continuations = Continuations { start: Lba(500), bytes: vec![9; 3] };
        entries(&[50, 60, 1]).place(100, &mut out, &mut continuations);
        assert_eq!(out.len(), 50 + CE_LENGTH);
        assert_eq!(out[50..78], put::<28>(|b| put_ce(b, Area { block: Lba(500), offset: 3, length: 61 })));
        assert_eq!(continuations.bytes[3..], [vec![1; 60], vec![2; 1]].concat());
    }

    #[test]
    fn an_area_never_crosses_a_block_border() {
        let mut out = Vec::new();
        let mut continuations = Continuations { start: Lba(500), bytes: vec![9; 2000] };
        entries(&[200]).place(100, &mut out, &mut continuations);
        assert_eq!(out, put::<28>(|b| put_ce(b, Area { block: Lba(501), offset: 0, length: 200 })));
        assert_eq!(continuations.bytes[2000..2048], [0; 48]);
        assert_eq!(continuations.bytes[2048..], [0; 200]);
    }

    #[test]
    fn more_than_a_block_becomes_a_chain() {
        let mut out = Vec::new();
        let mut continuations = Continuations { start: Lba(500), bytes: Vec::new() };
        entries(&[250; 20]).place(100, &mut out, &mut continuations);
        // 8 entries of 250 and a CE fill 2028 bytes of a block; 20 entries need three.
        let ce = |block, length| put::<28>(|b| put_ce(b, Area { block: Lba(block), offset: 0, length }));
        assert_eq!(out, ce(500, 2028));
        assert_eq!(continuations.bytes[2000..2028], ce(501, 2028));
        assert_eq!(continuations.bytes[2048 + 2000..2048 + 2028], ce(502, 1000));
        assert_eq!(continuations.bytes.len(), 2 * 2048 + 1000);
        assert_eq!(continuations.bytes[4096..5096][0], 16);
    }
}
