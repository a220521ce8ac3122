//! The buffer in front of the drive: one thread makes the image, the other writes it.
//!
//! A fixed set of chunks goes round, so memory does not grow with anything. Before the first WRITE the buffer is filled by
//! half, or with the whole image where that is less: a drive that was started on an empty buffer stops and links again at once. For the
//! same reason a buffer that ran empty is filled by a quarter before the writing goes on: with a source that is slower than the drive,
//! the drive stops now and then instead of after every chunk.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::ledger::CHUNK;
use crate::sector::SECTOR_BYTES;

/// Something that yields whole sectors, forward only, until it yields none.
pub trait Image: Send {
    /// Fills the beginning of `out` with as many whole sectors as fit and remain; 0 bytes at the end.
    fn read(&mut self, out: &mut [u8]) -> usize;
}

const CHUNK_BYTES: usize = CHUNK.0 as usize * SECTOR_BYTES;

/// What the two threads share.
#[derive(Debug)]
struct Fifo {
    /// Chunks there are.
    chunks: usize,
    queue: Mutex<Queue>,
    /// As many chunks are full as are waited for, or no more will follow.
    filled: Condvar,
    /// A chunk was used, or nobody wants more.
    used: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    full: VecDeque<Vec<u8>>,
    empty: Vec<Vec<u8>>,
    /// So many full chunks are waited for.
    mark: usize,
    /// The image has ended.
    is_ended: bool,
    /// Nobody takes chunks any more.
    is_left: bool,
}

impl Fifo {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `mark` chunks are full, or all that there will be.
    fn filled_to(&self, mark: usize) -> MutexGuard<'_, Queue> {
        let mut queue = self.queue();
        queue.mark = mark;
        let waiting = |queue: &mut Queue| queue.full.len() < mark && !queue.is_ended;
        self.filled.wait_while(queue, waiting).unwrap_or_else(PoisonError::into_inner)
    }

    fn percent(&self, full: usize) -> u8 {
        u8::try_from(full.min(self.chunks) * 100 / self.chunks).unwrap_or(100)
    }
}

/// Ends the image for whoever waits for it, however its making ends.
struct Ending<'a>(&'a Fifo);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.queue().is_ended = true;
        self.0.filled.notify_all();
    }
}

/// The reading end: chunks in order, each full but the last.
#[derive(Debug)]
pub struct Chunks<'a> {
    fifo: &'a Fifo,
    current: Vec<u8>,
    least_percent: u8,
    ran_empty: u32,
}

impl Chunks<'_> {
    /// The next chunk, or `None` at the end of the image.
    pub fn next_chunk(&mut self) -> Option<&[u8]> {
        let mut queue = self.fifo.queue();
        if !queue.is_ended {
            let before = queue.full.len();
            if before == 0 {
                drop(queue);
                queue = self.fifo.filled_to((self.fifo.chunks / 4).max(1));
            }
            // What was waited for may have been the end.
            if !queue.full.is_empty() {
                self.least_percent = self.least_percent.min(self.fifo.percent(before));
                self.ran_empty += u32::from(before == 0);
            }
        }
        let next = queue.full.pop_front()?;
        queue.empty.push(std::mem::replace(&mut self.current, next));
        // Not for every chunk: to wake a thread takes longer than to fill one.
        let is_enough = queue.empty.len() >= (self.fifo.chunks / 8).max(1);
        drop(queue);
        if is_enough {
            self.fifo.used.notify_one();
        }
        Some(&self.current)
    }

    /// How full the buffer is, in percent.
    #[must_use]
    pub fn fill_percent(&self) -> u8 {
        self.fifo.percent(self.fifo.queue().full.len())
    }

    /// How full it was at least when a chunk was taken before the image had ended, in percent.
    #[must_use]
    pub fn least_percent(&self) -> u8 {
        self.least_percent
    }

    /// How often it ran empty before the image had ended.
    #[must_use]
    pub fn ran_empty(&self) -> u32 {
        self.ran_empty
    }

    /// Its size in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.fifo.chunks * CHUNK_BYTES
    }
}

impl Drop for Chunks<'_> {
    fn drop(&mut self) {
        self.fifo.queue().is_left = true;
        self.fifo.used.notify_all();
    }
}

