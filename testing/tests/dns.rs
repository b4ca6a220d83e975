//! The nameserver with a script, and the cases for resolvers.

mod dns_server;
mod resolver_check;
