//! BD-R: clusters of 32 blocks, spare areas if one wants them, up to 128 GB.

use super::*;

const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";
const FORMAT: &str = "04 11 00 00 00 00";
/// Default spares, sequential recording, no pseudo overwrite.
const DEFAULT_SPARES: &str = "00 02 00 08 00 B4 74 00 C9 00 00 00";

fn track(drive: &mut SimDrive, number: u8) -> String {
    ask(drive, &format!("52 01 00 00 00 {number:02x} 00 00 30 00"))
}

fn features(drive: &SimDrive) -> Vec<u16> {
    let inserted = drive.slot.as_ref().unwrap();
    inserted.family.current_features(&inserted.disc.state).to_vec()
}

fn formatted(drive: &mut SimDrive, list: &str) {
    assert_eq!(send(drive, FORMAT, list).status, Status::Good);
    assert_eq!(sense(&run(drive, "00 00 00 00 00 00")), (2, 4, 4));
    ready(drive);
}

#[test]
fn a_blank_bd_r_shows_one_empty_track_and_the_sizes_it_can_have() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, "");
    let info = "0020 00 01 01 01 01 00 FF 00 00 00 00000000 00000000 00BA7400 0000000000000000 0000";
    assert_eq!(ask(&mut drive, DISC_INFO), flat(info));
    let blank = "002E 01 01 00 04 41 01 00000000 00000000 00BA7400 00000020 00BA7400 00000000 \
        00 00 0000 00000000 0000000000000000";
    assert_eq!(track(&mut drive, 1), flat(blank));
    assert_eq!(features(&drive), [0x10, 0x21, 0x23, 0x40, 0x41, 0x107]);
    // 12219392 unformatted; by default 11826176, at most 12088320, at least 11564032: with pseudo overwrite, and without.
    let sizes = "00000048 00BA7400 01000800 \
        00B47400 00000800 00B47400 C8000000 00B87400 C8000000 00B07400 C8000000 \
        00B47400 01000800 00B47400 C9000000 00B87400 C9000000 00B07400 C9000000";
    assert_eq!(ask(&mut drive, "23 00 00 00 00 00 00 00 FC 00"), flat(sizes));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("00000000 00000800"));
}

#[test]
fn sessions_follow_each_other_without_a_gap() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, "");
    burn_plain(&mut drive, 1, 0, 100, 1);
    // The last cluster is filled up: 128.
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("01 01 02 02 02"));
    assert_eq!(
        track(&mut drive, 2)[4..64],
        flat("02 02 00 04 41 01 00000080 00000080 00BA7380 00000020 00BA7380 00000000")
    );
    burn_plain(&mut drive, 2, 128, 64, 2);
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("000000BF 00000800"));
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("000A 01 02 00 14 02 00 00000080"));
    holds(&mut drive, 0, 100, 1);
    assert_eq!(read(&mut drive, 100, 28).unwrap(), vec![0; 28 * 2048]);
    holds(&mut drive, 128, 64, 2);
    assert_eq!(sense(&read(&mut drive, 192, 1).unwrap_err()), (5, 0x21, 0));
    assert_eq!(features(&drive), [0x10, 0x21, 0x40, 0x41, 0x107]);
    assert_eq!(drive.job_over(), []);
}

#[test]
fn a_write_in_the_midst_of_a_cluster_is_noticed() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, "");
    write(&mut drive, 0, 16, 1);
    write(&mut drive, 16, 16, 1);
    assert!(wrongs(&drive).contains(&"a WRITE began in the midst of an ECC unit"));
    holds(&mut drive, 0, 32, 1);
}

