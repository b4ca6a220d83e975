//! Candidates and their feed, and targets under another name.

use std::{
    net::SocketAddr,
    task::{Context, Poll, Waker},
};

use futures_lite::{StreamExt, future::block_on};
use socketry_connection::Family;
use socketry_connector::{Candidates, Feed, HostPort, PeerNamed};
use socketry_testing::CountingWaker;

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn ports(candidates: Candidates) -> Vec<u16> {
    block_on(candidates.map(|address| address.port()).collect())
}

#[test]
fn one_address_and_a_list_come_in_order_and_then_end() {
    assert_eq!(ports(address(1).into()), [1]);
    assert_eq!(ports(vec![address(1), address(2)].into()), [1, 2]);
    assert_eq!(ports([address(3), address(4)].into_iter().collect()), [3, 4]);
}

#[test]
fn one_address_and_a_list_are_settled_from_the_start() {
    for candidates in [Candidates::from(address(1)), Vec::new().into()] {
        assert!(candidates.is_settled(Family::V4) && candidates.is_settled(Family::V6));
    }
}

#[test]
fn the_host_is_noted_for_messages_and_stays() {
    let host: HostPort = "example.org:80".parse().unwrap();
    let candidates = Candidates::from(address(80)).for_host(host.clone());
    assert_eq!(candidates.host(), Some(&host));
    assert_eq!(Candidates::from(address(80)).host(), None);
}

#[test]
fn every_change_of_the_feed_wakes_the_task_that_waits() {
    let changes: [fn(&mut Option<Feed>); 3] = [
        |feed| feed.as_ref().unwrap().push(address(1)),
        |feed| feed.as_ref().unwrap().settle(Family::V6),
        |feed| *feed = None,
    ];
    let (feed, mut candidates) = Candidates::fed();
    let mut feed = Some(feed);
    let waker = CountingWaker::new();
    let woken = changes.map(|change| {
        assert!(candidates.poll_next(&mut waker.context()).is_pending());
        change(&mut feed);
        let woken = waker.take();
        let _ = candidates.poll_next(&mut waker.context());
        woken
    });
    assert_eq!(woken, [1, 1, 1]);
}

#[test]
fn what_was_pushed_before_the_feed_ended_is_still_handed_out() {
    let (feed, candidates) = Candidates::fed();
    feed.push(address(1));
    feed.push(address(2));
    drop(feed);
    assert_eq!(ports(candidates), [1, 2]);
}

#[test]
fn the_candidates_end_when_both_families_are_settled() {
    let (feed, mut candidates) = Candidates::fed();
    let mut cx = Context::from_waker(Waker::noop());
    feed.settle(Family::V4);
    assert!(candidates.poll_next(&mut cx).is_pending());
    feed.settle(Family::V6);
    assert_eq!(candidates.poll_next(&mut cx), Poll::Ready(None));
}

#[test]
fn a_feed_outlives_its_candidates_without_harm() {
    let (feed, candidates) = Candidates::fed();
    drop(candidates);
    feed.push(address(1));
    feed.settle(Family::V4);
}

#[test]
fn a_target_keeps_its_place_and_the_name_that_has_to_answer() {
    let named = PeerNamed::new(address(443), "example.com".parse().unwrap());
    assert_eq!(named.to_string(), "127.0.0.1:443 as example.com");
    let (target, name) = named.into_parts();
    assert_eq!((target, name.name()), (address(443), Some("example.com")));
}

#[test]
fn a_host_goes_by_its_own_name_and_an_address_by_itself() {
    for (target, name) in [("example.org:443", "example.org"), ("[::1]:443", "::1")] {
        let named = PeerNamed::from(target.parse::<HostPort>().unwrap());
        assert_eq!(named.peer_name().to_string(), name);
    }
}
