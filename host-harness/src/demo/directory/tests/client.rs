//! A client that does one thing at a time and shows everything it gets.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use bytes::BytesMut;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::*;
use ldap3_proto::{LdapCodec, LdapMsg, parse_ldap_filter_str};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio_util::codec::{Decoder, Encoder};

use super::super::{DemoDirectory, Options};
use crate::demo::people::{SUFFIX, ServiceAccount};

pub(super) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

pub(super) struct Client {
    stream: Box<dyn Stream>,
    inbox: BytesMut,
    id: i32,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// Everything that one search gave.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) entries: Vec<ldap3_proto::LdapSearchResultEntry>,
    pub(super) references: Vec<String>,
    pub(super) code: i64,
    pub(super) result: Option<LdapResult>,
    /// The cookie of the paging control, where there was one.
    pub(super) cookie: Option<Vec<u8>>,
}

pub(super) struct Ask {
    pub(super) base: String,
    pub(super) scope: LdapSearchScope,
    pub(super) filter: &'static str,
    pub(super) attrs: Vec<&'static str>,
    pub(super) limit: i32,
    pub(super) page: Option<(i64, Vec<u8>)>,
    pub(super) controls: Vec<LdapControl>,
}

pub(super) fn ask(filter: &'static str) -> Ask {
    Ask {
        base: SUFFIX.to_owned(),
        scope: LdapSearchScope::Subtree,
        filter,
        attrs: Vec::new(),
        limit: 0,
        page: None,
        controls: Vec::new(),
    }
}

pub(super) fn start(people: u64) -> DemoDirectory {
    DemoDirectory::start(Options {
        people,
        ..Options::default()
    })
    .unwrap()
}

pub(super) fn client_config(ca_pem: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// Shakes hands, or says what was wrong.
pub(super) fn secure(
    mut tcp: TcpStream,
    ca_pem: &str,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = ClientConnection::new(client_config(ca_pem), name).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut tcp)?;
    }
    Ok(StreamOwned::new(tls, tcp))
}

impl Client {
    pub(super) fn new(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            inbox: BytesMut::new(),
            id: 0,
        }
    }

    pub(super) fn connect(directory: &DemoDirectory) -> Self {
        Self::new(TcpStream::connect(("127.0.0.1", directory.port())).unwrap())
    }

    /// Connected and bound.
    pub(super) fn bound(directory: &DemoDirectory, account: ServiceAccount) -> Self {
        let mut client = Self::connect(directory);
        assert_eq!(
            client.bind(&account.dn(), &directory.password_of(account)),
            0
        );
        client
    }

    pub(super) fn request(&mut self, op: LdapOp, ctrl: Vec<LdapControl>) -> io::Result<()> {
        self.id += 1;
        let mut bytes = BytesMut::new();
        LdapCodec::default().encode(
            LdapMsg {
                msgid: self.id,
                op,
                ctrl,
            },
            &mut bytes,
        )?;
        self.stream.write_all(&bytes)?;
        self.stream.flush()
    }

    pub(super) fn message(&mut self) -> io::Result<LdapMsg> {
        loop {
            if let Some(message) = LdapCodec::new(Some(1 << 24), None).decode(&mut self.inbox)? {
                return Ok(message);
            }
            let mut bytes = [0; 65_536];
            match self.stream.read(&mut bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                got => self.inbox.extend_from_slice(&bytes[..got]),
            }
        }
    }

    /// The bytes that come next, undecoded.
    pub(super) fn raw(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        (&mut *self.stream)
            .take(most as u64)
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    }

    pub(super) fn call(&mut self, op: LdapOp) -> io::Result<LdapMsg> {
        self.request(op, Vec::new())?;
        let message = self.message()?;
        assert_eq!(message.msgid, self.id);
        Ok(message)
    }

    pub(super) fn try_bind(&mut self, dn: &str, password: &str) -> io::Result<i64> {
        let cred = LdapBindCred::Simple(password.to_owned());
        let op = LdapOp::BindRequest(LdapBindRequest {
            version: 3,
            dn: dn.to_owned(),
            cred,
        });
        match self.call(op)?.op {
            LdapOp::BindResponse(response) => Ok(response.res.code as i64),
            other => Err(io::Error::other(format!("{other:?}"))),
        }
    }

    pub(super) fn bind(&mut self, dn: &str, password: &str) -> i64 {
        self.try_bind(dn, password).unwrap()
    }

    pub(super) fn extended(&mut self, name: &str) -> LdapExtendedResponse {
        let op = LdapOp::ExtendedRequest(LdapExtendedRequest {
            name: name.to_owned(),
            value: None,
        });
        match self.call(op).unwrap().op {
            LdapOp::ExtendedResponse(response) => response,
            other => unreachable!("{other:?}"),
        }
    }

    pub(super) fn try_search(&mut self, ask: Ask) -> io::Result<Answer> {
        let op = LdapOp::SearchRequest(LdapSearchRequest {
            base: ask.base,
            scope: ask.scope,
            aliases: LdapDerefAliases::Never,
            sizelimit: ask.limit,
            timelimit: 0,
            typesonly: false,
            filter: parse_ldap_filter_str(ask.filter).unwrap(),
            attrs: ask.attrs.iter().map(|name| (*name).to_owned()).collect(),
        });
        let mut controls = ask.controls;
        controls.extend(
            ask.page
                .map(|(size, cookie)| LdapControl::SimplePagedResults { size, cookie }),
        );
        self.request(op, controls)?;
        let mut answer = Answer::default();
        loop {
            let message = self.message()?;
            if message.msgid != self.id {
                return Err(io::Error::other("unexpected message id"));
            }
            match message.op {
                LdapOp::SearchResultEntry(entry) => answer.entries.push(entry),
                LdapOp::SearchResultReference(reference) => {
                    answer.references.extend(reference.uris)
                }
                LdapOp::SearchResultDone(result) => {
                    answer.code = result.code.clone() as i64;
                    answer.result = Some(result);
                    answer.cookie = message.ctrl.into_iter().find_map(|control| match control {
                        LdapControl::SimplePagedResults { cookie, .. } => Some(cookie),
                        _ => None,
                    });
                    return Ok(answer);
                }
                other => return Err(io::Error::other(format!("{other:?}"))),
            }
        }
    }

    pub(super) fn search(&mut self, ask: Ask) -> Answer {
        self.try_search(ask).unwrap()
    }

    /// Reads page after page to the end, or to what stops it. Returns the sizes of the pages, and the end.
    pub(super) fn pages(&mut self, size: i64) -> (Vec<usize>, io::Result<i64>) {
        let mut cookie = Vec::new();
        let mut sizes = Vec::new();
        loop {
            let page = Ask {
                page: Some((size, cookie)),
                ..ask("(objectClass=inetOrgPerson)")
            };
            let answer = match self.try_search(page) {
                Ok(answer) => answer,
                Err(error) => return (sizes, Err(error)),
            };
            sizes.push(answer.entries.len());
            match answer.cookie {
                Some(next) if answer.code == 0 && !next.is_empty() && sizes.len() < 50 => {
                    cookie = next
                }
                _ => return (sizes, Ok(answer.code)),
            }
        }
    }
}
