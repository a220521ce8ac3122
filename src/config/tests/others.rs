//! `purge`, `extensions`, `collect`, `capacity`, `cedarburn`.

use super::*;

const ACTION: &str = "an action name of lower-case letters and digits";

#[test]
fn purge_has_directories_each_with_a_path_and_days() {
    let purge = Doc::full().config().purge.unwrap();
    assert_eq!(purge.dirs[0], PurgeDir { path: PathBuf::from("/var/backup/stage"), retain_days: 7 });
    assert_eq!(purge.dirs[1].retain_days, 0);
    assert_eq!(Doc::full().set("purge", "").config().purge.unwrap().dirs, []);
    requires("purge/dir[2]/abs_path", "an absolute path");
    requires("purge/dir[2]/retain_days", "a whole number from 0 up");
    refuses("purge/dir[1]/abs_path", "an absolute path", BAD_PATHS);
    refuses("purge/dir[1]/retain_days", "a whole number from 0 up", &["-1", "7.0", "a week", " "]);
}

#[test]
fn an_extension_has_a_name_a_function_and_its_place() {
    let extensions = Doc::full().config().extensions.unwrap();
    assert_eq!(extensions.order_mode, OrderMode::Index);
    assert_eq!(extensions.actions[0].index, Some(299));
    assert_eq!(Doc::full().drop("extensions/order_mode").config().extensions, Some(extensions));
    assert_eq!(Doc::full().set("extensions", "").config().extensions.unwrap().actions, []);

    requires("extensions/action[1]/name", ACTION);
    requires("extensions/action[1]/module", "a Python module, identifiers with dots between");
    requires("extensions/action[1]/function", "a Python function, one identifier");
    requires("extensions/action[1]/index", "a whole number from 0 up, because order_mode is index");
    refuses("extensions/order_mode", "one of index, dependency", &["Index", "depends", " "]);
    refuses("extensions/action[1]/name", ACTION, &["Capacity", "capa city", " "]);
    let module = "a Python module, identifiers with dots between";
    refuses("extensions/action[1]/module", module, &["a..b", ".a", "a.", "1a", "a-b", "a b", " "]);
    refuses("extensions/action[1]/function", "a Python function, one identifier", &["a.b", "2x", "f()", " "]);
    refuses("extensions/action[1]/index", "a whole number from 0 up", &["-1", "first", "1.0", " "]);
}

fn dependent(actions: &[(&str, &str, &str)]) -> Doc {
    let actions = actions.iter().map(|(name, before, after)| {
        format!(
            "<action><name>{name}</name><module>m</module><function>f</function><depends><run_before>{before}\
             </run_before><run_after>{after}</run_after></depends></action>"
        )
    });
    let actions: String = actions.collect();
    Doc::full().set("extensions", &format!("<order_mode>dependency</order_mode>{actions}"))
}

#[test]
fn names_of_extensions_are_unique() {
    let error = dependent(&[("a", "", ""), ("a", "", "")]).error();
    assert!(error.starts_with("extensions/action[2]/name: \"a\" is taken already in line "), "{error}");
}

#[test]
fn in_order_mode_dependency_every_name_exists_and_some_order_fits_all() {
    let read = dependent(&[("a", "stage, b", "collect"), ("b", "", "a,store"), ("c", "", "")]).config();
    let depends = read.extensions.unwrap().actions[0].depends.clone().unwrap();
    assert_eq!((depends.run_before.len(), depends.run_after.len()), (2, 1));

    let unknown = dependent(&[("a", "stage", ""), ("b", "", "nobody")]);
    let line = unknown.line_of("extensions/action[2]");
    assert_eq!(
        unknown.error(),
        format!("extensions/action[2]/depends/run_after: there is no action nobody (line {line})")
    );
    for looped in [
        dependent(&[("a", "b", ""), ("b", "a", "")]),
        dependent(&[("a", "collect", "stage")]),
        dependent(&[("a", "a", "")]),
        dependent(&[("a", "b", ""), ("b", "c", ""), ("c", "a", "")]),
        dependent(&[("a", "collect", "b"), ("b", "", "purge")]),
    ] {
        let error = looped.error();
        assert!(error.starts_with("extensions: there is no order for a, "), "{error}");
    }
    let bad = dependent(&[("a", "Stage", "")]).error();
    assert!(bad.starts_with("extensions/action[1]/depends/run_before: \"Stage\" is not a list"), "{bad}");

    let by_index = Doc::full().set("extensions/order_mode", "dependency").error();
    let message = "extensions/action[1]/depends is missing or empty, it has to be there, because order_mode is \
                   dependency (section in line 119)";
    assert_eq!(by_index, message);
    let ignored = dependent(&[("a", "nobody", "a")]).drop("extensions/order_mode");
    assert!(ignored.error().starts_with("extensions/action[1]/index is missing"));
    assert!(ignored.add("extensions/action", "<index>1</index>").parse().is_ok());
}

