//! One type per command, with its reply.

use std::time::Duration;

use super::deadline::timeout;
use super::wire::Short;
use super::{Cdb, During, Opcode};

/// A reply that says at its beginning how long it is. Bridges are known that hang, or lose the connection, when more is asked for than
/// there is, and others that do so when the number is odd: so the beginning is asked for first, then what there is.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Bytes of the beginning. Every drive has them.
    pub first: u16,
    /// How many bytes the drive has all in all, read from the beginning.
    pub available: fn(&[u8]) -> usize,
}

/// A SCSI command: knows its CDB, how long the drive may take, and how to read the reply.
pub trait Command {
    /// The operation code.
    const OPCODE: Opcode;
    /// What is being done when this command is sent: it decides what a condition means.
    const DURING: During = During::Inspect;
    /// What the drive answers.
    type Reply;

    /// The bytes to send. A command whose reply is [variable](Command::variable) leaves the allocation length out.
    fn cdb(&self) -> Cdb;

    /// The bytes to send if `bytes` of a [variable](Command::variable) reply are wanted. Nearly all commands have the allocation length
    /// in bytes 7 and 8.
    fn cdb_asking(&self, bytes: u16) -> Cdb {
        self.cdb().u16(7, bytes)
    }

    /// How long the drive may take to answer. Operations that take longer are started with the Immed bit and polled.
    fn timeout(&self) -> Duration {
        timeout::QUESTION
    }

    /// How many reply bytes are asked for: as much as the CDB's allocation length says; the most, if the reply is
    /// [variable](Command::variable), and an even number then.
    fn allocation(&self) -> usize {
        0
    }

    /// Whether the reply says itself how long it is.
    fn variable(&self) -> Option<Variable> {
        None
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
