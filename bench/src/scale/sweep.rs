//! Measuring a sweep: the sizes take turns inside each repetition, so that what else happens on the
//! machine meets all of them.

use std::{io, thread, time::Duration};

use crate::{
    job::Job,
    library::Library,
    measure::{
        process::{COUNTERPART, Process, UNDER_TEST, are_apart},
        sample::Sample,
    },
    scale::{
        Kind, Sweep, TALKERS,
        alone::{Alone, AloneJob},
        exact,
        growth::Growth,
    },
    tls::Layer,
    work::Work,
};

/// How long each run is measured, and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SweepEffort {
    pub(crate) run: Duration,
    pub(crate) repetitions: usize,
}

/// Measures a sweep for each library, or once where there is none; `progress` hears of each run.
pub(crate) fn measure(
    sweep: Sweep,
    libraries: &[Library],
    effort: SweepEffort,
    mut progress: impl FnMut(),
) -> io::Result<Vec<Growth>> {
    match sweep.kind {
        Kind::Beside { work, counterpart } => {
            let mut all = Vec::new();
            for library in libraries {
                let mut growth = Growth::new(sweep, Some(*library));
                let beside = Beside { library: *library, work, counterpart };
                in_turns(&mut growth, effort.repetitions, |size| {
                    progress();
                    beside.sample(size, effort.run)
                })?;
                all.push(growth);
            }
            Ok(all)
        }
        Kind::Alone { work, counted_up_to } => {
            let mut growth = Growth::new(sweep, None);
            alone(&mut growth, work, effort, &mut progress)?;
            exact::count(&mut growth, work, counted_up_to, progress)?;
            Ok(vec![growth])
        }
    }
}

/// Takes a sample of each size in each repetition, and each size is first once in a while.
fn in_turns(
    growth: &mut Growth,
    repetitions: usize,
    mut sample: impl FnMut(usize) -> io::Result<Option<Sample>>,
) -> io::Result<()> {
    let sizes = growth.points.len();
    for repetition in 0..repetitions {
        for turn in 0..sizes {
            let point = &mut growth.points[(turn + repetition) % sizes];
            let sample = sample(point.size)?.ok_or_else(|| {
                io::Error::other(format!("nothing was done in {}", growth.sweep.name))
            })?;
            point.cpu.push(sample.cpu);
        }
    }
    Ok(())
}

/// Every size is there all the time, prepared, and works when it has its turn.
fn alone(
    growth: &mut Growth,
    work: Alone,
    effort: SweepEffort,
    mut progress: impl FnMut(),
) -> io::Result<()> {
    let start = |size: &usize| {
        let job = AloneJob { work, size: *size, times: None };
        Ok((*size, Process::alone(&job, UNDER_TEST)?))
    };
    let mut processes =
        growth.sweep.sizes.iter().map(start).collect::<io::Result<Vec<(usize, Process)>>>()?;
    in_turns(growth, effort.repetitions, |size| {
        progress();
        let process = processes.iter_mut().find(|(of, _)| *of == size);
        let (_, process) = process.ok_or(io::ErrorKind::NotFound)?;
        process.work(effort.run)
    })
}

/// Talking beside idle connections.
struct Beside {
    library: Library,
    work: Work,
    counterpart: Work,
}

impl Beside {
    fn sample(&self, idle: usize, duration: Duration) -> io::Result<Option<Sample>> {
        let is_apart = are_apart()?;
        let job = |library, work, address| Job {
            library,
            work,
            connections: TALKERS,
            idle,
            eager: work == self.counterpart && is_apart,
            address,
            name: None,
            layer: Layer::Plain,
            dead: None,
            nameserver: None,
        };
        // Whoever listens starts first.
        let (mut under_test, mut counterpart) = if self.work.listens() {
            let server = Process::start(&[], &job(self.library, self.work, None), UNDER_TEST)?;
            let client = job(Library::Raw, self.counterpart, server.address);
            (server, Process::start(&[], &client, COUNTERPART)?)
        } else {
            let server = job(Library::Raw, self.counterpart, None);
            let server = Process::start(&[], &server, COUNTERPART)?;
            let client = job(self.library, self.work, server.address);
            (Process::start(&[], &client, UNDER_TEST)?, server)
        };
        let client = if self.work.listens() { &mut counterpart } else { &mut under_test };
        client.done(1)?; // a client talks when all its idle connections stand
        thread::sleep(duration / 3); // until everything is warm
        let before = under_test.totals()?;
        thread::sleep(duration);
        let after = under_test.done(before.operations + 1)?; // one at least
        counterpart.totals()?; // it is still there
        Ok(Sample::between(&before, &after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::SWEEPS;

    #[test]
    fn each_size_has_its_turn_in_each_repetition_and_another_one_is_first() {
        let (mut growth, mut order) = (Growth::new(SWEEPS[0], None), Vec::new());
        let sample = |size: usize| {
            order.push(size);
            Ok(Some(Sample { cpu: size as f64, ..Sample::default() }))
        };
        in_turns(&mut growth, 2, sample).unwrap();
        let sizes = SWEEPS[0].sizes;
        assert!(growth.points.iter().all(|point| point.cpu == [point.size as f64; 2]));
        assert_eq!((order[0], order[sizes.len()]), (sizes[0], sizes[1]));
    }

    #[test]
    fn a_run_in_which_nothing_was_done_is_an_error() {
        let mut growth = Growth::new(SWEEPS[0], None);
        assert!(in_turns(&mut growth, 1, |_| Ok(None)).is_err());
    }
}
