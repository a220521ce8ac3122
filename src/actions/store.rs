//! *store*: the day's staging directory goes on the disc, and is proven to be there.
//!
//! ```text
//! check the label ─ choose the day ─ look at the drive and the disc ─ scan the day ─ decide ─ plan ─ does it fit?
//!     ─ (nothing has been touched so far) ─ blank or format ─ burn ─ read back and compare ─ mark the day
//! ```
//!
//! The order is Cedar's, and decides which of several errors is told. Storing is idempotent: a day that the disc's tree already
//! holds, byte for byte as it is staged, is proven and marked and not burned again; one that differs replaces the whole directory
//! on the disc, so that no stale file stays visible.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::contents::{Contents, Shown, own_directory};
use super::owner::Owner;
use super::policy::{self, Decision, DiscState, OnDisc, Wanted};
use super::proof::{self, Expected, Finding, Hashed, ProofError};
use super::staging::{self, Day};
use super::{ActionError, device, label};
use crate::burn::{self, BurnError, Burned, DriveSource, Image, Job, Medium, Progress, Recipe, State, cd, prepare};
use crate::config::{self, Config};
use crate::iso::compare::{Compare, Permissions, compare};
use crate::iso::plan::{AttributePolicy, Options, Plan, VolumeSpace};
use crate::iso::reader::Reading;
use crate::iso::scan;
use crate::iso::stream::{Change, Damage, Stream, StreamReport};
use crate::iso::tree::{Attributes, Content, Kind, NodeId, Timestamp, Tree, TreePath};
use crate::manifest::{self, Digest};
use crate::scsi::Drive;
use crate::scsi::mmc::BlankExtent;
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Buffer in front of the drive where the configuration says nothing: a second of a fast DVD.
const FIFO_BYTES: usize = 16 << 20;
/// Sectors after the data of a CD track: its last two can't be read, and neither can what is read ahead together with them.
const CD_PADDING: Sectors = Sectors(150);

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
    /// The medium's kind.
    pub medium: String,
    /// First sector of the session.
    pub start: Lba,
    /// Its length.
    pub sectors: Sectors,
    /// Sectors that were free for it.
    pub free: Sectors,
    /// Files of the day.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
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
    let mut opened = None;
    if store.check_media {
        let mut disc = Disc::open(spec, request.trace)?;
        check_media(&mut disc, store)?;
        opened = Some(disc);
    }
    let day = staging::choose_day(root, request.today, request.full)?;
    announce(&day, request.today, store.warn_midnite);
    let owner = Owner::if_root(&config.options.backup_user, &config.options.backup_group)?;
    let label = label::label(request.today);
    let mut disc = match opened {
        Some(disc) => disc,
        None => Disc::open(spec, request.trace)?,
    };
    if !device::fits(store.media_type, disc.medium.profile) {
        return Err(ActionError::OtherMedium { configured: store.media_type, found: disc.medium.profile });
    }
    if disc.medium.recipe().is_none() {
        return Err(BurnError::NoRecipe { profile: disc.medium.profile }.into());
    }

    let session = Session { request, day, label };
    let scanned = session.scan(&disc)?;
    let decision = session.decide(&disc, &scanned)?;
    let previous = match decision {
        Decision::Append { .. } => {
            Some(disc.contents.newest().ok_or(ActionError::Refused(policy::Refusal::Unreadable))?.clone())
        }
        Decision::NewDisc { .. } => None,
    };
    if let Some(previous) = &previous {
        for note in previous.notes.iter().filter(|note| note.what.is_loss()) {
            tracing::warn!("on the disc, {note}");
        }
        if session.is_there(&mut disc, previous, scanned.plan.tree(), stop)? {
            if !request.dry_run {
                disc.complete(decision, progress)?;
            }
            let report = session.report(Outcome::AlreadyThere, decision, &disc.medium, Lba(0), Sectors(0), &scanned);
            return session.finish(report, owner);
        }
    }
    if !request.dry_run {
        disc.mend(decision, progress)?;
    }
    let start = disc.start_of(decision);
    let plan = session.plan(&mut disc, previous.map(|previous| previous.tree), start)?;
    let free = disc.room_for(decision, start);
    let needed = disc.needs(&plan);
    if needed > free {
        return Err(ActionError::NoRoom { day: session.day.date, needed, free, rewritable: disc.medium.rewritable });
    }
    tracing::info!("image of {} sectors at sector {start}, {free} sectors are free", plan.sectors());
    if request.dry_run {
        let mut report =
            session.report(Outcome::Planned, decision, &disc.medium, plan.start(), plan.sectors(), &scanned);
        report.free = free;
        return Ok(report);
    }

    if stop.load(Ordering::Relaxed) {
        return Err(BurnError::Interrupted { written: Sectors(0) }.into());
    }
    disc.prepare(decision, progress)?;
    let (burned, streamed) = session.burn(&mut disc, &plan, stop, progress)?;
    let mut report = session.report(
        Outcome::Stored { proven: false },
        decision,
        &disc.medium,
        plan.start(),
        plan.sectors(),
        &scanned,
    );
    report.free = free;
    let mut findings: Vec<Finding> = streamed.damages.iter().map(damage).collect();
    if store.verifies() {
        let expected = Expected {
            tree: plan.tree(),
            digest: &|node| streamed.digests.get(node).copied(),
            policy: Compare { permissions: Some(&Permissions::of), modified: true },
        };
        findings.extend(proof::prove_session(&mut disc.drive, &burned, &expected, stop, progress)?);
        findings.extend(disc.prove_reachable(&plan)?);
        report.outcome = Outcome::Stored { proven: true };
    } else {
        tracing::warn!("check_data is N: the disc was not read back");
    }
    if !findings.is_empty() {
        return Err(ActionError::Findings { what: "the disc does not hold the day as it was staged", findings });
    }
    session.finish(report, owner)
}

