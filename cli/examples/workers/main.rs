//! Three named servers and one pool of two worker processes, of which one is killed on the way; then all
//! are replaced, and nobody is cut off.
//!
//! `cargo run --package socketry-cli --example workers`. The workers are in Python or PHP, whichever is
//! installed, or else this program once more. It fails unless everything goes as it says.

#[cfg(unix)]
mod show;

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    show::run()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("workers: worker processes need Unix");
}
