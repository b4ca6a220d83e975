//! The fakes, and the parts of the interface crates that need fakes to be tested.

mod accept;
mod autotraits;
mod candidates;
mod clock;
mod connector;
mod endless;
mod faulty;
mod group;
mod memory;
mod scripted_connector;
mod scripted_resolver;
mod scripted_server;
mod trace;
