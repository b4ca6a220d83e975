//! A proxy that breaks connections. Every test in this binary takes a baseline first.

#![cfg(target_os = "linux")]

use std::{
    io::{ErrorKind, Read},
    net::{TcpListener, TcpStream},
};

use futures_lite::future::block_on;
use socketry_testing::{Baseline, FaultProxy};

mod faults;
mod passing;
mod steering;

/// A server and the proxy in front of it.
struct Ends {
    server: TcpListener,
    proxy: FaultProxy,
}

impl Ends {
    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.proxy.address()).unwrap()
    }

    /// A client and what the server has of it.
    fn join(&self) -> (TcpStream, TcpStream) {
        let client = self.connect();
        (client, self.server.accept().unwrap().0)
    }

    fn until_open(&self, connections: usize) {
        block_on(self.proxy.until(|counts| counts.open == connections));
    }
}

/// Runs a test, and looks whether anything is left when it is over.
fn with_proxy(test: impl FnOnce(&Ends)) {
    let baseline = Baseline::take();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::start(server.local_addr().unwrap()).unwrap();
    let ends = Ends { server, proxy };
    test(&ends);
    drop(ends);
    baseline.assert_unchanged();
}

fn hear(socket: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut heard = vec![0; bytes];
    socket.read_exact(&mut heard).unwrap();
    heard
}

/// What is heard until the end, and how that is.
fn hear_all(socket: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut heard = Vec::new();
    let end = socket.read_to_end(&mut heard).map(drop).map_err(|error| error.kind());
    (heard, end)
}

const RESET: Result<(), ErrorKind> = Err(ErrorKind::ConnectionReset);

/// Asserts that nothing has come, and no end either.
fn assert_silent(socket: &TcpStream) {
    socket.set_nonblocking(true).unwrap();
    assert_eq!(socket.peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    socket.set_nonblocking(false).unwrap();
}

fn many_bytes() -> Vec<u8> {
    (0..3_000_000_u32).map(|index| (index % 251) as u8).collect()
}
