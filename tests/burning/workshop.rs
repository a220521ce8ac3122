//! A backup box: a virtual disc, a staging directory, and runs of *store* that may break at a chosen command.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::{fmt, fs};

use cedarburn::actions::blank::{Extent, blank};
use cedarburn::actions::contents::days_in;
use cedarburn::actions::format::format;
use cedarburn::actions::list::Reading;
use cedarburn::actions::proof::{Hashed, prove_tree};
use cedarburn::actions::receipt::Record;
use cedarburn::actions::staging::disc_path;
use cedarburn::actions::store::{Report, Request, What, store};
use cedarburn::actions::{ActionError, device};
use cedarburn::burn::prepare::{FormatWish, Spares};
use cedarburn::burn::{self, prepare};
use cedarburn::config::{Config, Protect};
use cedarburn::iso::tree::{Timestamp, Tree};
use cedarburn::scsi::Trays;
use cedarburn::scsi::sim::{Medium, VirtualDisc};
use jiff::civil::{Date, date};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::violations::amiss;

/// A disc as it comes into the drive: one of each recipe, of each state machine, and of each promise about old data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    CdR,
    CdRw,
    DvdR,
    DvdRw,
    /// A DVD-RW that was formatted for restricted overwrite.
    DvdRwOverwrite,
    DvdRDl,
    DvdPlusR,
    DvdPlusRDl,
    DvdPlusRw,
    DvdRam,
    BdR,
    /// A BD-R that was formatted with spare areas.
    BdRSpares,
    BdRDl,
    BdRXl,
    BdRe,
    BdReDl,
}

/// Every kind that can be stored on day after day, but for those that differ in nothing but size from another.
pub(crate) const KINDS: [Kind; 11] = [
    Kind::CdR,
    Kind::CdRw,
    Kind::DvdR,
    Kind::DvdRw,
    Kind::DvdRwOverwrite,
    Kind::DvdPlusR,
    Kind::DvdPlusRw,
    Kind::DvdRam,
    Kind::BdR,
    Kind::BdRSpares,
    Kind::BdRe,
];

/// All of them.
pub(crate) const EVERY_KIND: [Kind; 16] = [
    Kind::CdR,
    Kind::CdRw,
    Kind::DvdR,
    Kind::DvdRw,
    Kind::DvdRwOverwrite,
    Kind::DvdRDl,
    Kind::DvdPlusR,
    Kind::DvdPlusRDl,
    Kind::DvdPlusRw,
    Kind::DvdRam,
    Kind::BdR,
    Kind::BdRSpares,
    Kind::BdRDl,
    Kind::BdRXl,
    Kind::BdRe,
    Kind::BdReDl,
];

impl Kind {
    pub(crate) fn medium(self) -> Medium {
        match self {
            Kind::CdR => Medium::CdR80,
            Kind::CdRw => Medium::CdRw80,
            Kind::DvdR => Medium::DvdR,
            Kind::DvdRw | Kind::DvdRwOverwrite => Medium::DvdRw,
            Kind::DvdRDl => Medium::DvdRDl,
            Kind::DvdPlusR => Medium::DvdPlusR,
            Kind::DvdPlusRDl => Medium::DvdPlusRDl,
            Kind::DvdPlusRw => Medium::DvdPlusRw,
            Kind::DvdRam => Medium::DvdRam,
            Kind::BdR | Kind::BdRSpares => Medium::BdR,
            Kind::BdRDl => Medium::BdRDl,
            Kind::BdRXl => Medium::BdRXl,
            Kind::BdRe => Medium::BdRe,
            Kind::BdReDl => Medium::BdReDl,
        }
    }

    /// How the disc is formatted before it is used, where that is not left to *store*.
    fn format(self) -> Option<FormatWish> {
        match self {
            Kind::DvdRwOverwrite => Some(FormatWish::Quick),
            Kind::BdRSpares => Some(FormatWish::Spares(Spares::Least)),
            _ => None,
        }
    }

    /// Whether any sector can be written at any time.
    pub(crate) fn is_overwritable(self) -> bool {
        matches!(self, Kind::DvdRwOverwrite | Kind::DvdPlusRw | Kind::DvdRam | Kind::BdRe | Kind::BdReDl)
    }

