//! What a header says beside addresses: type, length, value.

use std::{fmt, str};

use crate::InvalidHeader;

/// The extensions of a [`ProxyHeader`](crate::ProxyHeader) or of its
/// [`ProxyTls`](crate::ProxyTls): each is its type and its bytes, in the order in which they were
/// sent.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
///
/// use socketry_server_proxy::ProxyHeader;
///
/// let [client, server] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(|ip| SocketAddr::from((ip, 80)));
/// let header = ProxyHeader::relaying(client, server)
///     .with_tlv(ProxyHeader::UNIQUE_ID, "4711")?
///     .with_tlv(0xe0, [1, 2, 3])?; // 0xe0 to 0xef are for those who agree upon them
/// let tlvs = Vec::from_iter(header.tlvs());
/// assert_eq!(tlvs, [(ProxyHeader::UNIQUE_ID, &b"4711"[..]), (0xe0, &[1, 2, 3])]);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Tlvs<'a> {
    bytes: &'a [u8],
}

impl<'a> Tlvs<'a> {
    /// The extensions in `bytes`, of which those are told that are whole.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether all of `bytes` are extensions.
    pub(crate) fn check(bytes: &'a [u8]) -> Result<Self, InvalidHeader> {
        let mut tlvs = Self::new(bytes);
        tlvs.by_ref().for_each(drop);
        match tlvs.bytes {
            [] => Ok(Self::new(bytes)),
            _ => Err(InvalidHeader::new("an extension is longer than what is left of it")),
        }
    }

    /// The first one of a type.
    pub(crate) fn find_type(mut self, of_type: u8) -> Option<&'a [u8]> {
        self.find_map(|(this, value)| (this == of_type).then_some(value))
    }

    /// The first one of a type, if it is text.
    pub(crate) fn find_text(self, of_type: u8) -> Option<&'a str> {
        str::from_utf8(self.find_type(of_type)?).ok()
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[of_type, high, low], rest) = self.bytes.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(u16::from_be_bytes([high, low]).into())?;
        self.bytes = rest;
        Some((of_type, value))
    }
}

impl fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let readable = |(of_type, value): (u8, &[u8])| (of_type, value.escape_ascii().to_string());
        f.debug_map().entries(self.clone().map(readable)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_in_order_and_may_be_empty() {
        let tlvs = Tlvs::check(b"\x01\0\x02h2\x04\0\0\x01\0\x01x").unwrap();
        let all = Vec::from_iter(tlvs.clone());
        assert_eq!(all, [(1, &b"h2"[..]), (4, b""), (1, b"x")]);
        assert_eq!(tlvs.find_type(1), Some(&b"h2"[..]));
    }

    #[test]
    fn what_is_cut_off_anywhere_is_refused() {
        let whole = b"\x01\0\x02h2\x04\0\x01x";
        for length in (1..whole.len()).filter(|length| *length != 5) {
            assert!(Tlvs::check(&whole[..length]).is_err(), "{length}");
        }
        assert!(Tlvs::check(b"").is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_are_not_told_as_text() {
        assert_eq!(Tlvs::new(b"\x02\0\x01\xff").find_text(2), None);
    }
}
