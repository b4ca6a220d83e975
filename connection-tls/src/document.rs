//! Files, and what was given in place of files.

use std::{
    borrow::Cow,
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use crate::{LoadFailed, load_failed::Origin};

/// The most bytes of a file. There are revocation lists of more than 100 MB; whoever names a device
/// that never ends by mistake gets an error.
const MOST_BYTES: u64 = 256 << 20;

/// Where a document comes from.
#[derive(Clone)]
pub(crate) enum Source {
    File(PathBuf),
    /// What errors call it, and what it is.
    Given(Cow<'static, str>, Arc<Zeroizing<Vec<u8>>>),
}

/// What a source has: PEM, DER, or something else.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) origin: Origin,
    /// Wiped when it is no longer needed, because it may be a key.
    pub(crate) content: Arc<Zeroizing<Vec<u8>>>,
}

impl Source {
    pub(crate) fn file(path: impl AsRef<Path>) -> Self {
        Self::File(path.as_ref().to_path_buf())
    }

    pub(crate) fn given(what: impl Into<Cow<'static, str>>, content: impl Into<Vec<u8>>) -> Self {
        Self::Given(what.into(), Arc::new(Zeroizing::new(content.into())))
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Given(..) => None,
        }
    }

    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        self.path().is_some() && self.path() == other.path()
    }

    pub(crate) fn origin(&self) -> Origin {
        match self {
            Self::File(path) => Origin::File(path.clone()),
            Self::Given(what, _) => Origin::Given(what.clone()),
        }
    }

    /// Reads the file, if it is one; that blocks.
    pub(crate) fn read(&self) -> Result<Document, LoadFailed> {
        let content = match self {
            Self::File(path) => {
                Arc::new(read_file(path).map_err(|error| LoadFailed::system(path, error))?)
            }
            Self::Given(_, content) => content.clone(),
        };
        Ok(Document { origin: self.origin(), content })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Given(what, content) => write!(f, "{what} ({} bytes)", content.len()),
        }
    }
}

impl Document {
    /// What is wrong if it is neither PEM nor begins like DER.
    pub(crate) fn neither(&self, wanted: &str) -> LoadFailed {
        let content = self.content.as_slice();
        let reason = if content.trim_ascii().is_empty() {
            format!("it is empty, where {wanted} should be")
        } else if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
            "it is text in UTF-16: save it as UTF-8".to_string()
        } else {
            format!("it is neither PEM nor DER, where {wanted} should be")
        };
        LoadFailed::data(&self.origin, reason)
    }

    /// Whether it begins with a SEQUENCE, as does whatever is in DER here.
    pub(crate) fn is_der(&self) -> bool {
        self.content.first() == Some(&0x30)
    }
}

fn read_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    // With a byte to spare, so that the buffer of an ordinary file never has to grow, which would
    // leave parts of a key behind.
    let size = file.metadata()?.len().min(MOST_BYTES) as usize + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(size));
    file.take(MOST_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MOST_BYTES {
        let reason = format!("it is larger than {} MiB", MOST_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(content)
}
