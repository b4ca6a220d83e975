//! The runtime that hickory asks for sockets, timers and tasks.

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin, time::Duration};

use hickory_resolver::net::runtime::{RuntimeProvider, Spawn};

use super::{Driver, SmolTcpStream, SmolTimer, SmolUdpSocket, driver::Spawner};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The sockets and timers of async-io, and the tasks of a [`Driver`], for hickory.
///
/// UDP and TCP; nothing here speaks DNS over TLS, HTTPS or QUIC. It is made by
/// [`Driver::runtime`] and does not keep the driver alive.
#[derive(Clone)]
pub struct SmolRuntime {
    handle: SmolHandle,
    scope: u32,
}

impl Driver {
    /// A runtime for hickory, whose background tasks this driver drives.
    pub fn runtime(&self) -> SmolRuntime {
        SmolRuntime { handle: SmolHandle(self.spawner()), scope: 0 }
    }
}

impl SmolRuntime {
    /// Reaches link-local nameservers (`fe80::...`) through the network interface of this number.
    ///
    /// hickory knows nameservers by their address and port alone; a runtime with a scope is for
    /// the nameservers on one link. By default, 0, there is none.
    pub fn with_scope(mut self, scope: u32) -> Self {
        self.scope = scope;
        self
    }

    fn scoped(&self, mut server: SocketAddr) -> SocketAddr {
        match &mut server {
            SocketAddr::V6(v6) if v6.scope_id() == 0 && v6.ip().is_unicast_link_local() => {
                v6.set_scope_id(self.scope);
            }
            _ => {}
        }
        server
    }
}

impl fmt::Debug for SmolRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolRuntime").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl RuntimeProvider for SmolRuntime {
    type Handle = SmolHandle;
    type Timer = SmolTimer;
    type Udp = SmolUdpSocket;
    type Tcp = SmolTcpStream;

    fn create_handle(&self) -> SmolHandle {
        self.handle.clone()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        local: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> BoxFuture<io::Result<SmolTcpStream>> {
        Box::pin(SmolTcpStream::connect(self.scoped(server), local, timeout))
    }

    /// The socket is connected to `server`, so that the system tells of a server that is not there.
    fn bind_udp(
        &self,
        local: SocketAddr,
        server: SocketAddr,
    ) -> BoxFuture<io::Result<SmolUdpSocket>> {
        let server = self.scoped(server);
        Box::pin(async move { SmolUdpSocket::connect(local, server) })
    }
}

/// Spawns hickory's background tasks on a [`Driver`], while that exists.
#[derive(Clone)]
pub struct SmolHandle(Spawner);

impl Spawn for SmolHandle {
    fn spawn_bg(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(future);
    }
}

impl fmt::Debug for SmolHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolHandle").finish_non_exhaustive()
    }
}
