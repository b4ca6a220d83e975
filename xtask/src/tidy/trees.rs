//! What comes with a published package by default.

use std::collections::BTreeSet;

/// Packages that nobody gets who did not ask for them; a star stands for the rest of a name.
const FORBIDDEN: [&str; 5] = ["async-std", "futures-rustls", "hickory*", "mio", "tokio*"];

/// Packages that are there to bring something that is forbidden elsewhere: each with what it brings.
const BRINGING: [(&str, &[&str]); 1] =
    [("socketry-resolver-async-std", &["async-std", "hickory*"])];

/// The most packages in a tree, the package itself included.
const MOST_PACKAGES: [(&str, usize); 6] = [
    ("socketry-connection", 5),
    ("socketry-connector", 5),
    ("socketry-resolver", 5),
    ("socketry-resolver-caching", 5),
    ("socketry-server", 5),
    ("socketry-connector-tcp", 25),
];

/// One line for each violation in the tree of `package`: a package a line, as in `slab v0.4.12`.
pub(super) fn check(package: &str, tree: &str) -> Vec<String> {
    let names: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let mut violations: Vec<String> = names
        .iter()
        .filter(|name| FORBIDDEN.iter().any(|pattern| matches(pattern, name)))
        .filter(|name| !is_allowed(package, name))
        .map(|name| {
            format!("{package}: make {name} optional, or do without it: nobody asked for it")
        })
        .collect();
    let most = MOST_PACKAGES.iter().find(|(limited, _)| *limited == package);
    if let Some((_, most)) = most.filter(|(_, most)| names.len() > *most) {
        violations.push(format!(
            "{package}: do with fewer crates: its tree has {} packages, {most} is the most ({})",
            names.len(),
            Vec::from_iter(names).join(", ")
        ));
    }
    violations
}

/// Whether `package` is there to bring the package `name`.
fn is_allowed(package: &str, name: &str) -> bool {
    let brought = BRINGING.iter().filter(|(bringing, _)| *bringing == package);
    brought.flat_map(|(_, brought)| *brought).any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_tree_is_left_alone() {
        let tree = "socketry-connection v0.1.0 (/house/connection)\nfutures-io v0.3.31\n";
        assert_eq!(check("socketry-connection", tree), [""; 0]);
    }

    #[test]
    fn a_forbidden_package_is_refused_by_name_and_by_the_start_of_its_name() {
        for name in ["tokio", "tokio-util", "mio", "async-std", "hickory-proto", "futures-rustls"] {
            let found = check("socketry", &format!("socketry v0.1.0\n{name} v1.0.0\n"));
            assert_eq!(found.len(), 1, "{name}: {found:?}");
        }
        assert_eq!(check("socketry", "socketry v0.1.0\nmiow v1.0.0\n"), [""; 0]);
    }

    #[test]
    fn who_is_there_to_bring_a_forbidden_package_may_and_nobody_else() {
        let tree = "async-std v1.13.2\nhickory-proto v0.24.4\n";
        assert_eq!(check("socketry-resolver-async-std", tree), [""; 0]);
        assert_eq!(check("socketry", tree).len(), 2);
        assert_eq!(check("socketry-resolver-async-std", "tokio v1.40.0\n").len(), 1);
    }

    #[test]
    fn a_tree_that_has_grown_too_large_is_refused_and_a_repeated_line_counts_once() {
        let tree: String = (0..26).map(|number| format!("crate-{number} v1.0.0\n")).collect();
        let [violation] = &check("socketry-connector-tcp", &tree)[..] else { panic!() };
        assert!(violation.contains("its tree has 26 packages, 25 is the most"), "{violation}");
        assert_eq!(check("socketry-connection", &"futures-io v0.3.31\n".repeat(6)), [""; 0]);
    }
}