/// The drive with its disc, looked at.
#[derive(Debug)]
struct Disc {
    drive: Drive,
    medium: Medium,
    contents: Contents,
}

impl Disc {
    fn open(spec: &str, trace: Option<&Path>) -> Result<Disc, ActionError> {
        let mut drive = device::open_drive(spec, trace)?;
        let medium = burn::inspect(&mut drive).map_err(|source| ActionError::Medium { source })?;
        let contents = Contents::of_medium(&mut DriveSource(&mut drive), &medium)
            .map_err(|source| ActionError::Contents { source })?;
        tracing::info!(
            "{}: {:?}, {} sessions, {} of {} sectors free",
            medium.profile,
            medium.state,
            contents.sessions.len(),
            medium.free,
            medium.capacity
        );
        Ok(Disc { drive, medium, contents })
    }

    fn is_overwritable(&self) -> bool {
        self.medium.recipe() == Some(Recipe::Overwrite)
    }

    /// Sectors that can be appended.
    fn appendable(&self) -> Sectors {
        if self.is_overwritable() {
            Sectors(self.medium.capacity.0.saturating_sub(self.contents.next_start.0))
        } else {
            self.medium.free
        }
    }

    /// The disc as the policy sees it.
    fn for_policy(&self) -> OnDisc {
        let state = match (&self.contents.shown, self.medium.state) {
            (_, State::Blank | State::NeedsFormat { begun: false }) => DiscState::Empty,
            (Shown::Unreadable, _) => DiscState::Unreadable,
            (_, State::Closed | State::ReadOnly | State::Unsupported) => DiscState::Closed,
            (Shown::Nothing, _) => DiscState::Empty,
            (Shown::Sessions, _) => DiscState::Appendable,
        };
        OnDisc {
            state,
            rewritable: self.medium.rewritable,
            days: self.contents.days(),
            available_bytes: self.appendable().bytes(),
        }
    }

    /// A broken-off session is closed before anything is planned: only then does the drive say where the next one goes. Nothing is lost
    /// by it; what the torn session holds is superseded.
    fn mend(&mut self, decision: Decision, progress: &mut dyn Progress) -> Result<(), BurnError> {
        let State::Interrupted { track } = self.medium.state else { return Ok(()) };
        if matches!(decision, Decision::NewDisc { wipe: true, .. }) {
            return Ok(());
        }
        tracing::warn!("the last burn broke off: closing what it left open");
        let mut drive = self.drive.lock_tray();
        self.medium = prepare::close_interrupted(&mut drive, track, progress)?;
        Ok(())
    }

