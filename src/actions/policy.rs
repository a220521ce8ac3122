//! New disc or append? The decision as a pure function of what is known before anything is touched.
//!
//! Cedar's rules (its manual, chapter on optimized blanking) with corrections:
//!
//! * The start of the week is judged by the *day that is stored*, not by the day of the run. Cedar, run at ten past midnight
//!   on the starting day with yesterday's directory, wipes last week's finished disc.
//! * What can't be read is not started anew, whatever is due, unless `--full` asks for it: nobody knows what would be lost. Cedar takes
//!   it for empty.
//! * A disc that `protect` protects is not started anew unless `--full` asks for it: appended to instead.
//!
//! # What `protect` protects
//!
//! | `protect` | a disc on which a new one is due is appended to instead where it shows |
//! |---|---|
//! | `week`, the default | a day of the same week as the day to be stored, or of a later one |
//! | `strict` | that, or a day that is nowhere else, or a file that is no day's |
//! | `off` | nothing: Cedar's rule |
//!
//! `week` is against accidents: a run that is repeated, days stored in another order, a midnight, a clock set back. Cedar, run twice on
//! the starting day, wipes what the first run stored. (A clock that runs ahead when the day is staged begins a week of its own, and to the
//! dates of the days that week is the newest: only `strict` is proof against that.) A disc of an earlier week is started anew whether or not its days are anywhere
//! else, because that is what whoever set up a week of discs wants: `cback3 purge` takes a day out of staging after some days, often
//! fewer than a disc is away. If the default asked for another copy, such a box would never start a disc anew: it would append until a
//! day does not fit in the middle of a week, and then do nothing until somebody comes. What goes with a disc is told beforehand, and
//! which of it is nowhere else.
//!
//! `strict` is for those who would rather have a run refused than a day lost, and keep their staging directories long enough: a week for one
//! disc, as many weeks as there are discs where they take turns. What counts as another copy stands in [`copies`](super::copies). A
//! file that is no day's has none.
//!
//! What can't be written over is not protected: where a new disc is due, a write-once one that is not blank is refused, and a blank one asked
//! for, unless it holds this week.
//!
//! # Several days at once
//!
//! Days that were missed go on the disc in one session, and so they are decided on together: a new disc is due if it is for any of them, and
//! a disc of the week of the oldest, or of a later one, is appended to. Judged by the newest alone, a Monday would wipe the week that the
//! Saturday before it belongs to.
//!
//! # A disc of its own
//!
//! *rebuild*, *initialize* and *span* never append ([`Purpose::needs_own_disc`]): what `protect` protects is refused there. What a *rebuild* is
//! about to write is no loss to `week`: the days that it has in staging take their own place. `strict` asks whether the disc has more of them
//! than staging, where a part may have been purged.

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::civil::{Date, Weekday};

use crate::config::{BlankBehavior, BlankMode, Protect};

/// What is on the medium, as far as the decision needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct OnDisc {
    /// What could be done with it.
    pub state: DiscState,
    /// It can be made empty.
    pub rewritable: bool,
    /// The days its newest tree shows.
    pub days: Vec<Date>,
    /// Those of them that are nowhere else. All of them until somebody has looked.
    pub only_here: Vec<Date>,
    /// Its newest tree shows a file that is no day's.
    pub has_others: bool,
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

/// Which action asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// *store*: behind the days before, where no new disc is due.
    Store,
    /// *rebuild*: this week's disc once more, from staging.
    Rebuild,
    /// *initialize*: a disc with a label and nothing else.
    Initialize,
    /// *span*: one disc of several.
    Span,
}

impl Purpose {
    /// Whether nothing else may stand on the disc.
    #[must_use]
    pub fn needs_own_disc(self) -> bool {
        self != Purpose::Store
    }

    /// The action's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Purpose::Store => "store",
            Purpose::Rebuild => "rebuild",
            Purpose::Initialize => "initialize",
            Purpose::Span => "span",
        }
    }
}

/// What the decision is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which action asks.
    pub purpose: Purpose,
    /// The days to be stored together; for *initialize*, which stores none, the day it is.
    pub days: Vec<Date>,
    /// `--full`.
    pub full: bool,
    /// What is on the disc is a failed attempt of the very same, and nothing else: it is no loss.
    pub replaces: bool,
    /// First day of the week.
    pub starting_day: Weekday,
    /// `blank_behavior`, if configured.
    pub blank_behavior: Option<BlankBehavior>,
    /// Bytes of a disc with nothing but these days.
    pub required_bytes: u64,
    /// What is started anew only by `--full`.
    pub protect: Protect,
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
    /// The action writes on nothing else.
    OwnDisc(Purpose),
    /// A day is the first of its week.
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
    /// A new disc was due, but this one holds this day of the same week or a later one.
    HoldsThisWeek(Date),
    /// A new disc was due, but this one holds what is nowhere else.
    OnlyHere {
        /// The oldest day that is not.
        day: Date,
        /// How many more there are.
        more: usize,
    },
    /// A new disc was due, but this one holds files that are no day's.
    HoldsOthers,
    /// Nothing can follow on it, and it holds the day.
    HoldsTheDay,
}

