//! One connection through the proxy.

use std::{
    io::{self, ErrorKind, Read},
    mem,
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use rustix::{
    event::PollFlags,
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt},
};

use super::{
    fault::{Fault, ProxyCounts, Strike},
    pipe::{Flow, Pipe},
};

/// A client, its server, and what is to become of them.
pub(super) struct Connection {
    client: TcpStream,
    has_hung_up: bool,
    stage: Stage,
}

enum Stage {
    /// The server is being connected to. The fault is not one that happens at once.
    Dialling { server: TcpStream, fault: Fault },
    /// Bytes go both ways, up to the server and down to the client, until the strike.
    Forwarding { server: TcpStream, up: Pipe, down: Pipe, strike: Option<Strike> },
    /// The sockets are open, and that is all.
    Silent { server: Option<TcpStream> },
    /// Both sides were told the end. They are listened to until they have told theirs.
    Closing { client_has_ended: bool, server: Option<TcpStream> },
    /// The sockets are to be closed.
    Over,
}

/// What was found at the two sockets.
#[derive(Clone, Copy)]
pub(super) struct Events {
    pub(super) client: PollFlags,
    pub(super) server: PollFlags,
}

/// A socket, and what is to be found there beside errors.
type Watched<'a> = Option<(&'a TcpStream, PollFlags)>;

