//! Errors as the user meets them: what failed, why, what state things are in, what to do; and the exit code by cause.

use std::io::ErrorKind;

use super::log::LogError;
use crate::actions::ActionError;
use crate::actions::device::DeviceError;
use crate::actions::disc::WithoutSpares;
use crate::actions::hooks::HookError;
use crate::actions::image::ImageError;
use crate::actions::policy::Refusal;
use crate::actions::proof::{Finding, ProofError};
use crate::actions::span::SpanError;
use crate::actions::staging::StagingError;
use crate::burn::{BurnError, NoFormat};
use crate::config::ConfigError;
use crate::iso::generator::plan::PlanError;
use crate::scsi::ScsiError;
use crate::scsi::mmc::Profile;
use crate::scsi::sg::OpenError;
use crate::scsi::sim::SimError;

/// Done.
pub(super) const DONE: u8 = 0;
/// A bug: the program panicked.
pub(super) const BUG: u8 = 1;
/// The command line.
pub(super) const COMMAND_LINE: u8 = 2;
/// The log file.
pub(super) const LOG_FILE: u8 = 3;
/// The configuration.
pub(super) const CONFIGURATION: u8 = 4;
/// A signal.
pub(super) const INTERRUPTED: u8 = 5;
/// Any other failed action.
pub(super) const FAILED: u8 = 6;
/// The drive is missing, busy or not permitted.
pub(super) const DRIVE: u8 = 7;
/// The medium is missing, wrong, uninitialised or closed.
pub(super) const MEDIUM: u8 = 8;
/// It does not fit.
pub(super) const NO_ROOM: u8 = 9;
/// Burning failed.
pub(super) const BURN: u8 = 10;
/// Verification found a difference.
pub(super) const DIFFERENCE: u8 = 11;
/// There is nothing to store.
pub(super) const NOTHING_TO_STORE: u8 = 12;
/// Another run is at work with the drive, or with the staging directory.
pub(super) const AT_WORK: u8 = 13;

/// An error in the user's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The exit code.
    pub(super) code: u8,
    /// What failed.
    pub(super) what: String,
    /// Why, the nearest cause first.
    pub(super) because: Vec<String>,
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
        Failure {
            code: COMMAND_LINE,
            what: what.into(),
            because: Vec::new(),
            findings: Vec::new(),
            state: "",
            hint: "",
        }
    }

    /// The log file can't be written.
    pub(super) fn log_file(error: &LogError) -> Failure {
        let mut failure = Failure::usage(error.to_string());
        failure.code = LOG_FILE;
        failure.state = NOT_BEGUN;
        failure.hint = "name a log file that this user can write: -l FILE";
        failure
    }

    /// The work is done, and stdout did not take what there was to say of it.
    pub(super) fn answer_lost(error: &std::io::Error) -> Failure {
        Failure {
            code: FAILED,
            what: "not all of the answer could be written to stdout".to_owned(),
            because: vec![error.to_string()],
            findings: Vec::new(),
            state: "what was asked for is done, only the answer is not whole",
            hint: "make room where stdout goes; info tells what is on a disc",
        }
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
        lines
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Failure {
        let (code, state, hint) = explain(&error);
        let (code, hint) = match () {
            () if causes(innermost(&error)).any(ScsiError::is_given_up) => (
                INTERRUPTED,
                "the drive may be at work by itself for a while: when it is done, run the same command again",
            ),
            () if is_drive_lost(&error) => (DRIVE, hint),
            () => (code, hint),
        };
        let mut because = Vec::new();
        let mut cause = std::error::Error::source(innermost(&error));
        while let Some(error) = cause {
            because.push(error.to_string());
            cause = error.source();
        }
        let findings = match innermost(&error) {
            ActionError::Hook(HookError::Failed { output, .. }) => output.clone(),
            ActionError::NotValid { problems, .. } => problems.clone(),
            ActionError::Findings { findings, .. }
            | ActionError::Unsound { findings }
            | ActionError::Image(ImageError::Changed { findings }) => findings.iter().map(Finding::to_string).collect(),
            _ => Vec::new(),
        };
        Failure { code, what: error.to_string(), because, findings, state, hint }
    }
}