impl Eq for Why {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::HoldsTheDay => f.write_str("the disc is closed and holds the day"),
            Why::Full => f.write_str("a full store was asked for"),
            Why::OwnDisc(purpose) => write!(f, "{} needs a disc of its own", purpose.word()),
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
            Why::OnlyHere { day, more: 0 } => {
                write!(f, "a new disc is due, but this one holds {day}, which is nowhere else")
            }
            Why::OnlyHere { day, more: 1 } => {
                write!(f, "a new disc is due, but this one holds {day} and another day that are nowhere else")
            }
            Why::OnlyHere { day, more } => {
                write!(f, "a new disc is due, but this one holds {day} and {more} more days that are nowhere else")
            }
            Why::HoldsOthers => f.write_str("a new disc is due, but this one holds files that are no day's"),
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
    /// Rewritable, and it holds what is not wiped unless `--full` asks for it.
    #[error("{why}")]
    Protected {
        /// What it holds.
        why: Why,
    },
    /// Closed for ever.
    #[error("the disc in the drive is closed, no session can follow, and it is not to be started anew: {why}")]
    Closed {
        /// Why it is not started anew.
        why: Why,
    },
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
    if !new_disc {
        return append(disc, why);
    }
    let keep = |kept| match wanted.purpose.needs_own_disc() {
        true => Err(if disc.rewritable { Refusal::Protected { why: kept } } else { Refusal::NotBlank { why } }),
        false => append(disc, kept),
    };
    let protect = if wanted.full || wanted.replaces { Protect::Off } else { wanted.protect };
    if let Some(kept) = holds_this_week(wanted, disc).filter(|_| protect != Protect::Off) {
        return keep(kept);
    }
    if !disc.rewritable {
        return Err(Refusal::NotBlank { why });
    }
    if let Some(kept) = holds_what_is_nowhere_else(disc).filter(|_| protect == Protect::Strict) {
        return keep(kept);
    }
    Ok(Decision::NewDisc { wipe: true, why })
}

/// Whether the disc is wiped if everything on it is somewhere else: only then is it worth while to look whether it is.
#[must_use]
pub fn is_at_stake(wanted: &Wanted, disc: &OnDisc) -> bool {
    let copied = OnDisc { only_here: Vec::new(), has_others: false, ..disc.clone() };
    matches!(decide(wanted, &copied), Ok(Decision::NewDisc { wipe: true, .. }))
}

impl Wanted {
    /// Of these days, those that go with the disc: a day that is written again takes its own place.
    fn lost(&self, days: &[Date]) -> impl Iterator<Item = Date> {
        let is_written_again = |day: &Date| self.purpose == Purpose::Rebuild && self.days.contains(day);
        days.iter().copied().filter(move |day| !is_written_again(day))
    }
}

fn holds_this_week(wanted: &Wanted, disc: &OnDisc) -> Option<Why> {
    let this_week = week_of(wanted.days.iter().copied().min()?, wanted.starting_day);
    let newest = wanted.lost(&disc.days).max()?;
    (newest >= this_week).then_some(Why::HoldsThisWeek(newest))
}

/// Of a day that is written again, too: what staging has of it by now may be less than what the disc has.
fn holds_what_is_nowhere_else(disc: &OnDisc) -> Option<Why> {
    match disc.only_here.iter().min() {
        Some(&day) => Some(Why::OnlyHere { day, more: disc.only_here.len() - 1 }),
        None => disc.has_others.then_some(Why::HoldsOthers),
    }
}

fn append(disc: &OnDisc, why: Why) -> Result<Decision, Refusal> {
    match disc.state {
        DiscState::Empty | DiscState::Appendable => Ok(Decision::Append { why }),
        DiscState::Closed => Err(Refusal::Closed { why }),
        DiscState::Unreadable => Err(Refusal::Unreadable),
    }
}

/// Cedar's rule, with its formula in doubles and equality on the side of blanking.
#[allow(clippy::cast_precision_loss, reason = "Cedar's formula is in doubles; a disc's bytes fit 53 bits")]
fn new_disc_due(wanted: &Wanted, available_bytes: u64) -> (bool, Why) {
    let starts_week = wanted.days.iter().any(|day| day.weekday() == wanted.starting_day);
    if wanted.full {
        return (true, Why::Full);
    }
    if wanted.purpose.needs_own_disc() {
        return (true, Why::OwnDisc(wanted.purpose));
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
