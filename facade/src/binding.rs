//! Listening, with everything wired around it.

#[cfg(not(unix))]
use std::fmt;
use std::{io, net::SocketAddr};

#[cfg(feature = "tls")]
use socketry_server::Accept;
use socketry_server_gate::{Gate, GateServer};
use socketry_server_tcp::TcpServer;
#[cfg(feature = "tls")]
use socketry_server_tls::{ServerTls, TlsServer};

use crate::{Endpoint, InvalidEndpoint, Server, ServerBuilder, endpoint::ServerTarget};

impl ServerBuilder {
    /// Listens on `endpoint` with these options.
    ///
    /// # Errors
    ///
    /// Those of [`Server::bind`]. Under TLS also what is wrong with an identity, before anything is
    /// opened.
    ///
    /// # Cancel safety
    ///
    /// It does not wait, but for the files of `tls://`, which are read off the executor. Dropped, it
    /// has opened nothing.
    pub async fn bind<E>(&self, endpoint: E) -> io::Result<Server>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        let server = match endpoint.for_server()? {
            ServerTarget::Tcp(address) => self.layers_below(self.bind_tcp(address)?.into()),
            ServerTarget::Tls(address) => self.bind_tls(address).await?,
            ServerTarget::Unix(address) => self.layers_below(self.bind_unix(&address)?),
            ServerTarget::Fd(number) => self.layers_below(self.take_over(number)?),
            ServerTarget::Systemd(name) => {
                self.layers_below(self.take_over_from_systemd(name.as_deref())?)
            }
        };
        Ok(self.layers_above(server))
    }

    /// Puts around a listener what belongs below TLS.
    fn layers_below(&self, server: Server) -> Server {
        let server = match &self.config.proxy {
            Some(proxy) => proxy.around(server, self.clock.as_ref()),
            None => server,
        };
        match self.to_gate() {
            Some(gate) => GateServer::new(server, gate).into(),
            None => server,
        }
    }

    #[cfg(feature = "tls")]
    fn has_layers_below(&self) -> bool {
        self.config.proxy.is_some() || self.config.gate.is_some() || self.gate.is_some()
    }

    /// Puts around a server what belongs above TLS.
    fn layers_above(&self, server: Server) -> Server {
        match &self.config.limits {
            Some(limits) => limits.around(server, &self.alarms, self.clock.as_ref()),
            None => server,
        }
    }

    fn to_gate(&self) -> Option<Gate> {
        let config = self.config.gate.as_ref();
        self.gate.clone().or_else(|| Some(config?.to_gate(self.clock.as_ref())))
    }

    fn bind_tcp(&self, address: SocketAddr) -> io::Result<TcpServer> {
        self.config.tcp.to_options()?.bind(address)
    }

    #[cfg(feature = "tls")]
    async fn bind_tls(&self, address: SocketAddr) -> io::Result<Server> {
        let tls = self.load_tls().await.map_err(|error| failed_under_tls(address, error))?;
        let tcp = self.bind_tcp(address).map_err(|error| under_tls(address, error))?;
        Ok(match self.has_layers_below() {
            true => self.secure(self.layers_below(tcp.into()), tls).into(),
            false => self.secure(tcp, tls).into(), // nothing is between, and no box is needed
        })
    }

    #[cfg(feature = "tls")]
    async fn load_tls(&self) -> io::Result<ServerTls> {
        let config = &self.config.tls;
        match self.tls.clone() {
            Some(tls) => Ok(tls),
            // Nobody can be served, and no file need be read to say so.
            None if config.identity.is_none() && config.names.is_empty() => {
                config.to_server_on(self.clock.as_ref())
            }
            None => {
                let (config, clock) = (config.clone(), self.clock.clone());
                blocking::unblock(move || config.to_server_on(clock.as_ref())).await
            }
        }
    }

    #[cfg(feature = "tls")]
    fn secure<A: Accept>(&self, inner: A, tls: ServerTls) -> TlsServer<A> {
        let server = self.config.tls.around(inner, tls, self.clock.as_ref());
        match self.spawner.clone() {
            Some(spawn) => server.spawner(move |handshake| spawn(handshake)),
            None => server,
        }
    }

    #[cfg(not(feature = "tls"))]
    async fn bind_tls(&self, address: SocketAddr) -> io::Result<Server> {
        let text = format!(
            "listening on tls://{address} refused: TLS is not in this build; switch on the feature `tls` of socketry"
        );
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    #[cfg(unix)]
    fn bind_unix(&self, address: &socketry_connection::UnixAddress) -> io::Result<Server> {
        let server = self.config.unix.to_options()?.bind(address)?;
        Ok(server.into())
    }

    #[cfg(unix)]
    fn take_over(&self, number: u32) -> io::Result<Server> {
        use socketry_connection_socket::Adopted;
        use socketry_server::ListenFailed;

        let adopted = crate::inherited::take_over(number)
            .map_err(|error| ListenFailed::new(format_args!("fd://{number}"), error))?;
        match adopted {
            Adopted::Tcp(listener) => {
                let server = self.config.tcp.to_options()?.from_fd(listener.into())?;
                Ok(server.into())
            }
            Adopted::Unix(listener) => {
                let server = self.config.unix.to_options()?.from_fd(listener.into())?;
                Ok(server.into())
            }
        }
    }

    #[cfg(unix)]
    fn take_over_from_systemd(&self, name: Option<&str>) -> io::Result<Server> {
        use socketry_server::{AcceptExt, ListenFailed, ServerGroup};

        let on = format!("systemd://{}", name.unwrap_or_default());
        let numbers =
            crate::inherited::listeners(name).map_err(|error| ListenFailed::new(on, error))?;
        if let [number] = numbers[..] {
            return self.take_over(number);
        }
        let servers: Vec<Server> =
            numbers.into_iter().map(|number| self.take_over(number)).collect::<io::Result<_>>()?;
        Ok(ServerGroup::new(servers).boxed().into())
    }

    #[cfg(not(unix))]
    fn bind_unix(&self, address: &socketry_connection::UnixAddress) -> io::Result<Server> {
        Err(missing(format_args!("unix://{address}")))
    }

    #[cfg(not(unix))]
    fn take_over(&self, number: u32) -> io::Result<Server> {
        Err(missing(format_args!("fd://{number}")))
    }

    #[cfg(not(unix))]
    fn take_over_from_systemd(&self, name: Option<&str>) -> io::Result<Server> {
        Err(missing(format_args!("systemd://{}", name.unwrap_or_default())))
    }
}

/// What is wrong with the configuration of TLS, and where it was to be used.
#[cfg(feature = "tls")]
fn failed_under_tls(address: SocketAddr, error: io::Error) -> io::Error {
    socketry_server::ListenFailed::new(format_args!("tls://{address}"), error).into()
}

/// Names the address as `tls://` where the error of the listener says `tcp://`.
#[cfg(feature = "tls")]
fn under_tls(address: SocketAddr, error: io::Error) -> io::Error {
    match error.downcast::<socketry_server::ListenFailed>() {
        Ok(failed) => failed.renamed(format_args!("tls://{address}")).into(),
        Err(other) => other,
    }
}

#[cfg(not(unix))]
fn missing(on: fmt::Arguments<'_>) -> io::Error {
    let system = std::env::consts::OS;
    let text = format!("listening on {on} refused: {system} has no such sockets here");
    io::Error::new(io::ErrorKind::Unsupported, text)
}
