//! Exit codes: the kind of cause, for scripts. Which error ends with which code stands in `errors/id.rs`.

/// Done.
pub(super) const DONE: u8 = 0;
/// A bug: the program panicked.
pub(super) const BUG: u8 = 1;
/// The command line.
pub(super) const COMMAND_LINE: u8 = 2;
/// The log file.
pub(super) const LOG_FILE: u8 = 3;
/// The configuration.
pub(super) const CONFIGURATION: u8 = 4;
/// A signal.
pub(super) const INTERRUPTED: u8 = 5;
/// Any other failed action.
pub(super) const FAILED: u8 = 6;
/// The drive is missing, busy or not permitted.
pub(super) const DRIVE: u8 = 7;
/// The medium is missing, wrong, uninitialised or closed.
pub(super) const MEDIUM: u8 = 8;
/// It does not fit.
pub(super) const NO_ROOM: u8 = 9;
/// Burning failed.
pub(super) const BURN: u8 = 10;
/// Verification found a difference.
pub(super) const DIFFERENCE: u8 = 11;
/// There is nothing to store.
pub(super) const NOTHING_TO_STORE: u8 = 12;
/// Another run is at work with the drive, or with the staging directory.
pub(super) const AT_WORK: u8 = 13;

/// Each code in words, by its number.
pub(super) const MEANINGS: [&str; 14] = [
    "done",
    "a bug",
    "the command line",
    "the log file",
    "the configuration",
    "interrupted",
    "any other failure",
    "the drive is missing, busy or not permitted",
    "the disc is missing, wrong, uninitialised or closed",
    "it does not fit",
    "burning failed",
    "what is on the disc is not what should be",
    "there is nothing to store",
    "another run is at work",
];
