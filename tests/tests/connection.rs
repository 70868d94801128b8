//! Who asks, and which server answers, on a real OpenLDAP: client certificates (SASL EXTERNAL), locked accounts, and the
//! list of servers.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::path::Path;

use rollcall::demo::directory::Certificate;
use rollcall::demo::directory::tls::{Authority, Identity};
use rollcall::demo::people::{Organisation, SUFFIX};
use rollcall_tests::rollcall::Answer;
use rollcall_tests::server::Server;
use rollcall_tests::site::{Site, changes};
use rollcall_tests::slapd::{Settings, Slapd};

const TENANT: &str = "acme";
const VALID: (i32, i32) = (2020, 2100);
const REFUSED: i32 = 3;
const DIRECTORY: i32 = 4;

fn asking() -> Site {
    let settings = Settings {
        asks_clients: true,
        ..Settings::default()
    };
    Site::start_with(&Organisation::new(3, 120), &settings).unwrap()
}

/// Installs, and stores settings for a server that hold nothing of who asks.
fn settle(site: &Site, url: &str, security: &str) {
    let install = ["install", TENANT, "--allow-loopback"];
    site.rollcall.expect(0, &install).unwrap();
    let settings = format!(
        "[settings]\nurl = \"{url}\"\nsecurity = \"{security}\"\nbase-dn = \"ou=People,{SUFFIX}\"\n\
         certificate-authority = '''\n{}'''\n",
        site.server.ca_pem()
    );
    let file = site.file("settings.toml", &settings).unwrap();
    let file = format!("--settings={}", file.display());
    site.rollcall
        .expect(0, &["configure", TENANT, &file])
        .unwrap();
}

/// Stores a certificate and a key.
fn show(site: &Site, certificate: &str, key: &str, exit: i32) -> Answer {
    let certificate = site.file("client.crt", certificate).unwrap();
    let key = site.file("client.key", key).unwrap();
    let option = |name: &str, file: &Path| format!("--{name}={}", file.display());
    let arguments = [
        "configure",
        TENANT,
        &option("cert-file", &certificate),
        &option("key-file", &key),
    ];
    site.rollcall.expect(exit, &arguments).unwrap()
}

fn identify(site: &Site, identity: &Identity) {
    show(site, &identity.certificate, &identity.key, 0);
}

fn starttls(site: &Site) -> String {
    format!("ldap://localhost:{}", site.server.port())
}

/// The stages of a report by their verdicts.
fn stages<'a>(answer: &'a Answer, verdict: &str) -> Vec<&'a serde_json::Value> {
    let stages = answer.at("/stages").as_array().unwrap();
    stages.iter().filter(|s| s["verdict"] == verdict).collect()
}

/// Verifies, and gives the stage that failed and its code.
fn failing(site: &Site, exit: i32) -> (String, String) {
    let answer = site.rollcall.expect(exit, &["verify", TENANT]).unwrap();
    let failed = stages(&answer, "failed");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&failed[0]["name"]),
        text(&failed[0]["problems"][0]["code"]),
    )
}

fn people(site: &Site) -> usize {
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    rows.iter().filter(|row| row.kind == "create").count()
}

