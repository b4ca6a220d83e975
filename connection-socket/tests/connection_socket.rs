//! Plain connections over real sockets: what they promise to whoever holds one, whatever the peer
//! and the other tasks do.
//!
//! A connection has no `close()` that forbids reading after it, and none that forgets its
//! addresses: `close().await` ends the writing side, dropping ends both, and the addresses live as
//! long as the value.

mod abort;
mod addresses;
mod autotraits;
mod back_pressure;
mod contract;
mod convert;
mod half_close;
mod listener;
mod options;
mod short_reads;
mod split;
mod support;
mod wakes;
