//! Every medium, as its user meets it. Promised: a disc stays open for the next day unless `--finalize` closes it or drive and medium leave
//! no choice, which is told; what has to be done to a disc before is done without being asked, as far as nothing is lost by it; and `info`
//! and `store --dry-run` say all of that beforehand.

use serde_json::{Value, json};

use crate::support::{BackupBox, MON, NEXT_MON, NEXT_TUE, Run, TUE, WED};

/// Media that take a session a day, and how they are written.
const APPENDABLE: [(&str, &str); 13] = [
    ("cdr-80", "track at once"),
    ("cdrw-80", "track at once"),
    ("dvd-r", "incremental"),
    ("dvd-rw", "incremental"),
    ("dvd+r", "sequential"),
    ("dvd+r-dl", "sequential"),
    ("dvd+rw", "overwriting"),
    ("dvd-ram", "overwriting"),
    ("bd-r", "sequential"),
    ("bd-r-dl", "sequential"),
    ("bd-r-xl", "sequential"),
    ("bd-re", "overwriting"),
    ("bd-re-dl", "overwriting"),
];
const OVERWRITABLE: [&str; 4] = ["dvd+rw", "dvd-ram", "bd-re", "bd-re-dl"];
const REWRITABLE: [&str; 5] = ["cdrw-80", "dvd-rw", "dvd+rw", "dvd-ram", "bd-re"];

fn log(nas: &BackupBox) -> String {
    std::fs::read_to_string(nas.log()).unwrap()
}

fn info(nas: &BackupBox, today: &str) -> Value {
    nas.read(&["info", "--json", "--today", today]).expect_code(0).result()
}

fn answer(nas: &BackupBox, arguments: &[&str]) -> Value {
    nas.read(&[arguments, &["--json"]].concat()).expect_code(0).result()
}

#[test]
fn full_overwrites_what_has_a_bad_spot_where_it_says_what_is_on_it() {
    for media in ["cdrw-80", "dvd-rw"] {
        let nas = BackupBox::new(media);
        nas.stage_and_store(MON);
        nas.stage(TUE);
        let bad = "fault=read10@16:3/11/00";
        nas.store_on(TUE, bad).expect_code(8);
        let device = format!("{},{bad}", nas.device());
        let planned = Run::of(nas.store_command(TUE, &device).args(["--full", "--dry-run"])).expect_code(0);
        planned.expect_words(&["new disc"]);
    }
}

#[test]
fn takes_a_day_and_the_next_one_behind_it() {
    for (media, recipe) in APPENDABLE {
        let nas = BackupBox::new(media);
        for (day, decision) in [(MON, "new disc"), (TUE, "append"), (WED, "append")] {
            nas.stage(day);
            let planned = info(&nas, day)["next_store"].clone();
            let stored = nas.store_json(day, &[]);
            assert_eq!((&stored["outcome"], &stored["proven"]), (&json!("stored"), &json!(true)), "{media}: {stored}");
            assert_eq!(
                (&stored["decision"], &stored["recipe"]),
                (&json!(decision), &json!(recipe)),
                "{media}: {stored}"
            );
            assert_eq!(stored["appendable"], true, "{media}: {stored}");
            assert!(stored["buffer_bytes"].as_u64() > Some(0), "{media}: {stored}");
            for field in ["decision", "why", "recipe", "appendable", "preparation", "session_start", "session_sectors"]
            {
                assert_eq!(planned[field], stored[field], "{media}, {field}: {planned}");
            }
        }
        assert_eq!(nas.days(), [MON, TUE, WED], "{media}");
        assert!(!log(&nas).contains("[WARNING]"), "{media}: {}", log(&nas));
        nas.assert_verified();
    }
}

