//! A thread that hashes what another one reads, so that the drive never waits for a digest.
//!
//! The bytes of all files go over in order, in a fixed set of batches that goes round: one file may fill many, and many may fit into one.
//! A batch that comes back brings the digests of the files that end in it.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::iso::manifest::Digest;
use crate::sector::SECTOR_BYTES;

/// Batches there are; two megabytes together. Smaller ones would stay in a core's cache, and cost more in waking the other thread.
const BATCHES: usize = 4;
const BATCH_SECTORS: usize = 256;

/// What is hashed in one go.
struct Batch {
    bytes: Vec<u8>,
    /// How many of them are in use.
    used: usize,
    /// Where files end, and whether all of the file was read.
    ends: Vec<(usize, bool)>,
    /// The digests of those that were.
    digests: Vec<Digest>,
}

impl Batch {
    fn new() -> Batch {
        Batch { bytes: vec![0; BATCH_SECTORS * SECTOR_BYTES], used: 0, ends: Vec::new(), digests: Vec::new() }
    }

    fn clear(&mut self) {
        self.used = 0;
        self.ends.clear();
        self.digests.clear();
    }
}

/// The reading end; [`Hasher::beside`] makes one.
pub(super) struct Hasher {
    batch: Batch,
    full: SyncSender<Batch>,
    empty: Receiver<Batch>,
    /// Batches that are with the thread.
    away: usize,
    spare: Vec<Batch>,
}

impl Hasher {
    /// Runs `work` with a hasher beside it.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn beside<T>(work: impl FnOnce(Hasher) -> T) -> io::Result<T> {
        let (full, full_receiver) = sync_channel(BATCHES);
        let (empty_sender, empty) = sync_channel(BATCHES);
        let spare = (1..BATCHES).map(|_| Batch::new()).collect();
        thread::scope(|scope| {
            thread::Builder::new().spawn_scoped(scope, move || hash(&full_receiver, &empty_sender))?;
            Ok(work(Hasher { batch: Batch::new(), full, empty, away: 0, spare }))
        })
    }

    /// Sectors there is room for without waiting for the thread.
    pub(super) fn room(&self) -> usize {
        (self.batch.bytes.len() - self.batch.used) / SECTOR_BYTES
    }

    /// Makes room for at least one whole batch. `on_digest` is told of the files that are hashed by then.
    pub(super) fn make_room(&mut self, on_digest: &mut dyn FnMut(Digest)) {
        let next = match self.spare.pop() {
            Some(next) => next,
            None => self.take_back(on_digest),
        };
        // A thread that has ended did so by a panic, which comes to light when it is joined.
        self.away += usize::from(self.full.send(std::mem::replace(&mut self.batch, next)).is_ok());
    }

    /// Where the next `sectors` sectors are to be read to, no more than there is [room](Self::room) for.
    pub(super) fn next(&mut self, sectors: usize) -> &mut [u8] {
        let end = (self.batch.used + sectors * SECTOR_BYTES).min(self.batch.bytes.len());
        &mut self.batch.bytes[self.batch.used..end]
    }

    /// The first `bytes` of these sectors belong to the file.
    pub(super) fn take(&mut self, bytes: usize) {
        self.batch.used = (self.batch.used + bytes).min(self.batch.bytes.len());
    }

    /// The file ends here; if it was read to its end there will be a digest.
    pub(super) fn end_file(&mut self, whole: bool) {
        self.batch.ends.push((self.batch.used, whole));
    }

    /// Waits for all digests.
    pub(super) fn finish(mut self, on_digest: &mut dyn FnMut(Digest)) {
        self.make_room(on_digest);
        while self.away > 0 {
            self.take_back(on_digest);
        }
    }

    fn take_back(&mut self, on_digest: &mut dyn FnMut(Digest)) -> Batch {
        let Ok(mut batch) = self.empty.recv() else {
            self.away = 0;
            return Batch::new();
        };
        self.away -= 1;
        batch.digests.drain(..).for_each(on_digest);
        batch.clear();
        batch
    }
}

/// What the thread does.
fn hash(full: &Receiver<Batch>, empty: &SyncSender<Batch>) {
    let mut hash = Sha256::new();
    while let Ok(mut batch) = full.recv() {
        let mut at = 0;
        for &(end, whole) in &batch.ends {
            hash.update(&batch.bytes[at..end]);
            at = end;
            let done = std::mem::replace(&mut hash, Sha256::new());
            if whole {
                batch.digests.push(done.finalize().into());
            }
        }
        hash.update(&batch.bytes[at..batch.used]);
        if empty.send(batch).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_all_sizes_come_out_in_order_with_the_digests_of_their_own_bytes() {
        let batch = BATCH_SECTORS * SECTOR_BYTES;
        let sizes = [0, 1, 2048, 0, batch - 1, batch, batch + 1, 5, 20 * batch + 77, 3, 0];
        let content = |number: usize, bytes: usize| -> Vec<u8> {
            (0..bytes).map(|at| u8::try_from((at * 7 + at / 251 + number) % 256).unwrap()).collect()
        };
        let mut digests = Vec::new();
        Hasher::beside(|mut hasher| {
            for (number, &bytes) in sizes.iter().enumerate() {
                let content = content(number, bytes);
                let mut left = &content[..];
                while !left.is_empty() {
                    let wanted = left.len().div_ceil(SECTOR_BYTES);
                    if hasher.room() == 0 {
                        hasher.make_room(&mut |digest| digests.push(digest));
                    }
                    let count = wanted.min(hasher.room());
                    let part = left.len().min(count * SECTOR_BYTES);
                    hasher.next(count)[..part].copy_from_slice(&left[..part]);
                    hasher.take(part);
                    left = &left[part..];
                }
                // Every third one could not be read to its end.
                hasher.end_file(number % 3 != 2);
            }
            hasher.finish(&mut |digest| digests.push(digest));
        })
        .unwrap();
        let whole = sizes.iter().enumerate().filter(|(number, _)| number % 3 != 2);
        let expected: Vec<Digest> =
            whole.map(|(number, &bytes)| Sha256::digest(content(number, bytes)).into()).collect();
        assert_eq!(digests, expected);
    }

    #[test]
    fn a_reading_that_is_given_up_leaves_no_thread_waiting() {
        Hasher::beside(|mut hasher| {
            hasher.take(1);
            hasher.make_room(&mut |_| {});
        })
        .unwrap();
    }
}
