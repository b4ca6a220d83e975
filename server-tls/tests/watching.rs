//! A server that looks at its files.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use futures_lite::future::block_on;
use socketry_server::{Accept, AcceptExt};
use socketry_server_tls::{ReloadFailed, ServerTls, TlsServer};
use socketry_testing::{ManualClock, ScriptedServer, ServerHandle, TestDir, TestIdentity};

use crate::support::{AUTHORITY, Identity, poll_accept, proved, serving};

const INTERVAL: Duration = Duration::from_secs(60);

/// A server that looks once in a minute, and has read its files for the first time.
struct Watching {
    dir: TestDir,
    tls: ServerTls,
    server: TlsServer<ScriptedServer>,
    clock: ManualClock,
    _inside: ServerHandle,
}

impl Watching {
    fn start() -> Self {
        let dir = TestDir::new();
        let files = AUTHORITY.issue(["localhost"]).write_to(&dir, "server");
        let identity = Identity::from_files(files.certificate, files.key).load().unwrap();
        let tls = ServerTls::new(identity).unwrap();
        let (server, inside) = serving(&tls);
        let clock = ManualClock::new();
        let server = server.with_clock(Arc::new(clock.clone())).watching(INTERVAL);
        let mut watching = Self { dir, tls, server, clock, _inside: inside };
        assert!(watching.look().is_none(), "it has not waited for the first look");
        assert!(watching.next_look().is_none(), "the files are good");
        watching
    }

    /// Lets the interval pass, and a look.
    fn next_look(&mut self) -> Option<std::io::Error> {
        self.clock.advance(INTERVAL);
        self.look()
    }

    /// Polls until the server waits for the next look; what it says meanwhile.
    fn look(&mut self) -> Option<std::io::Error> {
        let mut error = None;
        block_on(poll_fn(|cx| {
            while let Poll::Ready(next) = self.server.poll_accept(cx) {
                let next = next.expect("it is open").expect_err("nobody comes");
                assert!(error.replace(next).is_none(), "one error at most");
            }
            match self.clock.sleeping() {
                0 => Poll::Pending,
                _ => Poll::Ready(error.take()),
            }
        }))
    }

    fn next_identity(&self) -> TestIdentity {
        let next = AUTHORITY.issue(["localhost"]);
        next.write_to(&self.dir, "server");
        next
    }
}

#[test]
fn new_files_are_read_when_they_have_not_changed_for_an_interval() {
    let mut watching = Watching::start();
    let before = proved(&watching.tls, "localhost");
    let next = watching.next_identity();
    assert!(watching.next_look().is_none());
    assert_eq!(proved(&watching.tls, "localhost"), before);
    assert!(watching.next_look().is_none());
    assert_eq!(proved(&watching.tls, "localhost"), next.chain_der()[0]);
}

#[test]
fn bad_files_are_one_error_and_not_read_again_until_they_change() {
    let mut watching = Watching::start();
    let before = proved(&watching.tls, "localhost");
    watching.dir.write("server.pem", "nothing of use");
    assert!(watching.next_look().is_none());
    let error = watching.next_look().unwrap();
    assert!(error.get_ref().is_some_and(|error| error.is::<ReloadFailed>()));
    assert!(watching.next_look().is_none() && watching.next_look().is_none());
    assert_eq!(proved(&watching.tls, "localhost"), before);

    let next = watching.next_identity();
    assert!(watching.next_look().is_none() && watching.next_look().is_none());
    assert_eq!(proved(&watching.tls, "localhost"), next.chain_der()[0]);
}

#[test]
fn files_are_looked_at_while_only_work_under_way_goes_on() {
    let mut watching = Watching::start();
    watching.dir.write("server.pem", "nothing of use");
    for _ in 0..2 {
        watching.clock.advance(INTERVAL);
        block_on(poll_fn(|cx| {
            assert!(watching.server.poll_progress(cx).is_pending());
            match watching.clock.sleeping() {
                0 => Poll::Pending,
                _ => Poll::Ready(()),
            }
        }));
    }
    assert!(matches!(poll_accept(&mut watching.server), Poll::Ready(Some(Err(_)))));
}

#[test]
fn a_closed_server_looks_no_more() {
    let mut watching = Watching::start();
    watching.server.control().close();
    assert!(block_on(watching.server.accept()).is_none());
    assert_eq!(watching.clock.sleeping(), 0);
}

#[test]
fn an_interval_of_zero_is_no_watching() {
    let tls = crate::support::localhost();
    let (server, _inside) = serving(&tls);
    let clock = ManualClock::new();
    let server = server.with_clock(Arc::new(clock.clone()));
    assert!(poll_accept(&mut server.watching(Duration::ZERO)).is_pending());
    assert_eq!(clock.sleeping(), 0);
}
