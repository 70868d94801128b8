//! Who has logged in.

use sqlx::Row;

use super::open::Store;
use super::users::user;
use crate::ports::users::{Hash, PasswordHash, Session};
use crate::store::error::StoreResult;
use crate::store::tries::SESSIONS;

impl Store {
    pub(super) async fn insert_session(
        &self,
        hash: &Hash,
        session: &Session,
        password: &PasswordHash,
    ) -> StoreResult<bool> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM console_session WHERE ends_at <= ?1 OR idle_at <= ?1")
            .bind(session.created_at)
            .execute(&mut *tx)
            .await?;
        let done = sqlx::query(
            "INSERT INTO console_session (hash, holder, created_at, seen_at, idle_at, ends_at, origin)
             SELECT ?1, id, ?4, ?5, ?6, ?7, ?8 FROM console_user
             WHERE id = ?2 AND password = ?3 AND NOT disabled",
        )
        .bind(&hash[..])
        .bind(session.user.id)
        .bind(&password.0)
        .bind(session.created_at)
        .bind(session.seen_at)
        .bind(session.idle_at)
        .bind(session.ends_at)
        .bind(&session.from)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM console_session WHERE hash IN (SELECT hash FROM console_session
             WHERE holder = ?1 ORDER BY created_at DESC, hash LIMIT -1 OFFSET ?2)",
        )
        .bind(session.user.id)
        .bind(SESSIONS)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    pub(super) async fn session_of(&self, hash: &Hash, now: i64) -> StoreResult<Option<Session>> {
        let row = sqlx::query(
            "SELECT u.id, u.name, u.rank, u.reach, u.disabled, u.created_at, u.changed_at,
                s.created_at, s.seen_at, s.idle_at, s.ends_at, s.origin
             FROM console_session s JOIN console_user u ON u.id = s.holder
             WHERE s.hash = ?1 AND s.idle_at > ?2 AND s.ends_at > ?2 AND NOT u.disabled",
        )
        .bind(&hash[..])
        .bind(now)
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(Session {
                user: user(&row)?,
                created_at: row.try_get(7)?,
                seen_at: row.try_get(8)?,
                idle_at: row.try_get(9)?,
                ends_at: row.try_get(10)?,
                from: row.try_get(11)?,
            })
        })
        .transpose()
    }

    pub(super) async fn update_session(
        &self,
        hash: &Hash,
        seen_at: i64,
        idle_at: i64,
    ) -> StoreResult<()> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE console_session SET seen_at = ?2, idle_at = ?3 WHERE hash = ?1")
            .bind(&hash[..])
            .bind(seen_at)
            .bind(idle_at)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn delete_session(&self, hash: &Hash) -> StoreResult<()> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM console_session WHERE hash = ?1")
            .bind(&hash[..])
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}
