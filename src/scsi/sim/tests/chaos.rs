//! No command, no data, no folder may bring the drive down.

use proptest::prelude::*;

use super::*;
use crate::scsi::Opcode;

fn any_cdb() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(Opcode::ALL.to_vec());
    // Small numbers in most bytes: what is refused at the door tests little.
    let byte = prop_oneof![4 => Just(0_u8), 2 => 0..4_u8, 1 => any::<u8>()];
    let sensible = (known, prop::collection::vec(byte, 12)).prop_map(|(opcode, mut bytes)| {
        bytes[0] = opcode.code();
        let length = super::super::decode::cdb_length(opcode.code()).unwrap();
        bytes.truncate(length);
        bytes
    });
    prop_oneof![9 => sensible, 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

#[derive(Debug, Clone)]
enum Step {
    Command {
        cdb: Vec<u8>,
        fit: bool,
        data: Vec<u8>,
    },
    Wait(u64),
    Known(usize),
    /// A WRITE where the drive wants it, of so many blocks.
    Append(u32),
}

const USEFUL: [(&str, &str); 27] = [
    ("55 10 00 00 00 00 00 00 3C 00", TRACK_AT_ONCE),
    ("04 11 00 00 00 00", "00 02 00 08 FF FF FF FF 98 00 00 00"),
    ("04 11 00 00 00 00", "00 02 00 08 FF FF FF FF 98 00 00 01"),
    ("35 02 00 00 00 00 00 00 00 00", ""),
    ("5B 01 02 00 00 00 00 00 00 00", ""),
    ("5B 01 01 00 00 01 00 00 00 00", ""),
    ("A1 11 00 00 00 00 00 00 00 00 00 00", ""),
    ("55 10 00 00 00 00 00 00 3C 00", INCREMENTAL),
    ("55 10 00 00 00 00 00 00 3C 00", DVD_AT_ONCE),
    ("55 10 00 00 00 00 00 00 3C 00", CD_AT_ONCE),
    // 400 blocks.
    ("5D 00 00 00 00 00 00 00 20 00", "4100001400000000 4101001000000000 4101011000000200 41AA011400000719"),
    ("53 00 00 00 00 00 00 00 40 00", ""),
    // 1984 of 2048 blocks on a BD-R.
    ("04 11 00 00 00 00", "00 02 00 08 00 00 07 C0 C9 00 00 00"),
    ("5B 01 01 00 00 02 00 00 00 00", ""),
    ("5B 01 06 00 00 00 00 00 00 00", ""),
    ("5B 01 05 00 00 00 00 00 00 00", ""),
    ("1B 00 00 00 02 00", ""),
    ("1B 00 00 00 03 00", ""),
    ("A1 10 00 00 00 00 00 00 00 00 00 00", ""),
    ("5B 01 00 00 00 00 00 00 00 00", ""),
    // DVD-RW: quick, whole, grown by a unit.
    ("04 11 00 00 00 00", "00 02 00 08 00 00 00 00 54 00 00 10"),
    ("04 11 00 00 00 00", "00 02 00 08 00 00 08 00 40 00 00 10"),
    ("04 11 00 00 00 00", "00 02 00 08 00 00 00 10 4C 00 00 10"),
    // DVD-RAM, BD-RE, BD-R.
    ("04 11 00 00 00 00", "00 02 00 08 00 00 08 00 00 00 08 00"),
    ("04 11 00 00 00 00", "00 02 00 08 00 00 07 C0 00 00 08 00"),
    ("04 11 00 00 00 00", "00 02 00 08 00 00 08 00 C4 00 08 00"),
    ("04 11 00 00 00 00", "00 02 00 08 00 00 07 C0 01 00 08 00"),
];

fn any_step() -> impl Strategy<Value = Step> {
    let command = (any_cdb(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..100));
    prop_oneof![
        5 => command.prop_map(|(cdb, fit, data)| Step::Command { cdb, fit, data }),
        2 => (0..100_000_u64).prop_map(Step::Wait),
        3 => (0..USEFUL.len()).prop_map(Step::Known),
        3 => (1..4_u32).prop_map(|units| Step::Append(units * 16)),
    ]
}

/// A whole state of any medium, likely enough one that passes for a disc.
fn any_state() -> impl Strategy<Value = serde_json::Value> {
    let edge = prop_oneof![Just(0_u32), Just(16), Just(300), Just(2048), Just(u32::MAX), 0..2100_u32];
    let track = (edge.clone(), prop_oneof![Just(0_u32), 0..400_u32], 0..3_u32, any::<bool>());
    let session = (prop::collection::vec(track, 1..3), prop::option::of(edge.clone()), any::<bool>());
    let statuses = vec!["none", "suspended", "running", "complete", "intermediate"];
    let format = (prop::sample::select(statuses), edge.clone(), edge.clone(), any::<bool>());
    let switches = (any::<bool>(), prop::bool::weighted(0.1), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let ranges = prop::collection::vec((edge.clone(), edge), 0..3);
    let sessions = prop::collection::vec(session, 0..4);
    let medium = prop::sample::select(Medium::ALL.to_vec());
    (medium, switches, prop::option::of(format), sessions, ranges).prop_map(
        |(medium, (finalised, erasing, at_once, pseudo), format, sessions, ranges)| {
            let (mut number, mut free) = (0, 0_u32);
            let count = sessions.len();
            let mut laid = Vec::new();
            for (at, (tracks, gap, open)) in sessions.into_iter().enumerate() {
                let open = open && at + 1 == count && !finalised;
                let most = tracks.len();
                let mut out = Vec::new();
                for (at, (skip, blocks, run_out, whole)) in tracks.into_iter().enumerate() {
                    number += 1;
                    let run_out = if medium.as_str().starts_with("cd") { run_out } else { 0 };
                    let start = free.saturating_add(skip % 64);
                    out.push(serde_json::json!({
                        "number": number, "start": start, "blocks": blocks, "run_out": run_out,
                        "synchronized": if whole { blocks } else { 0 }, "closed": !open || at + 1 != most || whole,
                    }));
                    free = start.saturating_add(blocks).saturating_add(run_out);
                }
                laid.push(serde_json::json!({ "tracks": out, "lead_out": (!open).then_some(free), "gap": gap }));
            }
            let format = format.map(|(status, formatted, spares, all)| {
                let formatted = if all { 2048_u32.saturating_sub(spares) } else { formatted };
                serde_json::json!({ "status": status, "formatted": formatted, "spares": spares })
            });
            let ranges: Vec<_> =
                ranges.into_iter().map(|(a, b)| serde_json::json!({ "first": a.min(b), "last": a.max(b) })).collect();
            let overwritable = format.is_some() && medium != Medium::BdR;
            let mut state = serde_json::json!({
                "version": 2, "medium": medium.as_str(), "capacity": 2048, "finalised": finalised, "erasing": erasing,
                "sessions": if overwritable { Vec::new() } else { laid },
                "recorded": if overwritable { ranges.clone() } else { Vec::new() },
                "unreadable": if overwritable { ranges } else { Vec::new() },
            });
            if let Some(format) = format {
                state["format"] = format;
            }
            if at_once {
                state["disc_at_once_only"] = true.into();
            }
            if pseudo {
                state["pseudo_overwrite"] = true.into();
            }
            state
        },
    )
}

/// Every command that asks and changes nothing, in every form it has.
fn questions() -> Vec<Vec<u8>> {
    let mut list: Vec<Vec<u8>> = [
        "00 00 00 00 00 00",
        "03 00 00 00 12 00",
        "12 00 00 00 24 00",
        "23 00 00 00 00 00 00 00 FC 00",
        "25 00 00 00 00 00 00 00 00 00",
        "46 00 00 00 00 00 00 08 00 00",
        "4A 01 00 00 10 00 00 00 08 00",
        "51 00 00 00 00 00 00 00 22 00",
        "5A 08 3F 00 00 00 00 02 00 00",
        "5C 00 00 00 00 00 00 00 0C 00",
        "AC 10 00 00 00 00 00 00 00 04 00 00",
        "AC 14 00 00 00 00 00 00 00 04 00 00",
        "AC 00 00 00 00 00 00 00 00 08 03 00",
    ]
    .map(hex)
    .into();
    for number in
        ["00 00 00 00", "00 00 00 01", "00 00 00 02", "00 00 00 07", "00 00 00 FF", "FF FF FF FF", "00 00 01 2E"]
    {
        list.extend((0..3).map(|kind| hex(&format!("52 0{kind} {number} 00 08 00 00"))));
        list.push(hex(&format!("28 00 {number} 00 00 01 00")));
        list.push(hex(&format!("28 08 {number} 00 00 02 00")));
    }
    for format in 0..6 {
        for (msf, from) in [(0, 0), (2, 1), (0, 3), (2, 0xaa)] {
            list.push(vec![0x43, msf, format, 0, 0, 0, from, 8, 0, 0]);
        }
    }
    for format in [0x00, 0x0a, 0x0e, 0x11, 0x20, 0xff] {
        list.extend((0..2).map(|media| vec![0xad, media, 0, 0, 0, 0, 0, format, 8, 0, 0, 0]));
    }
    list
}

/// Data of the length the CDB asks for, so that more than the length is tested.
fn fitting(cdb: &[u8], data: &[u8]) -> Vec<u8> {
    let wanted = match cdb.first() {
        Some(0xaa) => usize::from(cdb.get(9).copied().unwrap_or(0) % 8) * 2048,
        Some(0x5d) => usize::from(cdb.get(8).copied().unwrap_or(0)),
        Some(0x2a) => usize::from(cdb.get(8).copied().unwrap_or(0) % 8) * 2048,
        Some(0x55) => usize::from(cdb.get(8).copied().unwrap_or(0)),
        Some(0x04) => 12,
        Some(0xb6) => 28,
        _ => return Vec::new(),
    };
    data.iter().copied().cycle().chain(std::iter::repeat(0)).take(if data.is_empty() { 0 } else { wanted }).collect()
}

/// Where the drive says that the next WRITE has to go.
fn next_writable(drive: &mut SimDrive) -> Option<u32> {
    let mut reply = [0; 48];
    let info = drive.execute(&hex("51 00 00 00 00 00 00 00 22 00"), Data::In(&mut reply), LONG).ok()?;
    let (low, high) = (*reply.get(6).filter(|_| info.status == Status::Good)?, reply[11]);
    let cdb = [0x52, 1, 0, 0, high, low, 0, 0, 48, 0];
    let track = drive.execute(&cdb, Data::In(&mut reply), LONG).ok()?;
    let valid = track.status == Status::Good && reply[7] & 1 == 1;
    valid.then(|| u32::from_be_bytes(reply[12..16].try_into().unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_brings_the_drive_down(
        word in prop::sample::select(Medium::ALL.to_vec()),
        steps in prop::collection::vec(any_step(), 1..120),
        options in prop::sample::select(vec!["", ",gap=0", ",gap=100,nwav", ",rawtoc,lie21,fmtbdr"]),
    ) {
        let folder = disc_of(word.as_str(), Some(2048));
        let mut drive = drive(&folder, options);
        for step in steps {
            match step {
                Step::Wait(milliseconds) => drive.wait(Duration::from_millis(milliseconds)),
                Step::Append(count) => {
                    let at = next_writable(&mut drive).unwrap_or(0);
                    let _ = write_once(&mut drive, at, count, 1);
                }
                Step::Known(n) => {
                    let list = hex(USEFUL[n].1);
                    let _ = drive.execute(&hex(USEFUL[n].0), Data::Out(&list), LONG);
                }
                Step::Command { cdb, fit, data } if fit => {
                    let data = fitting(&cdb, &data);
                    let _ = drive.execute(&cdb, if data.is_empty() { Data::None } else { Data::Out(&data) }, LONG);
                }
                Step::Command { cdb, data, .. } => {
                    let mut buffer = vec![0; data.len() * 64];
                    let _ = drive.execute(&cdb, Data::In(&mut buffer), LONG);
                }
            }
        }
        drop(drive);
        // Whatever happened, the disc can be put in again.
        let drive = SimDrive::open(&spec(&folder, ""));
        prop_assert!(drive.is_ok(), "{drive:?}");
        let _ = described(&folder).to_string();
    }

    #[test]
    fn no_state_that_passes_for_a_disc_brings_the_drive_down(
        state in any_state(),
        options in prop::sample::select(vec!["", ",gap=4300", ",nwav,noffh", ",rawtoc,n150", ",fmtbdr,lie21", ",perf1"]),
    ) {
        let folder = disc_of(state["medium"].as_str().unwrap(), Some(2048));
        std::fs::write(state_file(&folder), state.to_string()).unwrap();
        if let Ok(mut drive) = SimDrive::open(&spec(&folder, options)) {
            ready(&mut drive);
            let mut room = vec![0; 4096];
            for cdb in questions() {
                let (_, wanted) = room.split_at_mut(if cdb[0] == 0x28 { 4096 - usize::from(cdb[8]) * 2048 } else { 0 });
                prop_assert!(drive.execute(&cdb, Data::In(wanted), LONG).is_ok());
            }
        }
        let _ = super::super::describe(&folder.path().join("disc")).map(|described| described.to_string());
    }

    #[test]
    fn no_state_file_brings_the_drive_down(text in "[\\{\\}\\[\\]\":,0-9a-z_ ]{0,200}", number in any::<u32>(), start in any::<u32>()) {
        let folder = disc("cdr-80");
        let good = format!(
            r#"{{"version":2,"medium":"cdr-80","capacity":359849,"sessions":[{{"tracks":[{{"number":1,"start":{start},"blocks":{number},"closed":false}}],"lead_out":null}}]}}"#
        );
        for text in [text, good] {
            std::fs::write(state_file(&folder), text).unwrap();
            if let Ok(mut drive) = SimDrive::open(&spec(&folder, "")) {
                ready(&mut drive);
                for cdb in ["51 00 00 00 00 00 00 00 22 00", "52 01 00 00 00 FF 00 00 24 00", "5B 00 01 00 00 01 00 00 00 00"] {
                    run(&mut drive, cdb);
                }
                let _ = read(&mut drive, start, 1);
            }
        }
    }
}

#[test]
fn a_power_cut_after_any_number_of_commands_leaves_a_disc_that_can_be_repaired() {
    for n in 1..60 {
        let folder = disc_of("cdrw-80", Some(30_000));
        let first = 700;
        {
            let mut drive = drive(&folder, "");
            burn(&mut drive, 0, first, 1);
        }
        let next = first + 2 + 11_400;
        {
            let mut drive = drive(&folder, "");
            // A session in single steps; the power goes before step n.
            select(&mut drive, TRACK_AT_ONCE);
            let mut steps = 0;
            let mut at = next;
            while at < next + 1500 && steps < n {
                if write_once(&mut drive, at, 30, 2).unwrap().status == Status::Good {
                    at += 30;
                    steps += 1;
                } else {
                    drive.wait(Duration::from_millis(20));
                }
            }
            for cdb in ["35 02 00 00 00 00 00 00 00 00", "00 00 00 00 00 00", "5B 01 02 00 00 00 00 00 00 00"] {
                if steps < n {
                    run(&mut drive, cdb);
                    steps += 1;
                }
                if steps < n {
                    ready(&mut drive);
                }
            }
            drive.power_cut();
        }
        let mut drive = drive(&folder, "");
        holds(&mut drive, 0, first, 1);
        let info = hex(&ask(&mut drive, "51 00 00 00 00 00 00 00 22 00"));
        select(&mut drive, TRACK_AT_ONCE);
        if info[2] & 0x0c == 0x04 {
            run(&mut drive, "5B 00 01 00 00 02 00 00 00 00");
            good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
        }
        let track = hex(&ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00"));
        assert_eq!((track[5] & 0x20, track[7] & 1), (0, 1), "after {n} commands");
        let address = u32::from_be_bytes(track[12..16].try_into().unwrap());
        burn(&mut drive, address, 300, 3);
        holds(&mut drive, 0, first, 1);
    }
}

/// The steps of a session, as far as they go before the power does: writes, SYNC, and the closing of track 2 and its session.
fn burn_until(drive: &mut SimDrive, steps: usize, page: Option<&str>, at: u32) {
    if let Some(page) = page {
        select(drive, page);
    }
    let mut left = steps;
    let mut next = at;
    while next < at + 1280 && left > 0 {
        if write_once(drive, next, 32, 2).unwrap().status == Status::Good {
            next += 32;
            left -= 1;
        } else {
            drive.wait(Duration::from_millis(20));
        }
    }
    let closing =
        ["35 02 00 00 00 00 00 00 00 00", "", "5B 01 01 00 00 02 00 00 00 00", "", "5B 01 02 00 00 00 00 00 00 00", ""];
    for cdb in closing {
        if left == 0 {
            return;
        }
        left -= 1;
        if cdb.is_empty() {
            ready(drive);
        } else {
            good(drive, cdb);
        }
    }
}

/// Closes what was left open and returns where the next session goes.
fn repair(drive: &mut SimDrive) -> u32 {
    let info = hex(&ask(drive, "51 00 00 00 00 00 00 00 22 00"));
    if info[2] & 0x0c == 0x04 {
        if info[6] == 2 {
            good(drive, "5B 00 01 00 00 02 00 00 00 00");
        }
        good(drive, "5B 00 02 00 00 00 00 00 00 00");
    }
    let track = ask(drive, "51 00 00 00 00 00 00 00 22 00")[12..14].to_owned();
    let track = hex(&ask(drive, &format!("52 01 00 00 00 {track} 00 00 30 00")));
    assert_eq!((track[5] & 0x20, track[7] & 1), (0, 1), "{track:02x?}");
    u32::from_be_bytes(track[12..16].try_into().unwrap())
}

#[test]
fn a_power_cut_at_any_step_on_a_dvd_or_bd_is_repaired_by_closing_track_and_session() {
    for (word, page, gap) in [("dvd-r", Some(INCREMENTAL), 28_672), ("dvd+r", None, 2048), ("bd-r", None, 0)] {
        for steps in 0..47 {
            let folder = disc(word);
            {
                let mut drive = drive(&folder, "");
                if let Some(page) = page {
                    select(&mut drive, page);
                }
                burn_plain(&mut drive, 1, 0, 64, 1);
                burn_until(&mut drive, steps, page, 64 + gap);
                drive.power_cut();
            }
            let mut drive = drive(&folder, "");
            if let Some(page) = page {
                select(&mut drive, page);
            }
            let next = repair(&mut drive);
            let kept = described(&folder).sessions.get(1).map_or(0, |session| session.tracks[0].blocks);
            assert!(next >= 64 + gap + kept, "{word} after {steps} steps");
            write(&mut drive, next, 32, 3);
            holds(&mut drive, 0, 64, 1);
            holds(&mut drive, next, 32, 3);
            // The last of 40 writes, SYNC, and the wait for it.
            if steps > 41 {
                holds(&mut drive, 64 + gap, 1280, 2);
            }
        }
    }
}

#[test]
fn a_power_cut_while_an_overwritable_disc_grows_leaves_what_was_there() {
    let format = "04 11 00 00 00 00";
    for (word, list, grow) in [
        ("bd-re", "00 00 00 08 00 01 00 00 C4 00 08 00", None),
        ("dvd-ram", "00 A0 00 08 00 01 00 00 00 00 08 00", None),
        ("dvd-rw", "00 00 00 08 00 00 00 00 54 00 00 10", Some("00 00 00 08 00 00 FE C0 4C 00 00 10")),
    ] {
        for n in 1..30 {
            let folder = disc_of(word, Some(65_536));
            {
                let mut drive = drive(&folder, "");
                assert_eq!(send(&mut drive, format, list).status, Status::Good, "{word}");
                write(&mut drive, 0, 320, 1);
                good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
                run(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
            }
            {
                let mut drive = drive(&folder, "");
                if let Some(grow) = grow {
                    assert_eq!(send(&mut drive, format, grow).status, Status::Good);
                }
                // More data, then what points to it; the power goes after step n.
                let mut steps = (320..1056).step_by(32).map(Some).chain([None, Some(0), None]);
                for step in steps.by_ref().take(n) {
                    match step {
                        Some(at) => write(&mut drive, at, 32, 2),
                        None => good(&mut drive, "35 00 00 00 00 00 00 00 00 00"),
                    }
                }
                drive.power_cut();
            }
            let mut drive = drive(&folder, "");
            holds(&mut drive, 32, 288, 1);
            for lba in 0..32 {
                match read(&mut drive, lba, 1) {
                    Ok(sector) if n < 25 => assert!(sector == sectors(lba, 1, 1), "{word}, step {n}"),
                    Ok(sector) if n == 25 => assert!([1, 2].contains(&sector[4]), "{word}, step {n}"),
                    Ok(sector) => assert!(sector == sectors(lba, 1, 2), "{word}, step {n}"),
                    // The unit that was being written when the power went.
                    Err(done) => assert_eq!((n, sense(&done)), (25, (3, 0x11, 0)), "{word}"),
                }
            }
        }
    }
}

#[test]
fn a_short_first_session_and_a_short_gap_are_no_trouble() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",gap=4300");
    burn(&mut drive, 0, 300, 1);
    // The lead-in would begin before the disc does.
    assert_eq!(ask(&mut drive, "51 00 00 00 00 00 00 00 22 00")[32..40], flat("00 00 02 00"));
}

#[test]
fn a_state_file_that_nobody_ever_writes_to_is_not_waited_for() {
    let folder = disc("cdr-80");
    let mode = nix::sys::stat::Mode::S_IRWXU;
    nix::unistd::mkfifo(&state_file(&folder).with_extension("json.new"), mode).unwrap();
    burn(&mut drive(&folder, ""), 0, 300, 1);
    assert_eq!(described(&folder).state, "appendable");
    std::fs::remove_file(state_file(&folder)).unwrap();
    nix::unistd::mkfifo(&state_file(&folder), mode).unwrap();
    let refused = SimDrive::open(&spec(&folder, "")).unwrap_err();
    assert!(matches!(refused, super::super::SimError::Disc { .. }), "{refused:?}");
}
