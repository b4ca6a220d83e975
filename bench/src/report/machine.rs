//! What it was measured on.

use std::{fs, thread};

use serde::Serialize;

/// Figures can be compared only on the same.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    kernel: String,
    processor: String,
    processors: usize,
    /// The compiler of this program.
    rustc: &'static str,
    /// Whether this is a release build; a figure of another says nothing.
    optimized: bool,
}

impl Machine {
    pub(crate) fn this() -> Self {
        Self {
            kernel: read("/proc/sys/kernel/osrelease").trim().to_string(),
            processor: model(&read("/proc/cpuinfo")).unwrap_or_default().to_string(),
            processors: thread::available_parallelism().map_or(1, usize::from),
            rustc: env!("SOCKETRY_BENCH_RUSTC"),
            optimized: !cfg!(debug_assertions),
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What the first processor is called, where processors have names.
fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_first_processor_is_found() {
        let cpuinfo = "processor\t: 0\nmodel name\t: A Fast One\n\nmodel name\t: Another\n";
        assert_eq!(model(cpuinfo), Some("A Fast One"));
        assert_eq!(model("processor : 0\n"), None);
    }
}
