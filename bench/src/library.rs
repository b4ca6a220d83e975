//! The libraries that are compared.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

use crate::{tls::Layer, work::Work};

/// A library, and what it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Library {
    /// epoll and nothing around it: the limit.
    Raw,
    /// This house, on its own driver.
    Ours,
    /// This house, on smol's.
    OursSmol,
    /// async-net on smol.
    AsyncNet,
    /// async-std.
    AsyncStd,
    /// tokio on one thread.
    Tokio,
    /// tokio on its pool of threads.
    TokioThreads,
    /// hyper-util on tokio's one thread.
    HyperUtil,
    /// actix-server on one worker.
    Actix,
    /// Go's own net, in a program in Go.
    Go,
    /// Node's own net, in a program in JavaScript.
    Node,
    /// This house, with gate and list around its server, where a scenario is about it.
    OursLimited,
    /// This house, with the layers of the facade put together by hand, where a scenario is about it.
    OursByHand,
    /// This house, with the facade, where a scenario is about it.
    OursFacade,
}

impl Library {
    /// Whether it is made for this kind of work at all.
    pub(crate) fn does(self, work: Work, layer: Layer) -> bool {
        let plainly = layer == Layer::Plain;
        let broadcasts = work == Work::Broadcast;
        match self {
            Self::HyperUtil => plainly && !work.listens(),
            Self::Actix | Self::OursLimited => plainly && work.listens() && !broadcasts,
            Self::OursByHand | Self::OursFacade => plainly && !work.listens() && !work.races(),
            Self::AsyncNet | Self::AsyncStd | Self::TokioThreads => !work.races(),
            // Who has resumed gets no new ticket of it, and would have to come with one of before.
            Self::Node if work.listens() && layer == Layer::TlsResumed => false,
            Self::Go | Self::Node => !broadcasts,
            Self::Raw | Self::Ours | Self::OursSmol | Self::Tokio => true,
        }
    }

    /// Whether it is in a scenario only where that names it.
    pub(crate) fn is_variant(self) -> bool {
        matches!(self, Self::OursLimited | Self::OursByHand | Self::OursFacade)
    }
}

/// As on the command line.
impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.pad(value.get_name()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_connects_or_only_listens_is_not_asked_for_the_other() {
        let does = |library: Library| {
            [Work::Connect, Work::Accept].map(|work| library.does(work, Layer::Plain))
        };
        assert_eq!(does(Library::HyperUtil), [true, false]);
        assert_eq!(does(Library::Actix), [false, true]);
        assert_eq!(does(Library::Raw), [true, true]);
    }
}
