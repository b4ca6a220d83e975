//! Which names are the same, and how many are kept.

use std::time::Duration;

use futures_lite::future::block_on;
use socketry_resolver::{Family, Resolve};
use socketry_testing::ResolverHandle;

use crate::support::{Cache, address, cache};

fn cache_of(most: usize) -> (Cache, ResolverHandle) {
    let (cache, nameserver, _clock) = cache();
    (cache.lifetime(Duration::MAX).most_names(most), nameserver)
}

/// Whether the resolver inside was asked for it.
fn asks(cache: &Cache, nameserver: &ResolverHandle, name: &str) -> bool {
    let before = nameserver.begun();
    nameserver.succeed_next(address(1));
    block_on(cache.resolve(name, Family::V4)).unwrap();
    if nameserver.begun() > before {
        return true;
    }
    // The answer that was prepared in vain is used up by a name that nobody else asks for.
    block_on(cache.clone().most_names(0).resolve("used.up.example", Family::V4)).unwrap();
    false
}

#[test]
fn the_case_of_a_name_makes_no_difference_and_the_resolver_inside_gets_it_in_lower_case() {
    let (cache, nameserver) = cache_of(256);
    nameserver.answer_next(|name, _| {
        assert_eq!(name, "a.example");
        Ok(address(1))
    });
    block_on(cache.resolve("A.Example", Family::V4)).unwrap();
    assert!(!asks(&cache, &nameserver, "a.example"));
    assert!(!asks(&cache, &nameserver, "a.EXAMPLE"));
    cache.forget("A.EXAMPLE");
    assert!(asks(&cache, &nameserver, "a.example"));
}

#[test]
fn a_dot_at_the_end_makes_another_name_which_no_search_domain_completes() {
    let (cache, nameserver) = cache_of(256);
    nameserver.answer_next(|name, _| {
        assert_eq!(name, "db");
        Ok(address(1))
    });
    nameserver.answer_next(|name, _| {
        assert_eq!(name, "db.");
        Ok(address(2))
    });
    let answers =
        ["db", "db.", "db", "db."].map(|name| block_on(cache.resolve(name, Family::V4)).unwrap());
    assert_eq!(answers, [address(1), address(2), address(1), address(2)]);
}

#[test]
fn letters_beyond_ascii_are_left_to_the_resolver_inside() {
    let (cache, nameserver) = cache_of(256);
    assert!(asks(&cache, &nameserver, "bücher.example"));
    assert!(asks(&cache, &nameserver, "BÜCHER.example"));
    assert!(!asks(&cache, &nameserver, "Bücher.example"));
}

#[test]
fn two_hundred_and_fifty_six_names_are_kept_by_default() {
    let (cache, nameserver, _clock) = cache();
    let cache = cache.lifetime(Duration::MAX);
    for number in 0..=256 {
        assert!(asks(&cache, &nameserver, &format!("{number}.example")));
    }
    assert!(!asks(&cache, &nameserver, "1.example"));
    assert!(asks(&cache, &nameserver, "0.example"));
}

#[test]
fn the_name_that_was_not_asked_for_the_longest_makes_room() {
    let (cache, nameserver) = cache_of(2);
    assert!(asks(&cache, &nameserver, "a.example"));
    assert!(asks(&cache, &nameserver, "b.example"));
    assert!(!asks(&cache, &nameserver, "a.example"));
    assert!(asks(&cache, &nameserver, "c.example"));
    assert!(!asks(&cache, &nameserver, "a.example"));
    assert!(asks(&cache, &nameserver, "b.example"));
}

#[test]
fn the_families_of_a_name_count_as_one_name() {
    let (cache, nameserver) = cache_of(1);
    for family in [Family::V4, Family::V6, Family::V4, Family::V6] {
        if nameserver.begun() < 2 {
            nameserver.succeed_next(address(1));
        }
        block_on(cache.resolve("a.example", family)).unwrap();
    }
    assert_eq!(nameserver.begun(), 2);
}

#[test]
fn with_room_for_no_name_nothing_is_kept_and_flights_are_still_shared() {
    let (cache, nameserver) = cache_of(0);
    assert!(asks(&cache, &nameserver, "a.example"));
    assert!(asks(&cache, &nameserver, "a.example"));
    let callers = [(); 10].map(|()| crate::support::waiting(&cache).0);
    assert_eq!(nameserver.pending(), 1);
    drop(callers);
}
