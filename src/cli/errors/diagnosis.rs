//! Name, state and hint of every error: the one place where they are decided.

use std::io::ErrorKind;

use super::id::ErrorId;
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

/// What state the data and the medium are in (empty where nothing was touched and that is plain), and what to do next (empty where the
/// error says it).
pub(super) type Diagnosis = (ErrorId, &'static str, &'static str);

pub(super) const NOT_BEGUN: &str = "nothing was done, the disc was not looked at";
pub(super) const UNTOUCHED: &str = "nothing was written, the disc is as it was";
const WIPED: &str = "the disc was being started anew, what was on it may be gone; the day is not marked as stored";
const AGAIN_LATER: &str = "run the same command again when that one is done";
const CHECK_CONNECTION: &str = "check the drive's connection and power";
const THREADS: &str = "the system gives no more threads: see its limits (ulimit -u), then run the same command again";
const AGAIN: &str = "run the same command again";

/// The error without what was done to the disc before it.
pub(super) fn innermost(error: &ActionError) -> &ActionError {
    match error {
        ActionError::Wiped(inner) | ActionError::Prepared { error: inner, .. } => innermost(inner),
        other => other,
    }
}

/// What a drive said among the causes of an error.
pub(super) fn causes(error: &ActionError) -> impl Iterator<Item = &ScsiError> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<ScsiError>())
}

/// Whether the last cause of an error outside of a burn is that the drive went away.
fn is_drive_lost(error: &ActionError) -> bool {
    if matches!(error, ActionError::Burn(_) | ActionError::Wiped(_) | ActionError::Prepared { .. }) {
        return false;
    }
    causes(error).any(ScsiError::is_drive_lost)
}

/// Of any error. A drive that was not waited for, or that went away, is what counts wherever it happened.
pub(super) fn of(error: &ActionError) -> Diagnosis {
    let (id, state, hint) = of_action(error);
    if causes(innermost(error)).any(ScsiError::is_given_up) {
        let hint = "the drive may be at work by itself for a while: when it is done, run the same command again";
        return (ErrorId::NotWaitedFor, state, hint);
    }
    if is_drive_lost(error) { (ErrorId::DriveLost, state, hint) } else { (id, state, hint) }
}

