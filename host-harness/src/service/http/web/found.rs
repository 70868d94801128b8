//! People found by a part of a name, to pick one from on whom rules are tried.

use askama::Template;

use super::super::scope::{Admin, Scope};
use super::entered::{In, Shown};
use super::fields::Fields;
use super::frame::page;
use crate::contract::people::Candidate;
use crate::ports::TenantId;
use crate::shape;
use crate::tenant::Tenant;

/// People found at most.
const MOST: u32 = 20;

/// Somebody to pick.
struct Line {
    dn: String,
    name: String,
    /// What tells them from others of that name.
    more: String,
}

/// Whom a text finds, or why it finds nobody.
#[derive(Template)]
#[template(path = "found.html")]
pub(super) struct Found {
    people: Vec<Line>,
    /// Whether there may be more of them.
    full: bool,
    problems: Vec<shape::Problem>,
    /// The tenant where picking somebody leads to why they are there or not; else it is for a form.
    leads: Option<String>,
}

/// The list alone, while somebody types.
pub(super) async fn find(In(scope): In<Scope<Admin>>, fields: Fields) -> Shown {
    let tenant = scope.tenant().await?;
    Ok(page(&look(&tenant, fields.get("person")).await))
}

/// Looks for people.
pub(super) async fn look(tenant: &Tenant, text: &str) -> Found {
    match tenant.find(text, MOST).await {
        Ok(people) => Found {
            full: people.len() == MOST as usize,
            people: people.into_iter().map(line).collect(),
            problems: Vec::new(),
            leads: None,
        },
        Err(refused) => Found {
            people: Vec::new(),
            full: false,
            problems: refused.problems().map(shape::Problem::from).collect(),
            leads: None,
        },
    }
}

impl Found {
    /// Whether there is anybody.
    pub(super) fn any(&self) -> bool {
        !self.people.is_empty()
    }

    /// The same, each leading to why that person is there or not.
    pub(super) fn leading(self, tenant: &TenantId) -> Self {
        Self {
            leads: Some(tenant.to_string()),
            ..self
        }
    }
}

fn line(one: Candidate) -> Line {
    let named = !one.display_name.is_empty();
    let (name, left) = if named {
        (one.display_name, "")
    } else {
        (one.dn.clone(), one.dn.as_str())
    };
    let more = [one.username.as_str(), &one.email, &one.dn];
    let more = more
        .into_iter()
        .filter(|text| !text.is_empty() && *text != left);
    Line {
        more: more.collect::<Vec<_>>().join(" · "),
        name,
        dn: one.dn.clone(),
    }
}
