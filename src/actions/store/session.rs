//! One session: what is decided, planned and burned for its load.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;

use jiff::civil::Date;

use super::changes::{changes, is_told};
use super::left::{Left, content};
use super::load::{Load, listed, words};
use super::there::{is_there, keep_only};
use super::{Outcome, Report, Request, record};
use crate::actions::ActionError;
use crate::actions::ON_SCREEN;
use crate::actions::contents::days_in;
use crate::actions::copies::{self, Elsewhere, Held};
use crate::actions::disc::{Disc, Preparation};
use crate::actions::label;
use crate::actions::notes;
use crate::actions::own_files;
use crate::actions::policy::{self, Decision, OnDisc, Purpose, Refusal, Wanted, Why};
use crate::actions::proof::{self, Finding};
use crate::actions::receipt::folder::{self, Found};
use crate::actions::receipt::known::other_disc_with;
use crate::actions::staging::{self, Day};
use crate::burn::{self, BurnError, Burned, DriveSource, Image, Job, Progress, State};
use crate::config::{self, Protect};
use crate::iso::compare::{Compare, Difference, What, compare};
use crate::iso::generator::plan::{AttributePolicy, Options, Plan};
use crate::iso::generator::stream::{Damage, Stream, StreamReport};
use crate::iso::manifest;
use crate::iso::reader::Reading;
use crate::iso::tree::{Content, Extent, Kind, NodeId, Tree, TreePath};
use crate::sector::{Lba, Sectors};

/// Buffer in front of the drive where the configuration says nothing: a second of a fast DVD.
const FIFO_BYTES: usize = 16 << 20;
/// The largest buffer in front of the drive: more helps no drive.
const MOST_FIFO_MB: usize = 1024;

/// The sector behind the descriptors of a superblock with Joliet: primary, supplementary, terminator.
const JOLIET_DESCRIPTORS_END: Lba = Lba(19);

/// The daily directories as they were scanned.
#[derive(Debug)]
pub(in crate::actions) struct Scanned {
    /// A disc with nothing else; its tree is the days as a disc shows them.
    plan: Plan,
    files: u64,
    bytes: u64,
}

/// What is going to be done, decided and planned with nothing touched.
#[derive(Debug)]
pub(in crate::actions) struct Settled {
    pub(super) decision: Decision,
    at_stake: AtStake,
    /// Days that the disc holds already, byte for byte as they are staged: not in the plan.
    pub(super) there: Vec<Date>,
    /// Days that there is no room for.
    pub(super) left: Left,
    /// The session; none where the disc holds all of it already.
    pub(in crate::actions) plan: Option<Plan>,
    /// Sectors that are free for it, if that is known yet.
    free: Option<Sectors>,
}

impl Settled {
    /// Sectors that were free for it, as far as that was known.
    pub(super) fn free(&self) -> Option<Sectors> {
        self.free
    }

    /// Whether a day is in the plan.
    pub(super) fn burns(&self, day: Date) -> bool {
        !self.there.contains(&day) && !self.leaves(day)
    }

    /// Whether a day stays for another disc.
    pub(super) fn leaves(&self, day: Date) -> bool {
        self.left.too_large.contains(&day) || self.left.newer.contains(&day)
    }
}

/// What goes if the disc is started anew. Nothing where it is not due to be.
#[derive(Debug, Clone, Default)]
struct AtStake {
    days: Vec<Held>,
    others: Option<TreePath>,
    /// The tree they stand in, read whole.
    tree: Option<Reading>,
}

/// One session of a run.
#[derive(Debug)]
pub(in crate::actions) struct Session<'a> {
    /// What the run is asked to do.
    pub(in crate::actions) request: &'a Request<'a>,
    /// What goes on the disc.
    pub(in crate::actions) load: Load,
}

