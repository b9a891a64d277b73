//! Http: how is a batch posted?
//!
//! One request at a time on a kept-open HTTP/1.1 connection.
//! - LIMIT: `ANSWER_BYTES_MAX` in [`limits`](crate::limits); of a longer answer only the status counts, and the connection is closed.
//! - **Not here**: opening it again after it broke (`client`).

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::limits::ANSWER_BYTES_MAX;
use crate::result::Ending;

/// An open connection.
pub(super) type Http = SendRequest<Full<Bytes>>;

/// Opens a connection.
pub(super) async fn open(authority: &str) -> Option<Http> {
    let socket = TcpStream::connect(authority).await.ok()?;
    socket.set_nodelay(true).ok()?;
    let (mut sender, driver) = handshake(TokioIo::new(socket)).await.ok()?;
    // The connection lives as long as its sender; how it ends shows in the answers.
    drop(tokio::spawn(driver));
    sender.ready().await.ok()?;
    Some(sender)
}

/// Posts a batch; whether the connection can be used again is `Some`.
pub(super) async fn post(
    mut http: Http,
    authority: &str,
    (path, key): (&Uri, Option<&str>),
    body: Bytes,
) -> (Ending, Option<Http>) {
    if http.ready().await.is_err() {
        return (Ending::Failed, None);
    }
    let mut request = Request::post(path.clone()).header(HOST, authority).header(CONTENT_TYPE, "application/x-ndjson");
    if let Some(key) = key {
        request = request.header(AUTHORIZATION, format!("Bearer {key}"));
    }
    let Ok(request) = request.body(Full::new(body)) else {
        return (Ending::Failed, Some(http));
    };
    let Ok(response) = http.send_request(request).await else {
        return (Ending::Failed, None);
    };
    let ending = ending(response.status());
    // The answer is read to its end, so that the connection can be used again.
    let is_read = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await.is_ok();
    (ending, is_read.then_some(http))
}

fn ending(status: StatusCode) -> Ending {
    match status {
        _ if status.is_success() => Ending::Accepted,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Ending::Refused,
        _ => Ending::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_is_refused_and_the_rest_is_failed() {
        let codes = [200, 202, 429, 503, 400, 401, 500].map(|code| ending(StatusCode::from_u16(code).unwrap()));
        use Ending::{Accepted, Failed, Refused};
        assert_eq!(codes, [Accepted, Accepted, Refused, Refused, Failed, Failed, Failed]);
    }
}
