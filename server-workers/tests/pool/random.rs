//! Many operations in any order.

use std::{collections::BTreeSet, time::Duration};

use fastrand::Rng;
use socketry_server_workers::{PoolOptions, WorkerState};

use crate::support::{Hire, Say, World, number};

const OPERATIONS: usize = 2000;
const MILLI: Duration = Duration::from_millis(1);

/// A world to which anything happens.
struct Chaos {
    world: World,
    random: Rng,
    wanted: usize,
    present: usize,
}

impl Chaos {
    fn new(seed: u64, debug: bool) -> Self {
        let limits = |options: PoolOptions| {
            options
                .num_workers(3)
                .debug(debug)
                .max_jobs(20)
                .exec_ttl(2000 * MILLI)
                .ttl(60_000 * MILLI)
                .idle_ttl(20_000 * MILLI)
                .allocate_timeout(5000 * MILLI)
                .reset_timeout(10_000 * MILLI)
                .max_queue_size(10)
        };
        Self { world: World::new(limits), random: Rng::with_seed(seed), wanted: 3, present: 3 }
    }

    /// Anything, after which those who were woken are polled, or not all of them.
    fn operate(&mut self) {
        match self.random.u8(..20) {
            0 | 1 => (0..self.random.usize(..8)).for_each(|_| _ = self.world.ask_only()),
            2..=7 => (0..2).for_each(|_| self.answer()),
            8 => self.cancel(),
            9 => self.die(),
            10 => self.resize(),
            11 | 17 => self.hire(),
            12 if self.random.u8(..10) == 0 => _ = self.world.reset(),
            13 => self.world.script.dismissals_hang(self.random.bool()),
            14 | 15 => self.world.clock.advance(MILLI * self.random.u32(1..1500)),
            16 => self.sleep(),
            18 => self.die_given(),
            _ => (0..3).for_each(|_| self.go_on()),
        }
        self.check();
        if self.random.u8(..3) == 0 {
            self.world.settle();
            self.check();
            self.check_settled();
        }
    }

    fn answer(&mut self) {
        let Some(worker) = self.random.choice(self.world.busy()) else { return };
        let say = match self.random.u8(..20) {
            0 => Say::Refuse,
            1 => Say::ReplaceMe,
            2 => Say::NotAsked,
            3 => Say::Break,
            _ => Say::Answer,
        };
        self.world.script.tell(worker, say);
    }

    fn pending(&mut self) -> Option<usize> {
        let asks = self.world.asks.iter().enumerate();
        let pending: Vec<_> = asks.filter(|(_, task)| task.is_pending()).map(|it| it.0).collect();
        self.random.choice(pending)
    }

    /// One of those that wait is not polled for a while: what it is given, it does not collect.
    fn sleep(&mut self) {
        if self.world.asleep.is_some() {
            self.world.asleep = self.world.asleep.filter(|_| self.random.u8(..3) > 0);
            return;
        }
        let asks = self.world.asks.iter().enumerate();
        let state = self.world.script.state();
        let waiting =
            asks.filter(|(ask, task)| task.is_pending() && !state.asking.contains_key(ask));
        self.world.asleep = self.random.choice(waiting.map(|it| it.0).collect::<Vec<_>>());
    }

    fn cancel(&mut self) {
        if let Some(ask) = self.pending() {
            self.world.cancel(ask);
        }
    }

    /// One of those that ask goes on, if it was woken.
    fn go_on(&mut self) {
        let asleep = self.world.asleep;
        if let Some(ask) = self.pending().filter(|ask| Some(*ask) != asleep) {
            self.world.asks[ask].step();
        }
    }

    fn die(&mut self) {
        let alive: Vec<_> = self.world.script.state().records.iter().copied().collect();
        if let Some(worker) = self.random.choice(alive) {
            self.world.script.dies(worker);
        }
    }