impl Session<'_> {
    fn attributes(&self) -> AttributePolicy {
        match self.request.config.cedarburn.attributes {
            config::Attributes::Rationalized => AttributePolicy::Rationalized,
            config::Attributes::Exact => AttributePolicy::Exact,
        }
    }

    pub(in crate::actions) fn scan(&self, disc: &Disc) -> Result<Scanned, ActionError> {
        self.scan_without(disc, &|_| false)
    }

    fn scan_without(&self, disc: &Disc, leave_out: &dyn Fn(&Day) -> bool) -> Result<Scanned, ActionError> {
        let mut tree = Tree::new(own_files::attributes(0o755, self.request.now));
        let report = self.load.graft(&mut tree, self.request.now, leave_out)?;
        let alone = self.with_own_files(tree)?;
        // Whether the disc is carried on is not decided yet; it costs a few sectors.
        let joliet = self.has_joliet(Some(disc));
        let plan = Plan::new(alone, disc.options(None, self.options(Lba(0), joliet)))?;
        Ok(Scanned { plan, files: report.files, bytes: report.bytes })
    }

    /// Decides, and plans what was decided. Everything that can refuse the session refuses it here.
    pub(in crate::actions) fn settle(
        &self,
        disc: &mut Disc,
        scanned: &Scanned,
        stop: &AtomicBool,
    ) -> Result<Settled, ActionError> {
        let too_large = self.days_for_no_disc(disc, scanned)?;
        let mut at_stake = self.look_what_is_at_stake(disc, scanned, &too_large, stop)?;
        let decided = self.decide(disc, scanned, &too_large, &at_stake);
        // A run that closed the disc and broke off while it was read back has left the load on it: nothing has to be written to prove it.
        if let Err(ActionError::Refused(Refusal::Closed { .. })) = &decided
            && let Some(there) =
                self.settle_if_there(disc, Decision::Append { why: Why::HoldsTheDay }, scanned, stop)?
        {
            return Ok(there);
        }
        let mut decision = decided?;
        let previous = match decision {
            Decision::Append { .. } => Some(match at_stake.tree.take() {
                Some(whole) => whole,
                None => self.whole_tree(disc)?,
            }),
            Decision::NewDisc { .. } => None,
        };
        let there = match &previous {
            Some(previous) => self.days_there(disc, previous, scanned.plan.tree(), stop)?,
            None => Vec::new(),
        };
        if self.is_all(&there) {
            return self.settled_already(disc, decision, there);
        }
        let mut start = disc.start_of(decision);
        let mut free = disc.room_for(decision, start)?;
        let mut days: Vec<Date> = self.load.dates();
        let mut left = Left::begin(&too_large, disc)?;
        days.retain(|date| !there.contains(date) && !left.too_large.contains(date));
        if days.is_empty() && !self.load.days.is_empty() {
            let settled = self.settled_already(disc, decision, there)?;
            return Ok(Settled { left, ..settled });
        }
        if let Some(previous) = &previous {
            self.tell_what_is_replaced(previous, scanned, &days);
        }
        let plan = loop {
            let without: Vec<Date> = there.iter().copied().chain(left.days()).collect();
            let previous = previous.as_ref().map(|previous| previous.tree.clone());
            let plan = self.plan(disc, decision, previous, start, &without)?;
            let needed = disc.needs(&plan);
            let Some(room) = free.filter(|&free| needed > free) else { break Some(plan) };
            // What broken-off burns left takes the room, and can be blanked away.
            if let Decision::NewDisc { wipe: false, why } = decision
                && disc.has_only_torn_sessions()
                && disc.medium.rewritable
            {
                decision = Decision::NewDisc { wipe: true, why };
                start = disc.start_of(decision);
                free = disc.room_for(decision, start)?;
                continue;
            }
            let error = ActionError::NoRoom {
                what: words(&days),
                needed,
                free: room,
                empty: matches!(decision, Decision::NewDisc { .. })
                    && (disc.medium.rewritable || !disc.has_only_torn_sessions()),
                rewritable: disc.medium.rewritable,
                without_spares: disc.without_spares(decision, needed),
            };
            if !self.load.may_leave_days {
                return Err(error);
            }
            left.leave_one_of(&mut days, error);
            left.leave_what_can_not_fit(&mut days, room, |day| content(scanned.plan.tree(), &staging::disc_path(day)));
            if days.is_empty() {
                match left.error.take() {
                    Some(error) if there.is_empty() => return Err(*error),
                    error => left.error = error,
                }
                break None;
            }
        };
        let Some(plan) = plan else {
            let settled = self.settled_already(disc, decision, there)?;
            return Ok(Settled { left, ..settled });
        };
        if let Some(free) = free.filter(|_| disc.is_known(decision)) {
            tracing::info!("image of {} sectors at sector {start}, {free} sectors are free", plan.sectors());
        } else {
            tracing::info!("image of {} sectors, where is known when the disc is mended", plan.sectors());
        }
        if !disc.stays_appendable(decision) && !disc.how.finalize {
            tracing::warn!("no session can follow this one: the drive writes this {} in one go", disc.medium.profile);
        }
        Ok(Settled { decision, at_stake, there, left, plan: Some(plan), free })
    }

    /// Days that are larger than any disc of this kind, with their sectors, where days may be left and there are others: what will never be
    /// on a disc must not decide what becomes of it.
    fn days_for_no_disc(&self, disc: &Disc, scanned: &Scanned) -> Result<Vec<(Date, Sectors)>, ActionError> {
        if !self.load.may_leave_days || self.load.days.len() < 2 {
            return Ok(Vec::new());
        }
        let room = disc.room_when_begun()?;
        if room == Sectors(0) {
            return Ok(Vec::new());
        }
        let mut days: Vec<(Date, Sectors)> =
            self.load.days.iter().map(|day| (day.date, content(scanned.plan.tree(), &day.on_disc()))).collect();
        days.retain(|(_, sectors)| *sectors > room);
        // Of all of them the usual error tells.
        if days.len() == self.load.days.len() {
            days.clear();
        }
        Ok(days)
    }

    /// A day that is written again takes the place of what the disc shows of it. That is what is wanted, unless staging has lost something since.
    fn tell_what_is_replaced(&self, previous: &Reading, scanned: &Scanned, days: &[Date]) {
        for day in self.load.days.iter().filter(|day| days.contains(&day.date)) {
            let (at, tree) = (day.on_disc(), scanned.plan.tree());
            let (Some(on_disc), Some(staged)) = (previous.tree.find(&at), tree.find(&at)) else { continue };
            let mark = day.mark_on_disc();
            let is_lost =
                |difference: &&Difference| matches!(difference.what, What::Missing { .. }) && difference.path != mark;
            let differences = compare(&previous.tree, on_disc, tree, staged, Compare::default());
            if let Some(lost) = differences.iter().find(is_lost) {
                let told = format!(
                    "{} is not in staging any more, and {} is written anew without it: the earlier session has it, until the disc is started anew",
                    lost.path, day.date
                );
                match self.request.config.cedarburn.protect {
                    Protect::Strict => tracing::warn!(target: ON_SCREEN, "{told}"),
                    _ => tracing::warn!("{told}"),
                }
            }
        }
    }

    fn is_all(&self, there: &[Date]) -> bool {
        !self.load.days.is_empty() && there.len() == self.load.days.len()
    }

    /// What is left to do, if the disc's tree holds the load as it is staged; none where it does not.
    pub(in crate::actions) fn settle_if_there(
        &self,
        disc: &mut Disc,
        decision: Decision,
        scanned: &Scanned,
        stop: &AtomicBool,
    ) -> Result<Option<Settled>, ActionError> {
        let Some(previous) = disc.contents.newest().cloned() else { return Ok(None) };
        let there = self.days_there(disc, &previous, scanned.plan.tree(), stop)?;
        match self.is_all(&there) {
            true => self.settled_already(disc, decision, there).map(Some),
            false => Ok(None),
        }
    }

    /// What is left to do where the disc's tree holds the load: nothing, if a mount shows it.
    fn settled_already(&self, disc: &mut Disc, decision: Decision, there: Vec<Date>) -> Result<Settled, ActionError> {
        let findings = if disc.is_overwritable() || disc.is_to_be_mended(decision) {
            Vec::new()
        } else {
            let newest = disc.contents.sessions.last().map_or(Lba(0), |session| session.start);
            disc.prove_reachable(newest, None)?
        };
        if findings.is_empty() {
            return Ok(Settled {
                decision,
                at_stake: AtStake::default(),
                there,
                left: Left::default(),
                plan: None,
                free: Some(disc.appendable()),
            });
        }
        Err(ActionError::Findings { what: "the disc does not show the day it holds", findings })
    }

    /// The days of the load that the disc's tree holds as they are staged.
    fn days_there(
        &self,
        disc: &mut Disc,
        previous: &Reading,
        staged: &Tree,
        stop: &AtomicBool,
    ) -> Result<Vec<Date>, ActionError> {
        let mut there = Vec::new();
        for day in &self.load.days {
            let exact = self.attributes() == AttributePolicy::Exact;
            if is_there(disc, previous, staged, day, exact, stop)? {
                tracing::info!("the disc holds {} already, byte for byte as it is staged", day.date);
                there.push(day.date);
            }
        }
        Ok(there)
    }

    /// The tree to carry on. What of it could not be read would be missing from the disc from then on, so all of it has to be there: nothing
    /// that the reader stumbled over, and every file that the disc's own lists name.
    fn whole_tree(&self, disc: &mut Disc) -> Result<Reading, ActionError> {
        let previous = disc.contents.newest().ok_or(ActionError::Refused(Refusal::Unreadable))?.clone();
        if let Some(what) = previous.loss() {
            return Err(ActionError::TreeNotWhole { what });
        }
        // A wrong bit that came over the wire would be written down as the truth: it does not come twice.
        if disc.read_newest_again()? != previous.tree {
            return Err(ActionError::TreeNotWhole { what: "two readings of its directories differ".to_owned() });
        }
        for (list, content) in read_lists(disc, &previous.tree)? {
            for bad in manifest::parse(&content).filter_map(Result::err) {
                tracing::warn!("on the disc, {list}: {bad}");
            }
            let listed = manifest::parse(&content).flatten();
            if let Some(lost) = listed.map(|entry| entry.path).find(|path| previous.tree.find(path).is_none()) {
                return Err(ActionError::TreeNotWhole { what: format!("{lost} is in {list} and not on the disc") });
            }
        }
        Ok(previous)
    }

    fn wanted(&self, scanned: &Scanned, too_large: &[(Date, Sectors)]) -> Result<Wanted, ActionError> {
        let mut days = self.load.judged_by();
        days.retain(|date| !too_large.iter().any(|(other, _)| other == date));
        let never_burned =
            too_large.iter().fold(Sectors(0), |sum, (_, sectors)| Sectors(sum.0.saturating_add(sectors.0)));
        Ok(Wanted {
            purpose: self.load.purpose,
            days,
            full: self.request.full,
            replaces: self.load.replaces,
            starting_day: self.request.config.options.starting_day,
            blank_behavior: self.request.config.require_store()?.blank_behavior.clone(),
            required_bytes: Sectors(scanned.plan.sectors().0.saturating_sub(never_burned.0)).bytes(),
            protect: self.request.config.cedarburn.protect,
        })
    }

    /// What goes where the disc is due to be started anew. A reading that lost something says nothing about what the disc holds, so that all of it
    /// has to be there, but for `--full`.
    fn look_what_is_at_stake(
        &self,
        disc: &mut Disc,
        scanned: &Scanned,
        too_large: &[(Date, Sectors)],
        stop: &AtomicBool,
    ) -> Result<AtStake, ActionError> {
        let wanted = self.wanted(scanned, too_large)?;
        if disc.contents.newest().is_none() || !policy::is_at_stake(&wanted, &disc.for_policy()) {
            return Ok(AtStake::default());
        }
        let whole = if self.request.full { None } else { Some(self.whole_tree(disc)?) };
        let Some(reading) = whole.as_ref().or(disc.contents.newest()) else { return Ok(AtStake::default()) };
        let root = self.request.root()?;
        let dates = days_in(&reading.tree);
        let Some(mut days) = copies::look(root, &reading.tree, &dates, stop) else {
            return Err(BurnError::Interrupted { written: Sectors(0) }.into());
        };
        let others = copies::others(&reading.tree, &dates);
        self.look_for_other_discs(disc, &mut days);
        Ok(AtStake { days, others, tree: whole })
    }

    /// Asks the receipts of earlier runs for the days that staging has no copy of.
    fn look_for_other_discs(&self, disc: &mut Disc, days: &mut [Held]) {
        let is_nowhere = |held: &&Held| matches!(held.elsewhere, Elsewhere::Nowhere(_));
        let missing: Vec<Date> = days.iter().filter(is_nowhere).map(|held| held.day).collect();
        let Some(folder) = self.request.receipts.filter(|_| !missing.is_empty()) else { return };
        let receipts = match folder::read(folder) {
            Ok(Found { receipts, .. }) if receipts.is_empty() => return,
            Ok(Found { receipts, unread }) if unread.is_empty() => receipts,
            Ok(Found { unread, .. }) => {
                return tracing::warn!(
                    "no other disc counts as a copy, since a receipt can't be read, which may say that it was wiped: {}",
                    unread[0].display()
                );
            }
            Err(error) => return tracing::debug!("no other disc is known: {}", proof::with_causes(&error)),
        };
        let Some(this) = disc.contents.identity() else {
            return tracing::warn!(
                "no other disc counts as a copy, since it may be this one: which one it is can't be told"
            );
        };
        for (day, (digest, _)) in record::days_on_disc(disc, &missing) {
            let known = other_disc_with(&receipts, &this, day, &digest);
            if let (Some(known), Some(held)) = (known, days.iter_mut().find(|held| held.day == day)) {
                held.elsewhere = Elsewhere::OnDisc(known);
            }
        }
    }

    fn decide(
        &self,
        disc: &Disc,
        scanned: &Scanned,
        too_large: &[(Date, Sectors)],
        at_stake: &AtStake,
    ) -> Result<Decision, ActionError> {
        let wanted = self.wanted(scanned, too_large)?;
        let is_nowhere_else = |held: &&Held| matches!(held.elsewhere, Elsewhere::Nowhere(_));
        let on_disc = OnDisc {
            only_here: at_stake.days.iter().filter(is_nowhere_else).map(|held| held.day).collect(),
            has_others: at_stake.others.is_some(),
            ..disc.for_policy()
        };
        tracing::debug!(
            "available {} bytes, required {} bytes, days on the disc {:?}, nowhere else {:?}",
            on_disc.available_bytes,
            wanted.required_bytes,
            on_disc.days,
            on_disc.only_here
        );
        let decision = policy::decide(&wanted, &on_disc).map_err(ActionError::Refused)?;
        let (what, why) = match decision {
            Decision::NewDisc { wipe: true, why } => ("goes with what is on the disc", why),
            Decision::NewDisc { wipe: false, why } => ("", why),
            Decision::Append { why } => ("stays on the disc", why),
        };
        let begun = if matches!(decision, Decision::NewDisc { .. }) { "new disc" } else { "append" };
        tracing::info!("{begun}: {why}");
        for held in &at_stake.days {
            tracing::info!("{what}: {held}");
        }
        if let Some(other) = &at_stake.others {
            tracing::info!("{what}: {other}, which is no day's, and whatever is like it");
        }
        Ok(decision)
    }

    fn options(&self, start: Lba, joliet: bool) -> Options {
        Options {
            start,
            joliet,
            joliet_volume_id: Some(label::short(self.load.today)),
            attributes: self.attributes(),
            source_date_epoch: self.request.source_date_epoch,
            ..Options::new(self.load.label.clone(), self.request.now)
        }
    }

    /// Whether the session has a Joliet tree: as configured, and always where the session before it has one. Windows shows the newest
    /// Joliet tree, and would go on showing that as if nothing had been stored since.
    fn has_joliet(&self, carried_on: Option<&Disc>) -> bool {
        let newest = carried_on.and_then(|disc| disc.contents.sessions.last());
        self.request.config.cedarburn.joliet || newest.is_some_and(|newest| newest.volume.has_joliet())
    }

    fn plan(
        &self,
        disc: &mut Disc,
        decision: Decision,
        previous: Option<Tree>,
        start: Lba,
        without: &[Date],
    ) -> Result<Plan, ActionError> {
        let is_left_out = |day: &Day| without.contains(&day.date);
        let mut joliet = self.has_joliet(previous.is_some().then_some(disc));
        if joliet && disc.is_overwritable() && previous.as_ref().is_some_and(reaches_into_the_superblock) {
            tracing::warn!("the session gets no Joliet tree: a file stands where its descriptor would be written");
            joliet = false;
        }
        let (mut tree, carried) = match previous {
            Some(mut tree) => {
                let replaced: Vec<TreePath> =
                    self.load.days.iter().filter(|day| !is_left_out(day)).map(Day::on_disc).collect();
                let carried = make_room(disc, &mut tree, &replaced)?;
                (tree, carried)
            }
            None => (Tree::new(own_files::attributes(0o755, self.request.now)), Vec::new()),
        };
        let report = self.load.graft(&mut tree, self.request.now, &is_left_out)?;
        if let Some(vanished) = report.vanished.first() {
            return Err(ActionError::Moving { path: vanished.clone() });
        }
        let tree = self.with_own_files(tree)?;
        let plan = Plan::new(tree, disc.options(Some(decision), Options { carried, ..self.options(start, joliet) }))?;
        let new: Vec<TreePath> = self.load.days.iter().map(Day::on_disc).collect();
        notes::tell(&plan, &new);
        Ok(plan)
    }

    fn with_own_files(&self, mut tree: Tree) -> Result<Tree, ActionError> {
        own_files::add(&mut tree, self.load.manifest_date(), self.request.now, self.load.note.as_deref())?;
        Ok(tree)
    }

    pub(super) fn burn(
        &self,
        disc: &mut Disc,
        decision: Decision,
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
            wipes: disc.wipes(decision),
            recorded_end: disc.recorded_end(decision),
            finalize: disc.how.finalize,
            defect_management: disc.how.defect_management,
            speed: store.drive_speed,
            fifo_bytes: fifo_mb.map_or(FIFO_BYTES, |mb| mb.min(MOST_FIFO_MB) << 20),
            stop,
            progress,
        };
        let burned = burn::burn(&mut disc.drive, &disc.medium, job)?;
        tell(&burned);
        Ok((burned, image.0.finish()))
    }

    /// What came, went or changed in the staging directories since the session was planned, but for the files whose `damages` are told already.
    /// A file that changed when its bytes had gone out is no damage of the session, but it is not what the mark would say is stored.
    /// The session is on the disc by now: a staging directory that can't be looked at any more is a finding like the others. Days that the disc
    /// held before are marked together with it, so nothing may have come to them either.
    pub(super) fn what_came_and_went(
        &self,
        disc: &Disc,
        settled: &Settled,
        scanned: &Scanned,
        burned: Option<(&Plan, &[Damage])>,
    ) -> Vec<Finding> {
        let damages = burned.map_or(&[][..], |(_, damages)| damages);
        let now = match self.scan_without(disc, &|day| settled.leaves(day.date)) {
            Ok(scanned) => scanned.plan,
            Err(error) if burned.is_some_and(|(plan, damages)| is_told(&error, plan, damages)) => return Vec::new(),
            Err(error) => {
                let what = proof::with_causes(&error);
                return vec![Finding::Source(format!("looked at once more before the day is marked, {what}"))];
            }
        };
        let told: HashSet<&TreePath> = damages.iter().map(|damage| &damage.path).collect();
        let marked = self.load.days.iter().filter(|day| !settled.leaves(day.date));
        let before = |day: &Day| match burned {
            Some((plan, _)) if settled.burns(day.date) => plan.tree(),
            _ => scanned.plan.tree(),
        };
        marked.flat_map(|day| changes(before(day), now.tree(), &day.on_disc(), &told)).collect()
    }

    pub(in crate::actions) fn report(
        &self,
        outcome: Outcome,
        settled: &Settled,
        disc: &Disc,
        scanned: &Scanned,
    ) -> Report {
        let outcome = if settled.plan.is_none() { Outcome::AlreadyThere } else { outcome };
        Report {
            outcome,
            days: self.load.days.clone(),
            there: settled.there.clone(),
            left: settled.left.days(),
            label: self.load.label.clone(),
            decision: settled.decision,
            protect: self.request.config.cedarburn.protect,
            at_stake: settled.at_stake.days.clone(),
            others_at_stake: settled.at_stake.others.clone(),
            medium: disc.medium.profile.to_string(),
            preparations: match settled.plan {
                Some(_) => disc.preparations(settled.decision),
                None if disc.is_to_be_mended(settled.decision) => vec![Preparation::Close],
                None => Vec::new(),
            },
            recipe: settled.plan.as_ref().and_then(|_| disc.recipe(settled.decision)),
            streaming: settled.plan.is_some() && disc.medium.streams(disc.how.defect_management),
            warnings: Vec::new(),
            appendable: match settled.plan {
                Some(_) => disc.stays_appendable(settled.decision),
                None => disc.is_overwritable() || disc.medium.state == State::Appendable,
            },
            start: settled.plan.as_ref().filter(|_| disc.is_known(settled.decision)).map(Plan::start),
            sectors: settled.plan.as_ref().map_or(Sectors(0), Plan::sectors),
            free: settled.free,
            files: scanned.files,
            bytes: scanned.bytes,
            buffers: None,
            showing: None,
        }
    }

    pub(super) fn tell_done(&self, days: &[Date]) {
        // A span is done when all its discs are.
        if self.load.purpose == Purpose::Span {
            return;
        }
        let action = self.load.purpose.word();
        match days.is_empty() {
            true => tracing::info!("{action} executed successfully"),
            false => tracing::info!("{action} of {} executed successfully", listed(days)),
        }
    }
}

