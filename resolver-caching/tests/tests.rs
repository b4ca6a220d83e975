//! What is kept, what is shared, and what it costs.

mod autotraits;
mod cancelling;
mod cost;
mod errors;
mod flights;
mod keeping;
mod names;
mod support;
mod threads;
