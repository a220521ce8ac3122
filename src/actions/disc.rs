//! A drive with its disc, looked at: what the disc is, what is on it, where it goes on, and what it takes to write on it.

mod looked;
mod preparation;

use std::borrow::Cow;
use std::path::Path;

use self::looked::free;
pub use self::looked::{Looked, state_words, status};
pub use self::preparation::{Preparation, WithoutSpares};
use super::contents::{Contents, Shown, is_bad_spot};
use super::policy::{Decision, DiscState, OnDisc, Why};
use super::proof::{Finding, with_causes};
use super::{ActionError, device};
use crate::burn::{self, BurnError, DriveSource, Medium, Recipe, State, overwrite};
use crate::iso::generator::plan::{Options, Plan, VolumeSpace};
use crate::iso::reader;
use crate::iso::tree::Tree;
use crate::scsi::mmc::{Profile, ReadLastSession};
use crate::scsi::spc::TestUnitReady;
use crate::scsi::{Drive, ScsiError, Trays};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Lead-out, lead-in and pre-gap between the first session of a CD and the second (Red Book); later ones lie closer.
const LARGEST_CD_GAP: Sectors = Sectors(11_400);

/// How often a disc that may be another one by now is looked at.
const MOST_LOOKS: usize = 3;

/// How a session is to be written, as far as the user has a say in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct How {
    /// No other is to follow.
    pub finalize: bool,
    /// Whether the drive checks what it writes and takes spare sectors for bad ones; `None` is what it does by itself.
    pub defect_management: Option<bool>,
}

/// The way of writing, in a word that scripts may rely on.
#[must_use]
pub fn recipe_word(recipe: Recipe) -> &'static str {
    match recipe {
        Recipe::CdTrackAtOnce => "track at once",
        Recipe::CdSessionAtOnce => "session at once",
        Recipe::DvdIncremental => "incremental",
        Recipe::DvdDiscAtOnce => "disc at once",
        Recipe::DvdPlusR | Recipe::BdR => "sequential",
        Recipe::Overwrite => "overwriting",
    }
}

/// The drive with its disc.
#[derive(Debug)]
pub struct Disc {
    /// The drive.
    pub drive: Drive,
    /// What the drive says of the medium.
    pub medium: Medium,
    /// What is on it.
    pub contents: Contents,
    /// How the next session is to be written.
    pub how: How,
}

impl Disc {
    /// Opens the drive and looks at its disc.
    ///
    /// # Errors
    /// When the drive can't be used, or the disc can't be read.
    pub fn open(spec: &str, trace: Option<&Path>, trays: Trays) -> Result<Disc, ActionError> {
        Disc::look(device::open_drive(spec, trace)?, trays)
    }

    /// Opens the drive and looks at its disc, which is to be overwritten: that it has bad spots where it says what is on it is no reason not to.
    ///
    /// # Errors
    /// When the drive can't be used, or there is no disc.
    pub fn open_to_overwrite(spec: &str, trace: Option<&Path>, trays: Trays) -> Result<Disc, ActionError> {
        let mut drive = device::open_drive(spec, trace)?;
        let (medium, contents) = match look_at(&mut drive, trays) {
            Err(ActionError::Contents { source }) if is_bad_spot(&source) => {
                tracing::warn!("what is on the disc can't be read: {}", with_causes(&source));
                let medium = burn::inspect(&mut drive).map_err(|source| ActionError::Medium { source })?;
                (medium, Contents::unreadable())
            }
            looked => looked?,
        };
        Ok(Disc::of(drive, medium, contents))
    }

