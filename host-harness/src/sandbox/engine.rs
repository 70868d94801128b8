//! The wasmtime engine: one for the process, with its clock and its compile cache.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Cache, CacheConfig, Config, Engine};

use super::SandboxConfig;
use super::failure::internal;
use super::guest::Guest;
use super::imports;
use super::plugin::{Loaded, Plugin};
use crate::Problem;

/// How often a running plugin is looked at.
const TICK: Duration = Duration::from_millis(10);

/// Loads plugins and runs them. Clones share everything. Needs a tokio runtime with timers.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

/// What all plugins of a sandbox share.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Guest>,
    pub(super) permits: Arc<Semaphore>,
    ticker: Ticker,
    pub(super) config: SandboxConfig,
    loaded: Mutex<HashMap<String, Weak<Loaded>>>,
}

impl Sandbox {
    /// Sets up an engine.
    ///
    /// # Errors
    /// `sandbox-unavailable` where this machine cannot run one.
    pub fn new(config: SandboxConfig) -> Result<Self, Problem> {
        Self::start(config)
            .map(|shared| Self(Arc::new(shared)))
            .map_err(|error| {
                Problem::new(
                    "sandbox-unavailable",
                    format!("plugins cannot be run here: {error:#}"),
                    "Check that this processor and operating system are supported by wasmtime.",
                )
            })
    }

    /// Loads a component: checks what it imports and exports, and compiles it, unless this was done before.
    ///
    /// # Errors
    /// `component-too-large`, `not-a-component`, `import-refused`, `export-missing`.
    pub async fn load(&self, bytes: &[u8]) -> Result<Plugin, Problem> {
        if bytes.len() > self.0.config.component_size {
            return Err(Problem::new(
                "component-too-large",
                format!(
                    "the component has {} bytes; this host accepts {}",
                    bytes.len(),
                    self.0.config.component_size
                ),
                "Build it in release mode, without debug information.",
            ));
        }
        let digest = hexadecimal(&Sha256::digest(bytes));
        if let Some(loaded) = self.remembered(&digest) {
            return Ok(Plugin::new(loaded));
        }
        let shared = Arc::clone(&self.0);
        let bytes = bytes.to_vec();
        let loaded = tokio::task::spawn_blocking(move || Loaded::new(shared, digest, &bytes))
            .await
            .map_err(|error| internal("loading the component", &error))??;
        let loaded = Arc::new(loaded);
        self.known()
            .insert(loaded.digest.clone(), Arc::downgrade(&loaded));
        Ok(Plugin::new(loaded))
    }

    /// The plugin of this digest, where it is loaded and somebody still holds it.
    #[must_use]
    pub fn loaded(&self, digest: &str) -> Option<Plugin> {
        self.remembered(digest).map(Plugin::new)
    }

    fn start(config: SandboxConfig) -> wasmtime::Result<Shared> {
        let mut settings = Config::new();
        settings.epoch_interruption(true);
        if let Some(directory) = &config.cache {
            settings.cache(open_cache(directory));
        }
        let engine = Engine::new(&settings)?;
        let mut linker = Linker::new(&engine);
        imports::add_to_linker(&mut linker)?;
        Ok(Shared {
            ticker: Ticker::start(engine.clone())?,
            permits: Arc::new(Semaphore::new(config.concurrent_calls.max(1))),
            engine,
            linker,
            config,
            loaded: Mutex::default(),
        })
    }

    fn remembered(&self, digest: &str) -> Option<Arc<Loaded>> {
        self.known().get(digest)?.upgrade()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Weak<Loaded>>> {
        let mut known = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, loaded| loaded.strong_count() > 0);
        known
    }
}

impl Shared {
    /// Lets the engine's clock run until the returned value is dropped.
    pub(super) fn running(&self) -> Running {
        self.ticker.running()
    }
}

fn open_cache(directory: &Path) -> Option<Cache> {
    let mut config = CacheConfig::new();
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    config.with_directory(absolute);
    match Cache::new(config) {
        Ok(cache) => Some(cache),
        Err(error) => {
            tracing::warn!(
                directory = %directory.display(),
                error = format!("{error:#}"),
                "compiled components are not kept: the cache directory cannot be used"
            );
            None
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A thread that advances the engine's epoch while calls run, and sleeps otherwise.
struct Ticker(Arc<Turns>);

#[derive(Default)]
struct Turns {
    state: Mutex<TurnState>,
    changed: Condvar,
}

#[derive(Default)]
struct TurnState {
    running: usize,
    closed: bool,
}

/// A call is running.
pub(super) struct Running(Arc<Turns>);

impl Ticker {
    fn start(engine: Engine) -> std::io::Result<Self> {
        let turns = Arc::new(Turns::default());
        let mine = Arc::clone(&turns);
        std::thread::Builder::new()
            .name("plugin-clock".into())
            .spawn(move || {
                while mine.wait() {
                    std::thread::sleep(TICK);
                    engine.increment_epoch();
                }
            })?;
        Ok(Self(turns))
    }

    fn running(&self) -> Running {
        self.0.change(|state| state.running += 1);
        Running(Arc::clone(&self.0))
    }
}

impl Turns {
    /// Waits until a call runs; false at the end.
    fn wait(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self
            .changed
            .wait_while(state, |state| state.running == 0 && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }

    fn change(&self, change: impl FnOnce(&mut TurnState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.change(|state| state.running -= 1);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.change(|state| state.closed = true);
    }
}
