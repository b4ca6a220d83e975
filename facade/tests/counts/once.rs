//! A connector for one connection that is there already.

use std::{io, sync::Mutex};

use socketry::{Connect, Connection, Trace};

/// Connects once.
pub(crate) struct Once<C>(Mutex<Option<C>>);

impl<C> Once<C> {
    pub(crate) fn new(connection: impl Into<Option<C>>) -> Self {
        Self(Mutex::new(connection.into()))
    }
}

impl<C: Connection> Connect<()> for Once<C> {
    type Connection = C;

    async fn connect_traced(&self, (): (), _: Trace<'_>) -> io::Result<C> {
        self.0.lock().unwrap().take().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
