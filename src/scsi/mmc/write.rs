//! What a burn needs beside WRITE: blanking, closing, speed, power calibration, the drive's buffer (MMC-6 clause 6).

use std::time::Duration;

use crate::scsi::command::Command;
use crate::scsi::deadline::timeout;
use crate::scsi::wire::{Fields, Short, at_least};
use crate::scsi::{Cdb, During, Opcode};
use crate::sector::Lba;

/// BLANK (MMC-6 6.2).
#[derive(Debug)]
pub struct Blank {
    /// How much.
    pub extent: BlankExtent,
    /// Return before it is done.
    pub immediate: bool,
}

/// How much of a medium is blanked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlankExtent {
    /// Every sector: tens of minutes.
    Full,
    /// What says that something is recorded: a minute or two.
    Minimal,
}

impl Command for Blank {
    const OPCODE: Opcode = Opcode::Blank;
    const DURING: During = During::Blank;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        let extent = match self.extent {
            BlankExtent::Full => 0b000,
            BlankExtent::Minimal => 0b001,
        };
        Cdb::new(Self::OPCODE).byte(1, extent).flag(1, 4, self.immediate)
    }
    fn timeout(&self) -> Duration {
        timeout::erase(self.immediate)
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

/// CLOSE TRACK SESSION (MMC-6 6.3).
#[derive(Debug)]
pub struct CloseTrackSession {
    /// What to close.
    pub function: CloseFunction,
    /// Return before it is done.
    pub immediate: bool,
}

/// What is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseFunction {
    /// DVD+RW: stop formatting in the background, so that the disc can be taken out.
    StopBackgroundFormat,
    /// The track with this number.
    Track(u16),
    /// The session. Whether another can follow is said by mode page 05h on CD, DVD-R and DVD-RW; on DVD+R and BD-R one can.
    Session,
    /// DVD+R and DVD+R DL: session and disc, with a lead-out as short as the drive makes it.
    FinaliseShort,
    /// BD-R (and DVD+R): session and disc.
    Finalise,
}

impl Command for CloseTrackSession {
    const OPCODE: Opcode = Opcode::CloseTrackSession;
    const DURING: During = During::Close;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        let (function, track) = match self.function {
            CloseFunction::StopBackgroundFormat => (0b000, 0),
            CloseFunction::Track(number) => (0b001, number),
            CloseFunction::Session => (0b010, 0),
            CloseFunction::FinaliseShort => (0b101, 0),
            CloseFunction::Finalise => (0b110, 0),
        };
        Cdb::new(Self::OPCODE).flag(1, 0, self.immediate).byte(2, function).u16(4, track)
    }
    fn timeout(&self) -> Duration {
        timeout::close(self.immediate)
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
    fn describe(&self) -> String {
        match self.function {
            CloseFunction::StopBackgroundFormat => "CLOSE TRACK SESSION (stop the background format)".to_owned(),
            CloseFunction::Track(number) => format!("CLOSE TRACK SESSION (track {number})"),
            CloseFunction::Session => "CLOSE TRACK SESSION (session)".to_owned(),
            CloseFunction::FinaliseShort | CloseFunction::Finalise => "CLOSE TRACK SESSION (disc)".to_owned(),
        }
    }
}

/// SET CD SPEED (MMC-6 6.37).
#[derive(Debug)]
pub struct SetCdSpeed {
    /// Reading speed in kB/s (1,000 bytes); FFFFh is the fastest there is.
    pub read_kb_per_s: u16,
    /// Writing speed likewise.
    pub write_kb_per_s: u16,
}

impl Command for SetCdSpeed {
    const OPCODE: Opcode = Opcode::SetCdSpeed;
    const DURING: During = During::SetUp;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).u16(2, self.read_kb_per_s).u16(4, self.write_kb_per_s)
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

/// SET STREAMING (MMC-6 6.39), a performance descriptor for sectors 0 to `end`.
#[derive(Debug)]
pub struct SetStreaming {
    list: [u8; 28],
}

impl SetStreaming {
    /// Asks for `kb_per_s` (1,000 bytes) in both directions up to the sector `end`.
    #[must_use]
    pub fn at(end: Lba, kb_per_s: u32) -> SetStreaming {
        let mut list = [0; 28];
        list[8..12].copy_from_slice(&end.0.to_be_bytes());
        for direction in [12, 20] {
            list[direction..direction + 4].copy_from_slice(&kb_per_s.to_be_bytes());
            list[direction + 4..direction + 8].copy_from_slice(&1000u32.to_be_bytes());
        }
        SetStreaming { list }
    }

