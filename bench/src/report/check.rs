//! What was measured beside what has to be reached.

use std::fmt;

use crate::{
    library::Library,
    measure::{
        sample::{Calls, Spread},
        turns::Measured,
    },
    report::{
        goals::{Count, GOALS, Goal, Limit},
        outcome::{Outcome, ratio},
    },
};

/// How much of a goal may be noise, where time is measured.
const NOISE: f64 = 1.10;

/// What looking at the totals costs, spread over the operations between two looks.
const LOOK: f64 = 0.02;

/// What has become of a goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Met,
    /// Over the goal by what may be noise.
    Near,
    Missed,
    /// The scenario was not measured, or not all that it takes.
    Unmeasured,
}

/// A goal, and what has become of it.
#[derive(Debug)]
pub(crate) struct Finding {
    scenario: &'static str,
    pub(crate) verdict: Verdict,
    figures: String,
}

/// One for each goal.
pub(crate) fn check(outcomes: &[Outcome]) -> Vec<Finding> {
    GOALS.iter().map(|goal| find(goal, outcomes)).collect()
}

impl Finding {
    /// The scenario and the figures, without the verdict.
    pub(crate) fn goal(&self) -> String {
        format!("{}: {}", self.scenario, self.figures)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Met => "met",
            Verdict::Near => "within 10 %",
            Verdict::Missed => "MISSED",
            Verdict::Unmeasured => "unmeasured",
        };
        write!(f, "{verdict:<11}  {:<18}  {}", self.scenario, self.figures)
    }
}

fn find(goal: &Goal, outcomes: &[Outcome]) -> Finding {
    let (verdict, figures) =
        judge(goal, outcomes).unwrap_or_else(|missing| (Verdict::Unmeasured, missing));
    Finding { scenario: goal.scenario, verdict, figures }
}

/// The verdict and the figures behind it, or what is missing.
fn judge(goal: &Goal, outcomes: &[Outcome]) -> Result<(Verdict, String), String> {
    let (outcome, ours) = ours(goal.scenario, outcomes)?;
    let figure = outcome.scenario.figure;
    let (unit, decimals) = (figure.unit(), figure.decimals());
    match goal.limit {
        Limit::Times(most, library) => {
            let other = outcome.of(library).and_then(|other| outcome.ratio(ours, other));
            let ratio = other.ok_or_else(|| format!("{library} was not measured"))?;
            Ok(times(unit, ratio, most, &library.to_string()))
        }
        Limit::TimesOursIn(most, other) => {
            // Measured one after the other, so that noise meets one of them only.
            let other_ours = figure.values(self::ours(other, outcomes)?.1);
            let ratio = ratio(&figure.values(ours), &other_ours);
            let ratio = ratio.ok_or_else(|| format!("{other} was not measured"))?;
            Ok(times(unit, ratio, most, &format!("ours in {other}")))
        }
        Limit::Figure(most) => {
            let spread = outcome.spread(ours).ok_or("nothing was measured")?;
            let Spread { least, median, most: greatest } = spread;
            let noise = if figure.is_timed() { NOISE } else { 1.0 };
            let figures = format!(
                "{median:.decimals$} {unit} ({least:.decimals$}..{greatest:.decimals$}), \
                 the goal is {most:.decimals$}"
            );
            Ok((at_most(median, most, noise), figures))
        }
        Limit::SystemCalls(goal) => Ok(count("system calls", calls(ours)?.values().sum(), goal)),
        Limit::SystemCallsButWaits(goal) => {
            Ok(count("system calls but waits", but_waits(calls(ours)?), goal))
        }
        Limit::Allocations(goal) => {
            let allocations = ours.samples.iter().filter_map(|sample| sample.allocations);
            let spread = Spread::of(allocations).ok_or("allocations were not counted")?;
            Ok(count("allocations", spread.median, goal))
        }
    }
}

fn calls(ours: &Measured) -> Result<&Calls, String> {
    let missing = || "system calls were not counted: is strace installed?".to_string();
    ours.calls.as_ref().ok_or_else(missing)
}

/// A wait of the reactor sets a timer, arms it, waits, and clears and arms an event; threads that wait for
/// each other use a futex and write to the event.
fn but_waits(calls: &Calls) -> f64 {
    const OF_WAITS: [&str; 6] =
        ["epoll_pwait", "epoll_wait", "futex", "read", "timerfd_settime", "write"];

    let waits = calls.get("timerfd_settime").copied().unwrap_or_default();
    let others = calls.iter().filter(|(name, _)| !OF_WAITS.contains(&name.as_str()));
    others.map(|(_, count)| count).sum::<f64>() - 2.0 * waits
}

fn ours<'a>(
    scenario: &str,
    outcomes: &'a [Outcome],
) -> Result<(&'a Outcome, &'a Measured), String> {
    let outcome = outcomes.iter().find(|outcome| outcome.scenario.name == scenario);
    outcome
        .and_then(|outcome| Some((outcome, outcome.of(Library::Ours)?)))
        .ok_or_else(|| format!("{} was not measured in {scenario}", Library::Ours))
}

fn times(unit: &str, ratio: Spread, most: f64, of: &str) -> (Verdict, String) {
    let Spread { least, median, most: greatest } = ratio;
    let figures =
        format!("{median:.2} x {of} in {unit} ({least:.2}..{greatest:.2}), the goal is {most:.2}");
    (at_most(median, most, NOISE), figures)
}

