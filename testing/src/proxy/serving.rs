//! The thread of a proxy: its sockets, and what the test has ordered.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{
    connection::{Connection, Events},
    fault::{Fault, ProxyCounts, Strike},
    pipe::ROOM,
    shared::{Order, Shared},
};
use crate::port::ReservedPort;

/// A proxy at work.
pub(super) struct Serving {
    shared: Arc<Shared>,
    /// Keeps the port while nobody listens.
    port: ReservedPort,
    listener: Option<TcpListener>,
    target: SocketAddr,
    script: VecDeque<Fault>,
    default: Fault,
    connections: Vec<Connection>,
    counts: ProxyCounts,
    /// What is read goes through here.
    buffer: Vec<u8>,
}

/// What was found.
struct Found {
    has_rung: bool,
    /// One for each connection.
    events: Vec<Events>,
}

impl Serving {
    pub(super) fn new(shared: Arc<Shared>, target: SocketAddr) -> io::Result<Self> {
        let port = ReservedPort::new();
        let listener = Some(listen(&port)?);
        Ok(Self {
            shared,
            port,
            listener,
            target,
            script: VecDeque::new(),
            default: Fault::Pass,
            connections: Vec::new(),
            counts: ProxyCounts::default(),
            buffer: vec![0; ROOM],
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Serves until the test has had enough.
    ///
    /// Whatever came before an order is dealt with first. Therefore it looks again after the order
    /// was taken: what was found before may be older.
    pub(super) fn run(mut self) {
        let _end = End(self.shared.clone());
        loop {
            let mut found = self.look(None);
            let mut orders = Vec::new();
            if found.has_rung {
                self.shared.bell().silence();
                let Some(taken) = self.shared.take_orders() else { break };
                orders = taken;
                found = self.look(Some(&Timespec::default()));
            }
            self.advance(&found.events);
            self.accept();
            orders.iter().for_each(|order| self.carry_out(*order));
            self.connections.retain(|connection| !connection.is_over());
            self.counts.open = self.connections.len();
            self.shared.report(self.counts, orders.len());
        }
        self.break_all(Strike::Reset);
    }

    /// Looks what has come, and waits so long if that is nothing; `None` is for ever.
    fn look(&self, timeout: Option<&Timespec>) -> Found {
        let mut sockets = vec![PollFd::new(self.shared.bell(), PollFlags::IN)];
        sockets.extend(self.listener.iter().map(|socket| PollFd::new(socket, PollFlags::IN)));
        let before = sockets.len();
        let watched = self.connections.iter().flat_map(Connection::watched);
        sockets.extend(watched.flatten().map(|(socket, flags)| PollFd::new(socket, flags)));
        match poll(&mut sockets, timeout) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => panic!("the proxy cannot look at its sockets: {error}"),
        }
        let has_rung = !sockets[0].revents().is_empty();
        let mut found = sockets[before..].iter().map(PollFd::revents);
        let mut next = |is_watched| match is_watched {
            true => found.next().unwrap_or(PollFlags::empty()),
            false => PollFlags::empty(),
        };
        let events = self.connections.iter().map(|connection| {
            let [client, server] = connection.watched().map(|watched| next(watched.is_some()));
            Events { client, server }
        });
        Found { has_rung, events: events.collect() }
    }

    fn advance(&mut self, events: &[Events]) {
        for (connection, events) in self.connections.iter_mut().zip(events) {
            if !(events.client | events.server).is_empty() {
                connection.advance(*events, &mut self.counts, &mut self.buffer);
            }
        }
    }

    fn accept(&mut self) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((client, _)) => {
                    self.counts.accepted += 1;
                    let fault = self.script.pop_front().unwrap_or(self.default);
                    let counts = &mut self.counts;
                    self.connections.push(Connection::begin(client, self.target, fault, counts));
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => break,
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted => {}
                    // It would not go away by itself, and the test could only wonder.
                    _ => panic!("the proxy cannot accept: {error}"),
                },
            }
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Target(target) => self.target = target,
            Order::Push(fault) => self.script.push_back(fault),
            Order::Default(fault) => self.default = fault,
            Order::Refuse => self.listener = None,
            Order::Listen if self.listener.is_some() => {}
            Order::Listen => match listen(&self.port) {
                Ok(listener) => self.listener = Some(listener),
                Err(error) => panic!("the proxy cannot listen at {}: {error}", self.address()),
            },
            Order::Break(how) => self.break_all(how.into()),
            Order::Count => {}
        }
    }

    fn break_all(&mut self, how: Strike) {
        for connection in &mut self.connections {
            if !connection.is_over() {
                connection.strike(how, &mut self.counts);
            }
        }
    }
}

/// Listens on a port that is reserved.
fn listen(port: &ReservedPort) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(port.address())?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Tells when the thread is gone, be it by a panic.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}
