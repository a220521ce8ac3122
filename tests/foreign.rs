//! Whoever finds the disc in ten years has some computer and no copy of this program. So: every program that reads
//! discs, and that we did not write, shows each file of the week with its name, type, size, owner, mode, time, link
//! target and content, on each kind of medium and in each session, and nothing else but the directory `.cedarburn`.
//!
//! The readers are xorriso, isoinfo, 7-Zip, bsdtar, the Linux kernel (in User Mode Linux, without privileges), pycdlib and
//! the crate hadris-iso. What they show of everything at the limit of the format stands in `docs/readers.md`, which is
//! written and held by the checks in `tests/foreign/table.rs`, `big.rs` and `other_trees.rs`; `others.rs` carries on discs
//! that others began. These checks need programs, so they are ignored unless asked for:
//! `cargo test --test foreign -- --ignored`. A missing program fails them. What a reader can't show, whoever wrote the
//! disc, stands in `tests/foreign/limits.rs`; the calibration below proves that list on discs that others wrote. The
//! comparison itself is tested with wrong listings, in `tests/foreign/compare.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it has to be")]
#![allow(clippy::print_stderr, reason = "what a reader says and how long it takes is shown beside a failure")]

#[path = "foreign/mod.rs"]
mod foreign;
#[path = "common/week.rs"]
mod week;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use foreign::compare::{Limit, Reader, compare};
use foreign::disc::{BackupBox, OVERWRITABLE};
use foreign::image::{Image, chain_of_overwritable};
use foreign::limits::{LIMITS, LIMITS_ON_EARLIER_OVERWRITABLE, LIMITS_ON_XORRISO_DISCS};
use foreign::listing::{Listing, expected_on_disc};
use foreign::programs::{output, program, require_all};
use foreign::readers::{READERS, assert_show, list};
use foreign::xorriso;
use week::{DAYS, Names, make_day};

mod a_week_on_each_virtual_disc_is_what_every_foreign_reader_shows {
    use super::*;

