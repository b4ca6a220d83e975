//! The settings of a connector.

use std::{sync::Arc, time::Duration};

use socketry_connection::Clock;

use crate::{families::Families, source::Sources};

/// What a connector was told beside what is inside it.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) families: Families,
    pub(crate) resolution_delay: Duration,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) sources: Sources,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            families: Families::default(),
            resolution_delay: Duration::from_millis(50), // RFC 8305, section 8
            clock: None,
            sources: Sources::default(),
        }
    }
}
