//! The list of members and the table of our own crates in the workspace's manifest.

use crate::workspace::Workspace;

/// One line for each member that stands in the wrong place or without its comment, and for each of
/// our own crates whose version is missing (or there, although it is never published).
pub(super) fn check(workspace: &Workspace, manifest: &str) -> Vec<String> {
    let members = members(manifest);
    let mut violations = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let Member { folder, has_comment } = member;
        if !has_comment {
            violations.push(format!(
                "Cargo.toml: say in a comment behind the member \"{folder}\" what it is"
            ));
        }
        let found = workspace.packages.iter().find(|package| package.folder == *folder);
        let Some(package) = found else { continue };
        let later = members[index + 1..].iter().filter(|later| {
            package.dependencies.iter().filter(|used| !used.only_for_tests).any(|used| {
                workspace.package(&used.name).is_some_and(|used| used.folder == later.folder)
            })
        });
        for Member { folder: used, .. } in later {
            violations.push(format!(
                "Cargo.toml: list the member \"{used}\" before \"{folder}\", which uses it"
            ));
        }
        violations.extend(check_version(workspace, manifest, folder));
    }
    violations
}

/// The version of a member in the table of the workspace: published crates need it, others must
/// not have it, because a dev-dependency with a version has to be published first.
fn check_version(workspace: &Workspace, manifest: &str, folder: &str) -> Option<String> {
    let package = workspace.packages.iter().find(|package| package.folder == folder)?;
    let start = format!("{} = ", package.name);
    let entry = manifest.lines().find(|line| line.starts_with(&start))?;
    match (package.published, entry.contains("version = ")) {
        (true, false) => Some(format!("Cargo.toml: add the version to `{entry}`: it is published")),
        (false, true) => {
            Some(format!("Cargo.toml: remove the version from `{entry}`: it is not published"))
        }
        _ => None,
    }
}

struct Member {
    folder: String,
    has_comment: bool,
}

/// The members in the order of the manifest, one a line; those commented out are left out.
fn members(manifest: &str) -> Vec<Member> {
    let lines = manifest.lines().skip_while(|line| !line.starts_with("members = [")).skip(1);
    lines
        .take_while(|line| !line.starts_with(']'))
        .filter_map(|line| {
            let (folder, rest) = line.trim().strip_prefix('"')?.split_once('"')?;
            Some(Member { folder: folder.to_string(), has_comment: rest.contains("# ") })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Dependency, Package};

    /// A wall, and a door that stands on it.
    fn house() -> Workspace {
        let wall = Dependency { name: "wall".into(), only_for_tests: false };
        let package = |name: &str, published, dependencies| Package {
            name: name.into(),
            folder: name.into(),
            published,
            dependencies,
            ..Package::default()
        };
        Workspace {
            packages: vec![package("door", false, vec![wall]), package("wall", true, vec![])],
        }
    }

    fn manifest(members: &str, table: &str) -> String {
        format!("[workspace]\nmembers = [\n{members}]\n\n[workspace.dependencies]\n{table}")
    }

    #[test]
    fn members_from_the_bottom_up_with_comments_are_left_alone() {
        let manifest = manifest(
            "    \"wall\", # holds\n#    \"roof\",\n    \"door\", # opens\n",
            "wall = { path = \"wall\", version = \"0.1.0\" }\ndoor = { path = \"door\" }\n",
        );
        assert_eq!(check(&house(), &manifest), [""; 0]);
    }

    #[test]
    fn a_member_before_what_it_uses_is_refused() {
        let manifest = manifest("    \"door\", # opens\n    \"wall\", # holds\n", "");
        let violations = check(&house(), &manifest);
        assert_eq!(
            violations,
            ["Cargo.toml: list the member \"wall\" before \"door\", which uses it"]
        );
    }

    #[test]
    fn what_only_tests_use_may_stand_later() {
        let mut house = house();
        house.packages[0].dependencies[0].only_for_tests = true;
        let manifest = manifest("    \"door\", # opens\n    \"wall\", # holds\n", "");
        assert_eq!(check(&house, &manifest), [""; 0]);
    }

    #[test]
    fn a_member_without_a_comment_is_refused() {
        let violations = check(&house(), &manifest("    \"wall\",\n", ""));
        assert_eq!(
            violations,
            ["Cargo.toml: say in a comment behind the member \"wall\" what it is"]
        );
    }

    #[test]
    fn a_published_crate_needs_a_version_and_an_unpublished_one_must_not_have_it() {
        let manifest = manifest(
            "    \"wall\", # holds\n    \"door\", # opens\n",
            "wall = { path = \"wall\" }\ndoor = { path = \"door\", version = \"0.1.0\" }\n",
        );
        let violations = check(&house(), &manifest);
        assert!(violations[0].contains("add the version"), "{violations:?}");
        assert!(violations[1].contains("remove the version"), "{violations:?}");
        assert_eq!(violations.len(), 2);
    }
}
