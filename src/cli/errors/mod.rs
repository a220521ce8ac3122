//! Errors as the user meets them: what failed, why, what the drive said, what state things are in, what to do; and a name by which more is
//! to be found.
//!
//! [`diagnosis`] decides name, state and hint, [`id`] has the names with their exit codes, [`manual`] the long form of each.

mod diagnosis;
mod id;
mod manual;

use serde::Serialize;

pub(super) use self::id::ErrorId;
pub(super) use self::manual::{Section, section};
use super::log::LogError;
use crate::actions::ActionError;
use crate::actions::hooks::HookError;
use crate::actions::image::ImageError;
use crate::actions::proof::Finding;
use crate::scsi::{ScsiError, Sense};

/// An error in the user's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// Its name.
    pub(super) id: ErrorId,
    /// What failed.
    pub(super) what: String,
    /// Why, the nearest cause first.
    pub(super) because: Vec<String>,
    /// What the drive said, if it is the drive that refused.
    pub(super) sense: Option<Box<SenseObject>>,
    /// Every difference that was found.
    pub(super) findings: Vec<String>,
    /// What state the data and the medium are in; empty where nothing was touched and that is plain.
    pub(super) state: &'static str,
    /// What to do next; empty where the error says it.
    pub(super) hint: &'static str,
}

impl Failure {
    /// An error of the command line itself.
    pub(super) fn usage(what: impl Into<String>) -> Failure {
        Failure::of(ErrorId::Usage, what)
    }

    /// An error that says all there is to say.
    pub(super) fn of(id: ErrorId, what: impl Into<String>) -> Failure {
        Failure { id, what: what.into(), because: Vec::new(), sense: None, findings: Vec::new(), state: "", hint: "" }
    }

    /// The log file can't be written.
    pub(super) fn log_file(error: &LogError) -> Failure {
        Failure {
            state: diagnosis::NOT_BEGUN,
            hint: "name a log file that this user can write: -l FILE",
            ..Failure::of(ErrorId::LogFile, error.to_string())
        }
    }

    /// The work is done, and stdout did not take what there was to say of it.
    pub(super) fn answer_lost(error: &std::io::Error) -> Failure {
        Failure {
            because: vec![error.to_string()],
            state: "what was asked for is done, only the answer is not whole",
            hint: "make room where stdout goes; info tells what is on a disc",
            ..Failure::of(ErrorId::AnswerLost, "not all of the answer could be written to stdout")
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        self.id.code()
    }

    /// As lines for screen and log.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("error: {}", self.what)];
        lines.extend(self.because.iter().map(|cause| format!("  because: {cause}")));
        lines.extend(self.findings.iter().map(|finding| format!("  {finding}")));
        if !self.state.is_empty() {
            lines.push(format!("  state: {}", self.state));
        }
        if !self.hint.is_empty() {
            lines.push(format!("  hint: {}", self.hint));
        }
        lines.push(more(self.id));
        lines
    }
}

/// Where there is more to read about an error.
pub(super) fn more(id: ErrorId) -> String {
    format!("  more: cedarburn explain {}", id.word())
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Failure {
        let (id, state, hint) = diagnosis::of(&error);
        let mut because = Vec::new();
        let mut cause = std::error::Error::source(diagnosis::innermost(&error));
        while let Some(error) = cause {
            because.push(error.to_string());
            cause = error.source();
        }
        let findings = match diagnosis::innermost(&error) {
            ActionError::Hook(HookError::Failed { output, .. }) => output.clone(),
            ActionError::NotValid { problems, .. } => problems.clone(),
            ActionError::Findings { findings, .. }
            | ActionError::Unsound { findings }
            | ActionError::Image(ImageError::Changed { findings }) => findings.iter().map(Finding::to_string).collect(),
            _ => Vec::new(),
        };
        let sense = diagnosis::causes(diagnosis::innermost(&error)).find_map(SenseObject::said).map(Box::new);
        Failure { id, what: error.to_string(), because, sense, findings, state, hint }
    }
}

/// What a drive said (SPC-4 4.5), as numbers and in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct SenseObject {
    /// The command it said it to.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// Sense key.
    key: u8,
    /// Additional sense code.
    asc: u8,
    /// Its qualifier.
    ascq: u8,
    /// All of it in words.
    words: String,
    /// The sector that failed, where it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<u32>,
}

impl SenseObject {
    pub(super) fn new(sense: Sense) -> SenseObject {
        let Sense { key, asc, ascq, information, .. } = sense;
        let sector = information.map(|sector| sector.0);
        SenseObject { command: None, key: key.code(), asc, ascq, words: sense.to_string(), sector }
    }