    /// Looks at the disc in a drive.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn look(mut drive: Drive, trays: Trays) -> Result<Disc, ActionError> {
        let (medium, contents) = look_at(&mut drive, trays)?;
        Ok(Disc::of(drive, medium, contents))
    }

    fn of(drive: Drive, medium: Medium, contents: Contents) -> Disc {
        tracing::info!(
            "{}: {}; whole sessions: {}, sectors free: {} of {}",
            medium.profile,
            medium.state,
            contents.sessions.len(),
            medium.free,
            medium.capacity
        );
        Disc { drive, medium, contents, how: How::default() }
    }

    /// The disc in a few words.
    #[must_use]
    pub fn looked(&self) -> Looked {
        Looked::new(&self.medium, &self.contents)
    }

    /// The newest tree, read once more.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read_newest_again(&mut self) -> Result<Tree, ActionError> {
        let newest = self.contents.sessions.last().ok_or(ActionError::NothingToRead)?;
        let reading = reader::read_tree(&mut DriveSource(&mut self.drive), &newest.volume);
        Ok(reading.map_err(|source| ActionError::Contents { source })?.tree)
    }

    /// Whether what a broken-off burn left is still what the disc ends with: no whole session supersedes it.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        let newest = self.contents.sessions.last().map(|session| session.start);
        match self.medium.state {
            State::Interrupted { .. } => true,
            _ if self.is_overwritable() => self.contents.torn > 0,
            _ => self.contents.torn > 0 && self.medium.sessions.last().map(|session| session.start) != newest,
        }
    }

    /// Whether sessions are the file system's doing here, and not the drive's.
    #[must_use]
    pub fn is_overwritable(&self) -> bool {
        self.medium.is_overwritable()
    }

    /// Where the next session would be appended, if the drive tells.
    #[must_use]
    pub fn next_start(&self) -> Option<Lba> {
        if self.is_overwritable() { Some(self.contents.next_start) } else { self.medium.next_writable }
    }

    /// Sectors that can be appended.
    #[must_use]
    pub fn appendable(&self) -> Sectors {
        free(&self.medium, &self.contents)
    }

    /// The disc as the policy sees it before anybody has looked where else is what it holds.
    #[must_use]
    pub fn for_policy(&self) -> OnDisc {
        let state = match (&self.contents.shown, self.medium.state) {
            (_, State::Blank | State::NeedsFormat { begun: false }) => DiscState::Empty,
            (Shown::Unreadable, _) => DiscState::Unreadable,
            // It may be closed by now: that it holds nothing counts, where it can be blanked.
            _ if self.has_only_torn_sessions() && self.medium.rewritable => DiscState::Empty,
            (_, State::Closed | State::ReadOnly | State::Unsupported) => DiscState::Closed,
            (Shown::Nothing, _) => DiscState::Empty,
            (Shown::Sessions, _) => DiscState::Appendable,
        };
        let days = self.contents.days();
        OnDisc {
            state,
            rewritable: self.medium.rewritable,
            only_here: days.clone(),
            days,
            has_others: true,
            // What nobody knows before the disc is mended is no reason to wipe it; then it is decided again.
            available_bytes: match self.medium.state {
                State::Interrupted { .. } => u64::MAX,
                _ => self.appendable().bytes(),
            },
        }
    }

    /// The medium as it is when the session is written: empty, where that was decided.
    fn as_written(&self, decision: Decision) -> Cow<'_, Medium> {
        let is_wiped = matches!(decision, Decision::NewDisc { wipe: true, .. }) && !self.is_overwritable();
        if is_wiped || self.is_to_be_blanked_first() {
            Cow::Owned(Medium { state: State::Blank, can_append: true, ..self.medium.clone() })
        } else {
            Cow::Borrowed(&self.medium)
        }
    }

    /// The way the session is going to be written.
    #[must_use]
    pub fn recipe(&self, decision: Decision) -> Option<Recipe> {
        self.as_written(decision).recipe(self.how.finalize)
    }

    /// Whether another session can follow the one that was decided on, as far as can be known before.
    #[must_use]
    pub fn stays_appendable(&self, decision: Decision) -> bool {
        self.is_overwritable() || (!self.how.finalize && self.as_written(decision).can_append)
    }

    /// Where the session goes: what the drive says. A wiped disc begins at 0. Before a disc is mended the drive does not tell, and the session
    /// is planned for the first place where it could be: see [`is_known`](Disc::is_known).
    #[must_use]
    pub fn start_of(&self, decision: Decision) -> Lba {
        match decision {
            Decision::NewDisc { .. } if self.is_overwritable() => overwrite::FIRST_SESSION,
            Decision::Append { .. } if self.is_overwritable() => self.contents.next_start,
            Decision::NewDisc { wipe: true, .. } => Lba(0),
            _ if self.is_to_be_blanked_first() => Lba(0),
            _ => self.medium.next_writable.filter(|_| self.is_known(decision)).unwrap_or_else(|| self.first_place()),
        }
    }

    /// Whether an overwritable medium shows something that is wiped before the session is written.
    #[must_use]
    pub fn wipes(&self, decision: Decision) -> bool {
        matches!(decision, Decision::NewDisc { .. }) && self.contents.shown != Shown::Nothing
    }

    /// Behind what has to stay of an overwritable medium.
    #[must_use]
    pub fn recorded_end(&self, decision: Decision) -> Lba {
        match decision {
            Decision::NewDisc { .. } if self.wipes(decision) => self.start_of(decision),
            Decision::NewDisc { .. } => Lba(0),
            Decision::Append { .. } => self.contents.recorded_end,
        }
    }

    /// Whether the start of the session is what the drive says, and no forecast.
    #[must_use]
    pub fn is_known(&self, decision: Decision) -> bool {
        !self.is_to_be_mended(decision)
    }

    /// Behind all that is recorded, and on a CD behind the gap: what no drive goes below.
    fn first_place(&self) -> Lba {
        let recorded_end = self.medium.sessions.last().map_or(Lba(0), |session| session.end);
        let gap = match self.medium.profile {
            Profile::CdR | Profile::CdRw => LARGEST_CD_GAP,
            _ => Sectors(0),
        };
        recorded_end.checked_add(gap).unwrap_or(recorded_end).align_up(self.medium.unit())
    }

    /// Sectors that can be written from `start` on when the disc is prepared; none where the drive does not tell before the disc is mended. A
    /// CD's groove tells how long it is at any time.
    ///
    /// # Errors
    /// When the disc can't be formatted as it has to be.
    pub fn room_for(&self, decision: Decision, start: Lba) -> Result<Option<Sectors>, BurnError> {
        for preparation in self.preparations(decision) {
            let Some(wish) = preparation.format() else { continue };
            let profile = self.medium.profile;
            let format = burn::format::choose(&self.medium, wish);
            let format = format.map_err(|why| BurnError::NotFormattable { profile, why })?;
            if let Some(format) = format.filter(|_| preparation == Preparation::FormatWithSpares) {
                return Ok(Some(Sectors(format.sectors().0.saturating_sub(start.0))));
            }
        }
        let is_cd = matches!(self.medium.profile, Profile::CdR | Profile::CdRw);
        let rest = Sectors(self.medium.capacity.0.saturating_sub(start.0));
        Ok(match decision {
            _ if self.is_overwritable() => Some(rest),
            Decision::NewDisc { wipe: true, .. } => self.looked().capacity,
            _ if self.is_to_be_blanked_first() => self.looked().capacity,
            _ if !self.is_known(decision) => Some(rest).filter(|_| is_cd),
            _ => Some(self.medium.free),
        })
    }

    /// Whether all there is on a sequential disc are sessions that were never finished. They take room, and nobody needs them.
    #[must_use]
    pub fn has_only_torn_sessions(&self) -> bool {
        let is_torn = self.contents.torn > 0 || matches!(self.medium.state, State::Interrupted { .. });
        is_torn && self.contents.shown == Shown::Nothing && !self.is_overwritable()
    }

    /// Sectors that a session may have on this disc when it is the only one.
    ///
    /// # Errors
    /// When the disc can't be formatted as it has to be.
    pub fn room_when_begun(&self) -> Result<Sectors, BurnError> {
        let is_blanked = self.has_only_torn_sessions() && self.medium.rewritable;
        let wipe = self.for_policy().state != DiscState::Empty || is_blanked;
        let decision = Decision::NewDisc { wipe, why: Why::EmptyDisc };
        let room = self.room_for(decision, self.start_of(decision))?;
        Ok(room.unwrap_or(self.medium.capacity))
    }

    /// What the medium asks of a plan for the session that was decided on; of the largest, before it was.
    #[must_use]
    pub fn options(&self, decision: Option<Decision>, options: Options) -> Options {
        let align = self.medium.unit();
        if self.is_overwritable() {
            return Options { volume_space: VolumeSpace::SessionLength, padding: Sectors(0), align, ..options };
        }
        let padding = match decision {
            Some(decision) => self.as_written(decision).padding(self.how.finalize),
            None => self.medium.padding(false),
        };
        Options { volume_space: VolumeSpace::AbsoluteEnd, padding, align, ..options }
    }

    /// Sectors the plan takes on this medium.
    #[must_use]
    pub fn needs(&self, plan: &Plan) -> Sectors {
        self.medium.takes(plan.sectors())
    }

    /// Sectors 0 to 31 as they are to be after the session: on a new disc the plan's own; behind other sessions what is there, with the
    /// descriptors exchanged. A disc begun by growisofs has directories and files there.
    ///
    /// With `-md5 on` xorriso puts a checksum of the sectors up to the descriptors behind these. It would be wrong from now on, and xorriso
    /// refuses a disc whose checksum is: without one it reads on. Those of the sessions behind stay right.
    ///
    /// Sectors with a bad spot, as a WRITE that failed leaves them, are written anew where nothing can have been in them but zeros: before the
    /// descriptors everywhere, and behind them where the first session begins behind the superblock.
    ///
    /// # Errors
    /// When the sectors can't be read.
    pub fn superblock(&mut self, decision: Decision, plan: &Plan) -> Result<Option<Vec<u8>>, ActionError> {
        if !self.is_overwritable() {
            return Ok(None);
        }
        let own = plan.superblock();
        if matches!(decision, Decision::NewDisc { .. }) {
            return Ok(Some(own));
        }
        let mut there = vec![0; own.len()];
        let descriptors = plan.descriptor_bytes();
        let is_libburnias = self.contents.sessions.first().is_some_and(|first| first.start >= overwrite::FIRST_SESSION);
        let mut source = DriveSource(&mut self.drive);
        for (sector, number) in there.chunks_mut(SECTOR_BYTES).zip(0..) {
            let bytes = number as usize * SECTOR_BYTES;
            // A descriptor that can't be read is one more reason to write it.
            if descriptors.contains(&bytes) {
                sector.copy_from_slice(&own[bytes..bytes + SECTOR_BYTES]);
            } else {
                match crate::iso::source::SectorSource::read(&mut source, Lba(number), sector) {
                    Err(error) if is_bad_spot(&error) && (bytes < descriptors.start || is_libburnias) => {
                        tracing::warn!(%error, "a bad spot at the beginning of the disc is written anew");
                        sector.fill(0);
                    }
                    read => read.map_err(|source| ActionError::Superblock { source })?,
                }
                if bytes >= descriptors.start && is_checksum_tag(sector, number) {
                    sector.fill(0);
                }
            }
        }
        Ok(Some(there))
    }

    /// Whether whoever puts the disc in a drive is led to the session at `start`: by the table of contents, or by the superblock.
    ///
    /// # Errors
    /// When the drive does not answer.
    pub fn prove_reachable(&mut self, start: Lba, superblock: Option<&[u8]>) -> Result<Vec<Finding>, ActionError> {
        let not_proven = |source: ScsiError| ActionError::NotShownProven { source };
        if let Some(expected) = superblock {
            let mut found = vec![0; expected.len()];
            let is_right = match self.drive.read(Lba(0), &mut found, true) {
                Ok(()) => found == expected,
                Err(error) if error.is_drive_lost() || error.is_no_medium() => return Err(not_proven(error)),
                Err(_) => false,
            };
            return Ok(if is_right { Vec::new() } else { vec![Finding::Superblock] });
        }
        let mut found = self.last_session().map_err(not_proven)?;
        if found != Some(start) {
            // Some drives go on showing the disc as it was until it was stopped.
            self.drive.restart().map_err(not_proven)?;
            found = self.last_session().map_err(not_proven)?;
        }
        Ok(if found == Some(start) { Vec::new() } else { vec![Finding::NotTheNewest { planned: start, found }] })
    }

    /// Where the last closed session begins: from the table of contents, or, where the drive has none to give, from the tracks.
    fn last_session(&mut self) -> Result<Option<Lba>, ScsiError> {
        match self.drive.run(&ReadLastSession) {
            Err(error) if error.is_unsupported() => {
                tracing::debug!(%error, "no table of contents");
                let medium = burn::inspect(&mut self.drive)?;
                Ok(medium.sessions.last().map(|session| session.start))
            }
            told => told,
        }
    }
}

