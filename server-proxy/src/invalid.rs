//! Bytes that are no header.

use std::{borrow::Cow, error::Error, fmt, io};

/// Bytes that are no PROXY header: the rule that they break.
///
/// # Examples
///
/// ```
/// use socketry_server_proxy::ProxyHeader;
///
/// let error = ProxyHeader::parse(b"GET / HTTP/1.1\r\n").unwrap_err();
/// assert_eq!(error.to_string(), r#"it begins with "GET / HT", which begins no PROXY header"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeader {
    reason: Cow<'static, str>,
}

impl InvalidHeader {
    pub(crate) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into() }
    }
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Error for InvalidHeader {}

/// Always of kind [`InvalidData`](io::ErrorKind::InvalidData).
impl From<InvalidHeader> for io::Error {
    fn from(error: InvalidHeader) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
