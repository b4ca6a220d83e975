//! TLS for servers, over servers and connections in memory.
//!
//! What is known to go wrong in servers of this kind, and where it is tested:
//!
//! - `contract`: pausing, resuming and closing reach the server inside, whose address is told as a
//!   TLS one, and whose errors come through (`serving`); a change wakes also a server that is full.
//! - `serving`: what either side writes arrives whole, short or long, before an end and without one;
//!   a slow handshake is neither an event nor in anybody's way.
//! - `failing`: a client that leaves before, during or after its first byte, gives up in the middle,
//!   does not trust the server, speaks plain text or says nothing: one error each, which tells who
//!   it was and why.
//! - `limits`, `ending`: handshakes that never end are limited, in all and for one address, and end
//!   with their deadline, with a closed server's last deadline, or with the server.
//! - `progress`: all of that while nobody is accepted.
//! - `spawning`: all of that in the tasks of an executor.
//! - `names`, `client_certificates`, `client_zoo`, `resumption`: what each side proves, and when it
//!   need not.
//! - `reloading`, `watching`: bad files are told before there is a server; later they leave
//!   everything as it was.
//! - `cost`: what is counted.

mod client_certificates;
mod client_zoo;
mod contract;
mod cost;
mod ending;
mod failing;
mod limits;
mod names;
mod progress;
mod reloading;
mod resumption;
mod serving;
mod spawning;
mod support;
mod upgrading;
mod watching;
