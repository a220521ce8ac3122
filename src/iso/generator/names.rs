//! Identifiers: what a record calls a file, unique in its directory and in the order of ECMA-119 9.3.
//!
//! In the primary tree they are for readers without Rock Ridge: interchange level 3 (ECMA-119 7.5, 7.6, 10.3).
//! The true name stands in an NM entry; this one only has to be legal, unique and the same for the same tree.
//!
//! In the Joliet tree they are the names that Windows shows: up to 64 units of UCS-2, big-endian. What the
//! specification forbids becomes `_`, as do bytes that are not UTF-8. Beyond that
//!
//! * no `;1`: genisoimage and xorriso write none, and Windows, Linux and 7-Zip take it off where it is;
//! * a character beyond the BMP is a surrogate pair, never half of one: Windows hands the units on as they
//!   are, Linux and 7-Zip read pairs; genisoimage stops at such a name, xorriso writes `_`;
//! * a dot or a space at the end becomes `_`: Windows can't open such a name, and Linux drops the dots;
//! * names that differ only in case count as the same, as Windows looks them up;
//! * the order is that of the units, identifiers taken whole, as genisoimage and xorriso have it.
//!
//! A name keeps its shape where it can; of several that would look alike the first in byte order keeps
//! it, the others end in a number. The number has the same width throughout a directory and each number is
//! tried once for a stem: linear, whatever the names are.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::hierarchy::Form;
use crate::iso::tree::NodeId;

/// Longest base and extension of a file together (ECMA-119 7.5.1).
const FILE_LENGTH: usize = 30;
/// Longest directory identifier (7.6.3).
const DIRECTORY_LENGTH: usize = 31;
/// Longest Joliet identifier in units, the dot included.
const JOLIET_LENGTH: usize = 64;
/// Longest extension kept: the base then always has room for a running number.
const EXTENSION_LENGTH: usize = 15;

const DOT: u16 = b'.' as u16;
const SPACE: u16 = b' ' as u16;
const UNDERSCORE: u16 = b'_' as u16;

/// A child of a directory, and where in [`Names`] its identifier is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) node: NodeId,
    pub(super) is_directory: bool,
    /// The identifier has fewer characters than the name.
    pub(super) is_cut: bool,
    /// It has other ones.
    pub(super) is_altered: bool,
    at: usize,
    length: u8,
    base: u8,
    /// Stands behind the base and a dot.
    extension: u8,
}

/// The children of one directory under their identifiers, in the order of the records.
#[derive(Default)]
pub(super) struct Names {
    list: Vec<Named>,
    text: Vec<u8>,
    units: Vec<u16>,
}

impl Names {
    /// In the order of the records.
    pub(super) fn list(&self) -> &[Named] {
        &self.list
    }

    /// The bytes as they stand in the record.
    pub(super) fn identifier(&self, named: &Named) -> &[u8] {
        &self.text[named.at..named.at + usize::from(named.length)]
    }

    fn base(&self, named: &Named) -> &[u8] {
        &self.text[named.at..named.at + usize::from(named.base)]
    }

    fn extension(&self, named: &Named, form: Form) -> &[u8] {
        let at = named.at + usize::from(named.base) + form.unit();
        if named.extension == 0 { &[] } else { &self.text[at..at + usize::from(named.extension)] }
    }

