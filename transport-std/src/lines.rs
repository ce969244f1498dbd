//! Iterates over the lines of a response's body, read from the connection on demand.

use std::fmt;
use std::iter::FusedIterator;

use petition_core::Error;
use petition_core::content::lines;

use crate::response::Response;

/// The lines of a response's body: see [`Response::lines`].
#[must_use = "nothing is read until the iterator is used"]
pub struct Lines {
    response: Response,
    /// `None` after the end or an error.
    lines: Option<Result<lines::Lines, Error>>,
}

impl Lines {
    pub(crate) fn new(response: Response) -> Lines {
        let lines = response.with_transfer(|transfer| transfer.lines(response.head()));
        Lines { response, lines: Some(lines) }
    }

    /// Returns the response.
    pub fn response(&self) -> &Response {
        &self.response
    }
}

impl Iterator for Lines {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut lines = match self.lines.take()? {
            Ok(lines) => lines,
            Err(error) => return Some(Err(error)),
        };
        loop {
            match self.response.body_mut().take(|bytes| lines.split(bytes)) {
                Ok(Some(None)) => {}
                Ok(Some(Some(line))) => {
                    self.lines = Some(Ok(lines));
                    return Some(Ok(line));
                }
                Ok(None) => return lines.finish().map(Ok),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl FusedIterator for Lines {}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("response", &self.response).finish_non_exhaustive()
    }
}
