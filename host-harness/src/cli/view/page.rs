//! Text under construction: headings, paragraphs, facts, tables.

use anstyle::Style;
use console::measure_text_width;

use super::paint::{DIM, GOOD, HEADING, paint};
use super::{Table, clean};

/// A page of output, as wide as the terminal.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            text: String::new(),
            width: width.max(40),
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
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
        let mut lead = first;
        let mut line = String::new();
        let mut used = 0;
        let room = |lead: &str| self.width.saturating_sub(measure_text_width(lead)).max(20);
        let mut lines = Vec::new();
        for word in text.split_whitespace() {
            let w = measure_text_width(word);
            if used > 0 && used + 1 + w > room(lead) {
                lines.push(format!("{lead}{}\n", paint(style, &line)));
                lead = rest;
                line.clear();
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += w;
        }
        lines.push(format!("{lead}{}\n", paint(style, &line)));
        self.text.extend(lines);
    }

    /// A line of somebody else's text, cut at the width.
    pub(crate) fn verbatim(&mut self, line: &str) {
        let line = clean(line);
        let line = console::truncate_str(&line, self.width.saturating_sub(4), "…");
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
            self.text.push_str(&table.render(self.width));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn long_sentences_wrap_under_their_mark() {
        let mut page = Page::new(40);
        page.done("Settings stored; the password went to the host's own store and the plugin holds a handle.");
        insta::assert_snapshot!(anstream::adapter::strip_str(&page.into_text()).to_string(), @r"
          ✓ Settings stored; the password went to
            the host's own store and the plugin
            holds a handle.
        ");
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
