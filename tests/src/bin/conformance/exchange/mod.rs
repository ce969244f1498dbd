//! Whole exchanges: the operations of a question, done in turn as one session over real sockets.
//!
//! An operation is given in the terms of curl's options. What of them is a setting of the library becomes one ([`request`]); what is
//! a program's business around it (ranges and conditions and the check of their answers, repeating what failed, which proxy the
//! environment names) is done here, as a user of the library would. What the library cannot do is declined.

mod answer;
mod blocking;
mod class;
mod names;
mod op;
mod proxies;
mod request;
mod retry;

mod transport;

use petition_core::cookie::{Jar, Scope};
use serde_json::{Value, json};

use crate::latin1;
pub(crate) use blocking::Std;
use names::Names;
use op::{Declined, Op};
use transport::State;
pub(crate) use transport::Transport;

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
    let mut results = Vec::new();
    for op in &ops {
        names.set(&op.connect_to);
        transport::with(&state, |session| request::prepare_session(op, session));
        let outcome = retry::send(op, &*client);
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
