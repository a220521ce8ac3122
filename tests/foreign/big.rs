//! Large files and large directories. Nothing of it is ever staged: files are holes with marks at the borders, trees
//! are made in memory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use cedarburn::iso::generator::plan::AttributePolicy;
use cedarburn::iso::scan;
use cedarburn::iso::tree::{Content, Extent, Kind as TreeKind, Tree, TreePath};
use cedarburn::sector::Lba;

use crate::foreign::compare::Reader;
use crate::foreign::differences::{self, Section};
use crate::foreign::document::Table;
use crate::foreign::image::Image;
use crate::foreign::listing::{Entry, Kind, Listing};
use crate::foreign::programs::{output, program, require_all};
use crate::foreign::readers::list_only;
use crate::foreign::sessions::{Sessions, plain_root};
use crate::foreign::{hadris, isofs, pycdlib};

/// Those that list without restoring.
const READERS: [Reader; 7] = [
    Reader::Xorriso,
    Reader::Isoinfo,
    Reader::SevenZip,
    Reader::Bsdtar,
    Reader::Isofs,
    Reader::Hadris,
    Reader::Pycdlib,
];

fn heading() -> Vec<String> {
    let titles = READERS.iter().map(|reader| reader.title().trim_end_matches(" lists").to_owned());
    std::iter::once("property".to_owned()).chain(titles).collect()
}

const GIB: u64 = 1 << 30;
/// Names and sizes.
const LARGE: [(&str, u64); 4] =
    [("4 GiB - 1", 4 * GIB - 1), ("4 GiB", 4 * GIB), ("4 GiB + 1", 4 * GIB + 1), ("8 GiB", 8 * GIB)];
/// Length of an extent that is not the last: the most whole sectors that 32 bits can count.
const EXTENT: u64 = (1 << 32) - 2048;
const MARK: usize = 16;

/// Where a file of this size has a mark: at both ends and on both sides of each border of extents.
fn marks(size: u64) -> Vec<(u64, [u8; MARK])> {
    let half = MARK as u64;
    let mut places = vec![0, size - half];
    places.extend((1..).map(|n| n * EXTENT).take_while(|&border| border + half < size).flat_map(|b| [b - half, b]));
    let mark = |at: u64| {
        let mut text = [b'.'; MARK];
        text[..12].copy_from_slice(format!("{at:012x}").as_bytes());
        text
    };
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|at| (at, mark(at))).collect()
}

fn put_marks(file: &File, start: u64, size: u64) {
    for (at, mark) in marks(size) {
        file.write_all_at(&mark, start + at).expect("room for a mark");
    }
}

/// The one whose bytes the session writes; the others stand on the disc as if earlier sessions had written them, which
/// takes no time.
const STAGED: &str = "4 GiB + 1";

/// One file after the other with the marks that a reader is asked for.
fn right_marks(name: &str, size: u64, mut read: impl FnMut(&str, u64) -> Vec<u8>) -> bool {
    marks(size).into_iter().all(|(at, mark)| read(name, at) == mark)
}