fn of_action(error: &ActionError) -> Diagnosis {
    match error {
        ActionError::ConfigFile { source: ConfigError::Unreadable { source, .. }, .. } => {
            let hint = match source.kind() {
                ErrorKind::PermissionDenied => "make it readable for this user, or name another one with -c FILE",
                _ => "name the configuration file with -c FILE",
            };
            (ErrorId::ConfigUnreadable, "", hint)
        }
        ActionError::ConfigFile { .. } | ActionError::Config(_) => {
            (ErrorId::ConfigInvalid, "", "correct the configuration file")
        }
        ActionError::NotValid { .. } => {
            (ErrorId::NotValid, "", "correct what is named, in the configuration file or on this machine")
        }
        ActionError::Span(span) => of_span(span),
        ActionError::Hook(hook) => of_hook(hook),
        ActionError::Staging(staging) => of_staging(staging),
        ActionError::NoReceipts { .. } => (
            ErrorId::NoReceipts,
            "",
            "each store leaves one: name their folder with --receipts or cedarburn/receipts_dir, as it was for store",
        ),
        ActionError::NotWell { .. } => {
            (ErrorId::NotWell, "", "look into the log; what a run does that failed is told by its receipt, too")
        }
        ActionError::Receipts(_) => (
            ErrorId::ReceiptsFolder,
            UNTOUCHED,
            "make the folder, or name one that this user may write with --receipts or cedarburn/receipts_dir",
        ),
        ActionError::Owner(_) => {
            (ErrorId::OwnerUnknown, UNTOUCHED, "correct options/backup_user and options/backup_group")
        }
        ActionError::NoDrives => (
            ErrorId::NoDrive,
            "",
            "connect a drive; if one is connected, load the kernel's driver for it: modprobe sr_mod",
        ),
        ActionError::Device(device) => of_device(device),
        ActionError::Medium { source } => of_medium(source),
        ActionError::Tray { source, .. } if source.is_drive_lost() => (ErrorId::DriveLost, "", CHECK_CONNECTION),
        ActionError::Tray { .. } => {
            (ErrorId::Tray, "", "press the button on the drive; a drive of a laptop has no other way to close it")
        }
        ActionError::NotErasable { .. } => (ErrorId::NotErasable, UNTOUCHED, "put a rewritable disc in"),
        ActionError::NeverFormatted { .. } => (
            ErrorId::NotFormattable,
            UNTOUCHED,
            "nothing has to be done before it is written; blank empties a rewritable one",
        ),
        ActionError::NoSpares { .. } => (ErrorId::NotFormattable, UNTOUCHED, "leave --spares out"),
        ActionError::NotEmpty { rewritable: true, .. } => (
            ErrorId::NotEmpty,
            UNTOUCHED,
            "if nothing on it is needed any more: blank empties it, then format formats it",
        ),
        ActionError::NotEmpty { .. } => {
            (ErrorId::NotEmpty, UNTOUCHED, "put a blank disc in: this one can't be made empty")
        }
        ActionError::Preparing(error) => of_preparing(error),
        ActionError::Contents { .. } => {
            (ErrorId::DiscUnreadable, UNTOUCHED, "put the right disc in; the drive may need cleaning if it is in")
        }
        ActionError::NothingToRead => {
            (ErrorId::NoFileSystem, UNTOUCHED, "put the right disc in; the drive may need cleaning if it is in")
        }
        ActionError::NoImage => (ErrorId::NoFileSystem, "", "name an image of a CD, DVD or BD, or a drive"),
        ActionError::NothingWhole { .. } => (
            ErrorId::NothingWhole,
            UNTOUCHED,
            "of an image make a whole copy; on a disc the next store mends what a broken-off one left",
        ),
        ActionError::NoSuchPath { .. } | ActionError::NoSuchSession { .. } => {
            (ErrorId::NotOnDisc, "", "list and info show what is on the disc")
        }
        ActionError::Label(_) => (
            ErrorId::WrongLabel,
            UNTOUCHED,
            "put the right disc in; a new one has to be labelled first, or check_media switched off",
        ),
        ActionError::OtherMedium { .. } => (
            ErrorId::OtherMedium,
            UNTOUCHED,
            "put the configured kind of disc in, or correct store/media_type (auto takes any)",
        ),
        ActionError::Refused(refusal) => of_refusal(refusal),
        ActionError::Scan(_) => {
            (ErrorId::FilesUnreadable, UNTOUCHED, "correct the staging directory, then run the same command again")
        }
        ActionError::Moving { .. } => {
            (ErrorId::FilesMoving, UNTOUCHED, "run the same command again when nobody changes the directory")
        }
        ActionError::Tree(_) | ActionError::Plan(_) => {
            (ErrorId::FilesUnfit, UNTOUCHED, "rename or remove what can't be put on a disc")
        }
        ActionError::NoRoom { without_spares, empty, rewritable, .. } => {
            (ErrorId::NoRoom, UNTOUCHED, room_hint(*without_spares, *empty, *rewritable))
        }
        ActionError::TreeNotWhole { .. } => (
            ErrorId::TreeNotWhole,
            UNTOUCHED,
            "run verify; put another disc in, or start this one anew with store --full",
        ),
        ActionError::Superblock { .. } => {
            (ErrorId::DiscUnreadable, UNTOUCHED, "put another disc in, or start this one anew with store --full")
        }
        ActionError::DaysLeft { .. } => (
            ErrorId::DaysLeft,
            "the days that were stored are on the disc and marked; of the others nothing was written",
            "put an empty disc in and run the same command again: it goes on with the days that are left",
        ),
        ActionError::DaysUnreadable { .. } => (
            ErrorId::DaysUnreadable,
            "the days that were stored are on the disc and marked; of the others nothing was written",
            "correct what is named, then run the same command again: it goes on with the days that are left",
        ),
        ActionError::NeverInitialised { .. } => (
            ErrorId::NeverInitialised,
            UNTOUCHED,
            "store puts the first day on a blank disc, label included; initialize is for rewritable ones",
        ),
        ActionError::Wiped(error) => {
            let (id, _, hint) = of_action(error);
            (id, WIPED, hint)
        }
        ActionError::Prepared { preparation, error } => {
            let (id, state, hint) = of_action(error);
            (id, if state == UNTOUCHED { preparation.left() } else { state }, hint)
        }
        ActionError::NotShownProven { .. } => (
            ErrorId::SessionNotShown,
            "the session is on the disc; that a computer shows it is not proven, the day is not marked as stored",
            "run the same command again: it asks once more; try the disc in another computer if it happens twice",
        ),
        ActionError::Burn(burn) => of_burn(burn),
        ActionError::Proof(proof) => of_proof(proof),
        ActionError::Findings { findings, .. } => (
            match findings.iter().all(|finding| matches!(finding, Finding::Source(_))) {
                true => ErrorId::FilesChanged,
                false => ErrorId::DiscDiffers,
            },
            "the earlier sessions are untouched, a day that was being stored is not marked",
            "run the same command again: it writes the day anew; take a fresh disc if it happens twice, or if that run can't read this one",
        ),
        ActionError::Unsound { .. } => (
            ErrorId::DiscUnsound,
            "",
            "a file that was not whole when it was written stays so; for all else clean the disc or try another drive: what stays damaged has to come from another backup",
        ),
        ActionError::NoManifest { .. } => (
            ErrorId::NoManifest,
            "",
            "it was made without a list, or by another program: compare it with what it was made from",
        ),
        ActionError::VirtualDisc(_) => {
            (ErrorId::VirtualDisc, "", "disc create makes a virtual disc, disc show looks at one")
        }
        ActionError::Image(image) => of_image(image),
        ActionError::Demo(_) => (ErrorId::DemoFolder, "", "name a folder that does not exist yet"),
    }
}

