//! A disc as the actions that change it tell it, before and afterwards.

use serde::Serialize;

use super::output;
use crate::actions::disc::Looked;

/// A disc in a few fields.
#[derive(Debug, Serialize)]
pub(super) struct LookedFields {
    medium: String,
    /// One of the words of [`State::word`](crate::burn::State::word).
    status: &'static str,
    state: String,
    capacity_bytes: u64,
    free_bytes: u64,
}

impl LookedFields {
    pub(super) fn new(looked: &Looked) -> LookedFields {
        LookedFields {
            medium: looked.medium.clone(),
            status: looked.status,
            state: looked.state.clone(),
            capacity_bytes: looked.capacity.bytes(),
            free_bytes: looked.free.bytes(),
        }
    }

    /// In one line.
    pub(super) fn words(&self) -> String {
        let (free, capacity) = (output::size(self.free_bytes), output::size(self.capacity_bytes));
        format!("{}, {}, {free} of {capacity} free", self.medium, self.state)
    }
}
