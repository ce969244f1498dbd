//! The delimiter between parts.

use std::fmt;

/// The delimiter between the parts of a body. It has 128 unpredictable bits from the session's
/// seed, so an attacker cannot put it into a part.
///
/// [`Session::draw_boundary`](crate::Session::draw_boundary) creates it.
#[derive(Clone, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    pub(crate) fn new(bits: u128) -> Boundary {
        Boundary(format!("petition-{bits:032x}"))
    }

    /// Returns the delimiter, without the hyphens that precede it in the body.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the Content-Type of a body with this delimiter.
    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.0)
    }
}

impl fmt::Debug for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Boundary(…)")
    }
}
