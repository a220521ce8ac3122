//! What may follow the path in a drive's name: faults to rehearse, habits of real drives. The table of options is here.

use std::path::PathBuf;

use super::faults::Fault;
use super::sense::Sense;

/// A drive's name that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No path.
    #[error("the path of the virtual disc is missing")]
    NoPath,
    /// Not an option.
    #[error("\"{option}\" is no option of the simulated drive (fault=..., violations=FILE, empty{})", names())]
    Unknown {
        /// As given.
        option: String,
    },
    /// An option with a value that does not fit.
    #[error("\"{option}\": {expected} is expected")]
    Value {
        /// As given.
        option: String,
        /// What the value may be.
        expected: &'static str,
    },
    /// A fault without an action.
    #[error("\"{fault}\" is no fault: COMMAND[#N][@LBA]:ACTION is expected")]
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
    #[error(
        "\"{action}\" is no action (KEY/ASC/ASCQ in hex, late:KEY/ASC/ASCQ, deferred:KEY/ASC/ASCQ, late:never, busy, conflict, full, timeout, short, reset, eject, power-cut, vanish, kill, flip)"
    )]
    Action {
        /// As given.
        action: String,
    },
}

/// Habits of real drives that a client has to bear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for a habit of its own")]
pub(super) struct Quirks {
    /// No progress in the sense data.
    pub(super) no_progress: bool,
    /// Progress stays at 1 % until the operation has ended.
    pub(super) stuck_progress: bool,
    /// TEST UNIT READY does not see that the drive is ready for so many seconds after each operation.
    pub(super) clueless: Option<u32>,
    /// One TEST UNIT READY in the midst of each operation says that the drive is ready.
    pub(super) early_ready: bool,
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
    /// The laser can't be calibrated.
    pub(super) opc_fails: bool,
    /// SEND OPC is refused.
    pub(super) opc_refused: bool,
    /// GET PERFORMANCE that asks for no descriptor announces one, however many there are.
    pub(super) one_descriptor: bool,
    /// The mode data length is smaller than the page.
    pub(super) short_mode_length: bool,
    /// Mode page 05h is four bytes longer than the standard's, and can be saved.
    pub(super) long_write_page: bool,
    /// Odd allocation lengths are refused.
    pub(super) odd_allocation_refused: bool,
    /// The most one command may move, in KiB.
    pub(super) most_kib: Option<u32>,
    /// READ TOC is refused.
    pub(super) toc_refused: bool,
    /// READ BUFFER CAPACITY, asked for often, holds the drive up.
    pub(super) buffer_penalty: bool,
    /// The drive has just been switched on: a unit attention of its own comes before that of the disc.
    pub(super) power_on: bool,
    /// The motor stands still at first.
    pub(super) stopped: bool,
    /// The spare areas are used up.
    pub(super) no_spares: bool,
    /// Every fifth command meets a unit attention.
    pub(super) attention_storm: bool,
    /// Seconds from a disc put in to a disc that can be read, if not the usual number.
    pub(super) load_seconds: Option<u32>,
    /// The transport claims that every read moved as much as the host had room for.
    pub(super) bogus_residual: bool,
    /// Sense data comes in descriptor format.
    pub(super) descriptor_sense: bool,
    /// Somebody else keeps the tray locked.
    pub(super) lock_stolen: bool,
    /// An operating system is there that has not looked at the disc since it was empty.
    pub(super) unseen: bool,
    /// What a READ of a block never written is answered, where it is not zeros.
    pub(super) unwritten: Option<Sense>,
    /// What a READ of the run-out behind a CD track is answered.
    pub(super) run_out: Option<Sense>,
    /// What READ CAPACITY of a blank disc is answered.
    pub(super) blank_capacity: Option<Sense>,
}

/// Where an option is kept.
type Field<T> = fn(&mut Quirks) -> &mut T;

