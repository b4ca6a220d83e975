//! TLS over any connection, for both sides.
