//! Gate: is a run good enough?
//!
//! `p99>20ms` says when a run *fails*, as one would say it aloud: fail if the 99th percentile is above twenty milliseconds.
//! ```text
//!  p50 p99 p99.9 p99.99 max mean      > or <   20ms 500us 1s      corrected latency
//!  accepted offered                   > or <   300k/s             events per second
//!  errors refused unanswered backlog  > or <   0                  requests
//! ```
//! - **How it fits**: `run --fail-if`, several of them; the exit code is 1 when one applies.
//! - **Not here**: what a good figure is.

use crate::error::Error;
use crate::result::Outcome;

/// A condition under which a run fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    text: String,
    measure: Measure,
    above: bool,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    /// In microseconds.
    Quantile(f64),
    Max,
    Mean,
    /// In events per second.
    Accepted,
    Offered,
    /// In requests.
    Errors,
    Refused,
    Unanswered,
    Backlog,
}

impl Gate {
    /// Reads a condition. **Errors**: no measure, comparison or figure of ours.
    /// ```
    /// # use wardline_loadtest::gate::Gate;
    /// assert!(Gate::parse("p99.9>20ms").is_ok());
    /// assert!(Gate::parse("p99 is fine").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::GateUnreadable { text: text.to_owned() };
        let at = text.find(['>', '<']).ok_or_else(wrong)?;
        let (name, rest) = text.split_at_checked(at).ok_or_else(wrong)?;
        let measure = measure(name.trim()).ok_or_else(wrong)?;
        let bound = rest.get(1..).and_then(|figure| bound(measure, figure.trim())).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), measure, above: rest.starts_with('>'), bound })
    }

    /// The sentence that says why a run fails; `None` when it does not.
    ///
    /// A latency of a run in which nothing was accepted is above every bound.
    #[must_use]
    pub fn verdict(&self, outcome: &Outcome) -> Option<String> {
        let found = self.found(outcome);
        let applies = if self.above { found > self.bound } else { found < self.bound };
        applies.then(|| format!("{}: {}", self.text, shown(self.measure, found)))
    }

    fn found(&self, outcome: &Outcome) -> f64 {
        let latency = &outcome.corrected;
        let is_latency = matches!(self.measure, Measure::Quantile(_) | Measure::Max | Measure::Mean);
        if is_latency && outcome.accepted.requests == 0 {
            return f64::INFINITY;
        }
        match self.measure {
            Measure::Quantile(quantile) => quantile_of(outcome, quantile),
            Measure::Max => latency.max_us as f64,
            Measure::Mean => latency.mean_us,
            Measure::Accepted => outcome.accepted_per_second(),
            Measure::Offered => outcome.offered_per_second(),
            Measure::Errors => outcome.failed.requests as f64,
            Measure::Refused => outcome.refused.requests as f64,
            Measure::Unanswered => outcome.unanswered.requests as f64,
            Measure::Backlog => outcome.backlog_max as f64,
        }
    }
}

/// The least latency of the spectrum at or beyond a quantile; below the median, the median.
fn quantile_of(outcome: &Outcome, quantile: f64) -> f64 {
    let latency = &outcome.corrected;
    let named = [
        (0.5, latency.p50_us),
        (0.9, latency.p90_us),
        (0.99, latency.p99_us),
        (0.999, latency.p999_us),
        (0.9999, latency.p9999_us),
    ];
    if let Some((_, micros)) = named.into_iter().find(|(named, _)| (named - quantile).abs() < 1e-9) {
        return micros as f64;
    }
    let beyond = latency.spectrum.iter().find(|(at, _)| *at >= quantile);
    beyond.map_or(latency.max_us, |(_, micros)| *micros) as f64
}

fn measure(name: &str) -> Option<Measure> {
    match name {
        "max" => Some(Measure::Max),
        "mean" => Some(Measure::Mean),
        "accepted" => Some(Measure::Accepted),
        "offered" => Some(Measure::Offered),
        "errors" => Some(Measure::Errors),
        "refused" => Some(Measure::Refused),
        "unanswered" => Some(Measure::Unanswered),
        "backlog" => Some(Measure::Backlog),
        _ => {
            let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
            (50.0..100.0).contains(&percent).then_some(Measure::Quantile(percent / 100.0))
        }
    }
}

/// Units and their size, longest first, so that `ms` is not read as `s`.
type Units = &'static [(&'static str, f64)];

fn bound(measure: Measure, figure: &str) -> Option<f64> {
    let units: Units = match measure {
        Measure::Quantile(_) | Measure::Max | Measure::Mean => &[("us", 1.0), ("ms", 1e3), ("min", 60e6), ("s", 1e6)],
        Measure::Accepted | Measure::Offered => &[("k/s", 1e3), ("M/s", 1e6), ("/s", 1.0)],
        Measure::Errors | Measure::Refused | Measure::Unanswered | Measure::Backlog => &[("", 1.0)],
    };
    let (number, size) = units.iter().find_map(|(unit, size)| Some((figure.strip_suffix(unit)?, size)))?;
    let number: f64 = number.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number * size)
}

fn shown(measure: Measure, found: f64) -> String {
    match measure {
        Measure::Quantile(_) | Measure::Max | Measure::Mean if found.is_infinite() => "nothing was accepted".to_owned(),
        Measure::Quantile(_) | Measure::Max | Measure::Mean => format!("{:.3} ms", found / 1e3),
        Measure::Accepted | Measure::Offered => format!("{found:.0}/s"),
        Measure::Errors | Measure::Refused | Measure::Unanswered | Measure::Backlog => {
            format!("{found:.0}")
        }
    }
}

#[cfg(test)]
mod tests;
