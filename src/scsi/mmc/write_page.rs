//! Mode page 05h, Write Parameters (MMC-6 7.5): how a CD, DVD-R or DVD-RW is going to be written.
//!
//! The page is sensed, changed and sent back, never made from nothing: fields that are not ours keep what the drive put there.

use crate::scsi::spc::{ModeSelect10, ModeSense10};

/// Whether sessions may follow the one that is written next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Append {
    /// Multi-session field 11b: the disc stays appendable.
    Allowed,
    /// Multi-session field 00b: the disc is final.
    Final,
}

/// The page as the drive sent it, from the page code on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteParameters(Vec<u8>);

/// Byte 2: protected against an empty buffer.
const BUFE: u8 = 0x40;
/// Byte 2: the link size in byte 5 is valid.
const LS_V: u8 = 0x20;
/// Byte 2, write type: packets, or incremental.
const INCREMENTAL: u8 = 0;
/// Byte 2, write type: track at once.
const TRACK_AT_ONCE: u8 = 1;
/// Byte 2, write type: session at once on CD, disc at once on DVD.
const AT_ONCE: u8 = 2;
/// Byte 3: packets of fixed length.
const FIXED_PACKETS: u8 = 0x20;
/// Byte 3, track mode: data, recorded uninterrupted.
const UNINTERRUPTED: u8 = 4;
/// Byte 3, track mode: data, recorded incrementally.
const INCREMENTED: u8 = 5;
/// Sectors in a packet, and in the link between packets: an ECC unit of a DVD.
const ECC_UNIT: u8 = 16;

/// Whether the medium is written in packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packets {
    None,
    Plain,
    Linked,
}

/// Page code.
const PAGE: u8 = 0x05;
/// The page's two header bytes and the 50 it has at least.
const PAGE_BYTES: usize = 52;

impl WriteParameters {
    /// The command that asks for the page.
    #[must_use]
    pub fn sense() -> ModeSense10 {
        ModeSense10 { page: PAGE }
    }

    /// Takes the page that [`sense`](WriteParameters::sense) brought. A page shorter than the standard's is filled up.
    #[must_use]
    pub fn new(mut page: Vec<u8>) -> WriteParameters {
        if page.len() < PAGE_BYTES {
            page.resize(PAGE_BYTES, 0);
            page[0] = PAGE;
            page[1] = 0x32;
        }
        WriteParameters(page)
    }

    /// The page with nothing in it but what the recipe asks for, for a drive that refused its own page with the recipe's changes
    /// (5/26/00): no more bytes than the standard has, everything else zero. Call the recipe's function on it again.
    #[must_use]
    pub fn minimal() -> WriteParameters {
        WriteParameters::new(Vec::new())
    }

    /// A CD track at once: data, mode 1 sectors of 2048 bytes, the laser on, protected against an empty buffer.
    #[must_use]
    pub fn cd_track_at_once(self, append: Append) -> WriteParameters {
        self.with(BUFE | TRACK_AT_ONCE, append, UNINTERRUPTED, Packets::None)
    }

    /// A CD session at once: the cue sheet says the rest.
    #[must_use]
    pub fn cd_session_at_once(self, append: Append) -> WriteParameters {
        self.with(BUFE | AT_ONCE, append, UNINTERRUPTED, Packets::None)
    }

    /// DVD-R and DVD-RW sequential, incremental: packets of one ECC unit, linked by one.
    #[must_use]
    pub fn dvd_incremental(self, append: Append) -> WriteParameters {
        self.with(BUFE | LS_V | INCREMENTAL, append, FIXED_PACKETS | INCREMENTED, Packets::Linked)
    }

    /// DVD-R, DVD-RW sequential and DVD-R DL: the whole disc at once. No session can follow.
    #[must_use]
    pub fn dvd_disc_at_once(self) -> WriteParameters {
        self.with(BUFE | AT_ONCE, Append::Final, INCREMENTED, Packets::None)
    }

