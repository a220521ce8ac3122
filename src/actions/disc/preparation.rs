//! What is done to a disc before a session is written, without being asked: it loses nothing but what was decided to be wiped.
//!
//! * A CD-RW that is wiped is blanked the fast way. A DVD-RW is blanked whole: blanked the fast way it would take one session only, and so
//!   would tomorrow's day have no place. For the same reason a DVD-RW that somebody else blanked the fast way is blanked whole before its
//!   first session, unless that is to be its last.
//! * Overwritable media are not blanked: the new disc begins over the old one, in the burn itself.
//! * What has to be formatted is. A BD-R is written as it is, unless `defect_management` is on: then it gets the least spare area there is.
//! * What a format takes away is not there for the session: the room is that of the format's size in the drive's list, asked before the disc is
//!   touched. A day that fits only on a disc without spare areas is refused while the disc still can have none.
//! * What a broken-off burn left open is closed. Where the next session goes is known only when that is done: families of media differ in
//!   what they put between two sessions, and no drive tells before. A forecast can only say that the session does not fit for certain.

use std::fmt;

use super::{Disc, contents_of, look_at};
use crate::actions::ActionError;
use crate::actions::policy::Decision;
use crate::actions::proof::with_causes;
use crate::burn::prepare::{FormatWish, Spares};
use crate::burn::{self, BurnError, Progress, State, overwrite, prepare};
use crate::scsi::Trays;
use crate::scsi::mmc::{BlankExtent, Feature, Profile};
use crate::sector::Sectors;

/// What is done to a disc before a session is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    /// Track and session of a broken-off burn are closed.
    Close,
    /// Blanked the fast way.
    Blank,
    /// Every sector is blanked.
    BlankWhole,
    /// Formatted.
    Format,
    /// A format that was begun goes on.
    GoOnFormatting,
    /// Formatted with the least spare area.
    FormatWithSpares,
}

impl Preparation {
    /// A word that scripts may rely on.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Preparation::Close => "close",
            Preparation::Blank => "blank",
            Preparation::BlankWhole => "blank whole",
            Preparation::Format => "format",
            Preparation::GoOnFormatting => "go on formatting",
            Preparation::FormatWithSpares => "format with spares",
        }
    }

    /// The format that it is.
    pub(super) fn format(self) -> Option<FormatWish> {
        match self {
            Preparation::Close | Preparation::Blank | Preparation::BlankWhole => None,
            Preparation::Format | Preparation::GoOnFormatting => Some(FormatWish::Needed),
            Preparation::FormatWithSpares => Some(FormatWish::Spares(Spares::Least)),
        }
    }

    /// What is true of a disc when it was done and nothing was written after it.
    #[must_use]
    pub fn left(self) -> &'static str {
        match self {
            Preparation::Close => "what a broken-off burn left open was closed, and nothing was written after that",
            Preparation::Blank | Preparation::BlankWhole => "the disc was blanked, and nothing was written after that",
            Preparation::Format => "the disc was formatted, and nothing was written after that",
            Preparation::GoOnFormatting => {
                "the disc's format went on, which loses nothing; nothing was written after that"
            }
            Preparation::FormatWithSpares => {
                "the disc was formatted with spare areas, which it keeps for ever, and nothing was written after that"
            }
        }
    }
}

impl fmt::Display for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Preparation::Close => "closing what a broken-off burn left open",
            Preparation::Blank => "blanking, the fast way",
            Preparation::BlankWhole => "blanking every sector",
            Preparation::Format => "formatting",
            Preparation::GoOnFormatting => "going on with the format",
            Preparation::FormatWithSpares => "formatting with spare sectors",
        })
    }
}

/// How a disc is had without spare areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutSpares {
    /// A BD-R is given none.
    DefectManagementOff,
    /// A BD-RE is formatted without.
    Format,
}

impl Disc {
    /// A blank DVD-RW that would take one session only. One that was written is wiped whole anyway, or can't be appended to.
    pub(super) fn is_to_be_blanked_first(&self) -> bool {
        let medium = &self.medium;
        medium.profile == Profile::DvdRwSequential
            && medium.state == State::Blank
            && !medium.can_append
            && !self.how.finalize
    }

