//! Promised: the commands of every recipe, exactly these in exactly this order. `fixtures/traces/<kind of disc>.<scenario>.txt` shows
//! them as a person reads them: the name, where and how much, the parameters, and the answer if it was not GOOD. A row of equal WRITEs,
//! READs or TEST UNIT READYs is one line, with their lengths where these differ.
//!
//! After a change of a recipe that was meant, `UPDATE_TRACES=1 cargo test --test burning traces` writes them anew; what
//! changed shows in the diff.

use std::fmt::Write as _;
use std::path::PathBuf;

use cedarburn::burn::prepare::{FormatWish, Spares};

use super::workshop::{Before, Days, KINDS, Kind, Scenario, TUESDAY, WEDNESDAY, Workshop, tell};

/// One line of a trace, as words.
fn words(line: &str) -> String {
    let (name, rest) = line.split_once(" cdb=").unwrap();
    let (call, answer) = rest.split_once(" -> ").unwrap();
    let hex = call.split(" in=").next().unwrap().split(" out=").next().unwrap();
    let cdb: Vec<u8> = hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    let number = |at: usize| u32::from_be_bytes([cdb[at], cdb[at + 1], cdb[at + 2], cdb[at + 3]]);
    let short = |at: usize| u16::from_be_bytes([cdb[at], cdb[at + 1]]);
    let mut text = name.to_owned();
    let _ = match cdb[0] {
        0x28 => write!(text, " lba={} blocks={} fua={}", number(2), short(7), cdb[1] >> 3 & 1),
        0x2a => write!(text, " lba={} blocks={}", number(2).cast_signed(), short(7)),
        0xaa => write!(text, " lba={} blocks={} streaming={}", number(2), number(6), cdb[10] >> 7),
        0x53 => write!(text, " blocks={}", number(5)),
        0x1e => write!(text, " prevent={}", cdb[4]),
        0x35 => write!(text, " immed={}", cdb[1] >> 1 & 1),
        0x46 => write!(text, " rt={} allocation={}", cdb[1] & 3, short(7)),
        0x51 => write!(text, " type={} allocation={}", cdb[1] & 7, short(7)),
        0x5a => write!(text, " page={:#04x} allocation={}", cdb[2] & 0x3f, short(7)),
        0x52 => write!(text, " address-type={} number={:#x}", cdb[1] & 3, number(2)),
        0x43 => write!(text, " format={} allocation={}", cdb[2] & 0xf, short(7)),
        0x5b => write!(text, " immed={} function={} track={}", cdb[1] & 1, cdb[2] & 7, short(4)),
        0xa1 => write!(text, " immed={} type={}", cdb[1] >> 4 & 1, cdb[1] & 7),
        0xbb => write!(text, " write-kb-per-s={}", short(4)),
        0x23 => write!(text, " allocation={}", short(7)),
        0x00 | 0x12 | 0x25 | 0x03 => Ok(()),
        _ => write!(text, " cdb={hex}"),
    };
    // Parameters that are sent to the drive, not replies and not file content.
    if ![0x2a, 0xaa].contains(&cdb[0])
        && let Some((_, parameters)) = call.split_once(" out=")
    {
        // What the drive says it did not take is its own affair.
        let parameters = parameters.split(" residual=").next().unwrap();
        let _ = write!(text, " out={parameters}");
    }
    if !answer.starts_with("good") {
        let _ = write!(text, " -> {}", answer.split(" sense=").next().unwrap());
    }
    text
}

