//! What a nameserver was asked.

use std::net::SocketAddr;

use socketry_connection::Family;

/// One query that a [`DnsServer`](crate::DnsServer) has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsQuery {
    pub(super) id: u16,
    pub(super) name: String,
    pub(super) record_type: u16,
    pub(super) transport: DnsTransport,
}

impl DnsQuery {
    /// The number by which the answer is to be recognised.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The name as it was asked for, in its case, without a dot at its end.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of the records that were asked for, as a number: 1 is A, 28 is AAAA.
    pub fn record_type(&self) -> u16 {
        self.record_type
    }

    /// The family of the addresses, if addresses were asked for.
    pub fn family(&self) -> Option<Family> {
        match self.record_type {
            1 => Some(Family::V4),
            28 => Some(Family::V6),
            _ => None,
        }
    }

    /// How the query came.
    pub fn transport(&self) -> DnsTransport {
        self.transport
    }

    /// Whether this asks for `name`, of whatever case and with or without a dot at its end.
    pub fn is_for(&self, name: &str) -> bool {
        key(&self.name) == key(name)
    }
}

/// How a query has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DnsTransport {
    /// In a datagram.
    Udp,
    /// Over a connection.
    Tcp,
}

/// A query, and what it takes to answer it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) query: DnsQuery,
    pub(super) recursion_desired: bool,
    /// What the client can take in a datagram, if it said so (EDNS, RFC 6891).
    pub(super) payload: Option<u16>,
    pub(super) client: Client,
}

/// Where an answer has to go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Client {
    Datagram(SocketAddr),
    Stream(u64),
}

impl Client {
    pub(super) fn transport(self) -> DnsTransport {
        match self {
            Self::Datagram(_) => DnsTransport::Udp,
            Self::Stream(_) => DnsTransport::Tcp,
        }
    }
}

/// A name as the script keeps it.
pub(super) fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}
