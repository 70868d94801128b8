//! What a plugin writes to its standard output and error: kept, never shown, but for a panic's text.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

/// Bytes kept of each stream: the last ones, since a panic's text comes at the end.
const KEPT: usize = 16 << 10;
/// Characters of a panic's text that reach a problem.
const SHOWN: usize = 600;

/// The end of what was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Captured(Arc<Mutex<VecDeque<u8>>>);

impl Captured {
    /// The text of the last panic, printable and cut, if one was written.
    pub(super) fn panic_text(&self) -> Option<String> {
        let kept: Vec<u8> = self.lock().iter().copied().collect();
        let text = String::from_utf8_lossy(&kept);
        let start = text.rfind("panicked at ")?;
        let text = text[start..]
            .split("\nnote: run with")
            .next()
            .unwrap_or_default();
        Some(printable(text.trim(), SHOWN))
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.lock();
        kept.extend(bytes);
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Untrusted text for a message or a log line: at most `limit` characters, control characters escaped.
pub(super) fn printable(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for (position, character) in text.chars().enumerate() {
        if position == limit {
            out.push('…');
            break;
        }
        match character {
            '\n' => out.push_str("; "),
            c if c.is_control() || is_direction_mark(c) => {
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}

/// Characters that reorder what a terminal shows.
fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Captured {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Captured {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Captured {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(KEPT)
    }
}

impl AsyncWrite for Captured {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_text_of_the_last_panic_is_found_after_a_lot_of_other_output() {
        let output = Captured::default();
        output.push(&vec![b'x'; 3 * KEPT]);
        output.push(b"\nthread 'main' panicked at src/lib.rs:7:9:\nindex out of bounds\nnote: run with `RUST_BACKTRACE=1`\n");
        assert_eq!(
            output.panic_text().unwrap(),
            "panicked at src/lib.rs:7:9:; index out of bounds"
        );
        assert!(output.lock().len() <= KEPT);
    }

    #[test]
    fn output_without_a_panic_has_no_text() {
        let output = Captured::default();
        output.push(b"all is well");
        assert_eq!(output.panic_text(), None);
    }

    #[test]
    fn control_characters_are_escaped_and_long_text_is_cut() {
        assert_eq!(
            printable("a\u{1b}[31mb\u{202e}c", 20),
            "a\\u{1b}[31mb\\u{202e}c"
        );
        assert_eq!(printable("abcdef", 3), "abc…");
    }
}
