//! `cargo xtask tidy`: the rules of the house.
//!
//! Each violation is one line that says where it is and how to mend it. A rule is a function from
//! what it looks at to such lines, so that its tests can show it something made up.

use std::{fs, path::Path};

use crate::{
    command::{cargo, output, root},
    failed::Failed,
    tidy::source::Source,
    workspace::Workspace,
};

mod arrows;
mod manifests;
mod members;
mod source;
mod sources;
pub(crate) mod trees;

/// Checks every rule and prints every violation.
pub(crate) fn run() -> Result<(), Failed> {
    let workspace = Workspace::read()?;
    let mut violations = arrows::check(&workspace);
    violations.extend(check_manifests(&workspace)?);
    violations.extend(check_files(&workspace)?);
    violations.extend(check_trees(&workspace)?);
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => {
            println!("tidy: {} packages follow the rules", workspace.packages.len());
            Ok(())
        }
        1 => Err(Failed::new("1 place to mend")),
        count => Err(Failed::new(format!("{count} places to mend"))),
    }
}

fn check_manifests(workspace: &Workspace) -> Result<Vec<String>, Failed> {
    let mut violations = members::check(workspace, &read_file(&root().join("Cargo.toml"))?);
    for package in &workspace.packages {
        let folder = root().join(&package.folder);
        let manifest = read_file(&folder.join("Cargo.toml"))?;
        let has_readme = folder.join(manifests::readme_of(&package.folder)).is_file();
        violations.extend(manifests::check(package, &manifest, has_readme));
    }
    Ok(violations)
}

fn check_files(workspace: &Workspace) -> Result<Vec<String>, Failed> {
    let mut files = Vec::new();
    collect(&root(), false, &mut files)?;
    for package in &workspace.packages {
        collect(&root().join(&package.folder), true, &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files.iter().flat_map(sources::check).collect())
}

fn check_trees(workspace: &Workspace) -> Result<Vec<String>, Failed> {
    let mut violations = Vec::new();
    for package in workspace.published() {
        let tree = ["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
        let tree = output(cargo(tree).args(["--package", &package.name]))?;
        violations.extend(trees::check(&package.name, &tree));
    }
    Ok(violations)
}

/// Reads the Rust files and papers of a folder, and those below it if it is a package's.
fn collect(folder: &Path, below: bool, files: &mut Vec<Source>) -> Result<(), Failed> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if below && name != "target" {
                collect(&path, below, files)?;
            }
        } else if [".rs", ".md", ".toml"].iter().any(|ending| name.ends_with(ending)) {
            let shown = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy();
            files.push(Source::new(shown.replace('\\', "/"), read_file(&path)?));
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<String, Failed> {
    fs::read_to_string(path)
        .map_err(|error| Failed::new(format!("{} could not be read: {error}", path.display())))
}
