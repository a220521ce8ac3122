//! Mode pages 01h, 05h and 2Ah (MMC-6 7.2 to 7.5, and Annex E for 2Ah).

use super::decode::Fields;
use super::family::low_byte;
use super::kinds::Nature;
use super::sense::Sense;

/// Write types of page 05h.
pub(super) const INCREMENTAL: u8 = 0;
pub(super) const TRACK_AT_ONCE: u8 = 1;
/// Session at once on a CD, disc at once on a DVD.
pub(super) const AT_ONCE: u8 = 2;

const WRITE_PAGE: u8 = 0x05;
const PAGE_BYTES: usize = 52;
const HEADER_BYTES: usize = 8;

/// What some drives add to page 05h.
const OWN_BYTES: usize = 4;

/// Recovery page: all defaults.
const RECOVERY_PAGE: [u8; 12] = [0x01, 0x0a, 0xc0, 0x20, 0, 0, 0, 0, 0x20, 0, 0, 0];

/// What a drive wakes up with: packet writing, and a last session nothing can follow. Who wants otherwise has to say so.
const DEFAULT: [u8; PAGE_BYTES] = {
    let mut page = [0; PAGE_BYTES];
    page[0] = WRITE_PAGE;
    page[1] = 0x32;
    page[2] = 0x40;
    page[3] = 0x05;
    page[4] = 0x08;
    page[15] = 150;
    page
};

/// Mode page 05h, Write Parameters.
#[derive(Debug, Clone)]
pub(super) struct WritePage {
    bytes: [u8; PAGE_BYTES],
    selected: bool,
}

impl WritePage {
    pub(super) fn new() -> WritePage {
        WritePage { bytes: DEFAULT, selected: false }
    }

    /// Whether a MODE SELECT has set it since the medium was put in.
    pub(super) fn is_selected(&self) -> bool {
        self.selected
    }

    pub(super) fn write_type(&self) -> u8 {
        self.bytes[2] & 0x0f
    }

    /// BUFE: the drive bridges the moments in which no data comes.
    pub(super) fn bears_underruns(&self) -> bool {
        self.bytes[2] & 0x40 != 0
    }

    /// Multi-session field 11b.
    pub(super) fn next_session_allowed(&self) -> bool {
        self.bytes[3] >> 6 == 3
    }

    /// Takes the parameter list of a MODE SELECT(10). `obeying` is the kind of medium, if it is one that obeys the page.
    /// `long`: page 05h has four bytes more of the drive's own (quirk `longpage`), and comes with no other length.
    pub(super) fn select(&mut self, list: &[u8], obeying: Option<Nature>, long: bool) -> Result<(), Sense> {
        if list.is_empty() {
            return Ok(());
        }
        if list.len() < HEADER_BYTES {
            return Err(Sense::new(5, 0x1a, 0x00));
        }
        let header = Fields(list);
        if header.u16(0) != 0 {
            return Err(Sense::list_field(0, None));
        }
        if header.u16(6) != 0 {
            return Err(Sense::list_field(6, None));
        }
        let mut at = HEADER_BYTES;
        let mut new = None;
        while let Some(rest) = list.get(at..).filter(|rest| !rest.is_empty()) {
            let page = Fields(rest);
            let expected = match page.u8(0) {
                WRITE_PAGE if long => PAGE_BYTES + OWN_BYTES,
                WRITE_PAGE => PAGE_BYTES,
                0x01 => RECOVERY_PAGE.len(),
                // PS is for MODE SENSE only; a page nobody knows points at its code.
                other => return Err(Sense::list_field(at, (other & 0x80 != 0).then_some(7))),
            };
            if usize::from(page.u8(1)) + 2 != expected {
                return Err(Sense::list_field(at + 1, None));
            }
            let Some(bytes) = rest.get(..expected) else { return Err(Sense::new(5, 0x1a, 0x00)) };
            if page.u8(0) == WRITE_PAGE {
                check(bytes, at, obeying)?;
                new = bytes.get(..PAGE_BYTES);
            }
            at += expected;
        }
        if let Some(bytes) = new {
            self.bytes.copy_from_slice(bytes);
            self.bytes[1] = DEFAULT[1];
            self.selected = true;
        }
        Ok(())
    }

    /// The reply to a MODE SENSE(10): `control` is the PC field, `code` the page.
    pub(super) fn sense(&self, control: u8, code: u8, speeds: &Speeds<'_>) -> Result<Vec<u8>, Sense> {
        let mut pages = Vec::new();
        let mut known = false;
        if matches!(code, 0x01 | 0x3f) {
            known = true;
            pages.extend_from_slice(&masked(&RECOVERY_PAGE, control, &[]));
        }
        if matches!(code, WRITE_PAGE | 0x3f) {
            known = true;
            let page = if control == 2 { &DEFAULT } else { &self.bytes };
            // Changeable: write type to data block type, link and packet size, session format, pause.
            let changeable: &[(usize, u8)] = &[
                (2, 0x7f),
                (3, 0xff),
                (4, 0x0f),
                (5, 0xff),
                (10, 0xff),
                (11, 0xff),
                (12, 0xff),
                (13, 0xff),
                (14, 0xff),
                (15, 0xff),
            ];
            let mut page = masked(page, control, changeable);
            if speeds.long_write_page {
                // PS: it could be saved, which changes nothing for who does not want that.
                page[0] |= 0x80;
                page[1] = 0x36;
                page.extend_from_slice(&[0; OWN_BYTES]);
            }
            pages.extend_from_slice(&page);
        }
        if matches!(code, 0x2a | 0x3f) {
            known = true;
            pages.extend_from_slice(&masked(&capabilities(speeds), control, &[]));
        }
        if !known {
            return Err(Sense::cdb_field(2, Some(5)));
        }
        let mut body = vec![0; HEADER_BYTES - 2];
        body.extend_from_slice(&pages);
        Ok(super::family::counted(&body))
    }
}

