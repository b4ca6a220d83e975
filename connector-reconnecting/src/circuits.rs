//! A circuit for each target.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketry_connection::{Clock, now};

use crate::circuit::{Circuit, CircuitOptions, CircuitState};

/// So many targets are remembered before any is forgotten.
const FEW: usize = 32;

/// A [`Circuit`] for each target, all with the same options. A clone is the same table.
///
/// Whoever shares it, and connects to the same targets, backs off as one.
///
/// It does not grow without bound: when it has grown to twice what was left the last time, and to more than
/// 32, it forgets the circuits that nobody else holds and that have all their tokens, if they are closed, or
/// nobody has probed for as long as one is [open at most](CircuitOptions::open_at_most). What is lost of
/// those are statistics, and failures that were too few to open them or that are old. So what stays are
/// targets that somebody uses, and those that have failed of late.
///
/// # Examples
///
/// ```
/// use socketry_connector_reconnecting::{CircuitOptions, Circuits};
///
/// let circuits = Circuits::new(CircuitOptions::default().burst(3));
/// let circuit = circuits.of(&"memcached.example:11211");
/// assert!(circuit.state().is_closed());
///
/// for (target, state) in circuits.states() {
///     println!("{target}: {state}"); // memcached.example:11211: closed
/// }
/// # assert_eq!(circuits.states().len(), 1);
/// ```
pub struct Circuits<T>(Arc<Inner<T>>);

struct Inner<T> {
    options: CircuitOptions,
    clock: Option<Arc<dyn Clock>>,
    table: Mutex<Table<T>>,
}

struct Table<T> {
    circuits: HashMap<T, Circuit>,
    /// With how many it looks for those that can be forgotten.
    full: usize,
}

impl<T: Clone + Eq + Hash + Send + Sync + 'static> Circuits<T> {
    /// An empty table, on the clock of the system.
    pub fn new(options: CircuitOptions) -> Self {
        Self::on_clock(options, None)
    }

    fn on_clock(options: CircuitOptions, clock: Option<Arc<dyn Clock>>) -> Self {
        let table = Mutex::new(Table { circuits: HashMap::new(), full: FEW });
        Self(Arc::new(Inner { options, clock, table }))
    }

    /// Another, empty table with the same options, which takes the time from `clock` instead of the system.
    /// Choose that first: clones that were made before share nothing with it.
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self::on_clock(self.0.options.clone(), Some(clock))
    }

    /// The circuit of `target`. It is made when it is asked for first, or was forgotten.
    pub fn of(&self, target: &T) -> Circuit {
        if let Some(circuit) = self.table().circuits.get(target) {
            return circuit.clone();
        }
        // A clock of somebody else's is read without the lock, and what is forgotten is dropped without it.
        let (now, target) = (now(self.0.clock.as_ref()), target.clone());
        let new = Circuit::on_clock(self.0.options.clone(), self.0.clock.clone());
        let mut table = self.table();
        let forgotten = match table.circuits.len() >= table.full {
            true => table.forget(|circuit| circuit.is_spare(now)),
            false => HashMap::new(),
        };
        let circuit = table.circuits.entry(target).or_insert(new).clone();
        drop(table);
        drop(forgotten);
        circuit
    }

    /// All targets that are remembered and their circuits, as they are now, in no order. Circuits that are
    /// held are not forgotten.
    pub fn iter(&self) -> impl Iterator<Item = (T, Circuit)> + use<T> {
        let all: Vec<(T, Circuit)> = self
            .table()
            .circuits
            .iter()
            .map(|(of, circuit)| (of.clone(), circuit.clone()))
            .collect();
        all.into_iter()
    }

    /// All targets that are remembered and how their circuits are doing, in no order.
    pub fn states(&self) -> Vec<(T, CircuitState)> {
        self.iter().map(|(target, circuit)| (target, circuit.state())).collect()
    }

    /// [Resets](Circuit::reset) all circuits: the network is back, or another one.
    pub fn reset(&self) {
        for (_, circuit) in self.iter() {
            circuit.reset();
        }
    }
}

