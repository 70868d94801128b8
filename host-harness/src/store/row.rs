//! A plan's row in the form in which it is stored, and back.

use super::adoption::taken_over;
use super::check::Schema;
use super::error::{StoreError, StoreResult};
use super::schema::RESERVED;
use super::values::{ObjectWriter, Values, json};
use crate::Problem;
use crate::contract::plan::{Change, Link, Party, Rejection, Row, RowKind, UnsyncedRow};
use crate::contract::portal::FieldKind;

/// The row clears a field.
pub const CLEARS: i64 = 1;
/// The row gives another role.
pub const CHANGES_ROLE: i64 = 2;

/// A row that adds somebody, as stored.
pub const CREATE: i64 = 0;
/// A row of somebody who is unsynced, as stored.
pub const UNSYNCED: i64 = 4;

const MAX_ID: usize = 1024;
const MAX_DN: usize = 16 << 10;
const MAX_CHANGES: usize = 512;
const MAX_BYTES: usize = 4 << 20;
const MAX_PROBLEM: usize = 64 << 10;
const HASH_BYTES: usize = 16;

/// A row as the columns that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// See [`kind_code`].
    pub kind: i64,
    /// As recorded.
    pub external_id: String,
    /// As recorded.
    pub dn: String,
    /// As recorded.
    pub display: String,
    /// As recorded.
    pub reason: String,
    /// 16 bytes, or nothing.
    pub source_hash: Option<Vec<u8>>,
    /// A JSON object with the fields of `after` in the same order; nothing where all were empty.
    pub before: Option<String>,
    /// A JSON object, at once the merge patch (RFC 7396) that applies the row.
    pub after: String,
    /// Changes of `role`, `dn` and `external-id`, as a JSON list of `[field, before, after]`.
    pub pseudo: Option<String>,
    /// The new role.
    pub role: Option<String>,
    /// A JSON object from unique field to the normalised value taken, null where one is only given up.
    pub claims: Option<String>,
    /// How many values are taken.
    pub claimed: i64,
    /// [`CLEARS`], [`CHANGES_ROLE`].
    pub flags: i64,
    /// JSON.
    pub problem: Option<String>,
    /// JSON.
    pub other: Option<String>,
    /// The portal's own id of the person taken over; nothing that `pseudo` and `other` do not say.
    pub adopts: Option<i64>,
}

impl Encoded {
    /// How many bytes its texts have.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let optional = [
            &self.before,
            &self.pseudo,
            &self.claims,
            &self.problem,
            &self.other,
        ];
        let optional = optional.into_iter().flatten().map(String::len);
        let always = [&self.external_id, &self.dn, &self.display, &self.after];
        always.into_iter().map(String::len).sum::<usize>() + optional.sum::<usize>()
    }
}

/// A row kind as it is stored.
#[must_use]
pub fn kind_code(kind: RowKind) -> i64 {
    match kind {
        RowKind::Create => CREATE,
        RowKind::Update => 1,
        RowKind::Deactivate => 2,
        RowKind::Reactivate => 3,
        RowKind::Unsynced => UNSYNCED,
    }
}

/// The reverse of [`kind_code`].
///
/// # Errors
/// Where no kind has this code.
pub fn kind_of(code: i64) -> StoreResult<RowKind> {
    [
        RowKind::Create,
        RowKind::Update,
        RowKind::Deactivate,
        RowKind::Reactivate,
        RowKind::Unsynced,
    ]
    .into_iter()
    .find(|kind| kind_code(*kind) == code)
    .ok_or_else(|| StoreError::Corrupt(format!("a row of kind {code}")))
}

/// Checks a row against the contract and the portal's schema, and encodes it.
///
/// # Errors
/// `bad-row` where the row breaks the contract; `unknown-field`, `unknown-role`, `too-long`, `missing-value` where the
/// portal would not take it.
pub fn encode(row: Row, schema: &Schema) -> Result<Encoded, Problem> {
    let person = |change: &&Change| {
        let field = schema.field(&change.field);
        field.is_ok_and(|field| field.kind == FieldKind::Person)
    };
    if row.kind != RowKind::Unsynced
        && let Some(change) = row.changes.iter().find(person)
    {
        let fault = format!(
            "{:?}, which holds another person and is a link's to change",
            change.field
        );
        return Err(bad_row(&row, fault));
    }
    encode_any(row, schema)
}

