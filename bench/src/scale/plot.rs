//! A sweep as a plot: sizes to the right, each ten times the one before, and processor time upwards.

use std::fmt::{self, Write};

use crate::{
    library::Library,
    measure::sample::Spread,
    scale::{
        Sweep,
        growth::{Growth, MOST},
    },
};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = WIDTH - 130.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = HEIGHT - 56.0;

/// Plain rules and no variables, which not all that shows SVG knows. It has a background of its own,
/// because a page may be dark where the system is not.
const STYLE: &str = "
text { font: 13px sans-serif; fill: #24292f }
.page { fill: #ffffff }
.title { font-weight: bold; font-size: 15px }
.quiet { fill: #57606a; font-size: 12px }
.end { text-anchor: end }
.middle { text-anchor: middle }
.grid { stroke: #d9dee4; stroke-width: 1; fill: none }
.ours { stroke: #2f6fdb; stroke-width: 2; fill: none }
.peer { stroke: #8b97a3; stroke-width: 2; fill: none }
.limit { stroke: #c2410c; stroke-width: 1.5; stroke-dasharray: 4 3; fill: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .page { fill: #0d1117 }
  .quiet { fill: #9aa4af }
  .grid { stroke: #353c44 }
  .ours { stroke: #4d8df7 }
  .peer { stroke: #7d8894 }
  .limit { stroke: #fb923c }
}
";

/// The plot as SVG: a line for each library, whiskers from the least to the most, and what ours may
/// grow to.
pub(super) fn plot(sweep: &Sweep, all: &[Growth]) -> String {
    let lines: Vec<Line> = all.iter().map(Line::of).collect();
    let spreads = || lines.iter().flat_map(|line| &line.points);
    let most = spreads().map(|(_, spread)| spread.most).fold(0.0, f64::max);
    let limit = lines.iter().find(|line| line.is_ours).and_then(|line| line.points.first());
    let limit = limit.map(|(_, spread)| spread.median * MOST);
    let axes = Axes::over(sweep.sizes, most.max(limit.unwrap_or(0.0)));
    let mut svg = String::new();
    // Nothing goes wrong where a string is written to.
    let _ = draw(&mut svg, sweep, &axes, &lines, limit);
    svg
}

struct Line {
    name: String,
    is_ours: bool,
    points: Vec<(usize, Spread)>,
}

impl Line {
    fn of(growth: &Growth) -> Self {
        let spread = |cpu: &[f64]| Spread::of(cpu.iter().copied());
        let points = growth.points.iter();
        Self {
            name: growth.library.map(|library| library.to_string()).unwrap_or_default(),
            is_ours: matches!(growth.library, None | Some(Library::Ours)),
            points: points.filter_map(|point| Some((point.size, spread(&point.cpu)?))).collect(),
        }
    }
}

/// Where a size and a time stand.
struct Axes {
    first: f64,
    last: f64,
    /// Nanoseconds at the top, in whole steps.
    top: f64,
    step: f64,
}

impl Axes {
    fn over(sizes: &[usize], most: f64) -> Self {
        let log = |size: Option<&usize>| size.map_or(0.0, |size| (*size as f64).log10());
        let step = step(most);
        let top = (most / step).ceil().max(1.0) * step;
        Self { first: log(sizes.first()), last: log(sizes.last()), top, step }
    }

    fn x(&self, size: usize) -> f64 {
        let range = (self.last - self.first).max(f64::MIN_POSITIVE);
        LEFT + ((size as f64).log10() - self.first) / range * (RIGHT - LEFT)
    }

    fn y(&self, nanoseconds: f64) -> f64 {
        BOTTOM - nanoseconds / self.top * (BOTTOM - TOP)
    }
}

/// One, two or five times a power of ten, so that there are four to ten of them.
fn step(most: f64) -> f64 {
    let ten = 10_f64.powf((most.max(1.0) / 4.0).log10().floor());
    let steps = [5.0, 2.0, 1.0].map(|times| times * ten);
    steps.into_iter().find(|step| most / step >= 4.0).unwrap_or(ten)
}

fn draw(
    svg: &mut String,
    sweep: &Sweep,
    axes: &Axes,
    lines: &[Line],
    limit: Option<f64>,
) -> fmt::Result {
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">"#
    )?;
    writeln!(svg, "<style>{STYLE}</style>")?;
    writeln!(svg, r#"<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>"#)?;
    writeln!(svg, r#"<text class="title" x="20" y="26">{}: {}</text>"#, sweep.name, sweep.title)?;
    writeln!(svg, r#"<text class="quiet" x="20" y="46">CPU per operation, less is better</text>"#)?;
    grid(svg, sweep, axes)?;
    if let Some(limit) = limit {
        let y = axes.y(limit);
        writeln!(svg, r#"<path class="limit" d="M{LEFT} {y:.1}H{RIGHT}"/>"#)?;
        let (x, y) = (RIGHT + 8.0, y + 4.0);
        writeln!(svg, r#"<text class="quiet" x="{x}" y="{y:.1}">{MOST} x the first</text>"#)?;
    }
    lines.iter().try_for_each(|line| draw_line(svg, axes, line))?;
    writeln!(svg, "</svg>")
}

fn grid(svg: &mut String, sweep: &Sweep, axes: &Axes) -> fmt::Result {
    let mut at = 0.0;
    while at <= axes.top {
        let (x, y) = (LEFT - 8.0, axes.y(at));
        writeln!(svg, r#"<path class="grid" d="M{LEFT} {y:.1}H{RIGHT}"/>"#)?;
        writeln!(svg, r#"<text class="quiet end" x="{x}" y="{:.1}">{}</text>"#, y + 4.0, time(at))?;
        at += axes.step;
    }
    // From the last one, which is said in any case.
    let mut free_to = f64::INFINITY;
    for size in sweep.sizes.iter().rev() {
        let (x, y) = (axes.x(*size), BOTTOM + 18.0);
        if x <= free_to {
            writeln!(svg, r#"<text class="quiet middle" x="{x:.1}" y="{y}">{size}</text>"#)?;
            free_to = x - 60.0;
        }
    }
    let (x, y) = (f64::midpoint(LEFT, RIGHT), BOTTOM + 40.0);
    writeln!(svg, r#"<text class="quiet middle" x="{x}" y="{y}">{}</text>"#, sweep.of)
}

fn draw_line(svg: &mut String, axes: &Axes, line: &Line) -> fmt::Result {
    let class = if line.is_ours { "ours" } else { "peer" };
    let mut command = 'M';
    write!(svg, r#"<path class="{class}" d=""#)?;
    for (size, spread) in &line.points {
        write!(svg, "{command}{:.1} {:.1}", axes.x(*size), axes.y(spread.median))?;
        command = 'L';
    }
    for (size, spread) in &line.points {
        let (x, least, most) = (axes.x(*size), axes.y(spread.least), axes.y(spread.most));
        write!(svg, "M{x:.1} {least:.1}V{most:.1}")?;
    }
    writeln!(svg, r#""/>"#)?;
    let Some((_, last)) = line.points.last() else { return Ok(()) };
    let (x, y) = (RIGHT + 8.0, axes.y(last.median) + 4.0);
    writeln!(svg, r#"<text x="{x}" y="{y:.1}">{}</text>"#, line.name)
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds >= 1000.0 {
        true => format!("{} us", nanoseconds / 1000.0),
        false => format!("{nanoseconds} ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::SWEEPS;

    fn growth(library: Option<Library>, cpu: f64) -> Growth {
        let mut growth = Growth::new(SWEEPS[0], library);
        growth.points.iter_mut().for_each(|point| point.cpu = vec![cpu]);
        growth
    }

    #[test]
    fn there_are_four_to_ten_steps_of_round_figures() {
        for (most, expected) in [(4.0, 1.0), (9.9, 2.0), (20.0, 5.0), (39.0, 5.0), (130.0, 20.0)] {
            assert_eq!(step(most), expected, "{most}");
        }
    }

    #[test]
    fn the_first_size_stands_left_and_the_last_right() {
        let axes = Axes::over(&[1, 10, 100], 7.0);
        let xs = [1, 10, 100].map(|size| axes.x(size));
        assert_eq!(xs, [LEFT, f64::midpoint(LEFT, RIGHT), RIGHT]);
    }

    #[test]
    fn there_is_a_line_for_each_library_and_one_for_the_limit() {
        let all = [growth(Some(Library::Raw), 1000.0), growth(Some(Library::Ours), 2000.0)];
        let plot = plot(&SWEEPS[0], &all);
        let paths = ["peer", "ours", "limit"]
            .map(|class| plot.matches(&format!(r#"<path class="{class}""#)).count());
        assert_eq!(paths, [1, 1, 1]);
    }

    #[test]
    fn nothing_that_was_measured_is_an_empty_plot_and_no_panic() {
        assert!(plot(&SWEEPS[0], &[]).ends_with("</svg>\n"));
    }
}
