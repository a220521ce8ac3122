//! BD-RE: formatted with as many spares as one likes, then any block at any time.

use super::*;

const FORMAT: &str = "04 11 00 00 00 00";
const DEFAULT: &str = "00 02 00 08 00 B4 74 00 00 00 08 00";
const LIST: &str = "23 00 00 00 00 00 00 00 FC 00";
const FORMATS: &str = "00B47400 00000800 00B47400 C0000000 00B87400 C0000000 00B07400 C0000000 00BA7400 C4000800";

fn formatted(folder: &TempDir, list: &str) -> SimDrive {
    let mut drive = drive(folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    assert_eq!(send(&mut drive, FORMAT, list).status, Status::Good, "{list}");
    ready(&mut drive);
    drive
}

fn capacity(drive: &mut SimDrive) -> u32 {
    let reply = hex(&ask(drive, "25 00 00 00 00 00 00 00 00 00"));
    u32::from_be_bytes(reply[..4].try_into().unwrap()) + 1
}

#[test]
fn a_new_disc_is_not_formatted() {
    let folder = disc("bd-re");
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, LIST), flat(&format!("00000030 00BA7400 01000800 {FORMATS}")));
    assert_eq!(hex(&ask(&mut drive, "51 00 00 00 00 00 00 00 22 00"))[2], 0x10);
    assert_eq!(sense(&write_once(&mut drive, 0, 32, 1).unwrap()), (5, 0x30, 5));
    assert_eq!(sense(&read(&mut drive, 0, 32).unwrap_err()), (5, 0x30, 2));
}

#[test]
fn every_format_gives_the_size_it_says() {
    for (list, sectors) in [
        (DEFAULT, 11_826_176),
        ("00 02 00 08 00 B4 74 00 C0 00 00 00", 11_826_176),
        ("00 02 00 08 00 B8 74 00 C2 00 00 00", 12_088_320),
        ("00 82 00 08 00 B0 74 00 C3 00 00 00", 11_564_032),
        ("00 02 00 08 00 BA 74 00 C4 00 08 00", 12_219_392),
    ] {
        let folder = disc("bd-re");
        let mut drive = formatted(&folder, list);
        assert_eq!(capacity(&mut drive), sectors, "{list}");
        write(&mut drive, sectors - 1, 1, 1);
        write(&mut drive, 0, 33, 2);
        holds(&mut drive, sectors - 1, 1, 1);
        holds(&mut drive, 0, 33, 2);
        assert_eq!(sense(&write_once(&mut drive, sectors, 1, 1).unwrap()), (5, 0x21, 0));
        assert_eq!(hex(&ask(&mut drive, "51 00 00 00 00 00 00 00 22 00"))[2], 0x1e);
    }
    let folder = disc("bd-re-dl");
    let mut drive = formatted(&folder, "00 02 00 08 01 68 E8 00 00 00 08 00");
    assert_eq!(capacity(&mut drive), 23_652_352);
}

#[test]
fn a_formatted_disc_lists_what_it_is_and_what_it_can_become() {
    let folder = disc("bd-re");
    let mut drive = formatted(&folder, DEFAULT);
    assert_eq!(ask(&mut drive, LIST), flat(&format!("00000038 00B47400 02000800 {FORMATS} 00B07400 04000800")));
    let track = ask(&mut drive, "52 01 00 00 00 01 00 00 30 00");
    assert_eq!(track[..56], flat("002E 01 01 00 04 01 00 00000000 00000000 00000000 00000020 00B47400"));
    assert_eq!(
        ask(&mut drive, "43 00 00 00 00 00 00 00 14 00"),
        flat("0012 01 01 00140100 00000000 0014AA00 00B47400")
    );
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("000A 01 01 00140100 00000000"));
    // The spare areas: 12288 clusters, all of them free.
    assert_eq!(ask(&mut drive, "AD 01 00 00 00 00 00 0A 00 0C 00 00"), flat("000A0000 00003000 00003000"));
    let speeds = ask(&mut drive, "AC 00 00 00 00 00 00 00 00 01 03 00");
    assert_eq!(speeds, flat("00000014 00000000 00000000 00B473FF 00008C7C 0000231F"));
    let stream = |end: &str| format!("00000000 00000000 {end} 0000231F 000003E8 0000231F 000003E8");
    let set = "B6 00 00 00 00 00 00 00 00 00 1C 00";
    assert_eq!(send(&mut drive, set, &stream("00B473FF")).status, Status::Good);
    assert_eq!(sense(&send(&mut drive, set, &stream("00B47400"))), (5, 0x21, 0));
}

