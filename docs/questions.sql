-- Ten questions of a quality board. Times are UTC; `site_time` gives those of the site. tests/e2e/sql.py asks each of them.

-- 1 How many are within target, week by week? Settled clocks are counted, at their deadline; the interval shows what few cases can tell.
SELECT date_trunc('week', settled_at) AS week_at, clock, count(*) FILTER (WHERE outcome = 'met') AS met, count(*) AS settled,
       round(100 * attainment(count(*) FILTER (WHERE outcome = 'met'), count(*) FILTER (WHERE outcome = 'breached')), 1) AS pct_within,
       round(100 * wilson_lo(count(*) FILTER (WHERE outcome = 'met'), count(*)), 1) AS pct_low,
       round(100 * wilson_hi(count(*) FILTER (WHERE outcome = 'met'), count(*)), 1) AS pct_high
FROM clocks WHERE outcome IN ('met', 'breached') GROUP BY 1, 2 ORDER BY 1, 2;

-- 2 Where are the outliers, by hour and weekday of the site? 1 is Monday.
SELECT (CAST(date_part('dow', site_time(settled_at, site)) AS INT) + 6) % 7 + 1 AS local_dow, CAST(date_part('hour', site_time(settled_at, site)) AS INT) AS local_hour,
       count(*) AS n, count(*) FILTER (WHERE outcome = 'breached') AS outliers,
       round(100.0 * count(*) FILTER (WHERE outcome = 'breached') / count(*), 1) AS pct_outliers, max(overdue_s) AS worst_s
FROM clocks WHERE priority = 'stat' AND outcome IN ('met', 'breached') GROUP BY 1, 2 ORDER BY 1, 2;

-- 3 Which channel delivers, and how soon?
SELECT n.channel, n.audience, count(*) AS notices, count(n.delivered_at) AS delivered, round(100.0 * count(n.delivered_at) / count(*), 1) AS pct_delivered, max(n.n_attempts) AS most_attempts
FROM notices n GROUP BY 1, 2 ORDER BY pct_delivered DESC, 1, 2;

-- 4 Which sites have exceptions, and which kind? Per 1,000 reports.
WITH r AS (SELECT site, count(*) AS reports FROM reports GROUP BY 1)
SELECT e.site, e.exception, count(*) AS n, round(1000.0 * count(*) / max(r.reports), 1) AS per_1000
FROM exceptions e JOIN r ON r.site = e.site GROUP BY 1, 2 ORDER BY per_1000 DESC, 1, 2;

-- 5 Was every critical result acknowledged within the hour? The unanswered count with their age, and the slowest is named.
SELECT kind, count(*) AS criticals, count(*) FILTER (WHERE acknowledged_at IS NOT NULL AND waited_s <= 3600) AS within_1h, count(*) FILTER (WHERE acknowledged_at IS NULL) AS still_open,
       first_value(report_id ORDER BY waited_s DESC) AS slowest_report
FROM critical_results WHERE critical_at >= now() - INTERVAL '90 days' GROUP BY 1 ORDER BY 1;

-- 6 How many reports were changed after their first final?
SELECT kind, count(*) AS finals, count(*) FILTER (WHERE n_corrections > 0) AS changed, round(100.0 * count(*) FILTER (WHERE n_corrections > 0) / count(*), 2) AS pct_changed
FROM reports WHERE first_final_at IS NOT NULL GROUP BY 1 ORDER BY 1;

-- 7 How old was the backlog, hour by hour? Rebuilt from facts, so it is right for last year too.
WITH h AS (SELECT g.hour_at FROM generate_series(date_trunc('hour', now()) - INTERVAL '7 days', date_trunc('hour', now()), INTERVAL '1 hour') AS g(hour_at))
SELECT h.hour_at, count(*) FILTER (WHERE r.received_at > h.hour_at - INTERVAL '4 hours') AS under_4h,
       count(*) FILTER (WHERE r.received_at <= h.hour_at - INTERVAL '4 hours' AND r.received_at > h.hour_at - INTERVAL '1 day') AS h4_to_24,
       count(*) FILTER (WHERE r.received_at <= h.hour_at - INTERVAL '1 day') AS over_1d
FROM h JOIN reports r ON r.received_at <= h.hour_at AND coalesce(r.first_final_at, r.cancelled_at, now()) > h.hour_at GROUP BY 1 ORDER BY 1;

-- 8 Did the new ward help? Before and after its activation; look at n and the bounds before believing it.
WITH w AS (SELECT max(active_from) AS at FROM wards),
p AS (SELECT CASE WHEN i.to_at < w.at THEN 'before' ELSE 'after' END AS period, i.priority, tat_sketch(i.duration_s) AS tat
      FROM intervals i CROSS JOIN w WHERE i.interval_name = 'receive_to_final' AND i.state = 'complete' GROUP BY 1, 2)
SELECT priority, period, tat_count(tat) AS n, tat_quantile(tat, 0.5) AS p50_s, tat_quantile(tat, 0.9) AS p90_s, tat_quantile_lo(tat, 0.9) AS p90_lo_s, tat_quantile_hi(tat, 0.9) AS p90_hi_s
FROM p ORDER BY 1, 2 DESC;

-- 9 The key figures of the month.
SELECT kpi, round(value, 4) AS value, unit, target, n, CASE WHEN target IS NULL OR value IS NULL THEN 'no target'
       WHEN kpi = 'critical slowest acknowledgement' THEN CASE WHEN value <= target THEN 'met' ELSE 'missed' END
       WHEN value >= target THEN 'met' ELSE 'missed' END AS verdict
FROM kpi_care WHERE month_at >= date_trunc('month', now()) - INTERVAL '90 days' ORDER BY month_at, kpi;

-- 10 Evidence for the survey: every critical alert, who was reached by which means and how soon.
SELECT a.rule, a.state, a.answered_at IS NOT NULL AS is_answered, count(n.nid) AS notices, array_to_string(array_agg(DISTINCT n.channel), ', ') AS channels,
       min(n.delivered_at) >= a.raised_at AS told_after_raise, a.steps_reached
FROM alerts a LEFT JOIN notices n ON n.alert_id = a.alert_id
WHERE a.severity = 'red' AND a.cause_at >= now() - INTERVAL '90 days'
GROUP BY a.alert_id, a.rule, a.state, a.answered_at, a.raised_at, a.steps_reached ORDER BY a.rule, a.state;
