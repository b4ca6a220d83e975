//! The lookups of one name, which go on at the same time.

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use socketry_connection::{Clock, Family, Sleep};
use socketry_connector::{LookupTrace, Trace};
use socketry_resolver::Answer;

use crate::outcome::{Outcome, Outcomes};

/// The lookup of a name in one family.
pub(crate) struct Lookup<'a, F> {
    /// Empty as soon as the lookup is over, so that nothing of it is kept.
    future: Pin<&'a mut Option<F>>,
    outcome: Outcome,
    telling: Option<LookupTrace<'a, 'a>>,
}

impl<'a, F> Lookup<'a, F>
where
    F: Future<Output = io::Result<Answer>>,
{
    /// The lookup of `name` in `family`, which `future` makes.
    pub(crate) fn new(
        name: &'a str,
        family: Family,
        future: Pin<&'a mut Option<F>>,
        trace: Trace<'a>,
    ) -> Self {
        let telling = Some(trace.lookup(name, family));
        Self { future, outcome: Outcome::none(family), telling }
    }

    fn is_settled(&self) -> bool {
        self.future.is_none()
    }

    /// Goes on with the lookup, unless it is over.
    fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(future) = self.future.as_mut().as_pin_mut() else { return };
        let Poll::Ready(result) = future.poll(cx) else {
            if let Some(telling) = &mut self.telling {
                telling.waits();
            }
            return;
        };
        self.future.set(None);
        if let Some(telling) = self.telling.take() {
            telling.ended(result.as_ref().map(Answer::addresses));
        }
        self.outcome.settle(result);
    }
}

/// The lookups of a name: that of the preferred family, and that of the other if it is asked for.
pub(crate) struct Lookups<'a, F> {
    preferred: Lookup<'a, F>,
    other: Option<Lookup<'a, F>>,
}

impl<'a, F> Lookups<'a, F>
where
    F: Future<Output = io::Result<Answer>>,
{
    pub(crate) fn new(preferred: Lookup<'a, F>, other: Option<Lookup<'a, F>>) -> Self {
        Self { preferred, other }
    }

    /// Waits until dialling may begin, or is known to be in vain: whether it had to wait.
    ///
    /// Addresses of the preferred family may be dialled at once. Those of the other are held back
    /// until the preferred family is settled, or for the `resolution_delay` (RFC 8305, section 3).
    pub(crate) async fn until_enough(
        &mut self,
        resolution_delay: Duration,
        clock: Option<&Arc<dyn Clock>>,
    ) -> bool {
        let (mut delay, mut has_waited) = (None, false);
        poll_fn(|cx| {
            self.poll(cx);
            let enough = match self.so_far() {
                SoFar::Enough => Poll::Ready(()),
                SoFar::HeldBack if resolution_delay.is_zero() => Poll::Ready(()),
                SoFar::HeldBack => {
                    let delay = delay.get_or_insert_with(|| Sleep::after(clock, resolution_delay));
                    Pin::new(delay).poll(cx)
                }
                SoFar::Nothing => Poll::Pending,
            };
            has_waited |= enough.is_pending();
            enough
        })
        .await;
        has_waited
    }

    fn so_far(&self) -> SoFar {
        let other_has_addresses =
            self.other.as_ref().is_some_and(|other| other.outcome.has_addresses());
        if self.preferred.outcome.has_addresses() || self.is_settled() {
            SoFar::Enough
        } else if other_has_addresses {
            SoFar::HeldBack
        } else {
            SoFar::Nothing
        }
    }

    /// Goes on with what is under way.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        self.preferred.poll(cx);
        if let Some(other) = &mut self.other {
            other.poll(cx);
        }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_settled(&self) -> bool {
        self.preferred.is_settled() && self.other.as_ref().is_none_or(Lookup::is_settled)
    }

    /// What has come of those that are over.
    pub(crate) fn settled(&mut self) -> impl Iterator<Item = &mut Outcome> {
        let lookups = [Some(&mut self.preferred), self.other.as_mut()].into_iter().flatten();
        lookups.filter(|lookup| lookup.is_settled()).map(|lookup| &mut lookup.outcome)
    }

    /// What has come of all.
    pub(crate) fn into_outcomes(self) -> Outcomes {
        Outcomes::new(self.preferred.outcome, self.other.map(|other| other.outcome))
    }
}

/// What has come of the lookups so far.
enum SoFar {
    /// Something to dial, or the knowledge that there is nothing.
    Enough,
    /// Addresses of the family that is not preferred, while the other is under way.
    HeldBack,
    Nothing,
}
