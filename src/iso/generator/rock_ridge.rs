//! Rock Ridge entries (RRIP 4.1): what an ISO 9660 record can't say of a Unix file.

use bytes::BufMut;

use super::continuation::{Entries, put_header};
use super::field::PutIso;
use crate::iso::tree::{Attributes, Device, Kind, Node};

/// Most bytes of a name or of a link target in one entry: its length is one byte, 5 of them the header.
const PART: usize = 250;

/// An SL component (RRIP 4.1.3.1): flags and length before the text.
const COMPONENT_HEADER: usize = 2;
/// The component goes on in the next one.
const CONTINUES: u8 = 0x01;
/// The component is `.`.
const CURRENT: u8 = 0x02;
/// The component is `..`.
const PARENT: u8 = 0x04;
/// The component is the root.
const ROOT: u8 = 0x08;

/// All entries of a node's record in its directory, and its PX serial number.
pub(super) fn push_node(entries: &mut Entries, node: &Node, serial: u32) {
    push_attributes(entries, node, serial);
    push_name(entries, &node.name);
    match &node.kind {
        Kind::CharacterDevice(device) | Kind::BlockDevice(device) => entries.push(|out| put_pn(out, *device)),
        Kind::Symlink(target) => push_target(entries, target),
        Kind::Directory(_) | Kind::File { .. } | Kind::Fifo | Kind::Socket => (),
    }
}

/// PX and TF: all that `.` and `..` carry, the same as the directory's record in its parent.
pub(super) fn push_attributes(entries: &mut Entries, node: &Node, serial: u32) {
    let mode = node.kind.type_bits() | node.attributes.mode & 0o7777;
    entries.push(|out| put_px(out, mode, node.links, &node.attributes, serial));
    entries.push(|out| put_tf(out, &node.attributes));
}

/// PX: mode, owner, link count (RRIP 4.1.1), the form with a serial number.
fn put_px(out: &mut impl BufMut, mode: u32, links: u32, attributes: &Attributes, serial: u32) {
    put_header(out, *b"PX", 44);
    for number in [mode, links, attributes.uid, attributes.gid, serial] {
        out.put_both_u32(number);
    }
}

/// What readers will make of a device's number where they don't take it as it is: Linux reads a minor number above
/// 255 without a major one as an old number of 16 bits.
pub(super) fn recordable_device(device: Device) -> Option<Device> {
    let Device { major, minor } = device;
    (major == 0 && minor > 255).then_some(Device { major: minor >> 8, minor: minor & 0xff })
}

/// PN: a device number (RRIP 4.1.2), the halves as Linux reads them.
fn put_pn(out: &mut impl BufMut, device: Device) {
    put_header(out, *b"PN", 20);
    out.put_both_u32(device.major);
    out.put_both_u32(device.minor);
}

/// TF: times (RRIP 4.1.6) in the 7-byte form: old Linux can't read the other one, and takes a creation time
/// for the last change of attributes, so there is none.
fn put_tf(out: &mut impl BufMut, attributes: &Attributes) {
    const MODIFY: u8 = 0x02;
    const ACCESS: u8 = 0x04;
    const ATTRIBUTES: u8 = 0x08;
    put_header(out, *b"TF", 26);
    out.put_u8(MODIFY | ACCESS | ATTRIBUTES);
    out.put_short_date(attributes.modified);
    out.put_short_date(attributes.accessed);
    out.put_short_date(attributes.changed);
}

/// NM: a name or a part of it (RRIP 4.1.4).
fn put_nm(out: &mut impl BufMut, part: &[u8], continues: bool) {
    put_header(out, *b"NM", 5 + part.len());
    out.put_u8(u8::from(continues));
    out.put_slice(part);
}

/// SL: components of a link target (RRIP 4.1.3).
fn put_sl(out: &mut impl BufMut, components: &[u8], continues: bool) {
    put_header(out, *b"SL", 5 + components.len());
    out.put_u8(u8::from(continues));
    out.put_slice(components);
}

/// A name in as few parts as can be, the first as long as can be. Linux 6.1 shows at most 253 bytes and drops
/// the part that goes beyond: so there a part ends.
fn push_name(entries: &mut Entries, name: &[u8]) {
    const SHOWN_BY_LINUX: usize = 253;
    let (shown, beyond) = name.split_at(name.len().min(SHOWN_BY_LINUX));
    let mut parts = shown.chunks(PART).chain(beyond.chunks(PART)).peekable();
    while let Some(part) = parts.next() {
        let continues = parts.peek().is_some();
        entries.push(|out| put_nm(out, part, continues));
    }
}