    /// A disc that is not going to be burned is left as a finished burn leaves it: a run that was killed between its last sector and the
    /// closing has left one that this drive reads and others don't.
    fn complete(&mut self, decision: Decision, progress: &mut dyn Progress) -> Result<(), BurnError> {
        if let State::NeedsFormat { begun: true } = self.medium.state {
            tracing::warn!("the last burn broke off: ending the format it left");
            let mut drive = self.drive.lock_tray();
            self.medium = prepare::end_format(&mut drive, &self.medium, progress)?;
        }
        self.mend(decision, progress)
    }

    /// Where the session goes: what the drive says. A wiped CD begins at 0. For a rehearsal on a disc that would have to be mended first the
    /// end of what is recorded stands in for what the drive does not tell yet.
    fn start_of(&self, decision: Decision) -> Lba {
        match decision {
            Decision::NewDisc { .. } if self.is_overwritable() => burn::overwrite::FIRST_SESSION,
            Decision::Append { .. } if self.is_overwritable() => self.contents.next_start,
            Decision::NewDisc { wipe: true, .. } => Lba(0),
            _ => self.medium.next_writable.unwrap_or(self.recorded_end()),
        }
    }

    fn recorded_end(&self) -> Lba {
        self.medium.sessions.last().map_or(Lba(0), |session| session.end)
    }

    /// Sectors that can be written from `start` on.
    fn room_for(&self, decision: Decision, start: Lba) -> Sectors {
        match decision {
            _ if self.is_overwritable() => Sectors(self.medium.capacity.0.saturating_sub(start.0)),
            Decision::NewDisc { wipe: true, .. } => self.medium.capacity,
            _ if self.medium.next_writable.is_none() => Sectors(self.medium.capacity.0.saturating_sub(start.0)),
            _ => self.medium.free,
        }
    }

    /// Whether whoever puts the disc in a drive is led to the new session: by the table of contents, or by the superblock.
    fn prove_reachable(&mut self, plan: &Plan) -> Result<Vec<Finding>, ActionError> {
        if self.is_overwritable() {
            let expected = plan.superblock();
            let mut found = vec![0; expected.len()];
            let is_right = self.drive.read(Lba(0), &mut found, true).is_ok() && found == expected;
            return Ok(if is_right { Vec::new() } else { vec![Finding::Superblock] });
        }
        let medium = burn::inspect(&mut self.drive).map_err(|source| ActionError::Medium { source })?;
        let newest = medium.sessions.last().map(|session| session.start);
        let is_right = newest == Some(plan.start()) && medium.state != State::Blank;
        Ok(if is_right { Vec::new() } else { vec![Finding::NotTheNewest { planned: plan.start(), found: newest }] })
    }

    /// What the medium asks of a plan.
    fn options(&self, options: Options) -> Options {
        let align = self.medium.unit();
        if self.is_overwritable() {
            Options { volume_space: VolumeSpace::SessionLength, padding: Sectors(0), align, ..options }
        } else {
            Options { volume_space: VolumeSpace::AbsoluteEnd, padding: CD_PADDING, align, ..options }
        }
    }

    /// Sectors the plan takes on this medium.
    fn needs(&self, plan: &Plan) -> Sectors {
        if self.is_overwritable() { plan.sectors() } else { plan.sectors().max(cd::MINIMUM_TRACK) }
    }

    /// Makes the medium ready for the session. From here on things are touched.
    fn prepare(&mut self, decision: Decision, progress: &mut dyn Progress) -> Result<(), BurnError> {
        if let Decision::NewDisc { wipe: true, why } = decision
            && !self.is_overwritable()
        {
            tracing::info!("blanking the disc: {why}");
            let mut drive = self.drive.lock_tray();
            self.medium = prepare::blank(&mut drive, BlankExtent::Minimal, progress)?;
        }
        if let State::NeedsFormat { .. } = self.medium.state {
            tracing::info!("formatting the disc");
            let mut drive = self.drive.lock_tray();
            self.medium = prepare::format(&mut drive, &self.medium, progress)?;
        }
        Ok(())
    }
}

/// Settings that the configuration knows and this version can't honour. Passing over them in silence would be a promise broken.
fn refuse_what_is_not_there_yet(config: &Config) -> Result<(), ActionError> {
    let settings = &config.cedarburn;
    let is_for_us = |hook: &config::Hook| hook.action.as_deref() == Some("store");
    let options = &config.options;
    let hooks = options.pre_action_hooks.iter().chain(&options.post_action_hooks).any(is_for_us);
    for (is_set, setting) in [
        (settings.joliet, "cedarburn/joliet Y"),
        (settings.protect == config::Protect::Strict, "cedarburn/protect strict"),
        (settings.receipts_dir.is_some(), "cedarburn/receipts_dir"),
        (hooks, "a hook for the action store"),
    ] {
        if is_set {
            return Err(ActionError::NotYet { setting });
        }
    }
    Ok(())
}

