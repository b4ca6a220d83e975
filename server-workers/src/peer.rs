//! Whose events they are.

#[cfg(unix)]
use std::sync::OnceLock;
use std::{fmt, sync::Arc};

use socketry_connection::Address;
use uuid::Uuid;

#[cfg(unix)]
use crate::RemoteAddr;

/// A client, as its events name it. A clone is the same one.
#[derive(Clone)]
pub struct Peer(Arc<Named>);

struct Named {
    id: Uuid,
    server: Arc<str>,
    remote_address: Option<Address>,
    /// How worker processes are told all that, once one has been.
    #[cfg(unix)]
    context: OnceLock<(RemoteAddr, Box<[u8]>)>,
}

impl Peer {
    /// A client of the server of this name, with a new random id (a UUID of version 4).
    ///
    /// Peers are made by the servers; this is for tests of workers.
    pub fn new(server: impl Into<Arc<str>>, remote_address: Option<Address>) -> Self {
        Self::known(Uuid::new_v4(), server, remote_address)
    }

    /// A client that somebody else has named.
    pub(crate) fn known(
        id: Uuid,
        server: impl Into<Arc<str>>,
        remote_address: Option<Address>,
    ) -> Self {
        Self(Arc::new(Named {
            id,
            server: server.into(),
            remote_address,
            #[cfg(unix)]
            context: OnceLock::new(),
        }))
    }

    /// What names this connection, and no other before or after it.
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// The name of the server that it came to.
    pub fn server(&self) -> &str {
        &self.0.server
    }

    /// Where the client is; `None` if its side has no address, as that of most Unix sockets.
    pub fn remote_address(&self) -> Option<&Address> {
        self.0.remote_address.as_ref()
    }

    /// What `write` writes about this client, which is kept, because it is the same for each event;
    /// `None` if what is kept is of the other form.
    #[cfg(unix)]
    pub(crate) fn context(
        &self,
        form: RemoteAddr,
        write: impl FnOnce(&Self) -> Vec<u8>,
    ) -> Option<&[u8]> {
        let kept = self.0.context.get_or_init(|| (form, write(self).into_boxed_slice()));
        (kept.0 == form).then_some(&*kept.1)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { id, server, remote_address, .. } = &*self.0;
        f.debug_struct("Peer")
            .field("id", id)
            .field("server", server)
            .field("remote_address", remote_address)
            .finish()
    }
}

/// As logs name it: `server chat, connection 7c5dc685-... from tcp://127.0.0.1:40000`.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { id, server, remote_address, .. } = &*self.0;
        write!(f, "server {server}, connection {id}")?;
        match remote_address {
            Some(address) => write!(f, " from {address}"),
            None => Ok(()),
        }
    }
}
