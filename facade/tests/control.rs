//! Pausing, resuming, closing and dropping servers: from any thread, polled or not, in every
//! nesting.

use std::{net::TcpListener, os::fd::AsRawFd, task::Poll, thread};

use futures_lite::future::block_on;
use socketry::{
    Accept, AcceptExt, Address, BoxServer, Control, Server, ServerGroup, UnixAddress,
    server::{TcpServer, UnixServer},
};
use socketry_testing::{CountingWaker, check_control, check_drop};

use crate::{
    decorators::LocalOnly,
    strange::StrangeServer,
    support::{Client, TempDir, bind},
};

#[test]
fn servers_by_themselves() {
    check(tcp);
    check(unix);
    check(strange);
    check(inherited);
}

#[test]
fn servers_in_a_box() {
    check(|| tcp().map(AcceptExt::boxed));
    check(|| unix().map(AcceptExt::boxed));
    check(|| strange().map(AcceptExt::boxed));
    check(|| inherited().map(AcceptExt::boxed));
}

#[test]
fn servers_in_the_facade() {
    check(|| tcp().map(Server::from));
    check(|| unix().map(Server::from));
    check(|| strange().map(|server| Server::from(server.boxed())));
    check(|| inherited().map(|server| Server::from(server.boxed())));
}

#[test]
fn servers_in_a_group_of_one() {
    check(|| tcp().map(|server| ServerGroup::new([server])));
    check(|| unix().map(|server| ServerGroup::new([server])));
    check(|| strange().map(|server| ServerGroup::new([server])));
    check(|| inherited().map(|server| ServerGroup::new([server])));
}

#[test]
fn servers_under_a_decorator_of_ones_own() {
    check(|| tcp().map(LocalOnly::new));
    check(|| unix().map(LocalOnly::new));
    check(|| strange().map(LocalOnly::new));
    check(|| inherited().map(LocalOnly::new));
}

#[test]
fn servers_of_every_kind_in_one_group() {
    check(everybody);
}

#[test]
fn servers_of_every_kind_in_one_group_in_the_facade() {
    check(|| everybody().map(|group| Server::from(group.boxed())));
}

#[test]
fn servers_of_every_kind_in_the_facade_in_one_group() {
    check(|| {
        everybody_boxed().map(|servers| ServerGroup::new(servers.into_iter().map(Server::from)))
    });
}

#[test]
fn groups_in_a_group_under_decorators_in_the_facade() {
    check(|| {
        let (first, second) = (everybody(), everybody());
        first.join(second, |first, second| {
            let group = ServerGroup::new([LocalOnly::new(first), LocalOnly::new(second)]);
            Server::from(LocalOnly::new(Server::from(group.boxed())).boxed())
        })
    });
}

/// A server, where it listens, and the directories that this needs.
struct Listening<A> {
    server: A,
    addresses: Vec<Address>,
    directories: Vec<TempDir>,
}

impl<A> Listening<A> {
    fn map<B>(self, nest: impl FnOnce(A) -> B) -> Listening<B> {
        Listening {
            server: nest(self.server),
            addresses: self.addresses,
            directories: self.directories,
        }
    }

    fn join<B, C>(self, other: Listening<B>, nest: impl FnOnce(A, B) -> C) -> Listening<C> {
        Listening {
            server: nest(self.server, other.server),
            addresses: self.addresses.into_iter().chain(other.addresses).collect(),
            directories: self.directories.into_iter().chain(other.directories).collect(),
        }
    }
}

fn tcp() -> Listening<TcpServer> {
    listening(TcpServer::bind(([127, 0, 0, 1], 0).into()).unwrap())
}

fn unix() -> Listening<UnixServer> {
    let directory = TempDir::new();
    let address = UnixAddress::from_path(directory.join("s")).unwrap();
    let server = UnixServer::bind(&address).unwrap();
    Listening { directories: vec![directory], ..listening(server) }
}

fn strange() -> Listening<StrangeServer> {
    listening(StrangeServer::bind().unwrap())
}

/// A server over a descriptor named by its number. The original is closed, so that the end of
/// the server is the end of listening.
fn inherited() -> Listening<Server> {
    let original = TcpListener::bind("127.0.0.1:0").unwrap();
    listening(bind(format!("fd://{}", original.as_raw_fd())))
}

fn everybody_boxed() -> Listening<Vec<BoxServer>> {
    let both = tcp().join(unix(), |tcp, unix| vec![tcp.boxed(), unix.boxed()]);
    both.join(strange(), |mut servers, strange| {
        servers.push(strange.boxed());
        servers
    })
}

fn everybody() -> Listening<ServerGroup<BoxServer>> {
    everybody_boxed().map(ServerGroup::new)
}

fn listening<A: Accept>(server: A) -> Listening<A> {
    let addresses = server.local_address().into_iter().collect();
    Listening { server, addresses, directories: Vec::new() }
}

/// Runs a server through all that is promised of its control.
fn check<A: Accept>(listen: impl Fn() -> Listening<A>) {
    check_contract(listen());
    check_drop_unpolled(listen());
    check_close_unpolled(listen());
    check_close_while_it_waits(listen());
    check_pause_and_resume_while_it_waits(listen());
}

/// Every client comes through another door.
fn check_contract(listening: Listening<impl Accept>) {
    let mut addresses = listening.addresses.iter().cycle();
    let connect_client = || Client::connect(addresses.next().unwrap()).unwrap();
    block_on(check_control(listening.server, connect_client));
}

fn check_drop_unpolled(listening: Listening<impl Accept>) {
    block_on(check_drop(listening.server));
}

/// Who waits in the backlog sees the end as soon as `close` returns, although nobody polls.
fn check_close_unpolled(listening: Listening<impl Accept>) {
    let Listening { mut server, addresses, directories: _directories } = listening;
    let clients: Vec<Client> =
        addresses.iter().map(|address| Client::connect(address).unwrap()).collect();
    elsewhere(&server, Control::close);
    assert_eq!(server.local_address(), None);
    for mut client in clients {
        assert!(client.sees_the_end(), "{client:?}");
    }
    assert!(block_on(server.accept()).is_none());
}

fn check_close_while_it_waits(listening: Listening<impl Accept>) {
    let Listening { mut server, directories: _directories, .. } = listening;
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    elsewhere(&server, Control::close);
    assert!(waker.count() > 0, "a close wakes whoever waits");
    assert!(matches!(server.poll_accept(&mut waker.context()), Poll::Ready(None)));
}

fn check_pause_and_resume_while_it_waits(listening: Listening<impl Accept>) {
    let Listening { mut server, addresses, directories: _directories } = listening;
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    elsewhere(&server, Control::pause);
    let _clients: Vec<Client> =
        addresses.iter().map(|address| Client::connect(address).unwrap()).collect();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    waker.take();
    elsewhere(&server, Control::resume);
    assert!(waker.count() > 0, "a resume wakes whoever waits");
    for _ in &addresses {
        block_on(server.accept()).unwrap().unwrap();
    }
}

/// Does something to the server in another thread.
fn elsewhere(server: &impl Accept, change: fn(&Control)) {
    let control = server.control();
    thread::spawn(move || change(&control)).join().unwrap();
}
