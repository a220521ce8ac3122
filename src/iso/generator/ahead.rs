//! Reads staged files before the stream asks for their bytes.
//!
//! Opening a small file and hashing a large one take longer than passing on what was read, so several threads
//! do that for the [pieces](super::piece) that come next.
//!
//! There is a fixed number of pieces, and they are given out in stream order before anybody reads into them. So
//! whoever works ahead never holds what the head of the stream needs, and nothing can lock up; and whoever wants
//! the head and finds it not begun does it himself, so that it works without any thread too.
//!
//! What was found in a file when it was read is what goes to the disc; what happens to the file between its
//! reading and its bytes going out is no damage, as if it happened a moment later.
//!
//! Why by hand. A pool as rayon's works through what there is at once and has no order to pass it on in nor a bound
//! to what waits; both would have to be built around it, and waiting and waking is a hundredth of the time
//! here. Mapping files into memory costs small ones 2.4 times the reading of them and saves large ones a third of
//! it, beside hashing that takes five times as long; and a file that shrinks would kill the process. Passing on
//! shared buffers (`Bytes`) would save one copy, a twentieth of the time of all cores, in the thread that waits
//! for the others.
//!
//! Threads own what they work on. A stream that is dropped takes their work away and waits for them, but not
//! for a file system that does not answer.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::piece::{Cutter, Piece};
use super::plan::Plan;

/// How much is read ahead, and by how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of a piece, whole sectors.
    pub(super) piece: usize,
    /// Pieces there are, the one that is being passed on among them; at least 1.
    pub(super) pieces: usize,
    /// Threads beside the one that wants the bytes.
    pub(super) threads: usize,
}

impl Bounds {
    /// 4 MiB in pieces that stay in a core's cache between reading and hashing.
    pub(super) fn of_this_machine() -> Bounds {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Bounds { piece: 256 << 10, pieces: 16, threads: cores.min(MOST_THREADS) }
    }
}

/// More than these only wait for each other: the stream is passed on by one.
const MOST_THREADS: usize = 8;
/// How long a stream that is dropped waits for its threads.
const PATIENCE: Duration = Duration::from_secs(2);

/// The staged files of a plan, read ahead.
pub(super) struct Ahead {
    bounds: Bounds,
    hashing: bool,
    shared: Arc<Shared>,
    threads: Vec<thread::JoinHandle<()>>,
    cutter: Cutter,
    spare: Vec<Piece>,
    made: usize,
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ahead").field("bounds", &self.bounds).field("hashing", &self.hashing).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is something to do, or no more will come.
    work: Condvar,
    /// The head is done, or a thread has ended.
    done: Condvar,
    is_over: AtomicBool,
}

/// Pieces from the head of the stream on.
#[derive(Default)]
struct Queue {
    slots: VecDeque<Slot>,
    /// Number of the first slot's piece.
    head: u64,
    /// How many slots have been begun.
    begun: usize,
    /// Threads that wait for work.
    idle: usize,
    /// Threads that have not ended.
    running: usize,
    /// A thread ended by a panic, and what it was at will never be done.
    is_broken: bool,
}

enum Slot {
    Waiting(Piece),
    Begun,
    Done(Piece),
}

impl Ahead {
    /// Nothing is read yet.
    pub(super) fn new(bounds: Bounds, hashing: bool) -> Ahead {
        Ahead {
            bounds,
            hashing,
            shared: Arc::default(),
            threads: Vec::new(),
            cutter: Cutter::default(),
            spare: Vec::new(),
            made: 0,
        }
    }

    /// The next piece of this plan in stream order; `None` after the last.
    pub(super) fn next(&mut self, plan: &Plan) -> Option<Piece> {
        self.feed(plan);
        let mut queue = self.shared.queue();
        loop {
            match queue.slots.front()? {
                Slot::Done(_) => return queue.take(),
                Slot::Begun if queue.is_broken => {
                    drop(queue);
                    std::panic::resume_unwind(Box::new("a thread that reads ahead has ended by a panic"));
                }
                // Not sleeping is cheaper than waking up; but who hashes a large file must not also pass it on.
                _ if queue.has_files_waiting() || matches!(queue.slots.front(), Some(Slot::Waiting(_))) => {
                    let begun = queue.begin();
                    drop(queue);
                    if let Some((number, piece)) = begun {
                        self.shared.read(number, piece, self.hashing);
                    }
                    queue = self.shared.queue();
                }
                _ => queue = wait(&self.shared.done, queue),
            }
        }
    }