/// Checks a link and encodes it as the row of somebody who has none.
///
/// # Errors
/// See [`encode`]; `bad-row` for a field that holds no person.
pub fn encode_link(link: &Link, schema: &Schema) -> Result<Encoded, Problem> {
    let row = Row {
        kind: RowKind::Update,
        external_id: link.external_id.clone(),
        dn: link.dn.clone(),
        display: link.display.clone(),
        reason: "changed".to_owned(),
        changes: vec![link.change.clone()],
        source_hash: link.source_hash.clone(),
        problem: None,
        other: None,
    };
    if schema.field(&link.change.field)?.kind != FieldKind::Person {
        return Err(bad_row(&row, "a link in a field that holds no person"));
    }
    if row.source_hash.len() != HASH_BYTES {
        return Err(bad_row(&row, "a link without a source hash"));
    }
    encode_any(row, schema)
}

fn encode_any(row: Row, schema: &Schema) -> Result<Encoded, Problem> {
    check_shape(&row)?;
    let adopts = taken_over(&row).map_err(|fault| bad_row(&row, fault))?;
    let unsynced = row.kind == RowKind::Unsynced;
    let mut fields = Fields::new(&row);
    for (at, change) in row.changes.iter().enumerate() {
        if row.changes[..at]
            .iter()
            .any(|earlier| earlier.field == change.field)
        {
            return Err(bad_row(&row, format!("the field {:?} twice", change.field)));
        }
        if is_pseudo(change) {
            fields.add_pseudo(&row, change, schema)?;
        } else {
            fields.add(&row, change, schema)?;
        }
    }
    if row.kind == RowKind::Create {
        let given = row
            .changes
            .iter()
            .filter(|c| c.after.is_some())
            .map(|c| c.field.as_str());
        schema.check_complete(given)?;
    }
    Ok(Encoded {
        kind: kind_code(row.kind),
        source_hash: Some(row.source_hash).filter(|hash| !hash.is_empty()),
        before: fields.had_any.then(|| fields.before.finish()),
        after: fields.after.finish(),
        pseudo: (!fields.pseudo.is_empty()).then(|| json(&fields.pseudo)),
        role: fields.role.filter(|_| !unsynced).map(str::to_owned),
        claims: fields.claims.map(ObjectWriter::finish),
        claimed: fields.claimed,
        flags: fields.flags,
        problem: row.problem.as_ref().map(json),
        other: row.other.as_ref().map(json),
        adopts,
        external_id: row.external_id,
        dn: row.dn,
        display: row.display,
        reason: row.reason,
    })
}

/// The row that was encoded; changes of role, DN and external id come last.
///
/// # Errors
/// Where what is stored is not what [`encode`] makes.
pub fn decode(stored: Encoded) -> StoreResult<Row> {
    let after: Values = serde_json::from_str(&stored.after)?;
    let before: Values = match &stored.before {
        Some(text) => serde_json::from_str(text)?,
        None => Values::default(),
    };
    let mut before = before.0.into_iter();
    let mut changes: Vec<Change> = after
        .0
        .into_iter()
        .map(|(field, after)| Change {
            field,
            before: before.next().and_then(|(_, v)| v),
            after,
        })
        .collect();
    if let Some(text) = &stored.pseudo {
        let pseudo: Vec<(String, Option<String>, Option<String>)> = serde_json::from_str(text)?;
        changes.extend(pseudo.into_iter().map(|(field, before, after)| Change {
            field,
            before,
            after,
        }));
    }
    Ok(Row {
        kind: kind_of(stored.kind)?,
        external_id: stored.external_id,
        dn: stored.dn,
        display: stored.display,
        reason: stored.reason,
        changes,
        source_hash: stored.source_hash.unwrap_or_default(),
        problem: stored
            .problem
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?,
        other: stored
            .other
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?,
    })
}

/// An unsynced person of an export, from the columns of the row.
///
/// # Errors
/// Where what is stored is not what [`encode`] makes.
pub fn decode_unsynced(
    sequence: u64,
    external_id: String,
    dn: String,
    after: &str,
    problem: Option<&str>,
    other: Option<&str>,
) -> StoreResult<UnsyncedRow> {
    let values: Values = serde_json::from_str(after)?;
    let problem = problem
        .ok_or_else(|| StoreError::Corrupt("an unsynced row without its problem".to_owned()))?;
    Ok(UnsyncedRow {
        sequence,
        external_id,
        dn,
        values: values.into_field_values(),
        problem: serde_json::from_str(problem)?,
        other: other.map(serde_json::from_str::<Party>).transpose()?,
    })
}

