//! What the drive says of each medium: features, structures, speeds.

use super::*;

/// The current profile, and the features the medium makes current.
fn current(drive: &mut SimDrive) -> (u16, Vec<u16>) {
    let reply = hex(&ask(drive, "46 01 00 00 00 00 00 02 00 00"));
    let mut features = Vec::new();
    let mut at = 8;
    while at < reply.len() {
        features.push(u16::from_be_bytes([reply[at], reply[at + 1]]));
        at += 4 + usize::from(reply[at + 3]);
    }
    assert_eq!(at, reply.len());
    features.retain(|code| ![0, 1, 2, 3, 0x100, 0x108, 0x10c].contains(code));
    (u16::from_be_bytes([reply[6], reply[7]]), features)
}

#[test]
fn every_medium_makes_its_features_current() {
    let blank = |word: &str| current(&mut drive(&disc(word), ""));
    assert_eq!(blank("dvd+rw"), (0x1a, vec![0x10, 0x1f, 0x20, 0x23, 0x2a, 0x107]));
    assert_eq!(blank("dvd-ram"), (0x12, vec![0x10, 0x1f, 0x20, 0x23, 0x24, 0x107]));
    for word in ["bd-re", "bd-re-dl"] {
        assert_eq!(blank(word), (0x43, vec![0x10, 0x20, 0x23, 0x24, 0x40, 0x41, 0x107]));
    }
    assert_eq!(blank("dvd-r"), (0x11, vec![0x10, 0x1f, 0x21, 0x2f, 0x107]));
    assert_eq!(blank("dvd-rw"), (0x14, vec![0x10, 0x1f, 0x21, 0x23, 0x2f, 0x107]));
    let folder = disc("dvd-rw");
    let mut drive = drive(&folder, "");
    good(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00");
    assert_eq!(current(&mut drive), (0x14, vec![0x10, 0x1f, 0x23, 0x2f, 0x107]));
    assert_eq!(send(&mut drive, "04 11 00 00 00 00", "00 00 00 08 00 00 00 00 54 00 00 10").status, Status::Good);
    assert_eq!(current(&mut drive), (0x13, vec![0x10, 0x1f, 0x23, 0x26, 0x2c, 0x2f, 0x107]));
}

#[test]
fn the_drive_knows_every_profile_and_says_which_is_current() {
    let folder = disc("bd-re");
    let mut drive = drive(&folder, "");
    let profiles = "00430100 00410000 00400000 002B0000 001B0000 001A0000 00150000 00140000 00130000 00120000 00110000 \
        00100000 000A0000 00090000 00080000";
    let reply = ask(&mut drive, "46 02 00 00 00 00 00 00 60 00");
    assert_eq!(reply, flat(&format!("00000044 0000 0043 0000 03 3C {profiles}")));
}

#[test]
fn features_carry_the_sizes_of_the_medium() {
    let folder = disc("bd-re");
    let mut drive = drive(&folder, "");
    assert_eq!(send(&mut drive, "04 11 00 00 00 00", "00 00 00 08 00 B4 74 00 00 00 08 00").status, Status::Good);
    let feature = |drive: &mut SimDrive, code: &str| ask(drive, &format!("46 02 {code} 00 00 00 00 40 00"));
    assert_eq!(feature(&mut drive, "00 20"), flat("00000014 0000 0043 0020 05 0C 00B473FF 00000800 0020 0100"));
    assert_eq!(feature(&mut drive, "00 10"), flat("00000010 0000 0043 0010 01 08 00000800 0020 0100"));
    assert_eq!(feature(&mut drive, "00 23"), flat("00000010 0000 0043 0023 05 08 0F000000 00000000"));
    assert_eq!(feature(&mut drive, "00 2D"), flat("0000000C 0000 0043 002D 08 04 42000100"));
    let folder = disc("dvd-rw");
    let mut drive = super::drive(&folder, "");
    assert_eq!(feature(&mut drive, "00 21"), flat("00000010 0000 0014 0021 05 08 01000101 10000000"));
    assert_eq!(feature(&mut drive, "00 2F"), flat("0000000C 0000 0014 002F 09 04 4A000000"));
}

#[test]
fn discs_say_who_made_them() {
    let folder = disc("dvd-rw");
    let mut drive = drive(&folder, "");
    let pre_recorded = hex(&ask(&mut drive, "AD 00 00 00 00 00 00 0E 00 28 00 00"));
    assert_eq!((&pre_recorded[20..27], &pre_recorded[28..35]), (&b"\x03CEDARV"[..], &b"\x04IRT001"[..]));
    let physical = hex(&ask(&mut drive, "AD 00 00 00 00 00 00 00 08 04 00 00"));
    assert_eq!((physical.len(), text(&physical[..16])), (2052, flat("0802 0000 320F0200 00030000 0026101F")));
    assert_eq!(sense(&run(&mut drive, "AD 00 00 00 00 00 00 11 00 28 00 00")), (5, 0x24, 0));
    assert_eq!(sense(&run(&mut drive, "AD 01 00 00 00 00 00 00 00 28 00 00")), (5, 0x24, 0));
    assert_eq!(sense(&run(&mut drive, "AD 00 00 00 00 00 01 00 00 28 00 00")), (5, 0x24, 0));

    let mut drive = super::drive(&disc("dvd+rw"), "");
    let adip = hex(&ask(&mut drive, "AD 00 00 00 00 00 00 11 01 04 00 00"));
    assert_eq!((adip.len(), &adip[23..34]), (260, &b"CEDARVRT001"[..]));
    assert_eq!(ask(&mut drive, "AD 00 00 00 00 00 00 FF 00 40 00 00"), flat("000A0000 00400804 11400104"));

    let mut drive = super::drive(&disc("dvd+r-dl"), "");
    assert_eq!(ask(&mut drive, "AD 00 00 00 00 00 01 20 00 0C 00 00"), flat("000A0000 00000000 001FD800"));

    let mut drive = super::drive(&disc("bd-r"), "");
    let unit = hex(&ask(&mut drive, "AD 01 00 00 00 00 00 00 10 04 00 00"));
    assert_eq!((unit.len(), &unit[4..6], &unit[104..113]), (4096, &b"DI"[..], &b"CEDARVVR1"[..]));

    let mut drive = super::drive(&disc("cdr-80"), "");
    assert_eq!(sense(&run(&mut drive, "AD 00 00 00 00 00 00 00 00 28 00 00")), (5, 0x30, 0));
}

#[test]
fn every_medium_tells_its_write_speeds_and_can_be_drawn() {
    for medium in Medium::ALL {
        let folder = disc(medium.as_str());
        let mut drive = drive(&folder, "");
        let head = hex(&ask(&mut drive, "AC 00 00 00 00 00 00 00 00 00 03 00"));
        assert_eq!((head.len(), usize::from(head[3])), (8, 4 + 16 * medium.write_kb_per_s().len()), "{medium}");
        let fastest = hex(&ask(&mut drive, "AC 00 00 00 00 00 00 00 00 01 03 00"));
        let last = u32::from_be_bytes(fastest[12..16].try_into().unwrap());
        assert_eq!(last, medium.capacity().0 - 1);
        let page = hex(&ask(&mut drive, "5A 08 2A 00 00 00 00 00 60 00"));
        assert_eq!((page[8], usize::from(page[39])), (0x2a, medium.write_kb_per_s().len()));
        let drawn = described(&folder).to_string();
        assert!(drawn.contains(&format!("\n{:>9}  end of the disc\n", medium.capacity().0)), "{drawn}");
    }
}

#[test]
fn an_overwritable_disc_is_drawn_with_what_was_never_written_and_its_spares() {
    let folder = disc_of("bd-re", Some(65_536));
    let mut drive = drive(&folder, "");
    assert_eq!(send(&mut drive, "04 11 00 00 00 00", "00 00 00 08 00 00 F7 E0 00 00 08 00").status, Status::Good);
    write(&mut drive, 32, 32, 1);
    write(&mut drive, 2048, 1024, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    drop(drive);
    let drawn = described(&folder).to_string();
    let lines: Vec<_> = drawn.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "[#.#..........................................................===]",
            "        0  never written (32 sectors, 0.0 MiB)",
            "       32  written (32 sectors, 0.0 MiB)",
            "       64  never written (1984 sectors, 3.8 MiB)",
            "     2048  written (1024 sectors, 2.0 MiB)",
            "     3072  never written (60384 sectors, 117.9 MiB)",
            "    63456  spare area (2080 sectors, 4.0 MiB)",
            "    65536  end of the disc",
        ]
    );
    let json = serde_json::to_value(described(&folder)).unwrap();
    assert_eq!(
        (&json["spares"], &json["formatted"], &json["overwritable"]),
        (&2080.into(), &63_456.into(), &true.into())
    );
}
