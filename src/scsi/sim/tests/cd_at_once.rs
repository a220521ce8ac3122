//! CDs written session at once: the sheet first, then everything from the pre-gap to the lead-out.

use super::*;

/// One data track of 1000 blocks.
const SHEET: &str =
    "41 00 00 14 00 00 00 00  41 01 00 10 00 00 00 00  41 01 01 10 00 00 02 00  41 AA 01 14 00 00 0F 19";
const SEND: &str = "5D 00 00 00 00 00 00 00 20 00";
const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";
const INVISIBLE: &str = "52 01 00 00 00 FF 00 00 24 00";

/// The pre-gap, in the pieces of which the last one reaches into the data.
fn pre_gap(drive: &mut SimDrive, seed: u8) {
    for (at, count) in [(0xffff_ff6a, 30), (0xffff_ff88, 30), (0xffff_ffa6, 30), (0xffff_ffc4, 30)] {
        assert_eq!(zeros(drive, at, count).status, Status::Good, "{at:x}");
    }
    let mut data = vec![0; 30 * 2048];
    data.extend(sectors(0, 2, seed));
    let last = drive.execute(&transfer_cdb(0x2a, 0xffff_ffe2, 32), Data::Out(&data), LONG).unwrap();
    assert_eq!(last.status, Status::Good);
}

fn zeros(drive: &mut SimDrive, at: u32, count: u32) -> Completion {
    drive.execute(&transfer_cdb(0x2a, at, count), Data::Out(&vec![0; count as usize * 2048]), LONG).unwrap()
}

#[test]
fn a_session_at_once_ends_with_its_sync_and_has_no_run_out() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    select(&mut drive, CD_AT_ONCE);
    assert_eq!(send(&mut drive, SEND, SHEET).status, Status::Good);
    // With that page the drive begins in the pre-gap.
    assert_eq!(ask(&mut drive, INVISIBLE)[16..32], flat("00000000 FFFFFF6A"));
    pre_gap(&mut drive, 5);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("05 01 01 01 01"));
    write(&mut drive, 2, 998, 5);
    good(&mut drive, "35 02 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 4, 8));
    drive.wait(Duration::from_secs(1));
    ready(&mut drive);
    good(&mut drive, "1E 00 00 00 00 00");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("0E 01 01 01 01"));
    // The last block that READ CAPACITY names can be read.
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("000003E7 00000800"));
    holds(&mut drive, 0, 1000, 5);
    assert_eq!(sense(&read(&mut drive, 1000, 1).unwrap_err()), (5, 0x21, 0));
    assert_eq!(described(&folder).state, "closed");
    assert_eq!(drive.job_over(), []);
}

#[test]
fn the_page_decides_whether_a_session_may_follow() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    select(&mut drive, &CD_AT_ONCE.replace("42 04", "42 C4"));
    send(&mut drive, SEND, SHEET);
    pre_gap(&mut drive, 5);
    write(&mut drive, 2, 998, 5);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    select(&mut drive, TRACK_AT_ONCE);
    assert_eq!(ask(&mut drive, INVISIBLE)[24..32], text(&(1000_u32 + 11_400).to_be_bytes()));
    burn(&mut drive, 12_400, 300, 6);
}

#[test]
fn nothing_is_written_without_a_sheet_or_beside_it() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&send(&mut drive, SEND, SHEET)), (5, 0x2c, 0));
    select(&mut drive, TRACK_AT_ONCE);
    assert_eq!(sense(&send(&mut drive, SEND, SHEET)), (5, 0x64, 0));
    select(&mut drive, CD_AT_ONCE);
    assert_eq!(sense(&zeros(&mut drive, 0xffff_ff6a, 30)), (5, 0x2c, 0));
    send(&mut drive, SEND, SHEET);
    assert_eq!(sense(&zeros(&mut drive, 0, 30)), (5, 0x21, 2));
    assert_eq!(sense(&zeros(&mut drive, 0xffff_ff6b, 30)), (5, 0x21, 2));
    pre_gap(&mut drive, 5);
    write(&mut drive, 2, 990, 5);
    assert_eq!(sense(&zeros(&mut drive, 992, 9)), (5, 0x21, 0));
    // It is no end of the session, and there is no closing it by hand.
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(described(&folder).state, "damaged");
    assert_eq!(sense(&run(&mut drive, "5B 00 01 00 00 01 00 00 00 00")), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, "5B 00 02 00 00 00 00 00 00 00")), (5, 0x2c, 0));
    write(&mut drive, 992, 8, 5);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(described(&folder).state, "closed");
    assert_eq!(sense(&zeros(&mut drive, 0xffff_ff6a, 30)), (5, 0x64, 0));
    assert_eq!(
        wrongs(&drive),
        [
            "WRITE while the tray was not locked",
            "a WRITE came when nothing could be written",
            "a WRITE did not go to the next writable address",
            "a WRITE went beyond what can be written",
            "what is written at once was synchronized before its end",
            "CLOSE while the tray was not locked",
            "CLOSE although there was nothing that could be closed",
            "a WRITE came in a mode that this disc does not take",
        ]
    );
}

