//! Fills a tree from a staging directory.
