//! Who asks the directory: nobody, a name with a password, or whom a client certificate names; and what these settings
//! have to say to each other.

use crate::ports::directory::{Authentication, ClientCertificate, Security};
use crate::problem::Problem;

use super::parse::Reader;
use super::{bind_name, certificate};

/// What the settings say of the client.
pub(super) struct Identity {
    pub(super) authentication: Authentication,
    pub(super) client_certificate: Option<ClientCertificate>,
    pub(super) warnings: Vec<Problem>,
}

/// Reads the settings `authentication`, `bind-name`, `password`, `client-certificate` and `client-key`. Problems go to the
/// reader; what is returned beside them is not used. `security` is none where it is not known.
pub(super) fn read(reader: &mut Reader, security: Option<Security>) -> Identity {
    let chosen = reader.choice("authentication");
    let name = reader.text("bind-name");
    let mut warnings = Vec::new();
    if !name.is_empty() {
        match bind_name::kind(&name) {
            Ok(bind_name::Kind::Other) => warnings.push(bind_name::unusual(&name)),
            Ok(_) => {}
            Err(problem) => reader.at_fault("bind-name", problem),
        }
    }
    let client_certificate = client_certificate(reader);
    let shows = !reader.text("client-certificate").is_empty();
    let bound = !name.is_empty()
        || reader
            .texts
            .get("password")
            .is_some_and(|it| !it.is_empty());
    let authentication = match chosen.as_str() {
        "external" => external(reader, bound, shows, security),
        "anonymous" => anonymous(reader, bound),
        "" if shows && !bound => external(reader, bound, shows, security),
        chosen => simple(reader, name, chosen == "simple"),
    };
    if shows && security == Some(Security::Plain) && authentication != Authentication::External {
        warnings.push(
            Problem::new(
                "certificate-unused",
                "without encryption the client certificate is not shown",
                "Choose start-tls or ldaps, or remove the client certificate.",
            )
            .of_field("client-certificate"),
        );
    }
    Identity {
        authentication,
        client_certificate,
        warnings,
    }
}

fn client_certificate(reader: &mut Reader) -> Option<ClientCertificate> {
    let certificates = reader.text("client-certificate");
    let key = handle(reader, "client-key");
    let problem = match (certificates.is_empty(), key) {
        (true, None) => return None,
        (false, Some(key)) => match certificate::check(&certificates) {
            Ok(_) => return Some(ClientCertificate { certificates, key }),
            Err(problem) => {
                reader.at_fault("client-certificate", problem);
                return None;
            }
        },
        (false, None) => Problem::new(
            "key-missing",
            "there is a client certificate but no private key",
            "Give the private key that belongs to it, or remove the certificate.",
        )
        .of_field("client-key"),
        (true, Some(_)) => Problem::new(
            "client-certificate-missing",
            "there is a private key but no client certificate",
            "Give the certificate that belongs to it, or remove the key.",
        )
        .of_field("client-certificate"),
    };
    reader.problems.push(problem);
    None
}

fn external(
    reader: &mut Reader,
    bound: bool,
    shows: bool,
    security: Option<Security>,
) -> Authentication {
    if bound {
        reader.problems.push(
            Problem::new(
                "contradiction",
                "with external authentication the client certificate says who asks, not a bind name and its password",
                "Remove bind name and password, or choose simple.",
            )
            .of_field("authentication"),
        );
    }
    if !shows {
        reader.problems.push(
            Problem::new(
                "client-certificate-missing",
                "external authentication needs a client certificate",
                "Give a client certificate and its private key, or choose simple.",
            )
            .of_field("client-certificate"),
        );
    }
    if security == Some(Security::Plain) {
        reader.problems.push(
            Problem::new(
                "client-certificate-unprotected",
                "without TLS no certificate is shown, so external authentication (RFC 4513 section 5.2.3) has nothing to \
                 go by",
                "Choose start-tls or ldaps.",
            )
            .of_field("security"),
        );
    }
    Authentication::External
}

fn anonymous(reader: &mut Reader, bound: bool) -> Authentication {
    if bound {
        reader.problems.push(
            Problem::new(
                "contradiction",
                "with anonymous access nobody binds, but there is a bind name or a password",
                "Remove bind name and password, or choose simple.",
            )
            .of_field("authentication"),
        );
    }
    Authentication::Anonymous
}

fn simple(reader: &mut Reader, name: String, demanded: bool) -> Authentication {
    // Not trimmed: it is a handle, and none of our business.
    let given = reader.texts.contains_key("password");
    let problem = match (name.is_empty(), handle(reader, "password")) {
        (false, Some(credential)) => return Authentication::Simple { name, credential },
        (true, None) if !demanded => return Authentication::Anonymous,
        (true, None) => Problem::new(
            "required",
            "simple authentication needs a bind name",
            "Enter a bind name and its password, or choose anonymous.",
        )
        .of_field("bind-name"),
        (true, Some(_)) => Problem::new(
            "required",
            "there is a password but no bind name",
            "Enter the bind name it belongs to, or remove the password for anonymous access.",
        )
        .of_field("bind-name"),
        (false, None) if given => Problem::new(
            "empty-password",
            "the password is empty: a directory takes that for an anonymous bind and calls it a success",
            "Enter the password of the bind name (RFC 4513 section 5.1.2).",
        )
        .of_field("password"),
        (false, None) => Problem::new(
            "password-missing",
            "there is a bind name but no password",
            "Enter its password, or remove the bind name for anonymous access.",
        )
        .of_field("password"),
    };
    reader.problems.push(problem);
    Authentication::Anonymous
}

/// The handle of a secret field; an empty one is none, and is not kept.
fn handle(reader: &mut Reader, key: &str) -> Option<String> {
    let handle = reader.texts.get(key).cloned()?;
    if handle.is_empty() {
        reader.texts.remove(key);
        return None;
    }
    Some(handle)
}
