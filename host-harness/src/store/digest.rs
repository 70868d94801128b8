//! The digest of a plan: what an approval is for.
//!
//! SHA-256 over a header line and one line a row, by ascending sequence. A line joins, by U+001F, the columns of the
//! row; the three that may hold any character stand after their length in bytes, and an absent column is `-`, which no
//! present one can be. A database can make the same lines itself, so that rows need not travel one by one.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::row::Encoded;

/// Takes the lines of a plan.
#[derive(Debug)]
pub struct PlanDigest(Sha256);

impl PlanDigest {
    /// Of a plan made under this configuration.
    #[must_use]
    pub fn new(configuration: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"rollcall-plan-1\x1f");
        hash.update(configuration.as_bytes());
        hash.update(b"\n");
        Self(hash)
    }

    /// Adds lines, each with its line feed.
    pub fn add(&mut self, lines: &str) {
        self.0.update(lines.as_bytes());
    }

    /// Lower-case hexadecimal.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
            .finalize()
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                // Writing into a text cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// The line of a row, as every database must make it.
pub(crate) fn line(row: &Encoded) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let hash = row.source_hash.as_ref().map_or_else(
        || "-".to_owned(),
        |hash| hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    );
    [
        row.kind.to_string(),
        row.external_id.len().to_string(),
        row.external_id.clone(),
        row.dn.len().to_string(),
        row.dn.clone(),
        row.display.len().to_string(),
        row.display.clone(),
        row.reason.clone(),
        hash,
        or(&row.before),
        row.after.clone(),
        or(&row.pseudo),
        or(&row.role),
        or(&row.claims),
        row.claimed.to_string(),
        row.flags.to_string(),
        or(&row.problem),
        or(&row.other),
    ]
    .join("\x1f")
        + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_and_every_line_count() {
        let digest = |configuration: &str, lines: &[&str]| {
            let mut digest = PlanDigest::new(configuration);
            lines.iter().for_each(|line| digest.add(line));
            digest.finish()
        };
        let base = digest("c", &["a\n", "b\n"]);
        assert_eq!(base, digest("c", &["a\nb\n"]));
        assert_ne!(base, digest("d", &["a\nb\n"]));
        assert_ne!(base, digest("c", &["b\na\n"]));
        assert_eq!(base.len(), 64);
    }
}
