//! Connecting through references, boxes and the other adapters of the interface crate.

use std::{io::ErrorKind, net::SocketAddr, sync::Arc};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connector::{BoxConnector, Connect, EventKind, FixedConnector, Timings, Trace};
use socketry_testing::{MemoryConnection, pair, scripted_connector};

/// Connects to 80 with a trace, and says hello. The far end has to hear it, and the trace the try.
fn say_hello(connector: impl Connect<u16>) -> bool {
    let timings = Timings::start();
    block_on(async {
        let mut connection = connector.connect_traced(80, Trace::to(&timings)).await.unwrap();
        connection.write_all(b"hello").await.unwrap();
        connection.close().await.unwrap();
    });
    timings.connect().is_some()
}

fn hears_hello(mut peer: MemoryConnection) -> bool {
    let mut heard = String::new();
    block_on(peer.read_to_string(&mut heard)).unwrap();
    heard == "hello"
}

#[test]
fn references_arcs_and_boxes_connect_as_what_they_point_at() {
    let (connector, handle) = scripted_connector::<u16>();
    let shared = Arc::new(connector.clone());
    let check = |say: &dyn Fn() -> bool| {
        let (ours, theirs) = pair();
        handle.answer_next(move |port, trace| {
            assert_eq!(port, 80);
            let remote = "tcp://127.0.0.1:80".parse().unwrap();
            trace.tell(|| EventKind::attempt_started(&remote, None));
            trace.tell(|| EventKind::attempt_won(&remote));
            Ok(Box::new(ours))
        });
        assert!(say() && hears_hello(theirs));
    };
    check(&|| say_hello(&connector));
    check(&|| say_hello(Box::new(connector.clone())));
    check(&|| say_hello(shared.clone()));
    check(&|| say_hello(BoxConnector::new(connector.clone())));
    check(&|| say_hello(BoxConnector::new(shared.clone())));
}

#[test]
fn a_boxed_connector_passes_errors_on_unchanged() {
    let (connector, handle) = scripted_connector::<u16>();
    handle.fail_next(ErrorKind::HostUnreachable.into());
    let error = block_on(BoxConnector::new(connector).connect(80)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HostUnreachable);
}

#[test]
fn dropping_a_call_of_a_boxed_connector_cancels_the_call_inside() {
    let (connector, handle) = scripted_connector::<u16>();
    let connector = BoxConnector::new(connector);
    let call = block_on(async {
        let mut connecting = Box::pin(connector.connect(80));
        assert!(futures_lite::future::poll_once(&mut connecting).await.is_none());
        handle.try_next_call().unwrap()
    });
    assert!(call.is_cancelled());
    assert_eq!(handle.pending(), 0);
}

#[test]
fn a_fixed_connector_goes_to_its_own_target_whatever_it_is_asked_for() {
    let (connector, handle) = scripted_connector::<SocketAddr>();
    let (ours, theirs) = pair();
    let fixed: SocketAddr = ([127, 0, 0, 1], 7).into();
    handle.answer_next(move |target, _| {
        assert_eq!(target, fixed);
        Ok(Box::new(ours))
    });
    let connector = FixedConnector::new(connector, fixed);
    block_on(async {
        let mut connection = connector.connect("ignored").await.unwrap();
        connection.write_all(b"hello").await.unwrap();
    });
    assert!(hears_hello(theirs));
    assert_eq!(*connector.target(), fixed);
}

#[test]
fn a_fixed_connector_gives_its_inner_connector_back() {
    let (connector, handle) = scripted_connector::<u8>();
    let mut connector = FixedConnector::new(connector, 7);
    handle.fail_next(ErrorKind::Other.into());
    assert!(block_on(connector.get_ref().connect(1)).is_err());
    handle.fail_next(ErrorKind::Other.into());
    assert!(block_on(connector.get_mut().connect(2)).is_err());
    handle.fail_next(ErrorKind::Other.into());
    assert!(block_on(connector.into_inner().connect(3)).is_err());
    assert_eq!(handle.begun(), 3);
}
