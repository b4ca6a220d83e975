//! Addresses as they arrive, raced to one connection.

pub use crate::{
    connector::RaceConnector,
    race::{Race, Step},
    route::Route,
    rules::Rules,
};

mod attempt;
mod connect;
mod connector;
mod driver;
mod failures;
mod in_flight;
mod memory;
mod order;
mod race;
mod route;
mod rules;
mod settings;
mod telling;
