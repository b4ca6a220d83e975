//! The step `clippy`: every target of every package, with each set of features that matters.

use crate::{
    command::{cargo, run as run_command},
    failed::Failed,
    workspace::{Package, Workspace},
};

/// Each package by itself, so that it cannot live on features that another one turns on.
pub(super) fn run() -> Result<(), Failed> {
    for package in &Workspace::read()?.packages {
        for features in feature_sets(package) {
            let mut clippy = cargo(["clippy", "--all-targets", "--package", &package.name]);
            run_command(clippy.args(features).args(["--", "-D", "warnings"]))?;
        }
    }
    Ok(())
}

/// The options for: the default features, none, each by itself, and all together.
fn feature_sets(package: &Package) -> Vec<Vec<String>> {
    let options = |options: &[&str]| options.iter().map(|option| option.to_string()).collect();
    let mut sets = vec![Vec::new()];
    if package.has_default_features {
        sets.push(options(&["--no-default-features"]));
    }
    for feature in &package.features {
        sets.push(options(&["--no-default-features", "--features", feature]));
    }
    if package.features.len() > 1 {
        sets.push(options(&["--all-features"]));
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_checked_with_each_feature_by_itself_and_all_together() {
        let package = Package {
            features: vec!["serde".into(), "tls".into()],
            has_default_features: true,
            ..Package::default()
        };
        let sets: Vec<String> = feature_sets(&package).iter().map(|set| set.join(" ")).collect();
        assert_eq!(
            sets,
            [
                "",
                "--no-default-features",
                "--no-default-features --features serde",
                "--no-default-features --features tls",
                "--all-features"
            ]
        );
    }

    #[test]
    fn a_package_without_features_is_checked_once() {
        assert_eq!(feature_sets(&Package::default()), [[""; 0]]);
    }
}
