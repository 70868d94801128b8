//! Who may do what, and who did.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::open::PostgresStore;
use super::text::{given, given_json, keep, kept_json};
use crate::ports::access::{Access, Deed, DeedQuery, Token};
use crate::ports::{Outcome, TenantId};
use crate::store::error::StoreResult;
use crate::store::refused::unknown_token;
use crate::store::values::json;

#[async_trait]
impl Access for PostgresStore {
    async fn add_token(&self, token: &Token, hash: &[u8; 32]) -> Outcome<i64> {
        Ok(self.insert_token(token, hash).await?)
    }

    async fn token(&self, hash: &[u8; 32]) -> Outcome<Option<Token>> {
        Ok(self.token_of(hash).await?)
    }

    async fn tokens(&self) -> Outcome<Vec<Token>> {
        Ok(self.all_tokens().await?)
    }

    async fn revoke_token(&self, id: i64) -> Outcome<()> {
        Ok(self.mark_revoked(id).await?)
    }

    async fn note(&self, deed: &Deed) -> Outcome<()> {
        Ok(self.insert_deed(deed).await?)
    }

    async fn deeds(&self, query: &DeedQuery, skip: u32, limit: u32) -> Outcome<Vec<Deed>> {
        Ok(self.latest_deeds(query, skip, limit).await?)
    }
}

impl PostgresStore {
    async fn insert_token(&self, token: &Token, hash: &[u8; 32]) -> StoreResult<i64> {
        let mut tx = self.begin().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO token (name, hash, rank, reach, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        )
        .bind(keep(&token.name))
        .bind(&hash[..])
        .bind(token.rank.name())
        .bind(kept_json(json(&token.reach)))
        .bind(token.created_at)
        .bind(token.expires_at)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn token_of(&self, hash: &[u8; 32]) -> StoreResult<Option<Token>> {
        sqlx::query(
            "SELECT id, name, rank, reach, created_at, expires_at FROM token WHERE hash = $1 AND NOT revoked",
        )
        .bind(&hash[..])
        .fetch_optional(&mut *self.read().await?)
        .await?
        .as_ref()
        .map(token)
        .transpose()
    }

    async fn all_tokens(&self) -> StoreResult<Vec<Token>> {
        sqlx::query(
            "SELECT id, name, rank, reach, created_at, expires_at FROM token WHERE NOT revoked ORDER BY id DESC",
        )
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(token)
        .collect()
    }

    async fn mark_revoked(&self, id: i64) -> StoreResult<()> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("UPDATE token SET revoked = TRUE WHERE id = $1 AND NOT revoked")
            .bind(id)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(unknown_token(id));
        }
        Ok(tx.commit().await?)
    }

    async fn insert_deed(&self, deed: &Deed) -> StoreResult<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO deed (at, who, origin, tenant, what, which, refused)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(deed.at)
        .bind(keep(&deed.who))
        .bind(keep(&deed.from))
        .bind(deed.tenant.as_ref().map(TenantId::as_str))
        .bind(keep(&deed.what))
        .bind(keep(&deed.which))
        .bind(keep(&deed.refused))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn latest_deeds(
        &self,
        query: &DeedQuery,
        skip: u32,
        limit: u32,
    ) -> StoreResult<Vec<Deed>> {
        sqlx::query(
            "SELECT at, who, origin, tenant, what, which, refused FROM deed
             WHERE ($1::text IS NULL OR tenant = $1)
                AND ($4::text IS NULL OR position(lower($4 COLLATE \"C\") IN lower(who COLLATE \"C\")) > 0)
                AND ($5::text IS NULL OR position(lower($5 COLLATE \"C\") IN lower(what COLLATE \"C\")) > 0)
                AND ($6::bigint IS NULL OR at >= $6) AND ($7::bigint IS NULL OR at < $7)
             ORDER BY id DESC LIMIT $2 OFFSET $3",
        )
        .bind(query.tenant.as_ref().map(TenantId::as_str))
        .bind(i64::from(limit))
        .bind(i64::from(skip))
        .bind(query.who.as_deref().map(keep))
        .bind(query.what.as_deref().map(keep))
        .bind(query.from)
        .bind(query.before)
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(deed)
        .collect()
    }
}

fn token(row: &PgRow) -> StoreResult<Token> {
    Ok(Token {
        id: row.try_get(0)?,
        name: given(row.try_get(1)?),
        rank: serde_json::from_value(serde_json::Value::from(row.try_get::<&str, _>(2)?))?,
        reach: serde_json::from_str(&given_json(row.try_get(3)?))?,
        created_at: row.try_get(4)?,
        expires_at: row.try_get(5)?,
    })
}

fn deed(row: &PgRow) -> StoreResult<Deed> {
    let tenant: Option<&str> = row.try_get(3)?;
    Ok(Deed {
        at: row.try_get(0)?,
        who: given(row.try_get(1)?),
        from: given(row.try_get(2)?),
        tenant: tenant.map(TenantId::new).transpose()?,
        what: given(row.try_get(4)?),
        which: given(row.try_get(5)?),
        refused: given(row.try_get(6)?),
    })
}
