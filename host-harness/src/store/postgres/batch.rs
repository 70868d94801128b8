//! The rows of a plan that are applied together.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row as _, Transaction};

use super::text::given;
use super::unique::key_of;
use crate::ports::plan::RunId;
use crate::store::error::StoreResult;
use crate::store::exchange::{Candidate, Claim, Refusal};
use crate::store::row::CREATE;
use crate::store::standing::{Standing, row_id};

/// A row of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) id: i64,
    kind: i64,
    claimed: i64,
    /// It gives up unique values, or takes others.
    exchanges: bool,
    adopts: bool,
    /// Whom it is about; for somebody new, the number that the person will have.
    person: Option<i64>,
}

/// Rows by ascending sequence, each with its person.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<Member>);

/// What the rows of a batch amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) rows: i64,
    pub(super) creates: i64,
    pub(super) exchanges: bool,
    pub(super) claims: i64,
    pub(super) last: i64,
}

/// What a member is read from: a plan's row `r`. The person whom it takes over is nobody where the portal no longer has
/// the person as the plan says.
macro_rules! members_of {
    ($($rows:tt)*) => {
        concat!(
            "SELECT r.id, r.kind, r.claimed, r.kind <> 0 AND r.claims IS NOT NULL, r.adopts IS NOT NULL,
                CASE WHEN r.kind = 0 THEN nextval('person_number')
                    WHEN r.adopts IS NULL THEN (SELECT p.id FROM person p
                        WHERE p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id)
                    ELSE (SELECT v.id FROM person_values v
                        WHERE v.id = r.adopts AND v.tenant = $1
                            AND CASE v.origin WHEN 1 THEN v.key ELSE '' END = r.other::json ->> 'external_id'
                            AND v.id::text = r.other::json ->> 'id'
                            AND NOT EXISTS (SELECT 1 FROM person p
                                WHERE p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id)) END
             FROM ",
            $($rows)*,
            " r ORDER BY r.id"
        )
    };
}

