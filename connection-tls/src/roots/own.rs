//! Roots that were named one by one.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use crate::{
    LoadFailed,
    certificates::{self, Certificate},
    document::Source,
    load_failed::Origin,
};

/// Where certificates are that were named.
#[derive(Clone)]
pub(super) enum Own {
    Document(Source),
    Folder(PathBuf),
}

impl Own {
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Document(source) => source.path(),
            Self::Folder(path) => Some(path),
        }
    }

    /// All of them, of which there is one at least.
    pub(super) fn load(&self) -> Result<Vec<Certificate>, LoadFailed> {
        match self {
            Self::Document(source) => certificates::certificates(&source.read()?),
            Self::Folder(path) => in_folder(path),
        }
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(source) => source.fmt(f),
            Self::Folder(path) => path.fmt(f),
        }
    }
}

/// The certificates in all files of the folder `path`, of which there is one at least.
fn in_folder(path: &Path) -> Result<Vec<Certificate>, LoadFailed> {
    let failed = |error| LoadFailed::system(path, error);
    let mut files = fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(failed)?;
    // The same in every run, so that it is always the same one that an error names.
    files.sort_unstable();
    let mut all = Vec::new();
    for file in files {
        if is_file(&file)? {
            all.extend(certificates::any(&Source::File(file).read()?)?);
        }
    }
    if all.is_empty() {
        let origin = Origin::File(path.to_path_buf());
        return Err(LoadFailed::data(
            &origin,
            "there is no file with a certificate in this folder",
        ));
    }
    Ok(all)
}

/// Whether it leads to a file. A link that leads nowhere does not, because those are left behind
/// where certificates are linked by their hashes.
fn is_file(path: &Path) -> Result<bool, LoadFailed> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(LoadFailed::system(path, error)),
    }
}
