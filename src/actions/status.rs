//! *status*: how the box is doing, for monitoring. It reads receipts and never touches the drive: a check that runs every five minutes must not
//! spin a disc up, or be in the way of a burn.
//!
//! All is well when the newest good store is not older than it may be, no store failed behind it, no span waits for its next disc, and of each disc
//! that was not wiped since the newest *verify* found no damage. A run that found nothing to store has not failed: it ran twice. A run that had to
//! leave days has: somebody has to put in a disc.

use std::collections::HashSet;

use jiff::civil::{Date, Weekday};

use super::receipt::{DiscFacts, Receipt};
use crate::burn::overwrite::FIRST_SESSION;
use crate::config::{BlankBehavior, BlankMode};

/// There was nothing to store: see the exit codes.
const NOTHING_TO_STORE: u8 = 12;
/// The error of a span that goes on with the next disc, by the name that receipts have it.
const NEXT_DISC: &str = "next-disc";
/// So far a clock may be set back, in seconds, before what it showed then counts as wrong.
const CLOCK_SLACK: i64 = 600;
/// Days on the disc whose sizes say how large the next one may be.
const DAYS_OF_A_MEAN: usize = 7;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The time it is, seconds since 1970.
    pub now: i64,
    /// The day it is.
    pub today: Date,
    /// How old the newest good store may be, in seconds.
    pub max_age: i64,
    /// First day of the week.
    pub starting_day: Weekday,
    /// When a disc is started anew, where that is configured.
    pub blank_behavior: Option<&'a BlankBehavior>,
}

/// How the box is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What is not well, a sentence each; empty where all is.
    pub troubles: Vec<String>,
    /// The newest run that stored something.
    pub last_good: Option<Good>,
    /// The disc that was in the drive at the end of the newest run that saw one.
    pub disc: Option<Fill>,
    /// When a new disc is due next.
    pub next_disc: NextDisc,
}

/// A run that stored days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    /// When it ended, in UTC.
    pub when_utc: String,
    /// How long ago, in seconds.
    pub age_seconds: i64,
    /// The days.
    pub days: Vec<String>,
    /// They were read back and compared.
    pub proven: bool,
    /// Label of the disc.
    pub label: Option<String>,
    /// Which disc.
    pub disc: Option<String>,
}

/// How full a disc is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Its label.
    pub label: Option<String>,
    /// Which disc.
    pub id: Option<String>,
    /// Sectors of all of it.
    pub capacity_sectors: Option<u32>,
    /// Sectors that are free.
    pub free_sectors: Option<u32>,
    /// How full it is, in whole percent.
    pub used_percent: Option<u8>,
    /// What a day has taken lately, in sectors, with what the drive puts between sessions.
    pub sectors_a_day: Option<u32>,
    /// How many more such days fit.
    pub days_that_fit: Option<u32>,
}

/// When a new disc is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextDisc {
    /// With the day of this date.
    On(Date),
    /// With the day of this date, if too little is free by then.
    IfFull(Date),
}