impl Batch {
    /// The next rows without outcome; new people get the next numbers.
    pub(super) async fn next(
        tx: &mut Transaction<'_, Postgres>,
        tenant: i64,
        run: RunId,
        now: &Standing,
        limit: i64,
    ) -> StoreResult<Self> {
        let rows = sqlx::query(members_of!(
            "(SELECT * FROM plan_row q WHERE q.id > $2 AND q.id <= $3 AND q.kind <> 4
                AND NOT EXISTS (SELECT 1 FROM row_outcome o WHERE o.id = q.id)
              ORDER BY q.id LIMIT $4)"
        ))
        .bind(tenant)
        .bind(row_id(run, now.cursor))
        .bind(row_id(run, now.sequence))
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
        Ok(Self(rows.iter().map(member).collect::<StoreResult<_>>()?))
    }

    /// Adds the rows of those who hold what the batch claims, and of those who hold what these claim, and so on.
    pub(super) async fn pull_in(
        &mut self,
        tx: &mut Transaction<'_, Postgres>,
        tenant: i64,
        run: RunId,
        now: &Standing,
    ) -> StoreResult<()> {
        let rows = sqlx::query(members_of!(concat!(
            "(WITH RECURSIVE pulled (id) AS (
                SELECT * FROM unnest($4::bigint[])
                UNION
                SELECT q.id FROM pulled
                JOIN plan_row r ON r.id = pulled.id
                CROSS JOIN LATERAL json_each_text(r.claims::json) j
                JOIN unique_value u ON u.tenant = $1 AND u.field = j.key AND u.value = ",
            key_of!("j.value"),
            " CROSS JOIN LATERAL (
                    SELECT h.id FROM person_values v
                    JOIN plan_person h ON h.run = $2 AND h.external_id = v.key
                    WHERE v.id = u.person AND v.origin = 1
                    UNION ALL
                    SELECT a.id FROM plan_row a WHERE a.run = $2 AND a.adopts = u.person) h
                JOIN plan_row q ON q.id = h.id AND q.kind <> 4
                WHERE q.id > $3 AND NOT EXISTS (SELECT 1 FROM row_outcome o WHERE o.id = q.id))
             SELECT q.* FROM pulled JOIN plan_row q ON q.id = pulled.id
             WHERE pulled.id <> ALL ($4))"
        )))
        .bind(tenant)
        .bind(run.0)
        .bind(row_id(run, now.cursor))
        .bind(self.ids())
        .fetch_all(&mut **tx)
        .await?;
        for row in &rows {
            self.0.push(member(row)?);
        }
        self.0.sort_unstable_by_key(|member| member.id);
        Ok(())
    }

    /// The rows, as far as exchanging values goes.
    pub(super) async fn candidates(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        tenant: i64,
    ) -> StoreResult<Vec<Candidate>> {
        let known: Vec<i64> = sqlx::query_scalar(
            "SELECT b.id FROM unnest($2::bigint[]) b (id) JOIN plan_row r ON r.id = b.id
             JOIN person p ON p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id",
        )
        .bind(tenant)
        .bind(self.ids())
        .fetch_all(&mut **tx)
        .await?;
        let known: HashSet<i64> = known.into_iter().collect();
        let mut found: Vec<Candidate> = self
            .0
            .iter()
            .map(|member| Candidate {
                row: member.id,
                person: member.person.filter(|_| member.kind != CREATE),
                barred: Refusal::bars(
                    member.kind == CREATE,
                    known.contains(&member.id),
                    member.adopts,
                    member.person.is_none(),
                ),
                claims: Vec::new(),
                releases: Vec::new(),
            })
            .collect();
        let mut claims = sqlx::query(concat!(
            "SELECT b.id, j.key, j.value, u.person
             FROM unnest($2::bigint[]) b (id) JOIN plan_row r ON r.id = b.id
             CROSS JOIN LATERAL json_each_text(r.claims::json) WITH ORDINALITY j (key, value, place)
             LEFT JOIN unique_value u ON u.tenant = $1 AND u.field = j.key AND u.value = ",
            key_of!("j.value"),
            " ORDER BY b.id, j.place"
        ))
        .bind(tenant)
        .bind(self.ids())
        .fetch(&mut **tx);
        let mut at = 0;
        while let Some(row) = claims.try_next().await? {
            let id: i64 = row.try_get(0)?;
            while found.get(at).is_some_and(|candidate| candidate.row < id) {
                at += 1;
            }
            let Some(candidate) = found.get_mut(at) else {
                break;
            };
            let field = given(row.try_get(1)?);
            if candidate.person.is_some() {
                candidate.releases.push(field.clone());
            }
            if let Some(value) = row.try_get::<Option<String>, _>(2)? {
                candidate.claims.push(Claim {
                    field,
                    value: given(value),
                    holder: row.try_get(3)?,
                });
            }
        }
        Ok(found)
    }

    /// Takes rows out.
    pub(super) fn remove(&mut self, rows: &HashSet<i64>) {
        self.0.retain(|member| !rows.contains(&member.id));
    }

    pub(super) fn extent(&self) -> Extent {
        let creates = self.0.iter().filter(|member| member.kind == CREATE);
        Extent {
            rows: length(self.0.len()),
            creates: length(creates.count()),
            exchanges: self.0.iter().any(|member| member.exchanges),
            claims: self.0.iter().map(|member| member.claimed).sum(),
            last: self.0.last().map_or(0, |member| member.id),
        }
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.0.iter().map(|member| member.id).collect()
    }

    /// The people, by row.
    pub(super) fn people(&self) -> Vec<Option<i64>> {
        self.0.iter().map(|member| member.person).collect()
    }

    /// The people whom rows of this batch are about, by row.
    pub(super) fn by_row(&self) -> HashMap<i64, i64> {
        let known = |member: &Member| Some((member.id, member.person?));
        self.0.iter().filter_map(known).collect()
    }

    /// The rows that take people over, and these people.
    pub(super) fn adoptions(&self) -> (Vec<i64>, Vec<Option<i64>>) {
        let adopting = self.0.iter().filter(|member| member.adopts);
        adopting.map(|member| (member.id, member.person)).unzip()
    }

    /// The rows after one of them.
    pub(super) fn ids_after(&self, row: i64) -> Vec<i64> {
        let after = self.0.iter().map(|member| member.id);
        after.filter(|id| *id > row).collect()
    }
}

pub(super) fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn member(row: &PgRow) -> StoreResult<Member> {
    Ok(Member {
        id: row.try_get(0)?,
        kind: row.try_get(1)?,
        claimed: row.try_get(2)?,
        exchanges: row.try_get(3)?,
        adopts: row.try_get(4)?,
        person: row.try_get(5)?,
    })
}
