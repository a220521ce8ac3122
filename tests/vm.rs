//! The static program in a guest with a real kernel and drives that other people wrote: `tests/vm/README.md`.
//!
//! Each test boots a guest of its own, runs a script in it, and looks at what was said. A script ends where a command in it fails, and
//! its test with it. The drives are too old to say that they pull their trays in: where that is wanted, eject_delay says it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it has to be")]

#[path = "vm/guest.rs"]
mod guest;
#[allow(dead_code, reason = "shared with tests that use other parts of it")]
#[path = "common/week.rs"]
mod week;

use std::path::{Path, PathBuf};
use std::process::Command;

use guest::{Guest, binary};

const DAYS: [&str; 3] = ["2026/11/16", "2026/11/17", "2026/11/18"];

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn drives_finds_every_drive_and_tells_what_it_writes_and_what_is_in_it() {
    let said = Guest::new("host").option("-n", "2").run(
        "$BIN drives
        $BIN drives --json
        su backup -c \"$BIN drives\"
        echo; su guest -c \"$BIN drives\"",
    );
    said.expect(
        "/dev/sr0: IET VIRTUAL-CDROM 0001\n  also:    /dev/sg0\n  writes:  DVD+R\n  disc:    DVD+R, blank\n/dev/sr1: ",
    );
    said.expect("  because: /dev/sr0 can't be opened for writing by this user\n");
    said.expect("join the group that owns the drive (cdrom");
    let drives = &said.json()["drives"];
    assert_eq!(drives.as_array().unwrap().len(), 2);
    assert_eq!(drives[1]["writes"][0], "DVD+R", "{drives}");
    assert_eq!((&drives[1]["usable"], &drives[1]["status"]), (&true.into(), &"blank".into()), "{drives}");
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn a_day_on_a_blank_dvd_plus_r_is_what_the_kernel_shows_right_after_the_store() {
    let said = Guest::new("host").days(&DAYS[..1]).run(
        "configure dvd+r '<eject_delay>1</eject_delay>' '<attributes>exact</attributes>'
        stage 16
        cedarburn info
        cedarburn --verbose --today 2026-11-16 store
        mount -t iso9660 -o ro $BLANK /mnt
        is_on /mnt 16
        umount /mnt
        cedarburn verify
        cedarburn info",
    );
    said.expect("medium:    DVD+R, blank\nroom:      4.38 GiB of 4.38 GiB free")
        .expect("read back and proven")
        .expect("the tray was opened and closed: a mount shows the session")
        .expect("as one manifest says: 57 files")
        .expect("days:      2026-11-16");
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn three_days_on_a_dvd_ram_are_what_the_kernel_shows_after_each_store() {
    let said = Guest::new("ram").days(&DAYS).run(
        "configure dvd-ram '' '<attributes>exact</attributes>'
        days=
        for day in 16 17 18; do
            stage $day; days=\"$days $day\"
            cedarburn --today 2026-11-$day store
            mount -t iso9660 -o ro $BLANK /mnt
            is_on /mnt $days
            umount /mnt
        done
        cedarburn verify --session all
        cedarburn info",
    );
    said.expect("session  3: ").expect("days:      2026-11-16 2026-11-17 2026-11-18").expect("day 16: 1");
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn a_member_of_the_drives_group_needs_no_root() {
    let said = Guest::new("host").days(&DAYS[..1]).run(
        "configure dvd+r '<eject_delay>1</eject_delay>' '<attributes>exact</attributes>'
        stage 16; chown -R backup /tmp/staging; remember 16
        as_backup() { su backup -c \"$BIN -c /tmp/cback3.conf -l /tmp/user.log --device $BLANK $*\"; }
        as_backup --scsi-trace /tmp/user.trace --today 2026-11-16 store
        as_backup verify
        as_backup list >/dev/null
        mount -t iso9660 -o ro $BLANK /mnt
        is_on /mnt 16
        umount /mnt
        as_backup eject; as_backup load
        expect 1 grep -q 'does not let this user' /tmp/user.trace",
    );
    said.expect("as one manifest says").expect("/dev/sr0: DVD-ROM");
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn a_drive_that_somebody_else_has_is_left_alone_and_it_is_told_who_has_it() {
    let said = Guest::new("host").days(&DAYS[..1]).run(
        "configure dvd+r '<eject_delay>1</eject_delay>'
        stage 16
        # Waits for room in its trace, and has the drive meanwhile.
        mkfifo /tmp/trace; exec 3<>/tmp/trace; head -c 65536 /dev/zero >&3
        cedarburn --scsi-trace /tmp/trace info >/dev/null & sleep 1
        expect 13 cedarburn --today 2026-11-16 store
        $BIN drives
        cat /tmp/trace >/dev/null 3>&- & exec 3>&-; wait
        [ ! -e /tmp/staging/2026/11/16/cback.store ]
        cedarburn --today 2026-11-16 store
        mount -t iso9660 -o ro $BLANK /mnt
        rm /tmp/staging/2026/11/16/cback.store
        for action in info verify eject 'store --today 2026-11-16'; do expect 7 cedarburn $action; done
        [ ! -e /tmp/staging/2026/11/16/cback.store ]; umount /mnt
        # Holds the lock that other burners, and udev, take.
        ( flock -x 9; exec sleep 30 ) 9<$BLANK & sleep 1
        expect 7 cedarburn verify
        kill $!; wait || true
        cedarburn verify
        expect 7 su guest -c \"$BIN --device $BLANK info\"
        expect 7 cedarburn --device /dev/sr7 info
        expect 7 cedarburn --device /dev/null info",
    );
    said.expect("because: /dev/sr0 is in use: cedarburn (process ")
        .expect("hint: run the same command again when that one is done")
        .expect("because: /dev/sr0 is mounted at /mnt")
        .expect("  more: cedarburn explain drive-mounted")
        .expect("because: /dev/sr0 is in use: sleep (process ")
        .expect("because: /dev/sr0 can't be opened for writing by this user")
        .expect("  more: cedarburn explain drive-not-permitted")
        .expect("because: /dev/sr7 does not exist")
        .expect("because: /dev/null is not a block device")
        .expect("as one manifest says");
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn no_eject_keeps_the_tray_closed_and_says_what_that_means() {
    let said = Guest::new("host").days(&DAYS[..1]).run(
        "configure dvd+r '<no_eject>Y</no_eject>'
        stage 16
        cedarburn --verbose --scsi-trace /tmp/trace --today 2026-11-16 store
        expect 1 grep -q 'START STOP UNIT cdb=1b 00 00 00 0[23]' /tmp/trace
        fails mount -t iso9660 -o ro $BLANK /mnt
        reload
        mount -t iso9660 -o ro $BLANK /mnt",
    );
    said.expect("no_eject is set: a mount shows the disc as it was before until its tray was opened and closed");
}

/// A disc that was burned by the simulated drive, and a sector within its largest file.
fn burned_disc(folder: &Path) -> (PathBuf, u64) {
    let content: Vec<u8> = (0..300_000_u32).flat_map(|word| word.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let day = folder.join("staging/2026/11/16");
    std::fs::create_dir_all(day.join("alpha")).unwrap();
    std::fs::write(day.join("alpha/home.tar"), &content).unwrap();
    std::fs::write(day.join("alpha/etc.tar"), &content[7..9000]).unwrap();
    std::fs::write(day.join("cback.stage"), "").unwrap();
    let staging = folder.join("staging").display().to_string();
    let config = format!(
        "<cb_config><options><starting_day>monday</starting_day><working_dir>/tmp</working_dir>\
        <backup_user>root</backup_user><backup_group>root</backup_group><rcp_command>/bin/false</rcp_command></options>\
        <store><source_dir>{staging}</source_dir><media_type>cdr-80</media_type>\
        <target_device>/dev/sr0</target_device></store></cb_config>"
    );
    std::fs::write(folder.join("cback3.conf"), config).unwrap();
    let disc = folder.join("disc");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        let status = command.current_dir(folder).args(arguments).status().unwrap();
        assert!(status.success(), "{arguments:?}: {status}");
    };
    run(&["disc", "create", "disc", "--media", "cdr-80"]);
    run(&["-c", "cback3.conf", "-l", "log", "--device", "sim:disc", "--today", "2026-11-16", "store"]);
    let sectors = std::fs::read(disc.join("sectors")).unwrap();
    let mut found = sectors.chunks_exact(2048).zip(0_u64..).filter(|(sector, _)| *sector == &content[..2048]);
    let (_, first) = found.next().expect("the file is on the disc");
    // What the lead-out follows; the disc is much longer.
    let end = sectors.len() - sectors.iter().rev().position(|&byte| byte != 0).unwrap();
    let image = folder.join("burned.iso");
    std::fs::write(&image, &sectors[..end.next_multiple_of(2048) + 150 * 2048]).unwrap();
    (image, first + 100)
}

#[test]
#[ignore = "needs QEMU and a guest of Debian packages"]
fn verify_names_the_file_on_sectors_that_can_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (image, bad) = burned_disc(folder.path());
    let guest = Guest::new("cd").option("-i", image);
    let said = guest.option("-e", format!("{bad},{}", bad + 1)).run(
        "configure cdr-80
        cedarburn info
        cedarburn list -R
        expect 11 cedarburn verify",
    );
    said.expect("days:      2026-11-16")
        .expect(&format!("/2026/11/16/alpha/home.tar: sectors {bad} to {bad} can't be read"));
}

#[test]
fn no_script_has_a_negated_command_which_can_not_fail_under_set_e() {
    for script in [
        include_str!("vm.rs"),
        include_str!("vm/common.sh"),
        include_str!("foreign_burners.rs"),
        include_str!("foreign_burners/burners.sh"),
    ] {
        let negated = script.lines().flat_map(|line| line.split(';')).find(|command| command.trim().starts_with("! "));
        assert_eq!(negated, None);
    }
}
