//! The guarded transport: moves frames between the server's socket and the LDAP library.
//!
//! The library speaks over one end of a local socket pair, we own the other end and the server's socket.
//! Requests pass if they only read. Replies are validated whole first; entries are decoded into
//! pages and never reach the library, references are counted, results pass on. Where nobody
//! takes a page, nothing is read, and the server waits.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use zeroize::Zeroize;

use super::ber::{INTEGER, Reader, SEQUENCE};
use super::error::{Fault, Malformed, printable};
use super::frame::{
    self, ABANDON_REQUEST, BIND_REQUEST, BIND_RESPONSE, EXTENDED_RESPONSE, INTERMEDIATE_RESPONSE,
    LdapResult, Message, SEARCH_DONE, SEARCH_ENTRY, SEARCH_REFERENCE, SEARCH_REQUEST,
};
use super::page::{self, Continued, PageBuilder};
use super::policy::Limits;
use super::told::Told;
use crate::contract::ldap::Page;

/// A connected, secured stream to a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What a search gets from the pump. The sender is dropped when the server has said how the search ended.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) page: Page,
    pub(super) continued: Vec<Continued>,
    /// Continuation references since the last piece.
    pub(super) references: u32,
    /// What a change request was told since the last piece.
    pub(super) told: Told,
}

impl Piece {
    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let continued: usize = self.continued.iter().map(Continued::size).sum();
        size_of::<Self>() + page::size(&self.page) + continued
    }
}

/// Where the entries of one search go.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) builder: PageBuilder,
    /// A piece is handed on when it has so many entries.
    pub(super) entries: usize,
    pub(super) pieces: mpsc::Sender<Piece>,
    pub(super) references: u32,
    /// Of a change request, instead of entries.
    pub(super) told: Option<Told>,
}

/// Sinks of searches that are about to be sent, in the order of their requests.
pub(super) type Sinks = Arc<Mutex<VecDeque<Sink>>>;

/// UnbindRequest and AbandonRequest of our own use ids that the library does not reach.
const OWN_ID: u32 = 0x7000_0000;
const UNBIND: [u8; 10] = [0x30, 0x08, 0x02, 0x04, 0x70, 0x00, 0x00, 0x00, 0x42, 0x00];
/// RFC 4511 section 4.4.1.
const NOTICE_OF_DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";
const READ_SIZE: usize = 64 << 10;

/// One connection's pump.
pub(super) struct Pump<S> {
    server: S,
    library: UnixStream,
    limits: Limits,
    sinks: Sinks,
    pending: HashMap<u32, Pending>,
    own_id: u32,
}

enum Pending {
    Bind,
    Search(Box<Sink>),
    /// Nobody listens any more; what still comes is dropped.
    Abandoned,
}

impl<S: Stream> Pump<S> {
    pub(super) fn new(server: S, library: UnixStream, limits: Limits, sinks: Sinks) -> Self {
        Self {
            server,
            library,
            limits,
            sinks,
            pending: HashMap::new(),
            own_id: OWN_ID,
        }
    }

    /// Pumps until the library lets go (unbinds then) or something breaks.
    pub(super) async fn run(mut self) -> Result<(), Fault> {
        let mut replies = BytesMut::with_capacity(READ_SIZE);
        let mut requests = BytesMut::with_capacity(4096);
        loop {
            if replies.capacity() - replies.len() < READ_SIZE / 4 {
                replies.reserve(READ_SIZE);
            }
            tokio::select! {
                read = self.server.read_buf(&mut replies) => {
                    if read.map_err(lost)? == 0 {
                        return Err(Fault::Lost(String::new()));
                    }
                    while let Some(size) = frame::length(&replies, self.limits.frame_bytes)? {
                        if replies.len() < size {
                            break;
                        }
                        self.reply(&mut replies[..size]).await?;
                        replies.advance(size);
                    }
                }
                read = self.library.read_buf(&mut requests) => {
                    if read.map_err(lost)? == 0 {
                        break;
                    }
                    self.requests(&mut requests).await?;
                }
            }
        }
        // A courtesy: whether it arrives does not matter.
        let farewell = async {
            self.server.write_all(&UNBIND).await?;
            self.server.shutdown().await
        };
        let _ = tokio::time::timeout(self.limits.tls, farewell).await;
        Ok(())
    }

