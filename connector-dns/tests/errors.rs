//! What errors say.

use std::io::{self, ErrorKind};

use socketry_connection::{Family, os_error};
use socketry_connector::AllAttemptsFailed;
use socketry_connector_dns::{PartlyResolved, ResolveFailed};
use socketry_resolver::{Answer, LookupFailed, LookupFailure};
use socketry_testing::Call;

use super::{Candidates, Stage, answer, arrived, assert_pending, error, failure, host, refuse_all};

/// The error of a call whose lookups end like this.
fn unresolved(v6: io::Result<Answer>, v4: io::Result<Answer>) -> io::Error {
    let stage = Stage::new();
    let (mut connecting, v6_lookup, v4_lookup) = stage.look_up();
    for (lookup, result) in [(v6_lookup, v6), (v4_lookup, v4)] {
        match result {
            Ok(answer) => lookup.answer(answer),
            Err(error) => lookup.fail(error),
        }
    }
    let error = error(&mut connecting);
    assert_eq!(stage.inner.begun(), 0);
    error
}

fn empty() -> io::Result<Answer> {
    Ok(Answer::default())
}

fn failed(family: Family, why: LookupFailure) -> io::Result<Answer> {
    Err(failure(family, why))
}

fn resolve_failed(error: &io::Error) -> &ResolveFailed {
    error.get_ref().and_then(|payload| payload.downcast_ref()).unwrap()
}

#[test]
fn what_fails_alike_in_both_families_is_said_once() {
    let why = LookupFailure::NoSuchName;
    let error = unresolved(failed(Family::V6, why), failed(Family::V4, why));
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.com:80 failed during DNS lookup: \
         there is no such name (NXDOMAIN)"
    );
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn an_error_of_any_resolver_is_told_in_its_own_words() {
    let error = unresolved(Err(io::Error::other("DNS error")), Err(io::Error::other("DNS error")));
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.com:80 failed during DNS lookup: DNS error"
    );
}

#[test]
fn the_source_is_the_very_error_of_the_resolver() {
    let given = io::Error::from_raw_os_error(101);
    let error = unresolved(Err(given), empty());
    let source = error.get_ref().unwrap().source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.raw_os_error(), Some(101));
    assert_eq!((os_error(&error), error.kind()), (Some(101), ErrorKind::NetworkUnreachable));
}

#[test]
fn what_fails_in_different_ways_is_told_of_each_family() {
    let error = unresolved(
        failed(Family::V6, LookupFailure::ServerFailed),
        failed(Family::V4, LookupFailure::TimedOut),
    );
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.com:80 failed during DNS lookup: \
         IPv6: the nameserver failed (SERVFAIL); IPv4: no nameserver answered in time"
    );
    let failed = resolve_failed(&error);
    let failure = |family| {
        let payload = failed.lookup_error(family)?.get_ref()?;
        Some(payload.downcast_ref::<LookupFailed>()?.failure())
    };
    assert_eq!(failed.host(), &host("example.com:80"));
    assert_eq!(failure(Family::V6), Some(LookupFailure::ServerFailed));
    assert_eq!(failure(Family::V4), Some(LookupFailure::TimedOut));
}

#[test]
fn what_lies_beneath_a_failed_lookup_is_told_as_well() {
    let beneath = |family| {
        let cause = io::Error::other("response is too short");
        Err(LookupFailed::new("example.com", family, LookupFailure::Other).because_of(cause).into())
    };
    assert_eq!(
        unresolved(beneath(Family::V6), beneath(Family::V4)).to_string(),
        "connection to tcp://example.com:80 failed during DNS lookup: \
         something went wrong: response is too short"
    );
}

#[test]
fn no_addresses_in_either_family_is_an_error_and_no_endless_wait() {
    let error = unresolved(empty(), empty());
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.com:80 failed during DNS lookup: \
         example.com has neither IPv6 nor IPv4 addresses"
    );
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(resolve_failed(&error).lookup_error(Family::V6).is_none());
}

#[test]
fn one_family_that_fails_and_one_that_is_empty_are_both_told() {
    let error = unresolved(empty(), failed(Family::V4, LookupFailure::TimedOut));
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.com:80 failed during DNS lookup: \
         IPv6: no addresses; IPv4: no nameserver answered in time"
    );
}

#[test]
fn the_kind_is_that_of_the_failure_which_leaves_most_open() {
    use LookupFailure::{NoSuchName, Refused, TimedOut, Unreachable};
    for (v6, v4, expected) in [
        (Some(TimedOut), Some(TimedOut), ErrorKind::TimedOut),
        (Some(NoSuchName), Some(TimedOut), ErrorKind::TimedOut),
        (Some(TimedOut), Some(NoSuchName), ErrorKind::TimedOut),
        (None, Some(Unreachable), ErrorKind::HostUnreachable),
        (Some(Refused), Some(TimedOut), ErrorKind::PermissionDenied),
        (Some(NoSuchName), None, ErrorKind::NotFound),
    ] {
        let result = |family, why: Option<_>| why.map_or_else(empty, |why| failed(family, why));
        let error = unresolved(result(Family::V6, v6), result(Family::V4, v4));
        assert_eq!(error.kind(), expected, "{error}");
    }
}