/// The staging directory as it was scanned.
#[derive(Debug)]
struct Scanned {
    /// A disc with nothing else; its tree is the day as a disc shows it.
    plan: Plan,
    files: u64,
    bytes: u64,
}

/// One run of *store* for one day.
struct Session<'a> {
    request: &'a Request<'a>,
    day: Day,
    label: String,
}

impl Session<'_> {
    fn attributes(&self) -> AttributePolicy {
        match self.request.config.cedarburn.attributes {
            config::Attributes::Rationalized => AttributePolicy::Rationalized,
            config::Attributes::Exact => AttributePolicy::Exact,
        }
    }

    /// Owner, mode and times of what is on the disc and not in staging.
    fn own_attributes(&self, mode: u32) -> Attributes {
        let now = self.request.now;
        Attributes { mode, uid: 0, gid: 0, modified: now, accessed: now, changed: now }
    }

    fn scan(&self, disc: &Disc) -> Result<Scanned, ActionError> {
        let mut tree = Tree::new(self.own_attributes(0o755));
        let report = scan::graft(&mut tree, &self.day.path, &self.day.on_disc())?;
        for vanished in &report.vanished {
            tracing::warn!("{} went away while staging was looked at", vanished.display());
        }
        let alone = self.with_own_files(tree)?;
        let plan = Plan::new(alone, disc.options(self.options(Lba(0))))?;
        Ok(Scanned { plan, files: report.files, bytes: report.bytes })
    }

    fn decide(&self, disc: &Disc, scanned: &Scanned) -> Result<Decision, ActionError> {
        let options = &self.request.config.options;
        let store = self.request.config.require_store()?;
        let wanted = Wanted {
            day: self.day.date,
            full: self.request.full,
            starting_day: options.starting_day,
            blank_behavior: store.blank_behavior.clone(),
            required_bytes: scanned.plan.sectors().bytes(),
            protect_week: self.request.config.cedarburn.protect != config::Protect::Off,
        };
        let on_disc = disc.for_policy();
        tracing::debug!(
            "available {} bytes, required {} bytes, days on the disc {:?}",
            on_disc.available_bytes,
            wanted.required_bytes,
            on_disc.days
        );
        let decision = policy::decide(&wanted, &on_disc).map_err(ActionError::Refused)?;
        match decision {
            Decision::NewDisc { why, .. } => tracing::info!("new disc: {why}"),
            Decision::Append { why } => tracing::info!("append: {why}"),
        }
        Ok(decision)
    }

    fn options(&self, start: Lba) -> Options {
        Options {
            start,
            attributes: self.attributes(),
            source_date_epoch: self.request.source_date_epoch,
            ..Options::new(self.label.clone(), self.request.now)
        }
    }

    /// Whether the disc's tree holds the day as it is staged, which is proven by reading both.
    fn is_there(
        &self,
        disc: &mut Disc,
        previous: &Reading,
        staged: &Tree,
        stop: &AtomicBool,
    ) -> Result<bool, ActionError> {
        let at = self.day.on_disc();
        let on_disc = &previous.tree;
        let (Some(found), Some(expected)) = (on_disc.find(&at), staged.find(&at)) else { return Ok(false) };
        if !compare(staged, expected, on_disc, found, Compare::default()).is_empty() {
            tracing::info!("the disc holds {} otherwise than it is staged: the directory is replaced", self.day.date);
            return Ok(false);
        }
        let notes = previous.notes.iter().filter(|note| note.path.is_within(&at)).cloned().collect();
        let mut only_this = Reading { tree: on_disc.clone(), notes, more_notes: 0, lost: false };
        keep_only(&mut only_this.tree, &[at, own_directory()]);
        let mut hashed = Hashed::default();
        let findings =
            proof::prove_tree(&mut DriveSource(&mut disc.drive), &only_this, stop, &mut |_| {}, &mut hashed)?;
        let day = self.day.on_disc();
        // Lines for the other days are not looked at here.
        let concerned = |finding: &&Finding| match finding {
            Finding::ListedOnly(path) => path.is_within(&day),
            _ => true,
        };
        if let Some(finding) = findings.iter().find(concerned) {
            tracing::warn!("{} is on the disc, but {finding}: the directory is written again", self.day.date);
            return Ok(false);
        }
        for node in staged.walk() {
            if stop.load(Ordering::Relaxed) {
                return Err(ProofError::Interrupted.into());
            }
            let Kind::File { content: Content::Staged(_), .. } = staged.node(node).kind else { continue };
            let path = staged.path(node);
            let Some(Ok(found)) = on_disc.find(&path).and_then(|found| hashed.files.get(&found)) else {
                return Ok(false);
            };
            let same =
                staged.staged_path(node).is_some_and(|file| digest_of(&file).is_ok_and(|digest| digest == *found));
            if !same {
                tracing::info!("{path} on the disc is not as it is staged: the directory is replaced");
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn plan(&self, disc: &mut Disc, previous: Option<Tree>, start: Lba) -> Result<Plan, ActionError> {
        let (mut tree, carried) = match previous {
            Some(mut tree) => {
                let carried = self.make_room(disc, &mut tree)?;
                (tree, carried)
            }
            None => (Tree::new(self.own_attributes(0o755)), Vec::new()),
        };
        scan::graft(&mut tree, &self.day.path, &self.day.on_disc())?;
        let tree = self.with_own_files(tree)?;
        let plan = Plan::new(tree, disc.options(Options { carried, ..self.options(start) }))?;
        for (node, note) in plan.notes() {
            tracing::info!("{}: {note:?}", plan.tree().path(*node));
        }
        Ok(plan)
    }

    /// Takes the day out of the tree the disc shows, and with it every line of its manifests that speaks of the day: a list that names files
    /// which are not there any more would make `sha256sum -c` fail for ever. Lines of such a list that still hold are carried over.
    fn make_room(&self, disc: &mut Disc, tree: &mut Tree) -> Result<Vec<manifest::Entry>, ActionError> {
        let day = self.day.on_disc();
        let Some(old) = tree.find(&day) else { return Ok(Vec::new()) };
        let mut lists = tree.clone();
        keep_only(&mut lists, &[own_directory()]);
        let mut carried = Vec::new();
        for (path, content) in proof::read_manifests(&mut DriveSource(&mut disc.drive), &lists)? {
            let entries: Vec<manifest::Entry> = manifest::parse(&content).flatten().collect();
            if entries.iter().any(|entry| entry.path.is_within(&day)) {
                carried.extend(entries.into_iter().filter(|entry| !entry.path.is_within(&day)));
                if let Some(node) = tree.find(&path) {
                    tree.remove(node);
                }
            }
        }
        tree.remove(old);
        Ok(carried)
    }

    /// Adds the manifest, and the text that explains the disc where it has none yet.
    fn with_own_files(&self, mut tree: Tree) -> Result<Tree, ActionError> {
        let own = tree.make_directory(&own_directory(), self.own_attributes(0o755))?;
        if tree.child(own, b"README.txt").is_none() {
            let text = Bytes::from_static(include_str!("disc_readme.txt").as_bytes());
            let kind = Kind::File { size: text.len() as u64, content: Content::Bytes(text) };
            tree.insert(own, b"README.txt", self.own_attributes(0o644), kind)?;
        }
        let name = free_manifest_name(&tree, own, self.day.date);
        // The plan gives it its size.
        tree.insert(
            own,
            name.as_bytes(),
            self.own_attributes(0o644),
            Kind::File { size: 0, content: Content::Manifest },
        )?;
        Ok(tree)
    }

    fn burn(
        &self,
        disc: &mut Disc,
        plan: &Plan,
        stop: &AtomicBool,
        progress: &mut dyn Progress,
    ) -> Result<(Burned, StreamReport), ActionError> {
        let store = self.request.config.require_store()?;
        let fifo_mb = self.request.config.cedarburn.fifo_mb.map(|mb| mb.get() as usize);
        let mut image = Streaming(plan.stream());
        let job = Job {
            start: plan.start(),
            sectors: plan.sectors(),
            image: &mut image,
            superblock: disc.is_overwritable().then(|| plan.superblock()),
            speed: store.drive_speed,
            fifo_bytes: fifo_mb.map_or(FIFO_BYTES, |mb| mb.saturating_mul(1 << 20)),
            stop,
            progress,
        };
        let burned = burn::burn(&mut disc.drive, &disc.medium, job)?;
        tracing::info!("{} sectors burned at sector {}", burned.sectors, burned.start);
        Ok((burned, image.0.finish()))
    }

    fn report(
        &self,
        outcome: Outcome,
        decision: Decision,
        medium: &Medium,
        start: Lba,
        sectors: Sectors,
        scanned: &Scanned,
    ) -> Report {
        Report {
            outcome,
            day: self.day.date,
            directory: self.day.path.clone(),
            label: self.label.clone(),
            decision,
            medium: medium.profile.to_string(),
            start,
            sectors,
            free: Sectors(0),
            files: scanned.files,
            bytes: scanned.bytes,
        }
    }

    /// Marks the day. Only here, after everything else.
    fn finish(&self, report: Report, owner: Option<Owner>) -> Result<Report, ActionError> {
        if self.request.dry_run {
            return Ok(report);
        }
        if let Err(error) = self.day.mark_stored(owner)? {
            tracing::error!("{}: the owner can't be changed: {error}", staging::STORE_INDICATOR);
        }
        tracing::info!("store of {} executed successfully", self.day.date);
        Ok(report)
    }
}

/// The image's bytes as the burner wants them.
struct Streaming<'a>(Stream<'a>);

impl Image for Streaming<'_> {
    fn read(&mut self, out: &mut [u8]) -> usize {
        self.0.read(out)
    }
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
        tracing::warn!("midnight was crossed: {which} directory {} is stored", day.path.display());
    }
}

