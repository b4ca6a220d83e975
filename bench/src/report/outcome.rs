//! A scenario, and what came of it.

use crate::{
    library::Library,
    measure::{sample::Spread, turns::Measured},
    scenario::{Figure, Scenario},
};

/// What every library did in a scenario.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) scenario: Scenario,
    pub(crate) measured: Vec<Measured>,
}

impl Figure {
    /// What its values are counted in, as in the heading of a column.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "CPU us",
            Self::Memory => "bytes",
            Self::Latency => "ms",
        }
    }

    /// How many digits of a value say something.
    pub(crate) fn decimals(self) -> usize {
        match self {
            Self::Cpu | Self::Latency => 2,
            Self::Memory => 0,
        }
    }

    /// Whether it is a time, which is never twice the same.
    pub(crate) fn is_timed(self) -> bool {
        match self {
            Self::Cpu | Self::Latency => true,
            Self::Memory => false,
        }
    }

    /// One value a repetition.
    pub(crate) fn values(self, measured: &Measured) -> Vec<f64> {
        match self {
            Self::Cpu => measured.samples.iter().map(|sample| sample.cpu / 1000.0).collect(),
            Self::Memory => measured.memory.clone(),
            Self::Latency => measured.latencies.clone(),
        }
    }
}

impl Outcome {
    pub(crate) fn of(&self, library: Library) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.library == library)
    }

    /// The bare epoll, where it has anything to do with the figure.
    pub(crate) fn limit(&self) -> Option<&Measured> {
        match self.scenario.figure {
            Figure::Cpu => self.of(Library::Raw),
            Figure::Memory | Figure::Latency => None,
        }
    }

    /// `None` if nothing was measured.
    pub(crate) fn spread(&self, measured: &Measured) -> Option<Spread> {
        Spread::of(self.scenario.figure.values(measured))
    }

    /// How many times as much it takes as another.
    pub(crate) fn ratio(&self, measured: &Measured, other: &Measured) -> Option<Spread> {
        let figure = self.scenario.figure;
        ratio(&figure.values(measured), &figure.values(other))
    }

    /// The library that takes the least. The limit is no library.
    pub(crate) fn best(&self) -> Option<&Measured> {
        let libraries = self.measured.iter().filter(|measured| measured.library != Library::Raw);
        let medians = libraries.filter_map(|measured| Some((measured, self.spread(measured)?)));
        let (best, _) = medians.min_by(|(_, a), (_, b)| a.median.total_cmp(&b.median))?;
        Some(best)
    }
}

/// The ratios inside each repetition, because noise meets both that are measured in it.
pub(crate) fn ratio(values: &[f64], others: &[f64]) -> Option<Spread> {
    let pairs = values.iter().zip(others).filter(|(_, other)| **other > 0.0);
    Spread::of(pairs.map(|(value, other)| value / other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::{measured, outcome};

    #[test]
    fn noise_that_meets_both_is_no_difference() {
        let spread = ratio(&[10.0, 30.0, 11.0], &[10.0, 30.0, 10.0]).unwrap();
        assert_eq!((spread.least, spread.median, spread.most), (1.0, 1.0, 1.1));
    }

    #[test]
    fn there_is_no_ratio_to_nothing() {
        assert_eq!(ratio(&[1.0], &[0.0]), None);
        assert_eq!(ratio(&[1.0], &[]), None);
    }

    #[test]
    fn the_best_is_a_library_and_not_the_limit() {
        let outcome = outcome(
            "connect",
            vec![
                measured(Library::Raw, &[1.0]),
                measured(Library::Tokio, &[3.0]),
                measured(Library::Ours, &[2.0]),
            ],
        );
        assert_eq!(outcome.best().unwrap().library, Library::Ours);
    }
}
