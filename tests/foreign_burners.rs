//! Other people's burners on simulated drives: `examples/iscsi_target`, a guest with a real kernel (`tests/vm/README.md`), and what
//! everybody shows of the discs. `docs/burners.md` has the findings.
//!
//! Who burned on many real drives knows what drives do. Where one of them is turned away or does what the simulated drive notices,
//! the standard says who is wrong; where it is the burner, the reason stands beside the test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it has to be")]

#[path = "foreign_burners/drives.rs"]
mod drives;
#[allow(dead_code, reason = "shared with tests that use other parts of it")]
#[path = "vm/guest.rs"]
mod guest;
#[allow(dead_code, reason = "shared with tests that use other parts of it")]
#[path = "common/week.rs"]
mod week;

use std::process::Command;

use drives::Drives;

/// libburn polls the buffer of the drive as often as it writes (MMC-6 knows no limit; some drives fall behind), and writes 32 KiB at a time
/// at the end of a session on a BD-RE.
const LIBBURN: [&str; 2] = [
    "a WRITE left a part of an ECC unit to be read and written again",
    "READ BUFFER CAPACITY came again within 64 WRITEs and half a second",
];

/// growisofs writes 32 KiB at a time, half a cluster of a BD; leaves its speed behind; asks READ DISC INFORMATION of a BD-R for a data type
/// in bits that MMC-6 table 362 reserves, and goes on without. dvd+rw-format leaves the tray unlocked, and so does growisofs when it
/// closes a DVD+RW. On a DVD-RAM it copies the descriptors before the session is on the disc, and goes without a SYNCHRONIZE CACHE.
const GROWISOFS: [&str; 9] = [
    "descriptors were written before the data they point to was synchronized",
    "data was left in the buffer",
    "a WRITE began in the midst of an ECC unit",
    "a WRITE left a part of an ECC unit to be read and written again",
    "a CDB had reserved bits set",
    "SET STREAMING was left in force",
    "BLANK while the tray was not locked",
    "FORMAT UNIT while the tray was not locked",
    "CLOSE while the tray was not locked",
];