    /// Gives the children of one directory (node, name, is it a directory), which come in name order, their
    /// identifiers.
    pub(super) fn assign<'a>(&mut self, form: Form, children: impl Iterator<Item = (NodeId, &'a [u8], bool)>) {
        self.list.clear();
        self.text.clear();
        for (node, name, is_directory) in children {
            let named = match form {
                Form::Primary => self.push_d_characters(node, name, is_directory),
                Form::Joliet => self.push_ucs2(node, name, is_directory),
            };
            self.list.push(named);
        }
        let mut list = std::mem::take(&mut self.list);
        // Stable: of identifiers that look alike the first name in byte order comes first and keeps it.
        list.sort_by(|a, b| self.by_looks(form, a, b));
        if list.windows(2).any(|pair| self.by_looks(form, &pair[0], &pair[1]).is_eq()) {
            self.number_the_alike(form, &mut list);
        }
        list.sort_by(|a, b| self.by_order(form, a, b));
        self.list = list;
    }

    /// Equal where a reader may take one for the other.
    fn by_looks(&self, form: Form, a: &Named, b: &Named) -> Ordering {
        match form {
            // A file and a directory with one key would look alike to a reader that drops `.;1`.
            Form::Primary => self.by_order(form, a, b),
            Form::Joliet => {
                let (a, b) = (self.identifier(a), self.identifier(b));
                if a == b {
                    return Ordering::Equal;
                }
                // Long common beginnings are what makes this slow.
                let same = a.iter().zip(b).take_while(|(a, b)| a == b).count() / 2 * 2;
                folded_units(&a[same..]).cmp(folded_units(&b[same..]))
            }
        }
    }

    /// ECMA-119 9.3. It pads with spaces, and every d-character is greater than a space: padded order is slice
    /// order.
    fn by_order(&self, form: Form, a: &Named, b: &Named) -> Ordering {
        match form {
            Form::Primary => (self.base(a), self.extension(a, form)).cmp(&(self.base(b), self.extension(b, form))),
            Form::Joliet => self.identifier(a).cmp(self.identifier(b)),
        }
    }

    /// Numbers all but the first of names that look alike, in a list sorted by looks.
    fn number_the_alike(&mut self, form: Form, list: &mut [Named]) {
        let mut kept = list.to_vec();
        kept.dedup_by(|next, first| self.by_looks(form, first, next).is_eq());
        // By hash: should two be equal by chance, a number is left out.
        let mut given: HashSet<u64> = HashSet::new();
        let mut counters: HashMap<(Vec<u8>, Vec<u8>), usize> = HashMap::new();
        // A stem skips a number only where another name has it, so no number exceeds the count of names.
        let width = list.len().to_string().len();
        let mut first: Option<Named> = None;
        for named in list {
            let own = *named;
            if first.is_none_or(|first| self.by_looks(form, &first, &own).is_ne()) {
                first = Some(own);
                continue;
            }
            let extension = self.extension(&own, form).to_vec();
            let longest = form.longest_base(own.is_directory, extension.len() / form.unit());
            let stem = form.cut(self.base(&own), longest.saturating_sub(width)).to_vec();
            let counter = counters.entry((form.folded(&stem), form.folded(&extension))).or_default();
            *named = loop {
                *counter += 1;
                let mut base = stem.clone();
                for digit in format!("{counter:0width$}").bytes() {
                    base.resize(base.len() + form.unit() - 1, 0);
                    base.push(digit);
                }
                let candidate = self.push(form, own.node, own.is_directory, &base, &extension);
                let is_kept = kept.binary_search_by(|kept| self.by_looks(form, kept, &candidate)).is_ok();
                let looks = form.folded(form.key(self.identifier(&candidate), &candidate));
                let mut hasher = DefaultHasher::new();
                looks.hash(&mut hasher);
                if !is_kept && given.insert(hasher.finish()) {
                    break self.in_place_of(own, candidate);
                }
                self.text.truncate(candidate.at);
            };
            named.is_altered = true;
            named.is_cut = own.is_cut || stem.len() < usize::from(own.base);
        }
    }

    /// The last identifier that was pushed, over that of `old` if it has room there: nobody needs that any more.
    fn in_place_of(&mut self, old: Named, new: Named) -> Named {
        if new.length > old.length {
            return new;
        }
        self.text.copy_within(new.at.., old.at);
        self.text.truncate(new.at);
        Named { at: old.at, ..new }
    }

    /// Appends the identifier of these parts.
    fn push(&mut self, form: Form, node: NodeId, is_directory: bool, base: &[u8], extension: &[u8]) -> Named {
        let at = self.text.len();
        self.text.extend_from_slice(base);
        match form {
            Form::Primary if is_directory => {}
            Form::Primary => {
                self.text.push(b'.');
                self.text.extend_from_slice(extension);
                self.text.extend_from_slice(b";1");
            }
            Form::Joliet if extension.is_empty() => {}
            Form::Joliet => {
                self.text.extend_from_slice(&DOT.to_be_bytes());
                self.text.extend_from_slice(extension);
            }
        }
        // No form has identifiers of more than 128 bytes.
        let byte = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
        Named {
            node,
            is_directory,
            is_cut: false,
            is_altered: false,
            at,
            length: byte(self.text.len() - at),
            base: byte(base.len()),
            extension: byte(extension.len()),
        }
    }

    fn push_d_characters(&mut self, node: NodeId, name: &[u8], is_directory: bool) -> Named {
        if is_directory {
            let (base, length) = d_characters::<DIRECTORY_LENGTH>(name);
            return self.push(Form::Primary, node, true, &base[..length], b"");
        }
        // A dot in front makes a hidden file, not an extension.
        let dot = name.iter().rposition(|&b| b == b'.').filter(|&at| at > 0);
        let (base, extension) = dot.map_or((name, &b""[..]), |at| (&name[..at], &name[at + 1..]));
        let (extension, extension_length) = d_characters::<EXTENSION_LENGTH>(extension);
        let (base, base_length) = d_characters::<FILE_LENGTH>(base);
        let base_length = base_length.min(FILE_LENGTH - extension_length);
        self.push(Form::Primary, node, false, &base[..base_length], &extension[..extension_length])
    }

    fn push_ucs2(&mut self, node: NodeId, name: &[u8], is_directory: bool) -> Named {
        let mut units = std::mem::take(&mut self.units);
        let mut is_altered = spell(name, &mut units);
        if let Some(last) = units.last_mut()
            && matches!(*last, DOT | SPACE)
        {
            *last = UNDERSCORE;
            is_altered = true;
        }
        let dot = units.iter().rposition(|&unit| unit == DOT).filter(|&at| at > 0);
        // What is longer is no extension but a sentence.
        let dot = dot.filter(|at| units.len() - at - 1 <= EXTENSION_LENGTH);
        let bytes = |units: &[u16]| -> Vec<u8> { units.iter().flat_map(|unit| unit.to_be_bytes()).collect() };
        let (base, extension) = match dot {
            Some(at) => (bytes(&units[..at]), bytes(&units[at + 1..])),
            None => (bytes(&units), Vec::new()),
        };
        let form = Form::Joliet;
        let kept = form.cut(&base, form.longest_base(is_directory, extension.len() / form.unit())).len();
        let is_cut = kept < base.len();
        let mut base = base;
        base.truncate(kept);
        // The cut may have laid bare another one.
        if extension.is_empty() && matches!(base.last_chunk(), Some([0, b'.' | b' '])) {
            let at = base.len() - 1;
            base[at] = b'_';
        }
        self.units = units;
        Named { is_cut, is_altered, ..self.push(form, node, is_directory, &base, &extension) }
    }
}

