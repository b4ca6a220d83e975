//! Places to meet at, in a directory that goes away with the test, and both sides together.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

use futures_lite::future::{block_on, zip};
use socketry_server_handover::{
    Handover, HandoverFailed, Inherited, NamedSocket, Phase, UnixAddress,
};
use socketry_testing::TestDir;

/// A directory with a place to meet at.
pub(crate) struct Place(TestDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TestDir::new())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.join("h")
    }

    pub(crate) fn handover(&self) -> Handover {
        Handover::new(UnixAddress::from_path(self.path()).unwrap())
    }
}

/// A listener on a free port, and where it is.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Duplicates of a listener under these names.
pub(crate) fn named(listener: &TcpListener, names: &[&str]) -> io::Result<Vec<NamedSocket>> {
    names.iter().map(|name| Ok(NamedSocket::new(*name, listener.try_clone()?))).collect()
}

/// What is inherited when these sockets are handed on, after the leaver has left.
pub(crate) fn inherit(sockets: Vec<NamedSocket>) -> Vec<NamedSocket> {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let following = async {
        let mut inherited = handover.take().await.unwrap().unwrap();
        let taken = take_all(&mut inherited);
        inherited.ready().await.unwrap();
        taken
    };
    let (left, taken) = block_on(zip(offer.hand_on(|| Ok(sockets)), following));
    left.unwrap();
    taken
}

pub(crate) fn take_all(inherited: &mut Inherited) -> Vec<NamedSocket> {
    let names = Vec::from_iter(inherited.names().map(str::to_string));
    names.iter().map(|name| inherited.take(name).unwrap()).collect()
}

/// Where a socket listens.
pub(crate) fn address_of(socket: &NamedSocket) -> SocketAddr {
    TcpListener::from(socket.socket.try_clone().unwrap()).local_addr().unwrap()
}

/// In which phase it was.
pub(crate) fn phase(error: &io::Error) -> Phase {
    let failed: &HandoverFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    failed.phase()
}
