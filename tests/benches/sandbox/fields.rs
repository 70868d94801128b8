//! The portal's fields and roles in the plugin's own types. The source hashes cover the fields.

use rollcall::contract::portal::FieldKind as Kind;
use rollcall::store::schema;
use rollcall_plugin::field::{Field, FieldKind};
use rollcall_plugin::ports::portal::Role;

pub(crate) fn fields() -> Vec<Field> {
    schema::fields()
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

pub(crate) fn roles() -> Vec<Role> {
    schema::roles()
        .into_iter()
        .map(|role| Role {
            id: role.id,
            label: role.label,
        })
        .collect()
}

fn kind(kind: Kind) -> FieldKind {
    match kind {
        Kind::Text => FieldKind::Text,
        Kind::Email => FieldKind::Email,
        Kind::Phone => FieldKind::Phone,
        Kind::Boolean => FieldKind::Boolean,
        Kind::Integer => FieldKind::Integer,
        Kind::Timestamp => FieldKind::Timestamp,
        Kind::Language => FieldKind::Language,
        Kind::Zone => FieldKind::Zone,
        Kind::Person => FieldKind::Person,
        Kind::Image => FieldKind::Image,
    }
}
