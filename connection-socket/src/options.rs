//! Options of plain sockets.

use std::{io, time::Duration};

use socket2::{Domain, Socket};

use crate::{Keepalive, OptionRefused};

/// Options of a TCP socket, for connectors and servers.
///
/// Unset options stay as the system has them. A TCP server sets them on its listening socket where
/// the system hands them down to what it accepts (Linux does), so that they cost no system call a
/// connection.
///
/// # Names
///
/// What the options are called elsewhere:
///
/// | PHP socket context | here |
/// |---|---|
/// | `bindto` | `TcpConnector::local_address` |
/// | `tcp_nodelay` | [`nodelay`](Self::nodelay), on by default |
/// | `so_broadcast` | none: a stream has no broadcast |
/// | `backlog` | `TcpServerOptions::backlog` |
/// | `so_reuseport` | `TcpServerOptions::reuse_port` |
/// | `ipv6_v6only` | `TcpServerOptions::only_v6` |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connection_socket::{Keepalive, SocketOptions};
///
/// let options = SocketOptions::new()
///     .keepalive(Keepalive::after(Duration::from_secs(60)).retries(3))
///     .send_buffer(256 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    nodelay: bool,
    keepalive: Option<Keepalive>,
    send_buffer: Option<usize>,
    recv_buffer: Option<usize>,
    ttl: Option<u8>,
    tos: Option<u8>,
    linger: Option<Duration>,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    user_timeout: Option<Duration>,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    mark: Option<u32>,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    interface: Option<String>,
}

impl SocketOptions {
    /// `nodelay`, and all else as the system has it.
    pub fn new() -> Self {
        Self {
            nodelay: true,
            keepalive: None,
            send_buffer: None,
            recv_buffer: None,
            ttl: None,
            tos: None,
            linger: None,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            user_timeout: None,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            mark: None,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            interface: None,
        }
    }

