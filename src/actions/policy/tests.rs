//! The rules by example, and all of them at once.

use jiff::civil::date;

use super::*;

fn wanted(day: Date) -> Wanted {
    Wanted {
        purpose: Purpose::Store,
        days: vec![day],
        full: false,
        replaces: false,
        starting_day: Weekday::Monday,
        blank_behavior: None,
        required_bytes: 99,
        protect: Protect::Week,
    }
}

fn behavior(mode: BlankMode, factor: f64) -> Option<BlankBehavior> {
    Some(BlankBehavior { mode, factor, factor_text: factor.to_string() })
}

fn disc(state: DiscState, days: &[Date]) -> OnDisc {
    OnDisc {
        state,
        rewritable: true,
        days: days.to_vec(),
        only_here: days.to_vec(),
        has_others: false,
        available_bytes: 131,
    }
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
    let unprotected = Wanted { protect: Protect::Off, ..wanted(MONDAY) };
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
    assert_eq!(decide(&wanted(TUESDAY), &disc(DiscState::Closed, &[])), Err(Refusal::Closed { why: Why::WithinWeek }));
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

/// Every combination that there is, by the first row that fits it; `*` is anything.
const TABLE: &str = "
    protect full due state      medium shows   | decision
    *       *    *   empty      *      *       | new disc
    *       no   *   unreadable *      *       | refused: unreadable
    *       yes  *   *          rw     *       | wiped: full
    *       yes  *   *          once   *       | refused: not blank
    *       no   no  open       *      *       | append: the week goes on
    *       no   no  closed     *      *       | refused: closed, the week goes on
    off     no   yes *          once   *       | refused: not blank
    off     no   yes *          rw     *       | wiped: due
    *       no   yes open       *      week    | append: this week
    *       no   yes open       *      later   | append: this week
    *       no   yes closed     *      week    | refused: closed, this week
    *       no   yes closed     *      later   | refused: closed, this week
    *       no   yes *          once   *       | refused: not blank
    strict  no   yes open       *      alone   | append: only here
    strict  no   yes closed     *      alone   | refused: closed, only here
    strict  no   yes open       *      others  | append: others
    strict  no   yes closed     *      others  | refused: closed, others
    *       no   yes *          *      *       | wiped: due
";

fn word(decided: &Result<Decision, Refusal>) -> String {
    let why = |why: &Why| match why {
        Why::Full => "full",
        Why::StartOfWeek | Why::Formula { .. } | Why::OwnDisc(_) => "due",
        Why::WithinWeek => "the week goes on",
        Why::HoldsThisWeek(_) => "this week",
        Why::OnlyHere { .. } => "only here",
        Why::HoldsOthers => "others",
        _ => "another reason",
    };
    match decided {
        Ok(Decision::NewDisc { wipe: false, .. }) => "new disc".to_owned(),
        Ok(Decision::NewDisc { wipe: true, why: w }) => format!("wiped: {}", why(w)),
        Ok(Decision::Append { why: w }) => format!("append: {}", why(w)),
        Err(Refusal::NotBlank { .. }) => "refused: not blank".to_owned(),
        Err(Refusal::Closed { why: w }) => format!("refused: closed, {}", why(w)),
        Err(Refusal::Protected { why: w }) => format!("refused: protected, {}", why(w)),
        Err(Refusal::Unreadable) => "refused: unreadable".to_owned(),
    }
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let rows: Vec<(Vec<&str>, &str)> = TABLE
        .lines()
        .filter_map(|line| line.split_once('|'))
        .skip(1)
        .map(|(when, then)| (when.split_whitespace().collect(), then.trim()))
        .collect();
    let mut used = vec![0; rows.len()];
    let (next_tuesday, last_thursday) = (date(2026, 11, 24), date(2026, 11, 12));
    for (protect, protect_word) in [(Protect::Strict, "strict"), (Protect::Week, "week"), (Protect::Off, "off")] {
        for (full, full_word) in [(false, "no"), (true, "yes")] {
            for (day, always, due) in [(MONDAY, false, "yes"), (TUESDAY, false, "no"), (TUESDAY, true, "yes")] {
                let blank_behavior = always.then(|| behavior(BlankMode::Daily, f64::INFINITY).unwrap());
                for (state, state_word) in [
                    (DiscState::Empty, "empty"),
                    (DiscState::Appendable, "open"),
                    (DiscState::Closed, "closed"),
                    (DiscState::Unreadable, "unreadable"),
                ] {
                    for (rewritable, medium) in [(true, "rw"), (false, "once")] {
                        for (days, only_here, others, shows) in [
                            (vec![], vec![], false, "nothing"),
                            (vec![LAST_FRIDAY, last_thursday], vec![], false, "copied"),
                            (vec![last_thursday, LAST_FRIDAY], vec![last_thursday], false, "alone"),
                            (vec![LAST_FRIDAY], vec![LAST_FRIDAY], true, "alone"),
                            (vec![], vec![], true, "others"),
                            (vec![LAST_FRIDAY], vec![], true, "others"),
                            (vec![MONDAY, LAST_FRIDAY], vec![], false, "week"),
                            (vec![LAST_FRIDAY, TUESDAY], vec![LAST_FRIDAY], true, "week"),
                            (vec![last_thursday, next_tuesday, LAST_FRIDAY], vec![], false, "later"),
                        ] {
                            let wanted =
                                Wanted { full, protect, blank_behavior: blank_behavior.clone(), ..wanted(day) };
                            let disc = OnDisc { rewritable, only_here, has_others: others, ..disc(state, &days) };
                            let case = [protect_word, full_word, due, state_word, medium, shows];
                            let fits =
                                |row: &[&str]| row.iter().zip(case).all(|(cell, is)| *cell == "*" || *cell == is);
                            let row = rows.iter().position(|(when, _)| fits(when)).expect("a row for everything");
                            used[row] += 1;
                            let decided = decide(&wanted, &disc);
                            assert_eq!(word(&decided), rows[row].1, "{case:?}");
                            let is_wiped = matches!(decided, Ok(Decision::NewDisc { wipe: true, .. }));
                            assert!(!is_wiped || is_at_stake(&wanted, &disc), "{case:?}: nobody looks at what goes");
                        }
                    }
                }
            }
        }
    }
    assert!(used.iter().all(|&cases| cases > 0), "a row that decides nothing: {used:?}");
}

#[test]
fn what_keeps_a_disc_is_told_with_the_oldest_day_and_the_number_of_the_others() {
    let strict = Wanted { protect: Protect::Strict, ..wanted(MONDAY) };
    let last_week = disc(DiscState::Appendable, &[LAST_FRIDAY, date(2026, 11, 10), date(2026, 11, 9)]);
    let told = |disc: &OnDisc| match decide(&strict, disc).unwrap() {
        Decision::Append { why } | Decision::NewDisc { why, .. } => why.to_string(),
    };
    assert_eq!(
        told(&last_week),
        "a new disc is due, but this one holds 2026-11-09 and 2 more days that are nowhere else"
    );
    let one = OnDisc { only_here: vec![LAST_FRIDAY], ..last_week.clone() };
    assert_eq!(told(&one), "a new disc is due, but this one holds 2026-11-13, which is nowhere else");
    let others = OnDisc { only_here: Vec::new(), has_others: true, ..last_week };
    assert_eq!(told(&others), "a new disc is due, but this one holds files that are no day's");
    let closed = OnDisc { state: DiscState::Closed, ..one };
    assert_eq!(
        decide(&strict, &closed).unwrap_err().to_string(),
        "the disc in the drive is closed, no session can follow, and it is not to be started anew: \
         a new disc is due, but this one holds 2026-11-13, which is nowhere else"
    );
}

/// Missed days go together: Saturday, Sunday and the Monday that begins the next week.
#[test]
fn several_days_are_decided_on_by_the_oldest_of_them() {
    let (saturday, sunday) = (date(2026, 11, 14), date(2026, 11, 15));
    let several = |days: &[Date]| Wanted { days: days.to_vec(), ..wanted(MONDAY) };
    let last_week = disc(DiscState::Appendable, &[LAST_FRIDAY]);
    let all = decide(&several(&[saturday, sunday, MONDAY]), &last_week);
    assert_eq!(all, Ok(Decision::Append { why: Why::HoldsThisWeek(LAST_FRIDAY) }), "the week of the oldest");
    let older = disc(DiscState::Appendable, &[date(2026, 11, 8)]);
    let all = decide(&several(&[saturday, sunday, MONDAY]), &older);
    assert_eq!(all, Ok(Decision::NewDisc { wipe: true, why: Why::StartOfWeek }), "due for one of them");
    let missed = decide(&several(&[MONDAY, TUESDAY]), &last_week);
    assert_eq!(missed, Ok(Decision::NewDisc { wipe: true, why: Why::StartOfWeek }), "a starting day that was missed");
}

#[test]
fn what_needs_a_disc_of_its_own_is_never_appended_and_wipes_what_nothing_protects() {
    for purpose in [Purpose::Rebuild, Purpose::Initialize, Purpose::Span] {
        let own = Wanted { purpose, ..wanted(TUESDAY) };
        let why = Why::OwnDisc(purpose);
        let empty = decide(&own, &disc(DiscState::Empty, &[]));
        assert_eq!(empty, Ok(Decision::NewDisc { wipe: false, why }));
        for state in [DiscState::Appendable, DiscState::Closed] {
            let last_week = disc(state, &[LAST_FRIDAY]);
            assert_eq!(decide(&own, &last_week), Ok(Decision::NewDisc { wipe: true, why }));
            let strict = Wanted { protect: Protect::Strict, ..own.clone() };
            let kept = Why::OnlyHere { day: LAST_FRIDAY, more: 0 };
            assert_eq!(decide(&strict, &last_week), Err(Refusal::Protected { why: kept }));
            let this_week = disc(state, &[MONDAY, LAST_FRIDAY]);
            assert_eq!(decide(&own, &this_week), Err(Refusal::Protected { why: Why::HoldsThisWeek(MONDAY) }));
            let full = Wanted { full: true, ..own.clone() };
            assert_eq!(decide(&full, &this_week), Ok(Decision::NewDisc { wipe: true, why: Why::Full }));
            let once = OnDisc { rewritable: false, ..this_week };
            assert_eq!(decide(&own, &once), Err(Refusal::NotBlank { why }));
        }
        assert_eq!(decide(&own, &disc(DiscState::Unreadable, &[])), Err(Refusal::Unreadable));
    }
}

#[test]
fn a_day_that_is_rebuilt_is_not_protected_from_its_rebuilding() {
    let own = |purpose, protect| Wanted { purpose, days: vec![MONDAY, TUESDAY], protect, ..wanted(MONDAY) };
    let this_week = disc(DiscState::Appendable, &[MONDAY, TUESDAY]);
    let rebuilt = Decision::NewDisc { wipe: true, why: Why::OwnDisc(Purpose::Rebuild) };
    let rebuild = own(Purpose::Rebuild, Protect::Week);
    assert_eq!(decide(&rebuild, &this_week), Ok(rebuilt));
    let kept = Refusal::Protected { why: Why::HoldsThisWeek(TUESDAY) };
    assert_eq!(decide(&own(Purpose::Span, Protect::Week), &this_week), Err(kept));
    let wednesday = date(2026, 11, 18);
    let more = disc(DiscState::Appendable, &[MONDAY, wednesday]);
    let kept = Refusal::Protected { why: Why::HoldsThisWeek(wednesday) };
    assert_eq!(decide(&rebuild, &more), Err(kept), "one that staging has lost");
    let strict = own(Purpose::Rebuild, Protect::Strict);
    let kept = Refusal::Protected { why: Why::OnlyHere { day: MONDAY, more: 1 } };
    assert_eq!(decide(&strict, &this_week), Err(kept), "the disc has more of them than staging");
    let copied = OnDisc { only_here: Vec::new(), ..this_week };
    assert_eq!(decide(&strict, &copied), Ok(rebuilt));
}

#[test]
fn a_failed_attempt_of_the_very_same_is_no_loss_and_what_can_not_be_read_stays_one() {
    let own = Wanted { purpose: Purpose::Span, replaces: true, ..wanted(TUESDAY) };
    let anew = Decision::NewDisc { wipe: true, why: Why::OwnDisc(Purpose::Span) };
    for protect in [Protect::Week, Protect::Strict, Protect::Off] {
        let own = Wanted { protect, ..own.clone() };
        assert_eq!(decide(&own, &disc(DiscState::Appendable, &[TUESDAY])), Ok(anew));
        assert_eq!(decide(&own, &disc(DiscState::Unreadable, &[])), Err(Refusal::Unreadable));
        let once = OnDisc { rewritable: false, ..disc(DiscState::Appendable, &[TUESDAY]) };
        assert!(matches!(decide(&own, &once), Err(Refusal::NotBlank { .. })));
    }
}
