//! Looking up names that are kept.

use std::{collections::HashMap, hint::black_box, io, net::Ipv4Addr, time::Duration};

use futures_lite::future::block_on;
use socketry::resolver::{Answer, CachingResolver, Family, Resolve, from_fn};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks up some of so many names that are kept.
pub(super) fn kept(size: usize, asked: usize) -> impl FnMut() {
    let somewhere = async |_, _| io::Result::Ok(answer());
    let resolver = CachingResolver::new(from_fn(somewhere)).most_names(size).lifetime(DAY);
    let names = names(size);
    for name in &names {
        // From now on it is kept; that there is an answer is seen when it is asked for.
        let _ = block_on(resolver.resolve(name, Family::V4));
    }
    in_turn(names, asked, move |name| block_on(resolver.resolve(name, Family::V4)).ok())
}

/// The same with a bare table of the standard library, which forgets nothing.
pub(super) fn table(size: usize, asked: usize) -> impl FnMut() {
    let names = names(size);
    let table: HashMap<String, Answer> =
        names.iter().map(|name| (name.clone(), answer())).collect();
    in_turn(names, asked, move |name| table.get(name).cloned())
}

fn names(size: usize) -> Vec<String> {
    (0..size).map(|number| format!("host-{number}.example")).collect()
}

fn answer() -> Answer {
    Answer::from(vec![Ipv4Addr::LOCALHOST.into()])
}

/// Asks for some of the names, one after the other.
///
/// Neighbours in that order are no neighbours in memory, in which they lie as they were looked up
/// first: so nothing is found by luck.
fn in_turn(
    names: Vec<String>,
    asked: usize,
    look_up: impl Fn(&str) -> Option<Answer>,
) -> impl FnMut() {
    let mut next = 0;
    move || {
        next = (next + STRIDE) % asked;
        let answer = look_up(black_box(&names[next]));
        assert!(black_box(answer).is_some(), "every name is somewhere");
    }
}

/// A prime, so that with sizes that are powers of ten every name has its turn.
const STRIDE: usize = 7919;
