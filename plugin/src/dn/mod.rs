//! Distinguished names (text form RFC 4514).
//!
//! - [`name`](Dn): the name as a list of RDNs, and what can be asked of it
//! - `parse`: from text, with the position of what is wrong
//! - `print`: back to text
//! - `compare`: equal whatever the spelling

mod compare;
mod name;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use name::{Dn, DnValue, NamePart, Rdn};
