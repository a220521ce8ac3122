//! What may follow the path in a drive's name: faults to rehearse, habits of real drives.

use std::path::PathBuf;

use super::sense::Sense;
use crate::scsi::Opcode;

/// A drive's name that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No path.
    #[error("the path of the virtual disc is missing")]
    NoPath,
    /// Not an option.
    #[error(
        "\"{option}\" is no option of the simulated drive (fault=..., empty, noprogress, noimmed, n150, stale, lie21, noffh, fmtbdr, nwav, rawtoc, gap=N)"
    )]
    Unknown {
        /// As given.
        option: String,
    },
    /// Not a number of blocks.
    #[error("\"{option}\": the gap between sessions is a number of blocks, at most {MOST_GAP}")]
    Gap {
        /// As given.
        option: String,
    },
    /// A fault without an action.
    #[error("\"{fault}\" is no fault: COMMAND[#N|@LBA]:ACTION is expected")]
    Fault {
        /// As given, without `fault=`.
        fault: String,
    },
    /// Not a command.
    #[error("\"{command}\" in a fault is no command (a name like write10, or a two-digit operation code)")]
    Command {
        /// As given.
        command: String,
    },
    /// Not a number, or one that does not fit.
    #[error("\"{which}\" in a fault says neither which command of its kind (#1, #2, ...) nor which sector (@0, ...)")]
    Which {
        /// As given.
        which: String,
    },
    /// Only READ and WRITE have a sector.
    #[error("{command} touches no sector, \"@\" can't be used with it")]
    NoSector {
        /// As given.
        command: String,
    },
    /// Not an action.
    #[error("\"{action}\" is no action (KEY/ASC/ASCQ in hex, power-cut, vanish, kill, flip)")]
    Action {
        /// As given.
        action: String,
    },
}

/// The widest gap there may be.
const MOST_GAP: u32 = 10_000_000;

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The command fails with this sense and does nothing.
    Sense(Sense),
    PowerCut,
    Vanish,
    Kill,
    /// READ returns a wrong bit with GOOD.
    Flip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Every,
    Nth(u64),
    At(u32),
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
    fn parse(text: &str) -> Result<Fault, OptionError> {
        let (left, action) = text.split_once(':').ok_or_else(|| OptionError::Fault { fault: text.to_owned() })?;
        let split = left.find(['#', '@']).unwrap_or(left.len());
        let (command, which) = left.split_at(split);
        let code = command_code(command).ok_or_else(|| OptionError::Command { command: command.to_owned() })?;
        let wrong = || OptionError::Which { which: which.to_owned() };
        let which = match (which.get(..1), which.get(1..)) {
            (Some("#"), Some(n)) => Which::Nth(n.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?),
            (Some("@"), Some(_))
                if ![Opcode::Read10.code(), Opcode::Write10.code(), Opcode::Write12.code()].contains(&code) =>
            {
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
        self.seen += 1;
        let first = blocks.map(|(first, _)| first);
        match self.which {
            Which::Every => Some((self.action, first)),
            Which::Nth(n) => (n == self.seen).then_some((self.action, first)),
            Which::At(lba) => {
                let (first, count) = blocks?;
                let hit = lba.checked_sub(first).is_some_and(|offset| offset < count);
                hit.then_some((self.action, Some(lba)))
            }
        }
    }
}

/// Lets every fault see the command; the first one it meets decides.
pub(super) fn met(faults: &mut [Fault], code: u8, blocks: Option<(u32, u32)>) -> Option<(Action, Option<u32>)> {
    // All of them have to count it.
    let met: Vec<_> = faults.iter_mut().filter_map(|fault| fault.meets(code, blocks)).collect();
    met.first().copied()
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

fn parse_action(text: &str) -> Result<Action, OptionError> {
    let wrong = || OptionError::Action { action: text.to_owned() };
    match text.to_ascii_lowercase().as_str() {
        "power-cut" => Ok(Action::PowerCut),
        "vanish" => Ok(Action::Vanish),
        "kill" => Ok(Action::Kill),
        "flip" => Ok(Action::Flip),
        other => {
            let numbers: Vec<u8> = other.split('/').map(hex_byte).collect::<Option<_>>().ok_or_else(wrong)?;
            match numbers[..] {
                [key @ 0..=15, asc, ascq] => Ok(Action::Sense(Sense::new(key, asc, ascq))),
                _ => Err(wrong()),
            }
        }
    }
}

/// Habits of real drives that a client has to bear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Quirks {
    /// No progress in the sense data.
    pub(super) no_progress: bool,
    /// Immed is refused.
    pub(super) no_immed: bool,
    /// A blank CD's next writable address is -150.
    pub(super) n150: bool,
    /// A new session can't be read before START UNIT or a reload.
    pub(super) stale: bool,
    /// Feature 0021h is current, and the first WRITE in increments is refused.
    pub(super) lie21: bool,
    /// Track FFh is not known on DVD-R, DVD-RW and BD-R.
    pub(super) no_ff: bool,
    /// A BD-R that is formatted and empty says that it is appendable.
    pub(super) formatted_bd_r_appendable: bool,
    /// A damaged track has a next writable address all the same, and can be continued.
    pub(super) continues_damaged: bool,
    /// Format 2 of READ TOC is answered on DVD and BD too.
    pub(super) raw_toc: bool,
    /// Blocks between a session that this drive closes and the next track, if not the usual number.
    pub(super) gap: Option<u32>,
}

/// A drive's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) path: PathBuf,
    pub(super) faults: Vec<Fault>,
    pub(super) quirks: Quirks,
    pub(super) empty: bool,
}

