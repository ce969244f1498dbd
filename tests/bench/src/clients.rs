//! The measured clients, and how each is built.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A measured client.
pub(crate) struct Client {
    /// Its name in rows and on the command line.
    pub(crate) id: &'static str,
    /// The package in `clients` that has its program.
    pub(crate) package: &'static str,
    /// Its name in documents.
    pub(crate) title: &'static str,
    /// The packages whose dependency trees together are its tree, the first giving the version;
    /// none if it is not weighed.
    pub(crate) roots: &'static [&'static str],
}

pub(crate) const FLOOR: &str = "floor";
pub(crate) const OURS: &str = "petition";
pub(crate) const OURS_TOO: [&str; 3] = ["petition", "petition-mio", "petition-tls"];

pub(crate) const CLIENTS: &[Client] = &[
    Client { id: FLOOR, package: "floor", title: "floor", roots: &[] },
    Client { id: OURS, package: "petition", title: "Petition", roots: &["petition-std"] },
    Client { id: "petition-mio", package: "petition", title: "Petition over mio", roots: &[] },
    Client { id: "petition-tls", package: "petition-tls", title: "Petition, TLS alone", roots: &["petition-std"] },
    Client {
        id: "hyper",
        package: "hyper",
        title: "hyper",
        roots: &["hyper", "hyper-util", "http-body-util", "tokio", "tokio-rustls", "rustls", "webpki-roots", "bytes"],
    },
    Client { id: "ureq", package: "ureq", title: "ureq", roots: &["ureq"] },
    Client { id: "curl", package: "curl", title: "curl", roots: &["curl"] },
    Client { id: "curl-multi", package: "curl", title: "curl multi", roots: &[] },
    Client { id: "reqwest", package: "reqwest", title: "reqwest blocking", roots: &["reqwest"] },
    Client { id: "reqwest-async", package: "reqwest", title: "reqwest async", roots: &[] },
    Client { id: "attohttpc", package: "attohttpc", title: "attohttpc", roots: &["attohttpc"] },
    Client { id: "minreq", package: "minreq", title: "minreq", roots: &["minreq"] },
];

pub(crate) fn client(id: &str) -> Option<&'static Client> {
    CLIENTS.iter().find(|client| client.id == id)
}

pub(crate) fn manifest() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").to_owned()
}

pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Returns the folder of the built programs, which is this program's.
pub(crate) fn program(name: &str) -> PathBuf {
    std::env::current_exe().unwrap_or_default().with_file_name(name)
}

/// Builds the server and the clients separately, so that none gets the features of another's
/// dependencies. Returns those that cannot be built, with the reason.
pub(crate) fn build(ids: &BTreeSet<&str>) -> Vec<(String, String)> {
    let mut packages = vec!["server"];
    for client in CLIENTS.iter().filter(|client| ids.contains(client.id)) {
        if !packages.contains(&client.package) {
            packages.push(client.package);
        }
    }
    let mut failed = Vec::new();
    for package in packages {
        eprintln!("building {package}");
        let name = format!("petition-bench-{package}");
        let mut command = cargo();
        command.args(["build", "--release", "--quiet", "--manifest-path", &manifest(), "-p", &name]);
        let reason = match command.stdout(Stdio::null()).output() {
            Ok(output) if output.status.success() => continue,
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stderr).into_owned();
                text.lines().find(|line| line.starts_with("error")).unwrap_or("error").to_owned()
            }
            Err(error) => error.to_string(),
        };
        eprintln!("skipped: {package} does not build: {reason}");
        let of_it = CLIENTS.iter().filter(|client| client.package == package || package == "server");
        failed.extend(of_it.map(|client| (client.id.to_owned(), format!("does not build: {reason}"))));
    }
    failed
}