    /// DVD-RW in restricted overwrite. The standard does not ask for the page there; some drives do.
    #[must_use]
    pub fn restricted_overwrite(self) -> WriteParameters {
        self.with(BUFE | INCREMENTAL, Append::Final, FIXED_PACKETS | INCREMENTED, Packets::Plain)
    }

    /// DVD+R. The standard does not ask for the page there; some firmware obeys its multi-session bits when it closes a session.
    #[must_use]
    pub fn plus_r(self, append: Append) -> WriteParameters {
        self.with(BUFE | TRACK_AT_ONCE, append, INCREMENTED, Packets::None)
    }

    /// Data in sectors of 2048 bytes, the laser on; everything else as asked for.
    fn with(mut self, how: u8, append: Append, track: u8, packets: Packets) -> WriteParameters {
        let page = &mut self.0;
        page[2] = how;
        page[3] = track
            | match append {
                Append::Allowed => 0b1100_0000,
                Append::Final => 0,
            };
        // Data block type: mode 1, 2048 bytes.
        page[4] = 8;
        page[5] = if packets == Packets::Linked { ECC_UNIT } else { 0 };
        // Session format: CD-DA, CD-ROM, or other than CD.
        page[8] = 0;
        page[10..14].copy_from_slice(&[0, 0, 0, if packets == Packets::None { 0 } else { ECC_UNIT }]);
        // Audio pause, its default.
        page[14..16].copy_from_slice(&[0, 150]);
        self
    }

    /// The command that sends the page back.
    #[must_use]
    pub fn select(&self) -> ModeSelect10 {
        ModeSelect10::new(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scsi::command::Command;

    #[test]
    fn an_appendable_track_at_once_is_the_standards_page() {
        let page = WriteParameters::new(Vec::new()).cd_track_at_once(Append::Allowed);
        let mut list = vec![0; 60];
        list[8..14].copy_from_slice(&[0x05, 0x32, 0x41, 0xc4, 0x08, 0x00]);
        list[8 + 15] = 0x96;
        assert_eq!(page.select().parameters(), list);
    }

    #[test]
    fn fields_that_are_not_ours_keep_the_drives_values() {
        let mut sensed = vec![0; 56];
        sensed[..2].copy_from_slice(&[0x85, 0x36]);
        sensed[7] = 0x3f;
        sensed[55] = 0x77;
        let page = WriteParameters::new(sensed).cd_track_at_once(Append::Final);
        let list = page.select().parameters().to_vec();
        assert_eq!((list[8], list[9], list[8 + 3], list[8 + 7], list[8 + 55]), (0x05, 0x36, 0x04, 0x3f, 0x77));
    }

    #[test]
    fn every_recipe_is_the_standards_bytes() {
        let list = |page: WriteParameters| page.select().parameters()[8..24].to_vec();
        let page = WriteParameters::minimal;
        #[rustfmt::skip]
        let pages = [
            (page().cd_track_at_once(Append::Final), [0x05, 0x32, 0x41, 0x04, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0, 0x96]),
            (page().cd_session_at_once(Append::Allowed), [0x05, 0x32, 0x42, 0xc4, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0, 0x96]),
            (page().cd_session_at_once(Append::Final), [0x05, 0x32, 0x42, 0x04, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0, 0x96]),
            (page().dvd_incremental(Append::Allowed), [0x05, 0x32, 0x60, 0xe5, 0x08, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x96]),
            (page().dvd_incremental(Append::Final), [0x05, 0x32, 0x60, 0x25, 0x08, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x96]),
            (page().dvd_disc_at_once(), [0x05, 0x32, 0x42, 0x05, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0, 0x96]),
            (page().restricted_overwrite(), [0x05, 0x32, 0x40, 0x25, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x96]),
            (page().plus_r(Append::Allowed), [0x05, 0x32, 0x41, 0xc5, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0, 0x96]),
            (page().plus_r(Append::Final), [0x05, 0x32, 0x41, 0x05, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0, 0x96]),
        ];
        for (found, expected) in pages {
            assert_eq!(list(found), expected);
        }
    }
}