fn marks_by(reader: Reader, image: &Image) -> Option<usize> {
    let right = |read: &mut dyn FnMut(&str, u64) -> Vec<u8>| {
        LARGE.iter().filter(|(name, size)| right_marks(name, *size, &mut *read)).count()
    };
    Some(match reader {
        // It reads all that lies before a place: one piece of one file, from before the border to the end.
        Reader::Xorriso => {
            let (name, size) = LARGE[2];
            let (from, piece) = (EXTENT - MARK as u64, image.scratch("piece"));
            let mut device = std::ffi::OsString::from("stdio:");
            device.push(&image.disc);
            let mut xorriso = program("xorriso");
            xorriso
                .args(["-osirrox", "on", "-load", "sbsector", &image.start.to_string(), "-indev"])
                .arg(device)
                .arg("-extract_cut")
                .arg(format!("/large/{name}"));
            output(xorriso.args([&from.to_string(), &(size - from).to_string()]).arg(&piece));
            let bytes = std::fs::read(piece).unwrap_or_default();
            let read = |at: u64| bytes.get(usize::try_from(at - from).ok()?..)?.get(..MARK);
            let right = marks(size).into_iter().filter(|&(at, _)| at >= from).all(|(at, mark)| read(at) == Some(&mark));
            usize::from(right) * LARGE.len()
        }
        Reader::Isofs => {
            let commands: String = LARGE
                .iter()
                .flat_map(|(name, size)| marks(*size).into_iter().map(move |(at, _)| (name, at)))
                .map(|(name, at)| {
                    format!("dd if='large/{name}' bs={MARK} count={MARK} skip={at} iflag=skip_bytes,count_bytes status=none\n")
                })
                .collect();
            let said = isofs::run(image, &commands);
            let mut pieces = said.chunks(MARK);
            right(&mut |_, _| pieces.next().unwrap_or_default().to_vec())
        }
        Reader::Hadris => right(&mut |name, at| hadris::read_at(image, &["large", name], at, MARK)),
        // These have no way into the middle of a file: one is read through.
        Reader::SevenZip | Reader::Bsdtar | Reader::Isoinfo => {
            let (name, size) = LARGE[2];
            let path = format!("large/{name}");
            let mut command = match reader {
                Reader::SevenZip => program("7z"),
                Reader::Bsdtar => program("bsdtar"),
                _ => program("isoinfo"),
            };
            match reader {
                Reader::SevenZip => command.args(["x", "-tiso", "-so"]).arg(image.view()).arg(path),
                Reader::Bsdtar => command.args(["-x", "-O", "-f"]).arg(image.view()).arg(path),
                _ => command
                    .args(["-R", "-T", &image.start.to_string(), "-i"])
                    .arg(&image.disc)
                    .arg("-x")
                    .arg(format!("/{path}")),
            };
            usize::from(is_streamed(command, size)) * LARGE.len()
        }
        Reader::Pycdlib => right(&mut |name, at| pycdlib::read_at(image, &format!("/large/{name}"), at, MARK)),
        _ => return None,
    })
}

/// Whether the command prints a file of this size with its marks.
fn is_streamed(mut command: std::process::Command, size: u64) -> bool {
    use std::io::Read;
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("a program that can be run");
    let mut pipe = child.stdout.take().expect("a pipe");
    let mut left = marks(size).into_iter().peekable();
    let mut found = Vec::new();
    let (mut at, mut buffer) = (0, vec![0; 1 << 20]);
    loop {
        let count = pipe.read(&mut buffer).expect("a pipe that can be read");
        if count == 0 {
            break;
        }
        let part = &buffer[..count];
        // A mark may come in two pieces: bytes of it are gathered as they come.
        let end = at + count as u64;
        for (place, _) in marks(size) {
            let (from, to) = (place.max(at), (place + MARK as u64).min(end));
            for byte in from..to {
                found.push((byte, part[usize::try_from(byte - at).expect("within the buffer")]));
            }
        }
        at = end;
    }
    let _ = child.wait();
    found.sort_unstable();
    found.dedup();
    let wanted: Vec<(u64, u8)> =
        std::iter::from_fn(|| left.next()).flat_map(|(place, mark)| (place..).zip(mark)).collect();
    at == size && found == wanted
}

