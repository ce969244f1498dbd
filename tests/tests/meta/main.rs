//! The project's statements about itself are true.
#![forbid(unsafe_code)]

mod benchmarks;
mod faces;
mod mutations;
mod project;
mod prose;
mod purity;
mod repository;
mod rooms;
mod rules;
mod suffix_table;
