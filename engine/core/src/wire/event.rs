//! Event: in which order do its fields stand in the log?
//!
//! All fields in the order of [`Event`], each absent one as a single byte. Closed lists stand by their place in the list, so a
//! list may grow at its end only.

use wardline_rules::{
    event::{
        Answer, Code, Event, Fact, Given, Ident, Merge, Milestone, Msg, Person, ReportFlag, ReportIds, ResultItem,
        ResultValue, Scalar,
    },
    limits as rules,
    quality::{Fault, Note},
    token::Token,
    words::{
        Abnormal, Act, Channel, Comparator, Evidence, Flag, Format, Kind, MergeWhat, PatientClass, Priority,
        ResultStatus, Role, Step,
    },
};

use super::bytes::{Put, Take};

pub(crate) fn put(event: &Event, put: &mut Put<'_>) {
    put.text(&event.event_id);
    put.text(&event.source);
    put_fact(&event.fact, put);
    put_msg(&event.msg, put);
    put_ids(&event.report, put);
    put.option(event.patient.as_ref(), |put, token| put.raw(&token.0));
    put.option(event.encounter.as_ref(), |put, token| put.raw(&token.0));
    put.option(event.kind.as_ref(), |put, kind| put.u8(kind.index()));
    put.list(&event.tests, put_code);
    put_given(&event.priority, put, |put, priority| put.u8(priority.index()));
    put.option(event.occurred_at.as_ref(), Put::event_time);
    put.u8(event.evidence.index());
    put.list(&event.milestones, |put, milestone| {
        put.u8(milestone.step.index());
        put.event_time(&milestone.at);
        put.u8(milestone.evidence.index());
    });
    put_given(&event.planned_at, put, |put, at| put.event_time(at));
    put.option(event.received_at.as_ref(), |put, at| put.time(*at));
    put.option(event.site.as_deref(), Put::text);
    put.option(event.department.as_deref(), Put::text);
    put_given(&event.location, put, |put, location| put.text(location));
    put_given(&event.class, put, |put, class| put.u8(class.index()));
    put.list(&event.people, |put, person| {
        put.u8(person.role.index());
        put.raw(&person.token.0);
    });
    put.list(&event.flags, put_flag);
    put.list(&event.flags_off, put_flag);
    put.list(&event.results, put_result);
    put.option(event.reason.as_deref(), Put::text);
    put.option(event.channel.as_ref(), |put, channel| put.u8(channel.index()));
    put.flag(event.narrative);
    put.list(&event.attributes, |put, (key, value)| {
        put.text(key);
        put_given(value, put, put_scalar);
    });
    put.list(&event.notes, |put, note| {
        put.u8(note.fault.index());
        put.text(&note.field);
    });
}

pub(crate) fn take(take: &mut Take<'_>) -> Option<Event> {
    Some(Event {
        event_id: take.text()?,
        source: take.text()?,
        fact: take_fact(take)?,
        msg: take_msg(take)?,
        report: take_ids(take)?,
        patient: take.option(take_token)?,
        encounter: take.option(take_token)?,
        kind: take.option(|take| Kind::from_index(take.u8()?))?,
        tests: take.list(rules::TESTS_PER_EVENT_MAX, take_code)?,
        priority: take_given(take, |take| Priority::from_index(take.u8()?))?,
        occurred_at: take.option(Take::event_time)?,
        evidence: Evidence::from_index(take.u8()?)?,
        milestones: take.list(rules::MILESTONES_PER_EVENT_MAX, |take| {
            let step = Step::from_index(take.u8()?)?;
            let at = take.event_time()?;
            Some(Milestone { step, at, evidence: Evidence::from_index(take.u8()?)? })
        })?,
        planned_at: take_given(take, |take| take.event_time())?,
        received_at: take.option(Take::time)?,
        site: take.option(Take::text)?,
        department: take.option(Take::text)?,
        location: take_given(take, |take| take.text())?,
        class: take_given(take, |take| PatientClass::from_index(take.u8()?))?,
        people: take.list(rules::PEOPLE_PER_EVENT_MAX, |take| {
            let role = Role::from_index(take.u8()?)?;
            Some(Person { role, token: take_token(take)? })
        })?,
        flags: take.list(rules::FLAGS_PER_EVENT_MAX, take_flag)?,
        flags_off: take.list(rules::FLAGS_PER_EVENT_MAX, take_flag)?,
        results: take.list(rules::RESULTS_MAX, take_result)?,
        reason: take.option(Take::text)?,
        channel: take.option(|take| Channel::from_index(take.u8()?))?,
        narrative: take.flag()?,
        attributes: take.list(rules::ATTRIBUTES_PER_EVENT_MAX, |take| {
            let key = take.text()?;
            Some((key, take_given(take, take_scalar)?))
        })?,
        notes: take.list(rules::NOTES_PER_EVENT_MAX, |take| {
            let fault = Fault::from_index(take.u8()?)?;
            Some(Note { fault, field: take.text()? })
        })?,
    })
}

