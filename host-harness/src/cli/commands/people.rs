//! `people`: the portal's people, to see what a sync did and to play the portal's part.

use std::collections::HashMap;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::json as shape;
use crate::cli::view::paint::{self, counted};
use crate::cli::view::plans::moment;
use crate::cli::view::{Cell, Table};
use crate::contract::portal::{LicenceState, Person, Status};
use crate::ports::{PersonEdit, TenantId, Whom};
use crate::tenant::Hook;

use super::install::tenant;

/// Commands about the portal's people.
#[derive(Debug, Subcommand)]
pub(crate) enum People {
    /// List people that a sync brought
    List(List),
    /// Show one person with all fields
    Show(Show),
    /// Edit one person as somebody in the portal would
    Edit(Edit),
    /// Show how many seats the licence has, or set it
    Seats(Seats),
}

/// Arguments of `people list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Begin after this external id
    #[arg(long, value_name = "EXTERNAL-ID", default_value = "")]
    after: String,
}

/// Arguments of `people show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// External id, or the portal's own id
    person: String,
}

/// Arguments of `people edit`.
#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// External id, or the portal's own id
    person: String,
    /// A field's new value; an empty one clears it (repeatable)
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// The new role
    #[arg(long)]
    role: Option<String>,
    /// The new status
    #[arg(long, value_enum)]
    status: Option<StatusName>,
}

/// Arguments of `people seats`.
#[derive(Debug, Args)]
pub(crate) struct Seats {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// How many people may be active; 0 is no limit. Without it, nothing is changed
    #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    seats: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StatusName {
    Active,
    Inactive,
}

impl People {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self {
            // Whom it was done to is a person.
            Self::Edit(edit) => Doing::to(&edit.tenant, "people.edit", ""),
            Self::Seats(seats) => seats
                .seats
                .and_then(|n| Doing::to(&seats.tenant, "seats", n)),
            Self::List(_) | Self::Show(_) => None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "people list",
            Self::Show(_) => "people show",
            Self::Edit(_) => "people edit",
            Self::Seats(_) => "people seats",
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        match self {
            Self::List(list) => list.run(app).await,
            Self::Show(Show { tenant, person }) => shown(app, &tenant, &whom(person)).await,
            Self::Edit(edit) => edit.run(app).await,
            Self::Seats(seats) => seats.run(app).await,
        }
    }
}

impl List {
    async fn run(self, app: &App) -> Hook<Answer> {
        let store = app.store().await?;
        let index = store.index(&self.tenant, &self.after, self.limit).await?;
        let mut people = Vec::new();
        for ids in index.external_ids.chunks(1000) {
            people.extend(store.people(&self.tenant, ids).await?);
        }
        people.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        let since: HashMap<&str, u64> = index
            .external_ids
            .iter()
            .map(String::as_str)
            .zip(index.absent_since.iter().copied())
            .filter(|(_, since)| *since > 0)
            .collect();
        let absent = |person: &Person| since.get(person.external_id.as_str()).copied();
        let (licence, all) = (
            store.licence(&self.tenant).await?,
            store.count(&self.tenant).await?,
        );
        let mut page = app.out.page();
        let mut table = Table::new(&[
            "id",
            "status",
            "user name",
            "name",
            "email",
            "role",
            "absent since",
            "external id",
        ]);
        for person in &people {
            table.row([
                Cell::new(&person.id),
                status_cell(person.status),
                Cell::new(value(person, "username")),
                Cell::styled(value(person, "display-name"), paint::STRONG),
                Cell::new(value(person, "email")),
                Cell::styled(&person.role, paint::DIM),
                Cell::styled(absent(person).map_or_else(String::new, day), paint::CAUTION),
                Cell::styled(&person.external_id, paint::DIM),
            ]);
        }
        page.table(&table);
        page.gap();
        page.aside(&format!(
            "{} in the portal; {}.",
            counted(all, "person", "people"),
            seats_told(&licence)
        ));
        if let Some(last) = index.external_ids.last().filter(|_| index.more) {
            page.aside(&format!("More: --after {last}"));
        }
        let json = json!({
            "people": people.iter().map(|p| person_json(p, absent(p))).collect::<Vec<_>>(),
            "all": all,
            "active": licence.used,
            "seats": licence.seats,
            "more": index.more,
        });
        Ok(Answer::done(page, json))
    }
}

impl Edit {
    async fn run(self, app: &App) -> Hook<Answer> {
        let whom = whom(self.person);
        let edit = PersonEdit {
            values: self
                .set
                .into_iter()
                .map(|(field, value)| (field, Some(value).filter(|v| !v.is_empty())))
                .collect(),
            role: self.role,
            status: self.status.map(|s| match s {
                StatusName::Active => Status::Active,
                StatusName::Inactive => Status::Inactive,
            }),
        };
        app.store()
            .await?
            .edit_person(&self.tenant, &whom, &edit)
            .await?;
        shown(app, &self.tenant, &whom).await
    }
}

