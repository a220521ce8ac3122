//! *store*: the day's staging directory goes on the disc, and is proven to be there.
//!
//! ```text
//! check the label ─ choose the day ─ look at the drive and the disc ─ scan the day ─ decide ─ plan ─ does it fit?
//!     ─ (nothing has been touched so far) ─ blank or format ─ burn ─ read back and compare ─ mark the day ─ show the session
//! ```
//!
//! A disc on which a burn broke off is mended right before the burn, when nothing can be refused any more: what was decided and planned
//! before is decided and planned once more on what the disc then is.
//!
//! The day is marked as soon as it is proven. What comes then moves the tray, takes as long as the configured delays, and decides nothing: a run
//! that ends in it, however it ends, has stored the day.
//!
//! The order is Cedar's, and decides which of several errors is told. Storing is idempotent: a day that the disc's tree already
//! holds, byte for byte as it is staged, is proven and marked and not burned again; one that differs replaces the whole directory
//! on the disc, so that no stale file stays visible.

mod session;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;

use self::session::Session;
use super::contents::Shown;
use super::copies::Held;
use super::disc::{Disc, How, Preparation};
use super::owner::Owner;
use super::policy::Decision;
use super::proof::{self, Expected, Finding};
use super::refresh::{Awaited, Showing, Tray, refresh};
use super::staging::{self, Day};
use super::staging_lock::StagingLock;
use super::{ActionError, ON_SCREEN, device, label};
use crate::burn::{self, Buffers, BurnError, Progress, Recipe, State};
use crate::config::{self, Config, Protect};
use crate::iso::compare::{Compare, Permissions};
use crate::iso::generator::plan::Plan;
use crate::iso::tree::{Timestamp, TreePath};
use crate::scsi::Trays;
use crate::scsi::mmc::Profile;
use crate::sector::{Lba, Sectors};

/// Blocks behind a CD track written at once that hold nothing.
const RUN_OUT: u32 = 2;

/// What *store* is asked to do.
#[derive(Debug)]
pub struct Request<'a> {
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
    /// Start a new disc with today's directory, whatever was stored.
    pub full: bool,
    /// Plan and say, touch nothing.
    pub dry_run: bool,
    /// No session is to follow this one.
    pub finalize: bool,
    /// Instead of the configuration's word: whether the drive replaces bad sectors.
    pub defect_management: Option<bool>,
}

/// How *store* ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A session was burned; `proven` when it was read back and compared.
    Stored {
        /// Read back and compared.
        proven: bool,
    },
    /// The day was on the disc already and was proven to be.
    AlreadyThere,
    /// Nothing was touched.
    Planned,
}

/// What *store* did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The day.
    pub day: Date,
    /// Its directory in staging.
    pub directory: PathBuf,
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
    /// Files of the day.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How full the buffers were while it was burned; none where nothing was.
    pub buffers: Option<Buffers>,
    /// Whether a mount shows it now; none where nothing was done, and with a simulated drive, whose disc nobody mounts.
    pub showing: Option<Showing>,
}

