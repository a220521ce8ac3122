//! Promised: after any history of days stored, days changed and stored again, discs started anew and runs cut off, a disc shows
//! exactly the days that were committed to it, with the content they had then. `PROPTEST_CASES=500` tries more of them. A run that was cut off has done its work or
//! not; there is nothing in between, but that a disc that was being started anew may be empty.

use cedarburn::actions::ActionError;
use cedarburn::actions::policy::{Decision, Refusal};
use cedarburn::scsi::sim::Medium;
use jiff::ToSpan;
use jiff::civil::Weekday;
use proptest::prelude::*;

use super::workshop::{Days, MEDIA, TUESDAY, Workshop, tell};

#[derive(Debug, Clone)]
enum Step {
    /// So many days later the next day is stored.
    Day(i64),
    /// The last day changes and is stored again.
    Again,
    /// `--full`.
    Full(i64),
    /// Like `Day`, and power goes at the nth command with this code.
    Cut(i64, u8, u32),
}

fn step() -> impl Strategy<Value = Step> {
    // TEST UNIT READY, READ, WRITE, SYNCHRONIZE CACHE, READ DISC INFORMATION, CLOSE, PREVENT ALLOW, BLANK, MODE SELECT
    let code = prop::sample::select(vec![0x00, 0x28, 0x2a, 0x2a, 0x2a, 0x35, 0x51, 0x5b, 0x5b, 0x1e, 0xa1, 0x55]);
    prop_oneof![
        3 => (1_i64..3).prop_map(Step::Day),
        1 => Just(Step::Again),
        1 => (1_i64..3).prop_map(Step::Full),
        3 => (1_i64..3, code, 1_u32..12).prop_map(|(later, code, nth)| Step::Cut(later, code, nth)),
    ]
}

fn run(medium: Medium, steps: &[Step]) -> Result<(), TestCaseError> {
    let workshop = Workshop::new(medium);
    let mut today = TUESDAY;
    // What the disc may show before the next step. It is one thing, unless the last run was cut off between its last sector and the closing:
    // then there is a whole session that nobody sees until the next run closes it.
    let mut shown = Days::new();
    let mut unseen: Vec<Days> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let (later, full, fault) = match step {
            Step::Day(later) => (*later, false, String::new()),
            Step::Again => (0, false, String::new()),
            Step::Full(later) => (*later, true, String::new()),
            Step::Cut(later, code, nth) => (*later, false, format!(",fault={code:02x}#{nth}:power-cut")),
        };
        today = today.checked_add(later.days()).unwrap();
        let files = workshop.stage(today, u8::try_from(number).unwrap());
        let alone = Days::from([(today, files.clone())]);
        let before: Vec<Days> = std::iter::once(shown.clone()).chain(unseen.clone()).collect();
        let with_today: Vec<Days> = before
            .iter()
            .map(|days| days.iter().chain(&alone).map(|(day, files)| (*day, files.clone())).collect())
            .collect();
        let new_disc_may_be_due = full || (today.weekday() == Weekday::Monday && !shown.contains_key(&today));

        let outcome = if full { workshop.store_full(today, &fault) } else { workshop.store(today, &fault) };
        let found = workshop.shown().map_err(|error| TestCaseError::fail(format!("{step:?}: {error}")))?;
        unseen = before.clone();
        match outcome {
            Ok(report) => {
                let anew = matches!(report.decision, Decision::NewDisc { .. });
                prop_assert!(!anew || new_disc_may_be_due || shown.is_empty(), "{step:?}: a week was wiped");
                let is_right = if anew { found == alone } else { with_today.contains(&found) };
                prop_assert!(is_right, "{:?} left {:?}", step, found.keys());
                unseen.clear();
            }
            Err(ActionError::Refused(Refusal::NotBlank { .. })) => {
                prop_assert!(medium == Medium::CdR80 && new_disc_may_be_due);
                prop_assert!(before.contains(&found), "{:?} left {:?}", step, found.keys());
            }
            Err(error) => {
                prop_assert!(!fault.is_empty(), "{:?} failed: {}", step, tell(&error));
                let wiped = new_disc_may_be_due && (found.is_empty() || found == alone);
                let is_right = before.contains(&found) || with_today.contains(&found) || wiped;
                prop_assert!(is_right, "{:?} left {:?}", step, found.keys());
                unseen.extend(with_today);
            }
        }
        shown = found;
    }
    Ok(())
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_cd_r_shows_what_was_committed_to_it(steps in prop::collection::vec(step(), 1..8)) {
        run(MEDIA[0], &steps)?;
    }

    #[test]
    fn a_cd_rw_shows_what_was_committed_to_it(steps in prop::collection::vec(step(), 1..8)) {
        run(MEDIA[1], &steps)?;
    }

    #[test]
    fn a_dvd_plus_rw_shows_what_was_committed_to_it(steps in prop::collection::vec(step(), 1..8)) {
        run(MEDIA[2], &steps)?;
    }
}
