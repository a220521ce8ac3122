//! FORMAT UNIT on a BD-R: a blank disc may set spare areas aside, once and for all (MMC-6 6.5.4.2.8, table 236).
//!
//! Unlike on a BD-RE nothing is formatted. The disc stays blank and sequential, it gets smaller, and the drive may put blocks that turn
//! out bad elsewhere.

use super::decode::Fields;
use super::family::{Effect, Job, capacity_descriptor};
use super::sense::Sense;
use super::state::DiscState;

/// Format types, as they stand in the upper six bits of a descriptor's byte 4.
const FULL: u8 = 0x00;
const WITH_SPARES: u8 = 0x32 << 2;

/// Subtypes, in the two lower ones: sequential with pseudo overwrite, sequential without. Random recording is not known here.
const PSEUDO_OVERWRITE: u8 = 0;
const SEQUENTIAL: u8 = 1;

/// Blocks of a BD-R of one layer, and how many of them drives set aside: by default, at least, at most.
const ONE_LAYER: u64 = 12_219_392;
const SPARES: [u64; 3] = [393_216, 131_072, 655_360];

/// Blocks of a cluster.
const CLUSTER: u32 = 32;

const SECONDS: u64 = 20;

/// Spare blocks of a disc: by default, at least, at most; as much in proportion on a disc of any size.
pub(super) fn spares(disc: &DiscState) -> [u32; 3] {
    SPARES.map(|of_one_layer| {
        let share = u64::from(disc.capacity) * of_one_layer / ONE_LAYER;
        let blocks = u32::try_from(share).unwrap_or(0);
        (blocks / CLUSTER * CLUSTER).clamp(CLUSTER, disc.capacity)
    })
}

/// Whether the disc is still as it comes from the shop.
pub(super) fn is_possible(disc: &DiscState) -> bool {
    disc.sessions.is_empty() && disc.format.is_none()
}

/// What READ FORMAT CAPACITIES offers.
pub(super) fn descriptors(disc: &DiscState) -> Vec<u8> {
    let [default, ..] = spares(disc).map(|spares| disc.capacity - spares);
    let mut list = Vec::new();
    for subtype in [PSEUDO_OVERWRITE, SEQUENTIAL] {
        list.extend_from_slice(&capacity_descriptor(default, FULL | subtype, 2048));
        for blocks in spares(disc).map(|spares| disc.capacity - spares) {
            list.extend_from_slice(&capacity_descriptor(blocks, WITH_SPARES | subtype, 0));
        }
    }
    list
}

/// The parameter list of FORMAT UNIT, 12 bytes.
pub(super) fn accept(disc: &DiscState, list: Fields<'_>) -> Result<Job, Sense> {
    if !is_possible(disc) {
        return Err(Sense::CANNOT_FORMAT);
    }
    let (kind, subtype) = (list.u8(8) & 0xfc, list.u8(8) & 0x03);
    if subtype != PSEUDO_OVERWRITE && subtype != SEQUENTIAL {
        return Err(Sense::list_field(8, Some(1)));
    }
    let [default, least, most] = spares(disc).map(|spares| disc.capacity - spares);
    let blocks = list.u32(4);
    let parameter = list.u32(8) & 0x00ff_ffff;
    let (fits, wanted) = match kind {
        FULL => (blocks == default, 2048),
        WITH_SPARES => ((most..=least).contains(&blocks) && blocks.is_multiple_of(CLUSTER), 0),
        _ => return Err(Sense::list_field(8, Some(7))),
    };
    if !fits {
        return Err(Sense::list_field(4, None));
    }
    if parameter != wanted {
        return Err(Sense::list_field(9, None));
    }
    let spares = disc.capacity - blocks;
    let effect = Effect::FormatWriteOnce { spares, pseudo_overwrite: subtype == PSEUDO_OVERWRITE };
    Ok(Job::new(effect, Sense::FORMAT_IN_PROGRESS, SECONDS))
}

/// Features that are current (MMC-6 5.3): formattable while it is as new, defect management with spares, pseudo overwrite.
pub(super) fn features(disc: &DiscState, finalised: bool) -> &'static [u16] {
    let with_spares = disc.format.is_some_and(|format| format.spares > 0);
    match (finalised, with_spares, disc.pseudo_overwrite) {
        (true, ..) => &[0x0010, 0x0040, 0x0107],
        (false, true, true) => &[0x0010, 0x0021, 0x0024, 0x0038, 0x0040, 0x0041, 0x0107],
        (false, true, false) => &[0x0010, 0x0021, 0x0024, 0x0040, 0x0041, 0x0107],
        (false, false, true) => &[0x0010, 0x0021, 0x0038, 0x0040, 0x0041, 0x0107],
        (false, false, false) if is_possible(disc) => &[0x0010, 0x0021, 0x0023, 0x0040, 0x0041, 0x0107],
        (false, false, false) => &[0x0010, 0x0021, 0x0040, 0x0041, 0x0107],
    }
}
