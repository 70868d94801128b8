//! Opening sessions: each server in turn, stage by stage, until one is connected, secured and bound.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use super::bind::Binding;
use super::cursor::LdapSession;
use super::endpoint;
use super::identity::Identity;
use super::link::Link;
use super::policy::Policy;
use super::pump::Stream;
use super::trust::Presented;
use super::{starttls, tls, trust};
use crate::Problem;
use crate::contract::ldap::{
    Authentication, Connection, Endpoint, OpenFailure, Security, ServerIdentity,
};
use crate::contract::types::{Stage, Verdict};
use crate::ports::{Directory, Endpoints, OpenSession, Secrets, TenantId};

/// The directory port over LDAP.
#[derive(Clone)]
pub struct Ldap {
    secrets: Arc<dyn Secrets>,
    policy: Rule,
    runtime: Option<Handle>,
}

/// Where it is said what connections may reach.
#[derive(Clone)]
enum Rule {
    /// Here, for every tenant.
    Fixed(Arc<Policy>),
    /// By the port, whenever a session is opened: what changes holds at once, on every host.
    Stored(Arc<dyn Endpoints>),
}

impl Ldap {
    /// An adapter that takes passwords from `secrets` and connects what `policy` allows. Made inside a tokio
    /// runtime, its connections live there, whichever runtime opens them.
    #[must_use]
    pub fn new(secrets: Arc<dyn Secrets>, policy: Policy) -> Self {
        Self {
            secrets,
            policy: Rule::Fixed(Arc::new(policy)),
            runtime: Handle::try_current().ok(),
        }
    }

    /// The same, where each tenant has an endpoint policy of its own.
    #[must_use]
    pub fn by_tenant(secrets: Arc<dyn Secrets>, endpoints: Arc<dyn Endpoints>) -> Self {
        Self {
            secrets,
            policy: Rule::Stored(endpoints),
            runtime: Handle::try_current().ok(),
        }
    }

    async fn policy(&self, tenant: &TenantId) -> Result<Arc<Policy>, OpenFailure> {
        match &self.policy {
            Rule::Fixed(policy) => Ok(policy.clone()),
            Rule::Stored(endpoints) => match endpoints.allowed(tenant).await {
                Ok(allowed) => Ok(Arc::new(allowed.into())),
                Err(problem) => Err(OpenFailure {
                    stages: Vec::new(),
                    problem,
                }),
            },
        }
    }
}

#[async_trait]
impl Directory for Ldap {
    async fn open(
        &self,
        tenant: &TenantId,
        connection: Connection,
    ) -> Result<OpenSession, OpenFailure> {
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        let (ldap, tenant, handle) = (self.clone(), tenant.clone(), runtime.clone());
        let opening = async move {
            let opening = Opening {
                policy: ldap.policy(&tenant).await?,
                secrets: ldap.secrets,
                runtime: handle,
                tenant,
                connection,
                stages: Vec::new(),
            };
            opening.open().await
        };
        match runtime.spawn(opening).await {
            Ok(opened) => opened,
            Err(_) => Err(OpenFailure {
                stages: Vec::new(),
                problem: Problem::new(
                    "internal",
                    "opening the connection failed",
                    "Report this, with the host's log.",
                ),
            }),
        }
    }
}

/// One attempt to open a session.
struct Opening {
    secrets: Arc<dyn Secrets>,
    policy: Arc<Policy>,
    runtime: Handle,
    tenant: TenantId,
    connection: Connection,
    stages: Vec<Stage>,
}

/// Why a server cannot be used.
struct Refusal {
    stage: &'static str,
    evidence: Vec<String>,
    problem: Problem,
    another_server: bool,
}

impl Refusal {
    fn at(stage: &'static str, problem: Problem) -> Self {
        Self {
            stage,
            evidence: Vec::new(),
            problem,
            another_server: true,
        }
    }

    /// How far it came: what failed late says more than what failed early.
    fn depth(&self) -> usize {
        ["resolve", "connect", "tls", "bind"]
            .iter()
            .position(|name| *name == self.stage)
            .unwrap_or(0)
    }
}

