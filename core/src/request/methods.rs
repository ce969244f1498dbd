//! A macro for the methods that all request types share: chaining setters, one setter for each
//! option, and the methods that transports forward.
//!
//! Chaining setters are named for the thing that they set (`header`, `query`, `data`). The other
//! setters add a verb, as in `Headers` and `Params`: `set_` replaces, `append_` adds, and `remove_`
//! removes.

/// Expands to the methods of [`Request`] and of the transports' request types. `$request` is the
/// path from `self` to the [`Request`]. If it is not empty, the non-chaining setters are forwarded
/// as well.
#[doc(hidden)]
#[macro_export]
macro_rules! request_methods {
    (@each $request:tt $($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) = $set:ident;)*) => {
        $($crate::request_methods! { @one $request { $(#[$doc])* $name($($arg: $type),*) = $set } })*
    };
    (@one [] { $(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) = $set:ident }) => {
        $(#[$doc])*
        pub fn $name(mut self, $($arg: $type),*) -> Self {
            self.$set($($arg),*);
            self
        }
    };
    (@one [$($request:tt)+] { $(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) = $set:ident }) => {
        $crate::request_methods! { @one [] { $(#[$doc])* $name($($arg: $type),*) = $set } }

        $(#[$doc])*
        pub fn $set(&mut self, $($arg: $type),*) {
            self $($request)+ .$set($($arg),*);
        }
    };
    (@options
        composite {$(
            #[doc = $part_brief:literal] $(#[doc = $part_doc:literal])*
            $part:ident: $options:ty => $value:ty = $parts:expr;
        )*}
        single {$(
            #[doc = $brief:literal] $(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])?
            $name:ident: $type:ty = $default:expr $(, $redact:ident)?;
        )*}
    ) => {
        $(
            #[doc = concat!($part_brief, " [Details](crate::Options::", stringify!($part), ").")]
            pub fn $part(mut self, change: impl FnOnce(&mut $options)) -> Self {
                self.options_mut().$part(change);
                self
            }
        )*
        $(
            #[doc = concat!($brief, " [Details](crate::Options::", stringify!($name), ").")]
            $(#[cfg($cfg)])?
            pub fn $name(mut self, value: impl Into<$crate::Setting<$type>>) -> Self {
                self.options_mut().$name(value);
                self
            }
        )*
    };
    (@forward [$($request:tt)+]) => {
        /// Returns the method.
        pub fn method(&self) -> &$crate::Method {
            self $($request)+ .method()
        }

        /// Returns the URL without userinfo, if it is absolute.
        pub fn url(&self) -> Option<&$crate::Url> {
            self $($request)+ .url()
        }

        /// Returns the body.
        pub fn body(&self) -> &$crate::Body {
            self $($request)+ .body()
        }

        /// Returns the options of this request.
        pub fn options(&self) -> &$crate::Options {
            self $($request)+ .options()
        }

        /// Returns the options of this request for changing. They never stay on the session.
        pub fn options_mut(&mut self) -> &mut $crate::Options {
            self $($request)+ .options_mut()
        }

        /// Sets the method.
        pub fn set_method(&mut self, method: $crate::Method) {
            self $($request)+ .set_method(method);
        }

        /// Sets the URL.
        pub fn set_url(&mut self, url: impl $crate::IntoUrl) {
            self $($request)+ .set_url(url);
        }

        /// Sets an `application/x-www-form-urlencoded` body.
        pub fn set_form<N: AsRef<str>, V: AsRef<str>>(&mut self, pairs: impl IntoIterator<Item = (N, V)>) {
            self $($request)+ .set_form(pairs);
        }

        /// Sets Digest credentials for this request's origin. They are sent after a challenge.
        #[cfg(feature = "digest")]
        pub fn set_digest_auth(&mut self, user: impl AsRef<str>, password: impl AsRef<str>) {
            self $($request)+ .set_digest_auth(user, password);
        }

        /// Sets a JSON body and its Content-Type.
        #[cfg(feature = "json")]
        pub fn set_json<T: $crate::Serialize + ?Sized>(&mut self, value: &T) {
            self $($request)+ .set_json(value);
        }
    };
    (@forward []) => {};
    ($($request:tt)*) => {
        $crate::request_methods! { @each [$($request)*]
            /// Sets a field, replacing the session's and earlier ones of this name.
            header(name: impl AsRef<str>, value: impl AsRef<[u8]>) = set_header;
            /// Appends a field, after earlier ones of this name.
            extra_header(name: impl AsRef<str>, value: impl AsRef<[u8]>) = append_header;
            /// Sets a field with a secret value: never logged, and sent to this origin only.
            sensitive_header(name: impl AsRef<str>, value: impl AsRef<[u8]>) = set_sensitive_header;
            /// Removes all fields of this name, including the session's and automatic ones.
            without_header(name: impl AsRef<str>) = remove_header;
            /// Appends a parameter to the URL's query.
            query(name: impl AsRef<str>, value: impl AsRef<str>) = append_query;
            /// Sends a cookie with this request only, besides those of the jar.
            cookie(name: impl AsRef<str>, value: impl AsRef<str>) = set_cookie;
            /// Sets the body: bytes or text, sent unchanged.
            data(body: impl Into<$crate::Body>) = set_data;
            /// Sets a text body and its Content-Type.
            text_data(text: impl Into<String>) = set_text_data;
            /// Sets Basic credentials for this request's origin.
            basic_auth(user: impl AsRef<str>, password: impl AsRef<str>) = set_basic_auth;
            /// Sets a Bearer token for this request's origin.
            bearer_auth(token: impl AsRef<str>) = set_bearer_auth;
            /// Limits the time for the whole request; short for the option `total_timeout`.
            timeout(total: impl Into<$crate::Setting<Option<std::time::Duration>>>) = set_timeout;
            /// Connects to this Unix socket instead of the URL's host; short for the option
            /// `connect_to`.
            unix_socket(path: impl AsRef<std::path::Path>) = set_unix_socket;
            /// Connects to these addresses instead of looking up the name, for this port.
            resolve(host: impl AsRef<str>, port: u16, addresses: impl IntoIterator<Item = std::net::IpAddr>) = set_resolve;
        }

        $crate::request_methods! { @forward [$($request)*] }

        /// Sets an `application/x-www-form-urlencoded` body.
        pub fn form<N: AsRef<str>, V: AsRef<str>>(mut self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
            self.set_form(pairs);
            self
        }

        /// Sets Digest credentials for this request's origin. They are sent after a challenge.
        #[cfg(feature = "digest")]
        pub fn digest_auth(mut self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
            self.set_digest_auth(user, password);
            self
        }

        /// Sets a JSON body and its Content-Type.
        #[cfg(feature = "json")]
        pub fn json<T: $crate::Serialize + ?Sized>(mut self, value: &T) -> Self {
            self.set_json(value);
            self
        }

        /// Changes the options of this request. They never stay on the session.
        pub fn configure(mut self, change: impl FnOnce(&mut $crate::Options)) -> Self {
            change(self.options_mut());
            self
        }

        $crate::option_table! { [$crate::request_methods] { @options } }
    };
}