/// The error without what was done to the disc before it.
fn innermost(error: &ActionError) -> &ActionError {
    match error {
        ActionError::Wiped(inner) | ActionError::Prepared { error: inner, .. } => innermost(inner),
        other => other,
    }
}

/// Whether the last cause of an error outside of a burn is that the drive went away.
fn is_drive_lost(error: &ActionError) -> bool {
    if matches!(error, ActionError::Burn(_) | ActionError::Wiped(_) | ActionError::Prepared { .. }) {
        return false;
    }
    causes(error).any(ScsiError::is_drive_lost)
}

/// What a drive said among the causes of an error.
fn causes(error: &ActionError) -> impl Iterator<Item = &ScsiError> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<ScsiError>())
}

const WIPED: &str = "the disc was being started anew, what was on it may be gone; the day is not marked as stored";
const NOT_BEGUN: &str = "nothing was done, the disc was not looked at";
const AGAIN_LATER: &str = "run the same command again when that one is done";
const UNTOUCHED: &str = "nothing was written, the disc is as it was";

/// Exit code, state and hint of every error: the one place where they are decided.
fn explain(error: &ActionError) -> (u8, &'static str, &'static str) {
    match error {
        ActionError::ConfigFile { source: ConfigError::Unreadable { source, .. }, .. } => {
            let hint = match source.kind() {
                ErrorKind::PermissionDenied => "make it readable for this user, or name another one with -c FILE",
                _ => "name the configuration file with -c FILE",
            };
            (CONFIGURATION, "", hint)
        }
        ActionError::ConfigFile { .. } | ActionError::Config(_) => {
            (CONFIGURATION, "", "correct the configuration file")
        }
        ActionError::Span(span) => explain_span(span),
        ActionError::NotValid { .. } => {
            (CONFIGURATION, "", "correct what is named, in the configuration file or on this machine")
        }
        ActionError::Hook(HookError::Interrupted { .. }) => {
            (INTERRUPTED, hook_state(error), "run the same command again")
        }
        ActionError::Hook(HookError::NoCommand { .. }) => {
            (FAILED, hook_state(error), "give the hook a command, or take it out of the options section")
        }
        ActionError::Hook(HookError::Start { .. } | HookError::Failed { .. }) => (
            FAILED,
            hook_state(error),
            "run the hook's command by hand and see what it says; -O puts its output into the log",
        ),
        ActionError::Staging(staging) => explain_staging(staging),
        ActionError::NoReceipts { .. } => (
            FAILED,
            "",
            "each store leaves one: name their folder with --receipts or cedarburn/receipts_dir, as it was for store",
        ),
        ActionError::NotWell { .. } => {
            (FAILED, "", "look into the log; what a run does that failed is told by its receipt, too")
        }
        ActionError::Receipts(_) => (
            FAILED,
            UNTOUCHED,
            "make the folder, or name one that this user may write with --receipts or cedarburn/receipts_dir",
        ),
        ActionError::Owner(_) => (FAILED, UNTOUCHED, "correct options/backup_user and options/backup_group"),
        ActionError::NoDrives => {
            (DRIVE, "", "connect a drive; if one is connected, load the kernel's driver for it: modprobe sr_mod")
        }
        ActionError::Device(device) => explain_device(device),
        ActionError::Medium { source } if source.is_no_medium() => (MEDIUM, "", "put a disc in and close the tray"),
        ActionError::Medium { source } if source.is_drive_lost() => {
            (DRIVE, "", "check the drive's connection and power")
        }
        ActionError::Medium { source: ScsiError::TrayLeftOpen { .. } } => (
            DRIVE,
            UNTOUCHED,
            "the tray is open: push it in or press the button on the drive, then run the same command again; for a drive that can't close it, set store/no_eject",
        ),
        ActionError::Medium { .. } => {
            (MEDIUM, UNTOUCHED, "try another disc; if it is the same with all of them, the drive is broken")
        }
        ActionError::Tray { source, .. } if source.is_drive_lost() => {
            (DRIVE, "", "check the drive's connection and power")
        }
        ActionError::Tray { .. } => {
            (DRIVE, "", "press the button on the drive; a drive of a laptop has no other way to close it")
        }
        ActionError::NotErasable { .. } => (MEDIUM, UNTOUCHED, "put a rewritable disc in"),
        ActionError::NeverFormatted { .. } => {
            (MEDIUM, UNTOUCHED, "nothing has to be done before it is written; blank empties a rewritable one")
        }
        ActionError::NoSpares { .. } => (MEDIUM, UNTOUCHED, "leave --spares out"),
        ActionError::NotEmpty { rewritable: true, .. } => {
            (MEDIUM, UNTOUCHED, "if nothing on it is needed any more: blank empties it, then format formats it")
        }
        ActionError::NotEmpty { .. } => (MEDIUM, UNTOUCHED, "put a blank disc in: this one can't be made empty"),
        ActionError::Preparing(error) => explain_preparing(error),
        ActionError::Contents { .. } | ActionError::NothingToRead => {
            (MEDIUM, UNTOUCHED, "put the right disc in; the drive may need cleaning if it is in")
        }
        ActionError::NoImage => (MEDIUM, "", "name an image of a CD, DVD or BD, or a drive"),
        ActionError::NothingWhole { .. } => (
            MEDIUM,
            UNTOUCHED,
            "of an image make a whole copy; on a disc the next store mends what a broken-off one left",
        ),
        ActionError::NoSuchPath { .. } | ActionError::NoSuchSession { .. } => {
            (FAILED, "", "list and info show what is on the disc")
        }
        ActionError::Label(_) => (
            MEDIUM,
            UNTOUCHED,
            "put the right disc in; a new one has to be labelled first, or check_media switched off",
        ),
        ActionError::OtherMedium { .. } => {
            (MEDIUM, UNTOUCHED, "put the configured kind of disc in, or correct store/media_type (auto takes any)")
        }
        ActionError::Refused(refusal) => match refusal {
            Refusal::NotBlank { .. } => (MEDIUM, UNTOUCHED, "put a blank disc in"),
            Refusal::Protected { .. } => (
                MEDIUM,
                UNTOUCHED,
                "put another disc in; with --full this one is started anew, and what is on it is lost",
            ),
            Refusal::Closed { .. } => {
                (MEDIUM, UNTOUCHED, "put another disc in; a rewritable one is started anew by store --full")
            }
            Refusal::Unreadable => {
                (MEDIUM, UNTOUCHED, "put the right disc in; store --full would overwrite a rewritable one")
            }
        },
        ActionError::Scan(_) => (FAILED, UNTOUCHED, "correct the staging directory, then run the same command again"),
        ActionError::Moving { .. } => {
            (FAILED, UNTOUCHED, "run the same command again when nobody changes the directory")
        }
        ActionError::Tree(_) | ActionError::Plan(_) => {
            (FAILED, UNTOUCHED, "rename or remove what can't be put on a disc")
        }
        ActionError::NoRoom { without_spares: Some(WithoutSpares::DefectManagementOff), .. } => {
            (NO_ROOM, UNTOUCHED, "it would fit without spare areas: --defect-management off")
        }
        ActionError::NoRoom { without_spares: Some(WithoutSpares::Format), .. } => (
            NO_ROOM,
            UNTOUCHED,
            "it would fit without spare areas: format --spares none (a disc that holds something has to be blanked before)",
        ),
        ActionError::NoRoom { empty: true, .. } => {
            (NO_ROOM, UNTOUCHED, "the day is larger than the disc: take a larger kind of disc")
        }
        ActionError::NoRoom { rewritable: true, .. } => {
            (NO_ROOM, UNTOUCHED, "put an empty disc in; store --full starts this one anew, and what is on it is lost")
        }
        ActionError::NoRoom { .. } => (NO_ROOM, UNTOUCHED, "put an empty disc in"),
        ActionError::TreeNotWhole { .. } => {
            (MEDIUM, UNTOUCHED, "run verify; put another disc in, or start this one anew with store --full")
        }
        ActionError::Superblock { .. } => {
            (MEDIUM, UNTOUCHED, "put another disc in, or start this one anew with store --full")
        }
        ActionError::DaysLeft { .. } => (
            NO_ROOM,
            "the days that were stored are on the disc, proven and marked; of the others nothing was written",
            "put an empty disc in and run the same command again: it goes on with the days that are left",
        ),
        ActionError::NeverInitialised { .. } => (
            MEDIUM,
            UNTOUCHED,
            "store puts the first day on a blank disc, label included; initialize is for rewritable ones",
        ),
        ActionError::Wiped(error) => {
            let (code, _, hint) = explain(error);
            (code, WIPED, hint)
        }
        ActionError::NotShownProven { .. } => (
            DIFFERENCE,
            "the session is on the disc; that a computer shows it is not proven, the day is not marked as stored",
            "run the same command again: it asks once more; try the disc in another computer if it happens twice",
        ),
        ActionError::Prepared { preparation, error } => {
            let (code, state, hint) = explain(error);
            (code, if state == UNTOUCHED { preparation.left() } else { state }, hint)
        }
        ActionError::Burn(burn) => explain_burn(burn),
        ActionError::Proof(ProofError::Interrupted) => (
            INTERRUPTED,
            "the session is on the disc and was not proven, the day is not marked as stored",
            "run the same command again: it proves what is there",
        ),
        ActionError::Proof(ProofError::DriveLost { .. }) => (
            DIFFERENCE,
            "the session is on the disc and was not proven, the day is not marked as stored",
            "check the drive's tray, connection and power, then run the same command again",
        ),
        ActionError::Proof(ProofError::Manifest { .. }) => {
            (MEDIUM, UNTOUCHED, "run verify; the disc is getting old, or the drive needs cleaning")
        }
        ActionError::Findings { .. } => (
            DIFFERENCE,
            "the earlier sessions are untouched, a day that was being stored is not marked",
            "run the same command again: it writes the day anew; take a fresh disc if it happens twice",
        ),
        ActionError::Unsound { .. } => (
            DIFFERENCE,
            "",
            "a file that was not whole when it was written stays so; for all else clean the disc or try another drive: what stays damaged has to come from another backup",
        ),
        ActionError::NoManifest { .. } => {
            (FAILED, "", "it was made without a list, or by another program: compare it with what it was made from")
        }
        ActionError::VirtualDisc(_) => (FAILED, "", "disc create makes a virtual disc, disc show looks at one"),
        ActionError::Image(image) => explain_image(image),
        ActionError::Demo(_) => (FAILED, "", "name a folder that does not exist yet"),
    }
}

