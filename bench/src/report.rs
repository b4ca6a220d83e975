//! What was measured, for people and programs.

pub(crate) mod check;
#[cfg(test)]
mod example;
mod goals;
pub(crate) mod json;
mod machine;
pub(crate) mod outcome;
pub(crate) mod plot;
pub(crate) mod progress;
pub(crate) mod show;
pub(crate) mod table;
