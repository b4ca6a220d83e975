//! A target whose peer goes by another name.

use std::fmt;

use crate::{Host, HostPort};

/// A target, and the name by which the peer has to identify itself.
///
/// TLS sends a name (SNI) and checks the peer's certificate against it. Usually that is the host
/// one connects to; where it is not (an address behind a name, a service behind a proxy), the name
/// travels here, beside the target and not inside its text.
///
/// # Examples
///
/// ```
/// use socketry_connector::{HostPort, PeerNamed};
///
/// let target: HostPort = "192.0.2.1:443".parse()?;
/// let named = PeerNamed::new(target, "example.com".parse()?);
/// assert_eq!(named.peer_name().to_string(), "example.com");
///
/// // Without a name of its own, a host goes by itself.
/// let plain = PeerNamed::from("example.org:443".parse::<HostPort>()?);
/// assert_eq!(plain.peer_name().to_string(), "example.org");
/// # Ok::<(), socketry_connector::InvalidHost>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PeerNamed<Target> {
    target: Target,
    peer_name: Host,
}

impl<Target> PeerNamed<Target> {
    /// `target`, where `peer_name` has to answer.
    pub fn new(target: Target, peer_name: Host) -> Self {
        Self { target, peer_name }
    }

    /// Where to connect.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Who has to answer there.
    pub fn peer_name(&self) -> &Host {
        &self.peer_name
    }

    /// Both, by value.
    pub fn into_parts(self) -> (Target, Host) {
        (self.target, self.peer_name)
    }
}

/// A host that goes by its own name.
impl From<HostPort> for PeerNamed<HostPort> {
    fn from(target: HostPort) -> Self {
        let peer_name = target.host().clone();
        Self { target, peer_name }
    }
}

impl<Target: fmt::Display> fmt::Display for PeerNamed<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as {}", self.target, self.peer_name)
    }
}
