//! Which portal field is made of what: rules as data, compiled once and evaluated on every entry.
//!
//! A rule's source is a template: literal text and parts `{attribute|transform|transform:argument}`.
//! `{displayName,cn}` takes the first attribute that has a value; the pseudo attribute `dn` is the
//! entry's name. A backslash makes `{ } | : , \` literal. A part gives one value: the first that is not
//! blank, unless a transform such as `join` says otherwise. A value of white space only counts as no value.
//!
//! - [`rule`](Rule): a rule as stored, and what happens where its source is empty
//! - [`compiled`](Mapping): rules compiled against the portal's fields, evaluated on an entry
//! - [`link`](Link): the rule for a field that holds another person
//! - [`mapped`](Mapped): what a rule makes of an entry
//! - `photo`: which pictures come over
//! - `template`: the parts of a source and their evaluation
//! - `parse`: sources from text, with the position of what is wrong
//! - `transform`: the closed list of transforms
//! - `catalog`: transforms by name, with their arguments checked
//! - `apply`: what each transform does to a value

mod apply;
mod catalog;
mod compiled;
mod link;
mod mapped;
mod parse;
mod photo;
mod rule;
mod template;
#[cfg(test)]
mod tests;
mod transform;

pub use catalog::TRANSFORMS;
pub use compiled::Mapping;
pub use link::Link;
pub use mapped::{Mapped, Traced, Value};
pub use rule::{OnEmpty, Rule};
pub use transform::Transform;
