//! Problem: what does a caller hear when it does not go well?
//!
//! Always JSON of one shape, with a code to look up and one thing to do; never a word of what was sent.
//!
//! - **Source**: RFC 9457; style page 6.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{codes::Code, runtime::admission::Refusal};

/// A request that ends otherwise than its sender wished.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    status: StatusCode,
    code: Code,
    detail: String,
    help: &'static str,
    retry_after: Option<u32>,
}

impl Problem {
    /// With what is wrong here and what to do.
    #[must_use]
    pub fn new(status: StatusCode, code: Code, detail: impl Into<String>, help: &'static str) -> Self {
        Self { status, code, detail: detail.into(), help, retry_after: None }
    }

    /// With the seconds after which to come again.
    #[must_use]
    pub const fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A body that says something else than it should.
    #[must_use]
    pub fn body(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Body, detail, "Compare it with the reference of this path.")
    }

    /// A request larger than anything that is taken.
    #[must_use]
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge, detail, "Send it in smaller parts.")
    }

    /// A body that comes too slowly.
    #[must_use]
    pub fn too_slow() -> Self {
        let detail = "the body comes slower than one kibibyte a second";
        Self::new(StatusCode::REQUEST_TIMEOUT, Code::TooSlow, detail, "Send it again; nothing was taken.")
    }

    /// Nothing by this name that the caller may see.
    #[must_use]
    pub fn missing(what: &str) -> Self {
        let detail = format!("there is no such {what}");
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, detail, "Check the path.")
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        const AGAIN: &str = "Send it again later; nothing was taken.";
        match refusal {
            Refusal::FeedBusy => {
                let detail = "this feed has its share of the queue";
                Self::new(StatusCode::TOO_MANY_REQUESTS, Code::Busy, detail, AGAIN).after(1)
            }
            Refusal::Busy => {
                let detail = "the engine is busy";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Busy, detail, AGAIN).after(5)
            }
            Refusal::Closed => {
                let detail = "the engine takes nothing now";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Closed, detail, AGAIN).after(30)
            }
            Refusal::TooLarge => Self::too_large("what it says is more than one record of the log can hold"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "status": self.status.as_u16(),
            "code": self.code.text(),
            "title": self.code.title(),
            "detail": self.detail,
            "help": self.help,
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// No route.
pub(super) async fn not_found() -> Problem {
    Problem::missing("path")
}

/// A route, and not with this method.
pub(super) async fn wrong_method() -> Problem {
    let detail = "this path does not have this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, Code::MethodRefused, detail, "See the header `allow`.")
}
