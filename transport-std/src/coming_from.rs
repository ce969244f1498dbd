//! Translates the terms of other HTTP clients into Petition's.
//!
#![doc = include_str!("coming_from.md")]
