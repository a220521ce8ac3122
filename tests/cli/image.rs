//! `image`. Promised: what is in the directories is in the image, in one call and without a configuration; the place where it is written has the
//! old file or the new one and nothing else; an image is sound whatever happens to the files meanwhile; a rehearsal tells its size to the byte;
//! with `SOURCE_DATE_EPOCH` it depends on nothing but its content.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use tempfile::TempDir;

use crate::support::{Run, cedarburn, everything_in, noise, set_time};

/// A directory to work in, with the tree `d`.
struct Desk(TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(TempDir::new().unwrap());
        desk.write("d/a", &noise("a", 5000));
        desk.write("d/sub/b", &noise("b", 100_000));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// `image` with these arguments, in the directory.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = cedarburn();
        command.current_dir(self.0.path()).arg("image").args(arguments);
        command
    }

    fn image(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    /// Makes `image.iso` and returns what is in it.
    fn shown(&self, arguments: &[&str]) -> Vec<String> {
        self.image(&[arguments, &["--output", "image.iso"]].concat()).expect_silence();
        self.listed("image.iso")
    }

    fn listed(&self, image: &str) -> Vec<String> {
        let mut command = cedarburn();
        command.arg("--device").arg(self.path(image)).args(["list", "-R", "--json"]);
        Run::of(&mut command).paths().into_iter().collect()
    }

    fn verify(&self, image: &str) -> Run {
        let mut command = cedarburn();
        command.arg("--device").arg(self.path(image)).args(["verify", "--json"]);
        Run::of(&mut command)
    }

    /// The names beside the tree.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A run that has begun to write into the pipe `out` and waits for its reader, which is returned.
    fn held(&self, arguments: &[&str]) -> (Child, fs::File) {
        let pipe = self.path("out");
        mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        let mut command = self.command(arguments);
        command.args(["--output", "out"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let mut pipe = fs::File::open(pipe).unwrap();
        pipe.read_exact(&mut [0; 32 << 10]).unwrap();
        (child, pipe)
    }

    /// A run that has planned everything and begins to write a file.
    fn started(&self, mut command: Command) -> Child {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while !self.names().into_iter().any(|name| name.starts_with(".cedarburn-image-")) {
            thread::sleep(Duration::from_millis(1));
        }
        child
    }
}

fn ended(child: Child) -> Run {
    child.wait_with_output().unwrap().into()
}

#[test]
fn the_content_of_a_directory_is_the_root_and_not_a_word_is_said() {
    let desk = Desk::new();
    assert_eq!(desk.shown(&["d"]), ["/a", "/sub", "/sub/b"]);
    assert_eq!(desk.names(), ["d", "image.iso"]);
    let image = fs::read(desk.path("image.iso")).unwrap();
    assert_eq!(&image[16 * 2048 + 40..][..32], b"CDROM                           ");
}

#[test]
fn every_kind_of_name_and_file_comes_back() {
    let desk = Desk::new();
    for name in [&b"\xff\xfe"[..], b"semi;1", b"back\\slash", b"new\nline", b".hidden", b"case", b"CASE", &[b'n'; 255]]
    {
        fs::write(desk.path("d").join(OsStr::from_bytes(name)), name).unwrap();
    }
    fs::create_dir(desk.path("d/empty")).unwrap();
    symlink("../nowhere", desk.path("d/link")).unwrap();
    mkfifo(&desk.path("d/pipe"), Mode::S_IRUSR).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(desk.path("d/socket")).unwrap();
    fs::hard_link(desk.path("d/a"), desk.path("d/other name of a")).unwrap();
    desk.image(&["d", "--manifest", "--output", "image.iso"]).expect_silence();
    assert_eq!(desk.listed("image.iso").len(), 3 + 8 + 5 + 3);
    let verified = desk.verify("image.iso").result();
    assert_eq!((verified["files"].as_u64(), verified["unlisted"].as_u64()), (Some(13), Some(0)), "{verified}");
}

#[test]
fn a_graft_stands_where_it_is_put_and_several_merge() {
    let desk = Desk::new();
    desk.write("e/sub/c", b"c");
    desk.write("g/deep/h", b"h");
    let shown = desk.shown(&["d", "e", "g=/sub/grafted", "g=/new/place"]);
    let expected = [
        "/a",
        "/new",
        "/new/place",
        "/new/place/deep",
        "/new/place/deep/h",
        "/sub",
        "/sub/b",
        "/sub/c",
        "/sub/grafted",
        "/sub/grafted/deep",
        "/sub/grafted/deep/h",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn merged_files_have_the_bytes_of_their_own_sources() {
    let desk = Desk::new();
    desk.write("e/sub/c", &noise("c", 3000));
    desk.write("e/sub/below/f", &noise("f", 3000));
    desk.image(&["d", "e", "--manifest", "--output", "image.iso"]).expect_silence();
    let image = fs::read(desk.path("image.iso")).unwrap();
    for content in [noise("a", 5000), noise("b", 100_000), noise("c", 3000), noise("f", 3000)] {
        assert!(image.chunks(2048).any(|sector| sector == &content[..2048]));
    }
    desk.verify("image.iso").expect_code(0);
}

#[test]
fn an_equals_sign_in_a_name_is_kept_with_a_graft_at_the_root_behind_it() {
    let desk = Desk::new();
    desk.write("x=/y/f", b"f");
    assert_eq!(desk.shown(&["x=/y=/"]), ["/f"]);
    desk.write("p=q/f", b"f");
    assert_eq!(desk.shown(&["p=q"]), ["/f"]);
}

#[test]
fn two_files_for_one_place_are_refused_and_both_are_named() {
    let desk = Desk::new();
    desk.write("e/sub", b"a file where the other has a directory");
    let run = desk.image(&["d", "e", "--output", "image.iso"]).expect_code(6);
    run.expect_one_error(&["/sub can't be both d/sub and e/sub", "no image was written"]);
    desk.image(&["d", "d", "--output", "image.iso"]).expect_code(6).expect_one_error(&["both d/a and d/a"]);
    assert_eq!(desk.names(), ["d", "e"]);
}

#[test]
fn a_source_that_is_a_link_is_followed_and_none_below_it() {
    let desk = Desk::new();
    symlink("d", desk.path("link")).unwrap();
    symlink("sub", desk.path("d/inner")).unwrap();
    assert_eq!(desk.shown(&["link"]), ["/a", "/inner", "/sub", "/sub/b"]);
}

#[test]
fn a_source_that_is_no_directory_is_refused_and_named() {
    let desk = Desk::new();
    desk.image(&["d/a", "--output", "image.iso"]).expect_code(6).expect_one_error(&["d/a is not a directory"]);
    desk.image(&["none", "--output", "image.iso"]).expect_code(6).expect_one_error(&["none"]);
    desk.image(&["d=/a/../b", "--output", "image.iso"]).expect_code(6).expect_one_error(&["/a/.."]);
    desk.image(&["=/a", "--output", "image.iso"]).expect_code(2);
    desk.image(&["d"]).expect_code(2).expect_words(&["--output"]);
    desk.image(&["--output", "image.iso"]).expect_code(2);
    assert_eq!(desk.names(), ["d"]);
}

#[test]
fn an_empty_directory_makes_an_image() {
    let desk = Desk::new();
    fs::create_dir(desk.path("e")).unwrap();
    assert!(desk.shown(&["e"]).is_empty());
}

#[test]
fn nothing_of_a_configuration_is_asked_for() {
    let desk = Desk::new();
    desk.image(&["-c", "/nonexistent", "d", "--output", "image.iso"]).expect_silence();
}

#[test]
fn the_volume_identifier_is_as_asked_or_refused() {
    let desk = Desk::new();
    desk.image(&["d", "--volume-id", "My files 2026", "--output", "image.iso"]).expect_silence();
    let image = fs::read(desk.path("image.iso")).unwrap();
    assert_eq!(&image[16 * 2048 + 40..][..32], b"My files 2026                   ");
    for text in ["ä", "thirty-three characters, one more."] {
        let run = desk.image(&["d", "--volume-id", text, "--output", "other.iso"]).expect_code(2);
        run.expect_one_error(&["volume identifier"]);
    }
}

#[test]
fn letters_that_mean_something_else_to_mkisofs_are_refused_and_not_passed_over() {
    let desk = Desk::new();
    for letters in [&["-f"][..], &["-D"], &["--device", "/dev/sr0"], &["-o", "f.iso"], &["-V", "X"], &["-J"], &["-r"]] {
        let run = desk.image(&[letters, &["d", "--output", "i"]].concat()).expect_code(2);
        assert!(!desk.path("i").exists() && run.stdout.is_empty(), "{letters:?}: {run}");
    }
    desk.image(&["d", "-o", "f.iso"]).expect_code(2).expect_words(&["--output"]);
}

#[test]
fn attributes_are_as_mkisofs_r_or_exact() {
    let desk = Desk::new();
    fs::set_permissions(desk.path("d/a"), fs::Permissions::from_mode(0o4751)).unwrap();
    let mode = |more: &[&str]| {
        desk.image(&[&["d", "--output", "image.iso"], more].concat()).expect_silence();
        let mut command = cedarburn();
        command.arg("--device").arg(desk.path("image.iso")).args(["list", "/a"]);
        Run::of(&mut command).stdout[..10].to_owned()
    };
    assert_eq!(mode(&[]), "-r-xr-xr-x");
    assert_eq!(mode(&["--attributes", "exact"]), "-rwsr-x--x");
}

#[test]
fn a_rehearsal_tells_the_size_to_the_byte_and_writes_nothing() {
    let desk = Desk::new();
    for more in [&[][..], &["--manifest"]] {
        let told = desk.image(&[&["d", "--dry-run", "--output", "image.iso"], more].concat()).expect_code(0);
        assert_eq!(desk.names(), ["d"]);
        let mut words = told.stdout.split([' ', ',']).filter(|word| !word.is_empty());
        let sectors: u64 = words.next().unwrap().parse().unwrap();
        assert_eq!((words.next(), words.next().unwrap().parse()), (Some("sectors"), Ok(sectors * 2048)), "{told}");
        let json = desk.image(&[&["d", "-n", "--json", "--output", "-"], more].concat()).result();
        assert_eq!((json["sectors"].as_u64(), json["bytes"].as_u64()), (Some(sectors), Some(sectors * 2048)));
        assert_eq!(json["volume_id"], "CDROM");

        let made = desk.image(&[&["d", "--json", "--output", "image.iso"], more].concat()).result();
        assert_eq!(made["sectors"], json["sectors"]);
        assert_eq!(fs::metadata(desk.path("image.iso")).unwrap().len(), sectors * 2048);
        fs::remove_file(desk.path("image.iso")).unwrap();
    }
}

#[test]
fn what_the_image_cannot_show_exactly_is_noted() {
    let desk = Desk::new();
    symlink("sub///b", desk.path("d/link")).unwrap();
    let json = desk.image(&["d", "-n", "--json", "--output", "-"]).result();
    let notes = json["notes"].as_array().unwrap();
    assert!(notes.len() == 1 && notes[0].as_str().unwrap().starts_with("/link: "), "{json}");
    desk.image(&["d", "-b", "--output", "i"]).expect_code(0).expect_words(&["/link: doubled"]);
}

#[test]
fn what_windows_will_not_see_as_it_is_called_is_named() {
    let desk = Desk::new();
    let long = "l".repeat(65);
    desk.write(&format!("d/{long}"), b"1");
    desk.write("d/what?", b"2");
    symlink("a", desk.path("d/link")).unwrap();
    let json = desk.image(&["d", "--joliet", "--volume-id", "PHOTOS", "--json", "--output", "i"]).result();
    let notes = json["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
    let named: Vec<_> = notes.filter_map(|note| note.split_once(": ")).map(|(path, _)| path).collect();
    assert_eq!(named, ["/link", &format!("/{long}"), "/what?"], "{json}");
    let plain = desk.image(&["d", "-n", "--json", "--output", "-"]).result();
    assert_eq!(plain["notes"].as_array().unwrap().len(), 0, "{plain}");
    // Rock Ridge has them as they are.
    assert!(desk.listed("i").iter().any(|path| path.ends_with("what?")));
}

#[test]
fn stdout_and_pipes_and_devices_take_the_same_bytes_as_a_file() {
    let desk = Desk::new();
    let epoch = |arguments: &[&str]| {
        let mut command = desk.command(arguments);
        command.env("SOURCE_DATE_EPOCH", "1700000000");
        command
    };
    Run::of(&mut epoch(&["d", "--output", "image.iso"])).expect_silence();
    let image = fs::read(desk.path("image.iso")).unwrap();
    for stdout in ["-", "/dev/stdout", "/proc/self/fd/1"] {
        let run = epoch(&["d", "-b", "--output", stdout]).output().unwrap();
        assert!(run.status.success() && run.stdout == image, "{stdout}: {}", String::from_utf8_lossy(&run.stderr));
    }
    mkfifo(&desk.path("pipe"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let child = epoch(&["d", "--output", "pipe"]).spawn().unwrap();
    assert!(fs::read(desk.path("pipe")).unwrap() == image);
    assert_eq!(ended(child).code, Some(0));
    Run::of(&mut epoch(&["d", "--output", "/dev/null"])).expect_silence();
}

#[test]
fn json_and_the_image_do_not_mix_on_stdout() {
    let desk = Desk::new();
    let run = desk.image(&["d", "--json", "--output", "-"]).expect_code(2);
    assert_eq!(run.result()["exit_code"], 2);
    run.expect_words(&["--json", "--output"]);
}

#[test]
fn the_image_that_is_written_is_not_in_the_image_and_that_is_said() {
    let desk = Desk::new();
    desk.write("d/image.iso", b"an older one");
    desk.write("d/sub/image.iso", b"another file of that name");
    let run = desk.image(&["d", "--output", "d/image.iso"]).expect_code(0);
    run.expect_words(&["d/image.iso is left out"]);
    assert!(run.stdout.is_empty(), "{run}");
    assert_eq!(desk.listed("d/image.iso"), ["/a", "/sub", "/sub/b", "/sub/image.iso"]);

    let out = fs::File::create(desk.path("d/stdout.iso")).unwrap();
    let status = desk.command(&["d", "--output", "-"]).stdout(out).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
    assert!(!desk.listed("d/stdout.iso").contains(&"/stdout.iso".to_owned()));
}

#[test]
fn what_a_killed_run_left_beside_is_not_in_the_next_image() {
    let desk = Desk::new();
    desk.write("d/.cedarburn-image-4711", b"half an image");
    let run = desk.image(&["d", "--output", "d/image.iso"]).expect_code(0);
    run.expect_words(&["d/.cedarburn-image-4711 is left out"]);
    assert_eq!(desk.listed("d/image.iso"), ["/a", "/sub", "/sub/b"]);
}

#[test]
fn a_link_to_the_file_stays_and_mode_too() {
    let desk = Desk::new();
    desk.write("images/real.iso", b"old");
    fs::set_permissions(desk.path("images/real.iso"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("images/real.iso", desk.path("link.iso")).unwrap();
    desk.image(&["d", "--output", "link.iso"]).expect_silence();
    assert!(desk.path("link.iso").is_symlink());
    let made = fs::metadata(desk.path("images/real.iso")).unwrap();
    assert_eq!(made.mode() & 0o777, 0o600);
    assert_eq!(desk.listed("images/real.iso"), ["/a", "/sub", "/sub/b"]);
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_read() {
    let desk = Desk::new();
    for place in ["d", "none/image.iso", "d/a/image.iso", "new/"] {
        let run = desk.image(&["no-source", "--output", place]).expect_code(6);
        run.expect_one_error(&["can't be written to", place]);
    }
}

#[test]
fn a_device_that_cannot_be_opened_has_no_part_of_an_image() {
    let desk = Desk::new();
    // A process of its own session has no terminal.
    let mut command = Command::new("setsid");
    let image = desk.command(&["d", "--output", "/dev/tty"]);
    command.current_dir(desk.0.path()).arg("--wait").arg(image.get_program()).args(image.get_args());
    let run = Run::of(&mut command).expect_code(6);
    run.expect_one_error(&["the image can't be written to /dev/tty", "no image was written"]);
}

#[test]
fn a_signal_while_a_pipe_has_no_reader_has_begun_nothing() {
    let desk = Desk::new();
    mkfifo(&desk.path("out"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let mut command = desk.command(&["d", "--output", "out"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Beside the thread that waits for signals there is another only when it is time to write.
    while fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().count() < 3 {
        thread::sleep(Duration::from_millis(1));
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    ended(child).expect_code(5).expect_one_error(&["interrupted", "no image was written"]);
}

#[test]
fn no_room_is_exit_code_9_and_the_old_file_stays() {
    let desk = Desk::new();
    desk.image(&["d", "--output", "/dev/full"]).expect_code(9).expect_one_error(&["stopped after 0 of"]);

    desk.write("image.iso", b"old");
    let mut command = cedarburn();
    command.current_dir(desk.0.path()).args(["image", "d", "--output", "image.iso"]);
    // A limit of the process stands for a full disk.
    let limited = "ulimit -f 64; exec \"$0\" \"$@\"";
    let mut shell = Command::new("/bin/sh");
    shell.current_dir(desk.0.path()).args(["-c", limited]).arg(command.get_program()).args(command.get_args());
    Run::of(&mut shell).expect_code(9).expect_one_error(&["no image was written", "make room"]);
    assert_eq!(fs::read(desk.path("image.iso")).unwrap(), b"old");
    assert_eq!(desk.names(), ["d", "image.iso"]);
}

#[test]
fn a_reader_that_goes_away_is_an_error_and_no_panic() {
    let desk = Desk::new();
    desk.write("d/large", &noise("large", 8 << 20));
    let (child, pipe) = desk.held(&["d"]);
    drop(pipe);
    ended(child).expect_code(6).expect_one_error(&["stopped after", "Broken pipe"]);
}

#[test]
fn a_signal_ends_a_run_that_waits_for_its_reader() {
    let desk = Desk::new();
    desk.write("d/large", &noise("large", 8 << 20));
    let (child, _pipe) = desk.held(&["d"]);
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    ended(child).expect_code(5).expect_one_error(&["interrupted"]);
}

#[test]
fn a_signal_leaves_the_old_file_and_nothing_else() {
    let desk = Desk::new();
    fs::File::create(desk.path("d/sparse")).unwrap().set_len(64 << 30).unwrap();
    desk.write("image.iso", b"old");
    let child = desk.started(desk.command(&["d", "--output", "image.iso"]));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    ended(child).expect_code(5);
    assert_eq!(desk.names(), ["d", "image.iso"]);
    assert_eq!(fs::read(desk.path("image.iso")).unwrap(), b"old");
}

#[test]
fn a_name_that_goes_away_between_listing_and_looking_refuses_the_run_and_is_named() {
    let desk = Desk::new();
    // A process that has ended and was not waited for has a directory with names of which some lead nowhere.
    let mut child = Command::new("/bin/true").stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_to_end(&mut Vec::new()).unwrap();
    let source = format!("/proc/{}/ns", child.id());
    while fs::read_link(format!("{source}/uts")).is_ok() {
        thread::sleep(Duration::from_millis(1));
    }
    let run = desk.image(&[&source, "--output", "image.iso"]).expect_code(6);
    run.expect_one_error(&[&source, "went away or was replaced", "no image was written", "run the same command again"]);
    child.wait().unwrap();
    assert_eq!(desk.names(), ["d"]);
}

#[test]
fn files_that_change_are_named_and_the_image_is_sound() {
    let desk = Desk::new();
    // More than the run can have read while nobody reads the pipe.
    desk.write("d/b large", &noise("large", 32 << 20));
    for name in ["gone", "grown", "replaced", "shrunk", "untouched"] {
        desk.write(&format!("d/z/{name}"), &noise(name, 50_000));
    }
    let (child, mut pipe) = desk.held(&["d", "--manifest", "--json"]);
    let z = |name: &str| desk.path("d/z").join(name);
    fs::remove_file(z("gone")).unwrap();
    fs::OpenOptions::new().append(true).open(z("grown")).unwrap().write_all(b"more").unwrap();
    fs::remove_file(z("replaced")).unwrap();
    symlink("/etc/passwd", z("replaced")).unwrap();
    fs::OpenOptions::new().write(true).open(z("shrunk")).unwrap().set_len(20_000).unwrap();
    desk.write("d/z/late", b"not in the image");
    let mut image = noise("", 0);
    pipe.read_to_end(&mut image).unwrap();
    let run = ended(child).expect_code(11);
    let findings = run.findings();
    let named = |name: &str| findings.iter().any(|finding| finding.starts_with(&format!("/z/{name}: ")));
    assert!(findings.len() == 4 && ["gone", "grown", "replaced", "shrunk"].into_iter().all(named), "{run}");

    // The pipe's first bytes are gone, but not what matters: the system area is empty.
    let whole = desk.path("whole.iso");
    fs::write(&whole, [vec![0; 32 << 10], image].concat()).unwrap();
    let shown = desk.listed("whole.iso");
    assert!(shown.contains(&"/z/gone".to_owned()) && !shown.contains(&"/z/late".to_owned()), "{shown:?}");
    assert_eq!(desk.verify("whole.iso").expect_code(11).findings().len(), 4);
}

#[test]
fn an_image_with_changed_files_is_kept_and_says_itself_what_is_not_whole() {
    let desk = Desk::new();
    desk.write("d/z", &noise("z", 50_000));
    // Long enough for a change before its turn comes.
    fs::File::create(desk.path("d/b large")).unwrap().set_len(256 << 20).unwrap();
    desk.write("image.iso", b"old");
    let child = desk.command(&["d", "--manifest", "--output", "image.iso"]);
    let child = desk.started(child);
    fs::write(desk.path("d/z"), "cut").unwrap();
    ended(child).expect_code(11).expect_one_error(&["/z: shrank from 50000 to 3 bytes", "sound"]);
    assert_eq!(desk.names(), ["d", "image.iso"]);
    let findings = desk.verify("image.iso").expect_code(11).findings();
    assert!(findings.len() == 1 && findings[0].contains("/z") && findings[0].contains("not whole"), "{findings:?}");
}

#[test]
fn a_directory_or_file_that_may_not_be_read_refuses_the_run_and_is_named() {
    for (name, what) in [("d/sub", "d/sub"), ("d/a", "d/a")] {
        let desk = Desk::new();
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o000)).unwrap();
        let program = desk.path("cedarburn");
        let mut command = if nix::unistd::geteuid().is_root() {
            fs::copy(env!("CARGO_BIN_EXE_cedarburn"), &program).unwrap();
            fs::create_dir(desk.path("out")).unwrap();
            for path in everything_in(desk.0.path()) {
                std::os::unix::fs::lchown(path, Some(65534), Some(65534)).unwrap();
            }
            let mut command = Command::new(&program);
            command.uid(65534).gid(65534);
            command
        } else {
            cedarburn()
        };
        command.current_dir(desk.0.path()).args(["image", "d", "--output", "image.iso"]);
        let run = Run::of(&mut command).expect_code(6);
        run.expect_one_error(&[what, "no image was written"]);
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn a_tree_deeper_than_the_longest_path_is_taken_whole() {
    let desk = Desk::new();
    let mut at = fs::File::open(desk.path("d/sub")).unwrap();
    let name = "n".repeat(250);
    for _ in 0..40 {
        nix::sys::stat::mkdirat(&at, name.as_str(), Mode::S_IRWXU).unwrap();
        at = nix::fcntl::openat(&at, name.as_str(), OFlag::O_RDONLY, Mode::empty()).unwrap().into();
    }
    let flags = OFlag::O_CREAT | OFlag::O_WRONLY;
    let bottom = nix::fcntl::openat(&at, "bottom", flags, Mode::S_IRUSR).unwrap();
    fs::File::from(bottom).write_all(b"at the bottom").unwrap();
    desk.image(&["d", "--manifest", "--output", "image.iso"]).expect_silence();
    let listed = desk.listed("image.iso");
    assert!(listed.iter().any(|path| path.ends_with("/bottom") && path.len() > 10_000), "{}", listed.len());
    desk.verify("image.iso").expect_code(0);
}

#[test]
fn with_a_date_given_copies_of_a_tree_make_identical_images() {
    let desk = Desk::new();
    fs::hard_link(desk.path("d/a"), desk.path("d/sub/other name of a")).unwrap();
    for number in 0..50 {
        desk.write(&format!("d/many/{number}"), &noise("many", number * 100));
    }
    symlink("a", desk.path("d/link")).unwrap();
    for path in everything_in(&desk.path("d")) {
        if !path.is_symlink() {
            set_time(&path, 1_690_000_000);
        }
    }
    // The same in another order, with other inodes, access times and directory sizes.
    fs::create_dir_all(desk.path("copy/many")).unwrap();
    fs::create_dir_all(desk.path("copy/sub")).unwrap();
    for number in (0..50).rev() {
        fs::copy(desk.path(&format!("d/many/{number}")), desk.path(&format!("copy/many/{number}"))).unwrap();
    }
    for number in 0..500 {
        desk.write(&format!("copy/many/passing {number}"), b"");
    }
    for number in 0..500 {
        fs::remove_file(desk.path(&format!("copy/many/passing {number}"))).unwrap();
    }
    symlink("a", desk.path("copy/link")).unwrap();
    fs::copy(desk.path("d/a"), desk.path("copy/sub/other name of a")).unwrap();
    fs::copy(desk.path("d/sub/b"), desk.path("copy/sub/b")).unwrap();
    fs::hard_link(desk.path("copy/sub/other name of a"), desk.path("copy/a")).unwrap();
    for path in everything_in(&desk.path("copy")) {
        if !path.is_symlink() {
            set_time(&path, 1_690_000_000);
        }
    }
    let image = |directory: &str, zone: &str| {
        let mut command = desk.command(&[directory, "--manifest", "--output", "image.iso"]);
        Run::of(command.env("SOURCE_DATE_EPOCH", "1700000000").env("TZ", zone)).expect_silence();
        fs::read(desk.path("image.iso")).unwrap()
    };
    let first = image("d", "UTC");
    fs::read(desk.path("d/a")).unwrap();
    assert!(first == image("copy", "Pacific/Auckland"));
    assert!(desk.listed("image.iso").contains(&"/.cedarburn/SHA256SUMS-2023-11-14".to_owned()));
}

#[test]
fn the_manifest_is_of_the_day_and_only_when_asked_for() {
    let desk = Desk::new();
    let shown = desk.shown(&["d", "--manifest", "--today", "2026-11-23"]);
    assert_eq!(shown[..3], ["/.cedarburn", "/.cedarburn/README.txt", "/.cedarburn/SHA256SUMS-2026-11-23"]);
    desk.verify("image.iso").expect_code(0);
    // A wrong bit is found.
    let mut image = fs::read(desk.path("image.iso")).unwrap();
    let content = noise("b", 100_000);
    let at = image.windows(32).position(|bytes| bytes == &content[..32]).unwrap();
    image[at] ^= 1;
    fs::write(desk.path("image.iso"), image).unwrap();
    desk.verify("image.iso").expect_code(11).expect_words(&["/sub/b"]);
}
