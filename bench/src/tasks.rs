//! What the work is, for any library that can do what it takes.

pub(crate) mod client;
pub(crate) mod race;
pub(crate) mod server;
