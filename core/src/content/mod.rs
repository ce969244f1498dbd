//! The content of a response: its codings, charset and media type, its file name, links,
//! lines and events.

pub mod decode;
pub mod disposition;
pub mod events;
mod ext_value;
pub mod lines;
pub mod link;
pub mod media_type;
pub mod text;