/// Says how the box is doing by its receipts, oldest first.
#[must_use]
pub fn status(receipts: &[Receipt], question: &Question<'_>) -> Status {
    let is_to_come = |receipt: &Receipt| receipt.ended > question.now.saturating_add(CLOCK_SLACK);
    let is_good = |receipt: &&Receipt| {
        // Not by the exit code alone: a run that had to leave a day has stored the others, and has failed all the same.
        let is_done = receipt.exit_code == 0 || receipt.record.proven == Some(true);
        is_done && receipt.days_with_something_stored().next().is_some() && !is_to_come(receipt)
    };
    let stores = || receipts.iter().filter(|receipt| receipt.stores());
    let last_good = stores().rfind(is_good);
    // In the same second, too: of these it is not known which came first.
    let behind = |receipt: &&Receipt| last_good.is_none_or(|good| receipt.ended >= good.ended);
    let newest_failed = stores().filter(behind).rfind(|receipt| !matches!(receipt.exit_code, 0 | NOTHING_TO_STORE));
    let mut troubles = Vec::new();
    match last_good {
        None => troubles.push("no store has succeeded yet".to_owned()),
        Some(good) => {
            let age = question.now.saturating_sub(good.ended);
            if age > question.max_age {
                troubles.push(format!(
                    "the newest good store is {} old, allowed are {}",
                    ago(age),
                    ago(question.max_age)
                ));
            }
        }
    }
    if let Some(odd) = stores().find(|receipt| is_to_come(receipt)) {
        troubles
            .push(format!("the run of {} is of a time to come: the clock was wrong then, or is now", odd.ended_utc));
    }
    troubles.extend(newest_failed.map(|failed| {
        let (id, error) = failed.error.as_ref().map_or(("", "it did not end well"), |told| (&told.id, &told.error));
        let what = if id == NEXT_DISC { "waits" } else { "failed" };
        format!("the run of {} {what}: {error}", failed.ended_utc)
    }));
    troubles.extend(damaged(receipts));
    Status {
        troubles,
        last_good: last_good.map(|good| Good {
            when_utc: good.ended_utc.clone(),
            age_seconds: question.now.saturating_sub(good.ended),
            days: good.days_with_something_stored().map(|day| day.day.clone()).collect(),
            proven: good.record.proven == Some(true),
            label: good.record.disc.as_ref().and_then(|disc| disc.label.clone()),
            disc: good.record.disc.as_ref().and_then(|disc| disc.id.clone()),
        }),
        disc: fill(receipts),
        next_disc: next_disc(last_good.and_then(Receipt::newest_day).unwrap_or(question.today), question),
    }
}

/// The newest disc of which the newest *verify* found damage, and which has not been wiped since.
fn damaged(receipts: &[Receipt]) -> Option<String> {
    let mut told: HashSet<Option<&str>> = HashSet::new();
    for (at, Receipt { ended_utc, record, .. }) in receipts.iter().enumerate().rev().filter(|(_, one)| one.verifies()) {
        let (Some(disc), Some(proven)) = (&record.disc, record.proven) else { continue };
        let is_newest = told.insert(disc.id.as_deref());
        let is_wiped = disc.id.is_some() && receipts[at..].iter().any(|later| later.record.wiped == disc.id);
        if is_newest && !proven && !is_wiped {
            let name = disc.label.as_ref().map_or(String::new(), |label| format!(" {label:?}"));
            let id = disc.id.as_ref().map_or(String::new(), |id| format!(" ({id})"));
            let differences = match record.findings {
                1 => "one difference".to_owned(),
                findings => format!("{findings} differences"),
            };
            return Some(format!("verify of {ended_utc} found the disc{name}{id} damaged: {differences}"));
        }
    }
    None
}

fn fill(receipts: &[Receipt]) -> Option<Fill> {
    // verify does not ask how much is free.
    let disc =
        receipts.iter().rev().filter(|receipt| !receipt.verifies()).find_map(|receipt| receipt.record.disc.as_ref())?;
    let sectors_a_day = sectors_a_day(receipts, disc);
    let percent = |capacity: u32, free: u32| {
        let used = u64::from(capacity.saturating_sub(free)) * 100;
        used.checked_div(u64::from(capacity)).and_then(|percent| u8::try_from(percent).ok())
    };
    Some(Fill {
        label: disc.label.clone(),
        id: disc.id.clone(),
        capacity_sectors: disc.capacity_sectors,
        free_sectors: disc.free_sectors,
        used_percent: disc.capacity_sectors.zip(disc.free_sectors).and_then(|(all, free)| percent(all, free)),
        sectors_a_day,
        days_that_fit: disc.free_sectors.zip(sectors_a_day).map(|(free, a_day)| free / a_day),
    })
}

