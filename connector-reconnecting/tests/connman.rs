//! What connman does is kept, and what it does badly is done better.
//!
//! | connman | here |
//! |---|---|
//! | the order of three functions is said in two ways, and a wrong one is called with the wrong thing | each has a name |
//! | a server that accepts and closes is asked every 100 ms | [`backoff`](super::backoff): a session that has not lasted counts as a failed attempt |
//! | a function that onReset passes back stays for ever | [`hooks`](super::hooks): once, or always, as it says |
//! | onReset is called for each failed attempt, and after a disconnect | [`hooks`](super::hooks), [`disconnecting`](super::disconnecting): once for each session that is lost |
//! | one socket for ever, on which listeners pile up | `each_session_is_a_connection_of_its_own_and_begins_once` |
//! | what is written while there is no connection is lost in silence | `what_is_written_to_a_lost_session_is_an_error` |
//! | disconnect lets an attempt succeed, and calls onConnect | [`disconnecting`](super::disconnecting): it is dropped |
//! | disconnect leaves a timer armed for up to 204 s | [`disconnecting`](super::disconnecting): it is gone at once |
//! | disconnect waits for ever for a peer that does not close | [`disconnecting`](super::disconnecting): it has a deadline |
//! | after a disconnect it cannot be connected again | [`disconnecting`](super::disconnecting): `connect` |
//! | of two connections to the same one is lost to the registry, and stays open | [`registry`](super::registry): all are known, and end |
//! | disconnectAll tells nobody when it is done, and forgets nothing | [`registry`](super::registry): it is awaited, and names are free after it |
//! | a pool is an array | [`pools`](super::pools) |
//! | without an onReset the process crashes | `hooks_are_a_matter_of_choice` |

