//! The step `cross`: the rooms compile for the other systems.

use std::time::Duration;

use crate::{
    command::{cargo, output, run as run_command, rustup, succeeds_within},
    failed::Failed,
    workspace::{Package, Workspace},
};

const TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"];

/// Features with C code under them, which would need a cross compiler.
const WITH_C_CODE: [&str; 2] = ["aws-lc-rs", "ring"];

/// How long a target may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// Checks the libraries and the command for each target that is installed or can be.
pub(super) fn run() -> Result<(), Failed> {
    let workspace = Workspace::read()?;
    let packages: Vec<&str> =
        workspace.published().flat_map(|package| ["--package", &package.name]).collect();
    let features = features(workspace.published());
    for target in TARGETS {
        if is_installed(target) {
            // Clippy, because warnings in code for other systems show nowhere else.
            let mut check = cargo(["clippy", "--target", target]);
            check.args(["--no-default-features", "--features", &features]);
            run_command(check.args(&packages).args(["--", "-D", "warnings"]))?;
        } else {
            println!("{target}: target not installable here");
        }
    }
    Ok(())
}

/// All features that need no compiler for C, as cargo takes them for several packages.
fn features<'a>(packages: impl Iterator<Item = &'a Package>) -> String {
    let of_each = packages.flat_map(|package| {
        let features = package.features.iter();
        let features = features.filter(|feature| !WITH_C_CODE.contains(&feature.as_str()));
        features.map(|feature| format!("{}/{feature}", package.name))
    });
    of_each.collect::<Vec<_>>().join(",")
}

fn is_installed(target: &str) -> bool {
    let installed = output(&mut rustup(["target", "list", "--installed"]));
    installed.is_ok_and(|list| list.lines().any(|line| line == target))
        || succeeds_within(
            rustup(["target", "add", target]).env("RUSTUP_MAX_RETRIES", "0"),
            PATIENCE,
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_features_are_checked_but_those_with_c_code() {
        let package = |name: &str, features: &[&str]| Package {
            name: name.into(),
            features: features.iter().map(|feature| feature.to_string()).collect(),
            ..Package::default()
        };
        let packages = [package("a", &["ring", "serde"]), package("b", &["tls", "aws-lc-rs"])];
        assert_eq!(features(packages.iter()), "a/serde,b/tls");
    }
}