    /// A worker dies that was given to one who has not come for it, and cannot be replaced soon.
    fn die_given(&mut self) {
        let mut given = self.world.busy();
        given.retain(|worker| !self.world.script.state().asking.values().any(|it| it == worker));
        if let Some(worker) = self.random.choice(given) {
            self.world.script.hires(Hire::Hang);
            self.world.script.dies(worker);
        }
    }

    fn resize(&mut self) {
        let resized = match self.random.bool() && self.wanted < 8 {
            true => self.world.pool.add_worker(),
            false => self.world.pool.remove_worker(),
        };
        self.wanted = resized.unwrap_or(self.wanted);
    }

    fn hire(&mut self) {
        let hire = match self.random.u8(..12) {
            0 => Hire::Fail,
            1..=4 => Hire::Hang,
            _ => Hire::Succeed,
        };
        self.world.script.hires(hire);
    }

    /// What always holds.
    fn check(&mut self) {
        let workers = self.world.pool.workers();
        let present = workers.iter().filter(|it| it.state != WorkerState::Ending).count();
        let most = self.wanted + (self.wanted / 4).max(1);
        assert!(present <= most.max(self.present), "{present} workers are more than {most}");
        self.present = present;
        assert_eq!(self.world.run_outcome(), "pending");
    }

    /// What holds when nobody is left to be polled.
    fn check_settled(&self) {
        let workers = self.world.pool.workers();
        let known = workers.iter().filter(|it| it.state != WorkerState::Starting);
        let known: BTreeSet<_> = known.map(|it| number(it.id)).collect();
        let state = self.world.script.state();
        assert_eq!(state.records, known, "no record is forgotten");
        let asks = self.world.asks.iter().enumerate();
        let mut waiting = asks.filter(|(ask, task)| {
            task.is_pending() && !state.asking.contains_key(ask) && self.world.asleep != Some(*ask)
        });
        let is_idle = workers.iter().any(|it| it.state == WorkerState::Idle);
        assert!(!is_idle || waiting.next().is_none(), "somebody waits though a worker is idle");
        let busy = workers.iter().filter(|it| it.state == WorkerState::Busy).count();
        let asleep = usize::from(self.world.asleep.is_some());
        assert!(busy.abs_diff(state.asking.len()) <= asleep, "those that are busy are asked");
    }

    /// Lets all go well again, and ends it.
    fn end(mut self) {
        self.world.asleep = None;
        self.world.script.hires(Hire::Succeed);
        self.world.script.says(Say::Answer);
        self.world.script.dismissals_hang(false);
        (0..10).for_each(|_| self.world.advance(10_000 * MILLI));
        assert!(!self.world.outcomes().contains(&"pending".to_string()), "an ask has not ended");
        let resets = self.world.others.iter();
        assert!(!resets.into_iter().any(|reset| reset.is_pending()), "a reset has not ended");
        if !self.world.pool.workers().is_empty() {
            assert_eq!(self.world.idle().len(), self.wanted);
        }
        self.world.pool.end();
        self.world.settle();
        assert_eq!(self.world.run_outcome(), "ended");
        assert!(self.world.is_clean());
    }
}

fn any_order(seeds: std::ops::Range<u64>, debug: bool) {
    for seed in seeds {
        println!("seed {seed}");
        let mut chaos = Chaos::new(seed, debug);
        (0..OPERATIONS).for_each(|_| chaos.operate());
        chaos.end();
    }
}

#[test]
fn whatever_happens_in_any_order_nothing_is_lost() {
    any_order(0..20, false);
}

#[test]
fn with_debug_whatever_happens_in_any_order_nothing_is_lost() {
    any_order(20..30, true);
}

#[test]
fn a_run_that_is_dropped_at_any_moment_leaves_nothing() {
    for seed in 20..60 {
        println!("seed {seed}");
        let mut chaos = Chaos::new(seed, false);
        (0..chaos.random.usize(..300)).for_each(|_| chaos.operate());
        chaos.world.run.cancel();
        chaos.world.asleep = None;
        chaos.world.settle();
        assert!(!chaos.world.outcomes().contains(&"pending".to_string()));
        assert!(chaos.world.is_clean());
    }
}
