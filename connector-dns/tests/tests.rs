//! The connector that looks names up.
