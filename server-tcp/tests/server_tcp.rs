//! Listening on TCP, on real sockets of this machine.
//!
//! What is no socket address cannot be bound to: `///` or `localhost:80` are texts, and texts are
//! read further up. A server yields connections and errors where others have events; what the
//! process leaves behind is looked at in `leaks.rs`, and what happens without descriptors in
//! `exhaustion.rs`.

mod accepted_options;
mod addresses;
mod adopting;
mod autotraits;
mod backlog;
mod binding;
mod closing;
mod contract;
mod fairness;
mod handing_on;
mod pausing;
mod queue;
mod serving;
mod support;
