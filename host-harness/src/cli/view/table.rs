//! Aligned columns that fit the width.

use anstyle::Style;
use console::measure_text_width;

use super::clean;
use super::paint::{DIM, PLAIN, paint};

/// The longest text of a cell, however wide the page: nobody reads a photo.
const LONGEST: usize = 240;

/// One cell; its text is printable.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self::styled(text, PLAIN)
    }

    pub(crate) fn styled(text: impl AsRef<str>, style: Style) -> Self {
        let text = clean(text.as_ref());
        Self {
            text: console::truncate_str(&text, LONGEST, "…").into_owned(),
            style,
        }
    }
}

/// Columns and rows; the last column takes what is left.
#[derive(Debug, Default)]
pub(crate) struct Table {
    titles: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A column for each title; a title that begins with `>` is set to the right.
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self {
            titles: titles
                .iter()
                .map(|t| t.trim_start_matches('>').to_owned())
                .collect(),
            right: titles.iter().map(|t| t.starts_with('>')).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether everything stands in this width uncut.
    pub(crate) fn fits(&self, width: usize) -> bool {
        let natural = self.widths(usize::MAX);
        let gaps = natural.len().saturating_sub(1) * 2;
        natural.iter().sum::<usize>() + gaps + 2 <= width
    }

    /// The lines, indented by two, no wider than `width` where that can be.
    pub(crate) fn render(&self, width: usize) -> String {
        let widths = self.widths(width.saturating_sub(2));
        let mut out = String::new();
        if self.titles.iter().any(|t| !t.is_empty()) {
            let titles: Vec<Cell> = self.titles.iter().map(|t| Cell::styled(t, DIM)).collect();
            self.line(&mut out, &titles, &widths);
        }
        for row in &self.rows {
            self.line(&mut out, row, &widths);
        }
        out
    }

    fn widths(&self, available: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.titles.iter().map(|t| measure_text_width(t)).collect();
        for row in &self.rows {
            for (i, cell) in row.iter().enumerate() {
                if let Some(w) = widths.get_mut(i) {
                    *w = (*w).max(measure_text_width(&cell.text));
                }
            }
        }
        let gaps = widths.len().saturating_sub(1) * 2;
        // The widest column gives way first, down to what still shows something.
        while widths.iter().sum::<usize>() + gaps > available {
            match widths.iter_mut().max_by_key(|w| **w) {
                Some(widest) if *widest > 8 => *widest -= 1,
                _ => break,
            }
        }
        widths
    }

    fn line(&self, out: &mut String, cells: &[Cell], widths: &[usize]) {
        out.push_str("  ");
        let last = cells.iter().rposition(|c| !c.text.is_empty()).unwrap_or(0);
        for (i, (cell, &width)) in cells.iter().zip(widths).enumerate().take(last + 1) {
            if i > 0 {
                out.push_str("  ");
            }
            let text = console::truncate_str(&cell.text, width, "…");
            let pad = " ".repeat(width.saturating_sub(measure_text_width(&text)));
            let right = self.right.get(i).copied().unwrap_or(false);
            if right {
                out.push_str(&pad);
            }
            out.push_str(&paint(cell.style, &text));
            if !right && i < last {
                out.push_str(&pad);
            }
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Table};

    fn people() -> Table {
        let mut table = Table::new(&["name", ">count", "note"]);
        table.row([Cell::new("Ada"), Cell::new("7"), Cell::new("")]);
        table.row([
            Cell::new("李小龍"),
            Cell::new("1,204"),
            Cell::new("a rather long note about this"),
        ]);
        table
    }

    #[test]
    fn columns_align_whatever_the_script() {
        insta::assert_snapshot!(anstream::adapter::strip_str(&people().render(80)).to_string(), @r"
          name    count  note
          Ada         7
          李小龍  1,204  a rather long note about this
        ");
    }

    #[test]
    fn a_narrow_terminal_shortens_the_widest_column() {
        let text = anstream::adapter::strip_str(&people().render(34)).to_string();
        assert!(
            text.lines().all(|l| console::measure_text_width(l) <= 34),
            "{text}"
        );
        assert!(text.contains('…'));
    }

    #[test]
    fn cells_cannot_carry_escape_sequences() {
        let mut table = Table::new(&["x"]);
        table.row([Cell::new("\u{1b}[2J")]);
        assert!(!table.render(80).contains("\u{1b}[2J"));
    }
}
