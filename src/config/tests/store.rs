//! `store`.

use super::*;
use std::time::Duration;

const MEDIA: &str = "one of cdr-74, cdrw-74, cdr-80, cdrw-80, dvd+r, dvd+rw, dvd-r, dvd-rw, dvd+r-dl, dvd-r-dl, dvd-ram, bd-r, \
                     bd-re, bd-r-dl, bd-re-dl, bd-r-xl, auto";

fn store(doc: &Doc) -> Store {
    doc.config().store.unwrap()
}

#[test]
fn source_dir_media_type_and_target_device_are_required() {
    requires("store/source_dir", "an absolute path");
    requires("store/media_type", MEDIA);
    requires("store/target_device", "an absolute path or sim:PATH");
    refuses("store/source_dir", "an absolute path", BAD_PATHS);
    refuses("store/media_type", MEDIA, &["DVD+RW", "dvd", "cdrw", "cdr-90", " dvd+r", "bd-re-xl", " "]);
}

#[test]
fn all_words_for_media_go_with_an_absent_device_type() {
    for word in MEDIA.trim_start_matches("one of ").split(", ") {
        let store = store(&Doc::full().drop("store/device_type").set("store/media_type", word));
        assert_eq!(store.media_type.as_str(), word);
        assert_eq!(store.device_type, None);
    }
}

#[test]
fn a_device_type_has_to_fit_the_medium() {
    let fits = |device: &str, medium: &str| match device {
        "cdwriter" => medium.starts_with("cd"),
        "dvdwriter" => medium.starts_with("dvd"),
        "bdwriter" => medium.starts_with("bd"),
        _ => true,
    };
    for device in ["cdwriter", "dvdwriter", "bdwriter", "auto"] {
        for medium in MEDIA.trim_start_matches("one of ").split(", ") {
            let doc = Doc::full().set("store/media_type", medium).set("store/device_type", device);
            if fits(device, medium) || medium == "auto" {
                assert_eq!(store(&doc).device_type.unwrap().as_str(), device);
            } else {
                let line = doc.line_of("store/device_type");
                let message = format!(
                    "store/device_type: a {device} does not write {medium}, which is the media_type (line {line})"
                );
                assert_eq!(doc.error(), message);
            }
        }
    }
    refuses("store/device_type", "one of cdwriter, dvdwriter, bdwriter, auto", &["dvd", "DVDWriter", "dvdwriter "]);
}

#[test]
fn a_device_is_a_path_or_a_simulated_drive() {
    let device = |text| store(&Doc::full().set("store/target_device", text)).target_device;
    assert_eq!(device("/dev/sr0").as_str(), "/dev/sr0");
    assert_eq!(device("/dev/sr0").simulated(), None);
    assert_eq!(device("sim:/tmp/disc").simulated(), Some("/tmp/disc"));
    assert_eq!(device("sim:disc,fault=write").to_string(), "sim:disc,fault=write");
    let bad = ["sr0", "dev/sr0", "0,0,0", "sim:", "sim:,fault=x", "SIM:/x", " /dev/sr0", " sim:/x"];
    refuses("store/target_device", "an absolute path or sim:PATH", &bad);
    assert_eq!("sr0".parse::<DeviceSpec>().unwrap_err().to_string(), "\"sr0\" is not an absolute path or sim:PATH");
}

#[test]
fn a_scsi_id_has_cedars_form_where_cedar_uses_it() {
    let cd = |id: &str| {
        let doc = Doc::full().set("store/media_type", "cdrw-74").set("store/device_type", "cdwriter");
        doc.add("store", &format!("<target_scsi_id>{id}</target_scsi_id>"))
    };
    let good = [
        "0,0,0",
        " 0 , 10 ,\t0 ",
        "ATA:1,0,0",
        "ATAPI: 1, 0, 0",
        "REMOTE:x:1,0,0",
        ":1,0,0",
        "IOCompactDiscServices",
        "IODVDServices/2",
        "IOServices",
    ];
    for id in good {
        assert_eq!(store(&cd(id)).target_scsi_id.as_deref(), Some(id));
        assert_eq!(cd(id).warnings(), [""; 0]);
    }
    let bad = [
        "/dev/cdrw",
        "0,0",
        "0,0,0,0",
        "-1,0,0",
        "a,0,0",
        "0,0,",
        "ATA 1,0,0",
        "ATA:",
        "IOCompactDisc",
        "IOServices/",
        "IOServices/a",
        "CompactDiscServices",
        " ",
        "0 0,0,0",
    ];
    for id in bad {
        let error = cd(id).error();
        assert!(
            error.starts_with(&format!("store/target_scsi_id: {id:?} is not a SCSI id like 0,0,0 or ATA:1,0,0 (line ")),
            "{error}"
        );
        let dvd = Doc::full().add("store", &format!("<target_scsi_id>{id}</target_scsi_id>"));
        assert_eq!(store(&dvd).target_scsi_id.as_deref(), Some(id));
        assert_eq!(dvd.warnings(), ["store/target_scsi_id is for CDs only and has no effect (line 106)"]);
    }
}

