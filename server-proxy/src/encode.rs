//! Making headers and writing them.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use socketry_connection::{Address, UnixAddress};

use crate::{
    InvalidHeader, ProxyCommand, ProxyFamily, ProxyHeader, ProxyTransport,
    crc32c::crc32c,
    v2::{FIXED, LONGEST_ADDRESSES, SIGNATURE, UNIX_NAME, check_tlv},
};

/// Making headers, as proxies do, and tests of what is behind them.
impl ProxyHeader {
    /// The header of a proxy that speaks for somebody at `source` who has connected to
    /// `destination`.
    ///
    /// If only one of the two has an IPv6 address, the other one is written as such, too
    /// (`::ffff:192.0.2.1`). If only one of the two is a Unix socket, nothing is said of either.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use socketry_server_proxy::ProxyHeader;
    ///
    /// let [client, server] = [([192, 0, 2, 1], 5678), ([192, 0, 2, 2], 80)].map(SocketAddr::from);
    /// let header = ProxyHeader::relaying(client, server);
    /// assert_eq!(header.to_v1(), "PROXY TCP4 192.0.2.1 192.0.2.2 5678 80\r\n");
    ///
    /// let bytes = header.with_tlv(ProxyHeader::AUTHORITY, "example.org")?.with_checksum().to_v2();
    /// let (header, _) = ProxyHeader::parse(&bytes)?.unwrap();
    /// assert_eq!(header.authority(), Some("example.org"));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn relaying(source: impl Into<Address>, destination: impl Into<Address>) -> Self {
        let stream = |family, source, destination| Self {
            family,
            transport: ProxyTransport::Stream,
            source: Some(source),
            destination: Some(destination),
            ..Self::unknown()
        };
        match (source.into(), destination.into()) {
            (source @ Address::Unix(_), destination @ Address::Unix(_)) => {
                stream(ProxyFamily::Unix, source, destination)
            }
            (Address::Unix(_), _) | (_, Address::Unix(_)) => Self::unknown(),
            (
                Address::Tcp(source) | Address::Tls(source),
                Address::Tcp(destination) | Address::Tls(destination),
            ) => {
                let (family, [source, destination]) = in_one_family([source, destination]);
                stream(family, source.into(), destination.into())
            }
            _ => Self::unknown(),
        }
    }

    /// The header of a proxy that speaks for itself, to see whether the server is well.
    pub fn local() -> Self {
        Self { command: ProxyCommand::Local, ..Self::unknown() }
    }

    /// Adds an extension, which version 2 writes behind those that are there.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput), if the value does not fit the type,
    /// if the header would have more than the 65,535 bytes that it can have, or if it is a
    /// checksum: for that there is [`with_checksum`](Self::with_checksum).
    pub fn with_tlv(mut self, of_type: u8, value: impl AsRef<[u8]>) -> io::Result<Self> {
        let value = value.as_ref();
        let refused = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        check_tlv(of_type, value).map_err(refused)?;
        if of_type == Self::CRC32C {
            return Err(refused(InvalidHeader::new("a checksum is added with with_checksum")));
        }
        // Room is left for a checksum.
        let most = usize::from(u16::MAX) - LONGEST_ADDRESSES - 7;
        let length = u16::try_from(value.len()).ok();
        let length = length.filter(|_| self.tlvs.len() + 3 + value.len() <= most);
        let Some(length) = length else {
            let reason = format!("the extensions of a header have {most} bytes at most");
            return Err(refused(InvalidHeader::new(reason)));
        };
        self.push_tlv(of_type, length, value);
        Ok(self)
    }

    /// Adds a checksum, which version 2 writes; nothing if there is one.
    pub fn with_checksum(mut self) -> Self {
        if !self.has_checksum() {
            self.push_tlv(Self::CRC32C, 4, &[0; 4]);
        }
        self
    }

    /// The header in version 1, with the end of its line.
    ///
    /// That knows TCP only: all else is `UNKNOWN` in there, and there are no extensions.
    pub fn to_v1(&self) -> String {
        let keyword = match self.family {
            ProxyFamily::V4 => "TCP4",
            ProxyFamily::V6 => "TCP6",
            ProxyFamily::Unix | ProxyFamily::Unspecified => "UNKNOWN",
        };
        match (&self.source, &self.destination) {
            (Some(Address::Tcp(source)), Some(Address::Tcp(destination))) => format!(
                "PROXY {keyword} {} {} {} {}\r\n",
                source.ip(),
                destination.ip(),
                source.port(),
                destination.port()
            ),
            _ => "PROXY UNKNOWN\r\n".into(),
        }
    }

    /// The header in version 2.
    pub fn to_v2(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED + LONGEST_ADDRESSES + self.tlvs.len());
        bytes.extend_from_slice(SIGNATURE);
        bytes.push(match self.command {
            ProxyCommand::Local => 0x20,
            ProxyCommand::Proxy => 0x21,
        });
        bytes.extend_from_slice(&[0; 3]); // until it is known
        let kind = self.write_addresses(&mut bytes);
        bytes.extend_from_slice(&self.tlvs);
        // It fits: longer ones are not made.
        let [high, low] = ((bytes.len() - FIXED) as u16).to_be_bytes();
        bytes[FIXED - 3..FIXED].copy_from_slice(&[kind, high, low]);
        self.write_checksum(&mut bytes);
        bytes
    }

    /// Writes the addresses, and returns the byte of their family and transport.
    fn write_addresses(&self, bytes: &mut Vec<u8>) -> u8 {
        match (self.family, &self.source, &self.destination) {
            (_, Some(Address::Tcp(source)), Some(Address::Tcp(destination))) => {
                let ends = [source, destination];
                for end in ends {
                    match end.ip() {
                        IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
                        IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
                    }
                }
                ends.iter().for_each(|end| bytes.extend_from_slice(&end.port().to_be_bytes()));
                if source.is_ipv4() { 0x11 } else { 0x21 }
            }
            (ProxyFamily::Unix, source, destination) if self.has_addresses() => {
                write_unix(source.as_ref(), bytes);
                write_unix(destination.as_ref(), bytes);
                0x31
            }
            _ => 0x00,
        }
    }

    fn write_checksum(&self, bytes: &mut [u8]) {
        let mut end = bytes.len() - self.tlvs.len();
        for (of_type, value) in self.tlvs() {
            end += 3 + value.len();
            if of_type == Self::CRC32C {
                bytes[end - 4..end].fill(0);
                let crc = crc32c([bytes]);
                bytes[end - 4..end].copy_from_slice(&crc.to_be_bytes());
                return;
            }
        }
    }

    fn push_tlv(&mut self, of_type: u8, length: u16, value: &[u8]) {
        let [high, low] = length.to_be_bytes();
        self.tlvs = [&self.tlvs, &[of_type, high, low][..], value].concat().into();
    }
}

fn in_one_family(ends: [SocketAddr; 2]) -> (ProxyFamily, [SocketAddr; 2]) {
    if ends.iter().all(SocketAddr::is_ipv4) {
        return (ProxyFamily::V4, ends);
    }
    let in_v6 = |end: SocketAddr| match end.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), end.port()),
        ip => SocketAddr::new(ip, end.port()), // without a scope, which means nothing elsewhere
    };
    (ProxyFamily::V6, ends.map(in_v6))
}

/// A name as it stands in the system's structure, filled up with zeros.
fn write_unix(address: Option<&Address>, bytes: &mut Vec<u8>) {
    let end = bytes.len() + UNIX_NAME;
    if let Some(Address::Unix(name)) = address {
        write_name(name, bytes);
    }
    bytes.resize(end, 0);
}

fn write_name(name: &UnixAddress, bytes: &mut Vec<u8>) {
    if let Some(name) = name.abstract_name() {
        bytes.push(0);
        bytes.extend_from_slice(name);
    }
    if let Some(path) = name.path() {
        bytes.extend_from_slice(path.as_os_str().as_encoded_bytes());
    }
}
