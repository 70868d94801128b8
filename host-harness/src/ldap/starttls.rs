//! StartTLS (RFC 4511 section 4.14) on the raw socket, before anything else speaks on it.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{Fault, Malformed, printable};
use super::frame::{self, EXTENDED_RESPONSE};
use super::policy::Limits;
use crate::Problem;

const OID: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Asks the server to change to TLS. On success the very next octets are the handshake's.
///
/// # Errors
/// `starttls-refused`, `protocol-violation` (also for octets that came along unencrypted), `connection-lost`.
pub(super) async fn negotiate(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    limits: &Limits,
    server: &str,
) -> Result<(), Problem> {
    match exchange(stream, limits).await {
        Ok((0, _)) => Ok(()),
        Ok((code, message)) => {
            let said = if message.is_empty() {
                String::new()
            } else {
                format!(", \"{message}\"")
            };
            Err(Problem::new(
                "starttls-refused",
                format!("{server} refuses StartTLS (result code {code}{said})"),
                "Give the directory server a certificate and let it offer StartTLS, or use LDAPS.",
            ))
        }
        Err(fault) => Err(fault.problem(server)),
    }
}

async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    limits: &Limits,
) -> Result<(u32, String), Fault> {
    let lost = |error: std::io::Error| Fault::Lost(error.to_string());
    let mut request = vec![0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16];
    request.extend_from_slice(OID);
    stream.write_all(&request).await.map_err(lost)?;
    let mut reply = Vec::with_capacity(512);
    let size = loop {
        if stream.read_buf(&mut reply).await.map_err(lost)? == 0 {
            return Err(Fault::Lost(String::new()));
        }
        match frame::length(&reply, limits.frame_bytes)? {
            Some(size) if size <= reply.len() => break size,
            _ => {}
        }
    };
    if size < reply.len() {
        // Whoever sends ahead of the handshake wants unprotected octets to be taken for protected ones.
        return Err(Malformed::Overrun.into());
    }
    let message = frame::message(&reply, limits.depth)?;
    if message.id > 1 || message.operation != EXTENDED_RESPONSE {
        return Err(Malformed::Unasked(message.operation).into());
    }
    let mut result = frame::result(message.content)?;
    let name = result.rest.optional(0x8a)?;
    result.rest.optional(0x8b)?;
    if !result.rest.is_empty() {
        return Err(Malformed::Unexpected.into());
    }
    let text = printable(&String::from_utf8_lossy(result.message));
    if message.id == 0 {
        return Err(Fault::Notice {
            code: result.code,
            message: text,
        });
    }
    if result.code == 0 && name.is_some_and(|name| name != OID) {
        return Err(Malformed::Unexpected.into());
    }
    Ok((result.code, text))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    async fn with_reply(reply: &[u8]) -> Result<(), Problem> {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(reply).await.unwrap();
        theirs.shutdown().await.unwrap();
        negotiate(&mut ours, &Limits::default(), "ldap.example.org:389").await
    }

    const YES: [u8; 14] = [0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0];

    #[tokio::test]
    async fn a_successful_answer_is_accepted() {
        assert!(with_reply(&YES).await.is_ok());
    }

    #[tokio::test]
    async fn a_refusal_is_told_as_one() {
        let mut no = YES;
        no[9] = 2;
        assert_eq!(with_reply(&no).await.unwrap_err().code, "starttls-refused");
    }

    #[tokio::test]
    async fn octets_pipelined_before_the_handshake_are_refused() {
        let mut injected = YES.to_vec();
        injected.extend([0x30, 12, 2, 1, 2, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0]);
        assert_eq!(
            with_reply(&injected).await.unwrap_err().code,
            "protocol-violation"
        );
    }

    #[tokio::test]
    async fn another_operation_or_id_is_refused() {
        for (at, value) in [(4, 2), (5, 0x61), (6, 6)] {
            let mut wrong = YES;
            wrong[at] = value;
            assert_eq!(
                with_reply(&wrong).await.unwrap_err().code,
                "protocol-violation"
            );
        }
        assert_eq!(with_reply(b"").await.unwrap_err().code, "connection-lost");
        assert_eq!(
            with_reply(b"SSH-2.0-OpenSSH").await.unwrap_err().code,
            "protocol-violation"
        );
    }
}
