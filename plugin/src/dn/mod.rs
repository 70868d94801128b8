//! Distinguished names (text form RFC 4514).
//!
//! - [`name`](Dn): the name as a list of RDNs, and what can be asked of it
//! - `parse`: from text, with the position of what is wrong
//! - `print`: back to text
//! - `compare`: equal whatever the spelling
//! - [`key`]: one spelling for hashing, made quickly

mod compare;
mod key;
mod name;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use key::key;
pub use name::{Dn, DnValue, NamePart, Rdn};
