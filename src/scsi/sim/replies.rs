//! Replies that tell of the drive more than of the disc.

use super::buffer::{BUFFER_BLOCKS, Buffer};
use super::family::low_byte;
use super::kinds::Medium;
use super::sense::Sense;
use crate::sector::SECTOR_BYTES;

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

/// How many descriptors of GET PERFORMANCE are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) descriptors: u16,
    /// Asked for none, the drive announces one, however many there are (quirk `perf1`).
    pub(super) announces_one: bool,
}

/// GET PERFORMANCE (MMC-6 6.8): types 0 (nominal performance) and 3 (write speeds).
pub(super) fn performance(
    kind: u8,
    data_type: u8,
    most: Most,
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
    let announced = if most.announces_one && most.descriptors == 0 { 1 } else { descriptors.len() };
    let length = u32::try_from(4 + 16 * announced).unwrap_or(u32::MAX);
    let mut reply = length.to_be_bytes().to_vec();
    reply.extend_from_slice(&[flags, 0, 0, 0]);
    reply.extend(descriptors.into_iter().take(most.descriptors.into()).flatten());
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
