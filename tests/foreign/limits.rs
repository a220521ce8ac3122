//! What the readers can't show, measured on discs that xorriso and genisoimage wrote (see the calibration in
//! `tests/foreign.rs`): there the same names fail, so they say nothing about our discs.

use crate::foreign::compare::{Limit, Reader, Relief};

/// For every disc, whoever wrote it.
pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        reader: Reader::SevenZip,
        relief: Relief::Names(without_version_and_dot),
        why: "7-Zip 26.02 strips `;1` and a final dot from Rock Ridge names as if they were ISO 9660 identifiers",
    },
    Limit {
        reader: Reader::Isofs,
        relief: Relief::CutNames(254),
        why: "Linux 6.1 shows names of 254 and 255 bytes cut where their first NM entries end",
    },
];

fn without_version_and_dot(name: &[u8]) -> Vec<u8> {
    let name = name.strip_suffix(b";1").unwrap_or(name);
    name.strip_suffix(b".").unwrap_or(name).to_vec()
}

/// For discs by xorriso and genisoimage only: our own must not need these.
pub(crate) const LIMITS_ON_DISCS_BY_OTHERS: &[Limit] = &[];