    /// Whether a new week may begin on it.
    pub(crate) fn is_rewritable(self) -> bool {
        self.is_overwritable() || matches!(self, Kind::CdRw | Kind::DvdRw)
    }
}

/// Tests that hold for each of [`KINDS`]: one `#[test]` for each of them.
macro_rules! for_every_kind {
    ($($(#[$meta:meta])* fn $name:ident($kind:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn holds($kind: Kind) $body

            #[test]
            fn cd_r() { holds(Kind::CdR); }
            #[test]
            fn cd_rw() { holds(Kind::CdRw); }
            #[test]
            fn dvd_r() { holds(Kind::DvdR); }
            #[test]
            fn dvd_rw() { holds(Kind::DvdRw); }
            #[test]
            fn dvd_rw_overwrite() { holds(Kind::DvdRwOverwrite); }
            #[test]
            fn dvd_plus_r() { holds(Kind::DvdPlusR); }
            #[test]
            fn dvd_plus_rw() { holds(Kind::DvdPlusRw); }
            #[test]
            fn dvd_ram() { holds(Kind::DvdRam); }
            #[test]
            fn bd_r() { holds(Kind::BdR); }
            #[test]
            fn bd_r_spares() { holds(Kind::BdRSpares); }
            #[test]
            fn bd_re() { holds(Kind::BdRe); }
        }
    )*};
}
pub(crate) use for_every_kind;

/// The same for those on which a new week may begin.
macro_rules! for_every_rewritable_kind {
    ($(fn $name:ident($kind:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            fn holds($kind: Kind) {
                assert!($kind.is_rewritable());
                $body
            }

            #[test]
            fn cd_rw() { holds(Kind::CdRw); }
            #[test]
            fn dvd_rw() { holds(Kind::DvdRw); }
            #[test]
            fn dvd_rw_overwrite() { holds(Kind::DvdRwOverwrite); }
            #[test]
            fn dvd_plus_rw() { holds(Kind::DvdPlusRw); }
            #[test]
            fn dvd_ram() { holds(Kind::DvdRam); }
            #[test]
            fn bd_re() { holds(Kind::BdRe); }
        }
    )*};
}
pub(crate) use for_every_rewritable_kind;

/// As the traces are called.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self {
            Kind::DvdRwOverwrite => "-overwrite",
            Kind::BdRSpares => "-spares",
            _ => "",
        };
        write!(f, "{}{how}", self.medium())
    }
}

/// Weeks begin on Monday.
pub(crate) const TUESDAY: Date = date(2026, 11, 17);
pub(crate) const WEDNESDAY: Date = date(2026, 11, 18);
pub(crate) const NEXT_MONDAY: Date = date(2026, 11, 23);

/// Paths below a day's directory and what is in them.
pub(crate) type Files = BTreeMap<String, [u8; 32]>;
/// What a disc shows, day by day.
pub(crate) type Days = BTreeMap<Date, Files>;

/// What a run of *store* is asked for beside the day.
#[derive(Debug, Clone, Copy, Default)]
struct How {
    full: bool,
    finalize: bool,
    defect_management: Option<bool>,
}

pub(crate) struct Workshop {
    folder: TempDir,
    pub(crate) kind: Kind,
    config: Config,
    /// The last run may have left a disc that is half blanked.
    is_half_blanked: Cell<bool>,
    /// The run before it may have.
    was_half_blanked: Cell<bool>,
}

impl Workshop {
    /// With a disc from the shop.
    pub(crate) fn new(kind: Kind) -> Workshop {
        let workshop = Workshop::without_disc(kind);
        VirtualDisc::create(&workshop.disc(), kind.medium(), None).unwrap();
        fs::create_dir(workshop.staging()).unwrap();
        if let Some(wish) = kind.format() {
            let mut drive = device::open_drive(&workshop.device(""), None).unwrap();
            let medium = burn::inspect(&mut drive).unwrap();
            drive.lock_tray();
            prepare::format(&mut drive, &medium, wish, &mut |_| {}).unwrap();
        }
        workshop
    }

