//! What is kept, and for how long.

use std::{io, time::Duration};

use futures_lite::future::block_on;
use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure, Resolve};

use crate::support::{
    Cache, NAME, address, address_for, advance, after, cache, failed, found, look_up, waiting,
    which,
};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn an_answer_is_kept_until_it_expires_and_no_longer() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 60));
    assert_eq!(found(&cache), 1);
    clock.advance(MINUTE - Duration::from_nanos(1));
    assert_eq!((found(&cache), nameserver.begun()), (1, 1));
    clock.advance(Duration::from_nanos(1));
    nameserver.succeed_next(address(2));
    assert_eq!((found(&cache), nameserver.begun()), (2, 2));
}

#[test]
fn an_answer_with_a_ttl_of_zero_is_not_kept() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 0));
    nameserver.succeed_next(address(2));
    assert_eq!([found(&cache), found(&cache)], [1, 2]);
}

#[test]
fn an_answer_that_says_nothing_of_its_lifetime_is_not_kept() {
    let (cache, nameserver, _clock) = cache();
    nameserver.succeed_next(address(1));
    nameserver.succeed_next(address(2));
    assert_eq!([found(&cache), found(&cache)], [1, 2]);
}

#[test]
fn a_fixed_lifetime_stands_instead_of_what_answers_say_and_is_what_they_say_then() {
    let (cache, nameserver, clock) = cache();
    let cache = cache.lifetime(MINUTE);
    nameserver.succeed_next(address_for(1, &clock, 3600));
    assert_eq!(look_up(&cache).unwrap().expires(), Some(after(&clock, 60)));
    advance(&clock, 59);
    assert_eq!(found(&cache), 1);
    advance(&clock, 1);
    nameserver.succeed_next(address(2));
    assert_eq!(found(&cache), 2);
    assert_eq!(found(&cache), 2);
}

#[test]
fn a_fixed_lifetime_of_zero_keeps_no_answer() {
    let (cache, nameserver, clock) = cache();
    let cache = cache.lifetime(Duration::ZERO);
    nameserver.succeed_next(address_for(1, &clock, 60));
    nameserver.succeed_next(address(2));
    assert_eq!([found(&cache), found(&cache)], [1, 2]);
}

#[test]
fn a_lifetime_past_the_end_of_the_clock_never_ends() {
    let (cache, nameserver, clock) = cache();
    let cache = cache.lifetime(Duration::MAX);
    nameserver.succeed_next(address(1));
    assert_eq!(found(&cache), 1);
    advance(&clock, 1_000_000_000);
    assert_eq!(found(&cache), 1);
}

#[test]
fn an_answer_is_believed_for_a_day_at_most() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 1_000_000));
    assert_eq!(found(&cache), 1);
    advance(&clock, 24 * 60 * 60 - 1);
    assert_eq!(found(&cache), 1);
    advance(&clock, 1);
    nameserver.succeed_next(address(2));
    assert_eq!(found(&cache), 2);
}

#[test]
fn an_answer_is_believed_for_as_long_as_is_set() {
    let (cache, nameserver, clock) = cache();
    let cache = cache.most_lifetime(MINUTE);
    nameserver.succeed_next(address_for(1, &clock, 3600));
    assert_eq!(found(&cache), 1);
    advance(&clock, 60);
    nameserver.succeed_next(address(2));
    assert_eq!(found(&cache), 2);
}

#[test]
fn that_there_is_no_such_name_or_address_is_kept_for_five_seconds() {
    for failure in [LookupFailure::NoSuchName, LookupFailure::NoAddress] {
        let (cache, nameserver, clock) = cache();
        nameserver.fail_next(failed(failure));
        let first = look_up(&cache).unwrap_err();
        clock.advance(Duration::from_millis(4999));
        let kept = look_up(&cache).unwrap_err();
        assert_eq!((kept.to_string(), kept.kind()), (first.to_string(), first.kind()));
        clock.advance(Duration::from_millis(1));
        nameserver.succeed_next(address(2));
        assert_eq!(found(&cache), 2);
    }
}

#[test]
fn that_there_is_none_is_kept_for_as_long_as_it_says_itself() {
    for failure in [LookupFailure::NoSuchName, LookupFailure::NoAddress] {
        let (cache, nameserver, clock) = cache();
        let failed = LookupFailed::new(NAME, Family::V4, failure);
        nameserver.fail_next(failed.expiring(after(&clock, 60)).into());
        assert!(look_up(&cache).is_err());
        advance(&clock, 59);
        assert!(look_up(&cache).is_err());
        advance(&clock, 1);
        nameserver.succeed_next(address(2));
        assert_eq!(found(&cache), 2);
    }
}

#[test]
fn that_there_is_none_is_not_kept_if_it_says_so_and_no_longer_than_is_set() {
    for (seconds, kept_seconds) in [(0, 0), (3600, 60)] {
        let (cache, nameserver, clock) = cache();
        let cache = cache.most_lifetime(MINUTE);
        let failed = LookupFailed::new(NAME, Family::V4, LookupFailure::NoSuchName);
        nameserver.fail_next(failed.expiring(after(&clock, seconds)).into());
        assert!(look_up(&cache).is_err());
        advance(&clock, kept_seconds);
        nameserver.succeed_next(address(2));
        assert_eq!(found(&cache), 2);
    }
}

