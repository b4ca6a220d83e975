//! The handle of a gate.

use std::{fmt, net::IpAddr, sync::Arc, time::Instant};

use socketry_connection::{Clock, now};

use crate::{
    GateCounts, GateSettings,
    place::Place,
    refusal::Refusal,
    shared::{Shared, Waiter},
    state::Decision,
};

/// Who may come in and how many at once, and who is in: a handle, through which both are read and
/// the first is changed while servers run.
///
/// A clone is the same gate. Several servers may stand at one gate
/// ([`GateServer::new`](crate::GateServer::new) with clones of it): then its limits are for all of
/// them together, and who is in through one counts for the others.
///
/// # Examples
///
/// ```
/// use socketry_server::Network;
/// use socketry_server_gate::{Gate, GateSettings};
///
/// let mut settings = GateSettings::default();
/// settings.most_open = Some(1000);
/// let gate = Gate::new(settings);
///
/// // later, from any task and any thread
/// let troublemaker: Network = "192.0.2.0/24".parse()?;
/// gate.change(|settings| settings.deny.push(troublemaker));
/// println!("{} are in, {} were turned away", gate.counts().open, gate.counts().denied);
/// # Ok::<(), socketry_server::InvalidNetwork>(())
/// ```
#[derive(Clone)]
pub struct Gate {
    shared: Arc<Shared>,
    clock: Option<Arc<dyn Clock>>,
}

/// What becomes of somebody who has come as far as the gate.
pub(crate) enum Admission {
    Admitted(Place),
    Refused(Refusal),
    /// There is no room, and it may wait for some.
    Waits,
}

impl Gate {
    /// A gate that lets in whom `settings` say.
    pub fn new(settings: GateSettings) -> Self {
        Self { shared: Arc::new(Shared::new(settings)), clock: None }
    }

    /// Takes the time from `clock` instead of the system.
    ///
    /// It is for this handle and the clones that are made of it afterwards, and so belongs before
    /// the first of them.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// What is set now.
    pub fn settings(&self) -> GateSettings {
        let rules = self.shared.state().rules();
        rules.settings.clone()
    }

    /// Changes any of the settings, all at one moment, and wakes servers that wait for room.
    ///
    /// - It is about newcomers: who is in stays in, even if more are in than may be by then.
    /// - Who is in counts as the new settings say: a limit that is new knows of them, and so do other
    ///   prefixes and other exempt networks.
    /// - Of a rate that changes, the tokens that were taken stay taken, as far as the new burst
    ///   reaches. A rate that was not there before, or was zero, begins with all its tokens, and so
    ///   do the rates of prefixes if the length of prefixes changes.
    ///
    /// It takes time in proportion to the lists, and to the number who are in if prefixes or exempt
    /// networks change. `change` is called at once; it MUST NOT change the same gate itself, which
    /// would wait for itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_server_gate::{Gate, Rate};
    ///
    /// let gate = Gate::default();
    /// gate.change(|settings| {
    ///     settings.most_open = Some(500);
    ///     settings.rate = Some(Rate::per_second(100));
    /// });
    /// assert_eq!(gate.settings().most_open, Some(500));
    /// ```
    pub fn change(&self, change: impl FnOnce(&mut GateSettings)) {
        self.shared.change(|| now(self.clock.as_ref()), change);
    }

    /// Who is in, and what has become of newcomers so far.
    pub fn counts(&self) -> GateCounts {
        self.shared.state().counts()
    }

    /// How many are open with the prefix of `ip`, the exempt ones included.
    pub fn open_from(&self, ip: IpAddr) -> usize {
        self.shared.state().open_from(ip)
    }

    /// Whether servers wait for room. If so, each is to ask its [`Waiter`] before it takes anybody.
    pub(crate) fn is_pausing(&self) -> bool {
        self.shared.is_pausing()
    }

    /// A number for a server, by which it waits here.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter::new(self.shared.clone())
    }

    pub(crate) fn clock(&self) -> Option<&Arc<dyn Clock>> {
        self.clock.as_ref()
    }

    /// The present moment, if it plays a part.
    pub(crate) fn now(&self) -> Option<Instant> {
        self.shared.is_timed().then(|| now(self.clock.as_ref()))
    }

    /// Decides what becomes of somebody with the address `ip`.
    pub(crate) fn admit(&self, ip: Option<IpAddr>, may_wait: bool) -> Admission {
        let now = self.now();
        let decision = self.shared.state().decide(ip, now, may_wait);
        match decision {
            Decision::Admitted(number) => {
                Admission::Admitted(Place::new(self.shared.clone(), number))
            }
            Decision::Refused(refusal) => Admission::Refused(refusal),
            Decision::Waits => Admission::Waits,
        }
    }
}

/// A gate that lets everybody in, any number of them, until it is changed.
impl Default for Gate {
    fn default() -> Self {
        Self::new(GateSettings::default())
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        f.debug_struct("Gate")
            .field("open", &counts.open)
            .field("admitted", &counts.admitted)
            .field("refused", &counts.refused())
            .finish_non_exhaustive()
    }
}
