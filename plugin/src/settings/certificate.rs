//! Whether a text can be a PEM bundle of certificates (RFC 7468 section 5). Whether they are good ones is
//! found out by the host, when it connects.

use crate::problem::Problem;

/// The longest bundle taken.
const LONGEST: usize = 256 * 1024;
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Counts the certificates.
///
/// # Errors
/// `bad-certificate` where the text is no bundle of certificates, with the position.
pub fn check(pem: &str) -> Result<usize, Problem> {
    if pem.len() > LONGEST {
        return Err(wrong(
            format!("the bundle is longer than {} KiB", LONGEST / 1024),
            "Paste only the certificates that are needed.",
            0,
        ));
    }
    let mut certificates = 0;
    let mut open: Option<(usize, String)> = None;
    let mut at = 0;
    for line in pem.split_inclusive('\n') {
        let text = line.trim();
        if let Some(label) = marker(text, BEGIN) {
            if label.contains("PRIVATE KEY") {
                return Err(wrong(
                    "this is a private key".into(),
                    "Paste certificates only; a client certificate's key has its own field. Treat the key as disclosed if it was \
                     pasted here by mistake.",
                    at,
                ));
            }
            if open.is_some()
                || !matches!(
                    label,
                    "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"
                )
            {
                return Err(wrong(
                    format!("a block `{label}` begins where none is expected"),
                    "Paste blocks that begin with -----BEGIN CERTIFICATE----- and end with -----END CERTIFICATE-----.",
                    at,
                ));
            }
            open = Some((at, String::new()));
        } else if marker(text, END).is_some() {
            let Some((from, body)) = open.take() else {
                return Err(wrong(
                    "a block ends that never began".into(),
                    "Copy the certificate from -----BEGIN CERTIFICATE----- on.",
                    at,
                ));
            };
            block(&body, from)?;
            certificates += 1;
        } else if let Some((_, body)) = &mut open {
            body.push_str(text);
        }
        at += line.len();
    }
    match open {
        Some((from, _)) => Err(wrong(
            "the last certificate is cut off".into(),
            "Copy it up to and including -----END CERTIFICATE-----.",
            from,
        )),
        None if certificates == 0 => Err(wrong(
            "there is no certificate in it".into(),
            "Paste the certificate as PEM: it begins with -----BEGIN CERTIFICATE-----.",
            0,
        )),
        None => Ok(certificates),
    }
}

fn marker<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    line.strip_prefix(kind)?.strip_suffix(DASHES)
}

/// The body is base64 of one DER SEQUENCE of exactly its length.
fn block(body: &str, at: usize) -> Result<(), Problem> {
    let damaged = || {
        wrong(
            "the certificate is damaged: what stands between its markers is not one".into(),
            "Copy it again, whole and unchanged.",
            at,
        )
    };
    let der = base64(body).ok_or_else(damaged)?;
    let (length, header) = match der.get(..2).ok_or_else(damaged)? {
        [0x30, short] if *short < 0x80 => (usize::from(*short), 2),
        [0x30, long] if (0x81..=0x84).contains(long) => {
            let bytes = usize::from(long & 0x7f);
            let length = der.get(2..2 + bytes).ok_or_else(damaged)?;
            (
                length
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                2 + bytes,
            )
        }
        _ => return Err(damaged()),
    };
    if der.len() == header + length {
        Ok(())
    } else {
        Err(damaged())
    }
}

/// RFC 4648 section 4, padding required.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.len()
        - text
            .iter()
            .rev()
            .take(2)
            .take_while(|byte| **byte == b'=')
            .count();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text[..body].chunks(4) {
        let mut word = 0_u32;
        for byte in group {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            word = word << 6 | u32::from(digit);
        }
        word <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&word.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

fn wrong(message: String, remedy: &str, at: usize) -> Problem {
    Problem::new("bad-certificate", message, remedy).at(at)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A SEQUENCE of three bytes.
    const GOOD: &str = "-----BEGIN CERTIFICATE-----\nMAMBAf8=\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_bundle_with_comments_between_is_counted() {
        assert_eq!(
            check(&format!("# our CA\n{GOOD}\r\n# the old one\n{GOOD}")).unwrap(),
            2
        );
    }

    #[test]
    fn what_is_no_certificate_is_refused_with_the_position() {
        let key = GOOD.replace("CERTIFICATE", "RSA PRIVATE KEY");
        let cases = [
            (String::new(), 0),
            ("hello".to_owned(), 0),
            (key, 0),
            (GOOD.replace("MAMB", "MBMB"), 0),
            (GOOD.replace("MAMB", "M*MB"), 0),
            (
                format!("{GOOD}-----BEGIN CERTIFICATE-----\nMAMB"),
                GOOD.len(),
            ),
            (
                format!("x\n{GOOD}-----END CERTIFICATE-----"),
                GOOD.len() + 2,
            ),
        ];
        for (text, at) in cases {
            let problem = check(&text).unwrap_err();
            assert_eq!(problem.code, "bad-certificate");
            assert_eq!(problem.position, Some(u32::try_from(at).unwrap()), "{text}");
        }
        assert!(
            check(&GOOD.replace("CERTIFICATE", "PRIVATE KEY"))
                .unwrap_err()
                .message
                .contains("private key")
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(-----(BEGIN|END) CERTIFICATE-----|[A-Za-z0-9+/=]{0,12}|\n|.){0,8}") {
            let _ = check(&text);
        }
    }
}
