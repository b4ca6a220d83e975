//! `cargo xtask bench`: this house and its peers side by side.

use std::process::Command;

use crate::{
    command::{cargo, run as run_command},
    failed::Failed,
};

/// Runs the benchmarks in release mode; `options` go on to them.
pub(crate) fn run(options: &[&str]) -> Result<(), Failed> {
    run_command(&mut command(options))
}

fn command(options: &[&str]) -> Command {
    let mut bench = cargo(["run", "--release", "--package", "socketry-bench", "--"]);
    bench.args(options);
    bench
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::shown;

    #[test]
    fn options_go_on_to_the_benchmarks() {
        let bench = command(&["--scenario", "connect", "--check"]);
        let expected = "cargo run --release --package socketry-bench -- --scenario connect --check";
        assert_eq!(shown(&bench), expected);
    }
}
