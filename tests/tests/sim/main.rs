//! Random scenarios in the simulated network.
#![forbid(unsafe_code)]

mod custom_layer;
mod month;
mod scenarios;
