//! New disc or append? The decision as a pure function of what is known before anything is touched.
//!
//! Cedar's rules (its manual, chapter on optimized blanking) with three corrections:
//!
//! * The start of the week is judged by the *day that is stored*, not by the day of the run. Cedar, run at ten past midnight
//!   on the starting day with yesterday's directory, wipes last week's finished disc.
//! * What can't be read is not started anew, whatever is due, unless `--full` asks for it: nobody knows what would be lost. Cedar takes
//!   it for empty.
//! * A disc that holds a day of the same week, or a newer one, is not started anew unless `--full` asks for it, or `protect` is
//!   `off`: appended to instead. Cedar, run twice on the starting day, wipes what the first run stored.

use std::fmt;

use jiff::civil::{Date, Weekday};

use crate::config::{BlankBehavior, BlankMode};

/// What is on the medium, as far as the decision needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct OnDisc {
    /// What could be done with it.
    pub state: DiscState,
    /// It can be made empty.
    pub rewritable: bool,
    /// The days its newest tree shows.
    pub days: Vec<Date>,
    /// Bytes that can be appended.
    pub available_bytes: u64,
}

/// The medium's state in the decision's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscState {
    /// No data on it, or only what a broken-off first burn left.
    Empty,
    /// A tree that can be appended to.
    Appendable,
    /// Takes no further session.
    Closed,
    /// Data, but no tree that this program can read and carry on.
    Unreadable,
}

/// What the decision is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The day to be stored.
    pub day: Date,
    /// `--full`.
    pub full: bool,
    /// First day of the week.
    pub starting_day: Weekday,
    /// `blank_behavior`, if configured.
    pub blank_behavior: Option<BlankBehavior>,
    /// Bytes of a disc with nothing but this day.
    pub required_bytes: u64,
    /// A disc with days of this week or later is started anew only by `--full`.
    pub protect_week: bool,
}

/// How the session is going to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// As the first on an empty disc. `wipe`: what is on it goes.
    NewDisc {
        /// The medium has to be made empty first.
        wipe: bool,
        /// Why.
        why: Why,
    },
    /// Behind what is there, whose tree it carries on.
    Append {
        /// Why.
        why: Why,
    },
}

/// The rule that decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// `--full` was given.
    Full,
    /// The day is the first of its week.
    StartOfWeek,
    /// The blanking formula holds.
    Formula {
        /// `available / (1.0 + required)`.
        ratio: f64,
        /// The configured limit.
        factor: f64,
    },
    /// The blanking formula does not hold.
    EnoughRoom {
        /// `available / (1.0 + required)`.
        ratio: f64,
        /// The configured limit.
        factor: f64,
    },
    /// Neither the start of the week nor a formula that applies today.
    WithinWeek,
    /// There is nothing on it.
    EmptyDisc,
    /// A new disc was due, but this one holds this day of the same week or a newer one.
    HoldsThisWeek(Date),
    /// Nothing can follow on it, and it holds the day.
    HoldsTheDay,
}

impl Eq for Why {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::HoldsTheDay => f.write_str("the disc is closed and holds the day"),
            Why::Full => f.write_str("a full store was asked for"),
            Why::StartOfWeek => f.write_str("the day is the first of its week"),
            Why::Formula { ratio, factor } => {
                write!(f, "available/(1+required) is {ratio:.4}, not above the factor {factor}")
            }
            Why::EnoughRoom { ratio, factor } => {
                write!(f, "available/(1+required) is {ratio:.4}, above the factor {factor}")
            }
            Why::WithinWeek => f.write_str("the week goes on"),
            Why::EmptyDisc => f.write_str("the disc is empty"),
            Why::HoldsThisWeek(day) => {
                write!(f, "a new disc is due, but this one holds {day} of the same or a later week")
            }
        }
    }
}

/// The medium that is in can't take the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Write-once and not empty.
    #[error("a new disc is due ({why}), and the disc in the drive is neither blank nor rewritable")]
    NotBlank {
        /// Why a new disc is due.
        why: Why,
    },
    /// Closed for ever.
    #[error("the disc in the drive is closed, no session can follow")]
    Closed,
    /// Its content can't be carried on.
    #[error("the disc in the drive holds data that this program can't read and carry on")]
    Unreadable,
}

/// The first day of `day`'s week.
#[must_use]
pub fn week_of(day: Date, starting_day: Weekday) -> Date {
    let since = i64::from(day.weekday().since(starting_day));
    day.checked_sub(jiff::Span::new().days(since)).unwrap_or(Date::MIN)
}