#[test]
fn info_tells_what_it_is_how_fast_and_what_is_on_it() {
    for (media, _) in APPENDABLE {
        let nas = BackupBox::new(media);
        let blank = info(&nas, MON);
        let status = blank["status"].as_str().unwrap();
        assert!(["blank", "unformatted", "overwritable"].contains(&status), "{media}: {blank}");
        assert_eq!(
            (
                &blank["used_bytes"],
                &blank["tracks"].as_array().map(|all| all.iter().filter(|one| one["state"] != "blank").count())
            ),
            (&json!(0), &Some(0)),
            "{media}: {blank}"
        );
        let speeds = blank["write_speeds"].as_array().unwrap();
        assert!(!speeds.is_empty() && speeds[0]["times"].as_f64() >= Some(1.0), "{media}: {blank}");
        assert!(blank["buffer_bytes"].as_u64() > Some(0), "{media}: {blank}");
        nas.stage_and_store(MON);
        let stored = info(&nas, MON);
        let overwritable = OVERWRITABLE.contains(&media);
        assert!(stored["used_bytes"].as_u64() > Some(300_000), "{media}: {stored}");
        assert!(stored["free_bytes"].as_u64() > Some(100_000_000), "{media}: {stored}");
        assert_eq!(stored["formatted"] == true, overwritable, "{media}: {stored}");
        if !overwritable {
            assert_eq!(stored["status"], "appendable", "{media}: {stored}");
            let track = &stored["tracks"][0];
            assert_eq!(
                (&track["session"], &track["state"], &track["data"]),
                (&json!(1), &json!("recorded"), &json!(true))
            );
        }
        let words = nas.read(&["info", "--today", MON]).expect_code(0);
        words.expect_words(&["speeds:", "x (", "next store: would end with exit code 12"]);
    }
}

#[test]
fn info_without_a_configuration_says_that_the_next_store_can_not_be_told() {
    let nas = BackupBox::new("dvd-r");
    nas.edit_config("<store>", "<nostore>");
    nas.edit_config("</store>", "</nostore>");
    let told = info(&nas, MON);
    assert!(told["next_store"]["unknown"].as_str().unwrap().contains("store"), "{told}");
    nas.read(&["info"]).expect_code(0).expect_words(&["DVD-R, blank", "next store: can't be told"]);
    std::fs::remove_file(nas.config()).unwrap();
    nas.read(&["info"]).expect_code(0).expect_words(&["next store: can't be told", "cback3.conf"]);
}

mod finalize {
    use super::*;

    #[test]
    fn closes_a_disc_with_its_first_session_and_nothing_follows() {
        for (media, recipe) in [
            ("cdr-80", "session at once"),
            ("cdrw-80", "session at once"),
            ("dvd-r", "incremental"),
            ("dvd-rw", "incremental"),
            ("dvd+r", "sequential"),
            ("dvd+r-dl", "sequential"),
            ("bd-r", "sequential"),
        ] {
            let nas = BackupBox::new(media);
            nas.stage(MON);
            let stored = nas.store_json(MON, &["--finalize"]);
            assert_eq!(
                (&stored["recipe"], &stored["appendable"]),
                (&json!(recipe), &json!(false)),
                "{media}: {stored}"
            );
            assert_eq!(info(&nas, TUE)["status"], "closed", "{media}");
            assert_eq!(nas.days(), [MON], "{media}");
            nas.assert_verified();
            nas.stage(TUE);
            nas.refused(8, &mut nas.store_command(TUE, &nas.device())).expect_one_error(&["closed"]);
        }
    }

    #[test]
    fn closes_a_disc_behind_the_days_that_are_on_it() {
        for media in ["cdr-80", "dvd-r", "dvd-rw", "dvd+r", "bd-r"] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            let planned = answer(&nas, &["store", "--finalize", "--dry-run", "--today", TUE]);
            assert_eq!(planned["appendable"], false, "{media}: {planned}");
            let stored = nas.store_json(TUE, &["--finalize"]);
            assert_eq!((&stored["decision"], &stored["appendable"]), (&json!("append"), &json!(false)), "{media}");
            assert_eq!(
                (info(&nas, WED)["status"].clone(), nas.days()),
                (json!("closed"), vec![MON.to_owned(), TUE.to_owned()])
            );
            nas.assert_verified();
        }
    }

    #[test]
    fn has_nothing_to_do_on_media_that_are_written_on_for_ever_and_says_so() {
        for media in OVERWRITABLE {
            let nas = BackupBox::new(media);
            nas.stage(MON);
            assert_eq!(nas.store_json(MON, &["--finalize"])["appendable"], true, "{media}");
            assert!(log(&nas).contains("nothing to finalise"), "{media}: {}", log(&nas));
            nas.stage_and_store(TUE);
        }
    }
}

