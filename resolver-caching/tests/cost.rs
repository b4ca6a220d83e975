//! What a lookup costs: nothing on the heap if the answer is kept.

use allocation_counter::measure;
use futures_lite::future::block_on;
use socketry_resolver::{Family, Resolve};

use crate::support::{address_for, cache, look_up, waiting};

/// How many allocations something makes that has been done before.
fn allocations(mut work: impl FnMut()) -> u64 {
    work();
    measure(work).count_total
}

#[test]
fn an_answer_that_is_kept_costs_no_allocation() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 60));
    assert_eq!(allocations(|| drop(look_up(&cache).unwrap())), 0);
}

#[test]
fn a_name_in_upper_case_costs_one() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 60));
    let resolve = || drop(block_on(cache.resolve("A.Example", Family::V4)).unwrap());
    assert_eq!(allocations(resolve), 1);
}

#[test]
fn what_a_caller_adds_to_a_query_does_not_grow_with_their_number() {
    let (cache, _nameserver, _clock) = cache();
    let mut callers = Vec::with_capacity(1001);
    callers.push(waiting(&cache));
    let first = measure(|| (0..10).for_each(|_| callers.push(waiting(&cache)))).count_total;
    (0..900).for_each(|_| callers.push(waiting(&cache)));
    let later = measure(|| (0..10).for_each(|_| callers.push(waiting(&cache)))).count_total;
    // Of the tree that keeps the wakers a node may be added here or there.
    assert!(later <= first + 10, "{first}, then {later}");
}
