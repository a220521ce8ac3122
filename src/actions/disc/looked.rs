//! A disc in a few words, for scripts and for people.

use crate::actions::contents::{Contents, Shown};
use crate::burn::{DriveSource, Medium, State};
use crate::scsi::Drive;
use crate::sector::Sectors;

/// A disc in a few words, before or after it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Its kind.
    pub medium: String,
    /// Its state as [`status`] calls it.
    pub status: &'static str,
    /// Its state as people read it.
    pub state: String,
    /// Sectors of the whole medium; none where the drive does not tell (any more).
    pub capacity: Option<Sectors>,
    /// Sectors that can be appended; none where the drive tells when the disc is mended.
    pub free: Option<Sectors>,
    /// Nothing is on it that would be lost.
    pub is_empty: bool,
    /// It shows something that may be ours, readable or not: not only what a broken-off burn left.
    pub shows: bool,
    /// The newest session's label.
    pub label: Option<String>,
    /// Which disc it is: see [`identity`](crate::actions::receipt::identity).
    pub id: Option<String>,
}

impl Looked {
    /// Looks at a disc that may hold anything: what can't be read is something.
    #[must_use]
    pub fn at(drive: &mut Drive, medium: &Medium) -> Looked {
        match Contents::of_medium(&mut DriveSource(drive), medium) {
            Ok(contents) => Looked::new(medium, &contents),
            Err(error) => {
                tracing::info!("what is on the disc can't be read: {error}");
                Looked::new(medium, &Contents::unreadable())
            }
        }
    }

    pub(super) fn new(medium: &Medium, contents: &Contents) -> Looked {
        let nothing_shown = contents.shown == Shown::Nothing && contents.torn == 0;
        Looked {
            medium: medium.profile.to_string(),
            status: status(medium.state),
            state: state_words(medium, contents),
            capacity: Some(medium.capacity).filter(|&sectors| sectors > Sectors(0)),
            free: match medium.state {
                State::Interrupted { .. } => None,
                _ => Some(free(medium, contents)),
            },
            is_empty: match medium.state {
                State::Blank | State::NeedsFormat { begun: false } => true,
                _ => medium.is_overwritable() && nothing_shown,
            },
            shows: contents.shown != Shown::Nothing && !contents.is_foreign,
            label: contents.label(),
            id: contents.identity(),
        }
    }
}

/// What can be done with the medium, in a word that scripts may rely on.
#[must_use]
pub fn status(state: State) -> &'static str {
    match state {
        State::Blank => "blank",
        State::Appendable => "appendable",
        State::Interrupted { .. } => "interrupted",
        State::Closed => "closed",
        State::NeedsFormat { begun: false } => "unformatted",
        State::NeedsFormat { begun: true } => "formatted in part",
        State::Overwritable => "overwritable",
        State::ReadOnly => "read-only",
        State::Unsupported => "unsupported",
    }
}

/// What can be done with the medium, in words that people read.
#[must_use]
pub fn state_words(medium: &Medium, contents: &Contents) -> String {
    let state = medium.state;
    match (&contents.shown, state, medium.refusal()) {
        (_, State::Unsupported, Some(why)) => format!("{state}: {why}"),
        (Shown::Unreadable, ..) => format!("{state}, with content this program can't read"),
        (_, State::Blank, _) if !medium.can_append => format!("{state}, takes one session"),
        (Shown::Nothing, State::Overwritable | State::NeedsFormat { begun: true }, _) if contents.torn == 0 => {
            format!("{state}, nothing on it")
        }
        _ => state.to_string(),
    }
}

/// Sectors that can be appended.
pub(super) fn free(medium: &Medium, contents: &Contents) -> Sectors {
    if medium.is_overwritable() {
        Sectors(medium.capacity.0.saturating_sub(contents.next_start.0))
    } else {
        medium.free
    }
}
