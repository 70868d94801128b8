//! Reading the server list: names, addresses and LDAP URLs (RFC 4516).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::ports::directory::{Endpoint, Security};
use crate::problem::Problem;

/// At most so many servers.
const MOST: usize = 16;

/// Where to connect, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// In the order written.
    pub endpoints: Vec<Endpoint>,
    /// As chosen, or as the URLs say.
    pub security: Security,
}

/// Reads `url`, `port` and `security` together, because they can contradict each other.
///
/// # Errors
/// All of `required`, `bad-url`, `bad-port`, `bad-choice` and `contradiction`, each with its setting.
pub fn read(url: &str, port: &str, security: &str) -> Result<Servers, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut parts = Vec::new();
    for (at, text) in words(url) {
        match part(text) {
            Ok(found) => parts.push((at, text, found)),
            Err(problem) => {
                let position = at + problem.position.unwrap_or(0) as usize;
                problems.push(problem.at(position));
            }
        }
    }
    if parts.is_empty() && problems.is_empty() {
        problems.push(
            Problem::new(
                "required",
                "no server is named",
                "Enter a host name, an IP address or an LDAP URL.",
            )
            .of_field("url"),
        );
    }
    if parts.len() > MOST {
        problems.push(
            Problem::new(
                "bad-url",
                format!("{} servers are named, at most {MOST} can be", parts.len()),
                "Leave the first few.",
            )
            .of_field("url"),
        );
    }
    let wanted = chosen(security)
        .map_err(|problem| problems.push(problem))
        .ok()
        .flatten();
    let common = common_port(port)
        .map_err(|problem| problems.push(problem))
        .ok()
        .flatten();
    let security = agree(&parts, wanted, &mut problems);
    let endpoints = parts
        .into_iter()
        .map(|(_, text, part)| {
            if let (Some(own), Some(common)) = (part.port, common)
                && own != common
            {
                problems.push(
                    Problem::new(
                        "contradiction",
                        format!("`{text}` names port {own}, the setting says {common}"),
                        "Leave the port out of one of the two.",
                    )
                    .of_field("port"),
                );
            }
            let usual = if security == Security::Ldaps {
                636
            } else {
                389
            };
            Endpoint {
                host: part.host,
                port: part.port.or(common).unwrap_or(usual),
            }
        })
        .collect();
    if problems.is_empty() {
        Ok(Servers {
            endpoints,
            security,
        })
    } else {
        Err(problems)
    }
}

struct Part {
    host: String,
    port: Option<u16>,
    secure: Option<bool>,
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn part(text: &str) -> Result<Part, Problem> {
    let (secure, rest, skipped) = match text.split_once("://") {
        Some((scheme, rest)) => {
            let secure = match scheme.to_ascii_lowercase().as_str() {
                "ldap" => false,
                "ldaps" => true,
                _ => {
                    return Err(wrong(
                        format!("`{scheme}://` is no scheme for a directory"),
                        "Use ldap:// or ldaps://, or leave the scheme out.",
                    ));
                }
            };
            (Some(secure), rest, scheme.len() + 3)
        }
        None => (None, text, 0),
    };
    let (authority, tail) = match rest.find(['/', '?', '#']) {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, ""),
    };
    if !matches!(tail, "" | "/") {
        return Err(wrong(
            format!("`{text}` says more than which server"),
            "End it after the host and port; base, scope and filter have their own settings.",
        )
        .at(skipped + authority.len()));
    }
    if let Some(at) = authority.find('@') {
        return Err(wrong(
            "the URL holds a user name".into(),
            "Leave it out; bind name and password have their own settings.",
        )
        .at(skipped + at));
    }
    let (host, port) = split_port(authority).map_err(|problem| {
        let position = skipped + problem.position.unwrap_or(0) as usize;
        problem.at(position)
    })?;
    Ok(Part { host, port, secure })
}