    /// Back to the drive's own speeds (RDD bit).
    #[must_use]
    pub fn restore() -> SetStreaming {
        let mut list = [0; 28];
        list[0] = 0x04;
        SetStreaming { list }
    }
}

impl Command for SetStreaming {
    const OPCODE: Opcode = Opcode::SetStreaming;
    const DURING: During = During::SetUp;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).u16(9, 28)
    }
    fn parameters(&self) -> &[u8] {
        &self.list
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

/// SEND OPC INFORMATION (MMC-6 6.34): the drive tries its laser on the medium.
#[derive(Debug)]
pub struct SendOpcInformation;

impl Command for SendOpcInformation {
    const OPCODE: Opcode = Opcode::SendOpcInformation;
    const DURING: During = During::Calibrate;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).flag(1, 0, true)
    }
    fn timeout(&self) -> Duration {
        timeout::SET_UP
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

/// READ BUFFER CAPACITY (MMC-6 6.18).
#[derive(Debug)]
pub struct ReadBufferCapacity;

/// The drive's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferCapacity {
    /// Its size in bytes.
    pub total_bytes: u32,
    /// Bytes in it that are free.
    pub free_bytes: u32,
}

impl Command for ReadBufferCapacity {
    const OPCODE: Opcode = Opcode::ReadBufferCapacity;
    type Reply = BufferCapacity;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).u16(7, 12)
    }
    fn allocation(&self) -> usize {
        12
    }
    fn parse(&self, reply: &[u8]) -> Result<BufferCapacity, Short> {
        let reply = at_least(Self::OPCODE, reply, 12)?;
        Ok(BufferCapacity { total_bytes: reply.u32_at(4), free_bytes: reply.u32_at(8) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_the_standards_bytes() {
        let blank = Blank { extent: BlankExtent::Minimal, immediate: true };
        assert_eq!(blank.cdb().as_bytes(), [0xa1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let session = CloseTrackSession { function: CloseFunction::Session, immediate: true };
        assert_eq!(session.cdb().as_bytes(), [0x5b, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0]);
        let track = CloseTrackSession { function: CloseFunction::Track(7), immediate: false };
        assert_eq!(track.cdb().as_bytes(), [0x5b, 0x00, 0x01, 0, 0, 7, 0, 0, 0, 0]);
        let short = CloseTrackSession { function: CloseFunction::FinaliseShort, immediate: true };
        assert_eq!(short.cdb().as_bytes(), [0x5b, 0x01, 0x05, 0, 0, 0, 0, 0, 0, 0]);
        let disc = CloseTrackSession { function: CloseFunction::Finalise, immediate: true };
        assert_eq!(disc.cdb().as_bytes(), [0x5b, 0x01, 0x06, 0, 0, 0, 0, 0, 0, 0]);
        let background = CloseTrackSession { function: CloseFunction::StopBackgroundFormat, immediate: true };
        assert_eq!(background.cdb().as_bytes(), [0x5b, 0x01, 0x00, 0, 0, 0, 0, 0, 0, 0]);
        let full = Blank { extent: BlankExtent::Full, immediate: false };
        assert_eq!(full.cdb().as_bytes(), [0xa1, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let speed = SetCdSpeed { read_kb_per_s: 0x1089, write_kb_per_s: 706 };
        assert_eq!(speed.cdb().as_bytes(), [0xbb, 0, 0x10, 0x89, 0x02, 0xc2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(SendOpcInformation.cdb().as_bytes(), [0x54, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ReadBufferCapacity.cdb().as_bytes(), [0x5c, 0, 0, 0, 0, 0, 0, 0, 12, 0]);
    }

    #[test]
    fn streaming_at_2x_bd_is_the_standards_descriptor() {
        let streaming = SetStreaming::at(Lba(0x00b4_73ff), 0x231f);
        assert_eq!(streaming.cdb().as_bytes(), [0xb6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1c, 0]);
        #[rustfmt::skip]
        assert_eq!(streaming.parameters(), [
            0, 0, 0, 0,  0, 0, 0, 0,  0x00, 0xb4, 0x73, 0xff,
            0, 0, 0x23, 0x1f,  0, 0, 0x03, 0xe8,  0, 0, 0x23, 0x1f,  0, 0, 0x03, 0xe8,
        ]);
        assert_eq!(SetStreaming::restore().parameters()[0], 0x04);
    }
}
