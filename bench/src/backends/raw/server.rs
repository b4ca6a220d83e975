//! The bare server.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv6Addr, TcpListener, TcpStream},
    os::fd::OwnedFd,
};

use rustix::event::epoll::EventFlags;

use crate::{
    backends::raw::{accept::accept_next, epoll::Epoll},
    job::Job,
    socket::listen_on,
    totals::{count, count_many},
    work::{CHUNK, Work},
};

/// The key of the listener; those of clients are places in a list.
const LISTENER: usize = usize::MAX;

/// That of the listener for IPv6.
const TWIN: usize = usize::MAX - 1;

/// How many sockets whoever is eager has accepted before it closes the first of them: the clients have
/// closed them by then. Where the server is first, the port of the client is in use for a while, and
/// a connect from it takes a second.
const LEAVING: usize = 1024;

/// Does the work of a server on this thread.
pub(super) fn run(job: &Job, listener: TcpListener) -> io::Result<()> {
    let mut epoll = Epoll::new(job)?;
    epoll.add(&listener, LISTENER, EventFlags::IN)?;
    let twin = twin(&listener)?;
    if let Some(twin) = &twin {
        epoll.add(twin, TWIN, EventFlags::IN)?;
    }
    let mut server = Server {
        work: job.work,
        clients: Vec::new(),
        free: Vec::new(),
        buffer: vec![b'.'; CHUNK],
        eager: job.eager,
        leaving: VecDeque::new(),
    };
    let mut ready = Vec::new();
    loop {
        ready.extend(epoll.wait()?);
        for key in ready.drain(..) {
            match (key, &twin) {
                (LISTENER, _) => server.accept(&epoll, &listener)?,
                (TWIN, Some(twin)) => server.accept(&epoll, twin)?,
                _ => server.go_on(key),
            }
        }
    }
}

/// `localhost` is two addresses, and whoever connects to it by name may begin with either. `None`
/// where there is no IPv6, or somebody else has the port.
fn twin(listener: &TcpListener) -> io::Result<Option<TcpListener>> {
    let port = listener.local_addr()?.port();
    Ok(listen_on((Ipv6Addr::LOCALHOST, port).into()).ok())
}

struct Server {
    work: Work,
    clients: Vec<Option<Client>>,
    /// The places of clients that have left.
    free: Vec<usize>,
    buffer: Vec<u8>,
    eager: bool,
    /// Those that were accepted last, if it is eager.
    leaving: VecDeque<OwnedFd>,
}

struct Client {
    stream: TcpStream,
    /// What was moved of the chunk under way.
    moved: usize,
}

impl Server {
    fn accept(&mut self, epoll: &Epoll, listener: &TcpListener) -> io::Result<()> {
        while let Some(socket) = accept_next(listener)? {
            self.welcome(epoll, socket)?;
        }
        Ok(())
    }

    fn welcome(&mut self, epoll: &Epoll, socket: OwnedFd) -> io::Result<()> {
        if self.work == Work::Accept {
            self.leaving.push_back(socket);
            if !self.eager || self.leaving.len() > LEAVING {
                self.leaving.pop_front();
            }
            count();
            return Ok(());
        }
        if self.work == Work::Idle {
            count();
        }
        let key = self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        });
        let interest = if self.work == Work::Fill { EventFlags::OUT } else { EventFlags::IN };
        epoll.add(&socket, key, interest)?;
        self.clients[key] = Some(Client { stream: socket.into(), moved: 0 });
        Ok(())
    }

    /// Does what can be done for a client. One whose connection has failed has left.
    fn go_on(&mut self, key: usize) {
        let Some(client) = &mut self.clients[key] else { return };
        let stays = match self.work {
            Work::Fill => client.fill(&self.buffer),
            Work::Echo => client.echo(&mut self.buffer, usize::MAX),
            Work::EchoOnce => client.echo(&mut self.buffer, 1),
            _ => client.drain(&mut self.buffer),
        };
        if !stays.unwrap_or(false) {
            self.clients[key] = None;
            self.free.push(key);
        }
    }
}

impl Client {
    /// Answers what is there; a short read says that nothing more is. Whether the client stays.
    fn echo(&mut self, buffer: &mut [u8], messages: usize) -> io::Result<bool> {
        for _ in 0..messages {
            let heard = match self.stream.read(&mut buffer[..1024]) {
                Ok(0) => return Ok(false),
                Ok(heard) => heard,
                Err(error) => return waits(error),
            };
            self.stream.write_all(&buffer[..heard])?;
            count();
            if heard < 1024 && messages > 1 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn drain(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(heard) => self.moved += heard,
                Err(error) => return waits(error),
            }
            count_many((self.moved / CHUNK) as u64);
            self.moved %= CHUNK;
        }
    }

    fn fill(&mut self, chunk: &[u8]) -> io::Result<bool> {
        loop {
            match self.stream.write(&chunk[self.moved..]) {
                Ok(sent) => self.moved += sent,
                Err(error) => return waits(error),
            }
            if self.moved == chunk.len() {
                self.moved = 0;
                count();
            }
        }
    }
}

/// Whether an error only says that it would have to wait.
fn waits(error: io::Error) -> io::Result<bool> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(true),
        _ => Err(error),
    }
}
