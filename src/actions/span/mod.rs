//! *span*: what does not fit on one disc goes on several, with nobody at the keyboard.
//!
//! ```text
//! which days ─ what of them is not proven yet ─ fit it on discs like the one in the drive ─ plan the session of this one for real
//!     ─ note what is going to be burned ─ burn, prove ─ note what was proven ─ mark the days that are complete ─ the next disc
//! ```
//!
//! * The days are all that are staged and not stored when the span begins; those that come later wait for *store*, or for the next span.
//! * An item is a file, a link, an empty directory, whatever has a name: it goes on one disc whole. Directories come along with what is in them.
//! * How many discs it takes is an estimate; that this one holds what it gets is not: the session is planned, and where it does not fit the last
//!   items go to the next disc.
//! * A disc is one of its own, as `policy` lets it be wiped, and none that this span has burned. It is judged by all days of the span.
//! * A run burns one disc and ends with an error that asks for the next, so that cron tells; with `--wait` it opens the tray and looks
//!   now and then whether another disc is in.
//! * A day is marked when all of it is proven. The journal knows what is; a run that was broken off is gone on with by the next. One that broke
//!   off between burning and noting has left a disc that holds just what it was going to hold: that is proven and noted, not burned again.

mod entries;
mod error;
pub mod fit;
mod journal;
mod wait;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::civil::Date;

use self::entries::{Entry, entries, prefix, size};
pub use self::error::{Done, SpanError};
use self::fit::{Algorithm, Item, TooLarge, fit};
use self::journal::{DoneDisc, Journal, Stamp};
use self::wait::{Wait, is_about_the_disc};
use super::disc::Disc;
use super::label;
use super::owner::Owner;
use super::policy::{Decision, Purpose, Refusal, Why};
use super::proof::with_causes;
use super::receipt::{Record, folder};
use super::staging::{self, Day, StagingError};
use super::staging_lock::StagingLock;
use super::store::load::{Load, listed};
use super::store::session::{Scanned, Session, Settled};
use super::store::{self, accept, carry_out, mark_stored, open};
use super::{ActionError, ON_SCREEN};
use crate::burn::Progress;
use crate::iso::generator::VOLUME_ID_LENGTH;
use crate::iso::tree::TreePath;
use crate::sector::Sectors;

/// What a session takes beside its items: descriptors, path tables, text, list and padding, roundly.
const OWN_SECTORS: u32 = 220;
/// The README of a disc names at most so many hosts and days.
const MOST_NAMED: usize = 60;

/// What is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    /// As of a store; `what` is [`What::Span`](store::What::Span).
    pub store: store::Request<'a>,
    /// How items are put on discs.
    pub algorithm: Algorithm,
    /// How long to wait for the next disc; none is not at all.
    pub wait: Option<Duration>,
}

/// A disc of the span, done or planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscPlan {
    /// Counted from 1.
    pub number: usize,
    /// What was, or will be, proven on it.
    pub items: usize,
    /// The bytes of its files.
    pub bytes: u64,
    /// How full it gets, in percent; none of one that is done.
    pub percent: Option<u8>,
    /// The days, each with its hosts.
    pub holds: Vec<String>,
    /// Burned by an earlier run, or by this one.
    pub is_done: bool,
}

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Nothing was touched.
    pub is_planned: bool,
    /// The days of the span.
    pub days: Vec<Date>,
    /// All discs, as far as can be told.
    pub discs: Vec<DiscPlan>,
    /// The session of the last disc of this run.
    pub session: Option<store::Report>,
}

/// A span under way.
struct Span<'a> {
    request: &'a Request<'a>,
    place: PathBuf,
    journal: Journal,
    /// Whether there was a journal, or is one by now.
    is_begun: bool,
    owner: Option<Owner>,
}

