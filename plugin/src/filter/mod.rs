//! LDAP filters (RFC 4511 section 4.5.1.7, text form RFC 4515).
//!
//! - [`tree`](Filter): the filter itself, and the attributes it names
//! - `parse`: from text, with the position of what is wrong
//! - `print`: back to text
//! - `evaluate`: on an entry, in three values
//! - `compare`: what makes an assertion value match without a schema at hand
//! - `disabled`: whether a filter hides disabled accounts

mod compare;
mod disabled;
mod evaluate;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod tree;

pub use tree::Filter;
