//! TLS for servers, over any server.
