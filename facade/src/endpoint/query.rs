//! The one thing that a query says: `?hostname=`, the name of a TLS peer.

use std::fmt::{self, Write};

use socketry_connector::{Host, HostPort, PeerNamed};

/// Writes `?hostname=` if the peer goes by another name than the host.
pub(super) fn write_peer_name(
    f: &mut fmt::Formatter<'_>,
    named: &PeerNamed<HostPort>,
) -> fmt::Result {
    if named.peer_name() == named.target().host() {
        return Ok(());
    }
    f.write_str("?hostname=")?;
    for c in named.peer_name().to_string().chars() {
        match c {
            // Nothing else that a host may hold means something in a query.
            '%' => f.write_str("%25")?,
            '&' => f.write_str("%26")?,
            _ => f.write_char(c)?,
        }
    }
    Ok(())
}

/// The host of the first `hostname=`, if there is one; the error is a reason.
pub(super) fn read_peer_name(query: &str) -> Result<Option<Host>, String> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let Some((_, value)) = pairs.find(|(key, _)| *key == "hostname") else {
        return Ok(None);
    };
    if value.is_empty() {
        return Err("the name after ?hostname= is missing; write it, as in ?hostname=example.org, or leave it out".into());
    }
    let Some(name) = percent_decode(value) else {
        return Err("after ?hostname= every % begins two hexadecimal digits, and all of it is UTF-8; write % itself as %25".into());
    };
    match name.parse() {
        Ok(host) => Ok(Some(host)),
        Err(error) => {
            Err(format!("after ?hostname= comes a host without a port: {}", error.reason()))
        }
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hexadecimal(bytes.next()?)? << 4 | hexadecimal(bytes.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::{super::Endpoint, *};

    fn peer_name(query: &str) -> Result<Option<String>, String> {
        read_peer_name(query).map(|host| host.map(|host| host.to_string()))
    }

    #[test]
    fn the_first_hostname_counts_and_other_keys_do_not() {
        let found = peer_name("a=b&hostnames=x&Hostname=y&hostname=first&hostname=").unwrap();
        assert_eq!(found.as_deref(), Some("first"));
        assert_eq!(peer_name("a=hostname&=hostname&").unwrap(), None);
    }

    #[test]
    fn the_name_is_percent_decoded() {
        let decoded = |query: &str| peer_name(query).unwrap().unwrap();
        assert_eq!(decoded("hostname=%65xample%2Eorg"), "example.org");
        assert_eq!(decoded("hostname=m%C3%BCnchen.de"), "münchen.de");
        assert_eq!(decoded("hostname=%5Bfe80::1%25eth0%5d"), "fe80::1%eth0");
    }

    #[test]
    fn a_name_that_is_empty_or_no_host_is_refused_with_the_reason() {
        for (query, fragment) in [
            ("hostname", "is missing"),
            ("hostname=", "is missing"),
            ("hostname=&hostname=a", "is missing"),
            ("hostname=a%", "hexadecimal"),
            ("hostname=a%2", "hexadecimal"),
            ("hostname=a%+2", "hexadecimal"),
            ("hostname=a%zz", "hexadecimal"),
            ("hostname=%ff", "UTF-8"),
            ("hostname=a%20b", "white space"),
            ("hostname=a%00", "NUL"),
            ("hostname=1.2.3", "IPv4"),
            ("hostname=example.org:443", "without a port"),
            ("hostname=a/b", "none of"),
        ] {
            let reason = peer_name(query).unwrap_err();
            assert!(reason.contains(fragment), "{query}: {reason}");
        }
    }

    #[test]
    fn a_name_with_signs_that_mean_something_in_a_query_reads_back() {
        for name in ["a&b=c", "fe80::1%eth0", "fe80::1%2525x", "fe80::1%a&b", "münchen.de"] {
            let named = PeerNamed::new("h:1".parse::<HostPort>().unwrap(), name.parse().unwrap());
            let endpoint = Endpoint::from(named);
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
        }
    }
}
