//! What Rollcall is deployed with gives the program commands that it serves with.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
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
