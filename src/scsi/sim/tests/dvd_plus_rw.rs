//! DVD+RW: formatted in the background, written anywhere.

use super::*;

const FORMAT: &str = "04 11 00 00 00 00";
const WHOLE: &str = "00 02 00 08 FF FF FF FF 98 00 00 00";
const RESUME: &str = "00 02 00 08 FF FF FF FF 98 00 00 01";
const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";

fn formatted(folder: &TempDir) -> SimDrive {
    let mut drive = drive(folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    assert_eq!(send(&mut drive, FORMAT, WHOLE).status, Status::Good);
    ready(&mut drive);
    drive
}

/// Status byte and background format status.
fn status(drive: &mut SimDrive) -> (u8, u8) {
    let info = hex(&ask(drive, DISC_INFO));
    (info[2], info[7])
}

#[test]
fn an_unformatted_disc_refuses_to_be_written() {
    let folder = disc("dvd+rw");
    let mut drive = drive(&folder, "");
    assert_eq!(status(&mut drive), (0x10, 0));
    assert_eq!(sense(&write_once(&mut drive, 0, 16, 1).unwrap()), (5, 0x30, 5));
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (5, 0x30, 2));
    let list = "00000010 00230540 01000800 00230540 98000000";
    assert_eq!(ask(&mut drive, "23 00 00 00 00 00 00 00 FC 00"), flat(list));
}

#[test]
fn formatting_shows_progress_and_goes_on_in_the_background() {
    let folder = disc("dvd+rw");
    let mut drive = drive(&folder, "");
    let begun = drive.now();
    assert_eq!(send(&mut drive, FORMAT, WHOLE).status, Status::Good);
    assert_eq!(status(&mut drive).1, 2);
    drive.wait(Duration::from_secs(20));
    let during = run(&mut drive, "00 00 00 00 00 00");
    assert_eq!(sense(&during), (2, 0x04, 0x04));
    let progress = u16::from_be_bytes([during.sense[16], during.sense[17]]);
    assert_eq!((during.sense[15], u32::from(progress) * 100 / 65536), (0x80, 44));
    ready(&mut drive);
    assert!((40..60).contains(&(drive.now() - begun).as_secs()));
    assert_eq!(status(&mut drive), (0x1e, 2));
    // Ready, yet not done: only REQUEST SENSE tells.
    drive.wait(Duration::from_secs(400));
    let sense = hex(&ask(&mut drive, "03 00 00 00 12 00"));
    assert_eq!((sense[2], sense[12], sense[13], sense[15]), (0, 0x04, 0x04, 0x80));
    drive.wait(Duration::from_secs(600));
    assert_eq!(status(&mut drive), (0x1e, 3));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("0023053F 00000800"));
    assert_eq!(described(&folder).state, "formatted");
}

#[test]
fn any_sector_can_be_written_again_and_the_rest_is_zero() {
    let folder = disc("dvd+rw");
    let mut drive = formatted(&folder);
    write(&mut drive, 100_000, 64, 1);
    write(&mut drive, 32, 50, 2);
    write(&mut drive, 100_001, 3, 3);
    for _ in 0..2 {
        holds(&mut drive, 100_000, 1, 1);
        holds(&mut drive, 100_001, 3, 3);
        holds(&mut drive, 100_004, 60, 1);
        holds(&mut drive, 32, 50, 2);
        assert_eq!(read(&mut drive, 2_295_103, 1).unwrap(), vec![0; 2048]);
        good(&mut drive, "35 02 00 00 00 00 00 00 00 00");
        ready(&mut drive);
    }
    assert_eq!(sense(&write_once(&mut drive, 2_295_103, 2, 1).unwrap()), (5, 0x21, 0));
    assert_eq!(sense(&read(&mut drive, 2_295_104, 1).unwrap_err()), (5, 0x21, 0));
}

