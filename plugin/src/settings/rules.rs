//! Mapping rules as an administrator writes them and as they are stored (contract: `mapping.rule`).

use serde::{Deserialize, Serialize};

/// What happens where a rule's source has no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenEmpty {
    /// The portal keeps what it has.
    Keep,
    /// The field is cleared.
    Clear,
    /// This value instead.
    Default(String),
}

/// One rule, unread: see the mapping for what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RuleText {
    /// The portal's field.
    pub field: String,
    /// The template.
    pub source: String,
    /// Where there is no value.
    pub on_empty: WhenEmpty,
}
