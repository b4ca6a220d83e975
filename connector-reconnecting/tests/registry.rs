//! Finding connections and pools again, and ending all of them with one word.

use std::{io, pin::pin, sync::Arc, time::Duration};

use futures_lite::AsyncReadExt;
use socketry_connector_reconnecting::{Disconnected, Registry, Targets};
use socketry_testing::{ConnectorHandle, ManualClock, ScriptedConnector, pair, scripted_connector};

use super::{ms, now, poll_now};

type TestRegistry = Registry<ScriptedConnector<u16>, u16>;

fn registry() -> (TestRegistry, ConnectorHandle<u16>, ManualClock) {
    let (connector, script) = scripted_connector();
    let clock = ManualClock::new();
    (Registry::new(connector).with_clock(Arc::new(clock.clone())), script, clock)
}

#[test]
fn a_connection_is_found_again_by_its_target() {
    let (registry, script, _clock) = registry();
    let mut sessions = registry.connect(80);
    let (ours, _theirs) = pair();
    script.succeed_next(ours);
    let _session = now(sessions.next()).unwrap().unwrap();
    assert!(registry.get_connection(&80).unwrap().state().is_up());
    assert!(registry.get_connection(&81).is_none());
}

#[test]
fn all_connections_to_one_target_are_known_in_their_order() {
    let (registry, script, _clock) = registry();
    let (_first, mut second) = (registry.connect(80), registry.connect(80));
    let (ours, _theirs) = pair();
    script.succeed_next(ours);
    let _session = now(second.next()).unwrap().unwrap();
    let are_up: Vec<_> =
        registry.get_connections(&80).iter().map(|handle| handle.state().is_up()).collect();
    assert_eq!(are_up, [false, true]);
}

#[test]
fn a_list_is_found_by_each_of_its_targets() {
    let (registry, _script, _clock) = registry();
    let _sessions = registry.connect(Targets::list([1, 2]));
    assert!(registry.get_connection(&1).is_some() && registry.get_connection(&2).is_some());
}

#[test]
fn looking_at_a_connection_does_not_end_it() {
    let (registry, _script, _clock) = registry();
    let mut sessions = registry.connect(80);
    drop(registry.get_connection(&80));
    assert!(poll_now(sessions.next()).is_pending());
}

#[test]
fn a_connection_that_is_no_more_is_not_known_any_more() {
    let (registry, _script, _clock) = registry();
    for _ in 0..1000 {
        drop(registry.connect(80));
    }
    assert_eq!(registry.connections().len(), 0);
    let known = format!("{registry:?}"); // no more than are looked through at once
    let known = known.split("connections: ").nth(1).unwrap().split(',').next().unwrap();
    assert!(known.parse::<usize>().unwrap() <= 32, "{known}");
}

#[test]
fn the_name_of_a_pool_is_taken_once() {
    let (registry, _script, _clock) = registry();
    let _pool = registry.create_pool("cache").unwrap();
    let error = registry.create_pool("cache").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(
        error.to_string(),
        "pool \"cache\" refused: there is one of that name; see get_pool()"
    );
    assert!(registry.get_pool("cache").is_some() && registry.get_pool("other").is_none());
    registry.remove_pool("cache").unwrap();
    registry.create_pool("cache").unwrap();
    assert_eq!(registry.pools().len(), 1);
}

#[test]
fn disconnect_all_ends_whatever_there_is() {
    let (registry, script, clock) = registry();
    let peers: Vec<_> = (0..4)
        .map(|_| {
            let (ours, theirs) = pair();
            script.succeed_next(ours);
            theirs
        })
        .collect();
    // Two to the same target, one of which nobody polls any more, and two in a pool, one in use.
    let (mut one, mut two) = (registry.connect(80), registry.connect(80));
    let sessions = (now(one.next()).unwrap().unwrap(), now(two.next()).unwrap().unwrap());
    let pool = registry.create_pool_with("cache", |pool| pool.to(81)).unwrap();
    let guards = (now(pool.checkout()).unwrap(), now(pool.checkout()).unwrap());
    drop(guards.0);
    let mut connecting = registry.connect(82);
    assert!(poll_now(connecting.next()).is_pending());
    let call = script.try_next_call().unwrap();

    let mut ending = pin!(registry.disconnect_all(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    assert!(call.is_cancelled());
    clock.advance(ms(1000));
    assert_eq!(now(ending), Disconnected::Aborted);
    for mut peer in peers {
        assert!(now(peer.read(&mut [0])).map_or(true, |count| count == 0));
    }
    drop((sessions, guards.1));
    assert_eq!((script.pending(), clock.sleeping()), (0, 0));
    let begun = script.begun();
    clock.advance(Duration::from_secs(3600));
    assert!(now(one.next()).is_none() && now(connecting.next()).is_none());
    assert!(now(pool.checkout()).is_err());
    assert_eq!(script.begun(), begun);
    assert!(registry.connections().is_empty() && registry.pools().is_empty());
}

#[test]
fn a_session_whose_maker_is_gone_is_ended_too() {
    let (registry, script, _clock) = registry();
    let (ours, mut theirs) = pair();
    script.succeed_next(ours);
    let mut sessions = registry.connect(80);
    let _session = now(sessions.next()).unwrap().unwrap();
    drop(sessions);
    assert_eq!(now(registry.disconnect_all(Duration::ZERO)), Disconnected::Aborted);
    assert!(now(theirs.read(&mut [0])).map_or(true, |count| count == 0));
}

#[test]
fn disconnect_all_with_nothing_to_end_ends_at_once() {
    let (registry, _script, _clock) = registry();
    assert_eq!(now(registry.disconnect_all(ms(1000))), Disconnected::Gracefully);
}

#[test]
fn defaults_are_those_of_single_connections_and_of_pools() {
    let (registry, script, _clock) = registry();
    let registry = registry.with_defaults(|sessions| sessions.retry_if(|_| false));
    for _ in 0..3 {
        script.fail_next(super::refused());
    }
    assert!(now(registry.connect(80).next()).unwrap().is_err());
    let pool = registry.create_pool_with("cache", |pool| pool.to(80)).unwrap();
    assert!(now(pool.checkout()).is_err());
    pool.add_connection(81, |sessions| sessions.retry_if(|_| true)); // its own choice comes after
    assert!(poll_now(pool.checkout()).is_pending());
}
