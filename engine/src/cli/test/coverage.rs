//! Coverage: how is it told what no test turns on?
//!
//! - **Not here**: measuring ([`crate::drivers::coverage`]).

use serde::Serialize;

use crate::{
    drivers::coverage::{Coverage, Point},
    markup::escape,
};

/// For people: the total, then each rule with what is not exercised.
pub(super) fn text(coverage: &Coverage) -> String {
    let mut text = format!("coverage  {} of {} points", coverage.exercised(), coverage.points.len());
    if coverage.is_cut {
        text.push_str(", the rest was not measured");
    }
    let gaps = coverage.gaps();
    text.push_str(if gaps.is_empty() { "\n" } else { "    not exercised:\n" });
    for (rule, points) in gaps {
        let points: Vec<String> = points.iter().map(|point| words(point)).collect();
        text.push_str(&format!("      \"{rule}\" {}\n", points.join(", ")));
    }
    text
}

fn words(point: &Point) -> String {
    [point.clause, &point.what].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    coverage: Totals<'a>,
}

#[derive(Serialize)]
struct Totals<'a> {
    exercised: usize,
    points: usize,
    cut: bool,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    rule: &'a str,
    exercised: usize,
    points: Vec<PointLine<'a>>,
}

#[derive(Serialize)]
struct PointLine<'a> {
    clause: &'a str,
    what: &'a str,
    exercised: bool,
}

/// For programs: one object, rule by rule.
pub(super) fn json(coverage: &Coverage) -> String {
    let mut rules: Vec<Rule<'_>> = Vec::new();
    for point in &coverage.points {
        let line = PointLine { clause: point.clause, what: &point.what, exercised: point.is_exercised };
        match rules.last_mut().filter(|rule| rule.rule == point.rule) {
            Some(rule) => rule.points.push(line),
            None => rules.push(Rule { rule: &point.rule, exercised: 0, points: vec![line] }),
        }
    }
    for rule in &mut rules {
        rule.exercised = rule.points.iter().filter(|point| point.exercised).count();
    }
    let totals = Totals { exercised: coverage.exercised(), points: coverage.points.len(), cut: coverage.is_cut, rules };
    serde_json::to_string(&Line { schema_version: 1, coverage: totals }).unwrap_or_default() + "\n"
}

/// For build servers: properties of the suite.
pub(super) fn junit(coverage: &Coverage) -> String {
    let total = format!("{}/{}", coverage.exercised(), coverage.points.len());
    let mut text = format!("    <properties>\n      <property name=\"coverage\" value=\"{total}\"/>\n");
    for point in coverage.points.iter().filter(|point| !point.is_exercised) {
        let what = escape(&format!("\"{}\" {}", point.rule, words(point)));
        text.push_str(&format!("      <property name=\"not exercised\" value=\"{what}\"/>\n"));
    }
    text.push_str("    </properties>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage() -> Coverage {
        let point = |rule: &str, clause, what: &str, is_exercised| Point {
            rule: rule.into(),
            clause,
            what: what.to_owned(),
            is_exercised,
        };
        let points = vec![
            point("STAT lab", "stops", "", false),
            point("STAT lab", "breach", "", true),
            point("Low & high", "where", "value is below 2.5 mmol/L: met", false),
            point("Low & high", "then", "task", false),
        ];
        Coverage { points, is_cut: false }
    }

    #[test]
    fn what_is_not_exercised_is_told_rule_by_rule() {
        let told = "coverage  1 of 4 points    not exercised:\n      \"STAT lab\" stops\n      \"Low & high\" where value is below 2.5 mmol/L: met, then task\n";
        assert_eq!(text(&coverage()), told);
        let full = Coverage {
            points: coverage().points.into_iter().filter(|point| point.is_exercised).collect(),
            is_cut: false,
        };
        assert_eq!(text(&full), "coverage  1 of 1 points\n");
    }

    #[test]
    fn json_holds_every_point_under_its_rule() {
        let value: serde_json::Value = serde_json::from_str(&json(&coverage())).unwrap();
        let coverage = &value["coverage"];
        assert_eq!((&coverage["exercised"], &coverage["points"]), (&1.into(), &4.into()));
        assert_eq!(coverage["rules"][0]["exercised"], 1);
        assert_eq!(coverage["rules"][1]["points"][1]["clause"], "then");
    }

    #[test]
    fn junit_holds_the_total_and_what_is_missing() {
        let text = junit(&coverage());
        assert!(text.contains("name=\"coverage\" value=\"1/4\""));
        assert!(text.contains("value=\"&quot;Low &amp; high&quot; then task\""));
    }
}