/// A link target.
///
/// Where it needs several SL entries, the border is laid inside a component: libarchive drops the `/` of a
/// border between two. Only a row of one-letter names or of `..` leaves no other choice.
fn push_target(entries: &mut Entries, target: &[u8]) {
    let mut row = Row { entries, components: Vec::with_capacity(PART) };
    if target.first() == Some(&b'/') {
        row.push(ROOT, b"");
    }
    let mut names = target.split(|&b| b == b'/').filter(|name| !name.is_empty()).peekable();
    while let Some(name) = names.next() {
        let is_last = names.peek().is_none();
        match name {
            b"." => row.push(CURRENT, b""),
            b".." => row.push(PARENT, b""),
            _ => row.push_name(name, is_last),
        }
    }
    row.close(false);
}

/// The bytes of `target` that components can express: no empty ones, no `/` at the end.
/// `None` if that is all of them.
pub(super) fn normalised_target(target: &[u8]) -> Option<Vec<u8>> {
    let ends_in_slash = target.len() > 1 && target.ends_with(b"/");
    if !ends_in_slash && !target.windows(2).any(|pair| pair == b"//") {
        return None;
    }
    let names: Vec<&[u8]> = target.split(|&b| b == b'/').filter(|name| !name.is_empty()).collect();
    let mut plain = if target.starts_with(b"/") { b"/".to_vec() } else { Vec::new() };
    plain.extend(names.join(&b'/'));
    Some(plain)
}

/// The SL entry being filled.
struct Row<'a> {
    entries: &'a mut Entries,
    components: Vec<u8>,
}

impl Row<'_> {
    fn room(&self) -> usize {
        PART - self.components.len()
    }

    fn push(&mut self, flags: u8, text: &[u8]) {
        if self.room() < COMPONENT_HEADER + text.len() {
            self.close(true);
        }
        self.components.put_u8(flags);
        self.components.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.components.put_slice(text);
    }

    fn push_name(&mut self, mut name: &[u8], is_last: bool) {
        /// Room for one letter of a component.
        const LEAST: usize = COMPONENT_HEADER + 1;
        while name.len() > 1 {
            let need = COMPONENT_HEADER + name.len();
            if need <= self.room() && (is_last || need + LEAST <= self.room()) {
                break;
            }
            if self.room() >= LEAST {
                let (part, rest) = name.split_at((self.room() - COMPONENT_HEADER).min(name.len() - 1));
                self.push(CONTINUES, part);
                name = rest;
            }
            self.close(true);
        }
        self.push(0, name);
    }

    fn close(&mut self, continues: bool) {
        let components = std::mem::take(&mut self.components);
        self.entries.push(|out| put_sl(out, &components, continues));
    }
}

#[cfg(test)]
mod tests {
    use super::super::continuation::Continuations;
    use super::*;
    use crate::iso::testing::put;
    use crate::iso::tree::Timestamp;

    /// The entries one after the other.
    fn pushed(push: impl FnOnce(&mut Entries)) -> Vec<u8> {
        let mut entries = Entries::default();
        push(&mut entries);
        let mut out = Vec::new();
        entries.place(usize::MAX, &mut out, &mut Continuations::default());
        out
    }

    fn split(mut entries: &[u8]) -> Vec<&[u8]> {
        let mut list = Vec::new();
        while !entries.is_empty() {
            let (entry, rest) = entries.split_at(usize::from(entries[2]));
            list.push(entry);
            entries = rest;
        }
        list
    }

    #[test]
    fn px_says_mode_links_owner_group_and_serial() {
        let attributes = Attributes { uid: 1000, gid: 0xffff_fffe, ..Attributes::default() };
        #[rustfmt::skip]
        let expected = [
            b'P', b'X', 44, 1,
            0xa4, 0x81, 0, 0, 0, 0, 0x81, 0xa4,                     // a file, 0644
            2, 0, 0, 0, 0, 0, 0, 2,                                 // links
            0xe8, 3, 0, 0, 0, 0, 3, 0xe8,                           // owner
            0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,         // group
            7, 0, 0, 0, 0, 0, 0, 7,                                 // serial
        ];
        assert_eq!(put::<44>(|b| put_px(b, 0o100_644, 2, &attributes, 7)), expected);
    }

    #[test]
    fn tf_says_modification_access_and_attribute_change_in_that_order() {
        let attributes = Attributes {
            modified: Timestamp::from_seconds(1_795_353_255),
            accessed: Timestamp::from_seconds(0),
            changed: Timestamp::from_seconds(-1),
            ..Attributes::default()
        };
        #[rustfmt::skip]
        let expected = [
            b'T', b'F', 26, 1,
            0x0e,
            126, 11, 22, 13, 14, 15, 0,
            70, 1, 1, 0, 0, 0, 0,
            69, 12, 31, 23, 59, 59, 0,
        ];
        assert_eq!(put::<26>(|b| put_tf(b, &attributes)), expected);
    }

