//! How a TCP server is opened.

use std::{io, net::SocketAddr, sync::Arc};

use socket2::{Domain, Socket};
use socketry_connection::{Address, Clock};
use socketry_connection_socket::{Listener, SocketOptions, open};
use socketry_server::ListenFailed;

use crate::TcpServer;

/// How a [`TcpServer`] is opened.
///
/// # Examples
///
/// ```
/// use socketry_server_tcp::TcpServerOptions;
///
/// let server = TcpServerOptions::new()
///     .reuse_port(cfg!(unix))
///     .only_v6(true)
///     .bind("[::1]:0".parse().unwrap())?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TcpServerOptions {
    backlog: u32,
    reuse_address: bool,
    reuse_port: bool,
    only_v6: Option<bool>,
    accepted: SocketOptions,
    clock: Option<Arc<dyn Clock>>,
}

impl TcpServerOptions {
    /// Backlog 4096, address reuse on, all else as the system has it, `nodelay` on what is
    /// accepted.
    pub fn new() -> Self {
        Self {
            backlog: 4096,
            reuse_address: cfg!(unix),
            reuse_port: false,
            only_v6: None,
            accepted: SocketOptions::new(),
            clock: None,
        }
    }

    /// How many clients may wait to be accepted. By default 4096; the system may allow fewer
    /// (`net.core.somaxconn`) and silently does with that.
    ///
    /// Where it is too small, clients that come in a burst try again after a whole second.
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.backlog = backlog;
        self
    }

    /// Binds although connections of an earlier server on this address still linger
    /// (`SO_REUSEADDR`). By default on where that is all it means, so not on Windows.
    pub fn reuse_address(mut self, reuse: bool) -> Self {
        self.reuse_address = reuse;
        self
    }

    /// Shares the address with other servers that do so too, and their clients with them
    /// (`SO_REUSEPORT`). By default off; [`Unsupported`](io::ErrorKind::Unsupported) on Windows.
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.reuse_port = reuse;
        self
    }

    /// Whether a server on an IPv6 address refuses IPv4 (`IPV6_V6ONLY`).
    ///
    /// By default the system decides: on Linux `[::]` takes IPv4 clients too. No effect on an IPv4
    /// address.
    pub fn only_v6(mut self, only: bool) -> Self {
        self.only_v6 = Some(only);
        self
    }

    /// Options of every accepted connection. By default only `nodelay`.
    pub fn accepted(mut self, options: SocketOptions) -> Self {
        self.accepted = options;
        self
    }

    /// Waits on this clock while descriptors have run out. By default the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Listens on `address`; port 0 lets the system choose one.
    ///
    /// It listens when this returns: clients that come before the first poll wait in the backlog.
    ///
    /// # Errors
    ///
    /// [`ListenFailed`], with the kind and number of the system's error, and the option if it was
    /// one that was refused.
    pub fn bind(&self, address: SocketAddr) -> io::Result<TcpServer> {
        let failed = |error| ListenFailed::new(Address::Tcp(address), error);
        let domain = Domain::for_address(address);
        let socket = open(domain).map_err(failed)?;
        self.prepare(&socket, domain).map_err(|(step, error)| failed(error).during(step))?;
        socket.bind(&address.into()).map_err(failed)?;
        let backlog = i32::try_from(self.backlog).unwrap_or(i32::MAX);
        socket.listen(backlog).map_err(failed)?;
        let listener = Listener::new(socket.into()).map_err(failed)?;
        Ok(TcpServer::new(listener.with_clock(self.clock.clone()), self.accepted.clone()))
    }

    fn prepare(&self, socket: &Socket, domain: Domain) -> Result<(), (String, io::Error)> {
        let step = |option: &str| format!("option {option}");
        if self.reuse_address {
            socket.set_reuse_address(true).map_err(|error| (step("reuse_address"), error))?;
        }
        if self.reuse_port {
            set_reuse_port(socket).map_err(|error| (step("reuse_port"), error))?;
        }
        if let (Some(only), Domain::IPV6) = (self.only_v6, domain) {
            socket.set_only_v6(only).map_err(|error| (step("only_v6"), error))?;
        }
        self.accepted
            .apply(socket, domain)
            .map_err(|refused| (step(refused.option()), refused.into_error()))
    }

    /// Takes over a listening TCP socket that somebody else has opened: a service manager, a
    /// parent process, an earlier process of the same program.
    ///
    /// Closing the server closes this descriptor only; duplicates of it go on listening. The
    /// socket becomes non-blocking, for everybody who shares it. Its own options stay, and those of
    /// [`accepted`](Self::accepted) are set on it; the options of binding have no effect.
    ///
    /// # Errors
    ///
    /// By their numbers: `ENOTSOCK` if it is no socket, `EISCONN` if it is a connected one, `EINVAL`
    /// if it does not listen, `EPROTOTYPE` if it is no stream socket, `EAFNOSUPPORT` if it is not
    /// TCP.
    #[cfg(unix)]
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    pub fn from_fd(&self, descriptor: std::os::fd::OwnedFd) -> io::Result<TcpServer> {
        use socketry_connection_socket::{Adopted, adopt};

        let on = format!("inherited descriptor {}", std::os::fd::AsRawFd::as_raw_fd(&descriptor));
        let failed = |error| ListenFailed::new(&on, error);
        let listener = match adopt(descriptor).map_err(failed)? {
            Adopted::Tcp(listener) => listener,
            Adopted::Unix(_) => {
                return Err(failed(rustix::io::Errno::AFNOSUPPORT.into()).into());
            }
        };
        let socket = Socket::from(listener);
        let domain = match socket.local_addr().map_err(failed)?.is_ipv6() {
            true => Domain::IPV6,
            false => Domain::IPV4,
        };
        self.accepted.apply(&socket, domain).map_err(|refused| {
            let step = format!("option {}", refused.option());
            failed(refused.into_error()).during(step)
        })?;
        let listener = Listener::new(socket.into()).map_err(failed)?;
        Ok(TcpServer::new(listener.with_clock(self.clock.clone()), self.accepted.clone()))
    }
}

impl Default for TcpServerOptions {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(unix)]
fn set_reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(unix))]
fn set_reuse_port(_socket: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
