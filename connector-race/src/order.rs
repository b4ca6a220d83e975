//! In which order addresses are dialled, whatever the order in which they come.

use std::{
    collections::{HashSet, VecDeque},
    net::SocketAddr,
};

use socketry_connection::Family;

use crate::Route;

/// The routes that have not been dialled, in an order that new addresses may change.
///
/// Families take turns. Within a family the routes from the first local address come first, and of
/// these those to the address that arrived first.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Every address that ever came, so that each is dialled once.
    known: HashSet<SocketAddr>,
    /// The earlier lane of a family goes first.
    lanes: Vec<Lane>,
    /// Whose turn it is; `None` until the first address has come, whose family begins.
    turn: Option<Family>,
    /// How many routes in a row the first family still has.
    lead: usize,
}

/// What can be dialled in one family from one local address.
#[derive(Clone, Debug)]
struct Lane {
    family: Family,
    local: Option<SocketAddr>,
    remotes: VecDeque<SocketAddr>,
}

impl Order {
    /// Nothing to dial. The first family will have `lead` routes before the other has its turn.
    /// Without `locals` the system chooses where connections come from.
    pub(crate) fn new(lead: usize, locals: &[SocketAddr]) -> Self {
        let lane = |family, local| Lane { family, local, remotes: VecDeque::new() };
        let lanes = match locals {
            [] => vec![lane(Family::V6, None), lane(Family::V4, None)],
            locals => locals.iter().map(|local| lane(family_of(local), Some(*local))).collect(),
        };
        Self { known: HashSet::new(), lanes, turn: None, lead }
    }

    /// Adds the routes to an address; none if it came before, or if no local address is of its
    /// family.
    pub(crate) fn push(&mut self, remote: SocketAddr) {
        if !self.known.insert(remote) {
            return;
        }
        let family = family_of(&remote);
        self.turn.get_or_insert(family);
        for lane in self.lanes.iter_mut().filter(|lane| lane.family == family) {
            lane.remotes.push_back(remote);
        }
    }

    /// Lets the family of `remote` begin, with `remote` itself if it is among those to be dialled.
    pub(crate) fn prefer(&mut self, remote: SocketAddr) {
        self.turn = Some(family_of(&remote));
        for lane in &mut self.lanes {
            if let Some(index) = lane.remotes.iter().position(|waiting| *waiting == remote) {
                lane.remotes.remove(index);
                lane.remotes.push_front(remote);
            }
        }
    }

    /// Takes the route to dial next.
    pub(crate) fn pop(&mut self) -> Option<Route> {
        let turn = self.turn?;
        let route = self.pop_of(turn).or_else(|| self.pop_of(other(turn)))?;
        let family = family_of(&route.remote());
        self.lead = if family == turn { self.lead.saturating_sub(1) } else { 0 };
        self.turn = Some(if self.lead > 0 { family } else { other(family) });
        Some(route)
    }

    /// Whether nothing is left to dial.
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.remotes.is_empty())
    }

    /// Every address that has come, dialled or not, in no particular order.
    pub(crate) fn known(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.known.iter().copied()
    }

    fn pop_of(&mut self, family: Family) -> Option<Route> {
        let mut lanes = self.lanes.iter_mut().filter(|lane| lane.family == family);
        lanes.find_map(|lane| Some(Route::new(lane.remotes.pop_front()?, lane.local)))
    }
}

fn family_of(address: &SocketAddr) -> Family {
    Family::of(&address.ip())
}

fn other(family: Family) -> Family {
    match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The routes from `locals` to `remotes`, both by name: `6a` is an IPv6 address.
    fn order(lead: usize, locals: &[&str], remotes: &[&str]) -> Order {
        let locals: Vec<_> = locals.iter().map(|name| address(name)).collect();
        let mut order = Order::new(lead, &locals);
        remotes.iter().for_each(|name| order.push(address(name)));
        order
    }

    /// `6a` is `[::a]:1`, `4b` is `0.0.0.11:1`.
    fn address(name: &str) -> SocketAddr {
        let number = u8::from_str_radix(&name[1..], 16).unwrap();
        match &name[..1] {
            "6" => ([0, 0, 0, 0, 0, 0, 0, number.into()], 1).into(),
            _ => ([0, 0, 0, number], 1).into(),
        }
    }

    fn name(address: SocketAddr) -> String {
        match address {
            SocketAddr::V6(v6) => format!("6{:x}", v6.ip().octets()[15]),
            SocketAddr::V4(v4) => format!("4{:x}", v4.ip().octets()[3]),
        }
    }

    /// The names of all routes that are left.
    fn rest(mut order: Order) -> String {
        let routes = std::iter::from_fn(|| order.pop());
        let names = routes.map(|route| match route.local() {
            Some(local) => format!("{}-{}", name(local), name(route.remote())),
            None => name(route.remote()),
        });
        Vec::from_iter(names).join(" ")
    }

    #[test]
    fn families_take_turns_beginning_with_that_of_the_first_address() {
        assert_eq!(rest(order(1, &[], &["61", "62", "63", "41", "42"])), "61 41 62 42 63");
        assert_eq!(rest(order(1, &[], &["41", "61", "42", "62"])), "41 61 42 62");
    }

    #[test]
    fn the_first_family_has_as_many_in_a_row_as_it_is_given_and_then_takes_turns() {
        let all = ["61", "62", "63", "64", "41", "42", "43"];
        assert_eq!(rest(order(2, &[], &all)), "61 62 41 63 42 64 43");
        assert_eq!(rest(order(9, &[], &all)), "61 62 63 64 41 42 43");
    }

    #[test]
    fn the_lead_is_lost_when_the_first_family_has_nothing_to_dial() {
        let mut order = order(3, &[], &["61", "41", "42"]);
        assert_eq!(order.pop().map(|route| name(route.remote())), Some("61".into()));
        assert_eq!(order.pop().map(|route| name(route.remote())), Some("41".into()));
        ["62", "63"].iter().for_each(|late| order.push(address(late)));
        assert_eq!(rest(order), "62 42 63");
    }

    #[test]
    fn a_late_address_of_the_family_whose_turn_it_is_goes_before_earlier_ones() {
        let mut order = order(1, &[], &["61", "62", "63"]);
        order.pop();
        order.push(address("41"));
        assert_eq!(rest(order), "41 62 63");
    }

    #[test]
    fn an_address_that_came_before_is_not_dialled_again() {
        let mut order = order(1, &[], &["61", "61", "41", "61"]);
        order.pop();
        order.push(address("61"));
        assert_eq!(rest(order), "41");
    }

    #[test]
    fn of_each_family_all_routes_from_the_first_local_address_come_first() {
        let order = order(1, &["4a", "6a", "4b"], &["61", "41", "42"]);
        assert_eq!(rest(order), "6a-61 4a-41 4a-42 4b-41 4b-42");
    }

    #[test]
    fn addresses_without_a_local_one_of_their_family_are_dropped() {
        let order = order(1, &["6a"], &["41", "42"]);
        assert!(order.is_empty() && order.known().count() == 2);
        assert_eq!(rest(order), "");
    }

    #[test]
    fn a_preferred_address_goes_first_and_its_family_with_it() {
        let mut known = order(2, &["4a", "4b", "6a"], &["61", "41", "42", "43"]);
        known.prefer(address("42"));
        assert_eq!(rest(known), "4a-42 4a-41 6a-61 4a-43 4b-42 4b-41 4b-43");
        let mut gone = order(1, &[], &["61", "41"]);
        gone.prefer(address("49"));
        assert_eq!(rest(gone), "41 61");
    }
}