/// Address, length and the rest of a READ or WRITE.
fn transfer(line: &str) -> Option<(&str, i64, i64, &str)> {
    let (name, rest) = line.split_once(" lba=")?;
    let (at, rest) = rest.split_once(" blocks=")?;
    let (blocks, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((name, at.parse().ok()?, blocks.parse().ok()?, rest))
}

/// Rows become one line.
fn fold(lines: &[String]) -> String {
    let follows = |a: &String, b: &String| match (transfer(a), transfer(b)) {
        (Some(a), Some(b)) => a.0 == b.0 && a.3 == b.3 && a.1 + a.2 == b.1,
        (None, None) => a == b && a.starts_with("TEST UNIT READY"),
        _ => false,
    };
    let mut text = String::new();
    for row in lines.chunk_by(follows) {
        let _ = match transfer(&row[0]) {
            Some((name, at, _, rest)) if row.len() > 1 => {
                let lengths: Vec<i64> =
                    row.iter().filter_map(|line| transfer(line)).map(|(_, _, blocks, _)| blocks).collect();
                let blocks: i64 = lengths.iter().sum();
                let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
                let lengths: Vec<String> =
                    lengths.chunk_by(i64::eq).map(|equal| format!("{} of {}", equal.len(), equal[0])).collect();
                let each = if lengths.len() == 1 { String::new() } else { format!(": {}", lengths.join(", ")) };
                writeln!(text, "{name} lba={at} blocks={blocks}{rest} in {} commands{each}", row.len())
            }
            _ if row.len() > 1 => writeln!(text, "{} x {}", row[0], row.len()),
            _ => writeln!(text, "{}", row[0]),
        };
    }
    text
}

fn check(scenario: &str, workshop: &Workshop) {
    // Beside the commands the trace has its heading and the waiting.
    let lines: Vec<String> = workshop.trace().lines().filter(|line| line.contains(" cdb=")).map(words).collect();
    let found = fold(&lines);
    let name = format!("fixtures/traces/{}.{scenario}.txt", workshop.kind);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_TRACES").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is not what was sent:\n{found}", path.display());
}

fn undisturbed(kind: Kind, scenario: Scenario, name: &str) {
    let before = Before::new(kind, scenario);
    before.workshop.store(before.day, "").unwrap();
    assert_eq!(before.workshop.shown().unwrap(), before.new);
    check(name, &before.workshop);
}

/// The third WRITE of the second day kills the drive; the run after it mends and appends.
fn mended(kind: Kind) {
    let workshop = Workshop::new(kind);
    let mut days = [(TUESDAY, workshop.stage(TUESDAY, 0))].into();
    workshop.store(TUESDAY, "").unwrap();
    assert_eq!(workshop.shown().as_ref(), Ok(&days));
    days.insert(WEDNESDAY, workshop.stage(WEDNESDAY, 0));
    workshop.store(WEDNESDAY, ",fault=write10#3:power-cut").unwrap_err();
    workshop.store(WEDNESDAY, "").unwrap();
    assert_eq!(workshop.shown(), Ok(days));
    check("append-after-kill", &workshop);
}

/// A week's disc is to be read elsewhere: nothing can follow the session.
fn finalised(kind: Kind, scenario: Scenario, name: &str) {
    let before = Before::new(kind, scenario);
    before.workshop.store_finally(before.day, "").unwrap();
    assert_eq!(before.workshop.shown().unwrap(), before.new);
    check(name, &before.workshop);
}

/// By hand.
fn blanked(kind: Kind) {
    for (full, name) in [(false, "blank-fast"), (true, "blank-full")] {
        let before = Before::new(kind, Scenario::Append);
        before.workshop.blank(full).unwrap();
        check(name, &before.workshop);
        assert_eq!(before.workshop.shown(), Ok(Days::new()));
    }
}

/// A test for each kind of disc that can be stored on day after day.
macro_rules! recipes {
    ($($name:ident: $kind:ident $($more:ident)*;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn the_first_session() {
                undisturbed(Kind::$kind, Scenario::First, "first");
            }

            #[test]
            fn a_session_behind_another() {
                undisturbed(Kind::$kind, Scenario::Append, "append");
            }

            #[test]
            fn a_session_behind_one_that_was_cut_off() {
                mended(Kind::$kind);
            }

            $(recipes!(@$more $kind);)*
        }
    )*};
    // Something can be closed for ever.
    (@final $kind:ident) => {
        #[test]
        fn the_last_session() {
            finalised(Kind::$kind, Scenario::First, "first-and-last");
            finalised(Kind::$kind, Scenario::Append, "last");
        }
    };
    (@rewritable $kind:ident) => {
        #[test]
        fn a_new_week() {
            undisturbed(Kind::$kind, Scenario::Anew, "anew");
        }

        #[test]
        fn blanking() {
            blanked(Kind::$kind);
        }
    };
}

