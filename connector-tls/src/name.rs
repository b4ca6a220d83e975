//! Names as certificates have them.

use std::{
    borrow::Cow,
    io::{self, ErrorKind},
};

use socketry_connection_tls::rustls::pki_types::{DnsName, ServerName};
use socketry_connector::Host;

/// The name that the certificate of `host` has to have.
///
/// A dot at the end and the zone of an IPv6 address are for whoever connects: no certificate has
/// them (RFC 6066, section 3).
pub(crate) fn server_name(host: &Host) -> io::Result<ServerName<'static>> {
    let name = match (host.ip(), host.name()) {
        (Some(ip), _) => return Ok(ServerName::IpAddress(ip.into())),
        (None, name) => name.unwrap_or_default(),
    };
    let ascii = if name.is_ascii() { Cow::Borrowed(name) } else { to_ascii(name)? };
    let bare = ascii.strip_suffix('.').unwrap_or(&ascii);
    match DnsName::try_from(bare) {
        Ok(name) => Ok(ServerName::DnsName(name.to_owned())),
        Err(_) => Err(invalid(
            name,
            "certificates have names of letters, digits, hyphens and underscores, with no hyphen \
             at either end of a label and at most 63 bytes in one",
        )),
    }
}

/// As browsers do it (UTS 46). What is allowed of ASCII, and its length, is checked for every name.
#[cfg(feature = "idn")]
fn to_ascii(name: &str) -> io::Result<Cow<'_, str>> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    let encoded = Uts46::new().to_ascii(
        name.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        DnsLength::Ignore,
    );
    encoded.map_err(|_| invalid(name, "its letters are not allowed in names (UTS 46)"))
}

#[cfg(not(feature = "idn"))]
fn to_ascii(name: &str) -> io::Result<Cow<'_, str>> {
    Err(invalid(name, "it is not ASCII: write it as xn--..., or turn on the feature `idn`"))
}

fn invalid(name: &str, reason: &str) -> io::Error {
    let text = format!("the host {name:?} can have no certificate: {reason}");
    io::Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(host: &str) -> io::Result<String> {
        let host: Host = host.parse().unwrap();
        Ok(server_name(&host)?.to_str().into_owned())
    }

    #[test]
    fn a_name_stays_as_it_is_but_for_the_dot_at_its_end() {
        for (host, expected) in [
            ("example.org", "example.org"),
            ("Example.ORG.", "example.org"),
            ("my_host", "my_host"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(name(host).unwrap(), expected);
        }
    }

    #[test]
    fn an_address_is_a_name_without_its_zone() {
        assert_eq!(name("127.0.0.1").unwrap(), "127.0.0.1");
        assert_eq!(name("[fe80::1%eth0]").unwrap(), "fe80::1");
    }

    #[test]
    #[cfg(feature = "idn")]
    fn letters_beyond_ascii_are_encoded() {
        assert_eq!(name("bücher.example.").unwrap(), "xn--bcher-kva.example");
        assert_eq!(name("bücher。example").unwrap(), "xn--bcher-kva.example");
    }

    #[test]
    fn what_no_certificate_can_have_is_bad_input_and_named() {
        for host in ["-a.example", "a-.example", "a*b.example", &format!("{}.a", "a".repeat(64))] {
            let error = name(host).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(host), "{error}");
        }
    }
}
