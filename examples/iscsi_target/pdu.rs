//! iSCSI's messages, byte by byte (RFC 7143, section 11): a header of 48 bytes, and a data segment padded to 4.
//!
//! No digests, and additional headers are read past: they carry only what this target has no use for.

use std::io::{self, Read, Write};

/// Bytes of every header.
pub(crate) const HEADER: usize = 48;

/// The most data one message to us may carry; what the target declares as its MaxRecvDataSegmentLength.
pub(crate) const MOST_DATA: usize = 256 * 1024;

/// The tag that stands for none.
pub(crate) const NO_TAG: u32 = 0xffff_ffff;

/// What an initiator sends: operation codes (11.2.1.2).
pub(crate) mod request {
    pub(crate) const NOP_OUT: u8 = 0x00;
    pub(crate) const COMMAND: u8 = 0x01;
    pub(crate) const TASK_MANAGEMENT: u8 = 0x02;
    pub(crate) const LOGIN: u8 = 0x03;
    pub(crate) const TEXT: u8 = 0x04;
    pub(crate) const DATA_OUT: u8 = 0x05;
    pub(crate) const LOGOUT: u8 = 0x06;
}

/// What a target sends.
pub(crate) mod response {
    pub(crate) const NOP_IN: u8 = 0x20;
    pub(crate) const COMMAND: u8 = 0x21;
    pub(crate) const TASK_MANAGEMENT: u8 = 0x22;
    pub(crate) const LOGIN: u8 = 0x23;
    pub(crate) const TEXT: u8 = 0x24;
    pub(crate) const DATA_IN: u8 = 0x25;
    pub(crate) const LOGOUT: u8 = 0x26;
    pub(crate) const READY_TO_TRANSFER: u8 = 0x31;
    pub(crate) const REJECT: u8 = 0x3f;
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pdu {
    /// The basic header segment.
    pub(crate) header: [u8; HEADER],
    /// The data segment, without its padding.
    pub(crate) data: Vec<u8>,
}

impl Pdu {
    /// An answer with the F bit set and this initiator task tag.
    pub(crate) fn answer(code: u8, tag: u32) -> Pdu {
        let mut pdu = Pdu { header: [0; HEADER], data: Vec::new() };
        pdu.header[0] = code;
        pdu.header[1] = 0x80;
        pdu.set_u32(16, tag);
        pdu
    }

    /// The operation code, without the I bit.
    pub(crate) fn code(&self) -> u8 {
        self.header[0] & 0x3f
    }

    /// I: delivered at once, whatever its place.
    pub(crate) fn is_immediate(&self) -> bool {
        self.header[0] & 0x40 != 0
    }

    /// F, and T of a login.
    pub(crate) fn is_final(&self) -> bool {
        self.header[1] & 0x80 != 0
    }

    /// Initiator task tag.
    pub(crate) fn tag(&self) -> u32 {
        self.u32(16)
    }

    /// The logical unit number; `None` in a form other than a single level below 256.
    pub(crate) fn lun(&self) -> Option<u8> {
        // Peripheral or flat space addressing (SAM-5 4.7.7): no difference below 256.
        let plain = self.header[8] & 0xbf == 0 && self.header[10..16] == [0; 6];
        plain.then_some(self.header[9])
    }

    #[cfg(test)]
    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.header[at], self.header[at + 1]])
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.header[at], self.header[at + 1], self.header[at + 2], self.header[at + 3]])
    }

    pub(crate) fn set_u32(&mut self, at: usize, value: u32) {
        self.header[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }

    /// Reads one message; `None` when the other side has hung up between two.
    ///
    /// # Errors
    /// When the connection breaks, or more data comes than was agreed on.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Pdu>> {
        let mut header = [0; HEADER];
        match from.read(&mut header[..1])? {
            0 => return Ok(None),
            _ => from.read_exact(&mut header[1..])?,
        }
        let mut additional = vec![0; usize::from(header[4]) * 4];
        from.read_exact(&mut additional)?;
        let [_, a, b, c] = [0, header[5], header[6], header[7]].map(usize::from);
        let length = a << 16 | b << 8 | c;
        if length > MOST_DATA {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a data segment of {length} bytes")));
        }
        let mut data = vec![0; length.next_multiple_of(4)];
        from.read_exact(&mut data)?;
        data.truncate(length);
        Ok(Some(Pdu { header, data }))
    }

    /// Writes the message with its length and padding.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let length = u32::try_from(self.data.len()).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(HEADER + self.data.len() + 3);
        bytes.extend_from_slice(&self.header);
        bytes[5..8].copy_from_slice(&length.to_be_bytes()[1..]);
        bytes.extend_from_slice(&self.data);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        to.write_all(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// INQUIRY of 36 bytes, as an initiator sends it.
    const COMMAND: [u8; 48] = [
        0x01, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0x24, 0, 0, 0, 5, 0, 0,
        0, 9, 0x12, 0, 0, 0, 0x24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn a_command_is_read_field_by_field() {
        let pdu = Pdu::read(&mut &COMMAND[..]).unwrap().unwrap();
        assert_eq!((pdu.code(), pdu.is_immediate(), pdu.is_final()), (request::COMMAND, false, true));
        assert_eq!((pdu.tag(), pdu.u32(20), pdu.u32(24), pdu.u32(28)), (0x1234_5678, 36, 5, 9));
        assert_eq!(pdu.lun(), Some(0));
        assert_eq!(pdu.header[32..37], [0x12, 0, 0, 0, 0x24]);
    }

    #[test]
    fn data_is_padded_to_four_bytes_and_read_back_without_the_padding() {
        let mut pdu = Pdu::answer(response::TEXT, 7);
        pdu.data = b"abcde".to_vec();
        let mut bytes = Vec::new();
        pdu.write(&mut bytes).unwrap();
        assert_eq!(bytes[..8], [0x24, 0x80, 0, 0, 0, 0, 0, 5]);
        assert_eq!(bytes[16..20], [0, 0, 0, 7]);
        assert_eq!(bytes[48..], *b"abcde\0\0\0");
        let back = Pdu::read(&mut &bytes[..]).unwrap().unwrap();
        assert_eq!(back.data, b"abcde");
    }

    #[test]
    fn additional_headers_are_read_past() {
        let mut bytes = COMMAND.to_vec();
        bytes[4] = 2;
        bytes.extend_from_slice(&[0, 5, 2, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&COMMAND);
        let mut from = &bytes[..];
        Pdu::read(&mut from).unwrap().unwrap();
        assert_eq!(Pdu::read(&mut from).unwrap().unwrap().header, COMMAND);
        assert_eq!(Pdu::read(&mut from).unwrap(), None);
    }

    #[test]
    fn half_a_message_and_one_with_too_much_data_are_errors() {
        assert!(Pdu::read(&mut &COMMAND[..47]).is_err());
        let mut long = COMMAND;
        long[5] = 0x10;
        let error = Pdu::read(&mut &long[..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_unit_number_is_known_in_both_of_its_simple_forms() {
        let mut pdu = Pdu::answer(request::COMMAND, 0);
        pdu.header[8..10].copy_from_slice(&[0x40, 3]);
        assert_eq!(pdu.lun(), Some(3));
        pdu.header[8] = 0xc1;
        assert_eq!(pdu.lun(), None);
    }
}
