//! Who may log in; the sessions and tries of the port are [`super::sessions`] and [`super::attempts`].

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::open::Store;
use crate::ports::Outcome;
use crate::ports::access::{Rank, Reach};
use crate::ports::users::{Hash, PasswordHash, Session, Trier, Try, User, Users};
use crate::store::error::{StoreResult, is_unique_violation};
use crate::store::refused::{last_admin, set_up_done, set_up_refused, unknown_user, user_exists};
use crate::store::tries::SETUPS;
use crate::store::values::json;

#[async_trait]
impl Users for Store {
    async fn users(&self) -> Outcome<Vec<User>> {
        Ok(self.all_users().await?)
    }

    async fn user(&self, id: i64) -> Outcome<User> {
        Ok(self.one_user(id).await?)
    }

    async fn user_named(&self, name: &str) -> Outcome<Option<(User, PasswordHash)>> {
        Ok(self.user_of_name(name).await?)
    }

    async fn add_user(&self, user: &User, password: &PasswordHash) -> Outcome<i64> {
        Ok(self.insert_user(user, password).await?)
    }

    async fn change_user(&self, user: &User) -> Outcome<()> {
        Ok(self.update_user(user).await?)
    }

    async fn set_password(&self, id: i64, password: &PasswordHash, now: i64) -> Outcome<()> {
        Ok(self.update_password(id, password, now).await?)
    }

    async fn rehash(&self, id: i64, old: &PasswordHash, new: &PasswordHash) -> Outcome<()> {
        Ok(self.replace_hash(id, old, new).await?)
    }

    async fn add_session(
        &self,
        hash: &Hash,
        session: &Session,
        password: &PasswordHash,
    ) -> Outcome<bool> {
        Ok(self.insert_session(hash, session, password).await?)
    }

    async fn session(&self, hash: &Hash, now: i64) -> Outcome<Option<Session>> {
        Ok(self.session_of(hash, now).await?)
    }

    async fn touch_session(&self, hash: &Hash, seen_at: i64, idle_at: i64) -> Outcome<()> {
        Ok(self.update_session(hash, seen_at, idle_at).await?)
    }

    async fn end_session(&self, hash: &Hash) -> Outcome<()> {
        Ok(self.delete_session(hash).await?)
    }

    async fn offer_setup(&self, hash: &Hash, expires_at: i64) -> Outcome<()> {
        Ok(self.add_setup(hash, expires_at).await?)
    }

    async fn forget_setup(&self) -> Outcome<()> {
        Ok(self.remove_setups().await?)
    }

    async fn check_setup(&self, hash: &Hash, now: i64) -> Outcome<()> {
        Ok(self.look_at_setup(hash, now).await?)
    }

    async fn set_up(&self, hash: &Hash, user: &User, password: &PasswordHash) -> Outcome<i64> {
        Ok(self.use_setup(hash, user, password).await?)
    }

    async fn may_try(&self, who: &Trier, now: i64) -> Outcome<Try> {
        Ok(self.begin_try(who, now).await?)
    }

    async fn tried_well(&self, who: &Trier, now: i64) -> Outcome<()> {
        Ok(self.clear_tries(who, now).await?)
    }
}

impl Store {
    async fn all_users(&self) -> StoreResult<Vec<User>> {
        sqlx::query(
            "SELECT id, name, rank, reach, disabled, created_at, changed_at FROM console_user ORDER BY name",
        )
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(user)
        .collect()
    }

    async fn one_user(&self, id: i64) -> StoreResult<User> {
        let row = sqlx::query(
            "SELECT id, name, rank, reach, disabled, created_at, changed_at FROM console_user WHERE id = ?1",
        )
        .bind(id)
        .fetch_optional(self.readers())
        .await?;
        user(&row.ok_or_else(|| unknown_user(id))?)
    }

