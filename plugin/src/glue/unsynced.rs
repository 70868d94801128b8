//! The `unsynced` export.

use std::cell::RefCell;

use super::bindings::exports::marketplace::directory_sync::unsynced::{
    Document, Guest, GuestDocument, Problem,
};
use super::host::{Component, Imports};
use crate::{export, lifecycle};

/// A document that the host holds.
pub(super) struct Reading(RefCell<export::Document>);

impl Guest for Component {
    type Document = Reading;

    fn open(spreadsheet_safe: bool) -> Result<Document, Vec<Problem>> {
        let document = lifecycle::unsynced::open(&Imports, spreadsheet_safe);
        Ok(Document::new(Reading(RefCell::new(document))))
    }
}

impl GuestDocument for Reading {
    fn read(&self, max_bytes: u32) -> Vec<u8> {
        self.0.borrow_mut().read(&Imports, max_bytes)
    }
}
