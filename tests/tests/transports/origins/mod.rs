//! Foreign origins: nginx, Apache httpd, and HAProxy before a server of the kit, where they are
//! installed; over both transports.

mod connections;
mod documents;
mod restarts;
mod uploads;

use petition_tests::foreign_servers::{Origin, Program, Settings, TlsVersion};
use petition_tests::support::Client;
use petition_tests::tls::Authority;

/// Runs over every installed program, with both transports.
fn each(settings: &Settings<'_>, authority: &Authority, test: impl Fn(Program, &mut Origin, &Client)) {
    for program in Program::ALL {
        let Some(mut origin) = program.start(settings) else { continue };
        for client in Client::both(authority) {
            // Identifies the program if a test fails.
            println!("{program:?} {client:?}");
            test(program, &mut origin, &client);
        }
    }
}

/// Does the same as [`each`], plain and under both versions of TLS.
fn each_way(settings: &Settings<'_>, test: impl Fn(Program, &mut Origin, &Client, Option<TlsVersion>)) {
    let authority = Authority::new();
    let identity = authority.issue_localhost();
    each(settings, &authority, |program, origin, client| test(program, origin, client, None));
    for version in TlsVersion::ALL {
        let settings = Settings { identity: Some((&identity, version)), ..*settings };
        each(&settings, &authority, |program, origin, client| test(program, origin, client, Some(version)));
    }
}
