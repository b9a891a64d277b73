//! What people say on a channel, as providers and gateways bring it; and the worklist as it changes.

use std::os::unix::fs::PermissionsExt as _;

use wardline_connectors::adapters::{
    post::form,
    twilio::{signature::Token, voice},
};

use super::*;
use crate::config::Directory;

const TOKEN: &[u8] = b"token-of-the-account";
const NUMBER: &str = "+1 555 555 0111";

/// A site that sends text messages and calls through a provider; notices stay, so that nothing is dialled.
async fn provided() -> (Site, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("twilio");
    std::fs::write(&secret, TOKEN).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = "ward = \"w\"\ndata = \"d\"\n[[channel]]\nname = \"default\"\n\
                sms = { kind = \"twilio\", url = \"http://127.0.0.1:9\", account = \"AC1\", token = \"file:twilio\", from = \"+15555550100\" }\n";
    let config = Config::of_text("wardline.toml", text, folder.path()).unwrap();
    let rows = format!("role_or_token,authority,id,channel,address,licence,from,until\nOperations,,,sms,{NUMBER},,,\n");
    let directory = Directory::of_text("directory.csv", &rows, &|_, _| wardline_rules::token::Token([1; 16])).unwrap();
    let site = site_with(Vec::new(), Sinks::open(&config, directory, None).unwrap(), false).await;
    let page = r#"{"v":1,"event_id":"page-1","source":"lis","report":{"placer":"9"},"step":"received","occurred_at":"2026-01-14T07:52:10Z"}"#;
    assert_eq!(ask(site.api, "POST /v1/events", &[JSON], page).await.0, 200);
    while site.engine.ask(|kernel| kernel.notice(nid("page-1")).is_none()).await.unwrap() {}
    (site, folder)
}

/// A request as the provider makes it, signed with this token.
async fn provider(site: &Site, token: &[u8], path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let owned: Vec<(String, String)> =
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let signature = Token::new(token).unwrap().sign(&format!("https://w.example{path}"), &owned);
    let signature = format!("x-twilio-signature: {signature}");
    let headers = ["content-type: application/x-www-form-urlencoded", signature.as_str()];
    let (status, _, body) = ask(site.api, &format!("POST {path}"), &headers, &form(fields)).await;
    (status, body)
}

