//! The portal port over `portal`.

use super::bindings::marketplace::directory_sync::portal;
use super::host::Imports;
use crate::field::{Field, FieldKind};
use crate::ports::portal::{Holder, Licence, PeopleIndex, Person, Portal, Role, Status};

impl Portal for Imports {
    fn fields(&self) -> Vec<Field> {
        portal::fields()
            .into_iter()
            .map(|field| Field {
                id: field.id,
                tab: field.tab,
                label: field.label,
                kind: kind(field.kind),
                required: field.required,
                unique: field.unique,
                max_length: field.max_length,
            })
            .collect()
    }

    fn roles(&self) -> Vec<Role> {
        portal::roles()
            .into_iter()
            .map(|role| Role {
                id: role.id,
                label: role.label,
            })
            .collect()
    }

    fn licence(&self) -> Licence {
        let licence = portal::licence();
        Licence {
            seats: licence.seats,
            used: licence.used,
            synced: licence.synced,
        }
    }

    fn count(&self) -> u64 {
        portal::count()
    }

    fn index(&self, after: &str, limit: u32) -> PeopleIndex {
        portal::index(after, limit).into()
    }

    fn index_of(&self, external_ids: &[String]) -> PeopleIndex {
        let ids: Vec<&str> = external_ids.iter().map(String::as_str).collect();
        portal::index_of(&ids).into()
    }

    fn pending(&self, after: &str, limit: u32) -> Vec<String> {
        portal::pending(after, limit)
    }

    fn people(&self, external_ids: &[String]) -> Vec<Person> {
        let ids: Vec<&str> = external_ids.iter().map(String::as_str).collect();
        portal::people(&ids).into_iter().map(Into::into).collect()
    }

    fn people_with_ids(&self, ids: &[String]) -> Vec<Person> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let people = portal::people_with_ids(&ids).into_iter();
        people.map(Into::into).collect()
    }

    fn naming(&self, field: &str, external_ids: &[String]) -> Vec<String> {
        let ids: Vec<&str> = external_ids.iter().map(String::as_str).collect();
        portal::naming(field, &ids)
    }

    fn holders(&self, field: &str, values: &[String]) -> Vec<Holder> {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        portal::holders(field, &values)
            .into_iter()
            .map(|holder| Holder {
                position: holder.position,
                external_id: holder.external_id,
                id: holder.id,
                dn: holder.dn,
                status: holder.status.into(),
            })
            .collect()
    }
}

impl From<portal::PeopleIndex> for PeopleIndex {
    fn from(index: portal::PeopleIndex) -> Self {
        Self {
            external_ids: index.external_ids,
            source_hashes: index.source_hashes,
            marks: index.marks,
            absent_since: index.absent_since,
            more: index.more,
        }
    }
}

impl From<portal::Person> for Person {
    fn from(person: portal::Person) -> Self {
        Self {
            external_id: person.external_id,
            id: person.id,
            dn: person.dn,
            status: person.status.into(),
            deactivated_by_sync: person.deactivated_by_sync,
            role: person.role,
            source_hash: person.source_hash,
            changed_in_portal: person.changed_in_portal,
            values: person
                .values
                .into_iter()
                .map(|v| (v.field, v.value))
                .collect(),
        }
    }
}

impl From<portal::Status> for Status {
    fn from(status: portal::Status) -> Self {
        match status {
            portal::Status::Active => Self::Active,
            portal::Status::Inactive => Self::Inactive,
        }
    }
}

fn kind(kind: portal::FieldKind) -> FieldKind {
    match kind {
        portal::FieldKind::Text => FieldKind::Text,
        portal::FieldKind::Email => FieldKind::Email,
        portal::FieldKind::Phone => FieldKind::Phone,
        portal::FieldKind::Boolean => FieldKind::Boolean,
        portal::FieldKind::Integer => FieldKind::Integer,
        portal::FieldKind::Timestamp => FieldKind::Timestamp,
        portal::FieldKind::Language => FieldKind::Language,
        portal::FieldKind::Zone => FieldKind::Zone,
        portal::FieldKind::Person => FieldKind::Person,
        portal::FieldKind::Image => FieldKind::Image,
    }
}
