//! A directory that breaks, lies, stalls or is not itself: whatever happens at whatever page, nobody is deactivated for not
//! having been seen. Each fault has its twin in the same test: the same leavers are deactivated once the same
//! enumeration comes through whole.
//!
//! Guards are raised out of the way, so that what protects is the completeness proof alone.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use rollcall::demo::Entry;
use rollcall::demo::directory::{Deed, DemoDirectory, Fault, Limits, When};
use rollcall::demo::people::{SUFFIX, ServiceAccount};
use rollcall_tests::contents::Contents;
use rollcall_tests::rollcall::Answer;
use rollcall_tests::tenancy::{BASE, PAGE, TENANT, Tenancy, rows_of, sound};
use serde_json::Value;

/// Five pages, the last one not full.
const PEOPLE: u64 = 240;
const PAGES: u32 = 5;
/// On the first page, on one in the middle, and the last of all.
const LEAVERS: [u64; 3] = [3, 120, 239];

/// A refused run: exit codes of `rollcall --help`.
const DIRECTORY: i32 = 4;
const INCOMPLETE: i32 = 5;

/// A tenant that was synced, before three people left.
struct Scene {
    tenancy: Tenancy,
    before: Contents,
}

impl Scene {
    fn new() -> Self {
        let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
        let before = tenancy.contents().unwrap().people();
        assert_eq!(before.count("person"), PEOPLE as usize);
        tenancy.leave(&LEAVERS).unwrap();
        Self { tenancy, before }
    }

    fn directory(&self) -> &DemoDirectory {
        &self.tenancy.directory
    }

    /// Syncs under one fault. Nobody is deactivated, nothing in the portal has changed, and the code is told with a
    /// remedy. `refused` is the exit code where nobody at all was seen.
    fn survives(&self, when: When, deed: Deed, code: &str, refused: i32) {
        self.directory().set_faults(vec![Fault::always(when, deed)]);
        self.spares_everybody(code, refused, &format!("{when:?} {deed:?}"));
        self.directory().set_faults(Vec::new());
    }

    fn spares_everybody(&self, code: &str, refused: i32, told: &str) -> Answer {
        let answer = self.tenancy.rollcall.json(&["sync", TENANT]).unwrap();
        let document = &answer.document;
        let (found, exit) = match document["problems"].get(0) {
            Some(problem) => (problem, refused),
            None => (
                answer
                    .at("/run/proof/gaps")
                    .get(0)
                    .unwrap_or_else(|| panic!("{told}: the run counts as complete: {document}")),
                INCOMPLETE,
            ),
        };
        assert_eq!(found["code"], code, "{told}: {document}");
        for key in ["message", "remedy"] {
            let text = found[key].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{told}: no {key}");
        }
        assert_eq!(answer.code, exit, "{told}: {document}");
        self.nothing_happened(told);
        answer
    }

    fn nothing_happened(&self, told: &str) {
        let run = self.tenancy.last_run().unwrap();
        assert_eq!(rows_of(&run, "deactivate"), 0, "{told}: {run}");
        let now = self.tenancy.contents().unwrap().people();
        assert_eq!(self.before.differences(&now), [""; 0], "{told}");
    }

    /// The twin: with nothing in its way, the same sync deactivates the three, and nobody else.
    fn leavers_leave(&self) {
        let answer = self.tenancy.sync(0).unwrap();
        assert_eq!(answer.at("/run/proof/complete"), &Value::Bool(true));
        assert_eq!(rows_of(answer.at("/run"), "deactivate"), 3);
        let organisation = self.directory().organisation();
        for index in [0, 2, 3, 4, 119, 120, 121, 238, 239] {
            let person = organisation.expected(index);
            let shown = ["people", "show", TENANT, &person.external_id];
            let shown = self.tenancy.rollcall.expect(0, &shown).unwrap();
            let left = LEAVERS.contains(&index);
            let status = if left { "inactive" } else { "active" };
            assert_eq!(shown.at("/status"), status, "{index}");
            assert_eq!(shown.at("/deactivated_by_sync"), &Value::Bool(left));
        }
        let again = self.tenancy.sync(0).unwrap();
        assert_eq!(again.at("/run/rows"), &serde_json::json!([]));
    }
}

/// Before, between and after pages.
fn boundaries() -> impl Iterator<Item = When> {
    (1..=PAGES)
        .map(When::Page)
        .chain((1..PAGES).map(When::AfterPage))
}

/// In the middle of every page.
fn middles() -> impl Iterator<Item = When> {
    (0..u64::from(PAGES)).map(|page| When::AfterEntries(page * u64::from(PAGE) + 20))
}