fn put_given<T>(given: &Given<T>, put: &mut Put<'_>, value: impl FnOnce(&mut Put<'_>, &T)) {
    match given {
        Given::Absent => put.u8(0),
        Given::Cleared => put.u8(1),
        Given::Value(said) => {
            put.u8(2);
            value(put, said);
        }
    }
}

fn take_given<T>(take: &mut Take<'_>, value: impl FnOnce(&mut Take<'_>) -> Option<T>) -> Option<Given<T>> {
    match take.u8()? {
        0 => Some(Given::Absent),
        1 => Some(Given::Cleared),
        2 => value(take).map(Given::Value),
        _ => None,
    }
}

pub(crate) fn take_token(take: &mut Take<'_>) -> Option<Token> {
    take.array().map(Token)
}

fn put_fact(fact: &Fact, put: &mut Put<'_>) {
    match fact {
        Fact::Step(step) => {
            put.u8(0);
            put.u8(step.index());
        }
        Fact::Update => put.u8(1),
        Fact::Answer(answer) => {
            put.u8(2);
            put_answer(answer, put);
        }
        Fact::Merge(merge) => {
            put.u8(3);
            put_merge(merge, put);
        }
        Fact::Encounter => put.u8(4),
        Fact::Heartbeat => put.u8(5),
        Fact::Unreadable { size, sha } => {
            put.u8(6);
            put.u32(*size);
            put.raw(sha);
        }
    }
}

fn take_fact(take: &mut Take<'_>) -> Option<Fact> {
    Some(match take.u8()? {
        0 => Fact::Step(Step::from_index(take.u8()?)?),
        1 => Fact::Update,
        2 => Fact::Answer(Box::new(take_answer(take)?)),
        3 => Fact::Merge(Box::new(take_merge(take)?)),
        4 => Fact::Encounter,
        5 => Fact::Heartbeat,
        6 => Fact::Unreadable { size: take.u32()?, sha: take.array()? },
        _ => return None,
    })
}

fn put_msg(msg: &Msg, put: &mut Put<'_>) {
    put.option(msg.id.as_deref(), Put::text);
    put.option(msg.made_at.as_ref(), Put::event_time);
    put.option(msg.app.as_deref(), Put::text);
    put.option(msg.facility.as_deref(), Put::text);
    put.option(msg.format.as_ref(), |put, format| put.u8(format.index()));
    put.option(msg.trigger.as_deref(), Put::text);
    put.option(msg.sha.as_ref(), |put, sha| put.raw(sha));
}

fn take_msg(take: &mut Take<'_>) -> Option<Msg> {
    Some(Msg {
        id: take.option(Take::text)?,
        made_at: take.option(Take::event_time)?,
        app: take.option(Take::text)?,
        facility: take.option(Take::text)?,
        format: take.option(|take| Format::from_index(take.u8()?))?,
        trigger: take.option(Take::text)?,
        sha: take.option(Take::array)?,
    })
}

pub(crate) fn put_ident(put: &mut Put<'_>, ident: &Ident) {
    put.text(&ident.id);
    put.text(&ident.ns);
}

pub(crate) fn take_ident(take: &mut Take<'_>) -> Option<Ident> {
    Some(Ident { id: take.text()?, ns: take.text()? })
}

fn put_ids(ids: &ReportIds, put: &mut Put<'_>) {
    for ident in [&ids.placer, &ids.filler, &ids.accession, &ids.group, &ids.parent, &ids.replaces] {
        put.option(ident.as_ref(), put_ident);
    }
}

fn take_ids(take: &mut Take<'_>) -> Option<ReportIds> {
    Some(ReportIds {
        placer: take.option(take_ident)?,
        filler: take.option(take_ident)?,
        accession: take.option(take_ident)?,
        group: take.option(take_ident)?,
        parent: take.option(take_ident)?,
        replaces: take.option(take_ident)?,
    })
}

fn put_code(put: &mut Put<'_>, code: &Code) {
    put.text(&code.code);
    put.text(&code.system);
    put.text(&code.display);
}

fn take_code(take: &mut Take<'_>) -> Option<Code> {
    Some(Code { code: take.text()?, system: take.text()?, display: take.text()? })
}

fn put_flag(put: &mut Put<'_>, flag: &ReportFlag) {
    match flag {
        ReportFlag::Known(flag) => {
            put.u8(0);
            put.u8(flag.index());
        }
        ReportFlag::Wait(reason) => {
            put.u8(1);
            put.text(reason);
        }
    }
}

fn take_flag(take: &mut Take<'_>) -> Option<ReportFlag> {
    match take.u8()? {
        0 => Flag::from_index(take.u8()?).map(ReportFlag::Known),
        1 => take.text().map(ReportFlag::Wait),
        _ => None,
    }
}

fn put_sign(put: &mut Put<'_>, sign: Option<Comparator>) {
    put.option(sign.as_ref(), |put, sign| put.u8(sign.index()));
}

