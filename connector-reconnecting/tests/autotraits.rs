//! What can be sent to, shared with and moved in other tasks.

use std::time::Duration;

use socketry_connection::{BoxConnection, Connection};
use socketry_connector::{Connect, HostPort};
use socketry_connector_reconnecting::{
    Backoff, Fatal, GaveUp, Handle, Heartbeat, NextStart, Prologue, Reconnecting, Reset, Session,
    SessionInfo, SessionLost, State, Statistics, Targets, Watch,
};
use socketry_testing::{ScriptedConnector, scripted_connector};

fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}

#[test]
fn all_values_are_send_and_sync() {
    assert_send_sync_unpin::<Reconnecting<ScriptedConnector<u16>, u16>>();
    assert_send_sync_unpin::<Session<BoxConnection>>();
    assert_send_sync_unpin::<(Handle, Watch, State, Statistics, Backoff, Heartbeat)>();
    assert_send_sync_unpin::<(Targets<HostPort>, Prologue<BoxConnection>)>();
    assert_send_sync_unpin::<NextStart<BoxConnection>>();
    assert_send_sync_unpin::<(SessionInfo, SessionLost, GaveUp, Fatal, Reset)>();
}

#[test]
fn a_session_is_a_connection() {
    fn assert_connection<C: Connection>() {}
    assert_connection::<Session<BoxConnection>>();
}

#[test]
fn its_futures_are_send_over_any_connector() {
    fn assert_send<T: Send>(_: &T) {}
    fn generic<C: Connect<u16> + 'static>(sessions: &mut Reconnecting<C, u16>) {
        assert_send(&sessions.next());
    }
    let (inner, _script) = scripted_connector::<u16>();
    let (mut sessions, handle) = Reconnecting::new(inner, 80).with_handle();
    generic(&mut sessions);
    assert_send(&handle.disconnect(Duration::ZERO));
}