#[test]
fn a_connection_that_is_closed_at_any_page_deactivates_nobody() {
    let scene = Scene::new();
    for when in boundaries() {
        scene.survives(when, Deed::Cut, "connection-lost", DIRECTORY);
    }
    scene.leavers_leave();
}

#[test]
fn a_connection_that_is_closed_within_any_page_deactivates_nobody() {
    let scene = Scene::new();
    let bytes = [2_000, 40_000, 80_000].map(When::AfterBytes);
    for when in middles().chain(bytes) {
        scene.survives(when, Deed::Cut, "connection-lost", DIRECTORY);
    }
    scene.leavers_leave();
}

#[test]
fn a_connection_that_is_reset_at_or_within_any_page_deactivates_nobody() {
    let scene = Scene::new();
    for when in boundaries().chain(middles()) {
        scene.survives(when, Deed::Reset, "connection-lost", DIRECTORY);
    }
    scene.leavers_leave();
}

#[test]
fn a_limit_or_failure_of_the_server_at_any_page_deactivates_nobody() {
    let scene = Scene::new();
    let codes = [
        (3, "time-limit", INCOMPLETE),
        (4, "size-limit", INCOMPLETE),
        (11, "admin-limit", INCOMPLETE),
        (51, "server-unavailable", DIRECTORY),
        (52, "server-unavailable", DIRECTORY),
        (53, "search-refused", DIRECTORY),
        (80, "search-failed", DIRECTORY),
    ];
    for (code, told, refused) in codes {
        for page in 1..=PAGES {
            let deed = Deed::Result { code, after: 0 };
            scene.survives(When::Page(page), deed, told, refused);
        }
    }
    scene.leavers_leave();
}

#[test]
fn a_limit_or_failure_of_the_server_within_any_page_deactivates_nobody() {
    let scene = Scene::new();
    for (code, told) in [
        (3, "time-limit"),
        (4, "size-limit"),
        (11, "admin-limit"),
        (80, "search-failed"),
    ] {
        for page in 1..=PAGES {
            // All that the page has, and the limit only then, is the case that tempts most.
            for after in [20, 1_000] {
                let deed = Deed::Result { code, after };
                scene.survives(When::Page(page), deed, told, DIRECTORY);
            }
        }
    }
    scene.leavers_leave();
}

#[test]
fn a_size_limit_of_the_bind_account_deactivates_nobody() {
    let scene = Scene::new();
    for most in [1, 50, 100, 236] {
        let limits = Limits {
            paged: Some(most),
            ..Limits::default()
        };
        scene.directory().set_limits(ServiceAccount::Sync, limits);
        scene.spares_everybody("size-limit", INCOMPLETE, &format!("{most} at most"));
    }
    scene
        .directory()
        .set_limits(ServiceAccount::Sync, Limits::default());
    scene.leavers_leave();
}

#[test]
fn bytes_that_are_not_ldap_at_any_page_deactivate_nobody() {
    let scene = Scene::new();
    for deed in [
        Deed::Nonsense,
        Deed::DeepBer(10_000),
        Deed::HugeLength,
        Deed::WrongMessageId,
    ] {
        for when in boundaries().chain([When::AfterEntries(20), When::AfterEntries(220)]) {
            scene.survives(when, deed, "protocol-violation", DIRECTORY);
        }
    }
    scene.leavers_leave();
}

#[test]
fn a_notice_of_disconnection_at_any_page_deactivates_nobody() {
    let scene = Scene::new();
    for when in boundaries().chain(middles()) {
        let deed = Deed::NoticeOfDisconnection(52);
        scene.survives(when, deed, "connection-lost", DIRECTORY);
    }
    scene.leavers_leave();
}

#[test]
fn a_cookie_that_comes_again_deactivates_nobody() {
    let scene = Scene::new();
    for page in 2..=PAGES {
        let when = When::Page(page);
        scene.survives(when, Deed::RepeatCookie, "protocol-violation", DIRECTORY);
    }
    scene.leavers_leave();
}

#[test]
fn a_page_without_the_paging_control_deactivates_nobody() {
    let scene = Scene::new();
    // The first page as if paging were not known, though it holds no more than was asked for.
    scene.survives(When::Page(1), Deed::NoControl, "paging-missing", INCOMPLETE);
    for page in 2..=PAGES {
        let when = When::Page(page);
        scene.survives(when, Deed::NoControl, "protocol-violation", DIRECTORY);
    }
    scene.leavers_leave();
}

