//! Tables: which step, status, kind or class does a code of FHIR mean?
//!
//! - **Source**: domain page 5.5; FHIR R4, value sets of the resources named; the list of resource types of 4.0.1.

use wardline_rules::words::{Kind, PatientClass, ResultStatus, Step};

use crate::codec::hl7::service_kind;

/// DiagnosticReport.status; `None` for `unknown` and what is not in the table.
pub(super) fn report_step(code: &str) -> Option<Step> {
    Some(match code {
        "registered" => Step::Accepted,
        "partial" => Step::Partial,
        "preliminary" => Step::Preliminary,
        "final" => Step::Final,
        "amended" => Step::Amended,
        "corrected" => Step::Corrected,
        "appended" => Step::Appended,
        "cancelled" => Step::Cancelled,
        "entered-in-error" => Step::EnteredInError,
        _ => return None,
    })
}

/// Observation.status of one that is a report by itself.
pub(super) fn observation_step(code: &str) -> Option<Step> {
    if matches!(code, "partial" | "appended") { None } else { report_step(code) }
}

/// Observation.status as that of a result.
pub(super) fn result_status(code: &str) -> Option<ResultStatus> {
    Some(match code {
        "registered" => ResultStatus::Registered,
        "preliminary" => ResultStatus::Preliminary,
        "final" => ResultStatus::Final,
        "amended" => ResultStatus::Amended,
        "corrected" => ResultStatus::Corrected,
        "cancelled" => ResultStatus::Cancelled,
        "entered-in-error" => ResultStatus::EnteredInError,
        "unknown" => ResultStatus::Unknown,
        _ => return None,
    })
}

/// A category: of table 0074, of observations, SNOMED's for requests, or LOINC's parts for notes and reports.
pub(super) fn category_kind(code: &str) -> Option<Kind> {
    match code {
        "laboratory" | "108252007" => Some(Kind::Lab),
        "imaging" | "363679005" | "LP29684-5" => Some(Kind::Imaging),
        "LP29708-2" => Some(Kind::Cardiology),
        "LP7839-6" => Some(Kind::Pathology),
        code => service_kind(code),
    }
}

/// Whether a category names a diagnostic service of table 0074.
pub(super) fn is_service(code: &str) -> bool {
    service_kind(code).is_some()
}

/// Encounter.class, v3 ActCode; `None` if it is not one we tell apart.
pub(super) fn class(code: &str) -> Option<PatientClass> {
    Some(match code {
        "IMP" | "ACUTE" | "NONAC" | "OBSENC" => PatientClass::Inpatient,
        "EMER" => PatientClass::Emergency,
        "AMB" | "VR" | "HH" | "FLD" | "SS" => PatientClass::Outpatient,
        "PRENC" => PatientClass::Preadmit,
        _ => return None,
    })
}

/// Whether R4 has a resource of this type.
pub(super) fn is_resource(name: &str) -> bool {
    RESOURCES.binary_search(&name).is_ok()
}

/// Every type of resource of R4 but Bundle, which is a wrapping, and with what subscriptions send of later releases.
#[rustfmt::skip]
const RESOURCES: [&str; 146] = [
    "Account", "ActivityDefinition", "AdverseEvent", "AllergyIntolerance", "Appointment", "AppointmentResponse",
    "AuditEvent", "Basic", "Binary", "BiologicallyDerivedProduct", "BodyStructure", "CapabilityStatement", "CarePlan",
    "CareTeam", "CatalogEntry", "ChargeItem", "ChargeItemDefinition", "Claim", "ClaimResponse", "ClinicalImpression",
    "CodeSystem", "Communication", "CommunicationRequest", "CompartmentDefinition", "Composition", "ConceptMap",
    "Condition", "Consent", "Contract", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse",
    "DetectedIssue", "Device", "DeviceDefinition", "DeviceMetric", "DeviceRequest", "DeviceUseStatement",
    "DiagnosticReport", "DocumentManifest", "DocumentReference", "EffectEvidenceSynthesis", "Encounter", "Endpoint",
    "EnrollmentRequest", "EnrollmentResponse", "EpisodeOfCare", "EventDefinition", "Evidence", "EvidenceVariable",
    "ExampleScenario", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal", "GraphDefinition", "Group",
    "GuidanceResponse", "HealthcareService", "ImagingStudy", "Immunization", "ImmunizationEvaluation",
    "ImmunizationRecommendation", "ImplementationGuide", "InsurancePlan", "Invoice", "Library", "Linkage", "List",
    "Location", "Measure", "MeasureReport", "Media", "Medication", "MedicationAdministration", "MedicationDispense",
    "MedicationKnowledge", "MedicationRequest", "MedicationStatement", "MedicinalProduct",
    "MedicinalProductAuthorization", "MedicinalProductContraindication", "MedicinalProductIndication",
    "MedicinalProductIngredient", "MedicinalProductInteraction", "MedicinalProductManufactured",
    "MedicinalProductPackaged", "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect",
    "MessageDefinition", "MessageHeader", "MolecularSequence", "NamingSystem", "NutritionOrder", "Observation",
    "ObservationDefinition", "OperationDefinition", "OperationOutcome", "Organization", "OrganizationAffiliation",
    "Parameters", "Patient", "PaymentNotice", "PaymentReconciliation", "Person", "PlanDefinition", "Practitioner",
    "PractitionerRole", "Procedure", "Provenance", "Questionnaire", "QuestionnaireResponse", "RelatedPerson",
    "RequestGroup", "ResearchDefinition", "ResearchElementDefinition", "ResearchStudy", "ResearchSubject",
    "RiskAssessment", "RiskEvidenceSynthesis", "Schedule", "SearchParameter", "ServiceRequest", "Slot", "Specimen",
    "SpecimenDefinition", "StructureDefinition", "StructureMap", "Subscription", "SubscriptionStatus", "Substance",
    "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation",
    "SubstanceSourceMaterial", "SubstanceSpecification", "SupplyDelivery", "SupplyRequest", "Task",
    "TerminologyCapabilities", "TestReport", "TestScript", "ValueSet", "VerificationResult", "VisionPrescription",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_sorted_and_known() {
        assert!(RESOURCES.is_sorted());
        assert!(
            is_resource("DiagnosticReport")
                && is_resource("Task")
                && !is_resource("Bundle")
                && !is_resource("Nonsense")
        );
    }
}
