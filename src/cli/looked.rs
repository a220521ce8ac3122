//! A disc as the actions that change it tell it, before and afterwards.

use serde::Serialize;

use super::output;
use crate::actions::disc::Looked;
use crate::sector::Sectors;

/// A disc in a few fields.
#[derive(Debug, Serialize)]
pub(super) struct LookedFields {
    medium: String,
    /// One of the words of [`State`](crate::burn::State).
    status: &'static str,
    state: String,
    capacity_bytes: Option<u64>,
    free_bytes: Option<u64>,
}

impl LookedFields {
    pub(super) fn new(looked: &Looked) -> LookedFields {
        LookedFields {
            medium: looked.medium.clone(),
            status: looked.status,
            state: looked.state.clone(),
            capacity_bytes: looked.capacity.map(Sectors::bytes),
            free_bytes: looked.free.map(Sectors::bytes),
        }
    }

    /// In one line.
    pub(super) fn words(&self) -> String {
        format!("{}, {}, {}", self.medium, self.state, room(self.free_bytes, self.capacity_bytes))
    }
}

/// How much of a disc is free, as far as the drive tells.
pub(super) fn room(free: Option<u64>, capacity: Option<u64>) -> String {
    match (free.map(output::size), capacity.map(output::size)) {
        (None, _) => "how much is free is known after the repair".to_owned(),
        (Some(free), Some(capacity)) => format!("{free} of {capacity} free"),
        (Some(free), None) => format!("{free} free, how large it is the drive does not tell"),
    }
}
