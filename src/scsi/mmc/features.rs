//! GET CONFIGURATION: what the drive can do, and what it can do with the medium that is in (MMC-6 6.5, 5.3).

use std::fmt;

use crate::scsi::command::{Command, Variable};
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

impl Profile {
    /// Whether a drive that lists it can write such a medium.
    #[must_use]
    pub fn is_recordable(self) -> bool {
        !matches!(self, Profile::None | Profile::CdRom | Profile::DvdRom | Profile::BdRom | Profile::Other(_))
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
    /// Profile List: every kind of medium the drive knows, whatever is in.
    pub const PROFILE_LIST: Feature = Feature(0x0000);
    /// Removable Medium; its first byte says how the medium is loaded.
    pub const REMOVABLE_MEDIUM: Feature = Feature(0x0003);
    /// Random Readable.
    pub const RANDOM_READABLE: Feature = Feature(0x0010);
    /// Random Writable: any block at any time.
    pub const RANDOM_WRITABLE: Feature = Feature(0x0020);
    /// Incremental Streaming Writable: sequential media that take sessions.
    pub const INCREMENTAL_STREAMING: Feature = Feature(0x0021);
    /// Formattable.
    pub const FORMATTABLE: Feature = Feature(0x0023);
    /// Hardware Defect Management: there are spare areas.
    pub const DEFECT_MANAGEMENT: Feature = Feature(0x0024);
    /// Write Once.
    pub const WRITE_ONCE: Feature = Feature(0x0025);
    /// Restricted Overwrite.
    pub const RESTRICTED_OVERWRITE: Feature = Feature(0x0026);
    /// DVD+RW.
    pub const DVD_PLUS_RW: Feature = Feature(0x002a);
    /// DVD+R.
    pub const DVD_PLUS_R: Feature = Feature(0x002b);
    /// Rigid Restricted Overwrite.
    pub const RIGID_RESTRICTED_OVERWRITE: Feature = Feature(0x002c);
    /// CD Track at Once.
    pub const CD_TRACK_AT_ONCE: Feature = Feature(0x002d);
    /// CD Mastering: session at once, if bit 5 of its first byte says so.
    pub const CD_MASTERING: Feature = Feature(0x002e);
    /// DVD-R/-RW Write.
    pub const DVD_R_RW: Feature = Feature(0x002f);
    /// Layer Jump Recording.
    pub const LAYER_JUMP: Feature = Feature(0x0033);
    /// BD-R Pseudo Overwrite.
    pub const BD_R_PSEUDO_OVERWRITE: Feature = Feature(0x0038);
    /// DVD+RW Dual Layer.
    pub const DVD_PLUS_RW_DUAL_LAYER: Feature = Feature(0x003a);
    /// DVD+R Dual Layer.
    pub const DVD_PLUS_R_DUAL_LAYER: Feature = Feature(0x003b);
    /// BD Read.
    pub const BD_READ: Feature = Feature(0x0040);
    /// BD Write.
    pub const BD_WRITE: Feature = Feature(0x0041);
    /// Real Time Streaming: SET STREAMING and GET PERFORMANCE.
    pub const REAL_TIME_STREAMING: Feature = Feature(0x0107);
}

/// GET CONFIGURATION for the features that are current, that is: hold for the medium that is in.
#[derive(Debug)]
pub struct GetConfiguration;

/// Feature header: the length behind it, and the current profile.
const HEADER: u16 = 8;
/// Loading mechanism: a tray.
const TRAY: u8 = 1;

/// What a drive says of the motor of its tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrayMotor {
    /// It opens the tray and pulls it in.
    OutAndIn,
    /// It does not do both.
    None,
    /// It is too old to say.
    Untold,
}

/// More than all features of MMC-6 together.
const MOST: usize = 32 * 1024;

/// What GET CONFIGURATION says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentFeatures {
    /// Current profile.
    pub profile: Profile,
    /// Codes with their version and feature dependent data.
    features: Vec<(Feature, u8, Vec<u8>)>,
}

impl CurrentFeatures {
    /// Whether the feature is current.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.data(feature).is_some()
    }

    /// The feature dependent data of a current feature: the bytes behind the four of the descriptor's head. Byte 4 of a descriptor in
    /// the standard's tables is byte 0 here. May be shorter than the tables: drives leave bytes out that later standards added.
    #[must_use]
    pub fn data(&self, feature: Feature) -> Option<&[u8]> {
        self.features.iter().find(|(code, ..)| *code == feature).map(|(.., data)| data.as_slice())
    }

    /// Every kind of medium that the drive knows, in its order (MMC-6 5.3.1); empty where it does not tell.
    #[must_use]
    pub fn profiles(&self) -> Vec<Profile> {
        let listed = self.data(Feature::PROFILE_LIST).unwrap_or_default().chunks_exact(4);
        listed.map(|descriptor| Profile::from_code(descriptor.u16_at(0))).collect()
    }

    /// Whether the drive can take a medium out and in again by itself. It can where it has a tray, ejects it, and says that it loads it
    /// (MMC-6 5.3.5). Before version 2 of the descriptor that last bit was reserved, and so it is zero in old drives that load, as in
    /// those that don't: a drive of a laptop has a tray, too. Nothing else tells them apart. Mode page 2Ah has the same mechanism and the
    /// same eject bit, and none for loading.
    #[must_use]
    pub fn tray(&self) -> TrayMotor {
        let removable = self.features.iter().find(|(code, ..)| *code == Feature::REMOVABLE_MEDIUM);
        let Some((_, version, data)) = removable else { return TrayMotor::Untold };
        let told = data.u8_at(0);
        let (mechanism, loads, ejects) = (told >> 5, told >> 4 & 1 != 0, told >> 3 & 1 != 0);
        match (mechanism == TRAY && ejects, loads) {
            (true, true) => TrayMotor::OutAndIn,
            (true, false) if *version < 2 => TrayMotor::Untold,
            _ => TrayMotor::None,
        }
    }

    /// One bit of a current feature's data: `byte` as [`data`](CurrentFeatures::data) counts. A feature that is not there, or shorter,
    /// does not have it.
    #[must_use]
    pub fn bit(&self, feature: Feature, byte: usize, bit: u8) -> bool {
        self.data(feature).is_some_and(|data| data.u8_at(byte) >> bit & 1 != 0)
    }
}

