//! Reads the text format of Prometheus (version 0.0.4), strictly: what a scrape would stumble over, or a reviewer of names object to, is an error.

use std::collections::{BTreeMap, BTreeSet};

use crate::tenancy::{Trouble, trouble};

/// What was exposed.
#[derive(Debug, Clone, Default)]
pub struct Exposition {
    /// Each line of a value, without it: `name{label="value"}`.
    values: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
    labels: BTreeMap<String, BTreeSet<String>>,
}

impl Exposition {
    /// Reads and checks a text.
    ///
    /// # Errors
    /// The first line that is not as it should be.
    pub fn read(text: &str) -> Result<Self, Trouble> {
        let mut all = Self::default();
        let mut helped = BTreeSet::new();
        for line in text.lines() {
            let wrong = |why: &str| trouble(format!("{why}: {line}"));
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').ok_or_else(|| wrong("no words"))?;
                if words.len() < 10 || !helped.insert(name.to_owned()) {
                    return Err(wrong("help that says nothing, or twice"));
                }
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').ok_or_else(|| wrong("no type"))?;
                if kind == "counter" && !name.ends_with("_total") {
                    return Err(wrong("a counter ends with _total"));
                }
                if kind != "counter" && name.ends_with("_total") {
                    return Err(wrong("only a counter ends with _total"));
                }
                if !helped.contains(name) || all.kinds.contains_key(name) {
                    return Err(wrong("a type without help, or twice"));
                }
                all.kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                all.sample(line).ok_or_else(|| wrong("not understood"))?;
            }
        }
        Ok(all)
    }

    fn sample(&mut self, line: &str) -> Option<()> {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}')?),
            None => (series, ""),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| name.strip_suffix(end))
            .find(|family| {
                self.kinds
                    .get(*family)
                    .is_some_and(|kind| kind == "histogram")
            })
            .unwrap_or(name);
        if !name.chars().all(plain) || !self.kinds.contains_key(family) {
            return None;
        }
        // No value here has a comma or a quotation mark.
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (key, value) = label.split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            if !key.chars().all(plain) {
                return None;
            }
            let values = self.labels.entry(key.to_owned()).or_default();
            values.insert(value.to_owned());
        }
        let value = if value == "+Inf" {
            f64::INFINITY
        } else {
            value.parse().ok()?
        };
        let first = self.values.insert(series.to_owned(), value);
        first.is_none().then_some(())
    }

    /// A value by its series, for example `rollcall_ready`, or `rollcall_concerns{code="overdue"}`.
    #[must_use]
    pub fn value(&self, series: &str) -> Option<f64> {
        self.values.get(series).copied()
    }

    /// Every label with the values it has.
    #[must_use]
    pub fn labels(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::Exposition;

    const GOOD: &str =
        "# HELP a_total Of something.\n# TYPE a_total counter\na_total{code=\"x\"} 3\n";

    #[test]
    fn what_is_well_formed_is_read_and_all_else_is_not() {
        let read = Exposition::read(GOOD).map_err(|error| error.to_string());
        assert_eq!(
            read.map(|all| all.value("a_total{code=\"x\"}")),
            Ok(Some(3.0))
        );
        for bad in [
            GOOD.replace("# HELP a_total Of something.\n", ""),
            GOOD.replace("counter", "gauge"),
            GOOD.replace("a_total", "a"),
            GOOD.replace("} 3", "} three"),
            format!("{GOOD}a_total{{code=\"x\"}} 4\n"),
            format!("{GOOD}b 4\n"),
        ] {
            assert!(Exposition::read(&bad).is_err(), "{bad}");
        }
    }
}
