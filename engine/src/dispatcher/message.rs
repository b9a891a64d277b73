//! Message: which words leave about a notice, to which page do they link, and does that link come from us?
//!
//! Texts carry the severity, a code and a link; what names a test or a value leaves only on a secured channel whose readers
//! have signed in, and what names a patient never. The link holds the notice's id and a signature, so an answer page
//! opens for whoever has the message and for nobody who guesses.
//!
//! - **How it fits**: the core thread makes an [`Outgoing`] of each departure; the answer page checks its link.
//! - **Not here**: choosing a patient's template by language [MSG-4].
//! - **Source**: language page [MSG-1] to [MSG-3]; guarantees page 3.3.

use data_encoding::BASE32_NOPAD;
use wardline_connectors::adapters::{
    Outgoing,
    post::percent,
    sink::{Asks, Limits},
};
use wardline_core::{ids::Nid, output::Purpose};
use wardline_rules::{Text, time::Timestamp};

use super::Departure;
use crate::runtime::kernel::Notice;

const MESSAGE: &str = "{severity}: {rule}. {link} Code {code}";
const BRIEF: &str = "{severity}: a result waits for you. {link} Code {code}";
/// Placeholders that any text to staff may have.
const EVERYWHERE: [&str; 8] = ["link", "code", "severity", "raised", "due", "waited", "count", "site"];
/// LIMIT: bytes of a text. What is longer is cut before its link and code.
const TEXT_BYTES_MAX: usize = 1_024;

/// Makes and checks links to answer pages.
#[derive(Clone)]
pub struct Links {
    base: String,
    key: [u8; 32],
}

impl core::fmt::Debug for Links {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Links {
    /// Links that begin with `base` and are signed with `key`.
    #[must_use]
    pub const fn new(base: String, key: [u8; 32]) -> Self {
        Self { base, key }
    }

    /// The page of a notice.
    #[must_use]
    pub fn link(&self, nid: Nid) -> String {
        let id = nid.to_string();
        format!("{}/a/{}?n={}&s={}", self.base, nid.code(), id.trim_start_matches("n_"), self.signature(nid))
    }

    /// Where a provider brings back what somebody said to a notice.
    #[must_use]
    pub fn callback(&self, notice: &Notice) -> String {
        let (id, channel, via) = (notice.nid.to_string(), notice.channel.name(), percent(&notice.via));
        let (id, signature) = (id.trim_start_matches("n_"), self.signature(notice.nid));
        format!("{}/v1/replies/{channel}?via={via}&n={id}&s={signature}", self.base)
    }

    /// What our own addresses begin with.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The notice of a link, if we made it.
    #[must_use]
    pub fn check(&self, code: &str, id: &str, signature: &str) -> Option<Nid> {
        let nid = self.signed(id, signature)?;
        (wardline_core::ids::Code::parse(code) == Some(nid.code())).then_some(nid)
    }

    /// The notice of a callback, if we made it.
    #[must_use]
    pub fn signed(&self, id: &str, signature: &str) -> Option<Nid> {
        let nid = Nid::parse(&format!("n_{id}"))?;
        constant_time_eq(self.signature(nid).as_bytes(), signature.as_bytes()).then_some(nid)
    }

