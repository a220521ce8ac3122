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
    Command { cdb: Vec<u8>, fit: bool, data: Vec<u8> },
    Wait(u64),
    Known(usize),
}

const USEFUL: [(&str, &str); 18] = [
    ("55 10 00 00 00 00 00 00 3C 00", TRACK_AT_ONCE),
    ("04 11 00 00 00 00", "00 02 00 08 FF FF FF FF 98 00 00 00"),
    ("04 11 00 00 00 00", "00 02 00 08 FF FF FF FF 98 00 00 01"),
    ("35 02 00 00 00 00 00 00 00 00", ""),
    ("5B 01 02 00 00 00 00 00 00 00", ""),
    ("5B 01 01 00 00 01 00 00 00 00", ""),
    ("A1 11 00 00 00 00 00 00 00 00 00 00", ""),
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
        2 => (0..USEFUL.len()).prop_map(Step::Known),
    ]
}

/// Data of the length the CDB asks for, so that more than the length is tested.
fn fitting(cdb: &[u8], data: &[u8]) -> Vec<u8> {
    let wanted = match cdb.first() {
        Some(0x2a) => usize::from(cdb.get(8).copied().unwrap_or(0) % 8) * 2048,
        Some(0x55) => usize::from(cdb.get(8).copied().unwrap_or(0)),
        Some(0x04) => 12,
        Some(0xb6) => 28,
        _ => return Vec::new(),
    };
    data.iter().copied().cycle().chain(std::iter::repeat(0)).take(if data.is_empty() { 0 } else { wanted }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_brings_the_drive_down(
        word in prop::sample::select(Medium::ALL.to_vec()),
        steps in prop::collection::vec(any_step(), 1..120),
    ) {
        let folder = disc_of(word.as_str(), Some(2048));
        let mut drive = drive(&folder, "");
        for step in steps {
            match step {
                Step::Wait(milliseconds) => drive.wait(Duration::from_millis(milliseconds)),
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
