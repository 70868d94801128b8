//! What a person reads: text laid out for a terminal of some width.
//!
//! A view turns the contract's records into text; nothing here asks a port for anything. Colour is written
//! always and taken out on the way to anything but a terminal. Whatever came from a directory is
//! made printable first: its values are free to hold escape sequences.
//!
//! - [`clean`]: untrusted text made printable
//! - [`paint`]: the few styles
//! - [`table`]: aligned columns
//! - [`page`]: headings, paragraphs, facts
//! - [`stages`]: staged reports, mapped fields and problems
//! - [`plans`]: runs, rows and guards

pub(crate) mod clean;
pub(crate) mod page;
pub(crate) mod paint;
pub(crate) mod plans;
pub(crate) mod stages;
pub(crate) mod table;

pub(crate) use clean::clean;
pub(crate) use page::Page;
pub(crate) use table::{Cell, Table};