#[expect(clippy::option_option, reason = "the outer one says whether the bytes could be read")]
fn take_sign(take: &mut Take<'_>) -> Option<Option<Comparator>> {
    take.option(|take| Comparator::from_index(take.u8()?))
}

fn put_result(put: &mut Put<'_>, item: &ResultItem) {
    put_code(put, &item.code);
    put.text(&item.sub);
    match &item.value {
        ResultValue::None => put.u8(0),
        ResultValue::Number(sign, number) => {
            put.u8(1);
            put_sign(put, *sign);
            put.decimal(*number);
        }
        ResultValue::Coded(code) => {
            put.u8(2);
            put_code(put, code);
        }
        ResultValue::Word(word) => {
            put.u8(3);
            put.text(word);
        }
        ResultValue::Narrative => put.u8(4),
    }
    put.text(&item.unit);
    put.option(item.ref_low.as_ref(), |put, number| put.decimal(*number));
    put.option(item.ref_high.as_ref(), |put, number| put.decimal(*number));
    put.list(&item.abnormal, |put, code| put.u8(code.index()));
    put.u8(item.status.index());
    put.option(item.observed_at.as_ref(), Put::event_time);
    put.option(item.critical.as_ref(), |put, is| put.flag(*is));
}

fn take_result(take: &mut Take<'_>) -> Option<ResultItem> {
    let code = take_code(take)?;
    let sub = take.text()?;
    let value = match take.u8()? {
        0 => ResultValue::None,
        1 => ResultValue::Number(take_sign(take)?, take.decimal()?),
        2 => ResultValue::Coded(take_code(take)?),
        3 => ResultValue::Word(take.text()?),
        4 => ResultValue::Narrative,
        _ => return None,
    };
    Some(ResultItem {
        code,
        sub,
        value,
        unit: take.text()?,
        ref_low: take.option(Take::decimal)?,
        ref_high: take.option(Take::decimal)?,
        abnormal: take.list(rules::ABNORMAL_PER_RESULT_MAX, |take| Abnormal::from_index(take.u8()?))?,
        status: ResultStatus::from_index(take.u8()?)?,
        observed_at: take.option(Take::event_time)?,
        critical: take.option(Take::flag)?,
    })
}

fn put_scalar(put: &mut Put<'_>, scalar: &Scalar) {
    match scalar {
        Scalar::Text(text) => {
            put.u8(0);
            put.text(text);
        }
        Scalar::Number(number) => {
            put.u8(1);
            put.decimal(*number);
        }
        Scalar::Flag(is) => {
            put.u8(2);
            put.flag(*is);
        }
    }
}

fn take_scalar(take: &mut Take<'_>) -> Option<Scalar> {
    match take.u8()? {
        0 => take.text().map(Scalar::Text),
        1 => take.decimal().map(Scalar::Number),
        2 => take.flag().map(Scalar::Flag),
        _ => None,
    }
}

fn put_answer(answer: &Answer, put: &mut Put<'_>) {
    put.u8(answer.act.index());
    put.option(answer.code.as_deref(), Put::text);
    put.option(answer.nid.as_ref(), |put, nid| put.raw(nid));
    put.option(answer.by.as_ref(), |put, token| put.raw(&token.0));
    put.option(answer.licence.as_deref(), Put::text);
    put.option(answer.told_by.as_ref(), |put, token| put.raw(&token.0));
    put.option(answer.value.as_ref(), |put, (sign, number)| {
        put_sign(put, *sign);
        put.decimal(*number);
    });
    put.text(&answer.unit);
    put.option(answer.result.as_ref(), put_code);
}

fn take_answer(take: &mut Take<'_>) -> Option<Answer> {
    Some(Answer {
        act: Act::from_index(take.u8()?)?,
        code: take.option(Take::text)?,
        nid: take.option(Take::array)?,
        by: take.option(take_token)?,
        licence: take.option(Take::text)?,
        told_by: take.option(take_token)?,
        value: take.option(|take| Some((take_sign(take)?, take.decimal()?)))?,
        unit: take.text()?,
        result: take.option(take_code)?,
    })
}

fn put_merge(merge: &Merge, put: &mut Put<'_>) {
    match merge {
        Merge::Tokens { what, from, into } => {
            put.u8(what.index());
            put.raw(&from.0);
            put.raw(&into.0);
        }
        Merge::Reports(both) => {
            put.u8(MergeWhat::Report.index());
            put_ids(&both.0, put);
            put_ids(&both.1, put);
        }
    }
}

fn take_merge(take: &mut Take<'_>) -> Option<Merge> {
    match MergeWhat::from_index(take.u8()?)? {
        MergeWhat::Report => Some(Merge::Reports(Box::new((take_ids(take)?, take_ids(take)?)))),
        what @ (MergeWhat::Patient | MergeWhat::Encounter) => {
            Some(Merge::Tokens { what, from: take_token(take)?, into: take_token(take)? })
        }
    }
}
