//! Cursor: how does a session read an answer in parts of its own size?
//!
//! `DECLARE` begins a statement, `FETCH` takes rows, `CLOSE`, the end of the transaction or of the session ends it. The
//! statement's time counts over all of it.
//!
//! - LIMIT: `CURSORS_MAX` of one session: each open one holds one of the few turns that all share.

use std::collections::BTreeMap;

use arrow::{array::RecordBatch, datatypes::SchemaRef};

use crate::{codes::Code, error::Error, limits::CURSORS_MAX, session::Answer};

/// An answer that is being read.
#[derive(Debug)]
pub(super) struct Cursor {
    answer: Answer,
    left: Option<RecordBatch>,
    is_over: bool,
}

/// Those of a session.
#[derive(Debug, Default)]
pub(super) struct Cursors(BTreeMap<String, Cursor>);

impl Cursors {
    /// Opens one.
    ///
    /// # Errors
    /// WL1514 for a name that is taken, WL1513 beyond the limit.
    pub(super) fn open(&mut self, name: &str, answer: Answer) -> Result<(), Error> {
        if self.0.contains_key(name) {
            return Err(Error::new(Code::Parameter, format!("the cursor `{name}` is open already")));
        }
        if self.0.len() >= CURSORS_MAX {
            return Err(Error::new(Code::Busy, format!("a session has at most {CURSORS_MAX} open cursors")));
        }
        self.0.insert(name.to_owned(), Cursor { answer, left: None, is_over: false });
        Ok(())
    }

    /// The columns of one.
    pub(super) fn schema(&self, name: &str) -> Option<SchemaRef> {
        self.0.get(name).map(|cursor| cursor.answer.schema.clone())
    }

    /// Its next rows, at most so many.
    ///
    /// # Errors
    /// WL1514 for one that is not open, and what the statement runs into.
    pub(super) async fn fetch(&mut self, name: &str, most: usize) -> Result<Vec<RecordBatch>, Error> {
        let cursor = self.0.get_mut(name).ok_or_else(|| unknown(name))?;
        cursor.take(most).await
    }

    /// Closes one, or all.
    ///
    /// # Errors
    /// WL1514 for one that is not open.
    pub(super) fn close(&mut self, name: Option<&str>) -> Result<(), Error> {
        match name {
            None => self.0.clear(),
            Some(name) => drop(self.0.remove(name).ok_or_else(|| unknown(name))?),
        }
        Ok(())
    }
}

/// That there is no such cursor.
pub(super) fn unknown(name: &str) -> Error {
    let name: String = name.chars().take(60).collect();
    Error::new(Code::Parameter, format!("there is no open cursor `{name}`"))
}

impl Cursor {
    async fn take(&mut self, most: usize) -> Result<Vec<RecordBatch>, Error> {
        let (mut taken, mut count) = (Vec::new(), 0);
        while count < most && !self.is_over {
            let batch = match self.left.take() {
                Some(batch) => batch,
                None => match self.answer.next().await {
                    Some(batch) => batch?,
                    None => {
                        self.is_over = true;
                        break;
                    }
                },
            };
            let wanted = batch.num_rows().min(most - count);
            if wanted < batch.num_rows() {
                self.left = Some(batch.slice(wanted, batch.num_rows() - wanted));
            }
            count += wanted;
            taken.push(batch.slice(0, wanted));
        }
        Ok(taken)
    }
}
