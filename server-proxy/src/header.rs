//! The fact that a proxy tells about a connection.

use socketry_connection::Address;

use crate::Tlvs;

/// The PROXY header with which a connection began: an attribute of each connection whose proxy is
/// trusted.
///
/// # Examples
///
/// ```
/// use socketry_connection::Connection;
/// use socketry_server_proxy::ProxyHeader;
///
/// fn describe(connection: &impl Connection) -> String {
///     let Some(header) = connection.attributes().get::<ProxyHeader>() else {
///         return "it came without a proxy".into();
///     };
///     match (header.has_addresses(), header.authority()) {
///         (false, _) => "the proxy speaks for itself".into(),
///         (true, Some(host)) => format!("{:?} asks for {host}", header.source()),
///         (true, None) => format!("{:?} comes by {:?}", header.source(), header.proxy()),
///     }
/// }
/// # let (mut client, _server) = socketry_testing::pair();
/// # assert!(describe(&client).contains("without"));
/// # client.attributes_mut().insert(ProxyHeader::local());
/// # assert!(describe(&client).contains("itself"));
/// ```
///
/// One can be read from bytes and written as bytes without any server: see
/// [`parse`](Self::parse) and [`relaying`](Self::relaying).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    pub(crate) version: ProxyVersion,
    pub(crate) command: ProxyCommand,
    pub(crate) family: ProxyFamily,
    pub(crate) transport: ProxyTransport,
    pub(crate) source: Option<Address>,
    pub(crate) destination: Option<Address>,
    pub(crate) proxy: Option<Address>,
    /// As they are sent.
    pub(crate) tlvs: Box<[u8]>,
}

/// Which of its two forms a header had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// Bytes.
    V2,
}

/// For whom a proxy has connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProxyCommand {
    /// For itself, to see whether the server is well.
    Local,
    /// For somebody else.
    Proxy,
}

/// Of which family the addresses in a header are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProxyFamily {
    /// The proxy did not say.
    Unspecified,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// Unix sockets.
    Unix,
}

/// How the client has come to the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProxyTransport {
    /// The proxy did not say.
    Unspecified,
    /// In a stream: TCP, or a Unix socket of that kind.
    Stream,
    /// In datagrams: UDP, or a Unix socket of that kind.
    Datagram,
}

impl ProxyHeader {
    /// The type of the application protocol (ALPN).
    pub const ALPN: u8 = 0x01;
    /// The type of the host that the client has asked for.
    pub const AUTHORITY: u8 = 0x02;
    /// The type of the checksum.
    pub const CRC32C: u8 = 0x03;
    /// The type of padding.
    pub const NOOP: u8 = 0x04;
    /// The type of the name that the proxy has given the connection.
    pub const UNIQUE_ID: u8 = 0x05;
    /// The type of what is known of TLS.
    pub const TLS: u8 = 0x20;
    /// The type of the name of a network namespace.
    pub const NETWORK_NAMESPACE: u8 = 0x30;

    /// Which of its two forms the header had.
    pub fn version(&self) -> ProxyVersion {
        self.version
    }

    /// For whom the proxy has connected. Version 1 knows [`ProxyCommand::Proxy`] only.
    pub fn command(&self) -> ProxyCommand {
        self.command
    }

    /// Of which family the addresses are; [`ProxyFamily::Unspecified`] for `UNKNOWN` of version 1,
    /// and for a proxy that speaks for itself.
    pub fn family(&self) -> ProxyFamily {
        self.family
    }

    /// How the client has come to the proxy.
    pub fn transport(&self) -> ProxyTransport {
        self.transport
    }

    /// Whether the addresses of the connection are those of the header.
    ///
    /// They are its own ones if the proxy speaks for itself, says that the client is unknown, or
    /// says that there were datagrams, whose addresses are not those of a connection.
    pub fn has_addresses(&self) -> bool {
        self.command == ProxyCommand::Proxy
            && self.family != ProxyFamily::Unspecified
            && self.transport == ProxyTransport::Stream
    }

    /// Where the client is. `None` without [addresses](Self::has_addresses), and for a client with
    /// a Unix socket that has no name, as most have none.
    pub fn source(&self) -> Option<&Address> {
        self.source.as_ref()
    }

    /// What the client has connected to. `None` without [addresses](Self::has_addresses), and for a
    /// Unix socket that has no name.
    pub fn destination(&self) -> Option<&Address> {
        self.destination.as_ref()
    }

    /// Where the proxy itself is: the peer of the socket. `None` if that has no name.
    pub fn proxy(&self) -> Option<&Address> {
        self.proxy.as_ref()
    }

    /// All extensions, those included that have no name here. Version 1 has none.
    ///
    /// Those of a proxy that speaks for itself, or says no family, are told if there are any; what
    /// else may stand in their place is ignored, as the protocol demands it.
    pub fn tlvs(&self) -> Tlvs<'_> {
        Tlvs::new(&self.tlvs)
    }

    /// The bytes of the first extension of a type.
    pub fn tlv(&self, of_type: u8) -> Option<&[u8]> {
        self.tlvs().find_type(of_type)
    }

    /// The application protocol that client and proxy have agreed upon (ALPN), such as `h2`.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.tlv(Self::ALPN)
    }

    /// The host that the client has asked for, as it has written it (SNI with TLS). `None` also if
    /// that is no UTF-8; its bytes are in the extension [`AUTHORITY`](Self::AUTHORITY).
    pub fn authority(&self) -> Option<&str> {
        self.tlvs().find_text(Self::AUTHORITY)
    }

    /// How the proxy calls this connection: 128 bytes at most.
    pub fn unique_id(&self) -> Option<&[u8]> {
        self.tlv(Self::UNIQUE_ID)
    }

    /// The network namespace of the addresses. `None` also if that is no UTF-8.
    pub fn network_namespace(&self) -> Option<&str> {
        self.tlvs().find_text(Self::NETWORK_NAMESPACE)
    }

    /// Whether the header had a checksum. If it had one, and addresses, it was right; without addresses
    /// nothing is checked, because all that follows is to be ignored.
    pub fn has_checksum(&self) -> bool {
        self.tlv(Self::CRC32C).is_some()
    }

    /// One that tells nothing.
    pub(crate) fn unknown() -> Self {
        Self {
            version: ProxyVersion::V2,
            command: ProxyCommand::Proxy,
            family: ProxyFamily::Unspecified,
            transport: ProxyTransport::Unspecified,
            source: None,
            destination: None,
            proxy: None,
            tlvs: Box::default(),
        }
    }
}
