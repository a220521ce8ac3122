//! *store*, *rebuild*, *initialize*: daily directories go on the disc, and are proven to be there.
//!
//! ```text
//! check the label ─ choose the days ─ look at the drive and the disc ─ scan the days ─ decide ─ plan ─ does it fit?
//!     ─ (nothing has been touched so far) ─ blank or format ─ burn ─ read back and compare ─ mark the days ─ show the session
//! ```
//!
//! The actions differ in which days they choose ([`What`]) and in which discs they write on ([`policy`](super::policy)); the way is one.
//!
//! A disc on which a burn broke off is mended right before the burn, when nothing can be refused any more: what was decided and planned
//! before is decided and planned once more on what the disc then is.
//!
//! A day is marked as soon as it is proven. What comes then moves the tray, takes as long as the configured delays, and decides nothing: a run
//! that ends in it, however it ends, has stored the day.
//!
//! The order is Cedar's, and decides which of several errors is told. Storing is idempotent: a day that the disc's tree already
//! holds, byte for byte as it is staged, is proven and marked and not burned again; one that differs replaces the whole directory
//! on the disc, so that no stale file stays visible.
//!
//! With `--catch-up` all days that were missed go on the disc in one session. What does not fit is left, the newest days first and those that
//! don't even fit alone, and the run ends as one that found no room, when the others are stored: they are not held back by what another disc
//! is needed for. Nor by a day that can't be read.

mod changes;
mod left;
pub(in crate::actions) mod load;
mod record;
pub(in crate::actions) mod session;
mod there;
mod write;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;

use self::load::{Load, listed};
use self::session::{Scanned, Session, Settled};
use self::write::{Done, before_wiping, put_on_disc, what_is_there};
use super::capacity::Fill;
use super::contents::Shown;
use super::copies::Held;
use super::disc::{Disc, How, Preparation};
use super::owner::Owner;
use super::policy::{Decision, Purpose};
use super::proof;
use super::receipt::{Record, folder};
use super::refresh::{Showing, Tray, refresh};
use super::staging::{self, Day};
use super::staging_lock::StagingLock;
use super::{ActionError, ON_SCREEN, device, label};
use crate::burn::{self, Buffers, BurnError, Progress, Recipe, State};
use crate::config::{Config, ConfigError, Protect};
use crate::iso::scan;
use crate::iso::tree::{Attributes, Timestamp, Tree, TreePath};
use crate::scsi::Trays;
use crate::scsi::mmc::Profile;
use crate::sector::{Lba, Sectors};

/// Which days go on the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// *store*: today's, or that of the day before or behind.
    Day,
    /// *store* `--catch-up`: every day that is staged and not stored.
    CatchUp,
    /// *rebuild*: this week's, stored or not.
    Week,
    /// *span*: those of the span; [`span`](super::span) chooses them.
    Span,
    /// *initialize*: none, only the label.
    Label,
}

impl What {
    /// The action that asks.
    #[must_use]
    pub fn purpose(self) -> Purpose {
        match self {
            What::Day | What::CatchUp => Purpose::Store,
            What::Week => Purpose::Rebuild,
            What::Span => Purpose::Span,
            What::Label => Purpose::Initialize,
        }
    }
}

/// What is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    /// Which days.
    pub what: What,
    /// The configuration.
    pub config: &'a Config,
    /// Another device than the configured one.
    pub device: Option<&'a str>,
    /// Where the commands are written down.
    pub trace: Option<&'a Path>,
    /// The day it is.
    pub today: Date,
    /// The time it is: written into the image.
    pub now: Timestamp,
    /// The image is to depend on nothing but its content.
    pub source_date_epoch: Option<Timestamp>,
    /// Where the receipts of earlier runs are.
    pub receipts: Option<&'a Path>,
    /// Start a new disc, whatever the one in the drive holds; with [`What::Day`] with today's directory, stored or not.
    pub full: bool,
    /// Plan and say, touch nothing.
    pub dry_run: bool,
    /// No session is to follow this one.
    pub finalize: bool,
    /// Instead of the configuration's word: whether the drive replaces bad sectors.
    pub defect_management: Option<bool>,
}

