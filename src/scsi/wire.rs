//! Replies as checked views: the length is tested once, after that no getter can fail.

use super::Opcode;

/// A reply is shorter than the fields that are needed from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{command} answered {got} bytes, {needed} are needed")]
pub struct Short {
    /// The command whose reply it is.
    pub command: Opcode,
    /// Bytes that the fields need.
    pub needed: usize,
    /// Bytes that came.
    pub got: usize,
}

/// Cuts `reply` to what the fields need.
///
/// # Errors
/// When it is shorter than `needed`.
pub(super) fn at_least(command: Opcode, reply: &[u8], needed: usize) -> Result<&[u8], Short> {
    if reply.len() < needed { Err(Short { command, needed, got: reply.len() }) } else { Ok(reply) }
}

/// Big-endian numbers at fixed offsets of a slice. Out of range reads as zero: callers check the length first, with
/// [`at_least`], so that a zero can only mean a field of an older, shorter reply.
pub(super) trait Fields {
    fn u8_at(&self, at: usize) -> u8;
    fn u16_at(&self, at: usize) -> u16;
    fn u32_at(&self, at: usize) -> u32;
}

impl Fields for [u8] {
    fn u8_at(&self, at: usize) -> u8 {
        self.get(at).copied().unwrap_or(0)
    }
    fn u16_at(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.u8_at(at), self.u8_at(at + 1)])
    }
    fn u32_at(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.u8_at(at), self.u8_at(at + 1), self.u8_at(at + 2), self.u8_at(at + 3)])
    }
}

/// ASCII text of fixed width, blanks at the end dropped, anything unprintable shown as `?`.
pub(super) fn ascii(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|&b| if (0x20..0x7f).contains(&b) { char::from(b) } else { '?' }).collect();
    text.trim().to_owned()
}
