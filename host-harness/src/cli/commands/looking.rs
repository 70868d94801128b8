//! `map find` and `map coverage`: whom the directory has, and what rules come to over a sample of them.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::view::{Cell, Page, Table, paint};
use crate::contract::people::{Candidate, Coverage, Covered};
use crate::ports::TenantId;
use crate::tenant::Hook;

use super::install::tenant;

/// Arguments of `map find`.
#[derive(Debug, Args)]
pub(crate) struct Find {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// A part of a name, a user name or a mail address; without it the first people
    #[arg(default_value = "", hide_default_value = true)]
    text: String,
}

/// People found at most.
const MOST: u32 = 20;

impl Find {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let found = app
            .tenant(&self.tenant)
            .await?
            .find(&self.text, MOST)
            .await?;
        let mut page = app.out.page();
        let mut table = Table::new(&["name", "user name", "mail", "dn"]);
        for one in &found {
            table.row([
                Cell::styled(&one.display_name, paint::ACCENT),
                Cell::new(&one.username),
                Cell::new(&one.email),
                Cell::styled(&one.dn, paint::DIM),
            ]);
        }
        if found.is_empty() {
            page.paragraph(
                "Nobody whom a sync sees has that in a name, a user name or a mail address.",
            );
        }
        page.table(&table);
        let people: Vec<Value> = found.iter().map(candidate).collect();
        Ok(Answer::done(page, json!({ "people": people })))
    }
}

fn candidate(one: &Candidate) -> Value {
    json!({ "dn": one.dn, "display_name": one.display_name, "username": one.username, "email": one.email })
}

/// What rules come to, as a table.
pub(super) fn show_coverage(page: &mut Page, coverage: &Coverage) {
    page.facts(&[("people looked at", coverage.sampled.to_string())]);
    let mut table = Table::new(&[
        "field",
        ">with a value",
        ">without",
        ">failing",
        "for example",
    ]);
    for field in &coverage.fields {
        let example = field.examples.first();
        let example = example.map_or_else(String::new, |one| format!("{}: {}", one.code, one.dn));
        let failing = field.failing.to_string();
        table.row([
            Cell::styled(&field.field, paint::ACCENT),
            Cell::new(field.valued.to_string()),
            Cell::new(field.empty.to_string()),
            match field.failing {
                0 => Cell::new(failing),
                _ => Cell::styled(failing, paint::CAUTION),
            },
            Cell::styled(example, paint::DIM),
        ]);
    }
    page.table(&table);
}

/// The same for programs.
pub(super) fn coverage(coverage: &Coverage) -> Value {
    let field = |one: &Covered| {
        let examples = one.examples.iter();
        let examples = examples.map(|one| json!({ "dn": one.dn, "code": one.code }));
        json!({
            "field": one.field, "valued": one.valued, "empty": one.empty, "failing": one.failing,
            "examples": examples.collect::<Vec<Value>>(),
        })
    };
    let fields: Vec<Value> = coverage.fields.iter().map(field).collect();
    json!({ "sampled": coverage.sampled, "fields": fields })
}
