//! Loading: what does a new ward change for what already runs, and for what comes?

use wardline_core::{
    Input,
    input::Activation,
    output::{Purpose, Recipient},
};
use wardline_rules::{
    Text,
    program::{
        Action, ActionSend, Alert, Escalation, EscalationStep, Family, Lasting, Late, PageTo, Program, RuleHead,
        Situation, SlaRule, Trigger, While, Who,
    },
    words::{Act, Channel, Flag, KindSet, Step},
};

use crate::{
    clocks::{clocks, plain},
    driver::{Run, activate},
    said::{DR_BELL, Said, answer, at},
    ward::{
        CHARGE_DESK, LAB_DESK, ORANGE, YELLOW, critical_alert, critical_escalation, elapsed, head, minutes, program,
        unreviewed,
    },
};

fn only(rules: Vec<SlaRule>, version: u8) -> Program {
    program(version, vec![Family { rules }], Vec::new())
}

fn with(alert: Alert, version: u8) -> Program {
    program(version, Vec::new(), vec![alert])
}

/// The new ward, with running clocks moved to it.
fn moved(program: Program) -> Vec<Input> {
    let (author, text) = (Text::from("Quality"), b"second".to_vec());
    vec![Input::Activate(Box::new(Activation { program, text, author, moved: true, site: None }))]
}

fn of_target(target: i64) -> SlaRule {
    SlaRule { target: elapsed(target), ..plain() }
}

fn received(clock: &str, filler: &str) -> Said {
    Said::step(Step::Received, clock).of(filler)
}

fn critical(clock: &str, filler: &str) -> Said {
    Said::step(Step::Preliminary, clock).of(filler).potassium("7.1").ordered_by(DR_BELL)
}

#[test]
fn an_activation_is_an_input_like_any_other() {
    // [LOAD-1] Which ward decides follows from the log: each report by the one that was active when it was heard of.
    let mut run = Run::of(only(vec![of_target(60)], 1));
    run.hear("09:00", received("09:00", "R1"));
    run.inputs("09:10", vec![activate(only(vec![of_target(30)], 2), "second"), received("09:10", "R2").input()]);
    let due: Vec<String> = run.story("09:00").iter().map(|line| line.replace("clock Lab running ", "")).collect();
    assert_eq!(due, ["09:00 due 10:00", "09:10 due 09:40"], "inside a batch activations come first [TIME-3]");
}

#[test]
fn running_clocks_and_open_alerts_stay_with_their_ward() {
    // [LOAD-2]
    let mut run = Run::of(only(vec![of_target(60)], 1));
    run.hear("09:00", received("09:00", "R1"));
    run.inputs("09:10", vec![activate(only(vec![of_target(30)], 2), "second")]);
    run.hear("09:20", Said::update("09:20").site("Main"));
    run.pass("10:00");
    assert_eq!(clocks(&run), ["sla/Lab breached used 60 due 10:00"]);
}

#[test]
fn a_new_moment_rule_applies_to_what_is_heard_after_it() {
    // [LOAD-3] Log time decides: R1 was heard of before, R2 happened before and is heard of after.
    let mut run = Run::of(only(vec![plain()], 1));
    run.hear("08:30", critical("08:30", "R1"));
    run.inputs("09:00", vec![activate(with(critical_alert(), 2), "second")]);
    run.hear("09:05", Said::update("09:05").of("R1").site("Main"));
    run.hear("09:20", critical("08:40", "R2"));
    let raised: Vec<String> = run.story("08:00").into_iter().filter(|line| line.contains("raised")).collect();
    assert_eq!(raised, ["09:20 alert Critical#1 raised"]);
}

#[test]
fn the_hold_of_a_new_rule_begins_with_it() {
    // [LOAD-3] On hold since 08:30; the rule that wants ten minutes of it comes at nine. No further news is needed.
    let state = Lasting::Report { kinds: KindSet::LAB, any: vec![Situation::Flag(Flag::OnHold)] };
    let trigger = Trigger::While(While { state, hold: elapsed(10), calendar: None, clear: None });
    let rule = Alert { head: head("alert/Held up"), trigger, page: None, ..unreviewed() };
    let mut run = Run::of(only(vec![plain()], 1));
    run.hear("08:30", Said::update("08:30").flag(Flag::OnHold));
    run.inputs("09:00", vec![activate(with(rule, 2), "second")]);
    run.pass("09:30");
    let raised: Vec<String> = run.story("08:00").into_iter().filter(|line| line.contains("raised")).collect();
    assert_eq!(raised, ["09:10 alert Held up#1 raised"]);
}

