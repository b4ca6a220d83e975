//! The bare client.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::Range,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    event::epoll::EventFlags,
    io::Errno,
    net::{
        AddressFamily, SocketFlags, SocketType, connect,
        ipproto::TCP,
        socket_with,
        sockopt::{set_tcp_nodelay, socket_error},
    },
};

use crate::{
    backends::raw::epoll::Epoll,
    job::Job,
    socket::reset_when_dropped,
    totals::{count, count_many},
    work::{CHUNK, MESSAGE, Work},
};

/// Does the work of a client on this thread.
pub(super) fn run(job: &Job, address: SocketAddr) -> io::Result<()> {
    let Job { work, connections, idle, .. } = *job;
    let mut epoll = Epoll::new(job)?;
    let _idle = stand(&epoll, connections..connections + idle, address)?;
    let mut client =
        Client { work, address, slots: Vec::new(), buffer: vec![b'.'; CHUNK], sent: 0, heard: 0 };
    for key in 0..connections {
        client.slots.push(None);
        client.start(&epoll, key)?;
    }
    let mut ready = Vec::new();
    loop {
        ready.extend(epoll.wait()?);
        for key in ready.drain(..) {
            client.go_on(&epoll, key)?;
        }
    }
}

/// Connections that have said one message, heard it back, and from then on say nothing.
fn stand(epoll: &Epoll, keys: Range<usize>, address: SocketAddr) -> io::Result<Vec<TcpStream>> {
    keys.map(|key| {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&[b'.'; MESSAGE])?;
        stream.read_exact(&mut [0; MESSAGE])?;
        stream.set_nonblocking(true)?;
        epoll.add(&stream, key, EventFlags::IN)?;
        Ok(stream)
    })
    .collect()
}

struct Client {
    work: Work,
    address: SocketAddr,
    slots: Vec<Option<Connection>>,
    buffer: Vec<u8>,
    /// Bytes of the chunk under way.
    sent: usize,
    heard: usize,
}

struct Connection {
    stream: TcpStream,
    established: bool,
}

/// What is next for a connection.
enum Next {
    Waits,
    /// It is done, and a new one takes its place.
    Again,
}

impl Client {
    /// Opens connections in this place until one has to wait.
    fn start(&mut self, epoll: &Epoll, key: usize) -> io::Result<()> {
        loop {
            let (socket, established) = open(self.address)?;
            if established && self.work == Work::Connect {
                reset_when_dropped(&socket)?;
                count();
                continue;
            }
            let mut connection = Connection { stream: socket.into(), established };
            // What is said before it is listened to need not be waited for.
            if established {
                self.begin(&mut connection)?;
            }
            let interest = match self.work {
                Work::Send => EventFlags::OUT,
                _ if established => EventFlags::IN,
                _ => EventFlags::IN | EventFlags::OUT,
            };
            epoll.add(&connection.stream, key, interest)?;
            self.slots[key] = Some(connection);
            return Ok(());
        }
    }

    /// Says the first message, where one is said.
    fn begin(&self, connection: &mut Connection) -> io::Result<()> {
        match self.work {
            Work::Churn | Work::Ping => connection.stream.write_all(&self.buffer[..MESSAGE]),
            Work::Hold => {
                count();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn go_on(&mut self, epoll: &Epoll, key: usize) -> io::Result<()> {
        let Some(mut connection) = self.slots.get_mut(key).and_then(Option::take) else {
            return Ok(());
        };
        if !connection.established {
            socket_error(&connection.stream)??;
            connection.established = true;
            self.begin(&mut connection)?;
        }
        match self.proceed(&mut connection)? {
            Next::Waits => self.slots[key] = Some(connection),
            Next::Again => {
                reset_when_dropped(&connection.stream)?;
                drop(connection);
                count();
                self.start(epoll, key)?;
            }
        }
        Ok(())
    }

    fn proceed(&mut self, connection: &mut Connection) -> io::Result<Next> {
        let stream = &mut connection.stream;
        match self.work {
            Work::Connect => return Ok(Next::Again),
            Work::Churn => {
                if wait_for(stream.read(&mut self.buffer[..MESSAGE]))?.is_some() {
                    return Ok(Next::Again);
                }
            }
            Work::Ping => {
                if wait_for(stream.read(&mut self.buffer[..MESSAGE]))?.is_some() {
                    count();
                    stream.write_all(&self.buffer[..MESSAGE])?;
                }
            }
            Work::Send => {
                while let Some(sent) = wait_for(stream.write(&self.buffer[self.sent..]))? {
                    self.sent = (self.sent + sent) % CHUNK;
                    count_many(u64::from(self.sent == 0));
                }
            }
            _ => {
                while let Some(heard) = wait_for(stream.read(&mut self.buffer))? {
                    if heard == 0 {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                    self.heard += heard;
                    count_many((self.heard / CHUNK) as u64);
                    self.heard %= CHUNK;
                }
            }
        }
        Ok(Next::Waits)
    }
}

/// A socket, and whether it is connected already.
pub(super) fn open(address: SocketAddr) -> io::Result<(OwnedFd, bool)> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, Some(TCP))?;
    set_tcp_nodelay(&socket, true)?;
    let established = match connect(socket.as_fd(), &address) {
        Ok(()) => true,
        Err(Errno::INPROGRESS) if address.ip().is_loopback() => {
            match connect(socket.as_fd(), &address) {
                Ok(()) | Err(Errno::ISCONN) => true,
                Err(Errno::ALREADY) => false,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::INPROGRESS) => false,
        Err(error) => return Err(error.into()),
    };
    Ok((socket, established))
}

/// `None` if it would have to wait.
fn wait_for(moved: io::Result<usize>) -> io::Result<Option<usize>> {
    match moved {
        Ok(moved) => Ok(Some(moved)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
