//! The name of a Unix socket.

use std::{fmt, path::Path, sync::Arc};

use crate::InvalidAddress;

/// The name of a Unix socket: a path, or (on Linux) an abstract name.
///
/// An abstract name is no file: it needs no directory, leaves nothing behind, and knows no
/// permissions. See `unix(7)`.
///
/// A value of this type always fits into the system's address structure (at most
/// [`MAX_LEN`](Self::MAX_LEN) bytes, not empty, no NUL in a path), so nothing below has to
/// truncate or refuse it.
///
/// # Text
///
/// Prints as the path, or as `@` and the abstract name. A relative path that begins with `@`
/// prints as `./@...`. What is not Unicode prints with replacement characters.
///
/// # Examples
///
/// ```
/// use socketry_connection::UnixAddress;
///
/// let address = UnixAddress::from_path("/run/demo.sock")?;
/// assert_eq!(address.to_string(), "/run/demo.sock");
///
/// let address = UnixAddress::from_abstract("demo")?;
/// assert_eq!(address.to_string(), "@demo");
///
/// assert!(UnixAddress::from_path("/".repeat(200)).is_err());
/// # Ok::<(), socketry_connection::InvalidAddress>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixAddress(Name);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    // Shared, because every look at a connection's address clones it.
    Path(Arc<Path>),
    Abstract(Arc<[u8]>),
}

impl UnixAddress {
    /// The most bytes that a path or an abstract name may have: one less than the system's
    /// `sun_path`, 107 on Linux and 103 elsewhere.
    pub const MAX_LEN: usize =
        if cfg!(any(target_os = "linux", target_os = "android")) { 107 } else { 103 };

    /// A socket in the file system.
    ///
    /// # Errors
    ///
    /// If the path is empty, has a NUL byte, or is longer than [`MAX_LEN`](Self::MAX_LEN).
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, InvalidAddress> {
        let path = path.as_ref();
        let bytes = path.as_os_str().as_encoded_bytes();
        let reason = if bytes.contains(&0) {
            "the path of a Unix socket has no NUL byte".to_string()
        } else if let Err(reason) = check_length(bytes, "the path of a Unix socket") {
            reason
        } else {
            return Ok(Self(Name::Path(path.into())));
        };
        Err(InvalidAddress::new(format!("{}", path.display()), reason))
    }

    /// A name in Linux's abstract namespace, without the leading NUL that the system puts there.
    ///
    /// # Errors
    ///
    /// If the name is empty or longer than [`MAX_LEN`](Self::MAX_LEN).
    pub fn from_abstract(name: impl AsRef<[u8]>) -> Result<Self, InvalidAddress> {
        let name = name.as_ref();
        match check_length(name, "an abstract Unix name") {
            Ok(()) => Ok(Self(Name::Abstract(name.into()))),
            Err(reason) => {
                Err(InvalidAddress::new(format!("@{}", String::from_utf8_lossy(name)), reason))
            }
        }
    }

    /// Reads what [`Display`](fmt::Display) prints: `@name` is abstract, all else is a path.
    ///
    /// # Errors
    ///
    /// As [`from_path`](Self::from_path) and [`from_abstract`](Self::from_abstract).
    pub fn from_text(text: &str) -> Result<Self, InvalidAddress> {
        match text.strip_prefix('@') {
            Some(name) => Self::from_abstract(name),
            None => Self::from_path(text),
        }
    }

    /// The path, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Name::Path(path) => Some(path),
            Name::Abstract(_) => None,
        }
    }

    /// The abstract name, if it is one, without its leading NUL.
    pub fn abstract_name(&self) -> Option<&[u8]> {
        match &self.0 {
            Name::Path(_) => None,
            Name::Abstract(name) => Some(name),
        }
    }
}

impl fmt::Display for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Name::Path(path) => {
                let text = path.to_string_lossy();
                let guard = if text.starts_with('@') { "./" } else { "" };
                write!(f, "{guard}{text}")
            }
            Name::Abstract(name) => write!(f, "@{}", String::from_utf8_lossy(name)),
        }
    }
}

fn check_length(bytes: &[u8], what: &str) -> Result<(), String> {
    let max = UnixAddress::MAX_LEN;
    match bytes.len() {
        0 => Err(format!("{what} is not empty")),
        length if length > max => Err(format!(
            "{what} has at most {max} bytes on this system, this one has {length}; choose a shorter one"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_greatest_length_is_kept_whole_and_one_byte_more_is_refused() {
        let longest = "x".repeat(UnixAddress::MAX_LEN);
        let address = UnixAddress::from_path(&longest).unwrap();
        assert_eq!(address.path(), Some(Path::new(&longest)));
        let error = UnixAddress::from_path(longest + "x").unwrap_err().to_string();
        assert!(error.contains("choose a shorter one"), "{error}");
    }

    #[test]
    fn an_empty_name_and_a_nul_in_a_path_are_refused() {
        assert!(UnixAddress::from_path("").is_err());
        assert!(UnixAddress::from_abstract("").is_err());
        assert!(UnixAddress::from_path("a\0b").is_err());
    }

    #[test]
    fn a_relative_path_that_looks_abstract_prints_so_that_it_reads_back_as_a_path() {
        let address = UnixAddress::from_path("@odd").unwrap();
        assert_eq!(address.to_string(), "./@odd");
        let back = UnixAddress::from_text(&address.to_string()).unwrap();
        assert_eq!(back.path(), Some(Path::new("./@odd")));
    }
}
