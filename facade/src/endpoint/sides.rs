//! What an endpoint means to a client, and what to a server.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use socketry_connection::UnixAddress;
use socketry_connector::{HostPort, InvalidHost, PeerNamed};

use super::{Endpoint, InvalidEndpoint, Kind};

/// Where a client connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientTarget {
    /// With a port of at least 1, and never an unspecified address.
    Tcp(HostPort),
    /// As `Tcp`, and who has to answer there.
    Tls(PeerNamed<HostPort>),
    Unix(UnixAddress),
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerTarget {
    Tcp(SocketAddr),
    Tls(SocketAddr),
    Unix(UnixAddress),
    /// An inherited listening socket, at most `i32::MAX`.
    Fd(u32),
    /// Listening sockets that systemd passed: those of a name, or the only one.
    Systemd(Option<String>),
}

/// The endpoint in its longest form: two texts that mean the same to a server print as one.
impl fmt::Display for ServerTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Tls(address) => write!(f, "tls://{address}"),
            Self::Unix(address) => write!(f, "unix://{address}"),
            Self::Fd(number) => write!(f, "fd://{number}"),
            Self::Systemd(name) => write!(f, "systemd://{}", name.as_deref().unwrap_or_default()),
        }
    }
}

impl Endpoint {
    /// What a client does with it. `0.0.0.0` and `[::]`, where a server listens on every
    /// interface, become the loopback address, and so does a peer name that was the same.
    ///
    /// # Errors
    ///
    /// If it means something to servers only: a port alone, port 0, `fd://` and `systemd://`; or if
    /// the host is `*`.
    pub(crate) fn for_client(self) -> Result<ClientTarget, InvalidEndpoint> {
        match self.0 {
            Kind::Tcp(target) if is_reachable(&target) => Ok(ClientTarget::Tcp(reachable(target))),
            Kind::Tls(named) if is_reachable(named.target()) => {
                Ok(ClientTarget::Tls(reachable_peer(named)))
            }
            Kind::Unix(address) => Ok(ClientTarget::Unix(address)),
            _ => Err(InvalidEndpoint::new(&self.to_string(), self.client_fault())),
        }
    }

    /// What a server does with it. A peer name means nothing to it.
    ///
    /// # Errors
    ///
    /// If the host is a name, or its zone no network interface.
    pub(crate) fn for_server(self) -> Result<ServerTarget, InvalidEndpoint> {
        // What is left out means TCP, so advice for another scheme has to name it.
        let scheme = if self.scheme() == "tls" { "tls://" } else { "" };
        let literal = |target: &HostPort| {
            read_literal(target, scheme)
                .map_err(|reason| InvalidEndpoint::new(&self.to_string(), reason))
        };
        match &self.0 {
            Kind::TcpPort(port) => Ok(ServerTarget::Tcp((Ipv4Addr::LOCALHOST, *port).into())),
            Kind::TlsPort(port) => Ok(ServerTarget::Tls((Ipv4Addr::LOCALHOST, *port).into())),
            Kind::Tcp(target) => literal(target).map(ServerTarget::Tcp),
            Kind::Tls(named) => literal(named.target()).map(ServerTarget::Tls),
            Kind::Unix(address) => Ok(ServerTarget::Unix(address.clone())),
            Kind::Fd(number) => Ok(ServerTarget::Fd(*number)),
            Kind::Systemd(name) => Ok(ServerTarget::Systemd(name.clone())),
            Kind::Other(_) => Err(InvalidEndpoint::new(&self.to_string(), YOUNGER)),
        }
    }

    /// Why a client has no use for it.
    fn client_fault(&self) -> String {
        let scheme = self.scheme();
        match (&self.0, self.port()) {
            (Kind::Tcp(target), _) if is_star(target) => STAR.into(),
            (Kind::Tls(named), _) if is_star(named.target()) => STAR.into(),
            (_, Some(0)) => {
                "port 0 is for servers, where the system chooses one; a client writes a port from 1 to 65535".into()
            }
            (_, Some(port)) => format!(
                "a port alone is for servers; a client writes the host too, as in {scheme}://127.0.0.1:{port}"
            ),
            (Kind::Other(_), None) => YOUNGER.into(),
            (_, None) => format!(
                "{scheme}:// is for servers, which take over an inherited socket; a client writes host:port or unix:// and a path"
            ),
        }
    }
}

