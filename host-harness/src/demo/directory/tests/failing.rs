//! The fault script. Each fault is set for one page and must leave the pages before it as they are.

use std::io::ErrorKind;
use std::time::Duration;

use ldap3_proto::LdapResultCode;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapOp, LdapSearchRequest,
};

use super::super::{Deed, DemoDirectory, Fault, When};
use super::client::{Ask, Client, ask, start};
use crate::demo::people::ServiceAccount;

fn failing(fault: Fault) -> (DemoDirectory, Client) {
    let directory = start(50);
    directory.set_faults(vec![fault]);
    let client = Client::bound(&directory, ServiceAccount::Sync);
    (directory, client)
}

fn pages_with(when: When, deed: Deed) -> (Vec<usize>, std::io::Result<i64>) {
    let (_directory, mut client) = failing(Fault::always(when, deed));
    client.pages(20)
}

#[test]
fn without_a_fault_all_pages_come() {
    let (sizes, end) = pages_with(When::Page(9), Deed::Cut);
    assert_eq!((sizes, end.unwrap()), (vec![20, 20, 10], 0));
}

#[test]
fn a_cut_ends_the_connection_in_good_order() {
    for (when, pages) in [
        (When::Page(2), 1),
        (When::AfterPage(2), 2),
        (When::AfterEntries(25), 1),
    ] {
        let (sizes, end) = pages_with(when, Deed::Cut);
        assert_eq!(sizes.len(), pages, "{when:?}");
        assert!(
            matches!(
                end.unwrap_err().kind(),
                ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ),
            "{when:?}"
        );
    }
}

#[test]
fn a_reset_breaks_the_connection() {
    let (sizes, end) = pages_with(When::Page(2), Deed::Reset);
    assert_eq!(sizes, [20]);
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_cut_at_a_byte_sends_exactly_so_many() {
    let directory = start(50);
    directory.set_faults(vec![Fault::once(When::AfterBytes(5_000), Deed::Cut)]);
    let mut client = Client::bound(&directory, ServiceAccount::Sync);
    client
        .request(
            LdapOp::SearchRequest(LdapSearchRequest {
                base: crate::demo::people::SUFFIX.to_owned(),
                scope: ldap3_proto::LdapSearchScope::Subtree,
                aliases: LdapDerefAliases::Never,
                sizelimit: 0,
                timelimit: 0,
                typesonly: false,
                filter: ldap3_proto::LdapFilter::Present("objectClass".to_owned()),
                attrs: Vec::new(),
            }),
            Vec::new(),
        )
        .unwrap();
    let bind_response = 14;
    assert_eq!(client.raw(100_000).len(), 5_000 - bind_response);
}

#[test]
fn a_result_code_comes_after_as_many_entries_as_it_should() {
    for code in [3, 4, 11, 51, 52, 53, 80] {
        let (sizes, end) = pages_with(When::Page(2), Deed::Result { code, after: 7 });
        assert_eq!((sizes, end.unwrap()), (vec![20, 7], i64::from(code)));
    }
}

#[test]
fn a_result_code_ends_a_search_without_paging_too() {
    let (_directory, mut client) = failing(Fault::once(
        When::Page(1),
        Deed::Result { code: 3, after: 7 },
    ));
    let answer = client.search(ask("(objectClass=inetOrgPerson)"));
    assert_eq!((answer.code, answer.entries.len()), (3, 7));
    assert_eq!(client.search(ask("(objectClass=inetOrgPerson)")).code, 0);
}

#[test]
fn an_empty_result_looks_like_success() {
    let (sizes, end) = pages_with(When::Page(1), Deed::Empty);
    assert_eq!((sizes, end.unwrap()), (vec![0], 0));
}

#[test]
fn a_dropped_cookie_ends_too_early() {
    let (sizes, end) = pages_with(When::Page(2), Deed::DropCookie);
    assert_eq!((sizes, end.unwrap()), (vec![20, 20], 0));
}

#[test]
fn a_missing_control_has_no_cookie_at_all() {
    let (_directory, mut client) = failing(Fault::always(When::Page(1), Deed::NoControl));
    let answer = client.search(Ask {
        page: Some((20, Vec::new())),
        ..ask("(objectClass=inetOrgPerson)")
    });
    assert_eq!(
        (answer.code, answer.entries.len(), answer.cookie),
        (0, 20, None)
    );
}

#[test]
fn a_repeated_cookie_gives_the_same_page_for_ever() {
    let (sizes, _) = pages_with(When::Page(2), Deed::RepeatCookie);
    assert_eq!(sizes.len(), 50);
    assert!(sizes.iter().all(|size| *size == 20));
}

#[test]
fn a_delay_changes_nothing_but_time() {
    let (sizes, end) = pages_with(When::EveryPage, Deed::Delay(Duration::from_millis(1)));
    assert_eq!((sizes, end.unwrap()), (vec![20, 20, 10], 0));
}

#[test]
fn a_wrong_message_id_is_one_that_was_never_used() {
    let (_, end) = pages_with(When::Page(2), Deed::WrongMessageId);
    assert_eq!(end.unwrap_err().to_string(), "unexpected message id");
}

#[test]
fn a_notice_of_disconnection_is_unsolicited() {
    let directory = start_with(Fault::once(When::Bind, Deed::NoticeOfDisconnection(52)));
    let mut client = Client::connect(&directory);
    let cred = LdapBindCred::Simple("x".to_owned());
    let bind = LdapBindRequest {
        version: 3,
        dn: directory.bind_name(),
        cred,
    };
    client
        .request(LdapOp::BindRequest(bind), Vec::new())
        .unwrap();
    let notice = client.message().unwrap();
    assert_eq!(notice.msgid, 0);
    assert!(
        matches!(notice.op, LdapOp::ExtendedResponse(r) if r.res.code == LdapResultCode::Unavailable)
    );
    assert_eq!(
        client.message().unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
}

#[test]
fn what_is_not_ldap_is_sent_as_it_is() {
    for (deed, start, length) in [
        (Deed::Nonsense, &b"HTTP/1.1 "[..], 9),
        (
            Deed::HugeLength,
            &[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..],
            6,
        ),
        (Deed::DeepBer(10_000), &[0x30, 0x84][..], 60_000),
    ] {
        let directory = start_with(Fault::always(When::Connected, deed));
        let bytes = Client::connect(&directory).raw(length);
        assert!(bytes.starts_with(start), "{deed:?}");
        assert_eq!(bytes.len(), length);
    }
}

#[test]
fn a_bind_can_be_refused_with_any_code() {
    let directory = start_with(Fault::once(When::Bind, Deed::Result { code: 51, after: 0 }));
    let mut client = Client::connect(&directory);
    assert_eq!(
        client.bind(&directory.bind_name(), &directory.password()),
        51
    );
    assert_eq!(
        client.bind(&directory.bind_name(), &directory.password()),
        0
    );
}

fn start_with(fault: Fault) -> DemoDirectory {
    let directory = start(1);
    directory.set_faults(vec![fault]);
    directory
}
