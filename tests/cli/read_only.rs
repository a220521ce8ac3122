//! The actions that only read. Promised: `info`, `list` and `verify` show the same for a disc in a drive and for a file with its
//! sectors, any session of it; a single wrong byte is found and its file named; and none of them changes a disc, ever.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::support::{BackupBox, MEDIA, MON, Run, TUE, WED, cedarburn, noise};

const DAYS: [&str; 3] = [MON, TUE, WED];

fn with_three_days(media: &str) -> BackupBox {
    let nas = BackupBox::new(media);
    for day in DAYS {
        nas.stage_and_store(day);
    }
    nas
}

/// Runs an action on the drive and on the file; both have to end with this code.
fn both(nas: &BackupBox, arguments: &[&str], code: i32) -> [Run; 2] {
    let before = nas.disc_fingerprint();
    let sectors = nas.sectors().display().to_string();
    let runs = [nas.device(), sectors].map(|device| nas.read_device(&device, arguments).expect_code(code));
    assert_eq!(nas.disc_fingerprint(), before, "{arguments:?} wrote");
    runs
}

#[test]
fn info_shows_label_sessions_and_days_of_a_disc_and_of_a_file() {
    for media in MEDIA {
        let nas = with_three_days(media);
        for run in both(&nas, &["info", "--json"], 0) {
            let info = run.result();
            assert_eq!(info["label"], "CEDAR BACKUP 18-NOV-2026", "{media}: {run}");
            assert_eq!(info["days"], serde_json::json!(DAYS), "{media}: {run}");
            let sessions = info["sessions"].as_array().unwrap();
            let numbers: Vec<_> = sessions.iter().map(|one| one["number"].as_u64().unwrap()).collect();
            assert_eq!(numbers, [1, 2, 3], "{media}: {run}");
            assert!(sessions.is_sorted_by_key(|one| one["start"].as_u64()), "{media}: {run}");
            assert_eq!(info["torn_sessions"], 0);
        }
        let [on_drive, in_file] = both(&nas, &["info"], 0);
        on_drive.expect_words(&["session  3", "CEDAR BACKUP 18-NOV-2026", WED, "next store:"]);
        in_file.expect_words(&["session  3", "CEDAR BACKUP 18-NOV-2026", WED, "image file"]);
    }
}

#[test]
fn info_says_what_the_next_store_would_do_or_why_it_would_not() {
    let nas = BackupBox::new("cdrw-80");
    let next = |today: &str| nas.read(&["info", "--json", "--today", today]).result()["next_store"].clone();
    assert_eq!(next(TUE)["exit_code"], 6);
    nas.stage(TUE);
    let would = next(TUE);
    assert_eq!((&would["outcome"], &would["day"]), (&"planned".into(), &TUE.into()));
    nas.store(TUE).expect_silence();
    assert_eq!(next(TUE)["exit_code"], 12);
}

#[test]
fn info_of_a_blank_disc_says_blank_or_what_a_store_does_first() {
    for (media, word) in [("cdr-80", "blank"), ("cdrw-80", "blank"), ("dvd+rw", "not formatted")] {
        let nas = BackupBox::new(media);
        let info = nas.read(&["info", "--json"]).result();
        assert!(info["state"].as_str().unwrap().starts_with(word), "{info}");
        assert_eq!((&info["label"], &info["days"]), (&serde_json::Value::Null, &serde_json::json!([])));
        nas.read(&["list"]).expect_code(8);
        nas.read(&["verify"]).expect_code(8);
    }
}

#[test]
fn list_shows_the_newest_tree_and_each_session_what_was_there_then() {
    for media in MEDIA {
        let nas = with_three_days(media);
        for run in both(&nas, &["list", "-R", "--json"], 0) {
            let paths = run.paths();
            for day in DAYS {
                let file = format!("{}/alpha/home.tar", day.replace('-', "/"));
                assert!(paths.iter().any(|path| path.trim_start_matches('/') == file), "{media}: {file}: {run}");
            }
        }
        for (session, there) in [("1", 1), ("2", 2), ("3", 3)] {
            for run in both(&nas, &["list", "/2026/11", "--session", session, "--json"], 0) {
                assert_eq!(run.paths().len(), there, "{media}, session {session}: {run}");
            }
        }
        for session in ["4", "99"] {
            for run in both(&nas, &["list", "--session", session], 6) {
                run.expect_one_error(&[&format!("no session {session}"), "it has 3"]);
            }
        }
    }
}