use std::{
    io,
    sync::{Arc, Mutex},
    task::Poll,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connection::{BoxConnection, Clock};
use socketry_connector::{Connect, Trace};
use socketry_connector_reconnecting::{
    Backoff, Disconnected, Pooled, Reconnecting, Registry, Session, SessionLost,
};
use socketry_testing::{ManualClock, MemoryConnection, pair};

use super::{Log, Test, ms, now, poll_now, refused};

/// A server that closes each connection after 5 s, and is away from 30 s to 40 s.
#[derive(Clone)]
struct Server {
    clock: ManualClock,
    started: Instant,
    open: Arc<Mutex<Vec<(Instant, MemoryConnection)>>>,
    accepted: Arc<Mutex<Vec<(&'static str, Duration)>>>,
}

impl Server {
    fn new() -> Self {
        let clock = ManualClock::new();
        let started = clock.now();
        Self { clock, started, open: Arc::default(), accepted: Arc::default() }
    }

    fn time(&self) -> Duration {
        self.clock.now() - self.started
    }

    fn is_away(&self) -> bool {
        (30..40).contains(&self.time().as_secs())
    }

    /// Closes what is open for too long, or all of it when it goes.
    fn close(&self) {
        let (now, is_away) = (self.clock.now(), self.is_away());
        let five = Duration::from_secs(5);
        self.open.lock().unwrap().retain(|(since, _)| !is_away && now - *since < five);
    }

    /// How many of those that are open have not been closed by the client.
    fn held(&self) -> usize {
        let mut open = self.open.lock().unwrap();
        let is_held = |peer: &mut MemoryConnection| poll_now(peer.read(&mut [0])).is_pending();
        open.iter_mut().map(|(_, peer)| usize::from(is_held(peer))).sum()
    }
}

impl Connect<&'static str> for Server {
    type Connection = BoxConnection;

    async fn connect_traced(&self, to: &'static str, _: Trace<'_>) -> io::Result<BoxConnection> {
        if self.is_away() {
            return Err(refused());
        }
        let (ours, theirs) = pair();
        self.open.lock().unwrap().push((self.clock.now(), theirs));
        self.accepted.lock().unwrap().push((to, self.time()));
        Ok(Box::new(ours))
    }
}

/// A client that does nothing but read, and takes the next session when one was lost.
struct Single {
    sessions: Reconnecting<Server, &'static str>,
    session: Option<Session<BoxConnection>>,
}

impl Single {
    fn go_on(&mut self) {
        loop {
            match &mut self.session {
                Some(session) => match poll_now(session.read(&mut [0])) {
                    Poll::Pending => return,
                    Poll::Ready(_) => self.session = None,
                },
                None => match poll_now(self.sessions.next()) {
                    Poll::Ready(Some(session)) => self.session = Some(session.unwrap()),
                    Poll::Ready(None) | Poll::Pending => return,
                },
            }
        }
    }
}

#[test]
fn two_single_and_two_pooled_connections_resume_after_every_drop_until_all_are_disconnected() {
    let server = Server::new();
    let registry = Registry::new(server.clone())
        .with_clock(Arc::new(server.clock.clone()))
        .with_defaults(|sessions| sessions.backoff(Backoff::connman()));
    let mut singles = ["localhost", "127.0.0.1"]
        .map(|host| Single { sessions: registry.connect(host), session: None });
    let pool = registry.create_pool("my pool").unwrap();
    pool.add_connection("localhost", |sessions| sessions);
    pool.add_connection("127.0.0.1", |sessions| sessions);
    let mut running = Box::pin(pool.run());

    let mut all_were_up = Duration::ZERO;
    for _ in 0..900 {
        server.close();
        singles.iter_mut().for_each(Single::go_on);
        assert!(poll_now(&mut running).is_pending());
        match (server.held(), server.time().as_secs()) {
            (4, _) => all_were_up = server.time(),
            (held, 30..40) => assert_eq!(held, 0),
            (_, 40..61) => {} // they come back as their delays and their circuits say
            _ => assert!(server.time() - all_were_up <= ms(200), "after {:?}", server.time()),
        }
        server.clock.advance(ms(100));
    }
    let accepted = server.accepted.lock().unwrap().len();
    assert!(accepted >= 4 * 11, "{accepted} connections in a minute and a half");

    assert_eq!(now(registry.disconnect_all(Duration::ZERO)), Disconnected::Aborted);
    assert!(matches!(poll_now(&mut running), Poll::Ready(())));
    for single in &mut singles {
        assert!(now(single.session.take().unwrap().read(&mut [0])).is_err());
    }
    server.clock.advance(Duration::from_secs(3600));
    singles.iter_mut().for_each(Single::go_on);
    assert_eq!((server.held(), server.accepted.lock().unwrap().len()), (0, accepted));
    assert_eq!(server.clock.sleeping(), 0);
}

#[test]
fn a_pooled_connection_is_used_and_comes_back() {
    let server = Server::new();
    let registry = Registry::new(server.clone()).with_clock(Arc::new(server.clock.clone()));
    let pool = registry.create_pool("my pool").unwrap();
    pool.add_connection("localhost", |sessions| sessions.backoff(Backoff::connman()));
    let guard: Pooled<_, _> = now(pool.checkout()).unwrap();
    server.clock.advance(ms(5000));
    server.close();
    drop(guard);
    let mut waiting = Box::pin(pool.checkout());
    assert!(poll_now(&mut waiting).is_pending());
    server.clock.advance(ms(100));
    assert_eq!(now(waiting).unwrap().generation(), 2);
}

#[test]
fn each_session_is_a_connection_of_its_own_and_begins_once() {
    let log = Log::default();
    let told = log.clone();
    let mut test = Test::with(Backoff::connman(), 80, |sessions| {
        sessions.on_connect(move |_, session| {
            told.add(format!("begin {}", session.generation()));
            Box::pin(async { Ok(()) })
        })
    });
    for _ in 0..3 {
        drop(test.up());
    }
    assert_eq!(log.take(), ["begin 1", "begin 2", "begin 3"]);
}

#[test]
fn what_is_written_to_a_lost_session_is_an_error() {
    let mut test = Test::new(Backoff::connman());
    let (mut session, peer) = test.up();
    drop(peer);
    assert!(now(session.read(&mut [0])).is_err());
    let error = now(session.write_all(b"request")).unwrap_err();
    assert!(SessionLost::of(&error).is_some());
}

#[test]
fn hooks_are_a_matter_of_choice() {
    let mut test = Test::new(Backoff::connman());
    test.delays(2);
    drop(test.up());
    drop(test.up());
}