    /// Takes a piece back whose bytes have been passed on.
    pub(super) fn give_back(&mut self, piece: Piece) {
        self.spare.push(piece);
    }

    /// Gives out what pieces there are.
    fn feed(&mut self, plan: &Plan) {
        while let Some(mut piece) = self.spare.pop().or_else(|| self.make()) {
            let Some(number) = self.cutter.cut(plan, self.hashing, &mut piece) else {
                self.spare.push(piece);
                break;
            };
            let mut queue = self.shared.queue();
            debug_assert_eq!(number, queue.head + queue.slots.len() as u64);
            queue.slots.push_back(Slot::Waiting(piece));
            let (waiting, idle) = (queue.slots.len() - queue.begun, queue.idle);
            drop(queue);
            if idle > 0 {
                self.shared.work.notify_one();
            } else if waiting > 1 && self.threads.is_empty() {
                // A single piece is done sooner than a thread begins.
                self.start_threads();
            }
        }
    }

    fn make(&mut self) -> Option<Piece> {
        (self.made < self.bounds.pieces.max(1)).then(|| {
            self.made += 1;
            Piece::new(self.bounds.piece)
        })
    }

    fn start_threads(&mut self) {
        for number in 0..self.bounds.threads {
            let (shared, hashing) = (Arc::clone(&self.shared), self.hashing);
            let builder = thread::Builder::new().name(format!("reader {number}"));
            self.shared.queue().running += 1;
            match builder.spawn(move || shared.serve(hashing)) {
                Ok(thread) => self.threads.push(thread),
                Err(_) => {
                    // It only takes longer.
                    self.shared.queue().running -= 1;
                    self.bounds.threads = self.threads.len();
                    break;
                }
            }
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        self.shared.is_over.store(true, Ordering::Relaxed);
        queue.slots.clear();
        queue.begun = 0;
        self.shared.work.notify_all();
        let waited = self.shared.done.wait_timeout_while(queue, PATIENCE, |queue| queue.running > 0);
        let all_ended = waited.is_ok_and(|(_, timeout)| !timeout.timed_out());
        if all_ended {
            for thread in self.threads.drain(..) {
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    /// What a thread does.
    fn serve(&self, hashing: bool) {
        let _ending = Ending(self);
        let mut queue = self.queue();
        while !self.is_over.load(Ordering::Relaxed) {
            if let Some((number, piece)) = queue.begin() {
                drop(queue);
                self.read(number, piece, hashing);
                queue = self.queue();
            } else {
                queue.idle += 1;
                queue = wait(&self.work, queue);
                queue.idle -= 1;
            }
        }
    }

    fn read(&self, number: u64, piece: Piece, hashing: bool) {
        piece.read(number, hashing, &self.is_over, |number, piece| {
            let mut queue = self.queue();
            let at = number.checked_sub(queue.head).and_then(|at| usize::try_from(at).ok());
            // The slot is gone if the stream is.
            if let Some(slot) = at.and_then(|at| queue.slots.get_mut(at)) {
                *slot = Slot::Done(piece);
                drop(queue);
                if at == Some(0) {
                    self.done.notify_one();
                }
            }
        });
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Whether the next piece to be read is of whole files.
    fn has_files_waiting(&self) -> bool {
        matches!(self.slots.get(self.begun), Some(Slot::Waiting(piece)) if piece.is_files())
    }

    /// The next piece to be read, with its number.
    fn begin(&mut self) -> Option<(u64, Piece)> {
        let at = self.begun;
        match std::mem::replace(self.slots.get_mut(at)?, Slot::Begun) {
            Slot::Waiting(piece) => {
                self.begun += 1;
                Some((self.head + at as u64, piece))
            }
            other => {
                self.slots[at] = other;
                None
            }
        }
    }

    /// The head, which is done.
    fn take(&mut self) -> Option<Piece> {
        let Some(Slot::Done(piece)) = self.slots.pop_front() else { return None };
        self.head += 1;
        self.begun -= 1;
        Some(piece)
    }
}

/// Says that a thread ends, however it does.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.running -= 1;
        queue.is_broken |= thread::panicking();
        drop(queue);
        self.0.done.notify_all();
    }
}

fn wait<'a>(condition: &Condvar, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
    condition.wait(queue).unwrap_or_else(PoisonError::into_inner)
}