    /// The disc in a drive with these options.
    pub(crate) fn device(&self, options: &str) -> String {
        let violations = self.violations_path();
        format!("{}{},violations={}{options}", device::SIMULATED, self.disc().display(), violations.display())
    }

    fn violations_path(&self) -> PathBuf {
        self.folder.path().join("violations")
    }

    /// What the drives that were let go since the last look took amiss.
    fn taken_amiss(&self) -> Vec<String> {
        let report = fs::read_to_string(self.violations_path()).unwrap_or_default();
        let _ = fs::remove_file(self.violations_path());
        let mut all = amiss(&report);
        // Some drives tell a disc half blanked from one half written by no more than this.
        all.retain(|what| !(self.was_half_blanked.get() && what.starts_with("CLOSE although there was nothing")));
        all
    }

    fn assert_content(&self) {
        assert_eq!(self.taken_amiss(), [""; 0], "{}", self.kind);
    }

    fn without_disc(kind: Kind) -> Workshop {
        // Thousands of small discs: in memory where the machine has such a place, and anywhere else otherwise.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let staging = folder.path().join("staging");
        let text = format!(
            "<cb_config>
               <reference/>
               <options><starting_day>monday</starting_day><working_dir>/tmp</working_dir>
                 <backup_user>root</backup_user><backup_group>root</backup_group><rcp_command>scp</rcp_command></options>
               <store><source_dir>{}</source_dir><media_type>auto</media_type><target_device>sim:none</target_device>
                 <check_data>Y</check_data></store>
               <cedarburn><fifo_mb>1</fifo_mb></cedarburn>
             </cb_config>",
            staging.display()
        );
        let config = Config::parse(text.as_bytes()).unwrap().config;
        Workshop { folder, kind, config, is_half_blanked: Cell::new(false), was_half_blanked: Cell::new(false) }
    }

    /// What keeps a disc from being started anew.
    pub(crate) fn protect(&mut self, protect: Protect) {
        self.config.cedarburn.protect = protect;
    }

    /// The same disc and staging once more, to be ruined without harm to this one.
    pub(crate) fn copy(&self) -> Workshop {
        let copy = Workshop::without_disc(self.kind);
        copy_folder(&self.disc(), &copy.disc());
        copy_folder(&self.staging(), &copy.staging());
        copy
    }

    pub(crate) fn disc(&self) -> PathBuf {
        self.folder.path().join("disc")
    }

    fn staging(&self) -> PathBuf {
        self.folder.path().join("staging")
    }

    fn day_folder(&self, day: Date) -> PathBuf {
        self.staging().join(day.strftime("%Y/%m/%d").to_string())
    }

    /// Stages a day; another `variant` is another content. Returns what is in it.
    pub(crate) fn stage(&self, day: Date, variant: u8) -> Files {
        let folder = self.day_folder(day);
        let mut files = Files::new();
        let sizes =
            [("alpha/system.tar", 140_000), ("beta/empty", 0), ("beta/home/notes.txt", 2049), ("cback.stage", 0)];
        for (name, size) in sizes {
            let content = content(day, name, variant, size);
            fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
            fs::write(folder.join(name), &content).unwrap();
            files.insert(name.to_owned(), Sha256::digest(&content).into());
        }
        let _ = fs::remove_file(folder.join("cback.store"));
        files
    }

    pub(crate) fn is_marked(&self, day: Date) -> bool {
        self.day_folder(day).join("cback.store").exists()
    }

    /// Runs *store* on `today`, in a drive with these options (`,fault=...`).
    pub(crate) fn store(&self, today: Date, options: &str) -> Result<Report, ActionError> {
        self.run(today, options, How::default())
    }

    /// The same with `--full`.
    pub(crate) fn store_full(&self, today: Date, options: &str) -> Result<Report, ActionError> {
        self.run(today, options, How { full: true, ..How::default() })
    }

    /// The same with `--finalize`.
    pub(crate) fn store_finally(&self, today: Date, options: &str) -> Result<Report, ActionError> {
        self.run(today, options, How { finalize: true, ..How::default() })
    }

