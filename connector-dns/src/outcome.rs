//! What has come of the lookups of a name, and the addresses in it that can be dialled.

use std::{io, net::SocketAddr};

use socketry_connection::Family;
use socketry_resolver::Answer;

use crate::{
    options::Options,
    order::{MOST_SORTED, sort},
};

/// What has come of the lookup of one family: addresses, a failure, or neither.
pub(crate) struct Outcome {
    family: Family,
    /// Has at least one address of the family.
    answer: Option<Answer>,
    failure: Option<io::Error>,
}

impl Outcome {
    /// Nothing has come yet.
    pub(crate) fn none(family: Family) -> Self {
        Self { family, answer: None, failure: None }
    }

    /// The lookup is over.
    pub(crate) fn settle(&mut self, result: io::Result<Answer>) {
        let family = self.family;
        match result {
            Ok(answer) if answer.addresses().iter().any(|address| is_of(family, address)) => {
                self.answer = Some(answer);
            }
            Ok(_) => {}
            Err(error) => self.failure = Some(error),
        }
    }

    pub(crate) fn family(&self) -> Family {
        self.family
    }

    pub(crate) fn has_addresses(&self) -> bool {
        self.answer.is_some()
    }

    pub(crate) fn into_failure(self) -> Option<io::Error> {
        self.failure
    }

    /// Takes the addresses, in the order in which they are to be tried: none the next time.
    pub(crate) fn take_addresses(&mut self, port: u16, options: &Options) -> Vec<SocketAddr> {
        let mut addresses: Vec<_> = self.addresses(port).collect();
        self.answer = None;
        sort(&mut addresses, options);
        addresses
    }

    fn addresses(&self, port: u16) -> impl Iterator<Item = SocketAddr> + '_ {
        let found = self.answer.iter().flat_map(move |answer| answer.socket_addresses(port));
        found.filter(|address| is_of(self.family, address))
    }
}

/// What has come of all lookups of a name.
pub(crate) struct Outcomes {
    preferred: Outcome,
    other: Option<Outcome>,
}

impl Outcomes {
    pub(crate) fn new(preferred: Outcome, other: Option<Outcome>) -> Self {
        Self { preferred, other }
    }

    /// The addresses of both families, in the order in which they are to be tried.
    pub(crate) fn addresses(&self, port: u16, options: &Options) -> Vec<SocketAddr> {
        const OF_EACH: usize = MOST_SORTED / 2; // so that neither crowds the other out
        let answers = self.iter().filter_map(|outcome| outcome.answer.as_ref());
        let mut addresses = Vec::with_capacity(answers.map(Answer::len).sum());
        addresses.extend(self.iter().flat_map(|outcome| outcome.addresses(port).take(OF_EACH)));
        addresses.extend(self.iter().flat_map(|outcome| outcome.addresses(port).skip(OF_EACH)));
        sort(&mut addresses, options);
        addresses
    }

    /// One after the other, the preferred family first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Outcome> {
        [Some(&self.preferred), self.other.as_ref()].into_iter().flatten()
    }
}

impl IntoIterator for Outcomes {
    type Item = Outcome;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<Outcome>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        [Some(self.preferred), self.other].into_iter().flatten()
    }
}

/// Whether an address can be dialled as one of this family.
///
/// One of IPv4 in the clothes of IPv6 (`::ffff:192.0.2.1`) is of neither: it would be dialled over
/// IPv4, and the lookup of that family has it. One that is link-local and does not say on which link
/// is nowhere.
fn is_of(family: Family, address: &SocketAddr) -> bool {
    match address {
        SocketAddr::V4(_) => family == Family::V4,
        SocketAddr::V6(address) => {
            let ip = address.ip();
            let is_nowhere = ip.is_unicast_link_local() && address.scope_id() == 0;
            family == Family::V6 && ip.to_ipv4_mapped().is_none() && !is_nowhere
        }
    }
}