/// Stores a day; see the module's text.
///
/// # Errors
/// When the day is not on the disc, proven, at the end.
pub fn store(request: &Request<'_>, stop: &AtomicBool, progress: &mut dyn Progress) -> Result<Report, ActionError> {
    let config = request.config;
    let store = config.require_store()?;
    refuse_what_is_not_there_yet(config)?;
    if let Some((stage, source)) = config.differing_roots() {
        tracing::warn!(
            "stage/staging_dir is {} and store/source_dir is {}: store uses the first",
            stage.display(),
            source.display()
        );
    }
    let root = config.staging_root_for_store()?;
    let spec = request.device.unwrap_or(store.target_device.as_str());
    let trays = Trays::before_a_change(request.dry_run, store.no_eject);
    let mut opened = None;
    if store.check_media {
        let disc = Disc::open(spec, request.trace, trays)?;
        check_media(&disc, store)?;
        opened = Some(disc);
    }
    let _at_work = (!request.dry_run).then(|| StagingLock::take(root)).transpose()?;
    let day = staging::choose_day(root, request.today, request.full)?;
    announce(&day, request.today, store.warn_midnite);
    let owner = Owner::if_root(&config.options.backup_user, &config.options.backup_group)?;
    let mut disc = match opened {
        Some(disc) => disc,
        None => Disc::open(spec, request.trace, trays)?,
    };
    disc.how = How {
        finalize: request.finalize,
        defect_management: request.defect_management.or(config.cedarburn.defect_management),
    };
    if !device::fits(store.media_type, disc.medium.profile) {
        return Err(ActionError::OtherMedium { configured: store.media_type, found: disc.medium.profile });
    }
    if let Some(why) = disc.medium.refusal() {
        return Err(BurnError::NoRecipe { profile: disc.medium.profile, why }.into());
    }

    let warnings = tell_what_has_no_meaning(&mut disc)?;

    let session = Session { request, day, label: label::label(request.today) };
    let scanned = session.scan(&disc)?;
    let mut settled = session.settle(&mut disc, &scanned, stop)?;
    let planned = Report { warnings: warnings.clone(), ..session.report(Outcome::Planned, &settled, &disc, &scanned) };
    if request.dry_run {
        return Ok(planned);
    }
    if stop.load(Ordering::Relaxed) {
        return Err(BurnError::Interrupted { written: Sectors(0) }.into());
    }
    if disc.is_to_be_mended(settled.decision) {
        let mended = |error| after(Preparation::Close, error);
        disc.mend(progress).map_err(mended)?;
        settled = session.settle(&mut disc, &scanned, stop).map_err(mended)?;
    }
    let preparations = planned.preparations;
    let Some(plan) = &settled.plan else {
        if disc.how.finalize && !disc.is_overwritable() {
            tracing::warn!("nothing was burned, and so nothing is finalised");
        }
        disc.end_format(progress)?;
        let report = session.report(Outcome::AlreadyThere, &settled, &disc, &scanned);
        session.mark(owner)?;
        // The run that burned it may have been interrupted before it came to this.
        let shows = what_is_there(&disc);
        let refreshed = refresh(&mut disc.drive, shows, Tray::configured(store), stop);
        refreshed.tell();
        session.tell_stored();
        return Ok(Report { preparations, warnings, showing: refreshed.showing(), ..report });
    };
    let decision = settled.decision;
    let report = session.report(Outcome::Planned, &settled, &disc, &scanned);
    let burned = put_on_disc(&session, &mut disc, decision, plan, stop, progress);
    let not_stored = |error| match decision {
        Decision::NewDisc { wipe: true, .. } => ActionError::Wiped(Box::new(error)),
        _ => error,
    };
    let Done { proven, appendable, buffers, findings, shows } = burned.map_err(not_stored)?;
    let marked = if findings.is_empty() {
        session.mark(owner)
    } else {
        Err(not_stored(ActionError::Findings { what: "the disc does not hold the day as it was staged", findings }))
    };
    // With findings, too: people will want to look at them.
    let refreshed = refresh(&mut disc.drive, shows, Tray::configured(store), stop);
    refreshed.tell();
    marked?;
    session.tell_stored();
    Ok(Report {
        outcome: Outcome::Stored { proven },
        preparations,
        warnings,
        appendable,
        buffers: Some(buffers),
        showing: refreshed.showing(),
        ..report
    })
}

/// An error that came when the disc had been made ready already.
fn after(preparation: Preparation, error: ActionError) -> ActionError {
    ActionError::Prepared { preparation, error: Box::new(error) }
}

/// What a mount has to show of a disc on which nothing was burned.
fn what_is_there(disc: &Disc) -> Awaited {
    if disc.is_overwritable() {
        return Awaited { start: Lba(0), end: disc.contents.recorded_end };
    }
    let last = disc.medium.sessions.last();
    let end = last.map_or(Lba(0), |session| session.end);
    // Not every drive counts the run-out blocks of a CD.
    Awaited { start: last.map_or(Lba(0), |session| session.start), end: Lba(end.0.saturating_sub(RUN_OUT)) }
}

/// What was put on a disc.
struct Done {
    /// It was read back and compared.
    proven: bool,
    /// Another session can follow.
    appendable: bool,
    buffers: Buffers,
    /// What of the day is not there as it was staged.
    findings: Vec<Finding>,
    /// What a mount has to show from now on.
    shows: Awaited,
}

