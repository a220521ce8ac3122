//! What *store* does to disc and staging. Promised: what does not fit is known before anything is touched; a day that is there is not
//! burned again; one that changed is replaced as a whole; and the mark is set after the proof and by nothing else, so that a run
//! that failed is put right by the next one.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::support::{BackupBox, MEDIA, MON, NEXT_MON, Run, TUE, WED, noise, set_time};

mod room {
    use super::*;

    /// More than the smallest disc there is.
    fn stage_two_megabytes(nas: &BackupBox, date: &str) {
        nas.stage_files(date, &[("alpha/home.tar", &noise(date, 2 << 20))]);
    }

    /// What the session of `today` takes on a disc with room for anything.
    fn sectors_needed(media: &str, today: &str) -> u64 {
        let nas = BackupBox::new(media);
        stage_two_megabytes(&nas, today);
        nas.store_json(today, &["--dry-run"])["session_sectors"].as_u64().unwrap()
    }

    /// What a plan for a CD leaves free behind it.
    fn slack(media: &str) -> u64 {
        if media.starts_with("cd") { 150 } else { 0 }
    }

    #[test]
    fn a_session_that_fills_the_disc_to_its_last_sector_fits() {
        for (media, first) in [("cdr-80", 0), ("cdrw-80", 0), ("dvd+rw", 32)] {
            let needed = first + sectors_needed(media, TUE) + slack(media);
            let nas = BackupBox::with_capacity(media, needed);
            stage_two_megabytes(&nas, TUE);
            nas.store(TUE).expect_code(0).expect_words(&["warning: the disc is full: no other session fits on it"]);
            nas.assert_verified();
            nas.stage(WED);
            let code = if media == "dvd+rw" { 9 } else { 8 };
            nas.refused(code, &mut nas.store_command(WED, &nas.device()));
            nas.read(&["info"]).expect_code(0).expect_words(&[TUE]);
        }
    }

    #[test]
    fn what_does_not_fit_touches_nothing_and_both_sizes_are_told() {
        for (media, first, unit) in [("cdr-80", 0, 1), ("cdrw-80", 0, 1), ("dvd+rw", 32, 16)] {
            let needed = sectors_needed(media, TUE) + slack(media);
            let nas = BackupBox::with_capacity(media, first + needed - unit);
            stage_two_megabytes(&nas, TUE);
            let run = nas.refused(9, &mut nas.store_command(TUE, &nas.device()));
            let (free, bytes) = (needed - unit, needed * 2048);
            run.expect_one_error(&[&format!("{needed} sectors ({bytes} bytes) are needed, {free} sectors")]);
        }
    }

    #[test]
    fn an_appended_session_that_does_not_fit_leaves_the_sessions_before_it() {
        for media in MEDIA {
            let nas = BackupBox::with_capacity(media, 4000 * 16);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            let large = nas.stage_large(TUE, 200 << 20);
            nas.refused(9, &mut nas.store_command(TUE, &nas.device())).expect_one_error(&["no room for", "sectors"]);
            nas.assert_verified();
            fs::remove_file(large).unwrap();
            nas.store(TUE).expect_silence();
            assert_eq!(nas.days(), [MON, TUE]);
        }
    }

    #[test]
    fn a_disc_that_would_have_to_be_emptied_is_not_when_the_day_fits_no_disc() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = BackupBox::with_capacity(media, 4000 * 16);
            nas.stage_and_store(MON);
            nas.stage_large(TUE, 200 << 20);
            nas.stage(TUE);
            nas.refused(9, nas.store_command(TUE, &nas.device()).arg("--full")).expect_one_error(&["no room for"]);
            nas.assert_verified();
        }
    }
}

mod buffers {
    use super::*;

