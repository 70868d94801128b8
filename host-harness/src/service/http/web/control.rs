//! The fields of forms, as pages show them.

use crate::shape;

/// A field: what stands before it, what it holds, what is wrong with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Control {
    /// Its name in the form.
    pub(super) name: String,
    /// Its id in the page.
    pub(super) id: String,
    /// `text`, `password`, `number`, `multiline`, `boolean`, `choice`, `filter`, `dn` …
    pub(super) kind: &'static str,
    pub(super) label: String,
    pub(super) help: String,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    pub(super) required: bool,
    /// What a browser may fill in.
    pub(super) complete: &'static str,
    pub(super) problem: Option<shape::Problem>,
    /// The help is worth being seen.
    pub(super) alert: bool,
    /// Where what is typed is checked meanwhile.
    pub(super) check: String,
    /// What can be put in.
    pub(super) offered: Vec<Choice>,
    /// The name of the box by which what is stored is removed; empty where nothing is, or nothing can be.
    pub(super) removal: String,
    /// Whether that box is ticked.
    pub(super) removing: bool,
}

/// Something to choose.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Control {
    /// A field of a form of the console's own.
    pub(super) fn new(name: &str, kind: &'static str, label: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: name.to_owned(),
            kind,
            label: label.to_owned(),
            complete: "off",
            ..Self::default()
        }
    }

    pub(super) fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }

    pub(super) fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// What a browser may fill in (HTML, section 4.10.18.7).
    pub(super) fn complete(mut self, what: &'static str) -> Self {
        self.complete = what;
        self
    }

    /// Values and labels, of which the one that the field holds is chosen.
    pub(super) fn choices<'c>(
        mut self,
        choices: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Self {
        let each = choices.into_iter().map(|(value, label)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: value == self.value,
        });
        self.choices = each.collect();
        self
    }

    /// Takes what is wrong with this field.
    pub(super) fn judged(mut self, problems: &[shape::Problem]) -> Self {
        let mine = |problem: &&shape::Problem| problem.field.as_deref() == Some(&self.name);
        self.problem = problems.iter().find(mine).cloned();
        self
    }

    /// What is wrong, by ids: what describes the field to whoever hears the page.
    pub(super) fn described(&self) -> String {
        let mut ids = Vec::new();
        if !self.help.is_empty() {
            ids.push(format!("{}-help", self.id));
        }
        if self.problem.is_some() {
            ids.push(format!("{}-wrong", self.id));
        }
        ids.join(" ")
    }

    /// The kind of input element (HTML, section 4.10.5).
    pub(super) fn input(&self) -> &'static str {
        match self.kind {
            "password" | "secret" => "password",
            "date" => "date",
            "date-time" => "datetime-local",
            "search" => "search",
            _ => "text",
        }
    }

    /// Where in the value the problem is: the value's line and a mark below it.
    pub(super) fn place(&self) -> Option<String> {
        let position = usize::try_from(self.problem.as_ref()?.position?).ok()?;
        let before: String = self.value.chars().take(position).collect();
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.value.get(begin..)?.lines().next().unwrap_or_default();
        let column = before.get(begin..)?.chars().count();
        Some(format!("{line}\n{}^", " ".repeat(column)))
    }
}

/// Where a form's field of this name is in the page.
pub(super) fn id_of<'c>(controls: &'c [Control], name: &str) -> Option<&'c str> {
    let named = controls.iter().find(|control| control.name == name);
    named.map(|control| control.id.as_str())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn wrong(position: u32) -> shape::Problem {
        shape::Problem {
            code: "bad-filter".into(),
            field: Some("filter".into()),
            message: String::new(),
            remedy: String::new(),
            position: Some(position),
        }
    }

    #[test]
    fn a_mark_stands_below_the_place_in_characters() {
        let control = Control::new("filter", "filter", "Filter").value("(cn=é))");
        let control = control.judged(&[wrong(6)]);
        assert_eq!(control.place().unwrap(), "(cn=é))\n      ^");
        let lines = Control::new("filter", "multiline", "Filter").value("ab\ncd");
        assert_eq!(lines.judged(&[wrong(4)]).place().unwrap(), "cd\n ^");
        let beyond = Control::new("filter", "filter", "Filter").value("a");
        assert_eq!(beyond.judged(&[wrong(9)]).place().unwrap(), "a\n ^");
    }

    #[test]
    fn a_field_takes_only_what_is_said_of_it() {
        let other = Control::new("base-dn", "dn", "Base").judged(&[wrong(0)]);
        assert!(other.problem.is_none());
        assert_eq!(other.described(), "");
        let mine = Control::new("filter", "filter", "Filter").help("h");
        assert_eq!(
            mine.judged(&[wrong(0)]).described(),
            "filter-help filter-wrong"
        );
    }
}
