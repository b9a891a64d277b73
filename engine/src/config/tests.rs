//! What a user sees when a file of the installation is wrong, and what comes out when it is right.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use wardline_core::output::Party;
use wardline_rules::{
    Text,
    time::{Span, TimeOfDay, Timestamp},
    token::Token,
    words::Channel,
};

use super::*;

fn wardline(text: &str) -> String {
    match Config::of_text("wardline.toml", text, Path::new("/srv/st-anne")) {
        Ok(config) => format!("{config:#?}"),
        Err(findings) => findings.to_string(),
    }
}

fn site(text: &str) -> String {
    match site::of_text("site.toml", text) {
        Ok(site) => format!("{site:#?}"),
        Err(findings) => findings.to_string(),
    }
}

fn directory(text: &str) -> Result<Directory, Findings> {
    Directory::of_text("directory.csv", text, &|_, _| Token([7; 16]))
}

#[test]
fn two_lines_are_enough() {
    let config = Config::of_text("wardline.toml", "ward = \"ward\"\ndata = \"data\"\n", Path::new("/srv")).unwrap();
    assert_eq!(config.ward, PathBuf::from("/srv/ward"));
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8470");
    assert_eq!(config.link, "http://127.0.0.1:8470");
    assert!(config.keys.is_empty() && config.channels.is_empty());
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    assert_snapshot!(wardline("ward = \"w\"\ndata = \"d\"\n[[chanel]]\nname = \"default\"\n"), @r"
    WL1103 error: unknown key `chanel`   wardline.toml line 3
      3 | [[chanel]]
        |   ^^^^^^
      Did you mean `channel`?
    ");
}

#[test]
fn a_key_of_another_kind_of_sink_is_refused() {
    let text = "ward = \"w\"\ndata = \"d\"\n[[channel]]\nname = \"default\"\nsms = { kind = \"file\", path = \"out\", secret = \"file:x\" }\n";
    assert_snapshot!(wardline(text), @r#"
    WL1103 error: unknown key `secret`   wardline.toml line 5
      5 | sms = { kind = "file", path = "out", secret = "file:x" }
        |                                      ^^^^^^
      Known here: `kind`, `path`, `secured`.
    "#);
}

#[test]
fn a_kind_that_this_build_lacks_is_named() {
    let text = "ward = \"w\"\ndata = \"d\"\n[[feed]]\nname = \"LIS\"\nkind = \"mlp\"\n";
    assert_snapshot!(wardline(text), @r#"
    WL1112 error: unknown kind of feed `mlp`   wardline.toml line 5
      5 | kind = "mlp"
        |        ^^^^^
      Did you mean `mllp`?
    "#);
}

#[test]
fn a_folder_feed_says_how_its_files_are_written_and_how_long_they_stay() {
    let text = |more: &str| {
        format!("ward = \"w\"\ndata = \"d\"\n[[feed]]\nname = \"Path\"\nkind = \"folder\"\npath = \"in\"\n{more}")
    };
    let config = Config::of_text("wardline.toml", &text("format = \"hl7\"\n"), Path::new("/srv")).unwrap();
    let FeedKind::Folder(watched) = &config.feeds[0].kind else { panic!("{:?}", config.feeds) };
    assert_eq!((watched.path.as_path(), watched.keep), (Path::new("/srv/in"), Span::from_minutes(30 * 24 * 60)));
    assert_snapshot!(wardline(&text("")), @r#"
    WL1105 error: `folder` needs the key `format`   wardline.toml line 5
      5 | kind = "folder"
        |        ^^^^^^^^
      Add `format = "…"`.
    "#);
    assert_snapshot!(wardline(&text("format = \"hl7\"\nkeep = \"a month\"\n")), @r#"
    WL1104 error: `a month` is no length of time   wardline.toml line 8
      8 | keep = "a month"
        |        ^^^^^^^^^
      Write it as `24h` or `30d`.
    "#);
}

#[test]
fn a_missing_key_is_named() {
    assert_snapshot!(wardline("ward = \"w\"\n"), @r"
    WL1105 error: missing key `data`   wardline.toml
      Add it; `wardline schema` lists every key.
    ");
}

#[test]
fn a_value_of_the_wrong_type_has_its_place() {
    assert_snapshot!(wardline("ward = \"w\"\ndata = 7\n"), @r"
    WL1104 error: integer `7`, expected path string   wardline.toml line 2
      2 | data = 7
        |        ^
      `wardline schema` says what each key takes.
    ");
}

#[test]
fn what_is_no_toml_has_its_place() {
    assert_snapshot!(wardline("ward = st-anne\n"), @r"
    WL1102 error: not TOML: string values must be quoted, expected literal string   wardline.toml line 1
      1 | ward = st-anne
        |        ^^^^^^^
      Strings stand in quotes; a list of tables begins with `[[name]]`.
    ");
}

#[test]
fn s1_22_a_secret_in_the_file_is_refused_and_not_shown() {
    let text = "ward = \"w\"\ndata = \"d\"\n[[channel]]\nname = \"default\"\n\
                sms = { kind = \"webhook\", url = \"https://x.example\", secret = \"hunter2hunter2hunter2hunter2\" }\n";
    let shown = wardline(text);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_snapshot!(shown, @r"
    WL1106 error: a secret stands in the file itself   wardline.toml line 5
      Move it into a file with mode 0600 and write `file:PATH`, or name a variable with `env:NAME`.
    ");
}

#[test]
fn s1_13_a_listener_beyond_loopback_needs_keys_and_a_word() {
    let open = "ward = \"w\"\ndata = \"d\"\n[http]\nlisten = \"0.0.0.0:8470\"\n";
    assert_snapshot!(wardline(open), @r#"
    WL1111 error: `0.0.0.0:8470` would be open to the network   wardline.toml line 4
      4 | listen = "0.0.0.0:8470"
        |          ^^^^^^^^^^^^^^
      Add `tls = { certificate = "…", key = "file:…" }` and at least one `[[key]]`, or listen on 127.0.0.1. With a proxy in front that speaks TLS set `plaintext = true` instead.
    "#);
    let meant = format!(
        "{open}plaintext = true\n[[key]]\nname = \"LIS\"\nsha256 = \"{}\"\nroles = [\"ingest\"]\n",
        "ab".repeat(32)
    );
    let config = Config::of_text("wardline.toml", &meant, Path::new(".")).unwrap();
    assert_eq!(config.http.listen.to_string(), "0.0.0.0:8470");
    assert_eq!((config.keys[0].sha256, config.keys[0].until), ([0xab; 32], Timestamp::MAX));
}

#[test]
fn a_key_speaks_for_the_feeds_it_names_and_else_for_its_namesake() {
    // S1-14
    let feed = |name: &str| format!("[[feed]]\nname = \"{name}\"\nkind = \"http\"\n");
    let key =
        |more: &str| format!("[[key]]\nname = \"LIS\"\nsha256 = \"{}\"\nroles = [\"ingest\"]\n{more}", "ab".repeat(32));
    let scope = |more: &str| {
        let text = format!("ward = \"w\"\ndata = \"d\"\n{}{}{}", feed("lis"), feed("RIS"), key(more));
        Config::of_text("wardline.toml", &text, Path::new(".")).map(|config| config.keys[0].feeds.clone())
    };
    let of = |names: &[&str]| FeedScope::Of(names.iter().map(|name| wardline_rules::Text::from(*name)).collect());
    assert_eq!(scope("").unwrap(), of(&["lis"]));
    assert_eq!(scope("feeds = [\"ris\", \"lis\"]\n").unwrap(), of(&["lis", "ris"]));
    assert_eq!(scope("feeds = [\"*\"]\n").unwrap(), FeedScope::All);
    let refused = scope("feeds = [\"riss\"]\n").unwrap_err().to_string();
    assert!(refused.contains("unknown feed `riss`") && refused.contains("Did you mean `ris`?"), "{refused}");
}

#[test]
fn one_run_shows_all_that_is_wrong() {
    let text = "ward = \"w\"\ndata = \"d\"\n[[feed]]\nname = \"lis\"\nkind = \"http\"\nzone = \"Europe/Atlantis\"\n\
                [[feed]]\nname = \"LIS\"\nkind = \"file\"\n[[key]]\nname = \"x\"\nsha256 = \"12\"\nroles = [\"admn\"]\n";
    assert_snapshot!(wardline(text), @r#"
    WL1104 error: a key's hash is not 64 hexadecimal digits   wardline.toml line 12
      Write the output of `printf %s KEY | sha256sum`.
    WL1104 error: unknown role `admn`   wardline.toml line 13
      13 | roles = ["admn"]
         |          ^^^^^^
      Did you mean `admin`?
    WL1104 error: unknown zone `Europe/Atlantis`   wardline.toml line 6
      6 | zone = "Europe/Atlantis"
        |        ^^^^^^^^^^^^^^^^^
      Write an IANA name such as `America/Chicago`.
    WL1110 error: two feeds are called `LIS`   wardline.toml line 8
      8 | name = "LIS"
        |        ^^^^^
      Give each its own name.
    WL1105 error: `file` needs the key `path`   wardline.toml line 9
      9 | kind = "file"
        |        ^^^^^^
      Add `path = "…"`.
    "#);
}

#[test]
fn channels_are_found_by_what_the_ward_calls_them() {
    let text = "ward = \"w\"\ndata = \"d\"\n[[channel]]\nname = \"default\"\n\
                secure_message = { kind = \"webhook\", url = \"https://x.example\", secret = \"env:CHAT\", class = \"keyed\", secured = true }\n\
                pager = { kind = \"file\", path = \"pages.ndjson\" }\n";
    let config = Config::of_text("wardline.toml", text, Path::new("/srv")).unwrap();
    let chat = config.sink("default", Channel::SecureMessage).unwrap();
    assert!(chat.secured && matches!(&chat.kind, SinkKind::Webhook(_, _, wardline_connectors::adapters::Class::Keyed)));
    assert_eq!(
        config.sink("default", Channel::Pager).unwrap().kind,
        SinkKind::File(PathBuf::from("/srv/pages.ndjson"))
    );
    assert_eq!(config.sink("night", Channel::Pager), None);
}

#[test]
fn site_values_are_exact() {
    let text = "[[critical]]\ntest = \"2823-3\"\nunit = \"mmol/L\"\nbelow = \"2.5\"\nabove = \"6.5\"\n[objective]\n\"STAT lab\" = 0.90\n\
                [shift]\nday = \"07:00-19:00\"\n[duplicate]\nwindow = \"24h\"\n[at_risk]\nwithin = \"45m\"\n";
    let site = site::of_text("site.toml", text).unwrap();
    assert_eq!(site.objectives.get("STAT lab"), Some(&900_000));
    assert_eq!(site.shifts["day"], (TimeOfDay::from_minutes(420).unwrap(), TimeOfDay::from_minutes(1_140).unwrap()));
    assert_eq!((site.duplicate_window, site.at_risk_within), (Span::from_minutes(1_440), Span::from_minutes(45)));
    assert_eq!(site.critical[0].above, wardline_rules::decimal::Decimal::parse("6.5"));
}

#[test]
fn site_values_that_cannot_be_are_refused() {
    let text = "[[critical]]\ntest = \"2823-3\"\nunit = \"mmol/L\"\n[objective]\nlab = 1.2\n[at_risk]\nwithin = \"soon\"\n[shift]\nday = \"7-19\"\n";
    assert_snapshot!(site(text), @r#"
    WL1104 error: the test `2823-3` has no limit   site.toml line 2
      2 | test = "2823-3"
        |        ^^^^^^^^
      Add `below`, `above` or both.
    WL1104 error: `1.2` is no share   site.toml line 5
      5 | lab = 1.2
        |       ^^^
      Write a number above 0 and up to 1, such as `0.90`.
    WL1104 error: `7-19` is no part of a day   site.toml line 9
      9 | day = "7-19"
        |       ^^^^^^
      Write it as `"07:00-19:00"`.
    WL1104 error: `soon` is no length of time   site.toml line 7
      7 | within = "soon"
        |          ^^^^^^
      Write it as `90s`, `60m`, `24h` or `7d`.
    "#);
}

const HEAD: &str = "role_or_token,authority,id,channel,address,licence,from,until\n";

#[test]
fn the_newest_address_in_force_wins() {
    let rows = "Operations,,,phone,+1 555 0100,,,\nOperations,,,phone,+1 555 0199,,2026-02-01T00:00:00Z,2026-03-01T00:00:00Z\n\
                ,NPI,1234567893,secure message,dr-a,MD,,\n";
    let directory = directory(&format!("{HEAD}{rows}")).unwrap();
    let desk = Party::Desk(Text::from("Operations"));
    let at = |day: &str| {
        let at = Timestamp::parse(&format!("2026-{day}T12:00:00Z")).unwrap();
        directory.address(&desk, Channel::Phone, at).map(|entry| entry.address.to_string())
    };
    assert_eq!(at("01-15").as_deref(), Some("+1 555 0100"));
    assert_eq!(at("02-15").as_deref(), Some("+1 555 0199"));
    assert_eq!(at("03-15").as_deref(), Some("+1 555 0100"));
    assert_eq!(directory.address(&desk, Channel::Email, Timestamp::MIN), None);
    let clinician = directory.address(&Party::Token(Token([7; 16])), Channel::SecureMessage, Timestamp::MIN).unwrap();
    assert_eq!((clinician.address.as_str(), clinician.licence.as_str()), ("dr-a", "MD"));
}

#[test]
fn a_bad_row_is_named_by_its_line_and_not_shown() {
    let text =
        format!("{HEAD}# night desk\nOperations,,,fon,+1 555 0100,,,\n,,,phone,+1 555 0101,,,\nOps,,,phone,,,,\n");
    assert_snapshot!(directory(&text).unwrap_err().to_string(), @r"
    WL1109 error: unknown channel `fon`   directory.csv line 3
      Each row has eight fields; empty ones count.
    WL1109 error: neither a name nor an authority with an id   directory.csv line 4
      Each row has eight fields; empty ones count.
    WL1109 error: an empty address   directory.csv line 5
      Each row has eight fields; empty ones count.
    ");
}

fn feed(text: &str) -> String {
    wardline(&format!("ward = \"w\"\ndata = \"d\"\n[[feed]]\nname = \"LIS\"\n{text}"))
}

#[test]
fn s1_13_an_mllp_listener_in_the_clear_names_its_peers() {
    assert_snapshot!(feed("kind = \"mllp\"\nlisten = \"0.0.0.0:2575\"\nplaintext = true\n"), @r#"
    WL1111 error: `0.0.0.0:2575` would be open to the network   wardline.toml line 6
      6 | listen = "0.0.0.0:2575"
        |          ^^^^^^^^^^^^^^
      Add `tls = { certificate = "…", key = "file:…", clients = "…" }`, or set `plaintext = true` and name the senders under `peers`.
    "#);
    let peers = "kind = \"mllp\"\nlisten = \"0.0.0.0:2575\"\nplaintext = true\npeers = [\"10.0.0.0/8\"]\n";
    assert!(!feed(peers).contains("error"), "{}", feed(peers));
    let tls = "kind = \"mllp\"\nlisten = \"0.0.0.0:2575\"\ntls = { certificate = \"a\", key = \"file:b\" }\n";
    assert!(!feed(tls).contains("error"), "{}", feed(tls));
    assert!(feed("kind = \"mllp\"\nlisten = \"127.0.0.1:2575\"\npeers = [\"lis\"]\n").contains("WL1104"));
}

#[test]
fn rows_go_to_files_as_often_as_the_file_says_within_bounds() {
    let sql = |every: &str| wardline(&format!("ward = \"w\"\ndata = \"d\"\n[sql]\nflush_every = \"{every}\"\n"));
    for (every, shown) in [("30s", "flush_every: 30s"), ("5m", "flush_every: 300s"), ("1h", "flush_every: 3600s")] {
        assert!(sql(every).contains(shown), "{}", sql(every));
    }
    for every in ["9s", "2h", "often", ""] {
        assert!(sql(every).contains("is no time after which rows go to files"), "{every}: {}", sql(every));
    }
}

#[test]
fn a_broker_beyond_this_machine_is_spoken_to_over_tls() {
    let nats = |more: &str| feed(&format!("kind = \"nats\"\nstream = \"LAB\"\nconsumer = \"wardline\"\n{more}\n"));
    assert!(!nats("url = \"nats://127.0.0.1:4222\"").contains("error"));
    assert!(!nats("url = \"tls://nats.example.org:4222\"\nlogin = { credentials = \"file:c\" }").contains("error"));
    assert!(nats("url = \"nats://nats.example.org:4222\"").contains("WL1111"));
    assert!(nats("url = \"nats://127.0.0.1:4222\"\nlogin = { user = \"a\" }").contains("WL1105"));
    assert!(nats("url = \"nats://127.0.0.1:4222\"\nformat = \"xml\"").contains("WL1104"));
    assert!(feed("kind = \"nats\"\nurl = \"nats://127.0.0.1:4222\"\nstream = \"LAB\"\n").contains("WL1105"));
}

/// The TOML of every page in a folder of `docs`.
fn examples(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(folder);
    let mut examples = Vec::new();
    for page in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&page).unwrap();
        let blocks = text.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned());
        examples.extend(blocks.map(|block| (page.display().to_string(), block)));
    }
    examples
}

#[test]
fn every_example_of_a_feed_is_accepted_as_it_stands() {
    let examples = examples("feeds");
    assert!(examples.len() >= 5, "{}", examples.len());
    for (page, example) in examples {
        // Most show a part of the file, some the whole of it.
        let head = if example.starts_with("ward = ") { "" } else { "ward = \"w\"\ndata = \"d\"\n" };
        let shown = wardline(&format!("{head}{example}"));
        assert!(!shown.contains(" error: "), "{page}: {shown}");
    }
}
