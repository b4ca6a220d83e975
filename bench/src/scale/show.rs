//! Sweeps that were asked for, measured and shown.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::ValueEnum;

use crate::{
    arguments::Arguments,
    library::Library,
    measure::{programs::installed, sample::Spread},
    report::show::show,
    scale::{
        Kind, SWEEPS, Sweep,
        growth::{Growth, MOST, Verdict},
        plot::plot,
        sweep::{SweepEffort, measure},
    },
    tls::Layer,
};

/// Measures the sweeps that were asked for, all without a word, and shows them, also behind one that
/// fails. With `--check` a goal that is missed is a failure.
pub(crate) fn run(arguments: &Arguments, failures: &mut Vec<String>) -> Vec<Growth> {
    let chosen = |sweep: &&Sweep| {
        arguments.scenario.is_empty() || arguments.scenario.iter().any(|name| name == sweep.name)
    };
    let mut all = Vec::new();
    for sweep in SWEEPS.iter().filter(chosen) {
        let libraries = libraries(sweep, arguments);
        if libraries.is_empty() {
            eprintln!("{} is left out: it is about ours alone", sweep.name);
            continue;
        }
        match measured(sweep, &libraries, arguments) {
            Ok(growths) => {
                if arguments.check && growths.iter().any(is_missed) {
                    failures.push(format!("{}: it grows too much", sweep.name));
                }
                all.extend(growths);
            }
            Err(error) => failures.push(format!("{}: {error}", sweep.name)),
        }
    }
    all
}

fn is_missed(growth: &Growth) -> bool {
    growth.verdict() == Some(Verdict::Missed)
}

/// Measures a sweep and shows it.
fn measured(
    sweep: &Sweep,
    libraries: &[Library],
    arguments: &Arguments,
) -> io::Result<Vec<Growth>> {
    let effort = SweepEffort {
        run: Duration::from_millis(if arguments.quick { 1 } else { arguments.milliseconds }),
        repetitions: if arguments.quick { 1 } else { arguments.repetitions },
    };
    eprint!("{}: ", sweep.name);
    let sized = if arguments.quick { small(sweep) } else { *sweep };
    let all = measure(sized, libraries, effort, || eprint!("."));
    eprintln!();
    let all = all?;
    let path = write(&arguments.plots, sweep, &plot(&sized, &all))?;
    let mut text = format!("{}: {}\n\n", sweep.name, sweep.title);
    text.extend(all.iter().map(table));
    text += &format!("\n  plot: {}\n", path.display());
    show(arguments, &text);
    Ok(all)
}

/// Enough to see that it works.
fn small(sweep: &Sweep) -> Sweep {
    let kind = match sweep.kind {
        Kind::Alone { work, .. } => Kind::Alone { work, counted_up_to: 0 },
        beside @ Kind::Beside { .. } => beside,
    };
    Sweep { sizes: &sweep.sizes[..2], kind, ..*sweep }
}

/// Ours and what the kernel alone costs, if no others are asked for. What works by itself is ours.
fn libraries(sweep: &Sweep, arguments: &Arguments) -> Vec<Library> {
    let is_asked = |library: &Library| match &arguments.backend[..] {
        [] => *library == Library::Ours,
        asked => asked.contains(library),
    };
    let all = Library::value_variants().iter().copied();
    match sweep.kind {
        Kind::Alone { .. } => all.filter(|it| *it == Library::Ours && is_asked(it)).collect(),
        Kind::Beside { work, .. } => {
            let does = |library: &Library| library.does(work, Layer::Plain);
            let asked = all.filter(|it| *it == Library::Raw || is_asked(it));
            installed(asked.filter(does).collect())
        }
    }
}

fn write(folder: &Path, sweep: &Sweep, plot: &str) -> io::Result<PathBuf> {
    let path = folder.join(format!("{}.svg", sweep.name));
    fs::create_dir_all(folder)?;
    fs::write(&path, plot)?;
    Ok(path)
}

/// A line for each size, and one for what it grows by.
fn table(growth: &Growth) -> String {
    let mut table = match growth.library {
        Some(library) => format!("{library}\n"),
        None => String::new(),
    };
    for point in &growth.points {
        let Some(Spread { least, median, most }) = Spread::of(point.cpu.iter().copied()) else {
            continue;
        };
        table += &format!("{:>9}  {median:>9.0} ns ({least:.0}..{most:.0})", point.size);
        if let Some(instructions) = point.instructions {
            table += &format!("  {instructions:>9.1} instructions");
        }
        table += "\n";
    }
    if let Some(Spread { least, median, most }) = growth.of_cpu() {
        table += &format!("   growth  {median:.2} x ({least:.2}..{most:.2})");
    }
    if let Some(times) = growth.of_instructions() {
        table += &format!(", in instructions {times:.3} x");
    }
    match growth.verdict() {
        Some(Verdict::Met) => table += &format!(", at most {MOST}: met"),
        Some(Verdict::Near) => table += &format!(", at most {MOST}: within 10 %"),
        Some(Verdict::Missed) => table += &format!(", at most {MOST}: MISSED"),
        None => {}
    }
    table + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_every_size_and_what_it_grows_by() {
        let mut growth = Growth::new(SWEEPS[2], None);
        for point in &mut growth.points {
            point.cpu = vec![100.0, 110.0, 120.0];
        }
        growth.points[0].instructions = Some(500.0);
        let table = table(&growth);
        let mut lines = table.lines();
        let first = "        1        110 ns (100..120)      500.0 instructions";
        assert_eq!(lines.next(), Some(first));
        let last = "   growth  1.00 x (1.00..1.00), in instructions 1.000 x, at most 1.3: met";
        assert_eq!(lines.last(), Some(last));
    }
}
