//! A pool, all who ask it, and its clock.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use socketry_server_workers::{Event, Peer, Pool, PoolOptions, Reply, WorkerId, WorkerState};
use socketry_testing::ManualClock;

use super::{Script, Scripted, Task};

/// More steps than this without an end are a loop that spins.
const MOST_STEPS: usize = 10_000;

pub(crate) struct World {
    pub(crate) pool: Pool<Scripted>,
    pub(crate) script: Script,
    pub(crate) clock: ManualClock,
    pub(crate) run: Task<io::Result<()>>,
    pub(crate) asks: Vec<Task<io::Result<Reply>>>,
    /// An ask that is not polled when the others are.
    pub(crate) asleep: Option<usize>,
    pub(crate) others: Vec<Task<io::Result<()>>>,
    notices: Arc<Mutex<Vec<String>>>,
}

impl World {
    /// A pool that has not been polled yet.
    pub(crate) fn unstarted(options: impl FnOnce(PoolOptions) -> PoolOptions) -> Self {
        let (kind, script) = Scripted::new();
        let (clock, notices) = (ManualClock::new(), Arc::<Mutex<Vec<String>>>::default());
        let told = notices.clone();
        let all = PoolOptions::new()
            .clock(Arc::new(clock.clone()))
            .on_notice(move |notice| told.lock().unwrap().push(notice.to_string()));
        let pool = Pool::new(kind, options(all));
        let run = Task::new(pool.run());
        Self {
            pool,
            script,
            clock,
            run,
            asks: Vec::new(),
            asleep: None,
            others: Vec::new(),
            notices,
        }
    }

    /// A pool whose workers are ready.
    pub(crate) fn new(options: impl FnOnce(PoolOptions) -> PoolOptions) -> Self {
        let mut world = Self::unstarted(options);
        world.settle();
        world
    }

    pub(crate) fn of(workers: usize) -> Self {
        Self::new(|options| options.num_workers(workers))
    }

    /// Asks; `outcome` says what came of it. Nobody else is polled.
    pub(crate) fn ask_only(&mut self) -> usize {
        let (pool, number) = (self.pool.clone(), self.asks.len());
        let mut task = Task::new(async move {
            let peer = Peer::new("test", None);
            pool.ask(Event::Data(&peer, number.to_string().as_bytes())).await
        });
        task.step();
        self.asks.push(task);
        number
    }

    pub(crate) fn ask(&mut self) -> usize {
        let number = self.ask_only();
        self.settle();
        number
    }

    pub(crate) fn ask_often(&mut self, number: usize) {
        (0..number).for_each(|_| _ = self.ask());
    }

    pub(crate) fn cancel(&mut self, ask: usize) {
        self.asks[ask].cancel();
    }

    /// Whether an ask is pending, was answered, was cancelled, or failed and why.
    pub(crate) fn outcome(&self, ask: usize) -> String {
        match &self.asks[ask] {
            task if task.is_pending() => "pending".to_string(),
            Task { output: None, .. } => "cancelled".to_string(),
            Task { output: Some(Ok(reply)), .. } if reply.goes_on() => "answered".to_string(),
            Task { output: Some(Ok(_)), .. } => "closed".to_string(),
            Task { output: Some(Err(error)), .. } => error.to_string(),
        }
    }

    pub(crate) fn outcomes(&self) -> Vec<String> {
        (0..self.asks.len()).map(|ask| self.outcome(ask)).collect()
    }

    /// Begins a reset; `others` has it.
    pub(crate) fn reset(&mut self) -> usize {
        let pool = self.pool.clone();
        self.others.push(Task::new(async move { pool.reset().await }));
        self.settle();
        self.others.len() - 1
    }

    /// How a reset ended, if it has.
    pub(crate) fn reset_outcome(&self, reset: usize) -> String {
        match &self.others[reset].output {
            None => "pending".to_string(),
            Some(Ok(())) => "done".to_string(),
            Some(Err(error)) => error.to_string(),
        }
    }

    /// Polls only the pool, until it waits.
    pub(crate) fn settle_run(&mut self) {
        let steps = (0..MOST_STEPS).take_while(|_| self.run.step()).count();
        assert!(steps < MOST_STEPS, "the pool spins");
    }

    /// Polls all who were woken, until nobody is.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MOST_STEPS {
            let mut has_gone_on = self.run.step();
            for (ask, task) in self.asks.iter_mut().enumerate() {
                has_gone_on |= self.asleep != Some(ask) && task.step();
            }
            for task in &mut self.others {
                has_gone_on |= task.step();
            }
            if !has_gone_on {
                return;
            }
        }
        panic!("somebody spins");
    }

    pub(crate) fn advance(&mut self, time: Duration) {
        self.clock.advance(time);
        self.settle();
    }

    /// The numbers of those in this state.
    pub(crate) fn all(&self, state: WorkerState) -> Vec<u64> {
        let workers = self.pool.workers();
        workers.iter().filter(|it| it.state == state).map(|it| number(it.id)).collect()
    }

    pub(crate) fn idle(&self) -> Vec<u64> {
        self.all(WorkerState::Idle)
    }

    pub(crate) fn busy(&self) -> Vec<u64> {
        self.all(WorkerState::Busy)
    }

    /// The workers that were asked, in this order.
    pub(crate) fn asked(&self) -> Vec<u64> {
        self.script.state().asked.iter().map(|(worker, _)| *worker).collect()
    }

    /// What was told since this was last looked at.
    pub(crate) fn notices(&self) -> Vec<String> {
        std::mem::take(&mut self.notices.lock().unwrap())
    }

    /// How `run` has ended.
    pub(crate) fn run_outcome(&self) -> String {
        match &self.run.output {
            None => "pending".to_string(),
            Some(Ok(())) => "ended".to_string(),
            Some(Err(error)) => error.to_string(),
        }
    }

    /// Whether nothing of any worker is left, and no timer.
    pub(crate) fn is_clean(&self) -> bool {
        let state = self.script.state();
        let left = (state.hiring, state.records.len(), state.workers.len(), self.clock.sleeping());
        assert_eq!(left, (0, 0, 0, 0), "what is being started, records, workers, timers");
        true
    }
}

pub(crate) fn number(id: WorkerId) -> u64 {
    id.to_string().parse().unwrap()
}
