//! What the project says of itself is true.
#![forbid(unsafe_code)]

mod benchmarks;
mod faces;
mod mutations;
mod project;
mod purity;
mod repository;
mod rooms;
mod rules;
mod suffix_table;
