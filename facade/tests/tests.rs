//! What the facade does, on real sockets and with fakes in its slots.
//!
//! Some things differ by design from what people know from event-driven libraries: dropping a
//! socket closes it, `close` says that all is said and leaves the other direction open, addresses
//! live as long as the socket, and who gives up a call drops its future, which returns no error;
//! what a given-up call leaves behind is tested in `leaks`. Between layers travel types and no
//! text, so that there is no text to be refused by a layer: only `Endpoint` reads one, see `uri`.

#![cfg(unix)]

mod arguments;
mod autotraits;
mod both_families;
mod config;
#[cfg(feature = "serde")]
mod config_file;
mod control;
mod decorators;
mod examples;
mod executors;
mod gate;
mod handing_on;
mod happy_eyeballs;
mod inherited;
mod limits;
mod localhost;
mod names;
mod pools;
mod port;
mod proxied;
mod reachable;
mod reconnect_config;
mod reconnecting;
mod serving;
mod slots;
mod sockets;
mod strange;
mod strangers;
mod support;
mod switched_off;
mod timeouts;
