//! What the portal's own people do in it.

use async_trait::async_trait;
use sqlx::{PgConnection, Postgres, Row, Transaction};

use super::open::PostgresStore;
use super::portal::read_person;
use super::text::{keep, kept_json};
use super::unique::key_of;
use crate::contract::portal::{Field, Person, Status};
use crate::ports::{Outcome, PersonEdit, PortalDesk, TenantId, Whom};
use crate::store::check::{Schema, patch};
use crate::store::error::{StoreError, StoreResult, is_unique_violation};
use crate::store::refused;
use crate::store::schema;
use crate::store::standing::signed;
use crate::store::values::json;

#[async_trait]
impl PortalDesk for PostgresStore {
    async fn add_person(&self, tenant: &TenantId, edit: &PersonEdit) -> Outcome<String> {
        Ok(self.add(self.tenant(tenant).await?, edit).await?)
    }

    async fn edit_person(&self, tenant: &TenantId, whom: &Whom, edit: &PersonEdit) -> Outcome<()> {
        Ok(self.edit(self.tenant(tenant).await?, whom, edit).await?)
    }

    async fn person(&self, tenant: &TenantId, whom: &Whom) -> Outcome<Person> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.snapshot().await?;
        Ok(find(&mut tx, tenant, whom).await?)
    }

    async fn add_field(&self, tenant: &TenantId, field: &Field) -> Outcome<()> {
        Ok(self.insert_field(self.tenant(tenant).await?, field).await?)
    }

    async fn set_seats(&self, tenant: &TenantId, seats: u64) -> Outcome<()> {
        Ok(self.store_seats(self.tenant(tenant).await?, seats).await?)
    }
}

impl PostgresStore {
    /// A tenant's fields and roles, to check values against.
    pub(super) async fn schema(&self, tenant: i64) -> StoreResult<Schema> {
        Ok(Schema::new(
            self.field_schema(tenant).await?,
            self.role_list(tenant).await?,
        ))
    }

    async fn add(&self, tenant: i64, edit: &PersonEdit) -> StoreResult<String> {
        let schema = self.schema(tenant).await?;
        let given = edit
            .values
            .iter()
            .filter(|(_, v)| v.is_some())
            .map(|(field, _)| field.as_str());
        schema.check_complete(given)?;
        let data = kept_json(patch(&schema, edit)?);
        let inactive = edit.status == Some(Status::Inactive);
        let mut tx = self.write(tenant).await?;
        if !inactive {
            seat_for_one(&mut tx, tenant).await?;
        }
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO person_values (id, tenant, origin, key, dn, data)
             SELECT next, $1, 0, next::text, '', jsonb_strip_nulls($2::jsonb)::text
             FROM nextval('person_number') AS next RETURNING id",
        )
        .bind(tenant)
        .bind(data)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO person (tenant, origin, key, id, marks, role)
             VALUES ($1, 0, $2, $3, $4, $5)",
        )
        .bind(tenant)
        .bind(id.to_string())
        .bind(id)
        .bind(i64::from(inactive))
        .bind(keep(edit.role.as_deref().unwrap_or(schema::DEFAULT_ROLE)))
        .execute(&mut *tx)
        .await?;
        claim(&mut tx, tenant, id, &schema, edit).await?;
        tx.commit().await?;
        Ok(id.to_string())
    }

    async fn edit(&self, tenant: i64, whom: &Whom, edit: &PersonEdit) -> StoreResult<()> {
        let schema = self.schema(tenant).await?;
        let data = kept_json(patch(&schema, edit)?);
        let mut tx = self.write(tenant).await?;
        let person = find(&mut tx, tenant, whom).await?;
        let id: i64 = person
            .id
            .parse()
            .map_err(|_| StoreError::Corrupt(format!("the person id {:?}", person.id)))?;
        let returns = edit.status == Some(Status::Active) && person.status == Status::Inactive;
        if returns {
            seat_for_one(&mut tx, tenant).await?;
        }
        let mut changed = person.changed_in_portal;
        let fields = edit.values.iter().map(|(field, _)| field.as_str());
        for field in fields.chain(edit.role.as_ref().map(|_| "role")) {
            if !changed.iter().any(|known| known == field) {
                changed.push(field.to_owned());
            }
        }
        sqlx::query(
            "UPDATE person_values SET data = jsonb_strip_nulls(data::jsonb || $2::jsonb)::text,
                changed = $3,
                edited_in = (SELECT coalesce(max(id), 0) FROM run WHERE tenant = $4)
             WHERE id = $1",
        )
        .bind(id)
        .bind(data)
        .bind(kept_json(json(&changed)))
        .bind(tenant)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE person SET role = coalesce($3, role), marks = CASE $4
                    WHEN 'active' THEN marks & 4 WHEN 'inactive' THEN (marks & 4) | 1 ELSE marks END
                | $5,
                absent_since = CASE $4 WHEN 'active' THEN 0 ELSE absent_since END
             WHERE tenant = $1 AND (origin, key) = (SELECT origin, key FROM person_values WHERE id = $2)",
        )
        .bind(tenant)
        .bind(id)
        .bind(edit.role.as_deref().map(keep))
        .bind(edit.status.map(|status| match status {
            Status::Active => "active",
            Status::Inactive => "inactive",
        }))
        .bind(if changed.is_empty() { 0i64 } else { 4 })
        .execute(&mut *tx)
        .await?;
        claim(&mut tx, tenant, id, &schema, edit).await?;
        Ok(tx.commit().await?)
    }

    async fn insert_field(&self, tenant: i64, field: &Field) -> StoreResult<()> {
        if schema::RESERVED.contains(&field.id.as_str()) {
            return Err(refused::reserved_field(&field.id));
        }
        let mut tx = self.write(tenant).await?;
        let added = sqlx::query(
            "INSERT INTO field (tenant, position, id, tab, label, kind, required, is_unique, max_length)
             SELECT $1, coalesce(max(position), -1) + 1, $2, $3, $4, $5, $6, $7, $8
             FROM field WHERE tenant = $1",
        )
        .bind(tenant)
        .bind(keep(&field.id))
        .bind(keep(&field.tab))
        .bind(keep(&field.label))
        .bind(schema::kind_name(field.kind))
        .bind(field.required)
        .bind(field.unique)
        .bind(i64::from(field.max_length))
        .execute(&mut *tx)
        .await;
        match added {
            Err(error) if is_unique_violation(&error) => Err(refused::field_exists(&field.id)),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(tx.commit().await?),
        }
    }

    async fn store_seats(&self, tenant: i64, seats: u64) -> StoreResult<()> {
        let mut tx = self.write(tenant).await?;
        sqlx::query("UPDATE tenant SET seats = $2 WHERE id = $1")
            .bind(tenant)
            .bind(signed(seats))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}

