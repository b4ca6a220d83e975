//! The step `cross`: the rooms compile for the other systems.

use std::time::Duration;

use crate::{
    command::{cargo, output, run as run_command, rustup, succeeds_within},
    failed::Failed,
    workspace::Workspace,
};

const TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"];

/// Rooms with C code under them, which would need a cross compiler.
const WITH_C_CODE: &[&str] = &[];

/// How long a target may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// Checks the libraries for each target that is installed or can be.
pub(super) fn run() -> Result<(), Failed> {
    let workspace = Workspace::read()?;
    let packages = workspace.published().map(|package| package.name.as_str());
    let packages = packages.filter(|name| !WITH_C_CODE.contains(name));
    let packages: Vec<&str> = packages.flat_map(|name| ["--package", name]).collect();
    for target in TARGETS {
        if is_installed(target) {
            // Clippy, because warnings in code for other systems show nowhere else.
            let mut check = cargo(["clippy", "--lib", "--all-features", "--target", target]);
            run_command(check.args(&packages).args(["--", "-D", "warnings"]))?;
        } else {
            println!("{target}: target not installable here");
        }
    }
    Ok(())
}

fn is_installed(target: &str) -> bool {
    let installed = output(&mut rustup(["target", "list", "--installed"]));
    installed.is_ok_and(|list| list.lines().any(|line| line == target))
        || succeeds_within(
            rustup(["target", "add", target]).env("RUSTUP_MAX_RETRIES", "0"),
            PATIENCE,
        )
}