    fn check(media: &'static str, names: Names) {
        require_all();
        let nas = BackupBox::new(media);
        let week = nas.run_week(names);
        assert_eq!(nas.session_starts().len(), DAYS.len(), "one session a night");
        assert_show(&READERS, week.last().unwrap(), &nas.newest(), LIMITS);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn cdrw_80() {
        check("cdrw-80", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn cdr_80() {
        check("cdr-80", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_plus_rw() {
        check("dvd+rw", Names::All);
    }

    // bsdtar gives up on merged sessions with long names, so it gets weeks without.
    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn cdrw_80_without_long_names() {
        check("cdrw-80", Names::Short);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_plus_rw_without_long_names() {
        check("dvd+rw", Names::Short);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_minus_r() {
        check("dvd-r", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_minus_rw() {
        check("dvd-rw", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_minus_rw_in_restricted_overwrite() {
        check("dvd-rw-overwrite", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_plus_r() {
        check("dvd+r", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_ram() {
        check("dvd-ram", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn bd_r() {
        check("bd-r", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn bd_re() {
        check("bd-re", Names::All);
    }
}

mod an_earlier_session_still_shows_the_days_up_to_then {
    use super::*;

    fn check(media: &'static str, names: Names) {
        require_all();
        let nas = BackupBox::new(media);
        let week = nas.run_week(names);
        let starts = nas.session_starts();
        assert_eq!(starts.len(), week.len(), "one session a night");
        let limits = nas.limits_at_own_descriptors();
        for (start, expected) in starts.into_iter().zip(&week) {
            assert_show(&READERS, expected, &Image::new(&nas.sectors(), start), &limits);
        }
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn on_cdr_80() {
        check("cdr-80", Names::All);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn on_cdrw_80_without_long_names() {
        check("cdrw-80", Names::Short);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn on_dvd_plus_rw() {
        check("dvd+rw", Names::All);
    }
}

/// By its own search: no address is told it.
#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
fn xorriso_finds_every_session_of_an_overwritable_disc() {
    require_all();
    for media in OVERWRITABLE {
        let nas = BackupBox::new(media);
        let week = nas.run_week(Names::All);
        let found = xorriso::sessions(&nas.sectors());
        assert_eq!(found, nas.session_starts(), "{media}");
        assert_eq!(found.len(), week.len(), "one session a night");
        for (number, expected) in (1..).zip(&week) {
            let shown = xorriso::list_session(&nas.sectors(), number);
            let differences = compare(expected, &shown, Reader::Xorriso, &[]);
            assert_eq!(differences, Vec::<String>::new(), "{media}, session {number}");
        }
    }
}

mod sha256sum_accepts_the_manifests_on_what_xorriso_extracted {
    use super::*;

    fn check(media: &'static str) {
        require_all();
        let nas = BackupBox::new(media);
        let week = nas.run_week(Names::All);
        let newest = nas.newest();
        let restored = xorriso::extract(&newest);
        let own = restored.join(".cedarburn");
        assert!(own.join("README.txt").is_file(), "a README for whoever finds the disc");
        let mut manifests: Vec<_> = fs::read_dir(&own).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        manifests.retain(|name| name.to_string_lossy().starts_with("SHA256SUMS-"));
        assert_eq!(manifests.len(), DAYS.len(), "one manifest a session: {manifests:?}");

        let check = || {
            let mut command = program("sha256sum");
            command.arg("--check").arg("--strict").current_dir(&restored);
            command.args(manifests.iter().map(|name| Path::new(".cedarburn").join(name)));
            command
        };
        let said = output(&mut check());
        let accepted: HashSet<_> = said.split(|&b| b == b'\n').filter_map(accepted_path).collect();
        let last = week.last().unwrap();
        for path in last.iter().filter(|(_, entry)| entry.sha256.is_some()).map(|(path, _)| path) {
            assert!(accepted.contains(path), "no manifest has a line for /{}", path.escape_ascii());
        }

        // And the check can fail.
        let victim = restored.join(DAYS[3]).join("alpha/home.tar");
        fs::remove_file(&victim).unwrap();
        fs::write(&victim, "spoilt").unwrap();
        let refused = foreign::programs::outcome(&mut check());
        assert!(!refused.status.success(), "sha256sum accepts a spoilt file");
    }

    /// The path in a line `PATH: OK`. Where one holds a line break, a backslash stands in front and escapes are within.
    fn accepted_path(line: &[u8]) -> Option<Vec<u8>> {
        let path = line.strip_suffix(b": OK")?;
        let Some(escaped) = path.strip_prefix(b"\\") else { return Some(path.to_vec()) };
        let mut plain = Vec::new();
        let mut bytes = escaped.iter();
        while let Some(&byte) = bytes.next() {
            plain.push(match (byte, byte == b'\\') {
                (byte, false) => byte,
                (_, true) => match bytes.next()? {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    &byte => byte,
                },
            });
        }
        Some(plain)
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn of_cdr_80() {
        check("cdr-80");
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn of_cdrw_80() {
        check("cdrw-80");
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn of_dvd_plus_rw() {
        check("dvd+rw");
    }
}

mod a_real_tree_of_this_machine_survives_the_disc {
    use super::*;

    /// isoinfo is left out: it is started once for each file and walks the whole disc each time.
    const READERS: [Reader; 6] =
        [Reader::Xorriso, Reader::XorrisoExtraction, Reader::SevenZip, Reader::Bsdtar, Reader::Isofs, Reader::Hadris];

    /// Stores what is below `/usr/share/doc`, in order of the names as far as `room` bytes go.
    fn check(media: &'static str, room: u64) {
        require_all();
        let nas = BackupBox::new(media);
        let day = nas.staging().join(DAYS[0]);
        fs::create_dir_all(&day).unwrap();
        let mut children: Vec<_> = fs::read_dir("/usr/share/doc").unwrap().map(|entry| entry.unwrap().path()).collect();
        children.sort();
        let mut taken = 0;
        for child in children {
            let said = output(program("du").args(["--apparent-size", "-s", "-B", "1"]).arg(&child));
            let bytes: u64 = String::from_utf8(said).unwrap().split_whitespace().next().unwrap().parse().unwrap();
            taken += bytes;
            if taken > room {
                break;
            }
            output(program("cp").arg("-a").arg(&child).arg(&day));
        }
        fs::write(day.join("cback.stage"), "").unwrap();
        let expected = expected_on_disc(&day, DAYS[0]);
        assert!(expected.len() > 500, "too small a tree to prove anything");
        nas.store(DAYS[0]);
        let newest = nas.newest();
        assert_show(&READERS, &expected, &newest, LIMITS);
        let again = Image::new(&newest.disc, newest.start);
        let restored = xorriso::extract(&again).join(DAYS[0]);
        // The run's indicator came after the disc.
        let said =
            output(program("diff").args(["-r", "--no-dereference", "-x", "cback.store"]).arg(&day).arg(&restored));
        assert!(said.is_empty(), "{}", said.escape_ascii());
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn dvd_plus_rw() {
        check("dvd+rw", 4_000_000_000);
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn cdr_80() {
        check("cdr-80", 600_000_000);
    }
}

/// The readers, the parsing of what they print, and the list of limits, on discs that others wrote. What fails here is
/// the harness or the reader, not our disc.
mod calibration {
    use super::*;

    fn two_days(names: Names) -> (tempfile::TempDir, Listing, Listing) {
        let top = tempfile::TempDir::new().unwrap();
        let first = expected_on_disc(&make_day(top.path(), DAYS[0], names), DAYS[0]);
        let mut both = first.clone();
        both.extend(expected_on_disc(&make_day(top.path(), DAYS[1], names), DAYS[1]));
        (top, first, both)
    }

    /// One session at sector 0, whose later session, if there is one, starts at sector 12000 of the same file.
    fn xorriso_disc(top: &Path) -> std::path::PathBuf {
        let (disc, session) = (top.join("disc.iso"), top.join("session.iso"));
        let mkisofs = || {
            let mut command = program("xorriso");
            command.args(["-as", "mkisofs", "-quiet", "-r", "--hardlinks", "-graft-points"]);
            command
        };
        let graft = |day: &str| format!("{day}={}", top.join(day).display());
        output(mkisofs().arg("-o").arg(&disc).arg(graft(DAYS[0])));
        output(mkisofs().args(["-C", "0,12000", "-M"]).arg(&disc).arg("-o").arg(&session).arg(graft(DAYS[1])));
        append_with_absolute_size(&disc, &session);
        disc
    }

    fn limits() -> Vec<Limit> {
        LIMITS.iter().chain(LIMITS_ON_XORRISO_DISCS).copied().collect()
    }

    fn append_with_absolute_size(disc: &Path, session: &Path) {
        use std::os::unix::fs::FileExt;
        let file = fs::OpenOptions::new().write(true).open(disc).unwrap();
        let bytes = fs::read(session).unwrap();
        file.write_all_at(&bytes, 12_000 * 2048).unwrap();
        // Kernels of 2026 drop whatever lies behind the size in the descriptor, and mkisofs writes a relative one there.
        let end = 12_000 + u32::try_from(bytes.len() / 2048).unwrap();
        let size = [end.to_le_bytes(), end.to_be_bytes()].concat();
        file.write_all_at(&size, 12_016 * 2048 + 80).unwrap();
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn every_reader_shows_the_one_session_xorriso_wrote() {
        require_all();
        let (top, first, _) = two_days(Names::All);
        let disc = xorriso_disc(top.path());
        assert_show(&READERS, &first, &Image::new(&disc, 0), &limits());
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn every_reader_shows_the_later_session_xorriso_wrote() {
        require_all();
        for names in [Names::All, Names::Short] {
            let (top, _, both) = two_days(names);
            let disc = xorriso_disc(top.path());
            assert_show(&READERS, &both, &Image::new(&disc, 12_000), &limits());
        }
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn every_reader_shows_the_sessions_xorriso_wrote_to_overwritable_media() {
        require_all();
        let (top, first, both) = two_days(Names::All);
        let disc = top.path().join("overwritable");
        let mut device = std::ffi::OsString::from("stdio:");
        device.push(&disc);
        for day in &DAYS[..2] {
            let staged = top.path().join(day);
            let mut command = program("xorriso");
            command.args(["-hardlinks", "on"]).arg("-dev").arg(&device).arg("-map").arg(staged).arg(day);
            output(command.args(["-find", "/", "-exec", "mkisofs_r", "--", "-commit"]));
        }
        let starts = chain_of_overwritable(&disc);
        assert_eq!(starts.len(), 2, "{starts:?}");
        assert_eq!(xorriso::sessions(&disc), starts);
        let own: Vec<_> = LIMITS_ON_EARLIER_OVERWRITABLE.iter().copied().chain(limits()).collect();
        for (start, expected, limits) in [(starts[0], &first, &own), (starts[1], &both, &own), (0, &both, &limits())] {
            assert_show(&READERS, expected, &Image::new(&disc, start), limits);
        }
    }

    #[test]
    #[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc and perl"]
    fn every_reader_notices_a_changed_byte_and_a_lost_day() {
        require_all();
        let (top, first, both) = two_days(Names::All);
        let disc = xorriso_disc(top.path());
        let image = Image::new(&disc, 0);
        let mut spoilt = first.clone();
        let path = format!("{}/alpha/home.tar", DAYS[0]).into_bytes();
        let entry = spoilt.get_mut(&path).unwrap();
        entry.sha256 = Some("00".repeat(32));
        entry.size = entry.size.map(|size| size + 1);
        entry.mode = Some(0o755);
        for reader in READERS {
            let shown = list(reader, &image).unwrap();
            let line = format!("{reader:?}: /{}/alpha/home.tar: ", DAYS[0]);
            let found = compare(&spoilt, &shown, reader, LIMITS);
            assert!(
                found.iter().any(|difference| difference.starts_with(&line)),
                "{reader:?} sees no change: {found:?}"
            );
            let line = format!("{reader:?}: /{}/alpha/home.tar is missing", DAYS[1]);
            let found = compare(&both, &shown, reader, LIMITS);
            assert!(found.contains(&line), "{reader:?} misses no day: {found:?}");
        }
    }
}
