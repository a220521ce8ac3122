//! What the readers can't show, measured on discs that xorriso wrote (see the calibration in
//! `tests/foreign.rs`): there the same names fail, so they say nothing about our discs.

use crate::foreign::compare::{Limit, Reader, Relief, last_name};
use crate::foreign::listing::{Entry, Kind, Listing};

/// For every disc, whoever wrote it.
pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        reader: Reader::XorrisoExtraction,
        relief: Relief::Fields(|_, entry| forget_time_of_link(entry)),
        why: "xorriso 1.5.4 gives restored symbolic links no time",
    },
    Limit {
        reader: Reader::SevenZip,
        relief: Relief::Names(|name| without_version_and_dot(&with_low_lines(name))),
        why: "7-Zip 26.02 strips `;1` and a final dot from Rock Ridge names as if they were ISO 9660 identifiers, and lists \
              a line break as `_`",
    },
    Limit {
        reader: Reader::SevenZipExtraction,
        relief: Relief::Names(|name| match &*without_version_and_dot(name) {
            b".." => b"_".to_vec(),
            name => name.to_vec(),
        }),
        why: "7-Zip strips `;1` and a final dot as above; a name that has become `..` is restored as `_`",
    },
    Limit { reader: Reader::SevenZip, relief: Relief::AnyName(CONTINUED_NAME), why: NO_CONTINUATION },
    Limit { reader: Reader::SevenZipExtraction, relief: Relief::AnyName(CONTINUED_NAME), why: NO_CONTINUATION },
    Limit {
        reader: Reader::SevenZipExtraction,
        relief: Relief::Unseen(|_, entry| entry.target.as_ref().is_some_and(|target| target.len() >= CONTINUED_NAME)),
        why: NO_CONTINUATION,
    },
    Limit {
        reader: Reader::SevenZipExtraction,
        relief: Relief::Unseen(|_, entry| entry.target.as_ref().is_some_and(|target| leads_out(target))),
        why: "7-Zip refuses links that lead out of the tree and `.`, and puts absolute ones below its output directory",
    },
    Limit {
        reader: Reader::Bsdtar,
        relief: Relief::Fields(|_, entry| entry.links = None),
        why: "libarchive 3.6.2 counts links anew among the names it has met and shows 2, 2 and 1 for three names",
    },
    Limit { reader: Reader::Bsdtar, relief: Relief::Refuses(merges_long_names, BAD_CE), why: CE_BEHIND_DATA },
    Limit { reader: Reader::BsdtarExtraction, relief: Relief::Refuses(merges_long_names, BAD_CE), why: CE_BEHIND_DATA },
    Limit {
        reader: Reader::Pycdlib,
        relief: Relief::Fields(|_, entry| entry.mtime = None),
        why: "pycdlib 1.12 takes the access time for the modification time",
    },
    Limit {
        reader: Reader::Isofs,
        relief: Relief::CutNames(254),
        why: "Linux 6.1 shows names of 254 and 255 bytes cut where an NM entry ends",
    },
];

/// For the earlier sessions of overwritable media, beside [`LIMITS`], whoever wrote them. Such a session's own descriptor
/// has to say how long the session is, or the chain of sessions can't be followed; these readers take that for the last
/// sector they may read. The newest tree needs none of this: the descriptor at sector 16 has the absolute end.
pub(crate) const LIMITS_ON_EARLIER_OVERWRITABLE: &[Limit] = &[
    Limit { reader: Reader::Isofs, relief: Relief::Lacking(continued), why: LENGTH_AS_END },
    Limit { reader: Reader::Bsdtar, relief: Relief::Refuses(one_day, BAD_EXTENT), why: EXTENT_BEHIND_LENGTH },
    Limit { reader: Reader::BsdtarExtraction, relief: Relief::Refuses(one_day, BAD_EXTENT), why: EXTENT_BEHIND_LENGTH },
    Limit { reader: Reader::Bsdtar, relief: Relief::Nothing(several_days), why: ROOT_BEHIND_LENGTH },
    Limit { reader: Reader::BsdtarExtraction, relief: Relief::Nothing(several_days), why: ROOT_BEHIND_LENGTH },
];

