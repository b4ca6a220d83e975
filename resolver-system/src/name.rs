//! Names as the system takes them.

use std::{
    borrow::Cow,
    io::{self, ErrorKind},
};

/// The longest name without a dot at its end, and the longest label (RFC 1035, 2.3.4), in bytes.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Encodes a name that is not ASCII, and refuses what can be no host name.
pub(crate) fn encode(name: &str) -> io::Result<String> {
    let encoded = if name.is_ascii() { Cow::Borrowed(name) } else { to_ascii(name)? };
    check(&encoded)?;
    Ok(encoded.into_owned())
}

fn check(name: &str) -> io::Result<()> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    if bare.is_empty() {
        return Err(invalid("it is empty"));
    }
    if bare.len() > LONGEST_NAME {
        return Err(invalid("it is longer than 253 bytes"));
    }
    if bare.split('.').any(str::is_empty) {
        return Err(invalid("it has an empty label, between two dots or in front of one"));
    }
    if bare.split('.').any(|label| label.len() > LONGEST_LABEL) {
        return Err(invalid("it has a label, between two dots, of more than 63 bytes"));
    }
    if bare.contains(|c: char| c.is_ascii_control()) {
        return Err(invalid("it has a control character"));
    }
    Ok(())
}

/// As browsers do it (UTS 46), but for the length, which is checked for every name, and for ASCII:
/// what of it may be in a name, such as an underscore, is the system's business.
#[cfg(feature = "idn")]
fn to_ascii(name: &str) -> io::Result<Cow<'_, str>> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    let encoded = Uts46::new().to_ascii(
        name.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        DnsLength::Ignore,
    );
    encoded.map_err(|_| invalid("its letters are not allowed in names (UTS 46)"))
}

#[cfg(not(feature = "idn"))]
fn to_ascii(_name: &str) -> io::Result<Cow<'_, str>> {
    Err(invalid("it is not ASCII: write it as xn--..., or turn on the feature `idn`"))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_ascii_stays_as_it_is() {
        for name in ["a.example", "A.Example.", "my_host", "xn--", &"a".repeat(63)] {
            assert_eq!(encode(name).unwrap(), name);
        }
    }

    #[test]
    #[cfg(feature = "idn")]
    fn another_name_is_encoded() {
        assert_eq!(encode("bücher.example").unwrap(), "xn--bcher-kva.example");
        assert_eq!(encode("my_bücher.example.").unwrap(), "xn--my_bcher-95a.example.");
        assert_eq!(encode("bücher。example").unwrap(), "xn--bcher-kva.example");
    }

    #[test]
    #[cfg(not(feature = "idn"))]
    fn another_name_is_refused_with_the_way_out() {
        let error = encode("bücher.example").unwrap_err();
        assert!(error.to_string().contains("xn--"), "{error}");
    }

    #[test]
    fn a_name_of_just_the_greatest_length_is_taken() {
        let name = vec!["a".repeat(63); 4].join(".");
        assert!(encode(&name[..253]).is_ok());
        assert!(encode(&format!("{}.", &name[..253])).is_ok());
        assert!(encode(&name[..254]).is_err());
    }

    #[test]
    fn letters_that_become_something_forbidden_are_refused() {
        // The first is mapped to nothing, the second to a dot.
        for name in ["\u{ad}", "a\u{3002}\u{3002}b", "a\0ü"] {
            assert_eq!(encode(name).unwrap_err().kind(), ErrorKind::InvalidInput, "{name:?}");
        }
    }
}