#[test]
fn function_6_closes_for_good_and_nothing_is_written_after_it() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, "");
    for function in ["00", "03", "04", "05", "07"] {
        assert_eq!(sense(&run(&mut drive, &format!("5B 00 {function} 00 00 00 00 00 00 00"))), (5, 0x24, 0));
    }
    write(&mut drive, 0, 64, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, "5B 00 06 00 00 00 00 00 00 00")), (5, 0x72, 3));
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    good(&mut drive, "5B 00 06 00 00 00 00 00 00 00");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("0E 01 01 01 01"));
    assert_eq!(ask(&mut drive, DISC_INFO)[32..48], flat("FFFFFFFF FFFFFFFF"));
    assert_eq!(sense(&write_once(&mut drive, 64, 32, 1).unwrap()), (7, 0x27, 0));
    assert_eq!(track(&mut drive, 1)[14..40], flat("02 00000000 00000000 00000000"));
    assert_eq!(features(&drive), [0x10, 0x40, 0x107]);
}

#[test]
fn spare_areas_make_the_disc_smaller_and_can_be_set_once() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, "");
    formatted(&mut drive, DEFAULT_SPARES);
    // Still blank: 11826176 blocks.
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("00 01 01 01 01"));
    assert_eq!(track(&mut drive, 1)[14..56], flat("01 00000000 00000000 00B47400 00000020 00B47400"));
    assert_eq!(features(&drive), [0x10, 0x21, 0x24, 0x40, 0x41, 0x107]);
    assert_eq!(ask(&mut drive, "23 00 00 00 00 00 00 00 FC 00"), flat("00000008 00B47400 02000800"));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("00000000 00000800"));
    assert_eq!(sense(&send(&mut drive, FORMAT, DEFAULT_SPARES)), (5, 0x30, 6));
    burn_plain(&mut drive, 1, 0, 64, 1);
    assert_eq!(track(&mut drive, 2)[24..40], flat("00000040 00B473C0"));
    drop(drive);
    assert_eq!(described(&folder).free, 11_826_176 - 64);
}

#[test]
fn a_drive_may_call_a_formatted_bd_r_appendable() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, ",fmtbdr");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("00"));
    formatted(&mut drive, DEFAULT_SPARES);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("01 01 01 01 01"));
    assert_eq!(track(&mut drive, 1)[4..32], flat("01 01 00 04 41 01 00000000 00000000"));
    burn_plain(&mut drive, 1, 0, 64, 1);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("01 01 02 02 02"));
}

