//! What the types can be used for, checked by the compiler.

use socketry_server_handover::{Handover, HandoverFailed, Inherited, NamedSocket, Offer};

use crate::support::Place;

#[test]
fn every_type_can_go_to_and_be_shared_with_other_threads() {
    fn assert<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    assert::<Handover>();
    assert::<HandoverFailed>();
    assert::<Inherited>();
    assert::<NamedSocket>();
    assert::<Offer>();
}

#[test]
fn settings_are_cloned() {
    fn assert<T: Clone>() {}
    assert::<Handover>();
}

#[test]
fn the_futures_of_both_sides_can_go_to_other_threads() {
    fn assert_send<T: Send>(future: T) -> T {
        future
    }
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    drop(assert_send(offer.hand_on(|| Ok(Vec::new()))));
    drop(assert_send(handover.take()));
    let _ready = |inherited: Inherited| assert_send(inherited.ready());
}
