//! Servers and their connections, over connections in memory, with workers that the test plays.
//!
//! - `events`: what workers are asked about, in which order, and what becomes of their answers.
//! - `framing`: messages through the whole stack, however their bytes come.
//! - `timeouts`: who is too slow, to the millisecond.
//! - `pushing`: what others send and close from outside.
//! - `draining`, `dropping`: how it all ends.
//! - `executors`: connections as tasks of their own.
//! - `hostile`: clients, workers and logs that do what they should not.
//! - `cost`: what is counted.

mod cost;
mod draining;
mod dropping;
mod events;
mod executors;
mod framing;
mod hostile;
mod pushing;
mod support;
mod timeouts;
