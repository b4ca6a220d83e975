//! The step `msrv`: nothing needs a newer Rust than the packages promise.
//!
//! What our own code uses is clippy's business (`incompatible_msrv`). Here it is what comes with
//! it, and, where the promised Rust is installed, the proof.

use std::collections::HashSet;

use crate::{
    command::{output, run as run_command, rustup},
    failed::Failed,
    json::Value,
    workspace::{Workspace, metadata},
};

/// Compares the promises, then compiles with the oldest Rust if rustup has it.
pub(super) fn run() -> Result<(), Failed> {
    let metadata = metadata()?;
    let workspace = Workspace::from_metadata(&metadata)?;
    let violations = check(&workspace, &metadata);
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        return Err(Failed::new("a dependency needs a newer Rust than was promised"));
    }
    for package in workspace.published() {
        let Some(version) = package.rust_version.as_deref().filter(|version| has_rust(version))
        else {
            println!("{}: the Rust it promises is not installed here", package.name);
            continue;
        };
        let check = ["cargo", "check", "--all-features", "--package", &package.name];
        run_command(rustup(["run", version]).args(check))?;
    }
    Ok(())
}

/// One line for each package whose `rust-version` is newer than that of ours which it comes with.
fn check(workspace: &Workspace, metadata: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    for ours in workspace.published() {
        let Some(promised) = &ours.rust_version else {
            violations.push(format!("{}: add `rust-version.workspace = true`", ours.name));
            continue;
        };
        for package in with_dependencies(metadata, &ours.name) {
            let text = |key: &str| package.get(key).text().unwrap_or_default();
            let needed = text("rust_version");
            if numbers(needed) > numbers(promised) {
                violations.push(format!(
                    "{}: take an older {} than {}, which needs Rust {needed}, or promise no more \
                     than that: it promises {promised}",
                    ours.name,
                    text("name"),
                    text("version"),
                ));
            }
        }
    }
    violations
}

/// The package with this name, and all that it needs to be built.
fn with_dependencies<'a>(metadata: &'a Value, name: &str) -> Vec<&'a Value> {
    let members = metadata.get("workspace_members").items();
    let packages = metadata.get("packages").items();
    let nodes = metadata.get("resolve").get("nodes").items();
    let is_start = |package: &&Value| {
        package.get("name").text() == Some(name) && members.contains(package.get("id"))
    };
    let mut waiting: Vec<&str> =
        packages.iter().filter(is_start).filter_map(|package| package.get("id").text()).collect();
    let mut seen = HashSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = nodes.iter().find(|node| node.get("id").text() == Some(id));
        let needed = node.into_iter().flat_map(|node| node.get("deps").items());
        let needed = needed.filter(|needed| is_needed_to_build(needed));
        waiting.extend(needed.filter_map(|needed| needed.get("pkg").text()));
    }
    let is_seen = |package: &&Value| package.get("id").text().is_some_and(|id| seen.contains(id));
    packages.iter().filter(is_seen).collect()
}

fn is_needed_to_build(dependency: &Value) -> bool {
    let kinds = dependency.get("dep_kinds").items();
    kinds.iter().any(|kind| kind.get("kind").text() != Some("dev"))
}

/// `1.85` as `[1, 85, 0]`; what is no number counts as nothing.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

fn has_rust(version: &str) -> bool {
    let installed = output(&mut rustup(["toolchain", "list"])).unwrap_or_default();
    installed.lines().any(|line| {
        let rest = line.strip_prefix(version);
        rest.is_some_and(|rest| rest.starts_with(['-', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A door that promises Rust 1.85, made of wood and tested with a hammer.
    fn violations(wood_needs: &str) -> Vec<String> {
        let text = format!(
            r#"{{
                "workspace_root": "/house",
                "workspace_members": ["door"],
                "packages": [
                    {{"id": "door", "name": "door", "rust_version": "1.85"}},
                    {{"id": "glue", "name": "glue", "rust_version": null}},
                    {{"id": "wood", "name": "wood", "version": "2.0.0", "rust_version": {wood_needs}}},
                    {{"id": "hammer", "name": "hammer", "version": "3.0.0", "rust_version": "1.99"}}
                ],
                "resolve": {{"nodes": [
                    {{"id": "door", "deps": [
                        {{"pkg": "glue", "dep_kinds": [{{"kind": null}}]}},
                        {{"pkg": "hammer", "dep_kinds": [{{"kind": "dev"}}]}}
                    ]}},
                    {{"id": "glue", "deps": [{{"pkg": "wood", "dep_kinds": [{{"kind": "build"}}]}}]}},
                    {{"id": "wood", "deps": [{{"pkg": "glue", "dep_kinds": [{{"kind": null}}]}}]}}
                ]}}
            }}"#
        );
        let metadata = Value::parse(&text).unwrap();
        check(&Workspace::from_metadata(&metadata).unwrap(), &metadata)
    }

    #[test]
    fn what_needs_the_same_or_an_older_rust_is_left_alone_and_so_is_what_only_tests_need() {
        for needed in ["null", "\"1.9\"", "\"1.85\"", "\"1.85.0\""] {
            assert_eq!(violations(needed), [""; 0], "{needed}");
        }
    }

    #[test]
    fn a_dependency_of_a_dependency_that_needs_a_newer_rust_is_refused() {
        for needed in ["\"1.86\"", "\"1.85.1\"", "\"2.0\""] {
            let found = violations(needed);
            let [violation] = &found[..] else { panic!("{needed}: {found:?}") };
            assert!(violation.starts_with("door: take an older wood than 2.0.0"), "{violation}");
        }
    }
}
