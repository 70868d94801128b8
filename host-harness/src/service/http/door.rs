//! Where the service listens, and who may come in: nobody from another machine without protection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::http::HeaderMap;
use axum::serve::{IncomingStream, Listener};
use ipnet::IpNet;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;

use super::answering::connections;
use super::guard::Busy;
use super::line::Line;
use crate::Problem;
use crate::service::console::place;

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that wait to be answered.
const WAITING: usize = 128;
const FORWARDED: &str = "x-forwarded-for";

/// What protects what is said.
#[derive(Clone)]
pub enum Protection {
    /// It stays on this machine.
    Loopback,
    /// TLS, by a certificate of the service's own.
    Tls(Arc<ServerConfig>),
    /// A proxy with one of these addresses; connections from elsewhere are closed.
    Proxy(Vec<IpNet>),
}

/// Who is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    address: IpAddr,
    /// It speaks for others.
    proxy: bool,
    /// What it says is protected by nothing but staying on this machine.
    plain: bool,
}

/// A place where somebody listens.
pub struct Door {
    address: SocketAddr,
    proxied: bool,
    plain: bool,
    accepted: mpsc::Receiver<(Line, SocketAddr)>,
}

impl Protection {
    /// TLS with a certificate chain and its key, both PEM.
    ///
    /// # Errors
    /// `tls-files`.
    pub fn tls(chain: &Path, key: &Path) -> Result<Self, Problem> {
        let broken = |path: &Path, why: &dyn std::fmt::Display| {
            Problem::new(
                "tls-files",
                format!("{} cannot be used: {why}", path.display()),
                "Give a PEM file with the certificate and those that issued it, and one with its private key.",
            )
        };
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(chain)
            .map_err(|error| broken(chain, &error))?
            .collect();
        let certificates = certificates.map_err(|error| broken(chain, &error))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| broken(key, &error))?;
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(certificates, secret)
            .map_err(|error| broken(chain, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self::Tls(Arc::new(config)))
    }
}

