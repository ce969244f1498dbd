//! tinyproxy, Squid and microsocks.

use std::path::Path;

use super::origins::DIGEST_FILE;
use super::process::{Process, find, missing};

/// Starts tinyproxy, which forwards, and tunnels to any port. Requires Basic credentials if given.
///
/// # Panics
/// When it is installed and does not start.
pub fn tinyproxy(credentials: Option<(&str, &str)>) -> Option<Process> {
    let program = find("tinyproxy")?;
    Some(Process::start("tinyproxy", &program, |command, directory, port| {
        let auth = credentials.map(|(user, password)| format!("BasicAuth {user} {password}\n")).unwrap_or_default();
        let configuration = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 64\nAllow 127.0.0.1\nLogLevel Notice\n{auth}"
        );
        let file = directory.write("tinyproxy.conf", configuration)?;
        command.arg("-d").arg("-c").arg(file);
        Ok(())
    }))
}

/// Starts Squid without a cache, which forwards, and tunnels to any port.
///
/// # Panics
/// When it is installed and does not start.
pub fn squid() -> Option<Process> {
    start_squid(None)
}

/// Starts Squid as [`squid`] does. It requires Digest with [`LOGIN`](super::LOGIN).
///
/// # Panics
/// When it is installed and does not start.
pub fn squid_with_digest() -> Option<Process> {
    let helpers = ["/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid", "/usr/local/libexec/squid"];
    let mut helpers = helpers.iter().map(|folder| Path::new(folder).join("digest_file_auth"));
    let Some(helper) = helpers.find(|file| file.is_file()) else {
        missing("digest_file_auth of Squid");
        return None;
    };
    start_squid(Some(&helper))
}

fn start_squid(digest: Option<&Path>) -> Option<Process> {
    let program = find("squid")?;
    Some(Process::start("squid", &program, |command, directory, port| {
        let root = directory.path().display();
        let (settings, access) = match digest {
            None => (String::new(), "http_access allow here"),
            Some(helper) => {
                let file = directory.write("digest", DIGEST_FILE)?;
                let settings = format!(
                    "auth_param digest program {} -c {}\nauth_param digest realm the pride\n\
                     auth_param digest children 1\nacl known proxy_auth REQUIRED\n",
                    helper.display(),
                    file.display()
                );
                (settings, "http_access allow here known")
            }
        };
        let configuration = format!(
            "http_port 127.0.0.1:{port}\npid_filename none\ncache_log {root}/cache.log\naccess_log none\n\
             cache_store_log none\ncoredump_dir {root}\ncache deny all\ncache_mem 8 MB\npinger_enable off\n\
             netdb_filename none\nvisible_hostname localhost\nshutdown_lifetime 0 seconds\n\
             acl here src 127.0.0.0/8\n{settings}{access}\nhttp_access deny all\n"
        );
        let file = directory.write("squid.conf", configuration)?;
        // One process in the foreground, so that killing the child leaves nothing behind.
        command.args(["-N", "-d1", "-f"]).arg(file);
        Ok(())
    }))
}

/// Starts microsocks, which speaks SOCKS5. Requires user and password if given.
///
/// # Panics
/// When it is installed and does not start.
pub fn microsocks(credentials: Option<(&str, &str)>) -> Option<Process> {
    let program = find("microsocks")?;
    Some(Process::start("microsocks", &program, |command, _, port| {
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        if let Some((user, password)) = credentials {
            command.args(["-u", user, "-P", password]);
        }
        Ok(())
    }))
}
