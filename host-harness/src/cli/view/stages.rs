//! Staged reports, mapped fields, and problems with their remedies.

use crate::Problem;
use crate::contract::types::{MappedField, Stage, Verdict};

use super::paint::{BAD, CAUTION, DIM, GOOD, PLAIN, STRONG, paint};
use super::{Cell, Page, Table, clean};

impl Page {
    /// Every stage with its mark, its evidence and its problems.
    pub(crate) fn stages(&mut self, stages: &[Stage]) {
        let widest = stages
            .iter()
            .map(|s| s.name.chars().count())
            .max()
            .unwrap_or(0);
        for stage in stages {
            let (mark, style) = verdict(stage.verdict);
            let name = clean(&stage.name);
            let first = format!(
                "  {} {}  ",
                paint(style, mark),
                paint(STRONG, &format!("{name:<widest$}"))
            );
            let rest = " ".repeat(widest + 6);
            let mut lead = first.as_str();
            for fact in &stage.evidence {
                self.wrapped(lead, &rest, fact, PLAIN);
                lead = &rest;
            }
            for problem in &stage.problems {
                self.wrapped(lead, &rest, &told(problem), style);
                lead = &rest;
                if !problem.remedy.is_empty() {
                    self.wrapped(
                        &format!("{rest}{} ", paint(DIM, "→")),
                        &format!("{rest}  "),
                        &problem.remedy,
                        PLAIN,
                    );
                }
            }
            if stage.evidence.is_empty() && stage.problems.is_empty() {
                self.raw(first.trim_end());
            }
        }
    }

    /// Problems that stop something.
    pub(crate) fn problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.problem("✗", BAD, problem);
        }
    }

    /// Problems that do not.
    pub(crate) fn warnings(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.problem("!", CAUTION, problem);
        }
    }

    fn problem(&mut self, mark: &str, style: anstyle::Style, problem: &Problem) {
        self.wrapped(
            &format!("  {} ", paint(style, mark)),
            "    ",
            &told(problem),
            PLAIN,
        );
        if !problem.remedy.is_empty() {
            self.wrapped(
                &format!("    {} ", paint(DIM, "→")),
                "      ",
                &problem.remedy,
                DIM,
            );
        }
    }

    /// What the rules make of a person, field by field.
    pub(crate) fn mapped(&mut self, fields: &[MappedField]) {
        let mut table = Table::new(&["", "field", "value", "from", "read in the directory"]);
        for field in fields {
            let raw = field.raw.join(" | ");
            let mark = match (&field.problem, &field.value) {
                (Some(_), _) => Cell::styled("✗", BAD),
                (None, Some(_)) => Cell::styled("✓", GOOD),
                (None, None) => Cell::styled("·", DIM),
            };
            let value = match (&field.problem, &field.value) {
                (Some(problem), _) => Cell::styled(&problem.code, BAD),
                (None, Some(value)) => Cell::new(value),
                (None, None) => Cell::styled("(kept)", DIM),
            };
            table.row([
                mark,
                Cell::new(&field.field),
                value,
                Cell::styled(&field.source, DIM),
                Cell::styled(raw, DIM),
            ]);
        }
        self.table(&table);
        let problems: Vec<Problem> = fields.iter().filter_map(|f| f.problem.clone()).collect();
        self.problems(&problems);
    }
}

/// The mark and style of a verdict.
fn verdict(verdict: Verdict) -> (&'static str, anstyle::Style) {
    match verdict {
        Verdict::Passed => ("✓", GOOD),
        Verdict::Warned => ("!", CAUTION),
        Verdict::Failed => ("✗", BAD),
    }
}

/// What happened, where, and its code.
pub(crate) fn told(problem: &Problem) -> String {
    let mut text = String::new();
    if let Some(field) = problem.field.as_deref().filter(|f| !f.is_empty()) {
        text.push_str(field);
        if let Some(position) = problem.position {
            text.push_str(&format!(" (at byte {position})"));
        }
        text.push_str(": ");
    }
    text.push_str(&problem.message);
    text.push_str(&format!(" [{}]", problem.code));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_stage_shows_its_evidence_code_and_remedy() {
        let mut page = Page::new(70);
        page.stages(&[
            Stage {
                name: "connect".into(),
                verdict: Verdict::Passed,
                evidence: vec!["127.0.0.1:389".into()],
                problems: vec![],
            },
            Stage {
                name: "bind".into(),
                verdict: Verdict::Failed,
                evidence: vec![],
                problems: vec![Problem::new(
                    "wrong-password",
                    "The server refuses the name or the password",
                    "Set the password again.",
                )],
            },
        ]);
        insta::assert_snapshot!(anstream::adapter::strip_str(&page.into_text()).to_string(), @r"
          ✓ connect  127.0.0.1:389
          ✗ bind     The server refuses the name or the password
                     [wrong-password]
                     → Set the password again.
        ");
    }

    #[test]
    fn a_problem_of_a_field_says_where() {
        let mut problem =
            Problem::new("filter-syntax", "a parenthesis is missing", "").of_field("filter");
        problem.position = Some(7);
        assert_eq!(
            told(&problem),
            "filter (at byte 7): a parenthesis is missing [filter-syntax]"
        );
    }
}
