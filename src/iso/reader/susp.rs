//! System use entries and the areas they stand in (SUSP 1.12, IEEE P1281).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::note::{ContinuationFault, Oddity};
use super::number::{both_u32, byte};
use crate::iso::source::{SectorSource, SourceError};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// Areas in one chain. Linux follows 31; libisofs and mkisofs need far fewer.
const MAX_AREAS: usize = 64;
/// Sectors in one request.
const MAX_RUN: u32 = 512;
/// Cached sectors above which the cache is emptied, and new ones that one step of [`Continuations::load`] asks
/// for before it follows their chains.
const CACHE_SECTORS: usize = 4096;
/// Cached sectors beyond any honest writer's chains, even with a sector for every area.
const MAX_SECTORS: usize = 8 * CACHE_SECTORS;
/// Records served in one step.
const MAX_RECORDS: usize = 1 << 16;
/// Bytes of continuation areas that are followed before any sector was read for them, and for every sector
/// read. Honest areas belong to one record each; without a limit, records that share areas make a small image
/// cost hours and all memory. So what is kept of a disc stays in proportion to what was read of it.
const BUDGET_BYTES: u64 = 64 << 20;
const BUDGET_BYTES_A_SECTOR: u64 = 8 * SECTOR_BYTES as u64;
/// Sectors that may be read a second time, and sectors that may be unreadable. On a drive each is a seek.
const MAX_VAIN: u32 = 1 << 17;

/// A system use entry (SUSP 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) signature: [u8; 2],
    /// What follows the four bytes of the header.
    pub(super) data: &'a [u8],
}

/// Where a system use area goes on: the content of a CE entry (SUSP 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) at: Lba,
    pub(super) offset: u32,
    pub(super) bytes: u32,
}

impl Area {
    fn fault(self, why: ContinuationFault) -> Oddity {
        Oddity::Continuation { at: self.at, offset: self.offset, bytes: self.bytes, why }
    }

    fn crosses(self) -> bool {
        u64::from(self.offset) + u64::from(self.bytes) > SECTOR_BYTES as u64
    }
}

/// The entries of one area, CE included; an `Err` with the signature of a broken entry is the last item.
fn entries(area: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, [u8; 2]>> {
    let mut rest = area;
    std::iter::from_fn(move || {
        // Up to three bytes at the end are padding (SUSP 4), and zeros are nobody's entry.
        if rest.len() < 4 || rest[..2] == [0, 0] {
            return None;
        }
        let signature = [rest[0], rest[1]];
        // ST ends its area (SUSP 5.4).
        if signature == *b"ST" {
            return None;
        }
        let length = usize::from(rest[2]);
        let Some(data) = rest.get(4..length) else {
            rest = &[];
            return Some(Err(signature));
        };
        rest = &rest[length..];
        Some(Ok(Entry { signature, data }))
    })
}

/// The CE entry of an area. Were there two, the first counts: SUSP allows one.
fn continuation(area: &[u8]) -> Option<Area> {
    let entry = entries(area).map_while(Result::ok).find(|e| e.signature == *b"CE" && e.data.len() >= 24)?;
    Some(Area {
        at: Lba(both_u32(entry.data, 0).value),
        offset: both_u32(entry.data, 8).value,
        bytes: both_u32(entry.data, 16).value,
    })
}

/// How a disc uses SUSP: found in the root directory's record of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sharing {
    /// Bytes before the SP entry: 14 on CD-ROM XA discs.
    pub(super) before: usize,
    /// Bytes to skip in every other record's system use area (SUSP 5.3).
    skip: usize,
}

impl Sharing {
    const XA_BYTES: usize = 14;

    /// Looks for SP at the two places it may stand.
    pub(super) fn find(system_use: &[u8]) -> Option<Sharing> {
        [0, Self::XA_BYTES].into_iter().find_map(|before| {
            let entry = entries(system_use.get(before..)?).next()?.ok()?;
            let matches = entry.signature == *b"SP" && entry.data.starts_with(&[0xbe, 0xef]);
            matches.then(|| Sharing { before, skip: usize::from(byte(entry.data, 2)) })
        })
    }

    /// The part of a record's system use area that SUSP uses.
    pub(super) fn area(self, system_use: &[u8]) -> &[u8] {
        // On an XA disc records with the fourteen bytes stand beside records without, whatever SP says.
        let xa = self.before != 0 && system_use.get(6..8) == Some(b"XA");
        let skip = if xa { self.skip.max(Self::XA_BYTES) } else { self.skip };
        system_use.get(skip..).unwrap_or(&[])
    }
}

