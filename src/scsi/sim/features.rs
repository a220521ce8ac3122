//! GET CONFIGURATION (MMC-6 5.3, 6.6): what the drive can do, and what of it with the disc that is in.

use super::family::{Family, low_byte};
use super::kinds::Nature;
use super::sense::Sense;
use super::state::DiscState;

/// Features of the drive itself; they are always current.
const PERSISTENT: [u16; 7] = [0x0000, 0x0001, 0x0002, 0x0003, 0x0100, 0x0108, 0x010c];

/// Features that depend on the medium.
const OTHERS: [u16; 21] = [
    0x0010, 0x001d, 0x001e, 0x001f, 0x0020, 0x0021, 0x0023, 0x0024, 0x0026, 0x002a, 0x002b, 0x002c, 0x002d, 0x002e,
    0x002f, 0x0037, 0x0038, 0x003b, 0x0040, 0x0041, 0x0107,
];

/// Every profile the drive knows, in the order it prefers them (MMC-6 table 91).
const PROFILES: [u16; 15] = [
    0x0043, 0x0041, 0x0040, 0x002b, 0x001b, 0x001a, 0x0015, 0x0014, 0x0013, 0x0012, 0x0011, 0x0010, 0x000a, 0x0009,
    0x0008,
];

/// What features say of the disc that is in; the default is none.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    profile: u16,
    /// Features it makes current.
    current: &'static [u16],
    /// Blocks that can be addressed.
    blocks: u32,
    /// Blocks of an ECC unit.
    ecc: u32,
    nature: Option<Nature>,
}

impl Loaded {
    pub(super) fn of(family: &dyn Family, disc: &DiscState) -> Loaded {
        Loaded {
            profile: family.profile(disc),
            current: family.current_features(disc),
            blocks: disc.usable(),
            ecc: disc.medium.ecc(),
            nature: Some(disc.medium.nature()),
        }
    }
}

/// The reply to GET CONFIGURATION: `requested` is the RT field, `start` the first feature wanted.
pub(super) fn configuration(requested: u8, start: u16, loaded: &Loaded) -> Result<Vec<u8>, Sense> {
    if requested == 3 {
        return Err(Sense::cdb_field(1, Some(1)));
    }
    let mut codes: Vec<u16> = PERSISTENT.into_iter().chain(OTHERS).collect();
    codes.sort_unstable();
    let mut features = Vec::new();
    for code in codes {
        let persistent = PERSISTENT.contains(&code);
        let is_current = persistent || loaded.current.contains(&code);
        let wanted = match requested {
            0 => code >= start,
            1 => code >= start && is_current,
            _ => code == start,
        };
        if wanted {
            let data = data(code, loaded);
            features.extend_from_slice(&code.to_be_bytes());
            features.push(version(code) << 2 | u8::from(persistent) << 1 | u8::from(is_current));
            features.push(u8::try_from(data.len()).unwrap_or(0));
            features.extend_from_slice(&data);
        }
    }
    let length = u32::try_from(features.len() + 4).unwrap_or(u32::MAX);
    let mut reply = length.to_be_bytes().to_vec();
    reply.extend_from_slice(&[0, 0]);
    reply.extend_from_slice(&loaded.profile.to_be_bytes());
    reply.extend_from_slice(&features);
    Ok(reply)
}

/// The version of a feature's descriptor, as MMC-6 has it.
fn version(code: u16) -> u8 {
    match code {
        0x0001 | 0x0003 | 0x001e | 0x001f | 0x002d | 0x002f | 0x0041 => 2,
        0x0002 | 0x0020 | 0x0021 | 0x0023 | 0x0024 | 0x002a | 0x0040 => 1,
        0x0107 => 5,
        _ => 0,
    }
}

fn data(code: u16, loaded: &Loaded) -> Vec<u8> {
    let blocking = low_byte(loaded.ecc.max(1));
    match code {
        0x0000 => {
            let current = |profile: u16| u8::from(profile == loaded.profile);
            PROFILES.iter().flat_map(|p| [p.to_be_bytes(), [current(*p), 0]].concat()).collect()
        }
        // SCSI; INQ2 and DBE are not claimed.
        0x0001 => vec![0, 0, 0, 1, 0, 0, 0, 0],
        // A tray that loads, ejects and locks.
        0x0003 => vec![0x39, 0, 0, 0],
        0x0010 => vec![0, 0, 8, 0, 0, blocking, 1, 0],
        // Of both layers of a DVD-R DL.
        0x001f => vec![0x01, 0, 0x01, 0],
        0x0020 => {
            let mut data = loaded.blocks.saturating_sub(1).to_be_bytes().to_vec();
            data.extend_from_slice(&[0, 0, 8, 0, 0, blocking, 1, 0]);
            data
        }
        // Data block type 8 only; buffer underrun free. DVD-R and DVD-RW link in whole ECC units.
        0x0021 if loaded.nature == Some(Nature::DvdMinus) => vec![0x01, 0x00, 0x01, 1, 16, 0, 0, 0],
        0x0021 => vec![0x01, 0x00, 0x01, 0],
        // Certification, quick certification, expansion of spares, formats without spares; no random recording on BD-R.
        0x0023 => {
            let flags = match loaded.nature {
                Some(Nature::BdRe) => 0x0f,
                Some(Nature::DvdRam) => 0x05,
                _ => 0,
            };
            vec![flags, 0, 0, 0, 0, 0, 0, 0]
        }
        // Supplementary spare area.
        0x0024 => vec![if loaded.nature == Some(Nature::DvdRam) { 0x80 } else { 0 }, 0, 0, 0],
        0x002a | 0x002b | 0x003b => vec![0x01, 0, 0, 0],
        // An open border can be continued, and a formatted disc be blanked.
        0x002c => vec![0x03, 0, 0, 0],
        // Buffer underrun free, CD-RW; no test write.
        0x002d => vec![0x42, 0, 0x01, 0x00],
        // Buffer underrun free, session at once; a cue sheet may have 256 bytes.
        0x002e => vec![0x60, 0, 1, 0],
        // Buffer underrun free, two layers, DVD-RW; no test write.
        0x002f => vec![0x4a, 0, 0, 0],
        0x0037 => vec![0, 0x07, 0, 0],
        // Reserved, then a bit for each version of BD-RE, BD-R and (reading) BD-ROM, two bytes a class.
        0x0040 => {
            let mut data = vec![0; 28];
            for at in [6, 14, 22] {
                data[at..at + 2].copy_from_slice(&[0, 0x0e]);
            }
            data
        }
        0x0041 => {
            let mut data = vec![0; 20];
            for at in [6, 14] {
                data[at..at + 2].copy_from_slice(&[0, 0x0e]);
            }
            data
        }
        0x0002 | 0x001e => vec![0, 0, 0, 0],
        // Stream writing, write speed performance descriptors, SET CD SPEED, block counts in READ BUFFER CAPACITY.
        0x0107 => vec![0x1b, 0, 0, 0],
        0x0108 => b"00000001".to_vec(),
        0x010c => b"20240101000000\0\0".to_vec(),
        _ => Vec::new(),
    }
}