    fn said(error: &ScsiError) -> Option<SenseObject> {
        let ScsiError::Sense { command, sense } = error else { return None };
        Some(SenseObject { command: Some(command.clone()), ..SenseObject::new(*sense) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::exit::{BURN, DIFFERENCE, DRIVE, FAILED, INTERRUPTED, MEDIUM, NO_ROOM, NOTHING_TO_STORE};
    use super::diagnosis::UNTOUCHED;
    use super::*;
    use crate::actions::disc::Preparation;
    use crate::actions::policy::{Refusal, Why};
    use crate::actions::staging::StagingError;
    use crate::burn::BurnError;
    use crate::scsi::{Sense, SenseKey};
    use crate::sector::{Lba, Sectors};

    #[test]
    fn a_failed_write_tells_what_why_state_and_next_step() {
        let sense = Sense::parse(&[0xf0, 0, 3, 0, 0x01, 0x40, 0x00, 0x0a, 0, 0, 0, 0, 0x0c, 0, 0, 0, 0, 0]);
        let source = ScsiError::Sense { command: "WRITE(10) of 32 sectors at 81920".into(), sense };
        let error = BurnError::Write { at: Lba(81920), written: Sectors(77824), planned: Sectors(90000), source };
        let failure = Failure::from(ActionError::from(error));
        assert_eq!(failure.code(), BURN);
        assert_eq!(
            failure.lines(),
            [
                "error: writing stopped at sector 81920, 77824 of 90000 sectors are on the disc",
                "  because: WRITE(10) of 32 sectors at 81920 failed: medium error, write error at sector 81920 (3/0c/00)",
                "  state: the earlier sessions are untouched, the day is not marked as stored",
                "  hint: the disc is likely spoiled: take a fresh one and run the same command again",
                "  more: cedarburn explain writing-failed",
            ]
        );
    }

    #[test]
    fn causes_have_their_exit_codes() {
        let no_medium =
            ScsiError::Sense { command: "TEST UNIT READY".into(), sense: Sense::of(SenseKey::NotReady, 0x3a, 1) };
        let left_open = ScsiError::TrayLeftOpen { source: Box::new(ScsiError::GivenUp { what: "LOAD".into() }) };
        for (error, code) in [
            (ActionError::Medium { source: no_medium }, MEDIUM),
            (ActionError::Medium { source: left_open }, DRIVE),
            (ActionError::Refused(Refusal::NotBlank { why: Why::StartOfWeek }), MEDIUM),
            (
                ActionError::NoRoom {
                    what: "2026-11-22".to_owned(),
                    needed: Sectors(2),
                    free: Sectors(1),
                    empty: false,
                    rewritable: false,
                    without_spares: None,
                },
                NO_ROOM,
            ),
            (ActionError::Burn(BurnError::Interrupted { written: Sectors(7) }), INTERRUPTED),
            (
                ActionError::Staging(StagingError::AllStored { root: "/s".into(), days: vec![], unstaged: vec![] }),
                NOTHING_TO_STORE,
            ),
            (ActionError::Staging(StagingError::NotStaged { root: "/s".into(), days: vec![] }), FAILED),
            (ActionError::Findings { what: "x", findings: vec![] }, DIFFERENCE),
        ] {
            let text = error.to_string();
            assert_eq!(Failure::from(error).code(), code, "{text}");
        }
    }

    #[test]
    fn a_refusal_after_the_disc_was_made_ready_tells_what_was_done_to_it() {
        let refused = || ActionError::Burn(BurnError::NoRoom { needed: Sectors(498_240), free: Sectors(494_656) });
        for (preparation, state) in [
            (Preparation::FormatWithSpares, "the disc was formatted with spare areas, which it keeps for ever"),
            (Preparation::Format, "the disc was formatted"),
            (Preparation::BlankWhole, "the disc was blanked"),
            (Preparation::Close, "what a broken-off burn left open was closed"),
        ] {
            let failure = Failure::from(ActionError::Prepared { preparation, error: Box::new(refused()) });
            assert_eq!(failure.code(), NO_ROOM);
            assert!(failure.state.starts_with(state), "{}", failure.state);
        }
        assert_eq!(Failure::from(refused()).state, UNTOUCHED);
    }

    #[test]
    fn sizes_that_do_not_fit_are_named() {
        let error = ActionError::NoRoom {
            what: "2026-11-22".to_owned(),
            needed: Sectors(400_000),
            free: Sectors(359_849),
            empty: false,
            rewritable: true,
            without_spares: None,
        };
        assert_eq!(
            error.to_string(),
            "no room for 2026-11-22: 400000 sectors (819200000 bytes) are needed, 359849 sectors (736970752 bytes) are free"
        );
    }
}
