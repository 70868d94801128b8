//! The socket below one client: plain or TLS, with the faults that happen at a byte.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::faults::{Deed, Script, When};

#[derive(Debug)]
enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Closed,
}

/// One client's socket.
#[derive(Debug)]
pub(super) struct Wire {
    socket: Socket,
    sent: u64,
    script: Arc<Script>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, script: Arc<Script>) -> Self {
        Self {
            socket: Socket::Plain(stream),
            sent: 0,
            script,
        }
    }

    pub(super) const fn is_protected(&self) -> bool {
        matches!(self.socket, Socket::Tls(_))
    }

    /// Shakes hands for TLS.
    pub(super) async fn protect(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        if let Socket::Plain(stream) = std::mem::replace(&mut self.socket, Socket::Closed) {
            let stream = TlsAcceptor::from(config).accept(stream).await?;
            self.socket = Socket::Tls(Box::new(stream));
        }
        Ok(())
    }

    /// Reads what there is; 0 at the end.
    pub(super) async fn read(&mut self, to: &mut BytesMut) -> io::Result<usize> {
        match &mut self.socket {
            Socket::Plain(stream) => stream.read_buf(to).await,
            Socket::Tls(stream) => stream.read_buf(to).await,
            Socket::Closed => Ok(0),
        }
    }

    /// Sends everything, up to the byte at which something is to happen; says what that is.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<Option<Deed>> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let stop = self
            .script
            .next_byte(self.sent)
            .filter(|at| *at <= self.sent + length);
        let Some(at) = stop else {
            self.write(bytes).await?;
            self.sent += length;
            return Ok(None);
        };
        let part = usize::try_from(at - self.sent).unwrap_or(bytes.len());
        self.write(&bytes[..part]).await?;
        let deed = self.script.take(|when| when == When::AfterBytes(at));
        if let Some(Deed::Delay(by)) = deed {
            tokio::time::sleep(by).await;
        } else if deed.is_some() {
            self.sent = at;
            return Ok(deed);
        }
        self.write(&bytes[part..]).await?;
        self.sent += length;
        Ok(None)
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.socket {
            Socket::Plain(stream) => stream.write_all(bytes).await,
            Socket::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Socket::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Closes in good order.
    pub(super) async fn close(&mut self) {
        match &mut self.socket {
            // Nobody is left to tell about a socket that does not close.
            Socket::Plain(stream) => drop(stream.shutdown().await),
            Socket::Tls(stream) => drop(stream.shutdown().await),
            Socket::Closed => {}
        }
        self.socket = Socket::Closed;
    }

    /// Breaks the connection, so that the client sees a reset.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        let socket = std::mem::replace(&mut self.socket, Socket::Closed);
        match &socket {
            Socket::Plain(stream) => stream.set_zero_linger(),
            Socket::Tls(stream) => stream.get_ref().0.set_zero_linger(),
            Socket::Closed => Ok(()),
        }
    }

    /// Waits until the client gives up, without ever answering.
    pub(super) async fn stay_silent(&mut self) -> io::Result<()> {
        let mut ignored = BytesMut::new();
        while self.read(&mut ignored).await? > 0 {
            ignored.clear();
        }
        Ok(())
    }
}