fn of_medium(source: &ScsiError) -> Diagnosis {
    match source {
        _ if source.is_no_medium() => (ErrorId::NoDisc, "", "put a disc in and close the tray"),
        _ if source.is_drive_lost() => (ErrorId::DriveLost, "", CHECK_CONNECTION),
        ScsiError::TrayLeftOpen { .. } => (
            ErrorId::Tray,
            UNTOUCHED,
            "the tray is open: push it in or press the button on the drive, then run the same command again; for a drive that can't close it, set store/no_eject",
        ),
        _ => (
            ErrorId::DiscUnreadable,
            UNTOUCHED,
            "try another disc; if it is the same with all of them, the drive is broken",
        ),
    }
}

fn of_refusal(refusal: &Refusal) -> Diagnosis {
    match refusal {
        Refusal::NotBlank { .. } => (ErrorId::BlankDiscWanted, UNTOUCHED, "put a blank disc in"),
        Refusal::Protected { .. } => (
            ErrorId::DiscProtected,
            UNTOUCHED,
            "put another disc in; with --full this one is started anew, and what is on it is lost",
        ),
        Refusal::Closed { .. } => {
            (ErrorId::DiscClosed, UNTOUCHED, "put another disc in; a rewritable one is started anew by store --full")
        }
        Refusal::Unreadable => (
            ErrorId::DiscNotUnderstood,
            UNTOUCHED,
            "put the right disc in; store --full would overwrite a rewritable one",
        ),
    }
}

fn room_hint(without_spares: Option<WithoutSpares>, empty: bool, rewritable: bool) -> &'static str {
    match without_spares {
        Some(WithoutSpares::DefectManagementOff) => "it would fit without spare areas: --defect-management off",
        Some(WithoutSpares::Format) => {
            "it would fit without spare areas: format --spares none (a disc that holds something has to be blanked before)"
        }
        None if empty => "the day is larger than the disc: take a larger kind of disc",
        None if rewritable => "put an empty disc in; store --full starts this one anew, and what is on it is lost",
        None => "put an empty disc in",
    }
}

fn of_proof(error: &ProofError) -> Diagnosis {
    const NOT_PROVEN: &str = "the session is on the disc and was not proven, the day is not marked as stored";
    match error {
        ProofError::Interrupted => {
            (ErrorId::Interrupted, NOT_PROVEN, "run the same command again: it proves what is there")
        }
        ProofError::DriveLost { .. } => (
            ErrorId::NotReadBack,
            NOT_PROVEN,
            "check the drive's tray, connection and power, then run the same command again",
        ),
        ProofError::NoThread { .. } => (ErrorId::NotReadBack, NOT_PROVEN, THREADS),
        ProofError::Manifest { .. } => {
            (ErrorId::DiscUnreadable, UNTOUCHED, "run verify; the disc is getting old, or the drive needs cleaning")
        }
    }
}

