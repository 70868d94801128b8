//! Filters in prefix order.

use super::bindings::marketplace::directory_sync::ldap::{
    Assertion, Extensible, FilterNode, Substrings,
};
use crate::filter::Filter;

/// A filter's nodes; they borrow from it and from the parts that it was given to keep.
pub(super) struct Nodes<'a> {
    middles: Vec<Vec<&'a [u8]>>,
}

impl<'a> Nodes<'a> {
    /// Prepares the lists of lists that the contract's nodes borrow.
    pub(super) fn of(filter: &'a Filter) -> Self {
        let mut middles = Vec::new();
        let mut open = vec![filter];
        while let Some(filter) = open.pop() {
            match filter {
                Filter::And(all) | Filter::Or(all) => open.extend(all.iter().rev()),
                Filter::Not(one) => open.push(one),
                Filter::Substrings { any, .. } => {
                    middles.push(any.iter().map(Vec::as_slice).collect())
                }
                _ => {}
            }
        }
        Self { middles }
    }

    /// The nodes.
    pub(super) fn list<'b>(&'b self, filter: &'b Filter) -> Vec<FilterNode<'b>> {
        let mut nodes = Vec::new();
        let mut middles = self.middles.iter();
        let mut open = vec![filter];
        while let Some(filter) = open.pop() {
            nodes.push(match filter {
                Filter::And(all) => {
                    open.extend(all.iter().rev());
                    FilterNode::And(length(all))
                }
                Filter::Or(all) => {
                    open.extend(all.iter().rev());
                    FilterNode::Or(length(all))
                }
                Filter::Not(one) => {
                    open.push(one);
                    FilterNode::Not
                }
                Filter::Equal(attribute, value) => FilterNode::Equal(assertion(attribute, value)),
                Filter::Substrings {
                    attribute,
                    initial,
                    last,
                    ..
                } => FilterNode::Substrings(Substrings {
                    attribute,
                    initial: initial.as_deref(),
                    any: middles.next().map_or(&[], Vec::as_slice),
                    final_: last.as_deref(),
                }),
                Filter::GreaterOrEqual(attribute, value) => {
                    FilterNode::GreaterOrEqual(assertion(attribute, value))
                }
                Filter::LessOrEqual(attribute, value) => {
                    FilterNode::LessOrEqual(assertion(attribute, value))
                }
                Filter::Approximate(attribute, value) => {
                    FilterNode::Approximate(assertion(attribute, value))
                }
                Filter::Present(attribute) => FilterNode::Present(attribute),
                Filter::Extensible {
                    attribute,
                    rule,
                    value,
                    dn_attributes,
                } => FilterNode::Extensible(Extensible {
                    attribute: attribute.as_deref(),
                    rule: rule.as_deref(),
                    value,
                    dn_attributes: *dn_attributes,
                }),
            });
        }
        nodes
    }
}

fn assertion<'a>(attribute: &'a str, value: &'a [u8]) -> Assertion<'a> {
    Assertion { attribute, value }
}

fn length(filters: &[Filter]) -> u32 {
    u32::try_from(filters.len()).unwrap_or(u32::MAX)
}
