//! Several servers that want one path at the same time.

use std::{
    io,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::Barrier,
    thread,
};

use futures_lite::future;
use socketry_server::AcceptExt;
use socketry_server_unix::UnixServer;

use crate::support::{TempDir, address};

const ROUNDS: usize = 200;
const BINDERS: usize = 4;

#[test]
fn of_several_that_find_a_dead_socket_exactly_one_takes_it_over_and_is_reached() {
    let directory = TempDir::new();
    for _ in 0..ROUNDS {
        drop(UnixListener::bind(directory.socket()).unwrap());
        let results = race(&directory.socket());
        let refused = results.iter().filter_map(|result| result.as_ref().err());
        let kinds: Vec<io::ErrorKind> = refused.map(io::Error::kind).collect();
        assert_eq!(kinds, [io::ErrorKind::AddrInUse; BINDERS - 1]);
        assert!(UnixStream::connect(directory.socket()).is_ok());
        drop(results);
        assert!(directory.names().is_empty());
    }
}

#[test]
fn servers_that_come_and_go_never_share_a_path_and_leave_nothing() {
    let directory = TempDir::new();
    let path = directory.socket();
    let come_and_go = || {
        for _ in 0..ROUNDS {
            match UnixServer::bind(&address(&path)) {
                // Reached under its path, so nobody has put another socket there.
                Ok(server) => assert!(reaches(&path, server)),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::AddrInUse, "{error}"),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..BINDERS {
            scope.spawn(come_and_go);
        }
    });
    assert!(directory.names().is_empty());
}

/// All try at the same time; who has won stays until all have tried.
fn race(path: &Path) -> Vec<io::Result<UnixServer>> {
    let barrier = Barrier::new(BINDERS);
    thread::scope(|scope| {
        let binders = [(); BINDERS].map(|()| {
            scope.spawn(|| {
                barrier.wait();
                UnixServer::bind(&address(path))
            })
        });
        binders.map(|binder| binder.join().unwrap()).into_iter().collect()
    })
}

/// Whether a client of `path` comes in at `server`.
fn reaches(path: &Path, mut server: UnixServer) -> bool {
    let Ok(_client) = UnixStream::connect(path) else { return false };
    let accepted = future::block_on(future::poll_once(server.accept()));
    matches!(accepted, Some(Some(Ok(_))))
}
