//! Where the text of the report goes.

use std::path::Path;

use crate::{arguments::Arguments, report::json};

/// Prints a part of the report and an empty line, where they do not get into the JSON.
pub(crate) fn show(arguments: &Arguments, text: &str) {
    match arguments.json.as_deref() == Some(Path::new(json::STDOUT)) {
        true => eprintln!("{text}"),
        false => println!("{text}"),
    }
}
