//! The contract that every connection keeps, in memory or over a socket.

use std::thread;

use futures_lite::future::{self, block_on};
use socketry_testing::{check_abort, check_connection};

use crate::support::{tcp_pair, unix_pair};

#[test]
fn tcp_connections_keep_the_contract() {
    let (first, second) = tcp_pair();
    block_on(check_connection(first, second));
}

#[test]
fn unix_connections_keep_the_contract() {
    let (first, second) = unix_pair();
    block_on(check_connection(first, second));
}

#[test]
fn connections_that_were_split_and_reunited_keep_the_contract() {
    let (first, second) = tcp_pair();
    let (reads, writes) = first.into_split();
    block_on(check_connection(reads.reunite(writes).unwrap(), second));
}

#[test]
fn tcp_connections_keep_the_contract_of_aborts() {
    let (first, second) = tcp_pair();
    block_on(check_abort(first, second));
}

#[test]
fn unix_connections_keep_the_contract_of_aborts() {
    let (first, second) = unix_pair();
    block_on(check_abort(first, second));
}

#[test]
fn many_connections_in_many_threads_keep_the_contract() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let (first, second) = tcp_pair();
                block_on(check_connection(first, second));
            });
        }
    });
}

#[test]
fn boxed_connections_keep_the_contract() {
    let (first, second) = tcp_pair();
    let boxed = |connection| Box::new(connection) as socketry_connection::BoxConnection;
    block_on(check_connection(boxed(first), boxed(second)));
}

#[test]
fn one_task_can_drive_many_connections() {
    let pairs: Vec<_> = (0..8).map(|_| tcp_pair()).collect();
    let checks = pairs.into_iter().map(|(first, second)| check_connection(first, second));
    let checks = checks.fold(Box::pin(async {}) as future::Boxed<()>, |all, check| {
        Box::pin(async {
            future::zip(all, check).await;
        })
    });
    block_on(checks);
}
