//! Group: which segments belong to one order?
//!
//! ORC opens an order, OBR joins the ORC before it or opens one of its own. What follows belongs to it. A specimen stands
//! behind its order in most messages, and before its orders in those that are about specimens or containers.

use super::super::{
    header::Header,
    kinds::Family,
    lexer::{Message, Segment},
    patient::Who,
};

/// The segments of one order.
#[derive(Clone, Default)]
pub(in crate::codec::hl7) struct Order<'m> {
    pub(in crate::codec::hl7) who: Who<'m>,
    pub(in crate::codec::hl7) orc: Option<&'m Segment<'m>>,
    pub(in crate::codec::hl7) obr: Option<&'m Segment<'m>>,
    pub(in crate::codec::hl7) tq1: Option<&'m Segment<'m>>,
    pub(in crate::codec::hl7) results: Vec<&'m Segment<'m>>,
    pub(in crate::codec::hl7) specimens: Vec<&'m Segment<'m>>,
    /// Segments that only a profile may name.
    pub(in crate::codec::hl7) others: Vec<&'m Segment<'m>>,
    /// Whether it was asked for, not reported.
    pub(in crate::codec::hl7) is_request: bool,
    /// Whether the filler refused it.
    pub(in crate::codec::hl7) is_refused: bool,
}

/// All orders of a message, in its order.
pub(in crate::codec::hl7) fn groups<'m>(message: &'m Message<'m>, header: &Header, family: Family) -> Vec<Order<'m>> {
    let specimen_first = header.message_type == "OUL" && matches!(header.trigger.as_str(), "R22" | "R23");
    let mut grouping = Grouping {
        orders: Vec::new(),
        who: Who::default(),
        specimens: Vec::new(),
        are_used: false,
        is_refused: message.first("MSA").is_some_and(|msa| matches!(msa.field(1).raw(), "AE" | "AR")),
        specimen_first,
        family,
    };
    message.segments.iter().for_each(|segment| grouping.add(segment));
    grouping.orders
}

struct Grouping<'m> {
    orders: Vec<Order<'m>>,
    who: Who<'m>,
    /// Specimens whose orders follow, and whether one did already.
    specimens: Vec<&'m Segment<'m>>,
    are_used: bool,
    is_refused: bool,
    specimen_first: bool,
    family: Family,
}

impl<'m> Grouping<'m> {
    fn add(&mut self, segment: &'m Segment<'m>) {
        match segment.id {
            "PID" => self.who = Who { pid: Some(segment), pv1: None },
            "PV1" => self.who.pv1 = Some(segment),
            "ORC" => self.open(Some(segment), None),
            "OBR" => self.observe(segment),
            "SPM" if self.specimen_first => {
                // After an order a new specimen begins; before it they belong together.
                if core::mem::take(&mut self.are_used) {
                    self.specimens.clear();
                }
                self.specimens.push(segment);
            }
            id => {
                let Some(order) = self.orders.last_mut() else { return };
                match id {
                    "TQ1" => order.tq1 = order.tq1.or(Some(segment)),
                    "OBX" if order.obr.is_some() => order.results.push(segment),
                    "SPM" => order.specimens.push(segment),
                    _ => order.others.push(segment),
                }
            }
        }
    }

    fn open(&mut self, orc: Option<&'m Segment<'m>>, obr: Option<&'m Segment<'m>>) {
        self.are_used = true;
        self.orders.push(Order {
            who: self.who,
            orc,
            obr,
            specimens: self.specimens.clone(),
            is_request: self.family != Family::Results,
            is_refused: self.is_refused,
            ..Order::default()
        });
    }

    fn observe(&mut self, segment: &'m Segment<'m>) {
        match self.orders.last_mut() {
            Some(order) if order.obr.is_none() && order.orc.is_some() => order.obr = Some(segment),
            // A second request under one ORC is under the same control.
            Some(order) if self.family != Family::Results => {
                let orc = order.orc;
                self.open(orc, Some(segment));
            }
            Some(_) | None => self.open(None, Some(segment)),
        }
    }
}