#[test]
fn the_absence_of_a_new_rule_begins_with_it() {
    // [LOAD-3] R1 was final before; nobody waits for its review. R2 is heard of after: its period begins at nine.
    let mut run = Run::of(only(vec![plain()], 1));
    run.hear("08:30", Said::step(Step::Final, "08:30").of("R1"));
    run.inputs("09:00", vec![activate(with(unreviewed(), 2), "second")]);
    run.hear("09:05", Said::step(Step::Final, "08:40").of("R2"));
    run.hear("09:06", Said::update("09:06").of("R1").site("Main"));
    run.pass("14:00");
    let raised: Vec<String> = run.story("08:00").into_iter().filter(|line| line.contains("raised")).collect();
    assert_eq!(raised, ["13:00 alert Unreviewed#1 raised"], "four hours after nine, not after 08:40");
}

#[test]
fn a_new_sla_does_not_attach_to_reports_already_started() {
    // [LOAD-3]
    let mut run = Run::of(with(critical_alert(), 1));
    run.hear("08:30", received("08:30", "R1"));
    run.inputs("09:00", vec![activate(only(vec![plain()], 2), "second")]);
    run.hear("09:05", Said::update("09:05").site("Main"));
    assert_eq!(clocks(&run), Vec::<String>::new());
    run.hear("09:06", received("08:50", "R2"));
    assert_eq!(run.story("09:06"), ["09:06 clock Lab running due 09:50"], "heard of after it");
}

#[test]
fn a_rule_that_is_gone_finishes_what_it_began_and_begins_nothing() {
    // [LOAD-5]
    let mut run = Run::of(program(1, vec![Family { rules: vec![plain()] }], vec![critical_alert()]));
    run.hear("09:00", received("09:00", "R1"));
    run.hear("09:02", critical("09:02", "R2"));
    run.deliver("09:02:10");
    run.inputs("09:05", vec![activate(with(unreviewed(), 2), "second")]);
    run.hear("09:06", received("09:06", "R3"));
    run.hear("09:07", critical("09:07", "R4"));
    run.pass("09:12");
    assert_eq!(
        run.story("09:05"),
        ["09:07 remind Dr Bell by phone", "09:12 page desk Charge by phone"],
        "its escalation goes on"
    );
    run.pass("10:00");
    run.hear("10:10", Said::step(Step::Final, "10:10").of("R1"));
    let is_of_clock = |line: &String| line.contains(" Lab") && !line.contains("task");
    let of_clock: Vec<String> = run.story("09:13").into_iter().filter(is_of_clock).collect();
    assert_eq!(
        of_clock,
        [
            "10:00 alert Lab#1 raised",
            "10:00 clock Lab breached due 10:00",
            "10:00 tell desk Lab by phone",
            "10:10 alert Lab#1 closed, done late",
        ]
    );
    // The cause of the page goes: that is heard by the rule that is gone.
    run.hear("10:20", Said::step(Step::Corrected, "10:20").of("R2").potassium("4.1"));
    assert!(run.story("10:20").contains(&"10:20 alert Critical#1 withdrawn".to_owned()), "{:?}", run.story("10:20"));
}

#[test]
fn an_alert_goes_on_by_the_escalation_that_raised_it() {
    // [ESC-11] The second edition asks the laboratory after three minutes, the first the charge desk after ten.
    let quick = Escalation {
        steps: vec![
            EscalationStep { reminders: Vec::new(), wait: minutes(3), ..critical_escalation().steps[0].clone() },
            EscalationStep { who: vec![Who::Desk(LAB_DESK)], ..critical_escalation().steps[1].clone() },
        ],
        ..critical_escalation()
    };
    let mut second = with(critical_alert(), 2);
    second.escalations = vec![quick];
    let mut run = Run::of(with(critical_alert(), 1));
    run.hear("09:00", critical("09:00", "R1"));
    run.deliver("09:00:10");
    run.inputs("09:06", vec![activate(second, "second")]);
    run.hear("09:06", critical("09:06", "R2"));
    run.deliver("09:06:10");
    run.pass("09:10");
    let pages: Vec<String> = run.story("09:07").into_iter().filter(|line| line.contains("page")).collect();
    assert_eq!(pages, ["09:09 page desk Lab by phone", "09:10 page desk Charge by phone"]);
}

