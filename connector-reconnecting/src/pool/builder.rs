//! What is chosen when a pool is made.

use std::{hash::Hash, sync::Arc};

use socketry_connection::Clock;
use socketry_connector::Connect;

use crate::{
    circuit::CircuitOptions,
    circuits::Circuits,
    pool::{
        check::CheckFuture,
        options::PoolOptions,
        shared::{Plan, PoolShared},
    },
    reconnecting::Reconnecting,
    session::Session,
    targets::Targets,
};

/// Chooses what a [`Pool`](crate::Pool) is like: [`Pool::builder`](crate::Pool::builder).
pub struct PoolBuilder<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    name: String,
    connector: Arc<C>,
    plan: Plan<C, T>,
    options: PoolOptions,
}

impl<C, T> PoolBuilder<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(connector: Arc<C>) -> Self {
        let plan = Plan {
            targets: None,
            defaults: None,
            choose: None,
            check: None,
            circuits: None,
            clock: None,
        };
        Self { name: String::new(), connector, plan, options: PoolOptions::default() }
    }

    /// What its errors call it. By default nothing.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where connections go that are made when they are needed. By default none are, and there are only
    /// those that are [added](crate::Pool::add_connection).
    pub fn to(mut self, targets: impl Into<Targets<T>>) -> Self {
        self.plan.targets = Some(targets.into());
        self
    }

    /// Chooses hooks and options of all its connections, also of those that are
    /// [added](crate::Pool::add_connection), before those of their own are chosen.
    pub fn defaults(
        mut self,
        choose: impl Fn(Reconnecting<C, T>) -> Reconnecting<C, T> + Send + Sync + 'static,
    ) -> Self {
        self.plan.defaults = Some(Arc::new(choose));
        self
    }

    /// Chooses hooks and options of the connections that are made when they are needed.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::AsyncWriteExt;
    /// use socketry_connector_reconnecting::{Backoff, Pool};
    /// # let (connector, _script) = socketry_testing::scripted_connector::<&str>();
    ///
    /// let pool = Pool::builder(connector)
    ///     .to("redis.example:6379")
    ///     .connections(|sessions| {
    ///         sessions.backoff(Backoff::connman()).on_connect(|connection, _session| {
    ///             Box::pin(async move { connection.write_all(b"CLIENT SETNAME me\r\n").await })
    ///         })
    ///     })
    ///     .build();
    /// # let _ = pool;
    /// ```
    pub fn connections(
        mut self,
        choose: impl Fn(Reconnecting<C, T>) -> Reconnecting<C, T> + Send + Sync + 'static,
    ) -> Self {
        self.plan.choose = Some(Arc::new(choose));
        self
    }

    /// How large it is, and how long connections live.
    pub fn options(mut self, options: PoolOptions) -> Self {
        self.options = options;
        self
    }

    /// Checks a connection before it is handed out: asks it something, and reads the answer. One that fails
    /// or does not answer [in time](PoolOptions::check_timeout) is replaced. By default nothing is asked.
    ///
    /// With [`check_every`](PoolOptions::check_every) it is asked of those that are idle, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use futures_lite::{AsyncReadExt, AsyncWriteExt};
    /// use socketry_connector_reconnecting::Pool;
    /// # let (connector, _script) = socketry_testing::scripted_connector::<&str>();
    ///
    /// let pool = Pool::builder(connector)
    ///     .to("redis.example:6379")
    ///     .check(|session| {
    ///         Box::pin(async move {
    ///             session.write_all(b"PING\r\n").await?;
    ///             let mut answer = [0; 7];
    ///             session.read_exact(&mut answer).await?;
    ///             match &answer {
    ///                 b"+PONG\r\n" => Ok(()),
    ///                 _ => Err(io::ErrorKind::InvalidData.into()),
    ///             }
    ///         })
    ///     })
    ///     .build();
    /// # let _ = pool;
    /// ```
    pub fn check(
        mut self,
        check: impl for<'a> Fn(&'a mut Session<C::Connection>) -> CheckFuture<'a>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.plan.check = Some(Arc::new(check));
        self
    }

    /// What its connections know together of an address, and with others of these `circuits`. By default
    /// they share with each other, with [`CircuitOptions::default`].
    pub fn circuits(mut self, circuits: Circuits<T>) -> Self
    where
        T: Eq + Hash,
    {
        self.plan.circuits = Some(Arc::new(move |target| circuits.of(target)));
        self
    }

    /// Takes the time from `clock` instead of the system. Circuits that are given have a clock of their own.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.plan.clock = Some(clock);
        self
    }

    /// The pool, without what is public.
    pub(super) fn finish(mut self) -> Arc<PoolShared<C, T>>
    where
        T: Eq + Hash,
    {
        if self.plan.circuits.is_none() {
            let mut circuits = Circuits::new(CircuitOptions::default());
            if let Some(clock) = &self.plan.clock {
                circuits = circuits.with_clock(clock.clone());
            }
            self = self.circuits(circuits);
        }
        PoolShared::new(self.name, self.connector, self.plan, self.options)
    }
}

impl<C, T> std::fmt::Debug for PoolBuilder<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
