//! Reads a tree from a disc.
