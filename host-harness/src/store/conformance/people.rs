//! Rows, proofs and whole runs, short to write.

use super::Ports;
use crate::contract::plan::{Change, Party, Proof, Row, RowKind, Summary};
use crate::contract::types::FieldValue;
use crate::ports::plan::{Applied, Begin, RunId};
use crate::ports::tenants::HostSetting;
pub(crate) use crate::ports::{History, Plans, Portal, PortalDesk, Secrets, Tenants};
use crate::ports::{Outcome, PersonEdit, TenantId};

pub(crate) const CONFIGURATION: &str = "c-1";

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

/// Installs and configures a tenant.
pub(crate) async fn installed(store: &impl Ports, name: &str) -> TenantId {
    let tenant = tenant(name);
    store
        .install(&tenant, "plugin-1", b"component")
        .await
        .unwrap();
    configure(store, &tenant, CONFIGURATION, &[]).await;
    tenant
}

pub(crate) async fn configure(
    store: &impl Ports,
    tenant: &TenantId,
    digest: &str,
    settings: &[(&str, &str)],
) {
    let settings = settings
        .iter()
        .map(|(key, value)| HostSetting {
            key: (*key).into(),
            value: (*value).into(),
        })
        .collect();
    store.configured(tenant, digest, settings).await.unwrap();
}

/// The external id of a person.
pub(crate) fn id(person: &str) -> String {
    format!("id-{person}")
}

/// A row with these changes: field, before, after.
pub(crate) fn row(kind: RowKind, person: &str, changes: &[(&str, &str, &str)]) -> Row {
    let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    Row {
        kind,
        external_id: id(person),
        dn: format!("uid={person},dc=example"),
        display: format!("Person {person}"),
        reason: if kind == RowKind::Create {
            "new"
        } else {
            "changed"
        }
        .to_owned(),
        changes: changes
            .iter()
            .map(|(field, before, after)| Change {
                field: (*field).to_owned(),
                before: text(before),
                after: text(after),
            })
            .collect(),
        source_hash: vec![1; 16],
        problem: None,
        other: None,
    }
}

/// A row that creates a person with this mail address.
pub(crate) fn create(person: &str, email: &str) -> Row {
    row(
        RowKind::Create,
        person,
        &[
            ("username", "", person),
            ("email", "", email),
            ("last-name", "", "L"),
        ],
    )
}

/// A row that gives a person another mail address.
pub(crate) fn remail(person: &str, before: &str, after: &str) -> Row {
    row(RowKind::Update, person, &[("email", before, after)])
}

/// A row that makes a person inactive.
pub(crate) fn deactivate(person: &str, reason: &str) -> Row {
    Row {
        reason: reason.to_owned(),
        ..row(RowKind::Deactivate, person, &[])
    }
}

/// A row by which a person takes over somebody of the portal, who may have had another's external id.
pub(crate) fn adopt(person: &str, portal: &str, before: Option<&str>) -> Row {
    let before = before.map(id).unwrap_or_default();
    Row {
        reason: if before.is_empty() {
            "adopted"
        } else {
            "re-created"
        }
        .to_owned(),
        other: Some(Party {
            external_id: before.clone(),
            dn: String::new(),
            id: portal.to_owned(),
        }),
        ..row(
            RowKind::Update,
            person,
            &[("external-id", &before, &id(person))],
        )
    }
}

/// Adds a person by hand, with this user name and mail address; gives the portal's id.
pub(crate) async fn entered(store: &impl Ports, tenant: &TenantId, name: &str) -> String {
    let email = format!("{name}@x");
    let values = [("username", name), ("email", &email), ("last-name", "L")];
    let edit = PersonEdit {
        values: values
            .iter()
            .map(|(field, value)| ((*field).to_owned(), Some((*value).to_owned())))
            .collect(),
        ..PersonEdit::default()
    };
    store.add_person(tenant, &edit).await.unwrap()
}

pub(crate) fn proof() -> Proof {
    Proof {
        basis: crate::contract::plan::Basis::Enumeration,
        complete: true,
        gaps: Vec::new(),
        pages: 1,
        entries: 10,
        referrals: 0,
        server: "demo".into(),
        searches: Vec::new(),
        configuration: CONFIGURATION.into(),
    }
}

pub(crate) fn summary() -> Summary {
    Summary {
        seen: 10,
        unchanged: 0,
        counts: vec![],
        guards: vec![],
        warnings: vec![],
    }
}

pub(crate) async fn begun(store: &impl Ports, tenant: &TenantId) -> RunId {
    let begin = Begin {
        mode: "full".into(),
        plugin: "plugin-1".into(),
        configuration: CONFIGURATION.into(),
        queued: None,
    };
    store.begin(tenant, begin).await.unwrap()
}

/// A run with these rows, finished.
pub(crate) async fn planned(store: &impl Ports, tenant: &TenantId, rows: Vec<Row>) -> RunId {
    let run = begun(store, tenant).await;
    for rows in rows.chunks(1_000) {
        store.record(tenant, run, rows.to_vec()).await.unwrap();
    }
    store
        .finish(tenant, run, summary(), proof(), vec![7])
        .await
        .unwrap();
    run
}

/// Applies what is left of a run; says how many rows were applied, and how many failed.
pub(crate) async fn applied(
    store: &impl Ports,
    tenant: &TenantId,
    run: RunId,
    limit: u32,
) -> Outcome<(u64, u64)> {
    let (mut done, mut refused) = (0, 0);
    loop {
        let Applied {
            applied,
            failed,
            pending,
        } = store.apply(tenant, run, limit).await?;
        (done, refused) = (done + applied, refused + failed);
        if pending == 0 {
            return Ok((done, refused));
        }
    }
}

/// Plans and applies these rows in one go.
pub(crate) async fn synced(store: &impl Ports, tenant: &TenantId, rows: Vec<Row>) -> (u64, u64) {
    let run = planned(store, tenant, rows).await;
    applied(store, tenant, run, 1_000).await.unwrap()
}

/// A person's value of a field.
pub(crate) async fn value(
    store: &impl Ports,
    tenant: &TenantId,
    person: &str,
    field: &str,
) -> Option<String> {
    let people = store.people(tenant, &[id(person)]).await.unwrap();
    let values = people.into_iter().next()?.values;
    values
        .into_iter()
        .find(|v: &FieldValue| v.field == field)
        .map(|v| v.value)
}

/// Who holds a mail address: external ids.
pub(crate) async fn holder(store: &impl Ports, tenant: &TenantId, email: &str) -> Option<String> {
    let holders = store
        .holders(tenant, "email", &[email.to_owned()])
        .await
        .unwrap();
    holders.into_iter().next().map(|holder| holder.external_id)
}
