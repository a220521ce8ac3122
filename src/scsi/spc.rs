//! Commands every SCSI device has (SPC-4).

use std::time::Duration;

use super::command::{Command, Variable};
use super::deadline::timeout;
use super::wire::{Fields, Short, ascii, at_least};
use super::{Cdb, During, Opcode, Sense};

/// TEST UNIT READY (SPC-4 6.33): the poll after everything that takes long.
#[derive(Debug)]
pub struct TestUnitReady;

impl Command for TestUnitReady {
    const OPCODE: Opcode = Opcode::TestUnitReady;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE)
    }
    fn timeout(&self) -> Duration {
        timeout::POLL
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

/// REQUEST SENSE (SPC-4 6.27): tells the progress of a running operation where TEST UNIT READY does not.
#[derive(Debug)]
pub struct RequestSense;

impl Command for RequestSense {
    const OPCODE: Opcode = Opcode::RequestSense;
    type Reply = Sense;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).byte(4, 18)
    }
    fn allocation(&self) -> usize {
        18
    }
    fn parse(&self, reply: &[u8]) -> Result<Sense, Short> {
        Ok(Sense::parse(at_least(Self::OPCODE, reply, 8)?))
    }
}

/// INQUIRY (SPC-4 6.4), the 36 bytes every device has. Some USB bridges fail when asked for more.
#[derive(Debug)]
pub struct Inquiry;

/// Who the device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Peripheral device type; 05h is a CD, DVD or BD drive.
    pub device_type: u8,
    /// T10 vendor identification.
    pub vendor: String,
    /// Product identification.
    pub product: String,
    /// Product revision level.
    pub revision: String,
}

impl Identity {
    /// Peripheral device type of an optical drive (SPC-4 table 138).
    pub const OPTICAL: u8 = 0x05;
}

impl Command for Inquiry {
    const OPCODE: Opcode = Opcode::Inquiry;
    type Reply = Identity;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).u16(3, 36)
    }
    fn allocation(&self) -> usize {
        36
    }
    fn parse(&self, reply: &[u8]) -> Result<Identity, Short> {
        let reply = at_least(Self::OPCODE, reply, 36)?;
        Ok(Identity {
            device_type: reply.u8_at(0) & 0x1f,
            vendor: ascii(&reply[8..16]),
            product: ascii(&reply[16..32]),
            revision: ascii(&reply[32..36]),
        })
    }
}

/// PREVENT ALLOW MEDIUM REMOVAL (SPC-4 6.14): locks or frees the tray.
#[derive(Debug)]
pub struct PreventAllowMediumRemoval {
    /// Lock it.
    pub prevent: bool,
}

impl Command for PreventAllowMediumRemoval {
    const OPCODE: Opcode = Opcode::PreventAllowMediumRemoval;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).flag(4, 0, self.prevent)
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
}

/// MODE SENSE(10) (SPC-4 6.10) for the current values of one page, without block descriptors.
#[derive(Debug)]
pub struct ModeSense10 {
    /// Page code.
    pub page: u8,
}

/// Bytes before the page in a mode parameter list (SPC-4 7.5.5).
const MODE_HEADER: usize = 8;
/// The header, a block descriptor that nobody asked for, and the longest page.
const MOST_MODE_DATA: usize = 280;

/// Bytes of mode data behind their first ten: the header and the head of the page. The page's own length counts too, because one drive
/// announces a total that is too small for it.
fn mode_data(head: &[u8]) -> usize {
    let announced = 2 + usize::from(head.u16_at(0));
    let page = if head.u16_at(6) == 0 { MODE_HEADER + 2 + usize::from(head.u8_at(9)) } else { 0 };
    announced.max(page)
}

impl Command for ModeSense10 {
    const OPCODE: Opcode = Opcode::ModeSense10;
    const DURING: During = During::SetUp;
    /// The page, from its page code on, as long as it says itself: one drive is known to announce a total that is too small.
    type Reply = Vec<u8>;
    fn cdb(&self) -> Cdb {
        Cdb::new(Self::OPCODE).flag(1, 3, true).byte(2, self.page)
    }
    fn allocation(&self) -> usize {
        MOST_MODE_DATA
    }
    fn variable(&self) -> Option<Variable> {
        Some(Variable { first: 10, available: mode_data })
    }
    fn parse(&self, reply: &[u8]) -> Result<Vec<u8>, Short> {
        let reply = at_least(Self::OPCODE, reply, MODE_HEADER + 2)?;
        let start = MODE_HEADER + usize::from(reply.u16_at(6));
        let reply = at_least(Self::OPCODE, reply, start + 2)?;
        let end = start + 2 + usize::from(reply.u8_at(start + 1));
        Ok(reply[start..end.min(reply.len())].to_vec())
    }
    fn describe(&self) -> String {
        format!("{} of page {:02x}h", Self::OPCODE, self.page)
    }
}

