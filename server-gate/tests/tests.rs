//! A gate, over servers and connections in memory.
//!
//! What is known to go wrong in limits of this kind, and where it is tested:
//!
//! - `contract`: pausing, resuming and closing reach the server inside and wake whoever waits, also
//!   while it is full or has no tokens; a closed server ends although it is full.
//! - `limits`: one more or one less than allowed, and an address that counts as another one.
//! - `rates`: time that nobody used, and the moment at which somebody may come again.
//! - `lists`: which list wins, and who has no address to be found by.
//! - `pausing`: somebody who is lost while there is no room, and a wait that nothing ends.
//! - `places`: a place that is freed twice, never, or before its descriptor.
//! - `changing`: limits that know nothing of who is in already.
//! - `sharing`: two servers that find the same last place.
//! - `connection`: what a wrapper forgets to forward.
//! - `cost`: allocations, looks at the clock, and a flood that fills the memory.

mod changing;
mod connection;
mod contract;
mod cost;
mod limits;
mod lists;
mod pausing;
mod places;
mod rates;
mod sharing;
mod support;
