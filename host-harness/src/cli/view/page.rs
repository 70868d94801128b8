//! Text under construction: headings, paragraphs, facts, tables.

use anstyle::Style;
use console::measure_text_width;

use super::paint::{DIM, GOOD, HEADING, paint};
use super::{Table, clean};

/// Longer lines are hard to read.
const PROSE: usize = 110;

/// A page of output. Tables take the terminal's width; sentences no more than can be read with ease.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    width: usize,
    table_width: usize,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            text: String::new(),
            width: width.clamp(40, PROSE),
            table_width: width.max(40),
        }
    }

    /// The width that tables may take.
    pub(crate) fn table_width(&self) -> usize {
        self.table_width
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A title after an empty line.
    pub(crate) fn heading(&mut self, title: &str) {
        self.gap();
        self.title(title);
    }

    /// A title on a line of its own.
    pub(crate) fn title(&mut self, title: &str) {
        self.text.push_str(&paint(HEADING, &clean(title)));
        self.text.push('\n');
    }

    /// An empty line, unless the page begins or one stands already.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// One line, written as it is: the caller has cleaned what needs it.
    pub(crate) fn raw(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A green tick and what was done.
    pub(crate) fn done(&mut self, text: &str) {
        self.marked("✓", GOOD, text);
    }

    /// A mark and a wrapped sentence.
    pub(crate) fn marked(&mut self, mark: &str, style: Style, text: &str) {
        let first = format!("  {} ", paint(style, mark));
        self.wrapped(&first, "    ", text, anstyle::Style::new());
    }

    /// A wrapped paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.wrapped("  ", "  ", text, anstyle::Style::new());
    }

    /// A wrapped paragraph that stays in the background.
    pub(crate) fn aside(&mut self, text: &str) {
        self.wrapped("  ", "  ", text, DIM);
    }

    /// Wraps cleaned text at the page's width, after `first` and then `rest`.
    pub(crate) fn wrapped(&mut self, first: &str, rest: &str, text: &str, style: Style) {
        let text = clean(text);
        let room = self
            .width
            .saturating_sub(measure_text_width(first).max(measure_text_width(rest)))
            .max(20);
        let mut lead = first;
        let mut line = String::new();
        for word in text.split_whitespace().flat_map(|word| pieces(word, room)) {
            let used = measure_text_width(&line);
            if used > 0 && used + 1 + measure_text_width(word) > room {
                self.text
                    .push_str(&format!("{lead}{}\n", paint(style, &line)));
                lead = rest;
                line.clear();
            } else if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.text
            .push_str(&format!("{lead}{}\n", paint(style, &line)));
    }

    /// A line of somebody else's text, cut at the width.
    pub(crate) fn verbatim(&mut self, line: &str) {
        let line = clean(line);
        let line = console::truncate_str(&line, self.table_width.saturating_sub(4).min(160), "…");
        self.text.push_str(&format!("    {}\n", paint(DIM, &line)));
    }

    /// Labels and values, the values aligned.
    pub(crate) fn facts<L: AsRef<str>, V: AsRef<str>>(&mut self, facts: &[(L, V)]) {
        let widest = facts
            .iter()
            .map(|(l, _)| measure_text_width(l.as_ref()))
            .max()
            .unwrap_or(0);
        for (label, value) in facts {
            let label = clean(label.as_ref());
            let pad = " ".repeat(widest.saturating_sub(measure_text_width(&label)));
            let first = format!("  {}{pad}  ", paint(DIM, &label));
            let rest = " ".repeat(widest + 4);
            self.wrapped(&first, &rest, value.as_ref(), anstyle::Style::new());
        }
    }

    pub(crate) fn table(&mut self, table: &Table) {
        if !table.is_empty() {
            self.text.push_str(&table.render(self.table_width));
        }
    }
}

/// A word, cut where it is wider than a line.
fn pieces(word: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, c) in word.char_indices() {
        let width = measure_text_width(c.encode_utf8(&mut [0; 4]));
        if used + width > room && at > start {
            pieces.push(&word[start..at]);
            (start, used) = (at, 0);
        }
        used += width;
    }
    pieces.push(&word[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn long_sentences_wrap_under_their_mark() {
        let mut page = Page::new(40);
        page.done("Settings stored; the password went to the host's own store and the plugin holds a handle.");
        insta::assert_snapshot!(anstream::adapter::strip_str(&page.into_text()).to_string(), @r"
          ✓ Settings stored; the password went
            to the host's own store and the
            plugin holds a handle.
        ");
    }

    #[test]
    fn a_word_wider_than_the_page_is_cut() {
        let mut page = Page::new(40);
        page.paragraph(&"AB:".repeat(30));
        let text = page.into_text();
        assert!(
            text.lines().all(|l| console::measure_text_width(l) <= 40),
            "{text}"
        );
        assert_eq!(text.replace([' ', '\n'], ""), "AB:".repeat(30));
    }

    #[test]
    fn facts_align_their_values() {
        let mut page = Page::new(60);
        page.facts(&[("a", "1"), ("longer", "2")]);
        insta::assert_snapshot!(anstream::adapter::strip_str(&page.into_text()).to_string(), @r"
          a       1
          longer  2
        ");
    }
}
