//! What an administrator or a server may get wrong, through the command line: each has its own code, message and remedy and the
//! exit code that belongs to it, and leaves the database as it was.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::time::Duration;

use rollcall::demo::directory::{Certificate, Deed, Fault, Options, Tls, When};
use rollcall_tests::refusal::refusal;
use rollcall_tests::rollcall::{Answer, Rollcall};
use rollcall_tests::tenancy::{TENANT, Tenancy, program, sound};
use serde_json::Value;

/// Exit codes of `rollcall --help`.
const HOST: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const DIRECTORY: i32 = 4;
const BUSY: i32 = 9;

fn refused<A: AsRef<str>>(on: &Rollcall, arguments: &[A], code: &str, exit: i32) -> Answer {
    refusal(on, arguments, code, exit).unwrap()
}

fn field_of<'a>(answer: &'a Answer, code: &str) -> &'a Value {
    let problems = answer.document["problems"].as_array().unwrap();
    problems.iter().find(|p| p["code"] == code).unwrap()
}

/// Syncs, is refused, and finds the run remembered as failed, with the reason.
fn sync_fails(tenancy: &Tenancy, code: &str, exit: i32) {
    refused(&tenancy.rollcall, &["sync", TENANT], code, exit);
    let run = tenancy.last_run().unwrap();
    assert_eq!(run["status"], "failed", "{run}");
    assert_eq!(run["problem"]["code"], code, "{run}");
    assert_eq!(run["rows"], serde_json::json!([]), "{run}");
}

/// `verify` says the same of the stage, before anybody syncs.
fn verify_fails(tenancy: &Tenancy, stage: &str, code: &str, exit: i32) {
    let before = tenancy.contents().unwrap().but_for_log();
    let answer = tenancy.rollcall.expect(exit, &["verify", TENANT]).unwrap();
    let stages = answer.at("/stages").as_array().unwrap();
    let failed = stages.iter().find(|s| s["verdict"] == "failed").unwrap();
    assert_eq!(failed["name"], stage, "{failed}");
    assert_eq!(failed["problems"][0]["code"], code, "{failed}");
    let after = tenancy.contents().unwrap().but_for_log();
    assert_eq!(before.differences(&after), [""; 0], "{code}");
}

fn small() -> Tenancy {
    Tenancy::synced(sound(12)).unwrap()
}

fn file(on: &Rollcall, name: &str, bytes: &[u8]) -> PathBuf {
    let file = on.data().join(name);
    std::fs::write(&file, bytes).unwrap();
    file
}

#[test]
fn wrong_settings_are_refused_each_with_its_code() {
    let tenancy = small();
    let password = tenancy.directory.password();
    let password = tenancy.rollcall.password_file(&password).unwrap();
    let password = format!("--password-file={}", password.display());
    for (change, code) in [
        ("--url=ftp://ldap.example.org", "bad-url"),
        ("--url=ldap://[::1", "bad-url"),
        ("--url=ldap://", "bad-url"),
        ("--url=ldap://ldap.example.org:0", "bad-port"),
        ("--url=ldap://ldap.example.org:70000", "bad-port"),
        ("--port=0", "bad-port"),
        ("--port=70000", "bad-port"),
        ("--port=many", "bad-port"),
        ("--url=", "required"),
        ("--base-dn=", "required"),
        ("--base-dn=people", "bad-dn"),
        ("--role=king", "unknown-role"),
        ("--leavers=eat", "bad-choice"),
        ("--profile=oracle", "bad-choice"),
        ("--scope=everything", "bad-choice"),
        ("--security=hopeful", "bad-choice"),
        ("--set=guard-count=-1", "bad-number"),
        ("--set=guard-percent=101", "bad-number"),
        ("--set=page-size=0", "bad-number"),
        ("--set=colour=blue", "unknown-setting"),
        ("--set=certificate-authority=hello", "bad-certificate"),
        ("--disabled-when=(a=b", "filter-syntax"),
    ] {
        let arguments = ["configure", TENANT, &password, change];
        let answer = refused(&tenancy.rollcall, &arguments, code, REFUSED);
        assert_eq!(answer.problem_codes().len(), 1, "{change}");
        assert!(field_of(&answer, code)["field"].is_string(), "{change}");
    }
    tenancy.sync(0).unwrap();
}

