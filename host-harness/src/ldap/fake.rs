//! Servers in this process that do what they are told, for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use zeroize::Zeroizing;

use super::ber::{INTEGER, OCTETS, Reader, SEQUENCE, SET};
use super::frame;
use super::open::Ldap;
use super::policy::Policy;
use crate::Problem;
use crate::contract::ldap::{
    Authentication, Completion, Connection, Endpoint, FilterNode, Page, Scope, SearchRequest,
    Security, Turn,
};
use crate::ports::{Directory, OpenCursor, OpenSession, Outcome, Secrets, TenantId};

/// The one password that there is.
pub(super) const PASSWORD: &str = "secret";

/// Secrets by handle: `empty` is empty, a PEM key is itself, every other handle is [`PASSWORD`].
pub(super) struct OnePassword;

#[async_trait]
impl Secrets for OnePassword {
    async fn store(&self, _: &TenantId, name: &str, _: Zeroizing<String>) -> Outcome<String> {
        Ok(name.to_owned())
    }
    async fn reveal(&self, _: &TenantId, handle: &str) -> Outcome<Zeroizing<String>> {
        match handle {
            "unknown" => Err(Problem::new("unknown-credential", "", "")),
            "empty" => Ok(Zeroizing::default()),
            key if key.starts_with("-----BEGIN ") => Ok(key.to_owned().into()),
            _ => Ok(PASSWORD.to_owned().into()),
        }
    }
    async fn handle(&self, _: &TenantId, _: &str) -> Outcome<Option<String>> {
        Ok(None)
    }
    async fn names(&self, _: &TenantId) -> Outcome<Vec<String>> {
        Ok(Vec::new())
    }
    async fn forget(&self, _: &TenantId, _: &str) -> Outcome<()> {
        Ok(())
    }

    async fn destroy(&self, _: &TenantId) -> Outcome<u64> {
        Ok(0)
    }
}

pub(super) fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

pub(super) fn ldap(policy: Policy) -> Ldap {
    Ldap::new(Arc::new(OnePassword), policy)
}

pub(super) fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint {
        host: address.ip().to_string(),
        port: address.port(),
    }
}

/// An anonymous connection without protection.
pub(super) fn connection(address: SocketAddr) -> Connection {
    Connection {
        servers: vec![endpoint(address)],
        security: Security::Plain,
        certificate_authority: None,
        client_certificate: None,
        authentication: Authentication::Anonymous,
    }
}

pub(super) async fn open(address: SocketAddr, policy: Policy) -> OpenSession {
    let opened = ldap(policy).open(&tenant(), connection(address)).await;
    opened.map_err(|failure| failure.problem).unwrap()
}

/// Everybody, ten a page.
pub(super) fn request(attributes: &[&str]) -> SearchRequest {
    SearchRequest {
        base: "dc=example,dc=org".to_owned(),
        scope: Scope::Subtree,
        filter: vec![FilterNode::Present("objectClass".to_owned())],
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        page_size: 10,
        limit: 0,
        show_deleted: false,
    }
}

/// Reads a cursor to its end.
pub(super) async fn drain(mut cursor: OpenCursor) -> (Vec<Page>, Completion) {
    let mut pages = Vec::new();
    loop {
        match cursor.next().await {
            Turn::Entries(page) => pages.push(page),
            Turn::Finished(completion) => return (pages, completion),
        }
    }
}

/// Searches everybody's `cn` on a fresh session.
pub(super) async fn read(address: SocketAddr, policy: Policy) -> (Vec<Page>, Completion) {
    let mut session = open(address, policy).await;
    drain(session.search(request(&["cn"])).await.unwrap()).await
}

/// Names and values of a page, in its order.
pub(super) fn texts(page: &Page) -> Vec<String> {
    let mut start = 0;
    let text = |end: &u32| {
        let bytes = &page.bytes[start..*end as usize];
        start = *end as usize;
        String::from_utf8_lossy(bytes).into_owned()
    };
    page.ends.iter().map(text).collect()
}

/// Listens, and serves every connection by this.
pub(super) async fn serve<F, W>(script: F) -> SocketAddr
where
    F: Fn(Peer<TcpStream>) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(Peer::new(stream)));
        }
    });
    address
}

/// A client's request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: u32,
    pub(super) operation: u8,
    pub(super) content: Vec<u8>,
    /// The paging control's cookie.
    pub(super) cookie: Option<Vec<u8>>,
    /// The OIDs of its controls.
    pub(super) controls: Vec<String>,
}

