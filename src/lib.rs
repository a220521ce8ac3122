//! cedarburn.

pub mod burn;
pub mod config;
pub mod iso;
pub mod manifest;
pub mod scsi;
pub mod sector;
