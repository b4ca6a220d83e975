//! Where to connect to or to listen on, as people write it.

use std::fmt;

use socketry_connection::{Address, UnixAddress};
use socketry_connector::{Host, HostPort, PeerNamed};

pub use self::invalid::InvalidEndpoint;
pub(crate) use self::sides::{ClientTarget, ServerTarget};

mod convert;
mod invalid;
mod parse;
mod query;
#[cfg(feature = "serde")]
mod serialize;
mod sides;

/// Where to connect to, or where to listen: the one text that clients and servers read.
///
/// Parsed once, here; everything below works on types.
///
/// # Text
///
/// | text | a client | a server |
/// |---|---|---|
/// | `example.org:80`, `tcp://example.org:80` | looks the name up and connects | refused: an IP address is needed |
/// | `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80` | connects | listens there |
/// | `0.0.0.0:80`, `[::]:80` | connects to this machine | listens on every interface |
/// | `127.0.0.1:0` | refused | listens on a port that the system chooses |
/// | `8080`, `tcp://8080` | refused | listens on `127.0.0.1:8080` |
/// | `tls://...` | the same, under TLS | the same, under TLS |
/// | `tls://192.0.2.1:443?hostname=example.org` | the same, and the peer has to be `example.org` | the same; the name has no effect |
/// | `unix:///run/demo.sock`, `unix://demo.sock` | connects to the Unix socket | listens on it |
/// | `unix://@demo` | the same, by abstract name (Linux) | the same |
/// | `fd://3` (or `php://fd/3`) | refused | takes over the inherited listening socket 3 |
/// | `systemd://`, `systemd://web` | refused | takes over what systemd passed: the only socket, or those of this name |
///
/// - Without a scheme it is `tcp`. A scheme may be in any case.
/// - A port has 1 to 5 digits and nothing else: no sign, space, leading zero or suffix, and is at
///   most 65535.
/// - An IPv6 address stands in brackets, with its zone after `%` or `%25`. A host whose last label
///   is a number must be an IPv4 address: `1.2.3:80` and `0x7f000001:80` are errors.
/// - Path, query and fragment behind `host:port` are read and ignored, all but `?hostname=`: the
///   name under which a TLS peer has to answer, percent-encoded where needed. The first one counts;
///   it is checked under `tcp://` too, where it has no effect.
/// - User names and passwords (`user:pass@`), white space, NUL and control characters are errors.
/// - What follows `unix://` is taken as it stands, with any `?`, `#`, `%` and space; only control
///   characters are errors. It is a path, or an abstract name after `@`; a path that begins with
///   `@` is written `./@`.
/// - What follows `systemd://` is the `FileDescriptorName=` of the socket unit.
///
/// Prints with its scheme, and what it prints reads back as the same value. (A
/// [`UnixAddress`] made from bytes can be what no text says: not Unicode, with control characters,
/// or a path that begins with `@`.)
///
/// # Examples
///
/// ```
/// use socketry::Endpoint;
///
/// let endpoint: Endpoint = "TLS://192.0.2.1:443/?hostname=example.org".parse()?;
/// assert_eq!(endpoint.scheme(), "tls");
/// assert_eq!(endpoint.port(), Some(443));
/// assert_eq!(endpoint.peer_name().unwrap().name(), Some("example.org"));
/// assert_eq!(endpoint.to_string(), "tls://192.0.2.1:443?hostname=example.org");
///
/// let error = "127.0.0.1:80a".parse::<Endpoint>().unwrap_err();
/// assert!(error.to_string().contains(r#"the port "80a" is not a number"#));
/// # Ok::<(), socketry::InvalidEndpoint>(())
/// ```
///
/// Many types are endpoints already:
///
/// ```
/// use std::net::SocketAddr;
///
/// use socketry::{Endpoint, InvalidEndpoint};
///
/// fn listen<E>(endpoint: E) -> Result<Endpoint, InvalidEndpoint>
/// where
///     E: TryInto<Endpoint>,
///     E::Error: Into<InvalidEndpoint>,
/// {
///     endpoint.try_into().map_err(Into::into)
/// }
///
/// assert_eq!(listen("127.0.0.1:80")?, listen(SocketAddr::from(([127, 0, 0, 1], 80)))?);
/// assert_eq!(listen(("::1", 80))?, listen("[::1]:80")?);
/// assert_eq!(listen(8080)?, listen("8080")?);
/// # Ok::<(), InvalidEndpoint>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Kind);