/// The server's side of a connection.
pub(super) struct Peer<S> {
    pub(super) stream: S,
    received: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// The next request, or `None` when the client has gone.
    pub(super) async fn next(&mut self) -> Option<Asked> {
        loop {
            if let Ok(Some(size)) = frame::length(&self.received, usize::MAX)
                && size <= self.received.len()
            {
                let frame: Vec<u8> = self.received.drain(..size).collect();
                return Some(asked(&frame));
            }
            if self.stream.read_buf(&mut self.received).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// The next search request; other requests are passed over.
    pub(super) async fn search(&mut self) -> Option<Asked> {
        loop {
            let asked = self.next().await?;
            if asked.operation == frame::SEARCH_REQUEST {
                return Some(asked);
            }
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }
}

fn asked(frame: &[u8]) -> Asked {
    let mut message = Reader::new(Reader::new(frame).expect(SEQUENCE).unwrap());
    let id = message.number(INTEGER).unwrap();
    let (operation, content) = message.any().unwrap();
    let (mut cookie, mut controls) = (None, Vec::new());
    let mut list = Reader::new(message.optional(0xa0).unwrap().unwrap_or_default());
    while !list.is_empty() {
        let mut control = Reader::new(list.expect(SEQUENCE).unwrap());
        let oid = String::from_utf8_lossy(control.expect(OCTETS).unwrap()).into_owned();
        if oid == super::paging::OID {
            let critical = control.expect(1).unwrap();
            assert_eq!(critical, [0xff], "paging must be critical");
            let value = control.expect(OCTETS).unwrap();
            let mut value = Reader::new(Reader::new(value).expect(SEQUENCE).unwrap());
            value.number(INTEGER).unwrap();
            cookie = Some(value.expect(OCTETS).unwrap().to_vec());
        } else {
            let critical = control.optional(1).unwrap().is_some();
            let deleted = oid == super::search::SHOW_DELETED;
            assert_eq!(critical, deleted, "only this of the others is critical");
            assert!(control.is_empty(), "others have no value");
        }
        controls.push(oid);
    }
    Asked {
        id,
        operation,
        content: content.to_vec(),
        cookie,
        controls,
    }
}

/// One element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag, 0x83];
    out.extend(&u32::try_from(content.len()).unwrap().to_be_bytes()[1..]);
    out.extend_from_slice(content);
    out
}

/// One message, controls behind it.
pub(super) fn message(id: u32, operation: u8, content: &[u8], controls: &[u8]) -> Vec<u8> {
    let id = element(INTEGER, &id.to_be_bytes());
    element(
        SEQUENCE,
        &[id, element(operation, content), controls.to_vec()].concat(),
    )
}

/// The contents of a SearchResultEntry.
pub(super) fn entry_content(name: &str, attributes: &[(&str, &[&str])]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(description, values)| {
            let values: Vec<u8> = values
                .iter()
                .flat_map(|value| element(OCTETS, value.as_bytes()))
                .collect();
            let description = element(OCTETS, description.as_bytes());
            element(SEQUENCE, &[description, element(SET, &values)].concat())
        })
        .collect();
    [
        element(OCTETS, name.as_bytes()),
        element(SEQUENCE, &attributes),
    ]
    .concat()
}

pub(super) fn entry(id: u32, name: &str, attributes: &[(&str, &[&str])]) -> Vec<u8> {
    message(
        id,
        frame::SEARCH_ENTRY,
        &entry_content(name, attributes),
        &[],
    )
}

/// The contents of an LDAPResult.
pub(super) fn result(code: u8, text: &str) -> Vec<u8> {
    [
        element(0x0a, &[code]),
        element(OCTETS, b""),
        element(OCTETS, text.as_bytes()),
    ]
    .concat()
}

/// A SearchResultDone, with the paging control if there is a cookie.
pub(super) fn done(id: u32, code: u8, cookie: Option<&[u8]>) -> Vec<u8> {
    let controls = cookie.map_or_else(Vec::new, |cookie| {
        let value = element(
            SEQUENCE,
            &[element(INTEGER, &[0]), element(OCTETS, cookie)].concat(),
        );
        let control = [
            element(OCTETS, super::paging::OID.as_bytes()),
            element(OCTETS, &value),
        ]
        .concat();
        element(0xa0, &element(SEQUENCE, &control))
    });
    message(id, frame::SEARCH_DONE, &result(code, "said so"), &controls)
}

/// People `first..last`, each with a `cn`.
pub(super) fn people(id: u32, first: u32, last: u32) -> Vec<u8> {
    (first..last)
        .flat_map(|number| {
            let (name, cn) = (format!("uid=p{number}"), format!("Person {number}"));
            entry(id, &name, &[("cn", &[&cn])])
        })
        .collect()
}

/// Serves `pages` pages of ten people, correctly, forever.
pub(super) async fn serve_pages(mut peer: Peer<TcpStream>, pages: u32) {
    while let Some(asked) = peer.search().await {
        let page = page_of(&asked);
        peer.send(&people(asked.id, page * 10, page * 10 + 10))
            .await;
        let cookie = if page + 1 == pages {
            Vec::new()
        } else {
            vec![u8::try_from(page + 1).unwrap()]
        };
        peer.send(&done(asked.id, 0, Some(&cookie))).await;
    }
}

/// Which page a request asks for.
pub(super) fn page_of(asked: &Asked) -> u32 {
    asked
        .cookie
        .as_ref()
        .and_then(|cookie| cookie.first())
        .map_or(0, |page| u32::from(*page))
}