#[test]
fn collect_is_checked_as_a_whole() {
    const MODES: &str = "one of daily, weekly, incr";
    const ARCHIVES: &str = "one of tar, targz, tarbz2";
    requires("collect/collect_dir", "an absolute path");
    refuses("collect/collect_dir", "an absolute path", BAD_PATHS);
    refuses("collect/collect_mode", MODES, &["Daily", "hourly", " "]);
    refuses("collect/archive_mode", ARCHIVES, &["zip", "tar.gz", " "]);
    refuses("collect/exclude/abs_path[1]", "an absolute path", BAD_PATHS);
    requires("collect/file[1]/abs_path", "an absolute path");
    refuses("collect/file[1]/abs_path", "an absolute path", BAD_PATHS);
    refuses("collect/file[1]/collect_mode", MODES, &["never"]);
    refuses("collect/file[1]/archive_mode", ARCHIVES, &["7z"]);
    requires("collect/dir[2]/abs_path", "an absolute path");
    refuses("collect/dir[2]/abs_path", "an absolute path", BAD_PATHS);
    refuses("collect/dir[2]/collect_mode", MODES, &["full"]);
    refuses("collect/dir[2]/archive_mode", ARCHIVES, &["TAR"]);
    refuses("collect/dir[2]/link_depth", "a whole number from 0 up", &["-1", "deep"]);
    refuses("collect/dir[2]/dereference", "Y or N", BAD_BOOLEANS);
    refuses("collect/dir[2]/recursion_level", "a whole number", &["1.5", "all"]);
    refuses("collect/dir[2]/exclude/abs_path[1]", "an absolute path", BAD_PATHS);

    let collect = Doc::full().config().collect.unwrap();
    let home = &collect.dirs[1];
    assert_eq!((home.collect_mode, home.archive_mode), (CollectMode::Incr, ArchiveMode::TarBz2));
    assert_eq!((home.link_depth, home.dereference, home.recursion_level), (1, true, 1));
    assert_eq!(home.exclude.relative_paths, ["lost+found"]);
    let endless = Doc::full().set("collect/dir[2]/recursion_level", "-1").config().collect.unwrap();
    assert_eq!(endless.dirs[1].recursion_level, -1);
    assert_eq!(Doc::full().set("collect", "<collect_dir>/c</collect_dir>").config().collect.unwrap().dirs, []);
}

#[test]
fn what_a_collected_thing_lacks_comes_from_the_section_or_is_missing() {
    let etc = &Doc::full().config().collect.unwrap().dirs[0];
    assert_eq!((etc.collect_mode, etc.archive_mode), (CollectMode::Daily, ArchiveMode::TarGz));
    assert_eq!(etc.ignore_file, ".cbignore");
    let missing = [
        ("collect_mode", "one of daily, weekly, incr, here or in collect"),
        ("archive_mode", "one of tar, targz, tarbz2, here or in collect"),
        ("ignore_file", "a file name, here or in collect"),
    ];
    for (name, legal) in missing {
        let doc = Doc::full().drop(&format!("collect/{name}"));
        let line = doc.line_of("collect/dir[1]");
        let message =
            format!("collect/dir[1]/{name} is missing or empty, it has to be {legal} (section in line {line})");
        assert_eq!(doc.error(), message);
    }
    let old = Doc::full().set("collect/dir[1]", "<abs_path>/etc</abs_path><mode>weekly</mode>");
    assert_eq!(old.config().collect.unwrap().dirs[0].collect_mode, CollectMode::Weekly);
    assert_eq!(old.warnings(), [""; 0]);
}