#[test]
fn streaming_is_another_way_to_write_the_same() {
    let folder = disc("bd-re");
    let mut drive = formatted(&folder, DEFAULT);
    let cdb = hex("AA 00 00 00 00 40 00 00 00 20 80 00");
    assert_eq!(drive.execute(&cdb, Data::Out(&sectors(64, 32, 3)), LONG).unwrap().status, Status::Good);
    holds(&mut drive, 64, 32, 3);
    assert_eq!(sense(&run(&mut drive, "5B 01 02 00 00 00 00 00 00 00")), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, "A1 10 00 00 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
    assert_eq!(sense(&run(&mut drive, "54 01 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
}

#[test]
fn a_new_format_takes_everything_with_it_even_if_it_is_cut_off() {
    let folder = disc("bd-re");
    {
        let mut drive = formatted(&folder, DEFAULT);
        write(&mut drive, 32, 32, 1);
        good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
        assert_eq!(send(&mut drive, FORMAT, DEFAULT).status, Status::Good);
        drive.wait(Duration::from_secs(10));
    }
    assert_eq!(described(&folder).state, "not formatted");
    let mut drive = formatted(&folder, DEFAULT);
    assert_eq!(read(&mut drive, 32, 1).unwrap(), vec![0; 2048]);
    assert_eq!(described(&folder).state, "formatted");
}

#[test]
fn a_power_cut_takes_what_was_in_the_buffer_and_the_unit_that_was_being_written() {
    let folder = disc("bd-re");
    {
        let mut drive = formatted(&folder, DEFAULT);
        write(&mut drive, 32, 64, 1);
        good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
        write(&mut drive, 32, 64, 2);
        drive.power_cut();
    }
    let mut drive = drive(&folder, "");
    holds(&mut drive, 64, 32, 1);
    // Neither what it was nor what it was to be.
    for lba in [32, 63] {
        assert_eq!(sense(&read(&mut drive, lba, 1).unwrap_err()), (3, 0x11, 0));
    }
    assert_eq!(hex(&ask(&mut drive, "51 00 00 00 00 00 00 00 22 00"))[2], 0x1e);
    good(&mut drive, "1E 00 00 00 01 00");
    write(&mut drive, 32, 32, 3);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    holds(&mut drive, 32, 32, 3);
}

#[test]
fn a_list_that_does_not_fit_is_pointed_at() {
    let folder = disc("bd-re");
    let mut drive = drive(&folder, "");
    let mut refused = |list: &str| {
        let done = send(&mut drive, FORMAT, list);
        assert_eq!(sense(&done), (5, 0x26, 0), "{list}");
        done.sense[15..].to_vec()
    };
    assert_eq!(refused("00 02 00 08 00 B4 74 00 01 00 08 00"), [0x80, 0, 8], "a subtype");
    assert_eq!(refused("00 02 00 08 00 B4 74 00 C1 00 00 00"), [0x80, 0, 8], "a certification");
    assert_eq!(refused("00 02 00 08 00 B4 74 00 98 00 00 00"), [0x80, 0, 8], "a type of DVD+RW");
    assert_eq!(refused("00 02 00 08 00 B4 74 20 C0 00 00 00"), [0x80, 0, 4]);
    assert_eq!(refused("00 02 00 08 00 B4 74 00 C4 00 08 00"), [0x80, 0, 4]);
    assert_eq!(refused("00 02 00 08 00 B4 74 00 00 00 00 00"), [0x80, 0, 9]);
    assert_eq!(refused("00 A2 00 08 00 B4 74 00 00 00 08 00"), [0x80, 0, 1]);
    let done = send(&mut drive, "04 19 00 00 00 00", DEFAULT);
    assert_eq!((sense(&done), done.sense[15..].to_vec()), ((5, 0x24, 0), vec![0xcb, 0, 1]));
}

#[test]
fn the_drawing_of_a_disc_in_sixty_thousand_pieces_is_no_longer_than_can_be_read() {
    let folder = disc("bd-re");
    let pieces: Vec<String> =
        (0..60_000).map(|n| format!(r#"{{"first":{},"last":{}}}"#, n * 64, n * 64 + 31)).collect();
    let state = format!(
        r#"{{"version":2,"medium":"bd-re","capacity":12219392,
        "format":{{"status":"complete","formatted":12219392}},"recorded":[{}]}}"#,
        pieces.join(",")
    );
    std::fs::write(state_file(&folder), state).unwrap();
    let drawn = described(&folder).to_string();
    assert!(drawn.lines().count() < 510 && drawn.contains("and 119500 ranges more"), "{}", drawn.lines().count());
}