#[test]
fn a_broken_filter_is_refused_with_the_position() {
    let tenancy = small();
    for (filter, position) in [
        ("(&(uid=a)(cn=b)", 15),
        ("(uid=a))", 7),
        ("(uid=\\zz)", 5),
        ("(&(uid=a)(=b))", 10),
    ] {
        let change = format!("--filter={filter}");
        let arguments = ["configure", TENANT, &change];
        let answer = refused(&tenancy.rollcall, &arguments, "filter-syntax", REFUSED);
        let problem = field_of(&answer, "filter-syntax");
        assert_eq!(problem["field"], "filter");
        assert_eq!(problem["position"], position, "{filter}: {problem}");
    }
}

#[test]
fn all_wrong_fields_are_told_at_once_and_none_is_stored() {
    let tenancy = small();
    let password = tenancy.directory.password();
    let password = tenancy.rollcall.password_file(&password).unwrap();
    let password = format!("--password-file={}", password.display());
    let arguments = [
        "configure",
        TENANT,
        &password,
        "--url=ftp://x",
        "--port=70000",
        "--base-dn=x",
        "--filter=(&(a=b)",
        "--role=king",
        "--leavers=eat",
        "--set=guard-count=x",
        "--set=colour=blue",
    ];
    let answer = refused(&tenancy.rollcall, &arguments, "unknown-setting", REFUSED);
    let problems = answer.document["problems"].as_array().unwrap();
    let mut fields: Vec<&str> = problems
        .iter()
        .filter_map(|p| p["field"].as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "base-dn",
            "colour",
            "filter",
            "guard-count",
            "leavers",
            "port",
            "role",
            "url"
        ]
    );
}

#[test]
fn a_refused_change_keeps_the_password_and_the_endpoint_policy() {
    let tenancy = small();
    let other = file(&tenancy.rollcall, "other-password", b"another one\n");
    let other = format!("--password-file={}", other.display());
    let before = tenancy.contents().unwrap().but_for_seals().but_for_log();
    let arguments = [
        "configure",
        TENANT,
        &other,
        "--role=king",
        "--allow-loopback=false",
    ];
    let answer = tenancy.rollcall.expect(REFUSED, &arguments).unwrap();
    assert_eq!(answer.problem_codes(), ["unknown-role"]);
    let after = tenancy.contents().unwrap().but_for_seals().but_for_log();
    assert_eq!(before.differences(&after), [""; 0]);
    // The directory is on this machine and knows the old password only.
    tenancy.sync(0).unwrap();
}

#[test]
fn an_empty_or_missing_password_never_becomes_an_anonymous_bind() {
    let tenancy = small();
    let empty = file(&tenancy.rollcall, "empty", b"\n");
    let empty = format!("--password-file={}", empty.display());
    let arguments = ["configure", TENANT, &empty];
    refused(&tenancy.rollcall, &arguments, "empty-password", REFUSED);
    let arguments = ["configure", TENANT, "--unset=password"];
    refused(&tenancy.rollcall, &arguments, "password-missing", REFUSED);
    let missing = ["configure", TENANT, "--password-file=/nowhere/at/all"];
    refused(&tenancy.rollcall, &missing, "password-unreadable", REFUSED);
    let binds = tenancy.directory.seen().binds;
    tenancy.sync(0).unwrap();
    assert_eq!(tenancy.directory.seen().binds, binds + 1);
}

#[test]
fn a_wrong_password_is_told_by_verify_and_sync() {
    let tenancy = small();
    let wrong = file(&tenancy.rollcall, "wrong", b"not this one");
    let wrong = format!("--password-file={}", wrong.display());
    tenancy
        .rollcall
        .expect(0, &["configure", TENANT, &wrong])
        .unwrap();
    verify_fails(&tenancy, "bind", "wrong-password", DIRECTORY);
    sync_fails(&tenancy, "wrong-password", DIRECTORY);
}

