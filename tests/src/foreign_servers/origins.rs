//! The same origin on three servers: nginx, Apache httpd, and HAProxy before a server of the kit.
//!
//! All serve the same documents: `/text`, `/zip` (a text, compressed on request), `/range/50000`
//! (the letters, with ranges), `/huge` (64 MiB of zeros), `/long` (a response with many long
//! fields), `/moved` (302 to `/text`) and `/none` (204). Apache alone protects `/digest/text` and
//! `/basic/text`, for [`LOGIN`]. Requests below `/behind/` are forwarded to
//! a server of the kit. `X-Tls` has the version of TLS; `X-Resumed` says whether the session was
//! resumed.

use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::{Process, find, find_one, missing};
use crate::httpbin::{Answer, Httpbin, cycle};
use crate::net::temp_dir::TempDir;
use crate::tls::Identity;

/// The length of `/huge`, which exceeds the buffers of two sockets.
const HUGE: u64 = 64 << 20;

/// The user and the password of the protected documents, and of proxies that require Digest.
pub const LOGIN: (&str, &str) = ("Mufasa", "Circle of Life");

/// [`LOGIN`] in the format of htdigest: user, realm, and the MD5 hash of both with the password.
pub(super) const DIGEST_FILE: &str = "Mufasa:the pride:ae2e477f013aae82a1eea34648319126\n";

/// [`LOGIN`] in the format of htpasswd, with a SHA-1 hash.
const BASIC_FILE: &str = "Mufasa:{SHA}y/waJdy9m/a+D8VTRQ/e2awAzpQ=\n";

/// The number of fields of `/long`.
const LONG: usize = 40;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// nginx.
    Nginx,
    /// Apache httpd with its event module.
    Apache,
    /// HAProxy. It has no documents: it forwards all requests, and compresses.
    Haproxy,
}

/// The one version of TLS to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

/// The configuration of an origin.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Uses TLS with this certificate.
    pub identity: Option<(&'a Identity, TlsVersion)>,
    /// The number of requests on one connection. HAProxy has no such limit.
    pub keep_requests: u32,
    /// How long an idle connection is kept.
    pub keep_time: Duration,
    /// The server for requests below `/behind/`; by default an [`Httpbin`].
    pub behind: Option<SocketAddr>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Settings { identity: None, keep_requests: 1000, keep_time: Duration::from_secs(60), behind: None }
    }
}

/// A running origin.
#[derive(Debug)]
pub struct Origin {
    /// The process.
    pub process: Process,
    /// The kit's server behind it.
    pub kit: Httpbin,
    secure: bool,
}

impl Program {
    /// All of them.
    pub const ALL: [Program; 3] = [Program::Nginx, Program::Apache, Program::Haproxy];

    /// Starts it. Returns `None`, and prints why, if it is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub fn start(self, settings: &Settings<'_>) -> Option<Origin> {
        let kit = Httpbin::builder().handler(|exchange| document(&exchange.path)).start().expect("a port is free");
        let behind = settings.behind.unwrap_or(kit.address());
        let (name, program) = match self {
            Program::Nginx => ("nginx", find("nginx")?),
            Program::Apache => ("Apache httpd", find_one(&["apache2", "httpd"])?),
            Program::Haproxy => ("HAProxy", find("haproxy")?),
        };
        let modules = match self {
            Program::Apache => apache_modules()?,
            Program::Nginx | Program::Haproxy => PathBuf::new(),
        };
        let process = Process::start(name, &program, |command, directory, port| {
            let place = Place { directory, port, behind, settings };
            match self {
                Program::Nginx => place.nginx(command),
                Program::Apache => place.apache(command, &modules),
                Program::Haproxy => place.haproxy(command, kit.address()),
            }
        });
        Some(Origin { process, kit, secure: settings.identity.is_some() })
    }
}

impl Origin {
    /// Returns `http://127.0.0.1:PORT` or `https://localhost:PORT`, followed by `path`.
    pub fn url(&self, path: &str) -> String {
        let port = self.process.address().port();
        if self.secure { format!("https://localhost:{port}{path}") } else { format!("http://127.0.0.1:{port}{path}") }
    }

    /// Returns the uncompressed text of `/zip`.
    pub fn zip() -> String {
        (0..8000).map(|n| format!("line {n} is much like the others\n")).collect()
    }

    /// Returns the fields of `/long`, in order.
    pub fn long() -> impl Iterator<Item = (String, String)> {
        (0..LONG).map(|n| (format!("X-Long-{n}"), format!("{n}-").repeat(100)))
    }
}

