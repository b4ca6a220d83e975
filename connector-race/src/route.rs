//! One way to reach a host.

use std::{fmt, net::SocketAddr};

/// Where an attempt goes to, and where it comes from if that is not left to the system.
///
/// Prints as `[2001:db8::1]:80` or `[2001:db8::1]:80 from [2001:db8::7]:0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    remote: SocketAddr,
    local: Option<SocketAddr>,
}

impl Route {
    pub(crate) fn new(remote: SocketAddr, local: Option<SocketAddr>) -> Self {
        Self { remote, local }
    }

    /// The route to an address from wherever the system chooses.
    pub(crate) fn to(remote: SocketAddr) -> Self {
        Self::new(remote, None)
    }

    /// The address to connect to.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// The address to bind the socket to, if there is a choice of local addresses
    /// ([`Rules::local_addresses`](crate::Rules::local_addresses)).
    pub fn local(&self) -> Option<SocketAddr> {
        self.local
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.remote)?;
        match self.local {
            Some(local) => write!(f, " from {local}"),
            None => Ok(()),
        }
    }
}