#[test]
fn a_sheet_that_is_wrong_is_pointed_at() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    select(&mut drive, CD_AT_ONCE);
    let changed = |drive: &mut SimDrive, at: usize, byte: u8| {
        let mut sheet = hex(SHEET);
        sheet[at] = byte;
        let done = drive.execute(&hex(SEND), Data::Out(&sheet), LONG).unwrap();
        (sense(&done), done.sense[15..].to_vec())
    };
    // An audio track, track 2, a wrong index, raw data, copyright, a pre-gap of 3 seconds, 75 frames, 299 blocks.
    for (at, byte, pointed) in
        [(0, 0x01, 0), (17, 2, 17), (10, 1, 10), (19, 0, 19), (20, 1, 20), (22, 3, 21), (31, 75, 29), (30, 4, 29)]
    {
        assert_eq!(changed(&mut drive, at, byte), ((5, 0x26, 0), vec![0x80, 0, pointed]), "byte {at}");
    }
    let short = send(&mut drive, "5D 00 00 00 00 00 00 00 18 00", "410000140000000041010010000000004101011000000200");
    assert_eq!(sense(&short), (5, 0x1a, 0));
    // 80 minutes are 359849 blocks; the sheet wants its lead-out a block later, at 79:60:00.
    let late = SHEET.replace("00 0F 19", "50 00 00");
    assert_eq!(sense(&send(&mut drive, SEND, &late)), (5, 0x63, 0));
    let full = SHEET.replace("00 0F 19", "4F 3B 4A");
    assert_eq!(send(&mut drive, SEND, &full).status, Status::Good);
    // The pre-gap may be left to the drive in words; it is sent all the same.
    let made_up = SHEET.replace("41 01 00 10", "41 01 00 14");
    assert_eq!(send(&mut drive, SEND, &made_up).status, Status::Good);
}

#[test]
fn a_session_at_once_is_for_blank_discs_only() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 300, 1);
    select(&mut drive, CD_AT_ONCE);
    assert_eq!(sense(&send(&mut drive, SEND, SHEET)), (5, 0x64, 0));
    assert_eq!(sense(&zeros(&mut drive, 0xffff_ff6a, 30)), (5, 0x64, 0));
}

#[test]
fn the_cue_sheet_says_what_the_tracks_are_and_the_page_need_not() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    // Track mode 0 and data block type 0 are those of audio.
    let mode =
        |write_type: &str| format!("0000000000000000 0532 {write_type} C0 00").replace(' ', "") + &"00".repeat(47);
    let page = |write_type| send(&mut drive, "55 10 00 00 00 00 00 00 3C 00", &mode(write_type));
    let done = ["42", "41"].map(page);
    assert_eq!(done[0].status, Status::Good);
    assert_eq!(sense(&done[1]), (5, 0x26, 0));
}

#[test]
fn a_power_cut_in_the_midst_leaves_a_track_that_can_be_closed() {
    let folder = disc("cdr-80");
    {
        let mut drive = drive(&folder, "");
        select(&mut drive, CD_AT_ONCE);
        send(&mut drive, SEND, SHEET);
        pre_gap(&mut drive, 5);
        write(&mut drive, 2, 700, 5);
        drive.wait(Duration::from_secs(1));
    }
    assert_eq!(described(&folder).state, "damaged");
    let mut drive = drive(&folder, "");
    holds(&mut drive, 0, 702, 5);
    select(&mut drive, TRACK_AT_ONCE);
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    assert_eq!(described(&folder).state, "appendable");
}