#[test]
fn a_new_week_begins_a_rewritable_disc_anew_and_leaves_room_for_the_next_day() {
    for media in REWRITABLE {
        let nas = BackupBox::new(media);
        nas.stage_and_store(MON);
        nas.stage_and_store(TUE);
        nas.stage(NEXT_MON);
        let stored = nas.store_json(NEXT_MON, &[]);
        let preparation = match media {
            "cdrw-80" => json!(["blank"]),
            "dvd-rw" => json!(["blank whole"]),
            "dvd+rw" => json!(["go on formatting"]),
            _ => json!([]),
        };
        assert_eq!(stored["preparation"], preparation, "{media}: {stored}");
        nas.stage_and_store(NEXT_TUE);
        assert_eq!(nas.days(), [NEXT_MON, NEXT_TUE], "{media}");
        nas.assert_verified();
    }
}

#[test]
fn a_finalised_rewritable_disc_is_begun_anew_when_that_is_due() {
    for media in ["cdrw-80", "dvd-rw"] {
        let nas = BackupBox::new(media);
        nas.stage(MON);
        nas.store_with(MON, &["--finalize"]).expect_silence();
        nas.stage_and_store(NEXT_MON);
        nas.stage_and_store(NEXT_TUE);
        assert_eq!(nas.days(), [NEXT_MON, NEXT_TUE], "{media}");
    }
}

mod media_that_take_one_session {
    use super::*;

    #[test]
    fn get_it_with_a_warning_and_are_closed() {
        let nas = BackupBox::new("dvd-r-dl");
        nas.stage(MON);
        let planned = nas.read(&["store", "--dry-run", "--today", MON]).expect_code(0);
        planned.expect_words(&["closed, no session can follow"]);
        nas.store(MON).expect_silence();
        assert!(log(&nas).contains("[WARNING] no session can follow this one"), "{}", log(&nas));
        assert_eq!(nas.days(), [MON]);
        nas.assert_verified();
        nas.stage(TUE);
        nas.refused(8, &mut nas.store_command(TUE, &nas.device())).expect_one_error(&["closed"]);
    }

    #[test]
    fn of_a_drive_that_lies_about_it_are_closed_with_a_warning() {
        let nas = BackupBox::new("dvd-r");
        nas.stage(MON);
        nas.store_on(MON, "lie21").expect_silence();
        assert!(log(&nas).contains("[WARNING] the disc is closed now"), "{}", log(&nas));
        assert_eq!(nas.days(), [MON]);
    }

    #[test]
    fn because_they_were_blanked_the_fast_way_are_blanked_whole_first() {
        let nas = BackupBox::new("dvd-rw");
        nas.stage_and_store(MON);
        let blanked = answer(&nas, &["blank", "--fast"]);
        assert!(blanked["after"]["state"].as_str().unwrap().contains("takes one session"), "{blanked}");
        assert_eq!(info(&nas, MON)["can_append"], false);
        nas.remove_mark(MON);
        let stored = nas.store_json(MON, &[]);
        assert_eq!(
            (&stored["preparation"], &stored["appendable"]),
            (&json!(["blank whole"]), &json!(true)),
            "{stored}"
        );
        nas.stage_and_store(TUE);
        assert_eq!(nas.days(), [MON, TUE]);
    }

    #[test]
    fn because_they_were_blanked_the_fast_way_are_written_as_they_are_if_it_is_the_last_session() {
        let nas = BackupBox::new("dvd-rw");
        nas.stage_and_store(MON);
        nas.read(&["blank", "--fast"]).expect_code(0);
        nas.remove_mark(MON);
        let stored = nas.store_json(MON, &["--finalize"]);
        assert_eq!((&stored["preparation"], &stored["recipe"]), (&json!([]), &json!("disc at once")), "{stored}");
        assert_eq!(stored["appendable"], false);
        nas.assert_verified();
    }
}

mod by_hand {
    use super::*;

