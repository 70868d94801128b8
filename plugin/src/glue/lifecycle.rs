//! The `lifecycle` export.

use super::bindings::exports::marketplace::directory_sync::lifecycle::{
    Afterwards, Configured, Description, FormField, FormKind, Guest, Problem, Receipt, Report,
    Setting,
};
use super::host::Component;
use super::unavailable;
use crate::settings;

impl Guest for Component {
    fn describe() -> Description {
        Description {
            name: "Rollcall".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            form: settings::form().iter().map(Into::into).collect(),
            profiles: Vec::new(),
            needs: Vec::new(),
            zone_database: String::new(),
        }
    }

    fn install() -> Result<(), Vec<Problem>> {
        Err(unavailable("install"))
    }

    fn uninstall(_: Afterwards) -> Result<Receipt, Vec<Problem>> {
        Err(unavailable("uninstall"))
    }

    fn configure(_: Vec<Setting>) -> Result<Configured, Vec<Problem>> {
        Err(unavailable("configure"))
    }

    fn configuration() -> Result<Configured, Vec<Problem>> {
        Err(unavailable("configuration"))
    }

    fn verify(_: Vec<Setting>) -> Result<Report, Vec<Problem>> {
        Err(unavailable("verify"))
    }
}

impl From<&settings::FormField> for FormField {
    fn from(field: &settings::FormField) -> Self {
        Self {
            key: field.key.into(),
            kind: match field.kind {
                settings::FormKind::Text => FormKind::Text,
                settings::FormKind::Multiline => FormKind::Multiline,
                settings::FormKind::Number => FormKind::Number,
                settings::FormKind::Choice => FormKind::Choice,
                settings::FormKind::Secret => FormKind::Secret,
                settings::FormKind::Filter => FormKind::Filter,
                settings::FormKind::Dn => FormKind::Dn,
            },
            label: field.label.into(),
            help: field.help.into(),
            required: field.required,
            default: field.default.into(),
            choices: field.choices.iter().map(|one| (*one).to_owned()).collect(),
        }
    }
}