/// What is in the drive, and what is on it. Where the drive says while that is read that the disc may be another one, from the beginning, a
/// few times.
fn look_at(drive: &mut Drive, trays: Trays) -> Result<(Medium, Contents), ActionError> {
    let mut looks = 1;
    loop {
        let medium = burn::inspect_with(drive, trays).map_err(|source| ActionError::Medium { source })?;
        let contents = contents_of(drive, &medium);
        // A drive that went away meanwhile makes nothing of its disc unreadable.
        if contents.as_ref().is_ok_and(|contents| contents.shown == Shown::Unreadable) {
            drive.run(&TestUnitReady).map_err(|source| ActionError::Medium { source })?;
        }
        if !drive.has_news() || looks == MOST_LOOKS {
            return Ok((medium, contents?));
        }
        tracing::debug!("the disc may be another one: it is looked at anew");
        looks += 1;
    }
}

fn contents_of(drive: &mut Drive, medium: &Medium) -> Result<Contents, ActionError> {
    Contents::of_medium(&mut DriveSource(drive), medium).map_err(|source| ActionError::Contents { source })
}

/// Whether the sector `number` is a checksum of libisofs: a line that begins with which of its four kinds it is, and where it stands. A file
/// may have such a line in it, but not the right place.
fn is_checksum_tag(sector: &[u8], number: u32) -> bool {
    let place = format!("checksum_tag_v1 pos={number} ");
    ["", "sb_", "tree_", "rlsb32_"].into_iter().any(|kind| {
        let line = sector.strip_prefix(b"libisofs_").and_then(|rest| rest.strip_prefix(kind.as_bytes()));
        line.is_some_and(|line| line.starts_with(place.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_told_by_its_kind_and_its_place() {
        let rest = "range_start=0 range_size=18 session_start=64 md5=69dd3657782c6881259fd2aa199a50b1";
        for kind in ["rlsb32_", "sb_", "tree_", ""] {
            let mut sector = format!("libisofs_{kind}checksum_tag_v1 pos=18 {rest}\n").into_bytes();
            sector.resize(SECTOR_BYTES, 0);
            assert!(is_checksum_tag(&sector, 18), "{kind}");
            assert!(!is_checksum_tag(&sector, 1) && !is_checksum_tag(&sector, 19), "{kind}: a copy of it");
        }
        for other in
            ["libisofs_other_checksum_tag_v1 pos=18 ", "libisofs_", "", "about libisofs_checksum_tag_v1 pos=18 "]
        {
            assert!(!is_checksum_tag(other.as_bytes(), 18), "{other}");
        }
    }
}
