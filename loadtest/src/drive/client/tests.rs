//! Client, tested.

use super::*;

#[test]
fn address_becomes_the_events_address() {
    let target = Target::new("http://127.0.0.1:8470", None).unwrap();
    assert_eq!((target.authority.as_str(), target.path.path()), ("127.0.0.1:8470", "/v1/events"));
    let behind = Target::new("http://gate.example/wardline/", None).unwrap();
    assert_eq!((behind.authority.as_str(), behind.path.path()), ("gate.example:80", "/wardline/v1/events"));
    for url in ["https://127.0.0.1", "127.0.0.1:8470", "", "http://"] {
        assert_eq!(Target::new(url, None).unwrap_err().code(), "WL1805", "{url}");
    }
}

#[test]
fn key_goes_into_the_header_and_busy_is_not_broken() {
    let target = Target::new("http://127.0.0.1:1", Some("k3y".to_owned())).unwrap();
    let request = target.request(Bytes::new()).unwrap();
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer k3y");
    let endings = [200, 202, 429, 503, 500, 401].map(|status| ending(StatusCode::from_u16(status).unwrap()));
    assert_eq!(
        endings,
        [Ending::Accepted, Ending::Accepted, Ending::Refused, Ending::Refused, Ending::Failed, Ending::Failed]
    );
}