#[test]
fn the_disc_is_one_track_in_one_session() {
    let folder = disc("dvd+rw");
    let mut drive = formatted(&folder);
    let track = hex(&ask(&mut drive, "52 01 00 00 00 01 00 00 30 00"));
    assert_eq!(track.len(), 48);
    assert_eq!(text(&track[..28]), flat("002E 01 01 00 04 01 00 00000000 00000000 00000000 00000010 00230540"));
    assert_eq!(sense(&run(&mut drive, "52 01 00 00 00 FF 00 00 30 00")), (5, 0x24, 0));
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("000A 01 01 00 14 01 00 00000000"));
    assert_eq!(sense(&run(&mut drive, "43 02 02 00 00 00 00 00 0C 00")), (5, 0x24, 0));
    assert_eq!(sense(&run(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
}

#[test]
fn a_suspended_format_has_to_be_resumed_before_new_ground_is_written() {
    let folder = disc("dvd+rw");
    {
        let mut drive = formatted(&folder);
        write(&mut drive, 1_000_000, 32, 5);
        good(&mut drive, "35 02 00 00 00 00 00 00 00 00");
        ready(&mut drive);
        good(&mut drive, "5B 01 00 00 00 00 00 00 00 00");
        ready(&mut drive);
        assert_eq!(status(&mut drive), (0x1e, 1));
    }
    let mut drive = drive(&folder, "");
    assert_eq!(status(&mut drive), (0x1e, 1));
    holds(&mut drive, 1_000_000, 32, 5);
    assert_eq!(write_once(&mut drive, 1_000_000, 16, 6).unwrap().status, Status::Good);
    assert_eq!(sense(&write_once(&mut drive, 1_500_000, 16, 6).unwrap()), (5, 0x30, 5));
    assert_eq!(sense(&read(&mut drive, 1_500_000, 1).unwrap_err()), (8, 0, 0));
    assert_eq!(send(&mut drive, FORMAT, RESUME).status, Status::Good);
    ready(&mut drive);
    assert_eq!(status(&mut drive), (0x1e, 2));
    write(&mut drive, 1_500_000, 16, 6);
    holds(&mut drive, 1_500_000, 16, 6);
    holds(&mut drive, 1_000_000, 16, 6);
    holds(&mut drive, 1_000_016, 16, 5);
}

#[test]
fn a_killed_process_leaves_the_old_data_and_a_suspended_format() {
    let folder = disc("dvd+rw");
    {
        let mut drive = formatted(&folder);
        write(&mut drive, 32, 64, 1);
        good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
        write(&mut drive, 32, 64, 2);
        // Neither drop nor power cut: nothing more reaches the host's files.
        std::mem::forget(drive);
    }
    // The lock of a forgotten drive lives as long as this process: look at a copy.
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("disc")).unwrap();
    for name in ["sectors", "state.json"] {
        let name = std::path::Path::new("disc").join(name);
        std::fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let mut drive = drive(&copy, "");
    assert_eq!(status(&mut drive), (0x1e, 1));
    holds(&mut drive, 32, 64, 1);
}

#[test]
fn a_format_that_was_cut_off_leaves_an_unformatted_disc() {
    let folder = disc("dvd+rw");
    {
        let mut drive = drive(&folder, "");
        assert_eq!(send(&mut drive, FORMAT, WHOLE).status, Status::Good);
        drive.wait(Duration::from_secs(10));
    }
    assert_eq!(described(&folder).state, "not formatted");
    let mut drive = drive(&folder, "");
    assert_eq!(status(&mut drive), (0x10, 0));
}

#[test]
fn a_format_list_with_an_error_is_pointed_at() {
    let folder = disc("dvd+rw");
    let mut drive = drive(&folder, "");
    let mut refused = |list: &str| {
        let done = send(&mut drive, FORMAT, list);
        (sense(&done), done.sense[15..].to_vec())
    };
    assert_eq!(refused("00 02 00 10 FF FF FF FF 98 00 00 00"), ((5, 0x26, 0), vec![0x80, 0, 2]));
    assert_eq!(refused("00 02 00 08 FF FF FF FF 54 00 00 10"), ((5, 0x26, 0), vec![0x80, 0, 8]));
    assert_eq!(refused("00 02 00 08 00 00 10 00 98 00 00 00"), ((5, 0x26, 0), vec![0x80, 0, 4]));
    assert_eq!(refused(RESUME), ((5, 0x26, 0), vec![0x88, 0, 11]));
    let done = send(&mut drive, "04 18 00 00 00 00", WHOLE);
    assert_eq!((sense(&done), done.sense[15..].to_vec()), ((5, 0x24, 0), vec![0xcb, 0, 1]));
}

#[test]
fn descriptors_written_before_their_data_is_synchronized_are_noticed() {
    let folder = disc("dvd+rw");
    let mut drive = formatted(&folder);
    write(&mut drive, 32, 320, 1);
    good(&mut drive, "35 02 00 00 00 00 00 00 00 00");
    ready(&mut drive);
    write(&mut drive, 0, 32, 1);
    assert_eq!(drive.violations(), []);
    write(&mut drive, 352, 32, 1);
    write(&mut drive, 0, 32, 1);
    assert_eq!(drive.violations().len(), 1);
    assert!(drive.violations()[0].what.starts_with("descriptors were written before the data"));
}
