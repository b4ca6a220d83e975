//! The object-safe twin of [`Connect`].

use std::{fmt, future::Future, io, pin::Pin, sync::Arc};

use socketry_connection::BoxConnection;

use crate::{Connect, Trace};

/// A connector whose type was erased, as run-time wiring needs it.
///
/// Costs two boxes a call: the future and the connection. A clone shares the connector.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
///
/// use socketry_connector::{BoxConnector, Connect};
///
/// fn choose(
///     fast: impl Connect<SocketAddr> + 'static,
///     safe: impl Connect<SocketAddr> + 'static,
///     hurry: bool,
/// ) -> BoxConnector<SocketAddr> {
///     if hurry { BoxConnector::new(fast) } else { BoxConnector::new(safe) }
/// }
/// ```
pub struct BoxConnector<Target>(Arc<dyn ConnectBoxed<Target>>);

impl<Target: Send + 'static> BoxConnector<Target> {
    /// Erases the type of `connector`.
    pub fn new(connector: impl Connect<Target> + 'static) -> Self {
        Self(Arc::new(connector))
    }
}

impl<Target: Send> Connect<Target> for BoxConnector<Target> {
    type Connection = BoxConnection;

    async fn connect_traced(&self, target: Target, trace: Trace<'_>) -> io::Result<BoxConnection> {
        self.0.connect_boxed(target, trace).await
    }
}

impl<Target> Clone for BoxConnector<Target> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Target> fmt::Debug for BoxConnector<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxConnector").finish_non_exhaustive()
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait ConnectBoxed<Target>: Send + Sync {
    fn connect_boxed<'a>(
        &'a self,
        target: Target,
        trace: Trace<'a>,
    ) -> BoxFuture<'a, io::Result<BoxConnection>>;
}

impl<Target: Send + 'static, C: Connect<Target>> ConnectBoxed<Target> for C {
    fn connect_boxed<'a>(
        &'a self,
        target: Target,
        trace: Trace<'a>,
    ) -> BoxFuture<'a, io::Result<BoxConnection>> {
        Box::pin(async move {
            let connection = self.connect_traced(target, trace).await?;
            Ok(Box::new(connection) as BoxConnection)
        })
    }
}
