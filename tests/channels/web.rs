//! Web: an HTTP server that writes down what it hears and behaves as it is told.

use std::{convert::Infallible, sync::Arc};

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use wardline_connectors::adapters::{Sink, post::Terms};

use super::{
    Web,
    contract::{Behaviour, Heard, Stand},
};

/// A sink in front of a fresh server, which accepts with this status and body.
pub(crate) async fn stand(sink: Web, behaviour: Behaviour, accepts: (u16, &'static str)) -> Stand {
    stand_on(sink, behaviour, accepts, Terms::default()).await
}

/// The same on other terms.
pub(crate) async fn stand_on(sink: Web, behaviour: Behaviour, accepts: (u16, &'static str), terms: Terms) -> Stand {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (heard, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let heard = heard.clone();
            let service = service_fn(move |request| answer(request, heard.clone(), behaviour, accepts));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Stand { sink: sink(&url, terms).unwrap(), heard: receiver }
}

/// A sink whose server is gone.
pub(crate) async fn closed(sink: Web) -> Arc<dyn Sink> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    sink(&url, Terms::default()).unwrap()
}

async fn answer(
    request: Request<Incoming>,
    heard: UnboundedSender<Heard>,
    behaviour: Behaviour,
    accepts: (u16, &'static str),
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let lines = parts.headers.iter().map(|(name, text)| format!("{name}: {}\n", text.to_str().unwrap_or("")));
    let head = format!("{} {}\n{}", parts.method, parts.uri, lines.collect::<String>());
    drop(heard.send(Heard { head, body: String::from_utf8_lossy(&body).into_owned() }));
    let reply = |status: u16, text: &'static str| Response::builder().status(status).body(Full::from(text)).unwrap();
    match behaviour {
        Behaviour::Accept => Ok(reply(accepts.0, accepts.1)),
        Behaviour::Refuse => Ok(reply(403, "no")),
        Behaviour::Later => {
            let mut later = reply(429, "later");
            later.headers_mut().insert("retry-after", "7".parse().unwrap());
            Ok(later)
        }
        Behaviour::Fail => Ok(reply(500, "oh")),
        Behaviour::Break => Err(std::io::Error::other("as it was told")),
        Behaviour::Hang => match std::future::pending::<Infallible>().await {},
    }
}
