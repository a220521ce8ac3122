//! Promised: the power may go at any command of a run. The days before are still shown, or a new week's disc is empty, and the next
//! run stores the day.
//!
//! Of a row of equal commands (WRITEs, READs, looks at a long operation) the first, the middle and the last are taken.

use super::workshop::{Before, Kind, Scenario, Sent, for_every_kind, for_every_rewritable_kind};

fn check(kind: Kind, scenario: Scenario) {
    let before = Before::new(kind, scenario);
    let commands = before.commands();
    let mut wrong = Vec::new();
    for row in commands.chunk_by(|a, b| a.code == b.code) {
        let mut places: Vec<Sent> = vec![row[0], row[row.len() / 2], row[row.len() - 1]];
        places.dedup();
        for Sent { code, nth } in places {
            before.survive(&format!("{code:02x}#{nth}:power-cut"), &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{} broken promises:\n{}", wrong.len(), wrong.join("\n"));
}

for_every_kind! {
    fn the_power_goes_at_any_command_of_a_first_session(kind) {
        check(kind, Scenario::First);
    }

    fn the_power_goes_at_any_command_of_a_second_session(kind) {
        check(kind, Scenario::Append);
    }
}

for_every_rewritable_kind! {
    fn the_power_goes_at_any_command_of_a_new_week(kind) {
        check(kind, Scenario::Anew);
    }
}
