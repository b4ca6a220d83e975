//! A message to everybody, as bare as it can be.

use std::{
    io::{self, ErrorKind, Write},
    net::{TcpListener, TcpStream},
};

use rustix::event::{PollFd, PollFlags, poll};

use crate::{totals::count, work::MESSAGE};

/// Accepts all clients, and then says each message to one after the other.
pub(super) fn run(clients: usize, listener: TcpListener) -> io::Result<()> {
    let mut streams = Vec::new();
    while streams.len() < clients {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                streams.push(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(&listener, PollFlags::IN)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    loop {
        for stream in &mut streams {
            write_all(stream)?;
            count();
        }
    }
}

fn write_all(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = &[b'.'; MESSAGE][..];
    while !rest.is_empty() {
        match stream.write(rest) {
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(&*stream, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
