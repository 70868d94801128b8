//! The list of codes: every code that a source tells is in it once, and it names none that is never told.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LIST: &str = include_str!("../../wit/codes.md");

/// Where sources are; what is below a folder of these names tells nobody a code, and `exit` and `cause` sort codes that others tell.
const SOURCES: [&str; 2] = ["../plugin/src", "../host-harness/src"];
const APART: [&str; 4] = ["tests", "testing", "conformance", "directory"];

/// The listed codes, in the list's order.
fn listed() -> Vec<&'static str> {
    let rows = LIST.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !APART.contains(&name) {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs")
            && !name.ends_with("tests")
            && !["exit", "cause"].contains(&name)
        {
            found.push(path);
        }
    }
}

/// The sources without their unit tests.
fn texts() -> Vec<String> {
    let mut paths = Vec::new();
    for folder in SOURCES {
        sources(Path::new(folder), &mut paths);
    }
    let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    paths
        .iter()
        .map(|path| text(path).split("#[cfg(test)]").next().unwrap().to_owned())
        .collect()
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The codes that a source tells: the first argument of what makes a problem, the first of a pair or triple with a
/// message behind it, and what a function `code` gives.
fn told(source: &str) -> BTreeSet<&str> {
    let quotes: Vec<usize> = source.match_indices('"').map(|(at, _)| at).collect();
    let mut found = BTreeSet::new();
    for pair in quotes.windows(2) {
        let text = &source[pair[0] + 1..pair[1]];
        if !is_code(text) {
            continue;
        }
        let (before, after) = (
            source[..pair[0]].trim_end(),
            source[pair[1] + 1..].trim_start(),
        );
        let makes_problem = before.ends_with("Problem::new(") || before.ends_with("refused(");
        let with_message = before.ends_with('(')
            && text.contains('-')
            && after.strip_prefix(',').is_some_and(begins_with_sentence);
        if makes_problem || with_message || (before.ends_with("=>") && in_code_function(before)) {
            found.insert(text);
        }
    }
    found
}

fn begins_with_sentence(rest: &str) -> bool {
    let rest = rest.trim_start();
    let literal = rest
        .strip_prefix('"')
        .and_then(|text| text.split('"').next());
    rest.trim_start_matches('&').starts_with("format!(") || literal.is_some_and(|t| t.contains(' '))
}

/// Whether the function around is called `code`.
fn in_code_function(before: &str) -> bool {
    before
        .rsplit("fn ")
        .next()
        .is_some_and(|function| function.starts_with("code("))
}

/// Labels of the settings form look like codes with a message.
fn is_form(source: &str) -> bool {
    source.starts_with("//! The settings form")
}

#[test]
fn every_code_that_is_told_is_listed() {
    let listed: BTreeSet<&str> = listed().into_iter().collect();
    let texts = texts();
    let told: BTreeSet<&str> = texts
        .iter()
        .filter(|text| !is_form(text))
        .flat_map(|text| told(text))
        .collect();
    assert!(told.len() > 120, "the sources are not read: {told:?}");
    let missing: Vec<_> = told.difference(&listed).collect();
    assert_eq!(missing, [&""; 0], "not in wit/codes.md");
}

#[test]
fn every_listed_code_is_told_somewhere_and_listed_once() {
    let listed = listed();
    let texts = texts();
    let untold: Vec<_> = listed
        .iter()
        .filter(|code| {
            !texts
                .iter()
                .any(|text| text.contains(&format!("\"{code}\"")))
        })
        .collect();
    assert_eq!(untold, [&""; 0], "listed in wit/codes.md and told nowhere");
    let once: BTreeSet<&&str> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "a code is listed twice");
}

#[test]
fn codes_are_found_in_whatever_way_they_are_told() {
    let source = r#"
        Problem::new(
            "one", message, remedy);
        let (code, remedy) = (49, Some("x")) => ("two-two", "a sentence", REMEDY);
        gap("three-three", format!("{a}"));
        fn code(&self) -> &str { match self { Self::A => "four" } }
        fn name(&self) -> &str { match self { Self::A => "no-code" } }
        setting("no-code", "Label")
    "#;
    let found: Vec<_> = told(source).into_iter().collect();
    assert_eq!(found, ["four", "one", "three-three", "two-two"]);
}