async fn find(connection: &mut PgConnection, tenant: i64, whom: &Whom) -> StoreResult<Person> {
    let id: Option<i64> = match whom {
        Whom::Id(id) => id.parse().ok(),
        Whom::ExternalId(key) => {
            sqlx::query_scalar(
                "SELECT id FROM person WHERE tenant = $1 AND origin = 1 AND key = $2",
            )
            .bind(tenant)
            .bind(keep(key))
            .fetch_optional(&mut *connection)
            .await?
        }
    };
    sqlx::query(
        "SELECT p.origin, p.key, p.id, p.marks, p.role, p.source_hash, v.dn, v.changed, v.data
         FROM person_values v
         JOIN person p ON p.tenant = v.tenant AND p.origin = v.origin AND p.key = v.key
         WHERE v.id = $2 AND v.tenant = $1",
    )
    .bind(tenant)
    .bind(id)
    .fetch_optional(connection)
    .await?
    .map_or_else(|| Err(refused::unknown_person()), |row| read_person(&row))
}

async fn seat_for_one(tx: &mut Transaction<'_, Postgres>, tenant: i64) -> StoreResult<()> {
    let row = sqlx::query(
        "SELECT seats, (SELECT count(*) FROM person WHERE tenant = $1 AND marks & 1 = 0)
         FROM tenant WHERE id = $1",
    )
    .bind(tenant)
    .fetch_one(&mut **tx)
    .await?;
    let (seats, used): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if seats == 0 || used < seats {
        return Ok(());
    }
    Err(refused::no_seat(seats))
}

/// Gives up the person's values of the unique fields that change, and takes the new ones.
async fn claim(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    person: i64,
    schema: &Schema,
    edit: &PersonEdit,
) -> StoreResult<()> {
    for (id, value) in &edit.values {
        let field = schema.field(id)?;
        if !field.unique {
            continue;
        }
        sqlx::query("DELETE FROM unique_value WHERE person = $1 AND field = $2")
            .bind(person)
            .bind(keep(id))
            .execute(&mut **tx)
            .await?;
        let Some(normal) = value
            .as_deref()
            .and_then(|value| schema.claim(field, value))
        else {
            continue;
        };
        let taken = sqlx::query(concat!(
            "INSERT INTO unique_value (tenant, field, value, person)
             SELECT $1, $2, ",
            key_of!("c.value"),
            ", $4 FROM (VALUES ($3::text)) c (value)"
        ))
        .bind(tenant)
        .bind(keep(id))
        .bind(keep(&normal))
        .bind(person)
        .execute(&mut **tx)
        .await;
        match taken {
            Err(error) if is_unique_violation(&error) => return Err(refused::value_taken(id)),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    Ok(())
}
