//! Promised: no habit that a real drive may have keeps a day from being stored, but the few that have to, and those touch nothing. The
//! simulated drive's own table is gone through, so that none is left out.

use cedarburn::scsi::sim::habits;

use super::workshop::{Before, KINDS, Kind, Scenario, tell};

/// A habit as a drive's name has it, with values worth trying.
fn values(habit: &str) -> Vec<String> {
    let (name, value) = habit.split_once('=').map_or((habit, None), |(name, value)| (name, Some(value)));
    let values: &[&str] = match name {
        _ if value.is_none() => return vec![habit.to_owned()],
        "clueless" => &["5", "20", "60"],
        "slowload" => &["60", "100"],
        "maxxfer" => &["2k", "16k", "32k", "48k", "64k"],
        "gap" => &["0", "100", "5000"],
        "unwritten" => &["5/21/00", "3/11/00"],
        "runout" => &["5/64/00", "5/21/00", "3/02/00"],
        "blankcapacity" => &["5/30/02", "3/57/00", "8/00/00"],
        _ => panic!("what are the values of {habit}?"),
    };
    values.iter().map(|value| format!("{name}={value}")).collect()
}

/// Blocks that are written together or not at all.
fn unit(kind: Kind) -> u32 {
    match kind {
        Kind::CdR | Kind::CdRw => 1,
        Kind::BdR | Kind::BdRSpares | Kind::BdRe => 32,
        _ => 16,
    }
}

/// Whether nothing can be written in such a drive.
fn has_to_be_refused(kind: Kind, scenario: Scenario, habit: &str) -> bool {
    // A disc that may be another one every few commands can't be looked at, and none of it may be taken for what is known.
    if habit == "uastorm" {
        return true;
    }
    if habit == "nospares" {
        return [Kind::DvdRam, Kind::BdRSpares, Kind::BdRe].contains(&kind);
    }
    // What it can write it writes at once, on a blank disc only.
    if habit == "lie21" {
        return scenario == Scenario::Append && [Kind::DvdR, Kind::DvdRw].contains(&kind);
    }
    let kib = habit.strip_prefix("maxxfer=").map(|kib| kib.trim_end_matches('k').parse::<u32>().unwrap());
    kib.is_some_and(|kib| kib < 2 * unit(kind))
}

fn check(scenario: Scenario) {
    let mut wrong = Vec::new();
    for kind in KINDS {
        let before = Before::new(kind, scenario);
        for habit in habits().flat_map(|habit| values(&habit)) {
            before.meet(&habit, has_to_be_refused(kind, scenario, &habit), &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{} broken promises:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_habit_of_a_drive_stops_a_first_session() {
    check(Scenario::First);
}

#[test]
fn no_habit_of_a_drive_stops_a_session_behind_another() {
    check(Scenario::Append);
}

/// Two at once: the drive tells little, and takes its time.
#[test]
fn a_drive_that_neither_tells_its_progress_nor_works_on_its_own_is_waited_for() {
    for kind in KINDS {
        for scenario in [Scenario::First, Scenario::Append] {
            let before = Before::new(kind, scenario);
            let outcome = before.workshop.store(before.day, ",noprogress,noimmed");
            assert!(outcome.is_ok(), "{kind} {scenario:?}: {}", tell(&outcome.unwrap_err()));
            assert_eq!(before.workshop.shown(), Ok(before.new), "{kind} {scenario:?}");
        }
    }
}