    /// Sends small writes at once instead of collecting them (`TCP_NODELAY`, RFC 896).
    ///
    /// By default on: without it, a request in two writes waits for the peer's delayed
    /// acknowledgement, 40 ms on Linux.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// Asks a silent peer whether it is still there (`SO_KEEPALIVE`). By default off.
    pub fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = Some(keepalive);
        self
    }

    /// Bytes that may wait in the kernel to be sent (`SO_SNDBUF`). Linux doubles the number.
    ///
    /// By default the system sizes it while data moves, which setting it switches off.
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = Some(bytes);
        self
    }

    /// Bytes that may wait in the kernel to be read (`SO_RCVBUF`). Linux doubles the number.
    ///
    /// By default the system sizes it while data moves, which setting it switches off.
    pub fn recv_buffer(mut self, bytes: usize) -> Self {
        self.recv_buffer = Some(bytes);
        self
    }

    /// How many routers a packet may pass (`IP_TTL`, `IPV6_UNICAST_HOPS`), at least 1.
    pub fn ttl(mut self, hops: u8) -> Self {
        self.ttl = Some(hops);
        self
    }

    /// The type of service, or DSCP and ECN (`IP_TOS`, `IPV6_TCLASS`; RFC 2474).
    pub fn tos(mut self, tos: u8) -> Self {
        self.tos = Some(tos);
        self
    }

    /// How long the system may go on sending after the socket was dropped (`SO_LINGER`), rounded up
    /// to whole seconds. Zero resets the connection instead of closing it.
    ///
    /// By default the system sends in the background for as long as it takes. **More than zero makes
    /// dropping a connection block its thread for as long**, on Linux also a non-blocking one: for
    /// programs with a thread a connection.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = Some(linger);
        self
    }

    /// How long sent data may stay unacknowledged before the connection is given up
    /// (`TCP_USER_TIMEOUT`, RFC 5482), rounded up to whole milliseconds. Zero means the system's
    /// default.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(target_os = "linux")))]
    pub fn user_timeout(mut self, timeout: Duration) -> Self {
        self.user_timeout = Some(timeout);
        self
    }

    /// Marks the packets for routing and filtering (`SO_MARK`); needs `CAP_NET_ADMIN`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(target_os = "linux")))]
    pub fn mark(mut self, mark: u32) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Uses this network interface only (`SO_BINDTODEVICE`), such as `eth0`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(target_os = "linux")))]
    pub fn interface(mut self, name: impl Into<String>) -> Self {
        self.interface = Some(name.into());
        self
    }

    /// Whether packets are bound to a network interface.
    pub fn has_interface(&self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        return self.interface.is_some();
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        return false;
    }

    /// Sets all of them on a TCP socket of this domain.
    ///
    /// With the default options that is one system call.
    ///
    /// # Errors
    ///
    /// The first option that the system refuses, by name.
    pub fn apply(&self, socket: &Socket, domain: Domain) -> Result<(), OptionRefused> {
        self.apply_buffers(socket)?;
        if self.nodelay {
            refused("nodelay", socket.set_tcp_nodelay(true))?;
        }
        if let Some(keepalive) = &self.keepalive {
            refused("keepalive", socket.set_tcp_keepalive(&keepalive.to_system()))?;
        }
        if let Some(hops) = self.ttl.map(u32::from) {
            refused("ttl", set_ttl(socket, domain, hops))?;
        }
        if let Some(tos) = self.tos.map(u32::from) {
            refused("tos", set_tos(socket, domain, tos))?;
        }
        if let Some(linger) = self.linger {
            let linger = rounded_up(linger, Duration::from_secs(1));
            refused("linger", socket.set_linger(Some(linger)))?;
        }
        self.apply_linux(socket)
    }

    /// Sets those that a Unix socket has too: the sizes of the buffers.
    ///
    /// # Errors
    ///
    /// The first option that the system refuses, by name.
    pub fn apply_buffers(&self, socket: &Socket) -> Result<(), OptionRefused> {
        if let Some(bytes) = self.send_buffer {
            refused("send_buffer", socket.set_send_buffer_size(bytes))?;
        }
        if let Some(bytes) = self.recv_buffer {
            refused("recv_buffer", socket.set_recv_buffer_size(bytes))?;
        }
        Ok(())
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn apply_linux(&self, socket: &Socket) -> Result<(), OptionRefused> {
        if let Some(timeout) = self.user_timeout {
            let timeout = rounded_up(timeout, Duration::from_millis(1));
            refused("user_timeout", socket.set_tcp_user_timeout(Some(timeout)))?;
        }
        if let Some(mark) = self.mark {
            refused("mark", socket.set_mark(mark))?;
        }
        if let Some(name) = &self.interface {
            refused("interface", socket.bind_device(Some(name.as_bytes())))?;
        }
        Ok(())
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn apply_linux(&self, _socket: &Socket) -> Result<(), OptionRefused> {
        Ok(())
    }
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self::new()
    }
}

fn refused(option: &'static str, set: io::Result<()>) -> Result<(), OptionRefused> {
    set.map_err(|error| OptionRefused::new(option, error))
}

/// The next whole `unit`, because the system rounds down, and zero means something else to it.
fn rounded_up(duration: Duration, unit: Duration) -> Duration {
    duration.saturating_add(unit.saturating_sub(Duration::from_nanos(1)))
}

/// An IPv6 socket that speaks IPv4 (`[::]` does, on Linux) has the options of both.
const TAKES_BOTH_FAMILIES: bool = cfg!(any(target_os = "linux", target_os = "android"));

fn set_ttl(socket: &Socket, domain: Domain, hops: u32) -> io::Result<()> {
    if domain == Domain::IPV6 {
        socket.set_unicast_hops_v6(hops)?;
    }
    match domain == Domain::IPV4 || TAKES_BOTH_FAMILIES {
        true => socket.set_ttl_v4(hops),
        false => Ok(()),
    }
}

#[cfg(unix)]
fn set_tos(socket: &Socket, domain: Domain, tos: u32) -> io::Result<()> {
    if domain == Domain::IPV6 {
        socket.set_tclass_v6(tos)?;
    }
    match domain == Domain::IPV4 || TAKES_BOTH_FAMILIES {
        true => socket.set_tos_v4(tos),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
fn set_tos(socket: &Socket, domain: Domain, tos: u32) -> io::Result<()> {
    match domain {
        Domain::IPV6 => Err(io::ErrorKind::Unsupported.into()),
        _ => socket.set_tos_v4(tos),
    }
}
