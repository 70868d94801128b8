//! What Rollcall is deployed with gives the program commands that it serves with.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use serde_json::json;
use tempfile::TempDir;

fn deployed(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../host-harness/deploy");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The arguments of the unit, with its credentials in `folder`.
fn of_the_unit(folder: &Path) -> Vec<String> {
    let unit = deployed("rollcall.service");
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let (program, arguments) = line.unwrap().split_once(' ').unwrap();
    assert_eq!(program, "/usr/local/bin/rollcall");
    let folder = folder.to_str().unwrap();
    arguments
        .split(' ')
        .map(|argument| argument.replace("%d", folder))
        .collect()
}

/// The arguments of the image, with its secrets in `folder`.
fn of_the_image(folder: &Path) -> Vec<String> {
    let image = deployed("Containerfile");
    let line = image.lines().find_map(|line| line.strip_prefix("CMD "));
    let arguments: Vec<String> = serde_json::from_str(line.unwrap()).unwrap();
    let folder = folder.to_str().unwrap();
    arguments
        .iter()
        .map(|argument| argument.replace("/run/secrets", folder))
        .collect()
}

/// The arguments behind `serve --listen ADDRESS`: the tests' address is another.
fn but_for_the_address(arguments: &[String]) -> Vec<&str> {
    let [serve, listen, address, rest @ ..] = arguments else {
        unreachable!("{arguments:?}");
    };
    assert_eq!((serve.as_str(), listen.as_str()), ("serve", "--listen"));
    assert!(address.ends_with(":8443"), "{address}");
    rest.iter().map(String::as_str).collect()
}

fn certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("certificate"), made.cert.pem()).unwrap();
    fs::write(folder.join("key"), made.signing_key.serialize_pem()).unwrap();
}

#[test]
fn the_unit_and_the_image_serve_with_the_certificate_that_they_are_given() {
    for arguments in [of_the_unit, of_the_image] {
        let folder = TempDir::new().unwrap();
        certificate(folder.path());
        let rollcall = Rollcall::new().unwrap();
        let arguments = arguments(folder.path());
        let served = Served::start(&rollcall, &but_for_the_address(&arguments)).unwrap();
        assert!(served.url.starts_with("https://"), "{}", served.url);
        served.end().unwrap();
    }
}

#[test]
fn the_unit_and_the_image_do_not_serve_without_a_certificate() {
    for arguments in [of_the_unit, of_the_image] {
        let folder = TempDir::new().unwrap();
        let rollcall = Rollcall::new().unwrap();
        let arguments = arguments(folder.path());
        let answer = rollcall.json(&arguments).unwrap();
        assert_eq!(answer.problem_codes(), ["tls-files"]);
    }
}

const PUBLIC: &str = "https://rollcall.example.org";

/// The code with which the first user is refused; empty where there is one now.
fn set_up(served: &Served, link: &str) -> String {
    let secret = link.split_once('#').unwrap().1;
    let user = json!({ "secret": secret, "name": "ada", "password": "a long pass-phrase" });
    let reply = served.ask("POST", "/api/v1/setup", "", Some(&user), &[]);
    reply.unwrap().code()
}

/// The set-up link that a service prints.
fn link(served: &mut Served) -> String {
    let words = served.line().unwrap();
    assert!(words.contains("no user yet"), "{words}");
    served.line().unwrap()
}

#[test]
fn a_set_up_link_names_where_browsers_reach_the_service_and_is_good_on_every_host() {
    let rollcall = Rollcall::new().unwrap();
    let mut one = Served::start(&rollcall, &["--public-url", PUBLIC]).unwrap();
    let first = link(&mut one);
    assert!(first.starts_with(&format!("{PUBLIC}/setup#")), "{first}");
    // Another host on the same database gives a link of its own, and takes the first one.
    let mut other = Served::start(&rollcall, &[]).unwrap();
    let second = link(&mut other);
    let here = format!("{}/setup#", other.url);
    assert!(second.starts_with(&here), "{second}");
    assert_eq!(set_up(&other, &first), "");
    assert_eq!(set_up(&other, &second), "set-up-done");
    for served in [one, other] {
        served.end().unwrap();
    }
}

#[test]
fn a_set_up_link_that_somebody_asks_for_is_the_only_one_that_is_good() {
    let rollcall = Rollcall::new().unwrap();
    let mut served = Served::start(&rollcall, &[]).unwrap();
    let first = link(&mut served);
    let asked = ["user", "setup-link", "--url", PUBLIC];
    let newest = rollcall.expect(0, &asked).unwrap();
    let newest = newest.at("/link").as_str().unwrap().to_owned();
    assert!(newest.starts_with(&format!("{PUBLIC}/setup#")), "{newest}");
    assert_eq!(set_up(&served, &first), "set-up-refused");
    assert_eq!(set_up(&served, &newest), "");
    served.end().unwrap();
}

#[test]
fn a_set_up_link_is_not_given_for_an_address_that_is_none() {
    let rollcall = Rollcall::new().unwrap();
    for wrong in [
        "rollcall.example.org",
        "http://rollcall.example.org",
        "https://a.example/x",
    ] {
        for command in [
            &["serve", "--public-url"][..],
            &["user", "setup-link", "--url"],
        ] {
            let output = rollcall.run(&[command, &[wrong]].concat()).unwrap();
            assert_eq!(output.status.code(), Some(2), "{wrong}");
        }
    }
}
