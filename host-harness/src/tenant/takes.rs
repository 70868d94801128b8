//! What the portal takes back, for an undo: its fields and roles may be other ones by now, and people may be gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::Problem;
use crate::contract::plan::{Change, Row, RowKind};
use crate::contract::portal::{Field, FieldKind, Person};
use crate::ports::Portal;
use crate::ports::plan::StoredRow;

use super::{Hook, Tenant};

/// The portal's fields and roles as they are.
pub(super) struct Takes {
    fields: BTreeMap<String, Field>,
    roles: Vec<String>,
}

/// Whom rows would put into fields, and whom the portal does not have.
pub(super) type Missing = BTreeSet<String>;

impl Takes {
    /// As a tenant's portal has them.
    pub(super) async fn of(tenant: &Tenant) -> Hook<Self> {
        let portal: &dyn Portal = tenant.portal();
        let fields = portal.fields(tenant.id()).await?;
        let roles = portal.roles(tenant.id()).await?;
        Ok(Self {
            fields: fields
                .into_iter()
                .map(|field| (field.id.clone(), field))
                .collect(),
            roles: roles.into_iter().map(|role| role.id).collect(),
        })
    }

    /// Whether a field holds another person.
    pub(super) fn holds_people(&self, field: &str) -> bool {
        let field = self.fields.get(field);
        field.is_some_and(|field| field.kind == FieldKind::Person)
    }

    /// Whom these rows would put back into fields and the portal does not have under that id.
    pub(super) async fn missing(&self, tenant: &Tenant, rows: &[StoredRow]) -> Hook<Missing> {
        let changes = rows.iter().flat_map(|stored| &stored.row.changes);
        let held = changes.filter(|change| self.holds_people(&change.field));
        let mut missing: Missing = held.filter_map(|change| change.before.clone()).collect();
        let ids: Vec<String> = missing.iter().cloned().collect();
        for person in tenant.portal().people(tenant.id(), &ids).await? {
            missing.remove(&person.external_id);
        }
        Ok(missing)
    }

    /// Why nothing of a person can be put back: of what still is as the row made it, the portal would not take a value that was
    /// there before.
    pub(super) fn refused(&self, row: &Row, person: &Person, missing: &Missing) -> Option<Problem> {
        if row.kind == RowKind::Create {
            return None;
        }
        let mut still = row
            .changes
            .iter()
            .filter(|change| value(person, &change.field) == change.after.as_deref());
        still.find_map(|change| self.refuses(change, missing))
    }

    fn refuses(&self, change: &Change, missing: &Missing) -> Option<Problem> {
        let (id, before) = (change.field.as_str(), change.before.as_deref());
        match id {
            "dn" | "external-id" => return None,
            "role" => {
                let known = before.is_none_or(|role| self.roles.iter().any(|one| one == role));
                return (!known).then(|| unfit(id, "the portal has that role no longer"));
            }
            _ => {}
        }
        let Some(field) = self.fields.get(id) else {
            return Some(unfit(id, "the portal has that field no longer"));
        };
        let longest = field.max_length as usize;
        match before {
            None if field.required => Some(required(id)),
            Some(before) if field.required && before.trim().is_empty() => Some(required(id)),
            Some(before) if longest > 0 && before.chars().count() > longest => {
                Some(unfit(id, "the portal takes a shorter text now"))
            }
            Some(before) if missing.contains(before) => Some(nobody(id)),
            _ => None,
        }
    }
}

/// What a person has there now, as a row would say it.
pub(super) fn value<'p>(person: &'p Person, field: &str) -> Option<&'p str> {
    match field {
        "role" => Some(&person.role),
        "dn" => Some(&person.dn),
        field => {
            let held = person.values.iter().find(|held| held.field == field);
            held.map(|held| held.value.as_str())
        }
    }
}

fn required(field: &str) -> Problem {
    Problem::new(
        "undo-required",
        format!("The field {field:?} was empty before, and the portal requires a value"),
        "Look at the person; nothing of it was put back.",
    )
    .of_field(field)
}

fn unfit(field: &str, why: &str) -> Problem {
    Problem::new(
        "undo-unfit",
        format!("What {field:?} held before does not fit: {why}"),
        "Look at the person; nothing of it was put back.",
    )
    .of_field(field)
}

fn nobody(field: &str) -> Problem {
    Problem::new(
        "undo-nobody",
        format!("Whom {field:?} held before, the portal has no longer under the id of then"),
        "Look at the person and choose somebody; nothing of it was put back.",
    )
    .of_field(field)
}
