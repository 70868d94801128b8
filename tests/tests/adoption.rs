//! New people of a running slapd who take over whom the portal has: entered by hand, or under an account that is gone.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall::ports::{PersonEdit, PortalDesk, TenantId};
use rollcall::store::Store;
use rollcall_tests::portal::PlanRow;
use rollcall_tests::rollcall::Answer;
use rollcall_tests::site::changes::{hire, remove, replace};
use rollcall_tests::site::{Site, run_of};

use rollcall::demo::people::{Expected, Organisation, Troubles};

const TENANT: &str = "acme";
const PEOPLE: u64 = 40;

fn site(adoption: &str) -> (Site, Vec<Expected>) {
    let organisation = Organisation::new(17, PEOPLE).with_troubles(Troubles::none());
    let people = organisation.manifest().collect();
    let site = Site::start(&organisation).unwrap();
    site.settle(TENANT).unwrap();
    configure(&site, adoption);
    (site, people)
}

fn configure(site: &Site, adoption: &str) {
    let adoption = format!("--set=adoption={adoption}");
    let set = ["configure", TENANT, &adoption];
    site.rollcall.expect(0, &set).unwrap();
}

/// Enters somebody by hand, as somebody in the portal would; gives the portal's id.
fn enter(site: &Site, username: &str, email: &str) -> String {
    let values = [
        ("username", username),
        ("email", email),
        ("last-name", "By Hand"),
    ];
    let values = values.map(|(field, value)| (field.to_owned(), Some(value.to_owned())));
    let edit = PersonEdit {
        values: values.to_vec(),
        ..PersonEdit::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Store::open(site.rollcall.data()).await.unwrap();
        let tenant = TenantId::new(TENANT).unwrap();
        let id = store.add_person(&tenant, &edit).await.unwrap();
        store.close().await;
        id
    })
}

fn shown(site: &Site, who: &str) -> Answer {
    let show = ["people", "show", TENANT, who];
    site.rollcall.expect(0, &show).unwrap()
}

fn row_of<'r>(rows: &'r [PlanRow], who: &Expected) -> &'r PlanRow {
    let mut rows = rows.iter();
    rows.find(|row| row.external_id == who.external_id).unwrap()
}

fn changing(rows: &[PlanRow]) -> usize {
    rows.iter().filter(|row| row.kind != "unsynced").count()
}

fn adoptions(site: &Site) -> i64 {
    let newest = "SELECT count(*) FROM plan_row WHERE adopts IS NOT NULL AND run = (SELECT max(id) FROM run) AND ?1 <> ''";
    site.portal().unwrap().number(newest, TENANT).unwrap()
}

#[test]
fn who_was_entered_by_hand_is_previewed_taken_over_and_kept() {
    let (site, people) = site("mail");
    let who = &people[20];
    let id = enter(&site, "by.hand", &who.email.to_uppercase());
    let explain = ["explain", TENANT, &who.dn];
    let explained = site.rollcall.expect(0, &explain).unwrap();
    let told = explained.result().to_string();
    assert!(told.contains("takes over"), "{told}");

    let planned = site.rollcall.expect(0, &["plan", TENANT]).unwrap();
    let rows = site.portal().unwrap().rows(run_of(&planned)).unwrap();
    let row = row_of(&rows, who);
    assert_eq!((row.kind, row.reason.as_str()), ("update", "adopted"));
    assert!(row.before.contains("by.hand") && row.pseudo.contains("external-id"));
    let run = run_of(&planned).to_string();
    let asked = ["rows", TENANT, &run, "--person", &who.external_id];
    let text = site.rollcall.run(&asked).unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains(&format!("takes over: {id}")), "{text}");
    assert!(shown(&site, &id).result().to_string().contains("By Hand"));

    site.sync(TENANT, 0).unwrap();
    let now = shown(&site, &id).result().to_string();
    assert!(
        now.contains(&who.external_id) && now.contains(&who.username),
        "{now}"
    );
    assert_eq!(
        site.portal().unwrap().people(TENANT).unwrap().len() as u64,
        PEOPLE
    );
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(rows.len(), 0);
    // From here on the person is the directory's.
    site.change(&[replace(&who.dn, "title", &["Adopted"])])
        .unwrap();
    assert_eq!(changing(&site.sync(TENANT, 0).unwrap().1), 1);
    assert!(shown(&site, &id).result().to_string().contains("Adopted"));
}

