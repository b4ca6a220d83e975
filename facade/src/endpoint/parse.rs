//! The grammar of endpoints.

use std::str::FromStr;

use socketry_connection::UnixAddress;
use socketry_connector::{Host, HostPort, InvalidHost, PeerNamed};

use super::{Endpoint, InvalidEndpoint, Kind, query};

/// Reads the text that the [type](Endpoint) describes.
impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let (scheme, rest) = split_scheme(text);
        read(scheme, rest).map(Self).map_err(|reason| InvalidEndpoint::new(text, reason))
    }
}

/// Splits `scheme://` off. What has a `://` only later, as in `h:80?to=tcp://x`, has no scheme.
pub(super) fn split_scheme(text: &str) -> (Option<&str>, &str) {
    match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains([':', '/', '?', '#', '@', '[']) => {
            (Some(scheme), rest)
        }
        _ => (None, text),
    }
}

/// Reads what follows the scheme; the error is a reason.
fn read(scheme: Option<&str>, rest: &str) -> Result<Kind, String> {
    let Some(scheme) = scheme else {
        return read_without_scheme(rest);
    };
    match scheme.to_ascii_lowercase().as_str() {
        "tcp" => read_tcp(rest),
        "tls" => read_tls(rest),
        "unix" => read_unix(rest),
        "fd" => read_descriptor(rest),
        "php" => match rest.strip_prefix("fd/") {
            Some(number) => read_descriptor(number),
            None => Err("of php:// only php://fd/3 is known; it is fd://3 here".into()),
        },
        "systemd" => read_systemd(rest),
        _ => Err(format!(
            "the scheme {scheme:?} is unknown; known are tcp, tls and unix, and for servers fd and systemd"
        )),
    }
}

fn read_without_scheme(text: &str) -> Result<Kind, String> {
    read_tcp(text).map_err(|reason| {
        let first = text.split([':', '/']).next().unwrap_or_default().to_ascii_lowercase();
        if text.starts_with(['/', '.', '~']) {
            "this looks like a path; write unix:// before the path of a Unix socket".into()
        } else if ["tcp", "tls", "unix", "fd", "systemd"].contains(&first.as_str()) {
            format!("a scheme ends with ://; write {first}:// before the rest")
        } else {
            reason
        }
    })
}

fn read_tcp(text: &str) -> Result<Kind, String> {
    Ok(match Authority::read(text)? {
        Authority::Port(port) => Kind::TcpPort(port),
        Authority::HostPort(target, _) => Kind::Tcp(target),
    })
}

fn read_tls(text: &str) -> Result<Kind, String> {
    Ok(match Authority::read(text)? {
        Authority::Port(port) => Kind::TlsPort(port),
        Authority::HostPort(target, None) => Kind::Tls(target.into()),
        Authority::HostPort(target, Some(name)) => Kind::Tls(PeerNamed::new(target, name)),
    })
}

fn read_unix(text: &str) -> Result<Kind, String> {
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return Err(format!(
            "the path of a Unix socket holds the control character {c:?}; remove it"
        ));
    }
    match UnixAddress::from_text(text) {
        Ok(address) => Ok(Kind::Unix(address)),
        Err(error) if text.is_empty() || text == "@" => {
            Err(format!("{}; write it, as in unix:///run/demo.sock", error.reason()))
        }
        Err(error) => Err(error.reason().to_string()),
    }
}

fn read_descriptor(text: &str) -> Result<Kind, String> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    match text.parse::<u32>() {
        Ok(number) if canonical && i32::try_from(number).is_ok() => Ok(Kind::Fd(number)),
        _ => Err("after fd:// comes the number of an inherited descriptor, from 0 to 2147483647, as in fd://3".into()),
    }
}

