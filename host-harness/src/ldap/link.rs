//! A live connection: the pump, the LDAP library's driver, and the first thing that broke it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::Fault;
use super::policy::Limits;
use super::pump::{Pump, Sink, Sinks, Stream};
use super::told::Told;

/// The parts of a connection that its session and searches share.
#[derive(Debug)]
pub(super) struct Link {
    sinks: Sinks,
    turn: tokio::sync::Mutex<()>,
    fault: Arc<OnceLock<Fault>>,
    broken: CancellationToken,
    ended: CancellationToken,
    /// The server offers the domain scope control.
    domain_scope: AtomicBool,
}

impl Link {
    /// Starts the tasks of a connection. The library's handle is the connection's life: when its last clone is
    /// dropped, the connection is unbound and closed.
    pub(super) async fn start(
        server: impl Stream + 'static,
        limits: Limits,
    ) -> Result<(Arc<Self>, ldap3::Ldap), Fault> {
        let library_failed = |error: &dyn std::fmt::Display| Fault::Library(error.to_string());
        let (ours, theirs) =
            std::os::unix::net::UnixStream::pair().map_err(|error| library_failed(&error))?;
        ours.set_nonblocking(true)
            .map_err(|error| library_failed(&error))?;
        let ours = UnixStream::from_std(ours).map_err(|error| library_failed(&error))?;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        let (driver, ldap) = LdapConnAsync::with_settings(settings, "ldapi:///")
            .await
            .map_err(|error| library_failed(&error))?;

        let link = Arc::new(Self {
            sinks: Arc::new(Mutex::new(VecDeque::new())),
            turn: tokio::sync::Mutex::new(()),
            fault: Arc::new(OnceLock::new()),
            broken: CancellationToken::new(),
            ended: CancellationToken::new(),
            domain_scope: AtomicBool::new(false),
        });
        let pump = Pump::new(server, ours, limits, link.sinks.clone());
        // The tasks don't hold the link: only its parts, so that dropping it ends them.
        let (fault, broken) = (link.fault.clone(), link.broken.clone());
        let ended = link.ended.clone();
        tokio::spawn(async move {
            let pump = tokio::spawn(async move {
                tokio::select! {
                    end = pump.run() => end,
                    () = broken.cancelled() => Ok(()),
                }
            });
            let driver = tokio::spawn(driver.drive());
            let driver_fault = match driver.await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(Fault::Library(error.to_string())),
                Err(_) => Some(Fault::Library("it panicked".to_owned())),
            };
            // The pump's own word is the cause; the library's end is mostly its consequence.
            let pump_fault = match pump.await {
                Ok(Ok(())) => None,
                Ok(Err(fault)) => Some(fault),
                Err(_) => Some(Fault::Library("the transport panicked".to_owned())),
            };
            if let Some(found) = pump_fault.or(driver_fault) {
                tracing::debug!(fault = %found, "LDAP connection ended");
                let _ = fault.set(found);
            }
            ended.cancel();
        });
        Ok((link, ldap))
    }

    /// The turn to register a sink and to send its request: one search at a time, so that they meet.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Registers where the next search's entries go; the receiver gives them. Its request must follow in the
    /// same [turn](Self::turn).
    pub(super) fn expect(
        &self,
        builder: super::page::PageBuilder,
        entries: usize,
    ) -> mpsc::Receiver<super::pump::Piece> {
        self.register(builder, entries, None)
    }

    /// The same for a change request: the receiver gives what it is told.
    pub(super) fn expect_changes(&self, entries: usize) -> mpsc::Receiver<super::pump::Piece> {
        let nothing = super::page::PageBuilder::new(super::attributes::Attributes::new(&[]));
        self.register(nothing, entries, Some(Told::default()))
    }

    fn register(
        &self,
        builder: super::page::PageBuilder,
        entries: usize,
        told: Option<Told>,
    ) -> mpsc::Receiver<super::pump::Piece> {
        let (pieces, receiver) = mpsc::channel(1);
        let sink = Sink {
            builder,
            entries,
            pieces,
            references: 0,
            told,
        };
        self.sinks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(sink);
        receiver
    }

    /// The server's root DSE was read, and offers the domain scope control.
    pub(super) fn note_domain_scope(&self) {
        self.domain_scope.store(true, Ordering::Relaxed);
    }

    /// The server is known to offer the domain scope control.
    pub(super) fn has_domain_scope(&self) -> bool {
        self.domain_scope.load(Ordering::Relaxed)
    }

    /// Ends the connection for this reason, unless an earlier one stands; returns the one that stands.
    pub(super) fn fail(&self, fault: Fault) -> Fault {
        let _ = self.fault.set(fault.clone());
        self.broken.cancel();
        self.fault.get().cloned().unwrap_or(fault)
    }

    /// Why the connection is broken, if it is.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.get().cloned()
    }

    /// What stands behind an error of the library.
    pub(super) async fn cause(&self, error: &LdapError) -> Fault {
        // The tasks end right after the library noticed, but not before it.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.ended.cancelled()).await;
        self.fault()
            .unwrap_or_else(|| self.fail(Fault::Library(error.to_string())))
    }
}
