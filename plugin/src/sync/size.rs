//! Sizes that the directory does not decide: nothing in an entry may make a row that a host refuses, for
//! that would end the run for everybody.

use std::borrow::Cow;

use crate::ports::plan::Row;
use crate::problem::Problem;

/// Longest external id in bytes.
pub(super) const ID: usize = 512;

/// Longest DN in bytes.
const DN: usize = 8 << 10;

/// Most bytes of values in a row.
const VALUES: usize = 1 << 20;

/// Longest text in the row of somebody unsynced, in bytes.
const SHOWN: usize = 16 << 10;

/// Bytes of a row's texts.
pub(super) fn of(row: &Row<'_>) -> usize {
    let text = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |text| text.len());
    let values = row
        .changes
        .iter()
        .map(|change| text(&change.before) + text(&change.after));
    row.dn.len() + row.display.len() + values.sum::<usize>()
}

/// What is wrong with a row that is too large.
pub(super) fn trouble(row: &Row<'_>) -> Option<Problem> {
    let problem = |field: &str, what: &str, most: usize| {
        Problem::new(
            "too-long",
            format!("{what} than the {most} bytes that a person may have"),
            "Correct the entry in the directory, or map fewer or other attributes.",
        )
        .of_field(field)
    };
    if row.dn.len() > DN {
        Some(problem("dn", "the entry's name is longer", DN))
    } else if of(row) > VALUES {
        Some(problem("values", "the entry's values are larger", VALUES))
    } else {
        None
    }
}

/// Cuts the texts of a row that only reports.
pub(super) fn cut(row: &mut Row<'_>) {
    shorten(&mut row.dn, DN);
    shorten(&mut row.display, SHOWN);
    for after in row
        .changes
        .iter_mut()
        .filter_map(|change| change.after.as_mut())
    {
        shorten(after, SHOWN);
    }
}

fn shorten(text: &mut Cow<'_, str>, most: usize) {
    if text.len() > most {
        *text = Cow::Owned(text[..text.floor_char_boundary(most)].to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::plan::{Change, RowKind};

    fn row(dn: usize, value: usize) -> Row<'static> {
        let change = Change {
            field: "x".into(),
            before: None,
            after: Some("é".repeat(value / 2).into()),
        };
        Row {
            kind: RowKind::Create,
            external_id: "i".into(),
            dn: "a".repeat(dn).into(),
            display: "".into(),
            reason: "new",
            changes: vec![change],
            source_hash: [0; 16],
            problem: None,
            other: None,
        }
    }

    #[test]
    fn what_hosts_take_is_no_trouble() {
        assert_eq!(trouble(&row(DN, SHOWN)), None);
        let mut kept = row(9, SHOWN);
        cut(&mut kept);
        assert_eq!(kept, row(9, SHOWN));
    }

    #[test]
    fn what_is_too_large_is_named_and_can_be_cut() {
        for mut row in [row(DN + 1, 2), row(1, VALUES + 2)] {
            assert_eq!(trouble(&row).map(|problem| problem.code), Some("too-long"));
            cut(&mut row);
            assert_eq!(trouble(&row), None);
        }
    }
}
