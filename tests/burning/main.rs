//! A backup that is on a disc stays on it. Whatever fails, at whatever command, and however often the power goes: the
//! days that a disc showed before are still there, nothing is called stored that is not, and the next run puts right what the
//! broken one left. The tests here burn real sessions on simulated drives and read them back.
//!
//! * [`protocol`]: a careful client. No burn does what a real drive would take amiss, and the tray is free at the end.
//! * [`media`]: the same of every medium there is.
//! * [`traces`]: the exact commands of every recipe, as text to read and compare.
//! * [`readback`]: every sector is read once, forward, and compared.
//! * [`damage`]: every kind of fault at every kind of command.
//! * [`habits`]: every habit a real drive may have.
//! * [`power`]: the power goes at every command.
//! * [`others_discs`]: what other programs began is carried on.
//! * [`histories`]: weeks of storing, changing, starting anew and breaking off, against a model.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it has to be")]

mod damage;
mod drive;
mod habits;
mod histories;
mod media;
mod others_discs;
mod power;
mod protocol;
mod readback;
mod traces;
#[path = "../common/violations.rs"]
mod violations;
mod workshop;
