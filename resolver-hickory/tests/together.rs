//! Many lookups at once, and who drives what they share.

use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    task::Poll,
    time::Duration,
};

use futures_lite::future::{self, block_on, poll_once};
use hickory_resolver::proto::op::ResponseCode;
use socketry_resolver::{Answer, Family, LookupFailure, Resolve};
use socketry_resolver_hickory::{HickoryResolver, Nameserver};
use socketry_testing::ManualClock;

use crate::support::{Reply, Server, failure_of, found, resolver};

/// Runs all futures at the same time, in one task.
async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    future::poll_fn(|cx| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(cx) {
                *output = Some(ready);
            }
        }
        match running.iter().all(|(_, output)| output.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

async fn resolve(resolver: HickoryResolver, name: String) -> std::io::Result<Answer> {
    resolver.resolve(&name, Family::V4).await
}

fn numbered(
    resolver: &HickoryResolver,
) -> impl Iterator<Item = impl Future<Output = std::io::Result<Answer>> + Send + 'static> {
    (0..300).map(|number| resolve(resolver.clone(), format!("host{number}.example")))
}

fn answering() -> Server {
    Server::new(|question| question.addresses(&["192.0.2.1"]))
}

#[test]
fn hundreds_of_lookups_share_one_tcp_connection() {
    let server = answering();
    let resolver = resolver([server.over_tcp()]);
    for result in block_on(all(numbered(&resolver))) {
        assert_eq!(found(result), ["192.0.2.1"]);
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn hundreds_of_lookups_of_one_name_are_one_question() {
    let server = answering();
    let resolver = resolver([server.over_tcp()]);
    let lookups = (0..300).map(|_| resolve(resolver.clone(), "a.example".to_string()));
    for result in block_on(all(lookups)) {
        assert_eq!(found(result), ["192.0.2.1"]);
    }
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn hundreds_of_answers_in_one_burst_are_all_taken() {
    let server = withholding(|waiting| waiting == 300);
    let builder = HickoryResolver::builder().nameservers([server.over_tcp()]).use_hosts(false);
    let resolver = builder.most_at_once(300).build().unwrap();
    for result in block_on(all(numbered(&resolver))) {
        assert_eq!(found(result), ["192.0.2.1"]);
    }
    assert_eq!(server.asked().len(), 300); // nobody had to ask again
}

/// Answers nobody until so many have asked, and then everybody.
fn withholding(is_enough: impl Fn(usize) -> bool + Send + Sync + 'static) -> Server {
    let waiting = Mutex::new(Vec::new());
    Server::new(move |question| {
        let mut waiting = waiting.lock().unwrap();
        waiting.push(question.addresses(&["192.0.2.1"]));
        match is_enough(waiting.len()) {
            true => Reply::Messages(waiting.drain(..).collect()),
            false => Reply::Silence,
        }
    })
}

#[test]
fn a_lookup_that_is_kept_and_not_polled_holds_up_no_other() {
    let server = withholding(|waiting| waiting == 2);
    let resolver = resolver([server.over_tcp()]);
    block_on(async {
        let mut kept = Box::pin(resolver.resolve("a.example", Family::V4));
        server.is_asked_by(&mut kept).await;
        assert_eq!(found(resolver.resolve("b.example", Family::V4).await), ["192.0.2.1"]);
        assert_eq!(found(kept.await), ["192.0.2.1"]);
    });
}

#[test]
fn a_lookup_that_is_kept_and_not_polled_does_not_hold_up_one_of_the_same_name() {
    let server = answering();
    for nameserver in [server.over_udp(), server.over_tcp()] {
        let resolver = resolver([nameserver]);
        block_on(async {
            let mut kept = Box::pin(resolver.resolve("a.example", Family::V4));
            let _ = poll_once(&mut kept).await; // it may even have its answer
            assert_eq!(found(resolver.resolve("a.example", Family::V4).await), ["192.0.2.1"]);
        });
    }
}

/// Answers each question when the test lets it, with the number of the question, which is good for
/// so many seconds.
fn numbering(ttl: u32) -> (Server, smol::channel::Sender<()>) {
    let (answer, answered) = smol::channel::unbounded::<()>();
    let number = AtomicU8::new(0);
    let server = Server::new(move |question| {
        answered.recv_blocking().unwrap();
        let ip = format!("192.0.2.{}", number.fetch_add(1, Ordering::SeqCst));
        question.addresses_for(&[&ip], ttl)
    });
    (server, answer)
}

#[test]
fn a_lookup_that_is_kept_and_not_polled_leaves_its_answer_to_nobody_who_asks_later() {
    let (server, answer) = numbering(0);
    for (nameserver, numbers) in [(server.over_udp(), 0..3), (server.over_tcp(), 3..6)] {
        let resolver = resolver([nameserver]);
        block_on(async {
            let mut kept = Vec::new();
            for number in numbers {
                let mut lookup = Box::pin(resolver.resolve("a.example", Family::V4));
                assert!(poll_once(&mut lookup).await.is_none());
                kept.push(lookup); // which has its question in common with the next one
                answer.send(()).await.unwrap();
                let found = found(resolver.resolve("a.example", Family::V4).await);
                assert_eq!(found, [format!("192.0.2.{number}")]);
            }
        });
    }
}

#[test]
fn a_lookup_that_is_kept_and_not_polled_leaves_its_failure_to_nobody_who_asks_later() {
    let (answer, answered) = smol::channel::unbounded::<ResponseCode>();
    let server = Server::new(move |question| question.code(answered.recv_blocking().unwrap()));
    let resolver = resolver([server.over_udp()]);
    block_on(async {
        let mut kept = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut kept).await.is_none());
        for (code, failure) in [
            (ResponseCode::ServFail, LookupFailure::ServerFailed),
            (ResponseCode::Refused, LookupFailure::Refused),
        ] {
            answer.send(code).await.unwrap();
            let error = resolver.resolve("a.example", Family::V4).await.unwrap_err();
            assert_eq!(failure_of(&error), failure);
        }
    });
}

#[test]
fn a_lookup_that_is_kept_and_polled_later_does_not_make_its_answer_younger() {
    let (server, answer) = numbering(60);
    let resolver = resolver([server.over_udp()]);
    block_on(async {
        let mut kept = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut kept).await.is_none());
        answer.send(()).await.unwrap();
        let other = resolver.resolve("a.example", Family::V4).await.unwrap();
        assert_eq!(kept.await.unwrap().expires(), other.expires());
    });
}

