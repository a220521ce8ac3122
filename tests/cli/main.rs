//! The program as its user meets it: the real binary, run from outside with a configuration, a staging tree and a disc in a
//! simulated drive. Each file begins with what it promises. Nothing here needs another program, a network or a drive, and
//! nothing depends on how fast the machine is.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it has to be")]

mod bad_input;
mod broken_off;
mod by_hand;
mod cedars_rules;
mod changing_sources;
mod command_line;
mod deciding;
mod drives;
mod errors;
mod every_medium;
mod full_disk;
mod gate;
mod hooks;
mod image;
mod json_document;
mod messages;
mod one_at_a_time;
mod other_days;
mod read_only;
mod readme;
mod receipts;
mod showing;
mod span;
mod storing;
mod support;
mod validate;
#[path = "../common/violations.rs"]
mod violations;
