//! TLS for servers, over servers and connections in memory.

mod contract;
mod ending;
mod failing;
mod limits;
mod progress;
mod serving;
mod spawning;
mod support;
