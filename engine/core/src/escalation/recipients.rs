//! Recipients: whom does a ward's word mean for this report, now?
//!
//! Roles come from the newest facts of the report; rosters are looked up as of now in the newest version of the ward
//! [WHO-1] [LOAD-2]; who is away is skipped everywhere [WHO-4].

use wardline_rules::{
    program::{PersonId, Program, Roster, Who},
    roster::is_away,
    time::Timestamp,
    words::Role,
};

use crate::{
    alerts::AlertSlot,
    output::{Party, Recipient},
    partition::Partition,
    report::Report,
};

impl Partition {
    /// Everybody that `who` means, each once; `recipients` are whom the page clause names.
    pub(crate) fn resolve(
        &self,
        slot: AlertSlot,
        who: &[Who],
        recipients: &[Who],
        report: Option<&Report>,
    ) -> Vec<Recipient> {
        let Some(resolving) = self.resolving(slot, report) else { return Vec::new() };
        let mut found: Vec<Recipient> = Vec::new();
        for role in who {
            let meant = if *role == Who::Recipient { recipients } else { core::slice::from_ref(role) };
            for role in meant {
                resolving.add(*role, *role, &mut found);
            }
        }
        found
    }

    /// When a roster that `who` means, or that `recipients` name, may next mean somebody else.
    pub(crate) fn next_edge(
        &self,
        slot: AlertSlot,
        (who, recipients): (&[Who], &[Who]),
        report: Option<&Report>,
    ) -> Option<Timestamp> {
        let resolving = self.resolving(slot, report)?;
        let named =
            who.iter().flat_map(|role| if *role == Who::Recipient { recipients } else { core::slice::from_ref(role) });
        named.filter_map(|role| resolving.next_edge(*role)).min()
    }

    fn resolving<'a>(&'a self, slot: AlertSlot, report: Option<&'a Report>) -> Option<Resolving<'a>> {
        let ward = self.wards.get(self.alerts.get(slot)?.cause.ward as usize)?;
        let newest = self.active.and_then(|active| self.wards.get(active as usize)).unwrap_or(ward);
        Some(Resolving { program: &ward.program, newest: &newest.program, report, core: self })
    }
}

struct Resolving<'a> {
    /// The ward that raised the alert: its numbers name desks, persons and rosters.
    program: &'a Program,
    /// The active ward: it says who is on duty.
    newest: &'a Program,
    report: Option<&'a Report>,
    core: &'a Partition,
}

impl Resolving<'_> {
    fn add(&self, role: Who, who: Who, found: &mut Vec<Recipient>) {
        let mut push = |party: Party| {
            if !found.iter().any(|known| known.party == party) {
                found.push(Recipient { role, party });
            }
        };
        match who {
            Who::Ordering => self.role(Role::Ordering).into_iter().for_each(&mut push),
            Who::Attending => self.role(Role::Attending).into_iter().for_each(&mut push),
            Who::Reporting => self.role(Role::Interpreting).into_iter().for_each(&mut push),
            Who::Copied => self.copied().into_iter().for_each(&mut push),
            Who::Desk(desk) => {
                self.program
                    .desks
                    .get(desk.index())
                    .map(|desk| Party::Desk(desk.name.clone()))
                    .into_iter()
                    .for_each(&mut push);
            }
            Who::Person(person) => self.person(self.program, person).into_iter().for_each(&mut push),
            Who::Roster(roster) => {
                let name = self.program.rosters.get(roster.index()).map(|roster| &roster.name);
                self.on_duty(name).into_iter().for_each(&mut push);
            }
            Who::Covering => self.on_duty(self.covering()).into_iter().for_each(&mut push),
            Who::Patient => {
                let patient = self.report.and_then(|report| report.patient);
                patient.map(Party::Token).into_iter().for_each(&mut push);
            }
            Who::Recipient => {}
        }
    }

    fn role(&self, role: Role) -> Option<Party> {
        self.report?.person(role, Timestamp::MAX).map(Party::Token)
    }

    fn copied(&self) -> Vec<Party> {
        let people = self.report.map_or(&[][..], |report| report.cold.people.as_slice()).iter();
        people.filter(|fact| fact.role == Role::CopyTo).map(|fact| Party::Token(fact.who)).collect()
    }

    fn person(&self, program: &Program, person: PersonId) -> Option<Party> {
        let found = program.people.get(person.index())?;
        (!is_away(person, self.core.at, program)).then(|| Party::Person(found.name.clone()))
    }

    /// The roster of the place where the patient is.
    fn covering(&self) -> Option<&wardline_rules::Text> {
        let report = self.report?;
        let location = self.core.tuples.get(report.effective).location.value()?;
        let place = self.newest.catalogue.place(self.core.dictionary.text(location))?;
        let roster = self.newest.catalogue.places.get(place.index())?.covered_by?;
        self.newest.rosters.get(roster.index()).map(|roster| &roster.name)
    }

    /// The roster of a name, in the newest ward that has one.
    fn roster(&self, name: &wardline_rules::Text) -> Option<(&Program, &Roster)> {
        let of = |program: &'_ Program| program.rosters.iter().position(|found| found.name == *name);
        let (program, place) = match of(self.newest) {
            Some(place) => (self.newest, place),
            None => (self.program, of(self.program)?),
        };
        Some((program, program.rosters.get(place)?))
    }

    fn next_edge(&self, who: Who) -> Option<Timestamp> {
        let name = match who {
            Who::Roster(roster) => self.program.rosters.get(roster.index()).map(|roster| &roster.name),
            Who::Covering => self.covering(),
            Who::Ordering
            | Who::Attending
            | Who::Reporting
            | Who::Copied
            | Who::Recipient
            | Who::Patient
            | Who::Desk(_)
            | Who::Person(_) => None,
        };
        let (program, roster) = self.roster(name?)?;
        roster.next_edge(self.core.at, program)
    }

    fn on_duty(&self, roster: Option<&wardline_rules::Text>) -> Option<Party> {
        let (program, roster) = self.roster(roster?)?;
        match roster.on_duty(self.core.at, program) {
            Who::Person(person) => self.person(program, person),
            Who::Desk(desk) => program.desks.get(desk.index()).map(|desk| Party::Desk(desk.name.clone())),
            Who::Ordering
            | Who::Attending
            | Who::Covering
            | Who::Reporting
            | Who::Copied
            | Who::Recipient
            | Who::Patient
            | Who::Roster(_) => None,
        }
    }
}
