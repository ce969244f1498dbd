//! stub until merged
#![allow(missing_docs)]
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AddressPolicy { #[default] Any }
#[derive(Debug)]
pub struct AddressDenied;
impl std::fmt::Display for AddressDenied { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("") } }
impl std::error::Error for AddressDenied {}
impl AddressPolicy { pub fn filter(&self, a: &[std::net::SocketAddr]) -> Result<Vec<std::net::SocketAddr>, AddressDenied> { Ok(a.to_vec()) } }
