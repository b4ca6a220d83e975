//! The step `outside`: the facade without its default features, as a program has it that is no
//! member, and in its own tests.

use std::fs;

use crate::{
    command::{cargo, output, root, run as run_command},
    failed::Failed,
    tidy::trees::fits,
};

const MANIFEST: &str = "facade/tests/outside/Cargo.toml";
const LOCK: &str = "facade/tests/outside/Cargo.lock";

/// What a program does not get that brings a resolver of its own; a star stands for the rest.
const UNWANTED: [&str; 5] =
    ["async-std*", "hickory*", "rustls*", "socketry-resolver-hickory", "tokio*"];

/// Looks through its tree, and runs it.
pub(super) fn run() -> Result<(), Failed> {
    // With the versions that everything else was tested with, and those only.
    fs::copy(root().join("Cargo.lock"), root().join(LOCK))?;
    let tree = ["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = output(cargo(tree).args(["--manifest-path", MANIFEST]))?;
    let unwanted = unwanted(&tree);
    if !unwanted.is_empty() {
        let names = unwanted.join(", ");
        return Err(Failed::new(format!(
            "{MANIFEST}: a program with a resolver of its own gets {names}"
        )));
    }
    let program = ["run", "--quiet", "--target-dir", "target/outside"];
    run_command(cargo(program).args(["--manifest-path", MANIFEST]))?;
    let without = ["test", "--quiet", "--package", "socketry", "--no-default-features"];
    run_command(cargo(without).args(["--test", "tests", "--test", "leaks"]))
}

/// The packages of a tree that nobody asked for.
fn unwanted(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let is_unwanted = |name: &&str| UNWANTED.iter().any(|pattern| fits(name, pattern));
    names.filter(is_unwanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_for_dns_in_the_tree_is_told() {
        let tree = "outside v0.0.0\nhickory-proto v0.26.0\nsocketry v0.1.0\ntokio v1.0.0\n";
        assert_eq!(unwanted(tree), ["hickory-proto", "tokio"]);
        assert_eq!(unwanted("outside v0.0.0\nsocketry-resolver v0.1.0\n"), [""; 0]);
    }
}
