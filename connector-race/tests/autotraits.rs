//! What can be sent to, shared with and moved in other tasks.

use std::{future::Future, io, net::SocketAddr};

use socketry_connector::{BoxConnector, Candidates, Connect, Trace};
use socketry_connector_race::{Race, RaceConnector, Route, Rules, Step};
use socketry_testing::{ScriptedConnector, scripted_connector};

fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}

#[test]
fn the_connector_and_its_values_are_send_and_sync() {
    assert_send_sync_unpin::<RaceConnector<ScriptedConnector<SocketAddr>>>();
    assert_send_sync_unpin::<Race>();
    assert_send_sync_unpin::<Route>();
    assert_send_sync_unpin::<Rules>();
    assert_send_sync_unpin::<Step>();
}

#[test]
fn its_future_is_send_over_any_connector_and_in_any_nesting() {
    fn assert_send<T: Send>(_: &T) {}
    fn generic<C: Connect<SocketAddr>>(
        connector: &RaceConnector<C>,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        connector.connect_traced(Candidates::from(Vec::new()), Trace::off())
    }
    let (inner, _handle) = scripted_connector::<SocketAddr>();
    assert_send(&generic(&RaceConnector::new(&inner)));
    let boxed = BoxConnector::new(RaceConnector::new(BoxConnector::new(inner)));
    assert_send(&boxed.connect(Candidates::from(Vec::new())));
}

#[test]
fn the_connector_inside_can_be_reached_and_taken_out() {
    let mut connector = RaceConnector::new(1);
    *connector.get_mut() += 1;
    assert_eq!((*connector.get_ref(), connector.clone().into_inner()), (2, 2));
    assert!(format!("{connector:?}").starts_with("RaceConnector { inner: 2, settings: "));
}
