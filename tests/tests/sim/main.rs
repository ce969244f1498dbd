//! Random scenarios in the simulated network.
#![forbid(unsafe_code)]

mod layer;
mod month;
mod scenarios;
