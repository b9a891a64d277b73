//! HTTP: how is a statement asked over HTTP, and what does the answer say about itself?
//!
//! `POST /v1/sql`, the same as `GET`, `GET /v1/schema` and `GET /health/ready`. Whoever goes away ends their statement.
//!
//! - **Source**: analytics page 5.1.
//! - **Not here**: the listener and its timeouts (the program's), the Postgres wire ([`crate::pg`]).

use std::sync::Arc;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use datafusion::{common::ParamValues, scalar::ScalarValue};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use wardline_tables::schema::{DEFINITIONS, SCHEMA_VERSION};

use crate::{
    access::{Access, Asker, Key, Role, now},
    codes::Code,
    error::Error,
    limits::{PIECE_BYTES, UNHEARD_MAX, WHOLE_ANSWER_BYTES},
    render::{Format, Rendering, instant},
    session::Sql,
    views,
};

/// What every request needs.
#[derive(Clone, Debug)]
struct Api {
    sql: Arc<Sql>,
    access: Arc<Access>,
}

/// A statement as it is sent.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(alias = "q")]
    sql: String,
    #[serde(default)]
    params: Vec<Value>,
    format: Option<String>,
    min_epoch: Option<u64>,
    limit: Option<usize>,
}

/// The routes of the query process.
pub fn router(sql: Arc<Sql>, access: Arc<Access>) -> Router {
    Router::new()
        .route("/v1/sql", post(by_post).get(by_get))
        .route("/v1/schema", get(schema))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Api { sql, access })
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code.text(),
            "sqlstate": self.code.sqlstate(),
            "message": self.message,
            "help": self.help,
        });
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        if self.code == Code::Busy {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

async fn by_post(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Result<Response, Error> {
    let asker = api.asker(&headers)?;
    let asked = serde_json::from_slice(&body);
    answer(&api, &asker, asked.map_err(|error| Error::new(Code::Parameter, format!("the body: {error}")))?).await
}

async fn by_get(State(api): State<Api>, headers: HeaderMap, asked: Query<Asked>) -> Result<Response, Error> {
    let asker = api.asker(&headers)?;
    answer(&api, &asker, asked.0).await
}

async fn answer(api: &Api, asker: &Asker, asked: Asked) -> Result<Response, Error> {
    let word = asked.format.as_deref().unwrap_or("json");
    let format = Format::parse(word)
        .ok_or_else(|| Error::new(Code::Parameter, format!("`{word}` is none of json, jsonl, csv, arrow, parquet")))?;
    if let Some(epoch) = asked.min_epoch {
        api.sql.wait_for(epoch).await?;
    }
    let planned = api.sql.plan(&asked.sql, asker).await?;
    let parameters: Vec<ScalarValue> = asked.params.iter().map(scalar).collect::<Result<_, _>>()?;
    let parameters = (!parameters.is_empty()).then(|| ParamValues::from(parameters));
    let answer = api.sql.run(&planned, parameters, None).await?;
    let mut rendering = Rendering::new(answer, format, asked.limit)?;
    // Whether rows were left out is known at the end, and said in the head.
    let kept = if asked.limit.is_some() { usize::MAX } else { WHOLE_ANSWER_BYTES };
    let first = rendering.next(kept).await?;
    let (commit, is_limited) = (rendering.commit().clone(), rendering.is_limited());
    let mut response = if rendering.is_over() {
        first.into_response()
    } else {
        Body::from_stream(pieces(first, rendering)).into_response()
    };
    let headers = response.headers_mut();
    if format == Format::Parquet {
        headers
            .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"wardline.parquet\""));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    let mut add = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("x-wardline-epoch", commit.epoch.to_string());
    add("x-wardline-at", instant(Some(commit.at)).unwrap_or_default());
    add("x-wardline-watermark", instant(commit.watermark_at).unwrap_or_default());
    add("x-wardline-schema-version", SCHEMA_VERSION.to_string());
    if is_limited {
        add("x-wardline-limited", "true".to_owned());
    }
    Ok(response)
}

/// The rest of a long answer. An error breaks it off: what was sent is no whole body then, and no reader takes it for one.
/// Whoever goes away drops it, and with it the statement.
fn pieces(first: Vec<u8>, rendering: Rendering) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    let rest = stream::try_unfold(rendering, |mut rendering| async move {
        if rendering.is_over() {
            return Ok(None);
        }
        let piece = rendering.next(PIECE_BYTES).await?;
        Ok(Some((Bytes::from(piece), rendering)))
    });
    stream::once(async move { Ok(Bytes::from(first)) }).chain(rest)
}

fn scalar(value: &Value) -> Result<ScalarValue, Error> {
    Ok(match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(yes) => ScalarValue::from(*yes),
        Value::String(text) => ScalarValue::from(text.as_str()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => ScalarValue::from(whole),
            (None, Some(float)) => ScalarValue::from(float),
            (None, None) => return Err(Error::new(Code::Parameter, "a number out of range")),
        },
        Value::Array(_) | Value::Object(_) => {
            return Err(Error::new(Code::Parameter, "a parameter is a text, a number, true, false or null"));
        }
    })
}

async fn schema(State(api): State<Api>, headers: HeaderMap) -> Result<Json<Value>, Error> {
    let role = api.asker(&headers)?.role;
    let tables: Vec<Value> = DEFINITIONS
        .iter()
        .filter(|definition| role.sees(definition.table.name()))
        .map(|definition| {
            let shown = definition.all_columns().filter(|column| !column.is_private || role == Role::Phi);
            let columns: Vec<Value> = shown
                .map(|column| {
                    json!({
                        "name": column.name,
                        "type": column.kind.name(),
                        "nullable": column.is_nullable,
                        "comment": column.comment,
                    })
                })
                .collect();
            let key: Vec<&str> = definition.key_names().collect();
            json!({ "name": definition.table.name(), "comment": definition.comment, "key": key, "columns": columns })
        })
        .collect();
    let views = views::all().filter(|view| role.sees(view.name));
    let views: Vec<Value> = views.map(|view| json!({ "name": view.name, "comment": view.comment })).collect();
    Ok(Json(json!({ "schema_version": SCHEMA_VERSION, "tables": tables, "views": views })))
}

async fn metrics(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Error> {
    let may = api.access.is_open() || api.key(&headers)?.reads_metrics;
    if !may {
        return Err(Error::new(Code::Role, "this key may not read metrics"));
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, api.sql.metrics()).into_response())
}

async fn ready(State(api): State<Api>) -> Result<Json<Value>, Error> {
    let snapshot = api.sql.fresh(UNHEARD_MAX)?;
    let commit = &snapshot.commit;
    Ok(Json(json!({
        "epoch": commit.epoch,
        "at": instant(Some(commit.at)),
        "began_after": snapshot.began_after(),
        "holes": snapshot.holes(),
    })))
}

impl Api {
    fn asker(&self, headers: &HeaderMap) -> Result<Asker, Error> {
        if self.access.is_open() {
            return Ok(Asker::new("loopback", Role::Phi, "http"));
        }
        let key = self.key(headers)?;
        let role = key.role.ok_or_else(|| Error::new(Code::Role, "this key has no role that may ask"))?;
        Ok(Asker::new(&key.name, role, "http"))
    }

    fn key(&self, headers: &HeaderMap) -> Result<&Key, Error> {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let secret = sent.and_then(|text| text.strip_prefix("Bearer "));
        let key = secret.and_then(|secret| self.access.find(secret, now()));
        key.ok_or_else(|| Error::new(Code::Login, "no valid key"))
    }
}
