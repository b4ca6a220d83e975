//! What one run has cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::totals::Totals;

/// What an operation has cost in one run.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Sample {
    /// Nanoseconds on the processor.
    pub(crate) cpu: f64,
    /// Operations a second.
    pub(crate) rate: f64,
    pub(crate) allocations: Option<f64>,
    /// Bytes that were allocated.
    pub(crate) allocated: Option<f64>,
    /// TLS sessions that were resumed.
    pub(crate) resumed: Option<f64>,
}

/// How many milliseconds an operation has taken between two looks; `None` if there was none.
pub(crate) fn latency(before: &Totals, after: &Totals) -> Option<f64> {
    let operations = after.operations.checked_sub(before.operations).filter(|done| *done > 0)?;
    Some((after.waited as f64 - before.waited as f64) / operations as f64 / 1e6)
}

/// System calls of an operation, by name.
pub(crate) type Calls = BTreeMap<String, f64>;

impl Sample {
    /// What happened between two looks; `None` if nothing did.
    pub(crate) fn between(before: &Totals, after: &Totals) -> Option<Self> {
        let operations =
            after.operations.checked_sub(before.operations).filter(|done| *done > 0)?;
        let each = |before: u64, after: u64| (after as f64 - before as f64) / operations as f64;
        let each_if_known = |before: Option<u64>, after: Option<u64>| Some(each(before?, after?));
        Some(Self {
            cpu: each(before.cpu, after.cpu),
            rate: 1e9 / each(before.time, after.time),
            allocations: each_if_known(before.allocations, after.allocations),
            allocated: each_if_known(before.allocated, after.allocated),
            resumed: each_if_known(before.resumed, after.resumed),
        })
    }
}

/// The middle one, and from where to where they go.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        };
        Some(Self { least, median, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_what_happened_between_two_looks_by_operation() {
        let before = Totals { operations: 10, time: 1_000, cpu: 500, ..Totals::default() };
        let after = Totals { operations: 30, time: 21_000, cpu: 10_500, ..Totals::default() };
        let sample = Sample::between(&before, &after).unwrap();
        assert_eq!((sample.cpu, sample.rate), (500.0, 1e6));
    }

    #[test]
    fn there_is_no_sample_of_nothing() {
        assert!(Sample::between(&Totals::default(), &Totals::default()).is_none());
    }

    #[test]
    fn a_latency_is_what_the_operations_between_two_looks_have_waited() {
        let before = Totals { operations: 1, waited: 900_000_000, ..Totals::default() };
        let after = Totals { operations: 3, waited: 1_400_000_000, ..Totals::default() };
        assert_eq!(latency(&before, &after), Some(250.0));
        assert_eq!(latency(&after, &after), None);
    }

    #[test]
    fn the_median_is_the_middle_one_or_between_the_two_in_the_middle() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]).unwrap().median, 2.0);
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of([]), None);
    }
}