fn explain_span(error: &SpanError) -> (u8, &'static str, &'static str) {
    match error {
        SpanError::Journal { .. } => (
            FAILED,
            "what was burned and proven is on its discs; days that are not complete are not marked",
            "let this user write beside the staging directory, then run the same command again",
        ),
        SpanError::BrokenJournal { .. } => (
            FAILED,
            UNTOUCHED,
            "put it back from a backup, or remove it: then the span begins anew, and what is on discs already is burned again",
        ),
        SpanError::TooLarge { .. } => (NO_ROOM, UNTOUCHED, "take a larger kind of disc, or split the file in staging"),
        SpanError::DoneAlready { .. } => (MEDIUM, UNTOUCHED, "put an empty disc in and run the same command again"),
        SpanError::NextDisc { .. } => (
            MEDIUM,
            "what was burned is proven and noted; days that are complete are marked",
            "put an empty disc in and run the same command again: it goes on from here",
        ),
    }
}

/// What a hook that failed leaves behind.
fn hook_state(error: &ActionError) -> &'static str {
    match error {
        ActionError::Hook(hook) if hook.is_behind_the_action() => {
            "the action itself is done: what was to be stored is on the disc, proven and marked"
        }
        _ => NOT_BEGUN,
    }
}

/// Blanking and formatting by hand: there is no day to speak of.
fn explain_preparing(error: &BurnError) -> (u8, &'static str, &'static str) {
    match error {
        BurnError::NotFormattable { why, .. } => (MEDIUM, UNTOUCHED, format_hint(*why)),
        BurnError::NotBlankable { .. } | BurnError::NoRecipe { .. } => (MEDIUM, UNTOUCHED, "put another disc in"),
        BurnError::Inspect { .. } => (DRIVE, "what was on the disc may be gone", "look at it with info"),
        BurnError::SmallTransfers { .. } => explain_burn(error),
        BurnError::SetUp { .. } => (BURN, UNTOUCHED, "run the same command again; if it fails again, try another disc"),
        _ => (
            BURN,
            "what was on the disc may be gone",
            "run the same command again with --full; if that fails, too, the disc is worn out",
        ),
    }
}

