//! The same code under every executor.

use std::{
    io, process,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};

use self::everywhere::talk;
use crate::support::tcp_server;

#[path = "../examples/everywhere.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod everywhere;
#[path = "../examples/reconnecting.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod reconnecting;

#[test]
fn it_runs_under_a_bare_block_on() {
    assert_talks(|address| future::block_on(talk(&address)));
}

#[test]
fn it_runs_under_smol() {
    assert_talks(|address| smol::block_on(talk(&address)));
}

#[test]
fn it_runs_as_a_task_of_smol() {
    assert_talks(|address| smol::block_on(smol::spawn(async move { talk(&address).await })));
}

#[test]
fn it_runs_under_async_std() {
    assert_talks(|address| async_std::task::block_on(talk(&address)));
}

#[test]
fn it_runs_as_a_task_of_async_std() {
    assert_talks(|address| {
        let task = async_std::task::spawn(async move { talk(&address).await });
        async_std::task::block_on(task)
    });
}

#[test]
fn it_runs_under_tokio_on_one_thread_without_its_reactor() {
    assert_talks(|address| current_thread().block_on(talk(&address)));
}

#[test]
fn it_runs_under_tokio_on_many_threads_without_its_reactor() {
    assert_talks(|address| multi_thread().block_on(talk(&address)));
}

#[test]
fn it_runs_as_a_task_of_tokio() {
    for runtime in [current_thread(), multi_thread()] {
        assert_talks(|address| {
            let task = runtime.spawn(async move { talk(&address).await });
            runtime.block_on(task).unwrap()
        });
    }
}

#[test]
fn connections_come_back_under_every_executor() {
    let run = || reconnecting::run(|_, _| {});
    let runs: [(&str, &dyn Fn() -> io::Result<usize>); 6] = [
        ("a bare block_on", &|| future::block_on(run())),
        ("smol", &|| smol::block_on(smol::spawn(run()))),
        ("async-std", &|| async_std::task::block_on(async_std::task::spawn(run()))),
        ("tokio on one thread", &|| current_thread().block_on(run())),
        ("tokio on many threads", &|| multi_thread().block_on(run())),
        ("a task of tokio", &|| {
            let runtime = multi_thread();
            runtime.block_on(runtime.spawn(run())).unwrap()
        }),
    ];
    for (executor, run) in runs {
        assert_eq!(run().unwrap(), 9, "{executor}");
    }
}

#[test]
fn a_socket_made_under_one_executor_goes_on_under_another() {
    let mut server = tcp_server();
    let address = server.local_address().unwrap();
    let mut client = current_thread().block_on(socketry::connect(address)).unwrap();
    let mut accepted = smol::block_on(server.accept()).unwrap().unwrap();
    let saying = async_std::task::spawn(async move {
        client.write_all(b"hello").await?;
        client.close().await
    });
    let mut heard = String::new();
    multi_thread().block_on(accepted.read_to_string(&mut heard)).unwrap();
    smol::block_on(saying).unwrap();
    assert_eq!(heard, "hello");
}

/// Over TCP and, where there are any, an abstract Unix socket.
fn assert_talks(run: impl Fn(String) -> io::Result<String>) {
    let mut endpoints = vec!["127.0.0.1:0".to_string()];
    if cfg!(any(target_os = "linux", target_os = "android")) {
        endpoints.push(format!("unix://@{}", unique_name()));
    }
    for endpoint in endpoints {
        assert_eq!(run(endpoint).unwrap(), "you said: who is there?");
    }
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

/// A name that no other test uses.
pub(crate) fn unique_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("socketry-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
