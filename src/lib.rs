//! cedarburn.

pub mod actions;
pub mod burn;
pub mod cli;
pub mod config;
pub mod iso;
pub mod scsi;
pub mod sector;