/// Decides; see the module's text.
///
/// # Errors
/// When the medium can't take the session.
pub fn decide(wanted: &Wanted, disc: &OnDisc) -> Result<Decision, Refusal> {
    let (new_disc, why) = new_disc_due(wanted, disc.available_bytes);
    if disc.state == DiscState::Empty {
        return Ok(Decision::NewDisc { wipe: false, why: if new_disc { why } else { Why::EmptyDisc } });
    }
    if disc.state == DiscState::Unreadable && !wanted.full {
        return Err(Refusal::Unreadable);
    }
    if new_disc {
        let this_week = week_of(wanted.day, wanted.starting_day);
        let newest = disc.days.iter().copied().max().filter(|&day| day >= this_week);
        return match newest {
            Some(day) if wanted.protect_week && why != Why::Full => append(disc, Why::HoldsThisWeek(day)),
            _ if disc.rewritable => Ok(Decision::NewDisc { wipe: true, why }),
            _ => Err(Refusal::NotBlank { why }),
        };
    }
    append(disc, why)
}

fn append(disc: &OnDisc, why: Why) -> Result<Decision, Refusal> {
    match disc.state {
        DiscState::Empty | DiscState::Appendable => Ok(Decision::Append { why }),
        DiscState::Closed => Err(Refusal::Closed),
        DiscState::Unreadable => Err(Refusal::Unreadable),
    }
}

