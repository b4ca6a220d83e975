//! A connector that always goes to the same place.

use std::{future::Future, io};

use crate::{Connect, Trace};

/// Connects to one fixed target, whatever it is asked for.
///
/// For programs that speak to many names behind one door: a proxy, a tunnel, a test server.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
///
/// use socketry_connector::{Connect, FixedConnector, HostPort};
///
/// /// Every host is at this address.
/// fn pinned<C: Connect<SocketAddr>>(connector: C, address: SocketAddr) -> impl Connect<HostPort> {
///     FixedConnector::new(connector, address)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct FixedConnector<C, Fixed> {
    inner: C,
    target: Fixed,
}

impl<C, Fixed> FixedConnector<C, Fixed> {
    /// Connects to `target` through `inner`.
    pub fn new(inner: C, target: Fixed) -> Self {
        Self { inner, target }
    }

    /// The connector inside.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connector inside, to change it.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connector out.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// Where every call goes.
    pub fn target(&self) -> &Fixed {
        &self.target
    }
}

/// # Errors
///
/// Those of the connector inside.
///
/// # Cancel safety
///
/// That of the connector inside.
impl<Asked, Fixed, C> Connect<Asked> for FixedConnector<C, Fixed>
where
    Asked: Send,
    Fixed: Clone + Send + Sync,
    C: Connect<Fixed>,
{
    type Connection = C::Connection;

    fn connect_traced(
        &self,
        _asked: Asked,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        self.inner.connect_traced(self.target.clone(), trace)
    }
}
