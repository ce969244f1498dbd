//! Whole exchanges: the operations of a question, done in turn as one session over real sockets.
//!
//! An operation is given in the terms of curl's options. What of them is a setting of the library becomes one ([`request`]); what is
//! a program's business around it (ranges and conditions and the check of their answers, repeating what failed, which proxy the
//! environment names) is done here, as a user of the library would. What the library cannot do is declined.

mod address;
mod answer;
mod blocking;
mod class;
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

/// Between two operations. The material's servers note requests, and ends of connections, on a thread for each connection: so they note
/// them in the order in which they happen.
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
    // All of it is understood before anything is sent.
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
                // The cookies that a session begins with are taken in once, however many operations name them.
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