/// The rules for the name are those of systemd, without the white space that it allows.
fn read_systemd(text: &str) -> Result<Kind, String> {
    let fits = |c: char| c.is_ascii_graphic() && c != ':';
    if text.is_empty() {
        Ok(Kind::Systemd(None))
    } else if text.len() <= 255 && text.chars().all(fits) {
        Ok(Kind::Systemd(Some(text.into())))
    } else {
        Err("after systemd:// comes nothing or the FileDescriptorName= of a socket unit: up to 255 ASCII characters without white space and colon, as in systemd://web".into())
    }
}

/// What stands between the scheme and the path.
enum Authority {
    /// With the host of `?hostname=`.
    HostPort(HostPort, Option<Host>),
    Port(u16),
}

impl Authority {
    fn read(text: &str) -> Result<Self, String> {
        refuse_spaces(text)?;
        let before_fragment = text.split('#').next().unwrap_or_default();
        let (before_query, query) =
            before_fragment.split_once('?').unwrap_or((before_fragment, ""));
        let authority = before_query.split('/').next().unwrap_or_default();
        let read = || {
            if !authority.is_empty() && authority.bytes().all(|b| b.is_ascii_digit()) {
                return read_port_alone(authority, text).map(Self::Port);
            }
            Ok(Self::HostPort(read_host_port(authority)?, query::read_peer_name(query)?))
        };
        // A password with a slash in it reads like a port and a path: say nothing about those.
        read().map_err(|reason| if text.contains('@') { USER_INFO.into() } else { reason })
    }
}

const USER_INFO: &str = "what stands before @ looks like a user and password, which nothing here takes; remove it with the @";

fn refuse_spaces(text: &str) -> Result<(), String> {
    for c in text.chars() {
        if c.is_control() {
            return Err(format!("it holds the control character {c:?}; remove it"));
        }
        if c.is_whitespace() {
            return Err(format!("it holds white space ({c:?}); remove it, or write %20 in a path"));
        }
    }
    Ok(())
}

fn read_port_alone(port: &str, whole: &str) -> Result<u16, String> {
    let number = HostPort::parse_port(port).map_err(|_| port_fault(port))?;
    if port.len() < whole.len() {
        return Err(format!(
            "a port alone ends the text; write 127.0.0.1:{port} with what follows, or {port} without"
        ));
    }
    Ok(number)
}

fn read_host_port(authority: &str) -> Result<HostPort, String> {
    authority.parse().map_err(|error: InvalidHost| match authority.rsplit_once(':') {
        None if authority.is_empty() => {
            "the host and port are missing; write host:port, as in example.org:80".into()
        }
        Some(("", port)) if HostPort::parse_port(port).is_ok() => format!(
            "the host is missing; write example.org:{port}, or for a server {port} (this machine) or 0.0.0.0:{port} (every interface)"
        ),
        None if looks_like_port(authority) => {
            "it is neither a port nor host:port; write a port from 0 to 65535, or a host too, as in example.org:80".into()
        }
        Some((host, port)) if names_port(host, port) => port_fault(port),
        _ => error.reason().to_string(),
    })
}

/// Whether what follows the last colon of `host:port` was meant as a port and is none.
fn names_port(host: &str, port: &str) -> bool {
    let complete = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
    complete && !port.is_empty() && HostPort::parse_port(port).is_err()
}

/// Whether what stands alone was rather meant as a port than as a host: `80a`, `-1`.
fn looks_like_port(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) && !text.contains('.')
}

fn port_fault(port: &str) -> String {
    format!(
        "the port {port:?} is not a number from 0 to 65535 without sign or leading zero; write host:port, as in example.org:80"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_what_stands_first_and_not_what_a_query_holds() {
        assert_eq!(split_scheme("tcp://a:1"), (Some("tcp"), "a:1"));
        for text in ["a:1?b=tcp://c", "a/b://c", "[::1]://a", "u:p://a@b"] {
            assert_eq!(split_scheme(text), (None, text));
        }
    }

    #[test]
    fn white_space_is_told_by_its_kind() {
        let error = "127.0.0.1:80\u{a0}".parse::<Endpoint>().unwrap_err();
        assert!(error.reason().contains(r"('\u{a0}')"), "{error}");
    }
}