/// The row of somebody whom a plan rejects, though it has none.
#[must_use]
pub fn new_unsynced(rejection: &Rejection, dn: &str) -> Row {
    Row {
        kind: RowKind::Unsynced,
        external_id: rejection.external_id.clone(),
        dn: dn.to_owned(),
        display: String::new(),
        reason: rejection.problem.code.clone(),
        changes: Vec::new(),
        source_hash: Vec::new(),
        problem: Some(rejection.problem.clone()),
        other: rejection.other.clone(),
    }
}

/// Whether a text is a stable code: what reasons and problem codes are made of.
#[must_use]
pub fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// What rows say beside the portal's fields.
fn is_pseudo(change: &Change) -> bool {
    RESERVED.contains(&change.field.as_str())
}

struct Fields<'r> {
    before: ObjectWriter,
    after: ObjectWriter,
    had_any: bool,
    pseudo: Vec<(&'r str, Option<&'r str>, Option<&'r str>)>,
    role: Option<&'r str>,
    claims: Option<ObjectWriter>,
    claimed: i64,
    flags: i64,
}

impl<'r> Fields<'r> {
    fn new(row: &Row) -> Self {
        Self {
            before: ObjectWriter::with_capacity(0),
            after: ObjectWriter::with_capacity(size(row)),
            had_any: row
                .changes
                .iter()
                .any(|change| change.before.is_some() && !is_pseudo(change)),
            pseudo: Vec::new(),
            role: None,
            claims: None,
            claimed: 0,
            flags: 0,
        }
    }

    fn add(&mut self, row: &Row, change: &'r Change, schema: &Schema) -> Result<(), Problem> {
        let field = schema.field(&change.field)?;
        let after = change.after.as_deref();
        self.after.put(&change.field, after);
        if self.had_any {
            self.before.put(&change.field, change.before.as_deref());
        }
        if row.kind == RowKind::Unsynced {
            return Ok(());
        }
        schema.check(field, after)?;
        if row.kind != RowKind::Create && after.is_none() {
            self.flags |= CLEARS;
        }
        if field.unique {
            let claim = after.and_then(|value| schema.claim(field, value));
            self.claimed += i64::from(claim.is_some());
            self.claims
                .get_or_insert_with(|| ObjectWriter::with_capacity(96))
                .put(&change.field, claim.as_deref());
        }
        Ok(())
    }

    fn add_pseudo(
        &mut self,
        row: &Row,
        change: &'r Change,
        schema: &Schema,
    ) -> Result<(), Problem> {
        let (before, after) = (change.before.as_deref(), change.after.as_deref());
        if change.field == "role" && row.kind != RowKind::Unsynced {
            let role = after.ok_or_else(|| bad_row(row, "no role"))?;
            schema.check_role(role)?;
            self.role = Some(role);
            if row.kind != RowKind::Create && before != after {
                self.flags |= CHANGES_ROLE;
            }
        }
        self.pseudo.push((&change.field, before, after));
        Ok(())
    }
}

fn size(row: &Row) -> usize {
    let texts = |change: &Change| {
        change.field.len()
            + change.before.as_ref().map_or(0, String::len)
            + change.after.as_ref().map_or(4, String::len)
            + 6
    };
    row.changes.iter().map(texts).sum::<usize>() + row.display.len()
}

/// How many bytes a row says besides values.
fn said(problem: Option<&Problem>, other: Option<&Party>) -> usize {
    let problem = problem.map_or(0, |problem| {
        let field = problem.field.as_ref().map_or(0, String::len);
        problem.code.len() + problem.message.len() + problem.remedy.len() + field
    });
    let other = other.map_or(0, |other| {
        other.external_id.len() + other.dn.len() + other.id.len()
    });
    problem + other
}

/// How many bytes a rejection adds to its row.
///
/// # Errors
/// `bad-request` where it is too long to be kept.
pub fn weigh(rejection: &Rejection) -> Result<usize, Problem> {
    let bytes = said(Some(&rejection.problem), rejection.other.as_ref());
    if bytes <= MAX_PROBLEM {
        return Ok(bytes);
    }
    Err(Problem::new(
        "bad-request",
        format!("the problem of {:?} is too long", rejection.external_id),
        "Report this to the plugin's maker.",
    ))
}

