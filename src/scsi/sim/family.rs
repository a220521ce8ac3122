//! What every family of media has to answer: the seam between the drive and the state machine of a medium.

use std::fmt;
use std::time::Duration;

use super::cd::Cd;
use super::decode::Fields;
use super::disc::{DiscError, VirtualDisc};
use super::dvd_plus_rw::DvdPlusRw;
use super::kinds::Nature;
use super::mode::WritePage;
use super::options::Quirks;
use super::random::Random;
use super::restricted_overwrite::RestrictedOverwrite;
use super::sense::Sense;
use super::sequential::Sequential;
use super::state::{DiscState, Format};

/// What an operation does to the disc once it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: the disc spins up, the laser is calibrated.
    Nothing,
    /// The buffer is on the disc.
    Synchronize,
    CloseTrack,
    CloseSession {
        appendable: bool,
    },
    Blank,
    /// DVD-RW: only what says where things are; one session written disc at once fits after it.
    BlankMinimally,
    Format,
    /// BD-R: so many blocks are set aside for defect management.
    FormatWriteOnce {
        spares: u32,
        pseudo_overwrite: bool,
    },
    /// The disc gets a new format; with `keep` what is written stays.
    Reformat {
        to: Format,
        keep: bool,
    },
    ResumeFormat,
    StopFormat,
}

/// An operation that takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) effect: Effect,
    /// What TEST UNIT READY answers meanwhile.
    pub(super) sense: Sense,
    pub(super) takes: Duration,
}

impl Job {
    pub(super) fn new(effect: Effect, sense: Sense, seconds: u64) -> Job {
        Job { effect, sense, takes: Duration::from_secs(seconds) }
    }
}

/// What an accepted WRITE means for the drive's watch over the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepted {
    /// It continues, or order does not matter.
    Continues,
    /// It begins a track.
    OpensTrack,
    /// It continues in the midst of an ECC unit.
    SplitsUnit,
}

/// How READ TRACK INFORMATION names a track (MMC-6 table 491).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TrackAddress {
    Lba(u32),
    Track(u32),
    Session(u32),
}

/// A READ TOC/PMA/ATIP request.
#[derive(Debug, Clone, Copy)]
pub(super) struct TocRequest {
    pub(super) format: u8,
    pub(super) msf: bool,
    /// First track or session wanted.
    pub(super) from: u8,
}

/// The state machine of a family of media. It holds what is true only while the disc is in a powered drive; what outlives that is in
/// the disc's state.
pub(super) trait Family: Send + fmt::Debug {
    /// The disc was put in.
    fn inserted(&mut self, disc: &mut VirtualDisc);

    /// May `count` (not 0) blocks be written at `at`? If so they are as good as written for the next WRITE.
    fn accept_write(
        &mut self,
        disc: &mut VirtualDisc,
        page: &WritePage,
        at: u32,
        count: u32,
    ) -> Result<Accepted, Sense>;

    /// Blocks have reached the disc. True if that is a fact `state.json` has to hold at once.
    fn drained(&mut self, disc: &mut VirtualDisc, at: u32, count: u32) -> bool;

    /// A WRITE at `at` went wrong on the medium; what was accepted before it is on the disc.
    fn write_failed(&mut self, disc: &mut VirtualDisc, at: u32) -> Result<(), DiscError>;

    /// May these blocks (not none) be read?
    fn check_read(&self, disc: &DiscState, at: u32, count: u32) -> Result<(), Sense>;

    /// What SYNCHRONIZE CACHE sets off, beside emptying the buffer; `None` if nothing but that.
    fn synchronize(&self) -> Option<Job>;

    fn close(&self, disc: &DiscState, function: u8, number: u16, page: &WritePage) -> Result<Option<Job>, Sense>;

    /// `kind` is the blanking type (MMC-6 table 214).
    fn blank(&self, disc: &DiscState, kind: u8) -> Result<Job, Sense>;

