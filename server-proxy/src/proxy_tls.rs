//! What a header says of the TLS that ended at the proxy.

use std::fmt;

use crate::{InvalidHeader, ProxyHeader, Tlvs};

/// The TLS between the client and the proxy, as the proxy tells it: [`ProxyHeader::tls`].
///
/// Texts are `None` if they were not sent, or are no UTF-8; their bytes are among the
/// [`tlvs`](Self::tlvs).
///
/// # Examples
///
/// ```
/// use socketry_server_proxy::ProxyHeader;
///
/// /// Whose certificate the proxy has verified.
/// fn verified_name(header: &ProxyHeader) -> Option<&str> {
///     let tls = header.tls()?;
///     (tls.has_certificate() && tls.is_verified()).then(|| tls.common_name())?
/// }
/// # let header = ProxyHeader::local().with_tlv(ProxyHeader::TLS, b"\x03\0\0\0\0\x22\0\x03ada")?;
/// # assert_eq!(verified_name(&header), Some("ada"));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct ProxyTls<'a> {
    client: u8,
    verify: u32,
    tlvs: Tlvs<'a>,
}

impl<'a> ProxyTls<'a> {
    /// The type of the version of TLS among the [`tlvs`](Self::tlvs).
    pub const VERSION: u8 = 0x21;
    /// The type of the common name in the client's certificate.
    pub const COMMON_NAME: u8 = 0x22;
    /// The type of the name of the cipher suite.
    pub const CIPHER: u8 = 0x23;
    /// The type of the algorithm that has signed the proxy's certificate.
    pub const SIGNATURE_ALGORITHM: u8 = 0x24;
    /// The type of the algorithm of the key in the proxy's certificate.
    pub const KEY_ALGORITHM: u8 = 0x25;

    pub(crate) fn parse(value: &'a [u8]) -> Result<Self, InvalidHeader> {
        let Some((&[client, a, b, c, d], tlvs)) = value.split_first_chunk() else {
            return Err(InvalidHeader::new("what it says of TLS has fewer than 5 bytes"));
        };
        Ok(Self { client, verify: u32::from_be_bytes([a, b, c, d]), tlvs: Tlvs::check(tlvs)? })
    }

    /// Whether the client has come to the proxy over TLS.
    pub fn is_tls(&self) -> bool {
        self.client & 0x01 != 0
    }

    /// Whether the client has shown a certificate in this connection.
    pub fn has_certificate(&self) -> bool {
        self.client & 0x02 != 0
    }

    /// Whether the client has shown a certificate in the session that this connection resumes.
    pub fn has_certificate_of_session(&self) -> bool {
        self.client & 0x04 != 0
    }

    /// All flags of the client, those included that have no name here.
    pub fn client_flags(&self) -> u8 {
        self.client
    }

    /// What came of verifying the client's certificate, as a number of the proxy's TLS library.
    /// Zero if it is good; something else if it is not, or if there is none.
    pub fn verify(&self) -> u32 {
        self.verify
    }

    /// Whether verifying the client's certificate went well. Some proxies say so also if there was
    /// none: ask [`has_certificate`](Self::has_certificate), too.
    pub fn is_verified(&self) -> bool {
        self.verify == 0
    }

    /// The version, such as `TLSv1.3`.
    pub fn version(&self) -> Option<&'a str> {
        self.text(Self::VERSION)
    }

    /// The common name in the client's certificate.
    pub fn common_name(&self) -> Option<&'a str> {
        self.text(Self::COMMON_NAME)
    }

    /// The cipher suite, such as `TLS_AES_256_GCM_SHA384`.
    pub fn cipher(&self) -> Option<&'a str> {
        self.text(Self::CIPHER)
    }

    /// What the proxy's certificate was signed with, such as `RSA-SHA256`.
    pub fn signature_algorithm(&self) -> Option<&'a str> {
        self.text(Self::SIGNATURE_ALGORITHM)
    }

    /// Which key the proxy's certificate has, such as `RSA2048`.
    pub fn key_algorithm(&self) -> Option<&'a str> {
        self.text(Self::KEY_ALGORITHM)
    }

    /// All of that, and whatever has no name here.
    pub fn tlvs(&self) -> Tlvs<'a> {
        self.tlvs.clone()
    }

    fn text(&self, of_type: u8) -> Option<&'a str> {
        self.tlvs().find_text(of_type)
    }
}

impl fmt::Debug for ProxyTls<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyTls")
            .field("client_flags", &self.client)
            .field("verify", &self.verify)
            .field("tlvs", &self.tlvs)
            .finish()
    }
}

impl ProxyHeader {
    /// What the proxy says of the TLS between the client and itself, if it says anything.
    pub fn tls(&self) -> Option<ProxyTls<'_>> {
        ProxyTls::parse(self.tlv(Self::TLS)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &[u8] = b"\x05\0\0\x01\x02\x21\0\x07TLSv1.3\x22\0\x03ada\x23\0\x06CIPHER\x24\0\x01s\x25\0\x01k\xe0\0\0";

    #[test]
    fn everything_that_has_a_name_is_told_by_it() {
        let tls = ProxyTls::parse(VALUE).unwrap();
        assert_eq!(
            (tls.is_tls(), tls.has_certificate(), tls.has_certificate_of_session()),
            (true, false, true)
        );
        assert_eq!((tls.client_flags(), tls.verify(), tls.is_verified()), (5, 0x102, false));
        assert_eq!((tls.version(), tls.common_name()), (Some("TLSv1.3"), Some("ada")));
        assert_eq!(tls.cipher(), Some("CIPHER"));
        assert_eq!((tls.signature_algorithm(), tls.key_algorithm()), (Some("s"), Some("k")));
        assert_eq!(tls.tlvs().last(), Some((0xe0, &b""[..])));
    }

    #[test]
    fn what_is_cut_off_is_refused_and_what_is_not_there_is_not_told() {
        for length in [0, 1, 4, 6, 10] {
            assert!(ProxyTls::parse(&VALUE[..length]).is_err(), "{length}");
        }
        assert_eq!(ProxyTls::parse(&VALUE[..5]).unwrap().version(), None);
    }
}
