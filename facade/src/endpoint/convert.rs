//! What is an endpoint, and what may be one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socketry_connection::{Address, UnixAddress};
use socketry_connector::{Host, HostPort, PeerNamed};

use super::{Endpoint, InvalidEndpoint, Kind};

/// Plaintext TCP.
impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        HostPort::from(address).into()
    }
}

/// Plaintext TCP.
impl From<&SocketAddr> for Endpoint {
    fn from(address: &SocketAddr) -> Self {
        (*address).into()
    }
}

/// So that a client connects to what a server calls its local address. A TLS peer has to answer
/// under the IP address.
impl From<Address> for Endpoint {
    fn from(address: Address) -> Self {
        (&address).into()
    }
}

/// So that a client connects to what a server calls its local address. A TLS peer has to answer
/// under the IP address.
impl From<&Address> for Endpoint {
    fn from(address: &Address) -> Self {
        match address {
            Address::Tcp(address) => HostPort::from(*address).into(),
            Address::Tls(address) => PeerNamed::from(HostPort::from(*address)).into(),
            Address::Unix(address) => address.clone().into(),
            newer => Self(Kind::Other(newer.clone())),
        }
    }
}

/// Plaintext TCP.
impl From<HostPort> for Endpoint {
    fn from(target: HostPort) -> Self {
        Self(Kind::Tcp(target))
    }
}

/// TCP under TLS.
impl From<PeerNamed<HostPort>> for Endpoint {
    fn from(target: PeerNamed<HostPort>) -> Self {
        Self(Kind::Tls(target))
    }
}

impl From<UnixAddress> for Endpoint {
    fn from(address: UnixAddress) -> Self {
        Self(Kind::Unix(address))
    }
}

/// A port of 127.0.0.1, for a server.
impl From<u16> for Endpoint {
    fn from(port: u16) -> Self {
        Self(Kind::TcpPort(port))
    }
}

impl From<&Endpoint> for Endpoint {
    fn from(endpoint: &Endpoint) -> Self {
        endpoint.clone()
    }
}

/// Plaintext TCP.
impl From<(Host, u16)> for Endpoint {
    fn from((host, port): (Host, u16)) -> Self {
        HostPort::new(host, port).into()
    }
}

/// Plaintext TCP.
impl From<(IpAddr, u16)> for Endpoint {
    fn from((ip, port): (IpAddr, u16)) -> Self {
        HostPort::new(ip, port).into()
    }
}

/// Plaintext TCP.
impl From<(Ipv4Addr, u16)> for Endpoint {
    fn from((ip, port): (Ipv4Addr, u16)) -> Self {
        (IpAddr::from(ip), port).into()
    }
}

/// Plaintext TCP.
impl From<(Ipv6Addr, u16)> for Endpoint {
    fn from((ip, port): (Ipv6Addr, u16)) -> Self {
        (IpAddr::from(ip), port).into()
    }
}

impl TryFrom<&str> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from(text: &str) -> Result<Self, InvalidEndpoint> {
        text.parse()
    }
}

impl TryFrom<String> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from(text: String) -> Result<Self, InvalidEndpoint> {
        text.parse()
    }
}

impl TryFrom<&String> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from(text: &String) -> Result<Self, InvalidEndpoint> {
        text.parse()
    }
}

/// Plaintext TCP to a host by name or address; IPv6 with or without brackets.
impl TryFrom<(&str, u16)> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from((host, port): (&str, u16)) -> Result<Self, InvalidEndpoint> {
        match host.parse::<Host>() {
            Ok(host) => Ok((host, port).into()),
            Err(error) => {
                let reason = match host.contains("://") {
                    true => {
                        "beside a port stands a host alone; write one text, as in tls://example.org:443"
                    }
                    false => error.reason(),
                };
                Err(InvalidEndpoint::new(&format!("{host}:{port}"), reason))
            }
        }
    }
}

/// Plaintext TCP to a host by name or address; IPv6 with or without brackets.
impl TryFrom<(String, u16)> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from((host, port): (String, u16)) -> Result<Self, InvalidEndpoint> {
        (host.as_str(), port).try_into()
    }
}
