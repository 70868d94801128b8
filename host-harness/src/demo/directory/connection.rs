//! One client, from the first byte to the last.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::LdapOp;
use ldap3_proto::{LdapMsg, LdapResultCode};
use tokio::net::TcpStream;

use super::faults::{Deed, When};
use super::options::Limits;
use super::reply;
use super::request;
use super::server::Shared;
use super::wire::Wire;
use crate::demo::people::ServiceAccount;

/// Who the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// Nobody has bound.
    Anonymous,
    /// The one who may write.
    Admin,
    /// An account with its own limits.
    Service(ServiceAccount),
    /// Anybody else with a password, by DN.
    User(String),
}

/// Whether the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    End,
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) wire: Wire,
    pub(super) shared: Arc<Shared>,
    pub(super) who: Who,
    /// Unlike any other connection's, so that a cookie is of no use elsewhere.
    pub(super) number: u64,
    /// Bytes received and not yet understood.
    pub(super) inbox: BytesMut,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        let number = shared.counts.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let wire = Wire::new(stream, Arc::clone(&shared.script));
        Self {
            wire,
            shared,
            who: Who::Anonymous,
            number,
            inbox: BytesMut::new(),
        }
    }

    /// Serves until either side ends it. What goes wrong on the way ends this connection and nothing else.
    pub(super) async fn serve(mut self, ldaps: bool) {
        if let Err(error) = self.talk(ldaps).await {
            tracing::debug!(connection = self.number, %error, "demo directory: connection ended");
        }
    }

    async fn talk(&mut self, ldaps: bool) -> io::Result<()> {
        if let Some(deed) = self.shared.script.take(|when| when == When::Connected)
            && self.strike(0, deed).await? == Flow::End
        {
            return Ok(());
        }
        if ldaps {
            let config = self.shared.tls_config();
            self.wire.protect(config).await?;
        }
        loop {
            let flow = match self.next_request() {
                Ok(Some(request)) => self.answer(request).await?,
                Ok(None) if self.wire.read(&mut self.inbox).await? == 0 => return Ok(()),
                Ok(None) => Flow::Go,
                Err(_) => {
                    self.disconnect(LdapResultCode::ProtocolError, "decoding error")
                        .await?
                }
            };
            if flow == Flow::End {
                return Ok(());
            }
        }
    }

    fn next_request(&mut self) -> io::Result<Option<LdapMsg>> {
        request::decode(&mut self.inbox)
    }

    async fn answer(&mut self, request: LdapMsg) -> io::Result<Flow> {
        let LdapMsg {
            msgid: id,
            op,
            ctrl: controls,
        } = request;
        if let Some(refused) = refused_control(&op, &controls) {
            return self.send_op(id, refused).await;
        }
        match op {
            LdapOp::BindRequest(request) => self.bind(id, request).await,
            LdapOp::UnbindRequest => {
                self.wire.close().await;
                Ok(Flow::End)
            }
            LdapOp::SearchRequest(request) => self.search(id, request, &controls).await,
            LdapOp::CompareRequest(request) => self.compare(id, &request).await,
            LdapOp::ExtendedRequest(request) => self.extended(id, request).await,
            LdapOp::AddRequest(request) => self.add(id, request).await,
            LdapOp::ModifyRequest(request) => self.modify(id, request).await,
            LdapOp::ModifyDNRequest(request) => self.modify_dn(id, request).await,
            LdapOp::DelRequest(dn) => self.delete(id, &dn).await,
            // Requests are answered one after the other: there is nothing left to abandon.
            LdapOp::AbandonRequest(_) => Ok(Flow::Go),
            _ => {
                self.disconnect(LdapResultCode::ProtocolError, "not a request")
                    .await
            }
        }
    }

    /// Sends one message.
    pub(super) async fn send_op(&mut self, id: i32, op: LdapOp) -> io::Result<Flow> {
        let mut bytes = BytesMut::new();
        reply::message(&mut bytes, id, op, Vec::new())?;
        self.send(id, &bytes).await
    }

    /// Sends bytes, and does what is to happen on the way.
    pub(super) async fn send(&mut self, id: i32, bytes: &[u8]) -> io::Result<Flow> {
        match self.wire.send(bytes).await? {
            None => Ok(Flow::Go),
            Some(deed) => self.strike(id, deed).await,
        }
    }

    /// Tells the client that it is over, and ends it.
    pub(super) async fn disconnect(
        &mut self,
        code: LdapResultCode,
        text: &str,
    ) -> io::Result<Flow> {
        let mut bytes = BytesMut::new();
        reply::message(
            &mut bytes,
            0,
            reply::notice_of_disconnection(code, text),
            Vec::new(),
        )?;
        self.wire.send(&bytes).await?;
        self.wire.close().await;
        Ok(Flow::End)
    }

    /// Does a deed that concerns the connection. Deeds about a page are the search's, and nothing here.
    pub(super) async fn strike(&mut self, id: i32, deed: Deed) -> io::Result<Flow> {
        match deed {
            Deed::Cut => self.wire.close().await,
            Deed::Reset => self.wire.reset()?,
            Deed::Delay(by) => {
                tokio::time::sleep(by).await;
                return Ok(Flow::Go);
            }
            Deed::Silence => self.wire.stay_silent().await?,
            Deed::Nonsense => {
                let text = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<h1>Bad Request</h1>\r\n";
                self.wire.send(text).await?;
                self.wire.close().await;
            }
            Deed::DeepBer(depth) => return self.leave_with(&reply::deep(id, depth)).await,
            Deed::HugeLength => return self.leave_with(&reply::huge(id)).await,
            Deed::WrongMessageId => {
                let done = LdapOp::SearchResultDone(reply::result(LdapResultCode::Success, ""));
                let mut bytes = BytesMut::new();
                reply::message(&mut bytes, id.wrapping_add(1_000), done, Vec::new())?;
                return self.leave_with(&bytes).await;
            }
            Deed::NoticeOfDisconnection(code) => {
                return self
                    .disconnect(reply::code(code), "the server is going away")
                    .await;
            }
            Deed::Result { .. }
            | Deed::Empty
            | Deed::DropCookie
            | Deed::RepeatCookie
            | Deed::NoControl => {
                return Ok(Flow::Go);
            }
        }
        Ok(Flow::End)
    }

    /// Sends a last thing and leaves the connection open, so that the client has to notice for itself.
    async fn leave_with(&mut self, bytes: &[u8]) -> io::Result<Flow> {
        self.wire.send(bytes).await?;
        self.wire.stay_silent().await?;
        Ok(Flow::End)
    }

    /// What the client may read.
    pub(super) fn limits(&self) -> Limits {
        match &self.who {
            Who::Admin => Limits::default(),
            Who::Service(account) => self.shared.limits_of(*account),
            Who::Anonymous | Who::User(_) => Limits::USUAL,
        }
    }
}

/// The answer to a request with a critical control that is not known (RFC 4511 section 4.1.11).
fn refused_control(op: &LdapOp, controls: &[LdapControl]) -> Option<LdapOp> {
    let critical = |control: &LdapControl| match control {
        LdapControl::SyncRequest { criticality, .. } => *criticality,
        LdapControl::Unknown { criticality, .. } => *criticality,
        _ => false,
    };
    let refusal = || {
        let text = "critical control unavailable in context";
        reply::result(LdapResultCode::UnavailableCriticalExtension, text)
    };
    if !controls.iter().any(critical) {
        return None;
    }
    match op {
        LdapOp::SearchRequest(_) => Some(LdapOp::SearchResultDone(refusal())),
        LdapOp::AddRequest(_) => Some(LdapOp::AddResponse(refusal())),
        LdapOp::ModifyRequest(_) => Some(LdapOp::ModifyResponse(refusal())),
        LdapOp::ModifyDNRequest(_) => Some(LdapOp::ModifyDNResponse(refusal())),
        LdapOp::DelRequest(_) => Some(LdapOp::DelResponse(refusal())),
        LdapOp::CompareRequest(_) => Some(LdapOp::CompareResult(refusal())),
        _ => None,
    }
}