/// The error of a call that finds the addresses of one family and not those of the other, and whose
/// connector inside ends like this.
fn partly(found: Family, end: impl FnOnce(Call<Candidates>)) -> io::Error {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    match found {
        Family::V6 => {
            v6.answer(answer(&["2001:db8::1"]));
            v4.fail(failure(Family::V4, LookupFailure::TimedOut));
        }
        Family::V4 => {
            v6.fail(failure(Family::V6, LookupFailure::TimedOut));
            v4.answer(answer(&["192.0.2.1"]));
        }
    }
    assert_pending(&mut connecting);
    end(stage.call());
    error(&mut connecting)
}

#[test]
fn a_refused_address_and_the_failed_lookup_of_ipv4_are_both_told() {
    let error = partly(Family::V6, |call| refuse_all(call, &["[2001:db8::1]:80"]));
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.com:80 failed: tcp://[2001:db8::1]:80: Connection refused \
         (os error 111); looking up its IPv4 addresses failed: no nameserver answered in time"
    );
}

#[test]
fn a_refused_address_and_the_failed_lookup_of_ipv6_are_both_told() {
    let error = partly(Family::V4, |call| refuse_all(call, &["192.0.2.1:80"]));
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.com:80 failed: tcp://192.0.2.1:80: Connection refused \
         (os error 111); looking up its IPv6 addresses failed: no nameserver answered in time"
    );
}

#[test]
fn the_error_of_the_connect_leads_and_is_reached_with_its_kind_number_and_attempts() {
    let error = partly(Family::V6, |call| refuse_all(call, &["[2001:db8::1]:80"]));
    assert_eq!((error.kind(), os_error(&error)), (ErrorKind::ConnectionRefused, Some(111)));
    let partly: &PartlyResolved = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(partly.unresolved(), Family::V4);
    assert_eq!(partly.lookup_error().kind(), ErrorKind::TimedOut);
    let all: &AllAttemptsFailed = partly.connect_error().get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(all.attempts().len(), 1);
}

#[test]
fn what_the_connector_inside_refuses_as_bad_input_is_handed_on_as_it_is() {
    let error = partly(Family::V6, |call| {
        call.fail(io::Error::new(ErrorKind::InvalidInput, "Invalid"));
    });
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidInput, "Invalid".into()));
}

#[test]
fn an_error_of_the_connector_inside_is_handed_on_if_no_lookup_has_failed() {
    for (v6, v4) in
        [(vec!["::1"], vec!["127.0.0.1"]), (vec!["::1"], vec![]), (vec![], vec!["1.2.3.4"])]
    {
        let stage = Stage::new();
        let (mut connecting, v6_lookup, v4_lookup) = stage.look_up();
        v6_lookup.answer(answer(&v6));
        v4_lookup.answer(answer(&v4));
        assert_pending(&mut connecting);
        let mut call = stage.call();
        let dialled = arrived(&mut call);
        refuse_all(call, &dialled.iter().map(String::as_str).collect::<Vec<_>>());
        let error = error(&mut connecting);
        let all: &AllAttemptsFailed = error.get_ref().unwrap().downcast_ref().unwrap();
        assert_eq!(all.host(), Some(&host("example.com:80")));
        assert_eq!(all.attempts().len(), dialled.len());
    }
}

#[test]
fn all_known_addresses_refused_and_then_a_failed_lookup_end_the_call() {
    for found in [Family::V6, Family::V4] {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        let (early, late, ip) = match found {
            Family::V6 => (v6, v4, "::1"),
            Family::V4 => (v4, v6, "127.0.0.1"),
        };
        early.answer(answer(&[ip]));
        assert_pending(&mut connecting);
        stage.clock.advance(std::time::Duration::from_millis(50));
        assert_pending(&mut connecting);
        let mut call = stage.call();
        let dialled = arrived(&mut call);
        late.fail(io::Error::other("DNS failed"));
        assert_pending(&mut connecting);
        assert!(super::has_ended(&mut call));
        refuse_all(call, &[&dialled[0]]);
        let text = error(&mut connecting).to_string();
        assert!(text.contains(&format!("tcp://{}: Connection refused", dialled[0])), "{text}");
        assert!(text.ends_with("addresses failed: DNS failed"), "{text}");
        assert!(stage.is_clean());
    }
}

#[test]
fn an_early_end_of_the_connector_inside_ends_the_call_without_the_late_lookup() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    stage.call().fail(ErrorKind::TimedOut.into());
    assert_eq!(error(&mut connecting).kind(), ErrorKind::TimedOut);
    assert!(v4.is_cancelled() && stage.is_clean());
}
