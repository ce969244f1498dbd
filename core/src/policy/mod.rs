//! What happens between the hops of one transfer.

pub mod auth;
pub mod redirect;