/// Why the areas of a directory could not be loaded.
#[derive(Debug)]
pub(super) enum LoadError {
    /// A budget is used up.
    Exhausted,
    Source(SourceError),
}

/// The sectors of continuation areas near the directory that is being read.
#[derive(Debug)]
pub(super) struct Continuations {
    sectors: HashMap<u32, Box<[u8; SECTOR_BYTES]>>,
    /// Every sector that was asked for, 64 in a word.
    asked: BTreeMap<u32, u64>,
    unreadable: HashSet<u32>,
    /// Sectors read again or not readable.
    vain: u32,
    budget: u64,
    /// The first sector behind the volume; what lies there may be missing without being an error.
    end: u64,
    forgiving: bool,
}

impl Continuations {
    /// For a volume that ends before sector `end`; `forgiving` leaves every unreadable sector out.
    pub(super) fn new(end: u64, forgiving: bool) -> Continuations {
        Continuations {
            sectors: HashMap::new(),
            asked: BTreeMap::new(),
            unreadable: HashSet::new(),
            vain: 0,
            budget: BUDGET_BYTES,
            end,
            forgiving,
        }
    }

    /// Loads every sector that the first of the system use `areas` of a directory's records lead to, in
    /// ascending order as far as the chains allow: on an optical drive each step back is a seek. Gives how many
    /// records that were; their [`entries`](Continuations::entries) are to be taken before the next step.
    pub(super) fn load<'a>(
        &mut self,
        source: &mut dyn SectorSource,
        areas: impl Iterator<Item = &'a [u8]>,
    ) -> Result<usize, LoadError> {
        if self.sectors.len() > CACHE_SECTORS {
            self.sectors.clear();
        }
        let mut pending: BTreeMap<u32, Vec<(Area, usize)>> = BTreeMap::new();
        let (mut records, mut new) = (0, 0);
        for area in areas.take(MAX_RECORDS) {
            if let Some(area) = continuation(area).filter(|a| !a.crosses()) {
                new += usize::from(!self.sectors.contains_key(&area.at.0) && !pending.contains_key(&area.at.0));
                pending.entry(area.at.0).or_default().push((area, 1));
            }
            records += 1;
            if new == CACHE_SECTORS {
                break;
            }
        }
        while let Some((&first, _)) = pending.first_key_value() {
            let missing = |at: &u32| !self.sectors.contains_key(at) && !self.unreadable.contains(at);
            if missing(&first) {
                let wanted = |at: &u32| pending.contains_key(at) && missing(at);
                let run = (first..=u32::MAX).take(MAX_RUN as usize).take_while(wanted).count();
                self.read(source, Lba(first), run)?;
                if self.sectors.len() > MAX_SECTORS {
                    return Err(LoadError::Exhausted);
                }
            }
            let Some((_, areas)) = pending.pop_first() else { break };
            for (area, hops) in areas {
                self.spend(area)?;
                let next = self.bytes(area).and_then(continuation).filter(|a| !a.crosses());
                if let Some(next) = next.filter(|_| hops < MAX_AREAS) {
                    pending.entry(next.at.0).or_default().push((next, hops + 1));
                }
            }
        }
        Ok(records)
    }

    fn read(&mut self, source: &mut dyn SectorSource, first: Lba, run: usize) -> Result<(), LoadError> {
        let mut buffer = vec![0; run * SECTOR_BYTES];
        let whole = source.read(first, &mut buffer);
        for (index, sector) in buffer.chunks_exact_mut(SECTOR_BYTES).enumerate() {
            let at = first + Sectors(u32::try_from(index).unwrap_or(u32::MAX));
            self.account(at)?;
            if whole.is_err()
                && let Err(error) = source.read(at, sector)
            {
                if !self.forgiving && u64::from(at.0) < self.end {
                    return Err(LoadError::Source(error));
                }
                self.unreadable.insert(at.0);
                self.waste()?;
                continue;
            }
            if let Ok(sector) = <&[u8; SECTOR_BYTES]>::try_from(&*sector) {
                self.sectors.insert(at.0, Box::new(*sector));
            }
        }
        Ok(())
    }

    /// Books a sector that is read.
    fn account(&mut self, at: Lba) -> Result<(), LoadError> {
        let (word, bit) = (self.asked.entry(at.0 / 64).or_default(), 1 << (at.0 % 64));
        if *word & bit != 0 {
            return self.waste();
        }
        *word |= bit;
        self.budget = self.budget.saturating_add(BUDGET_BYTES_A_SECTOR);
        Ok(())
    }

    fn waste(&mut self) -> Result<(), LoadError> {
        self.vain += 1;
        if self.vain > MAX_VAIN { Err(LoadError::Exhausted) } else { Ok(()) }
    }

    fn spend(&mut self, area: Area) -> Result<(), LoadError> {
        // An empty area costs the look at it.
        self.budget = self.budget.checked_sub(u64::from(area.bytes) + 16).ok_or(LoadError::Exhausted)?;
        Ok(())
    }

    fn bytes(&self, area: Area) -> Option<&[u8]> {
        let start = area.offset as usize;
        self.sectors.get(&area.at.0)?.get(start..start.checked_add(area.bytes as usize)?)
    }

    /// The entries of a record: its own area, then the loaded areas it continues in.
    pub(super) fn entries<'a>(&'a self, area: &'a [u8], oddities: &mut Vec<Oddity>) -> Chain<'a> {
        let mut chain = Chain { entries: Vec::new(), first_area: continuation(area) };
        let mut seen: Vec<Area> = Vec::new();
        let mut next = Some(area);
        while let Some(area) = next.take() {
            for entry in entries(area) {
                match entry {
                    Ok(entry) if entry.signature == *b"CE" => {}
                    Ok(entry) => chain.entries.push(entry),
                    Err(signature) => oddities.push(Oddity::BrokenEntry { signature }),
                }
            }
            let Some(more) = continuation(area) else { break };
            let fault = if more.crosses() {
                ContinuationFault::Crosses
            } else if seen.iter().any(|a| (a.at, a.offset) == (more.at, more.offset)) {
                ContinuationFault::Loop
            } else if seen.len() == MAX_AREAS {
                ContinuationFault::TooMany
            } else if let Some(bytes) = self.bytes(more) {
                if !bytes.is_empty() && bytes.iter().all(|&byte| byte == 0) {
                    oddities.push(more.fault(ContinuationFault::Empty));
                    break;
                }
                seen.push(more);
                next = Some(bytes);
                continue;
            } else {
                ContinuationFault::Unreadable
            };
            oddities.push(more.fault(fault));
        }
        chain
    }
}

