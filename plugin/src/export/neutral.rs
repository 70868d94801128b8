//! Cells that a spreadsheet would run as a formula.
//!
//! A directory's values are written by many hands, and whoever opens the export trusts it. Spreadsheets take a cell
//! for a formula by its first character, some of them after white space or in full-width form.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The cell, behind an apostrophe where a spreadsheet would run it.
#[must_use]
pub fn neutral(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

fn is_formula(cell: &str) -> bool {
    if cell.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let invisible = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    cell.trim_start_matches(invisible)
        .chars()
        .next()
        .is_some_and(|first| {
            first == '\u{2212}'
                || first
                    .nfkc()
                    .next()
                    .is_some_and(|c| matches!(c, '=' | '+' | '-' | '@'))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_get_an_apostrophe_also_behind_white_space_and_in_full_width() {
        for cell in [
            "=1+1",
            "+49 30 1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n",
            "\tx",
            "  =1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}x",
            "\u{3000}\u{ff1d}1",
            "\u{2212}1",
            "\u{200b}=1",
            "\0=1",
        ] {
            assert_eq!(neutral(cell), format!("'{cell}"), "{cell:?}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for cell in [
            "",
            " ",
            "a=b",
            "1-2",
            "cn=x,dc=y",
            "x@example.com",
            "'=1",
            "Ünal",
            "  spaced  ",
        ] {
            assert_eq!(neutral(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn what_is_made_neutral_is_neutral_and_never_loses_a_character(cell in "\\PC{0,12}|[ \t\r=+@-]{0,4}") {
            let once = neutral(&cell);
            prop_assert!(once.ends_with(&cell));
            prop_assert_eq!(neutral(&once), once.clone());
        }
    }
}
