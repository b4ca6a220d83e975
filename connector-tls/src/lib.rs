//! TLS for clients, over any connector.
