//! What a plugin is granted, and what it must offer.

use crate::Problem;

/// The interfaces that are linked, without versions. Everything else is refused when a plugin is loaded.
///
/// The contract's own come first; the others are what Rust's standard library itself imports on `wasm32-wasip2`, linked
/// empty: no variables, no arguments, closed input, captured output.
pub const GRANTED: [&str; 21] = [
    "marketplace:directory-sync/types",
    "marketplace:directory-sync/ldap",
    "marketplace:directory-sync/portal",
    "marketplace:directory-sync/plan",
    "marketplace:directory-sync/state",
    "marketplace:directory-sync/progress",
    "marketplace:directory-sync/log",
    "wasi:clocks/wall-clock",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
];

/// What an import lets a plugin do, in plain words.
#[must_use]
pub fn words(name: &str) -> &'static str {
    match unversioned(name) {
        "marketplace:directory-sync/types" => "the words of the contract",
        "marketplace:directory-sync/ldap" => {
            "read the directory, at the servers that the settings name"
        }
        "marketplace:directory-sync/portal" => "read the people that the portal has",
        "marketplace:directory-sync/plan" => "propose changes, which the host checks and applies",
        "marketplace:directory-sync/state" => "keep settings of its own for the tenant",
        "marketplace:directory-sync/progress" => "say how far it is",
        "marketplace:directory-sync/log" => "write to the host's log",
        "wasi:clocks/wall-clock" => "know the time",
        "wasi:cli/environment" => "environment variables, of which there are none",
        "wasi:cli/exit" => "end itself",
        "wasi:cli/stdin" => "input, which is closed",
        "wasi:cli/stdout" | "wasi:cli/stderr" => "output, which goes to the host's log",
        name if name.starts_with("wasi:cli/terminal") => "a terminal, of which there is none",
        name if name.starts_with("wasi:io/") => "closed input and captured output",
        _ => "unknown to this host",
    }
}

/// The hooks that a plugin must export, without versions.
pub const REQUIRED: [&str; 6] = [
    "marketplace:directory-sync/lifecycle",
    "marketplace:directory-sync/mapping",
    "marketplace:directory-sync/sync",
    "marketplace:directory-sync/schedule",
    "marketplace:directory-sync/unsynced",
    "marketplace:directory-sync/explain",
];

/// What came later, without a version: a plugin may lack it, and then the host does without.
pub(super) const PEOPLE: &str = "marketplace:directory-sync/people";

/// Hooks that came later and that a plugin lacks, with what the host does without, in plain words.
#[must_use]
pub fn lacking(exports: &[String]) -> Vec<(&'static str, &'static str)> {
    let words =
        "people cannot be searched for by a part of a name, nor is it counted what rules come to";
    let later = [(PEOPLE, words)].into_iter();
    later.filter(|(name, _)| !offers(exports, name)).collect()
}

/// An interface is among these, in any version.
pub(super) fn offers(exports: &[String], name: &str) -> bool {
    exports.iter().any(|export| unversioned(export) == name)
}

/// Refuses imports that are not granted, all of them by name.
pub(super) fn check_imports(imports: &[String]) -> Result<(), Problem> {
    let refused: Vec<&str> = imports
        .iter()
        .map(String::as_str)
        .filter(|name| !GRANTED.contains(&unversioned(name)))
        .collect();
    if refused.is_empty() {
        Ok(())
    } else {
        Err(import_refused(&refused.join(", ")))
    }
}

/// Refuses a component that lacks hooks, naming them.
pub(super) fn check_exports(exports: &[String]) -> Result<(), Problem> {
    let missing: Vec<&str> = REQUIRED
        .into_iter()
        .filter(|required| !offers(exports, required))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(export_missing(&missing.join(", ")))
    }
}

pub(super) fn import_refused(what: &str) -> Problem {
    Problem::new(
        "import-refused",
        format!("the component imports what this host does not grant: {what}"),
        "A plugin gets the interfaces of the directory-sync contract and nothing else: no files, sockets or HTTP. \
         Build it against this host's version of the contract, without them.",
    )
}

/// A hook was asked for that the plugin lacks.
pub(super) fn older(name: &str) -> Problem {
    Problem::new(
        "plugin-older",
        format!("the tenant's plugin was made for an earlier contract: it does not export {name}"),
        "Upgrade the plugin; everything else works as it did.",
    )
}

pub(super) fn export_missing(what: &str) -> Problem {
    Problem::new(
        "export-missing",
        format!("the component is no directory-sync plugin: it does not export {what}"),
        "Build it against this host's version of the directory-sync contract (the folder wit), with every hook.",
    )
}

fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn whatever_is_granted_can_be_told_in_words() {
        for name in GRANTED {
            assert_ne!(words(name), "unknown to this host", "{name}");
        }
        assert_eq!(words("wasi:sockets/tcp@0.2.6"), "unknown to this host");
    }

    #[test]
    fn granted_imports_are_allowed_in_any_version() {
        check_imports(&names(&[
            "wasi:cli/stderr@0.2.3",
            "marketplace:directory-sync/plan@0.1.0",
        ]))
        .unwrap();
    }

    #[test]
    fn every_other_import_is_refused_by_name() {
        let problem = check_imports(&names(&[
            "wasi:io/error@0.2.0",
            "wasi:sockets/tcp@0.2.0",
            "wasi:http/types@0.2.0",
        ]))
        .unwrap_err();
        assert_eq!(problem.code, "import-refused");
        assert!(
            problem
                .message
                .ends_with("wasi:sockets/tcp@0.2.0, wasi:http/types@0.2.0")
        );
    }

    #[test]
    fn missing_hooks_are_named() {
        let problem = check_exports(&names(&[
            "marketplace:directory-sync/lifecycle@0.1.0",
            "marketplace:directory-sync/mapping@0.1.0",
            "marketplace:directory-sync/sync@0.1.0",
            "marketplace:directory-sync/schedule@0.1.0",
        ]))
        .unwrap_err();
        assert_eq!(problem.code, "export-missing");
        assert!(
            problem
                .message
                .contains("unsynced, marketplace:directory-sync/explain")
        );
    }

    #[test]
    fn hooks_that_came_later_may_be_missing_and_are_named() {
        let required = names(&REQUIRED);
        check_exports(&required).unwrap();
        let lacking: Vec<&str> = lacking(&required).iter().map(|one| one.0).collect();
        assert_eq!(lacking, [PEOPLE]);
        let whole = [
            &required[..],
            &names(&["marketplace:directory-sync/people@0.1.0"]),
        ]
        .concat();
        assert_eq!(super::lacking(&whole), []);
    }
}
