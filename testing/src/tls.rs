//! Certificates made at run time.

pub use self::authority::{TestAuthority, TestIdentity};

mod authority;
