//! The console in a real browser.
//!
//! - [`screens`]: every screen in its states, for whoever cannot see it
//! - [`journey`]: from the set-up link to the receipt, against a real server
//! - [`guard`]: a plan that waits for somebody
//! - [`states`]: what forms and lists come to when something is wrong
//! - [`progress`]: what is shown while a run goes on, whatever ends meanwhile
//! - [`hostile`]: what others wrote, shown as text
//! - [`borders`]: other sites, other tenants, sessions
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod borders;
mod guard;
mod hostile;
mod journey;
mod progress;
mod screens;
mod states;

use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::tenancy::{Trouble, trouble};
use serde_json::Value;

const USER: &str = "ada";
const PASSWORD: &str = "a long pass-phrase";

/// Makes a user who reaches these tenants, or with none everything.
fn user(rollcall: &Rollcall, name: &str, rank: &str, tenants: &[&str]) {
    let file = rollcall.password_file(PASSWORD).unwrap();
    let path = file.to_string_lossy();
    let mut made = vec!["user", "create", name, "--rank", rank];
    for tenant in tenants {
        made.extend(["--tenant", tenant]);
    }
    made.extend(["--password-file", &path]);
    rollcall.expect(0, &made).unwrap();
}

/// Makes an admin of everything.
fn admin(rollcall: &Rollcall) {
    user(rollcall, USER, "admin", &[]);
}

/// Nothing outside of the browser is asked for.
fn nothing(asked: &Value) -> Result<Value, Trouble> {
    Err(trouble(format!("nobody does {asked}")))
}