/// Options without a value.
const SWITCHES: [(&str, Field<bool>); 27] = [
    ("noprogress", |q| &mut q.no_progress),
    ("stuck1", |q| &mut q.stuck_progress),
    ("earlyready", |q| &mut q.early_ready),
    ("noimmed", |q| &mut q.no_immed),
    ("n150", |q| &mut q.n150),
    ("stale", |q| &mut q.stale),
    ("lie21", |q| &mut q.lie21),
    ("noffh", |q| &mut q.no_ff),
    ("fmtbdr", |q| &mut q.formatted_bd_r_appendable),
    ("nwav", |q| &mut q.continues_damaged),
    ("rawtoc", |q| &mut q.raw_toc),
    ("opcfail", |q| &mut q.opc_fails),
    ("opcns", |q| &mut q.opc_refused),
    ("perf1", |q| &mut q.one_descriptor),
    ("lenmismatch", |q| &mut q.short_mode_length),
    ("longpage", |q| &mut q.long_write_page),
    ("oddalloc", |q| &mut q.odd_allocation_refused),
    ("tocfail", |q| &mut q.toc_refused),
    ("bufpenalty", |q| &mut q.buffer_penalty),
    ("poweron", |q| &mut q.power_on),
    ("stopped", |q| &mut q.stopped),
    ("nospares", |q| &mut q.no_spares),
    ("uastorm", |q| &mut q.attention_storm),
    ("resid", |q| &mut q.bogus_residual),
    ("sensedesc", |q| &mut q.descriptor_sense),
    ("unseen", |q| &mut q.unseen),
    ("lockstolen", |q| &mut q.lock_stolen),
];

/// An option whose value is a number.
struct Number {
    name: &'static str,
    /// The value when none is given; with 0 one has to be.
    default: u32,
    least: u32,
    most: u32,
    /// May stand behind the number.
    unit: &'static str,
    expected: &'static str,
    field: Field<Option<u32>>,
}

const NUMBERS: [Number; 4] = [
    Number {
        name: "clueless",
        default: 5,
        least: 1,
        most: 100_000,
        unit: "",
        expected: "a number of seconds",
        field: |q| &mut q.clueless,
    },
    Number {
        name: "slowload",
        default: 60,
        least: 1,
        most: 100_000,
        unit: "",
        expected: "a number of seconds",
        field: |q| &mut q.load_seconds,
    },
    Number {
        name: "maxxfer",
        default: 0,
        least: 2,
        most: 16384,
        unit: "k",
        expected: "a number of KiB from 2 to 16384, like 32k,",
        field: |q| &mut q.most_kib,
    },
    Number {
        name: "gap",
        default: 0,
        least: 0,
        most: 10_000_000,
        unit: "",
        expected: "a number of blocks, at most 10000000,",
        field: |q| &mut q.gap,
    },
];

/// Options whose value is the sense of a reply.
const SENSES: [(&str, Field<Option<Sense>>); 3] =
    [("unwritten", |q| &mut q.unwritten), ("runout", |q| &mut q.run_out), ("blankcapacity", |q| &mut q.blank_capacity)];

/// Every habit a simulated drive may have, as it is asked for: `noimmed`, `gap=N`, `runout=KEY/ASC/ASCQ`. Tests take them from here, so
/// that none is forgotten.
pub fn habits() -> impl Iterator<Item = String> {
    let switches = SWITCHES.iter().map(|(name, _)| (*name).to_owned());
    let numbers = NUMBERS.iter().map(|number| format!("{}=N", number.name));
    let senses = SENSES.iter().map(|(name, _)| format!("{name}=KEY/ASC/ASCQ"));
    switches.chain(numbers).chain(senses)
}

/// The names of all habits, as they stand in a message.
fn names() -> String {
    habits().map(|habit| format!(", {habit}")).collect()
}

impl Quirks {
    /// Takes one option, in small letters. `text` is the option as it was given.
    fn set(&mut self, name: &str, value: Option<&str>, text: &str) -> Result<(), OptionError> {
        let wrong = |expected| OptionError::Value { option: text.to_owned(), expected };
        if let Some((_, field)) = SWITCHES.iter().find(|(known, _)| *known == name && value.is_none()) {
            *field(self) = true;
        } else if let Some(number) = NUMBERS.iter().find(|number| number.name == name) {
            let given = match value {
                None if number.default > 0 => Some(number.default),
                None => None,
                Some(value) => value.strip_suffix(number.unit).unwrap_or(value).parse().ok(),
            };
            let fits = given.filter(|given| (number.least..=number.most).contains(given));
            *(number.field)(self) = Some(fits.ok_or_else(|| wrong(number.expected))?);
        } else if let Some((_, field)) = SENSES.iter().find(|(known, _)| *known == name) {
            let sense = value.and_then(super::faults::parse_sense);
            *field(self) = Some(sense.ok_or_else(|| wrong("KEY/ASC/ASCQ in hex"))?);
        } else {
            return Err(OptionError::Unknown { option: text.to_owned() });
        }
        Ok(())
    }
}