/// What the newest days on the disc took of it, on the average: the session, and what the drive puts between two, which on a CD is far more than
/// a small day and nobody but the free room tells. The first session leaves another gap than those behind it, and counts as long as there is no
/// other.
fn sectors_a_day(receipts: &[Receipt], disc: &DiscFacts) -> Option<u32> {
    let mut free = None;
    let mut taken: Vec<(bool, u32, usize)> = Vec::new();
    for receipt in receipts.iter().filter(|receipt| !receipt.verifies()) {
        let facts = receipt.record.disc.as_ref().filter(|one| one.id.is_some() && one.id == disc.id);
        let Some(facts) = facts else { continue };
        let before = std::mem::replace(&mut free, facts.free_sectors);
        let Some(session) = receipt.record.session.as_ref().filter(|_| receipt.stores()) else { continue };
        let burned = receipt.record.days.iter().filter(|day| day.outcome == "stored").count();
        let is_first = taken.is_empty();
        let before = before.or(facts.capacity_sectors.filter(|_| session.start <= FIRST_SESSION.0));
        let gone = before.zip(facts.free_sectors).map_or(0, |(before, after)| before.saturating_sub(after));
        if burned > 0 {
            taken.push((is_first, session.sectors.max(gone), burned));
        }
    }
    let later = taken.iter().filter(|(is_first, ..)| !is_first).count();
    let counted = taken.iter().rev().filter(|(is_first, ..)| later == 0 || !is_first).take(DAYS_OF_A_MEAN);
    let (sectors, days) =
        counted.fold((0, 0), |(sum, days), &(_, sectors, burned)| (sum + u64::from(sectors), days + burned as u64));
    u32::try_from(sectors.checked_div(days)?).ok().filter(|&sectors| sectors > 0)
}

/// The first starting day behind the newest stored one; with `blank_behavior` only if its formula then says so.
fn next_disc(stored: Date, question: &Question<'_>) -> NextDisc {
    let days = |count: i64| stored.saturating_add(jiff::Span::new().days(count));
    let until = i64::from(question.starting_day.since(stored.weekday()));
    let starting_day = days(if until == 0 { 7 } else { until });
    match question.blank_behavior.map(|behavior| behavior.mode) {
        None => NextDisc::On(starting_day),
        Some(BlankMode::Weekly) => NextDisc::IfFull(starting_day),
        Some(BlankMode::Daily) => NextDisc::IfFull(days(1)),
    }
}

/// A time in the one or two units that say enough of it.
#[must_use]
pub fn ago(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match minutes {
        0 => format!("{} s", seconds.max(0)),
        1..60 => format!("{minutes} min"),
        60..2880 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} d {} h", minutes / 1440, minutes / 60 % 24),
    }
}