/// A record's entries in order.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// The first area it continues in.
    pub(super) first_area: Option<Area>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sectors from memory that remembers what was asked for.
    struct Memory {
        sectors: Vec<[u8; SECTOR_BYTES]>,
        asked: Vec<(u32, usize)>,
    }

    impl SectorSource for Memory {
        fn read(&mut self, at: Lba, out: &mut [u8]) -> Result<(), SourceError> {
            let count = out.len() / SECTOR_BYTES;
            self.asked.push((at.0, count));
            let from = at.0 as usize;
            let wanted = self.sectors.get(from..from + count).ok_or(SourceError::new(at, out.len(), "end"))?;
            out.copy_from_slice(&wanted.concat());
            Ok(())
        }
    }

    fn memory(sectors: usize) -> Memory {
        Memory { sectors: vec![[0; SECTOR_BYTES]; sectors], asked: Vec::new() }
    }

    fn both(n: u32) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&n.to_le_bytes());
        bytes[4..].copy_from_slice(&n.to_be_bytes());
        bytes
    }

    fn ce(at: u32, offset: u32, bytes: u32) -> Vec<u8> {
        [b"CE\x1c\x01".as_slice(), &both(at), &both(offset), &both(bytes)].concat()
    }

    fn put(memory: &mut Memory, at: u32, offset: usize, bytes: &[u8]) {
        memory.sectors[at as usize][offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn chain(memory: &mut Memory, area: &[u8]) -> (Vec<[u8; 2]>, Vec<Oddity>) {
        let mut continuations = Continuations::new(100, false);
        assert_eq!(continuations.load(memory, std::iter::once(area)).unwrap(), 1);
        let mut oddities = Vec::new();
        let found = continuations.entries(area, &mut oddities).entries.iter().map(|e| e.signature).collect();
        (found, oddities)
    }

    #[test]
    fn entries_end_at_padding_at_st_and_at_a_broken_length() {
        let signatures = |area: &[u8]| entries(area).map(|e| e.map(|e| e.signature)).collect::<Vec<_>>();
        assert_eq!(signatures(b"RE\x04\x01PD\x05\x01x\0"), [Ok(*b"RE"), Ok(*b"PD")]);
        assert_eq!(signatures(b"RE\x04\x01ST\x04\x01RE\x04\x01"), [Ok(*b"RE")]);
        assert_eq!(signatures(b"RE\x04\x01NM\x20\x01x"), [Ok(*b"RE"), Err(*b"NM")]);
        assert_eq!(signatures(b"NM\x03\x01xxx"), [Err(*b"NM")]);
        assert_eq!(signatures(b"\0\0\0\0RE\x04\x01"), []);
    }

    #[test]
    fn sharing_is_found_at_byte_0_or_behind_the_xa_bytes() {
        let sp = b"SP\x07\x01\xbe\xef\x00";
        assert_eq!(Sharing::find(sp), Some(Sharing { before: 0, skip: 0 }));
        let xa = [b"\0\0\0\0\0\0XA\0\0\0\0\0\0".as_slice(), sp].concat();
        assert_eq!(Sharing::find(&xa), Some(Sharing { before: 14, skip: 0 }));
        assert_eq!(Sharing::find(b"SP\x07\x01\xbe\xee\x00"), None);
        assert_eq!(Sharing::find(b"RR\x05\x01\x81"), None);
    }

    #[test]
    fn bytes_of_others_are_skipped_and_a_name_with_xa_in_it_is_not_taken_for_them() {
        let skipping = Sharing { before: 0, skip: 3 };
        assert_eq!(skipping.area(b"xyzRE\x04\x01"), b"RE\x04\x01");
        assert_eq!(skipping.area(b"x"), b"");
        let plain = Sharing { before: 0, skip: 0 };
        assert_eq!(plain.area(b"NM\x08\x01\x00aXA"), b"NM\x08\x01\x00aXA");
        let xa = Sharing { before: 14, skip: 0 };
        assert_eq!(xa.area(b"\0\0\0\0\0\0XA\0\0\0\0\0\0RE\x04\x01"), b"RE\x04\x01");
        assert_eq!(xa.area(b"RE\x04\x01"), b"RE\x04\x01");
    }

    #[test]
    fn a_chain_is_followed_forward_and_each_sector_is_read_once() {
        let mut source = memory(10);
        put(&mut source, 3, 100, &[b"RE\x04\x01".to_vec(), ce(4, 0, 32)].concat());
        put(&mut source, 4, 0, &[ce(4, 40, 4), b"NM\x04\x01".to_vec()].concat());
        put(&mut source, 4, 40, b"SL\x04\x01");
        let area = [b"PX\x04\x01".to_vec(), ce(3, 100, 32)].concat();
        let (found, oddities) = chain(&mut source, &area);
        assert_eq!(found, [*b"PX", *b"RE", *b"NM", *b"SL"]);
        assert_eq!(oddities, []);
        assert_eq!(source.asked, [(3, 1), (4, 1)]);
    }

    #[test]
    fn neighbouring_sectors_come_in_one_request() {
        let mut source = memory(10);
        let areas = [ce(7, 0, 4), ce(5, 0, 4), ce(6, 0, 4), ce(2, 0, 4)];
        Continuations::new(10, false).load(&mut source, areas.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(source.asked, [(2, 1), (5, 3)]);
    }

    #[test]
    fn a_chain_that_bites_its_tail_ends() {
        let mut source = memory(4);
        put(&mut source, 3, 0, &[b"RE\x04\x01".to_vec(), ce(3, 0, 32)].concat());
        let (found, oddities) = chain(&mut source, &ce(3, 0, 32));
        assert_eq!(found, [*b"RE"]);
        let fault = Oddity::Continuation { at: Lba(3), offset: 0, bytes: 32, why: ContinuationFault::Loop };
        assert_eq!(oddities, [fault]);
    }

    #[test]
    fn an_area_that_crosses_its_sector_is_not_followed() {
        let mut source = memory(4);
        let (_, oddities) = chain(&mut source, &ce(1, 2000, 49));
        let text: Vec<_> = oddities.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["continuation area of 49 bytes at byte 2000 of sector 1 crosses its sector"]);
        assert_eq!(source.asked, []);
    }

    #[test]
    fn a_missing_sector_is_an_error_inside_the_volume_and_an_oddity_outside() {
        let area = ce(9, 0, 4);
        let load = |end| Continuations::new(end, false).load(&mut memory(4), std::iter::once(area.as_slice()));
        assert!(matches!(load(10), Err(LoadError::Source(_))));
        assert!(load(9).is_ok());
        let mut oddities = Vec::new();
        Continuations::new(9, false).entries(&area, &mut oddities);
        assert_eq!(oddities.len(), 1);
    }
}