    #[test]
    fn a_dvd_rw_is_formatted_for_overwriting_and_blanked_back() {
        let nas = BackupBox::new("dvd-rw");
        let formatted = answer(&nas, &["format"]);
        assert_eq!(formatted["after"]["medium"], "DVD-RW (restricted overwrite)", "{formatted}");
        for day in [MON, TUE] {
            nas.stage_and_store(day);
        }
        assert_eq!(nas.days(), [MON, TUE]);
        nas.assert_verified();
        nas.read(&["blank"]).expect_code(0).expect_words(&["restricted overwrite", "nothing on it"]);
        nas.stage_and_store(WED);
        assert_eq!(nas.days(), [WED]);
        let blanked = answer(&nas, &["blank", "--full"]);
        assert_eq!(
            (&blanked["after"]["medium"], &blanked["after"]["status"]),
            (&json!("DVD-RW (sequential)"), &json!("blank"))
        );
    }

    #[test]
    fn what_holds_nothing_any_more_is_empty_for_all() {
        for media in REWRITABLE {
            for option in [None, Some("--full")] {
                let nas = BackupBox::new(media);
                nas.stage_and_store(MON);
                let arguments: Vec<&str> = ["blank"].into_iter().chain(option).collect();
                let blanked = answer(&nas, &arguments);
                assert_eq!(blanked["done"], true, "{media}: {blanked}");
                assert_eq!(nas.days(), Vec::<String>::new(), "{media}");
                nas.read(&["list"]).expect_code(8);
                nas.stage_and_store(TUE);
                nas.stage_and_store(WED);
                assert_eq!(nas.days(), [TUE, WED], "{media}");
            }
        }
    }

    #[test]
    fn write_once_media_are_not_blanked() {
        for media in ["dvd-r", "dvd+r", "dvd+r-dl", "bd-r"] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.read(&["blank"]).expect_code(8).expect_one_error(&["can't be blanked"]);
            assert_eq!(nas.days(), [MON]);
        }
    }

    #[test]
    fn spare_sectors_of_a_bd_are_as_many_as_were_asked_for() {
        for media in ["bd-re", "bd-r"] {
            let capacity = |spares: &str| {
                let nas = BackupBox::new(media);
                let formatted = answer(&nas, &["format", "--spares", spares]);
                assert_eq!(formatted["work"], if (media, spares) == ("bd-r", "none") { "nothing" } else { "spares" });
                nas.stage_and_store(MON);
                nas.assert_verified();
                info(&nas, MON)["capacity_bytes"].as_u64().unwrap()
            };
            let [none, least, default, most] = ["none", "least", "default", "most"].map(capacity);
            assert!(none > least && least > default && default > most, "{media}: {none} {least} {default} {most}");
        }
    }

    #[test]
    fn a_bd_r_is_formatted_while_it_is_blank_or_never() {
        let nas = BackupBox::new("bd-r");
        nas.read(&["format"]).expect_code(0).expect_words(&["written as it is"]);
        nas.stage_and_store(MON);
        let run = nas.read(&["format", "--spares", "most"]).expect_code(8);
        run.expect_one_error(&["BD-R in the drive holds something", "put a blank disc in"]);
    }
}

mod defect_management {
    use super::*;

    #[test]
    fn switched_on_gives_a_new_bd_r_spare_sectors() {
        for asked in ["on the command line", "in the configuration"] {
            let nas = BackupBox::new("bd-r");
            nas.stage(MON);
            let more: &[&str] = if asked == "in the configuration" {
                nas.edit_config(
                    "</cb_config>",
                    "<cedarburn><defect_management>Y</defect_management></cedarburn></cb_config>",
                );
                &[]
            } else {
                &["--defect-management", "on"]
            };
            let stored = nas.store_json(MON, more);
            assert_eq!(stored["preparation"], json!(["format with spares"]), "{asked}: {stored}");
            let told = info(&nas, MON);
            assert_eq!((&told["formatted"], &told["spares"]), (&json!(true), &json!(true)), "{told}");
            nas.stage(TUE);
            assert_eq!(nas.store_json(TUE, more)["preparation"], json!([]), "{asked}");
            nas.assert_verified();
        }
    }

