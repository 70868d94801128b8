//! What the portal accepts in its fields, whoever writes them.

use std::collections::HashMap;

use super::unique::normalise;
use crate::Problem;
use crate::contract::portal::{Field, Role};
use crate::ports::PersonEdit;
use crate::store::error::StoreResult;
use crate::store::values::ObjectWriter;

/// A tenant's fields and roles, by id.
#[derive(Debug)]
pub struct Schema {
    fields: HashMap<String, Field>,
    required: Vec<String>,
    roles: Vec<String>,
}

impl Schema {
    /// Of a tenant's fields and roles.
    #[must_use]
    pub fn new(fields: Vec<Field>, roles: Vec<Role>) -> Self {
        let required = fields
            .iter()
            .filter(|f| f.required)
            .map(|f| f.id.clone())
            .collect();
        Self {
            fields: fields
                .into_iter()
                .map(|field| (field.id.clone(), field))
                .collect(),
            required,
            roles: roles.into_iter().map(|role| role.id).collect(),
        }
    }

    /// A field by its id.
    ///
    /// # Errors
    /// `unknown-field`.
    pub fn field(&self, id: &str) -> Result<&Field, Problem> {
        self.fields.get(id).ok_or_else(|| {
            Problem::new(
                "unknown-field",
                format!("the portal has no field {id:?}"),
                "Use one of the portal's fields, or add it to the portal first.",
            )
            .of_field(id)
        })
    }

    /// Checks a value of a field, or that the field may become empty.
    ///
    /// # Errors
    /// `too-long`, `missing-value`.
    pub fn check(&self, field: &Field, value: Option<&str>) -> Result<(), Problem> {
        match value {
            None if field.required => Err(missing(&field.id)),
            Some(value) if field.required && value.trim().is_empty() => Err(missing(&field.id)),
            // A text is never longer in scalar values than in bytes.
            Some(value)
                if field.max_length > 0
                    && value.len() > field.max_length as usize
                    && value.chars().count() > field.max_length as usize =>
            {
                Err(Problem::new(
                    "too-long",
                    format!("{} may have {} characters", field.id, field.max_length),
                    "Shorten the value.",
                )
                .of_field(&field.id))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a new person's fields hold everything that is required.
    ///
    /// # Errors
    /// `missing-value`.
    pub fn check_complete<'a>(
        &self,
        given: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), Problem> {
        match self
            .required
            .iter()
            .find(|field| !given.clone().any(|id| id == field.as_str()))
        {
            Some(field) => Err(missing(field)),
            None => Ok(()),
        }
    }

    /// # Errors
    /// `unknown-role`.
    pub fn check_role(&self, role: &str) -> Result<(), Problem> {
        if self.roles.iter().any(|known| known == role) {
            return Ok(());
        }
        Err(Problem::new(
            "unknown-role",
            format!("the portal has no role {role:?}"),
            format!("Use one of: {}.", self.roles.join(", ")),
        )
        .of_field("role"))
    }

    /// What a person would claim with this value: nothing where the field is not unique or nothing remains.
    #[must_use]
    pub fn claim<'v>(&self, field: &Field, value: &'v str) -> Option<std::borrow::Cow<'v, str>> {
        field
            .unique
            .then(|| normalise(value))
            .filter(|normal| !normal.is_empty())
    }
}

/// The changes as a JSON merge patch (RFC 7396), checked.
pub(crate) fn patch(schema: &Schema, edit: &PersonEdit) -> StoreResult<String> {
    let mut writer = ObjectWriter::with_capacity(256);
    for (id, value) in &edit.values {
        schema.check(schema.field(id)?, value.as_deref())?;
        writer.put(id, value.as_deref());
    }
    if let Some(role) = &edit.role {
        schema.check_role(role)?;
    }
    Ok(writer.finish())
}

fn missing(field: &str) -> Problem {
    Problem::new(
        "missing-value",
        format!("{field} must not be empty"),
        "Give it a value: the portal requires one.",
    )
    .of_field(field)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::store::schema;

    fn default_schema() -> Schema {
        Schema::new(schema::fields(), schema::roles())
    }

    #[test]
    fn a_value_within_the_rules_passes() {
        let schema = default_schema();
        let field = schema.field("postal-code").unwrap();
        assert!(schema.check(field, Some(&"ü".repeat(32))).is_ok());
        assert!(schema.check(field, None).is_ok());
        assert!(schema.check_role("requester").is_ok());
        assert!(
            schema
                .check_complete(["email", "last-name", "username"].into_iter())
                .is_ok()
        );
    }

    #[test]
    fn a_value_against_the_rules_is_refused() {
        let schema = default_schema();
        let code = |result: Result<(), Problem>| result.unwrap_err().code;
        let field = schema.field("postal-code").unwrap();
        assert_eq!(code(schema.check(field, Some(&"ü".repeat(33)))), "too-long");
        let email = schema.field("email").unwrap();
        assert_eq!(code(schema.check(email, None)), "missing-value");
        assert_eq!(code(schema.check(email, Some(" "))), "missing-value");
        assert_eq!(code(schema.check_role("king")), "unknown-role");
        assert_eq!(
            code(schema.check_complete(["email"].into_iter())),
            "missing-value"
        );
        assert_eq!(schema.field("shoe-size").unwrap_err().code, "unknown-field");
    }
}