/// How many answers the core heard.
async fn answers(site: &Site) -> u64 {
    site.engine.ask(|kernel| kernel.counters()[0].1).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_20_a_text_message_answers_from_the_number_that_was_reached() {
    // [SEC-22]
    let (site, _folder) = provided().await;
    let (before, code) = (answers(&site).await, nid("page-1").code());
    let text = format!("{code} 6.9 mmol/L");
    let sms = async |from: &str, text: &str| {
        let fields = [("MessageSid", "SM1"), ("From", from), ("Body", text)];
        provider(&site, TOKEN, "/v1/replies/sms", &fields).await
    };
    let (status, said) = sms("+15555550199", &text).await;
    assert!(status == 200 && said.contains("This fits no notice to you"), "another number: {said}");
    let (_, said) = sms("+15555550111", "thanks").await;
    assert!(said.contains("Write the code"), "{said}");
    assert_eq!(answers(&site).await, before, "nothing was answered yet");
    let (status, said) = sms("+15555550111", &text).await;
    assert!(status == 200 && said.contains("<Message>Thank you. The result is yours now.</Message>"), "{said}");
    assert_eq!(answers(&site).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_20_a_reply_that_the_provider_did_not_sign_is_refused() {
    let (site, _folder) = provided().await;
    let (before, text) = (answers(&site).await, nid("page-1").code().to_string());
    let fields = [("From", "+15555550111"), ("Body", text.as_str())];
    assert_eq!(provider(&site, b"another token", "/v1/replies/sms", &fields).await.0, 401);
    assert_eq!(provider(&site, TOKEN, "/v1/replies/sms?via=night", &fields).await.0, 401, "no such channel");
    assert_eq!(answers(&site).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_20_twenty_wrong_codes_lock_the_number_and_no_other() {
    let (site, _folder) = provided().await;
    let code = nid("page-1").code().to_string();
    let fields = |text| [("From", "+15555550111"), ("Body", text)];
    for _ in 0..20 {
        assert_eq!(provider(&site, TOKEN, "/v1/replies/sms", &fields("AAAAAA")).await.0, 200);
    }
    assert_eq!(provider(&site, TOKEN, "/v1/replies/sms", &fields(&code)).await.0, 429);
    let others = [("From", "+15555550122"), ("Body", "AAAAAA")];
    assert_eq!(
        provider(&site, TOKEN, "/v1/replies/sms", &others).await.0,
        200,
        "the provider itself is not locked out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_call_answer_when_they_are_the_code_and_the_value() {
    let (site, _folder) = provided().await;
    let notice = site.engine.ask(|kernel| kernel.notice(nid("page-1"))).await.unwrap().unwrap();
    let path = site.links.callback(&notice).strip_prefix("https://w.example").unwrap().to_owned();
    let before = answers(&site).await;
    let press = async |path: &str, keys: &str| {
        provider(&site, TOKEN, path, &[("CallSid", "CA1"), ("To", "+15555550111"), ("Digits", keys)]).await.1
    };
    let said = press(&path, "111111").await;
    assert!(said.contains("That is not the code.") && said.contains("<Gather"), "{said}");
    let said = press(&path, &voice::keys(&notice.code().to_string())).await;
    assert!(said.contains("Enter the value that you read") && said.contains("&amp;step=value"), "{said}");
    assert_eq!(answers(&site).await, before, "the code alone reads no value back");
    let said = press(&format!("{path}&step=value"), "6*9").await;
    assert!(said.contains("<Say>Thank you. The result is yours now.</Say>"), "{said}");
    assert_eq!(answers(&site).await, before + 1);
    let forged = path.replace("&s=", "&s=a");
    let fields = [("CallSid", "CA1"), ("To", "+15555550111"), ("Digits", "0")];
    assert_eq!(provider(&site, TOKEN, &forged, &fields).await.0, 404, "a call that we did not make");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_delivered_answers_nothing() {
    // [ALERT-9]: its receipt is noted beside the notice, once.
    let (site, _folder) = provided().await;
    let notice = site.engine.ask(|kernel| kernel.notice(nid("page-1"))).await.unwrap().unwrap();
    let path = site.links.callback(&notice).strip_prefix("https://w.example").unwrap().to_owned();
    let before = answers(&site).await;
    let receipt = async |status: &str| {
        let fields = [("MessageSid", "SM1"), ("MessageStatus", status), ("To", "+15555550111"), ("Digits", "0")];
        provider(&site, TOKEN, &path, &fields).await
    };
    for status in ["queued", "sent", "failed"] {
        assert_eq!(receipt(status).await, (200, "<Response/>".to_owned()), "{status}");
    }
    assert_eq!(answers(&site).await, before);
    assert_eq!(receipt("delivered").await, (200, "<Response/>".to_owned()));
    assert_eq!(answers(&site).await, before + 1, "one note, and no answer: see the core's t12");
    let forged = path.replace("&s=", "&s=a");
    let fields = [("MessageSid", "SM1"), ("MessageStatus", "delivered")];
    assert_eq!(provider(&site, TOKEN, &forged, &fields).await.0, 404, "a notice that we did not send");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_brings_a_reply_with_its_key() {
    let (site, _folder) = provided().await;
    let code = nid("page-1").code();
    let reply = |from: &str| format!(r#"{{"from":"{from}","text":"{code} no\n> quoted","id":"1"}}"#);
    let (status, _, body) = ask(site.api, "POST /v1/replies/sms", &[JSON], &reply("+1-555-555-0111")).await;
    assert!(status == 200 && body.contains("You declined"), "{body}");
    let (status, _, body) = ask(site.api, "POST /v1/replies/sms", &[JSON], &reply("+15555550122")).await;
    assert!(status == 404 && body.contains("orphan"), "{body}");
    let (status, _, _) = ask(site.api, "POST /v1/replies/email", &[JSON], &reply("+15555550111")).await;
    assert_eq!(status, 404, "the notice went by another channel");
    assert_eq!(ask(site.api, "POST /v1/replies/pigeon", &[JSON], &reply("x")).await.0, 404);
    assert_eq!(ask(site.api, "POST /v1/replies/sms", &[JSON], "[]").await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worklist_that_is_watched_comes_again_when_it_changes() {
    let site = site(Vec::new()).await;
    let mut stream = TcpStream::connect(site.api).await.unwrap();
    let request = b"GET /v1/worklist HTTP/1.1\r\nhost: w\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut heard = String::new();
    let mut buffer = [0; 1_024];
    while !heard.contains("\"tasks\":[]") {
        let length = stream.read(&mut buffer).await.unwrap();
        assert!(length > 0, "it ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    assert!(heard.contains("content-type: text/event-stream") && heard.contains("event: tasks"), "{heard}");
    assert_eq!(ask(site.api, "POST /v1/events", &[JSON], &line("task-1")).await.0, 200);
    while !heard.contains("alert/1") {
        let length = stream.read(&mut buffer).await.unwrap();
        assert!(length > 0, "it ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    assert_eq!(heard.matches("event: tasks").count(), 2, "what did not change is not sent again: {heard}");
    let (_, _, plain) = ask(site.api, "GET /v1/worklist", &[], "").await;
    assert!(plain.contains("\"rule\":\"alert/1\""), "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worklist_shows_the_notices_that_it_carries() {
    let site = site(Vec::new()).await;
    assert_eq!(ask(site.api, "POST /v1/events", &[JSON], &line("page-list-1")).await.0, 200);
    assert_eq!(ask(site.api, "POST /v1/events", &[JSON], &line("page-2")).await.0, 200);
    let is_delivered = async |id: &'static str| {
        let asked = site.engine.ask(move |kernel| kernel.notice(nid(id)));
        asked.await.unwrap().is_some_and(|notice| notice.state == wardline_core::output::NoticeState::Delivered)
    };
    while !(is_delivered("page-list-1").await && is_delivered("page-2").await) {}
    let (_, _, body) = ask(site.api, "GET /v1/worklist?desk=Operations", &[], "").await;
    let list: serde_json::Value = serde_json::from_str(&body).unwrap();
    let code = nid("page-list-1").code().to_string();
    assert_eq!(list["notices"].as_array().map(Vec::len), Some(1), "what went by text message is not on it: {body}");
    assert_eq!(list["notices"][0]["code"].as_str(), Some(code.as_str()));
    // [MSG-1]: its readers are not declared to have signed in.
    let text = list["notices"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("red: a result waits for you.") && !text.contains("6.9"), "{text}");
    let (_, _, body) = ask(site.api, "GET /v1/worklist?desk=Laboratory", &[], "").await;
    assert!(body.contains("\"notices\":[]"), "of another desk: {body}");
}
