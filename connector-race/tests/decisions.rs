//! Every order of events for a few addresses, and random ones for many.

use std::{net::SocketAddr, time::Duration};

use super::referee::{Referee, Terms};

const DELAY: Duration = Duration::from_millis(250);

/// Every mixture of the rules for which a few addresses make a difference.
fn all_terms() -> impl Iterator<Item = Terms> {
    let delays = [Some(DELAY), None];
    delays.into_iter().flat_map(|delay| {
        [0, 1, 2].into_iter().flat_map(move |most_in_flight| {
            [1, 2].map(|first_family_count| Terms { delay, most_in_flight, first_family_count })
        })
    })
}

/// Every order in which up to two addresses of each family can arrive.
fn all_arrivals() -> Vec<Vec<SocketAddr>> {
    let mut all = vec![vec![]];
    let mut begun = 0;
    while begun < all.len() {
        for family in [v6, v4] {
            let mut longer: Vec<SocketAddr> = all[begun].clone();
            let of_family = longer.iter().filter(|known| known.is_ipv4() == family(0).is_ipv4());
            if of_family.clone().count() < 2 {
                longer.push(family(of_family.count() as u16));
                all.push(longer);
            }
        }
        begun += 1;
    }
    all
}

fn v6(number: u16) -> SocketAddr {
    ([0, 0, 0, 0, 0, 0, 0, number], 80).into()
}

fn v4(number: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    ([10, 0, high, low], 80).into()
}

/// Lets everything happen that can happen next, each in a race of its own, to the end; returns in
/// how many ways it ended.
fn explore(race: &Referee, arrivals: &[SocketAddr], is_settled: bool, half_delays: u8) -> usize {
    let mut ends = 0;
    let mut branch = |change: &dyn Fn(&mut Referee), arrivals, is_settled, half_delays| {
        let mut race = race.clone();
        change(&mut race);
        ends += explore(&race, arrivals, is_settled, half_delays);
    };
    if race.is_lost() {
        return 1;
    }
    match arrivals {
        [next, rest @ ..] => branch(&|race| race.push(*next), rest, false, half_delays),
        [] if !is_settled => branch(&Referee::settle, &[], true, half_delays),
        [] => {}
    }
    if race.in_flight() > 0 {
        branch(&Referee::fail, arrivals, is_settled, half_delays);
    }
    if half_delays > 0 && race.in_flight() > 0 && !is_settled || race.waits_for().is_some() {
        let rest = half_delays.saturating_sub(1);
        branch(&|race| race.pass(DELAY / 2), arrivals, is_settled, rest);
    }
    assert!(ends > 0, "nothing can happen any more, and the race has not ended: {race:?}");
    ends
}

#[test]
fn whatever_happens_to_up_to_two_addresses_of_each_family_the_rules_are_kept_and_it_ends() {
    let mut ends = 0;
    for terms in all_terms() {
        for arrivals in all_arrivals() {
            ends += explore(&Referee::new(terms), &arrivals, false, 3);
        }
    }
    println!("{ends} ways");
    assert!(ends > 10_000, "{ends}");
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn terms(&mut self) -> Terms {
        Terms {
            delay: (self.below(4) > 0).then(|| Duration::from_millis(10 + self.below(490))),
            most_in_flight: self.below(6) as usize,
            first_family_count: 1 + self.below(4) as usize,
        }
    }

    /// Some of these come more than once.
    fn address(&mut self) -> SocketAddr {
        let family = if self.below(2) == 0 { v6 } else { v4 };
        family(self.below(60) as u16)
    }
}

/// Runs a race to its end with whatever comes up; returns what was dialled.
fn run(seed: u64) -> Vec<SocketAddr> {
    let mut random = Random(seed);
    let mut race = Referee::new(random.terms());
    let mut to_come = random.below(100);
    let mut is_settled = false;
    while !race.is_lost() {
        match random.below(4) {
            0 if to_come > 0 => {
                race.push(random.address());
                to_come -= 1;
            }
            0 if !is_settled => {
                race.settle();
                is_settled = true;
            }
            1 if race.in_flight() > 0 => race.fail(),
            2 => race.pass(Duration::from_millis(random.below(200))),
            _ => race.pass(race.waits_for().unwrap_or_default()),
        }
    }
    race.dialled().to_vec()
}

#[test]
fn whatever_happens_to_many_addresses_the_rules_are_kept_and_it_ends() {
    let most = (0..2000).map(|seed| run(seed).len()).max();
    assert!(most > Some(60), "the races are too small: {most:?}");
}

#[test]
fn the_same_events_lead_to_the_same_decisions() {
    for seed in 0..20 {
        assert_eq!(run(seed), run(seed));
    }
}