    /// The same with `--defect-management`.
    pub(crate) fn store_managing_defects(&self, today: Date, on: bool) -> Result<Report, ActionError> {
        self.run(today, "", How { defect_management: Some(on), ..How::default() })
    }

    /// *blank*, `--full` or `--fast`.
    pub(crate) fn blank(&self, full: bool) -> Result<(), ActionError> {
        let drive = device::open_drive(&self.device(""), Some(&self.trace_path()))?;
        let extent = if full { Extent::Full } else { Extent::Fast };
        let outcome = blank(
            drive,
            Some(extent),
            false,
            Trays::Stay,
            None,
            None,
            &AtomicBool::new(false),
            &mut |_| {},
            &mut Record::default(),
        )
        .map(|_| ());
        self.assert_content();
        outcome
    }

    /// *format*.
    pub(crate) fn format(&self, wish: FormatWish) -> Result<(), ActionError> {
        let drive = device::open_drive(&self.device(""), Some(&self.trace_path()))?;
        let outcome = format(drive, wish, false, Trays::Stay, &AtomicBool::new(false), &mut |_| {}).map(|_| ());
        self.assert_content();
        outcome
    }

    fn run(&self, today: Date, options: &str, how: How) -> Result<Report, ActionError> {
        let outcome = self.attempt(today, options, how);
        self.assert_content();
        outcome
    }

    /// A run whose violations nobody has looked at yet.
    fn attempt(&self, today: Date, options: &str, how: How) -> Result<Report, ActionError> {
        let spec = self.device(options);
        let request = Request {
            what: What::Day,
            config: &self.config,
            device: Some(&spec),
            trace: Some(&self.trace_path()),
            today,
            // A disc's sessions are put in their order by it: a stale one behind a new one is told by being older.
            now: noon(today),
            source_date_epoch: None,
            receipts: None,
            full: how.full,
            dry_run: false,
            finalize: how.finalize,
            defect_management: how.defect_management,
        };
        let outcome = store(&request, &AtomicBool::new(false), &mut |_| {}, &mut Record::default());
        self.was_half_blanked.set(self.is_half_blanked.get());
        let blanks = fs::read_to_string(self.trace_path()).is_ok_and(|trace| trace.contains("\nBLANK"));
        self.is_half_blanked.set(outcome.is_err() && (blanks || self.is_half_blanked.get()));
        outcome
    }

    fn trace_path(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    /// The commands of the last run, a line each.
    pub(crate) fn trace(&self) -> String {
        fs::read_to_string(self.trace_path()).unwrap()
    }

    /// Whether the power went in the last run.
    pub(crate) fn met_power_cut(&self) -> bool {
        self.trace().lines().any(|line| line.contains(" -> the drive is gone"))
    }

    /// What whoever mounts the disc now sees of it, every file read and every manifest held against it.
    pub(crate) fn shown(&self) -> Result<Days, String> {
        self.session(None)
    }

    /// What session `number` shows, counted from 1.
    pub(crate) fn session(&self, number: Option<u32>) -> Result<Days, String> {
        let spec = self.device("");
        let opened = device::open(&spec, None).map_err(|error| tell(&error))?;
        let mut reading = Reading::new(opened).map_err(|error| tell(&error))?;
        let read = match reading.session(number) {
            Ok(read) => read,
            // One whose beginning can't be read shows nothing to whoever mounts it.
            Err(ActionError::NothingToRead | ActionError::NothingWhole { .. }) => return Ok(Days::new()),
            Err(error) => return Err(tell(&error)),
        };
        let mut hashed = Hashed::default();
        let stop = AtomicBool::new(false);
        let findings = reading
            .with_source(|source| prove_tree(source, &read, &stop, &mut |_| {}, &mut hashed))
            .map_err(|error| tell(&error))?;
        if let Some(finding) = findings.first() {
            return Err(finding.to_string());
        }
        Ok(days_of(&read.tree, &hashed))
    }
}

impl Drop for Workshop {
    /// Readers and drives that a test opened itself are watched too.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_content();
        }
    }
}