    /// 80 bits, as 16 letters.
    fn signature(&self, nid: Nid) -> String {
        let hash = blake3::keyed_hash(&self.key, &nid.0);
        let (short, _) = hash.as_bytes().split_at(10);
        BASE32_NOPAD.encode(short).to_lowercase()
    }
}

/// Compares without telling by its time where the difference is.
#[must_use]
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// What leaves for one attempt.
///
/// - **Input** `is_secured`: whether the sink is declared secured; `address`: the recipient's, `at`: log time.
#[must_use]
pub fn compose(notice: &Notice, departure: Departure, links: &Links, to: Address) -> Outgoing {
    let link = links.link(notice.nid);
    let may_tell_all = to.is_secured && notice.channel.is_signed_in();
    let template = match (may_tell_all, &notice.message, &notice.brief) {
        (true, Some(text), _) | (false, _, Some(text)) => text.as_str(),
        (true, None, _) => MESSAGE,
        (false, _, None) => BRIEF,
    };
    let code = notice.shown_code().to_string();
    let value = |name: &str| match name {
        "link" => Some(link.clone()),
        "code" => Some(code.clone()),
        "severity" => Some(notice.severity.to_string()),
        "rule" if may_tell_all => Some(notice.rule.to_string()),
        _ if may_tell_all || EVERYWHERE.contains(&name) => {
            notice.values.iter().find(|(known, _)| *known == name).map(|(_, text)| text.to_string())
        }
        _ => None,
    };
    let mut text = beginning(notice, departure, &code);
    fill(template, value, &mut text);
    fit(&mut text, to.limits, &format!("… {link} Code {code}"));
    Outgoing {
        key: Text::from(notice.nid.to_string()),
        code: Text::from(&code),
        link,
        callback: links.callback(notice),
        asks: asks(notice),
        withdraws: notice.withdraws.iter().map(|nid| Text::from(nid.to_string())).collect(),
        severity: notice.severity.clone(),
        level: notice.level,
        purpose: purpose_word(notice.purpose),
        channel: notice.channel,
        address: to.address,
        text,
        is_repeat: departure.is_repeat,
        number: departure.number,
        at: to.at,
    }
}

/// Where an attempt goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// The recipient's address on the channel.
    pub address: Text,
    /// Whether the sink's readers have signed in.
    pub is_secured: bool,
    /// How much the sink takes.
    pub limits: Limits,
    /// Log time.
    pub at: Timestamp,
}

/// The word for what a notice is for.
#[must_use]
pub const fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Page => "page",
        Purpose::Reminder => "reminder",
        Purpose::Tell => "tell",
        Purpose::Withdrawal => "withdrawal",
    }
}

/// The fixed beginnings [MSG-3].
fn beginning(notice: &Notice, departure: Departure, code: &str) -> String {
    let mut text = if departure.is_repeat { format!("Possible repeat of {code}: ") } else { String::new() };
    match notice.purpose {
        Purpose::Reminder => text.push_str("Reminder: "),
        Purpose::Withdrawal => text.push_str("Withdrawn: "),
        Purpose::Page | Purpose::Tell => {}
    }
    text
}

/// Replaces `{name}`; a placeholder without a value leaves nothing.
fn fill(template: &str, value: impl Fn(&str) -> Option<String>, into: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        into.push_str(before);
        into.push_str(&value(name).unwrap_or_default());
        rest = after;
    }
    into.push_str(rest);
}

/// What is wanted of whoever gets it.
const fn asks(notice: &Notice) -> Asks {
    match (notice.purpose, notice.wants_read_back) {
        (Purpose::Page | Purpose::Reminder, true) => Asks::ReadBack,
        (Purpose::Page | Purpose::Reminder, false) => Asks::Acceptance,
        (Purpose::Tell | Purpose::Withdrawal, _) => Asks::Nothing,
    }
}

/// Cuts what is too long; link and code stay, or nobody could answer.
fn fit(text: &mut String, limits: Limits, end: &str) {
    let is_long = |text: &str| text.len() > TEXT_BYTES_MAX || text.chars().count() > limits.text_chars_max;
    if !is_long(text) {
        return;
    }
    let (bytes, chars) =
        (TEXT_BYTES_MAX.saturating_sub(end.len()), limits.text_chars_max.saturating_sub(end.chars().count()));
    let kept = text.char_indices().take(chars).map(|(place, sign)| place + sign.len_utf8());
    let cut = kept.take_while(|end| *end <= bytes).last().unwrap_or(0);
    text.truncate(cut);
    text.push_str(end);
}

#[cfg(test)]
pub(crate) mod tests {
    use wardline_core::output::{NoticeState, Party};
    use wardline_rules::{program::Level, words::Channel};

    use super::*;

    pub(crate) fn notice(channel: Channel) -> Notice {
        Notice {
            nid: Nid([5; 16]),
            state: NoticeState::Started,
            purpose: Purpose::Page,
            channel,
            via: Text::const_new("default"),
            party: Party::Desk(Text::const_new("Operations")),
            role: Text::const_new("desk \"Operations\""),
            reach: None,
            severity: Text::const_new("red"),
            level: Level::Red,
            rule: Text::const_new("Critical potassium"),
            report: None,
            created: Timestamp::from_micros(0),
            alert_state: wardline_core::output::AlertState::Raised,
            step: 1,
            message: Some(Text::const_new("{severity}: {test} {value}. {link} Code {code}")),
            brief: None,
            values: vec![("test", Text::const_new("potassium")), ("value", Text::const_new("6.9"))],
            wants_read_back: true,
            withdraws: Vec::new(),
        }
    }

