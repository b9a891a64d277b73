//! Parts: how is a sum of slices asked for without making every slice first?
//!
//! ```text
//!  sum of slices, each the sum of its parts  ═  sum of all parts
//! ```
//! A statement that adds slices up, by columns of their key, is answered from the parts themselves: a year of a health
//! system has more slices than anybody wants to see, and joining the parts of each costs more than the sum.
//!
//! Only `sum` of counters and `tat_merge` of sketches add up like that. Whatever else is asked has its slices made.
//!
//! - INVARIANT: the same rows as without this rule. Slices of which all was taken back add nothing; a group of nothing but
//!   such is not shown.
//! - **How it fits**: the first rule of the optimiser, over what [`crate::source`] makes of a summed table.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    common::{
        Column, DFSchema,
        tree_node::{Transformed, TreeNode as _},
    },
    error::{DataFusionError, Result},
    functions_aggregate::expr_fn::sum,
    logical_expr::{
        Aggregate, BinaryExpr, Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder, Operator, SubqueryAlias,
        expr::AggregateFunction,
        lit,
        utils::{split_binary, split_conjunction},
        when,
    },
    optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule},
    scalar::ScalarValue,
};
use wardline_tables::schema::Definition;

use crate::functions::gather::MERGE;

/// What must be more than nothing for a slice to be shown.
const SHOWN: [&str; 3] = ["n", "n_met", "n_breached"];

/// The rule.
#[derive(Debug)]
pub(crate) struct AddUpParts;

impl OptimizerRule for AddUpParts {
    fn name(&self) -> &'static str {
        "add_up_parts"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(asked) = &plan else { return Ok(Transformed::no(plan)) };
        match rewritten(asked)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(plan)),
        }
    }
}

/// What a statement asks of slices, said of the columns of their sum.
struct Below<'a> {
    groups: Vec<Expr>,
    figures: Vec<Expr>,
    filters: Vec<Expr>,
    plan: &'a LogicalPlan,
}

impl<'a> Below<'a> {
    /// One node further down; `None` if it is one that cannot be passed.
    fn down(mut self) -> Result<Option<Self>> {
        self.plan = match self.plan {
            LogicalPlan::SubqueryAlias(SubqueryAlias { input, schema, .. }) => {
                let inner = input.schema();
                self.say(&|column| {
                    let place = schema.maybe_index_of_column(column)?;
                    Some(Expr::Column(Column::from(inner.qualified_field(place))))
                })?;
                input
            }
            LogicalPlan::Projection(projection) => {
                self.say(&|column| {
                    let place = projection.schema.maybe_index_of_column(column)?;
                    Some(projection.expr.get(place)?.clone().unalias_nested().data)
                })?;
                &projection.input
            }
            LogicalPlan::Filter(filter) => {
                self.filters.push(filter.predicate.clone());
                &filter.input
            }
            _ => return Ok(None),
        };
        Ok(Some(self))
    }

    /// Puts what a column is in the place of each column.
    fn say(&mut self, meaning: &dyn Fn(&Column) -> Option<Expr>) -> Result<()> {
        for expr in self.groups.iter_mut().chain(&mut self.figures).chain(&mut self.filters) {
            let said = core::mem::take(expr).transform(|one| match &one {
                Expr::Column(column) => Ok(meaning(column).map_or(Transformed::no(one), Transformed::yes)),
                _ => Ok(Transformed::no(one)),
            })?;
            *expr = said.data;
        }
        Ok(())
    }
}

