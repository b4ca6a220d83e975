//! `block_on` on real threads, sockets and timers: who makes progress, who is woken, and what is
//! left after a panic.

mod busy;
mod echo;
mod nested;
mod panics;
mod threads;
mod wakes;