const YOUNGER: &str = "this kind of address is younger than this version of socketry; update it";

const STAR: &str = "* is no host: a server listens on every interface with 0.0.0.0 or [::], and a client writes the host";

fn is_reachable(target: &HostPort) -> bool {
    target.port() > 0 && !is_star(target)
}

/// The wildcard of other programs, which reads like a name.
fn is_star(target: &HostPort) -> bool {
    target.host().name() == Some("*")
}

/// Nobody listens on an unspecified address alone, but who listens on it listens on loopback too.
fn reachable(target: HostPort) -> HostPort {
    let ip = match target.host().ip().map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
        Some(IpAddr::V6(ip)) if ip.is_unspecified() => IpAddr::from(Ipv6Addr::LOCALHOST),
        _ => return target,
    };
    HostPort::new(ip, target.port())
}

fn reachable_peer(named: PeerNamed<HostPort>) -> PeerNamed<HostPort> {
    let own_name = named.peer_name() == named.target().host();
    let (target, peer_name) = named.into_parts();
    let target = reachable(target);
    if own_name { target.into() } else { PeerNamed::new(target, peer_name) }
}

/// The address to listen on; the error is a reason.
fn read_literal(target: &HostPort, scheme: &str) -> Result<SocketAddr, String> {
    let port = target.port();
    match target.literal() {
        Some(Ok(address)) => Ok(address),
        Some(Err(error)) => {
            let payload = error.get_ref().and_then(|error| error.downcast_ref::<InvalidHost>());
            let reason = payload.map_or_else(|| error.to_string(), |host| host.reason().into());
            Err(format!("{reason}; write an interface of this machine after %"))
        }
        None if is_star(target) => Err(STAR.into()),
        None if target.host().is_localhost() => Err(format!(
            "a server listens on an IP address and not on a name; write {scheme}127.0.0.1:{port} or {scheme}[::1]:{port}"
        )),
        None => Err(format!(
            "a server listens on an IP address and not on a name; write {scheme}127.0.0.1:{port} for this machine alone, {scheme}0.0.0.0:{port} or {scheme}[::]:{port} for every interface"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client makes of `text`, as text, or the reason why it can't.
    fn client(text: &str) -> String {
        match text.parse::<Endpoint>().unwrap().for_client() {
            Ok(ClientTarget::Tcp(target)) => format!("tcp {target}"),
            Ok(ClientTarget::Tls(named)) => format!("tls {named}"),
            Ok(ClientTarget::Unix(address)) => format!("unix {address}"),
            Err(error) => error.reason().to_string(),
        }
    }

    /// What a server makes of `text`, as text, or the reason why it can't.
    fn server(text: &str) -> String {
        match text.parse::<Endpoint>().unwrap().for_server() {
            Ok(ServerTarget::Tcp(address)) => format!("tcp {address}"),
            Ok(ServerTarget::Tls(address)) => format!("tls {address}"),
            Ok(ServerTarget::Unix(address)) => format!("unix {address}"),
            Ok(ServerTarget::Fd(number)) => format!("fd {number}"),
            Ok(ServerTarget::Systemd(name)) => format!("systemd {name:?}"),
            Err(error) => error.reason().to_string(),
        }
    }

    #[test]
    fn both_sides_agree_on_addresses_and_unix_sockets() {
        for (text, meaning) in [
            ("127.0.0.1:80", "tcp 127.0.0.1:80"),
            ("tcp://127.0.0.1:80/path?q=1#frag", "tcp 127.0.0.1:80"),
            ("127.0.0.1:80?hostname=example.org", "tcp 127.0.0.1:80"),
            ("[::1]:65535", "tcp [::1]:65535"),
            ("[::ffff:127.0.0.1]:80", "tcp [::ffff:127.0.0.1]:80"),
            ("[fe80::1%7]:80", "tcp [fe80::1%7]:80"),
            ("unix:///run/demo.sock", "unix /run/demo.sock"),
            ("unix://@demo", "unix @demo"),
        ] {
            assert_eq!((client(text), server(text)), (meaning.into(), meaning.into()), "{text}");
        }
    }

    #[test]
    fn a_client_takes_names_and_a_server_is_told_what_to_write_instead() {
        for (text, meaning, fix) in [
            ("localhost:80", "tcp localhost:80", "write 127.0.0.1:80 or [::1]:80"),
            (
                "tls://localhost:0",
                "port 0 is for servers",
                "write tls://127.0.0.1:0 or tls://[::1]:0",
            ),
            ("example.org:80", "tcp example.org:80", "0.0.0.0:80 or [::]:80 for every interface"),
            (
                "tls://a:443?hostname=b",
                "tls a:443 as b",
                "tls://127.0.0.1:443 for this machine alone",
            ),
        ] {
            assert!(client(text).starts_with(meaning), "{text}: {}", client(text));
            assert!(server(text).ends_with(fix) || server(text).contains(fix), "{}", server(text));
        }
    }

    #[test]
    fn what_is_for_servers_is_refused_to_clients_with_what_to_write() {
        for (text, meaning, reason) in [
            ("8080", "tcp 127.0.0.1:8080", "as in tcp://127.0.0.1:8080"),
            ("tls://8080", "tls 127.0.0.1:8080", "as in tls://127.0.0.1:8080"),
            ("0", "tcp 127.0.0.1:0", "port 0"),
            ("127.0.0.1:0", "tcp 127.0.0.1:0", "port 0"),
            ("tls://[::1]:0", "tls [::1]:0", "port 0"),
            ("php://fd/3", "fd 3", "fd:// is for servers"),
            ("systemd://", "systemd None", "systemd:// is for servers"),
            ("systemd://web", r#"systemd Some("web")"#, "systemd:// is for servers"),
        ] {
            assert_eq!(server(text), meaning, "{text}");
            assert!(client(text).contains(reason), "{text}: {}", client(text));
        }
    }

    #[test]
    fn a_star_is_refused_to_both_sides_with_what_a_server_writes_instead() {
        for text in ["*:80", "*:0", "tls://*:443", "tls://*:443?hostname=example.org"] {
            assert_eq!((client(text).as_str(), server(text).as_str()), (STAR, STAR), "{text}");
        }
    }

    #[test]
    fn a_client_reaches_a_server_on_every_interface_over_loopback() {
        for (text, meaning) in [
            ("0.0.0.0:80", "tcp 127.0.0.1:80"),
            ("[::]:80", "tcp [::1]:80"),
            ("[::ffff:0.0.0.0]:80", "tcp 127.0.0.1:80"),
            ("tls://0.0.0.0:443", "tls 127.0.0.1:443 as 127.0.0.1"),
            ("tls://[::]:443?hostname=example.org", "tls [::1]:443 as example.org"),
        ] {
            assert_eq!(client(text), meaning, "{text}");
        }
    }

    #[test]
    fn what_means_the_same_to_a_server_prints_as_one() {
        for (text, printed) in [
            ("8080", "tcp://127.0.0.1:8080"),
            ("127.0.0.1:8080", "tcp://127.0.0.1:8080"),
            ("tls://[::1]:443?hostname=example.org", "tls://[::1]:443"),
            ("unix:///run/demo.sock", "unix:///run/demo.sock"),
            ("unix://@demo", "unix://@demo"),
            ("php://fd/3", "fd://3"),
            ("systemd://", "systemd://"),
            ("systemd://web", "systemd://web"),
        ] {
            let target = text.parse::<Endpoint>().unwrap().for_server().unwrap();
            assert_eq!(target.to_string(), printed);
        }
    }

    #[test]
    fn a_server_keeps_the_address_of_every_interface() {
        assert_eq!(server("tls://[::]:443?hostname=example.org"), "tls [::]:443");
    }

    #[test]
    fn a_zone_that_is_no_interface_is_refused_to_a_server_with_its_text() {
        let endpoint: Endpoint = "[fe80::1%25nosuch0]:80".parse().unwrap();
        let error = endpoint.for_server().unwrap_err().to_string();
        assert!(error.contains("tcp://[fe80::1%nosuch0]:80"), "{error}");
        assert!(error.contains("no network interface"), "{error}");
    }

    #[test]
    fn a_younger_kind_of_address_is_refused_by_both_sides() {
        let younger = Endpoint(Kind::Other("tcp://127.0.0.1:80".parse().unwrap()));
        assert_eq!(younger.clone().for_client().unwrap_err().reason(), YOUNGER);
        assert_eq!(younger.for_server().unwrap_err().reason(), YOUNGER);
    }
}