#[test]
fn an_unknown_base_is_told_by_verify_and_sync() {
    let tenancy = small();
    let base = ["--base-dn=ou=Nowhere,dc=example,dc=org"];
    tenancy.configure(0, &base).unwrap();
    verify_fails(&tenancy, "base", "no-such-base", DIRECTORY);
    sync_fails(&tenancy, "no-such-base", DIRECTORY);
}

#[test]
fn rules_that_are_wrong_are_refused_all_at_once() {
    let tenancy = small();
    for (rule, code) in [
        ("shoe-size={mail}", "unknown-field"),
        ("email={mail|frobnicate}", "unknown-transform"),
        ("email={mail", "template-syntax"),
    ] {
        let arguments = ["map", "store", TENANT, "--rule", rule];
        let answer = refused(&tenancy.rollcall, &arguments, code, REFUSED);
        assert_eq!(answer.problem_codes().len(), 1, "{rule}");
    }
    let unmapped = ["map", "store", TENANT, "--without=email"];
    refused(&tenancy.rollcall, &unmapped, "missing-rule", REFUSED);
    let several = [
        "map",
        "store",
        TENANT,
        "--rule=shoe-size={mail}",
        "--rule=email={mail|frobnicate}",
    ];
    let answer = refused(&tenancy.rollcall, &several, "unknown-field", REFUSED);
    assert_eq!(
        answer.problem_codes(),
        ["unknown-field", "unknown-transform"]
    );
    let position = &field_of(&answer, "unknown-transform")["position"];
    assert_eq!(position, 6);
}