/// A time as `26h`, `90m`, `2d`, `1d12h`; a number alone counts hours.
///
/// # Errors
/// When it is none, or more than a hundred years.
pub fn parse_age(text: &str) -> Result<i64, &'static str> {
    const WRONG: &str = "no time like 26h, 90m, 2d or 1d12h";
    const MOST: i64 = 100 * 366 * 86_400;
    let mut total: i64 = 0;
    let mut number = String::new();
    for character in text.chars() {
        let unit = match character {
            '0'..='9' => {
                number.push(character);
                continue;
            }
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return Err(WRONG),
        };
        let count: i64 = std::mem::take(&mut number).parse().map_err(|_| WRONG)?;
        total = count.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).ok_or(WRONG)?;
    }
    if !number.is_empty() {
        let is_alone = number.len() == text.len();
        let hours: i64 = number.parse().map_err(|_| WRONG)?;
        total = hours.checked_mul(3600).filter(|_| is_alone).ok_or(WRONG)?;
    }
    if text.is_empty() || total > MOST { Err(WRONG) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::receipt::{DayFacts, Record, SessionFacts, Told};
    use super::*;

    const HOUR: i64 = 3600;

    fn stored(ended: i64, day: &str, free: u32) -> Receipt {
        let day = DayFacts { day: day.to_owned(), outcome: "stored".to_owned(), ..DayFacts::default() };
        Receipt {
            action: "store".to_owned(),
            ended,
            ended_utc: format!("t{ended}"),
            record: Record {
                disc: Some(DiscFacts {
                    id: Some("a".to_owned()),
                    capacity_sectors: Some(1000),
                    free_sectors: Some(free),
                    ..DiscFacts::default()
                }),
                session: Some(SessionFacts { sectors: 100, ..SessionFacts::default() }),
                days: vec![day],
                proven: Some(true),
                ..Record::default()
            },
            ..Receipt::default()
        }
    }

    fn failed(ended: i64, exit_code: u8) -> Receipt {
        let error = Some(Told { error: "it broke".to_owned(), ..Told::default() });
        Receipt {
            action: "store".to_owned(),
            ended,
            ended_utc: format!("t{ended}"),
            exit_code,
            error,
            ..Receipt::default()
        }
    }

    fn asked(receipts: &[Receipt], now: i64) -> Status {
        let question = Question {
            now,
            today: date(2026, 11, 20),
            max_age: 26 * HOUR,
            starting_day: Weekday::Monday,
            blank_behavior: None,
        };
        status(receipts, &question)
    }

    #[test]
    fn all_is_well_while_the_newest_good_store_is_young_and_nothing_failed_behind_it() {
        let good = stored(1000, "2026-11-17", 700);
        for (receipts, now, troubles) in [
            (vec![], 1000, 1),
            (vec![good.clone()], 1000, 0),
            (vec![good.clone()], 1000 + 26 * HOUR, 0),
            (vec![good.clone()], 1001 + 26 * HOUR, 1),
            (vec![failed(900, 10), good.clone()], 1000, 0),
            (vec![failed(1000, 10), good.clone()], 1000, 1),
            (vec![good.clone(), failed(1000, 10)], 1000, 1),
            (vec![good.clone(), failed(1100, 10)], 1200, 1),
            (vec![good.clone(), failed(1100, 9)], 1200, 1),
            (vec![good.clone(), failed(1100, 12)], 1200, 0),
            (vec![good.clone(), Receipt { action: "verify".to_owned(), ..failed(1100, 11) }], 1200, 0),
            (vec![good.clone(), failed(1100, 10)], 1000 + 30 * HOUR, 2),
            (vec![failed(1100, 8)], 1200, 2),
        ] {
            let status = asked(&receipts, now);
            assert_eq!(status.troubles.len(), troubles, "{now}: {:?}", status.troubles);
        }
    }

    #[test]
    fn a_run_of_a_time_to_come_is_not_the_newest_good_one() {
        let ahead = stored(1_000_000, "2026-11-17", 700);
        for (receipts, troubles) in [
            (vec![stored(1000, "2026-11-16", 800), ahead.clone()], 1),
            (vec![stored(1000, "2026-11-16", 800), failed(1100, 8), ahead.clone()], 2),
            (vec![ahead.clone()], 2),
            (vec![stored(1000, "2026-11-16", 800), stored(1700, "2026-11-17", 800)], 0),
        ] {
            let status = asked(&receipts, 1200);
            assert_eq!(status.troubles.len(), troubles, "{:?}", status.troubles);
            assert!(status.last_good.is_none_or(|good| good.age_seconds <= 200));
        }
    }

    #[test]
    fn a_span_that_goes_on_with_the_next_disc_has_not_failed_and_waits() {
        let mut waiting = failed(1100, 8);
        waiting.error = Some(Told { id: "next-disc".to_owned(), error: "the next".to_owned(), ..Told::default() });
        let status = asked(&[stored(1000, "2026-11-17", 700), waiting], 1200);
        assert_eq!(status.troubles, ["the run of t1100 waits: the next"]);
    }

    #[test]
    fn a_disc_that_the_newest_verify_found_damaged_is_told_until_it_is_wiped() {
        let verified = |id: &str, proven: Option<bool>| {
            let disc = DiscFacts { label: Some("L".to_owned()), id: Some(id.to_owned()), ..DiscFacts::default() };
            let findings = if proven == Some(false) { 2 } else { 0 };
            Receipt {
                action: "verify".to_owned(),
                ended_utc: "t1100".to_owned(),
                record: Record { disc: Some(disc), proven, findings, ..Record::default() },
                ..Receipt::default()
            }
        };
        let good = stored(1000, "2026-11-17", 700);
        let wiped = |id: &str| {
            let mut blank = verified(id, None);
            (blank.action, blank.record.wiped) = ("blank".to_owned(), Some(id.to_owned()));
            blank
        };
        let told = ["verify of t1100 found the disc \"L\" (a) damaged: 2 differences"];
        let bad = verified("a", Some(false));
        for (since, is_told) in [
            (vec![bad.clone()], true),
            (vec![bad.clone(), verified("a", None)], true),
            (vec![bad.clone(), wiped("b")], true),
            (vec![bad.clone(), verified("b", Some(true))], true),
            (vec![bad.clone(), verified("a", Some(true))], false),
            (vec![bad.clone(), wiped("a")], false),
            (vec![verified("a", Some(true)), bad.clone()], true),
        ] {
            let receipts = [vec![good.clone()], since].concat();
            assert_eq!(asked(&receipts, 1200).troubles, if is_told { &told[..] } else { &[] });
        }
    }

    #[test]
    fn the_disc_is_told_with_how_many_more_days_fit() {
        let fill = asked(&[stored(1, "2026-11-16", 800), stored(2, "2026-11-17", 650)], 3).disc.unwrap();
        assert_eq!((fill.used_percent, fill.sectors_a_day, fill.days_that_fit), (Some(35), Some(150), Some(4)));
        let first = asked(&[stored(1, "2026-11-16", 800)], 3).disc.unwrap();
        assert_eq!((first.sectors_a_day, first.days_that_fit), (Some(200), Some(4)), "while there is no other");
        let empty =
            Receipt { record: Record { disc: Some(DiscFacts::default()), ..Record::default() }, ..failed(9, 8) };
        let fill = asked(&[stored(1, "2026-11-16", 800), empty], 9).disc.unwrap();
        assert_eq!((fill.used_percent, fill.days_that_fit), (None, None), "another disc is in by now");
    }

    #[test]
    fn a_new_disc_is_due_on_the_starting_day_behind_the_newest_stored_one() {
        let behavior = |mode| BlankBehavior { mode, factor: 1.0, factor_text: "1.0".to_owned() };
        let next = |stored, behavior: Option<&BlankBehavior>| {
            let question = Question {
                now: 0,
                today: date(2026, 1, 1),
                max_age: 0,
                starting_day: Weekday::Monday,
                blank_behavior: behavior,
            };
            next_disc(stored, &question)
        };
        let (monday, sunday) = (date(2026, 11, 16), date(2026, 11, 22));
        let next_monday = date(2026, 11, 23);
        assert_eq!(next(monday, None), NextDisc::On(next_monday));
        assert_eq!(next(sunday, None), NextDisc::On(next_monday));
        assert_eq!(next(sunday, Some(&behavior(BlankMode::Weekly))), NextDisc::IfFull(next_monday));
        assert_eq!(next(monday, Some(&behavior(BlankMode::Daily))), NextDisc::IfFull(date(2026, 11, 17)));
    }

    #[test]
    fn ages_are_read_and_told_as_people_write_them() {
        for (text, seconds) in [
            ("26h", 26 * HOUR),
            ("90m", 5400),
            ("2d", 48 * HOUR),
            ("1d12h", 36 * HOUR),
            ("26", 26 * HOUR),
            ("0", 0),
            ("5s", 5),
        ] {
            assert_eq!(parse_age(text), Ok(seconds), "{text}");
        }
        for text in ["", "h", "-1h", "1w", "1h5", "1.5h", "99999999999999999999h", "9999999999d", " 1h", "1d 2h"] {
            assert!(parse_age(text).is_err(), "{text}");
        }
        assert_eq!([59, 60, 3600, 90_000, 200_000].map(ago), ["59 s", "1 min", "1 h 0 min", "25 h 0 min", "2 d 7 h"]);
    }
}