fn split_port(authority: &str) -> Result<(String, Option<u16>), Problem> {
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Ok((authority.to_ascii_lowercase(), None));
    }
    let (host, port, at) = if let Some(inner) = authority.strip_prefix('[') {
        let Some((address, after)) = inner.split_once(']') else {
            return Err(wrong(
                "the bracket of an IPv6 address is not closed".into(),
                "Close it: [::1]:389.",
            ));
        };
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(wrong(
                format!("`{address}` is no IPv6 address"),
                "Only IPv6 addresses stand in brackets, for example [2001:db8::1].",
            )
            .at(1));
        }
        let port = match after.strip_prefix(':') {
            Some(port) => Some(port),
            None if after.is_empty() => None,
            None => {
                return Err(wrong(
                    format!("`{after}` follows the address"),
                    "Only a colon and a port may: [::1]:389.",
                )
                .at(address.len() + 2));
            }
        };
        (address.to_ascii_lowercase(), port, address.len() + 3)
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        check_host(host)?;
        (host.to_ascii_lowercase(), port, host.len() + 1)
    };
    let port = match port {
        None => None,
        Some(port) => Some(number(port).ok_or_else(|| {
            Problem::new(
                "bad-port",
                format!("`{port}` is no port"),
                "A port is a whole number from 1 to 65535.",
            )
            .of_field("url")
            .at(at)
        })?),
    };
    Ok((host, port))
}

/// RFC 1123 section 2.1, and underscores, which real networks have.
fn check_host(host: &str) -> Result<(), Problem> {
    if host.is_empty() {
        return Err(wrong(
            "the host name is missing".into(),
            "Enter it, for example ldap.example.com.",
        ));
    }
    if !host.is_ascii() {
        return Err(wrong(
            format!("`{host}` holds characters outside ASCII"),
            "Write the name in its ASCII form, which begins with xn--.",
        ));
    }
    let bare = host.strip_suffix('.').unwrap_or(host);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = bare.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if bare.len() > 253
        || !bare.split('.').all(label)
        || (numeric && bare.parse::<Ipv4Addr>().is_err())
    {
        return Err(wrong(
            format!("`{host}` is neither a host name nor an IP address"),
            "Use letters, digits, hyphens and dots, for example ldap.example.com, 192.0.2.7 or [2001:db8::1].",
        ));
    }
    Ok(())
}

fn number(text: &str) -> Option<u16> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain
        .then(|| text.parse().ok())
        .flatten()
        .filter(|port| *port != 0)
}

fn common_port(text: &str) -> Result<Option<u16>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    number(text).map(Some).ok_or_else(|| {
        Problem::new(
            "bad-port",
            format!("`{text}` is no port"),
            "Enter a whole number from 1 to 65535, or nothing.",
        )
        .of_field("port")
    })
}

fn chosen(text: &str) -> Result<Option<Security>, Problem> {
    match text.trim() {
        "" => Ok(None),
        "plain" => Ok(Some(Security::Plain)),
        "start-tls" => Ok(Some(Security::StartTls)),
        "ldaps" => Ok(Some(Security::Ldaps)),
        other => Err(Problem::new(
            "bad-choice",
            format!("`{other}` is no way to secure a connection"),
            "Choose start-tls, ldaps or plain.",
        )
        .of_field("security")),
    }
}

fn agree(
    parts: &[(usize, &str, Part)],
    wanted: Option<Security>,
    problems: &mut Vec<Problem>,
) -> Security {
    let secure = parts.iter().any(|(_, _, part)| part.secure == Some(true));
    let insecure = parts.iter().find(|(_, _, part)| part.secure == Some(false));
    if secure && let Some((at, text, _)) = insecure {
        problems.push(
            Problem::new(
                "contradiction",
                format!("`{text}` is not LDAPS, another server is"),
                "Use one scheme for all servers.",
            )
            .of_field("url")
            .at(*at),
        );
    } else if let Some(wanted) = wanted {
        let clash = match wanted {
            Security::Ldaps => insecure.is_some(),
            Security::Plain | Security::StartTls => secure,
        };
        if clash {
            let (scheme, name) = if secure {
                ("ldaps", name(wanted))
            } else {
                ("ldap", "ldaps")
            };
            problems.push(
                Problem::new(
                    "contradiction",
                    format!("the URL begins with {scheme}://, but the security is {name}"),
                    "Change one of the two, or leave the security empty.",
                )
                .of_field("security"),
            );
        }
    }
    wanted.unwrap_or(if secure {
        Security::Ldaps
    } else {
        Security::StartTls
    })
}

/// The word for it in the settings.
#[must_use]
pub fn name(security: Security) -> &'static str {
    match security {
        Security::Plain => "plain",
        Security::StartTls => "start-tls",
        Security::Ldaps => "ldaps",
    }
}

