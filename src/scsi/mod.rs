//! SCSI for optical drives, cut as the standards cut it.

pub mod opcode;
pub mod sim;
pub mod transport;

pub use opcode::Opcode;
pub use transport::{Completion, Data, Status, Transport, TransportError};
