//! The `unsynced` export.

use super::bindings::exports::marketplace::directory_sync::unsynced::{
    Document, Guest, GuestDocument, Problem,
};
use super::host::Component;
use super::unavailable;

/// A document that the host holds.
pub(super) struct Reading;

impl Guest for Component {
    type Document = Reading;

    fn open(_: bool) -> Result<Document, Vec<Problem>> {
        Err(unavailable("open"))
    }
}

impl GuestDocument for Reading {
    fn read(&self, _: u32) -> Vec<u8> {
        Vec::new()
    }
}
