//! nginx and `openssl s_server`.

use std::io;
use std::process::Command;

use super::process::{Process, find};
use crate::tls::Identity;

/// A running nginx. It serves `/` (a text), `/echo` (method, URI and some fields), `/big` (1 MiB of
/// zeros), `/redirect` (302 to `/`), `/gzip` (a text, compressed on request), `/chunked` (`/big`,
/// compressed and so chunked), and `/status/204`.
#[derive(Debug)]
pub struct Nginx {
    /// The process.
    pub process: Process,
    secure: bool,
}

impl Nginx {
    /// Returns `http://127.0.0.1:PORT` or `https://localhost:PORT`, followed by `path`.
    pub fn url(&self, path: &str) -> String {
        let port = self.process.address().port();
        if self.secure { format!("https://localhost:{port}{path}") } else { format!("http://127.0.0.1:{port}{path}") }
    }

    /// The path of its Unix socket, where it serves the same.
    pub fn socket(&self) -> std::path::PathBuf {
        self.process.directory().join("canary.sock")
    }
}

/// Starts nginx, under TLS if there is an identity. It keeps connections for 60 seconds and 1000
/// requests.
///
/// # Panics
/// When it is installed and does not start.
pub fn nginx(identity: Option<&Identity>) -> Option<Nginx> {
    let program = find("nginx")?;
    let process = Process::start("nginx", &program, |command, directory, port| {
        let root = directory.path().display().to_string();
        let (tls, certificate) = match identity {
            None => ("", String::new()),
            Some(identity) => {
                let files = identity.write(directory, "server")?;
                let lines = format!(
                    "ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:1m;",
                    files.chain.display(),
                    files.key.display()
                );
                (" ssl", lines)
            }
        };
        directory.write("index.txt", "nginx is here\n")?;
        directory.write("big", vec![0; 1 << 20])?;
        let text = "a line that repeats itself\n".repeat(200);
        directory.write("gzip", text)?;
        // One process, not a daemon, so that killing the child leaves nothing behind.
        let configuration = format!(
            "daemon off; master_process off; pid {root}/pid; error_log stderr warn;\n\
             events {{ worker_connections 256; }}\n\
             http {{\n\
               access_log off; default_type text/plain; keepalive_timeout 60s; keepalive_requests 1000;\n\
               client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;\n\
               uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;\n\
               server {{\n\
                 listen 127.0.0.1:{port}{tls}; listen unix:{root}/canary.sock{tls};\n\
                 server_name localhost; root {root}; {certificate}\n\
                 location = / {{ try_files /index.txt =404; }}\n\
                 location = /big {{ }}\n\
                 location = /gzip {{ gzip on; gzip_types text/plain; gzip_min_length 1; }}\n\
                 location = /chunked {{ gzip on; gzip_types text/plain; alias {root}/big; }}\n\
                 location = /echo {{ return 200 \"$request_method $request_uri $http_host $http_user_agent\\n\"; }}\n\
                 location = /redirect {{ return 302 /; }}\n\
                 location = /hsts {{ add_header Strict-Transport-Security \"max-age=31536000; includeSubDomains\"; return 204; }}\n\
                 location = /status/204 {{ return 204; }}\n\
                 location / {{ return 404; }}\n\
               }}\n\
             }}\n"
        );
        let file = directory.write("nginx.conf", configuration)?;
        command.arg("-p").arg(directory.path()).arg("-c").arg(file).args(["-e", "stderr"]);
        Ok(())
    });
    Some(Nginx { process, secure: identity.is_some() })
}

/// Starts `openssl s_server -www`, which answers every GET with a page about the connection, and
/// closes.
///
/// `options` are additional arguments, such as `-tls1_2`, `-no_ticket` or `-alpn http/1.1`.
///
/// # Panics
/// When it is installed and does not start.
pub fn openssl_server(identity: &Identity, options: &[&str]) -> Option<Process> {
    let program = find("openssl")?;
    Some(Process::start("openssl s_server", &program, |command, directory, port| {
        let files = identity.write(directory, "server")?;
        command.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}")]);
        command.arg("-cert").arg(&files.chain).arg("-key").arg(&files.key).arg("-cert_chain").arg(&files.chain);
        command.args(options);
        Ok(())
    }))
}

/// Starts `openssl s_server -www` with a certificate that no current library accepts: X.509 version
/// 1, self-signed, with an RSA key of 1,024 bits.
///
/// # Panics
/// When it is installed and does not start.
pub fn openssl_server_with_weak_certificate(options: &[&str]) -> Option<Process> {
    let program = find("openssl")?;
    let openssl = program.clone();
    Some(Process::start("openssl s_server", &program, |command, directory, port| {
        let file = |name: &str| directory.path().join(name);
        let run = |arguments: &[&str], files: &[(&str, &str)]| {
            let mut make = Command::new(&openssl);
            make.args(arguments);
            for (option, name) in files {
                make.arg(option).arg(file(name));
            }
            let output = make.output()?;
            if output.status.success() { Ok(()) } else { Err(io::Error::other(format!("{output:?}"))) }
        };
        let new_key = ["req", "-new", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=localhost"];
        run(&new_key, &[("-keyout", "weak.key"), ("-out", "weak.csr")])?;
        // Without extensions, it has version 1.
        run(&["x509", "-req"], &[("-in", "weak.csr"), ("-signkey", "weak.key"), ("-out", "weak.pem")])?;
        command.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}")]);
        command.arg("-cert").arg(file("weak.pem")).arg("-key").arg(file("weak.key"));
        command.args(["-cipher", "DEFAULT@SECLEVEL=0"]).args(options);
        Ok(())
    }))
}
