//! The part that touches the disc: makes it ready, burns, reads back.

use std::sync::atomic::AtomicBool;

use super::session::{Scanned, Session, Settled};
use super::{after, record};
use crate::actions::ActionError;
use crate::actions::disc::Disc;
use crate::actions::policy::Purpose;
use crate::actions::proof::{self, Expected, Finding, with_causes};
use crate::actions::receipt::Record;
use crate::actions::refresh::Awaited;
use crate::actions::span;
use crate::burn::{self, Buffers, Progress};
use crate::config::Protect;
use crate::iso::compare::{Compare, Permissions};
use crate::iso::generator::plan::Plan;
use crate::sector::Lba;

/// Blocks behind a CD track written at once that hold nothing.
const RUN_OUT: u32 = 2;

/// What a mount has to show of a disc on which nothing was burned.
pub(super) fn what_is_there(disc: &Disc) -> Awaited {
    if disc.is_overwritable() {
        return Awaited { start: Lba(0), end: disc.contents.recorded_end };
    }
    let last = disc.medium.sessions.last();
    let end = last.map_or(Lba(0), |session| session.end);
    // Not every drive counts the run-out blocks of a CD.
    Awaited { start: last.map_or(Lba(0), |session| session.start), end: Lba(end.0.saturating_sub(RUN_OUT)) }
}

/// What was put on a disc.
pub(super) struct Done {
    /// It was read back and compared.
    pub(super) proven: bool,
    /// Another session can follow.
    pub(super) appendable: bool,
    pub(super) buffers: Buffers,
    /// What of the days is not there as it was staged.
    pub(super) findings: Vec<Finding>,
    /// What a mount has to show from now on.
    pub(super) shows: Awaited,
}

/// Writes down what the wiping of a disc takes away, before it does.
pub(super) fn before_wiping(
    session: &Session<'_>,
    disc: &Disc,
    settled: &Settled,
    record: &mut Record,
) -> Result<(), ActionError> {
    let request = session.request;
    let before = disc.looked();
    // First what may refuse: what is on record as wiped is never believed in again.
    let root = request.config.staging_root_for_store()?;
    match session.load.purpose {
        // It has no lock so far.
        Purpose::Initialize => span::forget_alone(root, before.id.as_deref())?,
        _ => span::forget(root, before.id.as_deref())?,
    }
    let noted = record.wiping("wiping", &before, request.receipts, request.now.seconds);
    // Whoever goes by receipts must not be misled by those that are there.
    if request.config.cedarburn.protect == Protect::Strict && !request.full {
        noted?;
    } else if let Err(error) = noted {
        tracing::warn!("receipts go on saying that this disc holds what it held: {}", with_causes(&error));
    }
    // From here until they are proven to be on the disc again, these days are nowhere.
    for day in session.load.days.iter().filter(|day| settled.burns(day.date)) {
        day.take_mark_away()?;
    }
    Ok(())
}

/// Touches the disc: makes it ready, burns, reads back.
#[allow(clippy::too_many_arguments, reason = "each is one thing that a run has, and none belongs to another")]
pub(super) fn put_on_disc(
    session: &Session<'_>,
    disc: &mut Disc,
    scanned: &Scanned,
    settled: &Settled,
    plan: &Plan,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
    record: &mut Record,
) -> Result<Done, ActionError> {
    let decision = settled.decision;
    let superblock = disc.superblock(decision, plan)?;
    let done = disc.preparations(decision).last().copied();
    let after_it = |error: ActionError| match done {
        Some(preparation) => after(preparation, error),
        None => error,
    };
    disc.prepare(decision, progress).map_err(|error| after_it(error.into()))?;
    let (burned, streamed) = session.burn(disc, decision, plan, stop, progress).map_err(after_it)?;
    record::burned(record, session, disc, settled, plan, &burned, &streamed.digests);
    let appendable = disc.is_overwritable() || burned.appendable;
    if !appendable && !disc.how.finalize {
        tracing::warn!("the disc is closed now: no session can follow this one");
    }
    let mut findings: Vec<Finding> = streamed.damages.iter().map(|damage| Finding::damage(damage, "burned")).collect();
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
    // Last of all: reading back takes long, and the mark comes next.
    findings.extend(session.what_came_and_went(disc, settled, scanned, Some((plan, &streamed.damages))));
    if findings.is_empty() && verifies {
        tracing::info!("read back and proven: every sector, name and file is on the disc as it was staged");
    }
    record::proven(record, verifies, findings.len());
    let shows = Awaited {
        start: if disc.is_overwritable() { Lba(0) } else { burned.start },
        end: burned.start.checked_add(burned.sectors).unwrap_or(Lba(u32::MAX)),
    };
    Ok(Done { proven: verifies, appendable, buffers: burned.buffers, findings, shows })
}