recipes! {
    cd_r: CdR final;
    cd_rw: CdRw final rewritable;
    dvd_r: DvdR final;
    dvd_rw: DvdRw final rewritable;
    dvd_rw_overwrite: DvdRwOverwrite rewritable;
    dvd_plus_r: DvdPlusR final;
    dvd_plus_r_dl: DvdPlusRDl final;
    dvd_plus_rw: DvdPlusRw rewritable;
    dvd_ram: DvdRam rewritable;
    bd_r: BdR final;
    bd_r_spares: BdRSpares final;
    bd_r_dl: BdRDl final;
    bd_r_xl: BdRXl final;
    bd_re: BdRe rewritable;
    bd_re_dl: BdReDl rewritable;
}

#[test]
fn formatting() {
    use Spares::{Default, Least, Most, None};
    for (kind, wishes) in [
        (Kind::DvdRw, &[("quick", FormatWish::Quick), ("whole", FormatWish::Whole)][..]),
        (Kind::DvdPlusRw, &[("quick", FormatWish::Quick)]),
        (Kind::DvdRam, &[("quick", FormatWish::Quick), ("whole", FormatWish::Whole)]),
        (Kind::BdR, &[("spares", FormatWish::Spares(Default)), ("least", FormatWish::Spares(Least))]),
        (
            Kind::BdRe,
            &[
                ("quick", FormatWish::Quick),
                ("whole", FormatWish::Whole),
                ("no-spares", FormatWish::Spares(None)),
                ("most-spares", FormatWish::Spares(Most)),
            ],
        ),
    ] {
        for (name, wish) in wishes {
            let workshop = Workshop::new(kind);
            workshop.format(*wish).unwrap_or_else(|error| panic!("{kind} {name}: {}", tell(&error)));
            check(&format!("format-{name}"), &workshop);
        }
    }
}

#[test]
fn defect_management_on_and_off() {
    for (kind, on) in [(Kind::BdR, true), (Kind::BdRSpares, false), (Kind::BdRe, false), (Kind::DvdRam, false)] {
        let before = Before::new(kind, Scenario::First);
        before.workshop.store_managing_defects(before.day, on).unwrap();
        assert_eq!(before.workshop.shown().unwrap(), before.new, "{kind}");
        check(if on { "managing-defects" } else { "streaming" }, &before.workshop);
    }
}

/// Its blanking was the short one, after which it takes no second session.
#[test]
fn a_dvd_rw_that_takes_one_session_only() {
    let workshop = Workshop::new(Kind::DvdRw);
    workshop.stage(TUESDAY, 0);
    workshop.store(TUESDAY, "").unwrap();
    workshop.blank(false).unwrap();
    let files = workshop.stage(WEDNESDAY, 0);
    workshop.store(WEDNESDAY, "").unwrap();
    assert_eq!(workshop.shown(), Ok(Days::from([(WEDNESDAY, files)])));
    check("first-after-short-blanking", &workshop);
}

/// The first WRITE tells that the drive can't do what it says it can.
#[test]
fn a_dvd_r_in_a_drive_that_lies() {
    let before = Before::new(Kind::DvdR, Scenario::First);
    before.workshop.store(before.day, ",lie21").unwrap();
    assert_eq!(before.workshop.shown().unwrap(), before.new);
    check("first-in-a-drive-that-lies", &before.workshop);
}

/// The speed is set before the first WRITE and is the drive's own again at the end.
#[test]
fn a_speed_that_is_asked_for() {
    for kind in KINDS {
        let before = Before::at_speed(kind, Scenario::First, 2);
        before.workshop.store(before.day, "").unwrap();
        assert_eq!(before.workshop.shown().unwrap(), before.new, "{kind}");
        check("first-at-a-speed", &before.workshop);
    }
}

#[test]
fn the_one_session_of_a_dvd_r_dl() {
    undisturbed(Kind::DvdRDl, Scenario::First, "first");
}