impl Door {
    /// Listens.
    ///
    /// # Errors
    /// `listen-open` for an address that other machines reach without protection; `listen-failed`.
    pub async fn open(listen: SocketAddr, protection: Protection) -> Result<Self, Problem> {
        if matches!(protection, Protection::Loopback) && !listen.ip().is_loopback() {
            return Err(Problem::new(
                "listen-open",
                format!(
                    "{listen} can be reached from other machines, and tokens would go there readably"
                ),
                "Give a certificate (--tls-certificate, --tls-key), or the addresses of the proxy that has one (--trusted-proxy), or listen on \
                 127.0.0.1 or ::1.",
            ));
        }
        let failed = |error: io::Error| {
            Problem::new(
                "listen-failed",
                format!("{listen} cannot be listened on: {error}"),
                "Look whether another program listens there, or choose another port.",
            )
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let proxied = matches!(protection, Protection::Proxy(_));
        let plain = matches!(protection, Protection::Loopback);
        let (sender, accepted) = mpsc::channel(WAITING);
        tokio::spawn(accept(listener, protection, sender));
        Ok(Self {
            address,
            proxied,
            plain,
            accepted,
        })
    }

    /// Where.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Accepts for ever, and agrees on TLS beside that: a slow client holds nobody up. Where other machines come themselves, one address has an
/// eighth of all connections at most, those included that are still to agree on TLS; a proxy's has them for everybody.
async fn accept(
    listener: TcpListener,
    protection: Protection,
    accepted: mpsc::Sender<(Line, SocketAddr)>,
) {
    let crowd = Busy::of(of_one_address());
    while !accepted.is_closed() {
        let Ok((stream, peer)) = listener.accept().await else {
            // No file left, for example: it may be better soon.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let accepted = accepted.clone();
        match &protection {
            Protection::Loopback => {
                let line = Line::new(Either::Left(stream), None);
                let _ = accepted.send((line, peer)).await;
            }
            Protection::Proxy(networks) => {
                if networks
                    .iter()
                    .any(|network| network.contains(&peer.ip().to_canonical()))
                {
                    let line = Line::new(Either::Left(stream), None);
                    let _ = accepted.send((line, peer)).await;
                }
            }
            Protection::Tls(config) => {
                let address = place(&peer.ip().to_canonical().to_string());
                let Some(turn) = crowd.enter(&address) else {
                    continue;
                };
                let acceptor = TlsAcceptor::from(Arc::clone(config));
                tokio::spawn(async move {
                    let agreed = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
                    if let Ok(Ok(stream)) = agreed {
                        let line = Line::new(Either::Right(Box::new(stream)), Some(turn));
                        let _ = accepted.send((line, peer)).await;
                    }
                });
            }
        }
    }
}

impl Listener for Door {
    type Io = Line;
    type Addr = Peer;

    async fn accept(&mut self) -> (Line, Peer) {
        match self.accepted.recv().await {
            Some((stream, peer)) => (
                stream,
                Peer {
                    address: peer.ip().to_canonical(),
                    proxy: self.proxied,
                    plain: self.plain,
                },
            ),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer {
            address: self.address.ip(),
            proxy: self.proxied,
            plain: self.plain,
        })
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        *stream.remote_addr()
    }
}

impl Peer {
    /// Whether browsers reach it by plain HTTP: behind a proxy they do not.
    #[must_use]
    pub(super) fn plain(self) -> bool {
        self.plain
    }

    /// The address that a request comes from: the last one that a proxy names, since whoever it got those before from could write anything.
    #[must_use]
    pub(super) fn from(self, headers: &HeaderMap) -> IpAddr {
        let named = headers.get_all(FORWARDED).iter().next_back();
        let named =
            named.and_then(|value| forwarded(value.to_str().ok()?.rsplit(',').next()?.trim()));
        named.filter(|_| self.proxy).unwrap_or(self.address)
    }
}

/// Connections that an address may have.
fn of_one_address() -> usize {
    (connections() / 8).max(8)
}

/// An address as a proxy names it: with a port, in brackets or mapped into IPv6 too.
fn forwarded(named: &str) -> Option<IpAddr> {
    let address = named.parse::<SocketAddr>().map(|one| one.ip());
    let bare = named.trim_start_matches('[').trim_end_matches(']');
    let address = address.or_else(|_| bare.parse::<IpAddr>());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[test]
    fn an_address_is_read_however_a_proxy_writes_it() {
        let plain: IpAddr = "192.0.2.7".parse().unwrap();
        for written in [
            "192.0.2.7",
            "192.0.2.7:5555",
            "::ffff:192.0.2.7",
            "[::ffff:192.0.2.7]:80",
        ] {
            assert_eq!(forwarded(written), Some(plain), "{written}");
        }
        assert_eq!(forwarded("[2001:db8::1]"), "2001:db8::1".parse().ok());
        for unread in ["", "unknown", "_hidden", "192.0.2"] {
            assert_eq!(forwarded(unread), None, "{unread}");
        }
    }

    #[tokio::test]
    async fn nobody_listens_to_other_machines_without_protection() {
        let anywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
        let refused = Door::open(anywhere, Protection::Loopback).await;
        assert_eq!(refused.err().unwrap().code, "listen-open");
        let here = "127.0.0.1:0".parse().unwrap();
        assert!(Door::open(here, Protection::Loopback).await.is_ok());
        let proxy = Protection::Proxy(vec!["10.0.0.0/8".parse().unwrap()]);
        let door = Door::open(anywhere, proxy).await.unwrap();
        let taken = Door::open(door.address(), Protection::Proxy(Vec::new())).await;
        assert_eq!(taken.err().unwrap().code, "listen-failed");
    }

    #[tokio::test]
    async fn only_the_trusted_proxy_is_let_in() {
        use tokio::io::AsyncReadExt as _;
        let here = "127.0.0.1:0".parse().unwrap();
        for (network, let_in) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
            let proxy = Protection::Proxy(vec![network.parse().unwrap()]);
            let mut door = Door::open(here, proxy).await.unwrap();
            let mut client = TcpStream::connect(door.address()).await.unwrap();
            let accepted =
                tokio::time::timeout(Duration::from_millis(500), Listener::accept(&mut door));
            assert_eq!(accepted.await.is_ok(), let_in, "{network}");
            if !let_in {
                assert_eq!(
                    client.read(&mut [0]).await.unwrap(),
                    0,
                    "the connection is closed"
                );
            }
        }
    }

    /// How many of these connections are closed at once.
    async fn closed(clients: &mut [TcpStream]) -> usize {
        use tokio::io::AsyncReadExt as _;
        let mut closed = 0;
        for client in clients {
            let wait = Duration::from_millis(2);
            if tokio::time::timeout(wait, client.read(&mut [0]))
                .await
                .is_ok()
            {
                closed += 1;
            }
        }
        closed
    }

    #[tokio::test]
    async fn one_address_has_some_of_the_connections_and_a_proxy_has_them_all() {
        let here: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (chain, key) = (folder.path().join("chain"), folder.path().join("key"));
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let tls = Protection::tls(&chain, &key).unwrap();
        let proxy = Protection::Proxy(vec!["127.0.0.0/8".parse().unwrap()]);
        let most = of_one_address();
        for (protection, beyond) in [(tls, 3), (proxy, 0)] {
            let mut door = Door::open(here, protection).await.unwrap();
            let address = door.address();
            let answering = tokio::spawn(async move {
                let mut held = Vec::new();
                loop {
                    held.push(Listener::accept(&mut door).await);
                }
            });
            let mut clients = Vec::new();
            for _ in 0..most + 3 {
                clients.push(TcpStream::connect(address).await.unwrap());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(closed(&mut clients).await, beyond);
            // Who leaves makes room.
            clients.truncate(most - 1);
            tokio::time::sleep(Duration::from_millis(200)).await;
            let mut next = [TcpStream::connect(address).await.unwrap()];
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(closed(&mut next).await, 0);
            answering.abort();
        }
    }

    #[test]
    fn whom_a_proxy_names_is_believed_only_of_a_proxy() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED, "6.6.6.6".parse().unwrap());
        headers.append(FORWARDED, "1.2.3.4, 192.0.2.7".parse().unwrap());
        let peer = |proxy| Peer {
            address: "10.0.0.1".parse().unwrap(),
            proxy,
            plain: false,
        };
        assert_eq!(peer(true).from(&headers).to_string(), "192.0.2.7");
        assert_eq!(peer(false).from(&headers).to_string(), "10.0.0.1");
        headers.append(FORWARDED, "nonsense".parse().unwrap());
        assert_eq!(peer(true).from(&headers).to_string(), "10.0.0.1");
    }
}
