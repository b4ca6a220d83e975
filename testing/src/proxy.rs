//! A proxy that breaks TCP connections as it is told.
//!
//! From the outside in: `handle` is what the test holds, `shared` what it and the thread share,
//! `serving` the thread with the sockets; `connection` is one connection of it and `pipe` one
//! direction of that; `fault` has the values.

mod connection;
mod fault;
mod handle;
mod pipe;
mod serving;
mod shared;

pub use self::{
    fault::{Break, Fault, ProxyCounts},
    handle::FaultProxy,
};