/// What to do where a format is not to be had.
fn format_hint(why: NoFormat) -> &'static str {
    match why {
        NoFormat::NotBlank => "if nothing on it is needed any more: blank empties it, then format formats it",
        NoFormat::NotListed | NoFormat::NoChoiceOfSpares | NoFormat::NeverWithoutSpares => {
            "leave --spares out, or try another drive"
        }
        NoFormat::SparesAreFixed => "write it as it is, or put a new disc in",
        NoFormat::NotNeeded => "nothing has to be done before it is written",
        NoFormat::Refused(_) => "put another disc in",
    }
}

fn explain_image(error: &ImageError) -> (u8, &'static str, &'static str) {
    const NOTHING: &str = "no image was written, a file that was there is as it was";
    const PART: &str = "what was written so far is no image";
    match error {
        ImageError::Scan(_) | ImageError::Source { .. } => {
            (FAILED, NOTHING, "correct what is named, then run the same command again")
        }
        ImageError::Moving { .. } => {
            (FAILED, NOTHING, "run the same command again when nobody changes the directory: nothing else will")
        }
        ImageError::Plan(PlanError::Text { .. }) => (COMMAND_LINE, NOTHING, "name another one with --volume-id"),
        ImageError::Tree(_) | ImageError::Plan(_) => {
            (FAILED, NOTHING, "rename or leave out what can't be put into an image")
        }
        ImageError::Place { .. } | ImageError::Write { .. } if error.is_no_room() => {
            let state = if matches!(error, ImageError::Write { is_begun: true, .. }) { PART } else { NOTHING };
            (NO_ROOM, state, "make room, or name another place with --output; image --dry-run tells how much it takes")
        }
        ImageError::Place { .. } => (FAILED, NOTHING, "name a file that can be written, or - for stdout"),
        ImageError::Write { is_begun, source, .. } if source.kind() == ErrorKind::BrokenPipe => {
            (FAILED, if *is_begun { PART } else { NOTHING }, "what reads the image ended before the image did")
        }
        ImageError::Write { is_begun: true, .. } => {
            (FAILED, PART, "look what is wrong with the pipe or device, then run the same command again")
        }
        ImageError::Write { .. } => (FAILED, NOTHING, "name another place with --output"),
        ImageError::Interrupted { is_begun } => {
            (INTERRUPTED, if *is_begun { PART } else { NOTHING }, "run the same command again")
        }
        ImageError::Changed { .. } => (
            DIFFERENCE,
            "the image is written and sound; what is named in it is not as it was, all else is",
            "run the same command again when nobody changes the files",
        ),
    }
}

