//! What a plugin is, settings, what verify found, receipts.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::problem::{Problem, Stage};
use super::{counts, each, settings};
use crate::contract::hooks::lifecycle as contract;

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Description {
    /// The product's name.
    pub name: String,
    /// The component's own version.
    pub version: String,
    /// The settings form, in the order to show.
    pub form: Vec<FormField>,
    /// The kinds of directory it knows.
    pub profiles: Vec<Profile>,
    /// What it needs, in plain words.
    pub needs: Vec<String>,
    /// The version of its time zone database.
    pub zone_database: String,
}

/// A field of the settings form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormField {
    /// The setting's key.
    pub key: String,
    /// How to ask for it: `text`, `multiline`, `number`, `boolean`, `choice`, `secret`, `filter`, `dn`.
    pub kind: &'static str,
    /// What stands before the field.
    pub label: String,
    /// What stands below it.
    pub help: String,
    /// An empty value is refused.
    pub required: bool,
    /// What an absent value means.
    pub default: String,
    /// For a choice.
    pub choices: Vec<String>,
}

/// A kind of directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Profile {
    /// Its name for programs.
    pub id: String,
    /// Its name for people.
    pub label: String,
}

/// Settings that were accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Configured {
    /// As stored; a handle in place of a secret.
    pub settings: BTreeMap<String, String>,
    /// Of settings and mapping.
    pub digest: String,
    /// What is allowed and yet unwise.
    pub warnings: Vec<Problem>,
}

/// What verify found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// In the order taken.
    pub stages: Vec<Stage>,
    /// The kind of directory that was detected.
    pub profile: String,
    /// Why that one.
    pub evidence: Vec<String>,
    /// Naming contexts that could be the base.
    pub bases: Vec<String>,
    /// Counts of people.
    pub tally: Tally,
}

/// What the directory would give, by a sample.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Tally {
    /// Entries that match.
    pub matched: u64,
    /// Of those, looked at.
    pub sampled: u64,
    /// Of the sample, people without a problem.
    pub would_map: u64,
    /// Of the sample, people with one.
    pub would_fail: u64,
    /// Of the sample, disabled in the directory.
    pub disabled: u64,
    /// How many people each problem concerns.
    pub reasons: BTreeMap<String, Value>,
}

/// What an uninstall removed, and what is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// What is gone.
    pub removed: Vec<ReceiptLine>,
    /// What stays.
    pub left: Vec<ReceiptLine>,
}

/// How many of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceiptLine {
    /// Of what.
    pub what: String,
    /// How many.
    pub count: u64,
}

/// The contract's name of a form field's kind.
pub(crate) fn form_kind(kind: contract::FormKind) -> &'static str {
    match kind {
        contract::FormKind::Text => "text",
        contract::FormKind::Multiline => "multiline",
        contract::FormKind::Number => "number",
        contract::FormKind::Boolean => "boolean",
        contract::FormKind::Choice => "choice",
        contract::FormKind::Secret => "secret",
        contract::FormKind::Filter => "filter",
        contract::FormKind::Dn => "dn",
    }
}

impl From<&contract::Description> for Description {
    fn from(description: &contract::Description) -> Self {
        Self {
            name: description.name.clone(),
            version: description.version.clone(),
            form: each(&description.form),
            profiles: each(&description.profiles),
            needs: description.needs.clone(),
            zone_database: description.zone_database.clone(),
        }
    }
}

impl From<&contract::FormField> for FormField {
    fn from(field: &contract::FormField) -> Self {
        Self {
            key: field.key.clone(),
            kind: form_kind(field.kind),
            label: field.label.clone(),
            help: field.help.clone(),
            required: field.required,
            default: field.default.clone(),
            choices: field.choices.clone(),
        }
    }
}

impl From<&contract::Profile> for Profile {
    fn from(profile: &contract::Profile) -> Self {
        Self {
            id: profile.id.clone(),
            label: profile.label.clone(),
        }
    }
}

impl From<&contract::Configured> for Configured {
    fn from(configured: &contract::Configured) -> Self {
        Self {
            settings: settings(&configured.settings),
            digest: configured.digest.clone(),
            warnings: each(&configured.warnings),
        }
    }
}

impl From<&contract::Report> for Report {
    fn from(report: &contract::Report) -> Self {
        let tally = &report.tally;
        Self {
            stages: each(&report.stages),
            profile: report.profile.clone(),
            evidence: report.evidence.clone(),
            bases: report.bases.clone(),
            tally: Tally {
                matched: tally.matched,
                sampled: tally.sampled,
                would_map: tally.would_map,
                would_fail: tally.would_fail,
                disabled: tally.disabled,
                reasons: counts(&tally.reasons),
            },
        }
    }
}

impl From<&contract::Receipt> for Receipt {
    fn from(receipt: &contract::Receipt) -> Self {
        Self {
            removed: each(&receipt.removed),
            left: each(&receipt.left),
        }
    }
}

impl From<&contract::ReceiptLine> for ReceiptLine {
    fn from(line: &contract::ReceiptLine) -> Self {
        Self {
            what: line.what.clone(),
            count: line.count,
        }
    }
}
