//! What a plugin may connect to: the servers that an administrator named, secured as they were told to be, and no others.
//!
//! A plugin says where to bind and with which handle, and its searches carry what it likes. One that named a server of its own
//! would be given the password there, and could carry the directory's data off. So the host reads the settings itself,
//! as they were given, and refuses everything else before a name is resolved.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;

use crate::Problem;
use crate::contract::ldap::{Connection, Endpoint, OpenFailure, Security};
use crate::contract::types::Setting;
use crate::ports::tenants::HostSetting;
use crate::ports::{Directory, OpenSession, TenantId, Tenants};

/// The servers and the protection that one set of settings allows.
#[derive(Debug, PartialEq, Eq)]
struct Grant {
    servers: Vec<Server>,
    plain: bool,
    authority: Option<String>,
}

/// A server as an administrator writes it.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    host: String,
    port: Option<u16>,
}

/// A directory that opens what the tenant's settings allow.
pub(super) struct Granted {
    directory: Arc<dyn Directory>,
    tenants: Arc<dyn Tenants>,
    /// Settings that are only tried; none: those noted for the tenant.
    given: Option<Vec<HostSetting>>,
}

impl Granted {
    /// Goes by the tenant's noted settings.
    pub(super) fn stored(directory: Arc<dyn Directory>, tenants: Arc<dyn Tenants>) -> Self {
        Self {
            directory,
            tenants,
            given: None,
        }
    }

    /// Goes by settings that an administrator tries.
    pub(super) fn given(self, settings: &[Setting]) -> Self {
        Self {
            given: Some(settings.iter().cloned().map(HostSetting::from).collect()),
            ..self
        }
    }

    async fn grants(&self, tenant: &TenantId) -> Result<Vec<Grant>, Problem> {
        if let Some(given) = &self.given {
            return Ok(vec![Grant::of(given)]);
        }
        let noted = self.tenants.get(tenant).await?;
        let intended = noted.intended.as_deref().map(Grant::of);
        Ok(intended
            .into_iter()
            .chain([Grant::of(&noted.settings)])
            .collect())
    }
}

#[async_trait]
impl Directory for Granted {
    async fn open(
        &self,
        tenant: &TenantId,
        connection: Connection,
    ) -> Result<OpenSession, OpenFailure> {
        let refuse = |problem| OpenFailure {
            stages: Vec::new(),
            problem,
        };
        let grants = self.grants(tenant).await.map_err(refuse)?;
        if grants.iter().any(|grant| grant.allows(&connection)) {
            return self.directory.open(tenant, connection).await;
        }
        tracing::warn!(%tenant, "the plugin asked for a connection that the settings do not allow");
        Err(refuse(Problem::new(
            "not-granted",
            "The plugin asked for a connection that the settings do not allow: another server, another certificate \
             authority, or one without encryption",
            "Configure the tenant again; if it stays so, report it to whoever makes the plugin.",
        )))
    }
}

impl Grant {
    fn of(settings: &[HostSetting]) -> Self {
        let value = |key: &str| HostSetting::value_of(settings, key);
        let port = value("port").parse().ok();
        let servers = value("url")
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|word| !word.is_empty())
            .map(|word| Server::read(word, port))
            .collect();
        let authority = value("certificate-authority");
        Self {
            servers,
            plain: value("security") == "plain",
            authority: (!authority.is_empty()).then(|| authority.to_owned()),
        }
    }

    fn allows(&self, connection: &Connection) -> bool {
        let authority = connection.certificate_authority.as_deref().map(str::trim);
        let known = |server: &Endpoint| self.servers.iter().any(|known| known.is(server));
        (self.plain || connection.security != Security::Plain)
            && authority.filter(|pem| !pem.is_empty()) == self.authority.as_deref()
            && connection.servers.iter().all(known)
    }
}