#[test]
fn a_speed_is_a_whole_number_from_one_up() {
    let endless = "9999999999999999999999999999";
    for (text, speed) in [("1", 1), (" 48 ", 48), ("+4", 4), ("0_8", 8), ("4294967296", u32::MAX), (endless, u32::MAX)]
    {
        assert_eq!(store(&Doc::full().set("store/drive_speed", text)).drive_speed, Some(speed));
    }
    assert_eq!(store(&Doc::full().set("store/drive_speed", "")).drive_speed, None);
    refuses("store/drive_speed", "a whole number from 1 up", &["fast", "0", "-4", "4.0", "4x", " "]);
}

#[test]
fn check_data_is_verified_unless_it_says_no() {
    for (text, check_data, verifies) in [
        ("Y", Some(true), true),
        ("y", Some(true), true),
        ("N", Some(false), false),
        ("n", Some(false), false),
        ("", None, true),
    ] {
        let store = store(&Doc::full().set("store/check_data", text));
        assert_eq!((store.check_data, store.verifies()), (check_data, verifies), "{text}");
    }
    assert!(store(&Doc::full().drop("store/check_data")).verifies());
    refuses("store/check_data", "Y or N", BAD_BOOLEANS);
}

#[test]
fn the_other_booleans_are_no_unless_set() {
    let read = |doc: &Doc| {
        let store = store(doc);
        [store.check_media, store.warn_midnite, store.no_eject]
    };
    let names = ["check_media", "warn_midnite", "no_eject"];
    for (place, name) in names.into_iter().enumerate() {
        let path = format!("store/{name}");
        assert!(!read(&Doc::full().drop(&path))[place]);
        assert!(!read(&Doc::full().set(&path, ""))[place]);
        for (text, value) in [("Y", true), ("y", true), ("N", false), ("n", false)] {
            assert_eq!(read(&Doc::full().set(&path, text))[place], value, "{name} {text}");
        }
        refuses(&path, "Y or N", BAD_BOOLEANS);
    }
}

#[test]
fn a_delay_of_nothing_is_none() {
    let read = |doc: &Doc| {
        let store = store(doc);
        [store.refresh_media_delay, store.eject_delay]
    };
    for (place, path) in ["store/refresh_media_delay", "store/eject_delay"].into_iter().enumerate() {
        let cases =
            [("0", None), ("", None), ("1", Some(1)), (" 60 ", Some(60)), ("1_0", Some(10)), ("3600", Some(3600))];
        for (text, seconds) in cases {
            assert_eq!(read(&Doc::full().set(path, text))[place], seconds.map(Duration::from_secs), "{path} {text}");
        }
        let others = ["-1", "1.5", "10s", " ", "3601", "10000", "99999999999999999999"];
        refuses(path, "a whole number of seconds from 0 to 3600", &others);
    }
}

#[test]
fn a_blanking_strategy_has_a_mode_and_a_factor_or_is_not_there() {
    let blanking = |text| store(&Doc::full().set("store/blank_behavior/factor", text)).blank_behavior.unwrap();
    assert_eq!(blanking("1.3").mode, BlankMode::Weekly);
    let cases = [("1.3", 1.3), (" 5 ", 5.0), ("0", 0.0), ("-0", 0.0), ("1e2", 100.0), ("1_0.", 10.0)];
    for (text, factor) in cases {
        let found = blanking(text);
        assert_eq!((found.factor, found.factor_text.as_str()), (factor, text));
    }
    assert_eq!(blanking("inf").factor, f64::INFINITY);
    assert!(blanking("nan").factor.is_nan());
    let daily = store(&Doc::full().set("store/blank_behavior/mode", "daily")).blank_behavior.unwrap();
    assert_eq!(daily.mode, BlankMode::Daily);
    assert_eq!(store(&Doc::full().drop("store/blank_behavior")).blank_behavior, None);

    refuses("store/blank_behavior/mode", "one of daily, weekly", &["Daily", "monthly", " "]);
    refuses("store/blank_behavior/factor", "a number from 0 up", &["-0.1", "1,3", "0x1", "-inf", "much", " "]);
    requires("store/blank_behavior/mode", "one of daily, weekly");
    requires("store/blank_behavior/factor", "a number from 0 up");
    assert!(Doc::full().set("store/blank_behavior", "").error().starts_with("store/blank_behavior/mode is missing"));
}

#[test]
fn an_unknown_element_is_reported_and_has_no_effect() {
    let doc = Doc::full().drop("store/check_data").add("store", "<chek_data>N</chek_data>");
    assert!(store(&doc).verifies());
    let warning = "store/chek_data is not an element of the configuration and has no effect (line 106)";
    assert_eq!(doc.warnings(), [warning]);
}
