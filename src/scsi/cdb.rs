//! Command descriptor blocks (SPC-4 4.3).

use super::Opcode;

/// A CDB in its natural length, which follows from the opcode's group code (SPC-4 4.3.4.1): 6 bytes for group 0,
/// 10 for groups 1 and 2, 12 for group 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cdb {
    bytes: [u8; 12],
    len: usize,
}

impl Cdb {
    /// A CDB with all fields zero.
    #[must_use]
    pub fn new(opcode: Opcode) -> Cdb {
        let len = match opcode.code() >> 5 {
            0 => 6,
            1 | 2 => 10,
            _ => 12,
        };
        let mut bytes = [0; 12];
        bytes[0] = opcode.code();
        Cdb { bytes, len }
    }

    /// Puts a byte.
    #[must_use]
    pub fn byte(mut self, at: usize, value: u8) -> Cdb {
        self.bytes[at] = value;
        self
    }

    /// Sets one bit if `set`.
    #[must_use]
    pub fn flag(mut self, at: usize, bit: u8, set: bool) -> Cdb {
        self.bytes[at] |= u8::from(set) << bit;
        self
    }

    /// Puts a big-endian number of two bytes.
    #[must_use]
    pub fn u16(mut self, at: usize, value: u16) -> Cdb {
        self.bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
        self
    }

    /// Puts a big-endian number of four bytes.
    #[must_use]
    pub fn u32(mut self, at: usize, value: u32) -> Cdb {
        self.bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
        self
    }

    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_follows_from_the_group_code() {
        for (opcode, len) in
            [(Opcode::Inquiry, 6), (Opcode::Read10, 10), (Opcode::ModeSense10, 10), (Opcode::Blank, 12)]
        {
            assert_eq!(Cdb::new(opcode).as_bytes().len(), len, "{opcode}");
        }
    }
}
