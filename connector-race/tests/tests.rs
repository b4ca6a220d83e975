//! The race: its decisions, and the connector that follows them.

mod decisions;
mod referee;
