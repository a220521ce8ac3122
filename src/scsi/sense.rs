//! Sense data: what a drive says when it refuses or fails (SPC-4 4.5), in words.
//!
//! Both formats are read. One table holds the additional sense codes that optical drives send (MMC-6 annex F); a
//! code that is not in it is shown by its numbers. What the burner does about a condition is decided by
//! [`Sense::reaction`] and nowhere else.

use std::fmt;

use super::wire::Fields;
use crate::sector::Lba;

/// Sense key (SPC-4 table 43).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the standard's and say it all")]
pub enum SenseKey {
    NoSense,
    RecoveredError,
    NotReady,
    MediumError,
    HardwareError,
    IllegalRequest,
    UnitAttention,
    DataProtect,
    BlankCheck,
    AbortedCommand,
    Other(u8),
}

impl SenseKey {
    fn from_code(code: u8) -> SenseKey {
        match code & 0x0f {
            0x0 => SenseKey::NoSense,
            0x1 => SenseKey::RecoveredError,
            0x2 => SenseKey::NotReady,
            0x3 => SenseKey::MediumError,
            0x4 => SenseKey::HardwareError,
            0x5 => SenseKey::IllegalRequest,
            0x6 => SenseKey::UnitAttention,
            0x7 => SenseKey::DataProtect,
            0x8 => SenseKey::BlankCheck,
            0xb => SenseKey::AbortedCommand,
            other => SenseKey::Other(other),
        }
    }

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            SenseKey::NoSense => 0x0,
            SenseKey::RecoveredError => 0x1,
            SenseKey::NotReady => 0x2,
            SenseKey::MediumError => 0x3,
            SenseKey::HardwareError => 0x4,
            SenseKey::IllegalRequest => 0x5,
            SenseKey::UnitAttention => 0x6,
            SenseKey::DataProtect => 0x7,
            SenseKey::BlankCheck => 0x8,
            SenseKey::AbortedCommand => 0xb,
            SenseKey::Other(code) => code,
        }
    }

    fn words(self) -> &'static str {
        match self {
            SenseKey::NoSense => "no sense",
            SenseKey::RecoveredError => "recovered error",
            SenseKey::NotReady => "not ready",
            SenseKey::MediumError => "medium error",
            SenseKey::HardwareError => "hardware error",
            SenseKey::IllegalRequest => "illegal request",
            SenseKey::UnitAttention => "unit attention",
            SenseKey::DataProtect => "data protect",
            SenseKey::BlankCheck => "blank check",
            SenseKey::AbortedCommand => "aborted command",
            SenseKey::Other(_) => "sense key",
        }
    }
}

/// Decoded sense data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sense {
    /// Sense key.
    pub key: SenseKey,
    /// Additional sense code.
    pub asc: u8,
    /// Additional sense code qualifier.
    pub ascq: u8,
    /// INFORMATION field where it is valid: the sector that failed.
    pub information: Option<Lba>,
    /// Sense key specific field where it is valid.
    specific: Option<[u8; 3]>,
    /// Whether the error belongs to an earlier command (response codes 71h and 73h).
    pub deferred: bool,
}

/// What to do about a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The command worked; the drive had to try harder.
    Ignore,
    /// The drive is busy: wait, then send the same command again.
    Wait,
    /// The drive stands still: START UNIT once, then wait.
    Start,
    /// Medium or drive changed state behind our back: look at everything afresh, or stop if a write was under way.
    Inspect,
    /// There is no medium.
    NoMedium,
    /// The drive does not know the command or a field of it.
    Unsupported,
    /// The sectors are blank.
    Blank,
    /// Broken off on the way: a read may be tried again once.
    RetryRead,
    /// Nothing helps.
    Fail,
}

impl Sense {
    /// Reads sense data of either format. Missing bytes read as zero: some bridges send less than the standard demands.
    /// Data that is no sense data at all reads as NO SENSE.
    #[must_use]
    pub fn parse(data: &[u8]) -> Sense {
        match data.u8_at(0) & 0x7f {
            0x72 | 0x73 => Sense::parse_descriptors(data),
            0x70 | 0x71 => Sense {
                key: SenseKey::from_code(data.u8_at(2)),
                asc: data.u8_at(12),
                ascq: data.u8_at(13),
                information: (data.u8_at(0) & 0x80 != 0).then(|| Lba(data.u32_at(3))),
                specific: (data.u8_at(15) & 0x80 != 0).then(|| [data.u8_at(15), data.u8_at(16), data.u8_at(17)]),
                deferred: data.u8_at(0) & 0x7f == 0x71,
            },
            _ => Sense::of(SenseKey::NoSense, 0, 0),
        }
    }

