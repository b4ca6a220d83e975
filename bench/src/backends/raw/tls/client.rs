//! The bare client over TLS.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
};

use rustix::{event::epoll::EventFlags, net::sockopt::socket_error};
use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};

use crate::{
    backends::raw::{
        client::open,
        epoll::Epoll,
        tls::session::{Block, Heard, Session},
    },
    job::Job,
    socket::reset_when_dropped,
    tls::{client_config, identity::NAME},
    totals::{count, count_many},
    work::{CHUNK, MESSAGE, Work},
};

/// How many handshakes are made at a time for connections that stay: less than a server would
/// refuse of one address.
const AT_A_TIME: usize = 16;

/// Does the work of a client on this thread.
pub(super) fn run(job: &Job, address: SocketAddr) -> io::Result<()> {
    let mut epoll = Epoll::new(job)?;
    let mut client = Client {
        work: job.work,
        eager: job.eager,
        address,
        config: client_config(job.layer)?,
        name: NAME.try_into().map_err(io::Error::other)?,
        slots: Vec::new(),
        to_come: job.connections,
        block: Block::new(),
        chunk: vec![b'.'; CHUNK],
        heard: 0,
    };
    let first = if job.work == Work::Hold { AT_A_TIME } else { job.connections };
    for _ in 0..first {
        client.open_one_more(&epoll)?;
    }
    let mut ready = Vec::new();
    loop {
        ready.extend(epoll.wait()?);
        for key in ready.drain(..) {
            client.go_on(&epoll, key)?;
        }
    }
}

struct Client {
    work: Work,
    eager: bool,
    address: SocketAddr,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    slots: Vec<Option<Connection>>,
    /// How many more connections there are to be.
    to_come: usize,
    block: Block,
    chunk: Vec<u8>,
    /// Bytes of the chunk under way.
    heard: usize,
}

struct Connection {
    session: Session,
    is_connected: bool,
}

impl Client {
    fn open_one_more(&mut self, epoll: &Epoll) -> io::Result<()> {
        if self.to_come > 0 {
            self.to_come -= 1;
            self.slots.push(None);
            self.start(epoll, self.slots.len() - 1)?;
        }
        Ok(())
    }

    /// Opens a connection in this place, and says the first words of TLS if it can.
    fn start(&mut self, epoll: &Epoll, key: usize) -> io::Result<()> {
        let (socket, is_connected) = open(self.address)?;
        let tls = ClientConnection::new(self.config.clone(), self.name.clone());
        let tls = tls.map_err(io::Error::other)?;
        let mut session = Session::new(socket.into(), tls.into());
        if is_connected {
            session.flush()?;
        }
        let interest = match self.work {
            Work::Send => EventFlags::IN | EventFlags::OUT,
            _ if is_connected => EventFlags::IN,
            _ => EventFlags::IN | EventFlags::OUT,
        };
        epoll.add(&session.stream, key, interest)?;
        self.slots[key] = Some(Connection { session, is_connected });
        Ok(())
    }

    fn go_on(&mut self, epoll: &Epoll, key: usize) -> io::Result<()> {
        let Some(mut connection) = self.slots[key].take() else { return Ok(()) };
        if !connection.is_connected {
            socket_error(&connection.session.stream)??;
            connection.is_connected = true;
        }
        let was_established = connection.session.is_established();
        if self.proceed(&mut connection.session)? {
            reset_when_dropped(&connection.session.stream)?;
            drop(connection);
            return self.start(epoll, key);
        }
        let is_new = !was_established && connection.session.is_established();
        self.slots[key] = Some(connection);
        if is_new && self.work == Work::Hold {
            self.open_one_more(epoll)?;
        }
        Ok(())
    }

    /// Whether it is done, so that a new one takes its place.
    fn proceed(&mut self, session: &mut Session) -> io::Result<bool> {
        let mut is_answered = false;
        loop {
            let before = self.heard;
            let read = session.read(&mut self.block, |piece| self.heard += piece.len())?;
            is_answered |= self.heard > before;
            if self.work == Work::Receive {
                count_many((self.heard / CHUNK) as u64);
            }
            self.heard %= CHUNK;
            match read {
                Heard::Some => {}
                Heard::All => break,
                Heard::End if is_answered => break, // the answer came with it
                Heard::End => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        let is_new = session.is_established_now();
        match self.work {
            Work::Churn if is_new => session.say(&self.chunk[..MESSAGE])?,
            Work::Ping if is_new || is_answered => session.say(&self.chunk[..MESSAGE])?,
            _ => {}
        }
        session.flush()?;
        match self.work {
            Work::Connect | Work::Hold => count_many(u64::from(is_new)),
            Work::Churn | Work::Ping => count_many(u64::from(is_answered)),
            Work::Send if session.is_established() => {
                session.fill(&self.chunk, self.eager, count)?;
            }
            _ => {}
        }
        Ok(match self.work {
            Work::Connect => is_new,
            Work::Churn => is_answered,
            _ => false,
        })
    }
}
