//! How a client speaks TLS.

use std::{fmt, io, net::IpAddr, sync::Arc};

use socketry_connection::{Address, Connection};
use socketry_connection_tls::{
    Plain, TlsConnection, TlsOptions,
    rustls::{ClientConfig, pki_types::ServerName},
};
use socketry_connector::Host;

use crate::{SetupFailed, name::server_name, setup::Setup};

/// How a client speaks TLS: one configuration, shared by all clones and all connections, which so
/// resume each other's sessions.
///
/// The first connect makes it, because roots may be many files: on a thread, while the caller and
/// all who come meanwhile wait. If that fails they are told, nothing is opened, and the next connect
/// tries again. Programs that would rather know at their start call [`config`](Self::config) then.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_connector_tls::{ClientTls, Roots};
///
/// # fn main() -> std::io::Result<()> {
/// let roots = Roots::none().with_pem_file("/etc/own/missing.pem");
/// let tls = ClientTls::builder().roots(roots).build()?;
///
/// let failed = block_on(tls.config()).unwrap_err();
/// assert_eq!(failed.error().kind(), std::io::ErrorKind::NotFound);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientTls(Arc<Inner>);

struct Inner {
    config: Setup<Arc<ClientConfig>>,
    options: TlsOptions,
    name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// With a configuration of rustls that was made elsewhere.
    ///
    /// All that the builder does is up to whoever has made it. Around its verifier should be
    /// [`remembering`](socketry_connection_tls::remembering), so that errors have the certificates
    /// that were refused.
    pub fn with_config(config: Arc<ClientConfig>, options: TlsOptions) -> Self {
        Self::from_parts(Setup::done(config), options, None)
    }

    pub(crate) fn from_parts(
        config: Setup<Arc<ClientConfig>>,
        options: TlsOptions,
        name: Option<ServerName<'static>>,
    ) -> Self {
        Self(Arc::new(Inner { config, options, name }))
    }

    /// The configuration, as rustls has it; made by the first who needs it.
    ///
    /// # Errors
    ///
    /// If the roots cannot be loaded, or, after [`new`](Self::new), if there is no cryptography in
    /// this build.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves the others who wait alone. If there are none, what no thread has begun is
    /// not begun.
    pub async fn config(&self) -> Result<Arc<ClientConfig>, SetupFailed> {
        self.0.config.get().await
    }

    /// How connections are made and ended.
    pub fn options(&self) -> &TlsOptions {
        &self.0.options
    }

    /// Secures a connection that is in use already, if the server proves to be `name`, or the
    /// [name for all](crate::ClientTlsBuilder::server_name).
    ///
    /// Takes a connection, or a `BufReader` of futures-lite around one; see
    /// [`Plain`] for why nothing may be left in its buffer, nor have arrived since.
    ///
    /// # Errors
    ///
    /// - [`UnexpectedPlaintext`](crate::UnexpectedPlaintext), if the server has said more than was
    ///   read. Nothing of it reaches the connection under TLS, which is closed.
    /// - Those of a call of [`TlsConnector`](crate::TlsConnector).
    ///
    /// # Cancel safety
    ///
    /// Dropped, it closes the connection.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use futures_lite::{AsyncBufReadExt, AsyncWriteExt, io::BufReader};
    /// use socketry_connector_tls::{ClientTls, TlsConnection};
    /// # use socketry_connection::Connection;
    ///
    /// async fn start_tls<C: Connection>(smtp: C, tls: &ClientTls) -> io::Result<TlsConnection<C>> {
    ///     let mut smtp = BufReader::new(smtp);
    ///     smtp.get_mut().write_all(b"STARTTLS\r\n").await?;
    ///     let mut answer = String::new();
    ///     smtp.read_line(&mut answer).await?;
    ///     if !answer.starts_with("220 ") {
    ///         return Err(io::Error::other(answer));
    ///     }
    ///     tls.upgrade(smtp, "mail.example.org".parse()?).await
    /// }
    /// ```
    pub async fn upgrade<C: Connection>(
        &self,
        connection: impl Into<Plain<C>>,
        name: Host,
    ) -> io::Result<TlsConnection<C>> {
        let plain = connection.into();
        let server_name = self.name_for(&name)?;
        let config = self.config().await?;
        let connection = plain.into_silent_connection().await?;
        let remote = connection.remote_address();
        let secured = self.0.options.connect(connection, server_name, config).await;
        secured.map_err(|error| error.with_target(place(remote, &name)).into())
    }

    /// Who has to answer at `host`.
    pub(crate) fn name_for(&self, host: &Host) -> io::Result<ServerName<'static>> {
        match &self.0.name {
            Some(name) => Ok(name.clone()),
            None => server_name(host),
        }
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// Where the connection went, and who has to answer there: for errors.
pub(crate) fn place(remote: Option<Address>, name: &Host) -> String {
    match (remote, name.ip()) {
        (Some(remote), _) => format!("{} as {name}", remote.with_tls()),
        (None, Some(IpAddr::V6(_))) => format!("tls://[{name}]"),
        (None, _) => format!("tls://{name}"),
    }
}