/// A drive's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) path: PathBuf,
    pub(super) faults: Vec<Fault>,
    pub(super) quirks: Quirks,
    pub(super) empty: bool,
    /// Where what the clients did amiss is written.
    pub(super) violations: Option<PathBuf>,
}

impl Options {
    pub(super) fn parse(spec: &str) -> Result<Options, OptionError> {
        let mut parts = spec.split(',');
        let path = parts.next().filter(|path| !path.is_empty()).ok_or(OptionError::NoPath)?;
        let mut options = Options {
            path: PathBuf::from(path),
            faults: Vec::new(),
            quirks: Quirks::default(),
            empty: false,
            violations: None,
        };
        for option in parts {
            let small = option.to_ascii_lowercase();
            match small.split_once('=') {
                None if small == "empty" => options.empty = true,
                // The fault names things as they were given, in its messages.
                Some(("fault", _)) => options.faults.push(Fault::parse(option.get(6..).unwrap_or_default())?),
                Some(("violations", file)) if !file.is_empty() => {
                    options.violations = option.get(11..).map(PathBuf::from)
                }
                Some((name, value)) => options.quirks.set(name, Some(value), option)?,
                None => options.quirks.set(&small, None, option)?,
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
        let faults = ["WRITE10#3:3/0c/00", "28@7:flip"].map(|fault| Fault::parse(fault).unwrap());
        assert_eq!(options.faults, faults);
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
    fn every_habit_has_a_word() {
        let quirks = |option: &str| Options::parse(&format!("d,{option}")).map(|options| options.quirks);
        for (name, field) in SWITCHES {
            let mut expected = Quirks::default();
            *field(&mut expected) = true;
            assert_eq!(quirks(name), Ok(expected), "{name}");
            assert!(quirks(&format!("{name}=1")).is_err(), "{name}");
        }
        assert_eq!(quirks("clueless").unwrap().clueless, Some(5));
        assert_eq!(quirks("CLUELESS=9").unwrap().clueless, Some(9));
        assert_eq!(quirks("slowload").unwrap().load_seconds, Some(60));
        assert_eq!(quirks("maxxfer=32K").unwrap().most_kib, Some(32));
        assert_eq!(quirks("gap=0").unwrap().gap, Some(0));
        assert_eq!(quirks("unwritten=3/11/05").unwrap().unwritten, Some(Sense::new(3, 0x11, 5)));
        assert_eq!(quirks("runout=5/64/0").unwrap().run_out, Some(Sense::new(5, 0x64, 0)));
        assert_eq!(quirks("blankcapacity=2/30/0").unwrap().blank_capacity, Some(Sense::new(2, 0x30, 0)));
        let error = |option: &str| quirks(option).unwrap_err().to_string();
        assert_eq!(error("gap"), "\"gap\": a number of blocks, at most 10000000, is expected");
        assert_eq!(error("maxxfer=1k"), "\"maxxfer=1k\": a number of KiB from 2 to 16384, like 32k, is expected");
        assert_eq!(error("clueless=0"), "\"clueless=0\": a number of seconds is expected");
        assert_eq!(error("runout=ff"), "\"runout=ff\": KEY/ASC/ASCQ in hex is expected");
        assert!(error("fast").contains("lockstolen, clueless=N, slowload=N"));
    }

    #[test]
    fn the_table_in_the_module_names_every_option() {
        let table = include_str!("mod.rs");
        let listed = |start: String| assert!(table.contains(&start), "{start} is missing");
        SWITCHES.iter().for_each(|(name, _)| listed(format!("//! | `{name}` |")));
        SENSES.iter().for_each(|(name, _)| listed(format!("//! | `{name}=KEY/ASC/ASCQ` |")));
        NUMBERS
            .iter()
            .filter(|number| number.default > 0)
            .for_each(|n| listed(format!("//! | `{}[=SECONDS]` |", n.name)));
        NUMBERS.iter().filter(|number| number.default == 0).for_each(|n| listed(format!("//! | `{}=", n.name)));
    }
}
