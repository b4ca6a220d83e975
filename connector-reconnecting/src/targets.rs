//! Where the attempts go.

use std::{fmt, sync::Arc};

use fastrand::Rng;

/// Where to connect to: one target, or a list whose members are as good as each other.
///
/// With a list an attempt goes to one of them, and the next attempt to the next. The delay of the
/// [`Backoff`](crate::Backoff) is waited when all have failed once. After a session was lost it begins
/// with the first again, or with the [last good](Self::last_good_first) one.
///
/// A target is handed to the connector anew at each attempt, so a name is looked up anew each time.
///
/// # Examples
///
/// ```
/// use socketry_connector::HostPort;
/// use socketry_connector_reconnecting::Targets;
///
/// let hosts: Vec<HostPort> = vec!["a.example:80".parse()?, "b.example:80".parse()?];
/// let targets = Targets::list(hosts).shuffled().last_good_first();
/// # let _ = targets;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Targets<T> {
    list: Arc<[T]>,
    order: Order,
    last_good_first: bool,
}

#[derive(Clone)]
enum Order {
    AsGiven,
    Shuffled,
    Picked(Arc<dyn Fn(&Pick) -> usize + Send + Sync>),
}

/// What a function that picks a target decides on: [`Targets::picked_by`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Pick {
    /// How many targets there are.
    pub targets: usize,
    /// The number of the attempt: 1 is the first of an outage.
    pub attempt: u32,
    /// The target of the attempt before, if that failed in this outage.
    pub failed: Option<usize>,
    /// The target of the last session.
    pub last_good: Option<usize>,
}

impl<T> Targets<T> {
    /// One target.
    pub fn one(target: T) -> Self {
        Self::list([target])
    }

    /// Several, tried in this order. None at all is refused with the first attempt.
    pub fn list(targets: impl IntoIterator<Item = T>) -> Self {
        Self { list: targets.into_iter().collect(), order: Order::AsGiven, last_good_first: false }
    }

    /// In an order by chance, another one for each round.
    pub fn shuffled(mut self) -> Self {
        self.order = Order::Shuffled;
        self
    }

    /// The one that a function picks, for each attempt. A number past the end is the last.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connector_reconnecting::Targets;
    ///
    /// // the spare one for every third attempt only
    /// let targets = Targets::list(["main", "spare"]).picked_by(|pick| usize::from(pick.attempt % 3 == 0));
    /// # let _ = targets;
    /// ```
    pub fn picked_by(mut self, pick: impl Fn(&Pick) -> usize + Send + Sync + 'static) -> Self {
        self.order = Order::Picked(Arc::new(pick));
        self
    }

    /// Begins each round with the target of the last session. A function that picks is told it instead.
    pub fn last_good_first(mut self) -> Self {
        self.last_good_first = true;
        self
    }

    /// The targets, as they were given.
    pub fn as_slice(&self) -> &[T] {
        &self.list
    }
}

impl<T> From<T> for Targets<T> {
    fn from(target: T) -> Self {
        Self::one(target)
    }
}

impl<T: fmt::Debug> fmt::Debug for Targets<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.iter()).finish()
    }
}

/// Where in the list the attempts are.
#[derive(Debug, Default)]
pub(crate) struct Tour {
    /// What is left of this round, the last one first.
    left: Vec<usize>,
    failed: Option<usize>,
    last_good: Option<usize>,
}

impl Tour {
    /// Nothing has failed so far.
    pub(crate) fn rest(&mut self) {
        self.left.clear();
        self.failed = None;
    }

    /// A round begins.
    pub(crate) fn begin<T>(&mut self, targets: &Targets<T>, random: &mut Rng) {
        self.left.clear();
        self.left.extend((0..targets.list.len()).rev());
        if let Order::Shuffled = targets.order {
            random.shuffle(&mut self.left);
        }
        if let (true, Some(good)) = (targets.last_good_first, self.last_good) {
            self.left.retain(|index| *index != good);
            self.left.push(good);
        }
    }

    /// The target of the next attempt; none at the end of the round.
    pub(crate) fn next<T>(&mut self, targets: &Targets<T>, attempt: u32) -> Option<usize> {
        let next = self.left.pop()?;
        let Order::Picked(pick) = &targets.order else { return Some(next) };
        let Self { failed, last_good, .. } = *self;
        let picked = pick(&Pick { targets: targets.list.len(), attempt, failed, last_good });
        Some(picked.min(targets.list.len() - 1)) // there is one: a place in the round was left
    }

    /// Whether the round has more targets.
    pub(crate) fn has_more(&self) -> bool {
        !self.left.is_empty()
    }

    pub(crate) fn failed(&mut self, index: usize) {
        self.failed = Some(index);
    }

    pub(crate) fn is_good(&mut self, index: usize) {
        self.failed = None;
        self.last_good = Some(index);
    }
}
