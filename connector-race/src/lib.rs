//! Addresses as they arrive, raced to one connection.

pub use crate::{
    race::{Race, Step},
    route::Route,
    rules::Rules,
};

mod order;
mod race;
mod route;
mod rules;
