//! TLS for clients: whose name is checked, how calls end and what they leave behind.

mod outcome;
mod support;
mod targets;
mod upgrade;
