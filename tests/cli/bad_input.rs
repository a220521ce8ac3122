//! Everything a run may meet that it can't work with. Promised for each: its own exit code, one error that names what is wrong
//! and where, a next step, and not a byte of the disc or of staging touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use cedarburn::scsi::sim::VirtualDisc;

use crate::support::{BackupBox, MON, Run, TUE, WED};

/// A box with a disc that holds Monday, and Tuesday staged.
fn ready(media: &str) -> BackupBox {
    let nas = BackupBox::new(media);
    nas.stage_and_store(MON);
    nas.stage(TUE);
    nas
}

/// `store` is refused; everything told has to have these words in it.
fn refused(nas: &BackupBox, code: i32, words: &[&str]) -> Run {
    let run = nas.refused(code, &mut nas.store_command(TUE, &nas.device()));
    run.expect_one_error(words);
    assert!(run.stdout.contains("hint: "), "a next step: {run}");
    assert!(!nas.is_marked(TUE));
    run
}

mod the_configuration {
    use super::*;

    #[test]
    fn is_missing() {
        let nas = ready("cdrw-80");
        fs::remove_file(nas.config()).unwrap();
        refused(&nas, 4, &["cback3.conf", "No such file"]);
    }

    #[test]
    fn is_no_xml_and_line_and_column_are_told() {
        let nas = ready("cdrw-80");
        nas.edit_config("</starting_day>", "</starting_dya>");
        let text = fs::read_to_string(nas.config()).unwrap();
        let line = text.lines().position(|line| line.contains("dya")).unwrap() + 1;
        refused(&nas, 4, &[&format!("line {line}, column ")]);
        fs::write(nas.config(), "").unwrap();
        refused(&nas, 4, &["line 1, column 1"]);
        fs::write(nas.config(), b"<cb_config>\n<options>gr\xfc\xdfe").unwrap();
        refused(&nas, 4, &["line 2, column 12", "0xfc"]);
    }

    #[test]
    fn has_a_wrong_value_and_its_element_is_told() {
        for (from, to, words) in [
            ("<media_type>cdrw-80", "<media_type>cdrw-90", ["store/media_type", "\"cdrw-90\""]),
            ("<starting_day>monday", "<starting_day>Montag", ["options/starting_day", "\"Montag\""]),
            ("<target_device>/dev/nonexistent", "<target_device>dev/cdrw", ["store/target_device", "\"dev/cdrw\""]),
            ("<check_data>Y", "<check_data>maybe", ["store/check_data", "\"maybe\""]),
            ("<device_type>cdwriter", "<device_type>dvdwriter", ["store/device_type", "dvdwriter"]),
            ("<backup_user>root</backup_user>", "", ["options/backup_user", "missing or empty"]),
        ] {
            let nas = ready("cdrw-80");
            nas.edit_config(from, to);
            refused(&nas, 4, &words);
        }
    }

    #[test]
    fn has_a_wrong_section_of_another_action() {
        let nas = ready("cdrw-80");
        let purge = "<purge><dir><abs_path>/x</abs_path><retain_days>-1</retain_days></dir></purge></cb_config>";
        nas.edit_config("</cb_config>", purge);
        refused(&nas, 4, &["purge/dir[1]/retain_days", "\"-1\""]);
    }

    #[test]
    fn has_no_store_section() {
        let nas = ready("cdrw-80");
        let text = fs::read_to_string(nas.config()).unwrap();
        let (before, rest) = text.split_once("<store>").unwrap();
        let after = rest.split_once("</store>").unwrap().1;
        fs::write(nas.config(), format!("{before}{after}")).unwrap();
        refused(&nas, 4, &["store", "missing"]);
    }

    #[test]
    fn has_a_setting_of_ours_nobody_knows() {
        let nas = ready("cdrw-80");
        nas.edit_config("</cb_config>", "<cedarburn><protekt>off</protekt></cedarburn></cb_config>");
        refused(&nas, 4, &["cedarburn/protekt", "attributes"]);
    }

    #[test]
    fn names_a_user_or_group_that_does_not_exist() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        for what in ["user", "group"] {
            let nas = ready("cdrw-80");
            nas.edit_config(&format!("<backup_{what}>root"), &format!("<backup_{what}>no-such-name"));
            refused(&nas, 6, &["no-such-name", what, "options/backup_user"]);
        }
    }
}

mod staging {
    use super::*;

    #[test]
    fn is_missing() {
        let nas = ready("cdrw-80");
        nas.edit_config("/staging</staging_dir>", "/unmounted</staging_dir>");
        refused(&nas, 6, &["unmounted", "stage/staging_dir"]);
    }

    #[test]
    fn was_not_finished() {
        let nas = ready("cdrw-80");
        fs::remove_dir_all(nas.day(MON)).unwrap();
        fs::remove_file(nas.day(TUE).join("cback.stage")).unwrap();
        refused(&nas, 6, &["cback.stage", TUE, MON, WED]);
    }