    #[test]
    fn the_answer_says_how_full_they_were_and_that_of_the_drive_is_not_asked_for_often() {
        let nas = BackupBox::new("dvd+rw");
        nas.stage_large(MON, 24 << 20);
        nas.stage(MON);
        let trace = nas.path("trace");
        let answer = nas.store_json(MON, &["--scsi-trace", trace.to_str().unwrap()]);
        assert_eq!(answer["buffer_bytes"], 16 << 20);
        assert!(answer["buffer_least_percent"].as_u64().unwrap() <= 100);
        assert!(answer["buffer_ran_empty"].as_u64().is_some());
        assert_eq!(answer["drive_buffer_bytes"], 2 << 20);
        let least = answer["drive_buffer_least_percent"].as_u64().unwrap();
        assert!((90..=100).contains(&least), "a drive slower than the source has a full buffer, this had {least} %");
        let trace = fs::read_to_string(trace).unwrap();
        let commands: Vec<&str> = trace.lines().filter_map(|line| line.split(" cdb=").next()).collect();
        let asked = commands.iter().filter(|&&command| command == "READ BUFFER CAPACITY").count();
        let writes = commands.iter().filter(|&&command| command == "WRITE(10)").count();
        assert!((1..=writes / 64).contains(&asked), "{asked} times at {writes} WRITEs");
    }

    #[test]
    fn nothing_is_said_of_them_where_nothing_was_burned() {
        let nas = BackupBox::new("cdr-80");
        nas.stage(MON);
        assert!(nas.store_json(MON, &["--dry-run"]).get("buffer_bytes").is_none());
    }
}

mod a_day_that_is_on_the_disc {
    use super::*;

    #[test]
    fn as_it_is_staged_is_marked_again_and_not_burned_again() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage_and_store(TUE);
            let before = nas.disc_content();
            nas.remove_mark(TUE);
            assert_eq!(nas.store_json(TUE, &["--dry-run"])["outcome"], "already on the disc");
            assert!(!nas.is_marked(TUE));
            nas.store(TUE).expect_silence();
            assert!(nas.is_marked(TUE));
            assert_eq!(nas.disc_content(), before, "{media}");
        }
    }

    #[test]
    fn with_one_byte_other_than_staged_is_replaced_though_size_and_time_are_the_same() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            let day = nas.stage(MON);
            nas.store(MON).expect_silence();
            nas.stage_and_store(TUE);
            nas.remove_mark(MON);
            let (path, old) = (day.join("alpha/home.tar"), noise(MON, 300_000));
            let mut new = old.clone();
            new[299_999] ^= 1;
            fs::write(&path, &new).unwrap();
            set_time(&path, 1_700_000_000);
            nas.store(MON).expect_silence();
            let (old, new) = (nas.sector_of(&old), nas.sector_of(&new));
            assert!(new >= old, "the newest copy is looked at");
            let end = usize::try_from(new).unwrap() * 2048 + 299_999;
            assert_eq!(fs::read(nas.sectors()).unwrap()[end], fs::read(&path).unwrap()[299_999]);
            assert_eq!(nas.days(), [MON, TUE]);
            nas.assert_verified();
            let before = nas.disc_content();
            nas.remove_mark(MON);
            nas.store(MON).expect_silence();
            assert_eq!(nas.disc_content(), before, "now the disc holds the day as it is staged");
        }
    }

    #[test]
    fn is_replaced_as_a_whole_so_that_no_removed_file_and_no_old_manifest_stays_visible() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            let day = nas.stage(TUE);
            nas.store(TUE).expect_silence();
            nas.remove_mark(TUE);
            fs::remove_file(day.join("beta/mail.tar")).unwrap();
            fs::remove_dir(day.join("beta")).unwrap();
            fs::write(day.join("alpha/new.tar"), "new").unwrap();
            nas.store(TUE).expect_silence();
            let files = nas.files_on_disc(TUE);
            let expected =
                ["alpha", "alpha/cback.collect", "alpha/etc.tar", "alpha/home.tar", "alpha/new.tar", "cback.stage"];
            assert!(files.iter().eq(expected), "{files:?}");
            let manifests: Vec<String> =
                nas.listing().into_iter().filter(|path| path.contains("SHA256SUMS-")).collect();
            assert_eq!(manifests.len(), 2, "one for each session that shows: {manifests:?}");
            nas.assert_verified();
            // Each manifest in the newest tree speaks of that tree only.
            nas.read(&["verify"]).expect_code(0);
        }
    }
}

