//! Sense data: what a drive says when it refuses or fails (SPC-4 4.5), in words.
//!
//! Both formats are read. One table holds the additional sense codes that optical drives send (MMC-6 annex F); a
//! code that is not in it is shown by its numbers. What the burner does about a condition is decided by
//! [`Sense::reaction`] and nowhere else.

mod reaction;
mod words;

use std::fmt;

pub use self::reaction::{During, Reaction};
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
    /// The key of a number, of which the lower four bits count.
    #[must_use]
    pub fn from_code(code: u8) -> SenseKey {
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

    /// How often the drive tried before it gave up or succeeded, where it says so (SPC-4 4.5.2.4.3).
    #[must_use]
    pub fn retries(&self) -> Option<u16> {
        let [_, high, low] = self.specific?;
        let counted = [SenseKey::RecoveredError, SenseKey::MediumError, SenseKey::HardwareError];
        counted.contains(&self.key).then(|| u16::from_be_bytes([high, low]))
    }

    /// The additional sense code in words, where the table knows it.
    #[must_use]
    pub fn words(&self) -> Option<&'static str> {
        words::words(self.asc, self.ascq)
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
        if let Some(retries @ 1..) = self.retries() {
            write!(f, " after {retries} retries")?;
        }
        if self.deferred {
            f.write_str(", left over from an earlier command")?;
        }
        write!(f, " ({:x}/{:02x}/{:02x})", self.key.code(), self.asc, self.ascq)
    }
}

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
        assert_eq!(sense.reaction(During::Poll), Reaction::Wait);
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
    fn an_unknown_code_shows_its_numbers() {
        let text = Sense::of(SenseKey::MediumError, 0xab, 0xcd).to_string();
        assert_eq!(text, "medium error, a condition this program has no words for (3/ab/cd)");
    }
}
