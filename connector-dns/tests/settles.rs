//! Every call ends, in whatever order its lookups end and whatever comes of them.

use std::{io::ErrorKind, time::Duration};

use socketry_connection::Family;
use socketry_connector_dns::Families;
use socketry_resolver::Answer;
use socketry_testing::Lookup;

use super::{Poll, Stage, answer, arrived, assert_pending, has_ended, poll, refuse_all};

/// What may come of a lookup.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Found,
    Empty,
    Failed,
}

const ENDS: [End; 3] = [End::Found, End::Empty, End::Failed];

fn end(lookup: Lookup, end: End) {
    let ip = match lookup.family() {
        Family::V6 => "2001:db8::1",
        Family::V4 => "192.0.2.1",
    };
    match end {
        End::Found => lookup.answer(answer(&[ip])),
        End::Empty => lookup.answer(Answer::default()),
        End::Failed => lookup.fail(ErrorKind::TimedOut.into()),
    }
}

/// Plays a call to its end: the lookups end like this, the preferred family's first or last, with or
/// without the delay between them, and every address is refused.
fn play(families: Families, ends: [End; 2], preferred_is_last: bool, delay_passes: bool) {
    let stage = Stage::in_families(families);
    let mut connecting = stage.begin("example.com:80");
    let lookups = [stage.resolver.try_next_lookup(), stage.resolver.try_next_lookup()];
    let mut lookups: Vec<_> =
        lookups.into_iter().zip(ends).filter_map(|(lookup, end)| Some((lookup?, end))).collect();
    let found = lookups.iter().filter(|(_, end)| *end == End::Found).count();
    if preferred_is_last {
        lookups.reverse();
    }
    let mut call = None;
    let mut dialled = Vec::new();
    let last = lookups.len() - 1;
    for (index, (lookup, how)) in lookups.into_iter().enumerate() {
        end(lookup, how);
        if index == last && found == 0 {
            break;
        }
        assert_pending(&mut connecting);
        if delay_passes {
            stage.clock.advance(Duration::from_millis(50));
            assert_pending(&mut connecting);
        }
        call = call.or_else(|| stage.inner.try_next_call());
        dialled.extend(call.as_mut().map(arrived).unwrap_or_default());
    }
    if let Some(mut call) = call {
        assert!(has_ended(&mut call));
        refuse_all(call, &dialled.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert!(matches!(poll(&mut connecting), Poll::Ready(Err(_))));
    assert_eq!(dialled.len(), found);
    assert!(stage.is_clean());
}

#[test]
fn every_call_ends_and_dials_everything_that_was_found() {
    for families in [Families::Both, Families::PreferV4, Families::OnlyV4, Families::OnlyV6] {
        for (preferred, other) in ENDS.iter().flat_map(|a| ENDS.map(|b| (*a, b))) {
            for preferred_is_last in [false, true] {
                for delay_passes in [false, true] {
                    play(families, [preferred, other], preferred_is_last, delay_passes);
                }
            }
        }
    }
}
