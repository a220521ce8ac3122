//! `drives`. Promised: every drive that the kernel shows is listed, the ones that can't be used with the reason and what to do; a machine
//! without any is told what to do, with the exit code of a missing drive. What a drive that can be asked answers is seen in the guest.

use std::fs;
use std::path::Path;

use crate::support::{Run, cedarburn};

/// As the kernel shows a drive whose node is none that this machine has.
pub(crate) fn show_drive(sysfs: &Path, number: u32, generic: bool) {
    let device = sysfs.join(format!("class/block/sr{number}/device"));
    fs::create_dir_all(&device).unwrap();
    for (name, text) in [("vendor", "HL-DT-ST"), ("model", "DVDRAM GH24NSD1 "), ("rev", "LG00")] {
        fs::write(device.join(name), format!("{text}\n")).unwrap();
    }
    if generic {
        fs::create_dir_all(device.join("scsi_generic/sg7")).unwrap();
    }
}

fn drives(sysfs: &Path) -> Run {
    Run::of(cedarburn().arg("drives").arg("--sysfs").arg(sysfs))
}

#[test]
fn a_drive_that_can_not_be_used_is_listed_with_the_reason_and_what_to_do() {
    let sysfs = tempfile::tempdir().unwrap();
    show_drive(sysfs.path(), 991, true);
    show_drive(sysfs.path(), 990, false);
    let run = drives(sysfs.path()).expect_code(0);
    run.expect_words(&[
        "/dev/sr990: HL-DT-ST DVDRAM GH24NSD1 LG00\n  because: the drive can't be used\n  because: /dev/sr990 does not exist\n  hint:    the kernel has the drive and /dev has no node for it",
        "/dev/sr991: HL-DT-ST DVDRAM GH24NSD1 LG00\n  also:    /dev/sg7\n",
    ]);
    assert!(!run.stdout.contains("target_device"), "nobody named it: {run}");
}

#[test]
fn one_drive_is_not_listed_but_told_of_by_another_action() {
    let run = Run::of(cedarburn().args(["drives", "--device", "/dev/sr0"])).expect_code(2);
    run.expect_one_error(&["info --device"]);
}

#[test]
fn a_machine_without_drives_is_told_what_to_do() {
    let sysfs = tempfile::tempdir().unwrap();
    drives(sysfs.path()).expect_code(7).expect_one_error(&["no optical drive", "modprobe sr_mod"]);
}
