//! SCSI for optical drives, cut as the standards cut it.
//!
//! ```text
//! Drive            runs commands, waits, retries, locks the tray
//!   Command        one type per command: spc, sbc, mmc
//!   Sense          what a refusal says, and what to do about it
//! Transport        bytes to a logical unit and back
//!   SgDevice       Linux: SG_IO on /dev/sr*
//!   sim::SimDrive  a drive in software, on a virtual disc
//!   Traced         writes down what passes
//! ```

pub mod cdb;
pub mod command;
pub mod deadline;
pub mod discover;
pub mod drive;
pub mod mmc;
pub mod opcode;
#[cfg(test)]
mod replies;
pub mod sbc;
pub mod sense;
pub mod sg;
pub mod sim;
pub mod spc;
pub mod trace;
pub mod transport;
mod wire;

pub use cdb::Cdb;
pub use command::Command;
pub use drive::{Drive, ScsiError, Trays};
pub use opcode::Opcode;
pub use sense::{During, Reaction, Sense, SenseKey};
pub use transport::{Completion, Data, Mountable, Presence, Status, Transport, TransportError};
pub use wire::Short;