#[test]
fn a_client_certificate_reads_as_much_as_the_password_over_ldaps_and_starttls() {
    let mut counts = Vec::new();
    for security in ["ldaps", "start-tls"] {
        let site = asking();
        let url = match security {
            "ldaps" => site.server.ldaps_url(),
            _ => starttls(&site),
        };
        settle(&site, &url, security);
        let identity = site.server.authority().issue_client("svc-sync", VALID);
        identify(&site, &identity.unwrap());
        let report = site.rollcall.expect(0, &["verify", TENANT]).unwrap();
        let passed = stages(&report, "passed");
        let bind = passed.iter().find(|s| s["name"] == "bind").unwrap();
        assert!(
            bind["evidence"].to_string().contains("CN=svc-sync"),
            "{bind}"
        );
        counts.push(people(&site));
    }
    let site = asking();
    site.settle(TENANT).unwrap();
    counts.push(people(&site));
    assert!(counts[0] > 100, "{counts:?}");
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

#[test]
fn a_certificate_and_a_password_together_are_mutual_tls_with_a_simple_bind() {
    let site = asking();
    site.settle(TENANT).unwrap();
    let identity = site.server.authority().issue_client("svc-weak", VALID);
    identify(&site, &identity.unwrap());
    let report = site.rollcall.expect(0, &["verify", TENANT]).unwrap();
    let evidence = report.at("/stages").to_string();
    assert!(evidence.contains("bound as cn=svc-sync"), "{evidence}");
    assert!(evidence.contains("CN=svc-weak"), "{evidence}");
}

#[test]
fn certificates_that_do_not_fit_are_refused_each_with_its_code() {
    let site = asking();
    settle(&site, &site.server.ldaps_url(), "ldaps");
    let authority = site.server.authority();
    let good = authority.issue_client("svc-sync", VALID).unwrap();
    let other = authority.issue_client("svc-sync", VALID).unwrap();
    let expired = authority.issue_client("svc-sync", (2020, 2021)).unwrap();
    let early = authority.issue_client("svc-sync", (2090, 2100)).unwrap();
    let encrypted = good.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (certificate, key, exit, code) in [
        (&good.certificate, &other.key, REFUSED, "key-mismatch"),
        (&good.certificate, &encrypted, REFUSED, "key-encrypted"),
        (
            &expired.certificate,
            &expired.key,
            REFUSED,
            "client-certificate-expired",
        ),
        (
            &early.certificate,
            &early.key,
            REFUSED,
            "client-certificate-not-yet-valid",
        ),
    ] {
        show(&site, certificate, key, 0);
        assert_eq!(failing(&site, exit).1, code);
        let answer = site.rollcall.expect(exit, &["sync", TENANT]).unwrap();
        assert_eq!(answer.problem_codes(), [code]);
    }
    // A stranger's. OpenLDAP with GnuTLS closes without a word, with OpenSSL it says why.
    let stranger = Authority::new("Nobody's authority")
        .and_then(|nobody| nobody.issue_client("svc-sync", VALID));
    identify(&site, &stranger.unwrap());
    let answer = site.rollcall.expect(DIRECTORY, &["sync", TENANT]).unwrap();
    let codes = ["connection-lost", "tls-client-certificate"];
    assert!(
        codes.contains(&answer.problem_codes()[0]),
        "{}",
        answer.document
    );
    let message = answer.document["problems"][0]["message"].to_string();
    assert!(message.contains("the client certificate"), "{message}");
    // A key in the place of the certificate, and no key at all.
    let answer = show(&site, &good.key, &good.key, REFUSED);
    assert_eq!(answer.problem_codes(), ["bad-certificate"]);
    let answer = show(&site, &good.certificate, "nothing", REFUSED);
    assert_eq!(answer.problem_codes(), ["bad-key"]);
    let arguments = ["configure", TENANT, "--unset=client-key"];
    let answer = site.rollcall.expect(REFUSED, &arguments).unwrap();
    assert_eq!(answer.problem_codes(), ["key-missing"]);
    // The same server lets the right one in.
    identify(&site, &good);
    site.rollcall.expect(0, &["verify", TENANT]).unwrap();
}

#[test]
fn a_server_that_asks_for_no_certificate_is_told_and_nobody_reads_anonymously() {
    let site = Site::start(&Organisation::new(3, 20)).unwrap();
    settle(&site, &site.server.ldaps_url(), "ldaps");
    let identity = site.server.authority().issue_client("svc-sync", VALID);
    identify(&site, &identity.unwrap());
    let (stage, code) = failing(&site, DIRECTORY);
    assert_eq!(stage, "bind");
    assert!(
        ["client-certificate-unasked", "external-unsupported"].contains(&code.as_str()),
        "{code}"
    );
}

#[test]
fn external_over_plain_ldap_is_refused_before_anything_is_sent() {
    let site = asking();
    settle(&site, &starttls(&site), "start-tls");
    let identity = site.server.authority().issue_client("svc-sync", VALID);
    let identity = identity.unwrap();
    identify(&site, &identity);
    let key = site.file("client.key", &identity.key).unwrap();
    let key = format!("--key-file={}", key.display());
    let arguments = ["configure", TENANT, "--security=plain", &key];
    let answer = site.rollcall.expect(REFUSED, &arguments).unwrap();
    assert_eq!(answer.problem_codes(), ["client-certificate-unprotected"]);
}

#[test]
fn a_locked_account_is_told_from_a_wrong_password_by_the_password_policy() {
    let site = Site::start(&Organisation::new(3, 20)).unwrap();
    site.settle(TENANT).unwrap();
    site.rollcall.expect(0, &["verify", TENANT]).unwrap();
    site.server.enforce_policy().unwrap();
    site.rollcall.expect(0, &["verify", TENANT]).unwrap();
    let forever = ["000001010000Z"];
    let name = site.server.bind_name();
    let lock = changes::replace(&name, "pwdAccountLockedTime", &forever);
    site.change(&[lock]).unwrap();
    let told = |code: &str| ("bind".to_owned(), code.to_owned());
    assert_eq!(failing(&site, DIRECTORY), told("account-locked"));
    let unlock = changes::replace(&name, "pwdAccountLockedTime", &[]);
    site.change(&[unlock]).unwrap();
    let wrong = site.file("wrong", "not this one").unwrap();
    let wrong = format!("--password-file={}", wrong.display());
    site.rollcall
        .expect(0, &["configure", TENANT, &wrong])
        .unwrap();
    assert_eq!(failing(&site, DIRECTORY), told("wrong-password"));
}

#[test]
fn servers_are_tried_in_order_past_one_that_is_down_and_one_whose_tls_is_wrong() {
    let organisation = Organisation::new(3, 120);
    let site = Site::start(&organisation).unwrap();
    let strange = Slapd::start_with(
        &organisation,
        &Settings {
            certificate: Certificate::UnknownIssuer,
            ..Settings::default()
        },
    )
    .unwrap();
    let down = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("ldaps://localhost:{}", down.local_addr().unwrap().port());
    drop(down);
    site.settle(TENANT).unwrap();
    let password = site.file("password", &site.server.password()).unwrap();
    let password = format!("--password-file={}", password.display());
    let list = |servers: &[&str]| {
        let url = format!("--url={}", servers.join(" "));
        site.rollcall
            .expect(0, &["configure", TENANT, &url, &password])
            .unwrap();
    };
    list(&[&closed, &strange.ldaps_url(), &site.server.ldaps_url()]);
    let report = site.rollcall.expect(0, &["verify", TENANT]).unwrap();
    let warned: Vec<_> = stages(&report, "warned")
        .into_iter()
        .map(|stage| stage["problems"][0]["code"].to_string())
        .collect();
    for code in ["connect-refused", "tls-unknown-issuer"] {
        assert!(
            warned.iter().any(|it| it.contains(code)),
            "{code}: {warned:?}"
        );
    }
    assert!(people(&site) > 100);
    // Without the good one nothing is read, and the last failure is told.
    list(&[&closed, &strange.ldaps_url()]);
    let answer = site.rollcall.expect(DIRECTORY, &["sync", TENANT]).unwrap();
    assert_eq!(answer.problem_codes(), ["tls-unknown-issuer"]);
}

/// Every file of a folder, however deep.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_private_key_is_in_no_file_no_log_and_no_answer() {
    let site = asking();
    settle(&site, &site.server.ldaps_url(), "ldaps");
    let authority = site.server.authority();
    let good = authority.issue_client("svc-sync", VALID).unwrap();
    let mixed = Identity {
        certificate: good.certificate.clone(),
        key: authority.issue_client("svc-sync", VALID).unwrap().key,
    };
    // Pieces of the key's own lines, so that a part of it is found as well.
    let pieces: Vec<&str> = [&good.key, &mixed.key]
        .into_iter()
        .flat_map(|key| key.lines().filter(|line| !line.starts_with("-----")))
        .flat_map(|line| [0, 16, 32].map(|at| line.get(at..at + 24)))
        .flatten()
        // What all keys of a kind begin with says nothing.
        .filter(|piece| !(good.key.contains(*piece) && mixed.key.contains(*piece)))
        .collect();
    assert!(pieces.len() >= 8, "{}", pieces.len());
    let csv = site.rollcall.data().join("unsynced.csv");
    let csv = csv.to_str().unwrap();
    let mut told = Vec::new();
    let mut refusals = 0;
    for identity in [&mixed, &good] {
        let certificate = site.file("client.crt", &identity.certificate).unwrap();
        let key = site.file("client.key", &identity.key).unwrap();
        let certificate = format!("--cert-file={}", certificate.display());
        let key = format!("--key-file={}", key.display());
        for arguments in [
            vec!["configure", TENANT, &certificate, &key],
            vec!["configure", TENANT],
            vec!["configure", TENANT, &key, "--security=plain"],
            vec!["verify", TENANT],
            vec!["sync", TENANT],
            vec!["export", TENANT, "--output", csv],
            vec!["runs", TENANT],
        ] {
            for form in [&["-vv"][..], &["-vv", "--json"]] {
                let arguments = [&arguments, form].concat();
                let output = site.rollcall.run(&arguments).unwrap();
                refusals += usize::from(!output.status.success());
                told.push((arguments.join(" "), output));
            }
        }
    }
    assert!(refusals >= 8, "{refusals}");
    let holds = |bytes: &[u8], text: &str| {
        let mut parts = bytes.windows(text.len());
        parts.any(|part| part == text.as_bytes())
    };
    for piece in pieces {
        for (arguments, output) in &told {
            assert!(!holds(&output.stdout, piece), "printed by {arguments}");
            assert!(!holds(&output.stderr, piece), "logged by {arguments}");
        }
        for file in files(site.rollcall.data()) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!holds(&bytes, piece), "{} holds it", file.display());
        }
    }
}
