//! The order of commands of every recipe, byte by byte.
