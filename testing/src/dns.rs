//! A nameserver that follows a script.
//!
//! From the outside in: `server` is what the test holds, `serving` the thread with the sockets,
//! `script` what both share; `reply`, `query` and `held` are values, `message` is how they look on
//! the wire.

mod held;
mod message;
mod query;
mod reply;
mod script;
mod server;
mod serving;
mod streams;

pub use self::{
    held::HeldQuery,
    query::{DnsQuery, DnsTransport},
    reply::DnsReply,
    server::DnsServer,
};
