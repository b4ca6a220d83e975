//! Several servers as one.

use std::{future::Future, io, pin::pin, task::Poll};

use futures_lite::future::{block_on, poll_once};
use socketry_connection::{Address, Connection};
use socketry_server::{Accept, AcceptExt, BoxServer, ServerGroup, State};
use socketry_testing::{
    CountingWaker, ServerHandle, check_control, check_drop, pair, pair_between, scripted_server,
};

/// A group of a TCP and a Unix server, and the handles of both.
fn group() -> (ServerGroup<BoxServer>, [ServerHandle; 2]) {
    let (tcp, tcp_handle) = scripted_server();
    let (unix, unix_handle) = scripted_server();
    let tcp = tcp.with_local_address("tcp://127.0.0.1:80".parse().unwrap());
    let unix = unix.with_local_address("unix:///run/demo.sock".parse().unwrap());
    (ServerGroup::new([tcp.boxed(), unix.boxed()]), [tcp_handle, unix_handle])
}

/// A client comes to the member of `handle`, where `local` says which member that is.
fn push(handle: &ServerHandle, local: &str) {
    let remote = "tcp://192.0.2.1:50000".parse().unwrap();
    handle.push(pair_between(remote, local.parse().unwrap()).1);
}

/// Accepts, and says by the scheme of its address which member the connection came from.
fn accept_scheme(group: &mut ServerGroup<BoxServer>) -> &'static str {
    let connection = block_on(group.accept()).unwrap().unwrap();
    connection.local_address().as_ref().map(Address::scheme).unwrap()
}

#[test]
fn a_group_keeps_the_contract_of_its_control_whichever_member_the_clients_come_to() {
    for member in [0, 1] {
        let (group, handles) = group();
        block_on(check_control(group, || {
            let (client, accepted) = pair();
            handles[member].push(accepted);
            client
        }));
    }
    block_on(check_drop(group().0));
}

#[test]
fn members_with_many_clients_are_served_in_turn() {
    let (mut group, [tcp, unix]) = group();
    for _ in 0..4 {
        push(&tcp, "tcp://127.0.0.1:80");
        push(&unix, "unix:///run/demo.sock");
    }
    let served = [(); 8].map(|()| accept_scheme(&mut group));
    assert!(served.windows(2).all(|two| two[0] != two[1]), "{served:?}");
}

#[test]
fn a_flood_on_one_member_does_not_starve_another() {
    let (mut group, [tcp, unix]) = group();
    for _ in 0..100 {
        push(&tcp, "tcp://127.0.0.1:80");
    }
    assert_eq!(accept_scheme(&mut group), "tcp");
    push(&unix, "unix:///run/demo.sock");
    assert_eq!(accept_scheme(&mut group), "unix");
}

#[test]
fn a_group_yields_after_32_results_in_a_row_and_wakes_its_task() {
    let (mut group, [tcp, unix]) = group();
    for _ in 0..20 {
        push(&tcp, "tcp://127.0.0.1:80");
        push(&unix, "unix:///run/demo.sock");
    }
    let waker = CountingWaker::new();
    let taken =
        (0..40).take_while(|_| pin!(group.accept()).poll(&mut waker.context()).is_ready()).count();
    assert_eq!((taken, waker.count()), (32, 1));
    assert!(pin!(group.accept()).poll(&mut waker.context()).is_ready());
}

#[test]
fn a_client_at_any_member_wakes_the_task_that_waits() {
    for member in [0, 1] {
        let (mut group, handles) = group();
        let waker = CountingWaker::new();
        assert!(pin!(group.accept()).poll(&mut waker.context()).is_pending());
        handles[member].push(pair().1);
        assert_eq!(waker.count(), 1, "member {member}");
    }
}

#[test]
fn pause_resume_and_close_reach_every_member() {
    let (group, handles) = group();
    let control = group.control();
    let states = || handles.each_ref().map(ServerHandle::state);
    control.pause();
    assert_eq!(states(), [State::Paused; 2]);
    control.resume();
    assert_eq!(states(), [State::Open; 2]);
    control.close();
    assert_eq!(states(), [State::Closed; 2]);
}

#[test]
fn a_member_may_be_paused_by_itself_while_the_other_goes_on() {
    let (mut group, [tcp, unix]) = group();
    group.get_ref()[0].control().pause();
    push(&tcp, "tcp://127.0.0.1:80");
    push(&unix, "unix:///run/demo.sock");
    assert_eq!(accept_scheme(&mut group), "unix");
    assert!(block_on(poll_once(group.accept())).is_none());
}

#[test]
fn a_member_that_ends_is_dropped_and_the_others_go_on() {
    let (mut group, [tcp, unix]) = group();
    tcp.finish();
    push(&unix, "unix:///run/demo.sock");
    assert_eq!(accept_scheme(&mut group), "unix");
    assert!(block_on(poll_once(group.accept())).is_none());
    assert_eq!((tcp.is_dropped(), unix.is_dropped()), (true, false));
    assert_eq!(group.local_addresses().count(), 1);
    assert_eq!(group.control().state(), State::Open);
}

#[test]
fn a_group_ends_with_its_last_member_and_stays_ended() {
    let (mut group, handles) = group();
    handles.iter().for_each(ServerHandle::finish);
    block_on(async {
        for _ in 0..100 {
            assert!(group.accept().await.is_none());
        }
    });
    assert!(group.control().is_closed());
}

#[test]
fn a_group_without_members_has_ended_already() {
    let mut group = ServerGroup::<BoxServer>::new([]);
    assert!(block_on(group.accept()).is_none());
}

#[test]
fn an_error_of_one_member_is_yielded_and_the_group_goes_on() {
    let (mut group, [tcp, unix]) = group();
    tcp.push_error(io::ErrorKind::ConnectionAborted.into());
    push(&unix, "unix:///run/demo.sock");
    assert!(block_on(group.accept()).unwrap().is_err());
    assert_eq!(accept_scheme(&mut group), "unix");
}

#[test]
fn work_under_way_goes_on_in_every_member() {
    let (mut group, handles) = group();
    let Poll::Pending = group.poll_progress(&mut CountingWaker::new().context());
    assert_eq!(handles.each_ref().map(ServerHandle::progress_polls), [1, 1]);
}

#[test]
fn the_addresses_of_a_group_are_those_of_its_members_that_still_listen() {
    let (group, _handles) = group();
    assert_eq!(group.local_address().unwrap().scheme(), "tcp");
    group.get_ref()[0].control().close();
    let schemes: Vec<_> = group.local_addresses().map(|address| address.scheme()).collect();
    assert_eq!(schemes, ["unix"]);
    assert_eq!(group.local_address().unwrap().scheme(), "unix");
}

#[test]
fn dropping_a_group_drops_every_member() {
    let (group, handles) = group();
    drop(group);
    assert_eq!(handles.each_ref().map(ServerHandle::is_dropped), [true; 2]);
}
