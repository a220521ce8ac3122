//! Faults to rehearse: which command they meet, and what they do to it.

use super::options::OptionError;
use super::sense::Sense;
use crate::scsi::{Opcode, Status};

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The command fails with this sense and does nothing.
    Sense(Sense),
    /// The command begins its operation with GOOD, and at its end the operation fails with this sense.
    Late(Sense),
    /// The operation that the command begins never ends.
    Never,
    /// The host gives the command up; it did nothing.
    TimeOut,
    /// The reply is cut off in the middle.
    Short,
    /// The command ends with this status, BUSY for instance, and does nothing.
    Status(Status),
    /// Somebody resets the bus: what was being done is lost, the command ends with 6/29/00.
    Reset,
    /// Somebody opens the tray by hand, locked or not.
    Eject,
    PowerCut,
    Vanish,
    Kill,
    /// READ returns a wrong bit with GOOD; what WRITE takes with GOOD has one on the medium.
    Flip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Every,
    Nth(u64),
    At(u32),
    /// The Nth command that touches the sector.
    NthAt(u64, u32),
}

/// A fault to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    code: u8,
    which: Which,
    action: Action,
    seen: u64,
}

impl Fault {
    pub(super) fn parse(text: &str) -> Result<Fault, OptionError> {
        let (left, action) = text.split_once(':').ok_or_else(|| OptionError::Fault { fault: text.to_owned() })?;
        let split = left.find(['#', '@']).unwrap_or(left.len());
        let (command, which) = left.split_at(split);
        let code = command_code(command).ok_or_else(|| OptionError::Command { command: command.to_owned() })?;
        let wrong = || OptionError::Which { which: which.to_owned() };
        let number = |n: &str| n.parse().ok().filter(|n| *n > 0).ok_or_else(wrong);
        let which = match (which.get(..1), which.get(1..)) {
            (Some("#"), Some(rest)) => match rest.split_once('@') {
                None => Which::Nth(number(rest)?),
                Some(_) if !has_sectors(code) => return Err(OptionError::NoSector { command: command.to_owned() }),
                Some((n, lba)) => Which::NthAt(number(n)?, lba.parse().map_err(|_| wrong())?),
            },
            (Some("@"), Some(_)) if !has_sectors(code) => {
                return Err(OptionError::NoSector { command: command.to_owned() });
            }
            (Some("@"), Some(lba)) => Which::At(lba.parse().map_err(|_| wrong())?),
            _ => Which::Every,
        };
        Ok(Fault { code, which, action: parse_action(action)?, seen: 0 })
    }

    /// Counts a command with this operation code that touches `blocks` (first, count), and says what to do to it:
    /// the action, and the sector it is meant for.
    fn meets(&mut self, code: u8, blocks: Option<(u32, u32)>) -> Option<(Action, Option<u32>)> {
        if code != self.code {
            return None;
        }
        let first = blocks.map(|(first, _)| first);
        let sector = match self.which {
            Which::Every | Which::Nth(_) => first,
            Which::At(lba) | Which::NthAt(_, lba) => {
                let (first, count) = blocks?;
                lba.checked_sub(first).filter(|offset| *offset < count)?;
                Some(lba)
            }
        };
        self.seen += 1;
        let hit = match self.which {
            Which::Every | Which::At(_) => true,
            Which::Nth(n) | Which::NthAt(n, _) => n == self.seen,
        };
        hit.then_some((self.action, sector))
    }
}

/// Lets every fault see the command; the first one it meets decides.
pub(super) fn met(faults: &mut [Fault], code: u8, blocks: Option<(u32, u32)>) -> Option<(Action, Option<u32>)> {
    // All of them have to count it.
    let met: Vec<_> = faults.iter_mut().filter_map(|fault| fault.meets(code, blocks)).collect();
    met.first().copied()
}

/// Whether `@` means something.
fn has_sectors(code: u8) -> bool {
    [Opcode::Read10, Opcode::Write10, Opcode::Write12].map(Opcode::code).contains(&code)
}