#[test]
fn capacity_has_one_limit_and_not_two() {
    let capacity = |xml: &str| Doc::full().set("capacity", xml);
    for (text, percentage) in [("0", 0.0), ("100", 100.0), (" 95.5 ", 95.5), ("1e1", 10.0)] {
        let found = Doc::full().set("capacity/max_percentage", text).config().capacity;
        assert_eq!(found, Some(Capacity::MaxPercentage { percentage, text: text.to_owned() }));
    }
    let found = capacity("<min_bytes>1.5 GB</min_bytes>").config().capacity;
    let quantity = ByteQuantity { bytes: 1_610_612_736.0, text: "1.5 GB".to_owned() };
    assert_eq!(found, Some(Capacity::MinBytes(quantity)));
}

#[test]
fn a_wrong_capacity_has_no_effect_and_is_reported() {
    let told = |xml: &str| {
        let doc = Doc::full().set("capacity", xml);
        assert_eq!(doc.config().capacity, None, "{xml}");
        let warnings = doc.warnings();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        warnings[0].clone()
    };
    for text in ["-1", "100.1", "nan", "inf", "90%", " "] {
        let warning = told(&format!("<max_percentage>{text}</max_percentage>"));
        let begin = format!("capacity/max_percentage: {text:?} is not a number from 0 to 100 (line ");
        assert!(warning.starts_with(&begin) && warning.ends_with("): the section has no effect"), "{warning}");
    }
    for text in ["-1", "1 gb", "1 TB", "lots", "nan", " "] {
        let warning = told(&format!("<min_bytes>{text}</min_bytes>"));
        let legal = "a number from 0 up, of bytes or followed by KB, MB or GB";
        assert!(warning.starts_with(&format!("capacity/min_bytes: {text:?} is not {legal} (line ")), "{warning}");
    }
    let both = told("<max_percentage>5</max_percentage><min_bytes>5</min_bytes>");
    assert!(both.starts_with("capacity/min_bytes: capacity has a max_percentage already"), "{both}");
    let neither = "capacity/max_percentage is missing or empty, it has to be a number from 0 to 100, or min_bytes";
    assert!(told("").starts_with(neither), "{}", told(""));
}

#[test]
fn settings_have_defaults_for_all_that_is_absent() {
    let defaults = Settings {
        attributes: Attributes::Rationalized,
        joliet: false,
        protect: Protect::Week,
        defect_management: None,
        fifo_mb: None,
        receipts_dir: None,
    };
    assert_eq!(Doc::full().drop("cedarburn").config().cedarburn, defaults);
    assert_eq!(Doc::full().set("cedarburn", "").config().cedarburn, defaults);
    let settings = Settings {
        attributes: Attributes::Exact,
        joliet: true,
        protect: Protect::Week,
        defect_management: Some(false),
        fifo_mb: std::num::NonZeroU32::new(32),
        receipts_dir: Some(PathBuf::from("/var/lib/cedarburn")),
    };
    assert_eq!(Doc::full().config().cedarburn, settings);
    assert_eq!(Doc::full().set("cedarburn/protect", "off").config().cedarburn.protect, Protect::Off);
    assert_eq!(Doc::full().set("cedarburn/protect", "strict").config().cedarburn.protect, Protect::Strict);
}

#[test]
fn settings_are_strict() {
    refuses("cedarburn/attributes", "one of rationalized, exact", &["Exact", "rational", " "]);
    refuses("cedarburn/joliet", "Y or N", BAD_BOOLEANS);
    refuses("cedarburn/protect", "one of strict, week, off", &["none", "on", "OFF", " "]);
    refuses("cedarburn/defect_management", "Y or N", BAD_BOOLEANS);
    refuses("cedarburn/fifo_mb", "a whole number from 1 up", &["0", "-1", "4 MB", "1.5", " "]);
    refuses("cedarburn/receipts_dir", "an absolute path", BAD_PATHS);
    let known = "attributes, joliet, protect, defect_management, fifo_mb, receipts_dir";
    let doc = Doc::full().add("cedarburn", "<Protect/>");
    assert_eq!(doc.error(), format!("cedarburn/Protect is not a setting, settings are {known} (line 136)"));
}

#[test]
fn a_setting_that_is_given_twice_is_refused() {
    let twice = Doc::full().add("cedarburn", "<protect>off</protect>");
    assert_eq!(twice.error(), "cedarburn/protect: it is given more than once (line 136)");
    let second = Doc::full().add("cb_config", "<cedarburn><protect>off</protect></cedarburn>");
    assert_eq!(second.error(), "cedarburn: it is given more than once (line 137)");
}
