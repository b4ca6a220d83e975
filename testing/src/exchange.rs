//! One question that a scripted fake was asked, and the answer that the test gives.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use crate::sync::{lock, remember, wake};

/// What is asked of one kind of fake, and what it says.
pub(crate) trait Asked {
    /// What it is asked for.
    type Question;
    /// What the test may say to the caller before it answers.
    type Telling;
    /// What the caller waits for.
    type Answer;
    /// An answer that was prepared before the question.
    type Prepared;
    /// What the caller hears of a question that the test dropped.
    const UNANSWERED: &str;
}

/// The test's side of a question. Dropped without an answer, it fails.
pub(crate) struct Exchange<A: Asked> {
    question: A::Question,
    line: Arc<Line<A>>,
}

impl<A: Asked> Exchange<A> {
    pub(crate) fn new(question: A::Question) -> (Self, Caller<A>) {
        let line = Arc::new(Line { state: Mutex::new(State::default()) });
        (Self { question, line: line.clone() }, Caller { line })
    }

    pub(crate) fn question(&self) -> &A::Question {
        &self.question
    }

    pub(crate) fn question_mut(&mut self) -> &mut A::Question {
        &mut self.question
    }

    /// Says something to the caller, when it is next polled (and wakes it).
    pub(crate) fn tell(&self, telling: A::Telling) {
        self.line.change(|state| state.tellings.push_back(telling));
    }

    pub(crate) fn answer(&self, answer: io::Result<A::Answer>) {
        self.line.change(|state| state.answer = Some(answer));
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        lock(&self.line.state).hung_up
    }

    pub(crate) async fn cancelled(&self) {
        poll_fn(|cx| {
            let mut state = lock(&self.line.state);
            if state.hung_up {
                return Poll::Ready(());
            }
            remember(&mut state.tester, cx);
            Poll::Pending
        })
        .await;
    }
}

impl<A: Asked> Drop for Exchange<A> {
    fn drop(&mut self) {
        self.line.change(|state| {
            let unanswered = || io::Error::new(io::ErrorKind::ConnectionAborted, A::UNANSWERED);
            state.answer.get_or_insert_with(|| Err(unanswered()));
        });
    }
}

/// The caller's side of a question: what its future holds.
pub(crate) struct Caller<A: Asked> {
    line: Arc<Line<A>>,
}

impl<A: Asked> Caller<A> {
    /// The answer, once the test has given it; hands on what the test says on the way.
    pub(crate) fn poll_answer(
        &self,
        cx: &Context<'_>,
        mut hear: impl FnMut(A::Telling),
    ) -> Poll<io::Result<A::Answer>> {
        let mut state = lock(&self.line.state);
        while let Some(telling) = state.tellings.pop_front() {
            drop(state); // what is told may do anything, even drive this very call
            hear(telling);
            state = lock(&self.line.state);
        }
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                remember(&mut state.caller, cx);
                Poll::Pending
            }
        }
    }
}

impl<A: Asked> Drop for Caller<A> {
    fn drop(&mut self) {
        let mut state = lock(&self.line.state);
        state.hung_up = true;
        let tester = state.tester.take();
        drop(state);
        wake(tester);
    }
}

/// What the two sides of a question share.
struct Line<A: Asked> {
    state: Mutex<State<A>>,
}

struct State<A: Asked> {
    tellings: VecDeque<A::Telling>,
    answer: Option<io::Result<A::Answer>>,
    hung_up: bool,
    caller: Option<Waker>,
    tester: Option<Waker>,
}

impl<A: Asked> Default for State<A> {
    fn default() -> Self {
        Self { tellings: VecDeque::new(), answer: None, hung_up: false, caller: None, tester: None }
    }
}

impl<A: Asked> Line<A> {
    /// Changes something that the caller waits for, unless it has hung up.
    fn change(&self, change: impl FnOnce(&mut State<A>)) {
        let mut state = lock(&self.state);
        if state.hung_up {
            return;
        }
        change(&mut state);
        let caller = state.caller.take();
        drop(state);
        wake(caller);
    }
}
