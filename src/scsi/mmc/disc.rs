//! READ DISC INFORMATION and READ TRACK INFORMATION: what is on the medium and where it goes on (MMC-6 6.21, 6.26).

use crate::scsi::command::{Command, Variable};
use crate::scsi::wire::{Fields, Short, at_least};
use crate::scsi::{Cdb, Opcode};
use crate::sector::{Lba, Sectors};

/// READ DISC INFORMATION, standard data (type 000b).
#[derive(Debug)]
pub struct ReadDiscInformation;

/// Status of the disc as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscStatus {
    /// Nothing recorded.
    Empty,
    /// Can be appended to.
    Incomplete,
    /// Closed for ever (or until it is blanked).
    Finalised,
    /// Neither: randomly writable media that know no sessions.
    Other,
}

/// State of the last session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// Nothing recorded in it.
    Empty,
    /// Begun and not closed.
    Incomplete,
    /// Damaged or reserved.
    Damaged,
    /// Closed.
    Complete,
}

/// Background formatting of DVD+RW (MMC-6 6.21.3.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatState {
    /// Never formatted, or not a medium that is formatted in the background.
    None,
    /// Begun and stopped.
    Suspended,
    /// Going on.
    Running,
    /// Done.
    Complete,
}

/// What READ DISC INFORMATION says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscInformation {
    /// Can be blanked or overwritten.
    pub erasable: bool,
    /// Status of the disc.
    pub status: DiscStatus,
    /// State of the last session.
    pub last_session: SessionState,
    /// Number of sessions; on an appendable disc the empty one at the end counts.
    pub sessions: u16,
    /// First track on the disc.
    pub first_track: u16,
    /// First track of the last session.
    pub first_track_of_last_session: u16,
    /// Last track of the last session; on an appendable disc the invisible one that is written next.
    pub last_track: u16,
    /// Background formatting.
    pub format: FormatState,
    /// How many power calibrations the drive keeps of this medium: with one, it need not be told to make another.
    pub calibrations: u8,
    /// Last possible start of the lead-out as the four bytes of the reply: M, S, F on a CD, an address elsewhere.
    last_lead_out: [u8; 4],
}

impl DiscInformation {
    /// Where the lead-out may start at the latest on a CD: the sectors of the disc. `None` where the drive does not say.
    #[must_use]
    pub fn cd_capacity(&self) -> Option<Sectors> {
        let [_, minutes, seconds, frames] = self.last_lead_out;
        sectors_before(minutes, seconds, frames)
    }
}

/// Sectors before the address M:S:F on a CD (MMC-6 table 675): 75 frames a second, 150 frames before sector 0.
pub(super) fn sectors_before(minutes: u8, seconds: u8, frames: u8) -> Option<Sectors> {
    if minutes >= 90 || seconds >= 60 || frames >= 75 {
        return None;
    }
    let frame = (u32::from(minutes) * 60 + u32::from(seconds)) * 75 + u32::from(frames);
    frame.checked_sub(150).map(Sectors)
}

/// 34 bytes, and 8 for each of 255 power calibrations.
const MOST_DISC_INFORMATION: usize = 34 + 255 * 8;

impl Command for ReadDiscInformation {
    const OPCODE: Opcode = Opcode::ReadDiscInformation;
    type Reply = DiscInformation;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE)
    }
    fn allocation(&self) -> usize {
        MOST_DISC_INFORMATION
    }
    fn variable(&self) -> Option<Variable> {
        Some(Variable { first: 2, available: |head| 2 + usize::from(head.u16_at(0)) })
    }
    fn parse(&self, reply: &[u8]) -> Result<DiscInformation, Short> {
        let reply = at_least(Self::OPCODE, reply, 24)?;
        let wide = |low: usize, high: usize| u16::from_be_bytes([reply.u8_at(high), reply.u8_at(low)]);
        Ok(DiscInformation {
            erasable: reply.u8_at(2) & 0x10 != 0,
            status: match reply.u8_at(2) & 0b11 {
                0 => DiscStatus::Empty,
                1 => DiscStatus::Incomplete,
                2 => DiscStatus::Finalised,
                _ => DiscStatus::Other,
            },
            last_session: match (reply.u8_at(2) >> 2) & 0b11 {
                0 => SessionState::Empty,
                1 => SessionState::Incomplete,
                2 => SessionState::Damaged,
                _ => SessionState::Complete,
            },
            sessions: wide(4, 9),
            first_track: u16::from(reply.u8_at(3)),
            first_track_of_last_session: wide(5, 10),
            last_track: wide(6, 11),
            format: match reply.u8_at(7) & 0b11 {
                0 => FormatState::None,
                1 => FormatState::Suspended,
                2 => FormatState::Running,
                _ => FormatState::Complete,
            },
            calibrations: reply.u8_at(33),
            last_lead_out: [reply.u8_at(20), reply.u8_at(21), reply.u8_at(22), reply.u8_at(23)],
        })
    }
}