/// Checks page 05h, which stands at `at` of the parameter list.
fn check(page: &[u8], at: usize, obeying: Option<Nature>) -> Result<(), Sense> {
    let page = Fields(page);
    let refuse = |byte: usize, bit: u8| Err(Sense::list_field(at + byte, Some(bit)));
    if page.u8(2) & 0x80 != 0 {
        return refuse(2, 7);
    }
    // This drive has no test write (feature 002Dh says so too).
    if page.bit(2, 4) {
        return refuse(2, 4);
    }
    if page.u8(3) >> 6 == 2 {
        return refuse(3, 7);
    }
    if page.u8(4) & 0xf0 != 0 {
        return refuse(4, 7);
    }
    let wrong = match obeying {
        None => None,
        Some(Nature::Cd) => wrong_for_cd(page),
        Some(_) => wrong_for_dvd(page),
    };
    wrong.map_or(Ok(()), |(byte, bit)| refuse(byte, bit))
}

/// Which byte and bit a CD can't follow (MMC-6 7.5.4).
fn wrong_for_cd(page: Fields<'_>) -> Option<(usize, u8)> {
    // Session at once, the cue sheet says what the tracks are.
    let told_later = page.u8(2) & 0x0f == AT_ONCE;
    let checks = [
        (told_later || page.u8(2) & 0x0f == TRACK_AT_ONCE, (2, 3)),
        (told_later || !page.bit(3, 5), (3, 5)),
        (told_later || page.u8(3) & 0x0f == 4, (3, 3)),
        (told_later || page.u8(4) & 0x0f == 8, (4, 3)),
        (page.u8(8) == 0, (8, 7)),
    ];
    checks.into_iter().find(|(right, _)| !right).map(|(_, place)| place)
}

/// Which byte and bit a DVD-R or DVD-RW can't follow: in increments it takes packets of one ECC unit if they are fixed, linked by one
/// unit; at once it takes a single session.
fn wrong_for_dvd(page: Fields<'_>) -> Option<(usize, u8)> {
    let at_once = page.u8(2) & 0x0f == AT_ONCE;
    let checks = [
        (at_once || page.u8(2) & 0x0f == INCREMENTAL, (2, 3)),
        (at_once || page.bit(2, 5), (2, 5)),
        (if at_once { page.u8(3) >> 6 == 0 } else { page.u8(3) >> 6 != 1 }, (3, 7)),
        (!(at_once && page.bit(3, 5)), (3, 5)),
        (matches!(page.u8(3) & 0x0f, 4 | 5), (3, 3)),
        (page.u8(4) & 0x0f == 8, (4, 3)),
        (at_once || page.u8(5) == 0x10, (5, 7)),
        (page.u8(8) == 0, (8, 7)),
        (!page.bit(3, 5) || page.u32(10) == 16, (10, 7)),
    ];
    checks.into_iter().find(|(right, _)| !right).map(|(_, place)| place)
}

/// The page as PC wants it: values, or for 1 the mask of what can be changed.
fn masked(page: &[u8], control: u8, changeable: &[(usize, u8)]) -> Vec<u8> {
    let mut out = page.to_vec();
    if control == 1 {
        if let Some(values) = out.get_mut(2..) {
            values.fill(0);
        }
        for (at, mask) in changeable {
            if let Some(byte) = out.get_mut(*at) {
                *byte = *mask;
            }
        }
    }
    out
}

/// What page 2Ah says of speeds, in kB/s.
#[derive(Debug)]
pub(super) struct Speeds<'a> {
    pub(super) read: u32,
    pub(super) write: u32,
    pub(super) writes: &'a [u32],
    pub(super) prevented: bool,
    pub(super) buffer_kib: u32,
    /// Quirk `longpage`.
    pub(super) long_write_page: bool,
}

fn capabilities(speeds: &Speeds<'_>) -> Vec<u8> {
    let word = |n: u32| u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes();
    let count = u32::try_from(speeds.writes.len()).unwrap_or(0);
    let mut page = vec![0; 32];
    page[0] = 0x2a;
    page[1] = low_byte(30 + 4 * count);
    // CD-R, CD-RW (by method 2 too), DVD-ROM, DVD-R, DVD-RAM are read; the writable ones of them are written.
    page[2] = 0x3f;
    page[3] = 0x33;
    page[4] = 0xd0;
    // Tray, can eject, can lock; bit 1 is the lock's state.
    page[6] = 0x29 | if speeds.prevented { 0x02 } else { 0 };
    let most = speeds.writes.first().copied().unwrap_or(0);
    for (at, value) in [(8, speeds.read), (12, speeds.buffer_kib), (14, speeds.read), (18, most), (20, speeds.write)] {
        page[at..at + 2].copy_from_slice(&word(value));
    }
    page[28..30].copy_from_slice(&word(speeds.write));
    page[30..32].copy_from_slice(&word(count));
    for speed in speeds.writes {
        page.extend_from_slice(&[0, 0]);
        page.extend_from_slice(&word(*speed));
    }
    page
}