mod the_mark {
    use super::*;

    #[test]
    fn is_set_after_the_proof_only_and_the_next_run_sets_it() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            // Where the file is going to lie shows a box with the same days.
            let twin = BackupBox::new(media);
            twin.stage_and_store(MON);
            twin.stage_and_store(TUE);
            let lba = twin.sector_of(&noise(TUE, 300_000)) + 70;
            let device = format!("{},fault=read10@{lba}:flip", nas.device());
            let run = Run::of(nas.store_command(TUE, &device).arg("--json")).expect_code(11);
            let findings = run.findings();
            assert!(!findings.is_empty(), "{run}");
            for finding in findings {
                assert!(finding.contains("2026/11/17/alpha/home.tar"), "{finding}");
            }
            assert!(!nas.is_marked(TUE));
            let before = nas.disc_content();
            nas.store(TUE).expect_silence();
            assert!(nas.is_marked(TUE));
            assert_eq!(nas.days(), [MON, TUE], "{media}");
            nas.assert_verified();
            // The disc was right, it was read wrong. A DVD+RW shows nothing that was not proven, so there the day is written once more.
            assert_eq!(nas.disc_content() == before, media.starts_with("cd"), "{media}");
        }
    }

    #[test]
    fn is_not_set_by_a_drive_that_loses_a_write_and_the_disc_shows_what_it_showed_before() {
        // Key 1 is a success to the host; the simulated drive does nothing.
        for write in 1..=4 {
            let nas = BackupBox::new("dvd+rw");
            nas.stage_and_store(MON);
            nas.stage(TUE);
            nas.store_on(TUE, &format!("fault=write10#{write}:1/17/01")).expect_code(11);
            assert!(!nas.is_marked(TUE));
            assert_eq!(nas.days(), [MON], "lost WRITE {write}");
            nas.assert_verified();
            nas.store(TUE).expect_silence();
            assert_eq!(nas.days(), [MON, TUE]);
        }
    }

    #[test]
    fn is_set_by_the_run_after_one_that_left_a_bad_sector_on_the_disc() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage_and_store(TUE);
            let at = nas.sector_of(&noise(TUE, 300_000)) * 2048 + 5000;
            nas.patch_sectors(at, b"dirt");
            nas.remove_mark(TUE);
            nas.read(&["verify"]).expect_code(11);
            nas.store(TUE).expect_silence();
            assert_eq!(nas.days(), [MON, TUE]);
            nas.read(&["verify"]).expect_code(0);
        }
    }

    #[test]
    fn an_unreadable_sector_is_a_difference_that_names_the_file() {
        let twin = BackupBox::new("cdr-80");
        twin.stage_and_store(TUE);
        let lba = twin.sector_of(&noise(TUE, 70_000)) + 1;
        let nas = BackupBox::new("cdr-80");
        nas.stage(TUE);
        let run = nas.store_on(TUE, &format!("fault=read10@{lba}:3/11/00")).expect_code(11);
        run.expect_one_error(&["2026/11/17/beta/mail.tar", &lba.to_string(), "not marked"]);
        assert!(!nas.is_marked(TUE));
    }

    #[test]
    fn is_an_empty_file_of_the_backup_user() {
        let nas = BackupBox::new("cdrw-80");
        let expected = if nix::unistd::geteuid().is_root() {
            let first_of = |file| {
                let text = fs::read_to_string(file).unwrap();
                let numbered = |line: &str| {
                    let fields: Vec<&str> = line.split(':').collect();
                    Some((fields[0].to_owned(), fields.get(2)?.parse::<u32>().ok().filter(|&id| id != 0)?))
                };
                text.lines().find_map(numbered).unwrap()
            };
            let (user, group) = (first_of("/etc/passwd"), first_of("/etc/group"));
            nas.edit_config("<backup_user>root", &format!("<backup_user>{}", user.0));
            nas.edit_config("<backup_group>root", &format!("<backup_group>{}", group.0));
            (user.1, group.1)
        } else {
            (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw())
        };
        nas.stage_and_store(TUE);
        let mark = nas.day(TUE).join("cback.store").metadata().unwrap();
        assert_eq!((mark.uid(), mark.gid(), mark.len()), (expected.0, expected.1, 0));
    }

    #[test]
    fn without_check_data_is_set_unproven_and_the_log_says_so() {
        let nas = BackupBox::new("cdr-80");
        nas.edit_config("<check_data>Y", "<check_data>N");
        nas.stage(TUE);
        let trace = nas.path("trace");
        let answer = nas.store_json(TUE, &["--scsi-trace", trace.to_str().unwrap()]);
        assert_eq!((&answer["outcome"], &answer["proven"]), (&"stored".into(), &false.into()));
        assert!(nas.is_marked(TUE));
        let trace = fs::read_to_string(trace).unwrap();
        let after_writing = trace.lines().rev().take_while(|line| !line.starts_with("WRITE(10)"));
        assert_eq!(after_writing.filter(|line| line.starts_with("READ(10)")).count(), 0);
        assert!(fs::read_to_string(nas.log()).unwrap().contains("[WARNING] check_data is N"));
    }

    #[test]
    fn check_data_is_on_where_the_configuration_does_not_speak_of_it() {
        let nas = BackupBox::new("cdr-80");
        nas.edit_config("<check_data>Y</check_data>", "");
        nas.stage(TUE);
        assert_eq!(nas.store_json(TUE, &[])["proven"], true);
    }
}

