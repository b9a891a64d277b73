//! Render: how does an answer leave over HTTP?
//!
//! ```text
//!  up to 1 MiB ─► whole, with its length        more ─► in pieces as rows come, and broken off if they end in an error
//! ```
//! - LIMIT: `ROWS_MAX` rows and `TEXT_ANSWER_BYTES_MAX` of text, `COPY_ROWS_MAX` and `COLUMNS_ANSWER_BYTES_MAX` of Arrow and
//!   Parquet. What goes beyond is an error, and never looks whole.
//! - **Not here**: what a row looks like ([`form`]), formats of the Postgres wire ([`crate::pg`]).

mod form;

use form::Form;

use crate::{
    codes::Code,
    error::Error,
    limits::{COLUMNS_ANSWER_BYTES_MAX, COPY_ROWS_MAX, ROWS_MAX, TEXT_ANSWER_BYTES_MAX},
    session::Answer,
};

pub(crate) use form::instant;
#[cfg(test)]
pub(crate) use form::{type_name, value};

/// A form of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Format {
    /// One object with schema and rows.
    #[default]
    Json,
    /// One object for each row.
    Jsonl,
    /// RFC 4180 with a header.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    /// A file of Parquet.
    Parquet,
}

impl Format {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "json" => Some(Self::Json),
            "jsonl" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "arrow" => Some(Self::Arrow),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The most rows and bytes.
    const fn most(self) -> (usize, usize) {
        match self {
            Self::Json | Self::Jsonl | Self::Csv => (ROWS_MAX, TEXT_ANSWER_BYTES_MAX),
            Self::Arrow | Self::Parquet => (COPY_ROWS_MAX, COLUMNS_ANSWER_BYTES_MAX),
        }
    }
}

/// An answer on its way.
#[derive(Debug)]
pub(crate) struct Rendering {
    answer: Answer,
    format: Format,
    /// `None` once its end was written.
    form: Option<Form>,
    limit: Option<usize>,
    rows: usize,
    bytes: usize,
    is_limited: bool,
}

impl Rendering {
    /// The answer in a format, with at most so many rows if less is enough.
    ///
    /// # Errors
    /// Columns that the format does not have.
    pub(crate) fn new(answer: Answer, format: Format, limit: Option<usize>) -> Result<Self, Error> {
        let form = Some(Form::new(format, &answer.schema)?);
        Ok(Self { answer, format, form, limit, rows: 0, bytes: 0, is_limited: false })
    }

    /// Whether all of it was given out.
    pub(crate) const fn is_over(&self) -> bool {
        self.form.is_none()
    }

    /// Whether rows were left out because `limit` asked for it.
    pub(crate) const fn is_limited(&self) -> bool {
        self.is_limited
    }

    /// From where its rows are.
    pub(crate) fn commit(&self) -> &wardline_tables::frame::Commit {
        &self.answer.snapshot.commit
    }

    /// The next bytes: `least` of them, or fewer at the end; nothing behind it.
    ///
    /// # Errors
    /// WL1511, or what the statement runs into. What was given out before is not an answer then.
    pub(crate) async fn next(&mut self, least: usize) -> Result<Vec<u8>, Error> {
        let Some(mut form) = self.form.take() else { return Ok(Vec::new()) };
        let mut piece = Vec::new();
        while piece.len() < least {
            let Some(batch) = self.answer.next().await else {
                piece.extend(form.end(&self.answer)?);
                return self.given(piece);
            };
            let batch = self.fitting(batch?)?;
            form.add(&batch)?;
            piece.extend(form.take());
            if self.is_limited {
                self.answer.is_enough();
                piece.extend(form.end(&self.answer)?);
                return self.given(piece);
            }
            if self.bytes + piece.len() + form.waiting() > self.format.most().1 {
                let most = self.format.most().1 >> 20;
                let error = Error::new(Code::Rows, format!("the answer has more than {most} MiB"));
                return Err(self.answer.failed(error));
            }
        }
        self.form = Some(form);
        self.given(piece)
    }

    fn given(&mut self, piece: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.bytes += piece.len();
        self.answer.sent(piece.len());
        Ok(piece)
    }

    /// As much of a batch as may be given out.
    fn fitting(&mut self, batch: arrow::array::RecordBatch) -> Result<arrow::array::RecordBatch, Error> {
        let allowed = self.format.most().0;
        let most = self.limit.unwrap_or(allowed).min(allowed);
        let batch = if self.rows + batch.num_rows() > most {
            if self.limit.is_none_or(|limit| limit > allowed) {
                let error = Error::new(Code::Rows, format!("the answer has more than {allowed} rows"));
                return Err(self.answer.failed(error));
            }
            self.is_limited = true;
            batch.slice(0, most - self.rows)
        } else {
            batch
        };
        self.rows += batch.num_rows();
        Ok(batch)
    }
}
