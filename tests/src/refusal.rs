//! Calls of the program that are to be refused, and to leave everything as it was.

use serde_json::Value;

use crate::contents::Contents;
use crate::rollcall::{Answer, Rollcall};
use crate::tenancy::{Trouble, trouble};

/// No message may hold this: it is a part of the passwords of the demo directory's service accounts.
const SECRET: &str = "demo-svc";

/// Calls, expects this code first and this exit code, a message and a remedy with every problem, and the database as it
/// was, but for runs that are remembered as failed.
///
/// # Errors
/// Where anything of this is otherwise, all that was said.
pub fn refusal<A: AsRef<str>>(
    on: &Rollcall,
    arguments: &[A],
    code: &str,
    exit: i32,
) -> Result<Answer, Trouble> {
    let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    let before = Contents::of(on.data())?.but_for_history().but_for_log();
    let answer = on.expect(exit, &arguments)?;
    let complain = |what: &str| trouble(format!("{arguments:?}: {what}: {}", answer.document));
    if answer.problem_codes().first() != Some(&code) {
        return Err(complain(&format!("the code is not {code}")));
    }
    let problems = answer.document["problems"].as_array();
    for problem in problems.into_iter().flatten() {
        let missing = |key: &str| problem[key].as_str().is_none_or(str::is_empty);
        if missing("message") || missing("remedy") {
            return Err(complain("a problem without message or remedy"));
        }
    }
    if tells(&answer.document, SECRET) {
        return Err(complain("a password is told"));
    }
    let differences = before.differences(&Contents::of(on.data())?.but_for_history().but_for_log());
    if differences.is_empty() {
        Ok(answer)
    } else {
        Err(complain(&format!("something was done: {differences:#?}")))
    }
}

/// Whether any text of a document holds this.
fn tells(document: &Value, text: &str) -> bool {
    match document {
        Value::String(found) => found.contains(text),
        Value::Array(items) => items.iter().any(|item| tells(item, text)),
        Value::Object(fields) => fields.values().any(|field| tells(field, text)),
        _ => false,
    }
}
