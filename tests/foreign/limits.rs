//! What the readers can't show, measured on discs that xorriso wrote (see the calibration in
//! `tests/foreign.rs`): there the same names fail, so they say nothing about our discs.

use crate::foreign::compare::{Limit, Reader, Relief};
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
    Limit { reader: Reader::SevenZip, relief: Relief::CutNames(CONTINUED_NAME), why: NO_CONTINUATION },
    Limit { reader: Reader::SevenZipExtraction, relief: Relief::CutNames(CONTINUED_NAME), why: NO_CONTINUATION },
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
        reader: Reader::Isofs,
        relief: Relief::CutNames(254),
        why: "Linux 6.1 shows names of 254 and 255 bytes cut where an NM entry ends",
    },
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
const NO_CONTINUATION: &str = "7-Zip 26.02 does not follow CE: names and targets end where the directory record ends";
const BAD_CE: &str = "Invalid parameter in SUSP \"CE\" extension";
const CE_BEHIND_DATA: &str = "libarchive 3.6.2 reads forward only and refuses a disc where the continuation area of a file's \
     name lies behind its data, as it has to where a later session shows a file of an earlier one";
const LOST_SLASH: &str = "libarchive 3.6.2 drops the `/` where an SL entry ends at the border of two components, and xorriso ends them there";

/// More than one day, so that some are of earlier sessions, and a file whose name is continued.
fn merges_long_names(expected: &Listing) -> bool {
    let days = expected.keys().filter(|path| path.iter().filter(|&&b| b == b'/').count() == 2).count();
    let continued = |name: &[u8]| name.len() >= CONTINUED_NAME;
    let file = |(path, entry): (&Vec<u8>, &Entry)| {
        entry.kind == Kind::File && path.rsplit(|&b| b == b'/').next().is_some_and(continued)
    };
    days > 1 && expected.iter().any(file)
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
