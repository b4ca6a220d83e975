//! How the cost of an operation grows with what is there already.

use crate::{scale::alone::Alone, work::Work};

pub(crate) mod alone;
mod exact;
pub(crate) mod growth;
mod plot;
mod show;
mod sweep;

pub(crate) use crate::scale::show::run;

/// One kind of operation, beside more and more that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sweep {
    /// Short, as on the command line.
    pub(crate) name: &'static str,
    /// One line that says what is done.
    pub(crate) title: &'static str,
    /// What there is more and more of.
    pub(crate) of: &'static str,
    pub(crate) sizes: &'static [usize],
    pub(crate) kind: Kind,
    /// Whether the cost may grow by [`growth::MOST`] at most. That cannot be asked where each
    /// operation meets something that was not touched for long: the more there is, the less of it
    /// lies in a cache of the processor.
    pub(crate) has_goal: bool,
}

/// Who does the work.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A process that talks with another over connections, beside others that say nothing.
    Beside { work: Work, counterpart: Work },
    /// A process by itself. Instructions are counted up to this size; what is set up for more takes
    /// too long under a tool that counts them.
    Alone { work: Alone, counted_up_to: usize },
}

impl Sweep {
    const fn beside(
        name: &'static str,
        title: &'static str,
        work: Work,
        counterpart: Work,
    ) -> Self {
        let kind = Kind::Beside { work, counterpart };
        Self { name, title, of: "idle connections", sizes: CONNECTIONS, kind, has_goal: true }
    }

    const fn alone(
        name: &'static str,
        title: &'static str,
        of: &'static str,
        work: Alone,
        sizes: &'static [usize],
    ) -> Self {
        let kind = Kind::Alone { work, counted_up_to: usize::MAX };
        Self { name, title, of, sizes, kind, has_goal: true }
    }

    const fn counted_up_to(self, size: usize) -> Self {
        let kind = match self.kind {
            Kind::Alone { work, .. } => Kind::Alone { work, counted_up_to: size },
            beside @ Kind::Beside { .. } => beside,
        };
        Self { kind, ..self }
    }
}

/// Sweeps of what is met one after the other, all of it.
const fn everywhere(sweep: Sweep) -> Sweep {
    Sweep { has_goal: false, ..sweep }
}

/// How many connections talk beside those that say nothing.
pub(crate) const TALKERS: usize = 64;

/// A process may have 20,000 descriptors on most machines.
const CONNECTIONS: &[usize] = &[10, 100, 1_000, 10_000, 18_000];
const TRACKED: &[usize] = &[1, 10, 100, 1_000, 10_000, 100_000];
const IDENTITIES: &[usize] = &[1, 10, 100, 1_000, 10_000];

/// Every sweep, in the order of the report.
pub(crate) const SWEEPS: &[Sweep] = &[
    Sweep::beside(
        "scale-connections",
        "echo to 64 clients beside idle ones",
        Work::Echo,
        Work::Ping,
    ),
    Sweep::beside(
        "scale-clients",
        "round trips of 64 clients beside idle ones",
        Work::Ping,
        Work::Echo,
    ),
    Sweep::alone(
        "scale-tracked",
        "accept one more, hear and answer it, drop it, with a list of connections",
        "tracked connections",
        Alone::Tracked,
        TRACKED,
    ),
    Sweep::alone(
        "scale-timed",
        "the same with an idle timeout",
        "tracked connections",
        Alone::Timed,
        TRACKED,
    ),
    Sweep::alone(
        "scale-gated",
        "accept one more from one address and drop it, with a gate that counts addresses",
        "connections from other addresses",
        Alone::Gated,
        TRACKED,
    ),
    everywhere(Sweep::alone(
        "scale-gated-everywhere",
        "accept one more from each address in turn, with a gate that counts addresses",
        "connections from as many addresses",
        Alone::GatedEverywhere,
        TRACKED,
    )),
    Sweep::alone(
        "scale-names",
        "look up one name that is kept",
        "names kept",
        Alone::Names,
        TRACKED,
    ),
    everywhere(Sweep::alone(
        "scale-names-everywhere",
        "look up each name that is kept, in turn",
        "names kept",
        Alone::NamesEverywhere,
        TRACKED,
    )),
    everywhere(Sweep::alone(
        "scale-table-everywhere",
        "the same with a bare hash table, to compare with",
        "names in the table",
        Alone::TableEverywhere,
        TRACKED,
    )),
    Sweep::alone(
        "scale-identities",
        "answer the first message of a TLS handshake, by the name in it",
        "identities",
        Alone::Handshakes,
        IDENTITIES,
    )
    .counted_up_to(1_000),
    Sweep::alone(
        "scale-choosing",
        "the same, up to the choice of an identity",
        "identities",
        Alone::Choosing,
        IDENTITIES,
    )
    .counted_up_to(1_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow() {
        for sweep in SWEEPS {
            assert!(sweep.sizes.is_sorted_by(|one, next| one < next), "{}", sweep.name);
        }
    }
}
