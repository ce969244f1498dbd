//! How to do the usual things, each as a whole program.
//!
//! Every program compiles as it stands, with `petition-std` as its only dependency.
//!
//! # Send requests
//!
//! ```no_run
//! use petition_std::Session;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let session = Session::new();
//!     session.set_base_url("https://httpbin.org/")?;
//!     session.set_headers([("X-Test", "true")])?;
//!
//!     let response = session.get("/headers").header("X-Test2", "true").query("page", "1").send()?;
//!     println!("{} {}", response.status(), response.text()?);
//!
//!     session.post("/post").form([("name", "value")]).send()?;
//!     session.put("/put").data(vec![1, 2, 3]).header("Content-Type", "application/octet-stream").send()?;
//!     session.delete("/delete").bearer_auth("token").send()?;
//!     Ok(())
//! }
//! ```
//!
//! # Set options at three levels
//!
//! The order is library < session < request. A request changes nothing of its session.
//!
//! ```no_run
//! use petition_std::{Session, Setting};
//! use std::time::Duration;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let session = Session::new();
//!     session.configure(|options| {
//!         options.total_timeout(Duration::from_secs(60)).keep_alive(false);
//!         options.limits(|limits| {
//!             limits.body_bytes(1 << 20);
//!         });
//!     });
//!     let url = "https://httpbin.org/delay/1";
//!     session.get(url).send()?; // a minute at most
//!     session.get(url).total_timeout(Duration::from_secs(5)).send()?; // five seconds
//!     session.get(url).total_timeout(None).send()?; // no limit
//!     session.get(url).keep_alive(Setting::Clear).send()?; // the library's default, whatever the session says
//!     Ok(())
//! }
//! ```
//!
//! # Read and keep cookies
//!
//! ```no_run
//! use petition_std::cookie::SaveSessions;
//! use petition_std::Session;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let session = Session::new();
//!     session.get("https://httpbin.org/cookies/set/name/value").send()?;
//!     session.cookies(|jar| jar.iter().for_each(|cookie| println!("{}", cookie.name().escape_ascii())));
//!     // Holds the values: treat it as a secret.
//!     std::fs::write("cookies", session.cookies(|jar| jar.save(SaveSessions::Keep)))?;
//!
//!     // For this request alone.
//!     session.get("https://httpbin.org/cookies").cookie("temp", "value").send()?;
//!     // Neither sends nor stores.
//!     session.get("https://httpbin.org/cookies").cookie_jar(false).send()?;
//!     Ok(())
//! }
//! ```
//!
//! # Follow redirects, or not
//!
//! ```no_run
//! use petition_std::{CrossOriginBody, PlainHttp, Session};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let session = Session::new();
//!     session.configure(|options| {
//!         options.redirects(|redirects| {
//!             redirects.max(3).plain_http(PlainHttp::Refused).cross_origin_body(CrossOriginBody::Refuse);
//!         });
//!     });
//!     let response = session.get("https://httpbin.org/redirect/2").send()?;
//!     for hop in response.history() {
//!         println!("{} {:?}", hop.url, hop.status());
//!     }
//!     let mut first = session.get("https://httpbin.org/redirect/2").redirects(|redirects| {
//!         redirects.max(0);
//!     });
//!     println!("{:?}", first.send()?.header("location"));
//!     Ok(())
//! }
//! ```
//!
//! # Trust a certificate authority of your own
//!
//! ```no_run
//! use petition_std::{Session, TlsConfig};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tls = TlsConfig::builder().roots_pem(&std::fs::read("ca.pem")?)?.default_roots().build()?;
//!     let session = Session::new();
//!     session.configure(|options| {
//!         options.tls(tls);
//!     });
//!     session.get("https://service.internal/").send()?;
//!     Ok(())
//! }
//! ```
//!
//! # Go through a proxy
//!
//! ```no_run
//! use petition_std::{Proxy, Session};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let proxy = Proxy::new("http://user:password@proxy.example:3128")?;
//!     let session = Session::new();
//!     session.configure(|options| {
//!         options.proxy(proxy);
//!     });
//!     session.get("https://httpbin.org/ip").send()?;
//!     session.get("http://127.0.0.1/").proxy(None).send()?; // directly
//!     Ok(())
//! }
//! ```
//!
//! # Act on errors
//!
//! ```no_run
//! use petition_std::{Error, ErrorKind, Processed, Session};
//!
//! fn fetch(session: &Session, url: &str) -> Result<String, Error> {
//!     session.get(url).send()?.text()
//! }
//!
//! fn main() {
//!     match fetch(&Session::new(), "https://httpbin.org/get") {
//!         Ok(text) => println!("{text}"),
//!         Err(error) if error.is_timeout() => println!("too slow: {error}"),
//!         Err(error) => match error.kind() {
//!             ErrorKind::Redirect(fault) => println!("the redirect cannot be followed: {fault}"),
//!             ErrorKind::Build(fault) => println!("nothing was sent: {fault}"),
//!             _ if error.report().processed == Processed::No => println!("safe to send again: {error}"),
//!             _ => println!("{error}"),
//!         },
//!     }
//! }
//! ```
//!
//! # Use the types of the package `http`
//!
//! ```no_run
//! use petition_std::{Session, http};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let session = Session::new();
//!     let request = http::Request::post("https://httpbin.org/post").header("x-test", "1").body("data")?;
//!     let response: http::Response<_> = session.send(request)?.into();
//!     println!("{:?} {} {}", response.version(), response.status(), response.body().text()?);
//!     Ok(())
//! }
//! ```
//!
//! # Stream bodies of any length
//!
//! ```no_run
//! use petition_std::Session;
//! use std::fs::File;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let session = Session::new();
//!     session.put("https://httpbin.org/put").seekable(File::open("large.bin")?)?.send()?;
//!     let mut response = session.get("https://httpbin.org/bytes/100000").send()?;
//!     std::io::copy(&mut response, &mut File::create("copy.bin")?)?;
//!     Ok(())
//! }
//! ```
