//! The password is nowhere but in the vault, and logs hold nothing of the people.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rollcall::demo::people::Organisation;
use rollcall_tests::server::Server;
use rollcall_tests::site::Site;

use super::TENANT;

const CANARY: &str = "Zeisig-im-Birkenhain-7391";

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

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// The canary as it is, and as common encodings would have its middle.
fn disguises() -> Vec<String> {
    let hex: String = CANARY.bytes().map(|b| format!("{b:02x}")).collect();
    // The base64 of three bytes in a row, at each of the three places where they may stand.
    let coded = [
        "WmVpc2lnLWltLUJpcmtlbmhhaW4t",
        "ZWlzaWctaW0tQmlya2VuaGFpb",
        "plaXNpZy1pbS1CaXJrZW5oYWlu",
    ];
    let mut all = vec![CANARY.to_owned(), hex.to_uppercase(), hex];
    all.extend(coded.map(str::to_owned));
    all
}

#[test]
fn the_password_is_in_no_file_no_log_and_no_answer() {
    let mut organisation = Organisation::new(6, 250);
    organisation.password = CANARY.to_owned();
    let site = Site::start(&organisation).unwrap();
    site.settle(TENANT).unwrap();
    let csv = site.rollcall.data().join("unsynced.csv");
    let csv = csv.to_str().unwrap();
    let unknown = site
        .file("wrong.password", &format!("{CANARY}-wrong"))
        .unwrap();
    let unknown = unknown.to_str().unwrap();
    let right = site
        .file("right.password", &site.server.password())
        .unwrap();
    let right = right.to_str().unwrap();
    let mut told = Vec::new();
    for arguments in [
        vec!["configure", TENANT],
        vec!["verify", TENANT],
        vec!["map", "store", TENANT, "--suggested"],
        vec!["preview", TENANT],
        vec!["plan", TENANT],
        vec!["sync", TENANT],
        vec!["export", TENANT, "--output", csv],
        vec!["runs", TENANT],
        vec!["tenants"],
        // Refusals talk most.
        vec![
            "configure",
            TENANT,
            "--password-file",
            unknown,
            "--url",
            "ldap://%",
        ],
        vec!["configure", TENANT, "--password-file", unknown],
        vec!["verify", TENANT],
        vec!["sync", TENANT],
        vec!["configure", TENANT, "--password-file", right],
        vec!["sync", TENANT],
    ] {
        for form in [&["-vv"][..], &["-vv", "--json"]] {
            let arguments = [&arguments, form].concat();
            let output = site.rollcall.run(&arguments).unwrap();
            told.push((arguments.join(" "), output));
        }
    }
    let logged: usize = told.iter().map(|(_, output)| output.stderr.len()).sum();
    assert!(
        logged > 0,
        "nothing was logged, so nothing was looked through"
    );
    let refused = told.iter().filter(|(_, output)| !output.status.success());
    assert!(refused.count() >= 6, "wrong passwords are refused");
    for disguise in disguises() {
        for (arguments, output) in &told {
            assert!(!holds(&output.stdout, &disguise), "printed by {arguments}");
            assert!(!holds(&output.stderr, &disguise), "logged by {arguments}");
        }
        for file in files(site.rollcall.data()) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!holds(&bytes, &disguise), "{} holds it", file.display());
        }
    }
    for private in ["secrets.key", "rollcall.db"] {
        let file = std::fs::metadata(site.rollcall.data().join(private)).unwrap();
        assert_eq!(file.permissions().mode() & 0o077, 0, "{private}");
    }

    // Log lines carry no values of people.
    for (arguments, output) in told
        .iter()
        .filter(|(a, _)| a.contains("sync") || a.contains("plan"))
    {
        let log = String::from_utf8_lossy(&output.stderr);
        for who in organisation
            .manifest()
            .filter(|who| !who.username.is_empty())
        {
            assert!(
                !log.contains(&who.username),
                "{} in the log of {arguments}",
                who.dn
            );
        }
    }
}
