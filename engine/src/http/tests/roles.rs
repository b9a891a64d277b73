//! Who may do what: every route, every role, both ways, from one table.

use super::*;

/// Every role, the key that has it alone, and nothing else.
const ROLES: [Role; 8] =
    [Role::Ingest, Role::Answer, Role::Analyst, Role::Supervisor, Role::Phi, Role::Auditor, Role::Admin, Role::Metrics];

/// Who may use a route.
enum May {
    Anybody,
    Only(&'static [Role]),
}

/// Every route of both listeners, as the table of the HTTP API has it.
const ROUTES: &[(&str, &str, May)] = &[
    ("POST", "/v1/events", May::Only(&[Role::Ingest])),
    ("POST", "/v1/hl7", May::Only(&[Role::Ingest])),
    ("POST", "/fhir", May::Only(&[Role::Ingest])),
    ("POST", "/v1/answers/{code}", May::Only(&[Role::Answer])),
    // A provider's own requests are signed instead.
    ("POST", "/v1/replies/{channel}", May::Only(&[Role::Answer])),
    ("GET", "/v1/reports/{id}", May::Only(&[Role::Analyst, Role::Phi])),
    ("GET", "/v1/reports/{id}/why", May::Only(&[Role::Analyst, Role::Phi])),
    // Signed with the feed's secret; without one it has no webhooks.
    ("POST", "/v1/webhooks/{feed}", May::Anybody),
    ("POST", "/v1/import", May::Only(&[Role::Admin])),
    ("GET", "/v1/dead", May::Only(&[Role::Admin])),
    ("POST", "/v1/dead/{id}/replay", May::Only(&[Role::Admin])),
    ("GET", "/v1/alerts", May::Only(&[Role::Analyst, Role::Phi])),
    ("GET", "/v1/worklist", May::Only(&[Role::Answer])),
    ("GET", "/v1/wards", May::Only(&[Role::Admin])),
    ("POST", "/v1/wards", May::Only(&[Role::Admin])),
    ("GET", "/v1/silences", May::Only(&[Role::Admin])),
    ("POST", "/v1/silences", May::Only(&[Role::Admin])),
    ("DELETE", "/v1/silences/{id}", May::Only(&[Role::Admin])),
    // By a signed link, for people who have no key.
    ("GET", "/a/{code}", May::Anybody),
    ("POST", "/a/{code}", May::Anybody),
    ("GET", "/page.css", May::Anybody),
    ("GET", "/health/live", May::Anybody),
    ("GET", "/health/ready", May::Anybody),
    ("GET", "/health", May::Anybody),
    ("GET", "/metrics", May::Only(&[Role::Metrics, Role::Admin])),
];

fn secret(role: Role) -> String {
    format!("secret of {role:?}")
}

/// The status for a caller; what the route makes of an empty request does not matter here.
async fn status(site: &Site, (method, path): (&str, &str), secret: Option<&str>) -> u16 {
    let to = if path == "/metrics" { site.admin } else { site.api };
    let key = secret.map(|secret| format!("authorization: Bearer {secret}"));
    let headers: Vec<&str> = [JSON].into_iter().chain(key.as_deref()).collect();
    ask(to, &format!("{method} {}", path.replace(['{', '}'], "")), &headers, "").await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_14_every_route_takes_its_roles_and_no_other() {
    let keys = ROLES.iter().map(|role| key("lis", &secret(*role), &[*role])).collect();
    let site = site(keys).await;
    for (method, path, may) in ROUTES {
        for role in ROLES {
            let status = status(&site, (method, path), Some(&secret(role))).await;
            let is_allowed = match may {
                May::Anybody => true,
                May::Only(roles) => roles.contains(&role),
            };
            assert_eq!(status != 403, is_allowed, "{method} {path} as {role:?} gives {status}");
            assert!(!is_allowed || ![401, 405, 429].contains(&status), "{method} {path} as {role:?} gives {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_14_without_a_key_only_what_needs_none_is_answered() {
    for (method, path, may) in ROUTES {
        let site = site(vec![key("lis", "right", &ROLES), ApiKey { until: NOON, ..key("lis", "old", &ROLES) }]).await;
        for secret in [None, Some("wrong"), Some("old")] {
            let status = status(&site, (method, path), secret).await;
            let is_refused = matches!(may, May::Only(_));
            assert_eq!(status == 401, is_refused, "{method} {path} with the key {secret:?} gives {status}");
        }
    }
}

#[test]
fn s1_14_no_route_is_left_out_of_the_table() {
    let source = include_str!("../../http.rs");
    let in_source: std::collections::BTreeSet<&str> =
        source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let in_table = ROUTES.iter().map(|(_, path, _)| *path).collect();
    assert_eq!(in_source, in_table);
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_14_a_key_speaks_for_its_feeds_and_for_no_other() {
    let scope = |feeds: &[&str]| FeedScope::Of(feeds.iter().map(|feed| Text::from(*feed)).collect());
    let ingest = |name: &str, feeds| ApiKey { feeds, ..key(name, name, &[Role::Ingest]) };
    let site = site(vec![
        ingest("lis", scope(&["lis"])),
        ingest("laptop", scope(&["laptop"])),
        ingest("broker", scope(&["lis", "ris"])),
        ingest("courier", scope(&["ris"])),
        ingest("all", FeedScope::All),
    ])
    .await;
    let sent = async |key: &str, query: &str, source: &str| {
        let body = line("a").replace("\"lis\"", &format!("\"{source}\""));
        let headers = [JSON, &format!("authorization: Bearer {key}")];
        ask(site.api, &format!("POST /v1/events{query}"), &headers, &body).await.0
    };
    assert_eq!(sent("lis", "", "lis").await, 200, "its namesake");
    assert_eq!(sent("lis", "", "ris").await, 422, "kept as a dead letter: the source is not the feed");
    assert_eq!(sent("lis", "?feed=ris", "ris").await, 403);
    assert_eq!(sent("lis", "?feed=nowhere", "lis").await, 404);
    assert_eq!(sent("laptop", "", "lis").await, 403, "named after no feed: it speaks for none");
    assert_eq!(sent("laptop", "?feed=lis", "lis").await, 403);
    assert_eq!(sent("broker", "", "lis").await, 403, "two feeds, and it does not say which");
    assert_eq!(sent("broker", "?feed=RIS", "ris").await, 200);
    assert_eq!(sent("courier", "", "ris").await, 200, "its only one");
    assert_eq!(sent("all", "", "elsewhere").await, 200);
    assert_eq!(sent("all", "?feed=lis", "ris").await, 422);
}
