//! All nameservers as one, which is what hickory's resolver asks.

use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    sync::Arc,
};

use futures_lite::{Stream, stream};
use hickory_resolver::{
    ConnectionProvider, PoolContext,
    config::{ConnectionConfig, NameServerConfig},
    net::{NetError, xfer::DnsHandle},
    proto::op::{DnsRequest, DnsResponse},
};

use crate::{asking::Asking, nameservers::Nameservers, runtime::SmolRuntime};

/// To hickory's resolver, the connection to its only nameserver.
///
/// hickory keeps the cache, follows aliases and speaks with each nameserver. Which of them is asked
/// when is decided by [`Asking`].
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    nameservers: Arc<Nameservers>,
    runtime: SmolRuntime,
}

impl Upstream {
    pub(crate) fn new(nameservers: Nameservers, runtime: SmolRuntime) -> Self {
        Self { nameservers: Arc::new(nameservers), runtime }
    }

    /// What hickory's resolver is told instead of the nameservers. It is never asked.
    pub(crate) fn as_nameserver() -> NameServerConfig {
        NameServerConfig::udp(Ipv4Addr::UNSPECIFIED.into())
    }
}

impl ConnectionProvider for Upstream {
    type Conn = Self;
    type FutureConn = Ready<Result<Self, NetError>>;
    type RuntimeProvider = SmolRuntime;

    fn new_connection(
        &self,
        _: IpAddr,
        _: &ConnectionConfig,
        _: &PoolContext,
    ) -> Result<Self::FutureConn, NetError> {
        Ok(ready(Ok(self.clone())))
    }

    fn runtime_provider(&self) -> &SmolRuntime {
        &self.runtime
    }
}

impl DnsHandle for Upstream {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = SmolRuntime;

    fn send(&self, request: DnsRequest) -> Self::Response {
        Box::pin(stream::once_future(Asking::new(self.nameservers.clone(), request)))
    }
}
