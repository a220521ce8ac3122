//! SIGINT, SIGTERM and SIGHUP: the first asks for an end in good order, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use super::exit;

/// Blocks the signals in this thread, and so in all it starts, and waits for them in one of its own. The flag is set by the first.
pub(super) fn watch() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGHUP);
    // A file that grows beyond the user's limit is an error of the write, which then says so.
    let mut too_large = SigSet::empty();
    too_large.add(Signal::SIGXFSZ);
    let _ = too_large.thread_block();
    if signals.thread_block().is_ok() {
        let stop = stop.clone();
        let watching = thread::Builder::new().spawn(move || {
            while signals.wait().is_ok() {
                if stop.swap(true, Ordering::Relaxed) {
                    std::process::exit(i32::from(exit::INTERRUPTED));
                }
                tracing::warn!("interrupted: ending in good order; a second signal ends at once");
            }
        });
        if watching.is_err() {
            // The user may have no more threads: then the first signal ends the program at once.
            let _ = signals.thread_unblock();
        }
    }
    stop
}
