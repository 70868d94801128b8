//! The portal as it stands.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::open::PostgresStore;
use super::text::{given, given_json, keep};
use super::unique::key_of;
use crate::Problem;
use crate::contract::portal::{Field, Holder, LicenceState, PeopleIndex, Person, Role};
use crate::ports::{Brought, Outcome, Portal, TenantId};
use crate::store::error::{StoreError, StoreResult};
use crate::store::person::{MAX_INDEX, deactivated_by_sync, external_id, status};
use crate::store::schema;
use crate::store::standing::unsigned;
use crate::store::unique::normalise;
use crate::store::values::Values;

const HASH_BYTES: usize = 16;

#[async_trait]
impl Portal for PostgresStore {
    async fn fields(&self, tenant: &TenantId) -> Outcome<Vec<Field>> {
        Ok(self.field_schema(self.tenant(tenant).await?).await?)
    }

    async fn roles(&self, tenant: &TenantId) -> Outcome<Vec<Role>> {
        Ok(self.role_list(self.tenant(tenant).await?).await?)
    }

    async fn licence(&self, tenant: &TenantId) -> Outcome<LicenceState> {
        Ok(self.licence_state(self.tenant(tenant).await?).await?)
    }

    async fn count(&self, tenant: &TenantId) -> Outcome<u64> {
        Ok(self.people_count(self.tenant(tenant).await?).await?)
    }

    async fn brought(&self, tenant: &TenantId) -> Outcome<Brought> {
        Ok(self.people_brought(self.tenant(tenant).await?).await?)
    }

    async fn index(&self, tenant: &TenantId, after: &str, limit: u32) -> Outcome<PeopleIndex> {
        Ok(self
            .people_index(self.tenant(tenant).await?, after, limit)
            .await?)
    }

    async fn index_of(&self, tenant: &TenantId, external_ids: &[String]) -> Outcome<PeopleIndex> {
        Ok(self
            .index_named(self.tenant(tenant).await?, external_ids)
            .await?)
    }

    async fn pending(&self, tenant: &TenantId, after: &str, limit: u32) -> Outcome<Vec<String>> {
        Ok(self
            .people_pending(self.tenant(tenant).await?, after, limit)
            .await?)
    }

    async fn naming(
        &self,
        tenant: &TenantId,
        field: &str,
        external_ids: &[String],
    ) -> Outcome<Vec<String>> {
        Ok(self
            .people_naming(self.tenant(tenant).await?, field, external_ids)
            .await?)
    }

    async fn people(&self, tenant: &TenantId, external_ids: &[String]) -> Outcome<Vec<Person>> {
        Ok(self
            .people_named(self.tenant(tenant).await?, external_ids)
            .await?)
    }

    async fn people_with_ids(&self, tenant: &TenantId, ids: &[String]) -> Outcome<Vec<Person>> {
        Ok(self
            .people_numbered(self.tenant(tenant).await?, ids)
            .await?)
    }

    async fn holders(
        &self,
        tenant: &TenantId,
        field: &str,
        values: &[String],
    ) -> Outcome<Vec<Holder>> {
        Ok(self
            .holders_of(self.tenant(tenant).await?, field, values)
            .await?)
    }
}

