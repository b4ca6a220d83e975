//! TLS for clients: whose name is checked, how calls end and what they leave behind.

mod autotraits;
mod cost;
mod outcome;
mod support;
mod targets;
mod upgrade;
