//! Two tenants on one data directory.

use std::collections::BTreeSet;

use rollcall::demo::people::{Fate, Organisation};
use rollcall_tests::site::{Security, Site, changes, run_of};
use rollcall_tests::slapd::Slapd;

use super::{changing, plain};

fn ids(organisation: &Organisation) -> BTreeSet<String> {
    organisation
        .manifest()
        .filter(|who| who.fate == Fate::Valid)
        .map(|who| who.external_id)
        .collect()
}

#[test]
fn tenants_on_one_data_directory_never_meet() {
    let (ours, theirs) = (Organisation::new(1, 150), Organisation::new(2, 120));
    let site = Site::start(&ours).unwrap();
    let other = Slapd::start(&theirs).unwrap();
    let rollcall = &site.rollcall;
    site.settle("acme").unwrap();
    rollcall
        .expect(0, &["install", "globex", "--allow-loopback"])
        .unwrap();
    site.configure("globex", &other, Security::Ldaps).unwrap();
    let (run, _) = site.sync("acme", 0).unwrap();
    site.sync("globex", 0).unwrap();

    let portal = site.portal().unwrap();
    let people = |tenant: &str| portal.people(tenant).unwrap();
    let known = |tenant: &str| people(tenant).into_keys().collect::<BTreeSet<_>>();
    assert_eq!(known("acme"), ids(&ours));
    assert_eq!(known("globex"), ids(&theirs));
    let before = people("globex");

    // What one has is nothing to the other.
    let run = run_of(&run).to_string();
    for arguments in [
        vec!["rows", "globex", &run],
        vec!["export", "globex", "--run", &run, "--output", "/dev/null"],
        vec!["approve", "globex", &run, "00000000"],
        vec!["discard", "globex", &run],
        vec!["sync", "globex", "--run", &run],
    ] {
        let refused = rollcall.expect(3, &arguments).unwrap();
        assert_eq!(refused.problem_codes(), ["unknown-run"], "{arguments:?}");
    }
    let stranger = ids(&ours).into_iter().next().unwrap();
    let refused = rollcall
        .expect(3, &["people", "show", "globex", &stranger])
        .unwrap();
    assert_eq!(refused.problem_codes(), ["unknown-person"]);
    let handle = portal
        .texts(
            "SELECT handle FROM secret s JOIN tenant t ON t.id = s.tenant WHERE t.name = ?1",
            "acme",
        )
        .unwrap();
    let [handle] = handle.as_slice() else {
        unreachable!("one credential")
    };
    // Another's credential cannot be named: not as an argument, not in a file.
    let stolen = format!("password={handle}");
    let refused = rollcall
        .run(&["configure", "globex", "--set", &stolen])
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let stolen = format!("[settings]\npassword = \"{handle}\"\n");
    let stolen = site.file("stolen.toml", &stolen).unwrap();
    let refused = rollcall
        .expect(
            3,
            &[
                "configure",
                "globex",
                "--settings",
                stolen.to_str().unwrap(),
            ],
        )
        .unwrap();
    assert_eq!(refused.problem_codes(), ["settings-file"]);

    // One tenant's people, and the end of one tenant, change nothing for the other.
    let who = plain(&ours, 20).next().unwrap();
    let taken = before.values().next().unwrap().values["email"].clone();
    site.change(&[changes::replace(&who.dn, "mail", &[&taken])])
        .unwrap();
    let (_, rows) = site.sync("acme", 0).unwrap();
    assert_eq!(
        changing(&rows),
        [("update", "changed", who.external_id.as_str())]
    );
    rollcall
        .expect(0, &["uninstall", "acme", "--people", "deactivate", "--yes"])
        .unwrap();
    let (_, rows) = site.sync("globex", 0).unwrap();
    assert_eq!(changing(&rows), []);
    assert_eq!(people("globex"), before);
}
