//! What the program does, free of how it is asked and of how it answers: the use cases.
//!
//! An action takes a request, tells its progress, and returns a report or an [`ActionError`]. It prints nothing. Decisions that can
//! destroy data are pure functions ([`policy`]); what they decide on is asked from the drive.

pub mod blank;
pub mod capacity;
pub mod contents;
pub mod copies;
pub mod demo;
pub mod device;
pub mod disc;
pub mod drives;
pub mod eject;
pub mod format;
pub mod hooks;
pub mod image;
pub mod info;
pub mod label;
pub mod list;
pub mod load;
pub mod notes;
pub mod own_files;
pub mod owner;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod refresh;
pub mod span;
pub mod staging;
pub mod staging_lock;
pub mod status;
pub mod store;
pub mod validate;
pub mod verify;

use std::path::PathBuf;

use jiff::civil::Date;

use self::store::load::listed;
use crate::burn::BurnError;
use crate::config::{ConfigError, MediumWord};
use crate::iso::generator::plan::PlanError;
use crate::iso::reader::ReadError;
use crate::iso::scan::ScanError;
use crate::iso::source::SourceError;
use crate::iso::tree::{TreeError, TreePath};
use crate::scsi::ScsiError;
use crate::scsi::mmc::Profile;
use crate::sector::Sectors;

/// The target of a WARNING that reaches the screen, and so the mail that cron sends: of what somebody has to do something about, or has asked
/// to be warned of, although the run goes well. All else that is a WARNING stands in the log alone, as with Cedar.
pub const ON_SCREEN: &str = "a warning for the screen";

