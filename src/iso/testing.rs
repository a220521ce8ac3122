//! What the tests of the generator share: trees, images in memory, and a reader that knows just enough to
//! look at records. It trusts nothing it could check.

use super::generator::plan::{Options, Plan};
use super::generator::stream::StreamReport;
use super::tree::{Attributes, Content, Kind, NodeId, Timestamp, Tree, TreePath};
use crate::sector::{Lba, SECTOR_BYTES};

pub(super) const DAY: Timestamp = Timestamp { seconds: 1_795_353_255, nanoseconds: 0 };

pub(super) fn attributes(mode: u32) -> Attributes {
    Attributes { mode, uid: 0, gid: 0, modified: DAY, accessed: DAY, changed: DAY }
}

pub(super) fn empty_tree() -> Tree {
    Tree::new(attributes(0o755))
}

pub(super) fn options() -> Options {
    Options::new("TEST", DAY)
}

pub(super) fn bytes(content: &[u8]) -> Kind {
    Kind::File { size: 0, content: Content::Bytes(content.to_vec().into()) }
}

/// What is put into a buffer of just that length.
pub(super) fn put<const N: usize>(put: impl FnOnce(&mut &mut [u8])) -> [u8; N] {
    let mut buffer = vec![0xa5; N + 1];
    let mut rest = &mut buffer[..];
    put(&mut rest);
    assert_eq!(rest, [0xa5]);
    buffer[..N].try_into().unwrap()
}

/// Adds a node, its parents made.
pub(super) fn add(tree: &mut Tree, path: impl AsRef<[u8]>, kind: Kind) -> NodeId {
    let path = TreePath::new(path);
    let names: Vec<&[u8]> = path.names().collect();
    let (name, parents) = names.split_last().unwrap();
    let parent = tree.make_directory(&TreePath::new(parents.join(&b'/')), attributes(0o755)).unwrap();
    tree.insert(parent, name, attributes(0o644), kind).unwrap()
}

/// The whole session in memory, read in requests of `request` bytes.
pub(super) fn image(plan: &Plan, request: usize) -> (Vec<u8>, StreamReport) {
    let mut out = Vec::new();
    let mut stream = plan.stream();
    let mut buffer = vec![0xa5; request];
    loop {
        let count = stream.read(&mut buffer);
        if count == 0 {
            break;
        }
        out.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(stream.position(), plan.end());
    (out, stream.finish())
}

/// A directory record as it stands in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) extent: Lba,
    pub(super) bytes: u32,
    pub(super) flags: u8,
    pub(super) identifier: Vec<u8>,
    /// Entries by signature, those of continuation areas included, `CE` left out.
    pub(super) entries: Vec<(String, Vec<u8>)>,
}

impl Record {
    pub(super) fn entry(&self, signature: &str) -> Option<&[u8]> {
        self.entries.iter().find(|(s, _)| s == signature).map(|(_, data)| &data[..])
    }

    /// The NM parts put together.
    pub(super) fn name(&self) -> Vec<u8> {
        self.entries.iter().filter(|(s, _)| s == "NM").flat_map(|(_, data)| data[1..].to_vec()).collect()
    }

    /// Mode, links, uid, gid, serial.
    pub(super) fn px(&self) -> [u32; 5] {
        let px = self.entry("PX").unwrap();
        [0, 8, 16, 24, 32].map(|at| both(&px[at..]))
    }
}

fn both(field: &[u8]) -> u32 {
    let little = u32::from_le_bytes(field[..4].try_into().unwrap());
    assert_eq!(little, u32::from_be_bytes(field[4..8].try_into().unwrap()));
    little
}

/// Sectors of a session that stands at `start`.
pub(super) struct Image<'a> {
    pub(super) start: Lba,
    pub(super) bytes: &'a [u8],
}

impl Image<'_> {
    pub(super) fn at(&self, at: Lba, length: usize) -> &[u8] {
        let offset = (at.0 - self.start.0) as usize * SECTOR_BYTES;
        &self.bytes[offset..offset + length]
    }

    pub(super) fn descriptor(&self) -> &[u8] {
        self.at(Lba(self.start.0 + 16), SECTOR_BYTES)
    }

    pub(super) fn space(&self) -> u32 {
        both(&self.descriptor()[80..])
    }

    pub(super) fn root(&self) -> Vec<Record> {
        self.root_of(Lba(self.start.0 + 16))
    }

    /// The root directory that the descriptor at `at` names.
    pub(super) fn root_of(&self, at: Lba) -> Vec<Record> {
        let record = &self.at(at, SECTOR_BYTES)[156..190];
        self.directory(Lba(both(&record[2..])), both(&record[10..]))
    }

    /// The records of a directory; checks that each lies in one block and the identifiers differ.
    pub(super) fn directory(&self, at: Lba, bytes: u32) -> Vec<Record> {
        assert_eq!(bytes as usize % SECTOR_BYTES, 0);
        let mut records = Vec::new();
        for block in self.at(at, bytes as usize).chunks(SECTOR_BYTES) {
            let mut rest = block;
            while let Some(length) = rest.first().copied().filter(|&length| length > 0) {
                let (record, next) = rest.split_at(usize::from(length));
                records.push(self.record(record));
                rest = next;
            }
            assert!(rest.iter().all(|&b| b == 0));
        }
        records
    }

    fn record(&self, record: &[u8]) -> Record {
        assert_eq!(record.len() % 2, 0);
        let length = usize::from(record[32]);
        let mut entries = Vec::new();
        let mut area = record[(33 + length).next_multiple_of(2)..].to_vec();
        loop {
            let mut onward = None;
            let mut rest = &area[..];
            while rest.len() >= 4 {
                let (entry, next) = rest.split_at(usize::from(rest[2]));
                assert_eq!(entry[3], 1);
                if &entry[..2] == b"CE" {
                    let [block, offset, length] = [4, 12, 20].map(|at| both(&entry[at..]));
                    assert!(offset + length <= 2048, "an area crosses a block border");
                    assert!(next.len() < 2, "a CE entry is the last one");
                    let block = self.at(Lba(block), SECTOR_BYTES);
                    onward = Some(block[offset as usize..(offset + length) as usize].to_vec());
                } else {
                    entries.push((String::from_utf8(entry[..2].to_vec()).unwrap(), entry[4..].to_vec()));
                }
                rest = next;
            }
            match onward {
                Some(next) => area = next,
                None => break,
            }
        }
        Record {
            extent: Lba(both(&record[2..])),
            bytes: both(&record[10..]),
            flags: record[25],
            identifier: record[33..33 + length].to_vec(),
            entries,
        }
    }

    /// The record at a path of NM names.
    pub(super) fn find(&self, path: &str) -> Record {
        self.find_all(path).remove(0)
    }

    /// All records at a path: several for a file of several extents.
    pub(super) fn find_all(&self, path: &str) -> Vec<Record> {
        let mut records = self.root();
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            records.retain(|r| r.name() == name.as_bytes());
            assert!(!records.is_empty(), "no {name} of {path}");
            if names.peek().is_some() {
                records = self.directory(records[0].extent, records[0].bytes);
            }
        }
        records
    }

    pub(super) fn content(&self, path: &str) -> Vec<u8> {
        self.find_all(path).iter().flat_map(|r| self.at(r.extent, r.bytes as usize).to_vec()).collect()
    }
}