    fn parse_descriptors(data: &[u8]) -> Sense {
        let mut sense = Sense::of(SenseKey::from_code(data.u8_at(1)), data.u8_at(2), data.u8_at(3));
        sense.deferred = data.u8_at(0) & 0x7f == 0x73;
        let mut rest = data.get(8..).unwrap_or_default();
        while rest.len() >= 2 {
            let (descriptor, next) = rest.split_at(rest.len().min(2 + usize::from(rest[1])));
            match descriptor[0] {
                0x00 if descriptor.u8_at(2) & 0x80 != 0 => {
                    sense.information = Some(Lba(descriptor.u32_at(8)));
                }
                0x02 if descriptor.u8_at(4) & 0x80 != 0 => {
                    sense.specific = Some([descriptor.u8_at(4), descriptor.u8_at(5), descriptor.u8_at(6)]);
                }
                _ => {}
            }
            rest = next;
        }
        sense
    }

    /// Sense without further fields.
    #[must_use]
    pub const fn of(key: SenseKey, asc: u8, ascq: u8) -> Sense {
        Sense { key, asc, ascq, information: None, specific: None, deferred: false }
    }

    /// How far a running operation is, from 0 to 65535, where the drive says so (SPC-4 4.5.2.4.4). Some drives stick at one
    /// value for the whole job: good for a display, never for a decision.
    #[must_use]
    pub fn progress(&self) -> Option<u16> {
        let [_, high, low] = self.specific?;
        matches!(self.key, SenseKey::NoSense | SenseKey::NotReady).then(|| u16::from_be_bytes([high, low]))
    }

    /// The byte of the CDB or of the parameter list that the drive objects to (SPC-4 4.5.2.4.2).
    #[must_use]
    pub fn bad_field(&self) -> Option<BadField> {
        let [flags, high, low] = self.specific?;
        (self.key == SenseKey::IllegalRequest).then(|| BadField {
            in_cdb: flags & 0x40 != 0,
            byte: u16::from_be_bytes([high, low]),
            bit: (flags & 0x08 != 0).then_some(flags & 0x07),
        })
    }

    /// What the burner does about it: the whole policy of waiting and giving up, in one place.
    #[must_use]
    pub fn reaction(&self) -> Reaction {
        match (self.key, self.asc, self.ascq) {
            (SenseKey::RecoveredError, _, _) => Reaction::Ignore,
            (SenseKey::NotReady, 0x04, 0x02) => Reaction::Start,
            (SenseKey::NotReady, 0x04, 0x03) => Reaction::Fail,
            (SenseKey::NotReady, 0x04 | 0x3e, _) => Reaction::Wait,
            (SenseKey::NotReady, 0x3a, _) => Reaction::NoMedium,
            (SenseKey::IllegalRequest, 0x20 | 0x24 | 0x26, _) => Reaction::Unsupported,
            (SenseKey::UnitAttention, 0x2e, _) => Reaction::Wait,
            (SenseKey::UnitAttention, _, _) => Reaction::Inspect,
            (SenseKey::BlankCheck, _, _) => Reaction::Blank,
            (SenseKey::AbortedCommand, _, _) | (SenseKey::NoSense, 0x00, 0x00) => Reaction::RetryRead,
            _ => Reaction::Fail,
        }
    }

    /// The additional sense code in words, where the table knows it.
    #[must_use]
    pub fn words(&self) -> Option<&'static str> {
        let look = |ascq| WORDS.binary_search_by_key(&(self.asc, ascq), |&(asc, q, _)| (asc, q)).ok();
        look(self.ascq).map(|at| WORDS[at].2)
    }
}