impl Request<'_> {
    /// The staging root: *store* looks where stage puts the days, *rebuild* in `store/source_dir`, as with Cedar.
    pub(in crate::actions) fn root(&self) -> Result<&Path, ConfigError> {
        match self.what {
            What::Day | What::CatchUp | What::Span => self.config.staging_root_for_store(),
            What::Week | What::Label => Ok(&self.config.require_store()?.source_dir),
        }
    }

    pub(in crate::actions) fn device(&self) -> Result<&str, ConfigError> {
        Ok(self.device.unwrap_or(self.config.require_store()?.target_device.as_str()))
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A session was burned; `proven` when it was read back and compared.
    Stored {
        /// Read back and compared.
        proven: bool,
    },
    /// All of it was on the disc already and was proven to be.
    AlreadyThere,
    /// Nothing was touched.
    Planned,
}

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The days, oldest first.
    pub days: Vec<Day>,
    /// Those of them that the disc held already as they are staged.
    pub there: Vec<Date>,
    /// Those that no room was left for.
    pub left: Vec<Date>,
    /// The label of the session.
    pub label: String,
    /// New disc or append, and why.
    pub decision: Decision,
    /// What is not started anew without `--full`.
    pub protect: Protect,
    /// The days that go with what is on the disc, or would go if nothing protected it, and where else they are; empty where the disc is not
    /// due to be started anew.
    pub at_stake: Vec<Held>,
    /// Files beside them that go with it are no day's: the first one.
    pub others_at_stake: Option<TreePath>,
    /// The medium's kind.
    pub medium: String,
    /// What is, or was, done to the disc before the session is written.
    pub preparations: Vec<Preparation>,
    /// The way it is written; none where nothing is.
    pub recipe: Option<Recipe>,
    /// It is written without the drive's defect management, at full speed.
    pub streaming: bool,
    /// What was asked for and has no effect.
    pub warnings: Vec<String>,
    /// Whether another session can follow; of a session that is only planned, as far as can be known.
    pub appendable: bool,
    /// First sector of the session; none where there is none, or the drive does not tell before the disc is mended.
    pub start: Option<Lba>,
    /// Its length.
    pub sectors: Sectors,
    /// Sectors that were free for it; none where the drive does not tell before the disc is mended.
    pub free: Option<Sectors>,
    /// Files of the days.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How full the buffers were while it was burned; none where nothing was.
    pub buffers: Option<Buffers>,
    /// Whether a mount shows it now; none where nothing was done, and with a simulated drive, whose disc nobody mounts.
    pub showing: Option<Showing>,
}