#[test]
fn files_that_cannot_be_used_are_refused() {
    let tenancy = small();
    let on = &tenancy.rollcall;
    for (name, bytes) in [
        ("broken.toml", &b"[settings]\nurl = \n"[..]),
        ("other.toml", b"[setings]\nurl = 'x'\n"),
        ("bytes.toml", b"[settings]\nurl = '\xff\xfe'\n"),
        ("password.toml", b"[settings]\npassword = 'demo-svc-sync'\n"),
    ] {
        let path = file(on, name, bytes);
        let argument = format!("--settings={}", path.display());
        refused(
            on,
            &["configure", TENANT, &argument],
            "settings-file",
            REFUSED,
        );
    }
    let broken = format!("--settings={}", on.data().join("broken.toml").display());
    let answer = on.expect(REFUSED, &["configure", TENANT, &broken]).unwrap();
    let message = answer.document["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("line 2"), "{message}");
    // A directory is no file, whoever reads it.
    for (argument, code) in [
        ("--settings=/", "settings-file"),
        ("--settings=/nowhere.toml", "settings-file"),
        ("--ca-file=/", "bad-certificate"),
        ("--ca-file=/nowhere.pem", "bad-certificate"),
    ] {
        refused(on, &["configure", TENANT, argument], code, REFUSED);
    }
}

#[test]
fn a_settings_file_is_stored_whole_or_not_at_all() {
    let tenancy = small();
    let on = &tenancy.rollcall;
    let path = file(
        on,
        "half.toml",
        b"[settings]\nrole = 'agent'\n[mapping]\nemail = '{mail|frobnicate}'\nusername = '{uid}'\nlast-name = '{sn}'\n",
    );
    let argument = format!("--settings={}", path.display());
    let arguments = ["configure", TENANT, &argument];
    refused(on, &arguments, "unknown-transform", REFUSED);
}

#[test]
fn bad_certificates_are_told_by_the_check_that_failed() {
    let options = Options {
        require_tls: true,
        ..sound(12)
    };
    let tenancy = Tenancy::installed(options).unwrap();
    let authority = file(
        &tenancy.rollcall,
        "ca.pem",
        tenancy.directory.ca_pem().as_bytes(),
    );
    let mut settings = tenancy.settings();
    settings.retain(|s| !s.starts_with("--security") && !s.starts_with("--url"));
    settings.push(format!("--ca-file={}", authority.display()));
    let ports = [
        ("ldaps", tenancy.directory.ldaps_port()),
        ("start-tls", tenancy.directory.port()),
    ];
    for (security, port) in ports {
        let scheme = if security == "ldaps" { "ldaps" } else { "ldap" };
        let mut now = settings.clone();
        now.push(format!("--security={security}"));
        now.push(format!("--url={scheme}://localhost:{port}"));
        tenancy
            .directory
            .set_certificate(Certificate::Good)
            .unwrap();
        tenancy.configure(0, &now).unwrap();
        let map = ["map", "store", TENANT, "--suggested"];
        tenancy.rollcall.expect(0, &map).unwrap();
        for (certificate, code) in [
            (Certificate::Expired, "tls-expired"),
            (Certificate::NotYetValid, "tls-not-yet-valid"),
            (Certificate::WrongName, "tls-name-mismatch"),
            (Certificate::UnknownIssuer, "tls-unknown-issuer"),
        ] {
            tenancy.directory.set_certificate(certificate).unwrap();
            verify_fails(&tenancy, "tls", code, DIRECTORY);
            sync_fails(&tenancy, code, DIRECTORY);
        }
        // The twin: with a good one the same settings work.
        tenancy
            .directory
            .set_certificate(Certificate::Good)
            .unwrap();
        tenancy.sync(0).unwrap();
    }
    assert_eq!(tenancy.contents().unwrap().count("person"), 12);
}

#[test]
fn without_its_authority_a_good_certificate_is_of_an_unknown_issuer() {
    let tenancy = Tenancy::installed(sound(12)).unwrap();
    let mut settings = tenancy.settings();
    settings.retain(|s| !s.starts_with("--security"));
    settings.push("--security=start-tls".to_owned());
    tenancy.configure(0, &settings).unwrap();
    verify_fails(&tenancy, "tls", "tls-unknown-issuer", DIRECTORY);
}

#[test]
fn a_refused_starttls_is_never_followed_by_a_password_in_the_clear() {
    let options = Options {
        tls: Tls {
            start_tls: false,
            ..Tls::default()
        },
        ..sound(12)
    };
    let tenancy = Tenancy::installed(options).unwrap();
    let mut settings = tenancy.settings();
    settings.retain(|s| !s.starts_with("--security"));
    tenancy.configure(0, &settings).unwrap();
    verify_fails(&tenancy, "tls", "starttls-refused", DIRECTORY);
    assert_eq!(tenancy.directory.seen().binds, 0);
}

#[test]
fn a_server_that_is_none_is_told_wherever_it_answers() {
    let tenancy = small();
    for when in [When::Connected, When::Bind, When::Page(1)] {
        for deed in [Deed::Nonsense, Deed::DeepBer(10_000), Deed::HugeLength] {
            tenancy
                .directory
                .set_faults(vec![Fault::always(when, deed)]);
            sync_fails(&tenancy, "protocol-violation", DIRECTORY);
        }
    }
    tenancy.directory.set_faults(Vec::new());
    tenancy.sync(0).unwrap();
}

#[test]
fn a_port_where_nobody_listens_and_a_forbidden_address_are_told() {
    let tenancy = small();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    tenancy
        .configure(0, &[format!("--url=ldap://127.0.0.1:{port}")])
        .unwrap();
    sync_fails(&tenancy, "connect-refused", DIRECTORY);
    tenancy
        .configure(
            0,
            &[tenancy.settings(), vec!["--allow-loopback=false".into()]].concat(),
        )
        .unwrap();
    let connections = tenancy.directory.seen().connections;
    sync_fails(&tenancy, "endpoint-refused", DIRECTORY);
    assert_eq!(tenancy.directory.seen().connections, connections);
}

#[test]
fn what_is_not_there_is_told() {
    let tenancy = small();
    let on = &tenancy.rollcall;
    let csv = file(on, "keep.csv", b"as it was");
    let output = format!("--output={}", csv.display());
    for (arguments, code) in [
        (&["sync", "nobody"][..], "not-installed"),
        (&["verify", "nobody"], "not-installed"),
        (&["configure", "nobody", "--url=x"], "not-installed"),
        (
            &["uninstall", "nobody", "--people=keep", "--yes"],
            "not-installed",
        ),
        (&["sync", TENANT, "--run=99"], "unknown-run"),
        (&["rows", TENANT, "99"], "unknown-run"),
        (&["export", TENANT, "--run=99", &output], "unknown-run"),
        (&["discard", TENANT, "99"], "unknown-run"),
        (
            &["approve", TENANT, "99", "0123456789abcdef"],
            "unknown-run",
        ),
        (&["approve", TENANT, "1", "0123456789abcdef"], "not-held"),
        (&["people", "show", TENANT, "nobody"], "unknown-person"),
        (&["install", TENANT], "already-installed"),
    ] {
        refused(on, arguments, code, REFUSED);
    }
    assert_eq!(std::fs::read(csv).unwrap(), b"as it was");
}

#[test]
fn nothing_syncs_before_it_is_configured() {
    let tenancy = Tenancy::installed(sound(12)).unwrap();
    let on = &tenancy.rollcall;
    for command in ["sync", "plan", "verify", "preview"] {
        refused(on, &[command, TENANT], "not-configured", REFUSED);
    }
    let export = ["export", TENANT, "--output=/nowhere/at/all"];
    refused(on, &export, "no-run", REFUSED);
    assert_eq!(tenancy.directory.seen().connections, 0);
}

#[test]
fn wrong_usage_ends_with_its_own_code() {
    let on = program().unwrap();
    for arguments in [
        &["sync"][..],
        &["sync", "Not A Tenant"],
        &["frobnicate"],
        &["configure", "acme", "--set=password=hunter2"],
        &["configure", "acme", "--password=hunter2"],
    ] {
        let output = on.run(arguments).unwrap();
        assert_eq!(output.status.code(), Some(USAGE), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!on.data().join("rollcall.db").exists());
}

#[test]
fn a_key_file_that_others_may_read_stops_everything() {
    use std::os::unix::fs::PermissionsExt as _;
    let tenancy = small();
    let key = tenancy.rollcall.data().join("secrets.key");
    let mode = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode));
    mode(0o644).unwrap();
    let arguments = ["sync", TENANT];
    refused(&tenancy.rollcall, &arguments, "key-file-exposed", HOST);
    mode(0o600).unwrap();
    tenancy.sync(0).unwrap();
}

