//! Response framing: one connection reads the bytes in pieces of 7, and its [`Connection`] gives
//! the answer.
//!
//! Where RFC 9112 lets the recipient decide whether to tolerate malformed input, the material
//! mostly expects rejection, and the library's defaults mostly tolerate. Each such decision is one
//! of the library's named leniencies; [`Choices`] selects a set. Trailers are not answered: the
//! library drops forbidden ones, the material keeps all.

use petition_core::http1::{
    Config, Connection, Eof, Event, Leniencies, NotReusable, ProtocolError, RequestHead, ResponseHead,
};
use serde_json::{Value, json};

use crate::latin1;

/// The size of one read: odd and shorter than most tokens, so that dependence on the split shows.
const PIECE: usize = 7;

/// What is tolerated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choices {
    /// The library's defaults.
    Defaults,
    /// The defaults without four leniencies that the material's parser lacks in its strict mode.
    Material,
    /// Nothing.
    Strict,
}

impl Choices {
    fn config(self) -> Config {
        let mut config = Config::default();
        let leniencies = &mut config.leniencies;
        match self {
            Choices::Defaults => {}
            Choices::Strict => *leniencies = Leniencies::STRICT,
            Choices::Material => {
                leniencies.bare_lf = false;
                leniencies.obs_fold = false;
                leniencies.chunk_size_trailing_space = false;
                leniencies.missing_final_crlf = false;
            }
        }
        config
    }
}

/// Answers one question.
pub(crate) fn answer(question: &Value, choices: Choices) -> Value {
    let mut answer = match latin1::bytes(&question["bytes"]) {
        Some(bytes) => verdict(&bytes, choices.config()),
        None => json!({"skip": "not a byte string"}),
    };
    answer["id"] = question["id"].clone();
    answer
}

fn verdict(bytes: &[u8], config: Config) -> Value {
    let mut exchange = Exchange::default();
    match exchange.run(bytes, config) {
        Ok(()) => exchange.accepted(),
        Err(error) => {
            let verdict = if error.is_truncation() { "incomplete" } else { "reject" };
            json!({"verdict": verdict, "error": error.to_string()})
        }
    }
}

/// The result of a response.
#[derive(Default)]
struct Exchange {
    head: Option<ResponseHead>,
    body: Vec<u8>,
    switched: bool,
    keep_alive: bool,
}

impl Exchange {
    fn run(&mut self, bytes: &[u8], config: Config) -> Result<(), ProtocolError> {
        // Requests an upgrade, since some of the responses are 101.
        let request = RequestHead { upgrade: Some("websocket"), ..RequestHead::new("GET", "/") };
        let mut http = Connection::new(config);
        http.send_head(&request, [("Host", &b"example.com"[..])]).expect("the request can be sent");
        http.wrote(http.outgoing().len());
        for mut piece in bytes.chunks(PIECE) {
            loop {
                let received = http.receive(piece)?;
                match received.event {
                    Event::NeedInput => break,
                    Event::Body(range) => self.body.extend_from_slice(piece.get(range).unwrap_or_default()),
                    event => {
                        if self.event(event, &mut http) {
                            return Ok(());
                        }
                    }
                }
                piece = piece.get(received.consumed..).unwrap_or_default();
            }
        }
        // Anything but an end here is an error, which `receive_eof` returns.
        let event = http.receive_eof(Eof::Clean)?;
        self.event(event, &mut http);
        Ok(())
    }

    /// Returns whether that was the last event.
    fn event(&mut self, event: Event, http: &mut Connection) -> bool {
        match event {
            Event::Head(head) => {
                // Only what the head says about the connection; surplus bytes are irrelevant here.
                self.keep_alive = matches!(http.can_reuse(), Ok(()) | Err(NotReusable::ResponseUnfinished));
                self.head = Some(head);
                false
            }
            Event::End => true,
            Event::Switched => {
                self.switched = true;
                true
            }
            Event::NeedInput | Event::Informational(_) | Event::Body(_) => false,
        }
    }

    fn accepted(self) -> Value {
        let Some(head) = self.head else { return json!({"verdict": "incomplete", "error": "no head"}) };
        json!({
            "verdict": "accept",
            "status": head.status().as_u16(),
            "headers": latin1::fields(head.fields().iter()),
            "body": latin1::string(&self.body),
            "keep_alive": self.keep_alive,
            "upgrade": self.switched,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_verdicts_are_given() {
        let ask = |bytes: &str| answer(&json!({"id": 1, "bytes": bytes}), Choices::Strict);
        let fine = ask(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\u{e9}b\r\n0\r\n\r\n",
        );
        assert_eq!((&fine["verdict"], &fine["status"], &fine["body"]), (&json!("accept"), &json!(200), &json!("aéb")));
        assert_eq!(ask("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")["verdict"], "incomplete");
        assert_eq!(ask("HTTP/2 200\r\n\r\n")["verdict"], "reject");
    }

    #[test]
    fn choices_differ_in_leniency() {
        let ask = |bytes: &str, choices| answer(&json!({"id": 1, "bytes": bytes}), choices)["verdict"].clone();
        let bare = "HTTP/1.1 204 No Content\n\n";
        assert_eq!(ask(bare, Choices::Defaults), "accept");
        assert_eq!(ask(bare, Choices::Material), "reject");
        let short = "HTTP/1.1 204\r\n\r\n";
        assert_eq!(ask(short, Choices::Material), "accept");
        assert_eq!(ask(short, Choices::Strict), "reject");
    }
}
