//! `serve`: many tenants, unattended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::asked_to_stop;
use crate::ports::TenantId;
use crate::service::http::Api;
use crate::service::{Host, HostConfig, Platforms};
use crate::tenant::Hook;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; only on this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Runs at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    runs: u16,
    /// Spread tenants that are due at the same moment over so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    jitter: u64,
    /// How long runs may go on after a wish to end, in seconds; then they stop at a safe point
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    drain: u64,
}

impl Serve {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        if !self.listen.ip().is_loopback() {
            return Err(Problem::new(
                "listen-open",
                format!(
                    "{} can be reached from other machines, and tokens would go there readably",
                    self.listen
                ),
                "Listen on 127.0.0.1 or ::1, and put a proxy with TLS before it.",
            )
            .into());
        }
        let store = app.store().await?;
        let listener = TcpListener::bind(self.listen).await.map_err(|error| {
            Problem::new(
                "listen-failed",
                format!("{} cannot be listened on: {error}", self.listen),
                "Look whether another program listens there, or choose another port.",
            )
        })?;
        let address = listener.local_addr().unwrap_or(self.listen);
        let config = HostConfig {
            runs: self.runs.into(),
            jitter: Duration::from_secs(self.jitter),
            drain: Duration::from_secs(self.drain),
            ..HostConfig::default()
        };
        let sandbox = app.sandbox()?;
        let (policies, platforms) = (app.policies(), app.platforms(store.clone(), sandbox));
        let served: Platforms =
            Arc::new(move |tenant: &TenantId| Ok(platforms(policies.get(tenant)?)));
        let host = Host::new(config, served, Arc::new(store.clone()));
        let mut page = app.out.page();
        page.done(&format!("Serving on http://{address}"));
        app.out.say(page)?;
        let ending = host.clone();
        tokio::spawn(async move {
            asked_to_stop().await;
            ending.end();
        });
        let api = Api::new(host.clone(), &store).router();
        let service = api.into_make_service_with_connect_info::<SocketAddr>();
        let gone = host.ended();
        let answering = tokio::spawn(async move {
            axum::serve(listener, service)
                .with_graceful_shutdown(gone)
                .await
        });
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