mod a_rehearsal {
    use super::*;

    #[test]
    fn says_the_plan_and_touches_nothing() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            for flags in [&["--dry-run"][..], &["-n", "--full"]] {
                let code = if media == "cdr-80" && flags.len() > 1 { 8 } else { 0 };
                let run = nas.refused(code, nas.store_command(TUE, &nas.device()).args(flags));
                assert!(run.stdout.contains(TUE) || code == 8, "{run}");
            }
            let run = nas.refused(0, nas.store_command(TUE, &nas.device()).args(["-n", "--json"]));
            let plan = run.result();
            assert_eq!(plan["outcome"], "planned");
            assert_eq!(plan["files"], 5);
            nas.store(TUE).expect_silence();
            let sessions = nas.read(&["info", "--json"]).result()["sessions"].clone();
            assert_eq!(sessions[1]["start"], plan["session_start"], "{media}");
        }
    }

    #[test]
    fn tells_each_refusal_as_the_run_would() {
        let nas = BackupBox::new("cdr-80");
        nas.refused(6, nas.store_command(TUE, &nas.device()).arg("-n"));
        nas.stage_and_store(TUE);
        nas.refused(12, nas.store_command(TUE, &nas.device()).arg("-n"));
        nas.edit_config("<media_type>cdr-80", "<media_type>cdrw-80");
        nas.stage(WED);
        nas.refused(8, nas.store_command(WED, &nas.device()).arg("-n"));
    }
}

mod joliet {
    use cedarburn::iso::reader::{Volume, read_joliet};
    use cedarburn::iso::source::ImageFile;
    use cedarburn::sector::Lba;

    use super::*;

    const ASKED_FOR: &str = "<cedarburn><joliet>Y</joliet></cedarburn></cb_config>";

    /// The paths that the Joliet tree of the session at `start` shows; none where there is no such tree.
    fn shown(nas: &BackupBox, start: u64) -> Option<BTreeSet<String>> {
        let mut image = ImageFile::open(&nas.sectors()).unwrap();
        let volume = Volume::open(&mut image, Lba(u32::try_from(start).unwrap())).unwrap();
        let reading = read_joliet(&mut image, &volume).unwrap()?;
        assert!(reading.notes.is_empty(), "{:?}", reading.notes);
        Some(reading.tree.walk().skip(1).map(|id| reading.tree.path(id).to_string()).collect())
    }

    fn store(nas: &BackupBox, day: &str) -> u64 {
        let answer = nas.store_json(day, &[]);
        assert!(nas.is_marked(day));
        answer["session_start"].as_u64().unwrap()
    }

    #[test]
    fn is_written_where_it_is_asked_for_and_from_then_on_so_that_windows_sees_every_day() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage(MON);
            let monday = store(&nas, MON);
            assert_eq!(shown(&nas, monday), None, "{media}");