    async fn user_of_name(&self, name: &str) -> StoreResult<Option<(User, PasswordHash)>> {
        let row = sqlx::query(
            "SELECT id, name, rank, reach, disabled, created_at, changed_at, password FROM console_user
             WHERE name = ?1",
        )
        .bind(name)
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| Ok((user(&row)?, PasswordHash(row.try_get(7)?))))
            .transpose()
    }

    async fn insert_user(&self, user: &User, password: &PasswordHash) -> StoreResult<i64> {
        let mut tx = self.write().await?;
        let id = add(&mut tx, user, password).await?;
        sqlx::query("DELETE FROM setup_secret")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn update_user(&self, user: &User) -> StoreResult<()> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "UPDATE console_user SET rank = ?2, reach = ?3, disabled = ?4, changed_at = ?5 WHERE id = ?1",
        )
        .bind(user.id)
        .bind(user.rank.name())
        .bind(json(&user.reach))
        .bind(user.disabled)
        .bind(user.changed_at)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(unknown_user(user.id));
        }
        let left: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM console_user WHERE rank = ?1 AND reach = ?2 AND NOT disabled)",
        )
        .bind(Rank::Admin.name())
        .bind(json(&Reach::Everything))
        .fetch_one(&mut *tx)
        .await?;
        if !left {
            return Err(last_admin());
        }
        end_sessions(&mut tx, user.id).await?;
        Ok(tx.commit().await?)
    }

    async fn update_password(&self, id: i64, password: &PasswordHash, now: i64) -> StoreResult<()> {
        let mut tx = self.write().await?;
        let done =
            sqlx::query("UPDATE console_user SET password = ?2, changed_at = ?3 WHERE id = ?1")
                .bind(id)
                .bind(&password.0)
                .bind(now)
                .execute(&mut *tx)
                .await?;
        if done.rows_affected() == 0 {
            return Err(unknown_user(id));
        }
        end_sessions(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    async fn replace_hash(
        &self,
        id: i64,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> StoreResult<()> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE console_user SET password = ?3 WHERE id = ?1 AND password = ?2")
            .bind(id)
            .bind(&old.0)
            .bind(&new.0)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn add_setup(&self, hash: &Hash, expires_at: i64) -> StoreResult<()> {
        let mut tx = self.write().await?;
        if has_users(&mut tx).await? {
            return Err(set_up_done());
        }
        sqlx::query("INSERT INTO setup_secret (hash, expires_at) VALUES (?1, ?2)")
            .bind(&hash[..])
            .bind(expires_at)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM setup_secret WHERE hash NOT IN
                (SELECT hash FROM setup_secret ORDER BY expires_at DESC, hash LIMIT ?1)",
        )
        .bind(SETUPS)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn remove_setups(&self) -> StoreResult<()> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM setup_secret")
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn look_at_setup(&self, hash: &Hash, now: i64) -> StoreResult<()> {
        let (done, good): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM console_user),
                EXISTS (SELECT 1 FROM setup_secret WHERE hash = ?1 AND expires_at > ?2)",
        )
        .bind(&hash[..])
        .bind(now)
        .fetch_one(self.readers())
        .await?;
        match (done, good) {
            (true, _) => Err(set_up_done()),
            (false, false) => Err(set_up_refused()),
            (false, true) => Ok(()),
        }
    }

    async fn use_setup(
        &self,
        hash: &Hash,
        user: &User,
        password: &PasswordHash,
    ) -> StoreResult<i64> {
        let mut tx = self.write().await?;
        if has_users(&mut tx).await? {
            return Err(set_up_done());
        }
        let used = sqlx::query("DELETE FROM setup_secret WHERE hash = ?1 AND expires_at > ?2")
            .bind(&hash[..])
            .bind(user.created_at)
            .execute(&mut *tx)
            .await?;
        if used.rows_affected() == 0 {
            return Err(set_up_refused());
        }
        let id = add(&mut tx, user, password).await?;
        sqlx::query("DELETE FROM setup_secret")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(id)
    }
}

async fn has_users(tx: &mut Transaction<'_, Sqlite>) -> StoreResult<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM console_user)")
            .fetch_one(&mut **tx)
            .await?,
    )
}

async fn add(
    tx: &mut Transaction<'_, Sqlite>,
    user: &User,
    password: &PasswordHash,
) -> StoreResult<i64> {
    sqlx::query_scalar(
        "INSERT INTO console_user (name, password, rank, reach, disabled, created_at, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
    )
    .bind(&user.name)
    .bind(&password.0)
    .bind(user.rank.name())
    .bind(json(&user.reach))
    .bind(user.disabled)
    .bind(user.created_at)
    .bind(user.changed_at)
    .fetch_one(&mut **tx)
    .await
    .map_err(|error| {
        if is_unique_violation(&error) {
            user_exists(&user.name)
        } else {
            error.into()
        }
    })
}

async fn end_sessions(tx: &mut Transaction<'_, Sqlite>, user: i64) -> StoreResult<()> {
    sqlx::query("DELETE FROM console_session WHERE holder = ?1")
        .bind(user)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A user from the first seven columns.
pub(super) fn user(row: &SqliteRow) -> StoreResult<User> {
    Ok(User {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        rank: serde_json::from_value(serde_json::Value::from(row.try_get::<&str, _>(2)?))?,
        reach: serde_json::from_str(row.try_get(3)?)?,
        disabled: row.try_get(4)?,
        created_at: row.try_get(5)?,
        changed_at: row.try_get(6)?,
    })
}
