//! What a run of *store* writes down in its [receipt](crate::actions::receipt).

use std::collections::HashMap;
use std::path::Path;

use jiff::civil::Date;

use super::session::{Session, Settled, read_lists};
use crate::actions::disc::Disc;
use crate::actions::policy::Decision;
use crate::actions::receipt::{
    ALREADY_THERE, DayFacts, Record, STORED, STORED_IN_PART, SessionFacts, digest_of_day, hex, identity,
};
use crate::actions::staging::Day;
use crate::burn::{self, Burned};
use crate::iso::generator::plan::Plan;
use crate::iso::generator::stream::Digests;
use crate::iso::manifest::{self, Digest};
use crate::iso::tree::TreePath;
use crate::sector::{Lba, Sectors};

/// On the disc, and not known to be what was sent.
const BURNED: &str = "burned";
const BURNED_IN_PART: &str = "burned in part";

/// The days, none of them stored so far but those that the disc holds already.
pub(super) fn settled(record: &mut Record, session: &Session<'_>, settled: &Settled, disc: &mut Disc) {
    let there = days_on_disc(disc, &settled.there);
    record.days = session
        .load
        .days
        .iter()
        .map(|day| {
            let found = there.iter().find(|(date, _)| *date == day.date);
            let outcome = match found {
                Some(_) if session.load.partial.contains(&day.date) => STORED_IN_PART,
                Some(_) => ALREADY_THERE,
                None if settled.leaves(day.date) => "left",
                None => "not stored",
            };
            let (digest, files) = found.map_or((None, 0), |(_, (digest, files))| (Some(digest.clone()), *files));
            DayFacts { day: day.date.to_string(), outcome: outcome.to_owned(), digest, files }
        })
        .collect();
    if settled.plan.is_none() {
        record.proven = Some(true);
    }
}

/// What the days of a disc consist of, by its own lists; none of a day that they don't name whole.
pub(super) fn days_on_disc(disc: &mut Disc, days: &[Date]) -> Vec<(Date, (String, u64))> {
    if days.is_empty() {
        return Vec::new();
    }
    let Some(tree) = disc.contents.newest().map(|newest| newest.tree.clone()) else { return Vec::new() };
    let lists = match read_lists(disc, &tree) {
        Ok(lists) => lists,
        Err(error) => {
            tracing::debug!("the disc's lists can't be read: {error}");
            return Vec::new();
        }
    };
    let mut digests: HashMap<TreePath, Option<Digest>> = HashMap::new();
    for entry in lists.iter().flat_map(|(_, content)| manifest::parse(content).flatten()) {
        let known = digests.entry(entry.path).or_insert(Some(entry.digest));
        // Which of two different lines holds, nobody knows.
        *known = known.filter(|known| *known == entry.digest);
    }
    let digest = |id| digests.get(&tree.path(id)).copied().flatten();
    let of_day = |&date: &Date| Some((date, digest_of_day(&tree, &Day::new(Path::new("/"), date), &digest)?));
    days.iter().filter_map(of_day).collect()
}

/// The session is on the disc; whether it is what was sent is not known yet.
pub(super) fn burned(
    record: &mut Record,
    session: &Session<'_>,
    disc: &Disc,
    settled: &Settled,
    plan: &Plan,
    burned: &Burned,
    digests: &Digests,
) {
    let manifest = plan.manifest();
    record.session = Some(SessionFacts {
        start: burned.start.0,
        sectors: burned.sectors.0,
        end: burned.start.checked_add(burned.sectors).unwrap_or(Lba(u32::MAX)).0,
        manifest: manifest.map_or(String::new(), |id| plan.tree().path(id).to_string()),
        manifest_sha256: manifest.and_then(|id| digests.get(id)).map_or(String::new(), |digest| hex(digest)),
        buffer_least_percent: burned.buffers.fifo_least_percent,
        buffer_ran_empty: burned.buffers.fifo_ran_empty,
    });
    if let Some(facts) = &mut record.disc {
        facts.label = Some(session.load.label.clone());
        if matches!(settled.decision, Decision::NewDisc { .. }) {
            facts.id = Some(identity(&session.load.label, Some(session.request.now), burned.start));
        }
        let left = |free: Sectors| free.0.saturating_sub(disc.needs(plan).0);
        facts.free_sectors = settled.free().map(left);
        facts.appendable = Some(disc.is_overwritable() || burned.appendable);
    }
    for (day, facts) in session.load.days.iter().zip(&mut record.days).filter(|(day, _)| settled.burns(day.date)) {
        if let Some((digest, files)) = digest_of_day(plan.tree(), day, &|id| digests.get(id).copied()) {
            (facts.digest, facts.files) = (Some(digest), files);
        }
        let is_part = session.load.partial.contains(&day.date);
        if is_part { BURNED_IN_PART } else { BURNED }.clone_into(&mut facts.outcome);
    }
}

/// The disc as the drive shows it when all is done: only the drive knows what the way to the next session takes. Where it does not answer, or
/// does not know of the session yet, the forecast stays.
pub(super) fn looked_at_again(record: &mut Record, disc: &mut Disc) {
    let (Some(facts), Some(session)) = (&mut record.disc, &record.session) else { return };
    if disc.is_overwritable() {
        return;
    }
    match burn::inspect(&mut disc.drive) {
        Ok(medium)
            if medium
                .sessions
                .last()
                .is_some_and(|last| last.start.0 <= session.start && session.start < last.end.0) =>
        {
            facts.free_sectors = Some(medium.free.0);
        }
        Ok(_) => tracing::debug!("the drive does not know of the session yet"),
        Err(error) => tracing::debug!("the disc can't be looked at again: {error}"),
    }
}

/// What was found when the session was read back, or not looked for.
pub(super) fn proven(record: &mut Record, verifies: bool, findings: usize) {
    record.proven = Some(verifies && findings == 0);
    record.findings = findings;
    if findings == 0 {
        for day in &mut record.days {
            match day.outcome.as_str() {
                BURNED => STORED.clone_into(&mut day.outcome),
                BURNED_IN_PART => STORED_IN_PART.clone_into(&mut day.outcome),
                _ => {}
            }
        }
    }
}
