//! Which addresses are dialled, and when.

use socketry_connection::Family;

use crate::rig::{DELAY, MS, Rig, fed, list, push, targets};

#[test]
fn the_first_address_is_dialled_at_once_and_alone() {
    let rig = Rig::new();
    let (_feed, candidates) = fed(&["[::1]:80", "127.0.0.1:80"]);
    let _racing = rig.race(candidates);
    assert_eq!(targets(&rig.calls()), ["[::1]:80"]);
    assert_eq!(rig.clock.until_next(), Some(DELAY));
}

#[test]
fn before_any_address_has_arrived_nothing_is_dialled_and_no_timer_runs() {
    let rig = Rig::new();
    let (_feed, candidates) = fed(&[]);
    let racing = rig.race(candidates);
    assert!(racing.is_pending());
    assert_eq!((rig.handle.begun(), rig.clock.sleeping()), (0, 0));
}

#[test]
fn dialling_begins_with_the_first_address_although_the_other_family_is_still_to_come() {
    let rig = Rig::new();
    let (feed, candidates) = fed(&[]);
    let mut racing = rig.race(candidates);
    push(&feed, &["[::1]:80"]);
    feed.settle(Family::V6);
    racing.poll();
    assert_eq!(targets(&rig.calls()), ["[::1]:80"]);
}

#[test]
fn after_the_delay_the_next_address_is_dialled_beside_the_first_and_the_delay_begins_anew() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "[::2]:80", "[::3]:80"]));
    let first = rig.call();
    racing.pass(DELAY - MS);
    assert!(rig.calls().is_empty());
    racing.pass(MS);
    assert_eq!(targets(&rig.calls()), ["[::2]:80"]);
    assert_eq!(rig.clock.until_next(), Some(DELAY));
    assert!(!first.is_cancelled(), "a slow attempt is kept");
}

#[test]
fn without_another_address_no_timer_runs() {
    let rig = Rig::new();
    let (_feed, candidates) = fed(&["[::1]:80"]);
    let mut racing = rig.race(candidates);
    let _call = rig.call();
    racing.pass(DELAY);
    assert_eq!(rig.clock.sleeping(), 0);
    assert!(racing.is_pending());
}

#[test]
fn an_address_that_comes_before_the_delay_is_over_waits_for_the_rest_of_it() {
    let rig = Rig::new();
    let (feed, candidates) = fed(&["[::1]:80"]);
    let mut racing = rig.race(candidates);
    let _first = rig.call();
    racing.pass(DELAY - 100 * MS);
    push(&feed, &["127.0.0.1:80"]);
    racing.poll();
    assert!(rig.calls().is_empty());
    assert_eq!(rig.clock.until_next(), Some(100 * MS));
}

#[test]
fn an_address_that_comes_after_the_delay_is_dialled_at_once() {
    let rig = Rig::new();
    let (feed, candidates) = fed(&["[::1]:80"]);
    let mut racing = rig.race(candidates);
    let _first = rig.call();
    racing.pass(DELAY);
    push(&feed, &["127.0.0.1:80"]);
    racing.poll();
    assert_eq!(targets(&rig.calls()), ["127.0.0.1:80"]);
}

#[test]
fn a_refused_attempt_starts_the_next_one_at_once() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80"]));
    let first = rig.call();
    racing.refuse(first);
    assert_eq!(targets(&rig.calls()), ["127.0.0.1:80"]);
    assert_eq!(rig.clock.sleeping(), 0, "nothing is left to start");
}

#[test]
fn an_attempt_after_a_refused_one_has_the_whole_delay_for_itself() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80", "[::2]:80"]));
    let first = rig.call();
    racing.pass(100 * MS);
    racing.refuse(first);
    let _second = rig.call();
    assert_eq!((rig.clock.until_next(), rig.clock.sleeping()), (Some(DELAY), 1));
}

#[test]
fn any_refused_attempt_starts_the_next_one_also_if_another_has_just_begun() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80", "[::2]:80"]));
    let first = rig.call();
    racing.pass(DELAY);
    let _second = rig.call();
    racing.refuse(first);
    assert_eq!(targets(&rig.calls()), ["[::2]:80"]);
}

