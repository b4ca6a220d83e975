//! How calls end, and what they leave behind.

use std::{
    future::Future,
    io::{self, ErrorKind},
    time::Duration,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connector::{BoxConnector, Connect, Trace};
use socketry_connector_timeout::{TimedOut, TimeoutConnector};
use socketry_testing::{CountingWaker, pair, scripted_connector};

use super::{begin, connector, error, poll};

const SECOND: Duration = Duration::from_secs(1);

fn payload(error: &io::Error) -> Option<&TimedOut> {
    error.get_ref()?.downcast_ref()
}

#[test]
fn a_failure_before_the_deadline_is_handed_on_unchanged_and_frees_the_timer() {
    let (connector, handle, clock) = connector(SECOND * 5);
    let (mut connecting, call) = begin(&connector, &handle);
    call.fail(io::Error::from_raw_os_error(111));
    assert_eq!(error(&mut connecting).raw_os_error(), Some(111));
    drop(connecting);
    assert_eq!((clock.sleeping(), handle.pending()), (0, 0));
}

#[test]
fn a_failure_at_the_first_poll_is_handed_on_unchanged() {
    let (connector, handle, _clock) = connector(SECOND);
    handle.fail_next(io::Error::from_raw_os_error(111));
    assert_eq!(block_on(connector.connect(80)).unwrap_err().raw_os_error(), Some(111));
}

#[test]
fn a_connection_before_the_deadline_is_handed_out_and_frees_the_timer() {
    let (connector, handle, clock) = connector(SECOND);
    let (mut connecting, call) = begin(&connector, &handle);
    let (ours, mut theirs) = pair();
    clock.advance(SECOND - Duration::from_nanos(1));
    call.succeed(ours);
    block_on(async {
        let mut connection = connecting.as_mut().await.unwrap();
        connection.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        theirs.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    });
    drop(connecting);
    assert_eq!((clock.sleeping(), handle.pending()), (0, 0));
}

#[test]
fn on_expiry_the_call_inside_is_dropped_and_nothing_is_left() {
    let (connector, handle, clock) = connector(SECOND);
    let (mut connecting, call) = begin(&connector, &handle);
    clock.advance(SECOND);
    let error = error(&mut connecting);
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(payload(&error).map(TimedOut::after), Some(SECOND));
    // The future itself still lives.
    assert!(call.is_cancelled());
    assert_eq!((clock.sleeping(), handle.pending(), handle.begun()), (0, 0, 1));
}

#[test]
fn expiry_wakes_the_task_that_waits() {
    let (connector, _handle, clock) = connector(SECOND);
    let waker = CountingWaker::new();
    let mut connecting = Box::pin(connector.connect(80));
    assert!(connecting.as_mut().poll(&mut waker.context()).is_pending());
    clock.advance(SECOND);
    assert_eq!(waker.count(), 1);
    assert!(connecting.as_mut().poll(&mut waker.context()).is_ready());
}

#[test]
fn a_dropped_call_drops_the_call_inside_and_its_timer() {
    let (connector, handle, clock) = connector(SECOND);
    let (connecting, call) = begin(&connector, &handle);
    assert_eq!((clock.sleeping(), handle.pending()), (1, 1));
    drop(connecting);
    assert!(call.is_cancelled());
    assert_eq!((clock.sleeping(), handle.pending()), (0, 0));
}

#[test]
fn a_call_that_was_never_polled_does_nothing_at_all() {
    let (connector, handle, clock) = connector(SECOND);
    drop(connector.connect(80));
    assert_eq!((clock.sleeping(), handle.begun()), (0, 0));
}

#[test]
fn a_connection_that_is_ready_in_the_same_poll_as_the_deadline_is_handed_out() {
    let (connector, handle, clock) = connector(SECOND);
    let (mut connecting, call) = begin(&connector, &handle);
    let (ours, mut theirs) = pair();
    clock.advance(SECOND * 2);
    call.succeed(ours);
    block_on(async {
        let mut connection = connecting.as_mut().await.unwrap();
        connection.write_all(b"x").await.unwrap();
        assert_eq!(theirs.read(&mut [0]).await.unwrap(), 1);
    });
    drop(connecting);
    assert_eq!((clock.sleeping(), handle.pending()), (0, 0));
}

#[test]
fn a_connection_that_comes_after_the_deadline_was_noticed_is_closed() {
    let (connector, handle, clock) = connector(SECOND);
    let (mut connecting, call) = begin(&connector, &handle);
    let (ours, mut theirs) = pair();
    clock.advance(SECOND);
    assert_eq!(error(&mut connecting).kind(), ErrorKind::TimedOut);
    call.succeed(ours);
    assert_eq!(block_on(theirs.read(&mut [0])).unwrap(), 0);
}

#[test]
fn zero_means_unless_ready_at_the_first_poll() {
    let (connector, handle, clock) = connector(Duration::ZERO);
    handle.succeed_next(pair().0);
    assert!(block_on(connector.connect(80)).is_ok());
    assert_eq!(block_on(connector.connect(80)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!((clock.sleeping(), handle.pending()), (0, 0));
}

#[test]
fn a_time_past_the_end_of_the_clock_never_comes() {
    let (connector, handle, clock) = connector(Duration::MAX);
    let (mut connecting, call) = begin(&connector, &handle);
    clock.advance(SECOND * 60 * 60 * 24 * 365 * 100);
    assert!(poll(&mut connecting).is_pending());
    call.succeed(pair().0);
    assert!(poll(&mut connecting).is_ready());
}

#[test]
fn without_a_clock_of_its_own_it_waits_on_the_system() {
    let (inner, handle) = scripted_connector::<u16>();
    let connector = TimeoutConnector::new(inner, Duration::from_millis(1));
    assert_eq!(block_on(connector.connect(80)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(handle.pending(), 0);
}

#[test]
fn without_a_clock_of_its_own_a_time_past_the_end_of_the_clock_is_no_panic() {
    let (inner, handle) = scripted_connector::<u16>();
    let connector = TimeoutConnector::new(inner, Duration::MAX);
    let mut connecting: super::Connecting<'_> = Box::pin(connector.connect(80));
    assert!(poll(&mut connecting).is_pending());
    handle.try_next_call().unwrap().succeed(pair().0);
    assert!(poll(&mut connecting).is_ready());
}

#[test]
fn each_call_has_its_own_time() {
    let (connector, handle, clock) = connector(SECOND);
    let (mut first, _first_call) = begin(&connector, &handle);
    clock.advance(SECOND / 2);
    let (mut second, second_call) = begin(&connector, &handle);
    clock.advance(SECOND / 2);
    assert_eq!(error(&mut first).kind(), ErrorKind::TimedOut);
    assert!(poll(&mut second).is_pending());
    assert!(!second_call.is_cancelled());
}

#[test]
fn of_nested_timeouts_the_first_to_expire_makes_the_error_and_both_are_freed() {
    for (inner_after, outer_after) in [(1, 2), (2, 1)] {
        let (inner, handle, clock) = connector(SECOND * inner_after);
        let connector = TimeoutConnector::new(inner, SECOND * outer_after)
            .with_clock(std::sync::Arc::new(clock.clone()));
        let mut connecting: super::Connecting<'_> = Box::pin(connector.connect(80));
        assert!(poll(&mut connecting).is_pending());
        assert_eq!(clock.sleeping(), 2);
        clock.advance(SECOND);
        let error = error(&mut connecting);
        assert_eq!(payload(&error).map(TimedOut::after), Some(SECOND));
        assert_eq!((clock.sleeping(), handle.pending()), (0, 0));
    }
}

#[test]
fn its_future_is_send_over_any_target_and_in_any_nesting() {
    fn assert_send<T: Send>(_: &T) {}
    fn generic<T: Send, C: Connect<T>>(
        connector: &TimeoutConnector<C>,
        target: T,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        connector.connect_traced(target, Trace::off())
    }
    let (connector, _handle, _clock) = connector(SECOND);
    assert_send(&generic(&connector, 80));
    let nested = TimeoutConnector::new(BoxConnector::new(connector), SECOND);
    assert_send(&generic(&nested, 80));
    assert_send(&generic(&TimeoutConnector::new(&nested, SECOND), 80));
}

#[test]
fn the_connector_inside_can_be_reached_and_taken_out() {
    let (mut connector, handle, _clock) = connector(SECOND);
    assert_eq!(connector.after(), SECOND);
    handle.fail_next(ErrorKind::Other.into());
    assert!(block_on(connector.get_ref().connect(1)).is_err());
    handle.fail_next(ErrorKind::Other.into());
    assert!(block_on(connector.get_mut().connect(2)).is_err());
    handle.fail_next(ErrorKind::Other.into());
    assert!(block_on(connector.into_inner().connect(3)).is_err());
    assert_eq!(handle.begun(), 3);
}
