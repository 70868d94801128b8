//! The settings: the form, how a filled-in form becomes a [`Configuration`], and how that is kept.
//!
//! - [`form`]: the fields, with label, help and default
//! - [`parse`]: from texts to [`Settings`], all problems at once
//! - [`places`]: the bases, and what is left out below them
//! - [`servers`]: the server list and its contradictions
//! - [`adoption`]: whom a new person takes over
//! - `id_attribute`: by what people are known
//! - `authentication`, [`bind_name`]: who asks, and as which kind of name
//! - [`certificate`]: whether a text can be a PEM bundle
//! - [`role_rules`]: rules that make roles of groups
//! - [`configuration`]: settings and rules together, their digest, and how they are stored

pub mod adoption;
mod authentication;
pub mod bind_name;
pub mod certificate;
pub mod configuration;
pub mod form;
pub(crate) mod id_attribute;
pub mod parse;
pub mod places;
pub mod role_rules;
pub mod servers;

pub use adoption::Adoption;
pub use configuration::Configuration;
pub use form::{FormField, FormKind, form};
pub use parse::{GuardLimits, LeaverPolicy, Parsed, ProfileChoice, Settings, parse};
pub use places::{Places, Where};
pub use role_rules::{GroupName, RoleRule};

/// What the setting `profile` can be.
pub const PROFILE_CHOICES: &[&str] = &[
    "auto",
    "active-directory",
    "freeipa",
    "389-ds",
    "openldap",
    "generic",
];
