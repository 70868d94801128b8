//! Rows that give a person of the portal another external id.

use crate::contract::plan::{Row, RowKind};

/// The pseudo field that a person's external id is.
pub const EXTERNAL_ID: &str = "external-id";

/// The portal's own id of the person whom a row takes over; none where it takes over nobody.
///
/// # Errors
/// How the row breaks the contract, as a phrase.
pub fn taken_over(row: &Row) -> Result<Option<i64>, &'static str> {
    let Some(change) = row.changes.iter().find(|c| c.field == EXTERNAL_ID) else {
        return Ok(None);
    };
    if !matches!(row.kind, RowKind::Update | RowKind::Reactivate) {
        return Err(
            "an external id that changes, though it is neither an update nor a reactivation",
        );
    }
    let person = row.other.as_ref();
    let id = person.and_then(|other| other.id.parse().ok());
    let (Some(other), Some(id)) = (person, id) else {
        return Err("an external id that changes, and no person of the portal whose it becomes");
    };
    let before = change.before.as_deref().unwrap_or_default();
    let fits = change.after.as_ref() == Some(&row.external_id)
        && before == other.external_id
        && before != row.external_id;
    if fits {
        Ok(Some(id))
    } else {
        Err("an external id that changes otherwise than the row says elsewhere")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::store::conformance::people::{adopt, row};

    #[test]
    fn a_row_that_says_whom_it_takes_over_is_understood() {
        assert_eq!(taken_over(&adopt("a", "7", None)), Ok(Some(7)));
        assert_eq!(taken_over(&adopt("a", "7", Some("b"))), Ok(Some(7)));
        assert_eq!(taken_over(&row(RowKind::Update, "a", &[])), Ok(None));
    }

    #[test]
    fn a_row_that_contradicts_itself_is_refused() {
        let wrong = |change: fn(&mut Row)| {
            let mut row = adopt("a", "7", Some("b"));
            change(&mut row);
            taken_over(&row).unwrap_err()
        };
        wrong(|row| row.kind = RowKind::Create);
        wrong(|row| row.kind = RowKind::Deactivate);
        wrong(|row| row.kind = RowKind::Unsynced);
        wrong(|row| row.other = None);
        wrong(|row| row.other.as_mut().unwrap().id = "x".into());
        wrong(|row| row.other.as_mut().unwrap().external_id = "id-c".into());
        wrong(|row| row.changes[0].after = None);
        wrong(|row| row.changes[0].after = Some("id-c".into()));
        wrong(|row| row.changes[0].before = Some("id-a".into()));
    }
}
