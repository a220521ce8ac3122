//! Promised: the commands of every recipe, exactly these in exactly this order. `fixtures/traces/<medium>.<scenario>.txt` shows
//! them as a person reads them: the name, where and how much, the parameters, and the answer if it was not GOOD. A row of equal WRITEs,
//! READs or TEST UNIT READYs is one line.
//!
//! After a change of a recipe that was meant, `UPDATE_TRACES=1 cargo test --test burning traces` writes them anew; what
//! changed shows in the diff.

use std::fmt::Write as _;
use std::path::PathBuf;

use cedarburn::scsi::sim::Medium;

use super::workshop::{Before, Scenario, TUESDAY, WEDNESDAY, Workshop};

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
        0x2a => write!(text, " lba={} blocks={}", number(2), short(7)),
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
fn transfer(line: &str) -> Option<(&str, u32, u32, &str)> {
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
                let blocks: u32 = row.iter().filter_map(|line| transfer(line)).map(|(_, _, blocks, _)| blocks).sum();
                let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
                writeln!(text, "{name} lba={at} blocks={blocks}{rest} in {} commands", row.len())
            }
            _ if row.len() > 1 => writeln!(text, "{} x {}", row[0], row.len()),
            _ => writeln!(text, "{}", row[0]),
        };
    }
    text
}

fn check(medium: Medium, scenario: &str, workshop: &Workshop) {
    // Beside the commands the trace has its heading and the waiting.
    let lines: Vec<String> = workshop.trace().lines().filter(|line| line.contains(" cdb=")).map(words).collect();
    let found = fold(&lines);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/traces/{medium}.{scenario}.txt"));
    if std::env::var_os("UPDATE_TRACES").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is not what was sent:\n{found}", path.display());
}

fn undisturbed(medium: Medium, scenario: Scenario, name: &str) {
    let before = Before::new(medium, scenario);
    before.workshop.store(before.day, "").unwrap();
    assert_eq!(before.workshop.shown().unwrap(), before.new);
    check(medium, name, &before.workshop);
}

/// The third WRITE of the second day kills the drive; the run after it mends and appends.
fn mended(medium: Medium) {
    let workshop = Workshop::new(medium);
    let mut days = [(TUESDAY, workshop.stage(TUESDAY, 0))].into();
    workshop.store(TUESDAY, "").unwrap();
    assert_eq!(workshop.shown().as_ref(), Ok(&days));
    days.insert(WEDNESDAY, workshop.stage(WEDNESDAY, 0));
    workshop.store(WEDNESDAY, ",fault=write10#3:power-cut").unwrap_err();
    workshop.store(WEDNESDAY, "").unwrap();
    assert_eq!(workshop.shown(), Ok(days));
    check(medium, "append-after-kill", &workshop);
}

#[test]
fn a_cd_r_is_burned_with_these_commands() {
    undisturbed(Medium::CdR80, Scenario::First, "first");
    undisturbed(Medium::CdR80, Scenario::Append, "append");
    mended(Medium::CdR80);
}

#[test]
fn a_cd_rw_is_burned_with_these_commands() {
    undisturbed(Medium::CdRw80, Scenario::First, "first");
    undisturbed(Medium::CdRw80, Scenario::Append, "append");
    undisturbed(Medium::CdRw80, Scenario::Anew, "blank-and-first");
    mended(Medium::CdRw80);
}

#[test]
fn a_dvd_plus_rw_is_burned_with_these_commands() {
    undisturbed(Medium::DvdPlusRw, Scenario::First, "format-and-first");
    undisturbed(Medium::DvdPlusRw, Scenario::Append, "append");
    undisturbed(Medium::DvdPlusRw, Scenario::Anew, "new-over-old");
    mended(Medium::DvdPlusRw);
}