#[test]
fn a_server_without_paging_proves_completeness_only_within_its_limit() {
    let options = rollcall::demo::directory::Options {
        paging: false,
        ..sound(PEOPLE)
    };
    let tenancy = Tenancy::synced(options).unwrap();
    let before = tenancy.contents().unwrap().people();
    tenancy.leave(&LEAVERS).unwrap();
    let limits = |unpaged| Limits {
        unpaged,
        ..Limits::default()
    };
    let scene = Scene { tenancy, before };
    for most in [1, 50, 236] {
        scene
            .directory()
            .set_limits(ServiceAccount::Sync, limits(Some(most)));
        scene.spares_everybody("size-limit", INCOMPLETE, &format!("{most} at most"));
    }
    scene
        .directory()
        .set_limits(ServiceAccount::Sync, limits(None));
    scene.leavers_leave();
}

#[test]
fn an_empty_result_deactivates_nobody() {
    let scene = Scene::new();
    scene.survives(When::Page(1), Deed::Empty, "empty-result", INCOMPLETE);
    scene.survives(
        When::EveryPage,
        Deed::Result { code: 0, after: 0 },
        "empty-result",
        INCOMPLETE,
    );
    scene.leavers_leave();
}

#[test]
fn a_server_that_ends_too_early_and_calls_it_success_is_found_out() {
    let scene = Scene::new();
    for page in 1..PAGES {
        for deed in [Deed::DropCookie, Deed::Empty] {
            if (page, deed) == (1, Deed::Empty) {
                continue;
            }
            scene.survives(When::Page(page), deed, "missed-entries", INCOMPLETE);
        }
    }
    scene.leavers_leave();
}

#[test]
fn a_second_look_at_leavers_that_fails_deactivates_nobody() {
    let scene = Scene::new();
    let passes = Fault::once(When::Page(1), Deed::Delay(Duration::ZERO));
    let refused = |code| Deed::Result { code, after: 1_000 };
    for (deed, code) in [
        (Deed::Cut, "connection-lost"),
        (Deed::Nonsense, "protocol-violation"),
        (refused(4), "size-limit"),
        (refused(11), "admin-limit"),
    ] {
        // The first page of the enumeration comes as it should, that of the second look does not.
        let faults = vec![passes, Fault::once(When::Page(1), deed)];
        scene.directory().set_faults(faults);
        scene.spares_everybody(code, INCOMPLETE, &format!("{deed:?}"));
    }
    scene.directory().set_faults(Vec::new());
    scene.leavers_leave();
}

#[test]
fn a_base_that_turned_empty_deactivates_nobody() {
    let scene = Scene::new();
    let elsewhere = format!("ou=Services,{SUFFIX}");
    let stayed = (0..PEOPLE).filter(|index| !LEAVERS.contains(index));
    let moved: Vec<String> = stayed
        .map(|index| scene.directory().organisation().expected(index).dn)
        .map(|dn| scene.directory().move_to(&dn, &elsewhere).unwrap())
        .collect();
    scene.spares_everybody("empty-result", INCOMPLETE, "empty base");
    for dn in moved {
        scene.directory().move_to(&dn, BASE).unwrap();
    }
    scene.leavers_leave();
}