#[test]
fn a_question_that_was_asked_longer_ago_than_a_try_takes_is_joined_by_nobody() {
    let (server, answer) = numbering(60);
    let clock = ManualClock::new();
    let builder = HickoryResolver::builder().nameservers([server.over_udp()]).use_hosts(false);
    let resolver = builder.with_clock(Arc::new(clock.clone())).build().unwrap();
    block_on(async {
        let mut kept = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut kept).await.is_none());
        clock.advance(Duration::from_secs(5));
        for _ in 0..9 {
            answer.send(()).await.unwrap(); // more than enough
        }
        assert_eq!(found(resolver.resolve("a.example", Family::V4).await), ["192.0.2.1"]);
        assert_eq!(found(kept.await), ["192.0.2.0"]);
        // What is kept is the younger answer, although the older one was taken in last.
        assert_eq!(found(resolver.resolve("a.example", Family::V4).await), ["192.0.2.1"]);
    });
}

#[test]
fn a_connect_that_was_begun_longer_ago_than_a_try_takes_is_joined_by_nobody() {
    let (server, clock) = (answering(), ManualClock::new());
    let builder = HickoryResolver::builder().nameservers([server.over_tcp()]).use_hosts(false);
    let resolver = builder.with_clock(Arc::new(clock.clone())).build().unwrap();
    block_on(async {
        let mut kept = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut kept).await.is_none());
        clock.advance(Duration::from_secs(5));
        for (name, connections) in [("b.example", 2), ("c.example", 2)] {
            resolver.resolve(name, Family::V4).await.unwrap();
            assert_eq!(server.connections(), connections, "{name}");
        }
    });
}

#[test]
fn a_lookup_that_is_dropped_holds_up_no_other() {
    let server = answering();
    let resolver = resolver([server.over_tcp()]);
    block_on(async {
        let mut dropped = Box::pin(resolver.resolve("a.example", Family::V4));
        let mut other = Box::pin(resolver.resolve("b.example", Family::V4));
        assert!(poll_once(&mut dropped).await.is_none());
        assert!(poll_once(&mut other).await.is_none());
        drop(dropped);
        assert_eq!(found(other.await), ["192.0.2.1"]);
    });
}

#[test]
fn questions_wait_for_their_turn_in_the_order_in_which_they_came() {
    let (server, answer) = numbering(60);
    let builder = HickoryResolver::builder().nameservers([server.over_udp()]).use_hosts(false);
    let resolver = builder.most_at_once(0).build().unwrap(); // which counts as one
    block_on(async {
        let mut lookups: Vec<_> = numbered(&resolver).take(5).map(Box::pin).collect();
        for lookup in lookups.iter_mut().rev() {
            assert!(poll_once(lookup).await.is_none());
        }
        for _ in &lookups {
            answer.send(()).await.unwrap();
        }
        all(lookups).await;
    });
    let expected: Vec<_> = (0..5).rev().map(|number| format!("host{number}.example.")).collect();
    assert_eq!(server.names(), expected);
}