impl Connection {
    pub(super) fn begin(
        client: TcpStream,
        target: SocketAddr,
        fault: Fault,
        counts: &mut ProxyCounts,
    ) -> Self {
        let mut connection = Self { client, has_hung_up: false, stage: Stage::Over };
        if prepare(&connection.client).is_err() {
            connection.reset();
        } else if let Some((0, strike)) = fault.strike() {
            connection.strike(strike, counts);
        } else {
            match dial(target) {
                Ok(server) => connection.stage = Stage::Dialling { server, fault },
                Err(_) => connection.give_up(counts),
            }
        }
        connection
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// What to wait for at the client and at the server.
    ///
    /// A socket of which both directions have ended says so for ever. It is not watched unless
    /// something is to be read or written, so that nobody spins.
    pub(super) fn watched(&self) -> [Watched<'_>; 2] {
        let client = &self.client;
        let nothing = PollFlags::empty(); // but errors
        match &self.stage {
            Stage::Dialling { server, .. } => {
                [Some((client, nothing)), Some((server, PollFlags::OUT))]
            }
            Stage::Forwarding { server, up, down, .. } => [
                wanted(up, down).map(|flags| (client, flags)),
                wanted(down, up).map(|flags| (server, flags)),
            ],
            Stage::Silent { .. } if self.has_hung_up => [Some((client, nothing)), None],
            Stage::Silent { .. } => [Some((client, PollFlags::RDHUP)), None],
            Stage::Closing { client_has_ended, server } => [
                (!client_has_ended).then_some((client, PollFlags::IN)),
                server.as_ref().map(|server| (server, PollFlags::IN)),
            ],
            Stage::Over => [None, None],
        }
    }

    /// Does what can be done after something was found.
    pub(super) fn advance(&mut self, events: Events, counts: &mut ProxyCounts, buffer: &mut [u8]) {
        let broken = PollFlags::ERR | PollFlags::HUP;
        match &mut self.stage {
            // The client has given up; the server does not know it yet.
            Stage::Dialling { .. } if events.client.intersects(broken) => {
                self.hang_up(counts);
                self.reset();
            }
            Stage::Dialling { .. } => self.dialled(events, counts, buffer),
            Stage::Forwarding { .. } => self.forward(events, counts, buffer),
            Stage::Silent { .. } => {
                self.hang_up(counts);
                if events.client.intersects(broken) {
                    self.reset();
                }
            }
            Stage::Closing { client_has_ended, server } => {
                let is_news = !*client_has_ended && is_done(&self.client, buffer);
                *client_has_ended |= is_news;
                if server.as_ref().is_some_and(|server| is_done(server, buffer)) {
                    *server = None;
                }
                if *client_has_ended && server.is_none() {
                    self.stage = Stage::Over;
                }
                if is_news {
                    self.hang_up(counts);
                }
            }
            Stage::Over => {}
        }
    }

    /// Resets it, closes it or lets it fall silent.
    pub(super) fn strike(&mut self, how: Strike, counts: &mut ProxyCounts) {
        counts.faults += 1;
        match how {
            Strike::Reset => self.reset(),
            Strike::Silence => {
                let server = self.take_server();
                self.stage = Stage::Silent { server };
            }
            Strike::Close => {
                let client_has_ended = self.client.shutdown(Shutdown::Write).is_err();
                // One that is not connected yet is not shut down but dropped.
                let server = self.take_server();
                let server = server.filter(|server| server.shutdown(Shutdown::Write).is_ok());
                self.stage = Stage::Closing { client_has_ended, server };
            }
        }
    }

    /// Goes on when the server is connected.
    fn dialled(&mut self, events: Events, counts: &mut ProxyCounts, buffer: &mut [u8]) {
        let Stage::Dialling { server, fault } = mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        if !matches!(sockopt::socket_error(&server), Ok(Ok(()))) {
            return self.give_up(counts);
        }
        let (left, strike) = fault.strike().unzip();
        let (up, down) = (Pipe::new(None), Pipe::new(left));
        self.stage = Stage::Forwarding { server, up, down, strike };
        self.forward(events, counts, buffer);
    }

    fn forward(&mut self, events: Events, counts: &mut ProxyCounts, buffer: &mut [u8]) {
        let Stage::Forwarding { server, up, down, strike } = &mut self.stage else { return };
        let is_lost = |pipe: &Pipe, events: PollFlags| {
            !pipe.wants_to_read() && events.contains(PollFlags::ERR)
        };
        // Nobody would find it by reading.
        let client_is_lost = is_lost(up, events.client);
        let server_is_lost = is_lost(down, events.server);
        let upwards = up.forward(&self.client, server, buffer, &mut counts.to_server);
        let downwards = down.forward(server, &self.client, buffer, &mut counts.to_client);
        let strike = strike.filter(|_| down.is_used_up());
        let is_done = up.is_shut() && down.is_shut();
        let has_failed = (upwards, downwards) != (Flow::Goes, Flow::Goes);
        let client_has_failed = upwards == Flow::SourceFailed || downwards == Flow::SinkFailed;
        if up.has_ended() || client_has_failed || client_is_lost {
            self.hang_up(counts);
        }
        if let Some(strike) = strike {
            self.strike(strike, counts);
        } else if has_failed || client_is_lost || server_is_lost {
            self.reset();
        } else if is_done {
            self.stage = Stage::Over;
        }
    }

    fn hang_up(&mut self, counts: &mut ProxyCounts) {
        if !mem::replace(&mut self.has_hung_up, true) {
            counts.hung_up += 1;
        }
    }

    /// The server cannot be reached.
    fn give_up(&mut self, counts: &mut ProxyCounts) {
        counts.unreachable += 1;
        self.reset();
    }

    fn reset(&mut self) {
        reset_when_closed(&self.client);
        self.take_server().iter().for_each(reset_when_closed);
    }

    /// Takes the server out; without one the connection is over.
    fn take_server(&mut self) -> Option<TcpStream> {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Dialling { server, .. } | Stage::Forwarding { server, .. } => Some(server),
            Stage::Silent { server } | Stage::Closing { server, .. } => server,
            Stage::Over => None,
        }
    }
}

/// What to wait for at a socket, from which one direction is read and into which the other one is
/// written.
fn wanted(read: &Pipe, written: &Pipe) -> Option<PollFlags> {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, read.wants_to_read());
    flags.set(PollFlags::OUT, written.wants_to_write());
    (!flags.is_empty() || !written.is_shut()).then_some(flags)
}

/// Throws away what has come; whether that was the last of it.
fn is_done(mut socket: &TcpStream, buffer: &mut [u8]) -> bool {
    loop {
        match socket.read(buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

fn dial(target: SocketAddr) -> io::Result<TcpStream> {
    let family = match target {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let server =
        TcpStream::from(socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?);
    prepare(&server)?;
    match connect(&server, &target) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(server),
        Err(error) => Err(error.into()),
    }
}

fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)
}

/// Lets a socket send a reset as soon as it is closed.
fn reset_when_closed(socket: &TcpStream) {
    // It fails where there is nothing to reset any more.
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}
