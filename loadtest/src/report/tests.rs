//! Report, tested: the page stands alone and cannot be broken.

use super::*;
use crate::result::Setup;
use crate::result::tests::stalled;

fn page(profile: &str) -> String {
    let setup = Setup { profile: profile.to_owned(), url: "http://127.0.0.1:8470".to_owned(), ..Setup::default() };
    html(&stalled(200).outcome(setup, 1.0, 22))
}

#[test]
fn page_needs_nothing_from_elsewhere() {
    let page = page("hospital");
    for word in ["src=", "href=", "<script", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!(page.matches("<svg").count(), 3);
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}

#[test]
fn page_shows_the_slowest_and_both_spectra() {
    let page = page("hospital");
    // 1 ms and a stall of 200 ms, to three digits.
    assert!(page.contains("<td>201.") || page.contains("<td>200.9"), "{page}");
    assert!(page.contains("corrected") && page.contains("#2563eb"));
    assert!(page.matches("<polyline").count() >= 4);
}

#[test]
fn names_cannot_break_the_page() {
    let page = page("<b>\"mine\"</b>.toml");
    assert!(page.contains("&lt;b&gt;&quot;mine&quot;") && !page.contains("<b>"));
}

#[test]
fn run_without_answers_still_has_a_page() {
    let page = html(&Outcome::default());
    assert!(page.contains("</html>") && !page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn page_says_what_happened_and_why_the_run_failed() {
    let setup = Setup { scenarios: vec!["burst at 10s".to_owned()], ..Setup::default() };
    let mut outcome = stalled(200).outcome(setup, 1.0, 22);
    assert!(!html(&outcome).contains("The run fails"));
    outcome.verdicts = vec!["p99>20ms: 201.000 ms".to_owned()];
    let page = html(&outcome);
    assert!(page.contains(" · burst at 10s") && page.contains("<li>p99&gt;20ms: 201.000 ms</li>"), "{page}");
}
