//! The list of digests that each session carries, in the format of `sha256sum`.