#[test]
fn list_of_a_file_shows_the_file_and_of_nothing_names_what_is_missing() {
    let nas = BackupBox::new("cdrw-80");
    nas.stage_and_store(MON);
    for run in both(&nas, &["list", "2026/11/16/alpha/home.tar"], 0) {
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
        assert!(run.stdout.starts_with("-r--r--r--   1     0     0       300000 2023-11-14 22:13 home.tar"), "{run}");
    }
    for run in both(&nas, &["list", "/2026/11/17"], 6) {
        run.expect_one_error(&["2026/11/17 is not on the disc"]);
    }
}

#[test]
fn list_shows_odd_names_as_they_are_but_never_lets_them_write_on_the_terminal() {
    let nas = BackupBox::new("cdr-80");
    let names: [(&[u8], &[u8]); 6] = [
        (b"with space", b"with space"),
        ("gr\u{fc}\u{df}e".as_bytes(), "gr\u{fc}\u{df}e".as_bytes()),
        (b"latin1 \xe4", b"latin1 \xe4"),
        (b"escape \x1b[2J", b"escape ?[2J"),
        (b"new\nline", b"new?line"),
        (b"-rf", b"-rf"),
    ];
    let day = nas.stage(MON);
    for (name, _) in names {
        fs::write(day.join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    nas.store(MON).expect_silence();
    let output = nas.command().args(["--device", &nas.device(), "list", "/2026/11/16"]).output().unwrap();
    let lines: Vec<&[u8]> = output.stdout.split(|&byte| byte == b'\n').collect();
    for (_, shown) in names {
        let ends = |line: &&&[u8]| line.ends_with(&[b" ", shown].concat());
        assert_eq!(lines.iter().filter(ends).count(), 1, "{}", output.stdout.escape_ascii());
    }
    nas.assert_verified();
}

#[test]
fn verify_counts_what_it_has_proven() {
    for media in MEDIA {
        let nas = with_three_days(media);
        for (session, sessions, manifests) in [("1", 1, 1), ("2", 1, 2), ("3", 1, 3), ("all", 3, 6)] {
            for run in both(&nas, &["verify", "--session", session, "--json"], 0) {
                let result = run.result();
                assert_eq!((&result["sessions"], &result["manifests"]), (&sessions.into(), &manifests.into()), "{run}");
            }
        }
        for run in both(&nas, &["verify", "--json"], 0) {
            // Five files a day, their three manifests, and the README.
            assert_eq!(run.result()["files"], 3 * 5 + 3 + 1, "{run}");
        }
        both(&nas, &["verify", "--session", "4"], 6);
    }
}

#[test]
fn verify_finds_one_wrong_bit_and_names_the_file() {
    for media in MEDIA {
        let nas = with_three_days(media);
        let (start, content) = (nas.sector_of(&noise(TUE, 300_000)) * 2048, noise(TUE, 300_000));
        for offset in [0, 2047, 150_000, 299_999] {
            let place = start + offset as u64;
            nas.patch_sectors(place, &[content[offset] ^ 0x10]);
            for run in both(&nas, &["verify", "--json"], 11) {
                let findings = run.findings();
                assert_eq!(findings.len(), 1, "{run}");
                assert!(findings[0].contains("2026/11/17/alpha/home.tar"), "{run}");
            }
            // The first session does not have the file.
            both(&nas, &["verify", "--session", "1"], 0);
            both(&nas, &["verify", "--session", "all"], 11);
            nas.patch_sectors(place, &[content[offset]]);
        }
        both(&nas, &["verify", "--session", "all"], 0);
    }
}

#[test]
fn verify_names_the_file_of_a_sector_the_drive_can_not_read() {
    let nas = with_three_days("cdrw-80");
    let lba = nas.sector_of(&noise(TUE, 70_000)) + 2;
    let device = format!("{},fault=read10@{lba}:3/11/00", nas.device());
    let run = nas.read_device(&device, &["verify"]).expect_code(11);
    run.expect_one_error(&["2026/11/17/beta/mail.tar"]);
}

#[test]
fn a_session_that_can_not_be_opened_is_a_finding_and_gives_no_other_its_number() {
    let nas = with_three_days("cdr-80");
    let bad = nas.descriptors()[1];
    let device = format!("{},fault=read10@{bad}:3/11/00", nas.device());
    let run = nas.read_device(&device, &["verify", "--session", "all"]).expect_code(11);
    run.expect_words(&[&format!("session 2, at sector {}", bad - 16)]);
    let listed = nas.read_device(&device, &["list", "-R", "--session", "3"]).expect_code(0);
    listed.expect_words(&["2026/11/18"]);
    nas.read_device(&device, &["list", "--session", "2"]).expect_code(8).expect_one_error(&["can't be read"]);
    nas.read_device(&device, &["list", "--session", "1"]).expect_code(0);
}

#[test]
fn verify_of_a_disc_without_manifests_reads_it_and_says_that_nothing_can_be_proven() {
    let nas = BackupBox::new("cdr-80");
    nas.stage_and_store(MON);
    // The names of the manifest on the disc: in the directory record, and as the Rock Ridge name.
    let sectors = fs::read(nas.sectors()).unwrap();
    let name = b"SHA256SUMS-2026-11-16";
    for at in 0..sectors.len() - name.len() {
        if sectors[at..].starts_with(name) {
            nas.patch_sectors(at as u64, b"NOTHING");
        }
    }
    for run in both(&nas, &["verify"], 6) {
        run.expect_one_error(&["no manifest", "read without an error"]);
    }
}

#[test]
fn a_short_disc_of_others_with_something_that_can_not_be_shown_is_read_and_not_taken_for_torn() {
    let nas = BackupBox::new("cdr-80");
    let images = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images");
    for (name, shown, finding) in [
        ("genisoimage-zisofs.iso", "tiny", "/zeros: compressed with zisofs (pz)"),
        ("genisoimage-rock-ridge.iso", "alpha.txt", "/2026/11/22/host/long-link: symbolic link with a bad target"),
    ] {
        let image = images.join(name).display().to_string();
        let list = nas.read_device(&image, &["list", "-R"]).expect_code(0);
        assert!(list.stdout.contains(shown), "{}", list.stdout);
        nas.read_device(&image, &["verify"]).expect_code(11).expect_one_error(&[finding]);
    }
}

#[test]
fn the_configured_device_is_read_if_none_is_named() {
    let nas = BackupBox::new("cdrw-80");
    let run = Run::of(nas.command().arg("info")).expect_code(7);
    run.expect_one_error(&["/dev/nonexistent"]);
}

#[test]
fn list_says_of_a_file_that_it_is_not_shown_as_it_was() {
    let nas = BackupBox::new("cdr-80");
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/genisoimage-zisofs.iso");
    let run = nas.read_device(image, &["list", "-R"]).expect_code(0);
    assert!(run.stderr.contains("compressed") && !run.stdout.contains("compressed"), "{run}");
}

#[test]
fn an_image_that_was_copied_in_part_is_not_called_blank() {
    let nas = BackupBox::new("cdr-80");
    let image = nas.path("image.iso");
    let image = image.to_str().unwrap();
    fs::create_dir(nas.path("d")).unwrap();
    fs::write(nas.path("d/f"), noise("f", 100_000)).unwrap();
    let d = nas.path("d");
    Run::of(cedarburn().arg("image").arg(d).args(["--manifest", "--output", image])).expect_silence();
    let whole = fs::metadata(image).unwrap().len();
    fs::OpenOptions::new().write(true).open(image).unwrap().set_len(whole - 1).unwrap();
    for action in ["list", "verify"] {
        nas.read_device(image, &[action]).expect_code(8).expect_words(&["nothing is whole", "make a whole copy"]);
    }
}