#[test]
fn a_base_that_vanished_deactivates_nobody() {
    let scene = Scene::new();
    let other = scene.directory().rename(BASE, "ou=Folk").unwrap();
    let answer = scene.spares_everybody("no-such-base", DIRECTORY, "vanished base");
    let message = answer.document["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains(SUFFIX), "{message}");
    scene.directory().rename(&other, "ou=People").unwrap();
    scene.leavers_leave();
}

#[test]
fn a_filter_that_matches_nobody_deactivates_nobody() {
    let scene = Scene::new();
    let filter = ["--filter=(&(objectClass=inetOrgPerson)(uid=nobody-at-all))"];
    scene.tenancy.configure(0, &filter).unwrap();
    scene.spares_everybody("empty-result", INCOMPLETE, "filter");
    scene.tenancy.configure(0, &["--unset=filter"]).unwrap();
    scene.leavers_leave();
}

#[test]
fn a_bind_account_that_may_see_nothing_deactivates_nobody() {
    let scene = Scene::new();
    let anonymous = ["--bind-name=", "--unset=password"];
    let mut arguments = vec!["configure", TENANT];
    arguments.extend(anonymous);
    scene.tenancy.rollcall.expect(0, &arguments).unwrap();
    scene.spares_everybody("no-such-base", DIRECTORY, "anonymous");
    scene
        .tenancy
        .configure(0, &scene.tenancy.settings())
        .unwrap();
    scene.leavers_leave();
}

#[test]
fn a_referral_for_a_part_of_the_base_deactivates_nobody() {
    let scene = Scene::new();
    let dn = format!("ou=Elsewhere,{BASE}");
    let referral = Entry::new(&dn)
        .with("objectClass", "referral")
        .with("objectClass", "extensibleObject")
        .with("ou", "Elsewhere")
        .with("ref", "ldap://other.invalid/ou=Elsewhere,dc=example,dc=org");
    scene.directory().add(referral).unwrap();
    scene.spares_everybody("referral", DIRECTORY, "referral");
    scene.directory().delete(&dn).unwrap();
    scene.leavers_leave();
}

#[test]
fn a_server_that_cannot_be_reached_or_refuses_the_bind_deactivates_nobody() {
    let scene = Scene::new();
    scene.survives(When::Connected, Deed::Cut, "connection-lost", DIRECTORY);
    // Broken while it is made or just after: which of them is a race.
    let reset = Fault::always(When::Connected, Deed::Reset);
    scene.directory().set_faults(vec![reset]);
    let answer = scene.tenancy.sync(DIRECTORY).unwrap();
    let codes = ["connection-lost", "connect-refused"];
    assert!(codes.contains(&answer.problem_codes()[0]), "{answer:?}");
    scene.nothing_happened("reset at once");
    scene.survives(
        When::Connected,
        Deed::DeepBer(10_000),
        "protocol-violation",
        DIRECTORY,
    );
    scene.survives(When::Bind, Deed::Cut, "connection-lost", DIRECTORY);
    let refused = |code| Deed::Result { code, after: 0 };
    scene.survives(When::Bind, refused(49), "wrong-password", DIRECTORY);
    scene.survives(When::Bind, refused(53), "bind-refused", DIRECTORY);
    scene.leavers_leave();
}

#[test]
fn another_server_does_not_take_over_within_a_run() {
    let scene = Scene::new();
    let mut strangers = sound(10);
    strangers.seed = 99;
    let other = DemoDirectory::start(strangers).unwrap();
    let urls = format!(
        "--url={} ldap://127.0.0.1:{}",
        scene.tenancy.url(),
        other.port()
    );
    scene.tenancy.configure(0, &[urls]).unwrap();
    for page in 2..=PAGES {
        scene.survives(When::Page(page), Deed::Cut, "connection-lost", DIRECTORY);
    }
    assert_eq!(other.seen().connections, 0);
    scene.leavers_leave();
}

#[test]
fn the_server_is_replaced_by_another_one_while_it_is_read() {
    let scene = Scene::new();
    // The process that answered is gone in the middle of a page that it was slow with.
    scene.directory().set_faults(vec![Fault::always(
        When::Page(3),
        Deed::Delay(Duration::from_secs(60)),
    )]);
    let Scene { tenancy, before } = scene;
    let Tenancy {
        rollcall,
        directory,
    } = tenancy;
    let pages = directory.seen().pages;
    let mut process = rollcall
        .command(&["sync", TENANT, "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while directory.seen().pages < pages + 2 {
        assert!(process.try_wait().unwrap().is_none(), "the sync ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(directory);
    let output = process.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let gaps = &document["result"]["run"]["proof"]["gaps"];
    assert_eq!(gaps[0]["code"], "connection-lost", "{document}");
    assert_eq!(output.status.code(), Some(INCOMPLETE));
    // What stands in its place has the same people without the leavers, and is read from the beginning.
    let replacement = DemoDirectory::start(sound(PEOPLE)).unwrap();
    let tenancy = Tenancy {
        rollcall,
        directory: replacement,
    };
    let scene = Scene { tenancy, before };
    scene.nothing_happened("replaced");
    scene.tenancy.leave(&LEAVERS).unwrap();
    scene
        .tenancy
        .configure(0, &scene.tenancy.settings())
        .unwrap();
    scene.leavers_leave();
}

#[test]
fn what_was_seen_before_a_fault_is_brought_over_all_the_same() {
    let scene = Scene::new();
    let person = scene.directory().organisation().expected(10);
    scene
        .directory()
        .set(&person.dn, "title", &["Keeper of the Keys"])
        .unwrap();
    let cut = Fault::always(When::Page(3), Deed::Cut);
    scene.directory().set_faults(vec![cut]);
    let answer = scene.tenancy.sync(INCOMPLETE).unwrap();
    assert_eq!(rows_of(answer.at("/run"), "update"), 1);
    assert_eq!(rows_of(answer.at("/run"), "deactivate"), 0);
    assert_eq!(answer.at("/run/counts/absent-unproven"), 140);
    let warnings = answer.at("/run/warnings").as_array().unwrap();
    let codes: Vec<_> = warnings.iter().map(|w| &w["code"]).collect();
    assert_eq!(codes, ["connection-lost", "absence-unproven"]);
    scene.directory().set_faults(Vec::new());
    scene.leavers_leave();
}
