//! Who the client is, and how it is protected: bind, StartTLS, "Who am I?".

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ldap3_proto::LdapResultCode;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapBindResponse, LdapExtendedRequest, LdapExtendedResponse,
    LdapOp, LdapResult,
};

use super::connection::{Connection, Flow, Who};
use super::faults::{Deed, When};
use super::options::Anonymous;
use super::reply;
use super::root_dse::{START_TLS, WHO_AM_I};
use crate::demo::dn::Dn;
use crate::demo::people::{SUFFIX, ServiceAccount};

impl Connection {
    pub(super) async fn bind(&mut self, id: i32, request: LdapBindRequest) -> io::Result<Flow> {
        self.shared.counts.binds.fetch_add(1, Ordering::Relaxed);
        let mut outcome = self.authenticate(&request);
        match self.shared.script.take(|when| when == When::Bind) {
            Some(Deed::Result { code, .. }) => outcome = Err((reply::code(code), "")),
            Some(deed) if self.strike(id, deed).await? == Flow::End => return Ok(Flow::End),
            Some(_) | None => {}
        }
        let (who, res) = match outcome {
            Ok(who) => (who, reply::result(LdapResultCode::Success, "")),
            Err((code, text)) => (Who::Anonymous, reply::result(code, text)),
        };
        self.who = who;
        self.send_op(
            id,
            LdapOp::BindResponse(LdapBindResponse {
                res,
                saslcreds: None,
            }),
        )
        .await
    }

    fn authenticate(
        &self,
        request: &LdapBindRequest,
    ) -> Result<Who, (LdapResultCode, &'static str)> {
        use LdapResultCode as Code;
        let LdapBindCred::Simple(password) = &request.cred else {
            return Err((Code::AuthMethodNotSupported, "only simple binds"));
        };
        if request.version != 3 {
            return Err((
                Code::ProtocolError,
                "requested protocol version not allowed",
            ));
        }
        if self.shared.options.require_tls && !self.wire.is_protected() {
            return Err((Code::ConfidentialityRequired, "confidentiality required"));
        }
        if request.dn.is_empty() {
            return match self.shared.options.anonymous {
                Anonymous::Refused => Err((
                    Code::InappropriateAuthentication,
                    "anonymous bind disallowed",
                )),
                Anonymous::Read | Anonymous::RootDse => Ok(Who::Anonymous),
            };
        }
        if password.is_empty() {
            let text = "unauthenticated bind (DN with no password) disallowed";
            return Err((Code::UnwillingToPerform, text));
        }
        let key = Dn::key_of(&request.dn).map_err(|_| (Code::InvalidDNSyntax, "invalid DN"))?;
        let is = |dn: &str| Dn::key_of(dn).is_ok_and(|other| other == key);
        if is(&format!("cn=admin,{SUFFIX}")) {
            let good = *password == self.shared.options.admin_password;
            return if good {
                Ok(Who::Admin)
            } else {
                Err((Code::InvalidCredentials, ""))
            };
        }
        // A name that is not there and a wrong password look the same.
        let tree = self.shared.tree();
        let node = tree.by_key(&key).ok_or((Code::InvalidCredentials, ""))?;
        let stored = node.entry.values("userPassword");
        let locked = node.entry.text("pwdAccountLockedTime") == Some("000001010000Z");
        if locked || !stored.iter().any(|value| value == password.as_bytes()) {
            return Err((Code::InvalidCredentials, ""));
        }
        let account = ServiceAccount::ALL
            .into_iter()
            .find(|account| is(&account.dn()));
        Ok(account.map_or_else(|| Who::User(node.entry.dn.clone()), Who::Service))
    }

    pub(super) async fn extended(
        &mut self,
        id: i32,
        request: LdapExtendedRequest,
    ) -> io::Result<Flow> {
        match request.name.as_str() {
            START_TLS => self.start_tls(id).await,
            WHO_AM_I => {
                let name = self.authorization_name().into_bytes();
                let res = reply::result(LdapResultCode::Success, "");
                self.send_extended(id, res, None, Some(name)).await
            }
            _ => {
                let res = reply::result(
                    LdapResultCode::ProtocolError,
                    "unsupported extended operation",
                );
                self.send_extended(id, res, None, None).await
            }
        }
    }

    async fn start_tls(&mut self, id: i32) -> io::Result<Flow> {
        let mut res = if !self.shared.options.tls.start_tls {
            reply::result(
                LdapResultCode::ProtocolError,
                "unsupported extended operation",
            )
        } else if self.wire.is_protected() {
            reply::result(LdapResultCode::OperationsError, "TLS already started")
        } else if !self.inbox.is_empty() {
            reply::result(LdapResultCode::OperationsError, "operations outstanding")
        } else {
            reply::result(LdapResultCode::Success, "")
        };
        match self.shared.script.take(|when| when == When::StartTls) {
            Some(Deed::Result { code, .. }) => res = reply::result(reply::code(code), ""),
            Some(deed) if self.strike(id, deed).await? == Flow::End => return Ok(Flow::End),
            Some(_) | None => {}
        }
        let goes = res.code == LdapResultCode::Success;
        let flow = self
            .send_extended(id, res, Some(START_TLS.to_owned()), None)
            .await?;
        if goes && flow == Flow::Go {
            self.who = Who::Anonymous;
            let config = Arc::clone(&self.shared).tls_config();
            self.wire.protect(config).await?;
        }
        Ok(flow)
    }

    async fn send_extended(
        &mut self,
        id: i32,
        res: LdapResult,
        name: Option<String>,
        value: Option<Vec<u8>>,
    ) -> io::Result<Flow> {
        self.send_op(
            id,
            LdapOp::ExtendedResponse(LdapExtendedResponse { res, name, value }),
        )
        .await
    }

    fn authorization_name(&self) -> String {
        match &self.who {
            Who::Anonymous => String::new(),
            Who::Admin => format!("dn:cn=admin,{SUFFIX}"),
            Who::Service(account) => format!("dn:{}", account.dn()),
            Who::User(dn) => format!("dn:{dn}"),
        }
    }
}
