//! Request bodies: bytes in memory, or a stream that the embedder feeds.
//!
//! A body of known size is sent with Content-Length, one of unknown size is chunked (RFC 9112 §6).
//! Bytes can be sent any number of times, a stream only if the embedder can rewind it.

use std::fmt;

use bytes::Bytes;

/// The body of a request. Its Debug output shows only its length, since a form may hold a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Body {
    /// No body. POST, PUT and PATCH then send `Content-Length: 0`; other methods send no framing
    /// field.
    #[default]
    Empty,
    /// Bytes in memory; clones share them.
    Bytes(Bytes),
    /// Bytes that the embedder provides on request.
    Stream {
        /// The exact number of bytes, if known in advance.
        length: Option<u64>,
        /// Whether the embedder can restart from the first byte.
        rewindable: bool,
    },
}

impl Body {
    /// Returns the number of bytes, if known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Bytes(bytes) => Some(bytes.len() as u64),
            Body::Stream { length, .. } => *length,
        }
    }

    /// Returns the bytes if they are in memory.
    pub(crate) fn in_memory(&self) -> Option<&[u8]> {
        match self {
            Body::Empty => Some(&[]),
            Body::Bytes(bytes) => Some(bytes),
            Body::Stream { .. } => None,
        }
    }

    /// Whether there is no body.
    pub fn is_none(&self) -> bool {
        matches!(self, Body::Empty)
    }

    /// Whether the body can be sent again from its first byte.
    pub fn is_replayable(&self) -> bool {
        !matches!(self, Body::Stream { rewindable: false, .. })
    }

    /// Serializes `value` to a JSON document.
    ///
    /// # Errors
    /// If the value cannot be serialized, for example a map whose keys are not strings.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Body, serde_json::Error> {
        Ok(serde_json::to_vec(value)?.into())
    }

    /// Encodes pairs as `application/x-www-form-urlencoded` by the WHATWG serializer.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Body {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(pairs);
        text.finish().into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Empty => f.write_str("Empty"),
            Body::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Body::Stream { length, rewindable } => {
                f.debug_struct("Stream").field("length", length).field("rewindable", rewindable).finish()
            }
        }
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Body::Empty
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Body::Bytes(bytes.into())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Body::Bytes(text.into())
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Body::Bytes(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        Body::Bytes(Bytes::copy_from_slice(bytes))
    }
}

impl<const N: usize> From<&[u8; N]> for Body {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: Body) -> String {
        let Body::Bytes(bytes) = body else { panic!("{body:?}") };
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn t24_forms_are_serialized_by_the_whatwg_rules() {
        let form = Body::form([("a", "b=c&d"), ("é", "+ %"), ("n", "x\r\ny")]);
        assert_eq!(text(form), "a=b%3Dc%26d&%C3%A9=%2B+%25&n=x%0D%0Ay");
    }

    #[test]
    fn every_source_type_becomes_the_same_body() {
        let all: [Body; 5] =
            ["abc".into(), String::from("abc").into(), b"abc".into(), b"abc"[..].into(), vec![b'a', b'b', b'c'].into()];
        for body in all {
            assert_eq!((body.length(), body.is_none()), (Some(3), false));
            assert_eq!((format!("{body:?}"), text(body)), ("Bytes(3 bytes)".into(), "abc".into()));
        }
        assert_eq!((Body::Empty.length(), Body::Empty.is_none()), (Some(0), true));
        assert_eq!(format!("{:?}", Body::Empty), "Empty");
        let stream = Body::Stream { length: Some(7), rewindable: true };
        assert_eq!((stream.length(), stream.is_none()), (Some(7), false));
        assert_eq!(format!("{stream:?}"), "Stream { length: Some(7), rewindable: true }");
        assert_eq!(Body::Stream { length: None, rewindable: true }.length(), None);
    }

    #[test]
    fn all_bodies_but_unrewindable_streams_are_replayable() {
        assert!(Body::Empty.is_replayable() && Body::from("x").is_replayable());
        assert!(Body::Stream { length: None, rewindable: true }.is_replayable());
        assert!(!Body::Stream { length: Some(1), rewindable: false }.is_replayable());
    }
}
