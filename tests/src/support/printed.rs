//! Collects printed output, and checks that it contains no secret.

use std::error::Error;
use std::fmt::{self, Write};

use super::everything;

/// Printed output, to be searched for the secret `canary`.
#[derive(Debug, Default)]
pub struct Printed(pub String);

impl Printed {
    /// Prints a value in both Debug forms.
    pub fn debug(&mut self, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{value:?}\n{value:#?}");
    }

    /// Prints an error and all its sources.
    pub fn error(&mut self, error: &(dyn Error + 'static)) {
        self.0 += &everything(error);
    }

    /// Searches for the secret as text, in base64 (of `user:canary`), and as a list of bytes.
    ///
    /// # Panics
    /// When it is there, or when nothing was printed.
    #[track_caller]
    pub fn shows_nothing(&self) {
        let lower = self.0.to_ascii_lowercase();
        for secret in ["canary", "dxnlcjpjyw5hcnk", "99, 97, 110, 97, 114, 121"] {
            let found = lower.find(secret).map(|at| &lower[at.saturating_sub(300)..at]);
            assert_eq!(found, None, "shown behind this");
        }
        assert!(self.0.len() > 100, "something is shown");
    }
}
