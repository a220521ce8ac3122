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
//! | `fault=COMMAND[#N][@LBA]:ACTION` | a fault, see below; may be given several times |
//! | `empty` | the drive has no disc; the path need not exist |
//! | `violations=FILE` | when the drive is let go, what its clients did that they should not ([`Violation`]) is appended to FILE, a line each: what, the CDB, the drive's name. What is undone then counts ([`SimDrive::job_over`]), but not in a drive without power |
//! | `noprogress` | sense data carries no progress |
//! | `stuck1` | progress stays at 1 % until the operation has ended |
//! | `earlyready` | one TEST UNIT READY in the second half of each operation says that the drive is ready |
//! | `clueless[=SECONDS]` | for so long (5) after each operation TEST UNIT READY does not see that the drive is ready, and says 2/04/00 |
//! | `noimmed` | Immed is refused with 5/24/00 (FORMAT UNIT: 5/26/00) |
//! | `slowload[=SECONDS]` | a disc put in can be read after so long (60), not after 3 seconds |
//! | `poweron` | the drive was switched on just now: 6/29/00 comes before 6/28/00, and without a disc too |
//! | `stopped` | the motor stands still at first: what needs the disc is answered 2/04/02 before START UNIT, and again after a stop |
//! | `nospares` | DVD-RAM, BD: where there are spare areas they are used up, and a WRITE without the Streaming bit fails with 5/32/00 |
//! | `uastorm` | every fifth command meets 6/28/00 |
//! | `unseen` | an operating system looks at the disc that has not looked since the disc was empty, and hears of another one only by an empty drive in between: the tray out and in |
//! | `lockstolen` | somebody else keeps the tray locked |
//! | `n150` | the next writable address of a blank CD is given as -150 |
//! | `stale` | a new session can't be read before START UNIT or a reload |
//! | `lie21` | DVD-R, DVD-RW: incremental writing is announced, and the first WRITE fails with 5/64/00 |
//! | `noffh` | DVD-R, DVD-RW, BD-R: READ TRACK INFORMATION does not know track FFh |
//! | `fmtbdr` | a BD-R that is formatted and empty says that it is appendable |
//! | `nwav` | DVD, BD: a damaged track has a next writable address, and can be continued |
//! | `gap=N` | between a session that is closed and the next track lie N blocks |
//! | `rawtoc` | DVD, BD: format 2 of READ TOC is answered |
//! | `tocfail` | READ TOC is refused with 5/24/00 |
//! | `opcfail` | SEND OPC fails with 3/73/03 |
//! | `opcns` | SEND OPC is refused with 5/2C/00 |
//! | `perf1` | GET PERFORMANCE that asks for no descriptor announces one, however many there are |
//! | `lenmismatch` | the mode data length is smaller than the page needs |
//! | `longpage` | mode page 05h has length 36h and PS set; of another length, or with PS, it is refused with 5/26/00 |
//! | `oddalloc` | odd allocation lengths are refused with 5/24/00 |
//! | `maxxfer=KIB` | one command moves no more than that, `32k` for instance; usual are 64 |
//! | `resid` | the host is told that every read filled its buffer |
//! | `sensedesc` | sense data comes in descriptor format |
//! | `bufpenalty` | READ BUFFER CAPACITY, again within 64 WRITEs and half a second, holds the drive up for 200 ms |
//! | `unwritten=KEY/ASC/ASCQ` | what a READ of a block never written is answered, instead of 8/00/00 |
//! | `runout=KEY/ASC/ASCQ` | what a READ of the run-out behind a CD track is answered, instead of 3/11/00 |
//! | `blankcapacity=KEY/ASC/ASCQ` | what READ CAPACITY of a blank disc is answered, instead of a last block 0 |
//!
//! COMMAND is a two-digit hexadecimal operation code or one of `tur requestsense format inquiry startstop mediumremoval
//! formatcapacities capacity read10 write10 write12 sync toc configuration event discinfo trackinfo reserve opc modeselect modesense
//! close buffercapacity cuesheet blank structure performance streaming cdspeed`. `#N` means the Nth such command, from 1; `@LBA`
//! (`read10`, `write10`, `write12`) the commands that touch that sector; with both it is the Nth that touches that sector, without either every one. A READ or WRITE that is turned away as the drive is not ready,
//! busy, or has its buffer full does not count; every other command counts when it arrives.
//!
//! | ACTION | effect |
//! |---|---|
//! | `KEY/ASC/ASCQ` (hex) | the command fails with this sense and does nothing. With key 3 or 4 on WRITE or SYNCHRONIZE CACHE the open track is damaged, on an overwritable disc the ECC unit around the sector; READ and WRITE then name the sector. A SYNCHRONIZE CACHE loses what was still in the buffer |
//! | `late:KEY/ASC/ASCQ` | the operation that the command begins fails with this sense when it ends; what it destroyed when it began stays destroyed |
//! | `late:never` | the operation that the command begins never ends |
//! | `timeout` | the host waits as long as it wants and gives the command up, which does nothing |
//! | `short` | half of the reply is moved, and the host is told so |
//! | `deferred:KEY/ASC/ASCQ` | the command is not begun, and told that an earlier one failed so. With key 3 or 4 on WRITE or SYNCHRONIZE CACHE what was still in the buffer is lost, and where the laser was it is as above |
//! | `busy`, `full`, `conflict` | status BUSY, TASK SET FULL or RESERVATION CONFLICT, and nothing is done |
//! | `reset` | somebody resets the bus: the buffer and what was being done are lost, the lock too; the command ends with 6/29/00 |
//! | `eject` | somebody opens the tray by hand, locked or not: the buffer and what was being done are lost; the command ends with 2/3A/02 |
//! | `power-cut` | power goes: the buffer is lost, on an overwritable disc so is the ECC unit that the laser was in; this and every later command ends with [`TransportError::Gone`](super::TransportError::Gone) |
//! | `vanish` | the same, but the host adapter reports that there is no connection |
//! | `kill` | the same, and the process aborts |
//! | `flip` | READ succeeds with one wrong bit, in the sector named or the first one. WRITE succeeds, and the bit is wrong on the medium: a READ finds the right one in the drive's cache until the disc is taken out, a READ with FUA does not |

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
mod identity;
mod kinds;
mod mechanics;
mod mode;
mod one_track;
mod operation;
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
mod system;
mod tracks;
mod transfer;
mod watch;

#[cfg(test)]
mod tests;

pub use describe::{Description, SessionDescription, TrackDescription, describe_path as describe};
pub use disc::{DiscError, VirtualDisc};
pub use drive::{SimDrive, SimError};
pub use kinds::{Medium, UnknownMedium};
pub use options::{OptionError, habits};
pub use state::Range;
pub use watch::Violation;
