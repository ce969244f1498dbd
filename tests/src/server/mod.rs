//! A loopback server that follows a script byte by byte, to do what no ordinary server does.
//!
//! ```
//! use std::io::{Read, Write};
//! use petition_tests::server::{Script, Scripted};
//!
//! let server = Scripted::start([Script::new().read_request().send(b"HTTP/1.1 204 No Content\r\n\r\n").half_close()])?;
//! let mut client = std::net::TcpStream::connect(server.address())?;
//! client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert_eq!(answer, "HTTP/1.1 204 No Content\r\n\r\n");
//! assert_eq!(server.record(0).requests[0].target, "/");
//! # Ok::<(), std::io::Error>(())
//! ```

mod conversation;
mod script;
mod scripted;

pub use self::conversation::Conversation;
pub use self::script::{Pace, Script};
pub use self::scripted::{Ending, Record, Scripted};
pub use super::net::gate::Gate;
