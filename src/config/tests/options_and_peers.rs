//! `reference`, `options`, `peers`, `stage`.

use super::*;
use jiff::civil::Weekday;

const DAYS: &str = "one of monday, tuesday, wednesday, thursday, friday, saturday, sunday";
const ACTION: &str = "an action name of lower-case letters and digits";
const ACTIONS: &str = "a list of action names with commas between, each of lower-case letters and digits";

#[test]
fn reference_is_free_text_and_need_not_be_there() {
    let doc = Doc::full().set("reference/author", " <!--c-->").drop("reference/revision");
    let reference = doc.config().reference.unwrap();
    assert_eq!(reference.author.as_deref(), Some(" "));
    assert_eq!(reference.revision, None);
    assert_eq!(Doc::full().drop("reference").config().reference, None);
}

#[test]
fn every_day_may_start_the_week() {
    let days = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    for (word, day) in days {
        assert_eq!(Doc::full().set("options/starting_day", word).config().options.starting_day, day);
    }
    refuses("options/starting_day", DAYS, &["Monday", "mon", " monday", "0", " "]);
    requires("options/starting_day", DAYS);
}

#[test]
fn options_has_five_required_elements() {
    requires("options/working_dir", "an absolute path");
    requires("options/backup_user", "a text");
    requires("options/backup_group", "a text");
    requires("options/rcp_command", "a text");
    refuses("options/working_dir", "an absolute path", BAD_PATHS);
    let odd = Doc::full().set("options/working_dir", "/opt ").set("options/backup_user", " ").config();
    assert_eq!(odd.options.working_dir, Path::new("/opt "));
    assert_eq!(odd.options.backup_user, " ");
}

#[test]
fn commands_for_managed_peers_are_optional() {
    let doc = Doc::full().drop("options/rsh_command").drop("options/cback_command").drop("options/managed_actions");
    let options = doc.config().options;
    assert_eq!((options.rsh_command, options.cback_command, options.managed_actions), (None, None, vec![]));
}

#[test]
fn managed_actions_is_a_list_with_commas() {
    let list = |text| Doc::full().set("options/managed_actions", text).config().options.managed_actions;
    assert_eq!(list("collect, purge"), ["collect", "purge"]);
    assert_eq!(list(" ,collect,, \n purge2 ,"), ["collect", "purge2"]);
    assert_eq!(list(","), [""; 0]);
    refuses("options/managed_actions", ACTIONS, &["Collect", "collect purge", "collect, pur-ge", "all!"]);
}

#[test]
fn overrides_and_hooks_ask_for_none_of_their_elements() {
    let options = Doc::full().config().options;
    let eject = Override { command: Some("eject".to_owned()), path: Some(PathBuf::from("/usr/local/bin/eject")) };
    assert_eq!(options.overrides, [eject]);
    let actions: Vec<_> = options.pre_action_hooks.iter().map(|hook| hook.action.as_deref().unwrap()).collect();
    assert_eq!(actions, ["store", "collect"]);
    assert_eq!(options.post_action_hooks[0].command.as_deref(), Some("/usr/local/bin/lamp off"));

    let emptied = Doc::full()
        .set("options/override", "")
        .set("options/pre_action_hook[1]", "<action>store</action>")
        .set("options/post_action_hook", "<command>x</command>")
        .config()
        .options;
    assert_eq!(emptied.overrides, [Override { command: None, path: None }]);
    assert_eq!(emptied.pre_action_hooks[0], Hook { action: Some("store".to_owned()), command: None });
    assert_eq!(emptied.post_action_hooks[0], Hook { action: None, command: Some("x".to_owned()) });

    refuses("options/override[1]/abs_path", "an absolute path", BAD_PATHS);
    refuses("options/pre_action_hook[2]/action", ACTION, &["Store", "store ", "all_of_it", " "]);
    refuses("options/post_action_hook[1]/action", ACTION, &["st-ore"]);
}

#[test]
fn a_peer_has_a_name_a_directory_and_for_remote_ones_commands() {
    let peers = Doc::full().config().peers;
    assert_eq!(peers[0].reach, Reach::Local);
    assert_eq!(peers[0].ignore_failures, None);
    let Reach::Remote(remote) = &peers[1].reach else { panic!("not remote") };
    assert_eq!(remote.backup_user.as_deref(), Some("cedar"));
    assert!(remote.managed);
    assert_eq!(remote.managed_actions, ["collect"]);
    assert_eq!(peers[1].ignore_failures, Some(IgnoreFailures::Daily));

    requires("peers/peer[2]/name", "a text");
    requires("peers/peer[2]/collect_dir", "an absolute path");
    refuses("peers/peer[1]/collect_dir", "an absolute path", BAD_PATHS);
    refuses("peers/peer[2]/ignore_failures", "one of none, all, daily, weekly", &["None", "never", " "]);
    refuses("peers/peer[2]/managed", "Y or N", BAD_BOOLEANS);
    refuses("peers/peer[2]/managed_actions", ACTIONS, &["Collect"]);
    for (word, mode) in [
        ("none", IgnoreFailures::None),
        ("all", IgnoreFailures::All),
        ("daily", IgnoreFailures::Daily),
        ("weekly", IgnoreFailures::Weekly),
    ] {
        let peers = Doc::full().set("peers/peer[2]/ignore_failures", word).config().peers;
        assert_eq!(peers[1].ignore_failures, Some(mode));
    }
}

