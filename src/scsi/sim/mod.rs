//! A drive in software: a [`Transport`](super::Transport) that answers CDBs as a real CD/DVD writer does, with a virtual disc in it.
//!
//! It is a model, not a script: per medium a state machine that refuses what a real drive refuses, a write buffer of 2 MiB that is lost
//! with the power, a clock of its own that runs only while commands are executed or somebody waits, a unit attention after the disc was
//! put in, operations that have to be polled. It decodes CDBs by its own code; with the side that encodes them it shares nothing but
//! the names of operation codes.
//!
//! # The name of a drive
//!
//! `PATH[,OPTION...]`. The path can't contain a comma. Words are case-insensitive.
//!
//! | option | effect |
//! |---|---|
//! | `fault=COMMAND[#N\|@LBA]:ACTION` | a fault, see below; may be given several times |
//! | `empty` | the drive has no disc; the path need not exist |
//! | `noprogress` | sense data carries no progress |
//! | `noimmed` | Immed is refused with 5/24/00 (FORMAT UNIT: 5/26/00) |
//! | `n150` | the next writable address of a blank CD is given as -150 |
//! | `stale` | a new session can't be read before START UNIT or a reload |
//! | `lie21` | DVD-R, DVD-RW: incremental writing is announced, and the first WRITE fails with 5/64/00 |
//! | `noffh` | DVD-R, DVD-RW, BD-R: READ TRACK INFORMATION does not know track FFh |
//! | `fmtbdr` | a BD-R that is formatted and empty says that it is appendable |
//! | `nwav` | DVD, BD: a damaged track has a next writable address, and can be continued |
//! | `rawtoc` | DVD, BD: format 2 of READ TOC is answered |
//! | `gap=N` | between a session that is closed and the next track lie N blocks |
//!
//! COMMAND is a two-digit hexadecimal operation code or one of `tur requestsense format inquiry startstop mediumremoval
//! formatcapacities capacity read10 write10 sync toc configuration event discinfo trackinfo opc modeselect modesense close
//! buffercapacity blank performance streaming cdspeed`. `#N` means the Nth such command, from 1; `@LBA` (`read10`, `write10`) the
//! commands that touch that sector; without either it is every one. A READ or WRITE that is turned away as the drive is not ready,
//! busy, or has its buffer full does not count; every other command counts when it arrives.
//!
//! | ACTION | effect |
//! |---|---|
//! | `KEY/ASC/ASCQ` (hex) | the command fails with this sense and does nothing. With key 3 or 4 on WRITE or SYNCHRONIZE CACHE the open track is damaged; READ and WRITE then name the sector |
//! | `power-cut` | power goes: the buffer is lost, this and every later command ends with [`TransportError::Gone`](super::TransportError::Gone) |
//! | `vanish` | the same, but the host adapter reports that there is no connection |
//! | `kill` | the same, and the process aborts |
//! | `flip` | READ succeeds with one wrong bit, in the sector named or the first one |

mod bd_r_format;
mod buffer;
mod cd;
mod cd_replies;
mod commands;
mod cue_sheet;
mod decode;
mod describe;
mod disc;
mod drive;
mod dvd_plus_rw;
mod family;
mod faults;
mod features;
mod formatting;
mod kinds;
mod mechanics;
mod mode;
mod one_track;
mod options;
mod random;
mod replies;
mod restricted_overwrite;
mod sense;
mod sequential;
mod sequential_replies;
mod sequential_rules;
mod state;
mod structures;
mod watch;

#[cfg(test)]
mod tests;

pub use describe::{Description, SessionDescription, TrackDescription, describe_path as describe};
pub use disc::{DiscError, VirtualDisc};
pub use drive::{SimDrive, SimError};
pub use kinds::{Medium, UnknownMedium};
pub use options::OptionError;
pub use state::Range;
pub use watch::Violation;
