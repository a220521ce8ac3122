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

/// Page code.
const PAGE: u8 = 0x05;
/// The page's two header bytes and the 50 it has at least.
const PAGE_BYTES: usize = 52;

impl WriteParameters {
    /// The command that asks for the page.
    #[must_use]
    pub fn sense() -> ModeSense10 {
        ModeSense10 { page: PAGE, allocation: 8 + 56 }
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

    /// A CD track at once: data, mode 1 sectors of 2048 bytes, the laser on, protected against an empty buffer.
    #[must_use]
    pub fn cd_track_at_once(mut self, append: Append) -> WriteParameters {
        let page = &mut self.0;
        // BUFE; write type 01b.
        page[2] = 0x41;
        // Multi-session; track mode 4, uninterrupted data.
        page[3] = match append {
            Append::Allowed => 0xc4,
            Append::Final => 0x04,
        };
        // Data block type 8, mode 1.
        page[4] = 0x08;
        page[5] = 0;
        // Session format: CD-DA or CD-ROM.
        page[8] = 0;
        // Packet size 0, audio pause 150.
        page[10..16].copy_from_slice(&[0, 0, 0, 0, 0, 150]);
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
}
