//! Readers of discs that we did not write, and the comparison of what they show with what they should.

pub(crate) mod big;
pub(crate) mod bsdtar;
pub(crate) mod compare;
pub(crate) mod differences;
pub(crate) mod disc;
pub(crate) mod document;
pub(crate) mod hadris;
pub(crate) mod image;
pub(crate) mod isofs;
pub(crate) mod isoinfo;
pub(crate) mod limit_tree;
pub(crate) mod limits;
pub(crate) mod listing;
pub(crate) mod other_trees;
pub(crate) mod others;
pub(crate) mod programs;
pub(crate) mod properties;
pub(crate) mod pycdlib;
pub(crate) mod readers;
pub(crate) mod sessions;
pub(crate) mod seven_zip;
pub(crate) mod table;
pub(crate) mod xorriso;
