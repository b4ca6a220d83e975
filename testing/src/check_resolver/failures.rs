//! Cases in which a lookup fails.

use std::io::ErrorKind;

use futures_lite::future;
use socketry_connection::Family;
use socketry_resolver::{BoxResolver, LookupFailure, Resolve};

use super::{ResolverCheck, failure, ip, lookup, still_works};
use crate::{DnsReply, DnsServer};

pub(super) async fn a_name_that_does_not_exist_is_an_error(check: &ResolverCheck) {
    let (_server, resolver) = check.start();
    for family in [Family::V4, Family::V6] {
        let result = resolver.resolve("b.example", family).await;
        let kind = result.as_ref().map_err(|error| error.kind()).err();
        assert_eq!(kind, Some(ErrorKind::NotFound));
        assert_eq!(failure(result), LookupFailure::NoSuchName);
    }
}

pub(super) async fn a_nameserver_that_fails_is_an_error(check: &ResolverCheck) {
    fails(check, check.start(), DnsReply::server_failure(), LookupFailure::ServerFailed).await;
}

pub(super) async fn a_nameserver_that_refuses_is_an_error(check: &ResolverCheck) {
    fails(check, check.start(), DnsReply::refused(), LookupFailure::Refused).await;
}

pub(super) async fn a_nameserver_that_is_silent_is_an_error(check: &ResolverCheck) {
    fails(check, check.start_impatient(), DnsReply::silence(), LookupFailure::TimedOut).await;
}

pub(super) async fn a_wrong_id_alone_is_no_answer(check: &ResolverCheck) {
    let forged = DnsReply::addresses([ip(Family::V4, 66)]).with_wrong_id();
    fails(check, check.start_impatient(), forged, LookupFailure::TimedOut).await;
}

pub(super) async fn a_nameserver_that_is_not_there_is_an_error(check: &ResolverCheck) {
    let resolver = check.resolver_without_nameserver();
    let failure = failure(resolver.resolve("a.example", Family::V4).await);
    assert_ne!(failure, LookupFailure::NoSuchName, "nobody has said so");
}

pub(super) async fn a_connection_that_is_closed_is_no_answer(check: &ResolverCheck) {
    let (server, resolver) = check.start_impatient();
    let truncated = DnsReply::addresses([ip(Family::V4, 1)]).truncated();
    let replies = [truncated, DnsReply::hang_up()];
    server.reply_in_turn("a.example", Family::V4, replies);
    match resolver.resolve("a.example", Family::V4).await {
        Ok(answer) => assert!(answer.is_empty() && !check.checks_datagrams, "{answer:?}"),
        // It is what glibc says, though.
        error => {
            let is_honest = failure(error) != LookupFailure::NoSuchName || !check.tells_failures;
            assert!(is_honest, "nobody has said that there is no such name");
        }
    }
    still_works(&server, &resolver).await;
}

pub(super) async fn an_answer_to_another_question_over_tcp_is_no_answer(check: &ResolverCheck) {
    if !check.checks_datagrams {
        return; // nor does it check what comes over a connection
    }
    let (server, resolver) = check.start_impatient();
    let forged = DnsReply::addresses([ip(Family::V4, 66)]);
    let replies = [forged.clone().truncated(), forged.with_wrong_question()];
    server.reply_in_turn("a.example", Family::V4, replies);
    match resolver.resolve("a.example", Family::V4).await {
        // The system looks whom the addresses belong to, and says that there are none.
        Ok(answer) => assert!(answer.is_empty() && !check.tells_failures, "{answer:?}"),
        error => assert_ne!(failure(error), LookupFailure::NoSuchName, "nobody has said so"),
    }
    still_works(&server, &resolver).await;
}

/// It may be ignored until the time is over, or fail at once.
pub(super) async fn garbage_is_no_answer(check: &ResolverCheck) {
    let (server, resolver) = check.start_impatient();
    for garbage in [&b""[..], b"\0", &[0xff; 12], &[0xc0; 512]] {
        server.reply("a.example", Family::V4, DnsReply::bytes(garbage));
        let failure = failure(resolver.resolve("a.example", Family::V4).await);
        assert_ne!(failure, LookupFailure::NoSuchName, "nobody has said so");
    }
    still_works(&server, &resolver).await;
}

pub(super) async fn one_family_that_fails_leaves_the_other_alone(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    server.reply("a.example", Family::V6, DnsReply::server_failure());
    server.reply("a.example", Family::V4, DnsReply::addresses([ip(Family::V4, 1)]));
    let (bad, good) = future::zip(
        resolver.resolve("a.example", Family::V6),
        lookup(&resolver, "a.example", Family::V4),
    )
    .await;
    check.assert_failed(bad, LookupFailure::ServerFailed);
    assert_eq!(good, [ip(Family::V4, 1)]);
}

async fn fails(
    check: &ResolverCheck,
    (server, resolver): (DnsServer, BoxResolver),
    reply: DnsReply,
    expected: LookupFailure,
) {
    server.reply("a.example", None, reply);
    check.assert_failed(resolver.resolve("a.example", Family::V4).await, expected);
    still_works(&server, &resolver).await;
}
