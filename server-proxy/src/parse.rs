//! Reading a header of either version.

use crate::{InvalidHeader, ProxyHeader, v1, v2};

/// How long a header of version 2 may be unless said otherwise.
pub(crate) const LONGEST: usize = 4096;

impl ProxyHeader {
    /// Reads the header at the beginning of `bytes`; `None` if there is more to come.
    ///
    /// Returned with it is how long it is: what comes behind it is not of it. A header of version 2
    /// has 4096 bytes at most here. Bytes that begin no header are refused at the first of them
    /// that does not fit.
    ///
    /// # Errors
    ///
    /// If `bytes` are no header, whatever comes behind them.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_server_proxy::ProxyHeader;
    ///
    /// let bytes = b"PROXY TCP4 192.0.2.1 192.0.2.2 5678 80\r\nGET / HTTP/1.1\r\n";
    /// assert_eq!(ProxyHeader::parse(&bytes[..20])?, None);
    ///
    /// let (header, length) = ProxyHeader::parse(bytes)?.unwrap();
    /// assert_eq!(header.source().unwrap().to_string(), "tcp://192.0.2.1:5678");
    /// assert_eq!(&bytes[length..], b"GET / HTTP/1.1\r\n");
    /// # Ok::<(), socketry_server_proxy::InvalidHeader>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, InvalidHeader> {
        parse(bytes, LONGEST)
    }
}

/// The same, with `longest` bytes at most in version 2.
pub(crate) fn parse(
    bytes: &[u8],
    longest: usize,
) -> Result<Option<(ProxyHeader, usize)>, InvalidHeader> {
    if agree(bytes, v2::SIGNATURE) {
        v2::parse(bytes, longest)
    } else if agree(bytes, v1::PREFIX) {
        v1::parse(bytes)
    } else {
        let first = bytes[..bytes.len().min(8)].escape_ascii();
        let reason = format!("it begins with \"{first}\", which begins no PROXY header");
        Err(InvalidHeader::new(reason))
    }
}

/// Whether the shorter of the two begins the other.
fn agree(bytes: &[u8], with: &[u8]) -> bool {
    bytes.iter().zip(with).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests;
