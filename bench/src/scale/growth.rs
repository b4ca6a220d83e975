//! What a sweep has found: what an operation costs at each size, and how much that grows.

use serde::Serialize;

use crate::{library::Library, measure::sample::Spread, scale::Sweep};

/// How much more an operation may cost at the largest size than at the smallest.
pub(crate) const MOST: f64 = 1.3;

/// How much of that may be noise.
const NOISE: f64 = 1.10;

/// What a sweep has found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Growth {
    #[serde(rename = "name", serialize_with = "by_name")]
    pub(crate) sweep: Sweep,
    /// Whose, where libraries are compared.
    pub(crate) library: Option<Library>,
    /// One for each size, the smallest first.
    pub(crate) points: Vec<Point>,
}

/// What an operation costs at one size.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) size: usize,
    /// Nanoseconds on the processor, one for each repetition.
    pub(crate) cpu: Vec<f64>,
    /// In user space; `None` where they were not counted.
    pub(crate) instructions: Option<f64>,
}

/// What has become of the goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Verdict {
    Met,
    /// Over it by what may be noise.
    Near,
    Missed,
}

impl Growth {
    pub(crate) fn new(sweep: Sweep, library: Option<Library>) -> Self {
        let point = |size: &usize| Point { size: *size, cpu: vec![], instructions: None };
        Self { sweep, library, points: sweep.sizes.iter().map(point).collect() }
    }

    /// How many times as much processor time the largest size takes as the smallest, pairwise in
    /// each repetition.
    pub(crate) fn of_cpu(&self) -> Option<Spread> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        Spread::of(first.cpu.iter().zip(&last.cpu).map(|(first, last)| last / first))
    }

    /// How many times as many instructions the largest size takes that was counted.
    pub(crate) fn of_instructions(&self) -> Option<f64> {
        let first = self.points.first()?.instructions?;
        let last = self.points.iter().rev().find_map(|point| point.instructions)?;
        Some(last / first)
    }

    /// Whether ours costs what it may, where it has a goal; of the others nothing is asked.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        if !self.sweep.has_goal || !matches!(self.library, None | Some(Library::Ours)) {
            return None;
        }
        let growth = self.of_cpu()?.median;
        Some(match growth {
            _ if growth <= MOST => Verdict::Met,
            _ if growth <= MOST * NOISE => Verdict::Near,
            _ => Verdict::Missed,
        })
    }
}

fn by_name<S: serde::Serializer>(sweep: &Sweep, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(sweep.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::SWEEPS;

    /// With what the smallest and the largest size cost in each repetition.
    fn growth(library: Option<Library>, first: &[f64], last: &[f64]) -> Growth {
        let mut growth = Growth::new(SWEEPS[0], library);
        growth.points.first_mut().unwrap().cpu = first.to_vec();
        growth.points.last_mut().unwrap().cpu = last.to_vec();
        growth
    }

    #[test]
    fn it_is_the_middle_one_of_those_inside_each_repetition() {
        // By the medians of both it were 3.
        let growth = growth(None, &[10.0, 10.0, 30.0], &[10.0, 30.0, 30.0]);
        let expected = Spread { least: 1.0, median: 1.0, most: 3.0 };
        assert_eq!(growth.of_cpu(), Some(expected));
    }

    #[test]
    fn the_goal_is_missed_when_it_is_more_than_noise() {
        let verdict = |last| growth(None, &[10.0], &[last]).verdict().unwrap();
        let verdicts = [verdict(13.0), verdict(14.0), verdict(14.4)];
        assert_eq!(verdicts, [Verdict::Met, Verdict::Near, Verdict::Missed]);
    }

    #[test]
    fn of_other_libraries_nothing_is_asked() {
        assert_eq!(growth(Some(Library::Raw), &[10.0], &[99.0]).verdict(), None);
    }

    #[test]
    fn of_what_is_met_everywhere_nothing_is_asked() {
        let sweep = SWEEPS.iter().copied().find(|sweep| !sweep.has_goal).unwrap();
        let growth = Growth { sweep, ..growth(None, &[10.0], &[99.0]) };
        assert_eq!(growth.verdict(), None);
    }

    #[test]
    fn without_a_sample_there_is_no_growth() {
        assert_eq!(growth(None, &[], &[]).verdict(), None);
    }

    #[test]
    fn instructions_grow_up_to_the_largest_size_that_was_counted() {
        let mut growth = growth(None, &[], &[]);
        growth.points[0].instructions = Some(100.0);
        growth.points[2].instructions = Some(150.0);
        assert_eq!(growth.of_instructions(), Some(1.5));
    }
}