    /// `list` is the parameter list of FORMAT UNIT, 12 bytes.
    fn format(&self, disc: &DiscState, list: Fields<'_>) -> Result<Option<Job>, Sense>;

    /// An operation begins: what it destroys is gone from here on.
    fn begin(&mut self, disc: &mut VirtualDisc, effect: Effect) -> Result<(), DiscError>;

    /// An operation has ended.
    fn complete(&mut self, disc: &mut VirtualDisc, effect: Effect, now: Duration) -> Result<(), DiscError>;

    /// Time has passed. True if a background operation came to its end.
    fn tick(&mut self, disc: &mut VirtualDisc, now: Duration) -> Result<bool, DiscError>;

    /// The drive stops turning the disc in good order: background work is put down.
    fn suspend(&mut self, disc: &mut VirtualDisc) -> Result<(), DiscError>;

    /// The drive was torn from the disc in the midst of writing: power, a reset, the tray. What it had not begun is lost.
    /// True if that is a fact `state.json` has to hold.
    fn cut_off(&mut self, disc: &mut VirtualDisc) -> bool {
        let _ = disc;
        false
    }

    /// Progress of background work, over 65536.
    fn background_progress(&self, disc: &DiscState) -> Option<u16>;

    /// The habits that this drive was told to have.
    fn set_quirks(&mut self, quirks: Quirks) {
        let _ = quirks;
    }

    /// Whether something was written since the last SYNCHRONIZE CACHE.
    fn is_unsynchronized(&self) -> bool {
        false
    }

    /// Whether a disc or session written at once has not reached the end it was announced with.
    fn is_short_of_its_end(&self) -> bool {
        false
    }

    /// Whether WRITE(12) may ask for streaming.
    fn can_stream(&self) -> bool {
        false
    }

    /// RESERVE TRACK of so many blocks.
    fn reserve(&mut self, disc: &mut VirtualDisc, page: &WritePage, blocks: u32) -> Result<(), Sense> {
        let _ = (disc, page, blocks);
        Err(Sense::INCOMPATIBLE_MEDIUM)
    }

    /// SEND CUE SHEET.
    fn cue_sheet(&mut self, disc: &mut VirtualDisc, page: &WritePage, sheet: &[u8]) -> Result<(), Sense> {
        let _ = (disc, page, sheet);
        Err(Sense::INCOMPATIBLE_MEDIUM)
    }

    /// Where the next track begins on a disc just put in, or the one left open goes on; `None` on one that takes none, or has no
    /// tracks.
    fn next_writable(&self, disc: &DiscState) -> Option<u32>;

    /// The current profile (MMC-6 table 91).
    fn profile(&self, disc: &DiscState) -> u16;

    /// Whether mode page 05h decides how this medium is written and closed.
    fn obeys_write_page(&self) -> bool;

    /// Whether a track is being written.
    fn is_writing(&self) -> bool;

    /// Whether the disc is as new.
    fn is_blank(&self, disc: &DiscState) -> bool;

    /// Features that are current beside those of the drive itself (MMC-6 5.3).
    fn current_features(&self, disc: &DiscState) -> &'static [u16];

    fn disc_information(&self, disc: &DiscState) -> Vec<u8>;

    fn track_information(&self, disc: &DiscState, address: TrackAddress) -> Result<Vec<u8>, Sense>;

    fn toc(&self, disc: &DiscState, request: TocRequest) -> Result<Vec<u8>, Sense>;

    /// What READ CAPACITY calls the last block.
    fn last_block(&self, disc: &DiscState) -> u32;

    /// Capacity descriptors of READ FORMAT CAPACITIES, 8 bytes each.
    fn format_capacities(&self, disc: &DiscState) -> Vec<u8>;
}

/// The state machine that rules a disc as it is now: formatting and blanking may put a DVD-RW under another.
pub(super) fn family_of(disc: &DiscState) -> Box<dyn Family> {
    match disc.medium.nature() {
        Nature::Cd => Box::new(Cd::new()),
        Nature::DvdMinus if disc.format.is_some() => Box::new(RestrictedOverwrite::new()),
        Nature::DvdMinus | Nature::DvdPlusR | Nature::BdR => Box::new(Sequential::new(disc)),
        Nature::DvdPlusRw => Box::new(DvdPlusRw::new()),
        Nature::DvdRam | Nature::BdRe => Box::new(Random),
    }
}

/// Puts the length of what follows in front, as 2 bytes.
pub(super) fn counted(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let mut reply = length.to_be_bytes().to_vec();
    reply.extend_from_slice(body);
    reply
}

/// The low byte of a number that fits one.
pub(super) fn low_byte(n: u32) -> u8 {
    n.to_be_bytes()[3]
}

/// Minutes, seconds, frames of an address on a CD (MMC-6 table 715).
pub(super) fn msf(lba: u32) -> [u8; 3] {
    let frames = lba.saturating_add(150);
    [low_byte((frames / 4500).min(99)), low_byte(frames / 75 % 60), low_byte(frames % 75)]
}

/// An address field of 4 bytes in either form.
pub(super) fn address(lba: u32, as_msf: bool) -> [u8; 4] {
    if as_msf {
        let [m, s, f] = msf(lba);
        [0, m, s, f]
    } else {
        lba.to_be_bytes()
    }
}

/// A capacity descriptor: blocks, type byte, three bytes that depend on the type.
pub(super) fn capacity_descriptor(blocks: u32, kind: u8, parameter: u32) -> [u8; 8] {
    let [a, b, c, d] = blocks.to_be_bytes();
    let [_, p, q, r] = parameter.to_be_bytes();
    [a, b, c, d, kind, p, q, r]
}
