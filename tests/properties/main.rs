//! Whatever tree is put on a disc comes off it again, in our reader and in one that shares nothing with it, and every
//! session of any history shows what it showed when it was written.
//!
//! * [`trees`]: one session of any tree, any attributes, anywhere on a disc.
//! * [`damage`]: what is spoiled in a session's metadata costs what it says, and never more than the disc is large.
//! * [`histories`]: days that are replaced as a whole, on media that only grow and on overwritable ones.
//!
//! `PROPTEST_CASES` says how many trees and histories; without it they take a few seconds.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it has to be")]

mod damage;
mod disc;
mod generate;
mod hadris;
mod histories;
mod model;
mod trees;

use proptest::test_runner::Config;

/// The configuration for `cases` cases, or as many as the environment asks for.
fn cases(cases: u32) -> Config {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config { failure_persistence: None, ..Config::default() };
    if asked { default } else { Config { cases, ..default } }
}