    #[test]
    fn switched_off_writes_as_fast_as_can_be_and_the_command_line_goes_first() {
        for media in ["bd-re", "dvd-ram"] {
            let nas = BackupBox::new(media);
            nas.edit_config(
                "</cb_config>",
                "<cedarburn><defect_management>Y</defect_management></cedarburn></cb_config>",
            );
            let trace = nas.path("trace");
            nas.stage(MON);
            let planned = answer(&nas, &["store", "--dry-run", "--defect-management", "off", "--today", MON]);
            assert_eq!(planned["streaming"], true, "{media}: {planned}");
            nas.store_with(MON, &["--defect-management", "off", "--scsi-trace", trace.to_str().unwrap()])
                .expect_silence();
            let trace = std::fs::read_to_string(trace).unwrap();
            assert!(trace.contains("WRITE(12)"), "{media}: {trace}");
            nas.assert_verified();
        }
    }

    #[test]
    fn means_nothing_on_media_without_spare_sectors_which_is_told() {
        let nas = BackupBox::new("dvd-r");
        nas.stage(MON);
        nas.store_with(MON, &["--defect-management", "on"]).expect_silence();
        assert!(log(&nas).contains("[WARNING] defect management has no effect: this DVD-R"), "{}", log(&nas));
        for media in ["bd-r", "bd-re"] {
            let nas = BackupBox::new(media);
            nas.read(&["format", "--spares", "none"]).expect_code(0);
            nas.stage_and_store(MON);
            let told = info(&nas, MON);
            assert_eq!(told["spares"], false, "{media}: {told}");
            nas.stage(TUE);
            let planned = answer(&nas, &["store", "--dry-run", "--defect-management", "on", "--today", TUE]);
            assert!(planned["warnings"][0].as_str().unwrap().contains("no spare sectors"), "{media}: {planned}");
            assert_eq!(planned["streaming"], false);
            let run = nas.store_with(TUE, &["--defect-management", "on", "--dry-run"]).expect_code(0);
            run.expect_words(&["warning:  defect management has no effect"]);
        }
        nas.read(&["store", "--defect-management", "maybe"]).expect_code(2).expect_words(&["maybe"]);
    }
}

/// A day that fits on a disc of 500,000 sectors, and not on what spare areas leave of it.
fn box_with_a_tight_day(media: &str) -> BackupBox {
    let nas = BackupBox::with_capacity(media, 500_000);
    nas.stage(MON);
    std::fs::File::create(nas.day(MON).join("large")).unwrap().set_len(1_020_000_000).unwrap();
    nas
}

#[test]
fn a_day_that_does_not_fit_beside_the_spare_areas_is_refused_before_the_disc_gets_them() {
    for (media, more, hint) in [
        ("bd-r", &["--defect-management", "on"][..], "--defect-management off"),
        ("bd-re", &[], "format --spares none"),
    ] {
        let nas = box_with_a_tight_day(media);
        for rehearsed in [&["--dry-run"][..], &[]] {
            let mut command = nas.store_command(MON, &nas.device());
            command.args(more).args(rehearsed);
            nas.refused(9, &mut command).expect_one_error(&["no room for", "the disc is as it was", hint]);
        }
        assert_eq!(info(&nas, MON)["formatted"], false, "{media}");
    }
}

#[test]
fn an_unformatted_disc_has_the_room_that_its_format_will_leave() {
    for media in ["bd-re", "bd-re-dl", "dvd-ram", "dvd+rw"] {
        let nas = BackupBox::new(media);
        let before = info(&nas, MON);
        nas.read(&["format"]).expect_code(0);
        let after = info(&nas, MON);
        for field in ["free_bytes", "capacity_bytes"] {
            assert_eq!(before[field], after[field], "{media}: {before}");
        }
    }
    let nas = BackupBox::new("bd-r");
    nas.stage(MON);
    let planned = answer(&nas, &["store", "--dry-run", "--defect-management", "on", "--today", MON]);
    let without = answer(&nas, &["store", "--dry-run", "--today", MON]);
    assert!(planned["free_sectors"].as_u64() < without["free_sectors"].as_u64(), "{planned}");
    nas.read(&["format", "--spares", "least"]).expect_code(0);
    assert_eq!(answer(&nas, &["store", "--dry-run", "--today", MON])["free_sectors"], planned["free_sectors"]);
}

