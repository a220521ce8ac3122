//! Cedar's rules for its configuration, each in a row, in the order of the sections of its schema: a file as a whole, types of values, sections,
//! then each section's elements. That a file in Latin-1 or UTF-16 is not read, `fixtures/config/bad` shows. A row says the rule, a change to `good/full.conf` that shows it, and what has to come of that. Where this
//! program corrects Cedar the row says `corrected`. The tests beside this one look at what is made of the values.

use super::*;

/// What has to come of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// Accepted without a word, and it says what it said before.
    Same,
    /// Accepted without a word.
    Accepted,
    /// Accepted with one warning, which has this in it.
    Noted(&'static str),
    /// Refused, because of the element with this path.
    Refused(&'static str),
    /// Refused before any element is looked at, in these words.
    NotRead(&'static str),
}

use Comes::{Accepted, NotRead, Noted, Refused, Same};

impl Doc {
    /// Replaces a piece of the text, which has to be in it.
    fn replace(mut self, from: &str, to: &str) -> Doc {
        assert!(self.0.contains(from), "{from} is not in it");
        self.0 = self.0.replacen(from, to, 1);
        self
    }

    /// Puts an element before all others.
    fn first(self, path: &str, xml: &str) -> Doc {
        let (_, inside) = self.find(path);
        let mut text = self.0;
        text.insert_str(inside.start, xml);
        Doc(text)
    }
}

type Row = (&'static str, fn(Doc) -> Doc, Comes);

const PEER: &str = "<peer><name>third</name><type>local</type><collect_dir>/c</collect_dir></peer>";

/// 5.1
const FILE_AND_XML: &[Row] = &[
    ("the root is cb_config", |d| Doc(d.0.replace("cb_config>", "backup>")), Refused("backup")),
    ("a declared encoding is passed over", |d| d.replace("UTF-8", "ISO-8859-1"), Same),
    ("a byte order mark is fine", |d| Doc(format!("\u{feff}{}", d.0)), Same),
    ("CRLF is fine", |d| Doc(d.0.replace('\n', "\r\n")), Same),
    ("nothing stands before the declaration", |d| Doc(format!("\n{}", d.0)), NotRead("the XML declaration is not at")),
    ("character references are expanded", |d| d.set("options/backup_user", "b&#97;ckup"), Same),
    ("entities of XML are expanded", |d| d.set("options/rcp_command", "a &lt; &amp; &quot;"), Accepted),
    (
        "entities of its own are expanded",
        |d| {
            d.replace("<cb_config>", "<!DOCTYPE cb_config [<!ENTITY u \"backup\">]><cb_config>")
                .set("options/backup_user", "&u;")
        },
        Same,
    ),
    ("an unknown entity is an error", |d| d.set("options/rcp_command", "&what;"), NotRead("entity")),
    ("a default namespace is ignored", |d| d.replace("<cb_config>", "<cb_config xmlns=\"urn:x\">"), Same),
    ("a prefix makes another name", |d| Doc(d.0.replace("purge>", "x:purge>")), Accepted),
    ("what is not well-formed is an error", |d| d.replace("</store>", "</stone>"), NotRead("expected")),
    ("an unknown section is ignored", |d| d.add("cb_config", "<mysql><user>u</user></mysql>"), Same),
    (
        "an unknown element is ignored; corrected: and told",
        |d| d.add("store", "<chek_data>Y</chek_data>"),
        Noted("store/chek_data"),
    ),
    ("an unknown attribute is ignored", |d| d.replace("<store>", "<store colour=\"red\">"), Same),
    (
        "a grandchild is no child",
        |d| d.drop("store/source_dir").add("store", "<x><source_dir>/s</source_dir></x>"),
        Refused("store/source_dir"),
    ),
    ("names are case-sensitive", |d| Doc(d.0.replace("staging_dir>", "Staging_dir>")), Refused("stage/staging_dir")),
    ("order is free", |d| d.drop("store/media_type").add("store", "<media_type>dvd+rw</media_type>"), Same),
    (
        "order of sections is free",
        |d| {
            let (whole, _) = d.find("options");
            let options = d.0[whole].to_owned();
            d.drop("options").add("cb_config", &options)
        },
        Same,
    ),
    (
        "of a repeated section the first is used",
        |d| d.add("cb_config", "<purge><dir/></purge>"),
        Noted("purge is given more than once"),
    ),
    (
        "of a repeated value the first with text is used",
        |d| d.first("store", "<drive_speed/>"),
        Noted("store/drive_speed is given more than once"),
    ),
    (
        "of two values with text the first is used",
        |d| d.add("store", "<drive_speed>9</drive_speed>"),
        Noted("store/drive_speed is given more than once"),
    ),
    ("text is the first text node: a comment cuts it", |d| d.set("store/drive_speed", "4<!--c-->x"), Same),
    ("text is the first text node: an element cuts it", |d| d.set("store/drive_speed", "4<x/>x"), Same),
    ("leading comments are skipped", |d| d.set("store/drive_speed", "<!--c-->4"), Same),
    ("CDATA is no text", |d| d.set("store/source_dir", "<![CDATA[/s]]>"), Refused("store/source_dir")),
    ("an empty element is not set", |d| d.set("store/source_dir", ""), Refused("store/source_dir")),
    ("an empty element that is optional is absent", |d| d.set("store/no_eject", ""), Same),
    ("blanks are text", |d| d.set("options/backup_user", " "), Accepted),
    ("blanks are kept: before a path", |d| d.set("options/working_dir", " /opt"), Refused("options/working_dir")),
    ("blanks are kept: behind a path", |d| d.set("options/working_dir", "/opt "), Accepted),
    ("blanks are no word", |d| d.set("store/media_type", " "), Refused("store/media_type")),
];

/// 5.2
const TYPES: &[Row] = &[
    ("a string is any text", |d| d.set("options/rsh_command", "\t?\n"), Accepted),
    ("an absolute path begins with a slash", |d| d.set("store/source_dir", "backup"), Refused("store/source_dir")),
    ("its existence is not checked", |d| d.set("store/source_dir", "/nonexistent/\u{e4}"), Accepted),
    ("a boolean is Y", |d| d.set("store/check_media", "Y"), Same),
    ("a boolean is y", |d| d.set("store/check_media", "y"), Same),
    ("a boolean is n", |d| d.set("store/no_eject", "n"), Same),
    ("a boolean is not a word", |d| d.set("store/check_media", "Yes"), Refused("store/check_media")),
    ("a boolean has no blank", |d| d.set("store/check_media", " Y"), Refused("store/check_media")),
    ("a boolean is no number", |d| d.set("store/check_media", "1"), Refused("store/check_media")),
    ("an integer may have blanks around it", |d| d.set("store/drive_speed", " 4\n"), Same),
    ("an integer may have a sign", |d| d.set("store/drive_speed", "+4"), Same),
    ("an integer may have underscores between digits", |d| d.set("store/refresh_media_delay", "1_0"), Same),
    ("an integer has no underscore at its end", |d| d.set("store/drive_speed", "4_"), Refused("store/drive_speed")),
    ("an integer has no point", |d| d.set("store/drive_speed", "4.0"), Refused("store/drive_speed")),
    ("a blank is no integer", |d| d.set("store/drive_speed", " "), Refused("store/drive_speed")),
    ("a float may have blanks around it", |d| d.set("store/blank_behavior/factor", " 1.3 "), Accepted),
    ("a float may have a sign", |d| d.set("store/blank_behavior/factor", "+1.3"), Accepted),
    ("a float may have underscores between digits", |d| d.set("store/blank_behavior/factor", "1_0.0"), Accepted),
    ("a float may have an exponent", |d| d.set("store/blank_behavior/factor", "13e-1"), Accepted),
    ("a float may be infinite", |d| d.set("store/blank_behavior/factor", "inf"), Accepted),
    ("a float may be no number", |d| d.set("store/blank_behavior/factor", "nan"), Accepted),
    ("a float has no comma", |d| d.set("store/blank_behavior/factor", "1,3"), Refused("store/blank_behavior/factor")),
    (
        "a float is not hexadecimal",
        |d| d.set("store/blank_behavior/factor", "0x1"),
        Refused("store/blank_behavior/factor"),
    ),
    ("a boolean that is not set is N", |d| d.drop("store/no_eject"), Same),
    ("a quantity of bytes has a unit in capitals", |d| d.set("capacity", "<min_bytes> 1.5 GB </min_bytes>"), Accepted),
    (
        "a quantity of bytes has no unit in small letters",
        |d| d.set("capacity", "<min_bytes>1 gb</min_bytes>"),
        Noted("capacity/min_bytes"),
    ),
    (
        "a quantity of bytes has no TB",
        |d| d.set("capacity", "<min_bytes>1 TB</min_bytes>"),
        Noted("capacity/min_bytes"),
    ),
    (
        "items of a list are trimmed and empty ones dropped",
        |d| d.set("options/managed_actions", " collect ,, purge,"),
        Same,
    ),
    (
        "an action name is lower case",
        |d| d.set("options/managed_actions", "Collect"),
        Refused("options/managed_actions"),
    ),
    ("an action name may have digits", |d| d.set("options/managed_actions", "collect2"), Accepted),
    (
        "an action name has no underscore",
        |d| d.set("options/managed_actions", "my_own"),
        Refused("options/managed_actions"),
    ),
];

/// 5.3
const SECTIONS_NEEDED: &[Row] = &[
    ("options has to be there", |d| d.drop("options"), Refused("options")),
    (
        "of collect, stage, store, purge one has to be there",
        |d| d.drop("cb_config/collect").drop("cb_config/stage").drop("cb_config/store").drop("cb_config/purge"),
        NotRead("sections collect, stage, store and purge are all missing"),
    ),
    (
        "any of them is enough",
        |d| d.drop("cb_config/collect").drop("cb_config/stage").drop("cb_config/store"),
        Accepted,
    ),
    (
        "a section that the action does not use is checked: purge",
        |d| d.set("purge/dir[1]/retain_days", "soon"),
        Refused("purge/dir[1]/retain_days"),
    ),
    (
        "a section that the action does not use is checked: collect",
        |d| d.set("collect/collect_dir", "c"),
        Refused("collect/collect_dir"),
    ),
    ("reference need not be there", |d| d.drop("reference"), Accepted),
];

/// 5.4
const REFERENCE: &[Row] = &[
    ("reference is free text", |d| d.set("reference/revision", "$Rev$ ?"), Accepted),
    ("nothing in it is required", |d| d.set("reference", ""), Accepted),
];

/// 5.5
const OPTIONS: &[Row] = &[
    ("starting_day is required", |d| d.drop("options/starting_day"), Refused("options/starting_day")),
    ("starting_day is a day", |d| d.set("options/starting_day", "sunday"), Accepted),
    ("starting_day is lower case", |d| d.set("options/starting_day", "Monday"), Refused("options/starting_day")),
    ("starting_day is no abbreviation", |d| d.set("options/starting_day", "mon"), Refused("options/starting_day")),
    ("working_dir is required", |d| d.drop("options/working_dir"), Refused("options/working_dir")),
    ("working_dir is absolute", |d| d.set("options/working_dir", "tmp"), Refused("options/working_dir")),
    ("backup_user is required", |d| d.drop("options/backup_user"), Refused("options/backup_user")),
    ("backup_group is required", |d| d.drop("options/backup_group"), Refused("options/backup_group")),
    (
        "rcp_command is required even without remote peers",
        |d| d.drop("options/rcp_command"),
        Refused("options/rcp_command"),
    ),
    ("rsh_command is optional", |d| d.drop("options/rsh_command"), Accepted),
    ("cback_command is optional", |d| d.drop("options/cback_command"), Accepted),
    ("managed_actions is optional", |d| d.drop("options/managed_actions"), Accepted),
    (
        "managed_actions holds action names",
        |d| d.set("options/managed_actions", "collect, st-age"),
        Refused("options/managed_actions"),
    ),
    ("an override may lack its command", |d| d.drop("options/override/command"), Accepted),
    ("an override may lack its path", |d| d.drop("options/override/abs_path"), Accepted),
    (
        "an override's path is absolute",
        |d| d.set("options/override/abs_path", "bin/eject"),
        Refused("options/override[1]/abs_path"),
    ),
    (
        "a hook may lack its command",
        |d| d.add("options", "<pre_action_hook><action>store</action></pre_action_hook>"),
        Accepted,
    ),
    (
        "a hook may lack its action",
        |d| d.add("options", "<post_action_hook><command>x</command></post_action_hook>"),
        Accepted,
    ),
    (
        "a hook's action is an action name",
        |d| d.add("options", "<pre_action_hook><action>Store</action></pre_action_hook>"),
        Refused("options/pre_action_hook[3]/action"),
    ),
    ("there may be many overrides", |d| d.add("options", "<override/><override/>"), Accepted),
    ("there may be no override", |d| d.drop("options/override"), Accepted),
];

/// 5.6
const PEERS: &[Row] = &[
    ("peers is optional where stage has its own", |d| d.drop("peers").add("stage", PEER), Accepted),
    ("peers holds at least one", |d| d.set("peers", ""), Refused("peers/peer")),
    (
        "a peer of another type disappears; corrected: and is told",
        |d| d.set("peers/peer[2]/type", "Remote"),
        Noted("neither local nor remote"),
    ),
    (
        "a peer without a type disappears; corrected: and is told",
        |d| d.drop("peers/peer[2]/type"),
        Noted("type is missing"),
    ),
    (
        "where all have disappeared there is none",
        |d| d.set("peers/peer[1]/type", "x").set("peers/peer[2]/type", "x"),
        Refused("peers/peer"),
    ),
    ("name is required", |d| d.drop("peers/peer[1]/name"), Refused("peers/peer[1]/name")),
    ("collect_dir is required", |d| d.drop("peers/peer[1]/collect_dir"), Refused("peers/peer[1]/collect_dir")),
    ("collect_dir is absolute", |d| d.set("peers/peer[2]/collect_dir", "c"), Refused("peers/peer[2]/collect_dir")),
    ("names are unique over both types", |d| d.set("peers/peer[2]/name", "box"), Refused("peers/peer[2]/name")),
    ("ignore_failures is one of four words: none", |d| d.set("peers/peer[2]/ignore_failures", "none"), Accepted),
    ("ignore_failures is one of four words: all", |d| d.set("peers/peer[2]/ignore_failures", "all"), Accepted),
    ("ignore_failures is one of four words: weekly", |d| d.set("peers/peer[2]/ignore_failures", "weekly"), Accepted),
    (
        "ignore_failures is no other",
        |d| d.set("peers/peer[2]/ignore_failures", "never"),
        Refused("peers/peer[2]/ignore_failures"),
    ),
    ("a remote peer may lack its user", |d| d.drop("peers/peer[2]/backup_user"), Accepted),
    ("a remote peer may lack its rcp command", |d| d.drop("peers/peer[2]/rcp_command"), Accepted),
    ("managed is a boolean", |d| d.set("peers/peer[2]/managed", "yes"), Refused("peers/peer[2]/managed")),
    ("a managed peer takes its rsh command from options", |d| d.drop("peers/peer[2]/rsh_command"), Accepted),
    (
        "a managed peer has an rsh command",
        |d| d.drop("peers/peer[2]/rsh_command").drop("options/rsh_command"),
        Refused("peers/peer[2]/rsh_command"),
    ),
    ("a managed peer takes its cback command from options", |d| d.drop("peers/peer[2]/cback_command"), Accepted),
    (
        "a managed peer has a cback command",
        |d| d.drop("peers/peer[2]/cback_command").drop("options/cback_command"),
        Refused("peers/peer[2]/cback_command"),
    ),
    ("a managed peer takes its actions from options", |d| d.drop("peers/peer[2]/managed_actions"), Accepted),
    (
        "a managed peer has actions",
        |d| d.drop("peers/peer[2]/managed_actions").drop("options/managed_actions"),
        Refused("peers/peer[2]/managed_actions"),
    ),
    (
        "a peer's managed_actions are action names",
        |d| d.set("peers/peer[2]/managed_actions", "collect, st-age"),
        Refused("peers/peer[2]/managed_actions"),
    ),
    (
        "a peer that is not managed needs none of them",
        |d| d.set("peers/peer[2]/managed", "N").drop("peers/peer[2]/rsh_command").drop("options/rsh_command"),
        Accepted,
    ),
    (
        "what only remote peers have is not read in a local one",
        |d| d.add("peers/peer[1]", "<managed>maybe</managed>"),
        Same,
    ),
];

/// 5.7
const STAGE: &[Row] = &[
    ("stage is optional", |d| d.drop("cb_config/stage"), Accepted),
    ("staging_dir is required", |d| d.drop("stage/staging_dir"), Refused("stage/staging_dir")),
    ("staging_dir is absolute", |d| d.set("stage/staging_dir", "s"), Refused("stage/staging_dir")),
    ("without peers stage has its own", |d| d.drop("peers"), Refused("stage/peer")),
    ("with peers it may have its own, of the same names", |d| d.add("stage", &PEER.replace("third", "box")), Accepted),
    ("its own are checked", |d| d.add("stage", &PEER.replace("/c<", "c<")), Refused("stage/peer[1]/collect_dir")),
];

/// 5.8
const STORE: &[Row] = &[
    ("store is optional", |d| d.drop("cb_config/store"), Accepted),
    ("source_dir is required", |d| d.drop("store/source_dir"), Refused("store/source_dir")),
    ("source_dir is absolute", |d| d.set("store/source_dir", "s"), Refused("store/source_dir")),
    ("media_type is required", |d| d.drop("store/media_type"), Refused("store/media_type")),
    ("media_type is one of Cedar's six", |d| d.set("store/media_type", "dvd+r"), Accepted),
    ("media_type is one of Cedar's six: cdr-74", |d| disc(d, "cdr-74"), Accepted),
    ("media_type is one of Cedar's six: cdrw-74", |d| disc(d, "cdrw-74"), Accepted),
    ("media_type is one of Cedar's six: cdr-80", |d| disc(d, "cdr-80"), Accepted),
    ("media_type is one of Cedar's six: cdrw-80", |d| disc(d, "cdrw-80"), Accepted),
    ("media_type is case-sensitive", |d| d.set("store/media_type", "DVD+RW"), Refused("store/media_type")),
    ("media_type is no other word", |d| d.set("store/media_type", "cdr-90"), Refused("store/media_type")),
    ("corrected: media_type knows more", |d| d.set("store/media_type", "dvd-rw"), Accepted),
    ("device_type fits the medium", |d| d.set("store/device_type", "cdwriter"), Refused("store/device_type")),
    ("device_type is no other word", |d| d.set("store/device_type", "dvd"), Refused("store/device_type")),
    ("corrected: device_type absent follows the medium", |d| d.drop("store/device_type"), Accepted),
    ("corrected: device_type knows more", |d| d.set("store/device_type", "auto"), Accepted),
    ("target_device is required", |d| d.drop("store/target_device"), Refused("store/target_device")),
    ("target_device is absolute", |d| d.set("store/target_device", "sr0"), Refused("store/target_device")),
    ("corrected: target_device may be a simulated drive", |d| d.set("store/target_device", "sim:/d"), Accepted),
    (
        "target_scsi_id is ignored with a DVD, with a warning",
        |d| d.add("store", "<target_scsi_id>0,0,0</target_scsi_id>"),
        Noted("store/target_scsi_id"),
    ),
    ("target_scsi_id is three numbers", |d| cd(d, "0,0,0"), Accepted),
    ("target_scsi_id may have a method and blanks", |d| cd(d, "ATA: 1 , 0,0"), Accepted),
    ("target_scsi_id may have a method with a host", |d| cd(d, "REMOTE:x:1,0,0"), Accepted),
    ("target_scsi_id may be macOS's, without a number", |d| cd(d, "IODVDServices"), Accepted),
    ("target_scsi_id may be macOS's", |d| cd(d, "IOCompactDiscServices/2"), Accepted),
    ("target_scsi_id is no path", |d| cd(d, "/dev/sr0"), Refused("store/target_scsi_id")),
    ("target_scsi_id has three numbers", |d| cd(d, "0,0"), Refused("store/target_scsi_id")),
    ("drive_speed is optional", |d| d.drop("store/drive_speed"), Accepted),
    ("drive_speed is at least 1", |d| d.set("store/drive_speed", "0"), Refused("store/drive_speed")),
    ("check_data is a boolean", |d| d.set("store/check_data", "true"), Refused("store/check_data")),
    ("check_media is a boolean", |d| d.set("store/check_media", "true"), Refused("store/check_media")),
    ("warn_midnite is a boolean", |d| d.set("store/warn_midnite", "true"), Refused("store/warn_midnite")),
    ("no_eject is a boolean", |d| d.set("store/no_eject", "true"), Refused("store/no_eject")),
    (
        "booleans are optional",
        |d| d.drop("store/check_data").drop("store/check_media").drop("store/warn_midnite").drop("store/no_eject"),
        Accepted,
    ),
    ("refresh_media_delay may be 0", |d| d.set("store/refresh_media_delay", "0"), Accepted),
    (
        "refresh_media_delay is not negative",
        |d| d.set("store/refresh_media_delay", "-1"),
        Refused("store/refresh_media_delay"),
    ),
    (
        "corrected: refresh_media_delay is an hour at most",
        |d| d.set("store/refresh_media_delay", "3601"),
        Refused("store/refresh_media_delay"),
    ),
    ("eject_delay may be 0", |d| d.set("store/eject_delay", "0"), Accepted),
    ("eject_delay is not negative", |d| d.set("store/eject_delay", "-1"), Refused("store/eject_delay")),
    ("corrected: eject_delay is an hour at most", |d| d.set("store/eject_delay", "3601"), Refused("store/eject_delay")),
    ("blank_behavior is optional", |d| d.drop("store/blank_behavior"), Accepted),
    ("blank_behavior is not empty", |d| d.set("store/blank_behavior", ""), Refused("store/blank_behavior/mode")),
    ("mode is daily or weekly", |d| d.set("store/blank_behavior/mode", "daily"), Accepted),
    ("mode is no other word", |d| d.set("store/blank_behavior/mode", "monthly"), Refused("store/blank_behavior/mode")),
    ("factor may be 0", |d| d.set("store/blank_behavior/factor", "0"), Accepted),
    (
        "factor is not negative",
        |d| d.set("store/blank_behavior/factor", "-0.1"),
        Refused("store/blank_behavior/factor"),
    ),
    (
        "the manual's names for them do not work",
        |d| Doc(d.0.replace("factor>", "blank_factor>")),
        Refused("store/blank_behavior/factor"),
    ),
    (
        "corrected: half of it, the mode, is refused",
        |d| d.drop("store/blank_behavior/factor"),
        Refused("store/blank_behavior/factor"),
    ),
    (
        "corrected: half of it, the factor, is refused",
        |d| d.drop("store/blank_behavior/mode"),
        Refused("store/blank_behavior/mode"),
    ),
];

fn disc(doc: Doc, media_type: &str) -> Doc {
    doc.set("store/media_type", media_type).set("store/device_type", "cdwriter")
}

fn cd(doc: Doc, id: &str) -> Doc {
    let doc = disc(doc, "cdrw-80");
    doc.add("store", &format!("<target_scsi_id>{id}</target_scsi_id>"))
}

/// 5.9
const PURGE: &[Row] = &[
    ("purge is optional", |d| d.drop("cb_config/purge"), Accepted),
    ("there may be no dir", |d| d.set("purge", ""), Accepted),
    ("abs_path is required", |d| d.drop("purge/dir[1]/abs_path"), Refused("purge/dir[1]/abs_path")),
    ("abs_path is absolute", |d| d.set("purge/dir[2]/abs_path", "x"), Refused("purge/dir[2]/abs_path")),
    ("retain_days is required", |d| d.drop("purge/dir[2]/retain_days"), Refused("purge/dir[2]/retain_days")),
    ("retain_days is not negative", |d| d.set("purge/dir[1]/retain_days", "-1"), Refused("purge/dir[1]/retain_days")),
    ("retain_days may be 0", |d| d.set("purge/dir[1]/retain_days", "0"), Accepted),
];

/// 5.10
const EXTENSIONS: &[Row] = &[
    ("extensions is optional", |d| d.drop("extensions"), Accepted),
    ("there may be no action", |d| d.set("extensions", ""), Accepted),
    ("order_mode absent is index", |d| d.drop("extensions/order_mode"), Same),
    ("order_mode is no other word", |d| d.set("extensions/order_mode", "name"), Refused("extensions/order_mode")),
    ("name is required", |d| d.drop("extensions/action/name"), Refused("extensions/action[1]/name")),
    ("name is an action name", |d| d.set("extensions/action/name", "Capacity"), Refused("extensions/action[1]/name")),
    ("module is required", |d| d.drop("extensions/action/module"), Refused("extensions/action[1]/module")),
    ("module is identifiers", |d| d.set("extensions/action/module", "a..b"), Refused("extensions/action[1]/module")),
    ("function is required", |d| d.drop("extensions/action/function"), Refused("extensions/action[1]/function")),
    (
        "function is an identifier",
        |d| d.set("extensions/action/function", "f()"),
        Refused("extensions/action[1]/function"),
    ),
    ("index is required with index", |d| d.drop("extensions/action/index"), Refused("extensions/action[1]/index")),
    ("index is not negative", |d| d.set("extensions/action/index", "-1"), Refused("extensions/action[1]/index")),
    ("index is an integer", |d| d.set("extensions/action/index", "1.5"), Refused("extensions/action[1]/index")),
    (
        "corrected: a function that can't be imported is no matter, since none is",
        |d| d.set("extensions/action/module", "no.such.module"),
        Accepted,
    ),
    (
        "depends is required with dependency",
        |d| d.set("extensions/order_mode", "dependency"),
        Refused("extensions/action[1]/depends"),
    ),
    (
        "names are unique",
        |d| {
            let (action, _) = d.find("extensions/action");
            let twice = d.0[action].to_owned();
            d.add("extensions", &twice)
        },
        Refused("extensions/action[2]/name"),
    ),
    (
        "a dependency that does not exist is refused",
        |d| depends(d, "nobody"),
        Refused("extensions/action[1]/depends/run_before"),
    ),
    (
        "a dependency that does not exist is refused, behind it, too",
        |d| {
            let depends = "<depends><run_after>nobody</run_after></depends>";
            d.set("extensions/order_mode", "dependency").add("extensions/action", depends)
        },
        Refused("extensions/action[1]/depends/run_after"),
    ),
    ("a loop is refused", |d| depends(d, "capacity"), Refused("extensions")),
    ("a dependency may be one of Cedar's", |d| depends(d, "store"), Accepted),
];

fn depends(doc: Doc, before: &str) -> Doc {
    let depends = format!("<depends><run_before>{before}</run_before></depends>");
    doc.set("extensions/order_mode", "dependency").add("extensions/action", &depends)
}

/// 5.11
const COLLECT: &[Row] = &[
    ("collect is optional", |d| d.drop("cb_config/collect"), Accepted),
    ("collect_dir is required", |d| d.drop("collect/collect_dir"), Refused("collect/collect_dir")),
    ("collect_dir is absolute", |d| d.set("collect/collect_dir", "c"), Refused("collect/collect_dir")),
    ("collect_mode is daily, weekly or incr", |d| d.set("collect/collect_mode", "incr"), Accepted),
    ("collect_mode is no other word", |d| d.set("collect/collect_mode", "full"), Refused("collect/collect_mode")),
    ("archive_mode is tar, targz or tarbz2", |d| d.set("collect/archive_mode", "tarbz2"), Accepted),
    ("archive_mode is no other word", |d| d.set("collect/archive_mode", "zip"), Refused("collect/archive_mode")),
    (
        "a dir takes its ignore_file from collect",
        |d| d.drop("collect/ignore_file"),
        Refused("collect/dir[1]/ignore_file"),
    ),
    ("a dir takes its mode from collect", |d| d.drop("collect/collect_mode"), Refused("collect/dir[1]/collect_mode")),
    (
        "a dir takes its archive mode from collect",
        |d| d.drop("collect/archive_mode"),
        Refused("collect/dir[1]/archive_mode"),
    ),
    ("corrected: patterns are not looked at", |d| d.set("collect/exclude/pattern", "*["), Accepted),
    (
        "dereference needs a link_depth",
        |d| d.set("collect/dir[2]/link_depth", "0"),
        Refused("collect/dir[2]/dereference"),
    ),
    (
        "an excluded path is absolute",
        |d| d.set("collect/exclude/abs_path", "x"),
        Refused("collect/exclude/abs_path[1]"),
    ),
    ("a file has a path", |d| d.drop("collect/file/abs_path"), Refused("collect/file[1]/abs_path")),
    ("a dir has a path", |d| d.drop("collect/dir[2]/abs_path"), Refused("collect/dir[2]/abs_path")),
];

/// 5.12. Its own action refuses what is wrong in it, and no other.
const CAPACITY: &[Row] = &[
    ("capacity is optional", |d| d.drop("capacity"), Accepted),
    ("capacity has a percentage", |d| d.set("capacity/max_percentage", "0"), Accepted),
    ("the percentage is at most 100", |d| d.set("capacity/max_percentage", "100.5"), Noted("capacity/max_percentage")),
    ("or bytes", |d| d.set("capacity", "<min_bytes>0</min_bytes>"), Accepted),
    (
        "and not both",
        |d| d.add("capacity", "<min_bytes>5</min_bytes>"),
        Noted("capacity/min_bytes: capacity has a max_percentage already"),
    ),
    ("nor neither", |d| d.set("capacity", ""), Noted("capacity/max_percentage is missing")),
];

/// The sections of Cedar's schema, as its specification numbers them.
const SCHEMA: [(&str, &[Row]); 12] = [
    ("5.1 file and XML", FILE_AND_XML),
    ("5.2 types of values", TYPES),
    ("5.3 sections needed", SECTIONS_NEEDED),
    ("5.4 reference", REFERENCE),
    ("5.5 options", OPTIONS),
    ("5.6 peers", PEERS),
    ("5.7 stage", STAGE),
    ("5.8 store", STORE),
    ("5.9 purge", PURGE),
    ("5.10 extensions", EXTENSIONS),
    ("5.11 collect", COLLECT),
    ("5.12 capacity", CAPACITY),
];

#[test]
fn every_rule_of_the_schema_is_kept_in_its_order() {
    let before = Doc::full().config();
    let mut broken = Vec::new();
    for (section, rows) in SCHEMA {
        for (rule, change, comes) in rows {
            let parsed = change(Doc::full()).parse();
            let is_kept = match (&parsed, comes) {
                (Ok(loaded), Same) => loaded.warnings.is_empty() && loaded.config == before,
                (Ok(loaded), Accepted) => loaded.warnings.is_empty() && loaded.config != before,
                (Ok(loaded), Noted(words)) => {
                    loaded.warnings.len() == 1 && loaded.warnings[0].to_string().contains(words)
                }
                (Err(error), Refused(path)) => error.element_path() == Some(path),
                (Err(error), NotRead(words)) => error.element_path().is_none() && error.to_string().contains(words),
                _ => false,
            };
            if !is_kept {
                let came = parsed.map(|loaded| loaded.warnings).map_err(|error| error.to_string());
                broken.push(format!("{section}: {rule}: {comes:?}, came {came:?}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