fn of_span(error: &SpanError) -> Diagnosis {
    match error {
        SpanError::Journal { .. } => (
            ErrorId::SpanJournal,
            "what was burned is on its discs; days that are not complete are not marked",
            "let this user write beside the staging directory, then run the same command again",
        ),
        SpanError::BrokenJournal { .. } => (
            ErrorId::SpanJournalBroken,
            UNTOUCHED,
            "put it back from a backup, or remove it: then the span begins anew, and what is on discs already is burned again",
        ),
        SpanError::TooLarge { .. } => {
            (ErrorId::FileTooLarge, UNTOUCHED, "take a larger kind of disc, or split the file in staging")
        }
        SpanError::DoneAlready { .. } => {
            (ErrorId::SameDisc, UNTOUCHED, "put an empty disc in and run the same command again")
        }
        SpanError::NextDisc(_) => (
            ErrorId::NextDisc,
            "what was burned is noted; days that are complete are marked",
            "put an empty disc in and run the same command again: it goes on from here",
        ),
        SpanError::Interrupted(_) => (
            ErrorId::Interrupted,
            "what was burned is noted; days that are complete are marked",
            "put an empty disc in and run the same command again: it goes on from here",
        ),
        SpanError::Gone { .. } => (
            ErrorId::FilesChanged,
            "all else is on discs; the days it belonged to are not marked",
            "get it back from where it came from; span puts the days that are not marked on discs as they are then",
        ),
    }
}

fn of_hook(error: &HookError) -> Diagnosis {
    let state = match error.is_behind_the_action() {
        true => "the action itself is done: what was to be stored is on the disc, proven and marked",
        false => NOT_BEGUN,
    };
    match error {
        HookError::Interrupted { .. } if error.is_behind_the_action() => {
            (ErrorId::Interrupted, state, "run the hook's command by hand, if it has to be")
        }
        HookError::Interrupted { .. } => (ErrorId::Interrupted, state, AGAIN),
        HookError::NoCommand { .. } => {
            (ErrorId::HookFailed, state, "give the hook a command, or take it out of the options section")
        }
        HookError::Start { .. } | HookError::Failed { .. } => (
            ErrorId::HookFailed,
            state,
            "run the hook's command by hand and see what it says; -O puts its output into the log",
        ),
    }
}