#[test]
fn without_the_setting_who_was_entered_by_hand_stays_the_portals() {
    let (site, people) = site("report");
    let who = &people[20];
    let id = enter(&site, "by.hand", &who.email);
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    let row = row_of(&rows, who);
    assert_eq!((row.kind, row.reason.as_str()), ("unsynced", "duplicate"));
    assert!(shown(&site, &id).result().to_string().contains("By Hand"));
    configure(&site, "username");
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(row_of(&rows, who).kind, "unsynced", "another user name");
    configure(&site, "mail");
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(row_of(&rows, who).reason, "adopted");
}

#[test]
fn of_two_who_match_one_person_neither_takes_the_person_over() {
    let (site, people) = site("mail");
    let (one, other) = (&people[20], &people[21]);
    let id = enter(&site, "by.hand", &one.email);
    site.change(&[replace(&other.dn, "mail", &[&one.email])])
        .unwrap();
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    for (who, rival) in [(one, other), (other, one)] {
        let row = row_of(&rows, who);
        assert_eq!(
            (row.kind, row.reason.as_str()),
            ("unsynced", "adoption-ambiguous")
        );
        assert_eq!(row.other.0, rival.external_id);
    }
    assert!(shown(&site, &id).result().to_string().contains("By Hand"));
    assert_eq!(adoptions(&site), 0);
    site.change(&[replace(&other.dn, "mail", &[&other.email])])
        .unwrap();
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(row_of(&rows, one).reason, "adopted");
    assert_eq!(row_of(&rows, other).reason, "new");
}

#[test]
fn an_account_that_is_deleted_and_made_anew_is_the_same_person() {
    let (site, _) = site("mail");
    let uid = "again";
    let anew = || hire(uid, "Anna", "Again", "anna.again@example.org");
    site.change(&[anew()]).unwrap();
    site.sync(TENANT, 0).unwrap();
    let before = site.portal().unwrap().people(TENANT).unwrap();
    let old = before
        .iter()
        .find(|(_, person)| person.dn.contains(uid))
        .unwrap()
        .0;
    site.change(&[remove(&anew().dn), anew()]).unwrap();
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].kind, rows[0].reason.as_str()),
        ("update", "re-created")
    );
    assert_eq!(&rows[0].other.0, old);
    let after = site.portal().unwrap().people(TENANT).unwrap();
    assert_eq!(after.len(), before.len());
    let (new, person) = after
        .iter()
        .find(|(_, person)| person.dn.contains(uid))
        .unwrap();
    assert!(new != old && person.active && !person.absent);
    assert_eq!(site.sync(TENANT, 0).unwrap().1.len(), 0);
    // The twin: with the old account still there, the same address is a duplicate.
    let twin = hire("twin", "Anna", "Again", "anna.again@example.org");
    site.change(&[twin]).unwrap();
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(
        (rows[0].kind, rows[0].reason.as_str()),
        ("unsynced", "duplicate")
    );
}

#[test]
fn many_adoptions_wait_for_an_approval_and_are_then_made() {
    let (site, people) = site("mail");
    for who in &people[10..20] {
        enter(&site, &format!("hand.{}", who.username), &who.email);
    }
    let (held, rows) = site.sync(TENANT, 6).unwrap();
    let guards = held.at("/run/guards").as_array().unwrap();
    let tripped: Vec<_> = guards.iter().filter(|g| g["tripped"] == true).collect();
    assert_eq!((tripped.len(), &tripped[0]["name"]), (1, &"adopt".into()));
    assert_eq!(
        rows.iter().filter(|row| row.reason == "adopted").count(),
        10
    );
    assert_eq!(site.portal().unwrap().people(TENANT).unwrap().len(), 0);
    let (run, digest) = (run_of(&held).to_string(), held.at("/run/digest").clone());
    let approve = ["approve", TENANT, &run, digest.as_str().unwrap()];
    site.rollcall.expect(0, &approve).unwrap();
    assert_eq!(
        site.portal().unwrap().people(TENANT).unwrap().len() as u64,
        PEOPLE
    );
}
