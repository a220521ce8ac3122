//! Cedar Backup itself and cedarburn in turn: the same configuration, staging directory and disc, in a guest with a real kernel
//! (`tests/vm/README.md`) and simulated drives behind `examples/iscsi_target`.
//!
//! Both ask the clock which day it is, and are as silent as cron wants them. After each day, whoever stored it, the checks of both have to
//! pass on all days of the disc, and the kernel has to show them as they were staged: `cedar_backup/steps.sh`. `verify` says how many of
//! our lists it found. For days of cback3, which makes none, it reads every file and says so; where there is nothing else it ends with 6.
//!
//! Left out, for the sake of cback3:
//!
//! * Names of more than 60 bytes, and long links. What genisoimage appends loses them under kernels since May 2026, whoever stored the
//!   days before: the kernel takes the size in the primary volume descriptor for the end of the disc.
//! * `--debug`: its log can't take a name that is not UTF-8.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it has to be")]

#[allow(dead_code, reason = "shared with tests that use other parts of it")]
#[path = "foreign_burners/drives.rs"]
mod drives;
#[allow(dead_code, reason = "shared with tests that use other parts of it")]
#[path = "vm/guest.rs"]
mod guest;
#[allow(dead_code, reason = "shared with tests that use other parts of it")]
#[path = "common/week.rs"]
mod week;

use std::path::Path;

use drives::{Drives, Noticed};
use guest::{Guest, Said};
use week::Names;

const STEPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cedar_backup");

/// Monday to Sunday, and the Monday and Tuesday after them.
const DAYS: [&str; 9] = [
    "2026/11/16",
    "2026/11/17",
    "2026/11/18",
    "2026/11/19",
    "2026/11/20",
    "2026/11/21",
    "2026/11/22",
    "2026/11/23",
    "2026/11/24",
];

/// Seconds a guest may have.
const TIME: &str = "900";

/// wodim asks how full the buffer is as often as it writes, which MMC-6 does not forbid.
const WODIM: [&str; 1] = ["READ BUFFER CAPACITY came again within 64 WRITEs and half a second"];

/// Runs a script in a guest with Cedar Backup and a drive with a blank disc.
fn run(medium: &str, script: &str) -> (Said, Noticed) {
    let steps = Path::new(STEPS);
    let guest = Guest::new("iscsi")
        .option("-t", TIME)
        .option("-a", "cedar")
        .file(&steps.join("steps.sh"), "t/steps.sh")
        .file(&steps.join("check.py"), "t/check.py")
        .days_with(&DAYS, Names::Short);
    Drives::with(&[medium]).run_in(guest, &format!(". /t/steps.sh\n{script}"))
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn a_week_on_a_cd_rw_begun_by_cback3_is_whole_to_both_each_day_and_cedarburn_begins_the_next() {
    let (said, noticed) = run(
        "cdrw-80",
        "both_have cdrw-80 cdwriter
        today 16; by_cback3 initialize
        new_disc_by cback3 16
        stored_by cedarburn 17; stored_by cback3 18; stored_by cedarburn 19
        stored_by cback3 20; stored_by cedarburn 21; stored_by cback3 22
        new_disc_by cedarburn 23; stored_by cback3 24",
    );
    said.expect("as 3 manifests say: ")
        .expect("cback3 stored day 22: the disc holds 16 17 18 19 20 21 22\n")
        .expect("cback3 stored day 24: the disc holds 23 24\n");
    noticed.nothing_but(&WODIM);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn a_week_on_a_dvd_plus_rw_begun_by_cedarburn_is_whole_to_both_each_day_and_cback3_begins_the_next() {
    let (said, noticed) = run(
        "dvd+rw",
        "both_have dvd+rw dvdwriter
        today 16; by_cback3 initialize
        new_disc_by cedarburn 16
        stored_by cback3 17; stored_by cedarburn 18; stored_by cback3 19
        stored_by cedarburn 20; stored_by cback3 21; stored_by cedarburn 22
        new_disc_by cback3 23; stored_by cedarburn 24",
    );
    said.expect("as 4 manifests say: ")
        .expect("cedarburn stored day 22: the disc holds 16 17 18 19 20 21 22\n")
        .expect("cedarburn stored day 24: the disc holds 23 24\n");
    noticed.nothing_but(&[]);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn cback3_labels_a_cd_rw_for_both_and_blanks_it_after_cedarburns_week_and_cedarburn_goes_on() {
    let (said, noticed) = run(
        "cdrw-80",
        "both_have cdrw-80 cdwriter
        staged 22; both_turn_away
        by_cback3 initialize
        new_disc_by cedarburn 22
        new_disc_by cback3 23; stored_by cedarburn 24",
    );
    said.expect("cback3 stored day 23: the disc holds 23\n").expect("cedarburn stored day 24: the disc holds 23 24\n");
    noticed.nothing_but(&WODIM);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn with_blank_behavior_weekly_both_go_on_with_last_weeks_disc_while_it_has_room() {
    let (said, noticed) = run(
        "dvd+rw",
        "both_have dvd+rw dvdwriter '<blank_behavior><mode>weekly</mode><factor>1.5</factor></blank_behavior>'
        today 16; by_cback3 initialize
        stored_by cedarburn 16; stored_by cback3 17
        stored_by cback3 23; stored_by cedarburn 24",
    );
    said.expect("cedarburn stored day 24: the disc holds 16 17 23 24\n");
    noticed.nothing_but(&[]);
}
