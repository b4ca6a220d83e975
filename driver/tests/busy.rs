//! A task that is always ready, and everything else.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use futures_lite::future::yield_now;
use smol::{
    LocalExecutor, Timer,
    net::{TcpListener, TcpStream},
    prelude::*,
};
use socketry_driver::block_on;

/// Runs `future` beside a task that is always ready.
fn beside_a_busy_task<T>(future: impl Future<Output = T>) -> T {
    let executor = LocalExecutor::new();
    let busy = async {
        loop {
            yield_now().await;
        }
    };
    let _busy = executor.spawn::<()>(busy);
    block_on(&executor, future)
}

#[test]
fn a_timer_comes() {
    beside_a_busy_task(async {
        let due = Instant::now() + Duration::from_millis(1);
        until(due).await;
        assert!(Instant::now() >= due);
    });
}

/// It is what is tested here, not something that is waited for.
async fn until(due: Instant) {
    let mut timer = Timer::never();
    timer.set_at(due);
    timer.await;
}

#[test]
fn a_socket_is_heard() {
    let heard = beside_a_busy_task(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        client.write_all(b"word").await.unwrap();
        let mut heard = [0; 4];
        server.read_exact(&mut heard).await.unwrap();
        heard
    });
    assert_eq!(&heard, b"word");
}

#[test]
fn the_main_future_and_a_busy_task_take_turns() {
    let polls = Cell::new(0);
    let executor = LocalExecutor::new();
    let busy = async {
        loop {
            polls.set(polls.get() + 1);
            yield_now().await;
        }
    };
    let _busy = executor.spawn::<()>(busy);
    block_on(&executor, async {
        for _ in 0..1000 {
            yield_now().await;
        }
    });
    assert_eq!(polls.get(), 1000);
}
