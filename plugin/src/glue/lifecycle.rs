//! The `lifecycle` export.

use super::bindings::exports::marketplace::directory_sync::lifecycle::{
    Afterwards, Configured, Description, FormField, FormKind, Guest, Problem, Profile, Receipt,
    ReceiptLine, Report, Setting, Tally,
};
use super::convert::{named, pairs, problems};
use super::host::{Component, Imports};
use crate::{lifecycle, settings};

impl Guest for Component {
    fn describe() -> Description {
        let described = lifecycle::describe();
        Description {
            name: described.name.into(),
            version: described.version.into(),
            form: described.form.iter().map(Into::into).collect(),
            profiles: described
                .profiles
                .into_iter()
                .map(|(id, label)| Profile {
                    id: id.into(),
                    label: label.into(),
                })
                .collect(),
            needs: described.needs.into_iter().map(str::to_owned).collect(),
            zone_database: described.zone_database.into(),
        }
    }

    fn install() -> Result<(), Vec<Problem>> {
        lifecycle::install(&Imports).map_err(problems)
    }

    fn uninstall(people: Afterwards) -> Result<Receipt, Vec<Problem>> {
        let people = match people {
            Afterwards::Keep => lifecycle::Afterwards::Keep,
            Afterwards::Deactivate => lifecycle::Afterwards::Deactivate,
        };
        let receipt = lifecycle::uninstall(&Imports, people).map_err(problems)?;
        Ok(Receipt {
            removed: lines(receipt.removed),
            left: lines(receipt.left),
        })
    }

    fn configure(settings: Vec<Setting>) -> Result<Configured, Vec<Problem>> {
        lifecycle::configure(&Imports, &pairs(settings))
            .map(Into::into)
            .map_err(problems)
    }

    fn configuration() -> Result<Configured, Vec<Problem>> {
        lifecycle::configuration(&Imports)
            .map(Into::into)
            .map_err(problems)
    }

    fn verify(settings: Vec<Setting>) -> Result<Report, Vec<Problem>> {
        lifecycle::verify(&Imports, &pairs(settings))
            .map(Into::into)
            .map_err(problems)
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

impl From<lifecycle::Configured> for Configured {
    fn from(configured: lifecycle::Configured) -> Self {
        Self {
            settings: named(configured.settings),
            digest: configured.digest,
            warnings: problems(configured.warnings),
        }
    }
}

impl From<lifecycle::Report> for Report {
    fn from(report: lifecycle::Report) -> Self {
        let tally = report.tally;
        Self {
            stages: report.stages.into_iter().map(Into::into).collect(),
            profile: report.profile,
            evidence: report.evidence,
            bases: report.bases,
            tally: Tally {
                matched: tally.matched,
                sampled: tally.sampled,
                would_map: tally.would_map,
                would_fail: tally.would_fail,
                disabled: tally.disabled,
                reasons: named(tally.reasons),
            },
        }
    }
}

fn lines(lines: Vec<(String, u64)>) -> Vec<ReceiptLine> {
    lines
        .into_iter()
        .map(|(what, count)| ReceiptLine { what, count })
        .collect()
}
