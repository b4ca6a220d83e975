//! Whom a server believes, and how long it waits.

use std::time::Duration;

use socketry_connection::Address;
use socketry_server::Network;

use crate::{
    parse::LONGEST,
    v2::{FIXED, LONGEST_ADDRESSES},
};

/// Whose headers a [`ProxyServer`](crate::ProxyServer) believes, and what it does for one.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_server_proxy::ProxyOptions;
///
/// let options = ProxyOptions::trusting(["10.0.0.0/8".parse()?, "2001:db8::/32".parse()?])
///     .header_within(Duration::from_secs(1));
/// assert!(options.trusts("tcp://10.1.2.3:5678".parse().ok().as_ref()));
/// assert!(!options.trusts("tcp://192.0.2.1:5678".parse().ok().as_ref()));
/// assert!(!options.trusts(None));
/// # Ok::<(), socketry_server::InvalidNetwork>(())
/// ```
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    pub(crate) trusted: Vec<Network>,
    pub(crate) trust_without_ip: bool,
    pub(crate) untrusted: Untrusted,
    pub(crate) header_within: Option<Duration>,
    pub(crate) most_headers: usize,
    pub(crate) longest_header: usize,
}

/// What becomes of a connection from a peer that is not trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Untrusted {
    /// It is closed before a byte of it is read, which is one error of kind
    /// [`PermissionDenied`](std::io::ErrorKind::PermissionDenied).
    #[default]
    Refuse,
    /// It is taken as it is: nothing of it is read here, its addresses are its own, and there is no
    /// [`ProxyHeader`](crate::ProxyHeader) among its attributes. A header that it sends all the
    /// same is data, like all else that it sends.
    PassThrough,
}

impl ProxyOptions {
    /// Believes the headers of peers in `networks`: the proxies, and nobody else.
    ///
    /// Who is believed decides whose connection it is, so this should be no network from which
    /// clients can come by themselves. With no network nobody with an IP address is believed.
    pub fn trusting(networks: impl IntoIterator<Item = Network>) -> Self {
        Self {
            trusted: networks.into_iter().collect(),
            trust_without_ip: false,
            untrusted: Untrusted::default(),
            header_within: Some(Duration::from_secs(5)),
            most_headers: 256,
            longest_header: LONGEST,
        }
    }

    /// Whether peers are believed that have no IP address: those in a Unix socket. By default they
    /// are not.
    ///
    /// Whoever may open the socket could say then that he is anybody, so its mode and owner should
    /// be such that only the proxy may.
    pub fn trust_without_ip(mut self, trust: bool) -> Self {
        self.trust_without_ip = trust;
        self
    }

    /// What becomes of a connection from a peer that is not trusted. By default it is refused.
    pub fn untrusted(mut self, untrusted: Untrusted) -> Self {
        self.untrusted = untrusted;
        self
    }

    /// How long a peer may take from when it was accepted until its header is whole. By default 5
    /// seconds; with `None` as long as it likes, and with zero the header has to be there already.
    ///
    /// A proxy sends it first of all, so that it is mostly there when the connection is. Where the
    /// time is up, the connection is closed.
    pub fn header_within(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.header_within = time.into();
        self
    }

    /// How many headers may be read at once. By default 256; zero counts as one.
    ///
    /// Each holds a file descriptor and what has arrived of the header. If there are so many, nobody
    /// is taken from the server inside until one has ended: newcomers wait in the backlog of the
    /// system.
    ///
    /// There is no such limit for one address: those who are trusted are few, and each of them
    /// brings the connections of many.
    pub fn most_headers(mut self, most: usize) -> Self {
        self.most_headers = most.max(1);
        self
    }

    /// How many bytes a header of version 2 may have, all in all. By default 4096; less than 232
    /// counts as 232, what the longest addresses need, and more than 65,535 as that.
    ///
    /// The protocol wants a header to fit into the first segment, so those in use have some
    /// hundred bytes; who has a proxy send the client's certificate needs one or two thousand. One
    /// of version 1 has 107 at most in any case.
    pub fn longest_header(mut self, bytes: usize) -> Self {
        self.longest_header = bytes.clamp(FIXED + LONGEST_ADDRESSES, u16::MAX.into());
        self
    }

    /// Whether the header of this peer would be believed.
    pub fn trusts(&self, peer: Option<&Address>) -> bool {
        match peer.and_then(Address::ip) {
            Some(ip) => self.trusted.iter().any(|network| network.contains(ip)),
            None => self.trust_without_ip,
        }
    }
}