impl PostgresStore {
    pub(super) async fn field_schema(&self, tenant: i64) -> StoreResult<Vec<Field>> {
        sqlx::query(
            "SELECT id, tab, label, kind, required, is_unique, max_length
             FROM field WHERE tenant = $1 ORDER BY position",
        )
        .bind(tenant)
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read_field)
        .collect()
    }

    pub(super) async fn role_list(&self, tenant: i64) -> StoreResult<Vec<Role>> {
        sqlx::query("SELECT id, label FROM role WHERE tenant = $1 ORDER BY position")
            .bind(tenant)
            .fetch_all(&mut *self.read().await?)
            .await?
            .iter()
            .map(|row| {
                Ok(Role {
                    id: given(row.try_get(0)?),
                    label: given(row.try_get(1)?),
                })
            })
            .collect()
    }

    async fn licence_state(&self, tenant: i64) -> StoreResult<LicenceState> {
        let row = sqlx::query(
            "SELECT t.seats, p.used, p.synced FROM tenant t,
                (SELECT count(*) AS used, count(*) FILTER (WHERE origin = 1) AS synced
                 FROM person WHERE tenant = $1 AND marks & 1 = 0) p
             WHERE t.id = $1",
        )
        .bind(tenant)
        .fetch_one(&mut *self.read().await?)
        .await?;
        Ok(LicenceState {
            seats: unsigned(row.try_get(0)?),
            used: unsigned(row.try_get(1)?),
            synced: unsigned(row.try_get(2)?),
        })
    }

    /// Since when (Unix seconds) the directory does not hold somebody whom a sync brought; none while it does.
    ///
    /// # Errors
    /// The database's trouble.
    pub async fn absent_since(
        &self,
        tenant: &TenantId,
        external_id: &str,
    ) -> Result<Option<u64>, Problem> {
        let tenant = self.tenant(tenant).await?;
        let since: Option<i64> = sqlx::query_scalar(
            "SELECT absent_since FROM person WHERE tenant = $1 AND origin = 1 AND key = $2",
        )
        .bind(tenant)
        .bind(keep(external_id))
        .fetch_optional(&mut *self.read().await?)
        .await
        .map_err(StoreError::from)?;
        Ok(since.map(unsigned).filter(|since| *since > 0))
    }

    async fn people_count(&self, tenant: i64) -> StoreResult<u64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM person WHERE tenant = $1")
            .bind(tenant)
            .fetch_one(&mut *self.read().await?)
            .await?;
        Ok(unsigned(count))
    }

    async fn people_brought(&self, tenant: i64) -> StoreResult<Brought> {
        let row = sqlx::query(
            "SELECT count(*), count(*) FILTER (WHERE marks & 1 = 0) FROM person WHERE tenant = $1 AND origin = 1",
        )
        .bind(tenant)
        .fetch_one(&mut *self.read().await?)
        .await?;
        Ok(Brought {
            people: unsigned(row.try_get(0)?),
            active: unsigned(row.try_get(1)?),
        })
    }

    /// A page comes as one row of four arrays: a row a person would cost several times as much.
    async fn people_index(&self, tenant: i64, after: &str, limit: u32) -> StoreResult<PeopleIndex> {
        let limit = i64::from(limit.clamp(1, MAX_INDEX));
        // One more than is asked for says whether there is one more.
        let row = sqlx::query(
            "SELECT array_agg(key), array_agg(source_hash), array_agg(marks), array_agg(absent_since)
             FROM (SELECT key, source_hash, marks, absent_since FROM person
                WHERE tenant = $1 AND origin = 1 AND key > $2 ORDER BY key LIMIT $3) p",
        )
        .bind(tenant)
        .bind(keep(after))
        .bind(limit + 1)
        .fetch_one(&mut *self.read().await?)
        .await?;
        read_index(&row, usize::try_from(limit).unwrap_or(usize::MAX))
    }

    async fn index_named(&self, tenant: i64, external_ids: &[String]) -> StoreResult<PeopleIndex> {
        let row = sqlx::query(
            "SELECT array_agg(key), array_agg(source_hash), array_agg(marks), array_agg(absent_since)
             FROM (SELECT p.key, p.source_hash, p.marks, p.absent_since
                FROM (SELECT DISTINCT key FROM unnest($2::text[]) j (key)) j
                JOIN person p ON p.tenant = $1 AND p.origin = 1 AND p.key = j.key
                ORDER BY p.key) p",
        )
        .bind(tenant)
        .bind(all_kept(external_ids))
        .fetch_one(&mut *self.read().await?)
        .await?;
        read_index(&row, usize::MAX)
    }

    /// It reads everybody's values: the field is whichever the tenant has, and an index for each would cost every sync.
    async fn people_naming(
        &self,
        tenant: i64,
        field: &str,
        external_ids: &[String],
    ) -> StoreResult<Vec<String>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT key FROM person_values
             WHERE tenant = $1 AND origin = 1 AND data::json ->> $2 = ANY ($3) ORDER BY key",
        )
        .bind(tenant)
        .bind(keep(field))
        .bind(all_kept(external_ids))
        .fetch_all(&mut *self.read().await?)
        .await?;
        Ok(ids.into_iter().map(given).collect())
    }

    async fn people_pending(
        &self,
        tenant: i64,
        after: &str,
        limit: u32,
    ) -> StoreResult<Vec<String>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT key FROM person
             WHERE tenant = $1 AND origin = 1 AND (absent_since <> 0 OR marks & 4 <> 0) AND key > $2
             ORDER BY key LIMIT $3",
        )
        .bind(tenant)
        .bind(keep(after))
        .bind(i64::from(limit.clamp(1, MAX_INDEX)))
        .fetch_all(&mut *self.read().await?)
        .await?;
        Ok(ids.into_iter().map(given).collect())
    }

    async fn people_named(&self, tenant: i64, external_ids: &[String]) -> StoreResult<Vec<Person>> {
        sqlx::query(
            "SELECT p.origin, p.key, p.id, p.marks, p.role, p.source_hash, v.dn, v.changed, v.data
             FROM unnest($2::text[]) WITH ORDINALITY j (key, place)
             JOIN person p ON p.tenant = $1 AND p.origin = 1 AND p.key = j.key
             JOIN person_values v ON v.id = p.id ORDER BY j.place",
        )
        .bind(tenant)
        .bind(all_kept(external_ids))
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read_person)
        .collect()
    }

    async fn people_numbered(&self, tenant: i64, ids: &[String]) -> StoreResult<Vec<Person>> {
        let ids: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        sqlx::query(
            "SELECT p.origin, p.key, p.id, p.marks, p.role, p.source_hash, v.dn, v.changed, v.data
             FROM unnest($2::bigint[]) WITH ORDINALITY j (id, place)
             JOIN person_values v ON v.id = j.id AND v.tenant = $1
             JOIN person p ON p.tenant = v.tenant AND p.origin = v.origin AND p.key = v.key
             ORDER BY j.place",
        )
        .bind(tenant)
        .bind(ids)
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read_person)
        .collect()
    }

    async fn holders_of(
        &self,
        tenant: i64,
        field: &str,
        values: &[String],
    ) -> StoreResult<Vec<Holder>> {
        let normal: Vec<_> = values
            .iter()
            .map(|value| keep(&normalise(value)).into_owned())
            .collect();
        sqlx::query(concat!(
            "SELECT j.place - 1, v.origin, v.key, v.id, v.dn, p.marks
             FROM unnest($3::text[]) WITH ORDINALITY j (value, place)
             JOIN unique_value u ON u.tenant = $1 AND u.field = $2 AND u.value = ",
            key_of!("j.value"),
            " JOIN person_values v ON v.id = u.person
             JOIN person p ON p.tenant = v.tenant AND p.origin = v.origin AND p.key = v.key
             ORDER BY j.place",
        ))
        .bind(tenant)
        .bind(keep(field))
        .bind(normal)
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| {
            let place: i64 = row.try_get(0)?;
            Ok(Holder {
                position: u32::try_from(place).unwrap_or(u32::MAX),
                external_id: external_id(row.try_get(1)?, given(row.try_get(2)?)),
                id: row.try_get::<i64, _>(3)?.to_string(),
                dn: given(row.try_get(4)?),
                status: status(row.try_get(5)?),
            })
        })
        .collect()
    }
}

