//! Whole exchanges: the operations of a question, performed in order as one session over real
//! sockets.
//!
//! Operations use the terms of curl's options. Where the library has a setting, the operation uses
//! it ([`request`]). What a program does around the library is done here: ranges, conditions and
//! the checks of their responses, and retries. Operations beyond the library are declined.

mod address;
mod answer;
mod blocking;
mod class;
mod credentials;
mod mio;
mod names;
mod op;
mod proxies;
mod request;
mod retry;

mod transport;

use std::thread::sleep;
use std::time::Duration;

use petition_core::cookie::{Jar, Scope};
use serde_json::{Value, json};

use crate::latin1;
use answer::Outcome;
pub(crate) use blocking::Std;
pub(crate) use mio::Mio;
use names::Names;
use op::{Declined, Op};
use transport::State;
pub(crate) use transport::Transport;

/// The pause between operations. The material's servers record requests and ends of connections on
/// one thread per connection, so the pause keeps their order.
const BETWEEN: Duration = Duration::from_millis(10);

/// Answers one question over this transport.
pub(crate) fn answer(question: &Value, transport: &dyn Transport) -> Value {
    let id = &question["id"];
    match run(question, transport) {
        Ok((results, jar)) => json!({"id": id, "results": results, "jar": jar}),
        Err(Declined(reason)) => json!({"id": id, "skip": reason}),
    }
}

fn run(question: &Value, transport: &dyn Transport) -> Result<(Vec<Value>, Value), Declined> {
    let ops = question["ops"].as_array().ok_or_else(|| Declined::because("no operations"))?;
    // Every operation is parsed before anything is sent.
    let ops: Vec<Op> = ops.iter().map(|op| Op::read(op, &question["env"])).collect::<Result<_, _>>()?;
    let state = State::default();
    let names = Names::default();
    let client = transport.open(&state, &names);
    let (mut results, mut imported) = (Vec::new(), Vec::new());
    for (index, op) in ops.iter().enumerate() {
        if index > 0 {
            sleep(BETWEEN);
        }
        let outcome = match (&op.proxy, &op.connect_to) {
            (Err(words), _) | (_, Err(words)) => Outcome::unsent("bad-option", words.clone()),
            (Ok(_), Ok(rules)) => {
                names.set(rules);
                // The initial cookies of a session are loaded once, however many operations name
                // them.
                if !imported.contains(&&op.cookies) {
                    imported.push(&op.cookies);
                    transport::with(&state, |session| request::prepare_session(op, session));
                }
                retry::send(op, &*client)
            }
        };
        results.push(outcome.to_json());
    }
    drop(client);
    Ok((results, transport::with(&state, |session| cookies(session.jar()))))
}

fn cookies(jar: &Jar) -> Value {
    let cookies = jar.iter().map(|cookie| {
        json!({
            "domain": cookie.domain(),
            "host_only": cookie.scope() == Scope::HostOnly,
            "path": latin1::string(cookie.path()),
            "secure": cookie.secure(),
            "http_only": cookie.http_only(),
            "expires": cookie.expires().map_or(0, |time| time.0),
            "name": latin1::string(cookie.name()),
            "value": latin1::string(cookie.value()),
        })
    });
    cookies.collect()
}
