//! Starting, stopping and changing the directory.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;

use rustls::ServerConfig;
use tokio::sync::oneshot;

use super::change::{Change, ChangeError};
use super::connection::Connection;
use super::faults::{Fault, Script};
use super::options::{Limits, Options, Vendor};
use super::tls::{Authority, Certificate, TlsError};
use super::tree::Tree;
use crate::demo::Entry;
use crate::demo::dn::split_first;
use crate::demo::people::{Organisation, ServiceAccount};

/// Why the directory did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No port could be had, or no thread.
    #[error("the demo directory could not start: {0}")]
    Start(#[from] io::Error),
    /// No certificate could be made.
    #[error("the demo directory could not start: {0}")]
    Tls(#[from] TlsError),
    /// The organisation is no tree.
    #[error("the demo directory could not be filled: {0}")]
    Fill(#[from] ChangeError),
}

/// What the directory has been asked so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Connections accepted.
    pub connections: u64,
    /// Binds asked for.
    pub binds: u64,
    /// Searches asked for; each page is one.
    pub searches: u64,
    /// Pages sent.
    pub pages: u64,
    /// Entries sent.
    pub entries: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) connections: AtomicU64,
    pub(super) binds: AtomicU64,
    pub(super) searches: AtomicU64,
    pub(super) pages: AtomicU64,
    pub(super) entries: AtomicU64,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) script: Arc<Script>,
    pub(super) counts: Counts,
    tree: RwLock<Tree>,
    limits: Mutex<HashMap<ServiceAccount, Limits>>,
    tls: Mutex<Arc<ServerConfig>>,
}

impl Shared {
    pub(super) fn tree(&self) -> RwLockReadGuard<'_, Tree> {
        self.tree.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tree_mut(&self) -> RwLockWriteGuard<'_, Tree> {
        self.tree.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tls_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.tls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn limits_of(&self, account: ServiceAccount) -> Limits {
        let limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        limits.get(&account).copied().unwrap_or_default()
    }
}

/// A running directory. Dropping it stops it and closes every connection.
#[derive(Debug)]
pub struct DemoDirectory {
    shared: Arc<Shared>,
    organisation: Organisation,
    authority: Authority,
    port: u16,
    ldaps_port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DemoDirectory {
    /// Fills a directory and starts serving it on free loopback ports, in a thread of its own. Connections are accepted
    /// once this returns.
    ///
    /// # Errors
    /// Where no port, thread or certificate could be had.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let organisation = options.organisation();
        let vendor = options.vendor;
        let mut own = vendor.skeleton(options.referrals);
        // The suffix itself comes first, then what the product has besides.
        let entries = organisation.entries().flat_map(|entry| {
            let more = std::mem::take(&mut own);
            std::iter::once(vendor.entry(entry)).chain(more)
        });
        let tree = Tree::fill(vendor, entries)?;
        let authority = Authority::new("Rollcall demo authority").map_err(TlsError::from)?;
        let config = authority.server_config(options.tls.certificate)?;
        let plain = listen()?;
        let ldaps = if options.tls.ldaps {
            Some(listen()?)
        } else {
            None
        };
        let port = plain.local_addr()?.port();
        let ldaps_port = ldaps
            .as_ref()
            .map_or(Ok(0), |l| l.local_addr().map(|a| a.port()))?;
        let script = Arc::new(Script::default());
        script.set(options.faults.clone());
        let usual = [
            (ServiceAccount::Full, Limits::default()),
            (ServiceAccount::Sync, options.vendor.limits()),
            (ServiceAccount::Weak, Limits::USUAL),
        ];
        let shared = Arc::new(Shared {
            options,
            script,
            counts: Counts::default(),
            tree: RwLock::new(tree),
            limits: Mutex::new(usual.into()),
            tls: Mutex::new(config),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("demo-directory".to_owned())
            .spawn(move || {
                if let Err(error) = runtime.block_on(serve(serving, plain, ldaps, stopped)) {
                    tracing::error!(%error, "demo directory: stopped serving");
                }
            })?;
        Ok(Self {
            shared,
            organisation,
            authority,
            port,
            ldaps_port,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The port for LDAP and StartTLS.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The port for LDAPS; 0 where there is none.
    #[must_use]
    pub const fn ldaps_port(&self) -> u16 {
        self.ldaps_port
    }

    /// The certificate of the authority to trust.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// The name to bind as for a sync.
    #[must_use]
    pub fn bind_name(&self) -> String {
        ServiceAccount::Sync.dn()
    }

    /// The password that goes with [`Self::bind_name`].
    #[must_use]
    pub fn password(&self) -> String {
        self.password_of(ServiceAccount::Sync)
    }

    /// The password of a service account.
    #[must_use]
    pub fn password_of(&self, account: ServiceAccount) -> String {
        self.organisation.password_of(account)
    }

    /// The organisation that it was filled with.
    #[must_use]
    pub const fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// What it has been asked so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let counts = &self.shared.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Seen {
            connections: read(&counts.connections),
            binds: read(&counts.binds),
            searches: read(&counts.searches),
            pages: read(&counts.pages),
            entries: read(&counts.entries),
        }
    }

    /// Puts a new script in place of the old one; it holds for connections that are open too.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.shared.script.set(faults);
    }

    /// Limits one account otherwise from now on.
    pub fn set_limits(&self, account: ServiceAccount, limits: Limits) {
        let mut all = self
            .shared
            .limits
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.insert(account, limits);
    }

    /// Shows another certificate from the next handshake on.
    ///
    /// # Errors
    /// Where it could not be made.
    pub fn set_certificate(&self, certificate: Certificate) -> Result<(), StartError> {
        let config = self.authority.server_config(certificate)?;
        *self
            .shared
            .tls
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// How many entries there are.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.shared.tree().len()
    }

    /// An entry as it stands.
    #[must_use]
    pub fn entry(&self, dn: &str) -> Option<Entry> {
        let tree = self.shared.tree();
        tree.get(dn).ok().map(|node| node.entry.clone())
    }

    /// As which product it shows itself.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        self.shared.options.vendor
    }

    /// Adds an entry; its id and times are made where it has none.
    ///
    /// # Errors
    /// [`ChangeError`], as for all changes below.
    pub fn add(&self, entry: Entry) -> Result<(), ChangeError> {
        self.shared.tree_mut().add(entry)
    }

    /// Changes attributes. Unlike a client, this may change operational ones.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn modify(&self, dn: &str, changes: &[Change]) -> Result<(), ChangeError> {
        self.shared.tree_mut().modify(dn, changes)
    }