/// Texts as they are kept.
pub(super) fn all_kept(texts: &[impl AsRef<str>]) -> Vec<String> {
    let kept = texts.iter().map(|text| keep(text.as_ref()).into_owned());
    kept.collect()
}

/// Reads `origin, key, id, marks, role, source_hash, dn, changed, data`.
pub(super) fn read_person(row: &PgRow) -> StoreResult<Person> {
    let marks: i64 = row.try_get(3)?;
    let changed: String = row.try_get(7)?;
    let values: Values = serde_json::from_str(&given_json(row.try_get(8)?))?;
    Ok(Person {
        external_id: external_id(row.try_get(0)?, given(row.try_get(1)?)),
        id: row.try_get::<i64, _>(2)?.to_string(),
        status: status(marks),
        deactivated_by_sync: deactivated_by_sync(marks),
        role: given(row.try_get(4)?),
        source_hash: row.try_get::<Option<Vec<u8>>, _>(5)?.unwrap_or_default(),
        dn: given(row.try_get(6)?),
        changed_in_portal: serde_json::from_str(&given_json(changed))?,
        values: values.into_field_values(),
    })
}

/// A page of the index, as one row of four arrays; no arrays where it is empty.
fn read_index(row: &PgRow, limit: usize) -> StoreResult<PeopleIndex> {
    let mut keys: Vec<String> = row.try_get::<Option<_>, _>(0)?.unwrap_or_default();
    let hashes: Vec<Option<Vec<u8>>> = row.try_get::<Option<_>, _>(1)?.unwrap_or_default();
    let marks: Vec<i64> = row.try_get::<Option<_>, _>(2)?.unwrap_or_default();
    let absent: Vec<i64> = row.try_get::<Option<_>, _>(3)?.unwrap_or_default();
    let more = keys.len() > limit;
    keys.truncate(limit);
    let count = keys.len();
    if !keys.is_sorted() {
        return Err(StoreError::Corrupt("the list of people".to_owned()));
    }
    let mut source_hashes = Vec::with_capacity(2 * count);
    for hash in &hashes[..count] {
        source_hashes.extend(read_hash(hash.as_deref())?);
    }
    let mark = |marks: &i64| u32::try_from(marks & 7).unwrap_or_default();
    Ok(PeopleIndex {
        external_ids: keys.into_iter().map(given).collect(),
        source_hashes,
        marks: marks[..count].iter().map(mark).collect(),
        absent_since: absent[..count]
            .iter()
            .map(|since| unsigned(*since))
            .collect(),
        more,
    })
}

