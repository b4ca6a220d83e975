//! Workers that are values of this process.

use std::{
    future::{self, Future},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_lite::future::{block_on, or};
use socketry_server_workers::{Answer, Event, InProcess, Peer, Pool, PoolOptions, Worker};

/// Does what the message says, and knows which one it is.
struct Obedient(usize);

impl Worker for Obedient {
    fn answer(
        &mut self,
        event: Event<'_>,
    ) -> impl Future<Output = io::Result<Option<Answer>>> + Send {
        let number = self.0;
        match event.message() {
            b"panic early" => panic!("early"),
            message => answer(number, message.to_vec()),
        }
    }
}

async fn answer(number: usize, message: Vec<u8>) -> io::Result<Option<Answer>> {
    match &message[..] {
        b"who" => Ok(Some(Answer::respond(number.to_string()))),
        b"nothing" => Ok(None),
        b"fail" => Err(io::Error::new(io::ErrorKind::NotFound, "no such thing")),
        b"panic" => panic!("late"),
        b"panic oddly" => std::panic::panic_any(7),
        _ => future::pending().await,
    }
}

/// Asks a pool of one such worker, one message after the other.
fn ask_all(messages: &[&str]) -> Vec<String> {
    let next = AtomicUsize::new(1);
    let kind = InProcess::new(move || Obedient(next.fetch_add(1, Ordering::SeqCst)));
    let pool = Pool::new(kind, PoolOptions::new().num_workers(1));
    let peer = Peer::new("test", None);
    let asks = async {
        let mut said = Vec::new();
        for message in messages {
            said.push(match pool.ask(Event::Data(&peer, message.as_bytes())).await {
                Ok(reply) if !reply.goes_on() => "closed".to_string(),
                Ok(reply) => String::from_utf8_lossy(reply.bytes()).into_owned(),
                Err(error) => error.to_string(),
            });
        }
        said
    };
    block_on(or(asks, async {
        pool.run().await.unwrap();
        unreachable!("nobody ends it")
    }))
}

#[test]
fn an_error_is_handed_on_and_the_worker_is_kept() {
    assert_eq!(ask_all(&["who", "fail", "who"]), ["1", "no such thing", "1"]);
}

#[test]
fn no_answer_closes() {
    assert_eq!(ask_all(&["nothing", "who"]), ["closed", "1"]);
}

#[test]
fn a_worker_that_panics_is_replaced() {
    assert_eq!(ask_all(&["who", "panic", "who"]), ["1", "the worker panicked: late", "2"]);
}

#[test]
fn a_worker_that_panics_before_it_has_a_future_is_replaced() {
    assert_eq!(ask_all(&["panic early", "who"]), ["the worker panicked: early", "2"]);
}

#[test]
fn a_panic_without_a_text_is_told_as_one() {
    assert_eq!(ask_all(&["panic oddly"]), ["the worker panicked: (no message)"]);
}

#[test]
fn a_panic_where_the_first_worker_is_made_ends_the_pool() {
    let kind = InProcess::new(|| -> Obedient { panic!("no paper") });
    let pool = Pool::new(kind, PoolOptions::new().num_workers(2));
    let error = block_on(pool.run()).unwrap_err();
    assert_eq!(error.to_string(), "making a worker panicked: no paper");
}

#[test]
fn a_panic_where_a_later_worker_is_made_is_told_and_tried_again() {
    let (made, notices) = (AtomicUsize::new(0), Arc::<Mutex<Vec<String>>>::default());
    let kind = InProcess::new(move || match made.fetch_add(1, Ordering::SeqCst) {
        1 => panic!("no paper"),
        number => Obedient(number),
    });
    let told = notices.clone();
    let options = PoolOptions::new()
        .num_workers(1)
        .on_notice(move |notice| told.lock().unwrap().push(notice.to_string()));
    let pool = Pool::new(kind, options);
    let peer = Peer::new("test", None);
    let asks = async {
        pool.ask(Event::Data(&peer, b"panic")).await.unwrap_err();
        pool.ask(Event::Data(&peer, b"who")).await.unwrap().bytes().to_vec()
    };
    let said = block_on(or(asks, async {
        pool.run().await.unwrap();
        unreachable!("nobody ends it")
    }));
    assert_eq!(said, b"2");
    let expected = [
        "worker 1 is ready",
        "worker 1 ends: the worker panicked: late",
        "a worker could not be started: making a worker panicked: no paper",
        "worker 3 is ready",
    ];
    assert_eq!(*notices.lock().unwrap(), expected);
}

/// Panics as it is dropped, once it was asked.
struct Sore(bool);

impl Worker for Sore {
    async fn answer(&mut self, _: Event<'_>) -> io::Result<Option<Answer>> {
        self.0 = true;
        future::pending().await
    }
}

impl Drop for Sore {
    fn drop(&mut self) {
        assert!(!self.0, "sore");
    }
}

#[test]
fn a_worker_that_panics_as_it_is_killed_is_replaced_all_the_same() {
    let pool = Pool::new(InProcess::new(|| Sore(false)), PoolOptions::new().num_workers(1));
    let mut run = Box::pin(pool.run());
    let poll = |run: &mut _| block_on(futures_lite::future::poll_once(run));
    assert!(poll(&mut run).is_none());
    let asker = pool.clone();
    let asking = std::thread::spawn(move || {
        let peer = Peer::new("test", None);
        block_on(futures_lite::future::poll_once(asker.ask(Event::Connected(&peer))));
    });
    assert!(asking.join().is_err(), "it has panicked where it was dropped");
    (0..10).for_each(|_| assert!(poll(&mut run).is_none()));
    assert_eq!(pool.workers()[0].id.to_string(), "2");
}
