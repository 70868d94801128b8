//! Uninstalling: a receipt, no credential, and people as was asked for.

use std::collections::BTreeMap;

use rollcall::demo::people::Organisation;
use rollcall_tests::rollcall::Answer;
use rollcall_tests::site::Site;

use super::changing;

/// Rows that still belong to a tenant.
const LEFT: [(&str, &str); 5] = [
    (
        "secret",
        "SELECT count(*) FROM secret s JOIN tenant t ON t.id = s.tenant WHERE t.name = ?1",
    ),
    (
        "state",
        "SELECT count(*) FROM state s JOIN tenant t ON t.id = s.tenant WHERE t.name = ?1",
    ),
    (
        "run",
        "SELECT count(*) FROM run r JOIN tenant t ON t.id = r.tenant WHERE t.name = ?1",
    ),
    (
        "plan_row",
        "SELECT count(*) FROM plan_row WHERE run NOT IN
            (SELECT r.id FROM run r JOIN tenant t ON t.id = r.tenant WHERE t.name <> ?1)",
    ),
    (
        "settings",
        "SELECT count(*) FROM tenant WHERE name = ?1
            AND (settings <> '[]' OR plugin IS NOT NULL OR checkpoint <> x'' OR policy IS NOT NULL)",
    ),
];

fn receipt(answer: &Answer, part: &str) -> BTreeMap<String, u64> {
    let lines = answer.at(&format!("/receipt/{part}")).as_array().unwrap();
    let line = |line: &serde_json::Value| {
        let what = line["what"].as_str().unwrap().to_owned();
        (what, line["count"].as_u64().unwrap())
    };
    lines.iter().map(line).collect()
}

#[test]
fn uninstalling_leaves_people_as_asked_and_nothing_of_the_plugin() {
    let organisation = Organisation::new(4, 300);
    let valid = organisation.totals().valid;
    let site = Site::start(&organisation).unwrap();
    for tenant in ["keeps", "ends", "stays"] {
        site.settle(tenant).unwrap();
        site.sync(tenant, 0).unwrap();
    }
    let portal = site.portal().unwrap();
    let before = portal.people("keeps").unwrap();
    let stays = portal.people("stays").unwrap();
    let rollcall = &site.rollcall;

    // Nobody was asked, so nothing happens.
    let unasked = rollcall
        .expect(3, &["uninstall", "keeps", "--people", "keep"])
        .unwrap();
    assert_eq!(unasked.problem_codes(), ["not-confirmed"]);
    for (tenant, people) in [("keeps", "keep"), ("ends", "deactivate")] {
        let answer = rollcall
            .expect(0, &["uninstall", tenant, "--people", people, "--yes"])
            .unwrap();
        let removed = receipt(&answer, "removed");
        assert_eq!(removed["credentials destroyed"], 1, "{removed:?}");
        assert_eq!(removed["settings"], 1, "{removed:?}");
        let left = receipt(&answer, "left");
        assert_eq!(left.values().sum::<u64>(), valid, "{left:?}");
        for (what, query) in LEFT {
            assert_eq!(
                portal.number(query, tenant).unwrap(),
                0,
                "{what} of {tenant}"
            );
        }
        for command in ["sync", "verify", "explain", "runs", "export"] {
            let refused = rollcall.expect(3, &[command, tenant]).unwrap();
            assert_eq!(refused.problem_codes(), ["not-installed"], "{command}");
        }
        let kept = rollcall.expect(0, &["receipt", tenant]).unwrap();
        assert_eq!(kept.at("/receipt"), answer.at("/receipt"));
    }
    assert_eq!(portal.people("keeps").unwrap(), before);
    let ended = portal.people("ends").unwrap();
    assert_eq!(ended.len() as u64, valid);
    for (id, person) in ended {
        assert!(!person.active && person.by_sync);
        assert_eq!(person.values, before[&id].values);
    }

    // The third tenant is none the wiser, and one who comes back finds the people again.
    let (_, rows) = site.sync("stays", 0).unwrap();
    assert_eq!(changing(&rows), []);
    assert_eq!(portal.people("stays").unwrap(), stays);
    site.settle("keeps").unwrap();
    let (_, rows) = site.sync("keeps", 0).unwrap();
    assert_eq!(changing(&rows), []);
    // That everybody becomes active again is for somebody to approve.
    site.settle("ends").unwrap();
    let (held, rows) = site.sync("ends", 6).unwrap();
    assert!(changing(&rows).iter().all(|row| row.0 == "reactivate"));
    let (run, digest) = (held.at("/run/id"), held.at("/run/digest"));
    let (run, digest) = (run.to_string(), digest.as_str().unwrap());
    rollcall
        .expect(0, &["approve", "ends", &run, digest])
        .unwrap();
    for tenant in ["keeps", "ends"] {
        assert_eq!(portal.people(tenant).unwrap(), before, "{tenant}");
    }
}