/// An action did not reach its end. What the user does about it stands beside the exit codes.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The configuration file.
    #[error("the configuration {} can't be used", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ConfigError,
    },
    /// The configuration has not what the action needs.
    #[error("the configuration can't be used")]
    Config(#[from] ConfigError),
    /// The configuration is legal, and does not fit this machine.
    #[error("the configuration {} is not valid, problems: {}", path.display(), problems.len())]
    NotValid {
        /// The file.
        path: PathBuf,
        /// Each of them.
        problems: Vec<String>,
    },
    /// A span.
    #[error(transparent)]
    Span(#[from] span::SpanError),
    /// A command that was to run before or after the action.
    #[error(transparent)]
    Hook(#[from] hooks::HookError),
    /// No day to store.
    #[error(transparent)]
    Staging(#[from] staging::StagingError),
    /// The folder that was named for receipts.
    #[error(transparent)]
    Receipts(#[from] receipt::folder::FolderError),
    /// There is nothing that tells how the box is doing.
    #[error("there is no receipt of a store in {}", folder.display())]
    NoReceipts {
        /// Where they should be.
        folder: PathBuf,
    },
    /// The receipts tell that something is wrong.
    #[error("{}", troubles.join("; "))]
    NotWell {
        /// What.
        troubles: Vec<String>,
    },
    /// The owner of the mark does not exist.
    #[error("the owner of {} is unknown", staging::STORE_INDICATOR)]
    Owner(#[from] owner::UnknownName),
    /// The kernel knows no optical drive.
    #[error("this machine has no optical drive that the kernel knows")]
    NoDrives,
    /// The drive can't be used.
    #[error(transparent)]
    Device(#[from] device::DeviceError),
    /// There is no medium, or the drive can't say what it is.
    #[error("there is no usable disc in the drive")]
    Medium {
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The tray.
    #[error("the tray can't be {what}")]
    Tray {
        /// What was asked of it.
        what: &'static str,
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// What is written on it stays.
    #[error("{found} can't be blanked: what is written on it stays")]
    NotErasable {
        /// Its kind.
        found: Profile,
    },
    /// Such media are written as they are.
    #[error("{found} is not formatted, it is written as it is")]
    NeverFormatted {
        /// Its kind.
        found: Profile,
    },
    /// Nobody can choose how many spare sectors it has.
    #[error("{found} has no spare sectors to choose")]
    NoSpares {
        /// Its kind.
        found: Profile,
    },
    /// A format would lose what is on the disc.
    #[error("the {found} in the drive holds something, which a format would lose")]
    NotEmpty {
        /// Its kind.
        found: Profile,
        /// Whether it can be made empty.
        rewritable: bool,
    },
    /// Blanking or formatting by hand.
    #[error(transparent)]
    Preparing(BurnError),
    /// What is on the disc can't be read.
    #[error("the disc can't be read")]
    Contents {
        /// What could not be read.
        #[source]
        source: ReadError,
    },
    /// There is no file system on it.
    #[error("the disc is blank, or holds no file system that this program can read")]
    NothingToRead,
    /// A file that is no image.
    #[error("the file is no image of a disc: it holds no file system that this program can read")]
    NoImage,
    /// What there is was not written, or not copied, to its end.
    #[error("nothing is whole: sessions that end before their volumes do: {torn}")]
    NothingWhole {
        /// How many were begun.
        torn: usize,
    },
    /// A path that is not on the disc.
    #[error("{path} is not on the disc")]
    NoSuchPath {
        /// The path.
        path: TreePath,
    },
    /// A session that is not on the disc.
    #[error("there is no session {wanted} on the disc, it has {found}")]
    NoSuchSession {
        /// What was asked for.
        wanted: u32,
        /// How many there are.
        found: usize,
    },
    /// Wrong label.
    #[error(transparent)]
    Label(#[from] label::WrongLabel),
    /// Another kind of medium than configured.
    #[error("the configuration says {configured}, the disc in the drive is {found}")]
    OtherMedium {
        /// As configured.
        configured: MediumWord,
        /// As the drive says.
        found: Profile,
    },
    /// The tree on the disc can't be carried on without losing something.
    #[error("what is on the disc can't be carried on whole: {what}")]
    TreeNotWhole {
        /// What would be lost.
        what: String,
    },
    /// The beginning of an overwritable disc can't be read.
    #[error("the beginning of the disc can't be read")]
    Superblock {
        /// Which sectors.
        #[source]
        source: SourceError,
    },
    /// Something failed after the disc was started anew.
    #[error(transparent)]
    Wiped(Box<ActionError>),
    /// The session is on the disc, and the drive does not say whether a mount shows it.
    #[error("the drive does not say which session a computer will show")]
    NotShownProven {
        /// What it says instead.
        #[source]
        source: ScsiError,
    },
    /// The policy says no.
    #[error(transparent)]
    Refused(policy::Refusal),
    /// The staging directory can't be read.
    #[error("the staging directory can't be read")]
    Scan(#[from] ScanError),
    /// Somebody is at work in the staging directory.
    #[error("{} went away or was replaced while the staging directory was looked at", path.display())]
    Moving {
        /// What went away.
        path: PathBuf,
    },
    /// The tree can't be put together.
    #[error("the files can't be put on one disc")]
    Tree(#[from] TreeError),
    /// The tree can't become an image.
    #[error("the files can't be put into an image")]
    Plan(#[from] PlanError),
    /// Too large.
    #[error("no room for {what}: {needed} sectors ({} bytes) are needed, {free} sectors ({} bytes) are free", needed.bytes(), free.bytes())]
    NoRoom {
        /// The day, or the days that would have gone together.
        what: String,
        /// Sectors of the session.
        needed: Sectors,
        /// Sectors that are free.
        free: Sectors,
        /// Whether there is anything on the medium that could make room.
        empty: bool,
        /// Whether the medium could be started anew.
        rewritable: bool,
        /// What would make room for it, if it does not fit because of spare areas.
        without_spares: Option<disc::WithoutSpares>,
    },
    /// Not all days that were missed have room on the disc.
    #[error("{} stored, {} left for another disc", listed(stored), listed(left))]
    DaysLeft {
        /// Proven and marked.
        stored: Vec<Date>,
        /// Not written.
        left: Vec<Date>,
        /// Why they did not go with the others.
        #[source]
        source: Box<ActionError>,
    },
    /// Not all days that were missed can be read.
    #[error("{} stored, {} left: not all of it can be read", listed(stored), listed(left))]
    DaysUnreadable {
        /// Proven and marked.
        stored: Vec<Date>,
        /// Not written.
        left: Vec<Date>,
        /// Why the first of them can't be stored.
        #[source]
        source: Box<ActionError>,
    },
    /// *initialize* is for media that can be started anew.
    #[error("{what} is not rewritable, and not initialised: it gets its label with the first day")]
    NeverInitialised {
        /// As configured, or as the drive says.
        what: String,
    },
    /// The session was refused after the disc was made ready for it.
    #[error("{error}")]
    Prepared {
        /// What was done last.
        preparation: disc::Preparation,
        /// What failed.
        error: Box<ActionError>,
    },
    /// Burning failed.
    #[error(transparent)]
    Burn(#[from] BurnError),
    /// Reading back failed.
    #[error(transparent)]
    Proof(#[from] proof::ProofError),
    /// What is on the disc is not what should be.
    #[error("{what}, differences: {}", findings.len())]
    Findings {
        /// What is wrong, in one phrase.
        what: &'static str,
        /// Every difference.
        findings: Vec<proof::Finding>,
    },
    /// A disc is not what its own manifests say.
    #[error("the disc is not what its manifests say, differences: {}", findings.len())]
    Unsound {
        /// Every difference.
        findings: Vec<proof::Finding>,
    },
    /// Nothing on the disc can be checked.
    #[error(
        "there is no manifest on the disc: nothing says what should be in what was read without an error, files: {files}"
    )]
    NoManifest {
        /// Files read.
        files: usize,
    },
    /// A virtual disc.
    #[error("the virtual disc can't be used")]
    VirtualDisc(#[from] crate::scsi::sim::DiscError),
    /// There is no image.
    #[error(transparent)]
    Image(#[from] image::ImageError),
    /// The demonstration.
    #[error(transparent)]
    Demo(#[from] demo::DemoError),
}