    #[test]
    fn pn_keeps_major_and_minor_apart() {
        #[rustfmt::skip]
        let expected = [
            b'P', b'N', 20, 1,
            3, 1, 0, 0, 0, 0, 1, 3, // 259
            44, 1, 0, 0, 0, 0, 1, 44, // 300
        ];
        assert_eq!(put::<20>(|b| put_pn(b, Device { major: 259, minor: 300 })), expected);
    }

    #[test]
    fn a_name_up_to_250_bytes_is_one_entry_and_parts_of_a_longer_one_end_there_and_at_253() {
        assert_eq!(pushed(|e| push_name(e, b"abc")), b"NM\x08\x01\0abc");
        let long = pushed(|e| push_name(e, &[b'x'; 255]));
        let parts = split(&long);
        assert_eq!(parts[0][..5], [b'N', b'M', 255, 1, 1]);
        assert_eq!(parts[1..], [b"NM\x08\x01\x01xxx".as_slice(), b"NM\x07\x01\0xx"]);
        assert_eq!(split(&pushed(|e| push_name(e, &[b'x'; 253]))).len(), 2);
        assert_eq!(split(&pushed(|e| push_name(e, &[b'x'; 250]))).len(), 1);
    }

    #[test]
    fn a_link_target_is_a_row_of_components() {
        #[rustfmt::skip]
        let expected = [
            b'S', b'L', 18, 1, 0,
            8, 0,             // root
            0, 3, b'u', b's', b'r',
            4, 0,             // ..
            2, 0,             // .
            0, 0,
        ];
        assert_eq!(pushed(|e| push_target(e, b"/usr/.././"))[5..16], expected[5..16]);
        assert_eq!(pushed(|e| push_target(e, b"/usr/.././"))[..5], [b'S', b'L', 16, 1, 0]);
        assert_eq!(pushed(|e| push_target(e, b"/")), b"SL\x07\x01\0\x08\0");
        assert_eq!(pushed(|e| push_target(e, b"a//b/")), b"SL\x0b\x01\0\0\x01a\0\x01b");
    }

    /// What Linux and libarchive make of SL entries: `strict` does as libarchive, which puts a slash between
    /// components of one entry only.
    fn read_back(entries: &[u8], strict: bool) -> Vec<u8> {
        let mut target = Vec::new();
        let mut slash = false;
        for entry in split(entries) {
            let mut components = &entry[5..];
            slash &= !strict;
            while let [flags, length, rest @ ..] = components {
                let (text, rest) = rest.split_at(usize::from(*length));
                if slash {
                    target.push(b'/');
                }
                match flags & !CONTINUES {
                    ROOT => target.push(b'/'),
                    CURRENT => target.push(b'.'),
                    PARENT => target.extend(b".."),
                    _ => target.extend(text),
                }
                slash = flags & (CONTINUES | ROOT) == 0;
                components = rest;
            }
        }
        target
    }

    #[test]
    fn a_long_target_is_split_inside_a_component_so_that_no_reader_loses_a_slash() {
        for first in 1..600 {
            let target = format!("/{}/{}/{}", "a".repeat(first), "bb/".repeat(300), "c".repeat(255));
            let target = normalised_target(target.as_bytes()).unwrap();
            let entries = pushed(|e| push_target(e, &target));
            assert_eq!(read_back(&entries, false), target, "{first}");
            assert_eq!(read_back(&entries, true), target, "{first}");
            let parts = split(&entries);
            assert!(parts.iter().rev().skip(1).all(|p| p[4] == 1));
            assert_eq!(parts.last().unwrap()[4], 0);
        }
    }

    #[test]
    fn a_target_of_one_letter_names_is_still_whole() {
        let target = "a/".repeat(2047) + "b";
        let entries = pushed(|e| push_target(e, target.as_bytes()));
        assert_eq!(target.len(), 4095);
        assert_eq!(read_back(&entries, false), target.as_bytes());
    }

    #[test]
    fn only_doubled_and_trailing_slashes_are_normalised() {
        assert_eq!(normalised_target(b"/a/b"), None);
        assert_eq!(normalised_target(b"/"), None);
        assert_eq!(normalised_target(b""), None);
        assert_eq!(normalised_target(b"../a/./b"), None);
        assert_eq!(normalised_target(b"a//b/").unwrap(), b"a/b");
        assert_eq!(normalised_target(b"//").unwrap(), b"/");
    }
}