/// MODE SELECT(10) (SPC-4 6.8) of one page.
#[derive(Debug)]
pub struct ModeSelect10 {
    page: u8,
    list: Vec<u8>,
}

impl ModeSelect10 {
    /// Sends `page` (from its page code on) back. The PS bit is cleared, as the standard wants it.
    #[must_use]
    pub fn new(page: &[u8]) -> ModeSelect10 {
        let mut list = vec![0; MODE_HEADER];
        list.extend_from_slice(page);
        if let Some(code) = list.get_mut(MODE_HEADER) {
            *code &= 0x7f;
        }
        ModeSelect10 { page: page.first().copied().unwrap_or(0) & 0x3f, list }
    }
}

impl Command for ModeSelect10 {
    const OPCODE: Opcode = Opcode::ModeSelect10;
    const DURING: During = During::SetUp;
    type Reply = ();
    fn cdb(&self) -> Cdb {
        let length = u16::try_from(self.list.len()).unwrap_or(u16::MAX);
        Cdb::new(Self::OPCODE).flag(1, 4, true).u16(7, length)
    }
    fn parameters(&self) -> &[u8] {
        &self.list
    }
    fn parse(&self, _: &[u8]) -> Result<(), Short> {
        Ok(())
    }
    fn describe(&self) -> String {
        format!("{} of page {:02x}h", Self::OPCODE, self.page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_the_standards_bytes() {
        assert_eq!(TestUnitReady.cdb().as_bytes(), [0; 6]);
        assert_eq!(RequestSense.cdb().as_bytes(), [0x03, 0, 0, 0, 18, 0]);
        assert_eq!(Inquiry.cdb().as_bytes(), [0x12, 0, 0, 0, 36, 0]);
        assert_eq!(PreventAllowMediumRemoval { prevent: true }.cdb().as_bytes(), [0x1e, 0, 0, 0, 1, 0]);
        assert_eq!(PreventAllowMediumRemoval { prevent: false }.cdb().as_bytes(), [0x1e, 0, 0, 0, 0, 0]);
        let sense = ModeSense10 { page: 0x05 };
        assert_eq!(sense.cdb_asking(60).as_bytes(), [0x5a, 0x08, 0x05, 0, 0, 0, 0, 0, 60, 0]);
        let select = ModeSelect10::new(&[0x85; 52]);
        assert_eq!(select.cdb().as_bytes(), [0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0]);
        assert_eq!(select.parameters()[..10], [0, 0, 0, 0, 0, 0, 0, 0, 0x05, 0x85]);
    }

    #[test]
    fn a_mode_page_is_as_long_as_it_says_itself() {
        let mut reply = vec![0, 4, 0, 0, 0, 0, 0, 0, 0x05, 0x32];
        reply.resize(60, 0xee);
        let page = ModeSense10 { page: 5 }.parse(&reply).unwrap();
        assert_eq!(page.len(), 52);
    }

    #[test]
    fn a_short_reply_is_an_error_or_a_value_and_never_a_panic() {
        let reply = [0xff; 64];
        for len in 0..reply.len() {
            let _ = Inquiry.parse(&reply[..len]);
            let _ = RequestSense.parse(&reply[..len]);
            let _ = ModeSense10 { page: 5 }.parse(&reply[..len]);
        }
    }

    #[test]
    fn identity_is_read_and_cleaned() {
        let mut reply = *b"\x05\x80\x05\x32\x1f\0\0\0HL-DT-STDVDRAM GH24NSD1 LG00";
        reply[35] = 0x07;
        let identity = Inquiry.parse(&reply).unwrap();
        assert_eq!(identity.device_type, Identity::OPTICAL);
        assert_eq!((identity.vendor.as_str(), identity.product.as_str()), ("HL-DT-ST", "DVDRAM GH24NSD1"));
        assert_eq!(identity.revision, "LG0?");
    }
}
