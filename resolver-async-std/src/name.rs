//! Names as the package takes them.

use std::io::{self, ErrorKind};

use hickory_resolver_0_24::Name;

/// Reads a host name, and refuses what can be none.
pub(crate) fn read(name: &str) -> io::Result<Name> {
    if name.is_empty() || name == "." {
        return Err(invalid("it is empty"));
    }
    // It begins an escape sequence in zone files, and has no place in a host name.
    if name.contains('\\') {
        return Err(invalid("it has a backslash"));
    }
    // Relaxed: with underscores.
    Name::from_str_relaxed(name).map_err(|error| invalid(&error.to_string()))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underscores_are_taken_wherever_they_stand() {
        for name in ["_tcp.example", "my_host.example", "my_host_.example.", "_"] {
            assert!(read(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_backslash_is_refused() {
        assert!(read("a\\046example").is_err());
    }
}
