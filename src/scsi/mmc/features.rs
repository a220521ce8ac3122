//! GET CONFIGURATION: what the drive can do, and what it can do with the medium that is in (MMC-6 6.5, 5.3).

use std::fmt;

use crate::scsi::command::Command;
use crate::scsi::wire::{Fields, Short, at_least};
use crate::scsi::{Cdb, Opcode};

/// The kind of medium the drive takes the present one for (MMC-6 table 95).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the standard's and say it all")]
pub enum Profile {
    None,
    CdRom,
    CdR,
    CdRw,
    DvdRom,
    DvdRSequential,
    DvdRam,
    DvdRwRestrictedOverwrite,
    DvdRwSequential,
    DvdRDualLayerSequential,
    DvdRDualLayerJump,
    DvdPlusRw,
    DvdPlusR,
    DvdPlusRwDualLayer,
    DvdPlusRDualLayer,
    BdRom,
    BdRSequential,
    BdRRandom,
    BdRe,
    Other(u16),
}

impl Profile {
    fn from_code(code: u16) -> Profile {
        match code {
            0x0000 => Profile::None,
            0x0008 => Profile::CdRom,
            0x0009 => Profile::CdR,
            0x000a => Profile::CdRw,
            0x0010 => Profile::DvdRom,
            0x0011 => Profile::DvdRSequential,
            0x0012 => Profile::DvdRam,
            0x0013 => Profile::DvdRwRestrictedOverwrite,
            0x0014 => Profile::DvdRwSequential,
            0x0015 => Profile::DvdRDualLayerSequential,
            0x0016 => Profile::DvdRDualLayerJump,
            0x001a => Profile::DvdPlusRw,
            0x001b => Profile::DvdPlusR,
            0x002a => Profile::DvdPlusRwDualLayer,
            0x002b => Profile::DvdPlusRDualLayer,
            0x0040 => Profile::BdRom,
            0x0041 => Profile::BdRSequential,
            0x0042 => Profile::BdRRandom,
            0x0043 => Profile::BdRe,
            other => Profile::Other(other),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::None => "no medium",
            Profile::CdRom => "CD-ROM",
            Profile::CdR => "CD-R",
            Profile::CdRw => "CD-RW",
            Profile::DvdRom => "DVD-ROM",
            Profile::DvdRSequential => "DVD-R",
            Profile::DvdRam => "DVD-RAM",
            Profile::DvdRwRestrictedOverwrite => "DVD-RW (restricted overwrite)",
            Profile::DvdRwSequential => "DVD-RW (sequential)",
            Profile::DvdRDualLayerSequential => "DVD-R DL",
            Profile::DvdRDualLayerJump => "DVD-R DL (layer jump)",
            Profile::DvdPlusRw => "DVD+RW",
            Profile::DvdPlusR => "DVD+R",
            Profile::DvdPlusRwDualLayer => "DVD+RW DL",
            Profile::DvdPlusRDualLayer => "DVD+R DL",
            Profile::BdRom => "BD-ROM",
            Profile::BdRSequential => "BD-R",
            Profile::BdRRandom => "BD-R (random recording)",
            Profile::BdRe => "BD-RE",
            Profile::Other(code) => return write!(f, "medium of profile {code:04x}h"),
        })
    }
}

/// A feature code (MMC-6 5.3), as far as this program asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature(pub u16);

impl Feature {
    /// Random Writable: any block at any time.
    pub const RANDOM_WRITABLE: Feature = Feature(0x0020);
    /// CD Track at Once.
    pub const CD_TRACK_AT_ONCE: Feature = Feature(0x002d);
    /// DVD+RW.
    pub const DVD_PLUS_RW: Feature = Feature(0x002a);
}

/// GET CONFIGURATION for the features that are current, that is: hold for the medium that is in.
#[derive(Debug)]
pub struct GetConfiguration {
    /// Bytes to ask for. Ask for 8 first: bridges are known that hang when asked for more than there is.
    pub allocation: u16,
}

/// What GET CONFIGURATION says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentFeatures {
    /// Bytes the drive has, header included.
    pub available: usize,
    /// Current profile.
    pub profile: Profile,
    codes: Vec<u16>,
}

impl CurrentFeatures {
    /// Whether the feature is current.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.codes.contains(&feature.0)
    }
}

impl Command for GetConfiguration {
    const OPCODE: Opcode = Opcode::GetConfiguration;
    type Reply = CurrentFeatures;
    fn cdb(&self) -> Cdb {
        // RT = 01b: current features only.
        Cdb::new(Self::OPCODE).byte(1, 0b01).u16(7, self.allocation)
    }
    fn allocation(&self) -> usize {
        usize::from(self.allocation)
    }
    fn parse(&self, reply: &[u8]) -> Result<CurrentFeatures, Short> {
        let reply = at_least(Self::OPCODE, reply, 8)?;
        let available = 4usize.saturating_add(usize::try_from(reply.u32_at(0)).unwrap_or(usize::MAX));
        let mut codes = Vec::new();
        let mut rest = &reply[8..reply.len().min(available).max(8)];
        while rest.len() >= 4 {
            // Not every drive keeps to RT = 01b: the Current bit decides.
            if rest.u8_at(2) & 0x01 != 0 {
                codes.push(rest.u16_at(0));
            }
            rest = rest.get(4 + usize::from(rest.u8_at(3))..).unwrap_or_default();
        }
        Ok(CurrentFeatures { available, profile: Profile::from_code(reply.u16_at(6)), codes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_standards_bytes() {
        assert_eq!(GetConfiguration { allocation: 0x1234 }.cdb().as_bytes(), [0x46, 1, 0, 0, 0, 0, 0, 0x12, 0x34, 0]);
    }

    #[test]
    fn only_current_features_count() {
        let reply = [
            0, 0, 0, 20, 0, 0, 0, 0x1a, // header: DVD+RW
            0x00, 0x20, 0x01, 4, 0, 0, 0, 0, // Random Writable, current
            0x00, 0x2d, 0x00, 4, 0, 0, 0, 0, // CD Track at Once, not current
        ];
        let features = GetConfiguration { allocation: 64 }.parse(&reply).unwrap();
        assert_eq!(features.profile, Profile::DvdPlusRw);
        assert!(features.has(Feature::RANDOM_WRITABLE));
        assert!(!features.has(Feature::CD_TRACK_AT_ONCE));
        for len in 0..reply.len() {
            let _ = GetConfiguration { allocation: 64 }.parse(&reply[..len]);
        }
    }

    #[test]
    fn an_unknown_profile_keeps_its_number() {
        assert_eq!(Profile::from_code(0x0055).to_string(), "medium of profile 0055h");
    }
}