fn rewritten(asked: &Aggregate) -> Result<Option<LogicalPlan>> {
    let has_sets = asked.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
    if has_sets || asked.aggr_expr.is_empty() {
        return Ok(None);
    }
    let mut below = Below {
        groups: asked.group_expr.iter().map(bare).collect(),
        figures: asked.aggr_expr.iter().map(bare).collect(),
        filters: Vec::new(),
        plan: &asked.input,
    };
    let slices = loop {
        if let LogicalPlan::Aggregate(inner) = below.plan {
            break inner;
        }
        match below.down()? {
            Some(next) => below = next,
            None => return Ok(None),
        }
    };
    let parts = Parts(slices);
    // Filters may have been joined on the way down. One part of them hides empty slices; without it this is no table of ours.
    let asked_for: Vec<Expr> = below.filters.iter().flat_map(split_conjunction).cloned().collect();
    let (hiding, filters): (Vec<Expr>, Vec<Expr>) = asked_for.into_iter().partition(|expr| parts.hides_empty(expr));
    if !are_slices(slices) || hiding.is_empty() {
        return Ok(None);
    }
    let groups: Option<Vec<Expr>> = below.groups.into_iter().map(|expr| parts.of_key(expr)).collect();
    let filters: Option<Vec<Expr>> = filters.into_iter().map(|expr| parts.of_key(expr)).collect();
    let figures: Option<Vec<Expr>> = below.figures.iter().map(|expr| parts.figure(expr)).collect();
    match (groups, filters, figures) {
        (Some(groups), Some(filters), Some(figures)) => added_up(asked, slices, (groups, filters, figures)).map(Some),
        _ => Ok(None),
    }
}

fn bare(expr: &Expr) -> Expr {
    expr.clone().unalias_nested().data
}

/// Whether this makes the slices of a table of ours: the key and nothing else is grouped by.
fn are_slices(slices: &Aggregate) -> bool {
    let Some(Expr::Column(first)) = slices.group_expr.first() else { return false };
    let tables = ["turnaround_1m", "turnaround_1h", "turnaround_1d"];
    let mut definitions = tables.into_iter().filter_map(Definition::named);
    definitions.any(|definition| {
        let names: Vec<&str> = definition.key_names().collect();
        let is_key = slices.group_expr.len() == names.len()
            && slices
                .group_expr
                .iter()
                .zip(&names)
                .all(|(expr, name)| matches!(expr, Expr::Column(one) if one.name == *name));
        is_key && names.first().is_some_and(|name| first.name == *name)
    })
}

/// The sums that make slices of parts.
struct Parts<'a>(&'a Aggregate);