fn wrong(message: String, remedy: &str) -> Problem {
    Problem::new("bad-url", message, remedy).of_field("url")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn endpoints(url: &str, port: &str, security: &str) -> Vec<(String, u16)> {
        read(url, port, security)
            .unwrap()
            .endpoints
            .into_iter()
            .map(|e| (e.host, e.port))
            .collect()
    }

    fn codes(url: &str, port: &str, security: &str) -> Vec<(&'static str, Option<String>)> {
        read(url, port, security)
            .unwrap_err()
            .into_iter()
            .map(|p| (p.code, p.field))
            .collect()
    }

    #[test]
    fn names_addresses_and_urls_are_read_in_order() {
        assert_eq!(
            endpoints(
                "ldap.example.com, 192.0.2.7:1389\n[2001:DB8::1]:3389 ::1 ldap://b.example/",
                "",
                ""
            ),
            [
                ("ldap.example.com".to_owned(), 389),
                ("192.0.2.7".to_owned(), 1389),
                ("2001:db8::1".to_owned(), 3389),
                ("::1".to_owned(), 389),
                ("b.example".to_owned(), 389),
            ]
        );
    }

    #[test]
    fn an_ldaps_url_means_ldaps_and_its_port() {
        let servers = read("LDAPS://dc1.example.com", "", "").unwrap();
        assert_eq!(
            (servers.security, servers.endpoints[0].port),
            (Security::Ldaps, 636)
        );
        assert_eq!(read("dc1", "", "").unwrap().security, Security::StartTls);
        assert_eq!(
            endpoints("dc1 dc2:7000", "7000", "ldaps"),
            [("dc1".to_owned(), 7000), ("dc2".to_owned(), 7000)]
        );
    }

    #[test]
    fn contradictions_are_reported_by_their_field() {
        assert_eq!(
            codes("ldaps://a", "", "start-tls"),
            [("contradiction", Some("security".into()))]
        );
        assert_eq!(
            codes("ldaps://a", "", "plain"),
            [("contradiction", Some("security".into()))]
        );
        assert_eq!(
            codes("ldap://a", "", "ldaps"),
            [("contradiction", Some("security".into()))]
        );
        assert_eq!(
            codes("ldaps://a ldap://b", "", ""),
            [("contradiction", Some("url".into()))]
        );
        assert_eq!(
            codes("a:1", "2", ""),
            [("contradiction", Some("port".into()))]
        );
    }

    #[test]
    fn malformed_servers_are_refused_each_with_its_position() {
        for url in [
            "http://a",
            "ldap://",
            "[::1",
            "[::g]",
            "[::1]x",
            "a b@c",
            "ldap://a/dc=x",
            "a..b",
            "-a",
            "300.1.1.1",
            "münchen.example",
            "1:2:3::4::5",
            "a?x",
        ] {
            let problems = read(url, "", "").unwrap_err();
            assert!(
                problems
                    .iter()
                    .all(|p| p.code == "bad-url" || p.code == "bad-port"),
                "{url}: {problems:?}"
            );
            assert!(
                problems.iter().all(|p| p.position.is_some()),
                "{url}: {problems:?}"
            );
        }
        let problems = read("good ldap://a:70000 b:0", "", "").unwrap_err();
        assert_eq!(
            problems.iter().map(|p| p.position).collect::<Vec<_>>(),
            [Some(14), Some(22)]
        );
    }

    #[test]
    fn bad_ports_and_choices_and_nothing_at_all_are_refused_together() {
        assert_eq!(
            codes("", "70000", "tls"),
            [
                ("required", Some("url".into())),
                ("bad-choice", Some("security".into())),
                ("bad-port", Some("port".into()))
            ]
        );
        assert_eq!(codes("a", "0", ""), [("bad-port", Some("port".into()))]);
        assert_eq!(codes("a", "+1", ""), [("bad-port", Some("port".into()))]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_positions_lie_inside(url in ".{0,60}", port in ".{0,6}") {
            if let Err(problems) = read(&url, &port, "") {
                for problem in problems {
                    prop_assert!(problem.position.is_none_or(|at| at as usize <= url.len()));
                }
            }
        }

        #[test]
        fn any_address_with_any_port_is_read_back(bits: u128, port in 1_u16..) {
            let address = Ipv6Addr::from(bits);
            prop_assert_eq!(
                endpoints(&format!("ldap://[{address}]:{port}/"), "", ""),
                [(address.to_string(), port)]
            );
        }
    }
}
