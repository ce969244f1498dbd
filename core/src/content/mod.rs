//! The content of a response: its codings, its charset and its media type.

pub mod decode;
pub mod media_type;
pub mod text;
