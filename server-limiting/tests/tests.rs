//! A limit of open connections, over servers and connections in memory.
//!
//! What is known to go wrong in servers of this kind, and where it is tested:
//!
//! - `contract`: pausing, resuming and closing reach the server inside and are told once; its address
//!   and its errors come through; a change wakes also a server that is full.
//! - `limit`: the limit at its edge, with both answers; pausing by hand and waiting for a place do not
//!   know of each other; closing leaves connections open; a place is free exactly once.
//! - `ending`: a full server that is closed ends, and those under way inside are not lost.
//! - `list`: what is known of connections, and closing them from outside.
//! - `writing`, `behind`, `two_tasks`: what others write arrives whole and in order, whatever the owner
//!   does; who does not read, and what that costs whom.
//! - `waiting`: lines of those who wait for room, and owners that wait for others.
//! - `races`: what other threads do while the owner is being polled.
//! - `time`: connections that are idle or old.
//! - `drain`: stopping, whoever is polled or not.
//! - `alarms`: being told once.
//! - `cost`: what is counted.

mod alarms;
mod behind;
mod contract;
mod cost;
mod drain;
mod ending;
mod limit;
mod list;
mod races;
mod support;
mod time;
mod two_tasks;
mod waiting;
mod writing;