    /// Puts these values in place of an attribute's; none removes it.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn set(&self, dn: &str, attribute: &str, values: &[&str]) -> Result<(), ChangeError> {
        let values = values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        self.modify(dn, &[Change::Replace(attribute.to_owned(), values)])
    }

    /// Gives an entry another RDN; its id stays, and references follow. Returns the new DN.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn rename(&self, dn: &str, rdn: &str) -> Result<String, ChangeError> {
        self.shared.tree_mut().rename(dn, rdn, true, None)?;
        Ok(format!("{rdn},{}", split_first(dn).1))
    }

    /// Moves an entry below another one; its id stays, and references follow. Returns the new DN.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn move_to(&self, dn: &str, superior: &str) -> Result<String, ChangeError> {
        let (rdn, _) = split_first(dn);
        self.shared
            .tree_mut()
            .rename(dn, rdn, false, Some(superior))?;
        Ok(format!("{rdn},{superior}"))
    }

    /// Disables an account for good, as an administrator of this product does.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn disable(&self, dn: &str) -> Result<(), ChangeError> {
        let lock = self.vendor().kind().lock;
        self.set(dn, lock.attribute, &[lock.on])
    }

    /// Enables an account again.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn enable(&self, dn: &str) -> Result<(), ChangeError> {
        let lock = self.vendor().kind().lock;
        let off: Vec<&str> = lock.off.into_iter().collect();
        self.set(dn, lock.attribute, &off)
    }

    /// Exchanges the values that two entries have of one attribute, as one change.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn swap(&self, one: &str, other: &str, attribute: &str) -> Result<(), ChangeError> {
        let mut tree = self.shared.tree_mut();
        let ones = tree.get(one)?.entry.values(attribute).to_vec();
        let others = tree.get(other)?.entry.values(attribute).to_vec();
        tree.modify(one, &[Change::Replace(attribute.to_owned(), others)])?;
        tree.modify(other, &[Change::Replace(attribute.to_owned(), ones)])
    }

    /// Deletes an entry that has none below it, and every reference to it.
    ///
    /// # Errors
    /// See [`Self::add`].
    pub fn delete(&self, dn: &str) -> Result<(), ChangeError> {
        self.shared.tree_mut().delete(dn)
    }
}

impl Drop for DemoDirectory {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has stopped too.
            let _ = thread.join();
        }
    }
}

fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts until told to stop. Connections are tasks of the runtime, which end with it.
async fn serve(
    shared: Arc<Shared>,
    plain: TcpListener,
    ldaps: Option<TcpListener>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let accept = |listener: TcpListener, protected: bool| {
        let shared = Arc::clone(&shared);
        async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                // A client that is gone before it was accepted concerns nobody else.
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let _ = stream.set_nodelay(true);
                tokio::spawn(Connection::new(stream, Arc::clone(&shared)).serve(protected));
            }
        }
    };
    let protected = async {
        match ldaps {
            Some(listener) => accept(listener, true).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = accept(plain, false) => ended,
        ended = protected => ended,
        _ = stopped => Ok(()),
    }
}
