//! SIGINT, SIGTERM and SIGHUP: how a run is ended from outside.
//!
//! 1. The first asks for an end in good order: what the drive has begun is waited for.
//! 2. The second does not wait for the drive. Who holds it gives its tray free, and the speed back that it had, and ends: that is
//!    done by the thread that holds it, and takes some seconds at most.
//! 3. The third, or those seconds being over, ends the program at once. A tray may stay locked then.
//!
//! A program that holds no drive ends with the second signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};

use super::exit;
use crate::scsi::drive;

/// How long it takes to leave a drive that answers.
const LEAVING: Duration = Duration::from_secs(30);

fn of_the_user() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect()
}

/// Blocks the signals in this thread, and so in all it starts, before anything else is done: one that comes before they are waited for is
/// heard then, and ends the program with its exit code and not as signals do.
pub(super) fn hold() {
    let _ = of_the_user().thread_block();
    // A file that grows beyond the user's limit is an error of the write, which then says so.
    let _ = SigSet::from(Signal::SIGXFSZ).thread_block();
}

/// Waits for the signals that are [held](hold) in a thread of its own. The flag is set by the first.
pub(super) fn watch() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let signals = of_the_user();
    if signals.thread_block().is_ok() {
        let stop = stop.clone();
        let watching = thread::Builder::new().spawn(move || {
            if signals.wait().is_err() {
                return;
            }
            stop.store(true, Ordering::Relaxed);
            tracing::warn!("interrupted: ending in good order; a second signal does not wait for the drive");
            if signals.wait().is_err() {
                return;
            }
            drive::give_up_waiting();
            if !drive::is_any_held() || thread::Builder::new().spawn(end_later).is_err() {
                end();
            }
            tracing::warn!("interrupted again: the drive is not waited for; a third signal ends at once");
            if signals.wait().is_ok() {
                end();
            }
        });
        if watching.is_err() {
            // The user may have no more threads: then the first signal ends the program at once.
            let _ = signals.thread_unblock();
        }
    }
    stop
}

fn end_later() {
    thread::sleep(LEAVING);
    end();
}

fn end() -> ! {
    std::process::exit(i32::from(exit::INTERRUPTED));
}
