//! What is told to the drive before a session, or a whole disc, is written at once: RESERVE TRACK and SEND CUE SHEET (MMC-6 6.31, 6.33).

use std::time::Duration;

use crate::scsi::command::Command;
use crate::scsi::deadline::timeout;
use crate::scsi::wire::Short;
use crate::scsi::{Cdb, During, Opcode};
use crate::sector::{Lba, Sectors};

/// Where a CD session that is written at once begins: the 150 sectors before sector 0, as the two's complement that CDBs carry.
pub const PRE_GAP_START: Lba = Lba(0xffff_ff6a);
/// How many sectors there are before sector 0.
pub const PRE_GAP: Sectors = Sectors(150);

/// RESERVE TRACK: the exact number of sectors that are going to be written. A DVD-R written at once has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveTrack {
    /// Whole ECC units.
    pub sectors: Sectors,
}

impl Command for ReserveTrack {
    const OPCODE: Opcode = Opcode::ReserveTrack;
    const DURING: During = During::SetUp;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).u32(5, self.sectors.0)
    }
    fn timeout(&self) -> Duration {
        timeout::SET_UP
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
    fn describe(&self) -> String {
        format!("{} of {} sectors", Self::OPCODE, self.sectors)
    }
}

/// SEND CUE SHEET: what a CD session that is written at once consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendCueSheet {
    sheet: [u8; 32],
}

/// Control 4 (a data track), ADR 1.
const DATA_TRACK: u8 = 0x41;
/// Data form: mode 1, the drive makes the sectors' frames; in the lead-in and lead-out there is no content to send.
const MODE_1: u8 = 0x10;
const MODE_1_NO_CONTENT: u8 = 0x14;

impl SendCueSheet {
    /// One data track of `sectors`, which begins at sector 0. The lead-out's address ends at 99:59:74; no CD is as long.
    #[must_use]
    pub fn data_track(sectors: Sectors) -> SendCueSheet {
        let frames = sectors.0.saturating_add(PRE_GAP.0).min(100 * 60 * 75 - 1);
        let [minutes, seconds, frames] =
            [frames / (60 * 75), frames / 75 % 60, frames % 75].map(|part| u8::try_from(part).unwrap_or(0));
        #[rustfmt::skip]
        let sheet = [
            // Control and ADR, track, index, data form, copy bits, M, S, F.
            DATA_TRACK, 0x00, 0x00, MODE_1_NO_CONTENT, 0, 0, 0, 0,
            DATA_TRACK, 0x01, 0x00, MODE_1, 0, 0, 0, 0,
            DATA_TRACK, 0x01, 0x01, MODE_1, 0, 0, 2, 0,
            DATA_TRACK, 0xaa, 0x01, MODE_1_NO_CONTENT, 0, minutes, seconds, frames,
        ];
        SendCueSheet { sheet }
    }
}

impl Command for SendCueSheet {
    const OPCODE: Opcode = Opcode::SendCueSheet;
    const DURING: During = During::SetUp;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        // The length has three bytes, 6 to 8.
        Cdb::new(Self::OPCODE).u16(7, 32)
    }
    fn timeout(&self) -> Duration {
        timeout::SET_UP
    }
    fn parameters(&self) -> &[u8] {
        &self.sheet
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_the_standards_bytes() {
        let reserved = ReserveTrack { sectors: Sectors(0x0001_0210) };
        assert_eq!(reserved.cdb().as_bytes(), [0x53, 0, 0, 0, 0, 0x00, 0x01, 0x02, 0x10, 0]);
    }

    #[test]
    fn the_cue_sheet_of_a_data_track_of_1000_sectors_is_the_standards_bytes() {
        let cue = SendCueSheet::data_track(Sectors(1000));
        assert_eq!(cue.cdb().as_bytes(), [0x5d, 0, 0, 0, 0, 0, 0, 0, 32, 0]);
        #[rustfmt::skip]
        assert_eq!(cue.parameters(), [
            0x41, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00,
            0x41, 0x01, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
            0x41, 0x01, 0x01, 0x10, 0x00, 0x00, 0x02, 0x00,
            0x41, 0xaa, 0x01, 0x14, 0x00, 0x00, 0x0f, 0x19,
        ]);
        assert_eq!(SendCueSheet::data_track(Sectors(359_849)).parameters()[29..], [79, 59, 74]);
        assert_eq!(SendCueSheet::data_track(Sectors(u32::MAX)).parameters()[29..], [99, 59, 74]);
        assert_eq!(PRE_GAP_START.0.wrapping_add(PRE_GAP.0), 0);
    }
}
