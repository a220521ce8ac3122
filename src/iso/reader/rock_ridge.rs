//! Rock Ridge entries (RRIP 1.09 and 1.12, IEEE P1282), decoded as Linux decodes them where the text leaves a
//! choice.

use super::note::{self, Oddity};
use super::number::{Both, Date, array, both_u32, byte, long_date, short_date};
use super::susp::Entry;
use crate::iso::tree::{Device, Timestamp};
use crate::sector::Lba;

/// A page less its final zero: what Linux gives out and what a path may have.
const MAX_TARGET_BYTES: usize = 4095;
/// No name is kept beyond this; longer than the 255 bytes a file system takes, so that it shows.
const MAX_NAME_BYTES: usize = 1024;

/// PX (RRIP 4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posix {
    /// With type bits.
    pub(super) mode: u32,
    pub(super) links: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// What the entries of one record say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) posix: Option<Posix>,
    pub(super) name: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) device: Option<Device>,
    pub(super) created: Option<Timestamp>,
    pub(super) modified: Option<Timestamp>,
    pub(super) accessed: Option<Timestamp>,
    pub(super) changed: Option<Timestamp>,
    /// CL: the record is the place of a directory that stands elsewhere.
    pub(super) child: Option<Lba>,
    /// RE: the record is a directory whose place is elsewhere.
    pub(super) relocated: bool,
    /// An ER entry that names Rock Ridge.
    pub(super) extension: bool,
}

