//! How sessions are resumed.

use std::{io, sync::Arc};

use socketry_connection_tls::rustls::{
    ServerConfig,
    server::{NoServerSessionStorage, ProducesTickets, ServerSessionMemoryCache},
};

/// Where sessions are kept for clients who come again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resumption {
    /// How many the server remembers.
    pub(crate) sessions: usize,
    /// Whether clients keep them instead.
    pub(crate) tickets: bool,
}

impl Default for Resumption {
    fn default() -> Self {
        Self { sessions: 256, tickets: false }
    }
}

impl Resumption {
    /// Begins anew: no session of before is resumed.
    pub(crate) fn apply(self, config: &mut ServerConfig) -> io::Result<()> {
        config.session_storage = match self.sessions {
            0 => Arc::new(NoServerSessionStorage {}),
            most => ServerSessionMemoryCache::new(most),
        };
        if self.tickets {
            config.ticketer = ticketer()?;
        } else if self.sessions == 0 {
            config.send_tls13_tickets = 0;
        }
        Ok(())
    }
}

/// Encrypts sessions with keys that it changes every 6 hours.
fn ticketer() -> io::Result<Arc<dyn ProducesTickets>> {
    #[cfg(feature = "aws-lc-rs")]
    return socketry_connection_tls::rustls::crypto::aws_lc_rs::Ticketer::new()
        .map_err(io::Error::other);
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return socketry_connection_tls::rustls::crypto::ring::Ticketer::new()
        .map_err(io::Error::other);
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "session tickets need cryptography that is not in this build: enable the feature aws-lc-rs \
         or ring of socketry-server-tls, or leave tickets off",
    ))
}
