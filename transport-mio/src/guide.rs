//! How to do the usual things, each as a whole program.
//!
//! Every program compiles as it stands, with `petition-mio` as its only dependency, and `mio` for a
//! connector.
//!
//! # Send requests
//!
//! ```no_run
//! use petition_mio::{Error, LoopThread};
//!
//! fn main() -> Result<(), Error> {
//!     let client = LoopThread::spawn(Default::default())?;
//!     client.set_base_url("https://httpbin.org/")?;
//!     client.set_headers([("X-Test", "true")])?;
//!
//!     // With a callback, which runs on the loop's thread.
//!     client.get("/headers").header("X-Test2", "true").query("page", "1").send(|result| match result {
//!         Ok(response) => println!("{} {}", response.status(), response.text().unwrap_or_default()),
//!         Err(error) => println!("{error}"),
//!     });
//!     // Waited for on this thread.
//!     let response = client.post("/post").form([("name", "value")]).join().wait()?;
//!     println!("{} {}", response.status(), response.text()?);
//!     Ok(())
//! }
//! ```
//!
//! # Await requests
//!
//! On any executor: the loop's thread wakes the task. Dropping the future cancels the request.
//!
//! ```no_run
//! use petition_mio::{Client, Error};
//!
//! async fn fetch(client: &Client) -> Result<String, Error> {
//!     client.get("https://httpbin.org/get").await?.text()
//! }
//! ```
//!
//! # Set options at three levels
//!
//! The order is library < session < request. A request changes nothing of its session.
//!
//! ```no_run
//! use petition_mio::{Error, LoopThread, Setting};
//! use std::time::Duration;
//!
//! fn main() -> Result<(), Error> {
//!     let client = LoopThread::spawn(Default::default())?;
//!     client.configure(|options| {
//!         options.total_timeout(Duration::from_secs(60)).keep_alive(false);
//!         options.limits(|limits| {
//!             limits.body_bytes(1 << 20);
//!         });
//!     });
//!     let url = "https://httpbin.org/delay/1";
//!     client.get(url).join().wait()?; // a minute at most
//!     client.get(url).total_timeout(Duration::from_secs(5)).join().wait()?; // five seconds
//!     client.get(url).total_timeout(None).join().wait()?; // no limit
//!     client.get(url).keep_alive(Setting::Clear).join().wait()?; // the library's default, whatever the session says
//!     Ok(())
//! }
//! ```
//!
//! # Read and keep cookies
//!
//! ```no_run
//! use petition_mio::LoopThread;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = LoopThread::spawn(Default::default())?;
//!     client.get("https://httpbin.org/cookies/set/name/value").join().wait()?;
//!     client.cookies(|jar| jar.iter().for_each(|cookie| println!("{}", cookie.name().escape_ascii())));
//!     // The file holds the values, and only its owner may read it.
//!     client.save_cookies("cookies")?;
//!     client.load_cookies("cookies")?;
//!     Ok(())
//! }
//! ```
//!
//! # Authenticate
//!
//! ```no_run
//! use petition_mio::{Auth, LoopThread};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = LoopThread::spawn(Default::default())?;
//!     client.get("https://httpbin.org/basic-auth/user/pass").basic_auth("user", "pass").join().wait()?;
//!     // Sent once the server asks: Digest (feature `digest`) before Basic.
//!     let auth = Auth::on_challenge("user", "pass")?;
//!     let response = client.get("https://httpbin.org/digest-auth/auth/user/pass").auth(auth).join().wait()?;
//!     assert_eq!(response.history().len(), 1);
//!     // No other origin gets these.
//!     let token = Auth::bearer("0123")?;
//!     client.configure(|options| options.auth_for("https://api.example", token))?;
//!     Ok(())
//! }
//! ```
//!
//! # Follow redirects, or not
//!
//! ```no_run
//! use petition_mio::{Error, LoopThread, PlainHttp};
//!
//! fn main() -> Result<(), Error> {
//!     let client = LoopThread::spawn(Default::default())?;
//!     client.configure(|options| {
//!         options.redirects(|redirects| {
//!             redirects.max(3).plain_http(PlainHttp::Refused);
//!         });
//!     });
//!     let response = client.get("https://httpbin.org/redirect/2").join().wait()?;
//!     for hop in response.history() {
//!         println!("{} {:?}", hop.url, hop.status());
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Trust a certificate authority of your own, and go through a proxy
//!
//! ```no_run
//! use petition_mio::{LoopThread, Proxy, TlsConfig};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tls = TlsConfig::builder().roots_pem(&std::fs::read("ca.pem")?)?.default_roots().build()?;
//!     let proxy = Proxy::new("http://user:password@proxy.example:3128")?;
//!     let client = LoopThread::spawn(Default::default())?;
//!     client.configure(|options| {
//!         options.tls(tls).proxy(proxy);
//!     });
//!     client.get("https://service.internal/").join().wait()?;
//!     client.get("http://127.0.0.1/").proxy(None).join().wait()?; // directly
//!     Ok(())
//! }
//! ```
//!
//! # Act on errors
//!
//! ```no_run
//! use petition_mio::{Client, ErrorKind, Processed};
//!
//! fn fetch(client: &Client, url: &str) {
//!     client.get(url).send(|result| match result {
//!         Ok(response) => println!("{} bytes", response.bytes().len()),
//!         Err(error) if error.is_timeout() => println!("too slow: {error}"),
//!         Err(error) => match error.kind() {
//!             ErrorKind::Redirect(fault) => println!("the redirect cannot be followed: {fault}"),
//!             ErrorKind::Build(fault) => println!("nothing was sent: {fault}"),
//!             _ if error.report().processed == Processed::No => println!("safe to send again: {error}"),
//!             _ => println!("{error}"),
//!         },
//!     });
//! }
//! ```
//!
//! # Use the types of the package `http`
//!
//! ```no_run
//! use petition_mio::{LoopThread, http};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = LoopThread::spawn(Default::default())?;
//!     let request = http::Request::post("https://httpbin.org/post").header("x-test", "1").body("data")?;
//!     let response: http::Response<_> = client.request_from(request).join().wait()?.into();
//!     println!("{:?} {} {} bytes", response.version(), response.status(), response.body().len());
//!     Ok(())
//! }
//! ```
//!
//! # Choose where a host is reached
//!
//! ```no_run
//! use petition_mio::{Client, ConnectTo, Error};
//!
//! fn names(client: &Client) -> Result<(), Error> {
//!     // The addresses of a name for one port: nothing is looked up.
//!     client.configure(|o| o.resolve("api.example", 443, ["192.0.2.1".parse().unwrap()]))?;
//!     client.get("https://api.example/").join().wait()?;
//!
//!     // Another host serves the URL: Host, cookies and the certificate are those of www.example.
//!     let staging = ConnectTo::new().host("www.example:443", "staging.example:8443")?;
//!     client.get("https://www.example/").connect_to(staging).join().wait()?;
//!     Ok(())
//! }
//! ```
//!
//! # Connect to a Unix socket
//!
//! ```no_run
//! use petition_mio::{Address, Client, ConnectTo, Error, Origin};
//!
//! fn docker(client: &Client) -> Result<(), Error> {
//!     // One request: the URL names the host of the Host field.
//!     client.get("http://docker/v1.47/info").unix_socket("/run/docker.sock").join().wait()?;
//!
//!     // All requests to this origin, and no others.
//!     let origin = Origin::of(&"http://docker/".parse()?);
//!     client.configure(|options| {
//!         options.connect_to(ConnectTo::new().origin(origin, Address::unix("/run/docker.sock")));
//!     });
//!     client.get("http://docker/v1.47/info").join().wait()?;
//!     Ok(())
//! }
//! ```
//!
//! A redirect to another origin does not reach the socket. For connections of your own kind, see
//! [`connector`](crate::connector). Its streams include `mio::net::TcpStream`, so that a connector
//! can open TCP sockets with any options:
//!
//! ```no_run
//! use petition_mio::connector::{Readiness, Stream, Target};
//! use petition_mio::{Address, DriverConfig, LoopThread};
//!
//! fn connect(target: &Target<'_>, _: &Readiness) -> Option<std::io::Result<Box<dyn Stream>>> {
//!     let Address::Tcp(address) = target.address() else { return None };
//!     // A package such as socket2 opens a socket with options; it must be non-blocking.
//!     let stream = mio::net::TcpStream::connect(*address);
//!     Some(stream.map(|stream| Box::new(stream) as Box<dyn Stream>))
//! }
//!
//! fn main() -> std::io::Result<()> {
//!     let config = DriverConfig { connector: Some(Box::new(connect)), ..DriverConfig::default() };
//!     let client = LoopThread::spawn(config)?;
//!     client.get("https://example.com/").send(|result| println!("{result:?}"));
//!     Ok(())
//! }
//! ```
//!
//! # Send a form with files
//!
//! ```no_run
//! use petition_mio::{Client, Multipart};
//!
//! fn upload(client: &Client) -> std::io::Result<()> {
//!     let form = Multipart::new().text("title", "Report").file("doc", "report.pdf")?;
//!     client.post("https://httpbin.org/post").multipart(form).send(|result| println!("{result:?}"));
//!     Ok(())
//! }
//! ```
//!
//! The loop's thread reads the file while it sends the form.
//!
//! # Follow links, and use the server's file name
//!
//! ```no_run
//! use petition_mio::{Client, Url};
//!
//! fn pages(client: &Client, url: Url) {
//!     let next = client.clone();
//!     client.get(url).send(move |result| match result {
//!         // The file name is one path component, without separators, and never hidden.
//!         Ok(response) => {
//!             println!("{:?}: {} bytes", response.file_name(), response.bytes().len());
//!             response.link("next").into_iter().for_each(|url| pages(&next, url));
//!         }
//!         Err(error) => println!("{error}"),
//!     });
//! }
//! ```
//!
//! # Follow server-sent events
//!
//! ```no_run
//! use petition_mio::{Client, Error, EventHandler, Handle, MessageEvent, Reconnect};
//! use std::ops::ControlFlow;
//!
//! struct Print;
//!
//! impl EventHandler for Print {
//!     fn event(&mut self, event: MessageEvent) -> ControlFlow<()> {
//!         println!("{}: {}", event.event, event.data);
//!         if event.event == "bye" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
//!     }
//!
//!     fn end(self: Box<Self>, result: Result<(), Error>) {
//!         println!("{result:?}");
//!     }
//! }
//!
//! // Reconnects when a connection ends. The handle also cancels a pending reconnection.
//! fn follow(client: &Client) -> Handle {
//!     client.get("https://example.com/events").events(Reconnect::DEFAULT, Print)
//! }
//! ```
//!
//! A `LineHandler` receives lines of text in the same way.
//!
//! # Receive a body of any length
//!
//! ```no_run
//! use petition_mio::{Client, Error, Flow, Handler, ResponseInfo};
//!
//! struct Count(u64);
//!
//! impl Handler for Count {
//!     fn head(&mut self, head: ResponseInfo) {
//!         println!("{} {:?}", head.status(), head.content_length());
//!     }
//!
//!     fn data(&mut self, piece: &[u8]) -> Flow {
//!         self.0 += piece.len() as u64;
//!         Flow::Continue // or Pause, until the handle says `resume`
//!     }
//!
//!     fn end(self: Box<Self>, result: Result<(), Error>) {
//!         println!("{} bytes: {result:?}", self.0);
//!     }
//! }
//!
//! fn count(client: &Client) {
//!     client.get("https://httpbin.org/bytes/100000").stream(Count(0));
//! }
//! ```
