//! The people whom a run could not bring over, as CSV (RFC 4180, UTF-8), piece by piece.
//!
//! - [`document`]: the pieces, whole lines each
//! - [`neutral`]: cells that a spreadsheet would run

pub mod document;
pub mod neutral;

pub use document::Document;