fn count(what: &str, value: f64, goal: Count) -> (Verdict, String) {
    let (is_met, goal) = match goal {
        Count::Exactly(goal) => ((value - goal).abs() <= LOOK, format!("exactly {goal}")),
        Count::AtMost(goal) => (value <= goal + LOOK, format!("{goal}")),
    };
    let verdict = if is_met { Verdict::Met } else { Verdict::Missed };
    (verdict, format!("{value:.2} {what}, the goal is {goal}"))
}

fn at_most(value: f64, most: f64, noise: f64) -> Verdict {
    if value <= most {
        Verdict::Met
    } else if value <= most * noise {
        Verdict::Near
    } else {
        Verdict::Missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::example::{measured, outcome},
        scenario::SCENARIOS,
    };

    /// What becomes of the goals of a scenario, in their order.
    fn verdicts(outcomes: &[Outcome], scenario: &str) -> Vec<Verdict> {
        let findings = check(outcomes);
        let found = findings.iter().filter(|finding| finding.scenario == scenario);
        found.map(|finding| finding.verdict).collect()
    }

    fn accept(ours: &[f64], raw: &[f64]) -> Vec<Verdict> {
        let measured = vec![measured(Library::Ours, ours), measured(Library::Raw, raw)];
        verdicts(&[outcome("accept", measured)], "accept")
    }

    /// The goals of counts in `connect`, and their lines.
    fn connect(calls: Option<f64>, allocations: f64) -> Vec<Verdict> {
        let calls = calls.map(|calls| Calls::from([("connect".into(), calls)]));
        let mut ours = Measured { calls, ..measured(Library::Ours, &[20.0]) };
        ours.samples[0].allocations = Some(allocations);
        verdicts(&[outcome("connect", vec![ours])], "connect")[1..].to_vec()
    }

    #[test]
    fn a_ratio_is_met_up_to_its_goal_and_missed_ten_percent_over_it() {
        assert_eq!(accept(&[11.0], &[10.0]), [Verdict::Met]);
        assert_eq!(accept(&[12.0], &[10.0]), [Verdict::Near]);
        assert_eq!(accept(&[12.2], &[10.0]), [Verdict::Missed]);
    }

    #[test]
    fn a_ratio_is_the_middle_one_of_those_inside_each_repetition() {
        // By the medians of both it were 2.
        assert_eq!(accept(&[10.0, 20.0, 30.0], &[10.0, 10.0, 30.0]), [Verdict::Met]);
    }

    #[test]
    fn a_count_over_its_goal_is_missed_but_for_what_the_look_costs() {
        assert_eq!(connect(Some(6.01), 0.01), [Verdict::Met, Verdict::Met]);
        assert_eq!(connect(Some(6.1), 0.1), [Verdict::Missed, Verdict::Missed]);
    }

    #[test]
    fn an_exact_count_is_missed_below_its_goal_too() {
        assert_eq!(connect(Some(5.0), 0.0), [Verdict::Missed, Verdict::Met]);
    }

    #[test]
    fn what_waits_is_not_counted_where_messages_are() {
        let calls = [("recvfrom", 1.0), ("sendto", 1.0), ("epoll_ctl", 2.0), ("futex", 0.5)];
        let wait = [("timerfd_settime", 0.5), ("epoll_pwait", 0.5), ("read", 0.5)];
        let calls = calls.into_iter().chain(wait).map(|(name, count)| (name.to_string(), count));
        assert_eq!(but_waits(&calls.collect()), 3.0);
    }

    #[test]
    fn memory_has_no_noise() {
        let idle = |memory| {
            let ours = Measured { memory: vec![memory], ..measured(Library::Ours, &[]) };
            verdicts(&[outcome("idle", vec![ours])], "idle")
        };
        assert_eq!((idle(700.0), idle(701.0)), (vec![Verdict::Met], vec![Verdict::Missed]));
    }

    #[test]
    fn names_are_compared_with_addresses() {
        let outcome = |name, cpu| outcome(name, vec![measured(Library::Ours, &[cpu])]);
        let outcomes = [outcome("connect", 20.0), outcome("connect-name", 24.0)];
        assert_eq!(verdicts(&outcomes, "connect-name"), [Verdict::Met]);
        assert_eq!(verdicts(&outcomes[1..], "connect-name"), [Verdict::Unmeasured]);
    }

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        assert!(check(&[]).iter().all(|finding| finding.verdict == Verdict::Unmeasured));
        let without_peer = outcome("accept", vec![measured(Library::Ours, &[10.0])]);
        assert_eq!(verdicts(&[without_peer], "accept"), [Verdict::Unmeasured]);
        assert_eq!(connect(None, 0.0), [Verdict::Unmeasured, Verdict::Met]);
    }

    #[test]
    fn a_line_has_the_figures_and_the_goal() {
        let both = vec![measured(Library::Ours, &[10.0]), measured(Library::Raw, &[10.0])];
        let findings = check(&[outcome("accept", both)]);
        let finding = findings.iter().find(|finding| finding.scenario == "accept").unwrap();
        assert_eq!(
            finding.to_string(),
            "met          accept              \
             1.00 x raw in CPU us (1.00..1.00), the goal is 1.10"
        );
    }

    #[test]
    fn every_goal_of_plain_connections_has_its_scenario() {
        let plain = ["connect", "connect-name", "connect-64", "churn-client", "accept"];
        for name in plain.iter().chain(&["churn-server", "echo-256", "idle"]) {
            assert!(SCENARIOS.iter().any(|scenario| scenario.name == *name), "{name}");
            assert!(GOALS.iter().any(|goal| goal.scenario == *name), "{name}");
        }
    }
}
