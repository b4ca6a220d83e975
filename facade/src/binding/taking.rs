//! Listening on what an earlier process has listened on.

use std::{io, os::unix::ffi::OsStrExt, sync::Arc};

use socketry_connection_socket::adopt;
use socketry_server::{ListenFailed, ServerGroup};
use socketry_server_handover::{Inherited, NamedSocket};

use super::{Plan, opening::on_behalf_of};
use crate::{Endpoint, InvalidEndpoint, Server, ServerBuilder, endpoint::ServerTarget};

impl ServerBuilder {
    /// Goes on with the socket of `endpoint` that an earlier process of this program has handed on,
    /// or listens on it as [`bind`](Self::bind) does if there is none. All layers are around it in both
    /// cases.
    ///
    /// What counts is the [`name`](Self::name) of the socket, and that is its endpoint unless the
    /// builder says another: whatever the next version no longer asks for is closed with
    /// [`Inherited::ready`], and what is new in it is bound. Several sockets of one name are taken
    /// in the order in which they were handed on; those of `systemd://` all at once. A Unix socket
    /// comes with the lock of its file.
    ///
    /// A socket stays where it listens and as it was bound. Under a name of the builder's an
    /// endpoint with another address has no effect, therefore, as long as one process follows
    /// another; nor have the backlog, the mode and the owner.
    ///
    /// # Errors
    ///
    /// Those of [`bind`](Self::bind); bad input before anything is taken. A
    /// [`ListenFailed`] over
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the socket is not of the kind that the
    /// endpoint says, and of the system's kind if it is none that listens. A socket with which
    /// something is wrong is closed here; the earlier process serves on until it hears that this
    /// one is [`ready`](Inherited::ready).
    ///
    /// # Cancel safety
    ///
    /// That of [`bind`](Self::bind). Dropped, it has taken nothing.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use socketry::{Server, UnixAddress, server::Handover};
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let handover = Handover::new(UnixAddress::from_path("/run/demo.handover")?);
    /// let mut inherited = handover.take().await?; // `None` in the first process
    /// let builder = Server::builder();
    /// let web = builder.take_or_bind("tcp://0.0.0.0:8080", inherited.as_mut()).await?;
    /// let admin = builder.take_or_bind("unix:///run/demo.sock", inherited.as_mut()).await?;
    /// if let Some(inherited) = inherited {
    ///     inherited.ready().await?; // the earlier process stops
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    pub async fn take_or_bind<E>(
        &self,
        endpoint: E,
        inherited: Option<&mut Inherited>,
    ) -> io::Result<Server>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        let plan = self.plan(endpoint).await?;
        let taken = match inherited {
            Some(inherited) => self.take(&plan, inherited)?,
            None => None,
        };
        let listener = match taken {
            Some(listener) => listener,
            None => self.open(&plan)?,
        };
        Ok(self.layers(listener, plan))
    }

    /// What the sockets of `target` are called.
    pub(super) fn name_of(&self, target: &ServerTarget) -> io::Result<Arc<str>> {
        match &self.name {
            Some(name) => NamedSocket::check_name(name).map(|()| name.clone()),
            None => Ok(default_name(target).into()),
        }
    }

    fn take(&self, plan: &Plan, inherited: &mut Inherited) -> io::Result<Option<Server>> {
        let mut next = || inherited.take(&plan.name).map(|socket| self.adopt(socket, plan));
        let Some(first) = next().transpose()? else { return Ok(None) };
        if !matches!(plan.target, ServerTarget::Systemd(_)) {
            return Ok(Some(first));
        }
        let mut all = vec![first];
        while let Some(server) = next() {
            all.push(server?);
        }
        Ok(Some(ServerGroup::new(all).into()))
    }

    fn adopt(&self, socket: NamedSocket, plan: &Plan) -> io::Result<Server> {
        let (name, lock) = (socket.name, socket.lock);
        let on = || format!("the inherited socket {name:?}");
        let adopted = adopt(socket.socket).map_err(|error| ListenFailed::new(on(), error))?;
        let server = self.serve(adopted, lock).map_err(|error| on_behalf_of(on(), error))?;
        check_kind(&server, &plan.target, &name)?;
        Ok(server.named(&plan.name))
    }
}

/// What the endpoint means, as text; two endpoints are two names.
fn default_name(target: &ServerTarget) -> String {
    let text = match target {
        // A path that is no text prints as others do, too.
        ServerTarget::Unix(address) => match address.path() {
            Some(path) if path.to_str().is_none() => {
                let bytes = path.as_os_str().as_bytes().iter();
                bytes.fold("unix-bytes:".to_string(), |text, byte| format!("{text}{byte:02x}"))
            }
            _ => target.to_string(),
        },
        _ => target.to_string(),
    };
    // A name of systemd's may be as long as one here, but for the scheme.
    match NamedSocket::check_name(&text) {
        Ok(()) => text,
        Err(_) => text.replacen("systemd://", "", 1),
    }
}

/// That a socket is what its endpoint says.
fn check_kind(server: &Server, target: &ServerTarget, name: &str) -> io::Result<()> {
    let kind = match target {
        ServerTarget::Tcp(_) | ServerTarget::Tls(_) => "tcp",
        ServerTarget::Unix(_) => "unix",
        ServerTarget::Fd(_) | ServerTarget::Systemd(_) => return Ok(()), // whatever it is
    };
    match server.local_address() {
        Some(address) if address.scheme() != kind => {
            let there = address.scheme();
            let text = format!(
                "the inherited socket {name:?} listens on {address}; give this endpoint another name, or write one of {there}://"
            );
            let error = io::Error::new(io::ErrorKind::InvalidInput, text);
            Err(ListenFailed::new(target, error).into())
        }
        _ => Ok(()),
    }
}