/// What an [`Endpoint`] is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A port alone: 127.0.0.1, for servers.
    TcpPort(u16),
    /// A port alone, under TLS.
    TlsPort(u16),
    Tcp(HostPort),
    Tls(PeerNamed<HostPort>),
    Unix(UnixAddress),
    /// An inherited descriptor, at most `i32::MAX`; for servers.
    Fd(u32),
    /// Sockets passed by systemd, by their name; for servers.
    Systemd(Option<String>),
    /// A kind of address younger than this crate; both sides refuse it.
    Other(Address),
}

impl Endpoint {
    /// The part before `://`, in lower case: `tcp`, `tls`, `unix`, `fd` or `systemd`.
    pub fn scheme(&self) -> &'static str {
        match &self.0 {
            Kind::TcpPort(_) | Kind::Tcp(_) => "tcp",
            Kind::TlsPort(_) | Kind::Tls(_) => "tls",
            Kind::Unix(_) => "unix",
            Kind::Fd(_) => "fd",
            Kind::Systemd(_) => "systemd",
            Kind::Other(address) => address.scheme(),
        }
    }

    /// The host and port, where both are given.
    pub fn host_port(&self) -> Option<&HostPort> {
        match &self.0 {
            Kind::Tcp(target) => Some(target),
            Kind::Tls(named) => Some(named.target()),
            _ => None,
        }
    }

    /// The host, where one is given: a port alone has none.
    pub fn host(&self) -> Option<&Host> {
        self.host_port().map(HostPort::host)
    }

    /// The port of a TCP or TLS endpoint. Zero lets the system choose one for a server.
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Kind::TcpPort(port) | Kind::TlsPort(port) => Some(*port),
            _ => self.host_port().map(HostPort::port),
        }
    }

    /// The name under which a TLS peer has to answer: that of `?hostname=`, or else the host.
    pub fn peer_name(&self) -> Option<&Host> {
        match &self.0 {
            Kind::Tls(named) => Some(named.peer_name()),
            _ => None,
        }
    }

    /// The name of the Unix socket, if it is one.
    pub fn unix_address(&self) -> Option<&UnixAddress> {
        match &self.0 {
            Kind::Unix(address) => Some(address),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Kind::Other(address) = &self.0 {
            return address.fmt(f);
        }
        write!(f, "{}://", self.scheme())?;
        match &self.0 {
            Kind::TcpPort(port) | Kind::TlsPort(port) => port.fmt(f),
            Kind::Tcp(target) => target.fmt(f),
            Kind::Tls(named) => {
                named.target().fmt(f)?;
                query::write_peer_name(f, named)
            }
            Kind::Unix(address) => address.fmt(f),
            Kind::Fd(number) => number.fmt(f),
            Kind::Systemd(name) => f.write_str(name.as_deref().unwrap_or_default()),
            Kind::Other(_) => Ok(()),
        }
    }
}

/// The text in quotes.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.to_string()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    #[test]
    fn the_parts_of_a_tls_endpoint_are_at_hand() {
        let endpoint = endpoint("tls://192.0.2.1:443?hostname=example.org");
        assert_eq!(
            (endpoint.scheme(), endpoint.host().unwrap().to_string(), endpoint.port()),
            ("tls", "192.0.2.1".to_string(), Some(443))
        );
        assert_eq!(endpoint.peer_name(), Some(&"example.org".parse().unwrap()));
    }

    #[test]
    fn a_port_alone_has_a_port_and_no_host() {
        let endpoint = endpoint("tls://8080");
        assert_eq!((endpoint.port(), endpoint.host()), (Some(8080), None));
    }

    #[test]
    fn only_a_unix_endpoint_has_a_unix_address() {
        let address = UnixAddress::from_abstract("demo").unwrap();
        assert_eq!(endpoint("unix://@demo").unix_address(), Some(&address));
        assert_eq!(endpoint("systemd://demo").unix_address(), None);
    }

    #[test]
    fn debug_shows_the_text_in_quotes() {
        assert_eq!(format!("{:?}", endpoint("[::1]:80")), r#"Endpoint("tcp://[::1]:80")"#);
    }

    #[test]
    fn an_endpoint_moves_and_is_shared_between_threads() {
        fn portable<T: Send + Sync + Unpin + 'static>() {}
        portable::<Endpoint>();
        portable::<InvalidEndpoint>();
    }
}
