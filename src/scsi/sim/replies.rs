//! Replies that tell of the drive more than of the disc.

use super::buffer::{BUFFER_BLOCKS, Buffer};
use super::family::low_byte;
use super::kinds::Medium;
use super::sense::Sense;
use crate::sector::SECTOR_BYTES;

/// Standard INQUIRY data (SPC-4 6.4.2): an MMC device with removable medium.
pub(super) fn inquiry() -> Vec<u8> {
    let mut reply = vec![0x05, 0x80, 0x05, 0x02, 0x1f, 0, 0, 0];
    reply.extend_from_slice(b"CEDARBRN");
    reply.extend_from_slice(b"SIMULATED DRIVE ");
    reply.extend_from_slice(b"1.00");
    reply
}

/// Features of the drive itself; they are always current.
const PERSISTENT: [u16; 7] = [0x0000, 0x0001, 0x0002, 0x0003, 0x0100, 0x0108, 0x010c];

/// Features that depend on the medium.
const OTHERS: [u16; 12] =
    [0x0010, 0x001d, 0x001e, 0x001f, 0x0020, 0x0021, 0x0023, 0x002a, 0x002d, 0x002e, 0x0037, 0x0107];

/// GET CONFIGURATION (MMC-6 6.6). `current` are the features the medium makes current; `profile` is 0 without a medium.
pub(super) fn configuration(
    requested: u8,
    start: u16,
    profile: u16,
    current: &[u16],
    capacity: u32,
) -> Result<Vec<u8>, Sense> {
    if requested == 3 {
        return Err(Sense::cdb_field(1, Some(1)));
    }
    let mut codes: Vec<u16> = PERSISTENT.into_iter().chain(OTHERS).collect();
    codes.sort_unstable();
    let mut features = Vec::new();
    for code in codes {
        let persistent = PERSISTENT.contains(&code);
        let is_current = persistent || current.contains(&code);
        let wanted = match requested {
            0 => code >= start,
            1 => code >= start && is_current,
            _ => code == start,
        };
        if wanted {
            let data = feature_data(code, profile, capacity);
            features.extend_from_slice(&code.to_be_bytes());
            features.push(u8::from(persistent) << 1 | u8::from(is_current));
            features.push(u8::try_from(data.len()).unwrap_or(0));
            features.extend_from_slice(&data);
        }
    }
    let length = u32::try_from(features.len() + 4).unwrap_or(u32::MAX);
    let mut reply = length.to_be_bytes().to_vec();
    reply.extend_from_slice(&[0, 0]);
    reply.extend_from_slice(&profile.to_be_bytes());
    reply.extend_from_slice(&features);
    Ok(reply)
}

fn feature_data(code: u16, profile: u16, capacity: u32) -> Vec<u8> {
    match code {
        0x0000 => {
            let profiles = [0x001a_u16, 0x000a, 0x0009, 0x0008];
            profiles.iter().flat_map(|p| [p.to_be_bytes(), [u8::from(*p == profile), 0]].concat()).collect()
        }
        // SCSI; INQ2 and DBE are not claimed.
        0x0001 => vec![0, 0, 0, 1, 0, 0, 0, 0],
        0x0002 => vec![0, 0, 0, 0],
        // A tray that loads, ejects and locks.
        0x0003 => vec![0x39, 0, 0, 0],
        0x0010 => vec![0, 0, 8, 0, 0, if profile == 0x001a { 16 } else { 1 }, 1, 0],
        0x001e | 0x001f => vec![0, 0, 0, 0],
        0x0020 => {
            let mut data = capacity.saturating_sub(1).to_be_bytes().to_vec();
            data.extend_from_slice(&[0, 0, 8, 0, 0, 16, 1, 0]);
            data
        }
        // Data block type 8 only; buffer underrun free.
        0x0021 => vec![0x01, 0x00, 0x01, 0],
        0x0023 => vec![0, 0, 0, 0, 0, 0, 0, 0],
        0x002a => vec![0x01, 0, 0, 0],
        // Buffer underrun free, CD-RW; no test write.
        0x002d => vec![0x42, 0, 0x01, 0x00],
        // Buffer underrun free, session at once; a cue sheet may have 256 bytes.
        0x002e => vec![0x60, 0, 1, 0],
        0x0037 => vec![0, 0x07, 0, 0],
        // Stream writing, write speed performance descriptors, SET CD SPEED, block counts in READ BUFFER CAPACITY.
        0x0107 => vec![0x1b, 0, 0, 0],
        0x0108 => b"00000001".to_vec(),
        0x010c => b"20240101000000\0\0".to_vec(),
        _ => Vec::new(),
    }
}

