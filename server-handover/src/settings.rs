//! Where the processes meet, and how long they wait for each other.

use std::{io, sync::Arc, time::Duration};

use socketry_connection::{Clock, Sleep, UnixAddress};

use crate::error::{HandoverFailed, Phase, Side};

/// What both sides are told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) address: UnixAddress,
    pub(crate) timeout: Duration,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl Settings {
    /// Ready once the other side has taken too long.
    pub(crate) fn deadline(&self) -> Sleep {
        self.sleep(self.timeout)
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::after(self.clock.as_ref(), duration)
    }

    /// The error of what has ended in `outcome`, which is `None` if time has run out.
    pub(crate) fn explain<T>(
        &self,
        side: Side,
        phase: Phase,
        outcome: Option<io::Result<T>>,
    ) -> io::Result<T> {
        match outcome {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                Err(HandoverFailed::new(side, phase, self.address.clone(), error).into())
            }
            None => {
                let address = self.address.clone();
                Err(HandoverFailed::timed_out(side, phase, address, self.timeout).into())
            }
        }
    }
}
