//! What a nameserver may say, and what becomes of it.

use std::time::{Duration, Instant};

use hickory_resolver::proto::op::ResponseCode;
use socketry_connection::os_error;
use socketry_resolver::{Family, LookupFailure};

use crate::support::{Reply, Server, alias, data, failure, found, lookup, nobody, resolver, v4};
use socketry_resolver_hickory::Nameserver;

#[test]
fn each_family_is_asked_for_alone() {
    let server = Server::new(|question| question.addresses(&["192.0.2.1", "2001:db8::1"]));
    let resolver = resolver([server.over_udp()]);
    assert_eq!(found(lookup(&resolver, "a.example", Family::V6)), ["2001:db8::1"]);
    assert_eq!(server.asked().len(), 1);
    assert_eq!(found(lookup(&resolver, "a.example", Family::V4)), ["192.0.2.1"]);
}

#[test]
fn the_order_of_the_nameserver_is_kept() {
    let server =
        Server::new(|question| question.addresses(&["192.0.2.3", "192.0.2.1", "192.0.2.2"]));
    let resolver = resolver([server.over_udp()]);
    assert_eq!(v4(&resolver, "a.example"), ["192.0.2.3", "192.0.2.1", "192.0.2.2"]);
}

#[test]
fn an_answer_says_how_long_it_is_good() {
    let server = Server::new(|question| question.addresses_for(&["192.0.2.1"], 300));
    let before = Instant::now();
    let answer = lookup(&resolver([server.over_udp()]), "a.example", Family::V4).unwrap();
    let after = Instant::now();
    let ttl = Duration::from_secs(300);
    let expires = answer.expires().unwrap();
    assert!(before + ttl <= expires && expires <= after + ttl);
}

#[test]
fn aliases_are_followed_within_an_answer_and_by_another_question() {
    let server = Server::new(|question| match question.name().as_str() {
        "inside.example." => {
            let mut reply = question.reply();
            reply.add_answer(alias("inside.example.", "b.example."));
            let mut last = alias("b.example.", "b.example.");
            last.data = data("192.0.2.1".parse().unwrap());
            reply.add_answer(last);
            reply
        }
        "outside.example." => {
            let mut reply = question.reply();
            reply.add_answer(alias("outside.example.", "c.example."));
            reply
        }
        _ => question.addresses(&["192.0.2.2"]),
    });
    let resolver = resolver([server.over_udp()]);
    assert_eq!(v4(&resolver, "inside.example"), ["192.0.2.1"]);
    assert_eq!(v4(&resolver, "outside.example"), ["192.0.2.2"]);
}

#[test]
fn aliases_that_do_not_end_are_an_error() {
    let server = Server::new(|question| {
        let mut reply = question.reply();
        reply.add_answer(alias("loop.example.", "pool.example."));
        reply.add_answer(alias("pool.example.", "loop.example."));
        reply
    });
    let error = lookup(&resolver([server.over_udp()]), "loop.example", Family::V4).unwrap_err();
    assert!(error.to_string().contains("its aliases do not end"), "{error}");
}

#[test]
fn an_alias_is_good_for_no_longer_than_each_name_on_the_way() {
    let server = Server::new(|question| match question.name().as_str() {
        "a.example." => {
            let mut reply = question.reply();
            reply.add_answer(alias("a.example.", "b.example.")); // a minute
            reply
        }
        _ => question.addresses_for(&["192.0.2.1"], 3600),
    });
    let resolver = resolver([server.over_udp()]);
    let before = Instant::now();
    let answer = lookup(&resolver, "a.example", Family::V4).unwrap();
    assert_eq!((answer.expires().unwrap() - before).as_secs(), 60);
}