#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl, pycdlib and 30 GB of sparse files"]
fn the_table_says_what_readers_show_of_files_of_4_gib_and_more() {
    require_all();
    let top = tempfile::TempDir::new().expect("a temporary directory");
    let disc = top.path().join("large.iso");
    let whole = File::create(&disc).expect("a new file");
    let mut tree = Tree::new(plain_root());
    let at = tree.make_directory(&TreePath::new("large"), plain_root()).expect("a new directory");
    let mut free = Lba(64);
    for (name, size) in LARGE.into_iter().filter(|&(name, _)| name != STAGED) {
        put_marks(&whole, free.byte_offset(), size);
        let extent = Extent { start: free, bytes: size };
        let kind = TreeKind::File { size, content: Content::Recorded([extent].into()) };
        tree.insert(at, name.as_bytes(), plain_root(), kind).expect("a new name");
        free += extent.sectors();
    }
    let day = top.path().join("day");
    std::fs::create_dir(&day).expect("a new directory");
    let (_, size) = LARGE.into_iter().find(|&(name, _)| name == STAGED).expect("one of them");
    let staged = File::create(day.join(STAGED)).expect("a new file");
    staged.set_len(size).expect("a sparse file");
    put_marks(&staged, 0, size);
    scan::graft(&mut tree, &day, &TreePath::new("large")).expect("a directory that can be scanned");
    let started = Instant::now();
    let mut sessions = Sessions::new(&disc, AttributePolicy::Rationalized, false);
    let plan = sessions.append_tree(free.0, tree);
    whole.write_all_at(&plan.superblock(), 0).expect("room in front");
    eprintln!("written in {:?}", started.elapsed());
    let image = Image::new(&disc, 0);

    let section = Section::new(differences::LARGE);
    let mut table = Table { columns: heading(), rows: vec![vec![SIZES.to_owned()], vec![MARKS.to_owned()]] };
    for reader in READERS {
        let started = Instant::now();
        let shown = list_only(reader, &image).expect("a reader that lists").unwrap_or_default();
        let size =
            |name: &str| shown.get([b"large/", name.as_bytes()].concat().as_slice()).and_then(|entry| entry.size);
        let right = LARGE.iter().filter(|(name, bytes)| size(name) == Some(*bytes)).count();
        let is_told = shown.values().any(|entry| entry.size.is_some());
        let text = if is_told { of(right, LARGE.len()) } else { "–".to_owned() };
        table.rows[0].push(section.cell(reader, SIZES, &text));
        let right = marks_by(reader, &image).expect("a reader that lists");
        table.rows[1].push(section.cell(reader, MARKS, &of(right, LARGE.len())));
        eprintln!("{reader:?}: {:?}: {:?}", started.elapsed(), (&table.rows[0].last(), &table.rows[1].last()));
    }
    let wrong = section.settle("", &table);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

use differences::{DIRECTORIES, ENTRIES, MARKS, MILLION, PREFIX, SIZES};

fn of(right: usize, all: usize) -> String {
    match right {
        0 => "no".to_owned(),
        right if right == all => "yes".to_owned(),
        right => format!("{right} of {all}"),
    }
}

/// A file with its own path as content.
fn file(tree: &mut Tree, expected: &mut Listing, directory: &str, name: &str) {
    let path = format!("{directory}/{name}");
    let at = tree.make_directory(&TreePath::new(directory), plain_root()).expect("a new directory");
    let content = Content::Bytes(path.clone().into_bytes().into());
    let kind = TreeKind::File { size: path.len() as u64, content };
    tree.insert(at, name.as_bytes(), plain_root(), kind).expect("a new name");
    let size = Some(path.len() as u64);
    expected.insert(path.into_bytes(), Entry { size, ..Entry::new(Kind::File) });
}

fn directories(expected: &mut Listing) {
    let mut above = Vec::new();
    for path in expected.keys() {
        above.extend((0..path.len()).filter(|&at| path[at] == b'/').map(|at| path[..at].to_vec()));
    }
    above.sort_unstable();
    above.dedup();
    expected.extend(above.into_iter().map(|path| (path, Entry::new(Kind::Directory))));
}

/// How much of a row's tree a reader shows: names, types and sizes, nothing else.
fn judge(expected: &Listing, shown: &Listing) -> String {
    let is_right = |(path, entry): (&Vec<u8>, &Entry)| {
        // Directories have no size, and some readers tell none.
        let same = |found: &Entry| found.size.is_none() || entry.size.is_none() || found.size == entry.size;
        shown.get(path).is_some_and(|found| found.kind == entry.kind && same(found))
    };
    let right = expected.iter().filter(|&pair| is_right(pair)).count();
    if right == expected.len() && shown.len() > right {
        return format!("{} too many", shown.len() - right);
    }
    of(right, expected.len())
}

fn large_tree(
    section: &Section,
    row: &'static str,
    readers: &[Reader],
    make: impl FnOnce(&mut Tree, &mut Listing),
) -> Vec<String> {
    let top = tempfile::TempDir::new().expect("a temporary directory");
    let (mut tree, mut expected) = (Tree::new(plain_root()), Listing::new());
    let started = Instant::now();
    make(&mut tree, &mut expected);
    directories(&mut expected);
    let mut single = Sessions::new(&top.path().join("large.iso"), AttributePolicy::Rationalized, false);
    single.append_tree(0, tree);
    eprintln!("{row}: written in {:?}", started.elapsed());
    let image = Image::new(&single.disc, 0);
    let mut cells = vec![row.to_owned()];
    for reader in READERS {
        if !readers.contains(&reader) {
            cells.push(section.cell(reader, row, "not asked"));
            continue;
        }
        let started = Instant::now();
        // Linux looks at all names of a directory to find one. All names are listed, but few looked up.
        let shown = match (reader, row) {
            (Reader::Isofs, ENTRIES) => Ok(names_and_a_few_sizes(&image, "entries", 0)),
            (Reader::Isofs, PREFIX) => Ok(names_and_a_few_sizes(&image, "prefix", 0)),
            (Reader::Isofs, MILLION) => Ok(names_and_a_few_sizes(&image, "million", 1)),
            _ => list_only(reader, &image).expect("a reader that lists"),
        };
        let text = match shown {
            Ok(shown) => judge(&expected, &shown),
            Err(said) => {
                eprintln!("{reader:?} gives up: {said}");
                "refuses".to_owned()
            }
        };
        eprintln!("{row}: {reader:?}: {text} in {:?}", started.elapsed());
        cells.push(section.cell(reader, row, &text));
    }
    cells
}

/// Of a tree with files at this depth only: all names, and the size of every 997th file.
fn names_and_a_few_sizes(image: &Image, top: &str, depth: usize) -> Listing {
    let script = format!(
        r#"perl -e 'my $n = 0;
sub show {{
  my ($path, $depth) = @_;
  opendir my $directory, $path or die "$path: $!";
  my @names = grep {{ !/^\.\.?$/ }} readdir $directory;
  closedir $directory;
  for my $name (@names) {{
    my $below = "$path/$name";
    print $depth > 0 ? "d" : $n++ % 997 == 0 ? -s $below : "-", " $below\n";
    show($below, $depth - 1) if $depth > 0;
  }}
}}
show($ARGV[0], $ARGV[1])' {top} {depth}"#
    );
    let said = String::from_utf8(isofs::run(image, &script)).expect("plain names");
    let mut listing = Listing::from([(top.as_bytes().to_vec(), Entry::new(Kind::Directory))]);
    for line in said.lines() {
        let (size, path) = line.split_once(' ').expect("SIZE PATH");
        let kind = if size == "d" { Kind::Directory } else { Kind::File };
        listing.insert(path.as_bytes().to_vec(), Entry { size: size.parse().ok(), ..Entry::new(kind) });
    }
    let looked_up = listing.values().filter(|entry| entry.size.is_some()).count();
    assert!(looked_up >= 20, "only {looked_up} files were looked up");
    listing
}

#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl and pycdlib"]
fn the_table_says_what_readers_show_of_large_directories() {
    require_all();
    let section = Section::new(differences::DIRECTORY);
    let mut table = Table { columns: heading(), rows: Vec::new() };
    table.rows.push(large_tree(&section, ENTRIES, &READERS[1..], |tree, expected| {
        for number in 0..100_000 {
            file(tree, expected, "entries", &format!("{number:06}.dat"));
        }
    }));
    table.rows.push(large_tree(&section, PREFIX, &READERS, |tree, expected| {
        for number in 0..20_000 {
            file(tree, expected, "prefix", &format!("thirty characters that are same {number}.tar.gz"));
        }
    }));
    table.rows.push(large_tree(&section, DIRECTORIES, &READERS, |tree, expected| {
        for number in 0..70_000 {
            file(tree, expected, &format!("many/{:03}/{:03}", number / 250, number % 250), "f");
        }
    }));
    let wrong = section.settle("", &table);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl and pycdlib"]
fn the_table_says_what_readers_show_of_a_million_files() {
    require_all();
    let section = Section::new(differences::MANY);
    let quick = [Reader::SevenZip, Reader::Bsdtar, Reader::Isofs];
    let row = large_tree(&section, MILLION, &quick, |tree, expected| {
        for number in 0..1_000_000 {
            file(tree, expected, &format!("million/{:03}", number / 1000), &format!("{:03}", number % 1000));
        }
    });
    let wrong = section.settle("", &Table { columns: heading(), rows: vec![row] });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_has_marks_at_its_ends_and_at_each_border() {
    let places = |size| marks(size).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
    assert_eq!(places(100), [0, 84]);
    assert_eq!(places(4 * GIB), [0, EXTENT - 16, EXTENT, 4 * GIB - 16]);
    assert_eq!(places(8 * GIB).len(), 6);
}
