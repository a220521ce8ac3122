//! The buffer in front of the drive: one thread makes the image, the other writes it.
//!
//! A fixed set of chunks goes round, so memory does not grow with anything. Before the first WRITE the buffer is filled by
//! half: a drive that was started on an empty buffer stops and links again at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::ledger::CHUNK;
use crate::sector::SECTOR_BYTES;

/// Something that yields whole sectors, forward only, until it yields none.
pub trait Image: Send {
    /// Fills the beginning of `out` with as many whole sectors as fit and remain; 0 bytes at the end.
    fn read(&mut self, out: &mut [u8]) -> usize;
}

const CHUNK_BYTES: usize = CHUNK.0 as usize * SECTOR_BYTES;

/// The reading end: chunks in order, each full but the last.
#[derive(Debug)]
pub struct Chunks<'a> {
    full: Receiver<Vec<u8>>,
    empty: SyncSender<Vec<u8>>,
    current: Vec<u8>,
    queued: &'a AtomicUsize,
    chunks: usize,
}

impl Chunks<'_> {
    /// The next chunk, or `None` at the end of the image.
    pub fn next_chunk(&mut self) -> Option<&[u8]> {
        let next = self.full.recv().ok()?;
        self.queued.fetch_sub(1, Ordering::Relaxed);
        let used = std::mem::replace(&mut self.current, next);
        // The producer may be done already; then nobody wants the chunk.
        let _ = self.empty.try_send(used);
        Some(&self.current)
    }

    /// How full the buffer is, in percent.
    #[must_use]
    pub fn fill_percent(&self) -> u8 {
        let queued = self.queued.load(Ordering::Relaxed).min(self.chunks);
        u8::try_from(queued * 100 / self.chunks).unwrap_or(100)
    }
}

/// Runs `consume` on the chunks of `image`, which is read ahead by a second thread into at most `bytes` of buffer.
///
/// When `consume` returns early the reading stops with it.
pub fn through_fifo<T>(image: &mut dyn Image, bytes: usize, consume: impl FnOnce(Chunks<'_>) -> T) -> T {
    let chunks = (bytes / CHUNK_BYTES).max(2);
    let queued = AtomicUsize::new(0);
    let (full_sender, full) = sync_channel(chunks);
    let (empty, empty_receiver) = sync_channel(chunks + 1);
    let (prefilled_sender, prefilled) = sync_channel(1);
    for _ in 0..chunks {
        let _ = empty.try_send(vec![0; CHUNK_BYTES]);
    }
    thread::scope(|scope| {
        let queued = &queued;
        scope.spawn(move || {
            let mut made = 0;
            while let Ok(mut chunk) = empty_receiver.recv() {
                if !fill(image, &mut chunk) {
                    break;
                }
                queued.fetch_add(1, Ordering::Relaxed);
                if full_sender.send(chunk).is_err() {
                    break;
                }
                made += 1;
                if made == chunks.div_ceil(2) {
                    let _ = prefilled_sender.try_send(());
                }
            }
            // Dropping the senders ends the wait for a half full buffer and, at the end of the image, for chunks.
        });
        let _ = prefilled.recv();
        consume(Chunks { full, empty, current: vec![0; CHUNK_BYTES], queued, chunks })
    })
}

/// Fills a chunk; false when the image had nothing more.
fn fill(image: &mut dyn Image, chunk: &mut Vec<u8>) -> bool {
    chunk.resize(CHUNK_BYTES, 0);
    let mut filled = 0;
    while filled < chunk.len() {
        match image.read(&mut chunk[filled..]) {
            0 => break,
            more => filled += more,
        }
    }
    chunk.truncate(filled);
    filled > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sectors` sectors, each filled with its number, three at a time.
    struct Counting {
        next: usize,
        sectors: usize,
    }

    impl Image for Counting {
        fn read(&mut self, out: &mut [u8]) -> usize {
            let count = (out.len() / SECTOR_BYTES).min(self.sectors - self.next).min(3);
            for sector in out.chunks_mut(SECTOR_BYTES).take(count) {
                sector.fill(u8::try_from(self.next % 251).unwrap());
                self.next += 1;
            }
            count * SECTOR_BYTES
        }
    }

    #[test]
    fn everything_comes_through_in_order_in_full_chunks() {
        for sectors in [0, 1, 31, 32, 33, 1000] {
            let mut image = Counting { next: 0, sectors };
            let (mut seen, mut short) = (0, 0);
            through_fifo(&mut image, 8 * CHUNK_BYTES, |mut chunks| {
                while let Some(chunk) = chunks.next_chunk() {
                    assert_eq!(short, 0, "only the last chunk may be short");
                    short = CHUNK_BYTES - chunk.len();
                    for sector in chunk.chunks(SECTOR_BYTES) {
                        assert!(sector.iter().all(|&b| usize::from(b) == seen % 251));
                        seen += 1;
                    }
                }
            });
            assert_eq!(seen, sectors);
        }
    }

    #[test]
    fn a_consumer_that_gives_up_stops_the_reading() {
        let mut image = Counting { next: 0, sectors: usize::MAX };
        through_fifo(&mut image, 4 * CHUNK_BYTES, |mut chunks| {
            assert!(chunks.next_chunk().is_some());
            assert!(chunks.fill_percent() <= 100);
        });
        assert!(image.next < 32 * 32);
    }
}
