//! Certificates and names: which are accepted, and what is called how elsewhere.
#![doc = ""]
#![doc = include_str!("../CERTIFICATES.md")]