impl Seats {
    async fn run(self, app: &App) -> Hook<Answer> {
        let store = app.store().await?;
        if let Some(seats) = self.seats {
            store.set_seats(&self.tenant, seats).await?;
        }
        let licence = store.licence(&self.tenant).await?;
        let mut page = app.out.page();
        page.facts(&[("seats", seats_told(&licence))]);
        let json = json!({ "seats": licence.seats, "active": licence.used });
        Ok(Answer::done(page, json))
    }
}

/// How many are active, and how many may be.
fn seats_told(licence: &LicenceState) -> String {
    let active = paint::number(licence.used);
    match licence.seats {
        0 => format!("{active} active, without a limit"),
        seats => format!("{active} active of {}", counted(seats, "seat", "seats")),
    }
}

async fn shown(app: &App, tenant: &TenantId, whom: &Whom) -> Hook<Answer> {
    let store = app.store().await?;
    let person = store.person(tenant, whom).await?;
    let absent = store.absent_since(tenant, &person.external_id).await?;
    let mut page = app.out.page();
    let mut facts = vec![
        ("id".to_owned(), person.id.clone()),
        ("external id".to_owned(), person.external_id.clone()),
        ("dn".to_owned(), person.dn.clone()),
        ("status".to_owned(), told(&person)),
        ("role".to_owned(), person.role.clone()),
        (
            "absent from the directory since".to_owned(),
            absent.map_or_else(String::new, |since| moment(milliseconds(since))),
        ),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    page.facts(&facts);
    page.gap();
    page.facts(
        &person
            .values
            .iter()
            .map(|v| (v.field.as_str(), v.value.as_str()))
            .collect::<Vec<_>>(),
    );
    if !person.changed_in_portal.is_empty() {
        page.gap();
        page.facts(&[("changed in the portal", person.changed_in_portal.join(", "))]);
    }
    Ok(Answer::done(page, person_json(&person, absent)))
}

/// An external id looks like one; the portal's own ids are numbers.
fn whom(text: String) -> Whom {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        Whom::Id(text)
    } else {
        Whom::ExternalId(text)
    }
}

fn told(person: &Person) -> String {
    match (person.status, person.deactivated_by_sync) {
        (Status::Active, _) => "active".to_owned(),
        (Status::Inactive, true) => "inactive, by a sync".to_owned(),
        (Status::Inactive, false) => "inactive".to_owned(),
    }
}

fn milliseconds(unix_seconds: u64) -> i64 {
    i64::try_from(unix_seconds).map_or(i64::MAX, |s| s.saturating_mul(1000))
}

fn day(unix_seconds: u64) -> String {
    let moment = moment(milliseconds(unix_seconds));
    moment.split(' ').next().unwrap_or_default().to_owned()
}

fn status_cell(status: Status) -> Cell {
    match status {
        Status::Active => Cell::styled("active", paint::GOOD),
        Status::Inactive => Cell::styled("inactive", paint::CAUTION),
    }
}

fn value<'a>(person: &'a Person, field: &str) -> &'a str {
    person
        .values
        .iter()
        .find(|v| v.field == field)
        .map_or("", |v| v.value.as_str())
}

fn person_json(person: &Person, absent_since: Option<u64>) -> Value {
    let values: serde_json::Map<String, Value> = person
        .values
        .iter()
        .map(|v| (v.field.clone(), json!(v.value)))
        .collect();
    json!({
        "id": person.id,
        "external_id": person.external_id,
        "dn": person.dn,
        "status": match person.status { Status::Active => "active", Status::Inactive => "inactive" },
        "deactivated_by_sync": person.deactivated_by_sync,
        "role": person.role,
        "absent_since": absent_since.map(|since| shape::moment(milliseconds(since))),
        "changed_in_portal": person.changed_in_portal,
        "values": values,
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.is_empty() => Ok((field.to_owned(), value.to_owned())),
        _ => Err("write FIELD=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::types::FieldValue;

    #[test]
    fn an_absent_person_says_since_when_and_a_present_one_nothing() {
        let person = Person {
            id: "1".into(),
            external_id: "a".into(),
            dn: String::new(),
            status: Status::Active,
            deactivated_by_sync: false,
            role: "requester".into(),
            values: vec![FieldValue {
                field: "username".into(),
                value: "ada".into(),
            }],
            changed_in_portal: vec![],
            source_hash: vec![],
        };
        let absent = person_json(&person, Some(1_700_000_000));
        assert_eq!(absent["absent_since"], "2023-11-14T22:13:20.000Z");
        assert!(person_json(&person, None)["absent_since"].is_null());
        assert!(day(1_700_000_000).starts_with("2023-11-1"));
    }
}
