//! The name of whoever has signed a certificate, as people read it.

use rustls::pki_types::CertificateDer;

/// What is shown of a name at most: it comes from a stranger.
const SHOWN: usize = 128;

/// The parts of a name that tell whose it is: their object identifiers under 2.5.4, and what they
/// are called (RFC 4514).
const PARTS: [(u8, &str); 4] = [(3, "CN"), (10, "O"), (11, "OU"), (6, "C")];

const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// Who says that the certificate is good, such as `CN=R11, O=Let's Encrypt, C=US`; in that order,
/// whatever the certificate's is.
pub(super) fn issuer(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    let found = parts(certificate.issuer());
    let named = |(id, label): &(u8, &str)| {
        let (_, value) = found.iter().find(|(other, _)| other == id)?;
        Some(format!("{label}={value}"))
    };
    let name = PARTS.iter().filter_map(named).collect::<Vec<_>>().join(", ");
    let shown: String = name.chars().take(SHOWN).collect();
    (!shown.is_empty()).then_some(shown)
}

/// The last number of the identifier of each part under 2.5.4, and its value.
fn parts(mut name: &[u8]) -> Vec<(u8, String)> {
    let mut found = Vec::new();
    while let Some((SET, part, after)) = value(name) {
        name = after;
        found.extend(value(part).and_then(|(_, pair, _)| read(pair)));
    }
    found
}

/// An identifier and a text.
fn read(pair: &[u8]) -> Option<(u8, String)> {
    let (OBJECT_IDENTIFIER, [0x55, 0x04, id], rest) = value(pair)? else { return None };
    let (_, text, _) = value(rest)?;
    let text = String::from_utf8_lossy(text);
    Some((*id, text.escape_debug().collect()))
}

/// The first value of these: its tag, what is in it, and what comes after it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None, // no name is so long
    };
    let (inside, after) = rest.split_at_checked(length)?;
    Some((tag, inside, after))
}

#[cfg(test)]
mod tests {
    use socketry_testing::TestAuthority;

    use super::*;

    const SEQUENCE: u8 = 0x30;

    #[test]
    fn a_signer_is_told_by_name() {
        let identity = TestAuthority::new().issue(["localhost"]);
        let certificate = CertificateDer::from(identity.chain_der()[0].clone());
        let name = issuer(&certificate).unwrap();
        assert!(name.starts_with("CN=authority ") && name.ends_with(" of a test"), "{name}");
    }

    #[test]
    fn every_part_is_found_and_nothing_that_would_break_a_line() {
        let mut name = vec![SET, 11, SEQUENCE, 9, 6, 3, 0x55, 4, 10, 12, 2, b'a', b'\n'];
        name.extend([SET, 0x81, 11, SEQUENCE, 9, 6, 3, 0x55, 4, 3, 12, 2, b'b', 0xff]);
        assert_eq!(parts(&name), [(10, "a\\n".to_string()), (3, "b\u{fffd}".to_string())]);
    }

    #[test]
    fn a_name_that_is_cut_is_no_more_than_what_is_there() {
        let name = [SET, 11, SEQUENCE, 9, 6, 3, 0x55, 4, 10, 12, 2, b'a', b'b'];
        for end in 0..name.len() {
            assert_eq!(parts(&name[..end]), []);
        }
    }
}
