//! What several callers are told of one failure.

use std::{error::Error, fmt, io};

use futures_lite::future::block_on;
use socketry_connection::os_error;
use socketry_resolver::{Family, LookupFailed, LookupFailure};
use socketry_resolver_caching::{CachingResolver, SharedError};

use crate::support::{NAME, cache, failed, look_up, waiting};

/// The errors that two callers get of one.
fn shared(error: io::Error) -> [io::Error; 2] {
    let (cache, nameserver, _clock) = cache();
    let callers = [(); 2].map(|()| waiting(&cache).0);
    nameserver.try_next_lookup().unwrap().fail(error);
    callers.map(|calling| block_on(calling).unwrap_err())
}

/// Something that is no copy of anything.
#[derive(Debug)]
struct Broken(io::Error);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is broken: {}", self.0)
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn a_failed_lookup_is_found_by_downcast_as_without_the_cache() {
    let beneath = io::Error::from_raw_os_error(101);
    let error =
        LookupFailed::new(NAME, Family::V4, LookupFailure::Unreachable).because_of(beneath).into();
    for error in shared(error) {
        let failed: &LookupFailed = error.get_ref().unwrap().downcast_ref().unwrap();
        assert_eq!((failed.name(), failed.failure()), (NAME, LookupFailure::Unreachable));
        assert_eq!(error.kind(), io::ErrorKind::HostUnreachable);
        assert_eq!(os_error(&error), Some(101));
    }
}

#[test]
fn the_kind_that_a_failed_lookup_was_given_is_kept() {
    let payload = LookupFailed::new(NAME, Family::V4, LookupFailure::Other);
    for error in shared(io::Error::new(io::ErrorKind::Interrupted, payload)) {
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }
}

#[test]
fn an_error_of_the_system_keeps_its_number() {
    for error in shared(io::Error::from_raw_os_error(111)) {
        assert_eq!(error.raw_os_error(), Some(111));
    }
}

#[test]
fn any_other_error_keeps_its_kind_its_text_and_what_is_beneath() {
    let broken = Broken(io::Error::from_raw_os_error(104));
    for error in shared(io::Error::new(io::ErrorKind::BrokenPipe, broken)) {
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(error.to_string().starts_with("it is broken: Connection reset"), "{error}");
        assert_eq!(os_error(&error), Some(104));
        let shared: &SharedError = error.get_ref().unwrap().downcast_ref().unwrap();
        assert!(shared.get_ref().get_ref().unwrap().is::<Broken>());
    }
}

#[test]
fn an_error_through_two_caches_is_wrapped_once() {
    let (inner, nameserver, _clock) = cache();
    let outer = CachingResolver::new(inner);
    nameserver.fail_next(io::Error::other("out of order"));
    let error =
        block_on(socketry_resolver::Resolve::resolve(&outer, NAME, Family::V4)).unwrap_err();
    let shared: &SharedError = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(shared.get_ref().to_string(), "out of order");
    assert!(!shared.get_ref().get_ref().unwrap().is::<SharedError>());
}

#[test]
fn a_failure_that_is_kept_is_told_as_it_was() {
    let (cache, nameserver, _clock) = cache();
    nameserver.fail_next(failed(LookupFailure::NoSuchName));
    for error in [look_up(&cache).unwrap_err(), look_up(&cache).unwrap_err()] {
        let failed: &LookupFailed = error.get_ref().unwrap().downcast_ref().unwrap();
        assert_eq!(failed.failure(), LookupFailure::NoSuchName);
    }
    assert_eq!(nameserver.begun(), 1);
}