#[test]
fn a_lookup_that_is_kept_and_not_polled_holds_up_others_by_no_more_than_its_place() {
    let server = Server::new(|question| match question.name().as_str() {
        "kept.example." => Reply::Silence,
        _ => question.addresses(&["192.0.2.1"]).into(),
    });
    let builder = HickoryResolver::builder().nameservers([server.over_udp()]).use_hosts(false);
    let resolver = builder.most_at_once(2).build().unwrap();
    block_on(async {
        let mut kept = Box::pin(resolver.resolve("kept.example", Family::V4));
        assert!(poll_once(&mut kept).await.is_none());
        for result in all(numbered(&resolver)).await {
            assert_eq!(found(result), ["192.0.2.1"]);
        }
    });
}

#[test]
fn a_question_that_waits_for_its_turn_is_shared_and_dropped_with_the_last_who_waits_for_it() {
    let server = Server::new(|question| match question.name().as_str() {
        "silent.example." => Reply::Silence,
        _ => question.addresses(&["192.0.2.1"]).into(),
    });
    let builder = HickoryResolver::builder().nameservers([server.over_udp()]).use_hosts(false);
    let resolver = builder.most_at_once(1).build().unwrap();
    block_on(async {
        let begin = |name: &str| Box::pin(resolve(resolver.clone(), name.to_string()));
        let mut silent = begin("silent.example");
        server.is_asked_by(&mut silent).await;
        let mut waiting =
            ["a.example", "a.example", "a.example", "b.example", "c.example"].map(begin);
        for lookup in &mut waiting {
            assert!(poll_once(lookup).await.is_none());
        }
        let [first, second, third, dropped, last] = waiting;
        drop((first, dropped, silent));
        for lookup in [second, third, last] {
            assert_eq!(found(lookup.await), ["192.0.2.1"]);
        }
    });
    assert_eq!(server.names(), ["silent.example.", "a.example.", "c.example."]);
}

#[test]
fn a_lookup_whose_time_is_up_in_line_says_that_there_was_one() {
    let (server, clock) = (Server::silent(), ManualClock::new());
    let builder = HickoryResolver::builder().nameservers([server.over_udp()]).use_hosts(false);
    let builder = builder.most_at_once(1).with_clock(Arc::new(clock.clone()));
    let resolver = builder.build().unwrap();
    let error = block_on(async {
        let mut kept = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut kept).await.is_none());
        let mut waiting = Box::pin(resolver.resolve("b.example", Family::V4));
        assert!(poll_once(&mut waiting).await.is_none());
        clock.advance(Duration::from_secs(15));
        waiting.await.unwrap_err()
    });
    let reason = "may take 15s, and at most 1 questions were asked at once";
    assert!(error.to_string().ends_with(reason), "{error}");
}

#[test]
fn a_shared_question_goes_on_when_the_one_that_asked_it_is_dropped() {
    let (answer, answered) = smol::channel::bounded::<()>(1);
    let server = Server::new(move |question| {
        answered.recv_blocking().unwrap();
        question.addresses(&["192.0.2.1"])
    });
    let resolver = resolver([server.over_udp()]);
    block_on(async {
        let mut first = Box::pin(resolver.resolve("a.example", Family::V4));
        let mut second = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut first).await.is_none());
        assert!(poll_once(&mut second).await.is_none());
        drop(first);
        answer.send(()).await.unwrap();
        assert_eq!(found(second.await), ["192.0.2.1"]);
    });
}

#[test]
fn lookups_end_on_every_executor_and_on_many_threads() {
    let server = answering();
    for nameserver in [server.over_tcp(), server.over_udp()] {
        let resolver = resolver([nameserver]);
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let on_tokio: Vec<_> = numbered(&resolver).map(|lookup| tokio.spawn(lookup)).collect();
        let on_smol: Vec<_> = numbered(&resolver).map(smol::spawn).collect();
        block_on(async {
            for lookup in on_tokio {
                assert_eq!(found(lookup.await.unwrap()), ["192.0.2.1"]);
            }
            for lookup in on_smol {
                assert_eq!(found(lookup.await), ["192.0.2.1"]);
            }
        });
    }
}

#[test]
fn everything_may_go_from_thread_to_thread() {
    fn is_send_and_sync<T: Send + Sync + Unpin + 'static>() {}
    fn is_send<T: Send>(_: &T) {}

    is_send_and_sync::<HickoryResolver>();
    is_send_and_sync::<socketry_resolver_hickory::HickoryBuilder>();
    is_send_and_sync::<Nameserver>();
    is_send_and_sync::<socketry_resolver_hickory::runtime::Driver>();
    is_send_and_sync::<socketry_resolver_hickory::runtime::SmolRuntime>();
    let resolver = Arc::new(HickoryResolver::from_system());
    is_send(&resolver.resolve("localhost", Family::V4));
}
