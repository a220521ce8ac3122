//! READ TOC/PMA/ATIP: the table of contents, and what is pressed into a blank CD (MMC-6 6.25).

use super::disc::sectors_before;
use crate::scsi::command::{Command, Variable};
use crate::scsi::wire::{Fields, Short, at_least};
use crate::scsi::{Cdb, Opcode};
use crate::sector::{Lba, Sectors};

/// READ TOC, format 0000b: the tracks of all closed sessions.
#[derive(Debug)]
pub struct ReadToc;

/// A track in the table of contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TocTrack {
    /// Its number; AAh is the lead-out.
    pub number: u8,
    /// First sector.
    pub start: Lba,
    /// Holds data, not sound.
    pub data: bool,
}

impl TocTrack {
    /// The track number that stands for the lead-out.
    pub const LEAD_OUT: u8 = 0xaa;
}

/// 99 tracks and the lead-out, behind four bytes.
const TOC_BYTES: usize = 4 + 100 * 8;
/// Data length, first and last track or session.
const TOC_HEADER: Variable = Variable { first: 4, available: |head| 2 + usize::from(head.u16_at(0)) };

impl Command for ReadToc {
    const OPCODE: Opcode = Opcode::ReadTocPmaAtip;
    type Reply = Vec<TocTrack>;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE)
    }
    fn allocation(&self) -> usize {
        TOC_BYTES
    }
    fn variable(&self) -> Option<Variable> {
        Some(TOC_HEADER)
    }
    fn parse(&self, reply: &[u8]) -> Result<Vec<TocTrack>, Short> {
        let reply = at_least(Self::OPCODE, reply, 4)?;
        let end = reply.len().min(2 + usize::from(reply.u16_at(0))).max(4);
        let tracks = reply[4..end].chunks_exact(8);
        Ok(tracks
            .map(|track| TocTrack {
                number: track.u8_at(2),
                start: Lba(track.u32_at(4)),
                data: track.u8_at(1) & 0x04 != 0,
            })
            .collect())
    }
}

/// READ ATIP, format 0100b: the pre-groove of a CD-R or CD-RW.
#[derive(Debug)]
pub struct ReadAtip;

impl Command for ReadAtip {
    const OPCODE: Opcode = Opcode::ReadTocPmaAtip;
    /// Sectors the disc has room for: where its lead-out may start at the latest.
    type Reply = Option<Sectors>;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).flag(1, 1, true).byte(2, 0b0100)
    }
    fn allocation(&self) -> usize {
        28
    }
    fn variable(&self) -> Option<Variable> {
        Some(TOC_HEADER)
    }
    fn parse(&self, reply: &[u8]) -> Result<Option<Sectors>, Short> {
        let reply = at_least(Self::OPCODE, reply, 15)?;
        Ok(sectors_before(reply.u8_at(12), reply.u8_at(13), reply.u8_at(14)))
    }
    fn describe(&self) -> String {
        "READ TOC/PMA/ATIP (ATIP)".to_owned()
    }
}

/// READ TOC, format 0001b: where the last closed session begins. It is what an operating system asks before it mounts a disc.
#[derive(Debug)]
pub struct ReadLastSession;

impl Command for ReadLastSession {
    const OPCODE: Opcode = Opcode::ReadTocPmaAtip;
    /// First sector of the first track of the last closed session; none where no session is closed.
    type Reply = Option<Lba>;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).byte(2, 0b0001).u16(7, 12)
    }
    fn allocation(&self) -> usize {
        12
    }
    fn parse(&self, reply: &[u8]) -> Result<Option<Lba>, Short> {
        let reply = at_least(Self::OPCODE, reply, 12)?;
        let last_session = reply.u8_at(3);
        Ok((last_session > 0).then(|| Lba(reply.u32_at(8))))
    }
    fn describe(&self) -> String {
        "READ TOC/PMA/ATIP (last session)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_the_standards_bytes() {
        assert_eq!(ReadToc.cdb_asking(0x14).as_bytes(), [0x43, 0, 0, 0, 0, 0, 0, 0, 0x14, 0]);
        assert_eq!(ReadAtip.cdb_asking(28).as_bytes(), [0x43, 0x02, 0x04, 0, 0, 0, 0, 0, 28, 0]);
    }

    #[test]
    fn the_last_of_two_sessions_begins_with_the_second_track() {
        assert_eq!(ReadLastSession.cdb().as_bytes(), [0x43, 0, 0x01, 0, 0, 0, 0, 0, 12, 0]);
        let reply = [0x00, 0x0a, 0x01, 0x02, 0x00, 0x14, 0x02, 0x00, 0x00, 0x00, 0x31, 0x08];
        assert_eq!(ReadLastSession.parse(&reply).unwrap(), Some(Lba(12_552)));
        for len in 0..reply.len() {
            assert!(ReadLastSession.parse(&reply[..len]).is_err());
        }
    }

    #[test]
    fn the_tracks_and_the_lead_out_are_listed() {
        #[rustfmt::skip]
        let reply = [
            0x00, 0x12, 1, 1,
            0, 0x14, 1, 0, 0, 0, 0, 0,
            0, 0x14, 0xaa, 0, 0, 0, 0x04, 0x80,
        ];
        let toc = ReadToc.parse(&reply).unwrap();
        assert_eq!(toc[0], TocTrack { number: 1, start: Lba(0), data: true });
        assert_eq!(toc[1], TocTrack { number: TocTrack::LEAD_OUT, start: Lba(1152), data: true });
        for len in 0..reply.len() {
            let _ = ReadToc.parse(&reply[..len]);
            let _ = ReadAtip.parse(&reply[..len]);
        }
    }
}
