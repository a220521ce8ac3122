//! DVD-RW in restricted overwrite mode: whole ECC units, and nothing beyond the end but the next.

use super::*;

const FORMAT: &str = "04 11 00 00 00 00";
const QUICK: &str = "00 02 00 08 00 00 00 00 54 00 00 10";
const WHOLE: &str = "00 02 00 08 00 23 10 20 00 00 08 00";
const LIST: &str = "23 00 00 00 00 00 00 00 FC 00";
const FORMATS: &str = "00231020 00000800 00231020 40000010 00231020 54000010";
const TRACK: &str = "52 01 00 00 00 01 00 00 30 00";
const SYNC: &str = "35 00 00 00 00 00 00 00 00 00";
const CLOSE: &str = "5B 01 02 00 00 00 00 00 00 00";

fn formatted(folder: &TempDir, list: &str) -> SimDrive {
    let mut drive = drive(folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    format(&mut drive, list);
    drive
}

fn format(drive: &mut SimDrive, list: &str) {
    assert_eq!(send(drive, FORMAT, list).status, Status::Good, "{list}");
    ready(drive);
}

/// Profile, and byte 2 of the disc information.
fn state(drive: &mut SimDrive) -> (u16, u8) {
    let profile = hex(&ask(drive, "46 02 00 00 00 00 00 00 08 00"));
    (u16::from_be_bytes([profile[6], profile[7]]), hex(&ask(drive, "51 00 00 00 00 00 00 00 22 00"))[2])
}

#[test]
fn a_quick_format_leaves_an_open_border_of_nothing() {
    let folder = disc("dvd-rw");
    let mut drive = drive(&folder, "");
    assert_eq!(state(&mut drive), (0x14, 0x10));
    assert_eq!(ask(&mut drive, LIST), flat(&format!("00000020 00231020 01000800 {FORMATS}")));
    assert_eq!(send(&mut drive, FORMAT, QUICK).status, Status::Good);
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x04, 0x04));
    ready(&mut drive);
    assert_eq!(state(&mut drive), (0x13, 0x15));
    assert_eq!(ask(&mut drive, LIST), flat(&format!("00000028 00231020 03000800 {FORMATS} 00231020 4C000010")));
    let track = ask(&mut drive, TRACK);
    assert_eq!(track[..56], flat("002E 01 01 00 04 71 01 00000000 00000000 00231020 00000010 00000000"));
    assert_eq!(sense(&read(&mut drive, 0, 16).unwrap_err()), (5, 0x21, 0));
    assert_eq!(sense(&run(&mut drive, CLOSE)), (5, 0x2c, 0));
    assert_eq!(described(&folder).state, "formatted, the last border open");
}

#[test]
fn writing_goes_on_at_the_end_or_over_what_there_is() {
    let folder = disc("dvd-rw");
    let mut drive = formatted(&folder, QUICK);
    assert_eq!(sense(&write_once(&mut drive, 16, 16, 1).unwrap()), (5, 0x21, 2), "a gap");
    write(&mut drive, 0, 64, 1);
    assert_eq!(sense(&write_once(&mut drive, 80, 16, 1).unwrap()), (5, 0x21, 2), "a gap");
    assert_eq!(sense(&write_once(&mut drive, 64, 8, 1).unwrap()), (5, 0x24, 0), "half a unit");
    assert_eq!(sense(&write_once(&mut drive, 8, 16, 1).unwrap()), (5, 0x21, 0), "two halves");
    write(&mut drive, 48, 32, 2);
    write(&mut drive, 16, 16, 3);
    holds(&mut drive, 0, 16, 1);
    holds(&mut drive, 16, 16, 3);
    holds(&mut drive, 32, 16, 1);
    holds(&mut drive, 48, 32, 2);
    assert_eq!(sense(&read(&mut drive, 80, 1).unwrap_err()), (5, 0x21, 0));
    let track = ask(&mut drive, TRACK);
    assert_eq!(track[..56], flat("002E 01 01 00 04 31 01 00000000 00000050 00230FD0 00000010 00000050"));
}

#[test]
fn a_closed_border_has_to_be_grown_before_it_takes_more() {
    // By all there is, and by no number.
    for blocks in ["00 23 0F E0", "00 00 00 00"] {
        grows_by(blocks);
    }
}

fn grows_by(blocks: &str) {
    let folder = disc("dvd-rw");
    {
        let mut drive = formatted(&folder, QUICK);
        write(&mut drive, 0, 64, 1);
        good(&mut drive, SYNC);
        good(&mut drive, CLOSE);
        assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x04, 0x07));
        ready(&mut drive);
        assert_eq!(state(&mut drive), (0x13, 0x1e));
        assert_eq!(ask(&mut drive, LIST), flat(&format!("00000028 00000040 02000800 {FORMATS} 00230FE0 4C000010")));
        assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("0000003F 00000800"));
        assert_eq!(sense(&write_once(&mut drive, 64, 16, 1).unwrap()), (5, 0x21, 0));
        assert_eq!(sense(&run(&mut drive, CLOSE)), (5, 0x2c, 0));
    }
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    write(&mut drive, 32, 16, 2);
    format(&mut drive, &format!("00 02 00 08 {blocks} 4C 00 00 10"));
    assert_eq!(state(&mut drive), (0x13, 0x15));
    write(&mut drive, 64, 64, 3);
    good(&mut drive, SYNC);
    good(&mut drive, CLOSE);
    ready(&mut drive);
    holds(&mut drive, 0, 32, 1);
    holds(&mut drive, 32, 16, 2);
    holds(&mut drive, 48, 16, 1);
    holds(&mut drive, 64, 64, 3);
    assert_eq!(described(&folder).formatted, Some(128));
}

