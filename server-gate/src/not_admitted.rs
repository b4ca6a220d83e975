//! The error of somebody who is not allowed in.

use std::{error::Error, fmt, io};

use socketry_connection::Address;
use socketry_server::Network;

/// The error of a server that closed a newcomer who is not allowed to come in.
///
/// ```text
/// connection from tcp://192.0.2.1:5678 closed: 192.0.2.0/24 is on the deny list
/// connection from tcp://192.0.2.1:5678 closed: the address is not on the allow list
/// ```
///
/// The [`io::Error`] around it is of kind [`PermissionDenied`](io::ErrorKind::PermissionDenied).
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_server_gate::{AccessRule, NotAdmitted};
///
/// /// Whom a server has turned away by a rule.
/// fn turned_away(error: &io::Error) -> Option<&NotAdmitted> {
///     error.get_ref()?.downcast_ref()
/// }
///
/// let remote = "tcp://192.0.2.1:5678".parse().unwrap();
/// let error: io::Error = NotAdmitted::new(remote, AccessRule::Allow).into();
/// assert_eq!(turned_away(&error).unwrap().rule(), AccessRule::Allow);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAdmitted {
    remote: Address,
    rule: AccessRule,
}

/// Which rule keeps somebody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccessRule {
    /// The address is in this network of the deny list: in the widest one, if several contain it.
    Deny(Network),
    /// There is an allow list, and the address is in no network of it.
    Allow,
}

impl NotAdmitted {
    /// A connection from `remote` was kept out by `rule`.
    pub fn new(remote: Address, rule: AccessRule) -> Self {
        Self { remote, rule }
    }

    /// Who was turned away.
    pub fn remote(&self) -> &Address {
        &self.remote
    }

    /// By which rule.
    pub fn rule(&self) -> AccessRule {
        self.rule
    }
}

impl From<NotAdmitted> for io::Error {
    fn from(error: NotAdmitted) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, error)
    }
}

impl fmt::Display for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection from {} closed: ", self.remote)?;
        match self.rule {
            AccessRule::Deny(network) => write!(f, "{network} is on the deny list"),
            AccessRule::Allow => f.write_str("the address is not on the allow list"),
        }
    }
}

impl Error for NotAdmitted {}
