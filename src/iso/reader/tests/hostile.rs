//! Images made to cost much: what reading them takes is counted in sectors, names and bytes, and stays in
//! proportion to the image.

use super::*;

/// A disc that counts what is read of it.
struct Counting {
    disc: Disc,
    requests: usize,
    sectors: usize,
}

impl SectorSource for Counting {
    fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
        self.requests += 1;
        self.sectors += out.len() / SECTOR_BYTES;
        SectorSource::read(&mut self.disc, at, out)
    }
}

/// Reads the tree twice over, as verification and as salvage; the sectors asked for of each.
fn read(disc: Disc) -> (Vec<Result<Reading, ReadError>>, usize) {
    let mut counting = Counting { disc, requests: 0, sectors: 0 };
    let volume = Volume::open(&mut counting, Lba(0)).unwrap();
    let readings = vec![read_tree(&mut counting, &volume), salvage_tree(&mut counting, &volume)];
    (readings, counting.sectors)
}

/// Bytes of names, targets and notes that are kept.
fn kept(reading: &Reading) -> usize {
    let node = |id| {
        let node = reading.tree.node(id);
        let target = if let Kind::Symlink(target) = &node.kind { target.len() } else { 0 };
        node.name.len() + target
    };
    let notes: usize = reading.notes.iter().map(|note| note.path.as_bytes().len()).sum();
    reading.tree.walk().map(node).sum::<usize>() + notes
}

/// A directory of many sectors at `at`, filled with copies of what `record` gives for each number.
fn fill(disc: &mut Disc, at: u32, sectors: u32, mut record_of: impl FnMut(usize) -> Vec<u8>) {
    let mut number = 0;
    for sector in 0..sectors {
        let own = match sector {
            0 => record(&[0], at, sectors * 2048, DIRECTORY, &px(0o040_755)),
            _ => Vec::new(),
        };
        let mut bytes = own;
        loop {
            let next = record_of(number);
            if bytes.len() + next.len() > SECTOR_BYTES {
                break;
            }
            bytes.extend(next);
            number += 1;
        }
        disc.put(at + sector, &bytes);
    }
}

fn large(at: u32, sectors: u32) -> Vec<u8> {
    record(b"D", at, sectors * 2048, DIRECTORY, &[px(0o040_755), nm(b"large")].concat())
}

fn numbered(number: usize) -> Vec<u8> {
    format!("{number:06}").into_bytes()
}

#[test]
fn a_thousand_names_for_one_large_directory_are_read_once() {
    let mut disc = Disc::rock_ridge(1100, &[large(100, 50)]);
    fill(&mut disc, 100, 50, |n| {
        record(
            b"D",
            200 + u32::try_from(n % 7).unwrap(),
            800 * 2048,
            DIRECTORY,
            &[px(0o040_755), nm(&numbered(n))].concat(),
        )
    });
    disc.put(200, &record(&[0], 200, 800 * 2048, DIRECTORY, &px(0o040_755)));
    let (readings, sectors) = read(disc);
    assert!(sectors < 2 * 1100, "{sectors} sectors");
    for reading in readings {
        let reading = reading.unwrap();
        assert_eq!(reading.notes.len(), 1000);
        assert_eq!(reading.tree.walk().count(), 3, "root, large, and the first that leads on");
    }
}

#[test]
fn directories_behind_the_volume_cost_one_look_each() {
    let mut disc = Disc::rock_ridge(300, &[large(100, 100)]);
    let mut count = 0;
    fill(&mut disc, 100, 100, |n| {
        count = count.max(n);
        let at = 10_000 + 1000 * u32::try_from(n).unwrap();
        record(b"D", at, 1000 * 2048, DIRECTORY, &[px(0o040_755), nm(&numbered(n))].concat())
    });
    let (readings, sectors) = read(disc);
    assert!(sectors < 2 * (count + 300), "{sectors} sectors for {count} directories");
    assert!(readings.into_iter().all(|reading| reading.unwrap().lost));
}

#[test]
fn entries_that_say_the_same_oddity_over_and_over_are_one_oddity() {
    // 30,000 entries a record, in 64 areas that all records of the directory share.
    let mut disc = Disc::rock_ridge(300, &[large(100, 4)]);
    for at in 30..94 {
        disc.put(at, &[ce(at + 1, 0, 2048), b"PX\x04\x01".repeat(505)].concat());
    }
    fill(&mut disc, 100, 4, |n| record(b"F", 30, 1, 0, &[nm(&numbered(n)), ce(30, 0, 2048)].concat()));
    let (readings, sectors) = read(disc);
    assert!(sectors < 2 * 300, "{sectors} sectors");
    for reading in readings {
        let reading = reading.unwrap();
        let names = reading.tree.walk().count();
        assert!(reading.notes.len() + reading.more_notes <= 5 * names, "{} of {names}", reading.notes.len());
    }
}

#[test]
fn links_that_share_one_long_target_are_refused_before_they_fill_the_memory() {
    // 46 bytes of directory for each link of 4,000 bytes.
    let mut disc = Disc::rock_ridge(4200, &[large(100, 4000)]);
    let piece = |last: bool| [b"SL\xff\x01", &[u8::from(!last), u8::from(!last), 248][..], &[b'x'; 248]].concat();
    disc.put(30, &[piece(false).repeat(7), ce(31, 0, 2048)].concat());
    disc.put(31, &[piece(false).repeat(7), piece(true)].concat());
    fill(&mut disc, 100, 4000, |n| record(b"L", 0, 0, 0, &[nm(&numbered(n)), ce(30, 0, 2048)].concat()));
    let (readings, sectors) = read(disc);
    assert!(sectors < 2 * 4200, "{sectors} sectors");
    for reading in readings {
        assert!(matches!(reading, Err(ReadError::TooManyContinuations { .. })));
    }
}

