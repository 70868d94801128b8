//! Which database: the file that is made by itself, and a server that is asked for and cannot be had.

use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::tenancy::program;

/// Nobody listens there.
const NOWHERE: &str = "postgres://ada:hunter2@127.0.0.1:1/people";

#[test]
fn a_database_is_brought_up_to_date_once() {
    let rollcall = program().unwrap();
    let first = rollcall.expect(0, &["migrate"]).unwrap();
    assert_eq!(first.at("/from"), 0);
    let version = first.at("/to").as_i64().unwrap();
    assert!(version > 0);
    let again = rollcall.expect(0, &["migrate"]).unwrap();
    assert_eq!(
        (again.at("/from"), again.at("/to")),
        (&version.into(), &version.into())
    );
}

/// Every word that a call prints, with and without `--json` and the log.
fn printed(rollcall: &Rollcall, arguments: &[&str]) -> String {
    let mut all = String::new();
    for more in [&[][..], &["--json"], &["-vv"]] {
        let output = rollcall.run(&[arguments, more].concat()).unwrap();
        all.push_str(&String::from_utf8_lossy(&output.stdout));
        all.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    all
}

#[test]
fn a_server_that_cannot_be_reached_is_told_without_the_password() {
    let typed = program().unwrap();
    let variable = program()
        .unwrap()
        .with_variable("ROLLCALL_DATABASE", NOWHERE);
    let calls: [(&Rollcall, &[&str]); 2] = [
        (&typed, &["tenants", "--database", NOWHERE]),
        (&variable, &["tenants"]),
    ];
    for (rollcall, call) in calls {
        let refused = rollcall.expect(1, call).unwrap();
        assert_eq!(refused.problem_codes(), ["store-unreachable"]);
        let printed = printed(rollcall, call);
        assert!(printed.contains("people at 127.0.0.1:1"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
    let wrong = ["tenants", "--database", "postgres://ada:hunter2/people#"];
    let refused = typed.expect(3, &wrong).unwrap();
    assert_eq!(refused.problem_codes(), ["bad-database-url"]);
    assert!(!printed(&typed, &wrong).contains("hunter2"));
    let help = variable.run(&["tenants", "--help"]).unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("hunter2"));
}

#[test]
fn a_copy_needs_somewhere_to_go() {
    let rollcall = program().unwrap();
    let from = rollcall.data().to_str().unwrap();
    let refused = rollcall.expect(3, &["migrate", "--from", from]).unwrap();
    assert_eq!(refused.problem_codes(), ["no-target"]);
}