impl Form {
    /// Bytes of a character.
    fn unit(self) -> usize {
        match self {
            Form::Primary => 1,
            Form::Joliet => 2,
        }
    }

    /// Units of the longest base before an extension of so many.
    fn longest_base(self, is_directory: bool, extension: usize) -> usize {
        match self {
            Form::Primary if is_directory => DIRECTORY_LENGTH,
            Form::Primary => FILE_LENGTH - extension,
            Form::Joliet if extension == 0 => JOLIET_LENGTH,
            Form::Joliet => JOLIET_LENGTH - 1 - extension,
        }
    }

    /// The first `units` of a text; one less where that would split a surrogate pair.
    fn cut(self, text: &[u8], units: usize) -> &[u8] {
        let kept = &text[..text.len().min(units * self.unit())];
        match (self, kept.last_chunk()) {
            (Form::Joliet, Some([0xd8..=0xdb, _])) => &kept[..kept.len() - 2],
            _ => kept,
        }
    }

    fn folded(self, text: &[u8]) -> Vec<u8> {
        match self {
            Form::Primary => text.to_vec(),
            Form::Joliet => folded_units(text).flat_map(u16::to_be_bytes).collect(),
        }
    }

    /// The part of an identifier that its looks depend on.
    fn key<'a>(self, identifier: &'a [u8], named: &Named) -> &'a [u8] {
        match self {
            Form::Primary => {
                let extension = if named.extension == 0 { 0 } else { usize::from(named.extension) + 1 };
                &identifier[..usize::from(named.base) + extension]
            }
            Form::Joliet => identifier,
        }
    }
}

