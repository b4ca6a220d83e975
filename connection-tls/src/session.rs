//! The record path: what is between the session of rustls and the connection below.

use std::{fmt, io, sync::Arc, time::Duration};

use rustls::{CommonState, Connection as Rustls};
use socketry_connection::{Clock, Connection, Sleep};

use crate::{TlsOptions, Truncation, outgoing::Outgoing, read_ahead::ReadAhead};

mod reading;
mod writing;

/// Everything that is kept of a connection besides the one below.
pub(crate) struct Session {
    rustls: Rustls,
    ahead: ReadAhead,
    outgoing: Outgoing,
    /// Whoever reads has to send: the answer to what was read, or the rest of a write. Who has
    /// written a request waits for the answer to it, and may never flush.
    reader_sends: bool,
    broken: Option<Arc<rustls::Error>>,
    writing: Writing,
    truncation: Truncation,
    close_within: Duration,
    clock: Option<Arc<dyn Clock>>,
    /// Runs while closing has to wait.
    closing: Option<Box<Sleep>>,
}

/// How far the writing side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Open,
    /// The goodbye is queued.
    Closing,
    Closed,
    /// The connection below takes nothing more, and that was told.
    Failed,
}

impl Session {
    pub(crate) fn new(rustls: Rustls, options: &TlsOptions) -> Self {
        Self {
            rustls,
            ahead: ReadAhead::default(),
            outgoing: Outgoing::default(),
            reader_sends: false,
            broken: None,
            writing: Writing::Open,
            truncation: options.truncation,
            close_within: options.close_within,
            clock: options.clock.clone(),
            closing: None,
        }
    }

    pub(crate) fn common(&self) -> &CommonState {
        &self.rustls
    }

    pub(crate) fn rustls(&mut self) -> &mut Rustls {
        &mut self.rustls
    }

    pub(crate) fn export(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<(), rustls::Error> {
        match &self.rustls {
            Rustls::Client(client) => client.export_keying_material(output, label, context),
            Rustls::Server(server) => server.export_keying_material(output, label, context),
        }
        .map(drop)
    }

    pub(crate) fn not_closed(&self, inner: &impl Connection) -> io::Error {
        writing::not_closed(inner, self.close_within)
    }

    /// A time that begins now, and in which the connection has to be closed.
    pub(crate) fn time_to_close(&self) -> Sleep {
        Sleep::after(self.clock.as_ref(), self.close_within)
    }
}

/// The connection, as the sentence about it begins.
struct With<'a, C>(&'a C);

impl<C: Connection> fmt::Display for With<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        match self.0.remote_address() {
            Some(remote) => write!(f, " with {}", remote.with_tls()),
            None => Ok(()),
        }
    }
}