impl Server {
    /// `host`, `host:port`, `[address]:port` or a URL of one; what is none of these names no server.
    fn read(word: &str, port: Option<u16>) -> Self {
        let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
        let rest = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, own) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, tail)) => (host, tail.strip_prefix(':')),
            // An IPv6 address without brackets has no port.
            None if rest.matches(':').count() > 1 => (rest, None),
            None => rest
                .split_once(':')
                .map_or((rest, None), |(host, own)| (host, Some(own))),
        };
        Self {
            host: host.to_owned(),
            port: own.and_then(|own| own.parse().ok()).or(port),
        }
    }

    fn is(&self, endpoint: &Endpoint) -> bool {
        let address = |host: &str| host.parse::<IpAddr>().ok();
        let same = match (address(&self.host), address(&endpoint.host)) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self.host.eq_ignore_ascii_case(&endpoint.host),
            _ => false,
        };
        same && match self.port {
            Some(port) => port == endpoint.port,
            None => matches!(endpoint.port, 389 | 636),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ldap::Authentication;

    fn grant(settings: &[(&str, &str)]) -> Grant {
        let settings: Vec<_> = settings
            .iter()
            .map(|(key, value)| HostSetting {
                key: (*key).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        Grant::of(&settings)
    }

    fn connection(host: &str, port: u16, security: Security) -> Connection {
        Connection {
            servers: vec![Endpoint {
                host: host.to_owned(),
                port,
            }],
            security,
            certificate_authority: None,
            client_certificate: None,
            authentication: Authentication::Anonymous,
        }
    }

    #[test]
    fn every_way_of_writing_a_server_allows_that_server_and_no_other() {
        for (url, port, host, at) in [
            ("ldap.example.org", "", "ldap.example.org", 389),
            ("LDAP.example.org", "", "ldap.example.org", 636),
            ("ldaps://a.example", "", "a.example", 636),
            ("ldap://a.example:1389/dc=x", "", "a.example", 1389),
            ("a.example", "3389", "a.example", 3389),
            ("x, ldaps://b.example:7 c", "", "b.example", 7),
            ("[2001:db8::1]:389", "", "2001:db8:0::1", 389),
            ("2001:db8::1", "", "2001:db8::1", 389),
            ("192.0.2.1", "", "192.0.2.1", 389),
        ] {
            let grant = grant(&[("url", url), ("port", port)]);
            let asks = |host: &str, at| grant.allows(&connection(host, at, Security::StartTls));
            assert!(asks(host, at), "{url}");
            assert!(!asks("evil.example", at), "{url}");
            assert!(!asks(host, 4711), "{url}");
        }
    }

    #[test]
    fn one_strange_server_among_known_ones_is_refused() {
        let grant = grant(&[("url", "a.example b.example")]);
        let mut asked = connection("a.example", 389, Security::Ldaps);
        asked.servers.push(Endpoint {
            host: "c.example".to_owned(),
            port: 389,
        });
        assert!(!grant.allows(&asked));
        asked.servers[1].host = "b.example".to_owned();
        assert!(grant.allows(&asked));
    }

    #[test]
    fn encryption_is_given_up_only_where_the_settings_say_so() {
        let plain = connection("a.example", 389, Security::Plain);
        for security in ["", "start-tls", "ldaps"] {
            assert!(!grant(&[("url", "a.example"), ("security", security)]).allows(&plain));
        }
        assert!(grant(&[("url", "a.example"), ("security", "plain")]).allows(&plain));
    }

    #[test]
    fn the_authority_is_the_one_that_was_given() {
        let mut asked = connection("a.example", 636, Security::Ldaps);
        let with = |pem: &str| grant(&[("url", "a.example"), ("certificate-authority", pem)]);
        assert!(with("").allows(&asked) && !with("ours").allows(&asked));
        asked.certificate_authority = Some("ours\n".to_owned());
        assert!(with(" ours").allows(&asked));
        assert!(!with("").allows(&asked) && !with("theirs").allows(&asked));
    }
}