fn check_shape(row: &Row) -> Result<(), Problem> {
    let unsynced = row.kind == RowKind::Unsynced;
    let fault = if row.external_id.is_empty() && !(unsynced && row.reason == "missing-external-id")
    {
        "no external id"
    } else if row.external_id.len() > MAX_ID {
        "an external id that is too long"
    } else if row.dn.len() > MAX_DN {
        "a DN that is too long"
    } else if !is_code(&row.reason) {
        "a reason that is no code"
    } else if unsynced && row.problem.is_none() {
        "no problem, though it is unsynced"
    } else if said(row.problem.as_ref(), row.other.as_ref()) > MAX_PROBLEM {
        "a problem that is too long"
    } else if !matches!(row.source_hash.len(), 0 | HASH_BYTES) {
        "a source hash that is not 16 bytes long"
    } else if row.changes.len() > MAX_CHANGES || size(row) > MAX_BYTES {
        "too many values"
    } else {
        return Ok(());
    };
    Err(bad_row(row, fault))
}

fn bad_row(row: &Row, fault: impl std::fmt::Display) -> Problem {
    Problem::new(
        "bad-row",
        format!(
            "the plugin recorded a row with {fault} (external id {:?})",
            row.external_id
        ),
        "Report this to the plugin's maker.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::store::schema;

    fn row(kind: RowKind, changes: &[(&str, Option<&str>, Option<&str>)]) -> Row {
        Row {
            kind,
            external_id: "id-1".to_owned(),
            dn: "uid=ada,dc=example".to_owned(),
            display: "Ada".to_owned(),
            reason: "changed".to_owned(),
            changes: changes
                .iter()
                .map(|(field, before, after)| Change {
                    field: (*field).to_owned(),
                    before: before.map(str::to_owned),
                    after: after.map(str::to_owned),
                })
                .collect(),
            source_hash: vec![7; 16],
            problem: None,
            other: None,
        }
    }

    fn encoded(row: Row) -> Result<Encoded, Problem> {
        encode(row, &Schema::new(schema::fields(), schema::roles()))
    }

    #[test]
    fn a_row_is_read_back_as_it_was_recorded() {
        let update = row(
            RowKind::Update,
            &[
                ("email", Some("a@x"), Some("B@x ")),
                ("city", Some("Wien"), None),
                ("state", None, Some("\"W\"")),
                ("role", Some("requester"), Some("agent")),
            ],
        );
        let stored = encoded(update.clone()).unwrap();
        assert_eq!(stored.claims.as_deref(), Some(r#"{"email":"b@x"}"#));
        assert_eq!((stored.claimed, stored.flags), (1, CLEARS | CHANGES_ROLE));
        assert_eq!(decode(stored).unwrap(), update);
    }

    #[test]
    fn a_rejection_is_weighed_and_a_long_one_refused() {
        let rejection = |length| Rejection {
            external_id: "id-1".to_owned(),
            problem: Problem::new("taken", "m".repeat(length), ""),
            other: Some(Party {
                external_id: "id-2".to_owned(),
                dn: String::new(),
                id: "7".to_owned(),
            }),
        };
        assert_eq!(weigh(&rejection(MAX_PROBLEM - 10)).unwrap(), MAX_PROBLEM);
        let refused = weigh(&rejection(MAX_PROBLEM)).unwrap_err();
        assert_eq!(refused.code, "bad-request");
    }

    #[test]
    fn rows_against_contract_or_schema_are_refused() {
        let code = |row: Row| encoded(row).unwrap_err().code;
        let update = |changes: &[_]| row(RowKind::Update, changes);
        assert_eq!(code(update(&[("shoe", None, Some("43"))])), "unknown-field");
        assert_eq!(
            code(update(&[("role", None, Some("king"))])),
            "unknown-role"
        );
        assert_eq!(code(update(&[("email", Some("a"), None)])), "missing-value");
        assert_eq!(
            code(update(&[("city", None, None), ("city", None, None)])),
            "bad-row"
        );
        assert_eq!(
            code(row(RowKind::Create, &[("email", None, Some("a"))])),
            "missing-value"
        );
        assert_eq!(code(row(RowKind::Unsynced, &[])), "bad-row");
        let mut nameless = update(&[]);
        nameless.external_id.clear();
        assert_eq!(code(nameless), "bad-row");
        let mut hashless = update(&[]);
        hashless.source_hash = vec![1];
        assert_eq!(code(hashless), "bad-row");
        let said = |length| Row {
            problem: Some(Problem::new("taken", "m".repeat(length), "")),
            ..row(RowKind::Unsynced, &[])
        };
        assert!(encoded(said(MAX_PROBLEM - 5)).is_ok());
        assert_eq!(code(said(MAX_PROBLEM)), "bad-row");
    }
}