impl Command for GetConfiguration {
    const OPCODE: Opcode = Opcode::GetConfiguration;
    type Reply = CurrentFeatures;
    fn cdb(&self) -> Cdb {
        // RT = 01b: current features only.
        Cdb::new(Self::OPCODE).byte(1, 0b01)
    }
    fn allocation(&self) -> usize {
        MOST
    }
    fn variable(&self) -> Option<Variable> {
        let available = |head: &[u8]| 4usize.saturating_add(usize::try_from(head.u32_at(0)).unwrap_or(usize::MAX));
        Some(Variable { first: HEADER, available })
    }
    fn parse(&self, reply: &[u8]) -> Result<CurrentFeatures, Short> {
        let reply = at_least(Self::OPCODE, reply, usize::from(HEADER))?;
        let available = 4usize.saturating_add(usize::try_from(reply.u32_at(0)).unwrap_or(usize::MAX));
        let mut features = Vec::new();
        let mut rest = &reply[8..reply.len().min(available).max(8)];
        while rest.len() >= 4 {
            let end = (4 + usize::from(rest.u8_at(3))).min(rest.len());
            // Not every drive keeps to RT = 01b: the Current bit decides.
            if rest.u8_at(2) & 0x01 != 0 {
                let version = rest.u8_at(2) >> 2 & 0x0f;
                features.push((Feature(rest.u16_at(0)), version, rest[4..end].to_vec()));
            }
            rest = &rest[end..];
        }
        Ok(CurrentFeatures { profile: Profile::from_code(reply.u16_at(6)), features })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_standards_bytes() {
        assert_eq!(GetConfiguration.cdb_asking(0x1234).as_bytes(), [0x46, 1, 0, 0, 0, 0, 0, 0x12, 0x34, 0]);
    }

    #[test]
    fn only_current_features_count() {
        let reply = [
            0, 0, 0, 20, 0, 0, 0, 0x1a, // header: DVD+RW
            0x00, 0x20, 0x01, 4, 0, 0, 0, 0, // Random Writable, current
            0x00, 0x2d, 0x00, 4, 0, 0, 0, 0, // CD Track at Once, not current
        ];
        let features = GetConfiguration.parse(&reply).unwrap();
        assert_eq!(features.profile, Profile::DvdPlusRw);
        assert!(features.has(Feature::RANDOM_WRITABLE));
        assert!(!features.has(Feature::CD_TRACK_AT_ONCE));
        for len in 0..reply.len() {
            let _ = GetConfiguration.parse(&reply[..len]);
        }
    }

    #[test]
    fn the_kinds_a_drive_writes_are_those_of_its_list_that_are_no_rom() {
        let reply = [
            0, 0, 0, 20, 0, 0, 0, 0, //
            0x00, 0x00, 0x03, 12, 0, 0x1b, 0, 0, 0, 0x10, 0, 0, 0, 0x09, 0, 0,
        ];
        let profiles = GetConfiguration.parse(&reply).unwrap().profiles();
        assert_eq!(profiles, [Profile::DvdPlusR, Profile::DvdRom, Profile::CdR]);
        let written: Vec<_> = profiles.into_iter().filter(|profile| profile.is_recordable()).collect();
        assert_eq!(written, [Profile::DvdPlusR, Profile::CdR]);
    }

    #[test]
    fn a_tray_is_moved_only_where_the_drive_says_that_it_pulls_it_in() {
        let told = |version: u8, byte: u8| {
            let reply = [0, 0, 0, 12, 0, 0, 0, 9, 0, 3, version << 2 | 3, 4, byte, 0, 0, 0];
            GetConfiguration.parse(&reply).unwrap().tray()
        };
        assert_eq!(told(2, 0b0011_1001), TrayMotor::OutAndIn);
        assert_eq!(told(2, 0b0010_1001), TrayMotor::None, "a laptop's tray");
        assert_eq!(told(1, 0b0010_1001), TrayMotor::Untold, "older than the bit: a laptop's tray, for all we know");
        assert_eq!(told(0, 0b0011_1001), TrayMotor::OutAndIn, "and one that has it all the same");
        assert_eq!(told(2, 0b0101_1001), TrayMotor::None, "a lid that pops up");
        assert_eq!(told(1, 0b0100_1001), TrayMotor::None, "and an old one");
        assert_eq!(told(1, 0b0010_0001), TrayMotor::None, "it does not eject");
        assert_eq!(told(2, 0b0001_1001), TrayMotor::None, "a slot");
        let silent = GetConfiguration.parse(&[0, 0, 0, 4, 0, 0, 0, 9]).unwrap();
        assert_eq!(silent.tray(), TrayMotor::Untold);
    }

    #[test]
    fn an_unknown_profile_keeps_its_number() {
        assert_eq!(Profile::from_code(0x0055).to_string(), "medium of profile 0055h");
    }
}
