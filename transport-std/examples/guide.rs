//! Runs every example of the guide against an embedded server, or against the httpbin at a given
//! URL.
//!
//! `cargo run --example guide` or `cargo run --example guide -- https://httpbin.org`

use petition_std::{Auth, Method, Request, Session};
use petition_tests::httpbin::Httpbin;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (_server, base) = match std::env::args().nth(1) {
        Some(url) => (None, url.trim_end_matches('/').to_owned()),
        None => {
            let server = Httpbin::start_plain()?;
            let base = server.base().trim_end_matches('/').to_owned();
            (Some(server), base)
        }
    };
    println!("The server is {base}");

    title("Cookies are kept across the requests of a session");
    let session = Session::new();
    session.get(format!("{base}/cookies/set/sessioncookie/123456789")).send()?;
    println!("{}", session.get(format!("{base}/cookies")).send()?.text()?);

    title("A session's headers are merged with a request's");
    let session = Session::new();
    session.set_headers([("X-Test", "true")])?;
    let response = session.get(format!("{base}/headers")).header("X-Test2", "true").send()?;
    println!("{}", response.text()?);

    title("Settings of a request do not stay on the session");
    let session = Session::new();
    println!("{}", session.get(format!("{base}/cookies")).cookie("temp", "value").send()?.text()?);
    println!("{}", session.get(format!("{base}/cookies")).send()?.text()?);

    title("A request object: built, changed, sent");
    let mut request = Request::new(Method::POST, format!("{base}/post")).data("data");
    request.set_data("use this body instead");
    println!("{}", request.send()?.text()?);

    title("Digest credentials are sent once the server asks for them");
    let session = Session::new();
    let auth = Auth::digest("Mufasa", "CircleOfLife")?;
    session.configure(|options| {
        options.auth(auth);
    });
    let response = session.get(format!("{base}/digest-auth/auth/Mufasa/CircleOfLife/SHA-256")).send()?;
    println!("{} after {} hop: {}", response.status(), response.history().len(), response.text()?);

    title("A base URL");
    let session = Session::new();
    session.set_base_url(&base)?;
    let response = session.get("/status/204").send()?;
    println!("{} {}", response.url(), response.status());

    title("A session's secrets go only to its base URL");
    session.set_headers([("X-Api-Key", "0123")])?;
    println!("{}", session.get("/headers").send()?.text()?);
    println!("{}", session.get(format!("{}/headers", base.replace("127.0.0.1", "localhost"))).send()?.text()?);
    Ok(())
}

fn title(text: &str) {
    println!("\n== {text}");
}