    async fn requests(&mut self, requests: &mut BytesMut) -> Result<(), Fault> {
        while let Some(size) = frame::length(requests, usize::MAX)? {
            if requests.len() < size {
                break;
            }
            let mut request = requests.split_to(size);
            self.expect_replies(&request)?;
            let sent = tokio::time::timeout(self.limits.page, async {
                self.server.write_all(&request).await?;
                self.server.flush().await
            });
            let sent = sent.await;
            // It may have held a password.
            request.as_mut().zeroize();
            let sent = sent.map_err(|_| Fault::Timeout {
                what: "request",
                after: self.limits.page,
            })?;
            if let Err(error) = sent {
                return Err(self.last_word().await.unwrap_or_else(|| lost(error)));
            }
        }
        Ok(())
    }

    /// A server that refuses the client's certificate may have said so and closed before the request was written.
    async fn last_word(&mut self) -> Option<Fault> {
        let mut rest = [0; 64];
        let read = tokio::time::timeout(self.limits.tls, self.server.read(&mut rest));
        alert(&read.await.ok()?.err()?)
    }

    fn expect_replies(&mut self, request: &[u8]) -> Result<(), Fault> {
        let mut message = Reader::new(Reader::new(request).expect(SEQUENCE)?);
        let id = message.number(INTEGER)?;
        match message.any()? {
            (BIND_REQUEST, _) => {
                self.pending.insert(id, Pending::Bind);
            }
            (SEARCH_REQUEST, _) => {
                let sink = self
                    .sinks
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front();
                self.pending.insert(
                    id,
                    sink.map_or(Pending::Abandoned, |sink| Pending::Search(Box::new(sink))),
                );
            }
            (ABANDON_REQUEST | 0x42, _) => {}
            (operation, _) => {
                return Err(Fault::Library(format!(
                    "operation {operation:#04x} does not only read"
                )));
            }
        }
        Ok(())
    }

    #[inline]
    async fn reply(&mut self, frame: &mut [u8]) -> Result<(), Fault> {
        let message = frame::message(frame, self.limits.depth)?;
        if message.id == 0 {
            return unsolicited(&message);
        }
        let unasked = Malformed::Unasked(message.operation);
        match (self.pending.get_mut(&message.id), message.operation) {
            (Some(Pending::Search(sink)), SEARCH_ENTRY) => {
                let full = if let Some(told) = &mut sink.told {
                    told.entry(message.controls)?;
                    told.len() >= sink.entries
                } else {
                    sink.builder.entry(message.content)?;
                    sink.builder.entries() >= sink.entries
                        || sink.builder.size() >= self.limits.page_bytes
                };
                if sink.pieces.is_closed() || (full && sink.hand_on().await.is_err()) {
                    self.abandon(message.id).await?;
                }
                Ok(())
            }
            (Some(Pending::Search(sink)), INTERMEDIATE_RESPONSE) => {
                let told = sink.told.as_mut().ok_or(unasked)?;
                told.information(message.content)?;
                self.hand_on_full(message.id).await
            }
            (Some(Pending::Search(sink)), SEARCH_REFERENCE) => {
                frame::urls(message.content)?;
                sink.references = sink.references.saturating_add(1);
                Ok(())
            }
            (Some(Pending::Search(_)), SEARCH_DONE) => {
                let result = frame::result(message.content)?;
                if !result.rest.is_empty() {
                    return Err(Malformed::Unexpected.into());
                }
                if let Some(Pending::Search(mut sink)) = self.pending.remove(&message.id) {
                    // Nobody there: then nobody waits for the result either.
                    let _ = sink.hand_on().await;
                }
                self.pass_on(frame).await
            }
            (Some(Pending::Bind), BIND_RESPONSE) => {
                let mut result = frame::result(message.content)?;
                result.rest.optional(0x87)?;
                if !result.rest.is_empty() {
                    return Err(Malformed::Unexpected.into());
                }
                self.pending.remove(&message.id);
                self.pass_on(frame).await
            }
            (Some(Pending::Abandoned), SEARCH_ENTRY | SEARCH_REFERENCE | INTERMEDIATE_RESPONSE) => {
                Ok(())
            }
            (Some(Pending::Abandoned), SEARCH_DONE) => {
                self.pending.remove(&message.id);
                Ok(())
            }
            _ => Err(unasked.into()),
        }
    }

