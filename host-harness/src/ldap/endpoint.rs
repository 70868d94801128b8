//! Which addresses may be connected, and connecting to the very address that was checked.
//!
//! A tenant names its servers, so a name may point anywhere: at the platform itself, or at a cloud's metadata
//! service. The name is resolved once, each address is judged, and only a judged address is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpStream;

use super::policy::Policy;
use crate::Problem;
use crate::contract::ldap::Endpoint;

/// `host:port`, with IPv6 in brackets.
pub(super) fn name(endpoint: &Endpoint) -> String {
    let Endpoint { host, port } = endpoint;
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Resolves an endpoint and keeps the addresses that the policy allows.
///
/// # Errors
/// `bad-port`, `resolve-failed`, and `endpoint-refused` where no address is allowed.
pub(super) async fn resolve(
    endpoint: &Endpoint,
    policy: &Policy,
) -> Result<Vec<SocketAddr>, Problem> {
    let host = endpoint.host.trim_start_matches('[').trim_end_matches(']');
    if endpoint.port == 0 {
        return Err(Problem::new(
            "bad-port",
            format!("{}: port 0 cannot be connected", name(endpoint)),
            "Use 389 for plain LDAP and StartTLS, 636 for LDAPS, or the port of your server.",
        ));
    }
    let failed = |why: String| {
        Problem::new(
            "resolve-failed",
            format!("the name {host:?} cannot be resolved: {why}"),
            "Check the spelling of the host name, and that the platform's DNS knows it.",
        )
    };
    let look_up = tokio::net::lookup_host((host, endpoint.port));
    let found: Vec<SocketAddr> = match tokio::time::timeout(policy.limits.resolve, look_up).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => {
            return Err(failed(format!(
                "no answer within {} s",
                policy.limits.resolve.as_secs_f32()
            )));
        }
    };
    if found.is_empty() {
        return Err(failed("it has no addresses".to_owned()));
    }
    let mut allowed = Vec::new();
    let mut refused = Vec::new();
    for address in found {
        match refusal(address.ip(), policy) {
            None if !allowed.contains(&address) => allowed.push(address),
            None => {}
            Some(why) => refused.push(format!("{} is {why}", address.ip())),
        }
    }
    if allowed.is_empty() {
        refused.dedup();
        return Err(Problem::new(
            "endpoint-refused",
            format!(
                "{}: the platform does not allow this address: {}",
                name(endpoint),
                refused.join(", ")
            ),
            "Name a directory server that is reachable under an ordinary address; whoever reaches everything \
             can allow others, on the tenant's page Plugin or with `rollcall configure`.",
        ));
    }
    Ok(allowed)
}

/// Connects to the first of these addresses that answers.
///
/// # Errors
/// `connect-refused`, `connect-timeout`.
pub(super) async fn connect(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    policy: &Policy,
) -> Result<(TcpStream, SocketAddr), Problem> {
    let mut failures = Vec::new();
    let mut timed_out = true;
    for address in addresses {
        match tokio::time::timeout(policy.limits.connect, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are single small writes; waiting to fill packets only delays them.
                let _ = stream.set_nodelay(true);
                return Ok((stream, *address));
            }
            Ok(Err(error)) => {
                timed_out = false;
                failures.push(format!("{address}: {error}"));
            }
            Err(_) => failures.push(format!(
                "{address}: no answer within {} s",
                policy.limits.connect.as_secs_f32()
            )),
        }
    }
    let (code, remedy) = if timed_out {
        (
            "connect-timeout",
            "Check the address and that firewalls let the platform through to this port.",
        )
    } else {
        (
            "connect-refused",
            "Check that the directory server runs and listens on this port (389 for plain LDAP and StartTLS, 636 for LDAPS).",
        )
    };
    let message = format!(
        "{} cannot be connected: {}",
        name(endpoint),
        failures.join("; ")
    );
    Err(Problem::new(code, message, remedy))
}

/// Why an address may not be connected, or `None` where it may.
pub(super) fn refusal(address: IpAddr, policy: &Policy) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refusal_v4(address, policy),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => refusal_v4(inner, policy),
            None => refusal_v6(address, policy),
        },
    }
}

fn refusal_v4(address: Ipv4Addr, policy: &Policy) -> Option<&'static str> {
    let [first, second, ..] = address.octets();
    // AWS, GCP, Azure and most others; Alibaba; Oracle; Azure's wire server.
    let metadata = [
        [169, 254, 169, 254],
        [169, 254, 170, 2],
        [100, 100, 100, 200],
        [192, 0, 0, 192],
        [168, 63, 129, 16],
    ];
    if metadata.contains(&address.octets()) {
        return (!policy.allow_metadata).then_some("a cloud's metadata service");
    }
    if address.is_loopback() {
        return (!policy.allow_loopback).then_some("the platform itself (loopback)");
    }
    if address.is_link_local() {
        return (!policy.allow_link_local).then_some("link-local");
    }
    if first == 0 {
        return Some("unspecified");
    }
    if address.is_multicast() || address.is_broadcast() {
        return Some("multicast or broadcast");
    }
    if first >= 240 || (first == 192 && second == 0 && address.octets()[2] == 0) {
        return Some("reserved");
    }
    None
}

