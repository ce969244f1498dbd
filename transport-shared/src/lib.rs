//! The code that Petition's transports share: the [session](SharedSession) behind its lock, name
//! [look-ups](lookups) on helper threads, [forms](Multipart) with files, cookie and netrc files,
//! connections in memory ([pipe]), and the [process] that owns sockets and threads.
//!
//! `petition-std` and `petition-mio` re-export what their users need. All HTTP decisions are made
//! in `petition_core`.
#![forbid(unsafe_code)]

mod cookie_files;
mod environment;
pub mod lookups;
mod multipart;
pub mod pipe;
#[cfg(feature = "platform-verifier")]
mod platform;
pub mod process;
mod session;
pub mod shared_lookups;
mod target;

pub use environment::{load_netrc, netrc_from_env, proxy_rules_from_env};
pub use multipart::{FileOrReader, Multipart, MultipartReader, Part};
#[cfg(feature = "platform-verifier")]
pub use platform::platform_verifier;
pub use session::{SESSION_PATIENCE, SharedSession};
pub use target::Target;
