//! What comes with a published package by default.

use std::collections::BTreeSet;

/// A package that nobody gets who did not ask for it.
struct Forbidden {
    /// Its name; a star stands for the rest of one.
    pattern: &'static str,
    /// The packages of ours for which one asks in order to get it.
    but_for: &'static [&'static str],
}

const FORBIDDEN: [Forbidden; 5] = [
    Forbidden { pattern: "async-std", but_for: &["socketry-resolver-async-std"] },
    Forbidden {
        pattern: "futures-rustls",
        but_for: &[
            "socketry",
            "socketry-cli",
            "socketry-connection-tls",
            "socketry-connector-tls",
            "socketry-server-tls",
        ],
    },
    Forbidden {
        pattern: "hickory*",
        but_for: &["socketry", "socketry-resolver-async-std", "socketry-resolver-hickory"],
    },
    Forbidden { pattern: "mio", but_for: &[] },
    Forbidden { pattern: "tokio*", but_for: &[] },
];

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
        .filter(|name| FORBIDDEN.iter().any(|forbidden| forbidden.forbids(name, package)))
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

impl Forbidden {
    fn forbids(&self, name: &str, package: &str) -> bool {
        fits(name, self.pattern) && !self.but_for.contains(&package)
    }
}

/// Whether the name of a package is one that `pattern` means, in which a star stands for the rest.
pub(crate) fn fits(name: &str, pattern: &str) -> bool {
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
            let found =
                check("socketry-server", &format!("socketry-server v0.1.0\n{name} v1.0.0\n"));
            assert_eq!(found.len(), 1, "{name}: {found:?}");
        }
        assert_eq!(check("socketry", "socketry v0.1.0\nmiow v1.0.0\n"), [""; 0]);
    }

    #[test]
    fn what_a_package_is_for_is_allowed_there_and_nothing_else_is() {
        let found = check("socketry-resolver-hickory", "hickory-proto v1.0.0\ntokio v1.0.0\n");
        let [violation] = &found[..] else { panic!("{found:?}") };
        assert!(violation.contains("make tokio optional"), "{violation}");
    }

    #[test]
    fn a_tree_that_has_grown_too_large_is_refused_and_a_repeated_line_counts_once() {
        let tree: String = (0..26).map(|number| format!("crate-{number} v1.0.0\n")).collect();
        let [violation] = &check("socketry-connector-tcp", &tree)[..] else { panic!() };
        assert!(violation.contains("its tree has 26 packages, 25 is the most"), "{violation}");
        assert_eq!(check("socketry-connection", &"futures-io v0.3.31\n".repeat(6)), [""; 0]);
    }
}