fn command_code(word: &str) -> Option<u8> {
    let word = word.to_ascii_lowercase();
    let opcode = match word.as_str() {
        "tur" => Opcode::TestUnitReady,
        "requestsense" => Opcode::RequestSense,
        "format" => Opcode::FormatUnit,
        "inquiry" => Opcode::Inquiry,
        "startstop" => Opcode::StartStopUnit,
        "mediumremoval" => Opcode::PreventAllowMediumRemoval,
        "formatcapacities" => Opcode::ReadFormatCapacities,
        "capacity" => Opcode::ReadCapacity10,
        "read10" | "read" => Opcode::Read10,
        "write10" | "write" => Opcode::Write10,
        "sync" => Opcode::SynchronizeCache10,
        "toc" => Opcode::ReadTocPmaAtip,
        "configuration" => Opcode::GetConfiguration,
        "event" => Opcode::GetEventStatusNotification,
        "discinfo" => Opcode::ReadDiscInformation,
        "trackinfo" => Opcode::ReadTrackInformation,
        "opc" => Opcode::SendOpcInformation,
        "modeselect" => Opcode::ModeSelect10,
        "modesense" => Opcode::ModeSense10,
        "close" => Opcode::CloseTrackSession,
        "buffercapacity" => Opcode::ReadBufferCapacity,
        "blank" => Opcode::Blank,
        "write12" => Opcode::Write12,
        "reserve" => Opcode::ReserveTrack,
        "cuesheet" => Opcode::SendCueSheet,
        "structure" => Opcode::ReadDiscStructure,
        "performance" => Opcode::GetPerformance,
        "streaming" => Opcode::SetStreaming,
        "cdspeed" => Opcode::SetCdSpeed,
        hex if hex.len() == 2 => return hex_byte(hex),
        _ => return None,
    };
    Some(opcode.code())
}

fn hex_byte(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

/// KEY/ASC/ASCQ in hex.
pub(super) fn parse_sense(text: &str) -> Option<Sense> {
    let numbers: Vec<u8> = text.split('/').map(hex_byte).collect::<Option<_>>()?;
    match numbers[..] {
        [key @ 0..=15, asc, ascq] => Some(Sense::new(key, asc, ascq)),
        _ => None,
    }
}

fn parse_action(text: &str) -> Result<Action, OptionError> {
    let action = match text.to_ascii_lowercase().as_str() {
        "busy" => Some(Action::Status(Status::Busy)),
        "conflict" => Some(Action::Status(Status::ReservationConflict)),
        "full" => Some(Action::Status(Status::TaskSetFull)),
        "reset" => Some(Action::Reset),
        "eject" => Some(Action::Eject),
        "power-cut" => Some(Action::PowerCut),
        "vanish" => Some(Action::Vanish),
        "kill" => Some(Action::Kill),
        "flip" => Some(Action::Flip),
        "late:never" => Some(Action::Never),
        "timeout" => Some(Action::TimeOut),
        "short" => Some(Action::Short),
        other => match other.strip_prefix("late:") {
            Some(late) => parse_sense(late).map(Action::Late),
            None => match other.strip_prefix("deferred:") {
                Some(earlier) => parse_sense(earlier).map(|sense| Action::Sense(sense.deferred())),
                None => parse_sense(other).map(Action::Sense),
            },
        },
    };
    action.ok_or_else(|| OptionError::Action { action: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_a_sense_or_a_word() {
        assert_eq!(parse_action("3/0C/00"), Ok(Action::Sense(Sense::new(3, 0x0c, 0))));
        assert_eq!(parse_action("late:3/31/1"), Ok(Action::Late(Sense::new(3, 0x31, 1))));
        assert_eq!(parse_action("Busy"), Ok(Action::Status(Status::Busy)));
        assert_eq!(parse_action("conflict"), Ok(Action::Status(Status::ReservationConflict)));
        assert_eq!(parse_action("full"), Ok(Action::Status(Status::TaskSetFull)));
        assert_eq!(parse_action("deferred:3/0c/00"), Ok(Action::Sense(Sense::new(3, 0x0c, 0).deferred())));
        assert_eq!(parse_action("reset"), Ok(Action::Reset));
        assert_eq!(parse_action("eject"), Ok(Action::Eject));
        assert_eq!(parse_action("late:never"), Ok(Action::Never));
        assert_eq!(parse_action("timeout"), Ok(Action::TimeOut));
        assert_eq!(parse_action("Short"), Ok(Action::Short));
        assert!(parse_action("late:busy").is_err());
    }

    #[test]
    fn a_fault_meets_the_nth_command_or_the_one_that_touches_the_sector() {
        let mut nth = Fault::parse("tur#2:vanish").unwrap();
        assert_eq!(
            [nth.meets(0, None), nth.meets(0, None), nth.meets(0, None)].map(|m| m.is_some()),
            [false, true, false]
        );
        let mut at = Fault::parse("read10@100:flip").unwrap();
        assert_eq!(at.meets(0x28, Some((90, 10))), None);
        assert_eq!(at.meets(0x28, Some((90, 11))), Some((Action::Flip, Some(100))));
        assert_eq!(at.meets(0x2a, Some((100, 1))), None);
        let mut again = Fault::parse("write10#2@100:flip").unwrap();
        assert_eq!(
            [(100, 1), (101, 9), (90, 20), (100, 1)].map(|blocks| again.meets(0x2a, Some(blocks))),
            [None, None, Some((Action::Flip, Some(100))), None]
        );
    }
}