#[test]
fn a_burn_that_broke_off_is_mended_and_where_the_next_goes_is_known_after_that() {
    for media in ["cdr-80", "cdrw-80", "dvd-r", "dvd-rw", "dvd+r", "dvd+r-dl", "bd-r"] {
        let nas = BackupBox::new(media);
        nas.stage_and_store(MON);
        nas.stage(TUE);
        let run = nas.store_on(TUE, "fault=write10#5:kill");
        assert!(run.signal.is_some(), "{media}: {run}");
        let told = info(&nas, TUE);
        assert_eq!((&told["status"], &told["days"]), (&json!("interrupted"), &json!([MON])), "{media}: {told}");
        assert_eq!(told["free_bytes"], Value::Null, "{media}: {told}");
        nas.read(&["info"]).expect_code(0).expect_words(&["known after the repair", "torn:"]);
        let planned = &told["next_store"];
        assert_eq!(
            (&planned["preparation"], &planned["session_start"]),
            (&json!(["close"]), &Value::Null),
            "{media}: {told}"
        );
        nas.store_with(TUE, &["--dry-run"]).expect_code(0).expect_words(&["known after the repair", "before:   close"]);
        let stored = nas.store_json(TUE, &[]);
        assert_eq!(stored["preparation"], json!(["close"]), "{media}: {stored}");
        assert!(stored["session_start"].as_u64() > Some(0), "{media}: {stored}");
        nas.stage_and_store(WED);
        assert_eq!(nas.days(), [MON, TUE, WED], "{media}");
        nas.assert_verified();
        let words = nas.read(&["info", "--today", WED]).expect_code(0);
        assert!(!words.stdout.contains("torn:"), "{media}: {words}");
    }
}

#[test]
fn what_the_drive_does_not_tell_of_a_disc_is_not_told() {
    for media in ["dvd-r", "dvd+r", "bd-r"] {
        let nas = BackupBox::new(media);
        nas.stage(MON);
        nas.store_with(MON, &["--finalize"]).expect_silence();
        let told = info(&nas, MON);
        assert_eq!((&told["capacity_bytes"], &told["free_bytes"]), (&Value::Null, &json!(0)), "{media}: {told}");
        nas.read(&["info"]).expect_code(0).expect_words(&["how large it is the drive does not tell"]);
    }
}

#[test]
fn a_dvd_plus_rw_between_two_stores_is_nothing_to_worry_about() {
    let nas = BackupBox::new("dvd+rw");
    nas.stage_and_store(MON);
    let told = info(&nas, MON);
    assert_eq!((&told["status"], &told["formatted"]), (&json!("formatted in part"), &json!(true)), "{told}");
    let words = nas.read(&["info"]).expect_code(0);
    words.expect_words(&[
        "overwritable (the rest is formatted by the next store)",
        "format:    so far that it can be written",
    ]);
}

#[test]
fn an_overwritable_disc_whose_superblock_is_torn_goes_on_behind_its_newest_session() {
    for media in ["dvd+rw", "dvd-ram", "bd-re"] {
        let nas = BackupBox::new(media);
        for day in [MON, TUE] {
            nas.stage_and_store(day);
        }
        let torn = format!("{},fault=read10@16:3/11/00", nas.device());
        let told = nas.read_device(&torn, &["info", "--json"]).expect_code(0).result();
        assert_eq!(told["days"], json!([MON, TUE]), "{media}: {told}");
        nas.stage_and_store(WED);
        assert_eq!(nas.days(), [MON, TUE, WED], "{media}");
    }
}

#[test]
fn a_disc_of_another_kind_than_configured_is_error_8_before_anything_is_touched() {
    for (configured, inserted) in [
        ("dvd-ram", "dvd+rw"),
        ("dvd-rw", "dvd-r"),
        ("dvd-r", "dvd+r"),
        ("dvd+r", "dvd+r-dl"),
        ("dvd-r-dl", "dvd-r"),
        ("bd-r", "bd-re"),
        ("bd-re", "bd-r"),
        ("bd-re-dl", "dvd-ram"),
    ] {
        let nas = BackupBox::new(configured);
        nas.change_disc(inserted);
        nas.stage(MON);
        let run = nas.refused(8, &mut nas.store_command(MON, &nas.device()));
        run.expect_one_error(&[&format!("the configuration says {configured}")]);
    }
}
