//! Answers whoever comes in at the door, with limits on how long and how many.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::serve::Listener as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::door::Door;

/// How long a client may take for a request's head, the time before it included: an idle connection ends.
const HEAD: Duration = Duration::from_secs(30);
/// How often a client of HTTP/2 is asked whether it is there, and for how long it may be silent.
const ALIVE: Duration = Duration::from_secs(30);
/// Requests that a connection of HTTP/2 may have at once.
const STREAMS: u32 = 64;
/// Connections at once, at most.
const CONNECTIONS: usize = 4_096;

/// Answers until `gone`, and lets what is being answered then come to its end.
pub async fn answer(mut door: Door, routes: Router, gone: impl Future<Output = ()> + Send) {
    let room = Arc::new(Semaphore::new(connections()));
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE)
        .max_concurrent_streams(STREAMS);
    let ending = GracefulShutdown::new();
    tokio::pin!(gone);
    loop {
        let accepted = async {
            let turn = Arc::clone(&room).acquire_owned().await;
            (turn, door.accept().await)
        };
        let (turn, (stream, peer)) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut gone => break,
        };
        let routes = routes.clone();
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let routes = routes.clone();
            async move {
                Ok::<_, Infallible>(
                    routes
                        .oneshot(request)
                        .await
                        .unwrap_or_else(|never| match never {}),
                )
            }
        });
        let connection = server.serve_connection(TokioIo::new(stream), service);
        let connection = ending.watch(connection.into_owned());
        tokio::spawn(async move {
            let _turn = turn;
            // How a connection breaks off is the client's affair.
            let _ = connection.await;
        });
    }
    drop(door);
    ending.shutdown().await;
}

/// Half of the files that the process may have open: databases and directories need some too.
pub(super) fn connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let half = limit.map_or(CONNECTIONS, |limit| {
        usize::try_from(limit / 2).unwrap_or(CONNECTIONS)
    });
    half.clamp(16, CONNECTIONS)
}