#[test]
fn directories_that_lead_to_the_same_far_areas_don_t_have_them_read_again_and_again() {
    // Each directory of one sector leads to thousands of areas, more than are kept between directories.
    let (directories, areas) = (150, 20_000);
    let mut disc = Disc::rock_ridge(1000 + areas, &[large(100, 8)]);
    for at in 0..areas {
        // Chains of 60 areas.
        if at % 60 != 59 {
            disc.put(1000 + at, &ce(1000 + at + 1, 0, 28));
        }
    }
    fill(&mut disc, 100, 8, |n| {
        let at = 200 + u32::try_from(n % directories).unwrap();
        record(b"D", at, 2048, DIRECTORY, &[px(0o040_755), nm(&numbered(n))].concat())
    });
    for n in 0..directories {
        let at = 200 + u32::try_from(n).unwrap();
        let records: Vec<_> = (0..24)
            .map(|r| {
                record(
                    &[b'A' + r],
                    0,
                    0,
                    0,
                    &ce(1000 + 60 * ((u32::try_from(n).unwrap() * 24 + u32::from(r)) % 333), 0, 28),
                )
            })
            .collect();
        disc.directory(at, &px(0o040_755), &records);
    }
    let (readings, sectors) = read(disc);
    // Twice what is there, twice over, and what may be read in vain.
    assert!(sectors < 2 * (2 * 21_000 + (1 << 17)), "{sectors} sectors");
    assert!(readings.iter().flatten().all(|reading| reading.tree.walk().count() < 5000));
}

#[test]
fn a_directory_of_100_000_names_with_areas_is_read_in_few_forward_requests() {
    // Twenty records of 98 bytes fill a sector, twenty areas of 12 the one they lead to.
    let sectors = 5000;
    let areas = 100 + sectors;
    let mut disc = Disc::rock_ridge(200 + 2 * sectors, &[large(100, sectors)]);
    let mut count = 0;
    fill(&mut disc, 100, sectors, |n| {
        count = n;
        let n = u32::try_from(n).unwrap();
        record(b"F", 0, 0, 0, &[px(0o100_644), ce(areas + n / 20, n % 20 * 100, 12)].concat())
    });
    for n in 0..count {
        let start = (areas as usize + n / 20) * SECTOR_BYTES + n % 20 * 100;
        disc.0[start..start + 11].copy_from_slice(&nm(&numbered(n)));
    }
    let mut counting = Counting { disc, requests: 0, sectors: 0 };
    let volume = Volume::open(&mut counting, Lba(0)).unwrap();
    let reading = read_tree(&mut counting, &volume).unwrap();
    assert_eq!(reading.tree.walk().count(), count + 2);
    assert!(count > 99_990);
    assert!(counting.requests < 40, "{} requests", counting.requests);
    assert!(counting.sectors <= 2 * sectors as usize + 20, "{} sectors", counting.sectors);
    assert!(!reading.lost);
}

#[test]
fn notes_of_deep_paths_are_counted_when_they_would_fill_the_memory() {
    // 600 directories deep with names of 120 bytes, and ten odd names in each.
    let mut disc =
        Disc::rock_ridge(1000, &[record(b"D", 100, 2048, DIRECTORY, &[px(0o040_755), nm(&[b'd'; 120])].concat())]);
    for at in 100..700 {
        let next = record(b"D", at + 1, 2048, DIRECTORY, &[px(0o040_755), nm(&[b'd'; 120])].concat());
        let odd: Vec<_> = (0..10).map(|_| file(b"/", 0, 0)).collect();
        disc.directory(at, &px(0o040_755), &[vec![next], odd].concat());
    }
    disc.directory(700, &px(0o040_755), &[]);
    for reading in read(disc).0 {
        let reading = reading.unwrap();
        assert_eq!(reading.notes.len() + reading.more_notes, 6000);
        assert!(kept(&reading) < 2 << 20, "{} bytes", kept(&reading));
        assert!(reading.lost);
    }
}

#[test]
fn records_that_share_areas_over_and_over_are_refused() {
    // A chain of 64 full areas, and every record of a directory of 100 KiB begins it.
    let mut disc = Disc::rock_ridge(2000, &[record(b"D", 100, 1600 * 2048, DIRECTORY, &px(0o040_755))]);
    for at in 30..94 {
        disc.put(at, &[ce(at + 1, 0, 2048), b"PD\xff\x01".to_vec()].concat());
    }
    let own = record(&[0], 100, 1600 * 2048, DIRECTORY, &px(0o040_755));
    let begins = record(b"F", 30, 1, 0, &ce(30, 0, 2048));
    for at in 100..1700 {
        disc.put(at, &begins.repeat(SECTOR_BYTES / begins.len()));
    }
    disc.put(100, &[own, begins].concat());
    let volume = Volume::open(&mut disc, Lba(0)).unwrap();
    let error = read_tree(&mut disc, &volume).unwrap_err();
    assert_eq!(error.to_string(), "continuation areas without end at /d");
}
