//! Plot: how are a few rows of points drawn as SVG?
//!
//! Two axes with round marks, a line per series, a legend. Scales are linear, logarithmic, or nines (90 %, 99 %, 99.9 %).
//! - **How it fits**: part of the [report](super).
//! - **Not here**: anything interactive.

use std::fmt::Write;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 320.0;
/// Room for the longest mark, such as `500k events/s`.
const LEFT: f64 = 105.0;
/// Room for half of the last mark of the x axis.
const RIGHT: f64 = 30.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 40.0;

/// How an axis counts, and in which unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear(&'static str),
    Log(&'static str),
    /// The position is a number of nines.
    Nines,
}

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// Axes and lines.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) series: Vec<Series>,
}

/// The part of an axis that is shown, in its own counting.
#[derive(Debug, Clone, Copy)]
struct Range {
    scale: Scale,
    from: f64,
    to: f64,
}

impl Range {
    fn of(scale: Scale, numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let most = numbers.clone().fold(0.0, f64::max);
        let least = numbers.filter(|number| *number > 0.0).fold(f64::INFINITY, f64::min);
        let (from, to) = match scale {
            Scale::Linear(_) => (0.0, round_up(most)),
            Scale::Log(_) if least.is_finite() => (libm::floor(libm::log10(least)), libm::ceil(libm::log10(most))),
            Scale::Log(_) => (0.0, 1.0),
            Scale::Nines => (0.0, libm::ceil(most).max(2.0)),
        };
        Self { scale, from, to: if to > from { to } else { from + 1.0 } }
    }

    /// 0 at the begin of the axis, 1 at its end.
    fn place(self, number: f64) -> f64 {
        let number = if matches!(self.scale, Scale::Log(_)) { libm::log10(number.max(1e-9)) } else { number };
        ((number - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    /// Place and label of each mark.
    fn marks(self) -> Vec<(f64, String)> {
        let steps = match self.scale {
            Scale::Linear(_) => 5,
            Scale::Log(_) | Scale::Nines => u32::try_from(crate::draw::whole(self.to - self.from)).unwrap_or(1).max(1),
        };
        (0..=steps)
            .map(|step| {
                let share = f64::from(step) / f64::from(steps);
                (share, self.label(self.from + share * (self.to - self.from)))
            })
            .collect()
    }

    fn label(self, at: f64) -> String {
        match self.scale {
            Scale::Linear(unit) => format!("{} {unit}", short(at)),
            Scale::Log(unit) => format!("{} {unit}", short(libm::pow(10.0, at))),
            Scale::Nines => format!("{} %", trimmed(100.0 * (1.0 - libm::pow(10.0, -at)))),
        }
    }
}

/// The next number of the form 1, 2 or 5 times a power of ten.
fn round_up(number: f64) -> f64 {
    if number <= 0.0 {
        return 1.0;
    }
    let power = libm::pow(10.0, libm::floor(libm::log10(number)));
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= number * (1.0 - 1e-12)).unwrap_or(10.0 * power)
}

fn short(number: f64) -> String {
    match number {
        _ if number >= 1e6 => trimmed(number / 1e6) + "M",
        _ if number >= 1e4 => trimmed(number / 1e3) + "k",
        _ => trimmed(number),
    }
}

/// Up to four digits after the point, none of them a trailing zero.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Plot {
    /// The drawing.
    pub(super) fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Range::of(self.x, points().map(|(x, _)| *x));
        let y = Range::of(self.y, points().map(|(_, y)| *y));
        let mut svg =
            format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-size=\"12\" fill=\"currentColor\">");
        for (share, label) in x.marks() {
            let at = across(share);
            let _ = write!(
                svg,
                "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{:.1}\" stroke=\"currentColor\" stroke-opacity=\".15\"/>",
                HEIGHT - BOTTOM
            );
            let _ = write!(
                svg,
                "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                HEIGHT - BOTTOM + 18.0
            );
        }
        for (share, label) in y.marks() {
            let at = up(share);
            let _ = write!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"currentColor\" stroke-opacity=\".15\"/>",
                WIDTH - RIGHT
            );
            let _ =
                write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", LEFT - 6.0, at + 4.0);
        }
        for (place, series) in (0_u32..).zip(&self.series) {
            svg += &series.svg(x, y, place);
        }
        svg + "</svg>"
    }
}

impl Series {
    fn svg(&self, x: Range, y: Range, place: u32) -> String {
        let mut svg = format!("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"", self.colour);
        for (at, height) in &self.points {
            let _ = write!(svg, "{:.1},{:.1} ", across(x.place(*at)), up(y.place(*height)));
        }
        let legend = LEFT + 10.0 + 160.0 * f64::from(place);
        let _ = write!(svg, "\"/><rect x=\"{legend:.0}\" y=\"8\" width=\"14\" height=\"4\" fill=\"{}\"/>", self.colour);
        let _ = write!(svg, "<text x=\"{:.0}\" y=\"15\">{}</text>", legend + 20.0, self.name);
        svg
    }
}

fn across(share: f64) -> f64 {
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn up(share: f64) -> f64 {
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round() {
        let labels = |scale, numbers: [f64; 2]| {
            Range::of(scale, numbers.into_iter()).marks().into_iter().map(|(_, label)| label).collect::<Vec<_>>()
        };
        assert_eq!(labels(Scale::Linear("s"), [0.0, 47.0]), ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s"]);
        assert_eq!(labels(Scale::Log("ms"), [0.3, 80.0]), ["0.1 ms", "1 ms", "10 ms", "100 ms"]);
        assert_eq!(labels(Scale::Nines, [0.3, 2.5]), ["0 %", "90 %", "99 %", "99.9 %"]);
        let rates = labels(Scale::Linear("events/s"), [0.0, 1_900_000.0]);
        assert_eq!(rates[5], "2M events/s");
        // A letter of 12 pixels is about 7 wide.
        assert!(
            rates.iter().chain(&labels(Scale::Linear("events/s"), [0.0, 480.0])).all(|label| label.len() * 7 <= 98)
        );
    }

    #[test]
    fn points_land_where_the_scale_says() {
        let range = Range::of(Scale::Log("ms"), [0.1, 10.0].into_iter());
        assert!((range.place(1.0) - 0.5).abs() < 1e-9);
        let linear = Range::of(Scale::Linear("s"), [0.0, 10.0].into_iter());
        assert!((linear.place(5.0) - 0.5).abs() < 1e-9);
    }
}
