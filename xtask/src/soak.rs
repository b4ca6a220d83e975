//! `cargo xtask soak`: what is timed or large, and so has no place among the tests.

use crate::{
    command::{cargo, run as run_command},
    failed::Failed,
};

/// Runs the soak example in release mode; `options` go on to it.
pub(crate) fn run(options: &[&str]) -> Result<(), Failed> {
    let example = ["run", "--release", "--package", "socketry", "--example", "soak", "--"];
    run_command(cargo(example).args(options))
}
