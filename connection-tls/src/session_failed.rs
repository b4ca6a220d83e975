//! Why a session has ended in the middle.

use std::{error::Error, fmt, io, sync::Arc};

use socketry_connection::{Address, Connection};

use crate::explain;

/// The error of a connection that was secured and then broke: a record that was changed on the way,
/// or an alert of the peer.
///
/// ```text
/// connection with tls://192.0.2.1:443 is broken: the peer has refused with the alert certificate_required (116): it wants a certificate: give an identity
/// ```
///
/// Every later read ends with the same error. The [`io::Error`] around it is of kind
/// [`InvalidData`](io::ErrorKind::InvalidData), and its source is the error of rustls.
///
/// With TLS 1.3 a client is done before the server has seen its certificate: what the server says of
/// it comes as an alert to the first read.
#[derive(Clone, Debug)]
pub struct SessionFailed {
    remote: Option<Address>,
    error: Arc<rustls::Error>,
}

impl SessionFailed {
    pub(crate) fn new(inner: &impl Connection, error: Arc<rustls::Error>) -> Self {
        Self { remote: inner.remote_address().map(Address::with_tls), error }
    }

    /// Who the peer was.
    pub fn remote(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    /// What went wrong.
    pub fn error(&self) -> &rustls::Error {
        &self.error
    }
}

impl fmt::Display for SessionFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        if let Some(remote) = &self.remote {
            write!(f, " with {remote}")?;
        }
        write!(f, " is broken: {}", explain::words("the peer", &self.error))
    }
}

impl Error for SessionFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}

impl From<SessionFailed> for io::Error {
    fn from(error: SessionFailed) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
