//! Listening, with everything wired around it.

use std::io;
#[cfg(unix)]
use std::sync::Arc;

#[cfg(feature = "tls")]
use socketry_server::{Accept, ListenFailed};
use socketry_server_gate::{Gate, GateServer};
#[cfg(feature = "tls")]
use socketry_server_tls::{ServerTls, TlsServer};

use crate::{
    Endpoint, GateConfig, InvalidEndpoint, ProxyConfig, Server, ServerBuilder,
    endpoint::ServerTarget,
};

mod opening;
#[cfg(unix)]
mod taking;

/// What is known of a server before a socket is opened or taken. Nothing in it is bad input.
struct Plan {
    target: ServerTarget,
    /// What its sockets are called.
    #[cfg(unix)]
    name: Arc<str>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

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
        let plan = self.plan(endpoint).await?;
        Ok(self.layers(self.open(&plan)?, plan))
    }

    /// Finds whatever is wrong with what was given.
    async fn plan(&self, endpoint: Endpoint) -> io::Result<Plan> {
        let target = endpoint.for_server()?;
        self.check_options(&target)?;
        self.config.proxy.as_ref().map_or(Ok(()), ProxyConfig::check)?;
        self.config.gate.as_ref().map_or(Ok(()), GateConfig::check)?;
        Ok(Plan {
            #[cfg(unix)]
            name: self.name_of(&target)?,
            #[cfg(feature = "tls")]
            tls: self.tls_of(&target).await?,
            target,
        })
    }

    /// That the options of its sockets can be. Those of an inherited descriptor are known later.
    fn check_options(&self, target: &ServerTarget) -> io::Result<()> {
        match target {
            ServerTarget::Tls(_) if cfg!(not(feature = "tls")) => {
                let text = format!(
                    "listening on {target} refused: TLS is not in this build; switch on the feature `tls` of socketry"
                );
                Err(io::Error::new(io::ErrorKind::Unsupported, text))
            }
            ServerTarget::Tcp(_) | ServerTarget::Tls(_) => self.config.tcp.to_options().map(drop),
            #[cfg(unix)]
            ServerTarget::Unix(address) => self.config.unix.to_options()?.check(address),
            _ => Ok(()),
        }
    }

    /// Puts around a listener all that was asked for.
    fn layers(&self, listener: Server, plan: Plan) -> Server {
        let server = self.layers_below(listener);
        self.layers_above(self.layer_of_tls(server, plan))
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

    /// Puts around a server what belongs above TLS.
    fn layers_above(&self, server: Server) -> Server {
        match &self.config.limits {
            Some(limits) => limits.around_on(server, &self.alarms, self.clock.as_ref()),
            None => server,
        }
    }

    fn to_gate(&self) -> Option<Gate> {
        let config = self.config.gate.as_ref();
        self.gate.clone().or_else(|| Some(config?.to_gate_on(self.clock.as_ref())))
    }

    #[cfg(not(feature = "tls"))]
    fn layer_of_tls(&self, server: Server, _plan: Plan) -> Server {
        server
    }
}

#[cfg(feature = "tls")]
impl ServerBuilder {
    fn layer_of_tls(&self, server: Server, plan: Plan) -> Server {
        match plan.tls {
            Some(tls) => server.secured(self, tls),
            None => server,
        }
    }

    pub(crate) fn secure<A: Accept>(&self, inner: A, tls: ServerTls) -> TlsServer<A> {
        let server = self.config.tls.around(inner, tls, self.clock.as_ref());
        match self.spawner.clone() {
            Some(spawn) => server.spawner(move |handshake| spawn(handshake)),
            None => server,
        }
    }

    /// What `tls://` needs; `None` for all others.
    async fn tls_of(&self, target: &ServerTarget) -> io::Result<Option<ServerTls>> {
        match target {
            ServerTarget::Tls(_) => match self.load_tls().await {
                Ok(tls) => Ok(Some(tls)),
                Err(error) => Err(ListenFailed::new(target, error).into()),
            },
            _ => Ok(None),
        }
    }

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
}