fn days_of(tree: &Tree, hashed: &Hashed) -> Days {
    let mut days = Days::new();
    for day in days_in(tree) {
        let top = disc_path(day);
        let files = days.entry(day).or_default();
        for (&node, digest) in &hashed.files {
            let path = tree.path(node);
            if path.is_within(&top) {
                let name = path.as_path().strip_prefix(top.as_path()).unwrap().to_str().unwrap().to_owned();
                if name != "cback.store" {
                    files.insert(name, *digest.as_ref().unwrap());
                }
            }
        }
    }
    days
}

/// An error with its causes in one line.
pub(crate) fn tell(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn content(day: Date, name: &str, variant: u8, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 32);
    let mut block: [u8; 32] = Sha256::digest(format!("{day} {name} {variant}")).into();
    while bytes.len() < size {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block).into();
    }
    bytes.truncate(size);
    bytes
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            copy_sparse(&entry.path(), &target);
        }
    }
}

/// What is between sessions takes no room in the file, and none in its copy.
fn copy_sparse(from: &Path, to: &Path) {
    let (from, to) = (fs::File::open(from).unwrap(), fs::File::create(to).unwrap());
    let length = from.metadata().unwrap().len();
    to.set_len(length).unwrap();
    let mut block = vec![0; 1 << 16];
    let mut at = 0;
    while at < length {
        let read = from.read_at(&mut block, at).unwrap();
        if block[..read].iter().any(|&byte| byte != 0) {
            to.write_all_at(&block[..read], at).unwrap();
        }
        at += read as u64;
    }
}

/// What a run is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// The first session of a blank disc.
    First,
    /// A day behind another.
    Append,
    /// A new week over the old one, on what can be rewritten.
    Anew,
}

/// A disc right before a run.
pub(crate) struct Before {
    pub(crate) workshop: Workshop,
    pub(crate) scenario: Scenario,
    /// The day that is going to be stored.
    pub(crate) day: Date,
    /// What the disc shows.
    pub(crate) old: Days,
    /// What it is to show.
    pub(crate) new: Days,
}

impl Before {
    pub(crate) fn new(kind: Kind, scenario: Scenario) -> Before {
        Before::in_workshop(Workshop::new(kind), scenario)
    }

    /// The configuration asks for a speed.
    pub(crate) fn at_speed(kind: Kind, scenario: Scenario, times: u32) -> Before {
        let mut workshop = Workshop::new(kind);
        workshop.config.store.as_mut().unwrap().drive_speed = Some(times);
        Before::in_workshop(workshop, scenario)
    }

    fn in_workshop(workshop: Workshop, scenario: Scenario) -> Before {
        let mut old = Days::new();
        if scenario != Scenario::First {
            old.insert(TUESDAY, workshop.stage(TUESDAY, 0));
            workshop.store(TUESDAY, "").unwrap();
        }
        let day = match scenario {
            Scenario::First => TUESDAY,
            Scenario::Append => WEDNESDAY,
            Scenario::Anew => NEXT_MONDAY,
        };
        let mut new = if scenario == Scenario::Anew { Days::new() } else { old.clone() };
        new.insert(day, workshop.stage(day, 0));
        Before { workshop, scenario, day, old, new }
    }

    /// The operation codes of the undisturbed run, and for each which of its kind it is, as faults count them.
    pub(crate) fn commands(&self) -> Vec<Sent> {
        let undisturbed = self.workshop.copy();
        undisturbed.store(self.day, "").unwrap();
        let mut counts = BTreeMap::new();
        let mut sent = Vec::new();
        for line in undisturbed.trace().lines().filter(|line| line.contains(" cdb=")) {
            let code = u8::from_str_radix(line.split_once("cdb=").unwrap().1.get(..2).unwrap(), 16).unwrap();
            // A READ or WRITE that is turned away does not count.
            if [0x28, 0x2a].contains(&code) && line.contains("-> not ready") {
                continue;
            }
            let nth = counts.entry(code).or_insert(0);
            *nth += 1;
            sent.push(Sent { code, nth: *nth });
        }
        sent
    }