    #[test]
    fn is_one_that_this_user_may_not_look_into_which_is_not_the_same_as_unfinished() {
        let mut nas = ready("cdr-80");
        nas.run_as_nobody();
        let day = nas.day(TUE);
        fs::set_permissions(&day, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
        let run = refused(&nas, 6, &["can't be read"]);
        assert!(run.stdout.contains("2026/11/17"), "{run}");
        fs::set_permissions(&day, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    #[test]
    fn has_nothing_that_was_not_stored() {
        let nas = ready("cdrw-80");
        fs::write(nas.day(TUE).join("cback.store"), "").unwrap();
        let run = nas.refused(12, &mut nas.store_command(TUE, &nas.device()));
        run.expect_one_error(&[
            "nothing to store",
            MON,
            TUE,
            "hint: the day is on a disc already",
            "remove cback.store",
        ]);
        assert!(!run.stdout.contains("--full"), "nothing here is worth losing a disc: {run}");
    }

    #[test]
    fn is_behind_a_configuration_that_this_user_may_not_read() {
        use std::os::unix::fs::PermissionsExt;
        let mut nas = ready("cdrw-80");
        nas.run_as_nobody();
        fs::set_permissions(nas.config(), fs::Permissions::from_mode(0o0)).unwrap();
        let run = nas.refused(4, &mut nas.store_command(TUE, &nas.device()));
        run.expect_one_error(&["cback3.conf", "hint: make it readable"]);
    }

    #[test]
    fn has_a_symbolic_link_in_the_place_of_the_day() {
        let nas = ready("cdrw-80");
        let elsewhere = nas.path("elsewhere");
        fs::rename(nas.day(TUE), &elsewhere).unwrap();
        symlink(&elsewhere, nas.day(TUE)).unwrap();
        refused(&nas, 6, &["symbolic link", "2026/11/17"]);
    }

    #[test]
    fn has_a_file_that_may_not_be_read_and_leaving_it_out_is_no_choice() {
        for name in ["alpha/home.tar", "beta"] {
            let mut nas = ready("cdrw-80");
            let path = nas.day(TUE).join(name);
            let mode = path.metadata().unwrap().permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
            nas.run_as_nobody();
            // Nobody may read it, not even to compare: only the disc is.
            let before = nas.disc_fingerprint();
            let run = nas.store(TUE).expect_code(6);
            run.expect_one_error(&[path.to_str().unwrap(), "ermission denied"]);
            assert!(!nas.is_marked(TUE));
            assert_eq!(nas.disc_fingerprint(), before);
            fs::set_permissions(&path, mode).unwrap();
            nas.store(TUE).expect_silence();
            assert_eq!(nas.files_on_disc(TUE).len(), 7);
        }
    }

    #[test]
    fn has_a_mark_that_can_not_be_taken_away_before_its_disc_is_wiped() {
        let mut nas = ready("cdrw-80");
        nas.store(TUE).expect_silence();
        nas.run_as_nobody();
        fs::set_permissions(nas.day(TUE), std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
        let run = nas.refused(6, nas.store_command(TUE, &nas.device()).arg("--full"));
        run.expect_one_error(&["cback.store can't be taken away", "nothing was written"]);
        fs::set_permissions(nas.day(TUE), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    #[test]
    fn can_not_be_marked() {
        let mut nas = ready("cdrw-80");
        nas.run_as_nobody();
        let day = nas.day(TUE);
        fs::set_permissions(&day, fs::Permissions::from_mode(0o555)).unwrap();
        let run = nas.store(TUE).expect_code(6);
        run.expect_one_error(&["cback.store", "the day is on the disc", "nothing is burned twice"]);
        assert_eq!(nas.days(), [MON, TUE]);
        let before = nas.disc_fingerprint();
        fs::set_permissions(&day, fs::Permissions::from_mode(0o755)).unwrap();
        nas.store(TUE).expect_silence();
        assert!(nas.is_marked(TUE));
        let sessions = nas.read(&["info", "--json"]).result()["sessions"].as_array().unwrap().len();
        assert!(sessions == 2 && nas.disc_fingerprint() == before, "it was burned twice");
    }
}

mod the_medium {
    use super::*;

    #[test]
    fn is_closed() {
        let nas = ready("cdr-80");
        let path = nas.disc().join("state.json");
        let mut state: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        state["finalised"] = true.into();
        fs::write(&path, serde_json::to_vec(&state).unwrap()).unwrap();
        assert_eq!(nas.shown()["disc"]["state"], "closed");
        refused(&nas, 8, &["closed", "another disc"]);
        nas.assert_verified();
    }

    #[test]
    fn is_not_the_configured_one() {
        for (configured, found, words) in [
            ("cdrw-80", "cdr-80", ["cdrw-80", "CD-R"]),
            ("cdr-74", "cdrw-74", ["cdr-74", "CD-RW"]),
            ("dvd+rw", "cdrw-80", ["dvd+rw", "CD-RW"]),
            ("cdr-80", "dvd+rw", ["cdr-80", "DVD+RW"]),
        ] {
            let nas = BackupBox::new(configured);
            nas.change_disc(found);
            nas.stage(TUE);
            refused(&nas, 8, &words);
        }
    }

    #[test]
    fn is_longer_or_shorter_than_the_configured_one_which_is_no_error() {
        let nas = BackupBox::new("cdrw-74");
        nas.change_disc("cdrw-80");
        nas.stage_and_store(TUE);
    }

    #[test]
    fn is_not_in_the_drive() {
        let nas = ready("cdrw-80");
        let run = nas.refused(8, &mut nas.store_command(TUE, &format!("{},empty", nas.device())));
        run.expect_one_error(&["no usable disc", "put a disc in"]);
        for action in ["info", "list", "verify"] {
            nas.read_device(&format!("{},empty", nas.device()), &[action]).expect_code(8);
        }
    }

    #[test]
    fn holds_something_that_is_no_file_system() {
        for media in ["cdr-80", "cdrw-80", "dvd+rw"] {
            let nas = ready(media);
            // Sound, or a disc written by something else.
            let length = fs::metadata(nas.sectors()).unwrap().len();
            nas.patch_sectors(0, &vec![0x5a; usize::try_from(length).unwrap()]);
            refused(&nas, 8, &["can't read"]);
            for action in ["list", "verify"] {
                nas.read(&[action]).expect_code(8).expect_one_error(&["no file system"]);
            }
        }
    }
}

mod the_drive {
    use super::*;

    #[test]
    fn is_missing() {
        let nas = ready("cdrw-80");
        for device in ["/dev/nonexistent", &format!("sim:{}", nas.path("nowhere").display())] {
            let run = nas.refused(7, &mut nas.store_command(TUE, device));
            run.expect_one_error(&[device.trim_start_matches("sim:"), "hint: "]);
        }
        let run = nas.refused(7, nas.command().args(["store", "--today", TUE]));
        run.expect_one_error(&["/dev/nonexistent", "store/target_device"]);
    }

    #[test]
    fn is_no_drive() {
        let nas = ready("cdrw-80");
        for device in ["/dev/null", nas.config().to_str().unwrap(), nas.staging().to_str().unwrap()] {
            nas.refused(7, &mut nas.store_command(TUE, device)).expect_one_error(&[device]);
        }
    }

    #[test]
    fn is_in_use() {
        let nas = ready("cdrw-80");
        let held = VirtualDisc::open(&nas.disc()).unwrap();
        refused(&nas, 7, &["in another drive", "one program at a time"]);
        for action in ["info", "list", "verify"] {
            nas.read(&[action]).expect_code(7);
        }
        drop(held);
        nas.store(TUE).expect_silence();
    }

    #[test]
    fn has_a_disc_whose_state_is_damaged() {
        for damage in ["", "{", "{}", "null", "{\"version\":1,\"medium\":\"cdrw-80\",\"capacity\":7}"] {
            let nas = ready("cdrw-80");
            fs::write(nas.disc().join("state.json"), damage).unwrap();
            refused(&nas, 7, &["state.json"]);
        }
    }

    #[test]
    fn is_called_something_that_can_not_be_understood() {
        let nas = ready("cdrw-80");
        for (habit, word) in [("fast", "\"fast\""), ("fault=write10", "\"write10\""), ("fault=tur:explode", "explode")]
        {
            let run = nas.refused(7, &mut nas.store_command(TUE, &format!("{},{habit}", nas.device())));
            run.expect_one_error(&[word]);
        }
    }
}

mod an_image {
    use super::*;

    #[test]
    fn that_is_none_is_refused_by_every_action_that_reads() {
        let nas = BackupBox::new("cdrw-80");
        for content in [&b""[..], b"short", &[0x5a; 100_000]] {
            let file = nas.path("image");
            fs::write(&file, content).unwrap();
            for action in ["info", "list", "verify"] {
                let run = nas.read_device(file.to_str().unwrap(), &[action]).expect_code(8);
                run.expect_one_error(&["no image of a disc", "no file system", "name an image"]);
                assert!(!run.stdout.contains("cleaning"), "there is no drive to clean: {run}");
            }
        }
    }

    #[test]
    fn is_only_read() {
        let nas = ready("cdrw-80");
        let run = nas.refused(7, &mut nas.store_command(TUE, nas.sectors().to_str().unwrap()));
        run.expect_one_error(&["sectors", "is a file, not a drive", "info, list and verify"]);
    }
}