#[test]
fn a_rule_that_keeps_its_old_name_keeps_its_alerts() {
    // [ALERT-1] The id is the old one; what the rule is called now is for people.
    let renamed = |id: &str| RuleHead { name: Text::from("Critical potassium"), ..head(id) };
    let told = |id: &str| {
        let mut run = Run::of(with(critical_alert(), 1));
        run.hear("09:00", critical("09:00", "R1"));
        run.deliver("09:00:10");
        let rule = Alert { head: renamed(id), ..critical_alert() };
        run.inputs("09:01", vec![activate(with(rule, 2), "second")]);
        run.hear("09:02", Said::step(Step::Corrected, "09:02").of("R1").potassium("7.4"));
        run.story("09:02").into_iter().filter(|line| line.contains("alert")).collect::<Vec<_>>()
    };
    assert_eq!(
        told("alert/Critical"),
        ["09:02 alert Critical#1 closed, superseded", "09:02 alert Critical#2 raised"],
        "one story"
    );
    assert!(
        told("alert/Critical potassium").contains(&"09:02 alert Critical potassium#1 raised".to_owned()),
        "another"
    );
}

#[test]
fn moved_clocks_go_on_by_the_new_target_from_their_facts() {
    // [LOAD-4] From sixty minutes to forty: 09:40 instead of 10:00.
    let mut run = Run::of(only(vec![of_target(60)], 1));
    run.hear("09:00", received("09:00", "R1"));
    run.inputs("09:10", moved(only(vec![of_target(40)], 2)));
    assert_eq!(clocks(&run), ["sla/Lab running used 10 due 09:40"]);
    run.pass("09:39");
    assert_eq!(run.story("09:11"), Vec::<String>::new());
    run.pass("09:40");
    assert_eq!(
        run.story("09:40"),
        ["09:40 alert Lab#1 raised", "09:40 clock Lab breached due 09:40", "09:40 tell desk Lab by phone"],
        "what is passed after the activation is told as always"
    );
    run.hear("09:50", Said::step(Step::Final, "09:50"));
    assert_eq!(run.story("09:50"), ["09:50 alert Lab#1 closed, done late"]);
}

#[test]
fn thresholds_passed_before_the_move_are_told_in_one_digest_per_recipient() {
    // [LOAD-4] Three clocks would have been due before 09:45; one of them had an escalation to be paged by.
    let page = PageTo::Using { escalation: wardline_rules::program::EscalationId(0), recipients: Vec::new() };
    let charge = SlaRule {
        head: head("sla/Charge"),
        breach: Action {
            send: ActionSend::Page(PageTo::Direct { who: vec![Who::Desk(CHARGE_DESK)], by: vec![Channel::Phone] }),
            severity: ORANGE,
        },
        ..of_target(60)
    };
    let ordering = SlaRule {
        head: head("sla/Ordering"),
        breach: Action { send: ActionSend::Page(page), severity: ORANGE },
        ..of_target(60)
    };
    let rules = |target: i64, version| {
        let families = [plain(), charge.clone(), ordering.clone()];
        let families = families.map(|rule| Family { rules: vec![SlaRule { target: elapsed(target), ..rule }] });
        program(version, families.to_vec(), Vec::new())
    };
    let mut run = Run::of(rules(60, 1));
    run.hear("09:00", received("09:00", "R1").ordered_by(DR_BELL));
    run.hear("09:01", received("09:01", "R2"));
    run.hear("09:30", received("09:30", "R3"));
    run.inputs("09:45", moved(rules(40, 2)));
    let made = run.told.last().unwrap().obligations.clone();
    let told: Vec<(String, u32, Purpose)> =
        made.iter().map(|made| (name(&made.head.recipient), made.count, made.purpose)).collect();
    assert_eq!(
        told,
        [
            ("Lab".to_owned(), 2, Purpose::Tell),
            ("Charge".to_owned(), 2, Purpose::Tell),
            ("Dr Bell".to_owned(), 1, Purpose::Tell)
        ],
        "R1 and R2 are late, R3 is not; nobody is paged"
    );
    let raised = run.story("09:45").into_iter().filter(|line| line.ends_with("raised")).count();
    assert_eq!(raised, 6, "each is recorded");
    // Nobody escalates; R3 is due at 10:10 as always.
    run.deliver("09:45:10");
    run.pass("10:09");
    assert_eq!(run.story("09:46"), Vec::<String>::new());
}

fn name(recipient: &Recipient) -> String {
    use wardline_core::output::Party;
    match &recipient.party {
        Party::Token(token) if *token == DR_BELL => "Dr Bell".to_owned(),
        Party::Token(_) => "somebody".to_owned(),
        Party::Person(name) | Party::Desk(name) => name.to_string(),
    }
}

