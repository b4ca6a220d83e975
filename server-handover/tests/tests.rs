//! Both sides of a handover in one process, over real sockets on this machine.

#![cfg(unix)]

mod autotraits;
mod deadlines;
mod failing;
mod handing_on;
mod malformed;
mod meeting;
mod support;
