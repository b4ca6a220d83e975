//! Connectors and servers as plain data.

pub use self::{
    backoff::{BackoffConfig, BackoffPreset, MeasuredConfig},
    client::{ConnectorConfig, TcpOptions, Timeout},
    dns::DnsConfig,
    gate::{GateConfig, RateConfig, RatePeriod},
    happy_eyeballs::{AddressFamilies, HappyEyeballs},
    limits::{AtLimitConfig, LimitsConfig, WhenBehindConfig},
    pool::{PoolConfig, PoolOrderConfig},
    proxy::{ProxyConfig, UntrustedConfig},
    reconnect::{HeartbeatConfig, OrderConfig, ReconnectConfig},
    server::{ServerConfig, TcpServerConfig, UnixServerConfig},
    setting::Setting,
    socket::{KeepaliveConfig, SocketConfig},
    tls::{IdentityConfig, Passphrase, TlsConfig, TlsVersion, TrustedRoots},
    tls_server::{ClientCertificatesConfig, TlsServerConfig},
};

#[cfg(feature = "serde")]
mod address;
mod backoff;
mod client;
mod dns;
#[cfg(feature = "serde")]
mod duration;
mod gate;
mod happy_eyeballs;
mod limits;
#[cfg(feature = "serde")]
mod networks;
#[cfg(feature = "serde")]
mod octal;
mod pool;
mod proxy;
mod reconnect;
mod server;
mod setting;
mod socket;
mod tls;
mod tls_server;
