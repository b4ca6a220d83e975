//! The cases for resolvers, shown resolvers that break the contract.

use std::{io, panic::catch_unwind};

use socketry_resolver::{Answer, BoxResolver, LookupFailed, LookupFailure, from_fn};
use socketry_testing::ResolverCheck;

fn check(answer: fn(LookupFailed) -> io::Result<Answer>) -> ResolverCheck {
    let resolver = move |name: String, family| async move {
        answer(LookupFailed::new(name, family, LookupFailure::Other))
    };
    ResolverCheck::new(move |_nameserver| BoxResolver::new(from_fn(resolver)))
        .with_known_host("known", [192, 0, 2, 1].into())
}

#[test]
fn every_case_refuses_a_resolver_that_always_fails_or_one_that_finds_nothing() {
    let always_fails = || check(|error| Err(error.into()));
    let finds_nothing = || check(|_| Ok(Answer::default()));
    for case in ResolverCheck::cases() {
        let refused = catch_unwind(|| always_fails().run(case)).is_err()
            || catch_unwind(|| finds_nothing().run(case)).is_err();
        assert!(refused, "{case} accepts both");
    }
}

#[test]
#[should_panic(expected = "there is no case")]
fn a_case_that_does_not_exist_is_no_success() {
    check(|_| Ok(Answer::default())).run("everything_is_well");
}
