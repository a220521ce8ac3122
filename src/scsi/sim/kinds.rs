//! What differs from medium to medium: the table a new kind of disc is added to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
    /// DVD+R, single layer.
    #[serde(rename = "dvd+r")]
    DvdPlusR,
    /// DVD+RW, single layer.
    #[serde(rename = "dvd+rw")]
    DvdPlusRw,
    /// DVD-R, single layer.
    #[serde(rename = "dvd-r")]
    DvdR,
    /// DVD-RW, single layer, sequential as long as it is not formatted.
    #[serde(rename = "dvd-rw")]
    DvdRw,
    /// DVD+R, double layer.
    #[serde(rename = "dvd+r-dl")]
    DvdPlusRDl,
    /// DVD-R, double layer.
    #[serde(rename = "dvd-r-dl")]
    DvdRDl,
    /// DVD-RAM, 4.7 GB on a side.
    #[serde(rename = "dvd-ram")]
    DvdRam,
    /// BD-R, one layer.
    #[serde(rename = "bd-r")]
    BdR,
    /// BD-RE, one layer.
    #[serde(rename = "bd-re")]
    BdRe,
    /// BD-R, two layers.
    #[serde(rename = "bd-r-dl")]
    BdRDl,
    /// BD-RE, two layers.
    #[serde(rename = "bd-re-dl")]
    BdReDl,
    /// BD-R XL, three layers; four with a capacity of 62500864 sectors.
    #[serde(rename = "bd-r-xl")]
    BdRXl,
}

/// The standard that rules a kind of disc: its recording layer and what may be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// CD-R, CD-RW.
    Cd,
    /// DVD-R, DVD-RW: border zones, mode page 05h.
    DvdMinus,
    /// DVD+R.
    DvdPlusR,
    /// DVD+RW.
    DvdPlusRw,
    /// DVD-RAM.
    DvdRam,
    /// BD-R.
    BdR,
    /// BD-RE.
    BdRe,
}

/// The facts of one kind. Speeds are in kB/s of 1000 bytes, fastest first.
#[derive(Debug)]
struct Facts {
    word: &'static str,
    nature: Nature,
    layers: u8,
    /// Sectors of the disc as it comes from the shop, before spare areas are set aside.
    capacity: u32,
    least_capacity: u32,
    most_capacity: u32,
    /// Sectors of an ECC unit (BD: a cluster); 1 where there is none.
    ecc: u32,
    erasable: bool,
    write_kb_per_s: &'static [u32],
    read_kb_per_s: u32,
    /// ATIP start of the lead-in, MSF; zeros where there is no ATIP.
    lead_in: [u8; 3],
}

const CD_R: Facts = Facts {
    word: "cdr-80",
    nature: Nature::Cd,
    layers: 1,
    capacity: 359_849,
    least_capacity: 600,
    // 99:59:74 is the last address MSF can say.
    most_capacity: 449_849,
    ecc: 1,
    erasable: false,
    write_kb_per_s: &[4234, 2822, 1411, 706],
    read_kb_per_s: 8467,
    lead_in: [97, 15, 5],
};

const DVD: Facts = Facts {
    word: "",
    nature: Nature::DvdPlusR,
    layers: 1,
    capacity: 2_295_104,
    least_capacity: 64,
    most_capacity: 2_298_496,
    ecc: 16,
    erasable: false,
    write_kb_per_s: &[22_160, 16_620, 11_080, 5540],
    read_kb_per_s: 22_160,
    lead_in: [0; 3],
};

const BD_R: Facts = Facts {
    word: "bd-r",
    nature: Nature::BdR,
    layers: 1,
    capacity: 12_219_392,
    least_capacity: 1024,
    most_capacity: 12_219_392,
    ecc: 32,
    erasable: false,
    write_kb_per_s: &[26_973, 17_982, 8991],
    read_kb_per_s: 35_964,
    lead_in: [0; 3],
};

const BD_RE: Facts = Facts { word: "bd-re", nature: Nature::BdRe, erasable: true, write_kb_per_s: &[8991], ..BD_R };

