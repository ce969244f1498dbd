//! Converts an `http::Request` into a [`Request`].
//!
//! Method, URI, fields and body are taken unchanged. The version selects HTTP/1.1 or HTTP/1.0.
//! [`Options`] among the extensions become the options of the request.

use super::{Body, BuildError, Request, Target};
use crate::http1::Version;
use crate::options::Options;

impl<B: Into<Body>> From<http::Request<B>> for Request {
    /// Converts an `http::Request`. A URI without a host resolves against the session's base URL.
    ///
    /// [`Options`] among the extensions become the options of the request; the request's own fields
    /// override their headers. Other extensions are ignored. `HTTP/1.1`, the default, leaves the
    /// option [`version`](Options::version) unset; `HTTP/1.0` sets it.
    ///
    /// Invalid requests are reported when the request is prepared: for HTTP/2, HTTP/3 and HTTP/0.9,
    /// as [`BuildError::HttpVersion`].
    ///
    /// ```
    /// use petition_core::{Options, Request, Session};
    ///
    /// let mut options = Options::new();
    /// options.keep_alive(false);
    /// let request = http::Request::post("http://example.com/").header("x-test", "1").extension(options).body("data")?;
    /// let prepared = Session::new().prepare(&request.into())?;
    /// assert_eq!(prepared.headers().get("x-test").unwrap(), "1");
    /// assert_eq!(prepared.body().length(), Some(4));
    /// assert!(!prepared.settings().keep_alive);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn from(request: http::Request<B>) -> Self {
        let (mut parts, body) = request.into_parts();
        let mut made = Request::to(parts.method, Target::new(&parts.uri.to_string()));
        if let Some(options) = parts.extensions.remove::<Options>() {
            made.options = options;
        }
        if parts.uri.path() == "*" {
            let expected = "a URI with a path (for OPTIONS *, set the option `target`)";
            made.record_fault(Err(BuildError::Target(expected)));
        }
        match parts.version {
            http::Version::HTTP_11 => {}
            http::Version::HTTP_10 => drop(made.options.version(Version::Http10)),
            version => made.record_fault(Err(BuildError::HttpVersion(version))),
        }
        for name in parts.headers.keys() {
            for (nth, value) in parts.headers.get_all(name).iter().enumerate() {
                let result = made.options.headers.put_value(name.as_str(), value, nth == 0);
                made.record_fault(result.map_err(BuildError::Header));
            }
        }
        made.set_data(body);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;

    fn prepared<B: Into<Body>>(request: http::Request<B>) -> Result<crate::Prepared, String> {
        Session::new().prepare(&request.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn http_request_is_converted_completely() {
        let mut request = http::Request::put("http://user:pw@a.test/p?q=1").header("x-a", "1").header("x-a", "2");
        let mut secret = http::HeaderValue::from_static("s");
        secret.set_sensitive(true);
        request = request.header("x-b", secret);
        let prepared = prepared(request.body(b"data".to_vec()).unwrap()).unwrap();
        assert_eq!((prepared.method(), prepared.url().as_str()), (&http::Method::PUT, "http://a.test/p?q=1"));
        let fields: Vec<_> = prepared.headers().iter().map(|(name, value)| (name, value.as_bytes())).collect();
        assert_eq!(fields, [("x-a", &b"1"[..]), ("x-a", b"2"), ("x-b", b"s")]);
        assert!(prepared.headers().get("x-b").unwrap().is_sensitive(), "it stays a secret");
        assert_eq!(prepared.body(), &Body::from("data"));
        assert_eq!(prepared.settings().version, Version::Http11);
    }

    #[test]
    fn every_http_body_type_is_accepted() {
        fn length<B: Into<Body>>(body: B) -> Option<u64> {
            prepared(http::Request::post("http://a.test/").body(body).unwrap()).unwrap().body().length()
        }
        assert_eq!(length(()), Some(0));
        let lengths = [
            length("abc"),
            length(String::from("abc")),
            length(b"abc".to_vec()),
            length(bytes::Bytes::from_static(b"abc")),
            length(Body::from("abc")),
        ];
        assert_eq!(lengths, [Some(3); 5]);
        assert!(Body::from(()).is_none());
    }

    #[test]
    fn options_among_the_extensions_are_applied() {
        let mut options = Options::new();
        options.keep_alive(false);
        options.headers.set("X-A", "options").unwrap();
        options.headers.set("X-B", "options").unwrap();
        let request =
            http::Request::get("http://a.test/").header("x-a", "request").extension(options).body(()).unwrap();
        let prepared = prepared(request).unwrap();
        assert!(!prepared.settings().keep_alive);
        assert_eq!(prepared.headers().get("x-a").unwrap(), "request");
        assert_eq!(prepared.headers().get("x-b").unwrap(), "options");
    }

    #[test]
    fn http1_versions_are_selected_and_others_rejected() {
        let with = |version| prepared(http::Request::get("http://a.test/").version(version).body(()).unwrap());
        assert_eq!(with(http::Version::HTTP_10).unwrap().settings().version, Version::Http10);
        for version in [http::Version::HTTP_09, http::Version::HTTP_2, http::Version::HTTP_3] {
            let error = with(version).unwrap_err();
            assert!(error.contains(&format!("found {version:?}")), "{error}");
        }
        let error = prepared(http::Request::options("*").body(()).unwrap()).unwrap_err();
        assert!(error.contains("the option `target`"), "{error}");
    }

    #[test]
    fn relative_uri_waits_for_the_base_url() {
        let request = || Request::from(http::Request::get("/p?q").body(()).unwrap());
        let mut session = Session::new();
        assert!(session.prepare(&request()).is_err());
        session.set_base_url("http://a.test/base/").unwrap();
        assert_eq!(session.prepare(&request()).unwrap().url().as_str(), "http://a.test/p?q");
    }
}
