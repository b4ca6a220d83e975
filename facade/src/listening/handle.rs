//! Duplicating the listening sockets of a server, for the process that follows.

use std::{fmt, io, sync::Arc};

use socketry_server_handover::NamedSocket;
use socketry_server_tcp::TcpServerHandle;
use socketry_server_unix::UnixServerHandle;

use super::{Inner, Server};

/// Gives the listening sockets of a [`Server`] away once more, from any task: for the process that
/// follows this one ([`Offer::hand_on`](crate::server::Offer::hand_on)).
///
/// A clone belongs to the same server. It keeps no port open, and no file. The handles of several
/// servers are one if they are collected.
///
/// # Examples
///
/// ```
/// use socketry::{Server, ServerHandle};
///
/// # futures_lite::future::block_on(async {
/// let a = Server::bind("127.0.0.1:0").await?;
/// let b = Server::bind("[::1]:0").await?;
/// let handle: ServerHandle = [&a, &b].map(Server::handle).into_iter().collect();
///
/// let names = Vec::from_iter(handle.sockets()?.into_iter().map(|socket| socket.name));
/// assert_eq!(names, ["tcp://127.0.0.1:0", "tcp://[::1]:0"]);
///
/// a.control().close(); // and is nobody's to hand on
/// assert_eq!(handle.sockets()?.len(), 1);
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ServerHandle {
    listeners: Vec<Listener>,
}

/// One socket, and what it is called.
#[derive(Clone)]
struct Listener {
    name: Arc<str>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Tcp(TcpServerHandle),
    Unix(UnixServerHandle),
}

impl ServerHandle {
    /// A duplicate of each listening socket with its name, and that of a socket file with its lock;
    /// nothing of what is closed.
    ///
    /// The server goes on as before. Both take clients out of one backlog, each client once, and
    /// after the server is closed the duplicate goes on listening; whoever is the last to close a
    /// socket file removes it. So duplicate when somebody is there to take them, and not before:
    /// `offer.hand_on(|| handle.sockets())`.
    ///
    /// # Errors
    ///
    /// That descriptors have run out. Nothing is left open.
    pub fn sockets(&self) -> io::Result<Vec<NamedSocket>> {
        let duplicates = self.listeners.iter().map(Listener::duplicate);
        duplicates.filter_map(io::Result::transpose).collect()
    }
}

impl Listener {
    fn duplicate(&self) -> io::Result<Option<NamedSocket>> {
        let name = &*self.name;
        Ok(match &self.kind {
            Kind::Tcp(server) => server.duplicate()?.map(|socket| NamedSocket::new(name, socket)),
            Kind::Unix(server) => {
                server.duplicate()?.map(|it| NamedSocket::new(name, it.listener).with_lock(it.lock))
            }
        })
    }
}

impl FromIterator<Self> for ServerHandle {
    fn from_iter<I: IntoIterator<Item = Self>>(handles: I) -> Self {
        Self { listeners: handles.into_iter().flat_map(|handle| handle.listeners).collect() }
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.listeners.iter().map(|listener| &listener.name);
        f.debug_list().entries(names).finish()
    }
}

impl Server {
    /// The handle that gives the listening sockets of this server to a process that follows, whatever
    /// layers are around them: those of every member, if it is a
    /// [`ServerGroup`](crate::ServerGroup) of `Server`s or several sockets of `systemd://`.
    ///
    /// A socket is called as the builder says ([`name`](crate::ServerBuilder::name)); by default as its
    /// endpoint is written in full, or by its address if the server was made of one of the
    /// [rooms](crate::server). A server over an [`Accept`](crate::Accept) of one's own has none to
    /// give.
    ///
    /// # Examples
    ///
    /// A process that serves until the next one does:
    ///
    /// ```no_run
    /// use socketry::{Server, UnixAddress, server::Handover};
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let handover = Handover::new(UnixAddress::from_path("/run/demo.handover")?);
    /// let server = Server::bind("tcp://0.0.0.0:8080").await?;
    /// let (handle, control) = (server.handle(), server.control());
    ///
    /// // beside serving:
    /// let mut offer = handover.offer()?;
    /// while let Err(error) = offer.hand_on(|| handle.sockets()).await {
    ///     eprintln!("{error}"); // nobody has taken over
    /// }
    /// control.close();
    /// # Ok(())
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    pub fn handle(&self) -> ServerHandle {
        match &self.inner {
            Inner::Tcp(server) => self.handle_of(Kind::Tcp(server.handle())),
            Inner::Unix(server) => self.handle_of(Kind::Unix(server.handle())),
            #[cfg(feature = "tls")]
            Inner::Tls(server) => self.handle_of(Kind::Tcp(server.get_ref().handle())),
            Inner::Group(group) => group.get_ref().iter().map(Self::handle).collect(),
            _ => self.inside().map(Self::handle).unwrap_or_default(),
        }
    }

    fn handle_of(&self, kind: Kind) -> ServerHandle {
        let address = || Some(self.local_address()?.to_string().into());
        let name = self.name.clone().or_else(address);
        // Without an address it is closed already.
        ServerHandle { listeners: name.map(|name| Listener { name, kind }).into_iter().collect() }
    }

    /// Lets its socket be called so.
    pub(crate) fn named(self, name: &Arc<str>) -> Self {
        Self { name: Some(name.clone()), ..self }
    }
}