            nas.edit_config("</cb_config>", ASKED_FOR);
            let day = nas.stage(TUE);
            fs::write(day.join("alpha/who: me?"), "x").unwrap();
            std::os::unix::fs::symlink("etc.tar", day.join("alpha/link")).unwrap();
            let tuesday = store(&nas, TUE);
            let log = fs::read_to_string(nas.log()).unwrap();
            assert!(
                log.contains("/2026/11/17/alpha/who: me?: the name is spelled otherwise in the Joliet tree"),
                "{log}"
            );
            assert!(log.contains("/2026/11/17/alpha/link: is left out of the Joliet tree"), "{log}");

            nas.edit_config(ASKED_FOR, "</cb_config>");
            nas.stage(WED);
            let wednesday = store(&nas, WED);
            for start in [tuesday, wednesday] {
                let paths = shown(&nas, start).unwrap();
                assert!(paths.contains("/2026/11/17/alpha/who_ me_"), "{media}: {paths:?}");
                assert!(!paths.contains("/2026/11/17/alpha/link"), "{media}: {paths:?}");
                let mut expected = nas.listing();
                if start == tuesday {
                    expected = nas.read(&["list", "-R", "--json", "--session", "2"]).paths();
                }
                assert_eq!(paths.len() + 1, expected.len(), "all but the link: {paths:?} {expected:?}");
            }
            if media == "dvd+rw" {
                assert_eq!(shown(&nas, 0), shown(&nas, wednesday), "what a mount shows is the newest");
            }
            assert_eq!(nas.days(), [MON, TUE, WED]);
            nas.assert_verified();
        }
    }

    /// Whether there is a Joliet tree that has to go on, nobody knows then.
    #[test]
    fn is_not_left_off_where_its_descriptor_can_not_be_read() {
        for (media, descriptor) in [("cdr-80", 17), ("dvd+rw", 49)] {
            let nas = BackupBox::new(media);
            nas.edit_config("</cb_config>", ASKED_FOR);
            nas.stage(MON);
            store(&nas, MON);
            nas.edit_config(ASKED_FOR, "</cb_config>");
            nas.stage(TUE);
            let fault = format!("fault=read10@{descriptor}:3/11/00");
            let said = format!("volume descriptor in sector {descriptor} can't be read");
            let device = format!("{},{fault}", nas.device());
            nas.refused(8, &mut nas.store_command(TUE, &device)).expect_one_error(&[&said]);
            nas.read_device(&device, &["verify"]).expect_code(11).expect_one_error(&[&said]);
            let list = nas.read_device(&device, &["list", "/2026/11"]).expect_code(0);
            assert!(list.stderr.contains(&said), "{list}");
            let tuesday = store(&nas, TUE);
            assert!(shown(&nas, tuesday).is_some());
        }
    }

    #[test]
    fn of_a_disc_that_is_started_anew_is_as_configured() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            nas.edit_config("</cb_config>", ASKED_FOR);
            nas.stage(MON);
            let first = store(&nas, MON);
            assert!(shown(&nas, first).is_some());
            nas.edit_config(ASKED_FOR, "</cb_config>");
            nas.stage(NEXT_MON);
            let anew = store(&nas, NEXT_MON);
            assert_eq!(anew, first);
            assert_eq!(shown(&nas, anew), None, "{media}");
        }
    }
}

mod the_image {
    use super::*;

    #[test]
    fn with_source_date_epoch_is_the_same_in_every_byte_for_the_same_days() {
        for media in MEDIA {
            let image = || {
                let nas = BackupBox::new(media);
                for day in [MON, TUE] {
                    nas.stage(day);
                    let mut command = nas.store_command(day, &nas.device());
                    Run::of(command.env("SOURCE_DATE_EPOCH", "1790000000")).expect_silence();
                }
                (fs::read(nas.sectors()).unwrap(), fs::read(nas.disc().join("state.json")).unwrap())
            };
            assert!(image() == image(), "two discs of {media} with the same days differ");
        }
    }
}