#[test]
fn a_database_that_is_none_is_left_alone() {
    let on = program().unwrap();
    let path = file(
        &on,
        "rollcall.db",
        b"this is no database, whatever its name says; but it is somebody's file",
    );
    let answer = on.expect(HOST, &["tenants"]).unwrap();
    assert_eq!(answer.problem_codes().len(), 1);
    assert!(
        std::fs::read(path)
            .unwrap()
            .starts_with(b"this is no database")
    );
}

#[test]
fn a_second_sync_or_a_change_is_refused_while_one_is_under_way() {
    let tenancy = Tenancy::synced(sound(240)).unwrap();
    let on = &tenancy.rollcall;
    tenancy.directory.set_faults(vec![Fault::once(
        When::Page(3),
        Deed::Delay(Duration::from_secs(4)),
    )]);
    let pages = tenancy.directory.seen().pages;
    let mut first = on.spawn(&["sync", TENANT]).unwrap();
    while tenancy.directory.seen().pages < pages + 2 {
        assert!(first.try_wait().unwrap().is_none(), "the sync ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    for arguments in [
        &["sync", TENANT][..],
        &["plan", TENANT],
        &["configure", TENANT, "--role=agent"],
        &["map", "store", TENANT, "--rule=department={ou}"],
        &["uninstall", TENANT, "--people=keep", "--yes"],
    ] {
        refused(on, arguments, "tenant-busy", BUSY);
    }
    assert_eq!(first.wait().unwrap().code(), Some(0));
    let run = tenancy.last_run().unwrap();
    assert_eq!(run["status"], "applied", "{run}");
    tenancy.sync(0).unwrap();
}
