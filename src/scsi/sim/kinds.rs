//! What differs from medium to medium: the table a new kind of disc is added to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cd::Cd;
use super::dvd_plus_rw::DvdPlusRw;
use super::family::Family;
use crate::sector::Sectors;

/// A kind of disc the simulated drive knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Medium {
    /// CD-R of 74 minutes.
    #[serde(rename = "cdr-74")]
    CdR74,
    /// CD-RW of 74 minutes.
    #[serde(rename = "cdrw-74")]
    CdRw74,
    /// CD-R of 80 minutes.
    #[serde(rename = "cdr-80")]
    CdR80,
    /// CD-RW of 80 minutes.
    #[serde(rename = "cdrw-80")]
    CdRw80,
    /// DVD+RW, single layer.
    #[serde(rename = "dvd+rw")]
    DvdPlusRw,
}

/// The facts of one kind. Speeds are in kB/s of 1000 bytes, fastest first.
#[derive(Debug)]
struct Facts {
    word: &'static str,
    capacity: u32,
    least_capacity: u32,
    most_capacity: u32,
    capacity_unit: u32,
    profile: u16,
    erasable: bool,
    write_kb_per_s: &'static [u32],
    read_kb_per_s: u32,
    /// ATIP start of the lead-in, MSF; zeros where there is no ATIP.
    lead_in: [u8; 3],
}

const CD_R: Facts = Facts {
    word: "cdr-80",
    capacity: 359_849,
    least_capacity: 600,
    // 99:59:74 is the last address MSF can say.
    most_capacity: 449_849,
    capacity_unit: 1,
    profile: 0x0009,
    erasable: false,
    write_kb_per_s: &[4234, 2822, 1411, 706],
    read_kb_per_s: 8467,
    lead_in: [97, 15, 5],
};

const FACTS: [(Medium, Facts); 5] = [
    (Medium::CdR74, Facts { word: "cdr-74", capacity: 332_850, lead_in: [97, 27, 0], ..CD_R }),
    (
        Medium::CdRw74,
        Facts {
            word: "cdrw-74",
            capacity: 332_850,
            lead_in: [97, 27, 0],
            profile: 0x000a,
            erasable: true,
            write_kb_per_s: &[1764, 706],
            ..CD_R
        },
    ),
    (Medium::CdR80, CD_R),
    (Medium::CdRw80, Facts { word: "cdrw-80", profile: 0x000a, erasable: true, write_kb_per_s: &[1764, 706], ..CD_R }),
    (
        Medium::DvdPlusRw,
        Facts {
            word: "dvd+rw",
            capacity: 2_295_104,
            least_capacity: 64,
            most_capacity: 2_295_104,
            capacity_unit: 16,
            profile: 0x001a,
            erasable: true,
            write_kb_per_s: &[11_080, 5540, 3324],
            read_kb_per_s: 22_160,
            lead_in: [0; 3],
        },
    ),
];

impl Medium {
    /// Every kind there is.
    pub const ALL: [Medium; 5] = [Medium::CdR74, Medium::CdRw74, Medium::CdR80, Medium::CdRw80, Medium::DvdPlusRw];

    fn facts(self) -> &'static Facts {
        static TABLE: [(Medium, Facts); 5] = FACTS;
        TABLE.iter().find(|(medium, _)| *medium == self).map_or(&TABLE[0].1, |(_, facts)| facts)
    }

    /// The word a configuration uses for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.facts().word
    }

    /// Sectors on an ordinary disc of this kind.
    #[must_use]
    pub fn capacity(self) -> Sectors {
        Sectors(self.facts().capacity)
    }

    /// The capacities a virtual disc of this kind may have: least, most, and what they have to be a multiple of.
    pub(super) fn capacity_limits(self) -> (u32, u32, u32) {
        let facts = self.facts();
        (facts.least_capacity, facts.most_capacity, facts.capacity_unit)
    }

    /// MMC-6 table 91.
    pub(super) fn profile(self) -> u16 {
        self.facts().profile
    }

    pub(super) fn is_erasable(self) -> bool {
        self.facts().erasable
    }

    pub(super) fn write_kb_per_s(self) -> &'static [u32] {
        self.facts().write_kb_per_s
    }

    pub(super) fn read_kb_per_s(self) -> u32 {
        self.facts().read_kb_per_s
    }

    pub(super) fn lead_in(self) -> [u8; 3] {
        self.facts().lead_in
    }

    /// The state machine that rules the disc.
    pub(super) fn family(self) -> Box<dyn Family> {
        match self {
            Medium::CdR74 | Medium::CdRw74 | Medium::CdR80 | Medium::CdRw80 => Box::new(Cd::new()),
            Medium::DvdPlusRw => Box::new(DvdPlusRw::new()),
        }
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no medium of the simulated drive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownMedium {
    /// A medium that exists, but not here.
    #[error("the simulated drive has no {word} yet (it has cdr-74, cdrw-74, cdr-80, cdrw-80, dvd+rw)")]
    NotSimulated {
        /// The word as given.
        word: String,
    },
    /// No medium at all.
    #[error("\"{word}\" is no medium (the simulated drive has cdr-74, cdrw-74, cdr-80, cdrw-80, dvd+rw)")]
    NoSuchWord {
        /// The word as given.
        word: String,
    },
}

const NOT_SIMULATED: [&str; 11] =
    ["dvd+r", "dvd-r", "dvd-rw", "dvd+r-dl", "dvd-r-dl", "bd-r", "bd-re", "bd-r-dl", "bd-re-dl", "bd-r-xl", "auto"];

impl FromStr for Medium {
    type Err = UnknownMedium;

    fn from_str(word: &str) -> Result<Medium, UnknownMedium> {
        match Medium::ALL.into_iter().find(|medium| medium.as_str() == word) {
            Some(medium) => Ok(medium),
            None if NOT_SIMULATED.contains(&word) => Err(UnknownMedium::NotSimulated { word: word.to_owned() }),
            None => Err(UnknownMedium::NoSuchWord { word: word.to_owned() }),
        }
    }
}