/// Cedar's media check: by the label, before anything else.
fn check_media(disc: &mut Disc, store: &config::Store) -> Result<(), ActionError> {
    let rewritable = store.media_type.is_rewritable().unwrap_or(disc.medium.rewritable);
    if label::check(disc.contents.label().as_deref(), rewritable)? {
        tracing::info!("the disc has no label, which is accepted on write-once media");
    }
    Ok(())
}

/// Leaves only what is at or below these paths in a tree.
fn keep_only(tree: &mut Tree, paths: &[TreePath]) {
    let mut on_the_way = vec![tree.root()];
    while let Some(directory) = on_the_way.pop() {
        for child in tree.children(directory).to_vec() {
            let path = tree.path(child);
            if paths.iter().any(|keep| path.is_within(keep)) {
                continue;
            }
            if paths.iter().any(|keep| keep.is_within(&path)) {
                on_the_way.push(child);
            } else {
                tree.remove(child);
            }
        }
    }
}

/// `SHA256SUMS-YYYY-MM-DD`, or with the first number from 2 on that is free.
fn free_manifest_name(tree: &Tree, own: NodeId, day: Date) -> String {
    let taken: HashSet<&[u8]> = tree.children(own).iter().map(|&id| &*tree.node(id).name).collect();
    let plain = format!("SHA256SUMS-{day}");
    std::iter::once(plain.clone())
        .chain((2..).map(|number: u32| format!("{plain}.{number}")))
        .find(|name| !taken.contains(name.as_bytes()))
        .unwrap_or(plain)
}

fn digest_of(file: &Path) -> std::io::Result<Digest> {
    let mut hash = Sha256::new();
    let mut reader = std::fs::File::open(file)?;
    let mut buffer = vec![0; 512 * SECTOR_BYTES];
    loop {
        match std::io::Read::read(&mut reader, &mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// What happened to a source, in words.
fn damage(damage: &Damage) -> Finding {
    let path = &damage.path;
    Finding::Source(match &damage.change {
        Change::Shrank { planned, got } => {
            format!("{path}: shrank from {planned} to {got} bytes while it was burned, the rest is zeros")
        }
        Change::Grew { planned, found } => {
            format!("{path}: grew from {planned} to {found} bytes while it was burned, and is cut")
        }
        Change::Vanished => format!("{path}: went away before it was burned, its place is zeros"),
        Change::Unreadable(error) => {
            format!("{path}: could not be read while it was burned ({error}), the rest is zeros")
        }
        Change::Replaced => format!("{path}: another file stood in its place when it was burned, its place is zeros"),
        Change::ChangedWhileRead => format!("{path}: changed while it was burned"),
    })
}
