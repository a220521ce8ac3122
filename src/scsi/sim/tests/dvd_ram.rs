//! DVD-RAM: any block at any time, once it is formatted.

use super::*;

const FORMAT: &str = "04 11 00 00 00 00";
const WHOLE: &str = "00 02 00 08 00 22 21 20 00 00 08 00";
const QUICK: &str = "00 A2 00 08 00 22 21 20 00 00 08 00";
const MORE_SPARES: &str = "00 02 00 08 00 21 10 20 04 00 08 00";
const LIST: &str = "23 00 00 00 00 00 00 00 FC 00";

fn formatted(folder: &TempDir, options: &str) -> SimDrive {
    let mut drive = drive(folder, options);
    good(&mut drive, "1E 00 00 00 01 00");
    assert_eq!(send(&mut drive, FORMAT, QUICK).status, Status::Good);
    ready(&mut drive);
    drive
}

#[test]
fn an_unformatted_disc_has_a_status_of_its_own_and_refuses_to_be_written() {
    let folder = disc("dvd-ram");
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, LIST), flat("00000010 00222120 01000800 00222120 00000800"));
    assert_eq!(hex(&ask(&mut drive, "51 00 00 00 00 00 00 00 22 00"))[2], 0x13);
    assert_eq!(sense(&write_once(&mut drive, 0, 1, 1).unwrap()), (5, 0x30, 5));
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (5, 0x30, 2));
    assert_eq!(sense(&run(&mut drive, "43 00 00 00 00 00 00 00 0C 00")), (5, 0x24, 0));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("00000000 00000800"));
    assert_eq!(described(&folder).state, "not formatted");
}

#[test]
fn formatting_certifies_unless_it_is_told_not_to() {
    let folder = disc("dvd-ram");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    let begun = drive.now();
    assert_eq!(send(&mut drive, FORMAT, WHOLE).status, Status::Good);
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x04, 0x04));
    drive.wait(Duration::from_secs(1));
    ready(&mut drive);
    assert!((2400..2500).contains(&(drive.now() - begun).as_secs()));
    let begun = drive.now();
    // CmpList is known to DVD-RAM alone.
    assert_eq!(send(&mut drive, "04 19 00 00 00 00", QUICK).status, Status::Good);
    ready(&mut drive);
    assert!((60..70).contains(&(drive.now() - begun).as_secs()));
    assert_eq!(hex(&ask(&mut drive, "51 00 00 00 00 00 00 00 22 00"))[2], 0x1f);
    let list = "00000018 00222120 02000800 00222120 00000800 00211020 04000800";
    assert_eq!(ask(&mut drive, LIST), flat(list));
    assert_eq!(drive.violations(), []);
}

#[test]
fn a_single_block_can_be_written_anywhere() {
    let folder = disc("dvd-ram");
    let mut drive = formatted(&folder, "");
    write(&mut drive, 2_236_703, 1, 1);
    write(&mut drive, 7, 1, 2);
    holds(&mut drive, 2_236_703, 1, 1);
    holds(&mut drive, 7, 1, 2);
    assert_eq!(read(&mut drive, 8, 1).unwrap(), vec![0; 2048]);
    assert_eq!(sense(&write_once(&mut drive, 2_236_703, 2, 1).unwrap()), (5, 0x21, 0));
    assert_eq!(sense(&read(&mut drive, 2_236_704, 1).unwrap_err()), (5, 0x21, 0));
    let track = ask(&mut drive, "52 01 00 00 00 01 00 00 30 00");
    assert_eq!(track[..56], flat("002E 01 01 00 04 01 00 00000000 00000000 00000000 00000010 00222120"));
    assert_eq!(sense(&run(&mut drive, "5B 01 02 00 00 00 00 00 00 00")), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
}

#[test]
fn more_spares_take_the_end_and_leave_the_data() {
    let folder = disc("dvd-ram");
    let mut drive = formatted(&folder, "");
    write(&mut drive, 64, 32, 1);
    write(&mut drive, 2_236_000, 32, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(send(&mut drive, FORMAT, MORE_SPARES).status, Status::Good);
    ready(&mut drive);
    holds(&mut drive, 64, 32, 1);
    assert_eq!(sense(&read(&mut drive, 2_236_000, 1).unwrap_err()), (5, 0x21, 0));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("0021101F 00000800"));
    drop(drive);
    let disc = described(&folder);
    assert_eq!((disc.spares, disc.recorded.len(), disc.formatted), (69_888, 1, Some(2_166_816)));
    assert!(disc.to_string().contains("  2166816  spare area (69888 sectors, 136.5 MiB)\n"), "{disc}");
    // There is room for it but once.
    let mut drive = super::drive(&folder, "");
    assert_eq!(sense(&send(&mut drive, FORMAT, MORE_SPARES)), (5, 0x26, 0));
}

#[test]
fn a_block_that_could_not_be_written_takes_its_unit_with_it_until_it_is_written_again() {
    let folder = disc("dvd-ram");
    {
        let mut drive = formatted(&folder, ",fault=write10@70:3/0C/00");
        write(&mut drive, 32, 32, 1);
        assert_eq!(sense(&write_once(&mut drive, 64, 16, 1).unwrap()), (3, 0x0c, 0));
        let wrong = read(&mut drive, 48, 32).unwrap_err();
        assert_eq!(wrong.sense, hex("F0 00 03 00 00 00 40 0A 00 00 00 00 11 00 00 00 00 00"));
        holds(&mut drive, 32, 32, 1);
    }
    assert!(described(&folder).to_string().contains("       64  unreadable (16 sectors, 0.0 MiB)"));
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&read(&mut drive, 79, 1).unwrap_err()), (3, 0x11, 0));
    good(&mut drive, "1E 00 00 00 01 00");
    write(&mut drive, 64, 16, 2);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    holds(&mut drive, 64, 16, 2);
}

#[test]
fn a_list_that_does_not_fit_is_pointed_at() {
    let folder = disc("dvd-ram");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    let mut refused = |list: &str| {
        let done = send(&mut drive, FORMAT, list);
        assert_eq!(sense(&done), (5, 0x26, 0), "{list}");
        done.sense[15..].to_vec()
    };
    // DCRT without FOV, a flag nobody knows, a length, a size, a type, a parameter.
    assert_eq!(refused("00 22 00 08 00 22 21 20 00 00 08 00"), [0x8f, 0, 1]);
    assert_eq!(refused("00 92 00 08 00 22 21 20 00 00 08 00"), [0x80, 0, 1]);
    assert_eq!(refused("00 02 00 10 00 22 21 20 00 00 08 00"), [0x80, 0, 2]);
    assert_eq!(refused("00 02 00 08 00 22 21 10 00 00 08 00"), [0x80, 0, 4]);
    assert_eq!(refused(MORE_SPARES), [0x80, 0, 8]);
    assert_eq!(refused("00 02 00 08 00 22 21 20 00 00 00 10"), [0x80, 0, 9]);
    assert_eq!(drive.violations()[0].what, "the parameter list of FORMAT UNIT was not one that this disc can follow");
}