/// GET EVENT STATUS NOTIFICATION (MMC-6 6.7). Returns the reply, and whether it told of the media event.
pub(super) fn event_status(classes: u8, media_event: u8, tray_open: bool, present: bool) -> (Vec<u8>, bool) {
    // Operational change, power, external request, media, device busy.
    const SUPPORTED: u8 = 0x5e;
    let wanted = classes & SUPPORTED;
    if wanted == 0 {
        return (vec![0, 2, 0x80, SUPPORTED], false);
    }
    let media_wanted = wanted & 0x10 != 0;
    let class = if media_wanted && media_event != 0 { 4 } else { wanted.trailing_zeros() };
    let body = match class {
        2 => [0, 1, 0, 0],
        4 => [media_event, u8::from(present) << 1 | u8::from(tray_open), 0, 0],
        _ => [0; 4],
    };
    let mut reply = vec![0, 6, low_byte(class), SUPPORTED];
    reply.extend_from_slice(&body);
    (reply, class == 4)
}

/// GET PERFORMANCE (MMC-6 6.8): types 0 (nominal performance) and 3 (write speeds).
pub(super) fn performance(
    kind: u8,
    data_type: u8,
    most: u16,
    (medium, capacity): (Medium, u32),
    write_kb_per_s: u32,
) -> Result<Vec<u8>, Sense> {
    let last = capacity.saturating_sub(1);
    let descriptor = |[a, b, c, d]: [u32; 4]| [a, b, c, d].map(u32::to_be_bytes).concat();
    let (flags, descriptors) = match (kind, data_type) {
        // Tolerance 10b, nominal performance of reading or writing.
        (0x00, 0x10 | 0x14) => {
            let write = data_type == 0x14;
            let speed = if write { write_kb_per_s } else { medium.read_kb_per_s() };
            (u8::from(write) << 1, vec![descriptor([0, speed, last, speed])])
        }
        (0x00, _) => return Err(Sense::cdb_field(1, Some(4))),
        (0x03, 0x00) => {
            let speeds = medium.write_kb_per_s().iter();
            (0, speeds.map(|write| descriptor([0, last, medium.read_kb_per_s(), *write])).collect())
        }
        (0x03, _) => return Err(Sense::cdb_field(1, Some(4))),
        _ => return Err(Sense::cdb_field(10, None)),
    };
    let length = u32::try_from(4 + 16 * descriptors.len()).unwrap_or(u32::MAX);
    let mut reply = length.to_be_bytes().to_vec();
    reply.extend_from_slice(&[flags, 0, 0, 0]);
    reply.extend(descriptors.into_iter().take(most.into()).flatten());
    Ok(reply)
}

/// READ BUFFER CAPACITY (MMC-6 6.15), in bytes or in blocks.
pub(super) fn buffer_capacity(buffer: Option<&Buffer>, in_blocks: bool) -> Vec<u8> {
    let block = u32::try_from(SECTOR_BYTES).unwrap_or(0);
    let free = buffer.map_or(BUFFER_BLOCKS, Buffer::free);
    let (total, free) = if in_blocks { (0, free) } else { (BUFFER_BLOCKS * block, free * block) };
    let mut reply = vec![0, 0x0a, 0, u8::from(in_blocks)];
    reply.extend_from_slice(&total.to_be_bytes());
    reply.extend_from_slice(&free.to_be_bytes());
    reply
}

/// READ FORMAT CAPACITIES (MMC-6 6.24).
pub(super) fn format_capacities(descriptors: &[u8]) -> Vec<u8> {
    let mut reply = vec![0, 0, 0, u8::try_from(descriptors.len()).unwrap_or(u8::MAX)];
    reply.extend_from_slice(descriptors);
    reply
}
