//! What befalls the connections, as chance wants it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use smol::Timer;
use socketry_testing::{Break, Fault, FaultProxy};

use super::{frame::INTRODUCED, stage::Stage, tally::Tally};
use crate::random::Random;

/// How many answers there are before a fault, in bytes: up to a handshake and some messages.
const BYTES: u32 = 6000;

/// Changes it until it is told to stop.
pub(super) struct Weather {
    pub(super) random: Random,
    /// After how many sessions nobody is let in for a while.
    pub(super) refusals: Vec<u64>,
    pub(super) refused_for: Duration,
}

impl Weather {
    pub(super) async fn run(mut self, stage: Arc<Stage>, tally: Arc<Tally>, over: Arc<AtomicBool>) {
        self.refusals.sort_unstable_by(|one, other| other.cmp(one));
        while !over.load(Ordering::Relaxed) {
            if self.refusals.pop_if(|after| tally.sessions.get() >= *after).is_some() {
                self.refuse(&stage).await;
            }
            self.change(&stage.plain);
            self.change(&stage.secure);
            stage.secure.set_target(self.door(stage.doors));
            Timer::after(Duration::from_millis(u64::from(2 + self.random.below(10)))).await;
        }
    }

    /// Nobody is let in, and who is in is thrown out.
    async fn refuse(&self, stage: &Stage) {
        for proxy in [&stage.plain, &stage.secure] {
            proxy.refuse();
            proxy.break_all(Break::Reset);
        }
        Timer::after(self.refused_for).await;
        for proxy in [&stage.plain, &stage.secure] {
            proxy.listen();
        }
    }

    fn change(&self, proxy: &FaultProxy) {
        let bytes = u64::from(1 + self.random.below(BYTES));
        proxy.set_default(match self.random.below(100) {
            0..45 => Fault::Pass,
            45..57 => Fault::ResetAfter(bytes),
            57..69 => Fault::CloseAfter(bytes),
            69..76 => Fault::AcceptThenClose,
            76..81 => Fault::BlackHole,
            81..87 => Fault::HalfOpen(bytes),
            // Between two messages, where only a heartbeat finds it.
            87..92 => Fault::HalfOpen(INTRODUCED),
            92..96 => return proxy.break_all(Break::Reset),
            _ => return proxy.break_all(Break::Close),
        });
    }

    /// The one with the wrong certificate now and then.
    fn door(&self, [right, wrong]: [SocketAddr; 2]) -> SocketAddr {
        if self.random.below(8) == 0 { wrong } else { right }
    }
}
