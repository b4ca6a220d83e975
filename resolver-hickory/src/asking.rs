//! One question, put to the nameservers until one of them answers.

use std::{
    collections::VecDeque,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hickory_resolver::{
    net::{DnsError, NetError},
    proto::op::Query,
};
use socketry_connection::Sleep;

use crate::{failure::Unanswered, nameservers::Nameservers, reply::Reply, shortage::is_shortage};

/// The longest time that one nameserver is asked alone, while there are others.
const HEAD_START: Duration = Duration::from_secs(1);

type Answer = Result<Reply, NetError>;

/// Asks one nameserver after the other, each for the whole of its patience.
///
/// The next one joins when the one before has failed, or its head start is over: a third of the
/// patience, or [`HEAD_START`] if that is less. The first answer counts. When all are through, those
/// that kept silent are asked again, as often as the configuration says; one that has answered that
/// it cannot, or that is not there, is not.
pub(crate) struct Asking {
    nameservers: Arc<Nameservers>,
    query: Query,
    /// Who has not been asked in this round.
    to_ask: VecDeque<usize>,
    /// Who kept silent, or was not understood, in this round.
    again: VecDeque<usize>,
    rounds_left: usize,
    /// In the order in which they were begun.
    tries: Vec<Try>,
    head_start: Option<Sleep>,
    failed: Vec<(usize, NetError)>,
}

/// One nameserver being asked.
struct Try {
    index: usize,
    answer: Pin<Box<dyn Future<Output = Answer> + Send>>,
    patience: Sleep,
}

impl Asking {
    pub(crate) fn new(nameservers: Arc<Nameservers>, query: Query) -> Self {
        Self {
            to_ask: nameservers.order().into(),
            again: VecDeque::new(),
            rounds_left: nameservers.attempts().saturating_sub(1),
            tries: Vec::new(),
            head_start: None,
            failed: Vec::new(),
            nameservers,
            query,
        }
    }

    /// Begins with the next nameserver, if there is one. Begins the next round if nobody is left.
    fn begin_next(&mut self) -> bool {
        if self.to_ask.is_empty() && self.tries.is_empty() && self.rounds_left > 0 {
            self.rounds_left -= 1;
            self.to_ask.append(&mut self.again);
        }
        let Some(index) = self.to_ask.pop_front() else {
            return false;
        };
        let (clock, patience) = (self.nameservers.clock(), self.nameservers.patience());
        let answer = self.nameservers.server(index).clone().ask(self.query.clone());
        let head_start = HEAD_START.min(patience / 3);
        self.head_start = (!self.to_ask.is_empty()).then(|| Sleep::after(clock, head_start));
        let patience = Sleep::after(clock, patience);
        self.tries.push(Try { index, answer: Box::pin(answer), patience });
        true
    }

    /// The answer of a nameserver, if one has come. Takes out the tries that have failed.
    fn poll_tries(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        let mut place = 0;
        while let Some(attempt) = self.tries.get_mut(place) {
            match attempt.poll(cx) {
                Poll::Pending => place += 1,
                Poll::Ready(answer) => {
                    let index = self.tries.remove(place).index;
                    match answer {
                        Err(error) => self.note_failure(index, error),
                        Ok(reply) => {
                            self.note_answer(index);
                            return Poll::Ready(reply);
                        }
                    }
                }
            }
        }
        Poll::Pending
    }

    fn note_failure(&mut self, index: usize, error: NetError) {
        self.head_start = None;
        if matches!(error, NetError::Timeout) {
            self.nameservers.server(index).has_kept_silent();
        }
        if !is_final(&error) {
            self.again.push_back(index);
        }
        self.failed.retain(|(other, _)| *other != index); // one word of each is enough
        self.failed.push((index, error));
    }

    fn note_answer(&self, index: usize) {
        let is_silent = |(other, error): &(usize, NetError)| {
            let is_silence = matches!(error, NetError::Io(_) | NetError::Timeout);
            *other != index && is_silence && !is_shortage(error)
        };
        let others_are_silent = !self.tries.is_empty() || self.failed.iter().any(is_silent);
        self.nameservers.has_answered(index, others_are_silent);
    }

    fn is_head_start_over(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.head_start {
            Some(sleep) => Pin::new(sleep).poll(cx).is_ready(),
            None => true, // nobody has one: the last try has failed, or there is nobody left to ask
        }
    }

    fn unanswered(&mut self) -> Unanswered {
        let failed = mem::take(&mut self.failed).into_iter();
        let tries =
            failed.map(|(index, error)| (self.nameservers.server(index).nameserver(), error));
        Unanswered::new(&tries.collect::<Vec<_>>())
    }
}

impl Future for Asking {
    type Output = Result<Reply, Unanswered>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            if let Poll::Ready(reply) = self.poll_tries(cx) {
                return Poll::Ready(Ok(reply));
            }
            if self.is_head_start_over(cx) && self.begin_next() {
                continue;
            }
            if self.tries.is_empty() {
                return Poll::Ready(Err(self.unanswered()));
            }
            return Poll::Pending;
        }
    }
}

impl Try {
    /// An answer that is there beats the clock.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        if let Poll::Ready(answer) = self.answer.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        Pin::new(&mut self.patience).poll(cx).map(|()| Err(NetError::Timeout))
    }
}

/// Whether it makes no sense to ask the same nameserver again.
fn is_final(error: &NetError) -> bool {
    match error {
        NetError::Dns(DnsError::ResponseCode(_)) => true,
        NetError::Io(_) => !is_shortage(error),
        _ => false,
    }
}
