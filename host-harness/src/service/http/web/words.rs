//! Statuses in words, each with a tone and a mark, so that colour says nothing alone.

use crate::contract::plan::RowKind;
use crate::count::counted;
pub(super) use crate::count::number;
use crate::ports::plan::{Run, RunStatus};

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Caution,
    Bad,
    Busy,
    Plain,
}

/// A word with its tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) tone: Tone,
    pub(super) word: String,
}

impl Tone {
    /// The style's class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Caution => "caution",
            Self::Bad => "bad",
            Self::Busy => "busy",
            Self::Plain => "plain",
        }
    }

    /// What stands before the word.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Caution => "!",
            Self::Bad => "✗",
            Self::Busy => "…",
            Self::Plain => "·",
        }
    }
}

impl Badge {
    pub(super) fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self {
            tone,
            word: word.into(),
        }
    }
}

/// How a run stands, and what came of it.
pub(super) fn status(run: &Run) -> Badge {
    let some = run.rows_with("failed") > 0 || run.rows_of(RowKind::Unsynced) > 0;
    let there =
        run.summary.as_ref().is_some_and(|of| of.unchanged > 0) || run.rows_with("applied") > 0;
    let (tone, word) = match run.status {
        RunStatus::Applied if partly(run) => (Tone::Caution, "done, not everybody was read"),
        RunStatus::Applied if some && !there => (Tone::Bad, "done, nobody could be brought"),
        RunStatus::Applied if some => (Tone::Caution, "done, some unsynced"),
        status => stands(status),
    };
    Badge::new(tone, word)
}

/// Whether a run should have read everybody, or all that changed, and did not.
pub(super) fn partly(run: &Run) -> bool {
    let reads = ["full", "changes", "dry-run"].contains(&run.mode.as_str());
    reads && run.proof.as_ref().is_some_and(|proof| !proof.complete)
}

/// How a run stands that goes on by itself.
pub(super) fn under_way(run: &Run) -> Badge {
    match run.status {
        RunStatus::Planned => Badge::new(Tone::Busy, "is about to be applied"),
        _ => status(run),
    }
}

/// What a run's status means.
pub(super) fn stands(status: RunStatus) -> (Tone, &'static str) {
    match status {
        RunStatus::Queued => (Tone::Busy, "waits for a host"),
        RunStatus::Planning => (Tone::Busy, "reads the directory"),
        RunStatus::Planned => (Tone::Caution, "plan waits to be applied"),
        RunStatus::Held => (Tone::Caution, "held by a guard"),
        RunStatus::Applying => (Tone::Busy, "is being applied"),
        RunStatus::Applied => (Tone::Good, "done"),
        RunStatus::Failed => (Tone::Bad, "failed"),
        RunStatus::Cancelled => (Tone::Plain, "stopped"),
        RunStatus::Abandoned => (Tone::Plain, "its host ended"),
        RunStatus::Discarded => (Tone::Plain, "thrown away"),
    }
}

/// What kind of run it is.
pub(super) fn mode(mode: &str) -> &str {
    match mode {
        "full" => "everybody",
        "changes" => "what changed",
        "unsynced" => "the unsynced",
        "dry-run" => "plan only",
        "migrate-ids" => "migration of ids",
        "uninstall" => "uninstall",
        "undo" => "undo",
        other => other,
    }
}

/// What becomes of a person.
pub(super) fn kind(kind: RowKind) -> (&'static str, Tone) {
    match kind {
        RowKind::Create => ("new", Tone::Good),
        RowKind::Update => ("changed", Tone::Busy),
        RowKind::Deactivate => ("deactivated", Tone::Bad),
        RowKind::Reactivate => ("reactivated", Tone::Good),
        RowKind::Unsynced => ("unsynced", Tone::Caution),
    }
}

/// Why something becomes of a person, where it is none of the codes of problems.
pub(super) fn reason(reason: &str) -> &str {
    match reason {
        "new" => "new in the directory",
        "changed" => "changed in the directory",
        "mapping-changed" => "the mapping changed",
        "returned" => "back in the directory",
        "disabled" => "disabled in the directory",
        "absent" => "gone from the directory",
        "renamed" => "renamed or moved",
        "adopted" => "taken over, was in the portal",
        "adopted-inactive" => "taken over, stays inactive",
        "re-created" => "made anew in the directory",
        "id-migrated" => "given another id",
        other => other,
    }
}

/// So many people.
pub(super) fn people(count: u64) -> String {
    counted(count, "person", "people")
}

/// With a capital.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_000_000), "1,000,000");
        assert_eq!(people(1), "1 person");
        assert_eq!(people(1_200), "1,200 people");
    }

    #[test]
    fn a_word_gets_a_capital_in_any_script() {
        assert_eq!(capital("requester"), "Requester");
        assert_eq!(capital("über"), "Über");
        assert_eq!(capital(""), "");
    }
}