/// Blanking and formatting by hand: there is no day to speak of.
fn of_preparing(error: &BurnError) -> Diagnosis {
    const GONE: &str = "what was on the disc may be gone";
    const WORN_OUT: &str = "run the same command again with --full; if that fails, too, the disc is worn out";
    match error {
        BurnError::NotFormattable { why, .. } => (ErrorId::NotFormattable, UNTOUCHED, format_hint(*why)),
        BurnError::NotBlankable { .. } => (ErrorId::NotErasable, UNTOUCHED, "put another disc in"),
        BurnError::NoRecipe { .. } => (ErrorId::NotWritable, UNTOUCHED, "put another disc in"),
        BurnError::Inspect { .. } => (ErrorId::DriveSilent, GONE, "look at it with info"),
        BurnError::SmallTransfers { .. } => of_burn(error),
        BurnError::SetUp { .. } => {
            (ErrorId::SetUpFailed, UNTOUCHED, "run the same command again; if it fails again, try another disc")
        }
        BurnError::Blank { source } | BurnError::Format { source } if source.is_attention() => {
            let id = if matches!(error, BurnError::Blank { .. }) {
                ErrorId::BlankingFailed
            } else {
                ErrorId::FormattingFailed
            };
            (id, "the disc may have been changed meanwhile; nothing was erased by this command", AGAIN)
        }
        BurnError::Format { .. } => (ErrorId::FormattingFailed, GONE, WORN_OUT),
        BurnError::Blank { .. } | BurnError::StillNotBlank => (ErrorId::BlankingFailed, GONE, WORN_OUT),
        other => {
            let (id, ..) = of_burn(other);
            (id, GONE, WORN_OUT)
        }
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

fn of_image(error: &ImageError) -> Diagnosis {
    const NOTHING: &str = "no image was written, a file that was there is as it was";
    const PART: &str = "what was written so far is no image";
    match error {
        ImageError::Scan(_) | ImageError::Source { .. } => {
            (ErrorId::FilesUnreadable, NOTHING, "correct what is named, then run the same command again")
        }
        ImageError::Moving { .. } => (
            ErrorId::FilesMoving,
            NOTHING,
            "run the same command again when nobody changes the directory: nothing else will",
        ),
        ImageError::Plan(PlanError::Text { .. }) => (ErrorId::VolumeId, NOTHING, "name another one with --volume-id"),
        ImageError::Tree(_) | ImageError::Plan(_) => {
            (ErrorId::FilesUnfit, NOTHING, "rename or leave out what can't be put into an image")
        }
        ImageError::Place { .. } | ImageError::Write { .. } if error.is_no_room() => (
            ErrorId::ImageNoRoom,
            if matches!(error, ImageError::Write { is_begun: true, .. }) { PART } else { NOTHING },
            "make room, or name another place with --output; image --dry-run tells how much it takes",
        ),
        ImageError::Place { .. } => {
            (ErrorId::ImageNotWritten, NOTHING, "name a file that can be written, or - for stdout")
        }
        ImageError::Write { is_begun, source, .. } => (
            ErrorId::ImageNotWritten,
            if *is_begun { PART } else { NOTHING },
            match (source.kind(), is_begun) {
                (ErrorKind::BrokenPipe, _) => "what reads the image ended before the image did",
                (_, true) => "look what is wrong with the pipe or device, then run the same command again",
                (_, false) => "name another place with --output",
            },
        ),
        ImageError::Interrupted { is_begun } => (ErrorId::Interrupted, if *is_begun { PART } else { NOTHING }, AGAIN),
        ImageError::Changed { .. } => (
            ErrorId::FilesChanged,
            "the image is written and sound; what is named in it is not as it was, all else is",
            "run the same command again when nobody changes the files",
        ),
    }
}

fn of_staging(error: &StagingError) -> Diagnosis {
    match error {
        StagingError::AllStored { unstaged, .. } if !unstaged.is_empty() => (
            ErrorId::NothingToStore,
            UNTOUCHED,
            "what is staged is on a disc already; if another day should be staged, see in the log of cback3 stage why it is not",
        ),
        StagingError::AllStored { .. } => (
            ErrorId::NothingToStore,
            UNTOUCHED,
            "the day is on a disc already, there is nothing to do; to store it once more, remove cback.store from its daily directory first",
        ),
        StagingError::NotStaged { .. } | StagingError::NothingStaged { .. } => {
            (ErrorId::NothingStaged, UNTOUCHED, "run cback3 stage first, and see in its log why it did not finish")
        }
        StagingError::Root { .. } => (
            ErrorId::StagingUnreadable,
            UNTOUCHED,
            "correct stage/staging_dir (or store/source_dir), or mount what should be there",
        ),
        StagingError::InUse { holder: Some(holder), .. } if !holder.is_one_of_us() => (
            ErrorId::AtWork,
            UNTOUCHED,
            "wait for that program, or have it lock something else: runs of cedarburn lock each other out by themselves",
        ),
        StagingError::InUse { .. } => (ErrorId::AtWork, UNTOUCHED, AGAIN_LATER),
        StagingError::NotAMark { .. } => (ErrorId::OddMark, UNTOUCHED, "look who put it there, and remove it"),
        StagingError::Symlink { .. } => {
            (ErrorId::LinkedDay, UNTOUCHED, "put the directory itself in the place of the link")
        }
        StagingError::MarkStays { .. } => {
            (ErrorId::MarkNotWritten, UNTOUCHED, "make the daily directory writable and run the same command again")
        }
        StagingError::Mark { .. } => (
            ErrorId::MarkNotWritten,
            "the day is on the disc",
            "make the daily directory writable and run the same command again: nothing is burned twice",
        ),
    }
}

fn of_device(error: &DeviceError) -> Diagnosis {
    const WRONG_NAME: &str = "correct store/target_device or --device; a virtual disc is named sim:PATH";
    let (id, hint) = match error {
        DeviceError::Trace { .. } => (ErrorId::TraceFile, "name a file that can be written"),
        DeviceError::Image { .. } => return (ErrorId::ImageUnreadable, "", "name an image file that can be read"),
        DeviceError::Open(OpenError::Busy { holder: Some(holder), .. })
        | DeviceError::Simulated(SimError::Busy { holder: Some(holder), .. })
            if holder.is_one_of_us() =>
        {
            (ErrorId::AtWork, AGAIN_LATER)
        }
        DeviceError::Open(OpenError::Busy { .. }) => (ErrorId::DriveBusy, "end what uses the drive, and unmount it"),
        DeviceError::Simulated(SimError::Busy { .. }) => {
            (ErrorId::DriveBusy, "disc create makes a virtual disc; one program at a time may use it")
        }
        DeviceError::Open(OpenError::Mounted { .. }) => {
            (ErrorId::DriveMounted, "end what uses the drive, and unmount it")
        }
        DeviceError::Open(OpenError::NotPermitted { .. }) => {
            (ErrorId::DriveNotPermitted, "join the group that owns the drive (cdrom, mostly)")
        }
        DeviceError::Open(OpenError::Missing { .. } | OpenError::Io { .. }) => (ErrorId::DriveMissing, WRONG_NAME),
        DeviceError::Open(OpenError::NotABlockDevice { .. }) => (ErrorId::NotADrive, WRONG_NAME),
        DeviceError::NotOptical { .. } => (ErrorId::NotADrive, "correct store/target_device or --device"),
        DeviceError::IsFile { .. } => (
            ErrorId::NotADrive,
            "an image file can only be read, by info, list and verify: name a drive, /dev/sr0 say; a virtual disc is named sim:PATH",
        ),
        DeviceError::IsFolder { .. } => (ErrorId::NotADrive, "a virtual disc is named sim:PATH"),
        DeviceError::Simulated(SimError::Options(_) | SimError::Missing { .. } | SimError::Disc { .. }) => {
            (ErrorId::SimulatedDrive, "disc create makes a virtual disc; one program at a time may use it")
        }
        DeviceError::NoAnswer { .. } => (ErrorId::DriveSilent, CHECK_CONNECTION),
    };
    (id, UNTOUCHED, hint)
}

fn of_burn(error: &BurnError) -> Diagnosis {
    const NOT_MARKED: &str = "the earlier sessions are untouched, the day is not marked as stored";
    const MENDED_NEXT: &str =
        "check the drive's connection and power, then run the same command again: it mends the disc first";
    match error {
        BurnError::Interrupted { .. } => (ErrorId::Interrupted, NOT_MARKED, AGAIN),
        BurnError::NoRecipe { .. } => (ErrorId::NotWritable, UNTOUCHED, "put a blank or rewritable CD, DVD or BD in"),
        BurnError::NotBlankable { .. } => (ErrorId::NotErasable, UNTOUCHED, "put a CD-RW or DVD-RW in"),
        BurnError::NotFormattable { why: NoFormat::NotListed, profile: Profile::BdRSequential } => (
            ErrorId::NotFormattable,
            UNTOUCHED,
            "leave --defect-management on out: this drive gives a BD-R no spare areas",
        ),
        BurnError::NotFormattable { .. } => {
            (ErrorId::NotFormattable, UNTOUCHED, "put a disc in that can be formatted like this")
        }
        BurnError::SmallTransfers { .. } => (
            ErrorId::SmallTransfers,
            UNTOUCHED,
            "connect the drive in another way: the USB adapter or its driver lets too little through",
        ),
        BurnError::NoRoom { .. } => (ErrorId::NoRoom, UNTOUCHED, "put an empty disc in"),
        BurnError::Inspect { .. } => {
            (ErrorId::DriveSilent, UNTOUCHED, "check the drive, then run the same command again")
        }
        BurnError::NoThread { .. } => (ErrorId::SetUpFailed, NOT_MARKED, THREADS),
        BurnError::SetUp { .. } | BurnError::NextWritableMoved { .. } => {
            (ErrorId::SetUpFailed, NOT_MARKED, "run the same command again; if it fails again, try another disc")
        }
        BurnError::Blank { source } if source.is_drive_lost() => {
            (ErrorId::BlankingFailed, "the day is not marked as stored", MENDED_NEXT)
        }
        BurnError::Format { source } if source.is_drive_lost() => {
            (ErrorId::FormattingFailed, "the day is not marked as stored", MENDED_NEXT)
        }
        BurnError::Blank { source } if source.is_attention() => (ErrorId::BlankingFailed, NOT_MARKED, AGAIN),
        BurnError::Blank { .. } | BurnError::StillNotBlank => (
            ErrorId::BlankingFailed,
            "what was on the disc may be gone, the day is not marked as stored",
            "the disc is likely worn out: take a fresh one and run the same command again",
        ),
        BurnError::Format { .. } => (
            ErrorId::FormattingFailed,
            "the day is not marked as stored",
            "take a fresh disc and run the same command again",
        ),
        BurnError::Write { source, .. } | BurnError::Synchronize { source } | BurnError::Close { source }
            if !is_of_the_disc(source) =>
        {
            (ErrorId::WritingFailed, NOT_MARKED, MENDED_NEXT)
        }
        BurnError::Write { .. }
        | BurnError::Synchronize { .. }
        | BurnError::Close { .. }
        | BurnError::ImageLength { .. } => (
            ErrorId::WritingFailed,
            NOT_MARKED,
            "the disc is likely spoiled: take a fresh one and run the same command again",
        ),
        BurnError::Superblock { .. } => (
            ErrorId::SuperblockFailed,
            "the new session is on the disc, and the disc may show the state before it or nothing",
            AGAIN,
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
