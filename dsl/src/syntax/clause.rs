//! Clause: what one clause says.
//!
//! One variant for each clause of the vocabulary; what needs more than a name or a length of time has a type in the module of
//! its family. The macro writes the variants and, for each, how a block finds its clauses of that sort.
//! - **Not here**: which clauses a block may have (`vocabulary`).

use wardline_rules::time::TimeOfDay;
use wardline_rules::words::KindSet;

use super::basic::{self, Duration, Name};
use super::block::Block;
use super::condition::Condition;
use super::moment::{Moments, first_moments};
use super::reading::Reading;
use super::{calendar, catalogue, escalation, moment, notice, people, rule, script};
use crate::grammar::{Node, Rule};
use crate::layout::Script;
use crate::source::{Span, Spanned};

/// One clause of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Its first word.
    pub word: &'static str,
    /// Where that word stands.
    pub word_span: Span,
    /// Where the whole clause stands, without its script.
    pub span: Span,
    /// What it says.
    pub body: ClauseBody,
    /// The script below it.
    pub script: Option<Script>,
}

/// What a reader of clauses looks like.
pub(crate) type Read = fn(&mut Reading<'_>, &Node<'_>) -> Option<ClauseBody>;

macro_rules! clauses {
    ($($variant:ident($payload:ty) $find:ident = $read:path;)+) => {
        /// What a clause says.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ClauseBody {
            $(#[doc = concat!("`", stringify!($find), "`")] $variant($payload),)+
            /// It is there and cannot be read.
            Unread,
        }

        $(pub(crate) fn $find(r: &mut Reading<'_>, node: &Node<'_>) -> Option<ClauseBody> {
            $read(r, node).map(ClauseBody::$variant)
        })+

        /// The clauses of a block by what they say.
        impl Block {
            $(#[doc = concat!("Its `", stringify!($find), "` clauses that could be read, in order, each with its clause.")]
            pub fn $find(&self) -> impl Iterator<Item = (&$payload, &Clause)> {
                self.clauses.iter().filter_map(|clause| {
                    if let ClauseBody::$variant(payload) = &clause.body { Some((payload, clause)) } else { None }
                })
            })+
        }
    };
}

clauses! {
    Policy(rule::Policy) policy = rule::policy;
    Was(Vec<Name>) was = basic::names;
    Zone(Name) zone = zone_name;
    Uses(Name) uses = basic::first_name;
    Holidays(catalogue::Holidays) holidays = catalogue::holidays;
    Site(catalogue::Site) site = catalogue::site;
    Place(catalogue::Place) place = catalogue::place;
    Values(catalogue::Values) values = catalogue::values;
    Flag(Name) flag = catalogue::flag;
    Test(catalogue::Test) test = catalogue::test;
    Feed(catalogue::Feed) feed = catalogue::feed;
    Channel(catalogue::Channels) channel = catalogue::channels;
    Template(catalogue::Template) template = catalogue::template;
    Open(calendar::Open) open = calendar::open;
    Closed(Vec<calendar::Closure>) closed = calendar::closed;
    Extra(Vec<calendar::Extra>) extra = calendar::extra;
    Reach(people::Reach) reach = people::reach;
    Quiet((TimeOfDay, TimeOfDay)) quiet = basic::two_times;
    Away(people::Period) away = people::period;
    Rotate(calendar::Rotate) rotate = calendar::rotate;
    Nights(calendar::Nights) nights = calendar::nights;
    Cover(calendar::Cover) cover = calendar::cover;
    Nobody(Spanned<people::Ref>) nobody = people::first_reference;
    Step(escalation::EscalationStep) step = escalation::step;
    Repeat(escalation::Repeat) repeat = escalation::repeat;
    Task(Name) task = escalation::then;
    DeclineAny(bool) decline_any = any_declines;
    FailedStep(bool) failed_step = next_step;
    Answered(escalation::Answered) answered = escalation::answered;
    Lapses(Spanned<Duration>) lapses = basic::first_elapsed;
    Covers(rule::Covers) covers = rule::covers;
    Starts(Moments) starts = first_moments;
    Pauses(rule::Pauses) pauses = rule::pauses;
    Stops(Moments) stops = first_moments;
    Cancels(Moments) cancels = first_moments;
    Restarts(Moments) restarts = first_moments;
    Counts(Name) counts = basic::first_name;
    Target(Spanned<Duration>) target = basic::first_duration;
    Warn(rule::Warn) warn = rule::warn;
    Breach(people::Action) breach = people::first_action;
    Missing(rule::Missing) missing = rule::missing;
    LateKeep(bool) late_keep = keeps;
    When(Moments) when = first_moments;
    While(moment::State) while_ = moment::first_state;
    After(Moments) after = first_moments;
    Expect(Moments) expect = first_moments;
    Within(Spanned<Duration>) within = basic::first_duration;
    Every(rule::Every) every = rule::every;
    Measure(rule::Measure) measure = rule::measure;
    Of(Option<Spanned<KindSet>>) of = moment::first_kinds;
    Where(Condition) where_ = rule::first_condition;
    Unless(Condition) unless = rule::first_condition;
    Is(rule::Is) is = rule::is;
    Decide(()) decide = nothing;
    Hold(Spanned<Duration>) hold = basic::first_duration;
    Clear(rule::Clear) clear = rule::clear;
    Once(rule::Once) once = rule::once;
    Limit(rule::Limit) limit = rule::limit;
    Severity(Name) severity = first_tag;
    Answer(rule::Answer) answer = rule::answer;
    Page(people::PageTo) page = people::first_page_to;
    Tell(people::TellTo) tell = people::first_tell_to;
    Message(Name) message = first_message;
    Brief(Name) brief = first_message;
    Withdraw(Moments) withdraw = first_moments;
    NoticeChannel(notice::NoticeChannels) notice_channel = notice::channels;
    NoticeTemplate(notice::NoticeTemplate) notice_template = notice::template;
    Expires(notice::Expires) expires = notice::expires;
    Delays(notice::Delays) delays = notice::delays;
    Send(notice::SuppressThen) send = notice::suppress_then;
    Steps(Spanned<u64>) steps = basic::first_integer;
    Script(()) script = nothing;
    Example(notice::Example) example = notice::example;
    Given(Vec<script::Fact>) given = script::given;
    At(Vec<script::Entry>) at = script::entries;
    Then(Vec<script::Expectation>) then = script::expectations;
}

fn zone_name(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    basic::term(r, node.child(Rule::zone_name)?)
}

fn first_tag(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    basic::term(r, node.child(Rule::tag)?)
}

fn first_message(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    basic::message(r, node.child(Rule::name)?)
}

#[expect(clippy::unnecessary_wraps, reason = "a reader like all others")]
fn any_declines(_: &mut Reading<'_>, node: &Node<'_>) -> Option<bool> {
    Some(node.has(Rule::k_any))
}

#[expect(clippy::unnecessary_wraps, reason = "a reader like all others")]
fn next_step(_: &mut Reading<'_>, node: &Node<'_>) -> Option<bool> {
    Some(node.has(Rule::k_step))
}

#[expect(clippy::unnecessary_wraps, reason = "a reader like all others")]
fn keeps(_: &mut Reading<'_>, node: &Node<'_>) -> Option<bool> {
    Some(node.has(Rule::k_keep))
}

#[expect(clippy::unnecessary_wraps, reason = "a reader like all others")]
fn nothing(_: &mut Reading<'_>, _: &Node<'_>) -> Option<()> {
    Some(())
}