    fn links() -> Links {
        Links::new("https://w.example".to_owned(), [9; 32])
    }

    /// A sink that shows notices to people who signed in, or to anybody.
    enum Reader {
        SignedIn,
        Anybody,
    }
    use Reader::{Anybody, SignedIn};

    fn text_of(notice: &Notice, reader: Reader, number: u32) -> String {
        let is_secured = matches!(reader, SignedIn);
        let limits = Limits::default();
        let to = Address { address: Text::const_new("ops"), is_secured, limits, at: Timestamp::from_micros(0) };
        let departure = Departure { nid: notice.nid, number, is_repeat: number > 1 };
        compose(notice, departure, &links(), to).text.replace(&links().link(notice.nid), "LINK")
    }

    #[test]
    fn values_leave_only_on_a_secured_channel_of_people_who_signed_in() {
        // [MSG-1]
        let code = Nid([5; 16]).code();
        assert_eq!(
            text_of(&notice(Channel::SecureMessage), SignedIn, 1),
            format!("red: potassium 6.9. LINK Code {code}")
        );
        let brief = format!("red: a result waits for you. LINK Code {code}");
        assert_eq!(text_of(&notice(Channel::SecureMessage), Anybody, 1), brief);
        assert_eq!(text_of(&notice(Channel::Sms), SignedIn, 1), brief);
    }

    #[test]
    fn a_placeholder_that_may_not_leave_leaves_nothing() {
        let told =
            Notice { brief: Some(Text::const_new("{value}{rule}{severity} {code} {oops")), ..notice(Channel::Sms) };
        assert_eq!(text_of(&told, Anybody, 1), format!("red {} {{oops", Nid([5; 16]).code()));
    }

    #[test]
    fn repeats_reminders_and_withdrawals_begin_with_fixed_words() {
        // [MSG-3]
        let code = Nid([5; 16]).code();
        let repeat = text_of(&notice(Channel::Sms), Anybody, 2);
        assert!(repeat.starts_with(&format!("Possible repeat of {code}: red")), "{repeat}");
        let reminder = Notice { purpose: Purpose::Reminder, ..notice(Channel::Sms) };
        assert!(text_of(&reminder, Anybody, 1).starts_with("Reminder: red"));
        let withdrawal = Notice { purpose: Purpose::Withdrawal, ..notice(Channel::Sms) };
        assert!(text_of(&withdrawal, Anybody, 2).starts_with(&format!("Possible repeat of {code}: Withdrawn: ")));
    }

    #[test]
    fn a_withdrawal_shows_the_code_of_what_it_takes_back() {
        // Guarantees 3.2: it carries the same code.
        let withdrawn = Nid([9; 16]);
        let notice = Notice { purpose: Purpose::Withdrawal, withdraws: vec![withdrawn], ..notice(Channel::Sms) };
        assert_eq!(
            text_of(&notice, Anybody, 1),
            format!("Withdrawn: red: a result waits for you. LINK Code {}", withdrawn.code())
        );
    }

    #[test]
    fn a_text_that_is_cut_keeps_its_link_and_its_code() {
        let long = Notice { brief: Some(Text::from("ä".repeat(900))), ..notice(Channel::Sms) };
        let text = text_of(&long, Anybody, 1);
        assert!(text.starts_with("ääää") && text.ends_with(&format!("ä… LINK Code {}", long.code())), "{text}");
        let mut short = "0123456789 sixteen".to_owned();
        fit(&mut short, Limits { text_chars_max: 16 }, "… L Code K7");
        assert_eq!(short, "01234… L Code K7");
    }

    #[test]
    fn s1_20_only_our_links_open() {
        let (links, nid) = (links(), Nid([5; 16]));
        let link = links.link(nid);
        let (_, query) = link.split_once("?n=").unwrap();
        let (id, signature) = query.split_once("&s=").unwrap();
        let code = nid.code().to_string();
        assert_eq!(links.check(&code, id, signature), Some(nid));
        assert_eq!(links.check(&code, id, "aaaaaaaaaaaaaaaa"), None);
        assert_eq!(links.check("000000", id, signature), None, "the code of another notice");
        assert_eq!(Links::new(String::new(), [8; 32]).check(&code, id, signature), None, "another installation's key");
    }
}
