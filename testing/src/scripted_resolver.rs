//! A resolver whose lookups the test answers.

use std::{fmt, io};

use socketry_resolver::{Answer, Family, Resolve};

use crate::{
    Lookup,
    script::{Script, Writer, script},
    scripted_lookup::{Prepared, Question, Resolving},
};

/// A resolver whose lookups appear at a handle, where the test answers them.
///
/// # Examples
///
/// ```
/// use futures_lite::future;
/// use socketry_resolver::{Answer, Family, Resolve};
/// use socketry_testing::scripted_resolver;
///
/// let (resolver, handle) = scripted_resolver();
/// let asking = resolver.resolve("a.example", Family::V4);
/// let answering = async {
///     let lookup = handle.next_lookup().await;
///     assert_eq!((lookup.name(), lookup.family()), ("a.example", Family::V4));
///     lookup.answer(Answer::from(vec![[192, 0, 2, 1].into()]));
/// };
/// let (answer, ()) = future::block_on(future::zip(asking, answering));
/// assert_eq!(answer?.len(), 1);
/// # std::io::Result::Ok(())
/// ```
pub fn scripted_resolver() -> (ScriptedResolver, ResolverHandle) {
    let (script, writer) = script();
    (ScriptedResolver { script }, ResolverHandle { writer })
}

/// A resolver that follows a script; see [`scripted_resolver`].
///
/// A lookup begins when its future is first polled: it takes the answer prepared for it
/// ([`ResolverHandle::answer_next`]), or else appears at the handle and waits. Once the handle is
/// dropped, lookups that it has not taken fail, and so does every later one. A clone follows the
/// same script.
#[derive(Clone)]
pub struct ScriptedResolver {
    script: Script<Resolving>,
}

impl Resolve for ScriptedResolver {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        let question = Question { name: name.to_string(), family };
        let use_prepared = |answer: Prepared, asked: Question| answer(&asked.name, asked.family);
        self.script.ask(question, use_prepared, |never| match never {}).await
    }
}

impl fmt::Debug for ScriptedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedResolver").field("pending", &self.script.pending()).finish()
    }
}

/// The test's side of a [`ScriptedResolver`].
pub struct ResolverHandle {
    writer: Writer<Resolving>,
}

impl ResolverHandle {
    /// Waits for the next lookup.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no lookup. One task at a time can wait.
    pub async fn next_lookup(&self) -> Lookup {
        Lookup::new(self.writer.next().await)
    }

    /// The next lookup, if one has come.
    pub fn try_next_lookup(&self) -> Option<Lookup> {
        self.writer.try_next().map(Lookup::new)
    }

    /// How many lookups are alive: begun, and neither finished nor dropped.
    pub fn pending(&self) -> usize {
        self.writer.pending()
    }

    /// How many lookups have begun so far, those with a prepared answer included.
    pub fn begun(&self) -> usize {
        self.writer.begun()
    }

    /// Prepares the answer to one lookup to come, which it gets at its first poll without ever
    /// waiting. Answers are used in the order in which they were prepared.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use socketry_resolver::{Answer, Family, Resolve};
    /// use socketry_testing::scripted_resolver;
    ///
    /// let (resolver, handle) = scripted_resolver();
    /// handle.answer_next(|name, family| {
    ///     assert_eq!((name, family), ("a.example", Family::V6));
    ///     Ok(Answer::default())
    /// });
    /// assert!(block_on(resolver.resolve("a.example", Family::V6))?.is_empty());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn answer_next(
        &self,
        answer: impl FnOnce(&str, Family) -> io::Result<Answer> + Send + 'static,
    ) {
        self.writer.prepare(Box::new(answer));
    }

    /// Prepares a success; see [`answer_next`](Self::answer_next).
    pub fn succeed_next(&self, answer: Answer) {
        self.answer_next(move |_, _| Ok(answer));
    }

    /// Prepares a failure; see [`answer_next`](Self::answer_next).
    pub fn fail_next(&self, error: io::Error) {
        self.answer_next(move |_, _| Err(error));
    }
}

impl fmt::Debug for ResolverHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolverHandle").field("pending", &self.pending()).finish()
    }
}