impl Opening {
    async fn open(mut self) -> Result<OpenSession, OpenFailure> {
        let servers = std::mem::take(&mut self.connection.servers);
        let count = servers.len();
        let mut worst: Option<(usize, Problem)> = None;
        for (index, server) in servers.into_iter().enumerate() {
            match self.one(&server).await {
                Ok(session) => return Ok(Box::new(session)),
                Err(refusal) => {
                    let last = index + 1 == count || !refusal.another_server;
                    let depth = refusal.depth();
                    let mut evidence = vec![endpoint::name(&server)];
                    evidence.extend(refusal.evidence);
                    self.stages.push(Stage {
                        name: refusal.stage.to_owned(),
                        verdict: if last {
                            Verdict::Failed
                        } else {
                            Verdict::Warned
                        },
                        evidence,
                        problems: vec![refusal.problem.clone()],
                    });
                    if worst.as_ref().is_none_or(|(known, _)| depth > *known) {
                        worst = Some((depth, refusal.problem));
                    }
                    if last {
                        break;
                    }
                }
            }
        }
        let problem = worst.map_or_else(
            || {
                Problem::new(
                    "required",
                    "no directory server is named",
                    "Name at least one server.",
                )
                .of_field("url")
            },
            |(_, problem)| problem,
        );
        Err(OpenFailure {
            stages: self.stages,
            problem,
        })
    }

    async fn one(&mut self, server: &Endpoint) -> Result<LdapSession, Refusal> {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
        let name = endpoint::name(server);
        let addresses = endpoint::resolve(server, &self.policy)
            .await
            .map_err(|problem| Refusal::at("resolve", problem))?;
        let shown: Vec<_> = addresses
            .iter()
            .map(|address| address.ip().to_string())
            .collect();
        self.passed(
            "resolve",
            vec![format!("{} is {}", server.host, shown.join(", "))],
        );
        let (stream, address) = endpoint::connect(server, &addresses, &self.policy)
            .await
            .map_err(|problem| Refusal::at("connect", problem))?;
        self.passed("connect", vec![format!("connected to {address}")]);
        let (stream, client) = self.secure(stream, server, &name).await?;
        let identity = ServerIdentity {
            endpoint: server.clone(),
            address: shown_address(address),
            connection: CONNECTIONS.fetch_add(1, Ordering::Relaxed),
        };
        let limits = self.policy.limits.clone();
        let (link, ldap) = Link::start(stream, limits.clone())
            .await
            .map_err(|fault| Refusal::at("connect", fault.problem(&name)))?;
        let mut session = LdapSession {
            link,
            ldap,
            stages: Vec::new(),
            server: identity,
            limits,
            runtime: self.runtime.clone(),
            current: None,
        };
        self.bind(&mut session, &name, client.as_deref()).await?;
        session.stages = std::mem::take(&mut self.stages);
        Ok(session)
    }

    /// The stream, with TLS where it is wanted, and what the client may show there.
    async fn secure(
        &mut self,
        mut stream: TcpStream,
        server: &Endpoint,
        name: &str,
    ) -> Result<(Box<dyn Stream>, Option<Arc<Identity>>), Refusal> {
        let refuse = |problem| Refusal::at("tls", problem);
        // Another server would meet the same settings.
        let stop = |problem| Refusal {
            another_server: false,
            ..refuse(problem)
        };
        let security = self.connection.security;
        if security == Security::Plain {
            return Ok((Box::new(stream), None));
        }
        let client = self.client().await.map_err(stop)?;
        let authority = self.connection.certificate_authority.as_deref();
        let (config, presented) = trust::configuration(authority, client.clone()).map_err(stop)?;
        if security == Security::StartTls {
            let after = self.policy.limits.tls;
            let asked = starttls::negotiate(&mut stream, &self.policy.limits, name);
            tokio::time::timeout(after, asked)
                .await
                .unwrap_or_else(|_| {
                    Err(super::error::Fault::Timeout {
                        what: "StartTLS request",
                        after,
                    }
                    .problem(name))
                })
                .map_err(refuse)?;
        }
        let (stream, mut evidence) = self.handshake(stream, server, config, &presented).await?;
        evidence.extend(client.as_ref().map(|client| client.evidence()));
        self.passed("tls", evidence);
        Ok((stream, client))
    }