/// A hash of 16 bytes as a pair of little-endian words; zero where there is none.
fn read_hash(hash: Option<&[u8]>) -> StoreResult<[u64; 2]> {
    let Some(hash) = hash else {
        return Ok([0; 2]);
    };
    let hash: [u8; HASH_BYTES] = hash
        .try_into()
        .map_err(|_| StoreError::Corrupt("a source hash".to_owned()))?;
    let whole = u128::from_le_bytes(hash);
    let low = whole & u128::from(u64::MAX);
    Ok([
        u64::try_from(low).unwrap_or_default(),
        u64::try_from(whole >> 64).unwrap_or_default(),
    ])
}

fn read_field(row: &PgRow) -> StoreResult<Field> {
    let kind: &str = row.try_get(3)?;
    let max_length: i64 = row.try_get(6)?;
    Ok(Field {
        id: given(row.try_get(0)?),
        tab: given(row.try_get(1)?),
        label: given(row.try_get(2)?),
        kind: schema::kind_named(kind)
            .ok_or_else(|| StoreError::Corrupt(format!("a field of kind {kind:?}")))?,
        required: row.try_get(4)?,
        unique: row.try_get(5)?,
        max_length: u32::try_from(max_length).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_as_little_endian_words() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0, 0, 0, 0, 0, 0, 0x80];
        assert_eq!(
            read_hash(Some(&bytes)).ok(),
            Some([0x0807_0605_0403_0201, 0x8000_0000_0000_00FF])
        );
        assert_eq!(read_hash(None).ok(), Some([0, 0]));
        assert!(read_hash(Some(&bytes[1..])).is_err());
    }
}
