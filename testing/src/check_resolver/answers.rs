//! Cases in which a lookup finds something, or finds that there is nothing.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use socketry_connection::Family;
use socketry_resolver::Resolve;

use super::{ResolverCheck, ip, lookup};
use crate::{DnsReply, DnsTransport};

pub(super) async fn each_family_has_its_own_addresses(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let (v4, v6) = (ip(Family::V4, 1), ip(Family::V6, 1));
    server.answer("a.example", [v4, v6]);
    assert_eq!(lookup(&resolver, "a.example", Family::V4).await, [v4]);
    assert_eq!(lookup(&resolver, "a.example", Family::V6).await, [v6]);
    let asked: Vec<_> = server.queries().iter().map(|query| query.family()).collect();
    assert_eq!(asked, [Some(Family::V4), Some(Family::V6)], "a lookup asks for one family");
}

pub(super) async fn a_family_without_addresses_has_an_empty_answer(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    server.answer("a.example", [ip(Family::V4, 1)]);
    assert_eq!(lookup(&resolver, "a.example", Family::V6).await, [] as [IpAddr; 0]);
}

pub(super) async fn an_answer_says_until_when_it_is_good(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let ttl = Duration::from_secs(300);
    server.reply("a.example", None, DnsReply::addresses([ip(Family::V6, 1)]).ttl(ttl));
    let before = Instant::now();
    let expires = resolver.resolve("a.example", Family::V6).await.expect("it is found").expires();
    match expires {
        Some(expires) => {
            assert!(expires >= before + ttl, "it is good for its whole time");
            assert!(expires <= Instant::now() + ttl, "and for no longer");
        }
        None => assert!(!check.tells_expiry, "the time to live is known"),
    }
}

pub(super) async fn an_answer_that_may_not_be_kept_is_asked_for_again(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let reply = |last| DnsReply::addresses([ip(Family::V4, last)]).ttl(Duration::ZERO);
    server.reply_in_turn("a.example", Family::V4, [reply(1), reply(2)]);
    assert_eq!(lookup(&resolver, "a.example", Family::V4).await, [ip(Family::V4, 1)]);
    assert_eq!(lookup(&resolver, "a.example", Family::V4).await, [ip(Family::V4, 2)]);
}

pub(super) async fn a_chain_of_aliases_leads_to_the_addresses(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    for family in [Family::V4, Family::V6] {
        let reply = DnsReply::addresses([ip(family, 1)]);
        let reply = reply.through(["b.example", "c.example", "d.example"]);
        server.reply("a.example", family, reply);
        assert_eq!(lookup(&resolver, "a.example", family).await, [ip(family, 1)]);
    }
}

pub(super) async fn thirty_addresses_all_come(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    for family in [Family::V4, Family::V6] {
        let ips: Vec<IpAddr> = (1..=30).map(|last| ip(family, last)).collect();
        server.reply("a.example", family, DnsReply::addresses(ips.clone()));
        assert_eq!(lookup(&resolver, "a.example", family).await, ips);
    }
}

pub(super) async fn a_truncated_answer_is_asked_for_again_over_tcp(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let reply = DnsReply::addresses([ip(Family::V4, 1)]).truncated();
    server.reply("a.example", Family::V4, reply);
    assert_eq!(lookup(&resolver, "a.example", Family::V4).await, [ip(Family::V4, 1)]);
    let last = server.queries().last().map(|query| query.transport());
    assert_eq!(last, Some(DnsTransport::Tcp));
}

pub(super) async fn an_answer_with_a_wrong_id_is_ignored(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let forged = DnsReply::addresses([ip(Family::V4, 66)]).with_wrong_id();
    let right = DnsReply::addresses([ip(Family::V4, 1)]);
    server.reply("a.example", Family::V4, forged.then(right));
    assert_eq!(lookup(&resolver, "a.example", Family::V4).await, [ip(Family::V4, 1)]);
}

pub(super) async fn an_answer_to_another_question_is_ignored(check: &ResolverCheck) {
    if !check.checks_datagrams {
        return;
    }
    let (server, resolver) = check.start();
    let forged = DnsReply::addresses([ip(Family::V4, 66)]).with_wrong_question();
    let right = DnsReply::addresses([ip(Family::V4, 1)]);
    server.reply("a.example", Family::V4, forged.then(right));
    assert_eq!(lookup(&resolver, "a.example", Family::V4).await, [ip(Family::V4, 1)]);
}

pub(super) async fn a_lost_query_is_asked_again(check: &ResolverCheck) {
    let (server, resolver) = check.start_impatient();
    let replies = [DnsReply::silence(), DnsReply::addresses([ip(Family::V4, 1)])];
    server.reply_in_turn("a.example", Family::V4, replies);
    assert_eq!(lookup(&resolver, "a.example", Family::V4).await, [ip(Family::V4, 1)]);
}
