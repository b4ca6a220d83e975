//! What the manifest of each package says.

use crate::workspace::Package;

/// The folder of the room whose users begin with the README of the whole house.
const FRONT_DOOR: &str = "facade";

/// One line for each thing that is missing in the manifest of `package`.
pub(super) fn check(package: &Package, manifest: &str, has_readme: bool) -> Vec<String> {
    let path = format!("{}/Cargo.toml", package.folder);
    let mut violations = Vec::new();
    let mut demand = |is_met: bool, mend: &str| {
        if !is_met {
            violations.push(format!("{path}: {mend}"));
        }
    };
    demand(
        has_section(manifest, "lints", "workspace = true"),
        "add `[lints]` with `workspace = true`",
    );
    for dependency in manifest_dependencies(manifest) {
        let mend =
            format!("write `{dependency}.workspace = true`: versions stand in the workspace");
        demand(false, &mend);
    }
    if package.published {
        demand(package.description.is_some(), "add a `description`: one line on what it is");
        demand(package.license.is_some(), "add `license.workspace = true`");
        demand(package.rust_version.is_some(), "add `rust-version.workspace = true`");
        let readme = readme_of(&package.folder);
        let is_named = package.readme.as_deref() == Some(readme);
        demand(is_named, &format!("add `readme = \"{readme}\"`"));
        demand(has_readme, "write a README.md beside it: ten lines that point to the facade");
    }
    violations
}

/// The README of the room in `folder`, seen from there.
pub(super) fn readme_of(folder: &str) -> &'static str {
    if folder == FRONT_DOOR { "../README.md" } else { "README.md" }
}

/// Whether a section has this line.
fn has_section(manifest: &str, section: &str, line: &str) -> bool {
    let header = format!("[{section}]");
    let mut lines = manifest.lines().skip_while(|line| line.trim() != header).skip(1);
    lines.by_ref().take_while(|line| !line.starts_with('[')).any(|found| found.trim() == line)
}

/// The dependencies that do not come from the table of the workspace.
fn manifest_dependencies(manifest: &str) -> Vec<&str> {
    let mut violations = Vec::new();
    let mut in_dependencies = false;
    for line in manifest.lines() {
        if let Some(header) = line.strip_prefix('[') {
            in_dependencies = header.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies && !line.starts_with(['#', ' ', ']', '}']) {
            let from_workspace = line.contains("workspace = true");
            match line.split(['.', ' ', '=']).next() {
                Some(name) if !name.is_empty() && !from_workspace => violations.push(name),
                _ => {}
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIDY: &str = "[package]\nname = \"door\"\n\n[lints]\nworkspace = true\n\n[dependencies]\nfutures-io.workspace = true\n\
                        async-io = { workspace = true, optional = true }\n";

    fn published() -> Package {
        Package {
            folder: "door".into(),
            published: true,
            description: Some("A door".into()),
            license: Some("MIT OR Apache-2.0".into()),
            readme: Some("README.md".into()),
            rust_version: Some("1.85".into()),
            ..Package::default()
        }
    }

    #[test]
    fn a_tidy_manifest_is_left_alone() {
        assert_eq!(check(&published(), TIDY, true), [""; 0]);
    }

    #[test]
    fn a_published_package_needs_description_licence_rust_version_and_readme() {
        let bare = Package { folder: "door".into(), published: true, ..Package::default() };
        let violations = check(&bare, TIDY, false);
        for what in ["description", "license", "rust-version", "`readme", "README.md beside"] {
            assert!(violations.iter().any(|line| line.contains(what)), "{what}: {violations:?}");
        }
    }

    #[test]
    fn the_front_door_shows_the_readme_of_the_house() {
        let facade = |readme: &str| Package {
            folder: FRONT_DOOR.into(),
            readme: Some(readme.into()),
            ..published()
        };
        assert_eq!(check(&facade("../README.md"), TIDY, true), [""; 0]);
        let violations = check(&facade("README.md"), TIDY, true);
        assert_eq!(violations, ["facade/Cargo.toml: add `readme = \"../README.md\"`"]);
    }

    #[test]
    fn an_unpublished_package_needs_none_of_these() {
        let bare = Package { published: false, ..Package::default() };
        assert_eq!(check(&bare, TIDY, false), [""; 0]);
    }

    #[test]
    fn a_manifest_without_the_lints_of_the_workspace_is_refused() {
        let violations = check(&published(), "[dependencies]\nworkspace = true\n", true);
        assert_eq!(violations, ["door/Cargo.toml: add `[lints]` with `workspace = true`"]);
    }

    #[test]
    fn a_dependency_that_brings_its_own_version_or_path_is_refused() {
        for line in ["slab = \"0.4\"", "slab.path = \"../slab\"", "slab = { version = \"0.4\" }"] {
            for section in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
                let manifest = format!("{TIDY}\n[{section}]\n{line}\n");
                let violations = check(&published(), &manifest, true);
                let [violation] = &violations[..] else { panic!("{line}: {violations:?}") };
                assert!(violation.contains("write `slab.workspace = true`"), "{violation}");
            }
        }
    }
}