    /// Hands on what a change request was told, where it is enough for a piece.
    async fn hand_on_full(&mut self, id: u32) -> Result<(), Fault> {
        if let Some(Pending::Search(sink)) = self.pending.get_mut(&id) {
            let full = sink
                .told
                .as_ref()
                .is_some_and(|told| told.len() >= sink.entries);
            if sink.pieces.is_closed() || (full && sink.hand_on().await.is_err()) {
                self.abandon(id).await?;
            }
        }
        Ok(())
    }

    /// Hands a checked result to the library, with its texts made UTF-8, which the library takes for granted.
    async fn pass_on(&mut self, frame: &mut [u8]) -> Result<(), Fault> {
        let spans = {
            let base = frame.as_ptr().addr();
            let message = frame::message(frame, self.limits.depth)?;
            let LdapResult {
                matched, message, ..
            } = frame::result(message.content)?;
            [matched, message].map(|text| {
                let start = text.as_ptr().addr() - base;
                start..start + text.len()
            })
        };
        for span in spans {
            make_utf8(&mut frame[span]);
        }
        self.library.write_all(frame).await.map_err(lost)
    }

    async fn abandon(&mut self, id: u32) -> Result<(), Fault> {
        self.pending.insert(id, Pending::Abandoned);
        self.own_id += 1;
        let mut request = vec![0x30, 0x0c, 0x02, 0x04];
        request.extend(self.own_id.to_be_bytes());
        request.extend([ABANDON_REQUEST, 0x04]);
        request.extend(id.to_be_bytes());
        self.server.write_all(&request).await.map_err(lost)?;
        self.server.flush().await.map_err(lost)
    }
}

impl Sink {
    async fn hand_on(&mut self) -> Result<(), ()> {
        let (page, continued) = self.builder.take();
        let references = std::mem::take(&mut self.references);
        let told = self.told.as_mut().map(std::mem::take).unwrap_or_default();
        self.pieces
            .send(Piece {
                page,
                continued,
                references,
                told,
            })
            .await
            .map_err(|_| ())
    }
}

/// A message that nobody asked for: only a notice of disconnection matters; others may be ignored
/// (RFC 4511 section 4.4).
fn unsolicited(message: &Message<'_>) -> Result<(), Fault> {
    if message.operation != EXTENDED_RESPONSE {
        return Err(Malformed::Unasked(message.operation).into());
    }
    let mut result = frame::result(message.content)?;
    let name = result.rest.optional(0x8a)?.or(message.misplaced_name);
    if name.is_none_or(|name| name == NOTICE_OF_DISCONNECTION) {
        let message = printable(&String::from_utf8_lossy(result.message));
        return Err(Fault::Notice {
            code: result.code,
            message,
        });
    }
    Ok(())
}

/// Puts a question mark in place of every octet that is not part of UTF-8. What was checked is not read again: a
/// server could keep a thread busy for hours by that.
fn make_utf8(mut text: &mut [u8]) {
    while let Err(error) = std::str::from_utf8(text) {
        let (bad, rest) = text[error.valid_up_to()..].split_at_mut(1);
        bad[0] = b'?';
        text = rest;
    }
}

fn lost(error: std::io::Error) -> Fault {
    alert(&error).unwrap_or_else(|| Fault::Lost(printable(&error.to_string())))
}

/// The server's word about the client's certificate.
fn alert(error: &std::io::Error) -> Option<Fault> {
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Fault::of_alert(cause)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn made_utf8(text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        make_utf8(&mut text);
        text
    }

    #[test]
    fn what_is_utf8_stays_and_only_the_rest_is_replaced() {
        let good = "Zürich 東京 \u{10ffff}".as_bytes();
        assert_eq!(made_utf8(good), good);
        assert_eq!(made_utf8(b""), b"");
        assert_eq!(
            made_utf8(b"\xffa\xc3\xbcb\xfe\xe6\x9d"),
            "?aüb???".as_bytes()
        );
    }

    #[test]
    fn a_text_of_nothing_but_wrong_octets_takes_no_hours() {
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let text = made_utf8(&vec![0xff; 16 << 20]);
            done.send(text.iter().all(|octet| *octet == b'?'))
        });
        assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(true));
    }
}
