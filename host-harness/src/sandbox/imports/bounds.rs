//! The contract's limits on requests.

use crate::Problem;
use crate::contract::ldap::{FilterNode, SearchRequest};

const ATTRIBUTES: usize = 256;
const FILTER_NODES: usize = 10_000;
const FILTER_DEPTH: usize = 100;

/// Refuses (`bad-request`) more of something than the contract allows.
pub(super) fn at_most(what: &str, count: usize, limit: usize) -> Result<(), Problem> {
    if count <= limit {
        return Ok(());
    }
    Err(bad_request(&format!(
        "{count} {what}, where the contract allows {limit}"
    )))
}

/// Refuses (`bad-request`) a number outside of its range.
pub(super) fn within(what: &str, number: u32, limit: u32) -> Result<(), Problem> {
    if (1..=limit).contains(&number) {
        return Ok(());
    }
    Err(bad_request(&format!(
        "{what} {number}, where the contract allows 1 to {limit}"
    )))
}

/// Checks a search request: its size, and that its filter is exactly one tree.
pub(super) fn search(request: &SearchRequest) -> Result<(), Problem> {
    at_most("attributes", request.attributes.len(), ATTRIBUTES)?;
    within("page-size", request.page_size, 1000)?;
    at_most("filter nodes", request.filter.len(), FILTER_NODES)?;
    tree(&request.filter)
}

/// Walks a filter in prefix order; `open` holds how many operands each node around still wants.
fn tree(nodes: &[FilterNode]) -> Result<(), Problem> {
    let mut open: Vec<u32> = vec![1];
    for node in nodes {
        while open.last() == Some(&0) {
            open.pop();
        }
        let Some(wanted) = open.last_mut() else {
            return Err(bad_request("a filter with nodes after its end"));
        };
        *wanted -= 1;
        match node {
            FilterNode::And(operands) | FilterNode::Or(operands) => open.push(*operands),
            FilterNode::Not => open.push(1),
            _ => {}
        }
        at_most("levels of a filter", open.len() - 1, FILTER_DEPTH)?;
    }
    if open.iter().any(|&wanted| wanted > 0) {
        return Err(bad_request("a filter that ends before its operands"));
    }
    Ok(())
}

fn bad_request(what: &str) -> Problem {
    Problem::new(
        "bad-request",
        format!("the plugin asked for {what}"),
        "This is a fault in the plugin: tell its maker.",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn leaf() -> FilterNode {
        FilterNode::Present("mail".into())
    }

    #[test]
    fn trees_are_accepted() {
        tree(&[leaf()]).unwrap();
        tree(&[FilterNode::And(0)]).unwrap();
        tree(&[
            FilterNode::And(2),
            FilterNode::Not,
            leaf(),
            FilterNode::Or(2),
            leaf(),
            leaf(),
        ])
        .unwrap();
    }

    #[test]
    fn what_is_not_one_tree_is_refused() {
        for nodes in [
            vec![],
            vec![leaf(), leaf()],
            vec![FilterNode::Not],
            vec![FilterNode::And(2), leaf()],
            vec![FilterNode::And(1), leaf(), leaf()],
            vec![FilterNode::Or(u32::MAX), leaf()],
        ] {
            assert_eq!(tree(&nodes).unwrap_err().code, "bad-request", "{nodes:?}");
        }
    }

    #[test]
    fn a_filter_that_is_too_deep_is_refused() {
        let mut nodes = vec![FilterNode::Not; FILTER_DEPTH + 1];
        nodes.push(leaf());
        assert_eq!(tree(&nodes).unwrap_err().code, "bad-request");
    }

    #[test]
    fn numbers_at_the_limit_are_allowed_and_beyond_it_refused() {
        within("limit", 1000, 1000).unwrap();
        within("limit", 0, 1000).unwrap_err();
        within("limit", 1001, 1000).unwrap_err();
        at_most("rows", 1000, 1000).unwrap();
        at_most("rows", 1001, 1000).unwrap_err();
    }
}