#[test]
fn a_move_tells_nobody_again_and_takes_back_what_no_longer_holds() {
    // [LOAD-4] [SLA-10] Breached at ten. By fifty minutes it still is, by ninety it is not, until 10:30.
    let breached = || {
        let mut run = Run::of(only(vec![of_target(60)], 1));
        run.hear("09:00", received("09:00", "R1"));
        run.pass("10:00");
        run.deliver("10:00:10");
        run
    };
    let mut shorter = breached();
    shorter.inputs("10:05", moved(only(vec![of_target(50)], 2)));
    assert_eq!(shorter.story("10:05"), ["10:05 clock Lab breached due 09:50"]);
    shorter.hear("10:10", Said::step(Step::Final, "10:10"));
    assert_eq!(
        shorter.story("10:10"),
        ["10:10 alert Lab#1 closed, done late"],
        "what the old ward sent ends with the clock"
    );
    let mut longer = breached();
    longer.inputs("10:05", moved(only(vec![of_target(90)], 2)));
    assert_eq!(
        longer.story("10:05"),
        ["10:05 alert Lab#1 withdrawn", "10:05 clock Lab running due 10:30", "10:05 withdraw desk Lab by phone"]
    );
    longer.pass("10:30");
    assert_eq!(
        longer.story("10:30"),
        ["10:30 alert Lab#2 raised", "10:30 clock Lab breached due 10:30", "10:30 tell desk Lab by phone"]
    );
    let mut kept = breached();
    kept.inputs("10:05", moved(only(vec![SlaRule { late: Late::Keep, ..of_target(90) }], 2)));
    assert_eq!(kept.story("10:05"), ["10:05 clock Lab running due 10:30"]);
}

#[test]
fn a_move_keeps_what_ended_and_what_has_no_rule_any_more() {
    // [LOAD-4] [LOAD-5] R1 was met, R2 belongs to a promise that is gone.
    let gone = SlaRule { head: head("sla/Gone"), ..of_target(60) };
    let mut run =
        Run::of(program(1, vec![Family { rules: vec![of_target(60)] }, Family { rules: vec![gone] }], Vec::new()));
    run.hear("09:00", received("09:00", "R1"));
    run.hear("09:55", Said::step(Step::Final, "09:55"));
    run.hear("09:56", received("09:56", "R2"));
    run.inputs("09:57", moved(only(vec![of_target(30)], 2)));
    assert_eq!(clocks(&run), ["sla/Lab met used 55 due 10:00", "sla/Gone met used 55 due 10:00"]);
    assert_eq!(run.story("09:57"), ["09:57 clock Lab running due 10:26"]);
    run.pass("10:56");
    let due: Vec<String> = run.story("10:00").into_iter().filter(|line| line.contains("clock")).collect();
    assert_eq!(due, ["10:26 clock Lab breached due 10:26", "10:56 clock Gone breached due 10:56"]);
}

#[test]
fn a_ward_that_is_active_already_can_take_over_what_still_runs_by_an_older_one() {
    // [LOAD-4] A restart in between changes nothing.
    let mut run = Run::empty();
    run.batch(at("08:00"), vec![activate(crate::ward::hospital(), "hospital")]);
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.inputs("09:05", vec![activate(crate::ward::second_edition(), "second")]);
    assert_eq!(clocks(&run), ["sla/Lab running used 5 due 10:00"]);
    run.restart();
    run.inputs("09:10", moved(crate::ward::second_edition()));
    assert_eq!(clocks(&run), ["sla/Lab running used 10 due 09:40"]);
    run.restart();
    run.pass("09:40");
    // 80 % of forty minutes, then all of them.
    let told: Vec<String> = run.story("09:11").into_iter().filter(|line| line.contains("raised")).collect();
    assert_eq!(told, ["09:32 alert Lab#1 raised", "09:40 alert Lab#1 raised"]);
}

#[test]
fn an_answer_to_what_a_moved_clock_raised_counts_where_it_was_raised() {
    // [LOAD-4] [ESC-11]
    let page = PageTo::Using { escalation: wardline_rules::program::EscalationId(0), recipients: Vec::new() };
    let breach = Action { send: ActionSend::Page(page), severity: YELLOW };
    let rule = |target| SlaRule { breach: breach.clone(), ..of_target(target) };
    let mut second = only(vec![rule(40)], 2);
    second.escalations.clear();
    second.escalations.push(Escalation { lapses: Some(minutes(1)), ..critical_escalation() });
    let mut run = Run::of(only(vec![rule(60)], 1));
    run.hear("09:00", received("09:00", "R1").ordered_by(DR_BELL));
    run.pass("10:00");
    run.deliver("10:00:10");
    run.inputs("10:01", moved(second));
    let code = run.code();
    run.hear("10:02", answer(Act::Accepted, &code, "10:02"));
    assert_eq!(run.verdict(), "accepted");
    run.pass("10:09");
    assert!(run.story("10:03").is_empty(), "no lapse: that is of the second text; {:?}", run.story("10:03"));
}
