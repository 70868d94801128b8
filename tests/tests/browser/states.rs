//! What forms and lists come to when something is wrong, and the portal's own fields.

use rollcall::contract::portal::{Field, FieldKind};
use rollcall::demo::directory::{Deed, Fault, When};
use rollcall::ports::{PortalDesk as _, TenantId};
use rollcall::store::Store;
use rollcall_tests::browser::run;
use rollcall_tests::portal::Portal;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use serde_json::json;

/// A field of the portal's own.
const BADGE: &str = "badge";

fn add_field(rollcall: &Rollcall) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let field = Field {
        id: BADGE.to_owned(),
        tab: "custom".to_owned(),
        label: "Badge number".to_owned(),
        kind: FieldKind::Text,
        required: false,
        unique: false,
        max_length: 64,
    };
    runtime.block_on(async {
        let store = Store::open(rollcall.data()).await.unwrap();
        let tenant = TenantId::new(TENANT).unwrap();
        store.add_field(&tenant, &field).await.unwrap();
        store.close().await;
    });
}

#[test]
fn what_is_wrong_is_told_where_it_is_and_own_fields_are_mapped() {
    let tenancy = Tenancy::configured(sound(30)).unwrap();
    let rollcall = &tenancy.rollcall;
    add_field(rollcall);
    super::admin(rollcall);
    let served = Served::start(rollcall, &[]).unwrap();
    let person = tenancy.directory.organisation().expected(3);
    let facts = json!({
        "url": served.url, "user": super::USER, "password": super::PASSWORD, "tenant": TENANT,
        "person": person.username, "part": person.username.chars().take(1).collect::<String>(),
    });
    let portal = Portal::of(rollcall.data()).unwrap();
    run("states", &facts, |asked| {
        match asked["ask"].as_str().unwrap_or_default() {
            "down" => {
                let reset = Fault::always(When::Connected, Deed::Reset);
                tenancy.directory.set_faults(vec![reset]);
            }
            "up" => tenancy.directory.set_faults(Vec::new()),
            // Somebody else, meanwhile.
            "change" => {
                tenancy.configure(0, &["--set=guard-count=5"])?;
            }
            "badge" => {
                let people = portal.people(TENANT)?;
                let one = people.get(&person.external_id);
                return Ok(json!({ "badge": one.and_then(|one| one.values.get(BADGE)) }));
            }
            _ => return super::nothing(asked),
        }
        Ok(json!({}))
    })
    .unwrap();
    served.end().unwrap();
}