impl<T> Circuits<T> {
    fn table(&self) -> MutexGuard<'_, Table<T>> {
        // A hash that panics leaves the table as it was, or with less of it.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Eq + Hash> Table<T> {
    /// Takes out those that are `spare`.
    fn forget(&mut self, spare: impl Fn(&Circuit) -> bool) -> HashMap<T, Circuit> {
        let all = mem::take(&mut self.circuits).into_iter();
        let (spares, kept) = all.partition(|(_, circuit)| spare(circuit));
        self.circuits = kept;
        self.full = FEW.max(2 * self.circuits.len());
        spares
    }
}

impl<T> Clone for Circuits<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Circuits<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuits")
            .field("options", &self.0.options)
            .field("targets", &self.table().circuits.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use futures_lite::future::block_on;
    use socketry_testing::ManualClock;

    use super::*;

    fn circuits() -> (Circuits<usize>, ManualClock) {
        let clock = ManualClock::new();
        (Circuits::new(CircuitOptions::default()).with_clock(Arc::new(clock.clone())), clock)
    }

    fn remembered(circuits: &Circuits<usize>) -> Vec<usize> {
        let mut targets: Vec<usize> = circuits.iter().map(|(target, _)| target).collect();
        targets.sort();
        targets
    }

    #[test]
    fn one_target_has_one_circuit_and_another_one_its_own() {
        let (circuits, _clock) = circuits();
        let permit = block_on(circuits.of(&1).permit());
        let same = circuits.clone();
        assert_eq!(same.of(&1).statistics().attempts, 1);
        assert_eq!(circuits.of(&2).statistics().attempts, 0);
        drop(permit);
    }

    #[test]
    fn circuits_that_nobody_holds_and_that_know_nothing_are_forgotten_when_it_grows() {
        let (circuits, clock) = circuits();
        let held = circuits.of(&0);
        let permit = block_on(circuits.of(&1).permit());
        block_on(circuits.of(&2).permit()).failed(&Arc::new(io::ErrorKind::TimedOut.into()));
        for target in 3..FEW {
            circuits.of(&target);
        }
        assert_eq!(remembered(&circuits).len(), FEW);
        circuits.of(&FEW);
        assert_eq!(remembered(&circuits), [0, 1, 2, FEW]);

        drop((held, permit));
        clock.advance(Duration::from_secs(1)); // the token is back
        for target in 0..1000 {
            circuits.of(&(FEW + target));
            assert!(remembered(&circuits).len() <= FEW);
        }
        assert!(!remembered(&circuits).contains(&2));
    }

    #[test]
    fn a_table_of_circuits_in_use_grows_and_looks_seldom() {
        let (circuits, _clock) = circuits();
        let held: Vec<Circuit> = (0..100).map(|target| circuits.of(&target)).collect();
        assert_eq!(remembered(&circuits).len(), 100);
        assert_eq!(circuits.table().full, 128);
        drop(held);
    }

    #[test]
    fn a_circuit_that_is_open_is_forgotten_when_nobody_has_probed_for_long() {
        let (circuits, clock) = circuits();
        let grow = || {
            for target in 1..=FEW {
                circuits.of(&target);
            }
        };
        let error = Arc::new(io::ErrorKind::TimedOut.into());
        for _ in 0..5 {
            block_on(circuits.of(&0).permit()).failed(&error);
        }
        clock.advance(Duration::from_secs(30)); // all tokens are back, and it is half-open
        grow();
        assert!(remembered(&circuits).contains(&0));
        clock.advance(Duration::from_secs(1)); // 1 s open, and 30 s not probed
        grow();
        assert!(!remembered(&circuits).contains(&0));
    }

    #[test]
    fn a_reset_is_one_of_all() {
        let (circuits, _clock) = circuits();
        let error = Arc::new(io::ErrorKind::TimedOut.into());
        for target in [1, 2] {
            for _ in 0..5 {
                block_on(circuits.of(&target).permit()).failed(&error);
            }
        }
        assert!(circuits.states().iter().all(|(_, state)| !state.is_closed()));
        circuits.reset();
        assert!(circuits.states().iter().all(|(_, state)| state.is_closed()));
    }
}