/// Returns a document for a program that has none of its own.
fn document(path: &str) -> Option<Answer> {
    Some(match path {
        "/text" => Answer::bytes("text/plain", "a text\n"),
        "/zip" => Answer::bytes("text/plain", Origin::zip()),
        "/huge" => Answer::stream("application/octet-stream", usize::try_from(HUGE).ok(), |sink| {
            let piece = [0; 1 << 16];
            (0..HUGE >> 16).try_for_each(|_| sink.send(&piece))
        }),
        "/long" => Origin::long().fold(Answer::bytes("text/plain", "long\n"), |answer, (name, value)| {
            answer.field(&name, value.into_bytes())
        }),
        "/moved" => Answer::new(302).field("Location", "/text"),
        "/none" => Answer::new(204),
        _ => return None,
    })
}

/// Where an origin runs.
struct Place<'a> {
    directory: &'a TempDir,
    port: u16,
    behind: SocketAddr,
    settings: &'a Settings<'a>,
}

impl Place<'_> {
    /// Writes the documents as files below `documents`.
    fn documents(&self) -> io::Result<()> {
        std::fs::create_dir_all(self.directory.path().join("documents/range"))?;
        self.directory.write("documents/text", "a text\n")?;
        self.directory.write("documents/zip", Origin::zip())?;
        self.directory.write("documents/long", "long\n")?;
        self.directory.write("documents/range/50000", cycle(50_000))?;
        for protected in ["digest", "basic"] {
            std::fs::create_dir_all(self.directory.path().join("documents").join(protected))?;
            self.directory.write(&format!("documents/{protected}/text"), "a secret text\n")?;
        }
        // Sparse: uses no disk space.
        std::fs::File::create(self.directory.path().join("documents/huge"))?.set_len(HUGE)
    }

    fn nginx(&self, command: &mut Command) -> io::Result<()> {
        self.documents()?;
        let Place { directory, port, behind, settings } = self;
        let root = directory.path().display();
        let (tls, certificate) = match settings.identity {
            None => ("", String::new()),
            Some((identity, version)) => {
                let files = identity.write(directory, "server")?;
                let (chain, key) = (files.chain.display(), files.key.display());
                let version = version.name();
                (
                    " ssl",
                    format!(
                        "ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols {version}; ssl_session_cache shared:s:1m;"
                    ),
                )
            }
        };
        let common = "add_header X-Tls \"$ssl_protocol\" always; add_header X-Resumed \"$ssl_session_reused\" always;";
        let long = Origin::long().fold(String::new(), |mut text, (name, value)| {
            let _ = write!(text, "add_header {name} {value}; ");
            text
        });
        let (keep_time, keep_requests) = (settings.keep_time.as_millis(), settings.keep_requests);
        let configuration = format!(
            "daemon off; master_process off; pid {root}/pid; error_log stderr warn;\n\
             events {{ worker_connections 256; }}\n\
             http {{\n\
               access_log off; default_type text/plain; keepalive_timeout {keep_time}ms; keepalive_requests {keep_requests};\n\
               client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;\n\
               uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5; client_max_body_size 64m;\n\
               server {{\n\
                 listen 127.0.0.1:{port}{tls}; server_name localhost; root {root}/documents; {certificate} {common}\n\
                 location = /zip {{ gzip on; gzip_types text/plain; }}\n\
                 location = /long {{ {common} {long} }}\n\
                 location = /moved {{ return 302 /text; }}\n\
                 location = /none {{ return 204; }}\n\
                 location /behind/ {{ proxy_pass http://{behind}/; proxy_http_version 1.1; proxy_request_buffering off; }}\n\
               }}\n\
             }}\n"
        );
        let file = directory.write("nginx.conf", configuration)?;
        // One process, not a daemon, so that killing the child leaves nothing behind.
        command.arg("-p").arg(directory.path()).arg("-c").arg(file).args(["-e", "stderr"]);
        Ok(())
    }

    fn apache(&self, command: &mut Command, modules: &Path) -> io::Result<()> {
        self.documents()?;
        let Place { directory, port, behind, settings } = self;
        let root = directory.path().display();
        let mut text = String::new();
        for name in MODULES {
            let file = modules.join(format!("mod_{name}.so"));
            // Modules without a file are compiled in.
            if file.is_file() {
                let _ = writeln!(
                    text,
                    "<IfModule !{name}_module>\nLoadModule {name}_module {}\n</IfModule>",
                    file.display()
                );
            }
        }
        let (keep_time, keep_requests) = (settings.keep_time.as_millis(), settings.keep_requests);
        let _ = write!(
            text,
            "ServerName localhost\nServerRoot {root}\nPidFile {root}/pid\nMutex file:{root} default\nListen 127.0.0.1:{port}\n\
             ErrorLog /dev/stderr\nLogLevel warn\nUser nobody\nGroup nogroup\nDocumentRoot {root}/documents\n\
             ThreadsPerChild 16\nThreadLimit 16\nMaxRequestWorkers 16\nServerLimit 1\n\
             KeepAlive On\nKeepAliveTimeout {keep_time}ms\nMaxKeepAliveRequests {keep_requests}\n\
             <Directory {root}/documents>\nRequire all granted\nForceType text/plain\n</Directory>\n\
             <Location /zip>\nSetOutputFilter DEFLATE\n</Location>\n\
             RedirectMatch 302 ^/moved$ /text\nRedirectMatch 204 ^/none$\n\
             ProxyPass /behind/ http://{behind}/\n"
        );
        let (digest, basic) = (directory.write("digest", DIGEST_FILE)?, directory.write("basic", BASIC_FILE)?);
        let _ = write!(
            text,
            "<Location /digest>\nAuthType Digest\nAuthName \"the pride\"\nAuthDigestProvider file\n\
             AuthUserFile {}\nRequire valid-user\n</Location>\n\
             <Location /basic>\nAuthType Basic\nAuthName \"the pride\"\nAuthBasicProvider file\n\
             AuthUserFile {}\nRequire valid-user\n</Location>\n",
            digest.display(),
            basic.display()
        );
        for (name, value) in Origin::long() {
            let _ = writeln!(text, "<Location /long>\nHeader set {name} {value}\n</Location>");
        }
        if let Some((identity, version)) = settings.identity {
            let files = identity.write(directory, "server")?;
            let (chain, key) = (files.chain.display(), files.key.display());
            let _ = write!(
                text,
                "SSLEngine on\nSSLCertificateFile {chain}\nSSLCertificateKeyFile {key}\nSSLProtocol -all +{}\n\
                 SSLSessionCache shmcb:{root}/sessions(512000)\n\
                 Header always set X-Tls %{{SSL_PROTOCOL}}s\nHeader always set X-Resumed %{{SSL_SESSION_RESUMED}}s\n",
                version.name()
            );
        }
        let file = directory.write("httpd.conf", text)?;
        // One process, so that killing the child leaves nothing behind.
        command.arg("-X").arg("-f").arg(file);
        Ok(())
    }

    fn haproxy(&self, command: &mut Command, documents: SocketAddr) -> io::Result<()> {
        let Place { directory, port, behind, settings } = self;
        let mut bind = format!("bind 127.0.0.1:{port}");
        if let Some((identity, version)) = settings.identity {
            let both = directory.write("server.pem", format!("{}{}", identity.chain_pem(), identity.key_pem()))?;
            let version = version.name().replace("TLSv1.2", "TLSv1.2 ssl-max-ver TLSv1.2");
            let _ = write!(bind, " ssl crt {} ssl-min-ver {version}", both.display());
        }
        let keep_time = settings.keep_time.as_millis();
        let configuration = format!(
            "global\n maxconn 256\n nbthread 1\n\
             defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n timeout http-request 60s\n timeout http-keep-alive {keep_time}ms\n\
             frontend in\n {bind}\n compression algo gzip\n compression type text/plain\n\
             \x20http-response set-header X-Tls %[ssl_fc_protocol]\n http-response set-header X-Resumed %[ssl_fc_is_resumed]\n\
             \x20use_backend behind if {{ path_beg /behind/ }}\n default_backend documents\n\
             backend behind\n http-request replace-path /behind(/.*) \\1\n server kit {behind}\n\
             backend documents\n server kit {documents}\n"
        );
        let file = directory.write("haproxy.cfg", configuration)?;
        // One process in the foreground.
        command.arg("-db").arg("-f").arg(file);
        Ok(())
    }
}

impl TlsVersion {
    /// Both versions.
    pub const ALL: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

    /// The version's name in configuration files.
    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::Tls12 => "TLSv1.2",
            TlsVersion::Tls13 => "TLSv1.3",
        }
    }
}

/// The modules that httpd needs; some may be compiled in.
const MODULES: [&str; 20] = [
    "mpm_event",
    "unixd",
    "log_config",
    "authz_core",
    "authz_user",
    "authn_core",
    "authn_file",
    "auth_basic",
    "auth_digest",
    "access_compat",
    "alias",
    "env",
    "filter",
    "deflate",
    "headers",
    "proxy",
    "proxy_http",
    "setenvif",
    "socache_shmcb",
    "ssl",
];

/// Returns the folder of httpd's modules, which differs between systems.
fn apache_modules() -> Option<PathBuf> {
    let places =
        ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules", "/usr/libexec/apache2"];
    let found = places.iter().map(PathBuf::from).find(|place| place.join("mod_ssl.so").is_file());
    if found.is_none() {
        missing("mod_ssl of Apache httpd");
    }
    found
}
