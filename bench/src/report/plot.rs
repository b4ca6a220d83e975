//! A scenario as a plot: bars of what each library takes, with whiskers from the least to the most.

use std::{
    fmt::{self, Write},
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    library::Library,
    measure::{sample::Spread, turns::Measured},
    report::outcome::Outcome,
};

// Everything has a column of its own, so that nothing covers a text: names, bars, values.
const WIDTH: usize = 760;
const BARS: f64 = 150.0;
const LONGEST_BAR: f64 = 400.0;
const VALUES: usize = WIDTH - 20;
const HEAD: usize = 64;
const ROW: usize = 28;
const FOOT: usize = 16;

/// Plain rules and no variables, which not all that shows SVG knows. It has a background of its own,
/// because a page may be dark where the system is not.
const STYLE: &str = "
text { font: 13px sans-serif; fill: #24292f }
.page { fill: #ffffff }
.title { font-weight: bold; font-size: 15px }
.quiet { fill: #57606a; font-size: 12px }
.value { text-anchor: end }
.ours { fill: #2f6fdb }
.peer { fill: #a9b4c0 }
.raw { fill: #d9dee4 }
.whisker { stroke: #24292f; stroke-width: 1.5; fill: none }
.limit { stroke: #c2410c; stroke-width: 1.5; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .page { fill: #0d1117 }
  .quiet { fill: #9aa4af }
  .ours { fill: #4d8df7 }
  .peer { fill: #59636e }
  .raw { fill: #353c44 }
  .whisker { stroke: #e6edf3 }
  .limit { stroke: #fb923c }
}
";

/// Writes the plot of a scenario into a folder, and says where it is; nothing without a figure.
pub(crate) fn write(folder: &Path, outcome: &Outcome) -> io::Result<Option<PathBuf>> {
    let Some(plot) = plot(outcome) else { return Ok(None) };
    let path = folder.join(format!("{}.svg", outcome.scenario.name));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, plot))
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    Ok(Some(path))
}

fn plot(outcome: &Outcome) -> Option<String> {
    let bars: Vec<(&Measured, Spread)> = outcome
        .measured
        .iter()
        .filter_map(|measured| Some((measured, outcome.spread(measured)?)))
        .collect();
    let most = bars.iter().map(|(_, spread)| spread.most).fold(0.0, f64::max);
    let mut svg = String::new();
    // Nothing goes wrong where a string is written to.
    (most > 0.0 && draw(&mut svg, outcome, &bars, LONGEST_BAR / most).is_ok()).then_some(svg)
}

fn draw(
    svg: &mut String,
    outcome: &Outcome,
    bars: &[(&Measured, Spread)],
    scale: f64,
) -> fmt::Result {
    let height = HEAD + bars.len() * ROW + FOOT;
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">"#
    )?;
    writeln!(svg, "<style>{STYLE}</style>")?;
    writeln!(svg, r#"<rect class="page" width="{WIDTH}" height="{height}"/>"#)?;
    let title = escaped(&format!("{}: {}", outcome.scenario.name, outcome.scenario.title));
    writeln!(svg, r#"<text class="title" x="20" y="26">{title}</text>"#)?;
    writeln!(svg, r#"<text class="quiet" x="20" y="46">{}</text>"#, escaped(&legend(outcome)))?;
    for (place, (measured, spread)) in bars.iter().enumerate() {
        bar(svg, outcome, measured, spread, HEAD + place * ROW, scale)?;
    }
    if let Some(limit) = outcome.limit().and_then(|limit| outcome.spread(limit)) {
        let x = BARS + (limit.median * scale).max(0.0);
        let end = height - FOOT;
        writeln!(svg, r#"<path class="limit" d="M{x:.1} {HEAD}V{end}"/>"#)?;
    }
    writeln!(svg, "</svg>")
}

fn legend(outcome: &Outcome) -> String {
    let unit = outcome.scenario.figure.unit();
    let operation = outcome.scenario.work.operation();
    let limit = if outcome.limit().is_some() { "; the dashed line is raw, the limit" } else { "" };
    format!("{unit} per {operation}: median, and from the least to the most{limit}")
}

fn bar(
    svg: &mut String,
    outcome: &Outcome,
    measured: &Measured,
    spread: &Spread,
    top: usize,
    scale: f64,
) -> fmt::Result {
    let class = match measured.library {
        Library::Raw => "raw",
        Library::Ours | Library::OursSmol => "ours",
        _ => "peer",
    };
    let middle = top + ROW / 2;
    let text = middle + 5; // half of what a letter is high
    let name = escaped(&measured.library.to_string());
    writeln!(svg, r#"<text x="20" y="{text}">{name}</text>"#)?;
    // Memory may be less with many than with one; that is a bar of nothing.
    let [least, median, most] =
        [spread.least, spread.median, spread.most].map(|value| (value * scale).max(0.0));
    let y = top + 5;
    let thick = ROW - 10;
    writeln!(
        svg,
        r#"<rect class="{class}" x="{BARS}" y="{y}" width="{median:.1}" height="{thick}" rx="2"/>"#
    )?;
    let (from, to) = (BARS + least, BARS + most);
    let (high, low) = (middle - 4, middle + 4);
    writeln!(
        svg,
        r#"<path class="whisker" d="M{from:.1} {high}V{low}M{from:.1} {middle}H{to:.1}M{to:.1} {high}V{low}"/>"#
    )?;
    let decimals = outcome.scenario.figure.decimals();
    let ratio = outcome.best().and_then(|best| outcome.ratio(measured, best));
    let ratio = ratio.map(|ratio| format!(" ({:.2} x best)", ratio.median)).unwrap_or_default();
    let value = spread.median;
    writeln!(svg, r#"<text class="value" x="{VALUES}" y="{text}">{value:.decimals$}{ratio}</text>"#)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::{
        report::example::{measured, outcome},
        scenario::SCENARIOS,
    };

    fn connect() -> String {
        let raw = measured(Library::Raw, &[10.0]);
        let ours = measured(Library::Ours, &[10.0, 20.0, 40.0]);
        plot(&outcome("connect", vec![raw, ours])).unwrap()
    }

    #[test]
    fn the_longest_whisker_ends_where_the_bars_may_end() {
        assert!(connect().contains("H550.0M550.0"), "{}", connect());
    }

    #[test]
    fn the_line_of_the_limit_stands_where_its_bar_ends() {
        assert!(connect().contains(r#"class="raw" x="150" y="69" width="100.0""#), "{}", connect());
        assert!(connect().contains(r#"class="limit" d="M250.0 64V120""#), "{}", connect());
    }

    #[test]
    fn every_title_and_every_name_fits_into_its_place() {
        for scenario in SCENARIOS {
            let title = format!("{}: {}", scenario.name, scenario.title);
            assert!(title.len() <= 74, "{title}");
        }
        for library in Library::value_variants() {
            assert!(library.to_string().len() <= 15, "{library}");
        }
    }

    #[test]
    fn what_would_be_markup_is_escaped() {
        assert_eq!(escaped("a < b & c"), "a &lt; b &amp; c");
    }

    #[test]
    fn there_is_no_plot_of_nothing() {
        assert!(plot(&outcome("connect", vec![])).is_none());
        assert!(plot(&outcome("connect", vec![measured(Library::Raw, &[])])).is_none());
    }
}