fn explain_staging(error: &StagingError) -> (u8, &'static str, &'static str) {
    match error {
        StagingError::AllStored { unstaged, .. } if !unstaged.is_empty() => (
            NOTHING_TO_STORE,
            UNTOUCHED,
            "what is staged is on a disc already; if another day should be staged, see in the log of cback3 stage why it is not",
        ),
        StagingError::AllStored { .. } => (
            NOTHING_TO_STORE,
            UNTOUCHED,
            "the day is on a disc already, there is nothing to do; to store it once more, remove cback.store from its daily directory first",
        ),
        StagingError::NotStaged { .. } | StagingError::NothingStaged { .. } => {
            (FAILED, UNTOUCHED, "run cback3 stage first, and see in its log why it did not finish")
        }
        StagingError::Root { .. } => {
            (FAILED, UNTOUCHED, "correct stage/staging_dir (or store/source_dir), or mount what should be there")
        }
        StagingError::InUse { holder: Some(holder), .. } if !holder.is_one_of_us() => (
            AT_WORK,
            UNTOUCHED,
            "wait for that program, or have it lock something else: runs of cedarburn lock each other out by themselves",
        ),
        StagingError::InUse { .. } => (AT_WORK, UNTOUCHED, AGAIN_LATER),
        StagingError::NotAMark { .. } => (FAILED, UNTOUCHED, "look who put it there, and remove it"),
        StagingError::Symlink { .. } => (FAILED, UNTOUCHED, "put the directory itself in the place of the link"),
        StagingError::Mark { .. } => (
            FAILED,
            "the day is on the disc",
            "make the daily directory writable and run the same command again: nothing is burned twice",
        ),
    }
}

