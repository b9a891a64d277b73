//! The phone's questions, asked over the router itself.

use super::*;

fn outgoing(key: &str) -> Outgoing {
    Outgoing {
        key: Text::from(key),
        code: Text::const_new("K7Q2MD"),
        link: "http://127.0.0.1:8470/a/K7Q2MD?n=x&s=y".to_owned(),
        callback: String::new(),
        asks: wardline_connectors::adapters::sink::Asks::Acceptance,
        withdraws: Vec::new(),
        severity: Text::const_new("red"),
        level: wardline_rules::program::Level::Red,
        purpose: "page",
        channel: wardline_rules::words::Channel::Phone,
        address: Text::const_new("desk"),
        text: "red: a result waits for you. http://127.0.0.1:8470/a/K7Q2MD?n=x&s=y Code K7Q2MD".to_owned(),
        is_repeat: false,
        number: 1,
        at: wardline_rules::time::Timestamp::from_micros(0),
    }
}

#[tokio::test]
async fn pages_are_numbered_and_the_oldest_leave() {
    let phone = Phone::default();
    for number in 0..PHONE_PAGES_MAX + 5 {
        assert_eq!(phone.send(&outgoing(&format!("n_{number}"))).await, Reply::Delivered);
    }
    assert_eq!(phone.count(), u64::try_from(PHONE_PAGES_MAX + 5).unwrap());
    let newest = phone.newest(2);
    assert_eq!(newest.iter().map(|page| page.message.key.as_str()).collect::<Vec<_>>(), ["n_1003", "n_1004"]);
    assert_eq!(phone.newest(PHONE_PAGES_MAX * 2).len(), PHONE_PAGES_MAX);
}

#[test]
fn a_page_without_its_notice_is_over() {
    let shown = page_json(&Arrived { n: 7, message: outgoing("n_x") }, None);
    assert_eq!((shown["alert"].as_str(), shown["n"].as_u64()), (Some("over"), Some(7)));
    assert_eq!(shown["text"], "red: a result waits for you. Code K7Q2MD");
}

#[test]
fn the_page_brings_its_files_and_no_script_of_others() {
    assert!(HTML.contains("/phone.js") && HTML.contains("/phone.css"));
    assert!(!HTML.contains("http") && !SCRIPT.contains("http") && !STYLE.contains("url("));
    assert!(!SCRIPT.contains("innerHTML"), "what a ward writes never becomes markup");
}