impl Parts<'_> {
    /// The function that makes a column of slices, or the key's own column.
    fn maker(&self, column: &Column) -> Option<&Expr> {
        let place = self.0.schema.maybe_index_of_column(column)?;
        let keys = self.0.group_expr.len();
        self.0.group_expr.get(place).or_else(|| self.0.aggr_expr.get(place.checked_sub(keys)?))
    }

    /// The same of parts; `None` if it is of anything but the key and what is the same in all parts of a slice.
    fn of_key(&self, expr: Expr) -> Option<Expr> {
        let mut is_ours = true;
        let said = expr.transform(|one| {
            let Expr::Column(column) = &one else { return Ok(Transformed::no(one)) };
            let told = match self.maker(column).map(bare) {
                Some(key @ Expr::Column(_)) => Some(key),
                // Day, hour and weekday at the site.
                Some(Expr::AggregateFunction(made)) if made.func.name() == "max" => local(&made),
                Some(_) | None => None,
            };
            is_ours &= told.is_some();
            Ok(told.map_or(Transformed::no(one), Transformed::yes))
        });
        said.ok().map(|said| said.data).filter(|_| is_ours)
    }

    /// Whether it is what hides slices without anything in them: one of the counters is more than nothing.
    fn hides_empty(&self, expr: &Expr) -> bool {
        let any = split_binary(expr, Operator::Or);
        let counters = any.iter().filter_map(|one| {
            let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Gt, right }) = one else { return None };
            let Expr::Column(column) = &**left else { return None };
            let Expr::AggregateFunction(made) = self.maker(column)? else { return None };
            let is_nothing = matches!(&**right, Expr::Literal(value, _) if *value == ScalarValue::Int64(Some(0)));
            (made.func.name() == "sum" && is_nothing).then_some(column.name.as_str())
        });
        let counters: BTreeSet<&str> = counters.collect();
        any.len() == SHOWN.len() && counters.len() == SHOWN.len()
    }

    /// What adds up to the same over parts as over slices.
    fn figure(&self, expr: &Expr) -> Option<Expr> {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else { return None };
        let is_plain = !params.distinct && params.filter.is_none() && params.order_by.is_empty();
        let [argument] = params.args.as_slice() else { return None };
        if !is_plain || !matches!(func.name(), "sum" | MERGE) {
            return None;
        }
        let argument = self.summand(argument, func.name())?;
        let mut made = AggregateFunction { func: func.clone(), params: params.clone() };
        made.params.args = vec![argument];
        Some(Expr::AggregateFunction(made))
    }

    /// What is summed for a column, and for sums and differences of such columns.
    fn summand(&self, expr: &Expr, by: &str) -> Option<Expr> {
        match expr {
            Expr::Alias(alias) => self.summand(&alias.expr, by),
            Expr::Cast(cast) if by == "sum" => {
                // Counters are summed as 64 bits wherever they are.
                cast.field.data_type().is_integer().then(|| self.summand(&cast.expr, by))?
            }
            Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Plus | Operator::Minus), right })
                if by == "sum" =>
            {
                let (left, right) = (self.summand(left, by)?, self.summand(right, by)?);
                Some(Expr::BinaryExpr(BinaryExpr { left: Box::new(left), op: *op, right: Box::new(right) }))
            }
            Expr::Column(column) => match self.maker(column)? {
                Expr::AggregateFunction(made) if made.func.name() == by => made.params.args.first().cloned(),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The column of a part that says when it was at the site.
fn local(made: &AggregateFunction) -> Option<Expr> {
    let [argument] = made.params.args.as_slice() else { return None };
    match argument {
        Expr::Column(column) if column.name.starts_with("local_") => Some(argument.clone()),
        _ => None,
    }
}

/// The aggregate over parts, with the columns of the one that was asked for.
fn added_up(
    asked: &Aggregate,
    slices: &Aggregate,
    (groups, filters, figures): (Vec<Expr>, Vec<Expr>, Vec<Expr>),
) -> Result<LogicalPlan> {
    let counters = SHOWN.map(|name| Expr::Column(Column::new(Some("all_rows"), name)));
    let counters: Vec<Expr> = counters
        .into_iter()
        .map(|counter| Ok(sum(counter.cast_to(&arrow::datatypes::DataType::Int64, slices.input.schema())?)))
        .collect::<Result<_>>()?;
    let counted: Vec<Expr> = counters.iter().enumerate().map(|(place, sum)| sum.clone().alias(shown(place))).collect();
    let is_shown = (0..SHOWN.len())
        .map(|place| Expr::Column(Column::from_name(shown(place))).gt(lit(0_i64)))
        .reduce(Expr::or)
        .ok_or_else(|| DataFusionError::Internal("slices without counters".to_owned()))?;
    let mut input = LogicalPlanBuilder::from(slices.input.clone());
    if let Some(all) = filters.into_iter().reduce(Expr::and) {
        input = input.filter(all)?;
    }
    let is_whole = groups.is_empty();
    // Two that were told apart may add up the same: each has a name of its own.
    let figures = figures.into_iter().enumerate().map(|(place, figure)| figure.alias(format!("figure_{place}")));
    let sums = input.aggregate(groups, figures.chain(counted))?.build()?;
    let columns = columns(asked, sums.schema(), is_whole.then(|| is_shown.clone()))?;
    let sums = LogicalPlanBuilder::from(sums);
    let sums = if is_whole { sums } else { sums.filter(is_shown)? };
    sums.project(columns)?.build()
}

/// What was asked for, under its names; of nothing at all, if it is one row for everything, NULL.
fn columns(asked: &Aggregate, made: &Arc<DFSchema>, is_shown: Option<Expr>) -> Result<Vec<Expr>> {
    let names = asked.schema.iter();
    let columns = names.zip(made.iter()).map(|((qualifier, field), found)| {
        let column = Expr::Column(Column::from(found));
        let told = match &is_shown {
            Some(is_shown) => when(is_shown.clone(), column).end()?,
            None => column,
        };
        Ok(told.alias_qualified(qualifier.cloned(), field.name()))
    });
    columns.collect()
}

/// A name for the sum of a counter that nobody asked for.
fn shown(place: usize) -> String {
    format!("shown_{place}")
}