fn explain_device(error: &DeviceError) -> (u8, &'static str, &'static str) {
    let hint = match error {
        DeviceError::Trace { .. } => return (FAILED, UNTOUCHED, "name a file that can be written"),
        DeviceError::Image { .. } => return (FAILED, "", "name an image file that can be read"),
        DeviceError::Open(OpenError::Busy { holder: Some(holder), .. })
        | DeviceError::Simulated(SimError::Busy { holder: Some(holder), .. })
            if holder.is_one_of_us() =>
        {
            return (AT_WORK, UNTOUCHED, AGAIN_LATER);
        }
        DeviceError::NotOptical { .. } => "correct store/target_device or --device",
        DeviceError::IsFile { .. } => {
            "an image file can only be read, by info, list and verify: name a drive, /dev/sr0 say; a virtual disc is named sim:PATH"
        }
        DeviceError::IsFolder { .. } => "a virtual disc is named sim:PATH",
        DeviceError::Open(OpenError::Busy { .. } | OpenError::Mounted { .. }) => {
            "end what uses the drive, and unmount it"
        }
        DeviceError::Open(OpenError::NotPermitted { .. }) => "join the group that owns the drive (cdrom, mostly)",
        DeviceError::Open(_) => "correct store/target_device or --device; a virtual disc is named sim:PATH",
        DeviceError::Simulated(_) => "disc create makes a virtual disc; one program at a time may use it",
        DeviceError::NoAnswer { .. } => "check the drive's connection and power",
    };
    (DRIVE, UNTOUCHED, hint)
}