/// Burns the next disc of a span, or with `wait` all of them; see the module's text. `record` is of the disc that is in the drive at the end; that of
/// each disc that was done before goes to `disc_done`.
///
/// # Errors
/// When not all of it is on discs at the end.
pub fn span(
    request: &Request<'_>,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
    record: &mut Record,
    disc_done: &mut dyn FnMut(Record),
) -> Result<Report, ActionError> {
    let root = request.store.root()?;
    let _at_work = (!request.store.dry_run).then(|| StagingLock::take(root)).transpose()?;
    staging::tell_days_to_come(root, request.store.today);
    let place = journal::place(root);
    if let Some(journal) = Journal::read(&place)? {
        let spanned = Span::new(request, place.clone(), journal, true)?.run(stop, progress, record, disc_done)?;
        let is_over_already = spanned.session.is_none();
        if !is_over_already || staging::unstored_days(root, request.store.today).is_err() {
            return Ok(spanned);
        }
        // Its days were stored in another way meanwhile: there are others to span.
        *record = Record::default();
    }
    let days = staging::unstored_days(root, request.store.today)?.if_none_is_odd()?;
    let journal = Journal::new(request.store.today, days.iter().map(|day| day.date).collect());
    Span::new(request, place, journal, false)?.run(stop, progress, record, disc_done)
}

