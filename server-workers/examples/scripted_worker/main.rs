//! A worker process that does what it is told: the other side in tests, in whatever state they need.
//!
//! Each argument is a rule, `WHEN=ACTION,ACTION...`; of several for the same occasion the first one holds.
//!
//! | occasion | when | without a rule |
//! |---|---|---|
//! | `start` | before anything is read | nothing |
//! | `hello` | asked for its pid the first time | `ready` |
//! | `barrier` | asked for its pid later | `ready` |
//! | `connected`, `data`, `close` | an event | `continue`, `echo`, nothing |
//! | `data:TEXT` | a message, which is this text (without the end of its line) | |
//! | `begun` | a part of something long has come, and the rest is not read yet | nothing |
//! | `stop` | told to stop | `exit:0` |
//! | `eof` | its server has closed | `exit:255` |
//!
//! The actions are listed at [`Worker::act`]. In texts `\r` and `\n` are what one expects. It reads as PHP
//! does: a header that does not come at once is an error, and so ends it with 100.

#[cfg(unix)]
mod frames;
#[cfg(unix)]
mod worker;

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    worker::Worker::new(std::env::args().skip(1))?.run()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("worker processes need Unix");
}