#[test]
fn a_failure_that_may_pass_is_not_kept_even_if_it_expires() {
    let (cache, nameserver, clock) = cache();
    let failed = LookupFailed::new(NAME, Family::V4, LookupFailure::TimedOut);
    nameserver.fail_next(failed.expiring(after(&clock, 60)).into());
    nameserver.succeed_next(address(2));
    assert!(look_up(&cache).is_err());
    assert_eq!(found(&cache), 2);
}

#[test]
fn an_empty_answer_is_kept_for_five_seconds_unless_it_says_for_how_long() {
    for (answer_seconds, kept_seconds) in [(None, 5), (Some(60), 60)] {
        let (cache, nameserver, clock) = cache();
        let empty = Answer::default();
        nameserver.succeed_next(match answer_seconds {
            Some(seconds) => empty.expiring(after(&clock, seconds)),
            None => empty,
        });
        assert!(look_up(&cache).unwrap().is_empty());
        advance(&clock, kept_seconds - 1);
        assert!(look_up(&cache).unwrap().is_empty());
        advance(&clock, 1);
        nameserver.succeed_next(address(2));
        assert_eq!(found(&cache), 2);
    }
}

#[test]
fn how_long_it_is_kept_that_there_is_nothing_can_be_set() {
    for lifetime in [Duration::ZERO, MINUTE] {
        let (cache, nameserver, clock) = cache();
        let cache = cache.failure_lifetime(lifetime);
        nameserver.fail_next(failed(LookupFailure::NoSuchName));
        assert!(look_up(&cache).is_err());
        clock.advance(lifetime);
        nameserver.succeed_next(address(2));
        assert_eq!(found(&cache), 2);
    }
}

#[test]
fn no_other_failure_is_kept() {
    let failures = [
        LookupFailure::InvalidName,
        LookupFailure::ServerFailed,
        LookupFailure::Refused,
        LookupFailure::TimedOut,
        LookupFailure::Unreachable,
        LookupFailure::NoServer,
        LookupFailure::Other,
    ];
    let errors = failures.map(failed).into_iter().chain([io::ErrorKind::NotFound.into()]);
    for error in errors {
        let (cache, nameserver, _clock) = cache();
        nameserver.fail_next(error);
        nameserver.succeed_next(address(2));
        assert!(look_up(&cache).is_err());
        assert_eq!(found(&cache), 2);
    }
}

#[test]
fn a_failed_renewal_does_not_bring_the_old_answer_back() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 60));
    assert_eq!(found(&cache), 1);
    advance(&clock, 60);
    nameserver.fail_next(failed(LookupFailure::TimedOut));
    assert!(look_up(&cache).is_err());
}

#[test]
fn the_families_of_a_name_are_kept_apart() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(4, &clock, 60));
    nameserver.succeed_next(address_for(6, &clock, 120));
    let both = || {
        let families = [Family::V4, Family::V6];
        families.map(|family| which(&block_on(cache.resolve(NAME, family)).unwrap()))
    };
    assert_eq!(both(), [4, 6]);
    assert_eq!(both(), [4, 6]);
    advance(&clock, 60);
    nameserver.succeed_next(address(5));
    assert_eq!(both(), [5, 6]);
}

#[test]
fn what_was_cleared_is_asked_anew() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 60));
    assert_eq!(found(&cache), 1);
    let clone = cache.clone();
    clone.clear();
    nameserver.succeed_next(address(2));
    assert_eq!(found(&cache), 2);
}

#[test]
fn what_is_under_way_when_all_is_cleared_is_for_those_who_have_asked_and_is_not_kept() {
    let ways: [fn(&Cache); 2] = [Cache::clear, |cache| cache.forget(NAME)];
    for forget in ways {
        let (cache, nameserver, clock) = cache();
        let (before, _) = waiting(&cache);
        forget(&cache);
        let (after, _) = waiting(&cache);
        let [old, new] = [(); 2].map(|()| nameserver.try_next_lookup().unwrap());
        new.answer(address_for(2, &clock, 60));
        assert_eq!(which(&block_on(after).unwrap()), 2);
        old.answer(address_for(1, &clock, 60));
        assert_eq!(which(&block_on(before).unwrap()), 1);
        assert_eq!((found(&cache), nameserver.begun()), (2, 2));
    }
}

#[test]
fn what_was_under_way_before_all_was_cleared_leaves_what_began_after_it_alone() {
    let (cache, nameserver, clock) = cache();
    let (before, _) = waiting(&cache);
    cache.clear();
    let (after, _) = waiting(&cache);
    let [old, new] = [(); 2].map(|()| nameserver.try_next_lookup().unwrap());
    old.answer(address_for(1, &clock, 60));
    assert_eq!(which(&block_on(before).unwrap()), 1);
    let (joins, _) = waiting(&cache);
    new.answer(address_for(2, &clock, 60));
    assert_eq!([after, joins].map(|calling| which(&block_on(calling).unwrap())), [2, 2]);
    assert_eq!(nameserver.begun(), 2);
}

#[test]
fn a_clone_has_settings_of_its_own_and_shares_what_is_kept() {
    let (cache, nameserver, _clock) = cache();
    let keeping = cache.clone().lifetime(MINUTE);
    nameserver.succeed_next(address(1));
    nameserver.succeed_next(address(2));
    assert_eq!([found(&cache), found(&keeping), found(&cache)], [1, 2, 2]);
}