static FACTS: [(Medium, Facts); 16] = {
    const CD_RW: Facts = Facts { word: "cdrw-80", erasable: true, write_kb_per_s: &[1764, 706], ..CD_R };
    const SHORT: Facts = Facts { capacity: 332_850, lead_in: [97, 27, 0], ..CD_R };
    const DOUBLE: u32 = 4_173_824;
    [
        (Medium::CdR74, Facts { word: "cdr-74", ..SHORT }),
        (Medium::CdRw74, Facts { word: "cdrw-74", erasable: true, write_kb_per_s: CD_RW.write_kb_per_s, ..SHORT }),
        (Medium::CdR80, CD_R),
        (Medium::CdRw80, CD_RW),
        (Medium::DvdPlusR, Facts { word: "dvd+r", ..DVD }),
        (
            Medium::DvdPlusRw,
            Facts {
                word: "dvd+rw",
                nature: Nature::DvdPlusRw,
                erasable: true,
                write_kb_per_s: &[11_080, 5540, 3324],
                ..DVD
            },
        ),
        (Medium::DvdR, Facts { word: "dvd-r", nature: Nature::DvdMinus, capacity: 2_298_496, ..DVD }),
        (
            Medium::DvdRw,
            Facts {
                word: "dvd-rw",
                nature: Nature::DvdMinus,
                capacity: 2_297_888,
                erasable: true,
                write_kb_per_s: &[8310, 5540, 2770],
                ..DVD
            },
        ),
        (Medium::DvdPlusRDl, Facts { word: "dvd+r-dl", layers: 2, capacity: DOUBLE, most_capacity: DOUBLE, ..DVD }),
        (
            Medium::DvdRDl,
            Facts {
                word: "dvd-r-dl",
                nature: Nature::DvdMinus,
                layers: 2,
                capacity: 4_171_712,
                most_capacity: DOUBLE,
                ..DVD
            },
        ),
        (
            Medium::DvdRam,
            Facts {
                word: "dvd-ram",
                nature: Nature::DvdRam,
                capacity: 2_236_704,
                erasable: true,
                write_kb_per_s: &[6925, 4155, 2770],
                ..DVD
            },
        ),
        (Medium::BdR, BD_R),
        (Medium::BdRe, BD_RE),
        (Medium::BdRDl, Facts { word: "bd-r-dl", layers: 2, capacity: 24_438_784, most_capacity: 24_438_784, ..BD_R }),
        (
            Medium::BdReDl,
            Facts { word: "bd-re-dl", layers: 2, capacity: 24_438_784, most_capacity: 24_438_784, ..BD_RE },
        ),
        (Medium::BdRXl, Facts { word: "bd-r-xl", layers: 3, capacity: 48_878_592, most_capacity: 62_500_864, ..BD_R }),
    ]
};

impl Medium {
    /// Every kind there is.
    pub const ALL: [Medium; 16] = [
        Medium::CdR74,
        Medium::CdRw74,
        Medium::CdR80,
        Medium::CdRw80,
        Medium::DvdPlusR,
        Medium::DvdPlusRw,
        Medium::DvdR,
        Medium::DvdRw,
        Medium::DvdPlusRDl,
        Medium::DvdRDl,
        Medium::DvdRam,
        Medium::BdR,
        Medium::BdRe,
        Medium::BdRDl,
        Medium::BdReDl,
        Medium::BdRXl,
    ];

    fn facts(self) -> &'static Facts {
        FACTS.iter().find(|(medium, _)| *medium == self).map_or(&CD_R, |(_, facts)| facts)
    }

    /// The word a configuration uses for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.facts().word
    }

    /// Sectors on an ordinary disc of this kind, spare areas included.
    #[must_use]
    pub fn capacity(self) -> Sectors {
        Sectors(self.facts().capacity)
    }

    /// The capacities a virtual disc of this kind may have: least, most, and what they have to be a multiple of.
    pub(super) fn capacity_limits(self) -> (u32, u32, u32) {
        let facts = self.facts();
        (facts.least_capacity, facts.most_capacity, facts.ecc)
    }

    pub(super) fn nature(self) -> Nature {
        self.facts().nature
    }

    pub(super) fn layers(self) -> u8 {
        self.facts().layers
    }

    /// Sectors of an ECC unit; 1 where there is none.
    pub(super) fn ecc(self) -> u32 {
        self.facts().ecc
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
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no medium of the simulated drive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{word}\" is no medium ({})", Medium::ALL.map(Medium::as_str).join(", "))]
pub struct UnknownMedium {
    /// The word as given.
    pub word: String,
}

impl FromStr for Medium {
    type Err = UnknownMedium;

    fn from_str(word: &str) -> Result<Medium, UnknownMedium> {
        let found = Medium::ALL.into_iter().find(|medium| medium.as_str() == word);
        found.ok_or_else(|| UnknownMedium { word: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_facts_and_a_word_of_its_own() {
        for (medium, (listed, facts)) in Medium::ALL.into_iter().zip(&FACTS) {
            assert_eq!(medium, *listed);
            assert_eq!(medium.as_str().parse(), Ok(medium));
            assert!(facts.capacity <= facts.most_capacity && facts.capacity.is_multiple_of(facts.ecc), "{medium}");
            assert_eq!(serde_json::to_value(medium).unwrap(), medium.as_str());
        }
        assert!("dvd+rw-dl".parse::<Medium>().unwrap_err().to_string().contains("bd-r-xl"));
    }
}
