//! Engine: within which bounds does a script run?
//!
//! The engine begins empty: operators are built in, everything else is registered by name in [`super::items`]. Nothing in
//! it waits, prints, reads a clock or knows a file. Steps bound the time, since no operation touches more than one value of
//! bounded size; sizes bound the memory.
//! - **Not here**: ways around the bounds that the engine itself leaves open (`inspect`).

use std::sync::{Arc, LazyLock, OnceLock};

use rhai::{Engine, Module, OptimizationLevel};

use super::items;
use crate::limits::{
    SCRIPT_ARRAY_MAX, SCRIPT_CALLS_MAX, SCRIPT_DEPTH_MAX, SCRIPT_FUNCTION_DEPTH_MAX, SCRIPT_FUNCTIONS_MAX,
    SCRIPT_MAP_MAX, SCRIPT_TEXT_BYTES_MAX, SCRIPT_VARIABLES_MAX,
};

/// Words that the language of scripts knows and a ward's scripts do not: what evaluates text, reaches outside, makes
/// functions into values, or costs more than its operands show.
const OFF: &[&str] = &[
    "eval",
    "import",
    "export",
    "print",
    "debug",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "type_of",
    "global",
    "**",
    "**=",
];

/// An engine for one script.
pub(super) fn engine(steps: u32) -> Engine {
    static SEED: OnceLock<()> = OnceLock::new();
    static ITEMS: LazyLock<Arc<Module>> = LazyLock::new(|| {
        let mut module = Module::new();
        items::register(&mut module);
        module.into()
    });
    // Names are found by hash; with a fixed seed no run can differ from another, not even in its order of look-ups.
    SEED.get_or_init(|| rhai::config::hashing::set_hashing_seed(Some([1, 2, 3, 4])).unwrap_or_default());
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true);
    engine.set_allow_anonymous_fn(false);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_max_operations(u64::from(steps));
    engine.set_max_call_levels(SCRIPT_CALLS_MAX);
    engine.set_max_expr_depths(SCRIPT_DEPTH_MAX, SCRIPT_FUNCTION_DEPTH_MAX);
    engine.set_max_string_size(SCRIPT_TEXT_BYTES_MAX);
    engine.set_max_array_size(SCRIPT_ARRAY_MAX);
    engine.set_max_map_size(SCRIPT_MAP_MAX);
    engine.set_max_variables(SCRIPT_VARIABLES_MAX);
    engine.set_max_functions(SCRIPT_FUNCTIONS_MAX);
    for word in OFF {
        engine.disable_symbol(*word);
    }
    engine.register_global_module(ITEMS.clone());
    engine
}
