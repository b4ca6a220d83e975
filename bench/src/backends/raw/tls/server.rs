//! The bare server over TLS.

use std::{io, net::TcpListener, os::fd::OwnedFd, sync::Arc};

use rustix::event::epoll::EventFlags;
use rustls::{ServerConfig, ServerConnection};

use crate::{
    backends::raw::{
        accept::accept_next,
        epoll::Epoll,
        tls::session::{Block, Heard, Session},
    },
    job::Job,
    tls::server_config,
    totals::{count, count_many},
    work::{CHUNK, Work},
};

/// The key of the listener; those of clients are places in a list.
const LISTENER: usize = usize::MAX;

/// Does the work of a server on this thread.
pub(super) fn run(job: &Job, listener: TcpListener) -> io::Result<()> {
    let mut epoll = Epoll::new(job)?;
    epoll.add(&listener, LISTENER, EventFlags::IN)?;
    let mut server = Server {
        work: job.work,
        eager: job.eager,
        config: server_config()?,
        clients: Vec::new(),
        free: Vec::new(),
        block: Block::new(),
        said: Vec::new(),
        chunk: vec![b'.'; CHUNK],
    };
    let mut ready = Vec::new();
    loop {
        ready.extend(epoll.wait()?);
        for key in ready.drain(..) {
            if key == LISTENER {
                server.accept(&epoll, &listener)?;
            } else {
                server.go_on(key);
            }
        }
    }
}

struct Server {
    work: Work,
    eager: bool,
    config: Arc<ServerConfig>,
    clients: Vec<Option<Client>>,
    /// The places of clients that have left.
    free: Vec<usize>,
    block: Block,
    /// What a client has said and is to hear again.
    said: Vec<u8>,
    chunk: Vec<u8>,
}

struct Client {
    session: Session,
    /// What has come of the chunk under way.
    heard: usize,
}

impl Server {
    fn accept(&mut self, epoll: &Epoll, listener: &TcpListener) -> io::Result<()> {
        while let Some(socket) = accept_next(listener)? {
            self.welcome(epoll, socket)?;
        }
        Ok(())
    }

    fn welcome(&mut self, epoll: &Epoll, socket: OwnedFd) -> io::Result<()> {
        let tls = ServerConnection::new(self.config.clone()).map_err(io::Error::other)?;
        let key = self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        });
        let interest = match self.work {
            Work::Fill => EventFlags::IN | EventFlags::OUT,
            _ => EventFlags::IN,
        };
        epoll.add(&socket, key, interest)?;
        self.clients[key] =
            Some(Client { session: Session::new(socket.into(), tls.into()), heard: 0 });
        Ok(())
    }

    /// Does what can be done for a client. One whose connection has failed has left.
    fn go_on(&mut self, key: usize) {
        let Some(mut client) = self.clients[key].take() else { return };
        if self.proceed(&mut client).unwrap_or(false) {
            self.clients[key] = Some(client);
        } else {
            self.free.push(key);
        }
    }

    /// Whether the client stays.
    fn proceed(&mut self, client: &mut Client) -> io::Result<bool> {
        let Client { session, heard } = client;
        self.said.clear();
        loop {
            let answers = self.answers();
            let said = &mut self.said;
            let read = session.read(&mut self.block, |piece| match answers {
                true => said.extend_from_slice(piece),
                false => *heard += piece.len(),
            })?;
            count_many((*heard / CHUNK) as u64);
            *heard %= CHUNK;
            match read {
                Heard::Some => {}
                Heard::All => break,
                Heard::End => return Ok(false),
            }
        }
        let established_now = session.is_established_now();
        if !self.said.is_empty() {
            session.say(&self.said)?;
        }
        session.flush()?;
        if established_now && self.work == Work::Idle {
            session.shrink();
        }
        let done = match self.work {
            Work::Accept | Work::Idle => established_now,
            Work::Echo | Work::EchoOnce => !self.said.is_empty(),
            _ => false,
        };
        count_many(u64::from(done));
        if self.work == Work::Fill && session.is_established() {
            session.fill(&self.chunk, self.eager, count)?;
        }
        Ok(!done || !matches!(self.work, Work::Accept | Work::EchoOnce))
    }

    /// Whether clients hear again what they have said.
    fn answers(&self) -> bool {
        matches!(self.work, Work::Echo | Work::EchoOnce)
    }
}
