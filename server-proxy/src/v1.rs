//! Reading a header of version 1: a line of text.

use std::{
    net::{IpAddr, SocketAddr},
    str::{self, FromStr},
};

use crate::{InvalidHeader, ProxyCommand, ProxyFamily, ProxyHeader, ProxyTransport, ProxyVersion};

/// What each such header begins with.
pub(crate) const PREFIX: &[u8] = b"PROXY ";

/// How long the line is at most, with its end.
const LONGEST: usize = 107;

/// The header at the beginning of `bytes`, which agree with [`PREFIX`], and its length; `None` if
/// there is more to come.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, InvalidHeader> {
    let window = &bytes[..bytes.len().min(LONGEST)];
    let Some(end) = window.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return match window.len() {
            LONGEST => Err(too_long()),
            _ => Ok(None),
        };
    };
    match window.get(end..end + 2) {
        Some(b"\r\n") => Ok(Some((header(&window[..end])?, end + 2))),
        None if window[end] == b'\r' && bytes.len() < LONGEST => Ok(None),
        None if window[end] == b'\r' => Err(too_long()),
        _ => Err(InvalidHeader::new("its line does not end with CR and LF")),
    }
}

fn too_long() -> InvalidHeader {
    InvalidHeader::new(format!("its line has more than {LONGEST} bytes"))
}

/// Reads the line without its end.
fn header(line: &[u8]) -> Result<ProxyHeader, InvalidHeader> {
    let words = line.get(PREFIX.len()..).unwrap_or_default();
    if words == b"UNKNOWN" || words.starts_with(b"UNKNOWN ") {
        return Ok(ProxyHeader { version: ProxyVersion::V1, ..ProxyHeader::unknown() });
    }
    let Ok(words) = str::from_utf8(words) else {
        return Err(InvalidHeader::new("its line is no ASCII"));
    };
    let mut words = words.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let (family, read): (_, fn(&str) -> Option<IpAddr>) = match next() {
        "TCP4" => (ProxyFamily::V4, |text| text.parse().ok().map(IpAddr::V4)),
        "TCP6" => (ProxyFamily::V6, |text| text.parse().ok().map(IpAddr::V6)),
        other => return Err(unreadable("TCP4, TCP6 or UNKNOWN", other)),
    };
    let ip = |text: &str| read(text).ok_or_else(|| unreadable("an address of its family", text));
    let (source, destination) = (ip(next())?, ip(next())?);
    let (source_port, destination_port) = (port(next())?, port(next())?);
    if let Some(more) = words.next() {
        return Err(unreadable("the end of the line", more));
    }
    Ok(ProxyHeader {
        version: ProxyVersion::V1,
        command: ProxyCommand::Proxy,
        family,
        transport: ProxyTransport::Stream,
        source: Some(SocketAddr::new(source, source_port).into()),
        destination: Some(SocketAddr::new(destination, destination_port).into()),
        proxy: None,
        tlvs: Box::default(),
    })
}

/// A number without anything before it, such as a sign or a zero.
fn port(text: &str) -> Result<u16, InvalidHeader> {
    let is_plain = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    let port = u16::from_str(text).ok().filter(|_| is_plain);
    port.ok_or_else(|| unreadable("a port from 0 to 65535", text))
}

fn unreadable(expected: &str, found: &str) -> InvalidHeader {
    InvalidHeader::new(format!("it has {found:?} in the place of {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(line: &str) -> ProxyHeader {
        let (header, length) = parse(line.as_bytes()).unwrap().unwrap();
        assert_eq!(length, line.len());
        header
    }

    fn ends(header: &ProxyHeader) -> [String; 2] {
        [header.source(), header.destination()].map(|address| address.unwrap().to_string())
    }

    #[test]
    fn both_families_are_read() {
        let header = whole("PROXY TCP4 192.0.2.1 198.51.100.255 0 65535\r\n");
        assert_eq!(ends(&header), ["tcp://192.0.2.1:0", "tcp://198.51.100.255:65535"]);
        assert_eq!(header.family(), ProxyFamily::V4);
        let header = whole("PROXY TCP6 2001:DB8::1 ::ffff:192.0.2.1 1 80\r\n");
        assert_eq!(ends(&header), ["tcp://[2001:db8::1]:1", "tcp://[::ffff:192.0.2.1]:80"]);
        assert_eq!(header.family(), ProxyFamily::V6);
        assert_eq!(header.version(), ProxyVersion::V1);
    }

    #[test]
    fn the_longest_lines_of_each_kind_are_read() {
        let ffff = ["ffff"; 8].join(":");
        assert_eq!(whole(&format!("PROXY TCP6 {ffff} {ffff} 65535 65535\r\n")).tlvs.len(), 0);
        let unknown = format!("PROXY UNKNOWN {ffff} {ffff} 65535 65535\r\n");
        assert_eq!(unknown.len(), LONGEST);
        assert!(!whole(&unknown).has_addresses());
    }

    #[test]
    fn unknown_is_read_whatever_follows_it() {
        for line in ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN \r\n", "PROXY UNKNOWN \u{fc} x\r\n"] {
            let header = whole(line);
            assert_eq!((header.family(), header.source()), (ProxyFamily::Unspecified, None));
        }
    }

    #[test]
    fn what_comes_behind_the_line_is_not_of_it() {
        let bytes = b"PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n";
        assert_eq!(parse(bytes).unwrap().unwrap().1, 15);
    }

    #[test]
    fn each_beginning_of_a_line_waits_for_more() {
        let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 5678 80\r\n";
        for length in 0..line.len() {
            assert_eq!(parse(&line[..length]), Ok(None), "{length}");
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_refused_at_107_bytes() {
        let line = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat();
        assert_eq!(parse(&line[..106]), Ok(None));
        assert!(parse(&line[..107]).is_err());
        let mut line = line[..108].to_vec();
        line[106..].copy_from_slice(b"\r\n");
        assert_eq!(parse(&line[..107]).unwrap_err(), too_long());
        assert_eq!(parse(&line).unwrap_err(), too_long());
    }

    #[test]
    fn every_departure_from_the_form_is_refused() {
        for line in [
            "PROXY \r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY UNKNOWNS\r\n",
            "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 ::1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 [::1] ::2 1 2\r\n",
            "PROXY TCP6 fe80::1%1 ::2 1 2\r\n",
            "PROXY TCP6 1::2::3 ::2 1 2\r\n",
            "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
            "PROXY TCP4 256.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 00 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 \u{fc}\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n\r",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
            "PROXY UNKNOWN \r \r\n",
            "PROXY UNKNOWN \n \r\n",
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line:?}");
        }
        assert!(parse(b"PROXY TCP4 \xff\r\n").is_err());
    }

    #[test]
    fn the_error_names_the_word_and_what_belongs_in_its_place() {
        assert_eq!(
            parse(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n").unwrap_err().to_string(),
            r#"it has "65536" in the place of a port from 0 to 65535"#
        );
    }
}