/// For discs by xorriso only: ours must not need these.
pub(crate) const LIMITS_ON_XORRISO_DISCS: &[Limit] = &[
    Limit { reader: Reader::Bsdtar, relief: Relief::Fields(|_, entry| forget_long_target(entry)), why: LOST_SLASH },
    Limit {
        reader: Reader::BsdtarExtraction,
        relief: Relief::Fields(|_, entry| forget_long_target(entry)),
        why: LOST_SLASH,
    },
];

/// From this length on the Rock Ridge entries of a name or a target may not fit a directory record. Where that is
/// depends on who wrote the disc; no name of the week is between 60 and 199 bytes long.
const CONTINUED_NAME: usize = 100;
const NO_CONTINUATION: &str = "7-Zip 26.02 does not follow CE: of a name that does not fit the directory record it shows what is in \
     the record, with us the ISO 9660 identifier, which no other file of the directory has, and a target ends there";
const LENGTH_AS_END: &str = "Linux 6.1.176 drops every entry whose continuation area lies behind the volume size in the \
     descriptor it has mounted, here the session's length";
const BAD_EXTENT: &str = "Invalid location of extent of file";
const EXTENT_BEHIND_LENGTH: &str = "libarchive 3.6.2 refuses a disc with a file behind the volume size in the descriptor at sector \
     16, here the session's length";
const ROOT_BEHIND_LENGTH: &str = "libarchive 3.6.2 does not take a disc for ISO 9660 whose root directory lies behind the volume \
     size in the descriptor at sector 16, here the session's length, and shows the zeros in front as an empty tar archive";
const BAD_CE: &str = "Invalid parameter in SUSP \"CE\" extension";
const CE_BEHIND_DATA: &str = "libarchive 3.6.2 reads forward only and refuses a disc where the continuation area of a file's \
     name lies behind its data, as it has to where a later session shows a file of an earlier one";
const LOST_SLASH: &str = "libarchive 3.6.2 drops the `/` where an SL entry ends at the border of two components, and xorriso ends them there";

fn several_days(expected: &Listing) -> bool {
    expected.keys().filter(|path| path.iter().filter(|&&b| b == b'/').count() == 2).count() > 1
}

fn one_day(expected: &Listing) -> bool {
    !several_days(expected)
}

/// A name or a target that may need a continuation area.
fn continued(path: &[u8], entry: &Entry) -> bool {
    last_name(path).len() >= CONTINUED_NAME
        || entry.target.as_ref().is_some_and(|target| target.len() >= CONTINUED_NAME)
}

/// More than one day, so that some are of earlier sessions, and a file whose name is continued.
fn merges_long_names(expected: &Listing) -> bool {
    let file = |(path, entry): (&Vec<u8>, &Entry)| entry.kind == Kind::File && continued(path, entry);
    several_days(expected) && expected.iter().any(file)
}

fn without_version_and_dot(name: &[u8]) -> Vec<u8> {
    let name = name.strip_suffix(b";1").unwrap_or(name);
    name.strip_suffix(b".").unwrap_or(name).to_vec()
}

fn with_low_lines(name: &[u8]) -> Vec<u8> {
    name.iter().map(|&b| if b == b'\n' { b'_' } else { b }).collect()
}

fn leads_out(target: &[u8]) -> bool {
    target == b"." || target.starts_with(b"/") || target.split(|&b| b == b'/').any(|name| name == b"..")
}

fn forget_time_of_link(entry: &mut Entry) {
    if entry.kind == Kind::Symlink {
        entry.mtime = None;
    }
}

fn forget_long_target(entry: &mut Entry) {
    if entry.target.as_ref().is_some_and(|target| target.len() > 250) {
        entry.target = None;
    }
}
