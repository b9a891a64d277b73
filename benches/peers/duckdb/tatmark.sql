-- TATmark's three rules as one batch over the lines of a file: what each report's clock and call-out did, up to the last event.
-- {events}: the NDJSON file; {answers}: the file that is written. Times are whole seconds since 1970.
COPY (
  WITH events AS MATERIALIZED (
    SELECT report.placer AS report, kind, priority, step, epoch(occurred_at)::BIGINT AS said_at, coalesce(list_contains(flags, 'critical'), false) AS is_critical
    FROM read_ndjson('{events}', columns = {
      report: 'STRUCT(placer VARCHAR)', kind: 'VARCHAR', priority: 'VARCHAR', step: 'VARCHAR', occurred_at: 'TIMESTAMP', flags: 'VARCHAR[]'})
  ),
  reports AS MATERIALIZED (
    SELECT report,
      CASE any_value(kind) WHEN 'imaging' THEN 'radiology' ELSE 'lab' END AS rule,
      CASE WHEN any_value(kind) = 'imaging' THEN min(said_at) FILTER (step = 'ordered')
           WHEN any_value(priority) = 'stat' THEN min(said_at) FILTER (step = 'received') END AS start_at,
      CASE any_value(kind) WHEN 'imaging' THEN 86400 ELSE 3600 END AS target,
      min(said_at) FILTER (step = 'final') AS final_at,
      min(said_at) FILTER (step = 'final' AND is_critical) AS critical_at,
      min(said_at) FILTER (step = 'acknowledged') AS acknowledged_at
    FROM events GROUP BY report
  ),
  call_out (what, after_s) AS (
    VALUES ('critical step 1', 0), ('critical step 2', 900), ('critical step 3', 1800), ('critical step 4', 3600), ('critical unresolved', 5400)),
  answers AS (
    SELECT report, rule || ' running' AS what, start_at AS answer_at FROM reports WHERE start_at IS NOT NULL
    UNION ALL
    SELECT report, 'lab warned', start_at + 2700 FROM reports WHERE rule = 'lab' AND start_at IS NOT NULL AND (final_at IS NULL OR final_at > start_at + 2700)
    UNION ALL
    SELECT report, rule || ' breached', start_at + target FROM reports WHERE start_at IS NOT NULL AND (final_at IS NULL OR final_at > start_at + target)
    UNION ALL
    -- Times are known to the second: in the very second of the end nobody can tell.
    SELECT report, rule || CASE WHEN final_at = start_at + target THEN ' unsure' ELSE ' met' END, final_at FROM reports WHERE final_at <= start_at + target
    UNION ALL
    SELECT report, what, critical_at + after_s FROM reports, call_out
    WHERE critical_at IS NOT NULL AND (after_s = 0 OR acknowledged_at IS NULL OR acknowledged_at > critical_at + after_s)
    UNION ALL
    SELECT report, 'critical answered', acknowledged_at FROM reports WHERE critical_at IS NOT NULL AND acknowledged_at IS NOT NULL
  )
  SELECT report, what, answer_at FROM answers WHERE answer_at <= (SELECT max(said_at) FROM events)
) TO '{answers}' (FORMAT csv, DELIMITER '|', HEADER false, QUOTE '');
