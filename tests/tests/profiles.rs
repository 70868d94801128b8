//! Every directory profile on a directory of its kind, through the built program.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rollcall::demo::directory::{DemoDirectory, Options, Vendor};
use rollcall::demo::people::{SUFFIX, Troubles};
use rollcall_plugin::profile::registry;
use rollcall_tests::conformance::{Subject, Trial, Who, conforms};
use rollcall_tests::portal::People;
use rollcall_tests::site::Outcome;
use rollcall_tests::tenancy::TENANT;

/// The exit code of a sync that could not tell who everybody is.
const INCOMPLETE: i32 = 5;
/// One page everywhere: what a page does is tested elsewhere.
const PEOPLE: u64 = 60;

fn directory(vendor: Vendor) -> DemoDirectory {
    DemoDirectory::start(Options {
        people: PEOPLE,
        troubles: Troubles::none(),
        vendor,
        ..Options::default()
    })
    .unwrap()
}

#[test]
fn every_profile_conforms_on_a_directory_of_its_kind() {
    let mut failed = Vec::new();
    for profile in registry() {
        let Some(vendor) = Vendor::of_profile(profile.id) else {
            panic!(
                "the demo directory is of no kind that {} is for",
                profile.id
            );
        };
        if let Err(error) = conforms(&directory(vendor)) {
            failed.push(format!("{}: {error}", profile.id));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_directory_that_is_taken_for_another_kind_does_not_conform() {
    struct Mistaken(DemoDirectory);
    impl Subject for Mistaken {
        fn profile(&self) -> &str {
            "freeipa"
        }
        fn settings(&self) -> Vec<String> {
            self.0.settings()
        }
        fn password(&self) -> String {
            Subject::password(&self.0)
        }
        fn people(&self) -> Vec<Who> {
            self.0.people()
        }
        fn disable(&self, _: &str) -> Outcome<()> {
            Ok(())
        }
        fn enable(&self, _: &str) -> Outcome<()> {
            Ok(())
        }
        fn rename(&self, dn: &str, _: &str) -> Outcome<String> {
            Ok(dn.to_owned())
        }
        fn transfer(&self, dn: &str) -> Outcome<String> {
            Ok(dn.to_owned())
        }
        fn remove(&self, _: &str) -> Outcome<()> {
            Ok(())
        }
        fn hire(&self, _: &str) -> Outcome<Who> {
            Err("nobody is hired".into())
        }
    }
    let error = conforms(&Mistaken(directory(Vendor::Ds389)))
        .unwrap_err()
        .to_string();
    assert!(error.contains("389-ds"), "{error}");
}

#[test]
fn an_account_that_has_expired_is_deactivated_and_the_date_is_told() {
    let directory = directory(Vendor::ActiveDirectory);
    let trial = Trial::of(&directory, &[]).unwrap();
    let [expired, lasting, ..] = &directory.people()[..] else {
        panic!("there is nobody")
    };
    trial.sync().unwrap();
    let expires = |dn: &str, value: &str| directory.set(dn, "accountExpires", &[value]).unwrap();
    // 29 February 2024, and 2100.
    expires(&expired.dn, "133536816000000000");
    expires(&lasting.dn, "157469184000000000");
    for told in trial.told_of_disabled(&expired.dn).unwrap() {
        let wanted = "accountExpires is 133536816000000000 (2024-02-29T12:00:00Z)";
        assert!(told.contains(wanted), "{told}");
    }
    let rows = trial.sync().unwrap();
    let row = rows.iter().find(|row| row.kind == "deactivate").unwrap();
    assert_eq!(
        (&*row.reason, &*row.external_id),
        ("disabled", &*expired.external_id)
    );
    assert!(
        rows.iter()
            .all(|row| row.external_id != lasting.external_id)
    );
    expires(&expired.dn, "0");
    trial
        .sync_one("reactivate", "returned", &expired.external_id)
        .unwrap();
}

#[test]
fn a_rule_of_the_site_stands_instead_of_the_profiles() {
    let directory = directory(Vendor::ActiveDirectory);
    let trial = Trial::of(&directory, &["--disabled-when=(ou:dn:=Contractors)"]).unwrap();
    let who = directory.people().remove(0);
    trial.sync().unwrap();
    directory.disable(&who.dn).unwrap();
    trial.sync_nothing().unwrap();
    directory.transfer(&who.dn).unwrap();
    trial
        .sync_one("deactivate", "disabled", &who.external_id)
        .unwrap();
}

#[test]
fn a_filter_that_hides_disabled_accounts_is_warned_about_where_it_is_set() {
    for (vendor, filter) in [
        (
            Vendor::ActiveDirectory,
            "(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
        ),
        (
            Vendor::Ds389,
            "(&(objectClass=person)(!(nsAccountLock=TRUE)))",
        ),
    ] {
        let filter = format!("--filter={filter}");
        let error = Trial::of(&directory(vendor), &[&filter])
            .unwrap_err()
            .to_string();
        assert!(error.contains("hides disabled"), "{error}");
    }
}

/// Preserved users are disabled where the base holds them, and absent where it does not; staged ones are nobody.
#[test]
fn freeipas_preserved_users_leave_and_staged_ones_have_not_come() {
    let provisioning = |name: &str| format!("cn={name},cn=accounts,cn=provisioning,{SUFFIX}");
    for (base, reason) in [
        (Vendor::FreeIpa.people(), "absent"),
        (SUFFIX.to_owned(), "disabled"),
    ] {
        let directory = directory(Vendor::FreeIpa);
        let trial = Trial::of(&directory, &[&format!("--base-dn={base}")]).unwrap();
        let who = directory.people().remove(0);
        let mut staged = directory.entry(&who.dn).unwrap();
        staged.dn = format!("uid=staged,{}", provisioning("staged users"));
        staged.set("uid", vec![b"staged".to_vec()]);
        staged.set("mail", vec![b"staged@example.org".to_vec()]);
        staged.set("ipaUniqueID", vec![b"autogenerate".to_vec()]);
        staged.set("nsUniqueId", Vec::new());
        directory.add(staged).unwrap();
        let rows = trial.sync().unwrap();
        assert_eq!(rows.len() as u64, PEOPLE, "{base}");
        assert!(rows.iter().all(|row| row.kind == "create"), "{base}");

        let preserved = directory
            .move_to(&who.dn, &provisioning("deleted users"))
            .unwrap();
        trial
            .sync_one("deactivate", reason, &who.external_id)
            .unwrap();
        let (rdn, _) = preserved.split_once(',').unwrap();
        assert!(who.dn.starts_with(rdn));
        directory
            .move_to(&preserved, &Vendor::FreeIpa.people())
            .unwrap();
        trial
            .sync_one("reactivate", "returned", &who.external_id)
            .unwrap();
    }
}

/// Without the right to read it, everybody would be somebody else, or somebody enabled.
#[test]
fn an_id_or_a_status_that_can_no_longer_be_read_changes_nobody() {
    for (vendor, attribute, code, exit) in [
        (
            Vendor::FreeIpa,
            "ipaUniqueID",
            "missing-external-id",
            INCOMPLETE,
        ),
        (
            Vendor::ActiveDirectory,
            "userAccountControl",
            "status-unreadable",
            0,
        ),
    ] {
        let directory = directory(vendor);
        let trial = Trial::of(&directory, &[]).unwrap();
        trial.sync().unwrap();
        let before = trial.portal().unwrap().people(TENANT).unwrap();
        let people = directory.people();
        for who in &people[..5] {
            directory.set(&who.dn, attribute, &[]).unwrap();
        }
        let rows = trial.sync_ending(exit).unwrap();
        assert_eq!(rows.len(), 5);
        assert!(
            rows.iter()
                .all(|row| (row.kind, &*row.reason) == ("unsynced", code))
        );
        let now = trial.portal().unwrap().people(TENANT).unwrap();
        let told = |people: &People| {
            let told = people
                .iter()
                .map(|(id, who)| (id.clone(), who.dn.clone(), who.active));
            told.collect::<Vec<_>>()
        };
        assert_eq!(told(&before), told(&now));
    }
}