/// Runs `consume` on the chunks of `image`, which is read ahead by a second thread into at most `bytes` of buffer.
///
/// When `consume` returns early the reading stops with it.
///
/// # Errors
/// When the system has no thread to give; then nothing was read.
pub fn through_fifo<T>(image: &mut dyn Image, bytes: usize, consume: impl FnOnce(Chunks<'_>) -> T) -> io::Result<T> {
    let chunks = (bytes / CHUNK_BYTES).max(2);
    let empty = (0..chunks).map(|_| vec![0; CHUNK_BYTES]).collect();
    let queue = Mutex::new(Queue { empty, ..Queue::default() });
    let fifo = &Fifo { chunks, queue, filled: Condvar::new(), used: Condvar::new() };
    thread::scope(|scope| {
        thread::Builder::new().spawn_scoped(scope, move || {
            let _ending = Ending(fifo);
            loop {
                let waiting = |queue: &mut Queue| queue.empty.is_empty() && !queue.is_left;
                let mut queue = fifo.used.wait_while(fifo.queue(), waiting).unwrap_or_else(PoisonError::into_inner);
                let Some(mut chunk) = queue.empty.pop().filter(|_| !queue.is_left) else { break };
                drop(queue);
                if !fill(image, &mut chunk) {
                    break;
                }
                let mut queue = fifo.queue();
                queue.full.push_back(chunk);
                // Not for every chunk: who wakes too early only goes to sleep again.
                let is_enough = queue.full.len() >= queue.mark;
                drop(queue);
                if is_enough {
                    fifo.filled.notify_one();
                }
            }
        })?;
        let chunks = Chunks { fifo, current: Vec::new(), least_percent: 100, ran_empty: 0 };
        drop(fifo.filled_to(fifo.chunks.div_ceil(2)));
        Ok(consume(chunks))
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

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
            })
            .unwrap();
            assert_eq!(seen, sectors);
        }
    }

    #[test]
    fn a_consumer_that_gives_up_stops_the_reading() {
        let mut image = Counting { next: 0, sectors: usize::MAX };
        through_fifo(&mut image, 4 * CHUNK_BYTES, |mut chunks| {
            assert!(chunks.next_chunk().is_some());
            assert!(chunks.fill_percent() <= 100);
        })
        .unwrap();
        assert!(image.next < 32 * 32);
    }

    /// Sectors that come when they are let through.
    struct Gated {
        gate: Receiver<usize>,
        open: usize,
        made: Arc<AtomicUsize>,
    }

    impl Image for Gated {
        fn read(&mut self, out: &mut [u8]) -> usize {
            while self.open == 0 {
                let Ok(more) = self.gate.recv() else { return 0 };
                self.open = more;
            }
            self.open -= 1;
            self.made.fetch_add(out.len() / SECTOR_BYTES, Ordering::Relaxed);
            out.len()
        }
    }

    fn gated() -> (Sender<usize>, Gated, Arc<AtomicUsize>) {
        let (sender, gate) = channel();
        let made = Arc::new(AtomicUsize::new(0));
        (sender, Gated { gate, open: 0, made: made.clone() }, made)
    }

    #[test]
    fn half_of_the_buffer_is_full_before_the_first_chunk_is_taken() {
        let (gate, mut image, made) = gated();
        gate.send(4).unwrap();
        through_fifo(&mut image, 8 * CHUNK_BYTES, |mut chunks| {
            assert_eq!(made.load(Ordering::Relaxed), 4 * 32);
            assert!(chunks.next_chunk().is_some());
            assert_eq!((chunks.least_percent(), chunks.ran_empty(), chunks.capacity()), (50, 0, 8 * CHUNK_BYTES));
            drop(gate);
        })
        .unwrap();
    }

    #[test]
    fn an_image_that_fits_into_the_buffer_is_whole_before_its_first_chunk_is_taken() {
        let mut image = Counting { next: 0, sectors: 2 * 32 + 1 };
        through_fifo(&mut image, 8 * CHUNK_BYTES, |mut chunks| {
            while chunks.next_chunk().is_some() {}
            assert_eq!((chunks.least_percent(), chunks.ran_empty()), (100, 0), "the end is no running empty");
        })
        .unwrap();
    }

    #[test]
    fn a_buffer_that_ran_empty_is_filled_by_a_quarter_before_more_is_taken() {
        let (gate, mut image, made) = gated();
        gate.send(8).unwrap();
        through_fifo(&mut image, 16 * CHUNK_BYTES, |mut chunks| {
            (0..8).for_each(|_| assert!(chunks.next_chunk().is_some()));
            let slowly = std::thread::spawn(move || {
                for _ in 0..4 {
                    std::thread::sleep(Duration::from_millis(20));
                    gate.send(1).unwrap();
                }
            });
            assert!(chunks.next_chunk().is_some());
            assert_eq!(made.load(Ordering::Relaxed), 12 * 32);
            assert_eq!((chunks.least_percent(), chunks.ran_empty()), (0, 1));
            slowly.join().unwrap();
            (0..3).for_each(|_| assert!(chunks.next_chunk().is_some()));
            assert!(chunks.next_chunk().is_none(), "the gate is gone");
            assert_eq!(chunks.ran_empty(), 1);
        })
        .unwrap();
    }

    #[test]
    fn whatever_the_size_of_the_buffer_nobody_sleeps_for_ever() {
        for chunks in 2..20 {
            for sectors in [0, 1, 32, 33, 16 * chunks, 32 * chunks, 32 * chunks + 1, 160 * chunks + 7] {
                let mut image = Counting { next: 0, sectors };
                let mut seen = 0;
                through_fifo(&mut image, chunks * CHUNK_BYTES, |mut taken| {
                    while let Some(chunk) = taken.next_chunk() {
                        seen += chunk.len() / SECTOR_BYTES;
                        if seen % 5 == 0 {
                            std::thread::yield_now();
                        }
                    }
                })
                .unwrap();
                assert_eq!(seen, sectors, "{chunks} chunks");
            }
        }
    }
}