#[test]
fn only_what_is_offered_can_be_formatted() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, "");
    let refused = |drive: &mut SimDrive, list: &str| {
        let done = send(drive, FORMAT, list);
        (sense(&done), done.sense[15..].to_vec())
    };
    let parameter = |flags: u8, byte: u8| ((5, 0x26, 0), vec![flags, 0, byte]);
    // Random recording; a type of BD-RE; more than the least spares leave; less than the most; half a cluster; wrong parameters.
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B4 74 00 CA 00 00 00"), parameter(0x89, 8));
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B4 74 00 C1 00 00 00"), parameter(0x8f, 8));
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B8 74 20 C9 00 00 00"), parameter(0x80, 4));
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B0 73 E0 C9 00 00 00"), parameter(0x80, 4));
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B4 74 10 C9 00 00 00"), parameter(0x80, 4));
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B8 74 00 01 00 08 00"), parameter(0x80, 4));
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B4 74 00 C9 00 08 00"), parameter(0x80, 9));
    assert_eq!(refused(&mut drive, "00 02 00 08 00 B4 74 00 01 00 00 00"), parameter(0x80, 9));
    // The least spares, and pseudo overwrite.
    formatted(&mut drive, "00 02 00 08 00 B8 74 00 C8 00 00 00");
    assert_eq!(features(&drive), [0x10, 0x21, 0x24, 0x38, 0x40, 0x41, 0x107]);

    let written = disc("bd-r");
    let mut drive = self::drive(&written, "");
    write(&mut drive, 0, 32, 1);
    assert_eq!(sense(&send(&mut drive, FORMAT, DEFAULT_SPARES)), (5, 0x2c, 0));
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    assert_eq!(sense(&send(&mut drive, FORMAT, DEFAULT_SPARES)), (5, 0x30, 6));
    assert_eq!(sense(&run(&mut drive, "A1 00 00 00 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
}

#[test]
fn a_format_that_was_cut_off_has_not_happened() {
    let folder = disc("bd-r");
    send(&mut drive(&folder, ""), FORMAT, DEFAULT_SPARES);
    let mut drive = drive(&folder, "");
    assert_eq!(track(&mut drive, 1)[24..40], flat("00000000 00BA7400"));
}

#[test]
fn streaming_is_allowed() {
    let folder = disc("bd-r");
    let mut drive = drive(&folder, "");
    let data = sectors(0, 32, 1);
    let streamed = drive.execute(&hex("AA 00 00000000 00000020 80 00"), Data::Out(&data), LONG).unwrap();
    assert_eq!(streamed.status, Status::Good);
    holds(&mut drive, 0, 32, 1);
}

#[test]
fn the_largest_disc_holds_its_last_block_in_a_file_full_of_holes() {
    for (capacity, word) in [(24_438_784, "bd-r-dl"), (62_500_864, "bd-r-xl")] {
        let folder = disc_of(word, Some(capacity));
        let last = capacity - 32;
        let path = folder.path().join("disc").join("state.json");
        // A disc that is nearly full, without writing for hours.
        let state = format!(
            r#"{{"version":2,"medium":"{word}","capacity":{capacity},"sessions":[{{"tracks":[{{"number":1,"start":0,"blocks":{last},"closed":true}}],"lead_out":{last}}}]}}"#
        );
        std::fs::write(&path, state).unwrap();
        let mut drive = drive(&folder, "");
        assert_eq!(track(&mut drive, 2)[16..40], format!("{last:08x}{last:08x}00000020"));
        burn_plain(&mut drive, 2, last, 32, 2);
        holds(&mut drive, last, 32, 2);
        assert_eq!(sense(&write_once(&mut drive, capacity, 32, 1).unwrap()), (5, 0x21, 0));
        let blocks = std::os::unix::fs::MetadataExt::blocks(&folder.path().join("disc/sectors").metadata().unwrap());
        assert!(blocks < 1000, "{blocks}");
    }
}

#[test]
fn more_than_255_sessions_are_counted_in_two_bytes() {
    let folder = disc("bd-r");
    let tracks = |number: u32| {
        let (start, end) = ((number - 1) * 32, number * 32);
        format!(r#"{{"tracks":[{{"number":{number},"start":{start},"blocks":32,"closed":true}}],"lead_out":{end}}}"#)
    };
    let sessions: Vec<String> = (1..=300).map(tracks).collect();
    let state = format!(r#"{{"version":2,"medium":"bd-r","capacity":12219392,"sessions":[{}]}}"#, sessions.join(","));
    std::fs::write(state_file(&folder), state).unwrap();
    let mut drive = drive(&folder, "");
    // 301 is 012Dh.
    assert_eq!(ask(&mut drive, DISC_INFO)[4..24], flat("01 01 2D 2D 2D 00 FF 01 01 01").replace("00ff", "0000"));
    let next = ask(&mut drive, "52 01 00 00 01 2D 00 00 30 00");
    assert_eq!((&next[4..8], &next[16..32], &next[64..68]), ("2d2d", "0000258000002580", "0101"));
    burn_plain(&mut drive, 301, 9600, 32, 1);
}

#[test]
fn a_power_cut_damages_the_track_and_two_closes_repair_the_disc() {
    let folder = disc("bd-r");
    {
        let mut drive = drive(&folder, "");
        write(&mut drive, 0, 4096, 2);
    }
    let kept = described(&folder).sessions[0].tracks[0].blocks;
    let mut drive = drive(&folder, "");
    assert_eq!(track(&mut drive, 1)[8..14], flat("00 24 01")[..]);
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    let next = kept.next_multiple_of(32);
    assert_eq!(track(&mut drive, 2)[8..32], format!("00044101{next:08x}{next:08x}"));
    holds(&mut drive, 0, kept, 2);
}