/// READ TRACK INFORMATION.
#[derive(Debug)]
pub struct ReadTrackInformation(pub TrackAddress);

/// How a track is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackAddress {
    /// By its number.
    Number(u16),
    /// The one that is written next on CD and DVD+R (track FFh).
    Invisible,
    /// The first one of a session.
    Session(u16),
    /// The one a sector belongs to.
    Lba(Lba),
}

/// What READ TRACK INFORMATION says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackInformation {
    /// Track number.
    pub track: u16,
    /// The session it belongs to.
    pub session: u16,
    /// Writing it was broken off.
    pub damaged: bool,
    /// Nothing is recorded in it.
    pub blank: bool,
    /// It holds data, not sound (track mode bit 2).
    pub data: bool,
    /// Its length was reserved before it was written.
    pub reserved: bool,
    /// Written in packets, or incrementally.
    pub packet: bool,
    /// First sector.
    pub start: Lba,
    /// Where the next WRITE has to go, if the drive says it can take one.
    pub next_writable: Option<Lba>,
    /// Sectors that can still be written.
    pub free: Sectors,
    /// Sectors of a fixed packet, or of an ECC unit: what a WRITE has to be a multiple of. 0 where the drive does not say.
    pub blocking: Sectors,
    /// Its length; on a CD track that was written at once the two run-out blocks count.
    pub size: Sectors,
    /// The last sector that was written, if the drive says.
    pub last_recorded: Option<Lba>,
}

impl Command for ReadTrackInformation {
    const OPCODE: Opcode = Opcode::ReadTrackInformation;
    type Reply = TrackInformation;
    fn cdb(&self) -> Cdb {
        let (kind, address) = match self.0 {
            TrackAddress::Lba(at) => (0b00, at.0),
            TrackAddress::Number(number) => (0b01, u32::from(number)),
            TrackAddress::Invisible => (0b01, 0xff),
            TrackAddress::Session(number) => (0b10, u32::from(number)),
        };
        Cdb::new(Self::OPCODE).byte(1, kind).u32(2, address).u16(7, 36)
    }
    fn allocation(&self) -> usize {
        36
    }
    fn parse(&self, reply: &[u8]) -> Result<TrackInformation, Short> {
        let reply = at_least(Self::OPCODE, reply, 28)?;
        let wide = |low: usize, high: usize| u16::from_be_bytes([reply.u8_at(high), reply.u8_at(low)]);
        let next_writable_valid = reply.u8_at(7) & 0x01 != 0;
        let start = signed_lba(reply.u32_at(8));
        Ok(TrackInformation {
            track: wide(2, 32),
            session: wide(3, 33),
            damaged: reply.u8_at(5) & 0x20 != 0,
            blank: reply.u8_at(6) & 0x40 != 0,
            data: reply.u8_at(5) & 0x04 != 0,
            reserved: reply.u8_at(6) & 0x80 != 0,
            packet: reply.u8_at(6) & 0x20 != 0,
            start,
            next_writable: next_writable_valid.then(|| signed_lba(reply.u32_at(12)).max(start)),
            free: Sectors(reply.u32_at(16)),
            blocking: Sectors(reply.u32_at(20)),
            size: Sectors(reply.u32_at(24)),
            // Older, shorter replies end before it.
            last_recorded: (reply.u8_at(7) & 0x02 != 0 && reply.len() >= 32).then(|| signed_lba(reply.u32_at(28))),
        })
    }
    fn describe(&self) -> String {
        match self.0 {
            TrackAddress::Number(number) => format!("{} of track {number}", Self::OPCODE),
            TrackAddress::Invisible => format!("{} of the next track", Self::OPCODE),
            TrackAddress::Session(number) => format!("{} of session {number}", Self::OPCODE),
            TrackAddress::Lba(at) => format!("{} of the track with sector {at}", Self::OPCODE),
        }
    }
}