#[test]
fn a_full_format_can_be_written_anywhere() {
    for list in [WHOLE, "00 02 00 08 00 23 10 20 40 00 00 10"] {
        let folder = disc("dvd-rw");
        let mut drive = formatted(&folder, list);
        assert_eq!(state(&mut drive), (0x13, 0x1e));
        assert_eq!(ask(&mut drive, LIST), flat(&format!("00000020 00231020 02000800 {FORMATS}")));
        write(&mut drive, 2_297_872, 16, 1);
        assert_eq!(read(&mut drive, 0, 1).unwrap(), vec![0; 2048]);
        holds(&mut drive, 2_297_872, 16, 1);
        assert_eq!(sense(&write_once(&mut drive, 2_297_888, 16, 1).unwrap()), (5, 0x21, 0));
    }
}

#[test]
fn only_a_whole_blank_leads_back_to_sequential_recording() {
    let folder = disc("dvd-rw");
    let mut drive = formatted(&folder, QUICK);
    write(&mut drive, 0, 32, 1);
    good(&mut drive, SYNC);
    assert_eq!(sense(&run(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
    assert_eq!(sense(&run(&mut drive, "A1 13 00 00 00 00 00 00 00 00 00 00")), (5, 0x24, 0));
    holds(&mut drive, 0, 32, 1);
    good(&mut drive, "A1 10 00 00 00 00 00 00 00 00 00 00");
    ready(&mut drive);
    assert_eq!(state(&mut drive), (0x14, 0x10));
    assert_eq!(described(&folder).state, "blank");
    let features = hex(&ask(&mut drive, "46 02 00 21 00 00 00 00 10 00"));
    assert_eq!(features[10] & 1, 1, "incremental writing is possible again");
}

#[test]
fn a_format_or_blank_that_was_cut_off_has_to_be_done_again() {
    for (begin, list) in [(FORMAT, QUICK), (FORMAT, WHOLE), ("A1 10 00 00 00 00 00 00 00 00 00 00", "")] {
        let folder = disc("dvd-rw");
        {
            let mut drive = formatted(&folder, QUICK);
            write(&mut drive, 0, 32, 1);
            good(&mut drive, SYNC);
            assert_eq!(send(&mut drive, begin, list).status, Status::Good);
            drive.wait(Duration::from_secs(10));
            drive.power_cut();
        }
        assert_eq!(described(&folder).state, "being blanked");
        let mut drive = drive(&folder, "");
        assert_ne!(read(&mut drive, 0, 1).unwrap_err().status, Status::Good);
        format(&mut drive, QUICK);
        assert_eq!(state(&mut drive), (0x13, 0x15));
    }
}

#[test]
fn a_power_cut_leaves_an_open_border_that_goes_on_where_the_laser_stopped() {
    let folder = disc("dvd-rw");
    {
        let mut drive = formatted(&folder, QUICK);
        write(&mut drive, 0, 3200, 1);
        drive.power_cut();
    }
    let mut drive = drive(&folder, "");
    let track = hex(&ask(&mut drive, TRACK));
    let end = u32::from_be_bytes(track[12..16].try_into().unwrap());
    assert!((2000..3200).contains(&end) && end.is_multiple_of(16), "{end}");
    holds(&mut drive, 0, end, 1);
    good(&mut drive, "1E 00 00 00 01 00");
    write(&mut drive, end, 32, 2);
    good(&mut drive, SYNC);
    good(&mut drive, CLOSE);
    ready(&mut drive);
    assert_eq!(state(&mut drive), (0x13, 0x1e));
}

#[test]
fn a_list_that_does_not_fit_is_pointed_at() {
    let folder = disc("dvd-rw");
    let mut drive = drive(&folder, "");
    let mut refused = |list: &str| {
        let done = send(&mut drive, FORMAT, list);
        assert_eq!(sense(&done), (5, 0x26, 0), "{list}");
        done.sense[15..].to_vec()
    };
    assert_eq!(refused("00 02 00 08 00 00 00 10 54 00 00 10"), [0x80, 0, 4]);
    assert_eq!(refused("00 02 00 08 00 00 00 00 54 00 08 00"), [0x80, 0, 9]);
    assert_eq!(refused("00 02 00 08 00 23 10 10 40 00 00 10"), [0x80, 0, 4]);
    assert_eq!(refused("00 02 00 08 00 23 10 20 00 00 00 10"), [0x80, 0, 9]);
    assert_eq!(refused("00 02 00 08 00 00 00 10 4C 00 00 10"), [0x80, 0, 8], "nothing to grow");
    assert_eq!(refused("00 02 00 08 00 23 10 20 44 00 00 10"), [0x80, 0, 8], "not known here");
    format(&mut drive, QUICK);
    let mut refused = |list: &str| {
        let done = send(&mut drive, FORMAT, list);
        assert_eq!(sense(&done), (5, 0x26, 0), "{list}");
        done.sense[15..].to_vec()
    };
    assert_eq!(refused("00 02 00 08 00 23 10 30 4C 00 00 10"), [0x80, 0, 4]);
    assert_eq!(refused("00 02 00 08 00 00 00 08 4C 00 00 10"), [0x80, 0, 4]);
    let folder = disc("dvd-r");
    let mut drive = super::drive(&folder, "");
    assert_eq!(sense(&send(&mut drive, FORMAT, QUICK)), (5, 0x30, 6));
}
