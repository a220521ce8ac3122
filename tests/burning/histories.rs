//! Promised: after any history of days stored, days changed and stored again, discs started anew, blanked by hand and finalised, and runs cut
//! off, a disc shows exactly the days that were committed to it, with the content they had then. `PROPTEST_CASES=500` tries more of them. A
//! run that was cut off has done its work or not; there is nothing in between, but that a disc that was being started anew may be empty.

use cedarburn::actions::ActionError;
use cedarburn::actions::policy::{Decision, Refusal};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use proptest::prelude::*;

use super::workshop::{Days, Kind, TUESDAY, Workshop, for_every_kind, tell};

#[derive(Debug, Clone)]
enum Step {
    /// So many days later the next day is stored.
    Day(i64),
    /// The last day changes and is stored again.
    Again,
    /// `--full`.
    Full(i64),
    /// `--finalize`.
    Last(i64),
    /// Like `Day` or `Last`, and power goes at the nth command with this code.
    Cut { later: i64, last: bool, code: u8, nth: u32 },
    /// The disc is blanked by hand, every sector or what is needed.
    Blank { full: bool },
}

fn step() -> impl Strategy<Value = Step> {
    // TEST UNIT READY, READ, WRITE, SYNCHRONIZE CACHE, READ DISC INFORMATION, CLOSE, PREVENT ALLOW, BLANK, FORMAT UNIT, MODE SELECT
    let code = prop::sample::select(vec![0x00, 0x28, 0x2a, 0x2a, 0x2a, 0x35, 0x51, 0x5b, 0x5b, 0x1e, 0xa1, 0x04, 0x55]);
    prop_oneof![
        6 => (1_i64..3).prop_map(Step::Day),
        2 => Just(Step::Again),
        2 => (1_i64..3).prop_map(Step::Full),
        1 => (1_i64..3).prop_map(Step::Last),
        6 => (1_i64..3, prop::bool::weighted(0.1), code, 1_u32..12)
            .prop_map(|(later, last, code, nth)| Step::Cut { later, last, code, nth }),
        1 => any::<bool>().prop_map(|full| Step::Blank { full }),
    ]
}

/// What a disc may show, and whether anything can follow.
#[derive(Debug)]
struct Model {
    kind: Kind,
    today: Date,
    shown: Days,
    /// A run that was cut off between its last sector and the closing leaves a whole session that nobody sees until the next run closes it.
    unseen: Vec<Days>,
    /// The disc has nothing that could be closed.
    is_overwritable: bool,
    /// The disc may be closed for ever.
    may_be_closed: bool,
}

impl Model {
    fn may_show(&self) -> Vec<Days> {
        std::iter::once(self.shown.clone()).chain(self.unseen.clone()).collect()
    }

    fn blank(&mut self, workshop: &Workshop, full: bool) -> Result<(), TestCaseError> {
        let outcome = workshop.blank(full);
        let found = workshop.shown().map_err(TestCaseError::fail)?;
        if self.kind.is_rewritable() {
            prop_assert!(outcome.is_ok(), "{}", tell(&outcome.unwrap_err()));
            prop_assert!(found.is_empty(), "shows {:?}", found.keys());
            self.unseen.clear();
            self.may_be_closed = false;
            // Restricted overwrite ends with it: the disc is sequential from then on.
            self.is_overwritable &= !(full && self.kind == Kind::DvdRwOverwrite);
        } else {
            prop_assert!(outcome.is_err() || found.is_empty());
            prop_assert!(self.may_show().contains(&found), "shows {:?}", found.keys());
        }
        self.shown = found;
        Ok(())
    }

    fn store(&mut self, workshop: &Workshop, number: usize, step: &Step) -> Result<(), TestCaseError> {
        let (later, full, last, fault) = match step {
            Step::Day(later) => (*later, false, false, String::new()),
            Step::Again | Step::Blank { .. } => (0, false, false, String::new()),
            Step::Full(later) => (*later, true, false, String::new()),
            Step::Last(later) => (*later, false, true, String::new()),
            Step::Cut { later, last, code, nth } => {
                (*later, false, *last, format!(",fault={code:02x}#{nth}:power-cut"))
            }
        };
        self.today = self.today.checked_add(later.days()).unwrap();
        let files = workshop.stage(self.today, u8::try_from(number).unwrap());
        let alone = Days::from([(self.today, files)]);
        let before = self.may_show();
        let with_today: Vec<Days> = before
            .iter()
            .map(|days| days.iter().chain(&alone).map(|(day, files)| (*day, files.clone())).collect())
            .collect();
        let new_disc_may_be_due =
            full || (self.today.weekday() == Weekday::Monday && !self.shown.contains_key(&self.today));

        let outcome = match (full, last) {
            (true, _) => workshop.store_full(self.today, &fault),
            (_, true) => workshop.store_finally(self.today, &fault),
            _ => workshop.store(self.today, &fault),
        };
        // What was mended before the refusal is no part of it: it may have brought a whole session to light.
        let outcome = outcome.map_err(|error| match error {
            ActionError::Prepared { error, .. } => *error,
            error => error,
        });
        let found = workshop.shown().map_err(|error| TestCaseError::fail(format!("{step:?}: {error}")))?;
        self.unseen = before.clone();
        match outcome {
            Ok(report) => {
                let anew = matches!(report.decision, Decision::NewDisc { .. });
                prop_assert!(!anew || new_disc_may_be_due || self.shown.is_empty(), "{step:?}: a week was wiped");
                let is_right = if anew { found == alone } else { with_today.contains(&found) };
                prop_assert!(is_right, "{:?} left {:?}", step, found.keys());
                self.unseen.clear();
                self.may_be_closed = last && !self.is_overwritable;
            }
            Err(ActionError::Refused(Refusal::NotBlank { .. })) => {
                prop_assert!(!self.kind.is_rewritable() && new_disc_may_be_due);
                prop_assert!(before.contains(&found), "{:?} left {:?}", step, found.keys());
            }
            Err(ActionError::Refused(Refusal::Closed { .. })) => {
                prop_assert!(self.may_be_closed, "{step:?}: the disc is closed and nobody closed it");
                prop_assert!(before.contains(&found), "{:?} left {:?}", step, found.keys());
            }
            Err(error) => {
                prop_assert!(workshop.met_power_cut(), "{:?} failed: {}", step, tell(&error));
                let wiped = new_disc_may_be_due && (found.is_empty() || found == alone);
                let is_right = before.contains(&found) || with_today.contains(&found) || wiped;
                prop_assert!(is_right, "{:?} left {:?}", step, found.keys());
                self.unseen.extend(with_today);
                if new_disc_may_be_due {
                    self.unseen.push(alone);
                }
                self.may_be_closed |= last;
            }
        }
        self.shown = found;
        Ok(())
    }
}

fn run(kind: Kind, steps: &[Step]) -> Result<(), TestCaseError> {
    let workshop = Workshop::new(kind);
    let mut model = Model {
        kind,
        today: TUESDAY,
        shown: Days::new(),
        unseen: Vec::new(),
        is_overwritable: kind.is_overwritable(),
        may_be_closed: false,
    };
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Blank { full } => model.blank(&workshop, *full)?,
            _ => model.store(&workshop, number, step)?,
        }
    }
    Ok(())
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

for_every_kind! {
    fn a_disc_shows_what_was_committed_to_it(kind) {
        proptest!(config(), |(steps in prop::collection::vec(step(), 1..8))| run(kind, &steps)?);
    }
}
