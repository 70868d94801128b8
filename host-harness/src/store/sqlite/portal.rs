//! The portal as it stands.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::open::{Store, unsigned};
use crate::Problem;
use crate::contract::portal::{Field, Holder, LicenceState, PeopleIndex, Person, Role};
use crate::ports::{Brought, Outcome, Portal, TenantId};
use crate::store::error::{StoreError, StoreResult};
use crate::store::person::{MAX_INDEX, deactivated_by_sync, external_id, status};
use crate::store::schema;
use crate::store::unique::normalise;
use crate::store::values::{Values, json};

const HASH_BYTES: usize = 16;

#[async_trait]
impl Portal for Store {
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

impl Store {
    pub(super) async fn field_schema(&self, tenant: i64) -> StoreResult<Vec<Field>> {
        sqlx::query(
            "SELECT id, tab, label, kind, required, is_unique, max_length
             FROM field WHERE tenant = ?1 ORDER BY position",
        )
        .bind(tenant)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(read_field)
        .collect()
    }

    pub(super) async fn role_list(&self, tenant: i64) -> StoreResult<Vec<Role>> {
        sqlx::query("SELECT id, label FROM role WHERE tenant = ?1 ORDER BY position")
            .bind(tenant)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(|row| {
                Ok(Role {
                    id: row.try_get(0)?,
                    label: row.try_get(1)?,
                })
            })
            .collect()
    }

    pub(super) async fn licence_state(&self, tenant: i64) -> StoreResult<LicenceState> {
        let row = sqlx::query(
            "SELECT t.seats, count(p.tenant), coalesce(sum(p.origin = 1), 0)
             FROM tenant t LEFT JOIN person p ON p.tenant = t.id AND p.marks & 1 = 0 WHERE t.id = ?1",
        )
        .bind(tenant)
        .fetch_one(self.readers())
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
            "SELECT absent_since FROM person WHERE tenant = ?1 AND origin = 1 AND key = ?2",
        )
        .bind(tenant)
        .bind(external_id)
        .fetch_optional(self.readers())
        .await
        .map_err(StoreError::from)?;
        Ok(since.map(unsigned).filter(|since| *since > 0))
    }

    async fn people_count(&self, tenant: i64) -> StoreResult<u64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM person WHERE tenant = ?1")
            .bind(tenant)
            .fetch_one(self.readers())
            .await?;
        Ok(unsigned(count))
    }

    async fn people_brought(&self, tenant: i64) -> StoreResult<Brought> {
        let row = sqlx::query(
            "SELECT count(*), coalesce(sum(marks & 1 = 0), 0) FROM person WHERE tenant = ?1 AND origin = 1",
        )
        .bind(tenant)
        .fetch_one(self.readers())
        .await?;
        Ok(Brought {
            people: unsigned(row.try_get(0)?),
            active: unsigned(row.try_get(1)?),
        })
    }

    /// A page comes as one row of four columns: a row a person would cost several times as much.
    async fn people_index(&self, tenant: i64, after: &str, limit: u32) -> StoreResult<PeopleIndex> {
        let row = sqlx::query(
            "SELECT json_group_array(key), group_concat(hex(hash), ''), group_concat(marks, ''),
                json_group_array(absent_since)
             FROM (SELECT key, coalesce(source_hash, zeroblob(16)) AS hash, marks, absent_since
                FROM person WHERE tenant = ?1 AND origin = 1 AND key > ?2 ORDER BY key LIMIT ?3)",
        )
        .bind(tenant)
        .bind(after)
        .bind(i64::from(limit.clamp(1, MAX_INDEX)))
        .fetch_one(self.readers())
        .await?;
        let mut index = read_index(&row)?;
        if let Some(last) = index.external_ids.last() {
            index.more = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM person WHERE tenant = ?1 AND origin = 1 AND key > ?2)",
            )
            .bind(tenant)
            .bind(last)
            .fetch_one(self.readers())
            .await?;
        }
        Ok(index)
    }

    async fn index_named(&self, tenant: i64, external_ids: &[String]) -> StoreResult<PeopleIndex> {
        let row = sqlx::query(
            "SELECT json_group_array(key), group_concat(hex(hash), ''), group_concat(marks, ''),
                json_group_array(absent_since)
             FROM (SELECT p.key, coalesce(p.source_hash, zeroblob(16)) AS hash, p.marks, p.absent_since
                FROM (SELECT DISTINCT value FROM json_each(?2)) j
                CROSS JOIN person p ON p.tenant = ?1 AND p.origin = 1 AND p.key = j.value
                ORDER BY p.key)",
        )
        .bind(tenant)
        .bind(json(&external_ids))
        .fetch_one(self.readers())
        .await?;
        read_index(&row)
    }

    /// It reads everybody's values: the field is whichever the tenant has, and an index for each would cost every sync.
    async fn people_naming(
        &self,
        tenant: i64,
        field: &str,
        external_ids: &[String],
    ) -> StoreResult<Vec<String>> {
        let ids = sqlx::query_scalar(
            "SELECT key FROM person_values
             WHERE tenant = ?1 AND origin = 1
                AND (SELECT value FROM json_each(data) WHERE key = ?2) IN (SELECT value FROM json_each(?3))
             ORDER BY key",
        )
        .bind(tenant)
        .bind(field)
        .bind(json(&external_ids))
        .fetch_all(self.readers())
        .await?;
        Ok(ids)
    }

    async fn people_pending(
        &self,
        tenant: i64,
        after: &str,
        limit: u32,
    ) -> StoreResult<Vec<String>> {
        let ids = sqlx::query_scalar(
            "SELECT key FROM person
             WHERE tenant = ?1 AND origin = 1 AND (absent_since <> 0 OR marks & 4) AND key > ?2
             ORDER BY key LIMIT ?3",
        )
        .bind(tenant)
        .bind(after)
        .bind(i64::from(limit.clamp(1, MAX_INDEX)))
        .fetch_all(self.readers())
        .await?;
        Ok(ids)
    }

    async fn people_named(&self, tenant: i64, external_ids: &[String]) -> StoreResult<Vec<Person>> {
        sqlx::query(
            "SELECT p.origin, p.key, p.id, p.marks, p.role, p.source_hash, v.dn, v.changed, v.data
             FROM json_each(?2) j
             CROSS JOIN person p ON p.tenant = ?1 AND p.origin = 1 AND p.key = j.value
             CROSS JOIN person_values v ON v.id = p.id",
        )
        .bind(tenant)
        .bind(json(&external_ids))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(read_person)
        .collect()
    }

    async fn people_numbered(&self, tenant: i64, ids: &[String]) -> StoreResult<Vec<Person>> {
        let ids: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        sqlx::query(
            "SELECT p.origin, p.key, p.id, p.marks, p.role, p.source_hash, v.dn, v.changed, v.data
             FROM json_each(?2) j
             CROSS JOIN person_values v ON v.id = j.value AND v.tenant = ?1
             CROSS JOIN person p ON p.tenant = v.tenant AND p.origin = v.origin AND p.key = v.key",
        )
        .bind(tenant)
        .bind(json(&ids))
        .fetch_all(self.readers())
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
        let normal: Vec<_> = values.iter().map(|value| normalise(value)).collect();
        sqlx::query(
            "SELECT j.key, v.origin, v.key, v.id, v.dn, p.marks
             FROM json_each(?3) j
             CROSS JOIN unique_value u ON u.tenant = ?1 AND u.field = ?2 AND u.value = j.value
             CROSS JOIN person_values v ON v.id = u.person
             CROSS JOIN person p ON p.tenant = v.tenant AND p.origin = v.origin AND p.key = v.key",
        )
        .bind(tenant)
        .bind(field)
        .bind(json(&normal))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(Holder {
                position: row.try_get(0)?,
                external_id: external_id(row.try_get(1)?, row.try_get(2)?),
                id: row.try_get::<i64, _>(3)?.to_string(),
                dn: row.try_get(4)?,
                status: status(row.try_get(5)?),
            })
        })
        .collect()
    }
}

