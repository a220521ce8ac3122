//! READ DISC STRUCTURE (MMC-6 6.23): what is stamped into a disc and who made it, and the spare areas of a BD.

use super::kinds::Nature;
use super::options::Quirks;
use super::sense::Sense;
use super::state::DiscState;

/// Name of the maker of virtual discs, as DVD-R and DVD-RW spell it.
const MAKER: &[u8; 12] = b"CEDARVIRT001";

/// Address of the first block of data on a DVD, as physical sector number.
const DVD_START: u32 = 0x03_0000;

/// Blocks of a cluster.
const CLUSTER: u32 = 32;

/// The reply for `format` and `layer`; `media` is the media type of the CDB (0 DVD, 1 BD).
pub(super) fn structure(disc: &DiscState, media: u8, layer: u8, format: u8, quirks: Quirks) -> Result<Vec<u8>, Sense> {
    let nature = disc.medium.nature();
    let wanted = match nature {
        Nature::Cd => return Err(Sense::INCOMPATIBLE_MEDIUM),
        Nature::BdR | Nature::BdRe => 1,
        _ => 0,
    };
    if media != wanted {
        return Err(Sense::cdb_field(1, Some(3)));
    }
    if layer >= disc.medium.layers() {
        return Err(Sense::cdb_field(6, None));
    }
    let body = match (nature, format) {
        (_, 0xff) => list(disc),
        (Nature::BdR | Nature::BdRe, 0x00) => disc_information_unit(nature),
        (Nature::BdR | Nature::BdRe, 0x0a) => spare_areas(disc, quirks.no_spares),
        (Nature::BdR | Nature::BdRe, _) => return Err(Sense::cdb_field(7, None)),
        (_, 0x00) => dvd_layer(disc),
        (Nature::DvdMinus, 0x0e) => pre_recorded(),
        (Nature::DvdPlusR | Nature::DvdPlusRw, 0x11) => adip(disc),
        (Nature::DvdPlusR, 0x20) if disc.medium.layers() > 1 => layer_boundary(disc),
        _ => return Err(Sense::cdb_field(7, None)),
    };
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    let mut reply = length.to_be_bytes().to_vec();
    reply.extend_from_slice(&[0, 0]);
    reply.extend_from_slice(&body);
    Ok(reply)
}

/// Formats that can be read, four bytes each: format, readable, length of the whole reply.
fn list(disc: &DiscState) -> Vec<u8> {
    let formats: &[(u8, u16)] = match disc.medium.nature() {
        Nature::BdR | Nature::BdRe => &[(0x00, 4100), (0x0a, 12)],
        Nature::DvdMinus => &[(0x00, 2052), (0x0e, 40)],
        Nature::DvdPlusR if disc.medium.layers() > 1 => &[(0x00, 2052), (0x11, 260), (0x20, 12)],
        Nature::DvdPlusR | Nature::DvdPlusRw => &[(0x00, 2052), (0x11, 260)],
        _ => &[(0x00, 2052)],
    };
    formats.iter().flat_map(|(format, length)| [[*format, 0x40], length.to_be_bytes()].concat()).collect()
}

/// Physical format information: book type, size, layers, where the data lies.
fn dvd_layer(disc: &DiscState) -> Vec<u8> {
    let layers = disc.medium.layers();
    let book = match (disc.medium.nature(), disc.medium.is_erasable(), layers) {
        (Nature::DvdRam, ..) => 0x16,
        (Nature::DvdMinus, true, _) => 0x32,
        (Nature::DvdMinus, false, 1) => 0x25,
        (Nature::DvdMinus, ..) => 0x26,
        (Nature::DvdPlusRw, ..) => 0x92,
        (_, _, 1) => 0xa1,
        _ => 0xe1,
    };
    let mut body = vec![0; 2048];
    body[0] = book;
    // 120 mm, 10 Mbit/s or more; embossed data there is none.
    body[1] = 0x0f;
    body[2] = (layers - 1) << 5 | 0x02;
    let end = DVD_START.saturating_add(disc.capacity).saturating_sub(1);
    body[4..8].copy_from_slice(&DVD_START.to_be_bytes());
    body[8..12].copy_from_slice(&end.to_be_bytes());
    if layers > 1 {
        body[12..16].copy_from_slice(&(DVD_START + disc.capacity / 2 - 1).to_be_bytes());
    }
    body
}

/// Pre-recorded information in the lead-in: fields of a number and six characters each, the maker in the third and fourth.
fn pre_recorded() -> Vec<u8> {
    let mut body = vec![0; 36];
    for (field, at) in (1..).zip((0..32).step_by(8)) {
        body[at] = field;
    }
    let (first, second) = MAKER.split_at(6);
    body[17..23].copy_from_slice(first);
    body[25..31].copy_from_slice(second);
    body
}

/// ADIP: physical format information with the maker and the type of the disc.
fn adip(disc: &DiscState) -> Vec<u8> {
    let mut body = dvd_layer(disc);
    body.truncate(256);
    body[19..27].copy_from_slice(b"CEDARVRT");
    body[27..30].copy_from_slice(b"001");
    body
}

/// Blocks of the first of two layers; it can still be moved.
fn layer_boundary(disc: &DiscState) -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend_from_slice(&(disc.capacity / 2).to_be_bytes());
    body
}

/// A disc information unit: its header, the disc type, and at bytes 100 to 108 the maker and the type he gives the medium.
fn disc_information_unit(nature: Nature) -> Vec<u8> {
    let mut body = vec![0; 4096];
    body[0..4].copy_from_slice(b"DI\x01\x00");
    body[8..11].copy_from_slice(if nature == Nature::BdR { b"BDR" } else { b"BDW" });
    body[100..106].copy_from_slice(b"CEDARV");
    body[106..109].copy_from_slice(b"VR1");
    body
}

/// Clusters of the spare areas: free, and all of them.
fn spare_areas(disc: &DiscState, used_up: bool) -> Vec<u8> {
    let clusters = disc.format.map_or(0, |format| format.spares) / CLUSTER;
    let free = if used_up { 0 } else { clusters };
    [free.to_be_bytes(), clusters.to_be_bytes()].concat()
}