/// Decodes entries; unknown ones are skipped.
pub(super) fn decode(entries: &[Entry<'_>], oddities: &mut Vec<Oddity>) -> Fields {
    let mut fields = Fields::default();
    let mut name_open = false;
    let mut target = Target::default();
    for entry in entries {
        let data = entry.data;
        let intact = match &entry.signature {
            b"PX" => {
                data.len() >= 32 && {
                    let [mode, links, uid, gid] = [0, 8, 16, 24].map(|at| number(data, at, "PX", oddities));
                    fields.posix = Some(Posix { mode, links, uid, gid });
                    true
                }
            }
            b"NM" => {
                !data.is_empty() && {
                    let flags = data[0];
                    // `.`, `..` and the host's name say nothing the identifier doesn't; Linux passes them over.
                    if flags & !1 == 0 {
                        let name = fields.name.get_or_insert_default();
                        let room = MAX_NAME_BYTES.saturating_sub(name.len());
                        name.extend(data[1..].iter().take(room));
                        name_open = flags & 1 != 0;
                    }
                    true
                }
            }
            b"SL" => !data.is_empty() && target.entry(data[0], &data[1..]),
            b"PN" => {
                data.len() >= 16 && {
                    let high = number(data, 0, "PN", oddities);
                    let low = number(data, 8, "PN", oddities);
                    fields.device = Some(device(high, low));
                    true
                }
            }
            b"TF" => !data.is_empty() && times(data[0], &data[1..], &mut fields, oddities),
            b"CL" => {
                data.len() >= 8 && {
                    fields.child = Some(Lba(number(data, 0, "CL", oddities)));
                    true
                }
            }
            b"RE" => {
                fields.relocated = true;
                true
            }
            b"ER" => {
                fields.extension |= extension(data);
                true
            }
            b"ZF" | b"Z2" => {
                data.len() >= 12 && {
                    stored_form(compressed(data), oddities);
                    true
                }
            }
            b"SF" => {
                data.len() >= 8 && {
                    stored_form(sparse(data), oddities);
                    true
                }
            }
            _ => true,
        };
        if !intact {
            note::once(oddities, Oddity::BrokenEntry { signature: entry.signature });
        }
    }
    if name_open {
        oddities.push(Oddity::NameUnfinished);
    }
    fields.target = target.finish();
    fields
}

fn number(data: &[u8], at: usize, what: &'static str, oddities: &mut Vec<Oddity>) -> u32 {
    let Both { value, agrees } = both_u32(data, at);
    if !agrees {
        note::once(oddities, Oddity::ByteOrders(what));
    }
    value
}

/// ZF, of the zisofs tools. zisofs2 keeps the tag, or takes Z2, and records the size as 64 little-endian bits
/// where the first one has it in both orders.
fn compressed(data: &[u8]) -> Oddity {
    let Both { value, agrees } = both_u32(data, 4);
    let bytes = if agrees { u64::from(value) } else { u64::from_le_bytes(array(data, 4)) };
    Oddity::Compressed { algorithm: array(data, 0), bytes }
}

/// SF (RRIP 4.1.7): the size in two halves since 1.10, in one field before.
fn sparse(data: &[u8]) -> Oddity {
    let first = u64::from(both_u32(data, 0).value);
    let bytes = if data.len() >= 16 { first << 32 | u64::from(both_u32(data, 8).value) } else { first };
    Oddity::Sparse { bytes }
}

/// A record has one stored form; a second one says nothing new.
fn stored_form(form: Oddity, oddities: &mut Vec<Oddity>) {
    if !oddities.iter().any(|o| matches!(o, Oddity::Compressed { .. } | Oddity::Sparse { .. })) {
        oddities.push(form);
    }
}

/// ER (SUSP 5.5): whether it names Rock Ridge, by the identifiers writers have used.
fn extension(data: &[u8]) -> bool {
    let length = usize::from(byte(data, 0));
    let identifier = data.get(4..).and_then(|rest| rest.get(..length)).unwrap_or(&[]);
    [b"RRIP_1991A".as_slice(), b"IEEE_P1282", b"IEEE_1282"].contains(&identifier)
}

/// PN (RRIP 4.1.2). mkisofs and Linux mean major and minor by the halves; libisofs records the whole `dev_t` in
/// the low one. Linux takes that for the old 16-bit form and loses minors above 255; glibc's form holds it.
fn device(high: u32, low: u32) -> Device {
    if high == 0 && low > 0xff {
        Device { major: (low >> 8) & 0xfff, minor: (low & 0xff) | ((low >> 12) & 0xf_ff00) }
    } else {
        Device { major: high, minor: low }
    }
}

/// TF (RRIP 4.1.6): one stamp per flag, in the order of the bits.
fn times(flags: u8, stamps: &[u8], fields: &mut Fields, oddities: &mut Vec<Oddity>) -> bool {
    let (size, parse): (usize, fn(&[u8]) -> Date) = if flags & 0x80 != 0 { (17, long_date) } else { (7, short_date) };
    let mut stamps = stamps.chunks_exact(size);
    for bit in 0..7 {
        if flags & (1 << bit) == 0 {
            continue;
        }
        let Some(stamp) = stamps.next() else { return false };
        let field = match bit {
            0 => &mut fields.created,
            1 => &mut fields.modified,
            2 => &mut fields.accessed,
            3 => &mut fields.changed,
            _ => continue,
        };
        match parse(stamp) {
            Date::At(time) => *field = Some(time),
            Date::Unset => {}
            Date::Bad => note::once(oddities, Oddity::BadDate),
        }
    }
    true
}

/// SL (RRIP 4.1.3): a target in components, both of which may be continued.
#[derive(Debug, Default)]
struct Target {
    bytes: Vec<u8>,
    seen: bool,
    /// A component was seen, and whether it goes on in the next record.
    component: Option<bool>,
    /// The entry says that another one follows.
    open: bool,
    bad: bool,
}

impl Target {
    /// Takes one entry's flags and components in; `false` when a component is cut off.
    fn entry(&mut self, flags: u8, mut components: &[u8]) -> bool {
        self.seen = true;
        self.open = flags & 1 != 0;
        while let [flags, length, rest @ ..] = components {
            let Some((text, rest)) = rest.split_at_checked(usize::from(*length)) else {
                self.bad = true;
                return false;
            };
            self.component(*flags, text);
            components = rest;
        }
        true
    }

    fn component(&mut self, flags: u8, text: &[u8]) {
        if self.component == Some(false) && self.bytes != b"/" {
            self.bytes.push(b'/');
        }
        match flags & !1 {
            0 => self.bytes.extend(text),
            2 => self.bytes.push(b'.'),
            4 => self.bytes.extend(b".."),
            8 if self.bytes.is_empty() => self.bytes.push(b'/'),
            // The root inside a path, a volume's root, a host's name: nobody writes them, nobody can show them.
            _ => self.bad = true,
        }
        self.component = Some(flags & 1 != 0);
        if self.bytes.len() > MAX_TARGET_BYTES {
            self.bytes.truncate(MAX_TARGET_BYTES);
            self.bad = true;
        }
    }

    /// The target; empty where what was recorded is none.
    fn finish(self) -> Option<Vec<u8>> {
        let good = !self.bad && !self.open && self.component != Some(true) && !self.bytes.contains(&0);
        self.seen.then(|| if good { self.bytes } else { Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bytes: &[u8]) -> Entry<'_> {
        assert_eq!(usize::from(bytes[2]), bytes.len(), "{}", bytes.escape_ascii());
        Entry { signature: [bytes[0], bytes[1]], data: &bytes[4..] }
    }

    fn read(entries: &[&[u8]]) -> (Fields, Vec<Oddity>) {
        let mut oddities = Vec::new();
        let fields = decode(&entries.iter().map(|e| entry(e)).collect::<Vec<_>>(), &mut oddities);
        (fields, oddities)
    }

    fn target(entries: &[&[u8]]) -> String {
        String::from_utf8(read(entries).0.target.unwrap()).unwrap()
    }

    #[test]
    fn px_is_read_with_and_without_a_serial_number() {
        let mut bytes = vec![
            b'P', b'X', 36, 1, // RRIP 1.09
            0xa4, 0x81, 0, 0, 0, 0, 0x81, 0xa4, // 0100644
            2, 0, 0, 0, 0, 0, 0, 2, // links
            0xe8, 3, 0, 0, 0, 0, 3, 0xe8, // uid 1000
            0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, // gid 4294967294
        ];
        let expected = Posix { mode: 0o100_644, links: 2, uid: 1000, gid: 4_294_967_294 };
        assert_eq!(read(&[&bytes]).0.posix, Some(expected));
        bytes[2] = 44;
        bytes.extend([7, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(read(&[&bytes]).0.posix, Some(expected));
    }

    #[test]
    fn a_px_cut_short_is_named_and_not_believed() {
        let (fields, oddities) = read(&[b"PX\x08\x01\xa4\x81\0\0"]);
        assert_eq!(fields.posix, None);
        assert_eq!(oddities, [Oddity::BrokenEntry { signature: *b"PX" }]);
    }

    #[test]
    fn a_name_comes_in_pieces() {
        let (fields, oddities) = read(&[b"NM\x08\x01\x01abc", b"NM\x07\x01\x00de"]);
        assert_eq!(fields.name.as_deref(), Some(b"abcde".as_slice()));
        assert_eq!(oddities, []);
        assert_eq!(read(&[b"NM\x08\x01\x01abc"]).1, [Oddity::NameUnfinished]);
    }

    #[test]
    fn a_name_that_points_at_the_directory_or_its_parent_is_no_name() {
        assert_eq!(read(&[b"NM\x05\x01\x02", b"NM\x05\x01\x04"]).0.name, None);
    }

    #[test]
    fn a_target_is_joined_from_its_components() {
        assert_eq!(target(&[b"SL\x0c\x01\x00\x00\x01a\x00\x02bc"]), "a/bc");
        assert_eq!(target(&[b"SL\x0c\x01\x00\x08\x00\x00\x03etc"]), "/etc");
        assert_eq!(target(&[b"SL\x07\x01\x00\x08\x00"]), "/");
        assert_eq!(target(&[b"SL\x0c\x01\x00\x04\x00\x02\x00\x00\x01x"]), ".././x");
    }

    #[test]
    fn a_target_goes_on_in_the_next_entry_at_a_border_or_inside_a_component() {
        assert_eq!(target(&[b"SL\x08\x01\x01\x00\x01a", b"SL\x08\x01\x00\x00\x01b"]), "a/b");
        assert_eq!(target(&[b"SL\x08\x01\x01\x01\x01a", b"SL\x08\x01\x00\x00\x01b"]), "ab");
        assert_eq!(target(&[b"SL\x07\x01\x01\x08\x00", b"SL\x08\x01\x00\x00\x01b"]), "/b");
    }

    #[test]
    fn a_target_that_is_cut_off_or_too_long_is_none() {
        assert_eq!(target(&[b"SL\x08\x01\x01\x00\x01a"]), "");
        assert_eq!(target(&[b"SL\x08\x01\x00\x01\x01a"]), "");
        assert_eq!(target(&[b"SL\x08\x01\x00\x00\x02a"]), "");
        assert_eq!(target(&[b"SL\x08\x01\x00\x00\x01\x00"]), "");
        let mut long = b"SL\xff\x01\x01\x01\xf8".to_vec();
        long.extend([b'x'; 248]);
        let mut entries = vec![long.as_slice(); 17];
        entries.push(b"SL\x08\x01\x00\x00\x01a");
        assert_eq!(target(&entries), "");
    }

    #[test]
    fn a_target_may_have_empty_components_and_4095_bytes() {
        assert_eq!(target(&[b"SL\x0d\x01\x00\x00\x01a\x00\x00\x00\x01b"]), "a//b");
        assert_eq!(target(&[b"SL\x0a\x01\x00\x00\x01a\x00\x00"]), "a/");
        let entry = |continues: u8, length: u8| {
            let header = [b'S', b'L', length + 7, 1, continues, continues, length];
            [&header[..], &vec![b'x'; length.into()]].concat()
        };
        let mut entries = vec![entry(1, 248); 16];
        entries.push(entry(0, 127));
        let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        assert_eq!(target(&slices).len(), 4095);
        entries[16] = entry(0, 128);
        let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        assert_eq!(target(&slices), "");
    }

    #[test]
    fn components_that_name_no_path_make_a_bad_target() {
        // The root inside of a path, a volume's root, the host's name.
        for flags in [0x08, 0x10, 0x20] {
            assert_eq!(target(&[&[b'S', b'L', 10, 1, 0, 0, 1, b'a', flags, 0]]), "");
        }
    }

    #[test]
    fn device_numbers_are_read_in_both_conventions() {
        let halves = b"PN\x14\x01\x03\x01\0\0\0\0\x01\x03\x2c\x01\0\0\0\0\x01\x2c";
        assert_eq!(read(&[halves]).0.device, Some(Device { major: 259, minor: 300 }));
        let whole = b"PN\x14\x01\0\0\0\0\0\0\0\0\x01\x08\0\0\0\0\x08\x01";
        assert_eq!(read(&[whole]).0.device, Some(Device { major: 8, minor: 1 }));
        let wide = b"PN\x14\x01\0\0\0\0\0\0\0\0\x2c\x03\x11\0\0\x11\x03\x2c";
        assert_eq!(read(&[wide]).0.device, Some(Device { major: 259, minor: 300 }));
    }

    #[test]
    fn times_stand_in_the_order_of_their_bits() {
        // Modify, access, attributes; then the long form of the creation alone.
        let (fields, oddities) = read(&[
            b"TF\x1a\x01\x0e\x46\x01\x01\0\0\x01\0\x46\x01\x01\0\0\x02\0\x46\x01\x01\0\0\x03\0",
            b"TF\x16\x01\x811970010100000450\0",
        ]);
        let seconds = |t: Option<Timestamp>| t.unwrap().seconds;
        assert_eq!(seconds(fields.modified), 1);
        assert_eq!(seconds(fields.accessed), 2);
        assert_eq!(seconds(fields.changed), 3);
        assert_eq!(fields.created, Some(Timestamp { seconds: 4, nanoseconds: 500_000_000 }));
        assert_eq!(oddities, []);
    }

    #[test]
    fn stamps_nobody_shows_are_counted_over() {
        // Creation, modify, backup, expiration, effective.
        let stamp = |second| [70, 1, 1, 0, 0, second, 0];
        let bytes = [b"TF\x28\x01\x73".as_slice(), &[1, 2, 3, 4, 5].map(stamp).concat()].concat();
        let (fields, oddities) = read(&[&bytes]);
        assert_eq!(fields.created, Some(Timestamp::from_seconds(1)));
        assert_eq!(fields.modified, Some(Timestamp::from_seconds(2)));
        assert_eq!((fields.accessed, fields.changed), (None, None));
        assert_eq!(oddities, []);
        // One stamp less than the flags say.
        let bytes = [b"TF\x0c\x01\x06".as_slice(), &stamp(9)].concat();
        let (fields, oddities) = read(&[&bytes]);
        assert_eq!(fields.modified, Some(Timestamp::from_seconds(9)));
        assert_eq!(oddities, [Oddity::BrokenEntry { signature: *b"TF" }]);
    }

    #[test]
    fn every_identifier_rock_ridge_had_is_known() {
        assert!(read(&[b"ER\x12\x01\x0a\0\0\x01RRIP_1991A"]).0.extension);
        assert!(read(&[b"ER\x12\x01\x0a\0\0\x01IEEE_P1282"]).0.extension);
        assert!(read(&[b"ER\x11\x01\x09\0\0\x01IEEE_1282"]).0.extension);
        assert!(!read(&[b"ER\x0c\x01\x04\0\0\x01AAIP"]).0.extension);
        assert!(!read(&[b"ER\x0c\x01\x0a\0\0\x01RRIP"]).0.extension);
    }

    #[test]
    fn entries_nobody_knows_are_passed_over() {
        assert_eq!(read(&[b"AL\x05\x01\x00", b"RR\x05\x01\x89", b"PD\x04\x01"]), (Fields::default(), vec![]));
    }
}