/// Where an ILLEGAL REQUEST points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadField {
    /// In the CDB; otherwise in the parameter list.
    pub in_cdb: bool,
    /// Byte offset.
    pub byte: u16,
    /// Bit, if the drive says.
    pub bit: Option<u8>,
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key.words())?;
        match self.words() {
            Some(words) => write!(f, ", {words}")?,
            None => f.write_str(", a condition this program has no words for")?,
        }
        if let Some(at) = self.information {
            write!(f, " at sector {at}")?;
        }
        if let Some(field) = self.bad_field() {
            write!(f, " in byte {}", field.byte)?;
            if let Some(bit) = field.bit {
                write!(f, " bit {bit}")?;
            }
            f.write_str(if field.in_cdb { " of the command" } else { " of the parameters" })?;
        }
        if self.deferred {
            f.write_str(", left over from an earlier command")?;
        }
        write!(f, " ({:x}/{:02x}/{:02x})", self.key.code(), self.asc, self.ascq)
    }
}

/// Additional sense codes with their qualifiers, sorted by number.
#[rustfmt::skip]
const WORDS: &[(u8, u8, &str)] = &[
    (0x00, 0x00, "no further information"),
    (0x00, 0x06, "the i/o process ended"),
    (0x00, 0x11, "audio play in progress"),
    (0x00, 0x16, "operation in progress"),
    (0x00, 0x17, "cleaning requested"),
    (0x02, 0x00, "no seek complete"),
    (0x03, 0x00, "peripheral device write fault"),
    (0x04, 0x00, "the drive is not ready and gives no reason"),
    (0x04, 0x01, "the drive is becoming ready"),
    (0x04, 0x02, "the drive waits for a start command"),
    (0x04, 0x03, "the drive needs somebody's hand"),
    (0x04, 0x04, "format in progress"),
    (0x04, 0x07, "operation in progress"),
    (0x04, 0x08, "long write in progress"),
    (0x04, 0x09, "self-test in progress"),
    (0x05, 0x00, "the drive does not answer to selection"),
    (0x06, 0x00, "no reference position found"),
    (0x08, 0x00, "communication failure"),
    (0x08, 0x01, "communication time-out"),
    (0x08, 0x02, "communication parity error"),
    (0x08, 0x03, "communication CRC error"),
    (0x09, 0x00, "track following error"),
    (0x09, 0x01, "tracking servo failure"),
    (0x09, 0x02, "focus servo failure"),
    (0x09, 0x03, "spindle servo failure"),
    (0x09, 0x04, "head select fault"),
    (0x0a, 0x00, "error log overflow"),
    (0x0b, 0x00, "warning"),
    (0x0b, 0x01, "temperature too high"),
    (0x0c, 0x00, "write error"),
    (0x0c, 0x01, "write error, recovered with reallocation"),
    (0x0c, 0x02, "write error, reallocation failed"),
    (0x0c, 0x03, "write error, reassignment recommended"),
    (0x0c, 0x07, "write error, recovery needed"),
    (0x0c, 0x08, "write error, recovery failed"),
    (0x0c, 0x09, "write error, the stream of data broke off"),
    (0x0c, 0x0a, "write error, padding blocks were added"),
    (0x0c, 0x0f, "defects in the error window"),
    (0x10, 0x00, "sector number or error detection code wrong"),
    (0x11, 0x00, "unrecovered read error"),
    (0x11, 0x01, "unrecovered read error, retries exhausted"),
    (0x11, 0x02, "unrecovered read error, error too long to correct"),
    (0x11, 0x05, "unrecovered read error, layered error correction failed"),
    (0x11, 0x06, "unrecovered read error, CIRC failed"),
    (0x11, 0x0f, "error reading the UPC or EAN number"),
    (0x11, 0x10, "error reading the ISRC number"),
    (0x11, 0x11, "unrecovered read error, no longer readable"),
    (0x14, 0x00, "recorded entity not found"),
    (0x14, 0x01, "sector not found"),
    (0x15, 0x00, "random positioning error"),
    (0x15, 0x01, "mechanical positioning error"),
    (0x15, 0x02, "positioning error found by reading"),
    (0x17, 0x00, "read with no error correction applied"),
    (0x17, 0x01, "read with retries"),
    (0x17, 0x02, "read with positive head offset"),
    (0x17, 0x03, "read with negative head offset"),
    (0x17, 0x04, "read with retries and CIRC"),
    (0x18, 0x00, "read with error correction"),
    (0x18, 0x01, "read with error correction and retries"),
    (0x18, 0x02, "read, data was moved automatically"),
    (0x18, 0x03, "read with CIRC"),
    (0x18, 0x04, "read with layered error correction"),
    (0x1a, 0x00, "parameter list length wrong"),
    (0x1b, 0x00, "synchronous transfer error"),
    (0x20, 0x00, "the drive does not know the command"),
    (0x21, 0x00, "sector address out of range"),
    (0x21, 0x01, "element address wrong"),
    (0x21, 0x02, "this is not the address to write at"),
    (0x21, 0x03, "the write would cross the layer jump"),
    (0x22, 0x00, "illegal function"),
    (0x24, 0x00, "invalid field in the command"),
    (0x25, 0x00, "logical unit not supported"),
    (0x26, 0x00, "invalid field in the parameters"),
    (0x26, 0x01, "parameter not supported"),
    (0x26, 0x02, "parameter value not allowed"),
    (0x26, 0x03, "threshold parameters not supported"),
    (0x27, 0x00, "write protected"),
    (0x27, 0x01, "write protected by the drive's hardware"),
    (0x27, 0x02, "write protected by software"),
    (0x27, 0x03, "write protected for this association"),
    (0x27, 0x04, "write protected until power off"),
    (0x27, 0x05, "write protected for ever"),
    (0x27, 0x06, "write protected conditionally"),
    (0x28, 0x00, "the medium may have changed"),
    (0x28, 0x01, "import or export element accessed"),
    (0x28, 0x02, "the format layer may have changed"),
    (0x29, 0x00, "power on, reset or bus reset"),
    (0x29, 0x01, "power on"),
    (0x29, 0x02, "bus reset"),
    (0x29, 0x03, "device reset"),
    (0x29, 0x04, "device internal reset"),
    (0x2a, 0x00, "parameters changed"),
    (0x2a, 0x01, "mode parameters changed"),
    (0x2a, 0x02, "log parameters changed"),
    (0x2b, 0x00, "copy aborted"),
    (0x2c, 0x00, "the command is out of sequence"),
    (0x2c, 0x03, "the program area is not empty"),
    (0x2c, 0x04, "the program area is empty"),
    (0x2e, 0x00, "not enough time for the operation"),
    (0x2f, 0x00, "commands cleared by another initiator"),
    (0x30, 0x00, "incompatible medium"),
    (0x30, 0x01, "the medium can't be read, unknown format"),
    (0x30, 0x02, "the medium can't be read, incompatible format"),
    (0x30, 0x03, "a cleaning cartridge is in"),
    (0x30, 0x04, "the medium can't be written, unknown format"),
    (0x30, 0x05, "the medium can't be written, incompatible format"),
    (0x30, 0x06, "the medium can't be formatted"),
    (0x30, 0x07, "cleaning failure"),
    (0x30, 0x08, "the application code does not match"),
    (0x30, 0x09, "the session is not fixated for an append"),
    (0x30, 0x10, "the medium is not formatted"),
    (0x31, 0x00, "the medium's format is corrupted"),
    (0x31, 0x01, "formatting failed"),
    (0x32, 0x00, "no spare place left for defects"),
    (0x34, 0x00, "enclosure failure"),
    (0x39, 0x00, "saving parameters is not supported"),
    (0x3a, 0x00, "no medium"),
    (0x3a, 0x01, "no medium, the tray is closed"),
    (0x3a, 0x02, "no medium, the tray is open"),
    (0x3a, 0x03, "no medium, loadable"),
    (0x3b, 0x0d, "the destination element is full"),
    (0x3b, 0x0e, "the source element is empty"),
    (0x3d, 0x00, "invalid bits in the identify message"),
    (0x3e, 0x00, "the drive has not configured itself yet"),
    (0x3e, 0x01, "logical unit failure"),
    (0x3e, 0x02, "logical unit timed out"),
    (0x3f, 0x00, "operating conditions changed"),
    (0x3f, 0x01, "microcode changed"),
    (0x3f, 0x02, "operating definition changed"),
    (0x3f, 0x03, "inquiry data changed"),
    (0x40, 0x00, "diagnostic failure"),
    (0x43, 0x00, "message error"),
    (0x44, 0x00, "internal drive failure"),
    (0x45, 0x00, "select failure"),
    (0x47, 0x00, "parity error on the bus"),
    (0x48, 0x00, "initiator detected error"),
    (0x4a, 0x00, "command phase error"),
    (0x4b, 0x00, "data phase error"),
    (0x4c, 0x00, "the drive failed to configure itself"),
    (0x4e, 0x00, "commands overlapped"),
    (0x51, 0x00, "erase failure"),
    (0x51, 0x01, "erase failure, the erase was incomplete"),
    (0x52, 0x00, "cartridge fault"),
    (0x53, 0x00, "loading or ejecting failed"),
    (0x53, 0x02, "the tray is locked"),
    (0x55, 0x00, "the drive is short of a resource"),
    (0x57, 0x00, "the table of contents can't be read"),
    (0x58, 0x00, "the generation does not exist"),
    (0x59, 0x00, "an updated block was read"),
    (0x5a, 0x00, "operator request"),
    (0x5a, 0x01, "the eject button was pressed"),
    (0x5b, 0x00, "log exception"),
    (0x5d, 0x00, "failure expected soon"),
    (0x5d, 0x01, "failure of the medium expected soon"),
    (0x5d, 0x03, "the spare area runs out soon"),
    (0x5e, 0x00, "low power"),
    (0x63, 0x00, "the end of the user area was reached on this track"),
    (0x63, 0x01, "the packet does not fit in the space that is left"),
    (0x64, 0x00, "illegal mode for this track"),
    (0x64, 0x01, "invalid packet size"),
    (0x65, 0x00, "voltage fault"),
    (0x6f, 0x00, "copy protection, authentication failed"),
    (0x6f, 0x01, "copy protection, no key"),
    (0x6f, 0x02, "copy protection, key not established"),
    (0x6f, 0x03, "copy protection, scrambled sector"),
    (0x6f, 0x04, "copy protection, region code mismatch"),
    (0x6f, 0x05, "copy protection, region is fixed"),
    (0x72, 0x00, "the session could not be closed"),
    (0x72, 0x01, "the session could not be closed, writing the lead-in failed"),
    (0x72, 0x02, "the session could not be closed, writing the lead-out failed"),
    (0x72, 0x03, "the session could not be closed, a track in it is incomplete"),
    (0x72, 0x04, "the session could not be closed, a reserved track is not full"),
    (0x72, 0x05, "no more tracks can be reserved"),
    (0x72, 0x06, "the disc may not be extended past read compatibility"),
    (0x73, 0x00, "CD control error"),
    (0x73, 0x01, "the power calibration area is almost full"),
    (0x73, 0x02, "the power calibration area is full"),
    (0x73, 0x03, "power calibration failed"),
    (0x73, 0x04, "the program memory area could not be updated"),
    (0x73, 0x05, "the program memory area is full"),
    (0x73, 0x06, "the program memory area could not be updated, almost full"),
    (0x73, 0x10, "the current power calibration area is almost full"),
    (0x73, 0x11, "the current power calibration area is full"),
    (0x73, 0x17, "the recording management area is full"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// 43 % of a format: NOT READY, 04/04, SKSV with 6E14h.
    const FORMATTING: [u8; 18] = [0x70, 0, 2, 0, 0, 0, 0, 0x0a, 0, 0, 0, 0, 4, 4, 0, 0x80, 0x6e, 0x14];

    #[test]
    fn a_running_format_tells_its_progress() {
        let sense = Sense::parse(&FORMATTING);
        assert_eq!((sense.key, sense.asc, sense.ascq), (SenseKey::NotReady, 4, 4));
        assert_eq!(sense.progress(), Some(0x6e14));
        assert_eq!(sense.reaction(), Reaction::Wait);
        assert_eq!(sense.to_string(), "not ready, format in progress (2/04/04)");
    }

    #[test]
    fn a_write_error_names_its_sector() {
        let sense = Sense::parse(&[0xf0, 0, 3, 0, 0, 0x31, 0x08, 0x0a, 0, 0, 0, 0, 0x0c, 0, 0, 0, 0, 0]);
        assert_eq!(sense.information, Some(Lba(12552)));
        assert_eq!(sense.to_string(), "medium error, write error at sector 12552 (3/0c/00)");
    }

    #[test]
    fn a_refused_field_is_pointed_at() {
        let sense = Sense::parse(&[0x70, 0, 5, 0, 0, 0, 0, 0x0a, 0, 0, 0, 0, 0x24, 0, 0, 0xc9, 0, 1]);
        assert_eq!(sense.bad_field(), Some(BadField { in_cdb: true, byte: 1, bit: Some(1) }));
        assert_eq!(
            sense.to_string(),
            "illegal request, invalid field in the command in byte 1 bit 1 of the command (5/24/00)"
        );
    }

    #[test]
    fn the_descriptor_format_says_the_same() {
        let data = [
            0x72, 3, 0x0c, 0, 0, 0, 0, 20, // header
            0x00, 0x0a, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x31, 0x08, // information
            0x02, 0x06, 0, 0, 0x80, 0, 3, 0, // sense key specific
        ];
        let sense = Sense::parse(&data);
        assert_eq!((sense.key, sense.asc, sense.information), (SenseKey::MediumError, 0x0c, Some(Lba(12552))));
    }

    #[test]
    fn any_beginning_of_any_bytes_is_read_without_a_stumble() {
        for first in 0..=255 {
            for len in 0..=18 {
                let mut data = FORMATTING;
                data[0] = first;
                data[1] = 0xff;
                let _ = Sense::parse(&data[..len]).to_string();
                let _ = Sense::parse(&[first; 40]).to_string();
            }
        }
    }

    #[test]
    fn the_table_is_sorted_so_that_the_search_finds_all_of_it() {
        assert!(WORDS.windows(2).all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1)));
        for &(asc, ascq, words) in WORDS {
            assert_eq!(Sense::of(SenseKey::NoSense, asc, ascq).words(), Some(words));
        }
    }

    #[test]
    fn an_unknown_code_shows_its_numbers() {
        let text = Sense::of(SenseKey::MediumError, 0xab, 0xcd).to_string();
        assert_eq!(text, "medium error, a condition this program has no words for (3/ab/cd)");
    }

    #[test]
    fn the_reaction_to_each_kind_of_condition_is_fixed() {
        use SenseKey::*;
        for (key, asc, ascq, reaction) in [
            (RecoveredError, 0x17, 0x01, Reaction::Ignore),
            (NotReady, 0x04, 0x00, Reaction::Wait),
            (NotReady, 0x04, 0x01, Reaction::Wait),
            (NotReady, 0x04, 0x02, Reaction::Start),
            (NotReady, 0x04, 0x03, Reaction::Fail),
            (NotReady, 0x04, 0x04, Reaction::Wait),
            (NotReady, 0x04, 0x07, Reaction::Wait),
            (NotReady, 0x04, 0x08, Reaction::Wait),
            (NotReady, 0x30, 0x01, Reaction::Fail),
            (NotReady, 0x3a, 0x01, Reaction::NoMedium),
            (NotReady, 0x3e, 0x00, Reaction::Wait),
            (MediumError, 0x0c, 0x00, Reaction::Fail),
            (HardwareError, 0x44, 0x00, Reaction::Fail),
            (IllegalRequest, 0x20, 0x00, Reaction::Unsupported),
            (IllegalRequest, 0x21, 0x02, Reaction::Fail),
            (IllegalRequest, 0x24, 0x00, Reaction::Unsupported),
            (IllegalRequest, 0x72, 0x03, Reaction::Fail),
            (UnitAttention, 0x28, 0x00, Reaction::Inspect),
            (UnitAttention, 0x29, 0x00, Reaction::Inspect),
            (UnitAttention, 0x2e, 0x00, Reaction::Wait),
            (DataProtect, 0x27, 0x00, Reaction::Fail),
            (BlankCheck, 0x00, 0x00, Reaction::Blank),
            (AbortedCommand, 0x47, 0x00, Reaction::RetryRead),
        ] {
            assert_eq!(Sense::of(key, asc, ascq).reaction(), reaction, "{key:?} {asc:02x} {ascq:02x}");
        }
    }
}