/// The name in UCS-2, and whether characters had to be replaced.
fn spell(name: &[u8], units: &mut Vec<u16>) -> bool {
    units.clear();
    let mut is_altered = false;
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || matches!(c, '*' | '/' | ':' | ';' | '?' | '\\') {
                units.push(UNDERSCORE);
                is_altered = true;
            } else {
                units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
            }
        }
        for _ in chunk.invalid() {
            units.push(UNDERSCORE);
            is_altered = true;
        }
    }
    is_altered
}

/// Units in the case that Windows compares in: one for one, so `ß` and halves of pairs stay.
fn folded_units(text: &[u8]) -> impl Iterator<Item = u16> {
    text.chunks_exact(2).map(|unit| {
        let unit = u16::from_be_bytes([unit[0], unit[1]]);
        if let Ok(ascii @ ..0x80) = u8::try_from(unit) {
            return ascii.to_ascii_uppercase().into();
        }
        let Some(c) = char::from_u32(unit.into()) else { return unit };
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(only), None) => u16::try_from(u32::from(only)).unwrap_or(unit),
            _ => unit,
        }
    })
}

/// The first `N` characters as d-characters (7.4.1): whatever isn't one becomes `_`, a whole code point or
/// a byte that belongs to none.
fn d_characters<const N: usize>(name: &[u8]) -> ([u8; N], usize) {
    let mut out = [0; N];
    let mut length = 0;
    let characters = name.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().iter().map(|_| '_');
        chunk.valid().chars().chain(invalid)
    });
    for (slot, c) in out.iter_mut().zip(characters) {
        *slot = match u8::try_from(c) {
            Ok(b) if b.is_ascii_alphanumeric() => b.to_ascii_uppercase(),
            _ => b'_',
        };
        length += 1;
    }
    (out, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::tree::{Attributes, Kind, Tree};

    /// Identifiers for these names, in the order of the identifiers; a name that ends in `/` is a directory.
    fn identifiers<S: AsRef<[u8]>>(names: &[S]) -> Vec<(String, Vec<u8>)> {
        assigned(Form::Primary, names).into_iter().map(|(id, name, _)| (String::from_utf8(id).unwrap(), name)).collect()
    }

    fn assigned<S: AsRef<[u8]>>(form: Form, names: &[S]) -> Vec<(Vec<u8>, Vec<u8>, Named)> {
        let mut tree = Tree::new(Attributes::default());
        for name in names {
            let name = name.as_ref();
            let (name, kind) = match name.strip_suffix(b"/") {
                Some(name) => (name, Kind::Directory(Vec::new())),
                None => (name, Kind::Fifo),
            };
            tree.insert(tree.root(), name, Attributes::default(), kind).unwrap();
        }
        let mut out = Names::default();
        let children = tree.children(tree.root()).iter().map(|&id| {
            let node = tree.node(id);
            (id, &*node.name, matches!(node.kind, Kind::Directory(_)))
        });
        out.assign(form, children);
        out.list().iter().map(|n| (out.identifier(n).to_vec(), tree.node(n.node).name.to_vec(), *n)).collect()
    }

    fn one(name: &[u8]) -> String {
        identifiers(&[name]).remove(0).0
    }

    #[test]
    fn a_name_keeps_its_shape_where_it_can() {
        let table: &[(&[u8], &str)] = &[
            (b"readme.txt", "README.TXT;1"),
            (b"README", "README.;1"),
            (b"a.tar.gz", "A_TAR.GZ;1"),
            (b".bashrc", "_BASHRC.;1"),
            (b".hidden.txt", "_HIDDEN.TXT;1"),
            (b"ends.", "ENDS.;1"),
            (b"two words", "TWO_WORDS.;1"),
            ("gr\u{fc}n".as_bytes(), "GR_N.;1"),
            (b"\xff\xfe.bin", "__.BIN;1"),
            (b"backup-2026-11-22-of-the-whole-home.tar", "BACKUP_2026_11_22_OF_THE_WH.TAR;1"),
            (b"x.an-extension-longer-than-fifteen", "X.AN_EXTENSION_LO;1"),
            (b"dir/", "DIR"),
            (b"dir.d/", "DIR_D"),
            (b"a-directory-with-a-name-of-forty-letters/", "A_DIRECTORY_WITH_A_NAME_OF_FORT"),
        ];
        for (name, expected) in table {
            assert_eq!(one(name), *expected, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn of_names_that_look_alike_the_first_keeps_it_and_the_others_are_numbered() {
        let found = identifiers(&["UPPER.txt", "Upper.txt", "upper.txt"]);
        let expected = [("UPPER.TXT;1", "UPPER.txt"), ("UPPER1.TXT;1", "Upper.txt"), ("UPPER2.TXT;1", "upper.txt")];
        assert_eq!(found, expected.map(|(id, name)| (id.to_owned(), name.as_bytes().to_vec())));
    }

    #[test]
    fn a_running_number_evades_names_that_are_there_already() {
        let found = identifiers(&["A", "a", "a1"]);
        let ids: Vec<&str> = found.iter().map(|(id, _)| &id[..]).collect();
        assert_eq!(ids, ["A.;1", "A1.;1", "A2.;1"]);
    }

    #[test]
    fn a_file_and_a_directory_never_differ_in_the_dot_alone() {
        let found = identifiers(&["data/", "DATA"]);
        let ids: Vec<&str> = found.iter().map(|(id, _)| &id[..]).collect();
        assert_eq!(ids, ["DATA.;1", "DATA1"]);
    }

    #[test]
    fn order_is_by_base_then_extension_as_if_padded_with_spaces() {
        // `;` is smaller than any letter and greater than any digit: byte order of the whole would put A.1
        // before A.
        let found = identifiers(&["AB.Z", "AB", "AB_", "A.1", "A", "A1"]);
        let ids: Vec<&str> = found.iter().map(|(id, _)| &id[..]).collect();
        assert_eq!(ids, ["A.;1", "A.1;1", "A1.;1", "AB.;1", "AB.Z;1", "AB_.;1"]);
    }

    #[test]
    fn twenty_thousand_names_with_a_common_prefix_get_different_identifiers() {
        let names: Vec<String> = (0..20_000).map(|n| format!("a-common-prefix-of-thirty-char-{n}")).collect();
        let found = identifiers(&names);
        let distinct: HashSet<&str> = found.iter().map(|(id, _)| &id[..]).collect();
        assert_eq!(distinct.len(), 20_000);
        assert!(distinct.iter().all(|id| id.len() <= 33));
    }

    #[test]
    fn many_stems_that_are_cut_alike_do_not_search_for_numbers_over_and_over() {
        // Pairs that differ in case only, their stems in the last characters only: numbers tried afresh for
        // each stem would take minutes.
        let names: Vec<String> = (0..20_000)
            .flat_map(|n| [format!("a-common-prefix-of-25-cha{n:05}"), format!("A-common-prefix-of-25-cha{n:05}")])
            .collect();
        let distinct: HashSet<String> = identifiers(&names).into_iter().map(|(id, _)| id).collect();
        assert_eq!(distinct.len(), 40_000);
    }

    /// Joliet identifiers, in their order.
    fn joliet<S: AsRef<[u8]>>(names: &[S]) -> Vec<String> {
        assigned(Form::Joliet, names).iter().map(|(id, ..)| text(id)).collect()
    }

    fn text(identifier: &[u8]) -> String {
        let units = identifier.chunks(2).map(|unit| u16::from_be_bytes(unit.try_into().unwrap()));
        char::decode_utf16(units).map(Result::unwrap).collect()
    }

    #[test]
    fn joliet_keeps_names_but_for_what_it_forbids() {
        let table: &[(&[u8], &str, bool)] = &[
            (b"Read me.txt", "Read me.txt", false),
            (b"no-ext", "no-ext", false),
            (b".bashrc", ".bashrc", false),
            ("gr\u{fc}n \u{1f41b}.txt".as_bytes(), "gr\u{fc}n \u{1f41b}.txt", false),
            (b"a*b:c;d?e\\f\ng\x7f", "a_b_c_d_e_f_g_", true),
            (b"<quoted>|\"x\"", "<quoted>|\"x\"", false),
            (b"\xff\xfe.bin", "__.bin", true),
            (b"ends.", "ends_", true),
            (b"...", ".._", true),
            (b"ends ", "ends_", true),
            (b"x.an-extension-longer-than-fifteen", "x.an-extension-longer-than-fifteen", false),
            (b"dir.d/", "dir.d", false),
        ];
        for (name, expected, is_altered) in table {
            let (id, _, named) = assigned(Form::Joliet, &[name]).remove(0);
            assert_eq!(text(&id), *expected, "{}", name.escape_ascii());
            assert_eq!((named.is_altered, named.is_cut), (*is_altered, false), "{}", name.escape_ascii());
        }
        assert_eq!(assigned(Form::Joliet, &["A\u{e9}"])[0].0, [0, b'A', 0, 0xe9]);
    }

    #[test]
    fn joliet_cuts_before_the_extension_and_never_between_the_halves_of_a_pair() {
        let bug = "\u{1f41b}";
        let table = [
            ("n".repeat(64), "n".repeat(64), false),
            ("n".repeat(65), "n".repeat(64), true),
            ("n".repeat(60) + ".txt", "n".repeat(60) + ".txt", false),
            ("n".repeat(61) + ".txt", "n".repeat(60) + ".txt", true),
            ("n".repeat(70) + ".a-long-extension", "n".repeat(64), true),
            (bug.repeat(33), bug.repeat(32), true),
            ("n".to_owned() + &bug.repeat(32), "n".to_owned() + &bug.repeat(31), true),
            ("n".repeat(63) + ". and so on, and on", "n".repeat(63) + "_", true),
        ];
        for (name, expected, is_cut) in table {
            let (id, _, named) = assigned(Form::Joliet, &[&name]).remove(0);
            assert_eq!(text(&id), expected);
            assert_eq!(named.is_cut, is_cut, "{name}");
        }
    }

    #[test]
    fn joliet_names_that_windows_takes_for_the_same_are_numbered() {
        assert_eq!(joliet(&["README.txt", "Readme.TXT", "readme1.txt"]), ["README.txt", "Readme2.TXT", "readme1.txt"]);
        assert_eq!(joliet(&["\u{c4}", "\u{e4}"]), ["\u{c4}", "\u{e4}1"]);
        assert_eq!(joliet(&["a.", "a:", "a_", "A_/"]), ["A_", "a_1", "a_2", "a_3"]);
        let found = assigned(Form::Joliet, &["a".repeat(65), "a".repeat(66)]);
        assert_eq!(found.iter().map(|(id, ..)| text(id)).collect::<Vec<_>>(), ["a".repeat(63) + "1", "a".repeat(64)]);
        assert_eq!([found[0].2.is_altered, found[1].2.is_altered], [true, false]);
        assert_eq!([found[0].2.is_cut, found[1].2.is_cut], [true, true]);
        // A number may make a name that another number has made already.
        let found = joliet(&["A.b1", "a.B1", "A1.b/", "a1.B/"]);
        let distinct: HashSet<String> = found.iter().map(|name| name.to_uppercase()).collect();
        assert_eq!(distinct.len(), 4, "{found:?}");
    }

    #[test]
    fn joliet_order_is_that_of_the_units() {
        let names = ["a.b", "a b", "a", "ab", "B", "\u{e9}", "\u{1f41b}", "\u{ff21}", "a/"];
        let expected = ["B", "a", "a b", "a.b", "a1", "ab", "\u{e9}", "\u{1f41b}", "\u{ff21}"];
        assert_eq!(joliet(&names[..8]), expected.iter().filter(|&&n| n != "a1").copied().collect::<Vec<_>>());
    }

    #[test]
    fn twenty_thousand_names_with_a_common_prefix_get_different_joliet_identifiers() {
        let names: Vec<String> = (0..20_000).map(|n| format!("{}-{n}.tar.gz", "a-prefix-".repeat(8))).collect();
        let distinct: HashSet<String> = joliet(&names).into_iter().collect();
        assert_eq!(distinct.len(), 20_000);
        assert!(distinct.iter().all(|id| id.len() <= 64 && id.ends_with(".gz")));
    }
}