    /// The client's certificate and key, read anew for each connection: whether it was asked for belongs to one.
    async fn client(&self) -> Result<Option<Arc<Identity>>, Problem> {
        let Some(given) = &self.connection.client_certificate else {
            return Ok(None);
        };
        let key = self.secrets.reveal(&self.tenant, &given.key).await?;
        let provider = rustls::crypto::ring::default_provider();
        let now = chrono::Utc::now().timestamp();
        let identity = Identity::new(&given.certificates, &key, &provider, now)?;
        Ok(Some(Arc::new(identity)))
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        server: &Endpoint,
        config: Arc<ClientConfig>,
        presented: &Presented,
    ) -> Result<(Box<dyn Stream>, Vec<String>), Refusal> {
        match tls::secure(stream, &server.host, config, presented, &self.policy.limits).await {
            Ok((stream, evidence)) => Ok((Box::new(stream), evidence)),
            Err(refused) => Err(Refusal {
                evidence: refused.evidence,
                ..Refusal::at("tls", refused.problem)
            }),
        }
    }

    async fn bind(
        &mut self,
        session: &mut LdapSession,
        name: &str,
        client: Option<&Identity>,
    ) -> Result<(), Refusal> {
        let stop = |problem| Refusal {
            another_server: false,
            ..Refusal::at("bind", problem)
        };
        let mut binding = Binding {
            link: &session.link,
            ldap: &mut session.ldap,
            limits: &self.policy.limits,
            server: name,
            protected: self.connection.security != Security::Plain,
        };
        let (bound, evidence) = match &self.connection.authentication {
            Authentication::Anonymous => (Ok(()), "anonymous: no bind was sent".to_owned()),
            Authentication::Simple(account) => {
                let password = self.secrets.reveal(&self.tenant, &account.credential).await;
                let shown = super::error::printable(&account.name);
                (
                    binding.simple(&account.name, password.map_err(stop)?).await,
                    format!("bound as {shown}"),
                )
            }
            Authentication::External => {
                let client = client.ok_or_else(|| stop(self.nothing_shown()))?;
                (
                    binding.external(client).await,
                    format!("bound by the certificate {:?}", client.subject()),
                )
            }
        };
        bound.map_err(|failure| Refusal {
            another_server: failure.another_server,
            ..Refusal::at("bind", suspecting(failure.problem, client))
        })?;
        self.passed("bind", vec![evidence]);
        Ok(())
    }

    /// Why there is no client certificate for an EXTERNAL bind.
    fn nothing_shown(&self) -> Problem {
        if self.connection.client_certificate.is_some() {
            Problem::new(
                "client-certificate-unprotected",
                "without TLS no client certificate is shown, so SASL EXTERNAL has nothing to go by",
                "Use LDAPS or StartTLS.",
            )
            .of_field("security")
        } else {
            Problem::new(
                "client-certificate-missing",
                "SASL EXTERNAL needs a client certificate",
                "Give a client certificate and its key, or bind with name and password.",
            )
            .of_field("client-certificate")
        }
    }

    fn passed(&mut self, stage: &str, evidence: Vec<String>) {
        self.stages.push(Stage {
            name: stage.to_owned(),
            verdict: Verdict::Passed,
            evidence,
            problems: Vec::new(),
        });
    }
}

/// A server may close without a word where it does not trust the client certificate that it asked for; OpenLDAP with
/// GnuTLS does.
fn suspecting(problem: Problem, client: Option<&Identity>) -> Problem {
    if problem.code != "connection-lost" || !client.is_some_and(Identity::was_asked) {
        return problem;
    }
    Problem {
        message: format!(
            "{}; it had asked for the client certificate, and may not trust it",
            problem.message
        ),
        remedy: "See in the server's log whether it trusts the authority of the client certificate and has the certificates \
                 between; if so, try again."
            .to_owned(),
        ..problem
    }
}

fn shown_address(address: SocketAddr) -> String {
    address.ip().to_string()
}