#[test]
fn families_take_turns_and_equal_addresses_are_dialled_once() {
    let rig = Rig::new();
    let (feed, candidates) = fed(&["[::1]:80", "[::1]:80", "[::2]:80"]);
    let mut racing = rig.race(candidates);
    push(&feed, &["127.0.0.1:80", "127.0.0.1:80", "127.0.0.2:80"]);
    drop(feed);
    let mut dialled = Vec::new();
    for _ in 0..4 {
        let call = rig.call();
        dialled.push(call.target().to_string());
        racing.refuse(call);
    }
    assert_eq!(dialled, ["[::1]:80", "127.0.0.1:80", "[::2]:80", "127.0.0.2:80"]);
    assert!(!racing.is_pending() && rig.calls().is_empty());
}

#[test]
fn an_attempt_that_fails_at_its_start_starts_the_next_one_and_needs_no_timer() {
    let rig = Rig::new();
    rig.handle.fail_next(crate::rig::refused());
    let (feed, candidates) = fed(&["[::1]:80", "[::2]:80"]);
    let mut racing = rig.race(candidates);
    assert_eq!(targets(&rig.calls()), ["[::2]:80"]);
    assert_eq!(rig.clock.sleeping(), 0);
    drop(feed); // the other family has no address
    racing.poll();
    assert_eq!(rig.clock.sleeping(), 0);
}

#[test]
fn if_the_first_family_connects_the_other_is_never_dialled() {
    let rig = Rig::new();
    for (v6, v4) in [(1, 1), (1, 3), (3, 1), (3, 3)] {
        let (feed, candidates) = fed(&["[::1]:80", "[::2]:80", "[::3]:80"][..v6]);
        feed.settle(Family::V6);
        let mut racing = rig.race(candidates);
        let first = rig.call();
        racing.pass(70 * MS);
        push(&feed, &["127.0.0.1:80", "127.0.0.2:80", "127.0.0.3:80"][..v4]);
        racing.poll();
        let _peer = racing.accept(first);
        assert!(racing.connection().is_empty_of_attempts());
        assert!(rig.calls().is_empty());
    }
}

#[test]
fn addresses_that_come_when_all_known_ones_have_failed_are_dialled_at_once() {
    let rig = Rig::new();
    let (feed, candidates) = fed(&["[::1]:80"]);
    feed.settle(Family::V6);
    let mut racing = rig.race(candidates);
    racing.refuse(rig.call());
    assert!(racing.is_pending());
    racing.pass(20 * MS);
    push(&feed, &["127.0.0.1:80"]);
    racing.poll();
    assert_eq!(targets(&rig.calls()), ["127.0.0.1:80"]);
}

#[test]
fn when_all_have_failed_and_the_other_family_then_has_none_it_ends_at_once() {
    for (only, settled, other) in
        [("[::1]:80", Family::V6, Family::V4), ("127.0.0.1:80", Family::V4, Family::V6)]
    {
        let rig = Rig::new();
        let (feed, candidates) = fed(&[only]);
        feed.settle(settled);
        let mut racing = rig.race(candidates.for_host("example.org:1".parse().unwrap()));
        racing.refuse(rig.call());
        racing.pass(200 * MS);
        assert!(racing.is_pending());
        feed.settle(other);
        racing.poll();
        assert_eq!(
            racing.error().to_string(),
            format!(
                "connection to tcp://example.org:1 failed: tcp://{only}: Connection refused (os error 111)"
            )
        );
    }
}

#[test]
fn when_the_last_attempt_fails_after_all_has_arrived_it_ends_at_once() {
    let rig = Rig::new();
    let (feed, candidates) = fed(&["[::1]:80"]);
    let mut racing = rig.race(candidates);
    let call = rig.call();
    drop(feed);
    racing.poll();
    racing.refuse(call);
    assert!(!racing.is_pending());
    rig.assert_nothing_left();
}

trait Untroubled {
    fn is_empty_of_attempts(&self) -> bool;
}

impl Untroubled for socketry_connection::BoxConnection {
    /// Whether no attempt has failed before this connection came up.
    fn is_empty_of_attempts(&self) -> bool {
        use socketry_connection::Connection;
        self.attributes().get::<socketry_connector::Attempts>().is_none()
    }
}