/// Makes sure that no other run is at work in the staging directory, before anything is begun that the other would notice: hooks run before this
/// one has it for itself, since they may be what mounts it.
///
/// # Errors
/// When one is.
pub fn is_anybody_at_work(request: &Request<'_>) -> Result<(), ActionError> {
    match StagingLock::take(request.root()?) {
        Err(error @ staging::StagingError::InUse { .. }) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Does what is asked for; see the module's text.
///
/// # Errors
/// When not all of it is on the disc, proven, at the end.
pub fn store(
    request: &Request<'_>,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
    record: &mut Record,
) -> Result<Report, ActionError> {
    let config = request.config;
    let store = config.require_store()?;
    if let Some((stage, source)) = config.differing_roots() {
        tracing::warn!(
            "stage/staging_dir is {} and store/source_dir is {}: store uses the first, rebuild the second",
            stage.display(),
            source.display()
        );
    }
    let purpose = request.what.purpose();
    if purpose == Purpose::Initialize && store.media_type.is_rewritable() == Some(false) {
        return Err(ActionError::NeverInitialised { what: store.media_type.to_string() });
    }
    let mut opened = None;
    if store.check_media && purpose != Purpose::Initialize {
        let disc = open(request)?;
        check_media(&disc, request)?;
        opened = Some(disc);
    }
    let root = request.root()?;
    // initialize reads no day and marks none.
    let marks = !request.dry_run && request.what != What::Label;
    let _at_work = marks.then(|| StagingLock::take(root)).transpose()?;
    let Chosen { days, unreadable } = choose_days(request)?;
    announce(request, &days, store.warn_midnite);
    let owner = Owner::if_root(&config.options.backup_user, &config.options.backup_group)?;
    let load = Load { may_leave_days: request.what == What::CatchUp, ..Load::of_days(purpose, days, request.today) };
    let mut disc = match opened {
        Some(disc) => disc,
        None => open(request)?,
    };
    record.seen(&disc.drive, &disc.looked());
    let warnings = accept(request, &mut disc)?;
    let session = Session { request, load };
    let scanned = session.scan(&disc)?;
    let settled = session.settle(&mut disc, &scanned, stop)?;
    let mut mark = |days: &[&Day], _: &Record| mark_stored(days, owner);
    let report = carry_out(&session, &mut disc, &scanned, settled, &mut mark, stop, progress, record);
    if !request.dry_run && matches!(report, Ok(_) | Err(ActionError::DaysLeft { .. })) {
        warn_when_full(request, &disc, record);
    }
    let report = report?;
    match unreadable.filter(|_| !request.dry_run) {
        Some((left, source)) => {
            let stored = report.days.iter().map(|day| day.date).collect();
            Err(ActionError::DaysUnreadable { stored, left, source })
        }
        None => Ok(Report { warnings, ..report }),
    }
}

/// Says that the disc fills up, where that is configured. An ERROR as with Cedar, so that it reaches the screen, and no failure.
fn warn_when_full(request: &Request<'_>, disc: &Disc, record: &Record) {
    let (Some(limit), Some(facts)) = (&request.config.capacity, &record.disc) else { return };
    let Some(free) = facts.free_sectors.map(Sectors) else { return };
    let all = facts.capacity_sectors.map_or(disc.medium.capacity, Sectors);
    let fill = Fill { used: all.bytes().saturating_sub(free.bytes()), available: free.bytes() };
    if let Some(told) = fill.beyond(limit) {
        tracing::error!("{told}");
    }
}

/// The disc goes on, as far as the drive is concerned, and there is no room for it: the next day fails, and today there is time.
fn warn_when_nothing_fits(disc: &Disc, appendable: bool, record: &Record) {
    let free = record.disc.as_ref().and_then(|facts| facts.free_sectors);
    if appendable && !disc.how.finalize && free == Some(0) {
        tracing::warn!(target: ON_SCREEN, "the disc is full: no other session fits on it");
    }
}

/// Opens the drive and looks at its disc.
pub(in crate::actions) fn open(request: &Request<'_>) -> Result<Disc, ActionError> {
    let no_eject = request.config.require_store()?.no_eject;
    let open = if request.full { Disc::open_to_overwrite } else { Disc::open };
    open(request.device()?, request.trace, Trays::before_a_change(request.dry_run, no_eject))
}

/// Makes sure that the disc is one to write on in the way that is asked for. Returns what of that has no effect on it.
pub(in crate::actions) fn accept(request: &Request<'_>, disc: &mut Disc) -> Result<Vec<String>, ActionError> {
    let config = request.config;
    let configured = config.require_store()?.media_type;
    disc.how = How {
        finalize: request.finalize,
        defect_management: request.defect_management.or(config.cedarburn.defect_management),
    };
    if !device::fits(configured, disc.medium.profile) {
        return Err(ActionError::OtherMedium { configured, found: disc.medium.profile });
    }
    if let Some(why) = disc.medium.refusal() {
        return Err(BurnError::NoRecipe { profile: disc.medium.profile, why }.into());
    }
    if request.what == What::Label && !disc.medium.rewritable {
        return Err(ActionError::NeverInitialised { what: disc.medium.profile.to_string() });
    }
    tell_what_has_no_meaning(disc)
}

/// The days that are asked for.
fn choose_days(request: &Request<'_>) -> Result<Chosen, ActionError> {
    let (root, today) = (request.root()?, request.today);
    let days = match request.what {
        What::Day => vec![staging::choose_day(root, today, request.full)?],
        What::CatchUp | What::Span => return choose_missed_days(request),
        What::Week => staging::days_of_the_week(root, today, request.config.options.starting_day)?,
        What::Label => Vec::new(),
    };
    Ok(Chosen { days, unreadable: None })
}

/// Days to store, and those that can't be.
struct Chosen {
    days: Vec<Day>,
    unreadable: Option<(Vec<Date>, Box<ActionError>)>,
}

/// Every day that was missed, and can be read: one that can't must not hold up the others for ever.
fn choose_missed_days(request: &Request<'_>) -> Result<Chosen, ActionError> {
    let root = request.root()?;
    staging::tell_days_to_come(root, request.today);
    let staging::Unstored { days, odd } = staging::unstored_days(root, request.today)?;
    let mut unreadable: Vec<(Date, ActionError)> = odd.into_iter().map(|(date, error)| (date, error.into())).collect();
    let mut readable = Vec::new();
    for day in days {
        let mut tree = Tree::new(Attributes::default());
        match scan::graft(&mut tree, &day.path, &day.on_disc()) {
            Ok(_) => readable.push(day),
            Err(error) => unreadable.push((day.date, error.into())),
        }
    }
    for (date, error) in &unreadable {
        tracing::warn!(target: ON_SCREEN, "{date} is left: {}", proof::with_causes(error));
    }
    let left: Vec<Date> = unreadable.iter().map(|(date, _)| *date).collect();
    match unreadable.into_iter().next() {
        Some((_, error)) if readable.is_empty() => Err(error),
        first => Ok(Chosen { days: readable, unreadable: first.map(|(_, error)| (left, Box::new(error))) }),
    }
}

/// Marks days as stored: each that can be, so that one that can't holds up no other.
///
/// # Errors
/// That of the first which can't; the log has those of the others.
pub(in crate::actions) fn mark_stored(days: &[&Day], owner: Option<Owner>) -> Result<(), ActionError> {
    let mut failed = Ok(());
    for day in days {
        match day.mark_stored(owner) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("{}: the owner can't be changed: {error}", staging::STORE_INDICATOR),
            Err(error) if failed.is_ok() => failed = Err(error.into()),
            Err(error) => tracing::warn!("{}", proof::with_causes(&error)),
        }
    }
    failed
}

/// What is done when days are proven to be on a disc.
pub(in crate::actions) type Mark<'a> = dyn FnMut(&[&Day], &Record) -> Result<(), ActionError> + 'a;

/// Puts on the disc what was settled, proves it, has it marked, and shows it. `mark` is called once, with the days that are proven to be on
/// the disc and what is known of it, when they are.
#[allow(clippy::too_many_arguments, reason = "each is one thing that a run has, and none belongs to another")]
pub(in crate::actions) fn carry_out(
    session: &Session<'_>,
    disc: &mut Disc,
    scanned: &Scanned,
    mut settled: Settled,
    mark: &mut Mark<'_>,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
    record: &mut Record,
) -> Result<Report, ActionError> {
    let request = session.request;
    let store = request.config.require_store()?;
    let planned = session.report(Outcome::Planned, &settled, disc, scanned);
    if request.dry_run {
        return Ok(planned);
    }
    if stop.load(Ordering::Relaxed) {
        return Err(BurnError::Interrupted { written: Sectors(0) }.into());
    }
    if disc.is_to_be_mended(settled.decision) {
        let mended = |error| after(Preparation::Close, error);
        disc.mend(progress).map_err(mended)?;
        settled = session.settle(disc, scanned, stop).map_err(mended)?;
    }
    record::settled(record, session, &settled, disc);
    let preparations = planned.preparations;
    let stored: Vec<&Day> = session.load.days.iter().filter(|day| !settled.leaves(day.date)).collect();
    let dates: Vec<Date> = stored.iter().map(|day| day.date).collect();
    let report = session.report(Outcome::Planned, &settled, disc, scanned);
    let Some(plan) = &settled.plan else {
        if disc.how.finalize && !disc.is_overwritable() {
            tracing::warn!("nothing was burned, and so nothing is finalised");
        }
        disc.end_format(progress)?;
        let findings = session.what_came_and_went(disc, &settled, scanned, None);
        if !findings.is_empty() {
            return Err(ActionError::Findings { what: "the day is not any more as the disc holds it", findings });
        }
        mark(&stored, record)?;
        // The run that burned it may have been interrupted before it came to this.
        let shows = what_is_there(disc);
        let refreshed = refresh(&mut disc.drive, shows, Tray::configured(store), stop);
        refreshed.tell();
        session.tell_done(&dates);
        let report = Report { preparations, showing: refreshed.showing(), ..report };
        return all_stored(report, settled, dates);
    };
    let wipes = matches!(settled.decision, Decision::NewDisc { wipe: true, .. });
    if wipes {
        before_wiping(session, disc, &settled, record)?;
    }
    let not_stored = |error| if wipes { ActionError::Wiped(Box::new(error)) } else { error };
    let burned = put_on_disc(session, disc, scanned, &settled, plan, stop, progress, record);
    let Done { proven, appendable, buffers, findings, shows } = burned.map_err(not_stored)?;
    let marked = if findings.is_empty() {
        mark(&stored, record)
    } else {
        Err(not_stored(ActionError::Findings { what: "the disc does not hold the day as it was staged", findings }))
    };
    record::looked_at_again(record, disc);
    // A span fills its discs on purpose.
    if session.load.purpose != Purpose::Span {
        warn_when_nothing_fits(disc, appendable, record);
    }
    // With findings, too: people will want to look at them.
    let refreshed = refresh(&mut disc.drive, shows, Tray::configured(store), stop);
    refreshed.tell();
    marked?;
    session.tell_done(&dates);
    let report = Report {
        outcome: Outcome::Stored { proven },
        preparations,
        appendable,
        buffers: Some(buffers),
        showing: refreshed.showing(),
        ..report
    };
    all_stored(report, settled, dates)
}

/// An error where days had to be left.
fn all_stored(report: Report, settled: Settled, stored: Vec<Date>) -> Result<Report, ActionError> {
    let left = settled.left.days();
    match settled.left.error {
        Some(source) => Err(ActionError::DaysLeft { stored, left, source }),
        None => Ok(report),
    }
}

/// An error that came when the disc had been made ready already.
fn after(preparation: Preparation, error: ActionError) -> ActionError {
    ActionError::Prepared { preparation, error: Box::new(error) }
}

/// What was asked for and means nothing on this medium. Only defect management that was switched on is missed by somebody.
fn tell_what_has_no_meaning(disc: &mut Disc) -> Result<Vec<String>, ActionError> {
    let profile = disc.medium.profile;
    if disc.how.finalize && disc.is_overwritable() {
        tracing::info!("there is nothing to finalise on a {profile}: it can be written on for ever");
    }
    let has_none = match (profile, disc.medium.state) {
        (Profile::BdRSequential, State::Blank) => false,
        (Profile::BdRSequential | Profile::BdRe | Profile::DvdRam, _) => {
            let told = burn::has_spares(&mut disc.drive, &disc.medium);
            told.map_err(|source| ActionError::Medium { source })? == Some(false)
        }
        _ => true,
    };
    Ok(match disc.how.defect_management {
        Some(true) if has_none => {
            let warning = format!("defect management has no effect: this {profile} has no spare sectors");
            tracing::warn!("{warning}");
            vec![warning]
        }
        _ => Vec::new(),
    })
}

/// Says which directories are stored, and warns where a midnight lies between.
fn announce(request: &Request<'_>, days: &[Day], warn_midnite: bool) {
    let [day] = days else {
        if !days.is_empty() {
            let dates: Vec<Date> = days.iter().map(|day| day.date).collect();
            tracing::info!("{} of {}", request.what.purpose().word(), listed(&dates));
        }
        return;
    };
    let which = match day.date.cmp(&request.today) {
        std::cmp::Ordering::Equal => "today's",
        std::cmp::Ordering::Less if request.what != What::Day => "an earlier day's",
        std::cmp::Ordering::Less => "yesterday's",
        std::cmp::Ordering::Greater => "tomorrow's",
    };
    tracing::info!("storing {which} directory {}", day.path.display());
    if day.date != request.today && warn_midnite && request.what == What::Day {
        tracing::warn!(target: ON_SCREEN, "midnight was crossed: {which} directory {} is stored", day.path.display());
    }
}

/// Whether the newest run that had to do with a disc has wiped it and not written it: then the empty disc in the drive is taken for that one.
fn was_wiped_by_us(request: &Request<'_>) -> bool {
    let Some(Ok(found)) = request.receipts.map(folder::read) else { return false };
    let is_wiping = |record: &Record| record.wiped.is_some() || record.wiped_unknown;
    let newest = found.receipts.iter().rfind(|receipt| receipt.record.session.is_some() || is_wiping(&receipt.record));
    // Not what somebody blanked by hand, or says to have.
    let is_ours = |action: &str| matches!(action, "wiping" | "store" | "rebuild" | "initialize" | "span");
    newest.is_some_and(|newest| newest.record.session.is_none() && is_ours(&newest.action))
}

/// Cedar's media check: by the label, before anything else.
fn check_media(disc: &Disc, request: &Request<'_>) -> Result<(), ActionError> {
    let store = request.config.require_store()?;
    let has_label = disc.contents.shown != Shown::Nothing;
    if !has_label && (disc.contents.torn > 0 || was_wiped_by_us(request)) {
        tracing::info!("the disc has no label because a burn broke off, which is mended now");
        return Ok(());
    }
    let rewritable = store.media_type.is_rewritable().unwrap_or(disc.medium.rewritable);
    if label::check(disc.contents.label_in_front().as_deref(), rewritable)? {
        tracing::info!("the disc has no label, which is accepted on write-once media");
    }
    Ok(())
}
