//! OpenMetrics: how is a scrape written in version 1.0 of that format?
//!
//! ```text
//! # TYPE wardline_alert_answer_seconds histogram
//! # UNIT wardline_alert_answer_seconds seconds
//! wardline_alert_answer_seconds_bucket{level="red",le="300.0"} 2 # {report_id="…"} 290 1772000000
//! ```
//! - **How it fits**: over what the registry gathered; exemplars are kept beside it.
//! - **Not here**: version 0.0.4, which the registry's library writes.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
};

use prometheus::proto::{Metric, MetricFamily, MetricType};

/// Units that a name may end in.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

/// An observation that names a report.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Exemplar {
    /// The report's id: a hash, never a number that a hospital knows.
    pub(super) report: String,
    /// What was observed.
    pub(super) value: f64,
    /// When, in seconds since 1970.
    pub(super) at: f64,
}

/// By name, labels in their order, and bucket.
pub(super) type Exemplars = BTreeMap<(String, Vec<String>, usize), Exemplar>;

/// How many series a scrape has.
pub(super) fn series(families: &[MetricFamily]) -> usize {
    let of = |metric: &Metric, kind: MetricType| match kind {
        // The buckets, the one without bound, the sum and the count.
        MetricType::HISTOGRAM => metric.get_histogram().get_bucket().len() + 3,
        MetricType::COUNTER | MetricType::GAUGE | MetricType::SUMMARY | MetricType::UNTYPED => 1,
    };
    families
        .iter()
        .flat_map(|family| family.get_metric().iter().map(|metric| of(metric, family.get_field_type())))
        .sum()
}

/// All of it, to the end mark.
pub(super) fn encode(families: &[MetricFamily], exemplars: &Exemplars) -> String {
    let started = families.iter().find(|family| family.name() == "process_start_time_seconds");
    let started =
        started.and_then(|family| family.get_metric().first()).map_or(0.0, |metric| metric.get_gauge().get_value());
    let mut text = String::new();
    for family in families {
        let kind = family.get_field_type();
        let name = if kind == MetricType::COUNTER { family.name().trim_end_matches("_total") } else { family.name() };
        let word = match kind {
            MetricType::COUNTER => "counter",
            MetricType::GAUGE => "gauge",
            MetricType::HISTOGRAM => "histogram",
            MetricType::SUMMARY | MetricType::UNTYPED => continue,
        };
        line(&mut text, format_args!("# TYPE {name} {word}"));
        if let Some(unit) = UNITS.iter().find(|unit| name.ends_with(&format!("_{unit}"))) {
            line(&mut text, format_args!("# UNIT {name} {unit}"));
        }
        line(&mut text, format_args!("# HELP {name} {}", escaped(family.help())));
        for metric in family.get_metric() {
            let labels: Vec<String> = metric
                .get_label()
                .iter()
                .map(|label| format!("{}=\"{}\"", label.name(), escaped(label.value())))
                .collect();
            match kind {
                MetricType::COUNTER => {
                    let set = braces(&labels);
                    line(&mut text, format_args!("{name}_total{set} {}", metric.get_counter().get_value()));
                    line(&mut text, format_args!("{name}_created{set} {started}"));
                }
                MetricType::HISTOGRAM => histogram(&mut text, name, metric, (&labels, started), exemplars),
                MetricType::GAUGE | MetricType::SUMMARY | MetricType::UNTYPED => {
                    line(&mut text, format_args!("{name}{} {}", braces(&labels), metric.get_gauge().get_value()));
                }
            }
        }
    }
    text.push_str("# EOF\n");
    text
}

fn histogram(
    text: &mut String,
    name: &str,
    metric: &Metric,
    (labels, started): (&[String], f64),
    exemplars: &Exemplars,
) {
    let histogram = metric.get_histogram();
    let values: Vec<String> = metric.get_label().iter().map(|label| label.value().to_owned()).collect();
    let finite = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
    let bounds = finite.map(|bucket| (format!("{:?}", bucket.upper_bound()), bucket.cumulative_count()));
    let last = ("+Inf".to_owned(), histogram.get_sample_count());
    for (place, (bound, count)) in bounds.chain([last]).enumerate() {
        let mut set = labels.to_vec();
        set.push(format!("le=\"{bound}\""));
        let about = exemplars.get(&(name.to_owned(), values.clone(), place));
        let about = about.map_or_else(String::new, |exemplar| {
            format!(" # {{report_id=\"{}\"}} {} {}", escaped(&exemplar.report), exemplar.value, exemplar.at)
        });
        line(text, format_args!("{name}_bucket{} {count}{about}", braces(&set)));
    }
    let set = braces(labels);
    line(text, format_args!("{name}_count{set} {}", histogram.get_sample_count()));
    line(text, format_args!("{name}_sum{set} {}", histogram.get_sample_sum()));
    line(text, format_args!("{name}_created{set} {started}"));
}

fn braces(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

fn line(text: &mut String, content: impl Display) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{content}");
}
