//! Grafana: do dashboards, rules and metrics say the same?
//!
//! Everything below `grafana/dashboards` and `grafana/rules`, `docs/runbooks.md` and `docs/reference/metrics.md` is made here from `grafana/source` and the metrics table of the engine. A run with `BLESS=1` writes it, any other run fails when a file differs.
//! - **How it fits**: `just grafana` blesses; `tests/e2e/grafana.py` asks a real Prometheus every query.
//! - **Not here**: what a live Grafana draws.

#[cfg(test)]
mod grafana {
    mod cover;
    mod dashboards;
    mod files;
    mod lint;
    mod pages;
    mod promtool;
    mod rules;
    mod source;
}