impl Options {
    pub(super) fn parse(spec: &str) -> Result<Options, OptionError> {
        let mut parts = spec.split(',');
        let path = parts.next().filter(|path| !path.is_empty()).ok_or(OptionError::NoPath)?;
        let mut options =
            Options { path: PathBuf::from(path), faults: Vec::new(), quirks: Quirks::default(), empty: false };
        for option in parts {
            match option.split_once('=') {
                Some((name, fault)) if name.eq_ignore_ascii_case("fault") => options.faults.push(Fault::parse(fault)?),
                Some((name, blocks)) if name.eq_ignore_ascii_case("gap") => {
                    let blocks = blocks.parse().ok().filter(|blocks| *blocks <= MOST_GAP);
                    options.quirks.gap = Some(blocks.ok_or(OptionError::Gap { option: option.to_owned() })?);
                }
                _ => match option.to_ascii_lowercase().as_str() {
                    "empty" => options.empty = true,
                    "noprogress" => options.quirks.no_progress = true,
                    "noimmed" => options.quirks.no_immed = true,
                    "n150" => options.quirks.n150 = true,
                    "stale" => options.quirks.stale = true,
                    "lie21" => options.quirks.lie21 = true,
                    "noffh" => options.quirks.no_ff = true,
                    "fmtbdr" => options.quirks.formatted_bd_r_appendable = true,
                    "nwav" => options.quirks.continues_damaged = true,
                    "rawtoc" => options.quirks.raw_toc = true,
                    _ => return Err(OptionError::Unknown { option: option.to_owned() }),
                },
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_path_and_options() {
        let options = Options::parse("/tmp/a disc,fault=WRITE10#3:3/0c/00,fault=28@7:flip,noimmed").unwrap();
        assert_eq!(options.path, PathBuf::from("/tmp/a disc"));
        let action = Action::Sense(Sense::new(3, 0x0c, 0));
        assert_eq!(
            options.faults,
            [
                Fault { code: 0x2a, which: Which::Nth(3), action, seen: 0 },
                Fault { code: 0x28, which: Which::At(7), action: Action::Flip, seen: 0 },
            ]
        );
        assert!(options.quirks.no_immed && !options.quirks.stale && !options.empty);
    }

    #[test]
    fn what_can_not_be_understood_is_named() {
        let error = |spec: &str| Options::parse(spec).unwrap_err().to_string();
        assert_eq!(error(""), "the path of the virtual disc is missing");
        assert!(error("d,fast").starts_with("\"fast\" is no option"));
        assert!(error("d,fault=write10").starts_with("\"write10\" is no fault"));
        assert!(error("d,fault=burn:kill").starts_with("\"burn\" in a fault is no command"));
        assert!(error("d,fault=write10#0:kill").starts_with("\"#0\" in a fault"));
        assert!(error("d,fault=write10#é:kill").starts_with("\"#é\" in a fault"));
        assert!(error("d,fault=close@7:kill").starts_with("close touches no sector"));
        assert!(error("d,fault=close:3/100/0").starts_with("\"3/100/0\" is no action"));
        assert!(error("d,fault=close:+3/0c/0").starts_with("\"+3/0c/0\" is no action"));
        assert!(error("d,fault=close:10/0c/00").starts_with("\"10/0c/00\" is no action"));
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
    }
}
