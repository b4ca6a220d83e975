//! Proxies in front of a server, as plain data.

use socketry_server::Network;

use super::{Setting, Timeout};

/// Which proxies stand in front of a server and say, in the PROXY protocol, whose connection it is.
///
/// In a file:
///
/// ```toml
/// [proxy]
/// trusted = ["10.0.0.0/24"]
/// ```
///
/// The header is read before everything else, so that the gate and the list of connections know the real
/// address of a client. It is an attribute of the connection:
/// [`ProxyHeader`](crate::server::ProxyHeader).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Whose headers are believed. By default nobody's, and then nobody comes in but who is passed
    /// through.
    #[cfg_attr(feature = "serde", serde(with = "super::networks"))]
    pub trusted: Vec<Network>,
    /// Whether peers without an IP address, as those of a Unix socket, are trusted. By default not.
    pub trust_without_ip: bool,
    /// What becomes of peers that are not trusted. By default they are refused.
    pub untrusted: UntrustedConfig,
    /// How long a header may take. By default on, which means 5 seconds.
    pub header_timeout: Setting<Timeout>,
    /// How many headers may be under way. By default 256; further newcomers wait in the backlog.
    pub most_headers: usize,
    /// How many bytes a header of version 2 may have. By default 4096; from 232 to 65535.
    pub longest_header: usize,
}

impl Default for ProxyConfig {
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            trust_without_ip: false,
            untrusted: UntrustedConfig::default(),
            header_timeout: Setting::On,
            most_headers: 256,
            longest_header: 4096,
        }
    }
}

impl ProxyConfig {
    /// Believes the headers of these networks.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{ProxyConfig, Server};
    ///
    /// # futures_lite::future::block_on(async {
    /// let proxy = ProxyConfig::trusting(["10.0.0.0/24".parse()?]);
    /// let server = Server::builder().proxy(proxy).bind("127.0.0.1:0").await?;
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn trusting(networks: impl IntoIterator<Item = Network>) -> Self {
        Self { trusted: networks.into_iter().collect(), ..Self::default() }
    }
}

/// What becomes of peers whose headers are not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum UntrustedConfig {
    /// They are closed before a byte is read, each of which is one error of the server.
    #[default]
    Refuse,
    /// They are clients that come directly: all that they say is data.
    PassThrough,
}
