//! A cache between a scripted resolver, a clock that is moved by hand, and a test.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use futures_lite::future::block_on;
use socketry_connection::Clock;
use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure, Resolve};
use socketry_resolver_caching::CachingResolver;
use socketry_testing::{
    CountingWaker, ManualClock, ResolverHandle, ScriptedResolver, scripted_resolver,
};

pub(crate) const NAME: &str = "a.example";

pub(crate) type Cache = CachingResolver<ScriptedResolver>;
pub(crate) type Calling<'a> = Pin<Box<dyn Future<Output = io::Result<Answer>> + Send + 'a>>;

pub(crate) fn cache() -> (Cache, ResolverHandle, ManualClock) {
    let (inner, nameserver) = scripted_resolver();
    let clock = ManualClock::new();
    let cache = CachingResolver::new(inner).with_clock(Arc::new(clock.clone()));
    (cache, nameserver, clock)
}

/// An answer that can be told from others.
pub(crate) fn address(last: u8) -> Answer {
    Answer::from(vec![[192, 0, 2, last].into()])
}

/// The same, to be kept for some seconds.
pub(crate) fn address_for(last: u8, clock: &ManualClock, seconds: u64) -> Answer {
    address(last).expiring(after(clock, seconds))
}

pub(crate) fn after(clock: &ManualClock, seconds: u64) -> Instant {
    clock.now() + Duration::from_secs(seconds)
}

pub(crate) fn advance(clock: &ManualClock, seconds: u64) {
    clock.advance(Duration::from_secs(seconds));
}

pub(crate) fn failed(failure: LookupFailure) -> io::Error {
    LookupFailed::new(NAME, Family::V4, failure).into()
}

/// A lookup of the name from begin to end.
pub(crate) fn look_up(cache: &Cache) -> io::Result<Answer> {
    block_on(cache.resolve(NAME, Family::V4))
}

/// The last byte of what a lookup of the name finds: which answer it was.
pub(crate) fn found(cache: &Cache) -> u8 {
    which(&look_up(cache).unwrap())
}

pub(crate) fn which(answer: &Answer) -> u8 {
    match answer.ips().next() {
        Some(std::net::IpAddr::V4(ip)) => ip.octets()[3],
        other => panic!("{other:?} is of no test"),
    }
}

/// A call that waits, and the waker that it waits with.
pub(crate) fn waiting(cache: &Cache) -> (Calling<'_>, CountingWaker) {
    let mut calling: Calling<'_> = Box::pin(cache.resolve(NAME, Family::V4));
    let waker = CountingWaker::new();
    assert!(calling.as_mut().poll(&mut waker.context()).is_pending());
    (calling, waker)
}

/// What a call says when it is polled.
pub(crate) fn poll(calling: &mut Calling<'_>, waker: &CountingWaker) -> Poll<io::Result<Answer>> {
    calling.as_mut().poll(&mut waker.context())
}
