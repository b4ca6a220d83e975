//! One attempt of a race.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use socketry_connection::{Address, Sleep};
use socketry_connector::{Attempt, Connect, ConnectFailed, Phase, Trace};

use crate::{Route, settings::Settings, telling::Telling};

/// Connects `inner` to where the route goes.
///
/// Only if somebody listens, or the attempt has a time of its own, is there anything between.
#[inline]
pub(crate) async fn attempt<C: Connect<SocketAddr>>(
    inner: &C,
    route: Route,
    settings: &Settings,
    trace: Trace<'_>,
) -> io::Result<C::Connection> {
    if trace.is_on() || settings.attempt_timeout.is_some() {
        watched(inner, route, settings, trace).await
    } else {
        inner.connect_traced(route.remote(), trace).await
    }
}

#[inline]
async fn watched<C: Connect<SocketAddr>>(
    inner: &C,
    route: Route,
    settings: &Settings,
    trace: Trace<'_>,
) -> io::Result<C::Connection> {
    let telling = Telling::new(route, trace);
    let mut waiting_since = None;
    let in_time = {
        let mut connecting = pin!(inner.connect_traced(route.remote(), telling.trace()));
        let mut patience = None;
        poll_fn(|cx| {
            if let Poll::Ready(result) = connecting.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            if telling.take_yielded() {
                return Poll::Pending; // it waits for nothing
            }
            if telling.waits() && trace.is_on() {
                waiting_since = Some(settings.now());
            }
            let Some(after) = settings.attempt_timeout else {
                return Poll::Pending;
            };
            let clock = settings.clock.as_ref();
            let patience = patience.get_or_insert_with(|| Sleep::after(clock, after));
            Pin::new(patience).poll(cx).map(|()| None)
        })
        .await
    }; // what did not end in time is dropped
    match (in_time, settings.attempt_timeout) {
        (Some(Ok(connection)), _) => {
            telling.won();
            Ok(connection)
        }
        (Some(Err(error)), _) => {
            let elapsed = waiting_since.map(|since| settings.since(since));
            telling.failed(&error, elapsed.unwrap_or_default());
            Err(error)
        }
        (None, after) => Err(timed_out(&telling, route, after.unwrap_or_default())),
    }
}

/// The error of an attempt whose own time was up.
#[cold]
fn timed_out(telling: &Telling<'_>, route: Route, after: Duration) -> io::Error {
    let text = format!("no answer within {after:?}");
    let error = io::Error::new(io::ErrorKind::TimedOut, text);
    let attempt = Attempt::new(route.remote().into(), Phase::Connect, error, after)
        .from_local(route.local().map(Address::Tcp));
    telling.given_up(&attempt);
    ConnectFailed::from(attempt).into()
}
