//! What can be sent to, shared with and moved in other tasks.

use std::{future::Future, io, net::SocketAddr};

use socketry_connection::{
    AbortHandle, Address, Attributes, BoxConnection, Clock, InvalidAddress, Sleep, UnixAddress,
};
use socketry_connector::{
    AllAttemptsFailed, Attempt, Attempts, BoxConnector, Candidates, Connect, ConnectFailed, Feed,
    FixedConnector, Host, HostPort, InvalidHost, PeerNamed, Timings, Trace,
};
use socketry_resolver::{BoxResolver, Family, Resolve};
use socketry_server::{
    AcceptFailed, Accepting, BoxServer, Control, Incoming, InvalidNetwork, LimitReached,
    ListenFailed, Network, ServerGroup, Slot, State, Watch,
};
use socketry_testing::{
    Call, ConnectorHandle, CountingWaker, Faults, FaultyConnection, Lookup, ManualClock,
    MemoryConnection, ResolverHandle, ScriptedConnector, ScriptedResolver, ScriptedServer,
    ServerHandle, TestDir, scripted_connector, scripted_resolver,
};

fn assert_send_sync_unpin<T: Send + Sync + Unpin + ?Sized>() {}
fn assert_send_unpin<T: Send + Unpin + ?Sized>() {}
fn assert_send<T: Send>(_: &T) {}

#[test]
fn the_values_of_a_connection_are_send_and_sync() {
    assert_send_sync_unpin::<AbortHandle>();
    assert_send_sync_unpin::<Address>();
    assert_send_sync_unpin::<UnixAddress>();
    assert_send_sync_unpin::<InvalidAddress>();
    assert_send_sync_unpin::<Attributes>();
    assert_send_sync_unpin::<BoxConnection>();
    assert_send_sync_unpin::<Box<dyn Clock>>();
    assert_send_sync_unpin::<Sleep>();
}

#[test]
fn connectors_and_their_values_are_send_and_sync() {
    assert_send_sync_unpin::<BoxConnector<SocketAddr>>();
    assert_send_sync_unpin::<FixedConnector<BoxConnector<SocketAddr>, SocketAddr>>();
    assert_send_sync_unpin::<Candidates>();
    assert_send_sync_unpin::<Feed>();
    assert_send_sync_unpin::<Host>();
    assert_send_sync_unpin::<HostPort>();
    assert_send_sync_unpin::<PeerNamed<HostPort>>();
    assert_send_sync_unpin::<Trace<'_>>();
    assert_send_sync_unpin::<Timings>();
    assert_send_sync_unpin::<Attempt>();
    assert_send_sync_unpin::<Attempts>();
    assert_send_sync_unpin::<ConnectFailed>();
    assert_send_sync_unpin::<AllAttemptsFailed>();
    assert_send_sync_unpin::<InvalidHost>();
}

#[test]
fn servers_are_send_and_their_controls_can_be_shared() {
    assert_send_unpin::<BoxServer>();
    assert_send_unpin::<ServerGroup<BoxServer>>();
    assert_send_unpin::<Slot<BoxConnection>>();
    assert_send_unpin::<Accepting<'_, BoxServer>>();
    assert_send_unpin::<Incoming<'_, BoxServer>>();
    assert_send_sync_unpin::<Control>();
    assert_send_sync_unpin::<Watch>();
    assert_send_sync_unpin::<State>();
    assert_send_sync_unpin::<Network>();
    assert_send_sync_unpin::<InvalidNetwork>();
    assert_send_sync_unpin::<AcceptFailed>();
    assert_send_sync_unpin::<ListenFailed>();
    assert_send_sync_unpin::<LimitReached>();
}

#[test]
fn the_fakes_can_be_played_from_another_thread() {
    assert_send_sync_unpin::<MemoryConnection>();
    assert_send_sync_unpin::<ScriptedConnector<HostPort>>();
    assert_send_sync_unpin::<ConnectorHandle<HostPort>>();
    assert_send_sync_unpin::<Call<HostPort>>();
    assert_send_sync_unpin::<ScriptedResolver>();
    assert_send_sync_unpin::<ResolverHandle>();
    assert_send_sync_unpin::<Lookup>();
    assert_send_sync_unpin::<ScriptedServer>();
    assert_send_sync_unpin::<ServerHandle>();
    assert_send_sync_unpin::<ManualClock>();
    assert_send_sync_unpin::<CountingWaker>();
    assert_send_sync_unpin::<FaultyConnection<MemoryConnection>>();
    assert_send_sync_unpin::<Faults>();
    assert_send_sync_unpin::<TestDir>();
}

#[test]
fn the_futures_of_connectors_are_send_through_every_adapter() {
    fn connect<C: Connect<SocketAddr>>(
        connector: &C,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        connector.connect("127.0.0.1:80".parse().unwrap())
    }
    let (connector, _handle) = scripted_connector::<SocketAddr>();
    assert_send(&connect(&connector));
    assert_send(&connect(&&connector));
    assert_send(&connect(&Box::new(connector.clone())));
    assert_send(&connect(&FixedConnector::new(connector.clone(), ([127, 0, 0, 1], 80).into())));
    assert_send(&connect(&BoxConnector::new(connector)));
}

#[test]
fn the_futures_of_resolvers_are_send_through_every_adapter() {
    let (resolver, _handle) = scripted_resolver();
    assert_send(&resolver.resolve("a.example", Family::V4));
    assert_send(&Box::new(resolver.clone()).resolve("a.example", Family::V4));
    assert_send(&BoxResolver::new(resolver).resolve("a.example", Family::V4));
}