    /// Runs in a drive with this habit: the day is stored, or `refused` before anything is touched.
    pub(crate) fn meet(&self, habit: &str, refused: bool, wrong: &mut Vec<String>) {
        let case = format!("{} {:?} {habit}", self.workshop.kind, self.scenario);
        let workshop = self.workshop.copy();
        let outcome = workshop.attempt(self.day, &format!(",{habit}"), How::default());
        let said = outcome.as_ref().map_or_else(|error| tell(error), |report| format!("{:?}", report.outcome));
        let mut complain = |what: String| wrong.push(format!("{case}: {what} (the run said: {said})"));
        for what in workshop.taken_amiss() {
            complain(what);
        }
        if outcome.is_ok() == refused {
            complain(if refused { "was not refused" } else { "failed" }.to_owned());
        }
        // Formatting needs no spare sectors, only what comes behind it.
        let formats = |line: &str| line.starts_with("FORMAT") && habit != "nospares";
        let touching = ["WRITE(", "BLANK", "CLOSE"];
        let touches = |line: &str| {
            (formats(line) || touching.iter().any(|name| line.starts_with(name))) && line.contains(" -> good")
        };
        if refused && workshop.trace().lines().any(touches) {
            complain("something was touched".to_owned());
        }
        let expected = if outcome.is_ok() { &self.new } else { &self.old };
        if workshop.shown().as_ref() != Ok(expected) || workshop.is_marked(self.day) != outcome.is_ok() {
            complain("the disc does not show what it has to".to_owned());
        }
    }

    /// Runs with a fault, looks at what is left, runs again without. Every broken promise becomes a line.
    pub(crate) fn survive(&self, fault: &str, wrong: &mut Vec<String>) {
        let case = format!("{} {:?} {fault}", self.workshop.kind, self.scenario);
        let workshop = self.workshop.copy();
        let run = || workshop.attempt(self.day, &format!(",fault={fault}"), How::default());
        let Ok(outcome) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) else {
            wrong.push(format!("{case}: panic"));
            return;
        };
        wrong.extend(workshop.taken_amiss().iter().map(|what| format!("{case}: {what}")));
        let said = outcome.as_ref().map_or_else(|error| tell(error), |report| format!("{:?}", report.outcome));
        let mut complain = |what: String| wrong.push(format!("{case}: {what} (the run said: {said})"));
        if outcome.is_ok() != workshop.is_marked(self.day) {
            complain("the mark is not what the run says".to_owned());
        }
        if !["power-cut", "vanish"].iter().any(|action| fault.ends_with(action)) && tray_is_locked(&workshop.trace()) {
            complain("the tray is locked".to_owned());
        }
        match workshop.shown() {
            Err(error) => complain(format!("the disc can't be read: {error}")),
            Ok(shown) if outcome.is_ok() && shown != self.new => complain("called stored and is not".to_owned()),
            Ok(shown) => {
                let may_be_empty = self.scenario == Scenario::Anew && shown.is_empty();
                if shown != self.old && shown != self.new && !may_be_empty {
                    complain(format!("shows {:?}", shown.keys().collect::<Vec<_>>()));
                }
            }
        }
        if self.scenario == Scenario::Append && workshop.session(Some(1)).as_ref() != Ok(&self.old) {
            complain("the session before is damaged".to_owned());
        }
        if outcome.is_ok() {
            return;
        }
        let again = workshop.attempt(self.day, "", How::default());
        for what in workshop.taken_amiss() {
            complain(format!("the next run: {what}"));
        }
        if let Err(error) = again {
            complain(format!("the next run fails: {}", tell(&error)));
        } else if workshop.shown().as_ref() != Ok(&self.new) {
            complain("the next run does not put it right".to_owned());
        }
    }
}

/// A command of an undisturbed run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) code: u8,
    pub(crate) nth: u32,
}

/// Whether the last PREVENT ALLOW MEDIUM REMOVAL that worked locked it.
fn tray_is_locked(trace: &str) -> bool {
    let last = trace.lines().rfind(|line| line.contains("cdb=1e ") && line.contains("-> good"));
    last.is_some_and(|line| line.contains("cdb=1e 00 00 00 01 00"))
}

/// A time of the day.
fn noon(day: Date) -> Timestamp {
    let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    Timestamp::from_seconds(noon.timestamp().as_second())
}