#[test]
#[ignore = "needs libiscsi-bin"]
fn libiscsi_finds_each_drive_and_asks_it_who_it_is() {
    let drives = Drives::with(&["cdr-80", "dvd+rw"]);
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().expect("libiscsi-bin is installed");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{program} {arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let [first, second] = drives.portals() else { panic!("two drives") };
    let (address, _) = first.split_once('/').unwrap();
    let found = run("iscsi-ls", &[&format!("iscsi://{address}")]);
    for portal in [first, second] {
        let (_, name) = portal.split_once('/').unwrap();
        assert!(found.contains(name), "{found}");
    }
    let url = format!("iscsi://{second}/0");
    let who = run("iscsi-inq", &[&url]);
    assert!(who.contains("CEDARBRN") && who.contains("MMC"), "{who}");
    let serial = run("iscsi-inq", &["-e", "1", "-c", "128", &url]);
    assert!(serial.contains("00000001"), "{serial}");
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn xorriso_burns_three_sessions_on_discs_written_once_or_blanked() {
    let (said, noticed) = Drives::with(&["cdr-80", "cdrw-80", "dvd-r", "dvd-rw", "dvd+r", "bd-r"]).run(
        "n=0; for medium in cdr-80 cdrw-80 dvd-r dvd-rw dvd+r bd-r; do
           n=$((n + 1)); drive $n $medium
           xorriso_burns 1; xorriso_burns 2; xorriso_burns 3
           everybody_shows 1 2 3
           sessions_show 1 1,2 1,2,3
         done
         drive 2 cdrw-80; quietly xorriso -outdev $BLANK -blank as_needed; xorriso_burns 2; everybody_shows 2
         drive 4 dvd-rw; quietly xorriso -outdev $BLANK -blank deformat; xorriso_burns 2; everybody_shows 2",
    );
    said.expect("== bd-r\neverybody shows 1 2 3\neach session shows its own");
    noticed.nothing_but(&LIBBURN);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn xorriso_formats_overwritable_discs_and_grows_what_is_on_them() {
    let (said, noticed) = Drives::with(&["dvd+rw", "dvd-ram", "bd-re", "dvd-rw"]).run(
        "n=0; for medium in dvd+rw dvd-ram bd-re dvd-rw; do
           n=$((n + 1)); drive $n $medium
           case $medium in dvd-rw) quietly xorriso -outdev $BLANK -format full;; *) quietly xorriso -outdev $BLANK -format as_needed;; esac
           medium=overwritable
           xorriso_burns 1; xorriso_burns 2; xorriso_burns 3
           everybody_shows 1 2 3
           sessions_show 1 1,2 1,2,3
           quietly xorriso -indev $BLANK -check_media use=indev what=tracks --
         done",
    );
    said.expect("== dvd-rw\neverybody shows 1 2 3\neach session shows its own");
    noticed.nothing_but(&LIBBURN);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn growisofs_burns_three_sessions_on_every_dvd_and_bd() {
    let (said, noticed) = Drives::with(&["dvd-r", "dvd-rw", "dvd+r", "bd-r", "dvd+rw", "bd-re", "dvd-rw"]).run(
        "n=0; for medium in dvd-r dvd-rw dvd+r bd-r dvd+rw bd-re dvd-rw; do
           n=$((n + 1)); drive $n $medium
           case $n in 5|6|7) quietly dvd+rw-format -force $BLANK; medium=overwritable; seen_anew;; esac
           growisofs_burns 1; seen_anew
           growisofs_burns 2; seen_anew
           growisofs_burns 3
           everybody_shows 1 2 3
           case $n in 1|2|3|4) sessions_show 1 1,2 1,2,3;; esac
           quietly dvd+rw-mediainfo $BLANK
           quietly sg_get_config $BLANK
         done",
    );
    said.expect("== bd-r\neverybody shows 1 2 3\neach session shows its own\n== dvd+rw\neverybody shows 1 2 3");
    noticed.nothing_but(&GROWISOFS);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn wodim_and_cdrskin_burn_cds_in_sessions_and_at_once_and_blank_them() {
    let (said, noticed) = Drives::with(&["cdr-80", "cdrw-80", "cdrw-80"]).run(
        "drive 1 cdr-80
         cd_burns wodim 1 -tao -multi; seen_anew
         cd_burns wodim 2 -tao -multi; seen_anew
         cd_burns wodim 3 -tao
         everybody_shows 1 2 3; sessions_show 1 1,2 1,2,3
         drive 2 cdrw-80
         cd_burns wodim 1 -sao
         everybody_shows 1
         quietly wodim dev=$BLANK blank=fast; drive 2 cdrw-80; seen_anew
         cd_burns wodim 2 -tao -multi
         everybody_shows 2
         quietly wodim dev=$BLANK blank=all; drive 2 cdrw-80; seen_anew
         cd_burns cdrskin 3 -sao
         everybody_shows 3
         drive 3 cdrw-80
         cd_burns cdrskin 1 -tao -multi; seen_anew
         cd_burns cdrskin 2 -tao -multi; seen_anew
         cd_burns cdrskin 3 -tao
         everybody_shows 1 2 3; sessions_show 1 1,2 1,2,3
         quietly cdrskin dev=$BLANK blank=fast
         quietly cdrskin dev=$BLANK -atip",
    );
    said.expect("everybody shows 3\n== cdrw-80\neverybody shows 1 2 3\neach session shows its own");
    noticed.nothing_but(&LIBBURN);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn on_cds_wodim_cdrskin_and_cedarburn_go_on_with_each_others_sessions() {
    let (said, noticed) = Drives::with(&["cdr-80", "cdrw-80", "cdrw-80"]).run(
        "drive 1 cdr-80
         cd_burns wodim 1 -tao -multi
         cedarburn_burns 17; seen_anew
         cd_burns wodim 2 -tao -multi
         cedarburn_burns 18
         everybody_shows 1 17 2 18; sessions_show 1 1,17 1,17,2 1,17,2,18
         drive 2 cdrw-80
         cedarburn_burns 17; seen_anew
         cd_burns cdrskin 1 -tao -multi
         cedarburn_burns 18; seen_anew
         cd_burns wodim 2 -tao
         everybody_shows 17 1 18 2; sessions_show 17 17,1 17,1,18 17,1,18,2
         drive 3 cdrw-80
         xorriso_burns 1
         cedarburn_burns 17
         xorriso_burns 2
         everybody_shows 1 17 2; sessions_show 1 1,17 1,17,2",
    );
    said.expect("everybody shows 1 17 2\neach session shows its own");
    noticed.nothing_but(&LIBBURN);
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn on_dvds_and_bds_written_in_sessions_everybody_goes_on_with_everybody() {
    let (said, noticed) = Drives::with(&["dvd-r", "dvd-rw", "dvd+r", "bd-r"]).run(
        "n=0; for medium in dvd-r dvd-rw dvd+r bd-r; do
           n=$((n + 1)); drive $n $medium
           case $medium in dvd-r|bd-r) growisofs_burns 1;; *) cedarburn_burns 19; seen_anew; growisofs_burns 1;; esac
           cedarburn_burns 17
           xorriso_burns 2; seen_anew
           growisofs_burns 3
           cedarburn_burns 18
           everybody_shows 1 17 2 3 18
           case $medium in dvd-r|bd-r) sessions_show 1 1,17 1,17,2 1,17,2,3 1,17,2,3,18;;
             *) sessions_show 19 19,1 19,1,17 19,1,17,2 19,1,17,2,3 19,1,17,2,3,18;; esac
         done",
    );
    said.expect("== bd-r\neverybody shows 1 17 2 3 18\neach session shows its own");
    noticed.nothing_but(&[&LIBBURN[..], &GROWISOFS].concat());
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn on_overwritable_discs_everybody_goes_on_with_everybody() {
    let (said, noticed) = Drives::with(&["dvd+rw", "dvd-ram", "bd-re", "dvd-rw"]).run(
        "n=0; for medium in dvd+rw dvd-ram bd-re dvd-rw; do
           n=$((n + 1)); drive $n $medium
           case $medium in dvd+rw) ;; dvd-rw) quietly dvd+rw-format -force $BLANK;; *) quietly xorriso -outdev $BLANK -format as_needed;; esac
           case $medium in dvd+rw|bd-re) xorriso_burns 1; cedarburn_burns 17;; *) cedarburn_burns 17; xorriso_burns 1;; esac
           xorriso_burns 2
           cedarburn_burns 18; seen_anew
           growisofs_burns 3
           cedarburn_burns 19
           medium=overwritable
           everybody_shows 1 17 2 18 3 19
         done",
    );
    said.expect("== dvd-rw\neverybody shows 1 17 2 18 3 19");
    noticed.nothing_but(&[&LIBBURN[..], &GROWISOFS].concat());
}
