//! The contract of servers.

use std::{
    any::Any,
    convert::Infallible,
    io,
    task::{Context, Poll},
    thread,
};

use futures_lite::future::{block_on, zip};
use socketry_connection::{Address, BoxConnection};
use socketry_server::{Accept, AcceptExt, AtLimit, Control, State};
use socketry_server_gate::{
    Gate, GateCounts, GateServer, GateSettings, GatedConnection, NotAdmitted, Rate,
};
use socketry_testing::{
    CountingWaker, ScriptedServer, ServerHandle, check_control, check_drop, pair,
};

use crate::support::{
    admitted, come_from, gate, pausing, poll, refused, server, server_on_a_clock,
};

/// What keeps a server in the state that it is in.
type Kept = Box<dyn Any>;

/// Servers that take nobody for different reasons: full, and out of tokens.
fn servers_without_room() -> Vec<(GateServer<ScriptedServer>, ServerHandle, Kept)> {
    let (mut full, full_handle, _) = server(pausing(1));
    let client = come_from(1, &full_handle);
    let open = admitted(&mut full);
    let (mut spent, spent_handle, _, clock) = server_on_a_clock(|settings| {
        settings.rate = Some(Rate::per_second(1));
        settings.at_limit = AtLimit::Pause;
    });
    let _gone = come_from(1, &spent_handle);
    admitted(&mut spent);
    vec![(full, full_handle, Box::new((client, open))), (spent, spent_handle, Box::new(clock))]
}

#[test]
fn it_pauses_resumes_and_closes_as_a_server_does() {
    let limits: [fn(&mut GateSettings); 3] = [
        |_| (),
        |settings| settings.most_open = Some(2),
        |settings| {
            settings.most_open = Some(2);
            settings.rate = Some(Rate::per_second(1000));
            settings.at_limit = AtLimit::Pause;
        },
    ];
    for set in limits {
        let (server, handle, _gate) = server(set);
        block_on(check_control(server, || come_from(1, &handle)));
    }
}

#[test]
fn a_server_on_its_last_place_pauses_and_closes_as_a_server_does() {
    // The check keeps one connection open, and so has the second one wait at a server that is full.
    let (mut server, handle, _gate) = server(pausing(1));
    let _client = come_from(1, &handle);
    let _open = admitted(&mut server);
    let control = server.control();
    control.pause();
    assert!(poll(&mut server).is_pending());
    control.resume();
    let (next, ()) = block_on(zip(server.accept(), async { control.close() }));
    assert!(next.is_none());
    assert!(block_on(server.accept()).is_none(), "the end stays the end");
    assert_eq!(server.local_address(), None);
}

#[test]
fn dropping_it_closes_it() {
    let (server, handle, _gate) = server(pausing(1));
    block_on(check_drop(server));
    assert!(handle.is_dropped());
}

#[test]
fn every_change_of_state_wakes_a_server_without_room() {
    for (mut server, _handle, _kept) in servers_without_room() {
        let control = server.control();
        let changes: [&dyn Fn(); 3] =
            [&|| control.pause(), &|| control.resume(), &|| control.close()];
        for change in changes {
            let waker = CountingWaker::new();
            assert!(server.poll_accept(&mut waker.context()).is_pending());
            change();
            assert_eq!(waker.count(), 1);
        }
    }
}

#[test]
fn dropping_a_server_without_room_wakes_who_waits_for_its_end() {
    for (mut server, handle, _kept) in servers_without_room() {
        assert!(poll(&mut server).is_pending());
        block_on(check_drop(server));
        assert!(handle.is_dropped());
    }
}

#[test]
fn a_closed_server_ends_although_it_has_no_room() {
    for (mut server, handle, _kept) in servers_without_room() {
        let _newcomer = come_from(2, &handle);
        assert!(poll(&mut server).is_pending());
        server.control().close();
        assert!(matches!(poll(&mut server), Poll::Ready(None)));
    }
}

#[test]
fn a_server_is_closed_from_another_thread_while_it_has_no_room() {
    for (mut server, _handle, _kept) in servers_without_room() {
        let control = server.control();
        let closing = thread::spawn(move || control.close());
        assert!(block_on(server.accept()).is_none());
        closing.join().unwrap();
    }
}

#[test]
fn a_paused_server_takes_nobody_although_a_place_is_freed() {
    let (mut server, handle, _gate) = server(pausing(1));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    server.control().pause();
    drop(open);
    assert!(poll(&mut server).is_pending());
    assert_eq!(handle.waiting(), 1);
}

/// Yields after a close what was under way before it.
struct UnderWay {
    control: Control,
    under_way: Vec<BoxConnection>,
}

impl Accept for UnderWay {
    type Connection = BoxConnection;

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
        match self.control.is_closed() {
            true => Poll::Ready(self.under_way.pop().map(Ok)),
            false => Poll::Pending,
        }
    }

    fn poll_progress(&mut self, _: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        None
    }

    fn control(&self) -> Control {
        self.control.clone()
    }
}

#[test]
fn what_was_under_way_at_a_close_finds_a_place_or_is_refused_and_then_the_server_ends() {
    let control = Control::new(|_| ());
    let under_way = vec![Box::new(pair().1) as _, Box::new(pair().1) as _];
    let inside = UnderWay { control: control.clone(), under_way };
    let mut server = GateServer::new(inside, gate(pausing(1)));
    assert!(poll(&mut server).is_pending());
    control.close();
    let _open = admitted(&mut server);
    refused(&mut server);
    assert!(matches!(poll(&mut server), Poll::Ready(None)));
}

#[test]
fn a_server_inside_that_ends_by_itself_ends_the_server() {
    let (mut server, handle, _gate) = server(pausing(1));
    handle.finish();
    assert!(matches!(poll(&mut server), Poll::Ready(None)));
    assert!(server.control().is_closed());
}

#[test]
fn its_address_is_that_of_the_server_inside() {
    let (server, _handle, _gate) = server(|_| ());
    assert_eq!(server.local_address().unwrap().to_string(), "tcp://192.0.2.80:80");
}

#[test]
fn the_server_inside_comes_out_and_goes_on() {
    let (server, handle, _gate) = server(|settings| settings.most_open = Some(0));
    let mut inner = server.into_inner();
    let _client = come_from(1, &handle);
    assert!(poll(&mut inner).is_ready());
    assert_eq!(handle.state(), State::Open);
}

#[test]
fn debug_is_one_line() {
    let (mut server, handle, gate) = server(|settings| settings.most_open = Some(1));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    refused(&mut server);
    assert_eq!(format!("{gate:?}"), "Gate { open: 1, admitted: 1, refused: 1, .. }");
    assert_eq!(
        format!("{server:?}"),
        "GateServer { inner: ScriptedServer { slot: Slot { state: Open } }, \
         gate: Gate { open: 1, admitted: 1, refused: 1, .. }, .. }"
    );
    assert!(format!("{open:?}").starts_with("GatedConnection(MemoryConnection {"));
}

#[test]
fn everything_may_go_from_thread_to_thread() {
    fn assert<T: Send + Sync + Unpin + 'static>() {}
    assert::<GateServer<ScriptedServer>>();
    assert::<GateServer<Box<dyn Accept<Connection = BoxConnection> + Sync>>>();
    assert::<GatedConnection<BoxConnection>>();
    assert::<(Gate, GateSettings, GateCounts, Rate, NotAdmitted)>();
    fn assert_send<T: Send>(_: T) {}
    let (mut server, _handle, _gate) = server(|_| ());
    assert_send(server.accept());
}