/// Another action is about to wipe a disc. If it is one of a span that is under way, what was on it has to be burned again: the days that have
/// something on it are not stored any more. A journal that nobody can use is set aside, since no run may hang on it.
///
/// # Errors
/// When the journal can't be read or written anew, or a mark not be taken away.
pub fn forget(root: &Path, disc: Option<&str>) -> Result<(), ActionError> {
    let place = journal::place(root);
    let mut journal = match Journal::read(&place) {
        Ok(Some(journal)) => journal,
        Ok(None) => return Ok(()),
        Err(error @ SpanError::BrokenJournal { .. }) => {
            let aside = journal::set_aside(&place)?;
            let told = with_causes(&error);
            tracing::warn!(target: ON_SCREEN, "{told}: it is {} now, and span begins anew", aside.display());
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let Some(number) = journal.number_of(disc) else { return Ok(()) };
    tracing::warn!(target: ON_SCREEN, "disc {number} of a span is wiped: span burns what was on it again");
    let days: Vec<Day> = journal
        .days
        .iter()
        .filter(|day| journal.discs[number - 1].has(&prefix(**day)))
        .map(|&date| Day::new(root, date))
        .collect();
    // In this order: broken off between the two, the journal is still right, and marks that stayed would not be.
    days.iter().try_for_each(Day::take_mark_away)?;
    journal.discs[number - 1].forget();
    Ok(journal.save(&place)?)
}

/// [`forget`] by an action that has no staging root for itself: where a span is under way it takes it, so that no run has the journal in hand.
///
/// # Errors
/// As [`forget`], and when another run is at work.
pub fn forget_alone(root: &Path, disc: Option<&str>) -> Result<(), ActionError> {
    if !journal::place(root).exists() {
        return Ok(());
    }
    let _at_work = StagingLock::take(root)?;
    forget(root, disc)
}

/// What became of a disc.
enum Step {
    /// It was the last, or this is a rehearsal.
    Over(Box<Report>),
    More(Done),
}

impl<'a> Span<'a> {
    fn new(
        request: &'a Request<'a>,
        place: PathBuf,
        journal: Journal,
        is_begun: bool,
    ) -> Result<Span<'a>, ActionError> {
        let options = &request.store.config.options;
        let owner = Owner::if_root(&options.backup_user, &options.backup_group)?;
        Ok(Span { request, place, journal, is_begun, owner })
    }

    fn run(
        mut self,
        stop: &AtomicBool,
        progress: &mut dyn Progress,
        record: &mut Record,
        disc_done: &mut dyn FnMut(Record),
    ) -> Result<Report, ActionError> {
        let mut waited: Option<(Disc, Wait<'_>)> = None;
        loop {
            let (disc, before) = waited.take().unzip();
            let mut wait = match (self.next_disc(disc, stop, progress, record), before) {
                (Ok(Step::Over(report)), _) => return Ok(*report),
                (Ok(Step::More(done)), _) => {
                    let Some(patience) = self.request.wait else { return Err(SpanError::NextDisc(done).into()) };
                    disc_done(std::mem::take(record));
                    Wait::begin(&self.request.store, done, patience)?
                }
                // Somebody put in what is no disc for the span: who waits goes on waiting.
                (Err(error), Some(mut wait)) if is_about_the_disc(&error) => {
                    *record = Record::default();
                    wait.refuse(&error)?;
                    wait
                }
                (Err(error), _) => return Err(error),
            };
            let is_done = |disc: &Disc| self.journal.number_of(disc.contents.identity().as_deref()).is_some();
            waited = Some((wait.for_disc(is_done, stop)?, wait));
        }
    }

    /// The days that are still to do, oldest first. None where all of them are marked by now.
    fn days(&self) -> Result<Vec<Day>, ActionError> {
        let store = &self.request.store;
        let unstored = match staging::unstored_days(store.root()?, store.today) {
            Err(StagingError::AllStored { .. } | StagingError::NothingStaged { .. }) if self.is_begun => Vec::new(),
            unstored => unstored?.if_none_is_odd()?,
        };
        let (ours, later): (Vec<Day>, Vec<Day>) =
            unstored.into_iter().partition(|day| self.journal.days.contains(&day.date));
        if !later.is_empty() {
            let later: Vec<Date> = later.iter().map(|day| day.date).collect();
            tracing::info!("{} came after the span began, and is not part of it", listed(&later));
        }
        Ok(ours)
    }

    fn load(&self, days: &[Day], only: HashSet<TreePath>, number: usize, of: usize, holds: &[String]) -> Load {
        let today = self.request.store.today;
        let has_part = |day: &&Day| only.iter().any(|path| path.is_within(&day.on_disc()));
        let part: Vec<Day> = days.iter().filter(has_part).cloned().collect();
        Load {
            label: numbered_label(&label::label(today), number, of),
            note: Some(self.note(number, of, holds)),
            judged_by: self.journal.days.clone(),
            only: Some(only),
            ..Load::of_days(Purpose::Span, part, today)
        }
    }

    /// The days of which something is on another disc: of these entries, or of a disc that is done.
    fn partial<'e>(&self, others: impl Iterator<Item = &'e Entry>) -> HashSet<Date> {
        let mut partial: HashSet<Date> = others.map(|entry| entry.day).collect();
        for date in &self.journal.days {
            let prefix = prefix(*date);
            if self.journal.discs.iter().any(|disc| disc.has(&prefix)) {
                partial.insert(*date);
            }
        }
        partial
    }

    /// Whether all that is on the disc is what this span has burned last, and not found to be right.
    fn is_failed_attempt(&self, disc: &Disc) -> bool {
        let id = disc.contents.identity();
        let days = disc.contents.days();
        id.is_some()
            && id == self.journal.unproven
            && disc.contents.sessions.len() == 1
            && days.iter().all(|day| self.journal.days.contains(day))
    }

    /// What the disc says of itself in its README.
    fn note(&self, number: usize, of: usize, holds: &[String]) -> String {
        let Journal { begun, days, .. } = &self.journal;
        let title = format!("This is disc {number} of {of} of a set");
        let line = "=".repeat(title.len());
        let named: String = holds.iter().take(MOST_NAMED).map(|held| format!("    {held}\n")).collect();
        let more = holds.len().saturating_sub(MOST_NAMED);
        let more = if more == 0 { String::new() } else { format!("    and {more} more\n") };
        let days = listed(days);
        format!(
            "{title}\n{line}\n\nThe set was begun on {begun} for {days}. Every file is on one of its discs,\n\
             whole. How many discs there are was known only roughly when this one was\nwritten. On this disc is something of:\n\n{named}{more}"
        )
    }

    /// Does what can be done with the disc that is in the drive.
    fn next_disc(
        &mut self,
        disc: Option<Disc>,
        stop: &AtomicBool,
        progress: &mut dyn Progress,
        record: &mut Record,
    ) -> Result<Step, ActionError> {
        let request = &self.request.store;
        let days = self.days()?;
        let all = entries(&days)?;
        let left = self.left_of(&all);
        let number = self.journal.discs.len() + 1;
        if left.is_empty() {
            self.finish(&days, &all)?;
            return Ok(Step::Over(Box::new(self.report(Vec::new(), None))));
        }
        let mut disc = match disc {
            Some(disc) => disc,
            None => open(request)?,
        };
        record.seen(&disc.drive, &disc.looked());
        let found = self.journal.number_of(disc.contents.identity().as_deref());
        if let Some(found) = found {
            return Err(SpanError::DoneAlready { found, wanted: number }.into());
        }
        let warnings = accept(request, &mut disc)?;
        let (session, scanned, settled, discs) = match self.left_by_a_kill(&mut disc, &days, &left, number, stop)? {
            Some(found) => found,
            None => self.plan(&mut disc, &days, &left, number, stop)?,
        };
        let of = number - 1 + discs.len();
        for plan in &discs {
            tracing::info!("disc {} of {of}: {}", plan.number, plan.words());
        }
        if request.dry_run {
            let session = session.report(store::Outcome::Planned, &settled, &disc, &scanned);
            let session = store::Report { warnings, ..session };
            return Ok(Step::Over(Box::new(self.report(discs, Some(session)))));
        }
        let only = session.load.only.clone().unwrap_or_default();
        let burning: Vec<&Entry> = left.iter().filter(|entry| only.contains(&entry.path)).collect();
        self.journal.burning = Some(burning.iter().map(|entry| entry.key.clone()).collect());
        self.journal.planned.extend(all.iter().map(|entry| entry.key.clone()));
        self.journal.save(&self.place)?;
        self.is_begun = true;
        let items: BTreeMap<String, Stamp> = burning.iter().map(|entry| (entry.key.clone(), entry.stamp)).collect();
        let label = session.load.label.clone();
        let mut now = None;
        let mut note = |_: &[&Day], record: &Record| {
            let id = record.disc.as_ref().and_then(|disc| disc.id.clone());
            self.journal.discs.push(DoneDisc { label: label.clone(), id, items: items.clone() });
            (self.journal.burning, self.journal.unproven) = (None, None);
            self.journal.save(&self.place)?;
            // What came while the disc was burned is not on it.
            let all = entries(&days)?;
            self.mark_complete(&days, &all)?;
            now = Some(all);
            Ok(())
        };
        let carried_out = carry_out(&session, &mut disc, &scanned, settled, &mut note, stop, progress, record);
        let report = match carried_out {
            // A session that was written and not found to be right.
            Err(error) if now.is_none() && record.session.is_some() => {
                self.journal.unproven = record.disc.as_ref().and_then(|disc| disc.id.clone());
                self.journal.save(&self.place)?;
                return Err(error);
            }
            carried_out => carried_out?,
        };
        let all = now.unwrap_or(all);
        if self.left_of(&all).is_empty() {
            self.finish(&days, &all)?;
            let session = store::Report { warnings, ..report };
            return Ok(Step::Over(Box::new(self.report(Vec::new(), Some(session)))));
        }
        let proven = request.config.require_store()?.verifies();
        Ok(Step::More(Done { number, of: of.max(number + 1), proven }))
    }

    /// What is not proven on a disc as it is staged now.
    fn left_of(&self, all: &[Entry]) -> Vec<Entry> {
        let proven = self.journal.proven();
        all.iter().filter(|entry| proven.get(entry.key.as_str()) != Some(&entry.stamp)).cloned().collect()
    }

    /// Marks the days of which nothing is left.
    fn mark_complete(&self, days: &[Day], all: &[Entry]) -> Result<(), ActionError> {
        let left: HashSet<Date> = self.left_of(all).iter().map(|entry| entry.day).collect();
        let gone = self.gone(all)?;
        let has_lost = |day: &Day| gone.iter().any(|key| key.starts_with(&prefix(day.date)));
        let complete: Vec<&Day> = days.iter().filter(|day| !left.contains(&day.date) && !has_lost(day)).collect();
        mark_stored(&complete, self.owner)
    }

    /// What was to be burned, is on no disc, and is not in staging any more; but for days that were stored in another way.
    fn gone(&self, all: &[Entry]) -> Result<Vec<&str>, ActionError> {
        let root = self.request.store.root()?;
        let proven = self.journal.proven();
        // What was an empty directory may have something in it by now.
        let staged: BTreeSet<&str> = all.iter().map(|entry| entry.key.as_str()).collect();
        let is_staged = |key: &str| {
            let below = format!("{key}/");
            staged.contains(key) || staged.range(below.as_str()..).next().is_some_and(|next| next.starts_with(&below))
        };
        let stored = self.stored_in_another_way();
        let is_stored = |date: &&Date| stored.contains(*date) || matches!(Day::new(root, **date).is_stored(), Ok(true));
        let stored: Vec<String> = self.journal.days.iter().filter(is_stored).map(|&date| prefix(date)).collect();
        let planned = self.journal.planned.iter().map(String::as_str);
        let is_gone =
            |key: &&str| !proven.contains_key(key) && !is_staged(key) && !stored.iter().any(|day| key.starts_with(day));
        Ok(planned.filter(is_gone).collect())
    }

    /// The days that other runs have stored since the span began, by their receipts.
    fn stored_in_another_way(&self) -> HashSet<Date> {
        let Some(Ok(found)) = self.request.store.receipts.map(folder::read) else { return HashSet::new() };
        let begun = self.journal.begun.to_string();
        let since = found.receipts.iter().filter(|receipt| receipt.ended_utc >= begun);
        since.flat_map(|receipt| receipt.stored_days()).filter_map(|day| day.day.parse().ok()).collect()
    }

    /// Nothing is left to burn. What is gone from staging before its turn came is told once: the days it belonged to have no mark, and are spanned
    /// anew as they are by then.
    fn finish(&self, days: &[Day], all: &[Entry]) -> Result<(), ActionError> {
        let gone = self.gone(all)?;
        let gone = gone.first().map(|first| SpanError::Gone { first: (*first).to_owned(), count: gone.len() });
        if self.request.store.dry_run {
            return gone.map_or(Ok(()), |gone| Err(gone.into()));
        }
        self.mark_complete(days, all)?;
        if let Some(gone) = gone {
            Journal::remove(&self.place)?;
            return Err(gone.into());
        }
        tracing::info!(
            "span of {} executed successfully, discs: {}",
            listed(&self.journal.days),
            self.journal.discs.len()
        );
        Ok(Journal::remove(&self.place)?)
    }

    /// Whether the disc is what a run that broke off was going to make it: then it has only to be proven.
    fn left_by_a_kill(
        &self,
        disc: &mut Disc,
        days: &[Day],
        left: &[Entry],
        number: usize,
        stop: &AtomicBool,
    ) -> Result<Option<Planned<'a>>, ActionError> {
        let (Some(burning), Some(_)) = (self.journal.burning(), disc.contents.newest()) else { return Ok(None) };
        let on_it: Vec<&Entry> = left.iter().filter(|entry| burning.contains(entry.key.as_str())).collect();
        if on_it.is_empty() {
            return Ok(None);
        }
        let is_elsewhere = |entry: &&Entry| !burning.contains(entry.key.as_str());
        let partial = self.partial(left.iter().filter(is_elsewhere));
        let only: HashSet<TreePath> = on_it.iter().map(|entry| entry.path.clone()).collect();
        let mut load = Load { partial, ..self.load(days, only, number, number, &[]) };
        // As it is labelled.
        load.label = disc.contents.label().unwrap_or_default();
        let request: &'a store::Request<'a> = &self.request.store;
        let session = Session { request, load };
        let scanned = session.scan(disc)?;
        let decision = Decision::Append { why: Why::HoldsTheDay };
        let Some(settled) = session.settle_if_there(disc, decision, &scanned, stop)? else { return Ok(None) };
        tracing::info!("the disc in the drive is disc {number} already, which a run that broke off has burned");
        // How many more there are is told as for an empty disc like this one.
        let capacity = Sectors(disc.room_when_begun()?.0.saturating_sub(OWN_SECTORS)).bytes();
        let rest: Vec<Entry> = left.iter().filter(|entry| !burning.contains(entry.key.as_str())).cloned().collect();
        let others = self.fit(&rest, capacity)?;
        let others = others.iter().map(|disc| disc.iter().map(|&at| &rest[at]).collect()).zip(number + 1..);
        let others = others.map(|(disc, number): (Vec<&Entry>, usize)| DiscPlan::new(number, &disc, Some(capacity)));
        let plans = std::iter::once(DiscPlan::new(number, &on_it, None)).chain(others).collect();
        Ok(Some((session, scanned, settled, plans)))
    }

    /// Fits what is left on discs like the one in the drive, and plans the session of this one.
    fn plan(
        &self,
        disc: &mut Disc,
        days: &[Day],
        left: &[Entry],
        number: usize,
        stop: &AtomicBool,
    ) -> Result<Planned<'a>, ActionError> {
        let free = disc.room_when_begun()?;
        let capacity = Sectors(free.0.saturating_sub(OWN_SECTORS)).bytes();
        let mut discs = match self.fit(left, capacity) {
            Err(SpanError::TooLarge { .. }) if is_used_up(disc) => return Err(another_disc()),
            fitted => fitted?,
        };
        let mut mine = if discs.is_empty() { Vec::new() } else { discs.remove(0) };
        let mut rest: Vec<usize> = discs.concat();
        loop {
            let others: Vec<Vec<usize>> = {
                let entries: Vec<Entry> = rest.iter().map(|&at| left[at].clone()).collect();
                let fitted = self.fit(&entries, capacity)?;
                fitted.into_iter().map(|disc| disc.into_iter().map(|at| rest[at]).collect()).collect()
            };
            let plans: Vec<DiscPlan> = std::iter::once(&mine)
                .chain(&others)
                .zip(number..)
                .map(|(disc, number)| {
                    let entries: Vec<&Entry> = disc.iter().map(|&at| &left[at]).collect();
                    DiscPlan::new(number, &entries, Some(capacity))
                })
                .collect();
            let of = number - 1 + plans.len();
            let only = mine.iter().map(|&at| left[at].path.clone()).collect();
            let holds = plans.first().map_or(Vec::new(), |plan| plan.holds.clone());
            let request: &'a store::Request<'a> = &self.request.store;
            let partial = self.partial(rest.iter().map(|&at| &left[at]));
            let replaces = self.is_failed_attempt(disc);
            let load = Load { partial, replaces, ..self.load(days, only, number, of, &holds) };
            let session = Session { request, load };
            let scanned = session.scan(disc)?;
            match session.settle(disc, &scanned, stop) {
                Err(ActionError::NoRoom { needed, free, .. }) if mine.len() > 1 => {
                    let mut excess = Sectors(needed.0.saturating_sub(free.0)).bytes();
                    while mine.len() > 1 && excess > 0 {
                        let Some(last) = mine.pop() else { break };
                        excess = excess.saturating_sub(size(&left[last]));
                        rest.insert(0, last);
                    }
                }
                Err(ActionError::NoRoom { .. }) if is_used_up(disc) => return Err(another_disc()),
                settled => return Ok((session, scanned, settled?, plans)),
            }
        }
    }

    fn fit(&self, entries: &[Entry], capacity: u64) -> Result<Vec<Vec<usize>>, SpanError> {
        let mut groups: BTreeMap<(Date, &str), usize> =
            entries.iter().map(|entry| ((entry.day, entry.host.as_str()), 0)).collect();
        groups.values_mut().zip(0..).for_each(|(group, number)| *group = number);
        let item = |entry: &Entry| Item {
            bytes: size(entry),
            group: groups.get(&(entry.day, entry.host.as_str())).copied().unwrap_or_default(),
        };
        let items: Vec<Item> = entries.iter().map(item).collect();
        fit(&items, capacity, self.request.algorithm).map_err(|TooLarge { item }| SpanError::TooLarge {
            path: entries[item].path.clone(),
            bytes: items[item].bytes,
            capacity,
        })
    }

    fn report(&self, planned: Vec<DiscPlan>, session: Option<store::Report>) -> Report {
        let done = self.journal.discs.iter().zip(1..).map(|(disc, number)| DiscPlan {
            number,
            items: disc.items.len(),
            bytes: disc.items.values().fold(0, |sum: u64, stamp| sum.saturating_add(stamp.bytes)),
            percent: None,
            holds: Vec::new(),
            is_done: true,
        });
        Report {
            is_planned: self.request.store.dry_run,
            days: self.journal.days.clone(),
            discs: done.chain(planned).collect(),
            session,
        }
    }
}

