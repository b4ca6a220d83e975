//! What can be sent to, shared with and moved in other tasks.

use std::{future::Future, io, sync::Arc};

use futures_lite::future::block_on;
use socketry_connector::{BoxConnector, Candidates, Connect, HostPort, Trace};
use socketry_connector_dns::{DnsConnector, Families, PartlyResolved, ResolveFailed};
use socketry_resolver::{BoxResolver, Resolve, StaticResolver};

use super::{Connector, Stage, host};

fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}
fn assert_send<T: Send>(_: &T) {}

#[test]
fn its_types_are_send_sync_and_unpin() {
    assert_send_sync_unpin::<Connector>();
    assert_send_sync_unpin::<Families>();
    assert_send_sync_unpin::<PartlyResolved>();
    assert_send_sync_unpin::<ResolveFailed>();
}

#[test]
fn its_future_is_send_over_any_connector_and_resolver() {
    fn generic<C: Connect<Candidates>, R: Resolve>(
        connector: &DnsConnector<C, R>,
        target: HostPort,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        connector.connect_traced(target, Trace::off())
    }
    let stage = Stage::new();
    assert_send(&generic(&stage.connector, host("example.com:80")));
    let inner = stage.connector.clone().into_inner();
    let erased = DnsConnector::new(
        BoxConnector::<Candidates>::new(inner),
        BoxResolver::new(StaticResolver::new()),
    );
    assert_send(&generic(&erased, host("example.com:80")));
    let borrowed = DnsConnector::new(stage.connector.get_ref(), Arc::new(StaticResolver::new()));
    assert_send(&generic(&borrowed, host("example.com:80")));
    assert_send_sync_unpin::<BoxConnector<HostPort>>();
    let _nested = BoxConnector::<HostPort>::new(stage.connector);
}

#[test]
fn the_connector_inside_and_the_resolver_can_be_reached_and_the_former_taken_out() {
    let mut stage = Stage::new();
    for _ in 0..3 {
        stage.inner.fail_next(io::ErrorKind::Other.into());
    }
    stage.resolver.fail_next(io::ErrorKind::Other.into());
    let candidates = || Candidates::from(Vec::new());
    assert!(block_on(stage.connector.get_ref().connect(candidates())).is_err());
    assert!(block_on(stage.connector.get_mut().connect(candidates())).is_err());
    let asked = stage.connector.resolver().resolve("example.com", socketry_connection::Family::V4);
    assert!(block_on(asked).is_err());
    assert!(block_on(stage.connector.into_inner().connect(candidates())).is_err());
    assert_eq!((stage.inner.begun(), stage.resolver.begun()), (3, 1));
}
