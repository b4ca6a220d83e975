//! Pausing, resuming, closing, draining and dropping a server in every nesting of the decorators.
//!
//! Every ordered arrangement of every subset of the four of them stands around every kind of server
//! here, whether anybody would want it so or not: what is promised of a control is promised of all.
//! Clients come on real sockets and never speak, which is the worst that they can do to whoever
//! waits for a header or a handshake. A server is polled when it was woken and not otherwise, so a
//! wake-up that is lost is a failure that names the nesting and not a test that hangs.

#![cfg(unix)]

mod case;
mod client;
mod full;
mod half_way;
mod layers;
mod running;
mod unpolled;
mod waiting;
