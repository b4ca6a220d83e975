//! Certificates made at run time.

pub use self::{
    authority::{TestAuthority, TestRevocations},
    certificate::TestCertificate,
    identity::{IdentityFiles, TestIdentity},
    key::TestKey,
};

mod authority;
mod certificate;
mod identity;
mod key;
mod serial;