/// Takes days out of the tree the disc shows, and with them every line of its manifests that speaks of them: a list that names files which are
/// not there any more would make `sha256sum -c` fail for ever. Lines of such a list that still hold are carried over.
fn make_room(disc: &mut Disc, tree: &mut Tree, days: &[TreePath]) -> Result<Vec<manifest::Entry>, ActionError> {
    let old: Vec<NodeId> = days.iter().filter_map(|day| tree.find(day)).collect();
    if old.is_empty() {
        return Ok(Vec::new());
    }
    let goes = |entry: &manifest::Entry| days.iter().any(|day| entry.path.is_within(day));
    let mut carried = Vec::new();
    for (path, content) in read_lists(disc, tree)? {
        let entries: Vec<manifest::Entry> = manifest::parse(&content).flatten().collect();
        if entries.iter().any(goes) {
            carried.extend(entries.into_iter().filter(|entry| !goes(entry)));
            if let Some(node) = tree.find(&path) {
                tree.remove(node);
            }
        }
    }
    old.into_iter().for_each(|day| tree.remove(day));
    Ok(carried)
}

fn tell(Burned { start, sectors, buffers, .. }: &Burned) {
    let drive = buffers.drive_least_percent.map_or(String::new(), |least| format!(", the drive's {least} %"));
    let fifo = buffers.fifo_least_percent;
    tracing::info!("{sectors} sectors burned at sector {start}, the buffer at least {fifo} % full{drive}");
    if buffers.fifo_ran_empty > 0 {
        let times =
            if buffers.fifo_ran_empty == 1 { "once".to_owned() } else { format!("{} times", buffers.fifo_ran_empty) };
        tracing::info!("the buffer ran empty {times}: staging is read more slowly than the drive writes");
    }
}

/// The image's bytes as the burner wants them.
struct Streaming<'a>(Stream<'a>);

impl Image for Streaming<'_> {
    fn read(&mut self, out: &mut [u8]) -> usize {
        self.0.read(out)
    }
}

/// Whether a file of a disc that another program began stands where the descriptors of a superblock with Joliet go. No program is known to
/// leave so little room.
fn reaches_into_the_superblock(tree: &Tree) -> bool {
    let is_there = |extent: &Extent| extent.bytes > 0 && extent.start < JOLIET_DESCRIPTORS_END;
    tree.walk().any(|id| match &tree.node(id).kind {
        Kind::File { content: Content::Recorded(extents), .. } => extents.iter().any(is_there),
        _ => false,
    })
}

/// The lists of digests that a tree of the disc shows.
pub(super) fn read_lists(disc: &mut Disc, tree: &Tree) -> Result<Vec<(TreePath, Vec<u8>)>, ActionError> {
    let mut lists = tree.clone();
    keep_only(&mut lists, &[manifest::directory()]);
    Ok(proof::read_manifests(&mut DriveSource(&mut disc.drive), &lists)?)
}
