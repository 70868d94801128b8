//! The `people` interface. It came later than the others: bindings of a world would demand it of every plugin, so its types stand here, and
//! are compared with the plugin's when it is called. What each means is the contract's `hooks.wit`.

use wasmtime::component::{ComponentType, Lift};

/// Somebody who was found.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct Candidate {
    /// What they are found by again.
    pub dn: String,
    /// Empty where there is none; so the others.
    #[component(name = "display-name")]
    pub display_name: String,
    /// User name.
    pub username: String,
    /// Mail address.
    pub email: String,
}

/// Somebody for whom a rule fails.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct Failing {
    /// What they are found by.
    pub dn: String,
    /// The problem's code.
    pub code: String,
}

/// What one rule comes to.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct Covered {
    /// The portal's field.
    pub field: String,
    /// People for whom it gives a value.
    pub valued: u32,
    /// People for whom it gives none, and need none.
    pub empty: u32,
    /// People for whom it fails.
    pub failing: u32,
    /// Of those, some.
    pub examples: Vec<Failing>,
}

/// What rules come to over a sample.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct Coverage {
    /// People looked at.
    pub sampled: u32,
    /// One for each rule.
    pub fields: Vec<Covered>,
}
