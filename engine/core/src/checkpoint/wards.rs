//! Wards: how does an activated ward survive a checkpoint?
//!
//! As its whole text: the program is compiled again and must have the version it had. What a rule remembers besides is the
//! log time from which it applies [LOAD-3].
//!
//! - **Not here**: compiling; the driver brings it.

use wardline_rules::{
    Text,
    program::{Program, WardVersion},
    script::Fault,
    time::Timestamp,
};

use super::{
    Error,
    stored::{Stored, layout},
};
use crate::{
    dictionary::Dictionary,
    scripts::{Scripts, Which},
    ward::{Known, Ward, WardParts},
    wire::{
        Compile,
        bytes::{Put, Take},
    },
};

/// A ward as it stands in its section.
pub(super) struct Kept {
    version: [u8; 32],
    text: Packed,
    author: Text,
    activated: Timestamp,
    families: Vec<Timestamp>,
    alerts: Vec<Timestamp>,
    notices: Vec<Timestamp>,
    suppressions: Vec<Timestamp>,
    /// Scripts that are out: whether it decides an alert, its place, and what stopped it as a place in its list.
    scripts: Vec<(bool, u32, u8)>,
}

/// The files of a ward, as the driver packed them.
struct Packed(Vec<u8>);

layout! { Kept { version, text, author, activated, families, alerts, notices, suppressions, scripts } }

impl Stored for Packed {
    fn put(&self, put: &mut Put<'_>) {
        put.bytes(&self.0);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}

impl From<&Ward> for Kept {
    fn from(ward: &Ward) -> Self {
        Self {
            version: ward.program.version.0,
            text: Packed(ward.text.clone()),
            author: ward.author.clone(),
            activated: ward.activated,
            families: ward.families.iter().map(|known| known.since).collect(),
            alerts: ward.alerts.iter().map(|known| known.since).collect(),
            notices: ward.notices.iter().map(|known| known.since).collect(),
            suppressions: ward.suppressions.iter().map(|known| known.since).collect(),
            scripts: ward.scripts.out().into_iter().map(put_script).collect(),
        }
    }
}

/// Compiles all wards again; every name they use has its number already.
pub(super) fn restore(kept: Vec<Kept>, dictionary: &mut Dictionary, compile: Compile<'_>) -> Result<Vec<Ward>, Error> {
    let named = dictionary.texts().len();
    let mut wards = Vec::with_capacity(kept.len());
    for kept in kept {
        wards.push(restore_one(kept, dictionary, compile)?);
    }
    if dictionary.texts().len() != named {
        return Err(Error::Inconsistent("wards"));
    }
    Ok(wards)
}

fn restore_one(kept: Kept, dictionary: &mut Dictionary, compile: Compile<'_>) -> Result<Ward, Error> {
    let Kept { version, text: Packed(text), author, activated, families, alerts, notices, suppressions, scripts } =
        kept;
    let program = compile(&text).filter(|program| program.version == WardVersion(version)).ok_or(Error::Ward)?;
    let mut ward = Ward::new(WardParts { program, text, author, at: activated }, None, dictionary);
    apply_since(&mut ward.families, &families)?;
    apply_since(&mut ward.alerts, &alerts)?;
    apply_since(&mut ward.notices, &notices)?;
    apply_since(&mut ward.suppressions, &suppressions)?;
    let scripts = scripts.into_iter().map(|script| take_script(script, &ward.program).ok_or(Error::Ward));
    ward.scripts = Scripts::restored(scripts.collect::<Result<_, _>>()?);
    ward.tests.learn(&ward.program, dictionary);
    Ok(ward)
}

fn put_script((which, fault): (Which, Fault)) -> (bool, u32, u8) {
    let fault = Fault::ALL.iter().position(|known| *known == fault).and_then(|place| u8::try_from(place).ok());
    let (decides, place) = match which {
        Which::Function(place) => (false, place),
        Which::Decision(place) => (true, place),
    };
    (decides, place, fault.unwrap_or(0))
}

fn take_script((decides, place, fault): (bool, u32, u8), program: &Program) -> Option<(Which, Fault)> {
    let fault = Fault::ALL.get(usize::from(fault)).copied()?;
    let which = if decides {
        program.alerts.get(place as usize)?.decide.as_ref().map(|_| Which::Decision(place))?
    } else {
        program.functions.get(place as usize).map(|_| Which::Function(place))?
    };
    Some((which, fault))
}

fn apply_since(rules: &mut [Known], since: &[Timestamp]) -> Result<(), Error> {
    if rules.len() != since.len() {
        return Err(Error::Ward);
    }
    rules.iter_mut().zip(since).for_each(|(known, since)| known.since = *since);
    Ok(())
}
