//! One type per command, with its reply.

use std::time::Duration;

use super::wire::Short;
use super::{Cdb, Opcode};

/// A SCSI command: knows its CDB, how long the drive may take, and how to read the reply.
pub trait Command {
    /// The operation code.
    const OPCODE: Opcode;
    /// What the drive answers.
    type Reply;

    /// The bytes to send.
    fn cdb(&self) -> Cdb;

    /// How long the drive may take to answer. Operations that take longer are started with the Immed bit and polled.
    fn timeout(&self) -> Duration {
        Duration::from_secs(15)
    }

    /// How many reply bytes are asked for: as much as the CDB's allocation length says.
    fn allocation(&self) -> usize {
        0
    }

    /// Bytes to send with the command.
    fn parameters(&self) -> &[u8] {
        &[]
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// When it is too short for the fields that matter.
    fn parse(&self, reply: &[u8]) -> Result<Self::Reply, Short>;

    /// The command with its arguments, for errors and the trace.
    fn describe(&self) -> String {
        Self::OPCODE.name().to_owned()
    }
}