fn refusal_v6(address: Ipv6Addr, policy: &Policy) -> Option<&'static str> {
    let first = address.segments()[0];
    if address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254) {
        return (!policy.allow_metadata).then_some("a cloud's metadata service");
    }
    if address.is_loopback() {
        return (!policy.allow_loopback).then_some("the platform itself (loopback)");
    }
    if address.is_unspecified() {
        return Some("unspecified");
    }
    if first & 0xffc0 == 0xfe80 {
        return (!policy.allow_link_local).then_some("link-local");
    }
    if address.is_multicast() {
        return Some("multicast or broadcast");
    }
    None
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let of = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => of(high, low),
        [0, 0, 0, 0, 0, 0] if high != 0 => of(high, low),
        [0x2002, high, low, ..] => of(high, low),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::net::{TcpListener, TcpSocket};
    use tokio::time::timeout;

    use super::*;
    use crate::ldap::Limits;

    fn refused(address: &str, policy: &Policy) -> bool {
        refusal(address.parse().unwrap(), policy).is_some()
    }

    #[test]
    fn ordinary_addresses_are_allowed() {
        for address in [
            "10.0.0.5",
            "192.168.1.1",
            "172.16.0.1",
            "8.8.8.8",
            "fd12::1",
            "2001:db8::1",
            "::ffff:10.0.0.5",
        ] {
            assert!(!refused(address, &Policy::default()), "{address}");
        }
    }

    #[test]
    fn special_addresses_are_refused() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "169.254.1.1",
            "fe80::1",
            "febf::1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "ff02::1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "fd00:ec2::254",
        ] {
            assert!(refused(address, &Policy::default()), "{address}");
        }
    }

    #[test]
    fn an_address_inside_an_address_is_judged_itself() {
        for address in [
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::ffff:169.254.169.254",
        ] {
            assert!(refused(address, &Policy::default()), "{address}");
        }
    }

    #[test]
    fn the_policy_allows_each_kind_alone() {
        let loopback = Policy::allowing_loopback();
        assert!(!refused("127.0.0.1", &loopback) && !refused("::1", &loopback));
        assert!(refused("169.254.1.1", &loopback) && refused("169.254.169.254", &loopback));
        let link_local = Policy {
            allow_link_local: true,
            ..Policy::default()
        };
        assert!(!refused("169.254.1.1", &link_local) && refused("169.254.169.254", &link_local));
        let metadata = Policy {
            allow_metadata: true,
            ..Policy::default()
        };
        assert!(!refused("169.254.169.254", &metadata) && refused("127.0.0.1", &metadata));
    }

    #[tokio::test]
    async fn a_name_is_judged_by_its_addresses() {
        let endpoint = Endpoint {
            host: "localhost".to_owned(),
            port: 389,
        };
        let problem = resolve(&endpoint, &Policy::default()).await.unwrap_err();
        assert_eq!(problem.code, "endpoint-refused");
        assert!(
            !resolve(&endpoint, &Policy::allowing_loopback())
                .await
                .unwrap()
                .is_empty()
        );
    }

    fn within(limits: Limits) -> Policy {
        Policy {
            limits,
            ..Policy::allowing_loopback()
        }
    }

    /// A listener that accepts nobody, and connections that fill its queue, so that the next one gets no answer.
    async fn full_queue() -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        let soon = Duration::from_millis(200);
        while let Ok(connected) = timeout(soon, TcpStream::connect(address)).await {
            waiting.push(connected.unwrap());
            assert!(waiting.len() < 100, "the queue has no end");
        }
        (listener, waiting)
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_address_that_does_not_answer_in_time_is_told_from_one_that_refuses() {
        let (listener, waiting) = full_queue().await;
        let address = listener.local_addr().unwrap();
        let endpoint = Endpoint {
            host: "127.0.0.1".to_owned(),
            port: address.port(),
        };
        let policy = within(Limits {
            connect: Duration::from_millis(150),
            ..Limits::default()
        });
        let begun = Instant::now();
        let problem = connect(&endpoint, &[address], &policy).await.unwrap_err();
        assert_eq!(problem.code, "connect-timeout");
        assert!(problem.message.contains("0.15 s"), "{}", problem.message);
        assert!(begun.elapsed() < Duration::from_secs(5));
        drop((listener, waiting));
        let problem = connect(&endpoint, &[address], &policy).await.unwrap_err();
        assert_eq!(problem.code, "connect-refused");
        let open = TcpListener::bind(address).await.unwrap();
        let (_, connected) = connect(&endpoint, &[address], &policy).await.unwrap();
        assert_eq!(connected, address);
        drop(open);
    }

    /// The one thread that looks names up is held back, as by a name server that does not answer.
    #[test]
    fn a_name_that_is_not_resolved_in_time_is_told_so() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let endpoint = Endpoint {
            host: "localhost".to_owned(),
            port: 389,
        };
        let policy = within(Limits {
            resolve: Duration::from_millis(100),
            ..Limits::default()
        });
        let (release, held) = std::sync::mpsc::channel::<()>();
        runtime.block_on(async {
            let busy = tokio::task::spawn_blocking(move || held.recv());
            let problem = resolve(&endpoint, &policy).await.unwrap_err();
            assert_eq!(problem.code, "resolve-failed");
            assert!(
                problem.message.contains("no answer within 0.1 s"),
                "{}",
                problem.message
            );
            drop(release);
            assert!(busy.await.unwrap().is_err());
            let patient = Policy::allowing_loopback();
            assert!(!resolve(&endpoint, &patient).await.unwrap().is_empty());
        });
    }

    #[tokio::test]
    async fn unknown_names_and_port_zero_have_their_own_codes() {
        let unknown = Endpoint {
            host: "no-such-host.invalid".to_owned(),
            port: 389,
        };
        assert_eq!(
            resolve(&unknown, &Policy::default())
                .await
                .unwrap_err()
                .code,
            "resolve-failed"
        );
        let zero = Endpoint {
            host: "10.0.0.1".to_owned(),
            port: 0,
        };
        assert_eq!(
            resolve(&zero, &Policy::default()).await.unwrap_err().code,
            "bad-port"
        );
    }
}