/// Reads `origin, key, id, marks, role, source_hash, dn, changed, data`.
pub(super) fn read_person(row: &SqliteRow) -> StoreResult<Person> {
    let marks: i64 = row.try_get(3)?;
    let values: Values = serde_json::from_str(row.try_get(8)?)?;
    Ok(Person {
        external_id: external_id(row.try_get(0)?, row.try_get(1)?),
        id: row.try_get::<i64, _>(2)?.to_string(),
        status: status(marks),
        deactivated_by_sync: deactivated_by_sync(marks),
        role: row.try_get(4)?,
        source_hash: row.try_get::<Option<Vec<u8>>, _>(5)?.unwrap_or_default(),
        dn: row.try_get(6)?,
        changed_in_portal: serde_json::from_str(row.try_get(7)?)?,
        values: values.into_field_values(),
    })
}

/// A page of the index, as one row of four columns.
fn read_index(row: &SqliteRow) -> StoreResult<PeopleIndex> {
    let external_ids: Vec<String> = serde_json::from_str(row.try_get(0)?)?;
    if external_ids.is_empty() {
        return Ok(PeopleIndex {
            external_ids,
            source_hashes: Vec::new(),
            marks: Vec::new(),
            absent_since: Vec::new(),
            more: false,
        });
    }
    let marks: &str = row.try_get(2)?;
    let index = PeopleIndex {
        source_hashes: read_hashes(row.try_get(1)?)?,
        marks: marks.bytes().map(|b| u32::from(b & 7)).collect(),
        absent_since: serde_json::from_str(row.try_get(3)?)?,
        more: false,
        external_ids,
    };
    let count = index.external_ids.len();
    let whole = index.source_hashes.len() == 2 * count
        && index.marks.len() == count
        && index.absent_since.len() == count
        && index.external_ids.is_sorted();
    if whole {
        Ok(index)
    } else {
        Err(StoreError::Corrupt("the list of people".to_owned()))
    }
}

fn read_field(row: &SqliteRow) -> StoreResult<Field> {
    let kind: &str = row.try_get(3)?;
    Ok(Field {
        id: row.try_get(0)?,
        tab: row.try_get(1)?,
        label: row.try_get(2)?,
        kind: schema::kind_named(kind)
            .ok_or_else(|| StoreError::Corrupt(format!("a field of kind {kind:?}")))?,
        required: row.try_get(4)?,
        unique: row.try_get(5)?,
        max_length: row.try_get(6)?,
    })
}

/// Hexadecimal digits, 16 bytes a person, as pairs of little-endian words.
fn read_hashes(digits: &str) -> StoreResult<Vec<u64>> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    };
    let word = |text: &[u8]| {
        text.chunks_exact(2).rev().try_fold(0u64, |word, pair| {
            Some(word << 8 | u64::from(digit(pair[0])?) << 4 | u64::from(digit(pair[1])?))
        })
    };
    digits
        .as_bytes()
        .chunks(HASH_BYTES)
        .map(word)
        .collect::<Option<Vec<u64>>>()
        .ok_or_else(|| StoreError::Corrupt("a source hash".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_as_little_endian_words() {
        let words = read_hashes("0102030405060708FF00000000000080").ok();
        assert_eq!(
            words,
            Some(vec![0x0807_0605_0403_0201, 0x8000_0000_0000_00FF])
        );
        assert!(read_hashes("0X02030405060708").is_err());
    }
}