#[test]
fn a_peer_of_an_unknown_type_disappears_unread_with_a_warning() {
    let doc = Doc::full().set("peers/peer[2]/type", "Remote").set("peers/peer[2]/collect_dir", "not a path");
    assert_eq!(doc.config().peers.len(), 1);
    let warning = "peers/peer[2]/type: \"Remote\" is neither local nor remote, the peer is ignored (line 42)";
    assert_eq!(doc.warnings(), [warning]);
    let untyped = Doc::full().drop("peers/peer[1]/type");
    assert_eq!(untyped.config().peers.len(), 1);
    assert_eq!(untyped.warnings(), ["peers/peer[1]/type is missing, the peer is ignored (line 37)"]);
}

#[test]
fn what_only_remote_peers_have_is_not_read_in_a_local_one() {
    let doc = Doc::full().add("peers/peer[1]", "<managed>maybe</managed><managed_actions>A B</managed_actions>");
    assert_eq!(doc.config().peers[0].reach, Reach::Local);
    assert_eq!(doc.warnings(), [""; 0]);
}

#[test]
fn a_peers_section_holds_at_least_one_peer_that_counts() {
    let message = "peers/peer is missing or empty, it has to be a peer with a type that is one of local, remote \
                   (section in line 36)";
    assert_eq!(Doc::full().set("peers", "").error(), message);
    let vanished = Doc::full().set("peers/peer[1]/type", "x").set("peers/peer[2]/type", "y");
    assert_eq!(vanished.error(), message);
}

#[test]
fn names_of_peers_are_unique_over_both_types() {
    let doc = Doc::full().set("peers/peer[2]/name", "box");
    assert_eq!(doc.error(), "peers/peer[2]/name: \"box\" is taken already in line 38 (line 43)");
    let ignored = Doc::full().set("peers/peer[2]/name", "box").set("peers/peer[2]/type", "neither");
    assert_eq!(ignored.config().peers.len(), 1);
}

#[test]
fn a_managed_peer_takes_what_it_lacks_from_options() {
    for (own, legal_in_options) in [("rsh_command", true), ("cback_command", true), ("managed_actions", true)] {
        let path = format!("peers/peer[2]/{own}");
        let without = Doc::full().drop(&path);
        assert_eq!(without.parse().is_ok(), legal_in_options);
        let nowhere = without.clone().drop(&format!("options/{own}"));
        let line = nowhere.line_of("peers/peer[2]");
        let message = format!(
            "{path} is missing or empty, it has to be given for a managed peer, here or in options (section in line \
             {line})"
        );
        assert_eq!(nowhere.error(), message);
        assert!(nowhere.set("peers/peer[2]/managed", "N").parse().is_ok());
        assert!(Doc::full().drop(&format!("options/{own}")).parse().is_ok());
    }
    let empty_lists = Doc::full().set("peers/peer[2]/managed_actions", ",").set("options/managed_actions", " , ");
    assert!(empty_lists.error().starts_with("peers/peer[2]/managed_actions is missing or empty"));
}

#[test]
fn stage_has_a_directory_and_may_have_peers_of_its_own() {
    requires("stage/staging_dir", "an absolute path");
    refuses("stage/staging_dir", "an absolute path", BAD_PATHS);
    let own = "<peer><name>box</name><type>local</type><collect_dir>/c</collect_dir></peer>";
    let stage = Doc::full().add("stage", own).config().stage.unwrap();
    assert_eq!(stage.peers.len(), 1, "and a name that is in peers too is no duplicate");

    let alone = Doc::full().drop("peers");
    assert!(alone.error().starts_with("stage/peer is missing or empty"));
    assert!(alone.clone().add("stage", own).parse().is_ok());
    assert!(alone.add("stage", "<peer><name>box</name></peer>").error().starts_with("stage/peer is missing"));

    let twice = Doc::full().add("stage", own).add("stage", own);
    assert!(twice.error().starts_with("stage/peer[2]/name: \"box\" is taken already"));
    let bad = Doc::full().add("stage", own).add("stage", &own.replace("/c<", "c<").replace("box", "b"));
    assert!(bad.error().starts_with("stage/peer[2]/collect_dir: \"c\" is not an absolute path (line "));
}
