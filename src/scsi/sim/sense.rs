//! Sense data as the drive builds it: 18 bytes, fixed format (SPC-4 4.5.3).

/// Why a command ended with CHECK CONDITION.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sense {
    key: u8,
    asc: u8,
    ascq: u8,
    information: Option<u32>,
    /// Sense key specific bytes 15 to 17; all zero when SKSV is 0.
    specific: [u8; 3],
    /// It tells of an earlier command.
    deferred: bool,
}

impl Sense {
    pub(super) const NONE: Sense = Sense::new(0, 0x00, 0x00);
    pub(super) const BECOMING_READY: Sense = Sense::new(2, 0x04, 0x01);
    pub(super) const FORMAT_IN_PROGRESS: Sense = Sense::new(2, 0x04, 0x04);
    pub(super) const OPERATION_IN_PROGRESS: Sense = Sense::new(2, 0x04, 0x07);
    pub(super) const LONG_WRITE_IN_PROGRESS: Sense = Sense::new(2, 0x04, 0x08);
    pub(super) const NO_MEDIUM_TRAY_CLOSED: Sense = Sense::new(2, 0x3a, 0x01);
    pub(super) const NO_MEDIUM_TRAY_OPEN: Sense = Sense::new(2, 0x3a, 0x02);
    pub(super) const UNRECOVERED_READ: Sense = Sense::new(3, 0x11, 0x00);
    pub(super) const NEEDS_START: Sense = Sense::new(2, 0x04, 0x02);
    pub(super) const PARAMETER_LIST_LENGTH: Sense = Sense::new(5, 0x1a, 0x00);
    pub(super) const INVALID_OPCODE: Sense = Sense::new(5, 0x20, 0x00);
    pub(super) const OUT_OF_RANGE: Sense = Sense::new(5, 0x21, 0x00);
    pub(super) const INVALID_ADDRESS_FOR_WRITE: Sense = Sense::new(5, 0x21, 0x02);
    pub(super) const SEQUENCE: Sense = Sense::new(5, 0x2c, 0x00);
    pub(super) const INCOMPATIBLE_MEDIUM: Sense = Sense::new(5, 0x30, 0x00);
    pub(super) const CANNOT_READ_FORMAT: Sense = Sense::new(5, 0x30, 0x02);
    pub(super) const CANNOT_WRITE_FORMAT: Sense = Sense::new(5, 0x30, 0x05);
    pub(super) const CANNOT_FORMAT: Sense = Sense::new(5, 0x30, 0x06);
    pub(super) const NO_SPARE_LEFT: Sense = Sense::new(5, 0x32, 0x00);
    pub(super) const SAVING_NOT_SUPPORTED: Sense = Sense::new(5, 0x39, 0x00);
    pub(super) const REMOVAL_PREVENTED: Sense = Sense::new(5, 0x53, 0x02);
    pub(super) const END_OF_USER_AREA: Sense = Sense::new(5, 0x63, 0x00);
    pub(super) const ILLEGAL_MODE_FOR_TRACK: Sense = Sense::new(5, 0x64, 0x00);
    pub(super) const INCOMPLETE_TRACK: Sense = Sense::new(5, 0x72, 0x03);
    pub(super) const NO_MORE_TRACKS: Sense = Sense::new(5, 0x72, 0x05);
    pub(super) const WRITE_PROTECTED: Sense = Sense::new(7, 0x27, 0x00);
    pub(super) const MEDIUM_CHANGED: Sense = Sense::new(6, 0x28, 0x00);
    pub(super) const RESET: Sense = Sense::new(6, 0x29, 0x00);
    pub(super) const NOT_READY: Sense = Sense::new(2, 0x04, 0x00);
    pub(super) const CALIBRATION_FAILED: Sense = Sense::new(3, 0x73, 0x03);
    pub(super) const BLANK_CHECK: Sense = Sense::new(8, 0x00, 0x00);

    pub(super) const fn new(key: u8, asc: u8, ascq: u8) -> Sense {
        Sense { key, asc, ascq, information: None, specific: [0; 3], deferred: false }
    }

    pub(super) const fn key(self) -> u8 {
        self.key
    }

    /// Sense key, ASC, ASCQ.
    pub(super) const fn words(self) -> (u8, u8, u8) {
        (self.key, self.asc, self.ascq)
    }

    /// INVALID FIELD IN PARAMETER LIST.
    pub(super) const fn is_wrong_list(self) -> bool {
        self.key == 5 && self.asc == 0x26
    }

    /// Said of an earlier command that had been acknowledged (SPC-4 4.5.7).
    pub(super) const fn deferred(self) -> Sense {
        Sense { deferred: true, ..self }
    }

    pub(super) const fn is_deferred(self) -> bool {
        self.deferred
    }

    /// With the failing address in INFORMATION.
    pub(super) const fn at(self, lba: u32) -> Sense {
        Sense { information: Some(lba), ..self }
    }

    /// With a progress indication, a numerator over 65536 (SPC-4 4.5.2.4.4).
    pub(super) const fn with_progress(self, numerator: u16) -> Sense {
        let [high, low] = numerator.to_be_bytes();
        Sense { specific: [0x80, high, low], ..self }
    }

    /// INVALID FIELD IN CDB, pointing at the byte and, where one stands out, the bit (SPC-4 4.5.2.4.2).
    pub(super) fn cdb_field(byte: usize, bit: Option<u8>) -> Sense {
        Sense::field(0x24, 0xc0, byte, bit)
    }

    /// INVALID FIELD IN PARAMETER LIST, pointing into the list.
    pub(super) fn list_field(byte: usize, bit: Option<u8>) -> Sense {
        Sense::field(0x26, 0x80, byte, bit)
    }

    fn field(asc: u8, flags: u8, byte: usize, bit: Option<u8>) -> Sense {
        let [high, low] = u16::try_from(byte).unwrap_or(u16::MAX).to_be_bytes();
        let pointer = bit.map_or(0, |bit| 0x08 | (bit & 0x07));
        Sense { specific: [flags | pointer, high, low], ..Sense::new(5, asc, 0x00) }
    }

    /// Descriptor format (SPC-4 4.5.2): an information descriptor and a sense key specific one, as far as there is something to say.
    pub(super) fn descriptors(self) -> Vec<u8> {
        let mut out = vec![0x72 | u8::from(self.deferred), self.key, self.asc, self.ascq, 0, 0, 0, 0];
        if let Some(lba) = self.information {
            out.extend_from_slice(&[0x00, 0x0a, 0x80, 0, 0, 0, 0, 0]);
            out.extend_from_slice(&lba.to_be_bytes());
        }
        if self.specific[0] != 0 {
            out.extend_from_slice(&[0x02, 0x06, 0, 0]);
            out.extend_from_slice(&self.specific);
            out.push(0);
        }
        out[7] = u8::try_from(out.len() - 8).unwrap_or(u8::MAX);
        out
    }

    /// The same said in other words, of the same block.
    pub(super) const fn instead(self, other: Sense) -> Sense {
        Sense { information: self.information, ..other }
    }

    pub(super) fn bytes(self) -> [u8; 18] {
        let mut out = [0; 18];
        out[0] = 0x70 | u8::from(self.deferred);
        out[2] = self.key;
        if let Some(lba) = self.information {
            out[0] |= 0x80;
            out[3..7].copy_from_slice(&lba.to_be_bytes());
        }
        out[7] = 0x0a;
        out[12] = self.asc;
        out[13] = self.ascq;
        out[15..18].copy_from_slice(&self.specific);
        out
    }
}