/// Whether broken-off burns have taken room that nobody gets back.
fn is_used_up(disc: &Disc) -> bool {
    disc.has_only_torn_sessions() && !disc.medium.rewritable
}

fn another_disc() -> ActionError {
    ActionError::Refused(Refusal::NotBlank { why: Why::OwnDisc(Purpose::Span) })
}

/// The label of a disc of a set; without how many there are where there is no room for that.
fn numbered_label(label: &str, number: usize, of: usize) -> String {
    let whole = format!("{label} {number}/{of}");
    if whole.len() <= VOLUME_ID_LENGTH { whole } else { format!("{label} {number}") }
}

/// A session of a disc that is ready to be carried out, and all discs from it on.
type Planned<'a> = (Session<'a>, Scanned, Settled, Vec<DiscPlan>);

impl DiscPlan {
    fn new(number: usize, entries: &[&Entry], capacity: Option<u64>) -> DiscPlan {
        let mut hosts: BTreeMap<Date, Vec<&str>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| !entry.host.is_empty()) {
            let of_the_day = hosts.entry(entry.day).or_default();
            if !of_the_day.contains(&entry.host.as_str()) {
                of_the_day.push(&entry.host);
            }
        }
        for entry in entries {
            hosts.entry(entry.day).or_default();
        }
        let taken = entries.iter().fold(0, |sum: u64, entry| sum.saturating_add(size(entry)));
        let percent = capacity.map(|capacity| taken.saturating_mul(100).checked_div(capacity).unwrap_or(100).min(100));
        DiscPlan {
            number,
            items: entries.len(),
            bytes: entries.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.bytes)),
            percent: percent.and_then(|percent| u8::try_from(percent).ok()),
            holds: hosts
                .into_iter()
                .map(|(day, hosts)| format!("{day} {}", hosts.join(", ")).trim_end().to_owned())
                .collect(),
            is_done: false,
        }
    }

    /// In a few words.
    #[must_use]
    pub fn words(&self) -> String {
        let full = self.percent.map_or(String::new(), |percent| format!(", about {percent} % full"));
        let holds = if self.holds.is_empty() { String::new() } else { format!(": {}", self.holds.join("; ")) };
        format!("items: {}, bytes: {}{full}{holds}", self.items, self.bytes)
    }
}