    /// What is done to the disc before the session is written, in this order.
    #[must_use]
    pub fn preparations(&self, decision: Decision) -> Vec<Preparation> {
        let mut all = Vec::new();
        if self.is_to_be_mended(decision) {
            all.push(match (self.medium.blanking_broke_off, self.medium.profile) {
                (true, Profile::DvdRwSequential) => Preparation::BlankWhole,
                (true, _) => Preparation::Blank,
                (false, _) => Preparation::Close,
            });
        }
        let is_wiped = matches!(decision, Decision::NewDisc { wipe: true, .. }) && !self.is_overwritable();
        if self.medium.profile == Profile::DvdRwSequential && (is_wiped || self.is_to_be_blanked_first()) {
            all.push(Preparation::BlankWhole);
        } else if is_wiped {
            all.push(Preparation::Blank);
        }
        match self.medium.state {
            State::NeedsFormat { begun: false } => all.push(Preparation::Format),
            State::NeedsFormat { begun: true } => all.push(Preparation::GoOnFormatting),
            State::Blank
                if self.medium.profile == Profile::BdRSequential
                    && self.how.defect_management == Some(true)
                    && !self.medium.features.has(Feature::DEFECT_MANAGEMENT) =>
            {
                all.push(Preparation::FormatWithSpares);
            }
            _ => {}
        }
        all
    }

    /// Whether the disc has to be mended before the session that was decided on can be written.
    #[must_use]
    pub fn is_to_be_mended(&self, decision: Decision) -> bool {
        matches!(self.medium.state, State::Interrupted { .. })
            && !matches!(decision, Decision::NewDisc { wipe: true, .. })
    }

    /// Closes a broken-off session, and looks at the disc again: only now does the drive say where the next one goes. From here until that
    /// is written the torn session is what a mount shows, so it is done last.
    ///
    /// # Errors
    /// When the session can't be closed, or the disc can't be read afterwards.
    pub fn mend(&mut self, progress: &mut dyn Progress) -> Result<(), ActionError> {
        let State::Interrupted { .. } = self.medium.state else { return Ok(()) };
        tracing::warn!("the last burn broke off: closing what it left open");
        self.drive.lock_tray();
        self.medium = prepare::close_interrupted(&mut self.drive, &self.medium, progress)?;
        self.contents = match contents_of(&mut self.drive, &self.medium) {
            Ok(contents) => contents,
            Err(error) => {
                tracing::debug!(
                    "after the closing, {}: the drive is made to look at the disc anew",
                    with_causes(&error)
                );
                self.drive.restart().map_err(|source| ActionError::Medium { source })?;
                let (medium, contents) = look_at(&mut self.drive, Trays::Stay)?;
                self.medium = medium;
                contents
            }
        };
        Ok(())
    }

    /// A disc that is not going to be burned is left as a finished burn leaves it: a run that was killed between its last sector and the
    /// end of the format has left one that this drive reads and others don't.
    ///
    /// # Errors
    /// When the drive can't.
    pub fn end_format(&mut self, progress: &mut dyn Progress) -> Result<(), BurnError> {
        if let State::NeedsFormat { begun: true } = self.medium.state {
            self.drive.lock_tray();
            self.medium = prepare::end_format(&mut self.drive, &self.medium, progress)?;
        }
        Ok(())
    }

    /// Makes the medium ready for the session. With a decision to wipe, what is on it is gone from here on.
    ///
    /// # Errors
    /// When it can't be blanked or formatted.
    pub fn prepare(&mut self, decision: Decision, progress: &mut dyn Progress) -> Result<(), BurnError> {
        self.drive.lock_tray();
        for preparation in self.preparations(decision) {
            tracing::info!("before the session is written: {preparation}");
            let Disc { drive, medium, .. } = self;
            self.medium = match preparation {
                // It was: what was planned depends on it.
                Preparation::Close => continue,
                Preparation::Blank => prepare::blank(drive, medium, BlankExtent::Minimal, progress)?,
                Preparation::BlankWhole => prepare::blank(drive, medium, BlankExtent::Full, progress)?,
                Preparation::Format | Preparation::GoOnFormatting | Preparation::FormatWithSpares => {
                    let wish = preparation.format().unwrap_or(FormatWish::Needed);
                    prepare::format(drive, medium, wish, progress)?
                }
            };
        }
        Ok(())
    }

    /// What would make room for so many sectors that do not fit because of the spare areas.
    #[must_use]
    pub fn without_spares(&self, decision: Decision, needed: Sectors) -> Option<WithoutSpares> {
        let medium = &self.medium;
        if self.preparations(decision).contains(&Preparation::FormatWithSpares) {
            return Some(WithoutSpares::DefectManagementOff).filter(|_| needed <= medium.free);
        }
        let begins_anew = matches!(decision, Decision::NewDisc { .. });
        match burn::format::choose(medium, FormatWish::Spares(Spares::None)) {
            Ok(Some(format))
                if begins_anew && needed.0 <= format.sectors().0.saturating_sub(overwrite::FIRST_SESSION.0) =>
            {
                Some(WithoutSpares::Format)
            }
            _ => None,
        }
    }
}