/// Cedar's rule, with its formula in doubles and equality on the side of blanking.
#[allow(clippy::cast_precision_loss, reason = "Cedar's formula is in doubles; a disc's bytes fit 53 bits")]
fn new_disc_due(wanted: &Wanted, available_bytes: u64) -> (bool, Why) {
    let starts_week = wanted.day.weekday() == wanted.starting_day;
    if wanted.full {
        return (true, Why::Full);
    }
    let Some(behavior) = &wanted.blank_behavior else {
        return if starts_week { (true, Why::StartOfWeek) } else { (false, Why::WithinWeek) };
    };
    if behavior.mode == BlankMode::Weekly && !starts_week {
        return (false, Why::WithinWeek);
    }
    let factor = behavior.factor;
    let ratio = available_bytes as f64 / (1.0 + wanted.required_bytes as f64);
    if ratio <= factor { (true, Why::Formula { ratio, factor }) } else { (false, Why::EnoughRoom { ratio, factor }) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn wanted(day: Date) -> Wanted {
        Wanted {
            day,
            full: false,
            starting_day: Weekday::Monday,
            blank_behavior: None,
            required_bytes: 99,
            protect_week: true,
        }
    }

    fn behavior(mode: BlankMode, factor: f64) -> Option<BlankBehavior> {
        Some(BlankBehavior { mode, factor, factor_text: factor.to_string() })
    }

    fn disc(state: DiscState, days: &[Date]) -> OnDisc {
        OnDisc { state, rewritable: true, days: days.to_vec(), available_bytes: 131 }
    }

    const MONDAY: Date = date(2026, 11, 16);
    const TUESDAY: Date = date(2026, 11, 17);
    const LAST_FRIDAY: Date = date(2026, 11, 13);

    #[test]
    fn a_week_begins_on_its_starting_day_across_months_and_years() {
        assert_eq!(week_of(MONDAY, Weekday::Monday), MONDAY);
        assert_eq!(week_of(date(2026, 11, 22), Weekday::Monday), MONDAY);
        assert_eq!(week_of(MONDAY, Weekday::Tuesday), date(2026, 11, 10));
        assert_eq!(week_of(date(2027, 1, 2), Weekday::Wednesday), date(2026, 12, 30));
    }

    /// The table of Cedar's specification: full, start of week, section, available and required, factor, new disc?
    #[test]
    fn a_new_disc_is_due_exactly_when_cedar_says_so() {
        let weekly = |factor| behavior(BlankMode::Weekly, factor);
        let daily = |factor| behavior(BlankMode::Daily, factor);
        for (full, day, section, available, required, due) in [
            (true, TUESDAY, None, 0, 0, true),
            (true, TUESDAY, weekly(0.0), 1000, 0, true),
            (false, MONDAY, None, 1000, 0, true),
            (false, TUESDAY, None, 0, 1000, false),
            (false, MONDAY, weekly(1.3), 130, 99, true),
            (false, MONDAY, weekly(1.3), 131, 99, false),
            (false, TUESDAY, weekly(1.3), 0, 99, false),
            (false, TUESDAY, daily(0.0), 0, 99, true),
            (false, TUESDAY, daily(1.3), 131, 99, false),
            (false, TUESDAY, daily(f64::NAN), 0, 99, false),
            (false, TUESDAY, daily(f64::INFINITY), 1000, 0, true),
        ] {
            let wanted = Wanted { full, blank_behavior: section.clone(), required_bytes: required, ..wanted(day) };
            let (is_due, why) = new_disc_due(&wanted, available);
            assert_eq!(is_due, due, "full {full}, {day}, {section:?}, {available}, {required}: {why}");
        }
    }

    #[test]
    fn an_empty_disc_is_begun_on_any_day() {
        for day in [MONDAY, TUESDAY] {
            let decision = decide(&wanted(day), &disc(DiscState::Empty, &[])).unwrap();
            assert!(matches!(decision, Decision::NewDisc { wipe: false, .. }));
        }
    }

    #[test]
    fn last_weeks_disc_is_wiped_on_the_starting_day_only() {
        let last_week = disc(DiscState::Appendable, &[LAST_FRIDAY]);
        let decision = decide(&wanted(MONDAY), &last_week).unwrap();
        assert_eq!(decision, Decision::NewDisc { wipe: true, why: Why::StartOfWeek });
        assert_eq!(decide(&wanted(TUESDAY), &last_week).unwrap(), Decision::Append { why: Why::WithinWeek });
    }

    #[test]
    fn sundays_directory_stored_after_midnight_leaves_last_weeks_disc_alone() {
        let sunday = date(2026, 11, 15);
        let last_week = disc(DiscState::Appendable, &[LAST_FRIDAY]);
        assert_eq!(decide(&wanted(sunday), &last_week).unwrap(), Decision::Append { why: Why::WithinWeek });
    }

    #[test]
    fn a_disc_with_this_weeks_days_is_appended_to_although_a_new_one_is_due() {
        let this_week = disc(DiscState::Appendable, &[LAST_FRIDAY, MONDAY]);
        let decision = decide(&wanted(MONDAY), &this_week).unwrap();
        assert_eq!(decision, Decision::Append { why: Why::HoldsThisWeek(MONDAY) });
        let unprotected = Wanted { protect_week: false, ..wanted(MONDAY) };
        assert_eq!(decide(&unprotected, &this_week).unwrap(), Decision::NewDisc { wipe: true, why: Why::StartOfWeek });
        let full = Wanted { full: true, ..wanted(MONDAY) };
        assert_eq!(decide(&full, &this_week).unwrap(), Decision::NewDisc { wipe: true, why: Why::Full });
    }

    #[test]
    fn a_write_once_disc_that_is_not_blank_is_refused_where_a_new_one_is_due() {
        let used = OnDisc { rewritable: false, ..disc(DiscState::Appendable, &[LAST_FRIDAY]) };
        assert_eq!(decide(&wanted(MONDAY), &used), Err(Refusal::NotBlank { why: Why::StartOfWeek }));
        assert!(decide(&wanted(TUESDAY), &used).is_ok());
    }

    #[test]
    fn a_closed_disc_is_wiped_when_due_and_refused_otherwise() {
        assert_eq!(decide(&wanted(TUESDAY), &disc(DiscState::Closed, &[])), Err(Refusal::Closed));
        let due = decide(&wanted(MONDAY), &disc(DiscState::Closed, &[]));
        assert!(matches!(due, Ok(Decision::NewDisc { wipe: true, .. })));
    }

    #[test]
    fn what_can_not_be_read_is_wiped_only_when_full_asks_for_it() {
        let unreadable = disc(DiscState::Unreadable, &[]);
        for day in [MONDAY, TUESDAY] {
            let daily = Wanted { blank_behavior: behavior(BlankMode::Daily, 1e9), ..wanted(day) };
            assert_eq!(decide(&daily, &unreadable), Err(Refusal::Unreadable));
            assert_eq!(decide(&wanted(day), &unreadable), Err(Refusal::Unreadable));
            let full = Wanted { full: true, ..wanted(day) };
            assert_eq!(decide(&full, &unreadable), Ok(Decision::NewDisc { wipe: true, why: Why::Full }));
        }
    }

    fn any_day() -> impl Strategy<Value = Date> {
        (0i64..3000).prop_map(|days| date(2024, 1, 1) + jiff::Span::new().days(days))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn without_full_no_disc_with_a_day_of_this_week_or_later_is_ever_wiped(
            day in any_day(),
            days in proptest::collection::vec(any_day(), 0..8),
            start in 0usize..7,
            mode in proptest::option::of((any::<bool>(), 0.0..10.0f64)),
            available in 0u64..5_000_000_000,
            required in 0u64..5_000_000_000,
            state in 0usize..4,
            rewritable in any::<bool>(),
        ) {
            let starting_day = Weekday::Monday.wrapping_add(i64::try_from(start).unwrap());
            let blank_behavior =
                mode.and_then(|(daily, factor)| behavior(if daily { BlankMode::Daily } else { BlankMode::Weekly }, factor));
            let state = [DiscState::Empty, DiscState::Appendable, DiscState::Closed, DiscState::Unreadable][state];
            let days = if state == DiscState::Empty { Vec::new() } else { days };
            let wanted =
                Wanted { day, full: false, starting_day, blank_behavior, required_bytes: required, protect_week: true };
            let disc = OnDisc { state, rewritable, days: days.clone(), available_bytes: available };
            if let Ok(Decision::NewDisc { wipe: true, .. }) = decide(&wanted, &disc) {
                prop_assert!(rewritable && state != DiscState::Unreadable);
                prop_assert!(days.iter().all(|&held| held < week_of(day, starting_day)));
            }
        }
    }
}
