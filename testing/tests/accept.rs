//! The futures and streams over every server.

use std::{convert::Infallible, future::poll_fn, io, task::Poll};

use futures_lite::{
    StreamExt,
    future::{block_on, poll_once},
};
use socketry_connection::{Address, BoxConnection, Connection};
use socketry_server::{Accept, AcceptExt, BoxServer, Control, State};
use socketry_testing::{pair, pair_between, scripted_server};

#[test]
fn a_dropped_accept_future_has_taken_nobody() {
    let (mut server, handle) = scripted_server();
    block_on(async {
        assert!(poll_once(server.accept()).await.is_none());
        handle.push(pair().1);
        drop(server.accept());
        assert!(server.accept().await.unwrap().is_ok());
    });
}

#[test]
fn the_stream_yields_errors_goes_on_and_ends_when_the_server_closes() {
    let (mut server, handle) = scripted_server();
    let control = server.control();
    handle.push_error(io::ErrorKind::ConnectionAborted.into());
    handle.push(pair().1);
    block_on(async {
        let mut incoming = server.incoming();
        assert!(incoming.next().await.unwrap().is_err());
        assert!(incoming.next().await.unwrap().is_ok());
        control.close();
        assert!(incoming.next().await.is_none());
        assert!(incoming.next().await.is_none());
    });
}

#[test]
fn the_stream_can_be_dropped_and_started_anew_without_losing_anybody() {
    let (mut server, handle) = scripted_server();
    block_on(async {
        assert!(poll_once(server.incoming().next()).await.is_none());
        handle.push(pair().1);
        assert!(server.incoming().next().await.unwrap().is_ok());
    });
}

#[test]
fn a_boxed_server_forwards_everything_and_keeps_the_facts_of_its_connections() {
    let address: Address = "tcp://127.0.0.1:80".parse().unwrap();
    let (server, handle) = scripted_server();
    let mut server: BoxServer = server.with_local_address(address.clone()).boxed();
    let (_client, mut accepted) =
        pair_between("tcp://127.0.0.1:50000".parse().unwrap(), address.clone());
    accepted.attributes_mut().insert("a fact");
    handle.push(accepted);

    assert_eq!(server.local_address(), Some(address.clone()));
    let accepted: BoxConnection = block_on(server.accept()).unwrap().unwrap();
    assert_eq!(accepted.local_address(), Some(address));
    assert_eq!(accepted.attributes().get(), Some(&"a fact"));
    poll_once_progress(&mut server);
    server.control().pause();
    assert_eq!((handle.progress_polls(), handle.state()), (1, State::Paused));
}

#[test]
fn borrowed_and_boxed_servers_forward_everything() {
    let address: Address = "tcp://127.0.0.1:80".parse().unwrap();
    let (server, handle) = scripted_server();
    let mut server = Box::new(server.with_local_address(address.clone()));
    handle.push(pair().1);
    let mut borrowed: &mut Box<_> = &mut server;
    assert_eq!(Accept::local_address(&borrowed), Some(address));
    assert!(block_on((&mut borrowed).accept()).unwrap().is_ok());
    poll_once_progress(&mut borrowed);
    Accept::control(&borrowed).close();
    assert_eq!((handle.progress_polls(), handle.state()), (1, State::Closed));
}

#[test]
fn a_server_written_elsewhere_needs_nothing_but_the_trait() {
    /// Yields one end of a pair to whoever asks, until it is closed.
    struct Endless {
        control: Control,
    }

    impl Accept for Endless {
        type Connection = BoxConnection;

        fn poll_accept(
            &mut self,
            _cx: &mut std::task::Context<'_>,
        ) -> Poll<Option<io::Result<BoxConnection>>> {
            let next = (!self.control.is_closed()).then(|| Ok(Box::new(pair().0) as _));
            Poll::Ready(next)
        }
        fn poll_progress(&mut self, _cx: &mut std::task::Context<'_>) -> Poll<Infallible> {
            Poll::Pending
        }
        fn local_address(&self) -> Option<Address> {
            None
        }
        fn control(&self) -> Control {
            self.control.clone()
        }
    }

    let mut server = Endless { control: Control::new(|_| ()) }.boxed();
    assert!(block_on(server.accept()).unwrap().is_ok());
    server.control().close();
    assert!(block_on(server.accept()).is_none());
}

fn poll_once_progress(server: &mut impl Accept) {
    block_on(poll_fn(|cx| {
        let Poll::Pending = server.poll_progress(cx);
        Poll::Ready(())
    }));
}
