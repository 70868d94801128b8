//! Changes over LDAP.

use ldap3_proto::LdapSearchScope;
use ldap3_proto::proto::*;

use super::super::DemoDirectory;
use super::client::{Ask, Client, ask, start};
use crate::demo::people::{SUFFIX, ServiceAccount};

fn admin(directory: &DemoDirectory) -> Client {
    let mut client = Client::connect(directory);
    assert_eq!(client.bind(&format!("cn=admin,{SUFFIX}"), "demo-admin"), 0);
    client
}

fn attribute(name: &str, value: &str) -> LdapPartialAttribute {
    LdapPartialAttribute {
        atype: name.to_owned(),
        vals: vec![value.as_bytes().to_vec()],
    }
}

fn hire() -> LdapAddRequest {
    LdapAddRequest {
        dn: format!("uid=hired,ou=People,{SUFFIX}"),
        attributes: vec![
            attribute("objectClass", "inetOrgPerson"),
            attribute("sn", "Hired"),
            attribute("cn", "H"),
        ],
    }
}

fn code(message: LdapMsg) -> i64 {
    match message.op {
        LdapOp::AddResponse(r)
        | LdapOp::ModifyResponse(r)
        | LdapOp::ModifyDNResponse(r)
        | LdapOp::DelResponse(r)
        | LdapOp::CompareResult(r) => r.code as i64,
        other => unreachable!("{other:?}"),
    }
}

fn modify(dn: &str, name: &str, value: &str) -> LdapOp {
    LdapOp::ModifyRequest(LdapModifyRequest {
        dn: dn.to_owned(),
        changes: vec![LdapModify {
            operation: LdapModifyType::Replace,
            modification: attribute(name, value),
        }],
    })
}

#[test]
fn the_administrator_hires_changes_moves_and_deletes() {
    let directory = start(3);
    let mut client = admin(&directory);
    let mut call = |op: LdapOp| code(client.call(op).unwrap());
    let hired = hire();
    assert_eq!(call(LdapOp::AddRequest(hired.clone())), 0);
    assert_eq!(call(LdapOp::AddRequest(hired.clone())), 68);
    let uuid = directory
        .entry(&hired.dn)
        .unwrap()
        .text("entryUUID")
        .unwrap()
        .to_owned();
    assert_eq!(call(modify(&hired.dn, "mail", "hired@example.org")), 0);
    let moved = LdapOp::ModifyDNRequest(LdapModifyDNRequest {
        dn: hired.dn.clone(),
        newrdn: "cn=H".to_owned(),
        deleteoldrdn: false,
        new_superior: Some(format!("ou=Contractors,ou=People,{SUFFIX}")),
    });
    assert_eq!(call(moved), 0);
    let dn = format!("cn=H,ou=Contractors,ou=People,{SUFFIX}");
    let entry = directory.entry(&dn).unwrap();
    assert_eq!(entry.text("entryUUID"), Some(uuid.as_str()));
    assert_eq!(entry.text("mail"), Some("hired@example.org"));
    let compare = |value: &str| {
        let val = value.as_bytes().to_vec();
        LdapOp::CompareRequest(LdapCompareRequest {
            dn: dn.clone(),
            atype: "mail".to_owned(),
            val,
        })
    };
    assert_eq!(call(compare("HIRED@example.org")), 6);
    assert_eq!(call(compare("other@example.org")), 5);
    assert_eq!(call(LdapOp::DelRequest(dn.clone())), 0);
    assert_eq!(call(LdapOp::DelRequest(dn.clone())), 32);
}

#[test]
fn nobody_else_writes() {
    let directory = start(3);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    assert_eq!(code(client.call(LdapOp::AddRequest(hire())).unwrap()), 50);
    let dn = directory.organisation().person(0).dn;
    assert_eq!(
        code(client.call(modify(&dn, "mail", "x@example.org")).unwrap()),
        50
    );
    assert_eq!(code(client.call(LdapOp::DelRequest(dn)).unwrap()), 50);
}

#[test]
fn what_the_server_sets_is_not_for_users() {
    let directory = start(3);
    let dn = directory.organisation().person(0).dn;
    let mut client = admin(&directory);
    assert_eq!(
        code(client.call(modify(&dn, "entryUUID", "x")).unwrap()),
        19
    );
    assert_eq!(
        code(
            client
                .call(modify(&dn, "pwdAccountLockedTime", "000001010000Z"))
                .unwrap()
        ),
        0
    );
}

#[test]
fn a_change_shows_in_the_next_search() {
    let directory = start(30);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let one = directory.organisation().person(1).dn;
    let other = directory.organisation().person(2).dn;
    directory.set(&one, "mail", &["one@example.org"]).unwrap();
    directory
        .set(&other, "mail", &["other@example.org"])
        .unwrap();
    directory.swap(&one, &other, "mail").unwrap();
    let holder = |client: &mut Client| {
        client.search(ask("(mail=one@example.org)")).entries[0]
            .dn
            .clone()
    };
    assert_eq!(holder(&mut client), other);
    let renamed = directory.rename(&other, "cn=Renamed\\, Person").unwrap();
    assert_eq!(holder(&mut client), renamed);
    let moved = directory
        .move_to(&renamed, &format!("ou=Contractors,ou=People,{SUFFIX}"))
        .unwrap();
    assert_eq!(holder(&mut client), moved);
    directory.disable(&moved).unwrap();
    assert_eq!(
        client
            .search(ask(
                "(&(mail=one@example.org)(pwdAccountLockedTime=000001010000Z))"
            ))
            .entries
            .len(),
        1
    );
    directory.enable(&moved).unwrap();
    directory.delete(&moved).unwrap();
    let gone = client.search(Ask {
        base: moved,
        scope: LdapSearchScope::Base,
        ..ask("(objectClass=*)")
    });
    assert_eq!(gone.code, 32);
}

#[test]
fn pages_go_on_over_changes_in_between() {
    let directory = start(40);
    let mut client = Client::bound(&directory, ServiceAccount::Sync);
    let page = |cookie| Ask {
        page: Some((15, cookie)),
        ..ask("(objectClass=inetOrgPerson)")
    };
    let first = client.search(page(Vec::new()));
    let seen: Vec<String> = first.entries.iter().map(|e| e.dn.clone()).collect();
    directory.delete(&seen[3]).unwrap();
    directory.rename(&seen[4], "cn=Somebody Else").unwrap();
    let second = client.search(page(first.cookie.unwrap()));
    let third = client.search(page(second.cookie.clone().unwrap()));
    assert_eq!((second.entries.len(), third.entries.len()), (15, 10));
    assert!(
        !second
            .entries
            .iter()
            .chain(&third.entries)
            .any(|e| e.dn.starts_with("cn=Somebody Else"))
    );
}
