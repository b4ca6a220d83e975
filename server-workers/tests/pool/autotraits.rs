//! What can be sent to, shared with and moved in other tasks.

use std::future::Future;

use socketry_server_workers::{
    Answer, AskFailed, Employ, Event, InProcess, Notices, Peer, Pool, PoolOptions, Reply, WorkerId,
    WorkerInfo, WorkerState,
};

use crate::support::Scripted;

fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}

#[test]
fn all_values_are_send_and_sync() {
    assert_send_sync_unpin::<Pool<Scripted>>();
    assert_send_sync_unpin::<(PoolOptions, Notices, InProcess<fn()>)>();
    assert_send_sync_unpin::<(WorkerId, WorkerInfo, WorkerState)>();
    assert_send_sync_unpin::<(Answer, Reply, AskFailed, Event<'_>, Peer)>();
}

#[test]
fn its_futures_are_send_over_any_kind() {
    fn assert_send<T: Send>(_: &T) {}
    fn generic<K: Employ>(pool: &Pool<K>, peer: &Peer) {
        assert_send(&pool.run());
        assert_send(&pool.started());
        assert_send(&pool.reset());
        assert_send(&pool.ask(Event::Connected(peer)));
    }
    let (kind, _script) = Scripted::new();
    generic(&Pool::new(kind, PoolOptions::new()), &Peer::new("test", None));
}

#[test]
fn the_future_that_runs_a_pool_is_kept_apart_from_it() {
    fn run(kind: Scripted) -> impl Future<Output = std::io::Result<()>> + Send + 'static {
        Pool::new(kind, PoolOptions::new()).run()
    }
    drop(run(Scripted::new().0));
}