/// Touches the disc: makes it ready, burns, reads back.
fn put_on_disc(
    session: &Session<'_>,
    disc: &mut Disc,
    decision: Decision,
    plan: &Plan,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Done, ActionError> {
    let superblock = disc.superblock(decision, plan)?;
    let done = disc.preparations(decision).last().copied();
    let after_it = |error: ActionError| match done {
        Some(preparation) => after(preparation, error),
        None => error,
    };
    disc.prepare(decision, progress).map_err(|error| after_it(error.into()))?;
    let (burned, streamed) = session.burn(disc, decision, plan, stop, progress).map_err(after_it)?;
    let appendable = disc.is_overwritable() || burned.appendable;
    if !appendable && !disc.how.finalize {
        tracing::warn!("the disc is closed now: no session can follow this one");
    }
    let mut findings: Vec<Finding> = streamed.damages.iter().map(|damage| Finding::damage(damage, "burned")).collect();
    findings.extend(session.what_came_and_went(disc, plan, &streamed.damages));
    let store = session.request.config.require_store()?;
    let verifies = store.verifies();
    let mut is_sound = true;
    if verifies {
        let expected = Expected {
            tree: plan.tree(),
            digest: &|node| streamed.digests.get(node).copied(),
            policy: Compare { permissions: Some(&Permissions::of), modified: true },
            joliet: plan.joliet_tree(),
        };
        let wrong = proof::prove_session(&mut disc.drive, &burned, &expected, stop, progress)?;
        is_sound = wrong.is_empty();
        findings.extend(wrong);
    } else {
        tracing::warn!("check_data is N: the disc was not read back");
    }
    if disc.is_overwritable() {
        // A session that is not what was sent is never shown: the disc goes on showing what it showed before.
        let shown = superblock.as_deref().filter(|_| is_sound);
        burn::show(&mut disc.drive, &disc.medium, shown, progress)?;
    }
    if verifies && is_sound {
        findings.extend(disc.prove_reachable(plan.start(), superblock.as_deref())?);
    }
    if findings.is_empty() && verifies {
        tracing::info!("read back and proven: every sector, name and file is on the disc as it was staged");
    }
    let shows = Awaited {
        start: if disc.is_overwritable() { Lba(0) } else { burned.start },
        end: burned.start.checked_add(burned.sectors).unwrap_or(Lba(u32::MAX)),
    };
    Ok(Done { proven: verifies, appendable, buffers: burned.buffers, findings, shows })
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

/// Settings that the configuration knows and this version can't honour. Passing over them in silence would be a promise broken.
fn refuse_what_is_not_there_yet(config: &Config) -> Result<(), ActionError> {
    let settings = &config.cedarburn;
    let is_for_us = |hook: &config::Hook| hook.action.as_deref() == Some("store");
    let options = &config.options;
    let hooks = options.pre_action_hooks.iter().chain(&options.post_action_hooks).any(is_for_us);
    for (is_set, setting) in
        [(settings.receipts_dir.is_some(), "cedarburn/receipts_dir"), (hooks, "a hook for the action store")]
    {
        if is_set {
            return Err(ActionError::NotYet { setting });
        }
    }
    Ok(())
}

/// Says which directory is stored, and warns where a midnight lies between.
fn announce(day: &Day, today: Date, warn_midnite: bool) {
    let which = match day.date.cmp(&today) {
        std::cmp::Ordering::Equal => "today's",
        std::cmp::Ordering::Less => "yesterday's",
        std::cmp::Ordering::Greater => "tomorrow's",
    };
    tracing::info!("storing {which} directory {}", day.path.display());
    if day.date != today && warn_midnite {
        tracing::warn!(target: ON_SCREEN, "midnight was crossed: {which} directory {} is stored", day.path.display());
    }
}

/// Cedar's media check: by the label, before anything else.
fn check_media(disc: &Disc, store: &config::Store) -> Result<(), ActionError> {
    if disc.contents.torn > 0 && disc.contents.shown == Shown::Nothing {
        tracing::info!("the disc has no label because its first burn broke off, which is mended now");
        return Ok(());
    }
    let rewritable = store.media_type.is_rewritable().unwrap_or(disc.medium.rewritable);
    if label::check(disc.contents.label().as_deref(), rewritable)? {
        tracing::info!("the disc has no label, which is accepted on write-once media");
    }
    Ok(())
}
