//! On which other discs a day is, by the receipts of the runs that put it there.
//!
//! A disc holds a day if a run proved it there, and no later run of which there is a receipt has wiped that disc or, as *verify*, found it damaged.
//! Then it counts again when *verify* has read all that a mount shows of it without a finding; so do all discs of which nobody knows whether they
//! are the one that a run wiped without knowing which. A disc that was wiped never comes back, whatever the clock said then. That a disc was lost or
//! blanked by another program, no receipt tells: who lets go of a disc for good removes its receipts.

use std::collections::HashSet;
use std::fmt;

use jiff::civil::Date;

use super::Receipt;

/// A disc that holds a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDisc {
    /// Its identity.
    pub id: String,
    /// Its label when the day was stored.
    pub label: String,
    /// When the day was proven there, in UTC.
    pub proven_utc: String,
}

impl fmt::Display for KnownDisc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the disc {:?} ({}), proven {}", self.label, self.id, self.proven_utc)
    }
}

/// The newest other disc than `this` that holds the day with these contents. `receipts` are oldest first.
#[must_use]
pub fn other_disc_with(receipts: &[Receipt], this: &str, day: Date, digest: &str) -> Option<KnownDisc> {
    let day = day.to_string();
    let mut holders: Vec<KnownDisc> = Vec::new();
    let mut damaged: HashSet<&str> = HashSet::new();
    let wiped: HashSet<&str> = receipts.iter().filter_map(|receipt| receipt.record.wiped.as_deref()).collect();
    for (at, receipt) in receipts.iter().enumerate() {
        let record = &receipt.record;
        if record.wiped_unknown {
            damaged.extend(receipts[..at].iter().filter_map(|known| known.record.disc.as_ref()?.id.as_deref()));
        }
        let Some(disc) = &record.disc else { continue };
        let Some(id) = &disc.id else { continue };
        if receipt.verifies() {
            match record.proven {
                Some(false) => damaged.insert(id),
                Some(true) => damaged.remove(id.as_str()),
                None => false,
            };
        }
        let holds = |stored: &super::DayFacts| stored.day == day && stored.digest.as_deref() == Some(digest);
        // Written anew, or burned and not proven: what was there before is not what a mount shows.
        let is_replaced = |stored: &super::DayFacts| {
            let is_written = stored.outcome.starts_with("stored") || stored.outcome.starts_with("burned");
            stored.day == day && is_written && stored.digest.as_deref() != Some(digest)
        };
        if receipt.stores() && record.session.is_some() && record.days.iter().any(is_replaced) {
            holders.retain(|disc| disc.id != *id);
        }
        // Not by the exit code: a run that had to leave a day, or could not mark one, has proven the others.
        let is_proven = record.proven == Some(true) && record.findings == 0;
        if receipt.stores()
            && is_proven
            && this != id
            && !wiped.contains(id.as_str())
            && receipt.stored_days().any(holds)
        {
            holders.retain(|disc| disc.id != *id);
            holders.push(KnownDisc {
                id: id.clone(),
                label: disc.label.clone().unwrap_or_default(),
                proven_utc: receipt.ended_utc.clone(),
            });
        }
    }
    holders.into_iter().rfind(|disc| !damaged.contains(disc.id.as_str()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::{DayFacts, DiscFacts, Record, SessionFacts};
    use super::*;

    const DAY: Date = date(2026, 11, 16);

    fn stored(id: &str, day: &str, digest: &str) -> Receipt {
        let day = DayFacts {
            day: day.to_owned(),
            outcome: "stored".to_owned(),
            digest: Some(digest.to_owned()),
            ..DayFacts::default()
        };
        Receipt {
            action: "store".to_owned(),
            record: Record {
                disc: Some(DiscFacts { id: Some(id.to_owned()), ..DiscFacts::default() }),
                days: vec![day],
                proven: Some(true),
                ..Record::default()
            },
            ..Receipt::default()
        }
    }

    fn found(receipts: &[Receipt]) -> Option<String> {
        other_disc_with(receipts, "this", DAY, "d1").map(|disc| disc.id)
    }

    #[test]
    fn a_day_is_on_another_disc_if_it_was_proven_there_as_it_is_here() {
        assert_eq!(found(&[stored("a", "2026-11-16", "d1")]), Some("a".to_owned()));
        assert_eq!(found(&[stored("a", "2026-11-16", "d1"), stored("b", "2026-11-16", "d1")]), Some("b".to_owned()));
        for other in
            [stored("this", "2026-11-16", "d1"), stored("a", "2026-11-17", "d1"), stored("a", "2026-11-16", "d2")]
        {
            assert_eq!(found(&[other]), None);
        }
    }

    #[test]
    fn what_was_not_proven_or_left_or_only_verified_does_not_count() {
        let good = stored("a", "2026-11-16", "d1");
        let unproven = Record { proven: Some(false), ..good.record.clone() };
        let damaged = Record { findings: 1, ..good.record.clone() };
        let mut left = good.record.clone();
        left.days[0].outcome = "left".to_owned();
        for (record, exit_code) in [(unproven, 0), (damaged, 11), (left, 9)] {
            assert_eq!(found(&[Receipt { record, exit_code, ..good.clone() }]), None);
        }
        assert_eq!(found(&[Receipt { action: "verify".to_owned(), ..good.clone() }]), None);
        assert_eq!(found(&[Receipt { exit_code: 9, ..good }]), Some("a".to_owned()), "another day was left");
    }

    #[test]
    fn a_disc_that_was_found_damaged_since_does_not_count_until_it_is_verified() {
        let verified = |id: &str, findings| {
            let disc = Some(DiscFacts { id: Some(id.to_owned()), ..DiscFacts::default() });
            let record = Record { disc, findings, proven: Some(findings == 0), ..Record::default() };
            Receipt { action: "verify".to_owned(), record, ..Receipt::default() }
        };
        let broken_off = Record { proven: None, ..verified("a", 0).record };
        let broken_off = Receipt { record: broken_off, ..verified("a", 0) };
        let (good, other) = (stored("a", "2026-11-16", "d1"), stored("c", "2026-11-16", "d1"));
        // A file that changed while it was burned is a finding, too.
        let mut later = stored("a", "2026-11-17", "d2");
        (later.record.findings, later.record.proven) = (3, Some(false));
        for (since, holder) in [
            (vec![verified("a", 1)], None),
            (vec![verified("a", 1), broken_off.clone()], None),
            (vec![verified("a", 1), verified("c", 0)], None),
            (vec![verified("a", 1), stored("a", "2026-11-17", "d2")], None),
            (vec![later], Some("a")),
            (vec![verified("a", 1), verified("a", 0)], Some("a")),
            (vec![verified("c", 1), broken_off], Some("a")),
        ] {
            assert_eq!(found(&[vec![good.clone()], since.clone()].concat()).as_deref(), holder, "{since:?}");
        }
        assert_eq!(found(&[other, good, verified("a", 1)]).as_deref(), Some("c"), "the next best");
    }

    #[test]
    fn a_day_that_was_written_anew_since_is_not_the_one_that_was_proven() {
        let good = stored("a", "2026-11-16", "d1");
        let mut anew = stored("a", "2026-11-16", "d2");
        assert_eq!(found(&[good.clone(), anew.clone()]), Some("a".to_owned()), "no session was written");
        anew.record.session = Some(SessionFacts::default());
        assert_eq!(found(&[good.clone(), anew.clone()]), None);
        let mut later = stored("a", "2026-11-17", "d2");
        later.record.session = Some(SessionFacts::default());
        assert_eq!(found(&[good, later]), Some("a".to_owned()));
    }

    #[test]
    fn a_disc_that_was_wiped_since_holds_nothing() {
        let good = stored("a", "2026-11-16", "d1");
        let mut wiping = stored("c", "2026-11-23", "d9");
        wiping.record.wiped = Some("a".to_owned());
        assert_eq!(found(&[good.clone(), wiping.clone()]), None);
        assert_eq!(found(&[wiping.clone(), good.clone()]), None, "the clock was ahead then");
        // The run that wiped it may have failed afterwards.
        let failed = Receipt { exit_code: 10, ..wiping };
        assert_eq!(found(&[good.clone(), failed]), None);
        // Which one was wiped, nobody knows.
        let record = Record { wiped_unknown: true, ..Record::default() };
        let unknown = Receipt { action: "blank".to_owned(), record, ..Receipt::default() };
        assert_eq!(found(&[good.clone(), unknown.clone()]), None);
        let disc = good.record.disc.clone();
        let record = Record { disc, proven: Some(true), ..Record::default() };
        let verified = Receipt { action: "verify".to_owned(), record, ..Receipt::default() };
        assert_eq!(found(&[good, unknown, verified]), Some("a".to_owned()));
    }
}
