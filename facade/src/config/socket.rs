//! Options of sockets as plain data.

use std::{io, time::Duration};

use socketry_connection_socket::{Keepalive, SocketOptions};

/// Options of a TCP socket as plain data: [`SocketOptions`], on every system.
///
/// An option that the system at hand does not have can be read everywhere, and is refused as
/// [`Unsupported`](io::ErrorKind::Unsupported) where it is used. Of a Unix socket only the buffers
/// have an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct SocketConfig {
    /// Sends small writes at once. By default on. See [`SocketOptions::nodelay`].
    pub nodelay: bool,
    /// Asks a silent peer whether it is still there. By default off.
    pub keepalive: Option<KeepaliveConfig>,
    /// Bytes that may wait in the kernel to be sent. By default the system decides.
    pub send_buffer: Option<usize>,
    /// Bytes that may wait in the kernel to be read. By default the system decides.
    pub recv_buffer: Option<usize>,
    /// How many routers a packet may pass, at least 1. By default the system decides.
    pub ttl: Option<u8>,
    /// The type of service. By default none.
    pub tos: Option<u8>,
    /// How long the system may go on sending after the socket was dropped; zero resets the
    /// connection. By default as long as it takes. More than zero blocks the thread that drops the
    /// connection: see [`SocketOptions::linger`].
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub linger: Option<Duration>,
    /// How long sent data may stay unacknowledged (Linux). By default the system decides.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub user_timeout: Option<Duration>,
    /// The mark of the packets (Linux). By default none.
    pub mark: Option<u32>,
    /// The only network interface to use (Linux). By default any.
    pub interface: Option<String>,
}

impl SocketConfig {
    /// The options that this describes.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported), naming the option and the system, if there is
    /// no such option here.
    pub fn to_options(&self) -> io::Result<SocketOptions> {
        let mut options = SocketOptions::new().nodelay(self.nodelay);
        if let Some(keepalive) = &self.keepalive {
            options = options.keepalive(keepalive.to_keepalive());
        }
        if let Some(bytes) = self.send_buffer {
            options = options.send_buffer(bytes);
        }
        if let Some(bytes) = self.recv_buffer {
            options = options.recv_buffer(bytes);
        }
        if let Some(hops) = self.ttl {
            options = options.ttl(hops);
        }
        if let Some(tos) = self.tos {
            options = options.tos(tos);
        }
        if let Some(linger) = self.linger {
            options = options.linger(linger);
        }
        self.add_linux(options)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn add_linux(&self, mut options: SocketOptions) -> io::Result<SocketOptions> {
        if let Some(timeout) = self.user_timeout {
            options = options.user_timeout(timeout);
        }
        if let Some(mark) = self.mark {
            options = options.mark(mark);
        }
        if let Some(interface) = &self.interface {
            options = options.interface(interface);
        }
        Ok(options)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn add_linux(&self, options: SocketOptions) -> io::Result<SocketOptions> {
        let set = [
            ("user_timeout", self.user_timeout.is_some()),
            ("mark", self.mark.is_some()),
            ("interface", self.interface.is_some()),
        ];
        match set.iter().find(|(_, is_set)| *is_set) {
            None => Ok(options),
            Some((option, _)) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("the socket option {option} does not exist on {}", std::env::consts::OS),
            )),
        }
    }
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            nodelay: true,
            keepalive: None,
            send_buffer: None,
            recv_buffer: None,
            ttl: None,
            tos: None,
            linger: None,
            user_timeout: None,
            mark: None,
            interface: None,
        }
    }
}

/// [`Keepalive`] as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(deny_unknown_fields, expecting = "a table such as { time = \"60s\" }")
)]
#[non_exhaustive]
pub struct KeepaliveConfig {
    /// Asks for the first time after this much silence.
    #[cfg_attr(feature = "serde", serde(with = "super::duration"))]
    pub time: Duration,
    /// Asks again after this long. By default the system decides.
    #[cfg_attr(feature = "serde", serde(default, with = "super::duration::option"))]
    pub interval: Option<Duration>,
    /// Gives up after this many questions without an answer. By default the system decides.
    #[cfg_attr(feature = "serde", serde(default))]
    pub retries: Option<u32>,
}

impl KeepaliveConfig {
    /// Asks for the first time after this much silence; the system decides the rest.
    pub fn after(time: Duration) -> Self {
        Self { time, interval: None, retries: None }
    }

    fn to_keepalive(self) -> Keepalive {
        let mut keepalive = Keepalive::after(self.time);
        if let Some(interval) = self.interval {
            keepalive = keepalive.interval(interval);
        }
        if let Some(retries) = self.retries {
            keepalive = keepalive.retries(retries);
        }
        keepalive
    }
}
