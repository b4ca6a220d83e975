//! What the trace hears: each attempt once, whoever tells it.

use std::{io, net::SocketAddr, sync::Mutex, time::Duration};

use futures_lite::future::{block_on, yield_now};
use socketry_connection::BoxConnection;
use socketry_connector::{
    Attempt, Connect, ConnectFailed, Event, EventKind, Observe, Phase, Trace,
};
use socketry_connector_race::RaceConnector;
use socketry_testing::{Call, pair};

use crate::rig::{DELAY, MS, Racing, Rig, address, fed, list, refused};

/// Hears the lines of a trace.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    /// What was heard since this was last asked.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observe for Log {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

/// What a race of one address tells, of which the connector inside does and tells this.
fn heard(settle: impl FnOnce(&mut Racing<'_>, Call<SocketAddr>)) -> Vec<String> {
    let (rig, log) = (Rig::new(), Log::default());
    let mut racing = rig.race_traced(list(&["127.0.0.1:80"]), Trace::to(&log));
    let call = rig.call();
    settle(&mut racing, call);
    drop(racing);
    log.take()
}

/// The connector inside tells that it starts.
fn start(racing: &mut Racing<'_>, call: &Call<SocketAddr>) {
    let remote = (*call.target()).into();
    call.tell(move |trace| trace.tell(|| EventKind::attempt_started(&remote, None)));
    racing.poll();
}

#[test]
fn a_silent_attempt_that_wins_is_told_for_it() {
    let lines = heard(|racing, call| drop(racing.accept(call)));
    assert_eq!(lines, ["trying tcp://127.0.0.1:80", "connected to tcp://127.0.0.1:80"]);
}

#[test]
fn a_silent_attempt_that_fails_is_told_for_it() {
    let lines = heard(|racing, call| racing.refuse(call));
    let failed = "tcp://127.0.0.1:80: Connection refused (os error 111)";
    assert_eq!(lines, ["trying tcp://127.0.0.1:80", failed]);
}

#[test]
fn a_silent_attempt_that_was_given_up_has_no_end() {
    let lines = heard(|racing, _call| racing.cancel());
    assert_eq!(lines, ["trying tcp://127.0.0.1:80"]);
}

#[test]
fn an_attempt_that_tells_its_start_late_and_is_silent_about_its_end_is_told_once() {
    let lines = heard(|racing, call| {
        start(racing, &call);
        racing.refuse(call);
    });
    let failed = "tcp://127.0.0.1:80: Connection refused (os error 111)";
    assert_eq!(lines, ["trying tcp://127.0.0.1:80", failed]);
}

#[test]
fn an_end_that_was_told_inside_is_not_told_again() {
    let lines = heard(|racing, call| {
        let remote = (*call.target()).into();
        call.tell(move |trace| trace.tell(|| EventKind::attempt_won(&remote)));
        drop(racing.accept(call));
    });
    assert_eq!(lines, ["trying tcp://127.0.0.1:80", "connected to tcp://127.0.0.1:80"]);
}

#[test]
fn an_attempt_that_is_told_inside_is_only_passed_on() {
    let (rig, log) = (Rig::new(), Log::default());
    rig.handle.answer_next(|remote, trace| {
        trace.attempt(&remote.into(), None).won();
        Ok(Box::new(pair().0))
    });
    assert!(rig.race_traced(list(&["127.0.0.1:80"]), Trace::to(&log)).result().is_ok());
    assert_eq!(log.take(), ["trying tcp://127.0.0.1:80", "connected to tcp://127.0.0.1:80"]);
}

#[test]
fn a_failure_that_is_told_inside_is_only_passed_on() {
    let (rig, log) = (Rig::new(), Log::default());
    for _ in 0..2 {
        rig.handle.answer_next(|remote, trace| {
            let remote = remote.into();
            let telling = trace.attempt(&remote, None);
            Err(telling.failed(Phase::Bind, refused(), Duration::ZERO).into())
        });
    }
    let racing = rig.race_traced(list(&["127.0.0.1:80", "127.0.0.2:80"]), Trace::to(&log));
    assert!(!racing.is_pending());
    let failed = "during bind: Connection refused (os error 111)";
    assert_eq!(
        log.take(),
        [
            "trying tcp://127.0.0.1:80".to_string(),
            format!("tcp://127.0.0.1:80 {failed}"),
            "trying tcp://127.0.0.2:80".to_string(),
            format!("tcp://127.0.0.2:80 {failed}")
        ]
    );
}

#[test]
fn an_attempt_that_only_lets_others_go_first_is_not_silent_yet() {
    let (connector, log) = (RaceConnector::new(Yielding), Log::default());
    let connecting = connector.connect_traced(address("127.0.0.1:80").into(), Trace::to(&log));
    assert!(block_on(connecting).is_err());
    assert_eq!(
        log.take(),
        [
            "letting others go first",
            "trying tcp://127.0.0.1:80",
            "tcp://127.0.0.1:80: Connection refused (os error 111)"
        ]
    );
}

#[test]
fn an_attempt_that_only_lets_others_go_first_needs_no_time() {
    let connector = RaceConnector::new(Yielding).attempt_timeout(Duration::ZERO);
    let error = block_on(connector.connect(address("127.0.0.1:80").into())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

/// Lets others go first, and then tells its attempt, which is refused.
struct Yielding;

impl Connect<SocketAddr> for Yielding {
    type Connection = BoxConnection;

    async fn connect_traced(
        &self,
        remote: SocketAddr,
        trace: Trace<'_>,
    ) -> io::Result<BoxConnection> {
        trace.tell(|| EventKind::Yielded);
        yield_now().await;
        let remote = remote.into();
        let telling = trace.attempt(&remote, None);
        Err(telling.failed(Phase::Connect, refused(), Duration::ZERO).into())
    }
}

#[test]
fn who_wants_to_hear_only_of_what_waits_hears_nothing_of_a_connection_at_once() {
    let (rig, log) = (Rig::new(), Log::default());
    rig.handle.succeed_next(pair().0);
    let trace = Trace::off().through(&log);
    assert!(rig.race_traced(list(&["127.0.0.1:80"]), trace).result().is_ok());
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn what_is_refused_before_anything_is_opened_is_no_attempt_to_tell() {
    let (rig, log) = (Rig::new(), Log::default());
    rig.handle.fail_next(io::ErrorKind::InvalidInput.into());
    assert!(rig.race_traced(list(&["127.0.0.1:0"]), Trace::to(&log)).result().is_err());
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn an_attempt_whose_time_is_up_is_told_to_have_failed() {
    let rig = Rig::with(|connector| connector.attempt_timeout(100 * MS));
    let log = Log::default();
    let mut racing = rig.race_traced(list(&["127.0.0.1:80"]), Trace::to(&log));
    racing.pass(100 * MS);
    assert!(!racing.is_pending());
    assert_eq!(
        log.take(),
        ["trying tcp://127.0.0.1:80", "tcp://127.0.0.1:80: no answer within 100ms"]
    );
}

#[test]
fn a_race_is_told_in_the_order_in_which_it_happens_and_losers_have_no_end() {
    let (rig, log) = (Rig::new(), Log::default());
    let (_feed, candidates) = fed(&["[::1]:80", "127.0.0.1:80", "[::2]:80"]);
    let mut racing = rig.race_traced(candidates, Trace::to(&log));
    racing.pass(DELAY);
    let mut calls = rig.calls();
    racing.refuse(calls.remove(1));
    let _peer = racing.accept(rig.call());
    assert!(racing.result().is_ok());
    assert_eq!(
        log.take(),
        [
            "trying tcp://[::1]:80",
            "trying tcp://127.0.0.1:80",
            "tcp://127.0.0.1:80: Connection refused (os error 111)",
            "trying tcp://[::2]:80",
            "connected to tcp://[::2]:80"
        ]
    );
}

#[test]
fn a_silent_attempt_from_a_local_address_is_told_with_it() {
    let rig = Rig::with(|connector| {
        connector.local_addresses([address("127.0.0.2:0")], |inner, _| inner.clone())
    });
    let log = Log::default();
    let _racing = rig.race_traced(list(&["127.0.0.1:80"]), Trace::to(&log));
    assert_eq!(log.take(), ["trying tcp://127.0.0.1:80 from tcp://127.0.0.2:0"]);
}

#[test]
fn the_failure_of_a_silent_attempt_is_told_with_its_number_and_its_time() {
    struct Failed(Mutex<Vec<(Option<i32>, Duration)>>);
    impl Observe for Failed {
        fn observe(&self, event: &Event<'_>) {
            if let EventKind::AttemptFailed(attempt) = event.kind() {
                let number = attempt.error().raw_os_error();
                self.0.lock().unwrap().push((number, attempt.elapsed()));
            }
        }
    }
    let (rig, failed) = (Rig::new(), Failed(Mutex::default()));
    let mut racing = rig.race_traced(list(&["127.0.0.1:80"]), Trace::to(&failed));
    racing.pass(40 * MS);
    racing.refuse(rig.call());
    assert_eq!(*failed.0.lock().unwrap(), [(Some(111), 40 * MS)]);
}

#[test]
fn the_failure_of_a_silent_attempt_with_a_story_is_told_as_that() {
    let lines = heard(|racing, call| {
        let remote = "tcp://127.0.0.9:1080".parse().unwrap(); // by way of a proxy
        let attempt = Attempt::new(remote, Phase::Bind, refused(), MS);
        call.fail(ConnectFailed::from(attempt).into());
        racing.poll();
    });
    assert_eq!(lines[1], "tcp://127.0.0.9:1080 during bind: Connection refused (os error 111)");
}
