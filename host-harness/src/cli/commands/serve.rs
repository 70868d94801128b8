//! `serve`: many tenants, unattended.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;
use serde_json::json;
use zeroize::Zeroizing;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::asked_to_stop;
use crate::ports::TenantId;
use crate::service::console::Console;
use crate::service::http::{Api, Door, Protection, answer};
use crate::service::{Host, HostConfig, Platforms, Watcher};
use crate::tenant::Hook;

use super::origin::{Origin, origin};
use super::user::setup_link;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; on other addresses than this machine's own with TLS or a trusted proxy only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where browsers reach the service, for links: its origin, such as https://rollcall.example.org; without it, what it listens on
    #[arg(long, value_name = "URL", env = "ROLLCALL_PUBLIC_URL", hide_env_values = true, value_parser = origin)]
    public_url: Option<Origin>,
    /// PEM file of the certificate, with those that issued it
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// PEM file of the certificate's private key
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// An address or network of a proxy with TLS, the only one that is let in; may be given more than once
    #[arg(long, value_name = "NETWORK", conflicts_with = "tls_certificate", value_parser = network)]
    trusted_proxy: Vec<IpNet>,
    /// Runs at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    runs: u16,
    /// Spread tenants that are due at the same moment over so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    jitter: u64,
    /// How long runs may go on after a wish to end, in seconds; then they stop at a safe point
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    drain: u64,
    /// Tell in /metrics how late each tenant is and when it was last synced: with their names, to everybody who can read it
    #[arg(long)]
    tenant_metrics: bool,
    /// With whom whoever opens the link logs in.
    #[arg(skip)]
    login: Option<Login>,
}

/// The user of a demo. The password is in the link that opens its console.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) password: Zeroizing<String>,
}

/// An address, or a network of them.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "no address and no network, such as 10.0.0.0/8".to_owned())
}

impl Serve {
    /// Serves a demo on this machine alone.
    pub(crate) fn of_demo(listen: SocketAddr, login: Login) -> Self {
        Self {
            listen,
            tls_certificate: None,
            tls_key: None,
            trusted_proxy: Vec::new(),
            runs: 2,
            jitter: 0,
            drain: 20,
            tenant_metrics: false,
            public_url: None,
            login: Some(login),
        }
    }

    fn protection(&self) -> Result<Protection, Problem> {
        match (&self.tls_certificate, &self.tls_key) {
            (Some(chain), Some(key)) => Protection::tls(chain, key),
            _ if self.trusted_proxy.is_empty() => Ok(Protection::Loopback),
            _ => Ok(Protection::Proxy(self.trusted_proxy.clone())),
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        // From here on: whoever reads where it serves may already end it.
        let wish = asked_to_stop();
        let store = app.store().await?;
        let door = Door::open(self.listen, self.protection()?).await?;
        let address = door.address();
        let config = HostConfig {
            runs: self.runs.into(),
            jitter: Duration::from_secs(self.jitter),
            drain: Duration::from_secs(self.drain),
            ..HostConfig::default()
        };
        let platform = app.platform().await?;
        let served: Platforms = Arc::new(move |_: &TenantId| Ok(platform.clone()));
        let host = Host::new(config, served, store.clone(), store.clone(), store.clone());
        let scheme = if self.tls_key.is_some() {
            "https"
        } else {
            "http"
        };
        let console = Console::new(store.clone(), store.clone(), store.clone())?;
        let mut page = app.out.page();
        page.done(&format!("Serving on {scheme}://{address}"));
        // Whoever starts the service, and reads this, may make its first user.
        if let Some(Login { name, password }) = &self.login {
            page.raw("Open this, and you are logged in:");
            page.raw(&format!(
                "{scheme}://{address}/login#{name}:{}",
                password.as_str()
            ));
        } else if !app.out.json && !app.out.quiet {
            match console.offer_setup().await {
                Ok(secret) => {
                    page.raw(
                        "There is no user yet. Make the first one here, once and within 24 hours:",
                    );
                    let listening = Origin::of(scheme, address);
                    let origin = self.public_url.as_ref().unwrap_or(&listening);
                    page.raw(&setup_link(origin, &secret));
                }
                Err(problem) if problem.code == "set-up-done" => {}
                Err(problem) => return Err(problem.into()),
            }
        }
        app.out.say(page)?;
        let ending = host.clone();
        tokio::spawn(async move {
            wish.await;
            ending.end();
        });
        let (overview, shape) = (store.clone(), store.versions().to);
        let watcher = Watcher::new(host.clone(), overview, shape, app.data.clone(), app.keys())
            .with_tenant_metrics(self.tenant_metrics);
        let api = Api::new(watcher, store.clone(), store, console)
            .of_demo(self.login.is_some())
            .router();
        let answering = tokio::spawn(answer(door, api, host.ended()));
        host.run().await;
        // Whoever follows a run that never ends is not waited for.
        let _ = tokio::time::timeout(Duration::from_secs(5), answering).await;
        let mut page = app.out.page();
        page.done("Ended.");
        Ok(Answer::done(
            page,
            json!({ "address": address.to_string() }),
        ))
    }
}