fn explain_burn(error: &BurnError) -> (u8, &'static str, &'static str) {
    match error {
        BurnError::Interrupted { .. } => (
            INTERRUPTED,
            "the earlier sessions are untouched, the day is not marked as stored",
            "run the same command again",
        ),
        BurnError::NoRecipe { .. } => (MEDIUM, UNTOUCHED, "put a blank or rewritable CD, DVD or BD in"),
        BurnError::NotBlankable { .. } => (MEDIUM, UNTOUCHED, "put a CD-RW or DVD-RW in"),
        BurnError::NotFormattable { why: NoFormat::NotListed, profile: Profile::BdRSequential } => {
            (MEDIUM, UNTOUCHED, "leave --defect-management on out: this drive gives a BD-R no spare areas")
        }
        BurnError::NotFormattable { .. } => (MEDIUM, UNTOUCHED, "put a disc in that can be formatted like this"),
        BurnError::SmallTransfers { .. } => (
            DRIVE,
            UNTOUCHED,
            "connect the drive in another way: the USB adapter or its driver lets too little through",
        ),
        BurnError::NoRoom { .. } => (NO_ROOM, UNTOUCHED, "put an empty disc in"),
        BurnError::Inspect { .. } => (DRIVE, UNTOUCHED, "check the drive, then run the same command again"),
        BurnError::SetUp { .. } | BurnError::NextWritableMoved { .. } => (
            BURN,
            "the earlier sessions are untouched, the day is not marked as stored",
            "run the same command again; if it fails again, try another disc",
        ),
        BurnError::Blank { source } | BurnError::Format { source } if source.is_drive_lost() => (
            BURN,
            "the day is not marked as stored",
            "check the drive's connection and power, then run the same command again: it mends the disc first",
        ),
        BurnError::Blank { .. } | BurnError::StillNotBlank => (
            BURN,
            "what was on the disc may be gone, the day is not marked as stored",
            "the disc is likely worn out: take a fresh one and run the same command again",
        ),
        BurnError::Format { .. } => {
            (BURN, "the day is not marked as stored", "take a fresh disc and run the same command again")
        }
        BurnError::Write { source, .. } | BurnError::Synchronize { source } | BurnError::Close { source }
            if !is_of_the_disc(source) =>
        {
            (
                BURN,
                "the earlier sessions are untouched, the day is not marked as stored",
                "check the drive's connection and power, then run the same command again: it mends the disc first",
            )
        }
        BurnError::Write { .. }
        | BurnError::Synchronize { .. }
        | BurnError::Close { .. }
        | BurnError::ImageLength { .. } => (
            BURN,
            "the earlier sessions are untouched, the day is not marked as stored",
            "the disc is likely spoiled: take a fresh one and run the same command again",
        ),
        BurnError::Superblock { .. } => (
            BURN,
            "the new session is on the disc, and the disc may show the state before it or nothing",
            "run the same command again",
        ),
    }
}

/// Whether a burn failed by the disc, or for a reason that nobody knows. What else keeps a drive from its work is gone when that is.
fn is_of_the_disc(error: &ScsiError) -> bool {
    match error {
        ScsiError::Sense { .. } => !(error.is_attention() || error.is_no_medium()),
        ScsiError::Transport { .. } | ScsiError::Status { .. } | ScsiError::Deadline { .. } => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::disc::Preparation;
    use crate::actions::policy::Why;
    use crate::scsi::{Sense, SenseKey};
    use crate::sector::{Lba, Sectors};

    #[test]
    fn a_failed_write_tells_what_why_state_and_next_step() {
        let sense = Sense::parse(&[0xf0, 0, 3, 0, 0x01, 0x40, 0x00, 0x0a, 0, 0, 0, 0, 0x0c, 0, 0, 0, 0, 0]);
        let source = ScsiError::Sense { command: "WRITE(10) of 32 sectors at 81920".into(), sense };
        let error = BurnError::Write { at: Lba(81920), written: Sectors(77824), planned: Sectors(90000), source };
        let failure = Failure::from(ActionError::from(error));
        assert_eq!(failure.code, BURN);
        assert_eq!(
            failure.lines(),
            [
                "error: writing stopped at sector 81920, 77824 of 90000 sectors are on the disc",
                "  because: WRITE(10) of 32 sectors at 81920 failed: medium error, write error at sector 81920 (3/0c/00)",
                "  state: the earlier sessions are untouched, the day is not marked as stored",
                "  hint: the disc is likely spoiled: take a fresh one and run the same command again",
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
            assert_eq!(Failure::from(error).code, code, "{text}");
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
            assert_eq!(failure.code, NO_ROOM);
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
            "2026-11-22 does not fit: it needs 400000 sectors (819200000 bytes), 359849 sectors (736970752 bytes) are free"
        );
    }
}
