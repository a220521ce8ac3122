//! Identifiers for readers without Rock Ridge: interchange level 3 names (ECMA-119 7.5, 7.6, 10.3), unique
//! in their directory, in the order of 9.3.
//!
//! The true name stands in an NM entry; this one only has to be legal, unique and the same for the same
//! tree. A name keeps its shape where it can; of several that would look alike the first in byte order keeps
//! it, the others end in a number. The number has the same width throughout a directory, so two stems can
//! never grow into each other and each number is tried once: linear, whatever the names are.

use std::collections::{HashMap, HashSet};

use super::tree::NodeId;

/// Longest base and extension of a file together (ECMA-119 7.5.1).
const FILE_LENGTH: usize = 30;
/// Longest directory identifier (7.6.3).
const DIRECTORY_LENGTH: usize = 31;
/// Longest extension kept: the base then always has room for a running number.
const EXTENSION_LENGTH: usize = 15;
/// `base.extension;1` at its longest.
const LONGEST: usize = FILE_LENGTH + 3;

/// The identifier of a directory record.
#[derive(Clone, Copy)]
pub(super) struct Identifier {
    bytes: [u8; LONGEST],
    length: u8,
    base: u8,
    extension: u8,
}

impl Identifier {
    fn new(base: &[u8], extension: &[u8], is_directory: bool) -> Identifier {
        let mut id = Identifier { bytes: [0; LONGEST], length: 0, base: 0, extension: 0 };
        let base = &base[..base.len().min(DIRECTORY_LENGTH)];
        let extension = &extension[..extension.len().min(EXTENSION_LENGTH)];
        id.base = id.append(base);
        if !is_directory {
            id.append(b".");
            id.extension = id.append(extension);
            id.append(b";1");
        }
        id
    }

    /// Appends what fits and says how much that was.
    fn append(&mut self, bytes: &[u8]) -> u8 {
        let at = usize::from(self.length);
        let count = bytes.len().min(LONGEST - at);
        self.bytes[at..at + count].copy_from_slice(&bytes[..count]);
        let count = u8::try_from(count).unwrap_or(0);
        self.length += count;
        count
    }

    /// The bytes as they stand in the record.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn base(&self) -> &[u8] {
        &self.bytes[..usize::from(self.base)]
    }

    fn extension(&self) -> &[u8] {
        let at = usize::from(self.base) + 1;
        if self.extension == 0 { &[] } else { &self.bytes[at..at + usize::from(self.extension)] }
    }

    /// What ECMA-119 9.3 sorts by. It pads with spaces, and every character here is greater than a space:
    /// padded order is slice order. A file and a directory with one key would look alike to a reader that
    /// drops `.;1`, so they count as the same name.
    fn key(&self) -> (&[u8], &[u8]) {
        (self.base(), self.extension())
    }

    fn owned_key(&self) -> [u8; LONGEST] {
        let mut key = [0; LONGEST];
        let (base, extension) = self.key();
        key[..base.len()].copy_from_slice(base);
        key[base.len()..base.len() + extension.len() + 1][1..].copy_from_slice(extension);
        key
    }
}

/// A child of a directory under its identifier.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) node: NodeId,
    pub(super) is_directory: bool,
    pub(super) identifier: Identifier,
}

/// Fills `out` with identifiers for the children of one directory, sorted as ECMA-119 9.3 wants it.
/// The children (node, name, is it a directory) come in name order.
pub(super) fn assign<'a>(children: impl Iterator<Item = (NodeId, &'a [u8], bool)>, out: &mut Vec<Named>) {
    out.clear();
    out.extend(children.map(|(node, name, is_directory)| Named {
        node,
        is_directory,
        identifier: mangle(name, is_directory),
    }));
    let by_key = |a: &Named, b: &Named| a.identifier.key().cmp(&b.identifier.key());
    // Stable: of equal identifiers the first name in byte order comes first and keeps it.
    out.sort_by(by_key);
    if out.windows(2).any(|pair| pair[0].identifier.key() == pair[1].identifier.key()) {
        number_the_alike(out);
        out.sort_by(by_key);
    }
}

fn number_the_alike(names: &mut [Named]) {
    let taken: HashSet<[u8; LONGEST]> = names.iter().map(|n| n.identifier.owned_key()).collect();
    let mut counters: HashMap<[u8; LONGEST], usize> = HashMap::new();
    // A stem skips a number only where a natural name has it, so no number exceeds the count of names.
    let width = names.len().to_string().len();
    let mut kept: Option<Identifier> = None;
    for named in names {
        let own = named.identifier;
        if kept.is_none_or(|k| k.key() != own.key()) {
            kept = Some(own);
            continue;
        }
        let longest = if named.is_directory { DIRECTORY_LENGTH } else { FILE_LENGTH - own.extension().len() };
        let stem = &own.base()[..own.base().len().min(longest.saturating_sub(width))];
        let counter = counters.entry(Identifier::new(stem, own.extension(), false).owned_key()).or_default();
        named.identifier = loop {
            *counter += 1;
            let mut base = stem.to_vec();
            base.extend_from_slice(format!("{counter:0width$}").as_bytes());
            let candidate = Identifier::new(&base, own.extension(), named.is_directory);
            if !taken.contains(&candidate.owned_key()) {
                break candidate;
            }
        };
    }
}

fn mangle(name: &[u8], is_directory: bool) -> Identifier {
    if is_directory {
        let (base, length) = d_characters::<DIRECTORY_LENGTH>(name);
        return Identifier::new(&base[..length], b"", true);
    }
    // A dot in front makes a hidden file, not an extension.
    let dot = name.iter().rposition(|&b| b == b'.').filter(|&at| at > 0);
    let (base, extension) = dot.map_or((name, &b""[..]), |at| (&name[..at], &name[at + 1..]));
    let (extension, extension_length) = d_characters::<EXTENSION_LENGTH>(extension);
    let (base, base_length) = d_characters::<FILE_LENGTH>(base);
    let base_length = base_length.min(FILE_LENGTH - extension_length);
    Identifier::new(&base[..base_length], &extension[..extension_length], false)
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
    use std::collections::HashSet;

    use super::super::tree::{Attributes, Kind, Tree};
    use super::*;

    /// Identifiers for these names, in the order of the identifiers; a name that ends in `/` is a directory.
    fn identifiers<S: AsRef<[u8]>>(names: &[S]) -> Vec<(String, Vec<u8>)> {
        let mut tree = Tree::new(Attributes::default());
        for name in names {
            let name = name.as_ref();
            let (name, kind) = match name.strip_suffix(b"/") {
                Some(name) => (name, Kind::Directory(Vec::new())),
                None => (name, Kind::Fifo),
            };
            tree.insert(tree.root(), name, Attributes::default(), kind).unwrap();
        }
        let mut out = Vec::new();
        let children = tree.children(tree.root()).iter().map(|&id| {
            let node = tree.node(id);
            (id, &*node.name, matches!(node.kind, Kind::Directory(_)))
        });
        assign(children, &mut out);
        out.iter()
            .map(|n| (String::from_utf8(n.identifier.as_bytes().to_vec()).unwrap(), tree.node(n.node).name.to_vec()))
            .collect()
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
}