/// Some drives give the pre-gap's address, -150, for a blank CD: user data still begins at 0.
fn signed_lba(field: u32) -> Lba {
    Lba(if field >= 0x8000_0000 { 0 } else { field })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_the_standards_bytes() {
        assert_eq!(ReadDiscInformation.cdb_asking(34).as_bytes(), [0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0]);
        let invisible = ReadTrackInformation(TrackAddress::Invisible);
        assert_eq!(invisible.cdb().as_bytes(), [0x52, 1, 0, 0, 0, 0xff, 0, 0, 36, 0]);
        let third = ReadTrackInformation(TrackAddress::Number(3));
        assert_eq!(third.cdb().as_bytes(), [0x52, 1, 0, 0, 0, 3, 0, 0, 36, 0]);
        let session = ReadTrackInformation(TrackAddress::Session(2));
        assert_eq!(session.cdb().as_bytes(), [0x52, 2, 0, 0, 0, 2, 0, 0, 36, 0]);
        let sector = ReadTrackInformation(TrackAddress::Lba(Lba(0x3108)));
        assert_eq!(sector.cdb().as_bytes(), [0x52, 0, 0, 0, 0x31, 0x08, 0, 0, 36, 0]);
    }

    #[test]
    fn a_blank_cd_r_of_80_minutes_is_recognised() {
        let mut reply = [0; 34];
        reply[..12].copy_from_slice(&[0x00, 0x20, 0x00, 0x01, 0x01, 0x01, 0x01, 0x00, 0xff, 0, 0, 0]);
        reply[16..24].copy_from_slice(&[0x00, 0x61, 0x0f, 0x05, 0x00, 0x4f, 0x3b, 0x4a]);
        let info = ReadDiscInformation.parse(&reply).unwrap();
        assert_eq!((info.status, info.last_session, info.sessions), (DiscStatus::Empty, SessionState::Empty, 1));
        assert!(!info.erasable);
        assert_eq!(info.cd_capacity(), Some(Sectors(359_849)));
        for len in 0..reply.len() {
            let _ = ReadDiscInformation.parse(&reply[..len]);
        }
    }

    #[test]
    fn the_next_track_of_an_appendable_cd_is_read_byte_for_byte() {
        #[rustfmt::skip]
        let reply = [
            0x00, 0x22, 0x02, 0x02, 0x00, 0x04, 0x4f, 0x01,
            0x00, 0x00, 0x31, 0x08, 0x00, 0x00, 0x31, 0x08, 0x00, 0x05, 0x4c, 0xa1,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x4c, 0xa1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        let track = ReadTrackInformation(TrackAddress::Invisible).parse(&reply).unwrap();
        assert_eq!((track.track, track.session), (2, 2));
        assert_eq!(track.next_writable, Some(Lba(12_552)));
        assert_eq!(track.free, Sectors(347_297));
        assert!(track.blank && !track.damaged);
        for len in 0..reply.len() {
            let _ = ReadTrackInformation(TrackAddress::Invisible).parse(&reply[..len]);
        }
    }

    #[test]
    fn a_negative_next_writable_address_means_the_start() {
        let mut reply = [0u8; 36];
        reply[7] = 1;
        reply[12..16].copy_from_slice(&(-150i32).to_be_bytes());
        let track = ReadTrackInformation(TrackAddress::Invisible).parse(&reply).unwrap();
        assert_eq!(track.next_writable, Some(Lba(0)));
    }
}
