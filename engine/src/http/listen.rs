//! Listen: which connections are taken, and how long may each part of one take?
//!
//! ```text
//!  accept ─► too many? close ─► TLS ≤ 5 s ─► headers ≤ 5 s ─► request ≤ 60 s ─► next, until an hour or a stop
//! ```
//! - **How it fits**: one task per listener, one per connection; [`serve`] returns when a stop was asked for and open
//!   requests have ended or `DRAIN_TIMEOUT` is over.
//! - LIMIT: `CONNECTIONS_MAX`, `CONNECTIONS_PER_PEER_MAX`, `HEADERS_MAX`, `HEADER_BYTES_MAX`, `URL_BYTES_MAX`,
//!   `HEADER_TIMEOUT`, `REQUEST_TIMEOUT`, `CONNECTION_LIFE_MAX`.
//! - INVARIANT: on a listener with TLS nothing is read or said outside of it.
//! - **Source**: guarantees page 5.3, S1-07, S1-13.
//! - **Not here**: bodies ([`body`](super::body)), certificates ([`tls`](crate::tls)).

use core::net::IpAddr;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    response::{IntoResponse as _, Response},
    serve::Listener,
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{auth::Peer, headers::make_strict, problem::Problem};
use crate::{
    codes::Code,
    limits::{
        CONNECTION_LIFE_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_PEER_MAX, DRAIN_TIMEOUT, HEADER_BYTES_MAX,
        HEADER_TIMEOUT, HEADERS_MAX, REQUEST_TIMEOUT, URL_BYTES_MAX,
    },
    tls::Secured,
};

/// Open connections, by peer.
#[derive(Clone, Debug, Default)]
struct Open(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// One open connection; counted until it is dropped.
#[derive(Debug)]
struct Place {
    open: Open,
    peer: IpAddr,
}

impl Open {
    fn take(&self, peer: IpAddr) -> Option<Place> {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = peers.values().sum();
        let own = peers.get(&peer).copied().unwrap_or(0);
        if all >= CONNECTIONS_MAX || own >= CONNECTIONS_PER_PEER_MAX {
            return None;
        }
        peers.insert(peer, own + 1);
        Some(Place { open: self.clone(), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut peers = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = peers.get_mut(&self.peer) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                peers.remove(&self.peer);
            }
        }
    }
}

/// Serves `routes` on `listener`, on this machine, until `stop` says so.
pub async fn serve(listener: TcpListener, routes: Router, stop: watch::Receiver<bool>) {
    serve_secured(listener, None, routes, stop).await;
}

/// The same; with `tls` to whoever speaks it, and to nobody else.
pub async fn serve_secured(
    mut listener: TcpListener,
    tls: Option<Secured>,
    routes: Router,
    mut stop: watch::Receiver<bool>,
) {
    let open = Open::default();
    let stop_of_all = stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => {}
            // Goes on after a connection that went away, and waits a second when there are too many open files.
            (stream, from) = Listener::accept(&mut listener) => {
                if let Some(place) = open.take(from.ip()) {
                    connections.spawn(connection((stream, tls.clone()), place, routes.clone(), stop_of_all.clone()));
                }
            }
        }
    }
    drop(listener);
    // What is still open after this is dropped with the set.
    let drained = async { while connections.join_next().await.is_some() {} };
    drop(tokio::time::timeout(DRAIN_TIMEOUT, drained).await);
}

async fn connection(
    (stream, tls): (TcpStream, Option<Secured>),
    place: Place,
    routes: Router,
    stop: watch::Receiver<bool>,
) {
    let Some(tls) = tls else { return exchange(stream, place, routes, stop).await };
    match tokio::time::timeout(HEADER_TIMEOUT, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => exchange(stream, place, routes, stop).await,
        // No TLS 1.3, or no certificate where one is wanted: there is nothing to say that anybody could read.
        Ok(Err(error)) => tracing::debug!(peer = %place.peer, %error, "http.tls"),
        Err(_) => tracing::debug!(peer = %place.peer, "http.tls: no word in time"),
    }
}

async fn exchange<S>(stream: S, place: Place, routes: Router, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = place.peer;
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |request: Request<Incoming>| {
        let routes = routes.clone();
        async move { Ok::<_, core::convert::Infallible>(answer(request, peer, &routes).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
    let mut serving = core::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // Closed by the peer, or for breaking a limit: either way there is nothing to say.
        _ = serving.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
        () = tokio::time::sleep(CONNECTION_LIFE_MAX) => {}
    }
    serving.as_mut().graceful_shutdown();
    drop(tokio::time::timeout(REQUEST_TIMEOUT, serving).await);
}

async fn answer(mut request: Request<Incoming>, peer: IpAddr, routes: &TowerToHyperService<Router>) -> Response {
    let length = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let mut response = if length > URL_BYTES_MAX {
        let detail = format!("the address is longer than {URL_BYTES_MAX} bytes");
        Problem::new(StatusCode::URI_TOO_LONG, Code::TooLarge, detail, "Shorten it.").into_response()
    } else {
        request.extensions_mut().insert(Peer(peer));
        match tokio::time::timeout(REQUEST_TIMEOUT, routes.call(request.map(Body::new))).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => {
                let detail = "the request took longer than a minute";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, Code::TooSlow, detail, "Send it again.").into_response()
            }
        }
    };
    make_strict(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_leaves_nothing_behind() {
        let open = Open::default();
        let peer = |n: usize| IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
        let places: Vec<Option<Place>> = (0..CONNECTIONS_MAX).map(|n| open.take(peer(n))).collect();
        assert!(places.iter().all(Option::is_some));
        for n in 0..100 {
            assert!(open.take(peer(CONNECTIONS_MAX + n)).is_none());
        }
        assert_eq!(open.0.lock().unwrap().len(), CONNECTIONS_MAX);
        drop(places);
        assert!(open.0.lock().unwrap().is_empty());
    }
}
