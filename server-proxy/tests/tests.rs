//! The PROXY protocol, over servers and connections in memory.
