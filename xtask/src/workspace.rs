//! What cargo knows about the packages of this workspace.

use std::path::Path;

use crate::{
    command::{cargo, output},
    failed::Failed,
    json::Value,
};

/// The packages of this workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
}

/// One package.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder, relative to the root of the workspace.
    pub(crate) folder: String,
    pub(crate) published: bool,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) readme: Option<String>,
    pub(crate) rust_version: Option<String>,
    /// Every feature but `default`.
    pub(crate) features: Vec<String>,
    pub(crate) has_default_features: bool,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a package's dependencies.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) only_for_tests: bool,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self, Failed> {
        Self::from_metadata(&metadata()?)
    }

    pub(crate) fn from_metadata(metadata: &Value) -> Result<Self, Failed> {
        let root = metadata.get("workspace_root").text().unwrap_or_default();
        let members = metadata.get("workspace_members").items();
        let packages = metadata.get("packages").items().iter();
        let packages: Vec<Package> = packages
            .filter(|package| members.contains(package.get("id")))
            .map(|package| Package::from_metadata(package, Path::new(root)))
            .collect();
        match packages.is_empty() {
            true => Err(Failed::new("cargo metadata names no package of this workspace")),
            false => Ok(Self { packages }),
        }
    }

    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.published)
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

impl Package {
    fn from_metadata(package: &Value, root: &Path) -> Self {
        let text = |key: &str| package.get(key).text().map(str::to_string);
        let manifest = text("manifest_path").unwrap_or_default();
        let folder = Path::new(&manifest).parent().and_then(|path| path.strip_prefix(root).ok());
        let features = package.get("features").entries();
        Self {
            name: text("name").unwrap_or_default(),
            folder: folder.unwrap_or(Path::new("")).to_string_lossy().into_owned(),
            // `publish = false` reads as an empty list of registries, the default as null.
            published: *package.get("publish") != Value::Array(Vec::new()),
            description: text("description"),
            license: text("license"),
            readme: text("readme"),
            rust_version: text("rust_version"),
            features: features
                .iter()
                .map(|(name, _)| name.clone())
                .filter(|name| name != "default")
                .collect(),
            has_default_features: features
                .iter()
                .any(|(name, enabled)| name == "default" && !enabled.items().is_empty()),
            dependencies: package
                .get("dependencies")
                .items()
                .iter()
                .map(Dependency::from_metadata)
                .collect(),
        }
    }
}

impl Dependency {
    fn from_metadata(dependency: &Value) -> Self {
        Self {
            name: dependency.get("name").text().unwrap_or_default().to_string(),
            only_for_tests: dependency.get("kind").text() == Some("dev"),
        }
    }
}

/// What `cargo metadata` prints, with all features.
pub(crate) fn metadata() -> Result<Value, Failed> {
    let mut command = cargo(["metadata", "--format-version", "1", "--all-features"]);
    Value::parse(&output(&mut command)?).map_err(Failed::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "workspace_root": "/house",
        "workspace_members": ["path+file:///house/door#0.1.0"],
        "packages": [
            {"id": "registry#wood@1.0.0", "name": "wood", "publish": null},
            {
                "id": "path+file:///house/door#0.1.0", "name": "house-door", "publish": [],
                "manifest_path": "/house/door/Cargo.toml", "description": "A door",
                "features": {"default": ["lock"], "lock": []},
                "dependencies": [
                    {"name": "wood", "kind": null},
                    {"name": "house-testing", "kind": "dev"}
                ]
            }
        ]
    }"#;

    #[test]
    fn a_package_of_the_workspace_is_read_and_others_are_left_out() {
        let metadata = Value::parse(METADATA).unwrap();
        let workspace = Workspace::from_metadata(&metadata).unwrap();
        let [door] = workspace.packages.as_slice() else { panic!("{workspace:?}") };
        assert_eq!((door.name.as_str(), door.folder.as_str()), ("house-door", "door"));
        assert!(!door.published && door.has_default_features);
        assert_eq!(door.features, ["lock"]);
        let [wood, testing] = door.dependencies.as_slice() else { panic!("{door:?}") };
        assert_eq!((wood.name.as_str(), wood.only_for_tests), ("wood", false));
        assert_eq!((testing.name.as_str(), testing.only_for_tests), ("house-testing", true));
    }
}
