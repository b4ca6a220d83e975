//! Connectors and servers as plain data.

pub use self::{
    client::{ConnectorConfig, TcpOptions, Timeout},
    server::{ServerConfig, TcpServerConfig, UnixServerConfig},
    setting::Setting,
    socket::{KeepaliveConfig, SocketConfig},
};

#[cfg(feature = "serde")]
mod address;
mod client;
#[cfg(feature = "serde")]
mod duration;
#[cfg(feature = "serde")]
mod octal;
mod server;
mod setting;
mod socket;
