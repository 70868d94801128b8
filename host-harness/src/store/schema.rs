//! The fields and roles that a new tenant's portal has.
//!
//! Custom fields join per tenant, on the tab `custom`; values are stored by field id, so a new field
//! needs no migration.

use crate::contract::portal::{Field, FieldKind, Role};

/// What a synced person becomes where the plugin says nothing.
pub const DEFAULT_ROLE: &str = "requester";

/// The tab of a tenant's own fields.
pub const CUSTOM_TAB: &str = "custom";

/// What rows say of a person beside the fields; no field can have these ids.
pub const RESERVED: [&str; 3] = ["role", "dn", "external-id"];

/// The default fields, in the order in which forms show them.
#[must_use]
pub fn fields() -> Vec<Field> {
    use FieldKind::{Boolean, Email, Image, Language, Person, Phone, Text, Zone};
    let field = |tab: &str, id: &str, label: &str, kind, max_length| Field {
        id: id.to_owned(),
        tab: tab.to_owned(),
        label: label.to_owned(),
        kind,
        required: matches!(id, "username" | "email" | "last-name"),
        unique: matches!(id, "username" | "email"),
        max_length,
    };
    vec![
        field("requester", "username", "User name", Text, 128),
        field("requester", "email", "E-mail", Email, 254),
        field("requester", "first-name", "First name", Text, 128),
        field("requester", "last-name", "Last name", Text, 128),
        field("requester", "display-name", "Display name", Text, 256),
        field("requester", "phone", "Phone", Phone, 64),
        field("requester", "mobile", "Mobile", Phone, 64),
        field("requester", "language", "Language", Language, 35),
        field("requester", "time-zone", "Time zone", Zone, 64),
        // 256 KiB of bytes in base64.
        field("requester", "photo", "Photo", Image, 349_528),
        field("work", "employee-id", "Employee id", Text, 64),
        field("work", "job-title", "Job title", Text, 128),
        field("work", "department", "Department", Text, 128),
        field("work", "company", "Company", Text, 128),
        field("work", "location", "Location", Text, 128),
        field("work", "manager", "Reporting manager", Person, 1024),
        field("work", "requester-type", "Requester type", Text, 64),
        field("work", "vip", "VIP", Boolean, 5),
        field("address", "street", "Street", Text, 256),
        field("address", "city", "City", Text, 128),
        field("address", "state", "State", Text, 128),
        field("address", "postal-code", "Postal code", Text, 32),
        field("address", "country", "Country", Text, 64),
    ]
}

/// The default roles.
#[must_use]
pub fn roles() -> Vec<Role> {
    let role = |id: &str, label: &str| Role {
        id: id.to_owned(),
        label: label.to_owned(),
    };
    vec![
        role(DEFAULT_ROLE, "Requester"),
        role("approver", "Requester who approves"),
        role("agent", "Agent"),
    ]
}

/// A field kind as it is stored.
#[must_use]
pub fn kind_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Email => "email",
        FieldKind::Phone => "phone",
        FieldKind::Boolean => "boolean",
        FieldKind::Integer => "integer",
        FieldKind::Timestamp => "timestamp",
        FieldKind::Language => "language",
        FieldKind::Zone => "zone",
        FieldKind::Person => "person",
        FieldKind::Image => "image",
    }
}

/// The reverse of [`kind_name`].
#[must_use]
pub fn kind_named(name: &str) -> Option<FieldKind> {
    [
        FieldKind::Text,
        FieldKind::Email,
        FieldKind::Phone,
        FieldKind::Boolean,
        FieldKind::Integer,
        FieldKind::Timestamp,
        FieldKind::Language,
        FieldKind::Zone,
        FieldKind::Person,
        FieldKind::Image,
    ]
    .into_iter()
    .find(|kind| kind_name(*kind) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_ids_are_unique_and_their_kinds_have_names() {
        let fields = fields();
        for (at, field) in fields.iter().enumerate() {
            assert!(
                fields[at + 1..].iter().all(|other| other.id != field.id),
                "{}",
                field.id
            );
            assert_eq!(kind_named(kind_name(field.kind)), Some(field.kind));
        }
        assert!(
            fields.iter().all(|field| field.max_length > 0),
            "what has no limit can fill the memory"
        );
        assert!(roles().iter().any(|role| role.id == DEFAULT_ROLE));
    }
}
