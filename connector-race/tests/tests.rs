//! The race: its decisions, and the connector that follows them.

mod autotraits;
mod cancel;
mod choices;
mod cost;
mod decisions;
mod loopback;
mod outcome;
mod racing;
mod referee;
mod rig;
mod story;