#[test]
fn an_alias_of_this_machine_asks_nobody_for_its_address() {
    let server = Server::new(|question| {
        let mut reply = question.reply();
        reply.add_answer(alias("a.example.", "localhost."));
        reply
    });
    assert_eq!(v4(&resolver([server.over_udp()]), "a.example"), ["127.0.0.1"]);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_truncated_answer_is_fetched_over_tcp() {
    let server = Server::new(|question| match question.over_tcp {
        true => question.addresses(&["192.0.2.1"; 30]),
        false => question.truncated(),
    });
    assert_eq!(v4(&resolver([server.over_udp()]), "a.example").len(), 30);
}

#[test]
fn an_answer_of_a_thousand_bytes_comes_over_udp() {
    let server = Server::new(|question| question.addresses(&["192.0.2.1"; 60]));
    assert_eq!(v4(&resolver([server.over_udp()]), "a.example").len(), 60);
    assert!(server.asked().iter().all(|question| !question.over_tcp));
}

#[test]
fn a_nameserver_that_does_not_know_edns_is_asked_without_it() {
    let server = Server::new(|question| match question.has_edns {
        true => question.code(ResponseCode::FormErr),
        false => question.addresses(&["192.0.2.1"]),
    });
    assert_eq!(v4(&resolver([server.over_udp()]), "a.example"), ["192.0.2.1"]);
}

#[test]
fn a_nameserver_over_tcp_is_never_asked_over_udp() {
    let server = Server::new(|question| question.addresses(&["192.0.2.1"]));
    let resolver = resolver([server.over_tcp()]);
    assert_eq!(v4(&resolver, "a.example"), ["192.0.2.1"]);
    assert!(server.asked().iter().all(|question| question.over_tcp));
}

#[test]
fn a_connection_is_used_again_and_made_anew_when_the_server_has_closed_it() {
    let server = Server::new(|question| match question.name().as_str() {
        "b.example." => Reply::AndClose(question.addresses(&["192.0.2.1"])),
        _ => question.addresses(&["192.0.2.1"]).into(),
    });
    let resolver = resolver([server.over_tcp()]);
    for (name, connections) in [("a.example", 1), ("b.example", 1), ("c.example", 2)] {
        assert_eq!(v4(&resolver, name), ["192.0.2.1"]);
        assert_eq!(server.connections(), connections, "{name}");
    }
}

#[test]
fn what_does_not_exist_is_told_from_what_has_no_address() {
    let server = Server::new(|question| match question.name().as_str() {
        "empty.example." => question.no(ResponseCode::NoError, 300),
        _ => question.no(ResponseCode::NXDomain, 300),
    });
    let resolver = resolver([server.over_udp()]);
    assert_eq!(failure(&resolver, "nowhere.example"), LookupFailure::NoSuchName);
    let answer = lookup(&resolver, "empty.example", Family::V4).unwrap();
    assert!(answer.is_empty());
    let ttl = answer.expires().unwrap() - Instant::now();
    assert!(ttl > Duration::from_secs(290) && ttl <= Duration::from_secs(300), "{ttl:?}");
}

#[test]
fn a_server_that_fails_is_told_from_one_that_refuses_and_one_that_babbles() {
    let server = Server::new(|question| match question.name().as_str() {
        "failed.example." => question.code(ResponseCode::ServFail).into(),
        "refused.example." => question.code(ResponseCode::Refused).into(),
        "odd.example." => question.code(ResponseCode::NotImp).into(),
        _ => {
            let mut bytes = question.reply().to_vec().unwrap();
            bytes.truncate(14);
            Reply::Bytes(bytes)
        }
    });
    let resolver = resolver([server.over_udp()]);
    assert_eq!(failure(&resolver, "failed.example"), LookupFailure::ServerFailed);
    assert_eq!(failure(&resolver, "refused.example"), LookupFailure::Refused);
    assert_eq!(failure(&resolver, "odd.example"), LookupFailure::Other);
    assert_eq!(failure(&resolver, "garbage.example"), LookupFailure::Other);
}

#[test]
fn an_error_names_the_question_the_nameserver_and_what_it_said() {
    let server = Server::new(|question| question.code(ResponseCode::ServFail));
    let error = lookup(&resolver([server.over_udp()]), "a.example", Family::V6).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "lookup of a.example (IPv6) failed: the nameserver failed (SERVFAIL): udp://{}: SERVFAIL",
            server.address()
        )
    );
}

#[test]
fn a_nameserver_that_is_not_there_is_noticed_at_once() {
    let (_socket, address) = nobody();
    let error = lookup(&resolver([Nameserver::udp(address)]), "a.example", Family::V4).unwrap_err();
    assert_eq!(crate::support::failure_of(&error), LookupFailure::Unreachable);
    assert!(os_error(&error).is_some(), "{error}");
    let tcp = lookup(&resolver([Nameserver::tcp(address)]), "a.example", Family::V4).unwrap_err();
    assert_eq!(crate::support::failure_of(&tcp), LookupFailure::Unreachable);
}

#[test]
fn answers_to_another_question_or_with_another_id_are_not_believed() {
    let server = Server::new(|question| {
        let mut wrong_id = question.addresses(&["192.0.2.66"]);
        wrong_id.metadata.id ^= 1;
        let mut wrong_question = question.addresses(&["192.0.2.66"]);
        wrong_question.queries[0].set_name("evil.example.".parse().unwrap());
        Reply::Messages(vec![wrong_id, wrong_question, question.addresses(&["192.0.2.1"])])
    });
    assert_eq!(v4(&resolver([server.over_udp()]), "a.example"), ["192.0.2.1"]);
}

#[test]
fn an_answer_to_another_question_is_not_believed_over_tcp_either() {
    let server = Server::new(|question| {
        let mut wrong_question = question.addresses(&["192.0.2.66"]);
        wrong_question.queries[0].set_name("evil.example.".parse().unwrap());
        wrong_question
    });
    let error = lookup(&resolver([server.over_tcp()]), "a.example", Family::V4).unwrap_err();
    assert_eq!(crate::support::failure_of(&error), LookupFailure::Other);
    assert!(error.to_string().ends_with("the answer is to another question"), "{error}");
}
