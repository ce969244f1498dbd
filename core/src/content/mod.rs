//! The content of a response: its codings, charset and media type, its file name and links.

pub mod decode;
pub mod disposition;
mod ext_value;
pub mod link;
pub mod media_type;
pub mod text;
