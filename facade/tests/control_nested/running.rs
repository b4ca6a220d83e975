//! A server that is polled as a task polls it.

use std::{task::Poll, thread, time::Duration};

use futures_lite::{AsyncWriteExt, future::block_on};
use socketry::{
    Accept, Address, Control, Server, Socket,
    server::{Connections, Gate},
};
use socketry_testing::{CountingWaker, ManualClock, TestDir};

use crate::{
    case::{Case, Listening},
    client::{Client, GREETING},
    layers::{Means, Room},
};

/// How often something is looked at that another thread, or the system, is about to do.
pub(crate) const PATIENCE: usize = 200_000;

/// More polls than this are a server that spins: there are some clients, each of which is one result
/// and a few wakes.
const MANY_POLLS: usize = 200;

/// A server of one case, and what has come of it.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) control: Control,
    pub(crate) clock: ManualClock,
    pub(crate) gate: Gate,
    pub(crate) waker: CountingWaker,
    pub(crate) addresses: Vec<Address>,
    /// Those that were handed out.
    pub(crate) sockets: Vec<Socket>,
    pub(crate) errors: usize,
    pub(crate) has_ended: bool,
    deadline: Option<Duration>,
    /// Whether it is to be polled without a wake, as at first and after each result.
    is_due: bool,
    polls: usize,
    _directory: Option<TestDir>,
}

impl Running {
    pub(crate) fn new(case: &Case, room: Room) -> Self {
        let means = Means::new(room);
        let Listening { server, addresses, directory } = case.bottom.listen();
        let server = case.nesting.around(server, &means);
        Self {
            control: server.control(),
            server,
            clock: means.clock,
            gate: means.gate,
            waker: CountingWaker::new(),
            addresses,
            sockets: Vec::new(),
            errors: 0,
            has_ended: false,
            deadline: case.nesting.deadline(),
            is_due: true,
            polls: 0,
            _directory: directory,
        }
    }

    /// So many come through each door.
    pub(crate) fn connect(&self, through_each: usize) -> Vec<Client> {
        let doors = self.addresses.iter().flat_map(|door| vec![door; through_each]);
        doors.map(|door| Client::connect(door).unwrap()).collect()
    }

    pub(crate) fn connections(&self) -> Connections {
        self.server.connections().unwrap()
    }

    /// How many have come in: those that were handed out, and those for whose header or handshake a
    /// deadline runs.
    pub(crate) fn taken(&self) -> usize {
        self.sockets.len() + self.clock.sleeping()
    }

    /// Polls it until `is_so`, whenever it was woken.
    pub(crate) fn run_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..PATIENCE {
            if is_so(self) {
                return;
            }
            match self.is_due || self.waker.take() > 0 {
                true => self.poll(),
                false => thread::yield_now(),
            }
        }
        panic!("it has never come to this: {what}");
    }

    /// Polls it until it waits.
    pub(crate) fn run_until_it_waits(&mut self) {
        self.run_until("it waits", |running| !running.is_due && running.waker.count() == 0);
        assert!(!self.has_ended, "it has ended");
    }

    /// Polls it to its end, which stays.
    pub(crate) fn run_to_the_end(&mut self) {
        self.run_until("it has ended", |running| running.has_ended);
        self.poll();
        assert!(self.control.is_closed());
        assert_eq!(self.server.local_address(), None);
        assert_eq!(self.clock.sleeping(), 0, "a timer is left behind");
    }

    /// Polls it once, woken or not.
    pub(crate) fn poll(&mut self) {
        self.polls += 1;
        assert!(self.polls < MANY_POLLS, "it spins");
        let polled = self.server.poll_accept(&mut self.waker.context());
        assert!(!self.has_ended || matches!(polled, Poll::Ready(None)), "the end has to stay");
        self.is_due = polled.is_ready();
        match polled {
            Poll::Ready(Some(Ok(socket))) => self.sockets.push(socket),
            Poll::Ready(Some(Err(_))) => self.errors += 1,
            Poll::Ready(None) => self.has_ended = true,
            Poll::Pending => {}
        }
    }

    /// Whether `act`, on another thread, wakes it while it waits.
    ///
    /// The reactor may have woken it late, because of somebody who was taken already; so it is made
    /// to wait again first.
    pub(crate) fn is_woken_by(&mut self, act: impl FnOnce(&Control) + Send) -> bool {
        self.run_until_it_waits();
        self.elsewhere(act);
        self.waker.count() > 0
    }

    /// Acts on another thread.
    pub(crate) fn elsewhere(&self, act: impl FnOnce(&Control) + Send) {
        let control = &self.control;
        thread::scope(|scope| scope.spawn(move || act(control)).join()).unwrap();
    }

    /// Drains it on another thread: nobody gets any time to end.
    pub(crate) fn is_woken_by_a_drain(&mut self) -> bool {
        let connections = self.connections();
        self.is_woken_by(move |_| {
            block_on(connections.drain(Duration::ZERO));
        })
    }

    /// Lets the time pass that whoever is half way in has, at the most.
    pub(crate) fn let_the_deadline_pass(&self) {
        if let Some(deadline) = self.deadline {
            self.clock.advance(deadline);
        }
    }

    /// Sends something to each of those that were handed out.
    pub(crate) fn greet(&mut self) {
        for socket in &mut self.sockets {
            block_on(socket.write_all(&[GREETING])).unwrap();
        }
    }

    /// Nobody listens.
    pub(crate) fn assert_refuses(&self) {
        assert_refused(&self.addresses);
    }
}

pub(crate) fn assert_refused(addresses: &[Address]) {
    for address in addresses {
        assert!(Client::connect(address).is_err(), "{address} is still open");
    }
}
