//! Outcomes that tests have made up.

use crate::{
    library::Library,
    measure::{sample::Sample, turns::Measured},
    report::outcome::Outcome,
    scenario::SCENARIOS,
};

/// What a library did that takes so many microseconds in each repetition.
pub(crate) fn measured(library: Library, microseconds: &[f64]) -> Measured {
    let sample = |cpu: &f64| Sample {
        cpu: cpu * 1000.0,
        rate: 1e6 / cpu,
        allocations: Some(0.0),
        allocated: Some(0.0),
        resumed: None,
    };
    let samples = microseconds.iter().map(sample).collect();
    Measured { samples, ..Measured::new(library) }
}

pub(crate) fn outcome(scenario: &str, measured: Vec<Measured>) -> Outcome {
    let scenario = SCENARIOS.iter().find(|known| known.name == scenario);
    Outcome { scenario: *scenario.unwrap(), measured } // a test names one that there is
}
