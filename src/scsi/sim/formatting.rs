//! FORMAT UNIT that gives a disc a new format in the foreground, and its parameter list (MMC-6 6.5.3).
//!
//! DVD+RW is not among these: its formatting goes on in the background.

use super::decode::Fields;
use super::disc::{DiscError, VirtualDisc};
use super::family::{Effect, Job};
use super::kinds::Nature;
use super::sense::Sense;
use super::state::{DiscState, Format, Ranges};

/// Format types (MMC-6 table 237).
pub(super) const WHOLE: u8 = 0x00;
pub(super) const MORE_SPARES: u8 = 0x01;
pub(super) const RESTRICTED_WHOLE: u8 = 0x10;
pub(super) const RESTRICTED_GROW: u8 = 0x13;
pub(super) const RESTRICTED_QUICK: u8 = 0x15;
pub(super) const BD_RE_SPARES: u8 = 0x30;
pub(super) const BD_RE_NO_SPARES: u8 = 0x31;

/// The block length, as some types want it for their parameter.
pub(super) const BLOCK_LENGTH: u32 = 2048;

/// The descriptor of a parameter list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) blocks: u32,
    pub(super) kind: u8,
    pub(super) subtype: u8,
    pub(super) parameter: u32,
    /// DCRT: no certification.
    pub(super) uncertified: bool,
}

impl Wish {
    pub(super) fn parse(list: Fields<'_>) -> Wish {
        Wish {
            blocks: list.u32(4),
            kind: list.u8(8) >> 2,
            subtype: list.u8(8) & 3,
            parameter: list.u32(8) & 0x00ff_ffff,
            uncertified: list.bit(1, 5),
        }
    }

    /// The number of blocks has to be one of these.
    pub(super) fn of(self, legal: &[u32]) -> Result<Wish, Sense> {
        if legal.contains(&self.blocks) { Ok(self) } else { Err(Sense::list_field(4, None)) }
    }

    /// The parameter has to be this.
    pub(super) fn with(self, parameter: u32) -> Result<Wish, Sense> {
        if self.parameter == parameter { Ok(self) } else { Err(Sense::list_field(9, None)) }
    }

    /// There is no such type on this disc, or it has no such subtype.
    pub(super) fn unknown(self) -> Sense {
        Sense::list_field(8, None)
    }

    /// The subtype has to be 0.
    pub(super) fn plain(self) -> Result<Wish, Sense> {
        if self.subtype == 0 { Ok(self) } else { Err(self.unknown()) }
    }
}

/// A format that takes `seconds`; `keep` if what is written stays.
pub(super) fn job(to: Format, keep: bool, seconds: u64) -> Job {
    Job::new(Effect::Reformat { to, keep }, Sense::FORMAT_IN_PROGRESS, seconds)
}

/// The format begins. What it destroys is gone from here on: a disc whose power goes now is unformatted, a DVD-RW one that
/// has to be formatted or blanked.
pub(super) fn begin(disc: &mut VirtualDisc, keep: bool) -> Result<(), DiscError> {
    if keep {
        return Ok(());
    }
    disc.state = DiscState::blank(disc.state.medium, disc.state.capacity);
    disc.state.erasing = disc.state.medium.nature() == Nature::DvdMinus;
    disc.save()?;
    disc.erase_sectors()
}

/// The format has ended.
pub(super) fn complete(disc: &mut VirtualDisc, to: Format) -> Result<(), DiscError> {
    disc.state.erasing = false;
    disc.state.format = Some(to);
    if to.formatted < disc.state.capacity {
        let kept = |ranges: &mut Ranges| ranges.remove(to.formatted, disc.state.capacity - to.formatted);
        kept(&mut disc.state.recorded);
        kept(&mut disc.state.unreadable);
    }
    disc.save()
}

/// Checks what is the same for all types: the CDB and the list's header (MMC-6 6.5.2, 6.5.3.2).
pub(super) fn check(disc: &DiscState, cdb: Fields<'_>, list: Fields<'_>) -> Result<(), Sense> {
    let ram = disc.medium.nature() == Nature::DvdRam;
    // FmtData, format code 001b. CmpList is for DVD-RAM.
    for (bit, wanted) in [(4, true), (3, ram && cdb.bit(1, 3)), (2, false), (1, false), (0, true)] {
        if cdb.bit(1, bit) != wanted {
            return Err(Sense::cdb_field(1, Some(bit)));
        }
    }
    if list.u8(0) != 0 {
        return Err(Sense::list_field(0, None));
    }
    // Immed; FOV, which alone changes nothing; DCRT where there is a certification to do without.
    let allowed = if ram { 0xa2 } else { 0x82 };
    if list.u8(1) & !allowed != 0 {
        return Err(Sense::list_field(1, None));
    }
    if list.bit(1, 5) && !list.bit(1, 7) {
        return Err(Sense::list_field(1, Some(7)));
    }
    if list.u16(2) != 8 {
        return Err(Sense::list_field(2, None));
    }
    Ok(())
}
