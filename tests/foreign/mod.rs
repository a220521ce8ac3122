//! Readers of discs that we did not write, and the comparison of what they show with what they should.

pub(crate) mod bsdtar;
pub(crate) mod compare;
pub(crate) mod disc;
pub(crate) mod hadris;
pub(crate) mod image;
pub(crate) mod isofs;
pub(crate) mod isoinfo;
pub(crate) mod limits;
pub(crate) mod listing;
pub(crate) mod programs;
pub(crate) mod readers;
pub(crate) mod seven_zip;
pub(crate) mod xorriso;
